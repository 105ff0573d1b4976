"""PyTorch's names for the order in which elements lie in memory, and arrays laid out so."""

from __future__ import annotations

from typing import Any

import numpy as np

from lamella.core.errors import ArgumentTypeError, ShapeError


class layout:
    """How a tensor is stored. There is one: :data:`strided`."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"lamella.{self.name}"

    def __reduce__(self) -> str:
        return self.name


class memory_format(layout):
    """An order of dimensions in memory, such as :data:`channels_last`."""

    __slots__ = ()


strided = layout("strided")
contiguous_format = memory_format("contiguous_format")
preserve_format = memory_format("preserve_format")
channels_last = memory_format("channels_last")
channels_last_3d = memory_format("channels_last_3d")

# dimensions from the outermost in memory to the innermost
_CHANNELS_LAST = {channels_last: (0, 2, 3, 1), channels_last_3d: (0, 2, 3, 4, 1)}


def order_of(array: Any, wanted: Any = preserve_format) -> tuple[int, ...]:
    """The dimensions of a copy of ``array``, from the outermost in memory to the innermost.

    Args:
        wanted: A memory format; ``preserve_format`` keeps the order that ``array`` has.

    Raises:
        TypeError: It is no memory format. RuntimeError: it is for tensors with another number of dimensions.
    """
    front_to_back = tuple(range(array.ndim))
    if wanted is contiguous_format:
        return front_to_back
    if wanted is preserve_format:
        if array.flags.c_contiguous or 0 in array.strides:  # expanded dimensions have no place in memory
            return front_to_back
        return tuple(sorted(front_to_back, key=lambda d: -array.strides[d]))
    if wanted not in _CHANNELS_LAST:
        raise ArgumentTypeError(f"memory_format must be one such as lamella.channels_last, got {wanted!r}")
    order = _CHANNELS_LAST[wanted]
    if array.ndim != len(order):
        raise ShapeError(
            f"required rank {len(order)} tensor to use {wanted.name} format, got shape {array.shape}. Reshape it first."
        )
    return order


def laid_out(array: Any, order: tuple[int, ...]) -> Any:
    """``array``, with its dimensions in memory in ``order``; copied if need be."""
    if order == tuple(range(array.ndim)) and array.flags.c_contiguous:
        return array
    moved = np.ascontiguousarray(array.transpose(order)) if order else array.copy()
    return moved.transpose(tuple(sorted(range(array.ndim), key=order.__getitem__)))


__all__ = [
    "channels_last",
    "channels_last_3d",
    "contiguous_format",
    "laid_out",
    "layout",
    "memory_format",
    "order_of",
    "preserve_format",
    "strided",
]
