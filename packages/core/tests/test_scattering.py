"""Writing to places along a dimension, against a loop; what is refused; gradients where they are delicate."""

from __future__ import annotations

import math

import numpy as np
import pytest

import lamella
from lamella import autograd
from lamella.core.testing.gradcheck import gradcheck, gradgradcheck

t = lamella.tensor
KINDS = ("sum", "prod", "mean", "amax", "amin")
REDUCE = {
    "sum": sum,
    "prod": math.prod,
    "mean": lambda members: sum(members) / len(members),
    "amax": max,
    "amin": min,
}


def looped(x, dim, index, src, kind, include_self):
    result = x.copy()
    brought = {}
    for i in np.ndindex(*index.shape):
        brought.setdefault((*i[:dim], int(index[i]), *i[dim + 1 :]), []).append(src[i])
    for place, members in brought.items():
        result[place] = REDUCE[kind]([x[place], *members] if include_self else members)
    return result


@pytest.mark.parametrize("include_self", [True, False])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dim", [0, 1, -1])
def test_scatter_reduce(dim, kind, include_self):
    rng = np.random.default_rng(7)
    x, src = rng.standard_normal((3, 4, 2)), rng.standard_normal((3, 5, 2))
    shape = [2, 3, 2]
    shape[dim] = src.shape[dim]
    index = rng.integers(0, x.shape[dim], shape)
    found = t(x).scatter_reduce(dim, t(index), t(src), kind, include_self=include_self)
    np.testing.assert_allclose(found.numpy(), looped(x, dim % 3, index, src, kind, include_self))


@pytest.mark.parametrize(
    ("kind", "include_self", "expected"),
    [
        ("sum", True, [-3, 0, 3]),
        ("sum", False, [-4, 2, 3]),
        ("prod", True, [-4, 70, 3]),
        ("mean", True, [-2, 0, 3]),  # -3 / 2 rounds down
        ("mean", False, [-4, 1, 3]),
        ("amax", True, [1, 7, 3]),
        ("amax", False, [-4, 7, 3]),
        ("amin", False, [-4, -5, 3]),
    ],
)
def test_scatter_reduce_of_integers(kind, include_self, expected):
    found = t([1, -2, 3]).scatter_reduce(0, t([0, 1, 1]), t([-4, -5, 7]), kind, include_self=include_self)
    assert found.dtype is lamella.int64
    assert found.tolist() == expected


def test_nan_wins():
    x, src = t([1.0, 2.0]), t([math.nan, 0.0])
    assert math.isnan(x.scatter_reduce(0, t([0, 1]), src, "amin")[0].item())
    assert x.scatter_reduce(0, t([0, 1]), src, "amin").tolist()[1] == 0


def test_scatter_places_and_the_last_stays():
    x = lamella.zeros(2, 3)
    assert x.scatter(1, t([[2, 0], [1, 1]]), t([[1.0, 2.0], [3.0, 4.0]])).tolist() == [[2, 0, 1], [0, 4, 0]]
    assert x.scatter(1, t([[2]]), 5).tolist() == [[0, 0, 5], [0, 0, 0]]
    assert x.scatter(1, t([[2]]), value=5).tolist() == x.scatter(1, t([[2]]), value=t(5.0)).tolist()
    assert x.tolist() == [[0, 0, 0], [0, 0, 0]]


def test_scatter_that_combines():
    x = t([1.0, 2.0, 3.0])
    assert x.scatter(0, t([0, 0]), t([5.0, 6.0]), reduce="add").tolist() == [12, 2, 3]
    assert x.scatter(0, t([0, 0, 1]), 3, reduce="multiply").tolist() == [9, 6, 3]
    assert t([1, 2]).scatter(0, t([1]), 2.7, reduce="add").tolist() == [1, 4]


def test_a_source_may_be_larger_than_the_index():
    x, src = lamella.zeros(3, requires_grad=True), t([1.0, 2.0, 3.0], requires_grad=True)
    x.scatter_add(0, t([2, 2]), src).backward(t([1.0, 2.0, 4.0]))
    assert src.grad.tolist() == [4, 4, 0]


