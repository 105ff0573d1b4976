"""Picking by flat or broadcast positions, filling in by a mask, repeating; what is refused."""

from __future__ import annotations

import numpy as np
import pytest

import lamella

t = lamella.tensor
X = lamella.arange(12.0).reshape(3, 4)


def test_take():
    assert X.take(t([[0, -1], [5, 5]])).tolist() == [[0, 11], [5, 5]]
    assert X.t().take(t([1])).tolist() == [4]
    assert X.take(t(3)).shape == ()
    assert X.take(lamella.empty(0, dtype=lamella.int64)).shape == (0,)
    x = X.clone().requires_grad_()
    x.take(t([5, 5, -1])).backward(t([1.0, 2.0, 4.0]))
    assert x.grad.reshape(-1).tolist() == [0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 4]


def test_take_along_dim():
    assert X.take_along_dim(t([0, 5])).tolist() == [0, 5]
    assert X.take_along_dim(t([[0]]), 1).tolist() == [[0], [4], [8]]
    assert X.take_along_dim(t([[0], [1]]), 0).tolist() == [[0, 1, 2, 3], [4, 5, 6, 7]]
    shuffled = t([[3.0, 1.0, 2.0], [9.0, 7.0, 8.0]])
    order = t(np.argsort(shuffled.numpy(), axis=1))
    assert shuffled.take_along_dim(order, dim=1).tolist() == [[1, 2, 3], [7, 8, 9]]


def test_indices_along_a_dimension_wrap_around():
    assert t([1, 2, 3]).take_along_dim(t([-1, -4, 3, 4]), 0).tolist() == [3, 3, 1, 2]


def test_masked_scatter():
    mask = t([True, False, False, True])
    assert X.masked_scatter(mask, -X).tolist() == [[-0.0, 1, 2, -1], [-2, 5, 6, -3], [-4, 9, 10, -5]]
    assert t(1.0).masked_scatter(t([True, True]), t([5.0, 6.0])).tolist() == [5, 6]
    x, source = lamella.zeros(3, requires_grad=True), t([5.0, 6.0, 7.0], requires_grad=True)
    x.masked_scatter(t([True, False, True]), source).backward(t([1.0, 2.0, 4.0]))
    assert (x.grad.tolist(), source.grad.tolist()) == ([0, 2, 0], [1, 4, 0])
    y = lamella.zeros(2)
    assert y.masked_scatter_(t([False, True]), t([3.0])) is y
    assert y.tolist() == [0, 3]


@pytest.mark.parametrize("value", [5, 5.7, t(5), t(5.7)])
def test_masked_fill_takes_the_dtype_of_the_input(value):
    assert t([1, 2]).masked_fill(t([True, False]), value).tolist() == [5, 2]


def test_masked_fill_broadcasts():
    assert t(1.0).masked_fill(t([True, False]), 5).tolist() == [5, 1]
    assert t([1, 2], dtype=lamella.uint8).masked_fill(t([True, False]), -1).tolist() == [255, 2]
    assert t([False]).masked_fill(t([True]), 5).tolist() == [True]


def test_masked_select_broadcasts():
    assert t(1.0).masked_select(t([True, True, False])).tolist() == [1, 1]
    assert X.masked_select(t([[True], [False], [False]])).tolist() == [0, 1, 2, 3]
    assert t(1.0).masked_select(t(True)).tolist() == [1]


@pytest.mark.parametrize("dim", [None, 0, 1, -1])
def test_repeat_interleave_by_a_number(dim):
    for count in (0, 1, 3):
        expected = np.repeat(X.numpy(), count, axis=dim)
        np.testing.assert_array_equal(X.repeat_interleave(count, dim).numpy(), expected)


def test_repeat_interleave_by_numbers():
    assert X.repeat_interleave(t([1, 0, 2]), dim=0).tolist() == [[0, 1, 2, 3], [8, 9, 10, 11], [8, 9, 10, 11]]
    assert X.repeat_interleave(t([2]), dim=0, output_size=6).shape == (6, 4)
    assert t([5, 6]).repeat_interleave(t([1, 2], dtype=lamella.int32)).tolist() == [5, 6, 6]
    assert t(3.0).repeat_interleave(2).tolist() == [3, 3]
    positions = lamella.repeat_interleave(t([1, 2, 0, 1], dtype=lamella.int32))
    assert (positions.tolist(), positions.dtype) == ([0, 1, 1, 3], lamella.int32)
    x = lamella.ones(2, requires_grad=True)
    x.repeat_interleave(t([1, 2])).backward(t([1.0, 2.0, 4.0]))
    assert x.grad.tolist() == [1, 6]


