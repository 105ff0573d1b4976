"""Elements in another order, repeated, padded, or seen through a sliding window."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import lamella
from lamella import Tensor, tensor

s, v, m = tensor(1.5), lamella.arange(4), lamella.arange(6).reshape(2, 3)
box = lamella.arange(24).reshape(2, 3, 4)


def same(result: Tensor, expected: Any) -> None:
    np.testing.assert_array_equal(result.detach().numpy(), expected)


def test_flips() -> None:
    for result in (box.flip(0, 2), box.flip((0, -1)), lamella.flip(box, dims=(0, 2))):
        same(result, box.numpy()[::-1, :, ::-1])
    same(box.flip(()), box.numpy())
    same(box.fliplr(), np.fliplr(box.numpy()))
    same(box.flipud(), np.flipud(box.numpy()))
    same(s.flip(0), 1.5)


@pytest.mark.parametrize("k", [-1, 0, 1, 2, 3, 6])
@pytest.mark.parametrize("dims", [(0, 1), (1, 0), (0, 2), (-1, 1)])
def test_rot90_is_that_of_numpy(k: int, dims: Any) -> None:
    same(box.rot90(k, dims), np.rot90(box.numpy(), k, dims))


@pytest.mark.parametrize(
    ("shifts", "dims"), [(1, None), (-5, None), (2, 1), ((1, 2), (0, 2)), ((1, 1), (1, 1)), ((3,), ())]
)
def test_roll_is_that_of_numpy(shifts: Any, dims: Any) -> None:
    same(box.roll(shifts, dims), np.roll(box.numpy(), shifts, dims or None))


def test_roll_of_little() -> None:
    same(s.roll(3), 1.5)
    same(lamella.zeros(0, 2).roll(1, 0), np.zeros((0, 2)))


@pytest.mark.parametrize("times", [(2,), (1, 2), (2, 3, 1, 1), ()], ids=str)
def test_tile_is_that_of_numpy(times: Any) -> None:
    same(box.tile(times), np.tile(box.numpy(), times))
    same(lamella.tile(box, dims=times), np.tile(box.numpy(), times))


def test_repeat_takes_all_dimensions() -> None:
    same(m.repeat(2, 1, 2), np.tile(m.numpy(), (2, 1, 2)))
    same(m.repeat(repeats=(1, 0)), np.zeros((2, 0)))
    same(s.repeat(2), [1.5, 1.5])


def test_padding_and_cutting() -> None:
    same(lamella.constant_pad_nd(m, (1, 2, 0, 1), 9), np.pad(m.numpy(), ((0, 1), (1, 2)), constant_values=9))
    same(lamella.constant_pad_nd(m, (-1, 1)), [[1, 2, 0], [4, 5, 0]])
    same(lamella.constant_pad_nd(m, (-3, 1), 7), [[7], [7]])
    same(lamella.constant_pad_nd(v, (1, 0), 1.5), [1, 0, 1, 2, 3])  # as whole as the tensor


@pytest.mark.parametrize(("size", "step"), [(1, 1), (2, 1), (2, 2), (3, 2), (4, 5), (0, 3)])
def test_windows_are_those_of_numpy(size: int, step: int) -> None:
    expected = np.lib.stride_tricks.sliding_window_view(box.numpy(), size, 2)[:, :, ::step]
    same(box.unfold(-1, size, step), expected)


def test_windows_of_a_number() -> None:
    same(s.unfold(0, 1, 1), [1.5])
    assert s.unfold(0, 0, 1).shape == (0,)


def test_windows_that_lie_apart_can_be_changed() -> None:
    x = lamella.zeros(6, requires_grad=True)
    y = x * 1
    y.unfold(0, 2, 3).add_(5)
    same(y, [5, 5, 0, 5, 5, 0])
    (y * lamella.arange(6.0)).sum().backward()
    same(x.grad, np.arange(6))


def test_windows_that_overlap_can_not() -> None:
    with pytest.raises(RuntimeError, match="read-only"):
        lamella.zeros(6).unfold(0, 3, 1).add_(5)
    with pytest.raises(RuntimeError, match="read-only"):
        lamella.zeros(6).as_strided((2, 3), (1, 1)).add_(5)


def test_an_expansion_that_repeats_nothing_can_be_changed() -> None:
    x = lamella.zeros(2, 3)
    x.expand(1, 2, 3).add_(1)
    x.t().expand(3, 2).add_(1)
    same(x, np.full((2, 3), 2))
    with pytest.raises(RuntimeError, match="read-only"):
        x.expand(2, 2, 3).add_(1)


def test_sum_to_size() -> None:
    same(m.sum_to_size(1, 3), [[3, 5, 7]])
    same(m.sum_to_size((3,)), [3, 5, 7])
    same(m.sum_to_size(()), 15)
    same(box.sum_to_size(size=(3, 1)), box.numpy().sum((0, 2))[:, None])
    assert lamella.tensor(True).sum_to_size(()).dtype is lamella.int64


def test_names_from_numpy() -> None:
    same(box.swapaxes(0, -1), np.swapaxes(box.numpy(), 0, -1))
    same(box.swapdims(0, 1), np.swapaxes(box.numpy(), 0, 1))
    same(lamella.moveaxis(box, (0, 1), (1, 2)), np.moveaxis(box.numpy(), (0, 1), (1, 2)))
    same(box.mT.ravel(), box.numpy().swapaxes(1, 2).ravel())


def test_shapes_of_another_tensor() -> None:
    same(m.reshape_as(lamella.zeros(3, 2)), [[0, 1], [2, 3], [4, 5]])
    same(m.view_as(lamella.zeros(6)), np.arange(6))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: m.flip(0, 0), RuntimeError, "multiple times"),
        (lambda: m.flip(2), IndexError, "out of range"),
        (m.flip, TypeError, "expected ints"),
        (v.fliplr, RuntimeError, ">= 2-d"),
        (s.flipud, RuntimeError, ">= 1-d"),
        (v.rot90, RuntimeError, "total dims >= 2"),
        (lambda: m.rot90(1, (0, -2)), RuntimeError, "to be different"),
        (lambda: m.rot90(1, (0,)), RuntimeError, "rotation dims == 2"),
        (lambda: m.roll((1, 2)), RuntimeError, "must align"),
        (lambda: m.roll((), ()), RuntimeError, "must align"),
        (lambda: s.roll(1, 0), IndexError, "no dimensions"),
        (lambda: m.roll(1.5), TypeError, "expected ints"),
        (lambda: m.repeat(2), RuntimeError, "can not be smaller"),
        (lambda: m.repeat(-1, 1), RuntimeError, "must not be negative"),
        (lambda: m.tile(-1), RuntimeError, "tile: numbers of repetitions"),
        (lambda: lamella.constant_pad_nd(m, (1,)), RuntimeError, "must be even"),
        (lambda: lamella.constant_pad_nd(v, (1, 1, 1, 1)), RuntimeError, "at most 2"),
        (lambda: lamella.constant_pad_nd(m, (-2, -2)), RuntimeError, "cuts more than there is"),
        (lambda: lamella.constant_pad_nd(m, (-4, 2)), RuntimeError, "cuts more than there is"),
        (lambda: v.unfold(0, 5, 1), RuntimeError, "maximum size"),
        (lambda: v.unfold(0, 2, 0), RuntimeError, "step > 0"),
        (lambda: v.unfold(0, -1, 1), RuntimeError, "size must be >= 0"),
        (lambda: v.unfold(1, 1, 1), IndexError, "out of range"),
        (lambda: m.sum_to_size(3, 2), RuntimeError, "not expandable"),
        (lambda: m.view_as(v), RuntimeError, "invalid for input of size 6"),
    ],
)
def test_what_is_refused(call: Callable[[], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
