"""Where and in which shape a tensor sees its memory: methods that change that, and what tells about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import lamella
from lamella import Tensor, tensor


def grid() -> Tensor:
    x: Tensor = lamella.arange(6.0).reshape(2, 3).clone()
    return x


def same(result: Tensor | None, expected: Any) -> None:
    assert result is not None
    np.testing.assert_array_equal(result.detach().numpy(), expected)


IN_PLACE: dict[str, tuple[Any, ...]] = {
    "t_": (),
    "transpose_": (0, 1),
    "swapaxes_": (-1, 0),
    "swapdims_": (0, 1),
    "unsqueeze_": (1,),
    "squeeze_": (),
    "as_strided_": ((2, 2), (2, 1)),
}


@pytest.mark.parametrize(("name", "args"), IN_PLACE.items())
def test_the_same_tensor_sees_its_memory_anew(name: str, args: tuple[Any, ...]) -> None:
    x = grid()
    expected, address = getattr(x, name[:-1])(*args), x.data_ptr()
    assert getattr(x, name)(*args) is x
    same(x, expected)
    assert x.stride() == expected.stride()
    assert (x.data_ptr(), x._version) == (address, 1)


@pytest.mark.parametrize(("name", "args"), IN_PLACE.items())
def test_its_gradient_is_that_of_the_view(name: str, args: tuple[Any, ...]) -> None:
    x, y = grid().requires_grad_(), grid().requires_grad_()
    changed = getattr(x * 2, name)(*args)
    (changed * changed).sum().backward()
    (getattr(y * 2, name[:-1])(*args) ** 2).sum().backward()
    same(x.grad, y.grad)


def test_views_of_it_stay_as_they_are() -> None:
    x = grid().requires_grad_()
    y = x * 1
    flat, row = y.view(6), y[0]
    y.t_()
    row.unsqueeze_(0)
    assert (flat.shape, row.shape, y.shape) == ((6,), (1, 3), (3, 2))
    row.mul_(3)
    same(y, [[0, 3], [3, 4], [6, 5]])
    (flat * 1).sum().backward()
    same(x.grad, [[3, 3, 3], [1, 1, 1]])


def test_a_leaf_may_be_turned_while_nothing_is_recorded() -> None:
    x = grid().requires_grad_()
    with lamella.no_grad():
        x.t_()
    assert x.is_leaf and x.shape == (3, 2)
    (x * x).sum().backward()
    same(x.grad, 2 * grid().numpy().T)


def test_a_result_turned_while_nothing_is_recorded_keeps_its_gradient() -> None:
    x = lamella.arange(4.0).reshape(2, 2).clone().requires_grad_()
    y = x * 1
    with lamella.no_grad():
        y.t_()
    (y * tensor([[1.0, 2.0], [3.0, 4.0]])).sum().backward()
    same(x.grad, [[1, 3], [2, 4]])


def test_a_saved_value_that_was_turned_is_noticed() -> None:
    y = grid().requires_grad_() * 1
    z = y * y
    y.t_()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        z.sum().backward()


# --- the same bytes as another dtype


def test_bytes_as_another_dtype() -> None:
    x = grid()
    same(x.view(lamella.int32), x.numpy().view(np.int32))
    same(x.view(lamella.uint8), x.numpy().view(np.uint8))
    same(x[:, :2].clone().view(dtype=lamella.complex64), [[0 + 1j], [3 + 4j]])
    same(x.t().view(lamella.int32), x.numpy().T.view(np.int32))
    assert tensor(1.0).view(lamella.int32).item() == 0x3F800000
    assert lamella.zeros(0).view(lamella.int8).shape == (0,)


def test_bytes_have_no_gradient_but_changes_of_them_count() -> None:
    x = grid().requires_grad_()
    assert not x.view(lamella.float16).requires_grad
    y = grid()
    y.view(lamella.int32).zero_()
    assert y._version == 1
    same(y, np.zeros((2, 3)))


# --- other memory


def test_resize_keeps_the_order_in_memory() -> None:
    x = grid()
    address = x.data_ptr()
    same(x.resize_(2, 2), [[0, 1], [2, 3]])
    same(x.resize_((6,)), np.arange(6))  # what was left out is still there
    assert x.data_ptr() == address
    same(grid().t().resize_(2, 3), grid())
    same(grid()[1].resize_(2), [3, 4])
    same(x.resize_as_(lamella.zeros(1, 2)), [[0, 1]])
    assert x._version == 3


def test_resize_beyond_the_memory_takes_new() -> None:
    x = grid()
    row = x[1]
    same(x.resize_(4, 3)[:2], grid())
    x.zero_()
    same(row, [3, 4, 5])
    same(grid()[1].resize_(5)[:3], [3, 4, 5])


def test_set_shows_the_memory_of_another_tensor() -> None:
    x, y = grid(), lamella.zeros(3)
    assert y.set_(x) is y
    assert y.is_set_to(x)
    x.add_(1)
    same(y, x)
    assert y._version == x._version
    same(y.set_(x, 1, (2, 2), (1, 1)), [[2, 3], [3, 4]])
    same(y.set_(x, 3, (3,)), [4, 5, 6])
    assert y.set_().shape == (0,)


def test_deprecated_forms_warn() -> None:
    with pytest.warns(UserWarning, match="reshape"):
        same(grid().resize(6), np.arange(6))
    with pytest.warns(UserWarning, match="reshape_as"):
        same(grid().resize_as(lamella.zeros(3, 2)), np.arange(6).reshape(3, 2))


def test_as_strided_counts_in_the_memory() -> None:
    x = grid()
    same(x[1].as_strided((2,), (1,)), [3, 4])
    same(x[1].as_strided((2,), (1,), 0), [0, 1])
    same(x.t().as_strided((2, 2), (1, 1), 1), [[1, 2], [2, 3]])


# --- what tells about it


def test_is_set_to() -> None:
    x = grid()
    assert x.is_set_to(x.view(2, 3)) and x.is_set_to(x.detach())
    assert not any(x.is_set_to(y) for y in (x.t(), x.view(6), x.clone(), x[:1], x.view(lamella.int32)))


def test_dim_order() -> None:
    box = lamella.zeros(2, 3, 4)
    assert box.dim_order() == (0, 1, 2)
    assert box.permute(2, 0, 1).dim_order() == (1, 2, 0)
    assert lamella.zeros(2, 1, 3).expand(2, 4, 3).dim_order() == (0, 1, 2)
    assert lamella.zeros(2, 3).expand(4, 2, 3).dim_order() == (0, 1, 2)
    assert tensor(1.0).dim_order() == ()
    assert box.dim_order(ambiguity_check=True) == (0, 1, 2)


def test_memory_formats() -> None:
    x = lamella.arange(120.0).reshape(2, 3, 4, 5)
    y = x.contiguous(memory_format=lamella.channels_last)
    same(y, x)
    assert y.stride() == (60, 1, 15, 3)
    assert y.dim_order() == (0, 2, 3, 1)
    assert y.is_contiguous(memory_format=lamella.channels_last) and not y.is_contiguous()
    assert y.contiguous(memory_format=lamella.channels_last) is y
    assert y.clone().stride() == y.stride()
    assert y.clone(memory_format=lamella.contiguous_format).is_contiguous()
    assert not x[0].is_contiguous(memory_format=lamella.channels_last)
    volume = lamella.zeros(1, 2, 3, 4, 5).contiguous(memory_format=lamella.channels_last_3d)
    assert volume.stride() == (120, 1, 40, 10, 2)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: grid().requires_grad_().t_(), RuntimeError, "leaf Variable"),
        (lambda: grid().requires_grad_()[0].unsqueeze_(0), RuntimeError, "view of a leaf"),
        (lambda: (grid().requires_grad_() * 1).unbind(0)[0].unsqueeze_(0), RuntimeError, "one of several views"),
        (lambda: grid().transpose_(0, 2), IndexError, "out of range"),
        (lambda: lamella.zeros(1, 2, 3).t_(), RuntimeError, "<= 2 dimensions"),
        (lambda: grid().as_strided_((4,), (2,)), RuntimeError, "reach element 6"),
        (lambda: grid().as_strided((4,), (2, 1)), RuntimeError, "mismatch in length"),
        (lambda: grid().view(lamella.float64), RuntimeError, "divisible by 2"),
        (lambda: lamella.zeros(2, 6)[:, 1:3].view(lamella.float64), RuntimeError, "storage offset"),
        (lambda: grid().t().view(lamella.int16), RuntimeError, "stride.-1. must be 1"),
        (lambda: tensor(1.0).view(lamella.int16), RuntimeError, "must have a dimension"),
        (lambda: grid().requires_grad_().resize_(2), RuntimeError, "require grad"),
        (lambda: grid().resize_(-1), RuntimeError, "must not be negative"),
        (lambda: grid().resize_(), TypeError, "expected ints"),
        (lambda: grid().set_(lamella.zeros(2, dtype=lamella.int32)), RuntimeError, "could not set"),
        (lambda: grid().requires_grad_().set_(grid()), RuntimeError, "requires grad"),
        (lambda: grid().set_(3), TypeError, "must be Tensor"),
        (lambda: grid().resize_as_(3), TypeError, "must be Tensor"),
        (lambda: grid().is_set_to(3), TypeError, "must be Tensor"),
        (lambda: grid().reshape(-2, 3), RuntimeError, "invalid shape dimension -2"),
        (lambda: tensor(1.0).narrow(0, 0, 1), RuntimeError, "0-dim"),
        (lambda: lamella.zeros(2, 1).dim_order(ambiguity_check=True), RuntimeError, "no one order"),
        (lambda: grid().contiguous(memory_format=lamella.preserve_format), RuntimeError, "no order of its own"),
        (lambda: grid().clone(memory_format=lamella.channels_last), RuntimeError, "rank 4"),
    ],
)
def test_what_is_refused(call: Callable[[], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
