"""Pooling layers: each window of an image becomes one number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lamella.core.tensor import Tensor
from lamella.nn import functional as F
from lamella.nn.module import Module

Sizes = int | Sequence[int]


class MaxPool2d(Module):
    """The largest element of each window.

    Args:
        kernel_size: Height and width of the window, one number for both. stride: steps between windows, by default
            ``kernel_size``. padding: rows and columns of minus infinity added on each side, at most half a window.
        dilation: Steps between a window's elements.
        return_indices: Whether to return also where in each plane the elements were.
        ceil_mode: Whether a last window may reach beyond the edge.

    Shape:
        ``(N, C, H, W) -> (N, C, H_out, W_out)`` or without ``N``.
    """

    def __init__(
        self,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        dilation: Sizes = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def forward(self, input: Tensor) -> Any:
        return F.max_pool2d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            ceil_mode=self.ceil_mode,
            return_indices=self.return_indices,
        )

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


class AvgPool2d(Module):
    """The mean of each window.

    Args:
        kernel_size: Height and width of the window, one number for both. stride: steps between windows, by default
            ``kernel_size``. padding: rows and columns of zeros added on each side, at most half a window.
        ceil_mode: Whether a last window may reach beyond the edge.
        count_include_pad: Whether the added zeros count in the mean.
        divisor_override: What to divide by instead of the number of elements.

    Shape:
        ``(N, C, H, W) -> (N, C, H_out, W_out)`` or without ``N``.
    """

    def __init__(
        self,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override

    def forward(self, input: Tensor) -> Tensor:
        return F.avg_pool2d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
            self.divisor_override,
        )

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AdaptiveAvgPool2d(Module):
    """The means of as many windows as give the wanted size.

    Args:
        output_size: Height and width of the result, one number for both; None keeps the input's.

    Shape:
        ``(N, C, H, W) -> (N, C, *output_size)`` or without ``N``.
    """

    def __init__(self, output_size: Any) -> None:
        super().__init__()
        self.output_size = output_size

    def forward(self, input: Tensor) -> Tensor:
        return F.adaptive_avg_pool2d(input, self.output_size)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


__all__ = ["AdaptiveAvgPool2d", "AvgPool2d", "MaxPool2d"]
