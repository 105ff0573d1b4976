"""Changing whole slices along a dimension, against NumPy; what is refused."""

from __future__ import annotations

import numpy as np
import pytest

import lamella

t = lamella.tensor
X = lamella.arange(12.0).reshape(3, 4)


@pytest.mark.parametrize("dim", [0, 1, -1])
def test_index_add(dim):
    index = [2, 0, 2, 1]
    x, source = np.arange(12.0).reshape(3, 4), np.ones([4, 4] if dim == 0 else [3, 4])
    expected = x.copy()
    np.add.at(expected, tuple([index] if dim == 0 else [slice(None), index]), 2 * source)
    assert t(x).index_add(dim, t(index), t(source), alpha=2).tolist() == expected.tolist()


def test_alpha_takes_the_dtype_of_the_input():
    assert t([1, 2]).index_add(0, t([0]), t([2]), alpha=3.5).tolist() == [7, 2]
    assert t([False, True]).index_add(0, t([0]), t([True])).tolist() == [True, True]


def test_index_copy_and_fill():
    assert X.index_copy(0, t([2, 0]), -X[:2]).tolist() == [[-4, -5, -6, -7], [4, 5, 6, 7], [0, -1, -2, -3]]
    assert X.index_copy(0, t(1), X[:1]).tolist()[1] == [0, 1, 2, 3]
    assert X.index_fill(1, t([0, -1]), 9).tolist() == [[9, 1, 2, 9], [9, 5, 6, 9], [9, 9, 10, 9]]
    assert t([1, 2]).index_fill(0, t([1]), 2.7).tolist() == [1, 2]
    assert X.index_fill(0, t([], dtype=lamella.int64), 1).tolist() == X.tolist()


@pytest.mark.parametrize(
    ("kind", "include_self", "expected"),
    [
        ("prod", True, [-4, 60, 3]),
        ("prod", False, [-4, -30, 3]),
        ("mean", True, [-2, -1, 3]),
        ("mean", False, [-4, 0, 3]),
        ("amax", True, [1, 6, 3]),
        ("amax", False, [-4, 6, 3]),
        ("amin", True, [-4, -5, 3]),
    ],
)
def test_index_reduce(kind, include_self, expected):
    x, source = t([[1], [-2], [3]]), t([[-4], [-5], [6]])
    found = x.index_reduce(0, t([0, 1, 1]), source, kind, include_self=include_self)
    assert found.reshape(-1).tolist() == expected


def test_put():
    assert X.put(t([[0], [-1]]), t([90.0, 91.0])).reshape(-1).tolist() == [90, *range(1, 11), 91]
    assert X.put(t([0, 0]), t([90.0, 91.0]), accumulate=True)[0, 0].item() == 181
    assert t(1.0).put(t(0), t(5.0)).item() == 5


def test_tensors_without_dimensions():
    assert t(1.0).index_add(0, t([0]), t(2.0)).item() == 3
    assert t(1.0).index_copy(0, t(0), t([2.0])).item() == 2
    assert t([1.0, 2.0]).index_copy(0, t([0]), t(5.0)).tolist() == [5, 2]
    assert t(1.0).index_fill(0, t([-1]), 4).item() == 4


def test_gradients():
    x, source = X.clone().requires_grad_(), lamella.ones(2, 4, requires_grad=True)
    weights = lamella.arange(12.0).reshape(3, 4)
    (x.index_copy(0, t([2, 1]), source) * weights).sum().backward()
    assert x.grad.tolist() == [[0, 1, 2, 3], [0, 0, 0, 0], [0, 0, 0, 0]]
    assert source.grad.tolist() == [[8, 9, 10, 11], [4, 5, 6, 7]]
    source.grad = None
    (X.index_add(0, t([0, 0]), source, alpha=2) * weights).sum().backward()
    assert source.grad.tolist() == [[0, 2, 4, 6], [0, 2, 4, 6]]


def test_the_gradient_of_a_value_filled_in_counts_each_place_once():
    value = t(1.0, requires_grad=True)
    X.index_fill(0, t([1, 1, -2]), value).sum().backward()
    assert value.grad.item() == 4


