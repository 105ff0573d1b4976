"""Pooling layers: each window of a line, a picture or a volume becomes one number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from lamella.core.tensor import Tensor
from lamella.nn import functional as F
from lamella.nn.module import Module

Sizes = int | Sequence[int]


class _MaxPool(Module):
    """The largest element of each window."""

    _pool: ClassVar[Callable[..., Any]]

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
        return self._pool(
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


class MaxPool1d(_MaxPool):
    """The largest element of each window of a line; arguments as for :class:`MaxPool2d`.

    Shape:
        ``(N, C, L) -> (N, C, L_out)`` or without ``N``.
    """

    _pool = staticmethod(F.max_pool1d)


class MaxPool2d(_MaxPool):
    """The largest element of each window.

    Args:
        kernel_size: Height and width of the window, one number for both. stride: steps between windows, by default
            ``kernel_size``. padding: rows and columns of minus infinity added on each side, at most half a window.
        dilation: Steps between a window's elements.
        return_indices: Whether to return also where in each plane the elements were.
        ceil_mode: Whether a last window may reach beyond the edge.

    Shape:
        ``(N, C, H, W) -> (N, C, H_out, W_out)`` or without ``N``.

    Example:
        >>> lamella.nn.MaxPool2d(2)(lamella.arange(16.0).view(1, 4, 4))
        tensor([[[ 5.,  7.],
                 [13., 15.]]])
    """

    _pool = staticmethod(F.max_pool2d)


class MaxPool3d(_MaxPool):
    """The largest element of each window of a volume; arguments as for :class:`MaxPool2d`.

    Shape:
        ``(N, C, D, H, W) -> (N, C, D_out, H_out, W_out)`` or without ``N``.
    """

    _pool = staticmethod(F.max_pool3d)


class AvgPool1d(Module):
    """The mean of each window of a line; arguments as for :class:`AvgPool2d`.

    Shape:
        ``(N, C, L) -> (N, C, L_out)`` or without ``N``.
    """

    def __init__(
        self,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__()
        given = (kernel_size, kernel_size if stride is None else stride, padding)
        self.kernel_size, self.stride, self.padding = ((n,) if isinstance(n, int) else tuple(n) for n in given)
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad

    def forward(self, input: Tensor) -> Tensor:
        return F.avg_pool1d(input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class _AvgPool(Module):
    """The mean of each window."""

    _pool: ClassVar[Callable[..., Tensor]]

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
        return self._pool(
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


class AvgPool2d(_AvgPool):
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

    _pool = staticmethod(F.avg_pool2d)


class AvgPool3d(_AvgPool):
    """The mean of each window of a volume; arguments as for :class:`AvgPool2d`.

    Shape:
        ``(N, C, D, H, W) -> (N, C, D_out, H_out, W_out)`` or without ``N``.
    """

    _pool = staticmethod(F.avg_pool3d)


class _LPPool(Module):
    """The root of the sum of the powers in each window."""

    _pool: ClassVar[Callable[..., Tensor]]

    def __init__(
        self, norm_type: float, kernel_size: Sizes, stride: Sizes | None = None, ceil_mode: bool = False
    ) -> None:
        super().__init__()
        self.norm_type = norm_type
        self.kernel_size = kernel_size
        self.stride = stride
        self.ceil_mode = ceil_mode

    def forward(self, input: Tensor) -> Tensor:
        return self._pool(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)

    def extra_repr(self) -> str:
        return (
            f"norm_type={self.norm_type}, kernel_size={self.kernel_size}, stride={self.stride}, "
            f"ceil_mode={self.ceil_mode}"
        )


class LPPool1d(_LPPool):
    """The root of the sum of the powers in each window of a line; arguments as for :class:`LPPool2d`.

    Shape:
        ``(N, C, L) -> (N, C, L_out)`` or without ``N``.
    """

    _pool = staticmethod(F.lp_pool1d)


class LPPool2d(_LPPool):
    """The root of the sum of the powers in each window.

    ``(sum x^p)^(1/p)``: for p = 1 the sum, for large p about the largest.

    Args:
        norm_type: ``p``.
        kernel_size: Height and width of the window, one number for both. stride: steps between windows, by default
            ``kernel_size``.
        ceil_mode: Whether a last window may reach beyond the edge.

    Shape:
        ``(N, C, H, W) -> (N, C, H_out, W_out)`` or without ``N``.
    """

    _pool = staticmethod(F.lp_pool2d)


class LPPool3d(_LPPool):
    """The root of the sum of the powers in each window of a volume; arguments as for :class:`LPPool2d`.

    Shape:
        ``(N, C, D, H, W) -> (N, C, D_out, H_out, W_out)`` or without ``N``.
    """

    _pool = staticmethod(F.lp_pool3d)


__all__ = [
    "AvgPool1d",
    "AvgPool2d",
    "AvgPool3d",
    "LPPool1d",
    "LPPool2d",
    "LPPool3d",
    "MaxPool1d",
    "MaxPool2d",
    "MaxPool3d",
]
