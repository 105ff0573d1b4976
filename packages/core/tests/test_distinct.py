"""Distinct elements and slices."""

from __future__ import annotations

import math

import numpy as np
import pytest

import lamella

nan = math.nan


def test_unique_elements() -> None:
    x = lamella.tensor([[3, 1], [1, 2]])
    values, inverse, counts = x.unique(return_inverse=True, return_counts=True)
    assert values.tolist() == [1, 2, 3]
    assert inverse.tolist() == [[2, 0], [0, 1]]
    assert counts.tolist() == [2, 1, 1]
    assert x.unique().tolist() == [1, 2, 3]
    assert [t.tolist() for t in x.unique(return_counts=True)] == [[1, 2, 3], [2, 1, 1]]


@pytest.mark.parametrize("dim", [0, 1, -1])
def test_unique_slices_are_those_of_numpy(dim: int) -> None:
    array = np.random.default_rng(0).integers(0, 2, (6, 3, 6))
    right = np.unique(array, return_inverse=True, return_counts=True, axis=dim)
    for found, expected in zip(lamella.from_numpy(array).unique(True, True, True, dim), right, strict=True):
        assert np.array_equal(found.numpy(), expected.reshape(found.shape))


def test_each_nan_is_distinct() -> None:
    x = lamella.tensor([nan, 1.0, nan, 1.0])
    values, counts = x.unique(return_counts=True)
    assert np.array_equal(values.numpy(), [1.0, nan, nan], equal_nan=True)
    assert counts.tolist() == [2, 1, 1]
    assert lamella.tensor([nan, nan, 1.0, 1.0]).unique_consecutive().shape == (3,)


def test_unique_consecutive() -> None:
    x = lamella.tensor([1, 1, 2, 2, 1])
    values, inverse, counts = x.unique_consecutive(return_inverse=True, return_counts=True)
    assert (values.tolist(), inverse.tolist(), counts.tolist()) == ([1, 2, 1], [0, 0, 1, 1, 2], [2, 2, 1])
    rows, counts = lamella.tensor([[1, 1], [1, 1], [2, 1]]).unique_consecutive(return_counts=True, dim=0)
    assert (rows.tolist(), counts.tolist()) == ([[1, 1], [2, 1]], [2, 1])


def test_distinct_of_little() -> None:
    values, inverse, counts = lamella.tensor(3).unique(return_inverse=True, return_counts=True)
    assert (values.tolist(), inverse.shape, counts.tolist()) == ([3], (), [1])
    values, inverse, counts = lamella.zeros(0, 3).unique(return_inverse=True, return_counts=True)
    assert (values.shape, inverse.shape, counts.shape) == ((0,), (0, 3), (0,))
    assert lamella.zeros(0, 3).unique(dim=0).shape == (0, 3)


@pytest.mark.parametrize("function", [lamella.unique, lamella.unique_consecutive])
def test_refused_distinct(function: object) -> None:
    with pytest.raises(RuntimeError, match="0 sized dimensions"):
        function(lamella.zeros(0, 3), dim=1)
    with pytest.raises(IndexError, match="Dimension specified as 0 but tensor has no dimensions"):
        function(lamella.tensor(1), dim=0)
    with pytest.raises(IndexError, match="Dimension out of range"):
        function(lamella.zeros(2), dim=1)
    with pytest.raises(RuntimeError, match="unique: not defined for dtype lamella.complex64"):
        function(lamella.zeros(2, dtype=lamella.complex64))
