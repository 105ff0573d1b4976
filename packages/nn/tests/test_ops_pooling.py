"""Pooling: ops by their records, the public functions, ties and nan, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest

import lamella
from lamella.core.errors import ArgumentRangeError, ArgumentTypeError
from lamella.core.testing import conformance, gradcheck, gradgradcheck
from lamella.nn.ops.pooling import avg_pool2d, max_pool2d
from lamella.nn.testing import reference


@pytest.mark.parametrize(
    "case", conformance.cases(conformance.defined_in("lamella.nn.ops.pooling"), reference), ids=str
)
def test_op(case):
    case()


def tensor(*shape):
    return lamella.from_numpy(np.random.default_rng(0).standard_normal(shape))


def test_stride_is_the_kernel_size_by_default():
    x = lamella.arange(24.0).reshape(1, 4, 6)
    assert max_pool2d(x, (2, 3)).tolist() == [[[8.0, 11.0], [20.0, 23.0]]]
    assert avg_pool2d(x, 2).tolist() == [[[3.5, 5.5, 7.5], [15.5, 17.5, 19.5]]]


def test_indices_count_in_the_flattened_picture():
    x = tensor(2, 3, 7, 6)
    values, indices = max_pool2d(x, 3, 2, 1, return_indices=True)
    assert indices.dtype == lamella.int64
    picked = np.take_along_axis(x.numpy().reshape(2, 3, 42), indices.numpy().reshape(2, 3, -1), 2)
    np.testing.assert_array_equal(picked.reshape(values.shape), values.numpy())


def test_the_first_of_elements_alike_has_index_and_gradient():
    x = lamella.ones(1, 4, 4, requires_grad=True)
    values, indices = max_pool2d(x, 2, return_indices=True)
    values.sum().backward()
    assert indices.tolist() == [[[0, 2], [8, 10]]]
    assert x.grad.tolist() == [[[1.0, 0, 1, 0], [0, 0, 0, 0], [1, 0, 1, 0], [0, 0, 0, 0]]]


def test_nan_is_the_largest():
    x = lamella.tensor([[[1.0, float("nan")], [2.0, 3.0]]], requires_grad=True)
    y = max_pool2d(x, 2)
    y.backward(lamella.ones(1, 1, 1))
    assert np.isnan(y.item())
    assert x.grad.sum().item() == 1.0


def test_integers():
    assert max_pool2d(lamella.arange(16).reshape(1, 4, 4), 2, padding=1).tolist() == [
        [[0, 2, 3], [8, 10, 11], [12, 14, 15]]
    ]


def test_the_index_of_nan_is_that_of_the_last():
    nan = float("nan")
    x = lamella.tensor([[[1.0, nan, 5.0, 2.0], [2.0, 3.0, nan, nan]]])
    values, indices = max_pool2d(x, 2, return_indices=True)
    assert indices.tolist() == [[[1, 7]]]
    assert np.isnan(values.numpy()).all()


def test_means_of_integers_are_cut_off():
    x = lamella.tensor([[[-3, 0, 7, 0], [0, -4, 0, 0]]])
    assert avg_pool2d(x, 2).tolist() == [[[-1, 1]]]
    assert avg_pool2d(x, 2, divisor_override=-2).tolist() == [[[3, -3]]]


def test_half_precision_does_not_overflow_in_between():
    x = lamella.full((1, 8, 8), 4000.0, dtype=lamella.float16)
    assert avg_pool2d(x, 8).tolist() == [[[4000.0]]]
    assert avg_pool2d(x, 8).dtype == lamella.float16


def test_derivatives_of_the_public_functions():
    x = lamella.from_numpy(np.random.default_rng(0).permutation(60).reshape(2, 5, 6) / 10.0).requires_grad_()
    for pool in (
        lambda x: max_pool2d(x, 3, 2, 1, ceil_mode=True),
        lambda x: avg_pool2d(x, 3, 2, 1, True, False),
    ):
        assert gradcheck(pool, (x,))
        assert gradgradcheck(pool, (x,))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: max_pool2d(x, 0), ArgumentRangeError, "kernel_size must be at least 1"),
        (lambda x: max_pool2d(x, 2.0), ArgumentTypeError, "kernel_size must be an int or a tuple of 2"),
        (lambda x: max_pool2d(x, (2, 2, 2)), ArgumentRangeError, "kernel_size must either be a single int"),
        (lambda x: max_pool2d(x, (0, 2)), ArgumentRangeError, "kernel_size must be at least 1"),
        (lambda x: avg_pool2d(x, 2, padding=2), ArgumentRangeError, "at most half of kernel_size"),
        (lambda x: avg_pool2d(x, 2, divisor_override=0), ArgumentRangeError, "divisor_override must not be 0"),
        (lambda x: avg_pool2d(x.bool(), 2), NotImplementedError, "avg_pool2d: not defined for dtype"),
        (lambda x: max_pool2d(x, 5), RuntimeError, r"max_pool2d: input \(2, 4, 4\) is too small"),
    ],
)
def test_refusals(call, error, message):
    with pytest.raises(error, match=message):
        call(lamella.ones(2, 4, 4))