def test_repeating_once_makes_a_copy():
    x = lamella.zeros(2)
    x.repeat_interleave(1).fill_(1)
    assert x.tolist() == [0, 0]


def test_unravel_index():
    flat = t([[0, 5], [7, 23]], dtype=lamella.int32)
    found = lamella.unravel_index(flat, (2, 3, 4))
    expected = np.unravel_index(flat.numpy(), (2, 3, 4))
    assert [f.tolist() for f in found] == [e.tolist() for e in expected]
    assert all(f.dtype is lamella.int64 for f in found)
    assert lamella.unravel_index(t(5), 6)[0].item() == 5
    assert [f.item() for f in lamella.unravel_index(t(-1), (3, 4))] == [2, 3]
    assert [f.shape for f in lamella.unravel_index(lamella.empty(0, dtype=lamella.int64), (3, 0))] == [(0,), (0,)]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: X.take(t([12])), IndexError, "index 12 is out of bounds"),
        (lambda: X.take(t([0]).int()), RuntimeError, "Expected a long tensor"),
        (lambda: lamella.empty(0).take(t([0])), IndexError, "empty tensor"),
        (lambda: X.take_along_dim(t([12])), RuntimeError, "index 12 is out of bounds"),
        (lambda: X.take_along_dim(t([[0]]).int(), 1), RuntimeError, "should be Long"),
        (lambda: X.take_along_dim(t([0]), 1), RuntimeError, "same number of dimensions"),
        (lambda: X.take_along_dim(t([[0], [1]]), 1), RuntimeError, "broadcast"),
        (lambda: X.take_along_dim(t([[0]]), 2), IndexError, "Dimension out of range"),
        (lambda: t(1.0).take_along_dim(t(0), 0), IndexError, "no dimensions"),
        (lambda: X.masked_scatter(X > 3, t([1.0])), RuntimeError, r"source \(1\) < number of ones in mask \(8\)"),
        (lambda: X.masked_scatter(X > 3, X.double()), RuntimeError, "same dtypes"),
        (lambda: X.masked_scatter(X, X), RuntimeError, "only supports boolean masks"),
        (lambda: X[:1].clone().masked_scatter_(X > 3, X), RuntimeError, "doesn't match the broadcast shape"),
        (lambda: X.masked_fill(X > 3, 5j), RuntimeError, "without overflow"),
        (lambda: X.masked_fill(X > 3, t(5j)), RuntimeError, "complex"),
        (lambda: X.masked_fill(X > 3, t([5.0])), RuntimeError, "0-dimensional value"),
        (lambda: X.byte().masked_fill(X > 3, 300), RuntimeError, "without overflow"),
        (lambda: X.masked_fill(X > 3, "five"), TypeError, "expected a number"),
        (lambda: X.repeat_interleave(t([1, 2]), dim=0), RuntimeError, "same size as input along dim"),
        (lambda: X.repeat_interleave(t([[1, 2, 3]]), dim=0), RuntimeError, "0-dim or 1-dim"),
        (lambda: X.repeat_interleave(-1), RuntimeError, "non-negative"),
        (lambda: X.repeat_interleave(t([-1, 1, 1]), dim=0), RuntimeError, "can not be negative"),
        (lambda: X.repeat_interleave(t([1.0, 1.0, 1.0]), dim=0), RuntimeError, "expected int64 or int32"),
        (lambda: X.repeat_interleave(2, dim=2), IndexError, "Dimension out of range"),
        (lambda: X.repeat_interleave(2, dim=0, output_size=7), RuntimeError, "expected 6 but got 7"),
        (lambda: X.repeat_interleave(2.0, dim=0), TypeError, "an int or a Tensor, got float"),
        (lambda: lamella.repeat_interleave(t([[1]])), RuntimeError, "only accept 1D vector"),
        (lambda: lamella.unravel_index(t([1.0]), (2,)), TypeError, "integer dtype"),
        (lambda: lamella.unravel_index([1], (2,)), TypeError, "must be Tensor"),
        (lambda: lamella.unravel_index(t(1), (3, -4)), ValueError, "negative values"),
        (lambda: lamella.unravel_index(t(1), (1.5,)), TypeError, "sequence of ints"),
        (lambda: lamella.unravel_index(t(0), (3, 0)), RuntimeError, "no element"),
    ],
)
def test_what_does_not_fit(call, error, message):
    with pytest.raises(error, match=message):
        call()