def test_tensors_without_dimensions_count_as_one():
    assert t(1.0).scatter(0, t([0]), t([5.0])).shape == ()
    assert t([1.0]).scatter(0, t(0), 7).tolist() == [7]
    assert t(2.0).scatter_reduce(0, t(0), t(5.0), "prod").item() == 10


def test_an_empty_index_changes_nothing():
    x = t([[1.0, 2.0]])
    for index in (t([], dtype=lamella.int64), t([]), lamella.empty(0, 2, dtype=lamella.uint8)):
        assert x.scatter(1, index, t([9.0])).tolist() == x.tolist()
        assert x.scatter_add(1, index, t([9.0])).tolist() == x.tolist()


def test_in_place():
    x = lamella.zeros(3)
    assert x.scatter_(0, t([1]), 2.0) is x
    x.scatter_add_(0, t([1, 2]), t([1.0, 1.0]))
    x.scatter_reduce_(0, t([0]), t([-4.0]), "amin")
    assert x.tolist() == [-4, 3, 1]
    column = x.reshape(3, 1)
    column.scatter_(0, t([[2]]), 9.0)
    assert x.tolist() == [-4, 3, 9]


@pytest.mark.parametrize(
    ("src", "expected"),
    [
        ([2.0, 3.0, 5.0], [15, 10, 6]),
        ([0.0, 3.0, 5.0], [15, 0, 0]),
        ([0.0, 0.0, 5.0], [0, 0, 0]),
    ],
)
def test_the_gradient_of_a_product_is_the_product_of_the_others(src, expected):
    x, src = t([1.0], requires_grad=True), t(src, requires_grad=True)
    x.scatter_reduce(0, t([0, 0, 0]), src, "prod").backward(t([1.0]))
    assert src.grad.tolist() == expected
    assert x.grad.tolist() == [math.prod(src.tolist())]


@pytest.mark.parametrize("zeros", [0, 1, 2, 3])
@pytest.mark.parametrize("include_self", [True, False])
def test_products_are_twice_differentiable_whatever_is_zero(zeros, include_self):
    values = np.array([1.5, -2.0, 0.5, 3.0])
    values[:zeros] = 0
    x = t([0.0, 2.0], dtype=lamella.float64, requires_grad=True)
    src = t(values, requires_grad=True)

    def product(x, src):
        return x.scatter_reduce(0, t([0, 1, 1, 1]), src, "prod", include_self=include_self)

    assert gradcheck(product, (x, src))
    assert gradgradcheck(product, (x, src))


@pytest.mark.parametrize("kind", ["mean", "amax", "amin"])
@pytest.mark.parametrize("include_self", [True, False])
def test_other_reductions_are_twice_differentiable(kind, include_self):
    x = t([0.3, 2.0], dtype=lamella.float64, requires_grad=True)
    src = t([1.5, -2.0, 0.5, 3.0], dtype=lamella.float64, requires_grad=True)

    def reduced(x, src):
        return x.scatter_reduce(0, t([0, 1, 1, 1]), src, kind, include_self=include_self) ** 2

    assert gradcheck(reduced, (x, src))
    assert gradgradcheck(reduced, (x, src))


def test_equal_winners_share_the_gradient():
    x, src = t([2.0], requires_grad=True), t([2.0, 1.0, 2.0], requires_grad=True)
    gx, gs = autograd.grad(x.scatter_reduce(0, t([0, 0, 0]), src, "amax").sum(), (x, src))
    assert gx.tolist() == pytest.approx([1 / 3])
    assert gs.tolist() == pytest.approx([1 / 3, 0, 1 / 3])
    gx, gs = autograd.grad(x.scatter_reduce(0, t([0, 0, 0]), src, "amax", include_self=False).sum(), (x, src))
    assert gx.tolist() == [0]
    assert gs.tolist() == pytest.approx([1 / 3, 0, 1 / 3])  # as in PyTorch, x counts among the winners


def test_replaced_elements_get_no_gradient():
    x, src = t([1.0, 2.0, 3.0], requires_grad=True), t([5.0], requires_grad=True)
    x.scatter(0, t([1]), src).backward(t([1.0, 2.0, 3.0]))
    assert (x.grad.tolist(), src.grad.tolist()) == ([1, 0, 3], [2])


