"""Joining, taking apart, and bringing tensors to a common form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import lamella
from lamella import Tensor, tensor

s, v, m = tensor(1.5), lamella.arange(4), lamella.arange(6).reshape(2, 3)
box = lamella.arange(24).reshape(2, 3, 4)


def lists(parts: tuple[Tensor, ...]) -> list[Any]:
    assert isinstance(parts, tuple)
    return [p.tolist() for p in parts]


@pytest.mark.parametrize(
    ("name", "of_scalar", "of_row", "of_matrix"),
    [
        ("atleast_1d", (1,), (4,), (2, 3)),
        ("atleast_2d", (1, 1), (1, 4), (2, 3)),
        ("atleast_3d", (1, 1, 1), (1, 4, 1), (2, 3, 1)),
    ],
)
def test_at_least_so_many_dimensions(name: str, of_scalar: Any, of_row: Any, of_matrix: Any) -> None:
    function = getattr(lamella, name)
    assert [x.shape for x in function(s, v, m)] == [of_scalar, of_row, of_matrix]
    assert [x.shape for x in function([s, v])] == [of_scalar, of_row]
    assert function(m).shape == of_matrix
    assert function() == ()


@pytest.mark.parametrize("name", ["hstack", "vstack", "dstack", "column_stack"])
@pytest.mark.parametrize("parts", [(s, s), (v, v), (m, m), (box, box), (v,)], ids=["0d", "1d", "2d", "3d", "one"])
def test_stacks_are_those_of_numpy(name: str, parts: tuple[Tensor, ...]) -> None:
    expected = getattr(np, name)([p.numpy() for p in parts])
    np.testing.assert_array_equal(getattr(lamella, name)(parts).numpy(), expected)


def test_second_names() -> None:
    assert lamella.concat((v, v), axis=0).tolist() == lamella.concatenate((v, v)).tolist() == [0, 1, 2, 3, 0, 1, 2, 3]
    assert lamella.row_stack((s, s)).tolist() == [[1.5], [1.5]]


def test_empty_tensors_of_one_dimension_join_anything() -> None:
    nothing = lamella.zeros(0)
    assert lamella.cat((nothing, m, nothing), 1).tolist() == m.tolist()
    assert lamella.cat((nothing, m)).dtype is lamella.float32
    assert lamella.cat((nothing, nothing)).shape == (0,)


@pytest.mark.parametrize("given", [1, 2, 3, 5, (1,), (1, 3), (3, 1), (-1,), (9,)], ids=str)
def test_tensor_split_is_that_of_numpy(given: Any) -> None:
    expected = [p.tolist() for p in np.array_split(v.numpy(), given)]
    assert lists(v.tensor_split(given)) == expected
    assert lists(lamella.tensor_split(v, tensor(given))) == expected


def test_tensor_split_by_keyword() -> None:
    assert lists(lamella.tensor_split(v, sections=2)) == [[0, 1], [2, 3]]
    assert lists(lamella.tensor_split(v, indices=(1,))) == [[0], [1, 2, 3]]
    assert [p.shape for p in lamella.tensor_split(m, 2, dim=-1)] == [(2, 2), (2, 1)]


@pytest.mark.parametrize(("name", "axis"), [("hsplit", 1), ("vsplit", 0), ("dsplit", 2)])
def test_splits_of_one_dimension(name: str, axis: int) -> None:
    for given in (1, (1, 2)):
        expected = [p.tolist() for p in np.split(box.numpy(), given, axis)]
        assert lists(getattr(box, name)(given)) == expected
    assert lists(v.hsplit(2)) == [[0, 1], [2, 3]]


def test_pieces_of_given_sizes() -> None:
    assert lists(v.split_with_sizes((1, 3))) == [[0], [1, 2, 3]]


@pytest.mark.parametrize("indexing", ["ij", "xy"])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_meshgrid_is_that_of_numpy(indexing: Any, count: int) -> None:
    parts = [lamella.arange(n) for n in (2, 3, 4)[:count]]
    expected = np.meshgrid(*(p.numpy() for p in parts), indexing=indexing)
    for given in (lamella.meshgrid(*parts, indexing=indexing), lamella.meshgrid(parts, indexing=indexing)):
        assert lists(given) == [e.tolist() for e in expected]


def test_meshgrid_takes_numbers_and_empty_tensors() -> None:
    assert [g.shape for g in lamella.meshgrid(s, lamella.zeros(0))] == [(1, 0), (1, 0)]


def test_broadcast_shapes() -> None:
    assert lamella.broadcast_shapes((2, 1), [3], 1) == (2, 3)
    assert isinstance(lamella.broadcast_shapes((0,), (1,)), lamella.Size)
    assert lamella.broadcast_shapes() == ()


def test_gradients_come_back_through_pieces() -> None:
    x = lamella.arange(6.0).requires_grad_()
    first, _, last = x.tensor_split((2, 4))
    (lamella.vstack((first, last)) * tensor([[1.0, 2.0], [3.0, 4.0]])).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [1, 2, 0, 0, 3, 4]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: lamella.atleast_1d(3), TypeError, "expected a tuple or list of Tensors"),
        (lambda: lamella.broadcast_shapes((2,), (3,)), RuntimeError, "can't be broadcast together"),
        (lambda: lamella.broadcast_shapes(2.5), RuntimeError, "should be ints"),
        (lambda: lamella.broadcast_shapes((-1,)), ValueError, "negative length"),
        (lamella.meshgrid, RuntimeError, "non-empty"),
        (lambda: lamella.meshgrid(m), RuntimeError, "0D or 1D"),
        (lambda: lamella.meshgrid(v, s), RuntimeError, "same dtype"),
        (lambda: lamella.meshgrid(v, 3), TypeError, "expected Tensor as element 1"),
        (lambda: lamella.meshgrid(v, indexing="ab"), RuntimeError, "received: ab"),
        (lambda: lamella.hstack([]), RuntimeError, "hstack expects a non-empty"),
        (lambda: lamella.vstack(v), TypeError, "vstack"),
        (lambda: lamella.column_stack((v, m)), RuntimeError, "must match"),
        (lambda: v.split_with_sizes(2), TypeError, "tuple of ints"),
        (lambda: v.split_with_sizes((1, 2)), RuntimeError, "sum exactly to 4"),
        (lambda: v.tensor_split(0), RuntimeError, "larger than 0"),
        (lambda: s.tensor_split(1), RuntimeError, "at least a 1-dimensional"),
        (lambda: v.tensor_split(1.5), TypeError, "expected an int"),
        (lambda: v.tensor_split(tensor([1.0])), RuntimeError, "int64"),
        (lambda: v.tensor_split(tensor([[1]])), RuntimeError, "one-dimensional"),
        (lambda: v.hsplit(3), RuntimeError, "not divisible by 3"),
        (lambda: v.hsplit(0), RuntimeError, "not divisible by 0"),
        (lambda: v.vsplit(2), RuntimeError, "at least 2 dimensions"),
        (lambda: m.dsplit(2), RuntimeError, "at least 3 dimensions"),
    ],
)
def test_what_is_refused(call: Callable[[], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
