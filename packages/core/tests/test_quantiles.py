"""Quantiles against NumPy's."""

from __future__ import annotations

import math

import numpy as np
import pytest

import lamella

nan = math.nan
INTERPOLATIONS = ["linear", "lower", "higher", "midpoint", "nearest"]


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_quantiles_are_those_of_numpy(interpolation: str) -> None:
    array = np.random.default_rng(0).standard_normal((3, 10))
    q = np.array([0.0, 0.25, 0.31, 0.5, 1.0])
    x = lamella.from_numpy(array)
    for dim in (None, 0, 1):
        for keepdim in (False, True):
            right = np.quantile(array, q, axis=dim, keepdims=keepdim, method=interpolation)
            found = lamella.quantile(x, lamella.from_numpy(q), dim, keepdim, interpolation=interpolation)
            assert np.allclose(found.numpy(), right)
    assert np.allclose(
        x.quantile(0.3, interpolation=interpolation).item(), np.quantile(array, 0.3, method=interpolation)
    )


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_nan_is_the_quantile_unless_it_is_left_out(interpolation: str) -> None:
    array = np.random.default_rng(0).standard_normal((4, 9))
    array[1, 2:5] = array[2, 0] = array[3] = nan
    x, q = lamella.from_numpy(array), lamella.tensor([0.2, 0.7], dtype=lamella.float64)
    found = x.quantile(q, 1, interpolation=interpolation).numpy()
    assert np.isnan(found).tolist() == [[False, True, True, True]] * 2
    right = np.nanquantile(array[:3], q.numpy(), axis=1, method=interpolation)
    found = x.nanquantile(q, 1, interpolation=interpolation).numpy()
    assert np.allclose(found[:, :3], right)
    assert np.isnan(found[:, 3]).all()


def test_the_gradient_of_a_quantile() -> None:
    x = lamella.tensor([3.0, 1.0, 2.0], requires_grad=True)
    q = lamella.tensor([0.3, 0.6], requires_grad=True)
    x.quantile(q).sum().backward()
    assert np.allclose(x.grad.numpy(), [0.2, 0.4, 1.4])
    assert np.allclose(q.grad.numpy(), [2.0, 2.0])


def test_the_quantile_of_a_number() -> None:
    x = lamella.tensor(2.0)
    assert x.quantile(0.3).item() == x.quantile(0.3, 0, True).item() == 2.0
    assert x.quantile(lamella.tensor([0.3]), 0, True).shape == (1,)
    assert lamella.zeros(2, 3).quantile(lamella.zeros(4), keepdim=True).shape == (4, 1, 1)
    assert lamella.zeros(2, 3).quantile(lamella.zeros(0)).shape == (0,)


@pytest.mark.parametrize(
    ("x", "q", "options", "error", "message"),
    [
        (lamella.zeros(2), 1.5, {}, RuntimeError, r"quantile\(\) q values must be in the range \[0, 1\] but got 1.5"),
        (lamella.zeros(2), nan, {}, RuntimeError, r"must be in the range \[0, 1\] but got nan"),
        (lamella.zeros(2), lamella.tensor([2.0]), {}, RuntimeError, r"must be in the range \[0, 1\] but got \[2.0\]"),
        (lamella.zeros(2), lamella.zeros(1, 1), {}, RuntimeError, "q must be a scalar or 1D tensor, got 2 dimensions"),
        (lamella.zeros(2), lamella.zeros(1).double(), {}, RuntimeError, "q tensor must be same dtype as the input"),
        (lamella.zeros(2), [0.5], {}, TypeError, "argument 'q' must be a float or a Tensor, not list"),
        (lamella.zeros(2).half(), 0.5, {}, RuntimeError, "must be either float or double dtype, got lamella.float16"),
        (lamella.zeros(0), 0.5, {}, RuntimeError, r"input tensor must be non-empty, got shape \(0,\)"),
        (
            lamella.zeros(2),
            0.5,
            {"interpolation": "cubic"},
            RuntimeError,
            "interpolation must be one of .* got cubic",
        ),
        (lamella.zeros(2), 0.5, {"dim": 1}, IndexError, "Dimension out of range"),
    ],
)
def test_refused_quantiles(x: object, q: object, options: dict, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        lamella.quantile(x, q, **options)