def test_the_gradient_of_put():
    x, source = lamella.zeros(3, requires_grad=True), t([5.0, 6.0], requires_grad=True)
    x.put(t([2, 0]), source).backward(t([1.0, 2.0, 4.0]))
    assert (x.grad.tolist(), source.grad.tolist()) == ([0, 2, 0], [4, 1])


def test_in_place():
    x = lamella.zeros(3)
    x.index_add_(0, t([0]), t([1.0])).index_copy_(0, t([1]), t([2.0])).index_fill_(0, t([2]), 3)
    assert x.tolist() == [1, 2, 3]
    x.index_reduce_(0, t([0]), t([5.0]), "amax").put_(t([1]), t([7.0]))
    assert x.tolist() == [5, 7, 3]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: X.index_add(0, t([3]), X[:1]), RuntimeError, "index 3 is out of bounds"),
        (lambda: X.index_add(0, t([0]), X), RuntimeError, r"number of indices \(1\)"),
        (lambda: X.index_add(0, t([0]), X[:1, :2]), RuntimeError, "source tensor shape must match"),
        (lambda: X.index_add(0, t([0]), X[:1].double()), RuntimeError, "same scalar type"),
        (lambda: X.index_add(0, t([[0]]), X[:1]), IndexError, "supposed to be a vector"),
        (lambda: X.index_add(0, t([0.0]), X[:1]), RuntimeError, "int32/int64"),
        (lambda: X.index_add(2, t([0]), X[:1]), IndexError, "Dimension out of range"),
        (lambda: X.index_add(0, t([0]), 1.0), TypeError, "argument 'source' must be Tensor"),
        (lambda: X.index_reduce(0, t([-1]), X[:1], "amax"), IndexError, "index -1 is out of bounds"),
        (lambda: X.index_reduce(0, t([0]), X[:1], "sum"), RuntimeError, "prod, mean, amax or amin but got sum"),
        (lambda: X.bool().index_reduce(0, t([0]), X[:1].bool(), "prod"), RuntimeError, "not implemented for lamella.b"),
        (lambda: X.index_copy(0, t([3]), X[:1]), IndexError, "index 3 is out of bounds"),
        (lambda: X.index_copy(0, t([0]), X), IndexError, r"Number of indices \(1\)"),
        (lambda: X.index_copy(0, t([0]), X[:1, :2]), RuntimeError, "same slice shapes"),
        (lambda: X.index_copy(0, t([0]), X[0]), IndexError, "dimensionality must match"),
        (lambda: X.index_copy(0, t([[0]]), X[:1]), IndexError, "dimension 1 or 0"),
        (lambda: X.index_copy(0, t([0]), X[:1].double()), RuntimeError, "same dtype"),
        (lambda: X.index_copy(0, t([0]).int(), X[:1]), RuntimeError, "Expected a long tensor"),
        (lambda: X.index_fill(0, t([3]), 1), IndexError, "index 3 is out of bounds"),
        (lambda: X.index_fill(0, t([0]).int(), 1), IndexError, "Expected a long tensor"),
        (lambda: X.index_fill(0, t([[0]]), 1), RuntimeError, "vector/scalar"),
        (lambda: X.index_fill(0, t([0]), t([1.0])), RuntimeError, "0-dimensional value"),
        (lambda: X.index_fill(0, t([0]), t(1j)), RuntimeError, "complex"),
        (lambda: X.byte().index_fill(0, t([0]), 300), RuntimeError, "without overflow"),
        (lambda: X.put(t([12]), t([1.0])), IndexError, "index 12 is out of bounds"),
        (lambda: X.put(t([1, 2]), t([1.0])), IndexError, "same number of elements"),
        (lambda: X.put(t([1]), t([1])), RuntimeError, "same dtype"),
        (lambda: X.put(t([1]).int(), t([1.0])), RuntimeError, "Expected a long tensor"),
    ],
)
def test_what_does_not_fit(call, error, message):
    with pytest.raises(error, match=message):
        call()
