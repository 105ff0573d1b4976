"""Padding: a constant around a tensor, or what the tensor itself holds: mirrored, its edge repeated, or in a circle."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np

from lamella.core import rules
from lamella.core.dispatch import define_op
from lamella.core.errors import ShapeError
from lamella.core.ops.rearranging import constant_pad_nd
from lamella.core.ops.shapes import along
from lamella.core.tensor import Tensor

Shape = tuple[int, ...]
Pads = tuple[tuple[int, int], ...]

#: How NumPy calls PyTorch's padding modes; it is asked only for index arithmetic.
_NUMPY_MODES: dict[str, Any] = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def _room(size: int, before: int, after: int, mode: str) -> int:
    """The most that may be added on one side of a dimension; of an empty one nothing."""
    if mode == "reflect":
        return size - 1
    # a circle closes where the tensor was cut; an edge can be repeated for ever
    return size + min(before, 0) + min(after, 0) if mode == "circular" else max(before, after) if size else 0


def _padded(shape: Shape, pads: Pads, mode: str) -> Shape:
    for d, (size, (before, after)) in enumerate(zip(shape, pads, strict=True)):
        room = _room(size, before, after, mode)
        if max(before, after) > max(room, 0):
            raise ShapeError(
                f"{mode} padding must be at most {room} for dimension {d}, of size {size}, but is {before} and {after} "
                f"(input {shape}). Pass less padding or mode='constant'."
            )
        left = _room(size, before, after, mode) if mode == "circular" else size + before + after - bool(before or after)
        if left < 0:
            raise ShapeError(f"padding by {before} and {after} cuts all or more off dimension {d}, of size {size}")
    return tuple(before + size + after for size, (before, after) in zip(shape, pads, strict=True))


@lru_cache(256)
def _runs(size: int, before: int, after: int, mode: str) -> tuple[tuple[slice, slice], ...]:
    """Which stretches of the result hold which of the input, along one dimension; one element may fill a stretch."""
    left, right = max(before, 0), max(after, 0)
    inside = np.arange(size)
    low, high = max(-before, 0), left + size + right - max(-after, 0)
    if mode == "circular":
        inside, low, high = inside[low : size + min(after, 0)], 0, high - low
    sources = np.pad(inside, (left, right), _NUMPY_MODES[mode])
    ends = (0, left, left + len(inside), len(sources))
    runs = []
    for start, stop in pairwise(min(max(end, low), high) for end in ends):
        if start < stop:
            runs.append((slice(start - low, stop - low), _stretch(int(sources[start]), int(sources[stop - 1]))))
    return tuple(runs)


def _stretch(first: int, last: int) -> slice:
    if first <= last:
        return slice(first, last + 1)
    return slice(first, last - 1 if last else None, -1)


def _samples() -> list[tuple[Shape, Pads, str]]:
    """Input shapes and attributes."""
    found: list[tuple[Shape, Pads, str]] = [
        ((2, 5), ((0, 0), (-1, 4)), "reflect"),
        ((4, 3), ((3, -2), (1, 2)), "reflect"),
        ((3, 4), ((-1, 2), (-1, 3)), "circular"),
        ((2, 1), ((0, 0), (4, -2)), "replicate"),
        ((2,), ((0, 0),), "reflect"),
    ]
    for mode in _NUMPY_MODES:
        found += [((2, 3, 4), ((0, 0), (1, 2), (3, 0)), mode), ((0, 3), ((0, 0), (2, 2)), mode)]
    return found


@define_op(
    inputs=("input",),
    shape=_padded,
    dtype=rules.kept,
    samples=lambda make: [
        make(make.transposed(3, 4), ((1, 1), (2, 3)), "reflect"),
        *(make(make.array(*shape), pads, mode) for shape, pads, mode in _samples()),
    ],
    errors=lambda make: [
        make.error((make.array(3), ((3, 0),), "reflect"), ShapeError, r"reflect padding must be at most 2 for dim"),
        make.error((make.array(3), ((0, 4),), "circular"), ShapeError, r"circular padding must be at most 3 for dim"),
        make.error((make.array(0), ((1, 0),), "replicate"), ShapeError, r"replicate padding must be at most 0"),
        make.error((make.array(3), ((-2, -2),), "reflect"), ShapeError, r"cuts all or more off dimension 0"),
    ],
)
def pad_with_own(xp: Any, input: Any, pads: Any, mode: Any) -> Any:
    """``input`` extended by elements of its own, or cut off; an op because the inner part is copied, not picked."""
    _padded(input.shape, pads, mode)
    result = input
    for d, (before, after) in enumerate(pads):
        if before or after:
            size = result.shape[d]
            shape = (*result.shape[:d], before + size + after, *result.shape[d + 1 :])
            wider = xp.empty(shape, dtype=input.dtype, device=input.device)
            for target, source in _runs(size, before, after, mode):
                wider[along(d, target)] = result[along(d, source)]
            result = wider
    return result.copy() if result is input else result


pad_with_own.vjp(input=lambda F, grad, input_shape, pads, mode: F.pad_with_own_backward(grad, input_shape, pads, mode))

pad_with_own.batched(lambda F, size, batched, input, pads, mode: F.pad_with_own(input, ((0, 0), *pads), mode))


@define_op(
    inputs=("grad_output",),
    shape=lambda given, shape, pads, mode: shape,
    dtype=rules.kept,
    samples=lambda make: [
        make(make.array(*_padded(shape, pads, mode)), shape, pads, mode) for shape, pads, mode in _samples()
    ],
)
def pad_with_own_backward(xp: Any, grad_output: Any, shape: Any, pads: Any, mode: Any) -> Any:
    """Zeros of ``shape`` with each element of ``grad_output`` added where :func:`pad_with_own` took it."""
    result = grad_output
    for d, (before, after) in reversed(list(enumerate(pads))):
        if before or after:
            narrower = xp.zeros(
                (*result.shape[:d], shape[d], *result.shape[d + 1 :]), dtype=result.dtype, device=result.device
            )
            for target, source in _runs(shape[d], before, after, mode):
                part = result[along(d, target)]
                one = narrower[along(d, source)].shape[d] == 1
                narrower[along(d, source)] += xp.sum(part, axis=d, keepdims=True, dtype=part.dtype) if one else part
            result = narrower
    return result.copy() if result is grad_output else result


pad_with_own_backward.vjp(grad_output=lambda F, grad, pads, mode: F.pad_with_own(grad, pads, mode))

pad_with_own_backward.batched(
    lambda F, size, batched, grad_output, shape, pads, mode: F.pad_with_own_backward(
        grad_output, (size, *shape), ((0, 0), *pads), mode
    )
)


def pad(input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Tensor:
    """Extend dimensions, or cut them where a number is negative.

    Args:
        pad: Elements to add before and after, in pairs, the last dimension first.
        mode: What they hold: ``"constant"``, or of the input itself ``"reflect"``, ``"replicate"`` or ``"circular"``.
            The latter are for the last dimension of 2 or 3, the last two of 3 or 4, or the last three of 4 or 5.
        value: The constant; 0 by default.

    Raises:
        RuntimeError: ``pad`` is no sequence of pairs, has too many, cuts away more than there is, or adds more than
            the mode can give; or there is a ``value`` for another mode than ``"constant"``.
        NotImplementedError: The mode is not known, or not for so many dimensions.

    Example:
        >>> from lamella.core.ops.padding import pad
        >>> pad(lamella.arange(3).view(1, 3), (2, 1), mode="reflect")
        tensor([[2, 1, 0, 1, 2, 1]])
    """
    shape = input.array.shape
    given = rules.sizes((pad,))
    if len(given) % 2:
        raise ShapeError(f"Padding length must be divisible by 2, got {len(given)}: {given}")
    if len(given) > 2 * len(shape):
        raise ShapeError(
            "Padding length should be less than or equal to two times the input dimension but got padding length "
            f"{len(given)} and input of dimension {len(shape)}"
        )
    if mode == "constant":
        return constant_pad_nd(input, given, value or 0)
    if value:
        raise ShapeError(f"Padding mode {mode!r} doesn't take in value argument, got {value}. Leave it out.")
    if mode not in _NUMPY_MODES:
        raise NotImplementedError(f"Unrecognised padding mode {mode}. Expected constant, {', '.join(_NUMPY_MODES)}.")
    count = len(given) // 2
    if count not in (1, 2, 3) or len(shape) - count not in (1, 2):
        raise NotImplementedError(
            f"pad: mode {mode!r} is for the last 1, 2 or 3 dimensions of a tensor that has 1 or 2 more, but got "
            f"{count} pairs for an input of shape {shape}"
        )
    if mode != "circular" and 0 in shape[len(shape) - count - 1 :]:
        raise ShapeError(f"pad: expected an input of which only the batch may be 0 for mode {mode!r}, got {shape}")
    last_first = [(given[i], given[i + 1]) for i in range(0, len(given), 2)]
    padded: Tensor = pad_with_own(input, (*((0, 0),) * (len(shape) - count), *reversed(last_first)), mode)
    return padded


#: No names of ``lamella`` itself: :func:`pad` is one of ``lamella.nn.functional``.
__all__: list[str] = []
