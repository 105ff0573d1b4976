"""Pooling layers that give a result of a given size, whatever the input's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from lamella.core.tensor import Tensor
from lamella.nn import functional as F
from lamella.nn.functional.adaptive_pooling import Wanted
from lamella.nn.module import Module


class _AdaptiveAvgPool(Module):
    """The means of as many windows as give the wanted size."""

    _pool: ClassVar[Callable[..., Tensor]]

    def __init__(self, output_size: Wanted) -> None:
        super().__init__()
        self.output_size = output_size

    def forward(self, input: Tensor) -> Tensor:
        return self._pool(input, self.output_size)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(_AdaptiveAvgPool):
    """The means of ``output_size`` windows that are as even as can be.

    Shape:
        ``(N, C, L) -> (N, C, output_size)`` or without ``N``.
    """

    _pool = staticmethod(F.adaptive_avg_pool1d)


class AdaptiveAvgPool2d(_AdaptiveAvgPool):
    """The means of as many windows as give the wanted size.

    Args:
        output_size: Height and width of the result, one number for both; None keeps the input's.

    Shape:
        ``(N, C, H, W) -> (N, C, *output_size)`` or without ``N``.
    """

    _pool = staticmethod(F.adaptive_avg_pool2d)


class AdaptiveAvgPool3d(_AdaptiveAvgPool):
    """The means of as many windows as give the wanted size; ``output_size`` as for :class:`AdaptiveAvgPool2d`.

    Shape:
        ``(N, C, D, H, W) -> (N, C, *output_size)`` or without ``N``.
    """

    _pool = staticmethod(F.adaptive_avg_pool3d)


class _AdaptiveMaxPool(Module):
    """The largest elements of as many windows as give the wanted size."""

    _pool: ClassVar[Callable[..., Any]]

    def __init__(self, output_size: Wanted, return_indices: bool = False) -> None:
        super().__init__()
        self.output_size = output_size
        self.return_indices = return_indices

    def forward(self, input: Tensor) -> Any:
        return self._pool(input, self.output_size, self.return_indices)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveMaxPool1d(_AdaptiveMaxPool):
    """The largest elements of ``output_size`` windows that are as even as can be.

    Args:
        return_indices: Whether to return also where the elements were.

    Shape:
        ``(N, C, L) -> (N, C, output_size)`` or without ``N``.
    """

    _pool = staticmethod(F.adaptive_max_pool1d)


class AdaptiveMaxPool2d(_AdaptiveMaxPool):
    """The largest elements of as many windows as give the wanted size.

    Args:
        output_size: Height and width of the result, one number for both; None keeps the input's.
        return_indices: Whether to return also where in each plane the elements were.

    Shape:
        ``(N, C, H, W) -> (N, C, *output_size)`` or without ``N``.
    """

    _pool = staticmethod(F.adaptive_max_pool2d)


class AdaptiveMaxPool3d(_AdaptiveMaxPool):
    """The largest elements of as many windows as give the wanted size; arguments as for :class:`AdaptiveMaxPool2d`.

    Shape:
        ``(N, C, D, H, W) -> (N, C, *output_size)`` or without ``N``.
    """

    _pool = staticmethod(F.adaptive_max_pool3d)


__all__ = [
    "AdaptiveAvgPool1d",
    "AdaptiveAvgPool2d",
    "AdaptiveAvgPool3d",
    "AdaptiveMaxPool1d",
    "AdaptiveMaxPool2d",
    "AdaptiveMaxPool3d",
]
