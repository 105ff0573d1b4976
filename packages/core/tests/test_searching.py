"""Searching, beyond what its records say."""

from __future__ import annotations

import math

import numpy as np
import pytest

import lamella

nan = math.nan


def test_searchsorted_by_side() -> None:
    x = lamella.tensor([1, 3, 3, 5])
    v = lamella.tensor([0, 3, 6])
    assert lamella.searchsorted(x, v).tolist() == [0, 1, 4]
    assert lamella.searchsorted(x, v, side="left").tolist() == [0, 1, 4]
    assert lamella.searchsorted(x, v, right=True).tolist() == [0, 3, 4]
    assert lamella.searchsorted(x, v, side="right").tolist() == [0, 3, 4]
    assert lamella.searchsorted(x, 3.5).item() == 3
    assert lamella.searchsorted(x, v, out_int32=True).dtype is lamella.int32


@pytest.mark.parametrize("right", [False, True])
@pytest.mark.parametrize("length", [1, 2, 7, 64])
def test_rows_are_searched_as_if_alone(length: int, right: bool) -> None:
    rng = np.random.default_rng(0)
    rows = np.sort(rng.integers(0, 20, (2, 3, length)))
    values = rng.integers(-1, 22, (2, 3, 9))
    found = lamella.searchsorted(lamella.from_numpy(rows), lamella.from_numpy(values), right=right).numpy()
    for i in np.ndindex(2, 3):
        assert np.array_equal(found[i], np.searchsorted(rows[i], values[i], side="right" if right else "left"))


def test_searchsorted_refuses_contradicting_sides() -> None:
    x = lamella.tensor([1.0])
    with pytest.raises(RuntimeError, match="side can only be 'left' or 'right' but got 'up'"):
        lamella.searchsorted(x, x, side="up")
    with pytest.raises(RuntimeError, match="side and right can't be set to opposites, got side='left'"):
        lamella.searchsorted(x, x, side="left", right=True)
    with pytest.raises(TypeError, match="argument 'sorted_sequence' must be Tensor, not list"):
        lamella.searchsorted([1.0], x)


def test_bucketize() -> None:
    edges = lamella.tensor([1, 3, 5])
    assert lamella.bucketize(lamella.tensor([[3, 6]]), edges).tolist() == [[1, 3]]
    assert lamella.bucketize(lamella.tensor([[3, 6]]), edges, right=True).tolist() == [[2, 3]]
    assert lamella.bucketize(3, edges, out_int32=True).dtype is lamella.int32
    assert not hasattr(lamella.Tensor, "bucketize")
    with pytest.raises(RuntimeError, match="boundaries tensor must be 1 dimension, but got dim"):
        lamella.bucketize(3, lamella.zeros(1, 2))


def test_isin() -> None:
    x = lamella.tensor([1, 2, 3])
    assert lamella.isin(x, lamella.tensor([[2], [5]])).tolist() == [False, True, False]
    assert lamella.isin(x, 2.0, invert=True).tolist() == [True, False, True]
    assert lamella.isin(2, x, assume_unique=True).item() is True
    assert lamella.isin(lamella.tensor([nan]), lamella.tensor([nan])).item() is False
    with pytest.raises(TypeError, match="isin"):
        lamella.isin(1, 2)


# --- what is not 0


def test_where_elements_are_not_zero() -> None:
    x = lamella.tensor([[0, 1], [2, 0]])
    assert x.argwhere().tolist() == [[0, 1], [1, 0]]
    assert [i.tolist() for i in x.nonzero(as_tuple=True)] == [[0, 1], [1, 0]]
    assert lamella.argwhere(lamella.tensor(1)).shape == (1, 0)


def test_nonzero_static_cuts_or_fills() -> None:
    x = lamella.tensor([[0, 1], [2, 0]])
    assert x.nonzero_static(size=1).tolist() == [[0, 1]]
    assert x.nonzero_static(size=3, fill_value=9).tolist() == [[0, 1], [1, 0], [9, 9]]
    with pytest.raises(RuntimeError, match="'size' must be an non-negative integer, got -1"):
        x.nonzero_static(size=-1)
