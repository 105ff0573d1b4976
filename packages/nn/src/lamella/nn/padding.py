"""Padding layers: the input extended at the ends of its last dimensions, or cut where a number is negative."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from lamella.core.errors import ArgumentError
from lamella.core.tensor import Tensor
from lamella.nn import functional as F
from lamella.nn.module import Module


class _Pad(Module):
    """The input with elements added at both ends of its last dimensions."""

    _mode: ClassVar[str]
    _count: ClassVar[int]

    def __init__(self, padding: int | Sequence[int]) -> None:
        super().__init__()
        self.padding = (padding,) * (2 * self._count) if isinstance(padding, int) else tuple(padding)

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, self._mode)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class _ConstantPad(_Pad):
    """The input with a value added at both ends of its last dimensions."""

    _mode = "constant"

    def __init__(self, padding: int | Sequence[int], value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class ConstantPad1d(_ConstantPad):
    """The input with a value around.

    Args:
        padding: How many elements to add, one number for all sides or (left, right).
        value: What to add.

    Shape:
        ``(N, C, W) -> (N, C, W_out)`` or without ``N``.
    """

    _count = 1


class ConstantPad2d(_ConstantPad):
    """The input with a value around.

    Args:
        padding: How many elements to add, one number for all sides or (left, right, top, bottom).
        value: What to add.

    Shape:
        ``(N, C, H, W) -> (N, C, H_out, W_out)`` or without ``N``.
    """

    _count = 2


class ConstantPad3d(_ConstantPad):
    """The input with a value around.

    Args:
        padding: How many elements to add, one number for all sides or (left, right, top, bottom, front, back).
        value: What to add.

    Shape:
        ``(N, C, D, H, W) -> (N, C, D_out, H_out, W_out)`` or without ``N``.
    """

    _count = 3


class ZeroPad1d(_Pad):
    """The input with zeros around.

    Args:
        padding: How many elements to add, one number for all sides or (left, right).

    Shape:
        ``(N, C, W) -> (N, C, W_out)`` or without ``N``.
    """

    _mode = "constant"
    _count = 1


class ZeroPad2d(_Pad):
    """The input with zeros around.

    Args:
        padding: How many elements to add, one number for all sides or (left, right, top, bottom).

    Shape:
        ``(N, C, H, W) -> (N, C, H_out, W_out)`` or without ``N``.
    """

    _mode = "constant"
    _count = 2


class ZeroPad3d(_Pad):
    """The input with zeros around.

    Args:
        padding: How many elements to add, one number for all sides or (left, right, top, bottom, front, back).

    Shape:
        ``(N, C, D, H, W) -> (N, C, D_out, H_out, W_out)`` or without ``N``.
    """

    _mode = "constant"
    _count = 3


class ReflectionPad1d(_Pad):
    """The input mirrored at its border elements; less may be added than there is.

    Args:
        padding: How many elements to add, one number for all sides or (left, right).

    Shape:
        ``(N, C, W) -> (N, C, W_out)`` or without ``N``.
    """

    _mode = "reflect"
    _count = 1


class ReflectionPad2d(_Pad):
    """The input mirrored at its border elements; less may be added than there is.

    Args:
        padding: How many elements to add, one number for all sides or (left, right, top, bottom).

    Shape:
        ``(N, C, H, W) -> (N, C, H_out, W_out)`` or without ``N``.
    """

    _mode = "reflect"
    _count = 2


class ReflectionPad3d(_Pad):
    """The input mirrored at its border elements; less may be added than there is.

    Args:
        padding: How many elements to add, one number for all sides or (left, right, top, bottom, front, back).

    Shape:
        ``(N, C, D, H, W) -> (N, C, D_out, H_out, W_out)`` or without ``N``.
    """

    _mode = "reflect"
    _count = 3


class ReplicationPad1d(_Pad):
    """The input with its border elements repeated.

    Args:
        padding: How many elements to add, one number for all sides or (left, right).

    Shape:
        ``(N, C, W) -> (N, C, W_out)`` or without ``N``.
    """

    _mode = "replicate"
    _count = 1


class ReplicationPad2d(_Pad):
    """The input with its border elements repeated.

    Args:
        padding: How many elements to add, one number for all sides or (left, right, top, bottom).

    Shape:
        ``(N, C, H, W) -> (N, C, H_out, W_out)`` or without ``N``.
    """

    _mode = "replicate"
    _count = 2


class ReplicationPad3d(_Pad):
    """The input with its border elements repeated.

    Args:
        padding: How many elements to add, one number for all sides or (left, right, top, bottom, front, back).

    Shape:
        ``(N, C, D, H, W) -> (N, C, D_out, H_out, W_out)`` or without ``N``.
    """

    _mode = "replicate"
    _count = 3


class _CircularPad(_Pad):
    """The input with what is at its other end added at both ends of its last dimensions."""

    _mode = "circular"

    def forward(self, input: Tensor) -> Tensor:
        fewest, ndim = self._count + 1, input.array.ndim
        if ndim not in (fewest, fewest + 1):
            raise ArgumentError(f"expected {fewest}D or {fewest + 1}D input (got {ndim}D input)")
        return super().forward(input)


class CircularPad1d(_CircularPad):
    """The input followed by its beginning and preceded by its end; no more may be added than there is.

    Args:
        padding: How many elements to add, one number for all sides or (left, right).

    Shape:
        ``(N, C, W) -> (N, C, W_out)`` or without ``N``.
    """

    _count = 1


class CircularPad2d(_CircularPad):
    """The input followed by its beginning and preceded by its end; no more may be added than there is.

    Args:
        padding: How many elements to add, one number for all sides or (left, right, top, bottom).

    Shape:
        ``(N, C, H, W) -> (N, C, H_out, W_out)`` or without ``N``.
    """

    _count = 2


class CircularPad3d(_CircularPad):
    """The input followed by its beginning and preceded by its end; no more may be added than there is.

    Args:
        padding: How many elements to add, one number for all sides or (left, right, top, bottom, front, back).

    Shape:
        ``(N, C, D, H, W) -> (N, C, D_out, H_out, W_out)`` or without ``N``.
    """

    _count = 3


__all__ = [
    "CircularPad1d",
    "CircularPad2d",
    "CircularPad3d",
    "ConstantPad1d",
    "ConstantPad2d",
    "ConstantPad3d",
    "ReflectionPad1d",
    "ReflectionPad2d",
    "ReflectionPad3d",
    "ReplicationPad1d",
    "ReplicationPad2d",
    "ReplicationPad3d",
    "ZeroPad1d",
    "ZeroPad2d",
    "ZeroPad3d",
]
