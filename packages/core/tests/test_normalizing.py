"""Normalization by the root of the mean square."""

from __future__ import annotations

import numpy as np
import pytest

import lamella
from lamella.core.errors import DtypeError, ShapeError
from lamella.core.testing import gradcheck, gradgradcheck


def values(*shape):
    return lamella.from_numpy(np.random.default_rng(0).standard_normal(shape))


@pytest.mark.parametrize("size", [(4,), (3, 4)])
def test_rms_norm_divides_by_the_root_of_the_mean_square(size):
    x, weight = values(2, 3, 4), values(*size)
    over = tuple(range(3 - len(size), 3))
    square = (x.numpy() ** 2).mean(over, keepdims=True)
    expected = x.numpy() / np.sqrt(square + 0.1) * weight.numpy()
    np.testing.assert_allclose(lamella.rms_norm(x, size, weight, 0.1).numpy(), expected)


def test_rms_norm_adds_the_smallest_step_of_the_dtype_by_default():
    x = lamella.tensor([1e-8, -1e-8]).double()
    step = np.finfo(np.float64).eps
    np.testing.assert_allclose(lamella.rms_norm(x, (2,)).numpy(), x.numpy() / np.sqrt(1e-16 + step))


def test_rms_norm_of_half_precision_squares_in_float32():
    x = lamella.full((64,), 300.0).half()
    found = lamella.rms_norm(x, (64,))
    assert found.dtype is lamella.float16
    np.testing.assert_array_equal(found.numpy(), 1)


def test_rms_norm_is_twice_differentiable():
    given = values(2, 3).requires_grad_(), values(3).requires_grad_()
    assert gradcheck(lambda x, w: lamella.rms_norm(x, (3,), w, 0.1), given)
    assert gradgradcheck(lambda x, w: lamella.rms_norm(x, (3,), w, 0.1), given)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: lamella.rms_norm(lamella.ones(3, 4), (3,)), ShapeError, r"normalized_shape=\(4,\)"),
        (lambda: lamella.rms_norm(lamella.ones(4), ()), ShapeError, "at least one dimension"),
        (lambda: lamella.rms_norm(lamella.ones(3, 4), (4,), lamella.ones(3)), ShapeError, "expected `weight`"),
        (lambda: lamella.rms_norm(lamella.ones(4).long(), (4,)), DtypeError, "rms_norm: not defined for dtype"),
    ],
)
def test_refusals(call, error, message):
    with pytest.raises(error, match=message):
        call()