X = lamella.zeros(3, 4)
PLACES = t([[0], [1]])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: X.scatter(1, t([[4]]), 1.0), RuntimeError, "index 4 is out of bounds for dimension 1 with size 4"),
        (lambda: X.scatter(1, t([[-1]]), 1.0), RuntimeError, "index -1 is out of bounds"),
        (lambda: X.scatter(2, PLACES, 1.0), IndexError, "Dimension out of range"),
        (lambda: X.scatter(1, PLACES.float(), 1.0), RuntimeError, "Expected dtype int32/int64 for index"),
        (lambda: X.scatter(1, t([0]), 1.0), RuntimeError, "same number of dimensions as self"),
        (lambda: X.scatter(1, PLACES, t([1.0])), RuntimeError, "same number of dimensions as src"),
        (lambda: X.scatter(1, PLACES, lamella.ones(1, 1)), RuntimeError, r"index \[2, 1\] to be no larger than self"),
        (lambda: X.scatter(1, t([[0]] * 4), lamella.ones(4, 1)), RuntimeError, "no larger than self"),
        (
            lambda: X.scatter(1, PLACES, lamella.ones(2, 1).double()),
            RuntimeError,
            "self.dtype to be equal to src.dtype",
        ),
        (lambda: X.scatter(1, PLACES), TypeError, "expected one of src and value"),
        (lambda: X.scatter(1, PLACES, X, value=1), TypeError, "expected one of src and value"),
        (lambda: X.scatter(1, PLACES, "one"), TypeError, "expected a number"),
        (lambda: X.byte().scatter(1, PLACES, 300), RuntimeError, "without overflow"),
        (lambda: X.scatter(1, PLACES, 1.0, reduce="sum"), RuntimeError, "either add or multiply"),
        (lambda: X.scatter_reduce(1, PLACES, X, "add"), RuntimeError, "sum, prod, mean, amax or amin"),
        (lambda: X.scatter_add(1, PLACES, 1.0), TypeError, "argument 'src' must be Tensor"),
        (lambda: X.scatter_add(1, [0], X), TypeError, "argument 'index' must be Tensor"),
        (
            lambda: X.bool().scatter_reduce(1, PLACES, X.bool(), "mean"),
            RuntimeError,
            "mean is not implemented for bool",
        ),
        (lambda: X.cfloat().scatter_reduce(1, PLACES, X.cfloat(), "amax"), RuntimeError, "not defined for dtype"),
        (lambda: X.select_scatter(t([1.0]), 0, 0), RuntimeError, r"src size = \[1\], slice size = \[4\]"),
        (lambda: X.select_scatter(lamella.ones(4), 0, 3), IndexError, "index 3 out of range"),
        (lambda: t(1.0).select_scatter(t(1.0), 0, 0), IndexError, "0-dim"),
        (lambda: X.slice_scatter(lamella.ones(2, 4), 0, 1, 2), RuntimeError, r"slice size = \[1, 4\]"),
        (lambda: X.slice_scatter(X, step=0), RuntimeError, "slice step must be positive"),
        (lambda: t(1.0).slice_scatter(t(1.0)), IndexError, "0-dim"),
        (lambda: X.slice_scatter(1.0), TypeError, "argument 'src' must be Tensor"),
    ],
)
def test_what_does_not_fit(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_writing_to_a_slice_of_a_copy():
    x = lamella.arange(6.0).reshape(2, 3)
    assert x.select_scatter(t([9, 8]), 1, -1).tolist() == [[0, 1, 9], [3, 4, 8]]
    assert x.slice_scatter(t([[7.0], [7.0]]), 1, -2, -1).tolist() == [[0, 7, 2], [3, 7, 5]]
    assert x.slice_scatter(lamella.zeros(2, 2), 1, step=2).tolist() == [[0, 1, 0], [0, 4, 0]]
    assert x.slice_scatter(lamella.zeros(0, 3), 0, 2, 1).tolist() == x.tolist()


def test_the_gradient_of_writing_to_a_slice():
    x, src = lamella.ones(3, requires_grad=True), t([5.0], requires_grad=True)
    x.slice_scatter(src, 0, 1, 2).backward(t([1.0, 2.0, 3.0]))
    assert (x.grad.tolist(), src.grad.tolist()) == ([1, 0, 3], [2])
