"""Convolution layers that learn the number of their input channels from the first input."""

from __future__ import annotations

from typing import Any

from lamella.core.errors import ShapeError
from lamella.core.tensor import Tensor
from lamella.nn.conv import Conv1d, Conv2d, Conv3d, Sizes, _Conv
from lamella.nn.conv_transpose import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from lamella.nn.lazy import LazyModuleMixin
from lamella.nn.parameter import UninitializedParameter


class _Lazy(LazyModuleMixin, _Conv):
    """Abstract: a convolution whose parameters have no shape yet."""

    def _postpone(self, out_channels: int, bias: bool, device: Any, dtype: Any) -> None:
        """Replace the parameters, which were made for no channels, by uninitialized ones."""
        self.out_channels = out_channels
        self.weight = UninitializedParameter(device=device, dtype=dtype)
        if bias:
            self.bias = UninitializedParameter(device=device, dtype=dtype)

    def reset_parameters(self) -> None:
        """Draw new initial values, once there are shapes."""
        if self.in_channels and not self.has_uninitialized_params():
            super().reset_parameters()

    def initialize_parameters(self, input: Tensor, *args: Any, **kwargs: Any) -> None:
        """Give the parameters shapes that fit ``input``, and initial values.

        Raises:
            RuntimeError: The input has too few or too many dimensions.
            ValueError: Its channels don't divide into the groups.
        """
        shape = input.shape
        if len(shape) not in (self.ndim + 1, self.ndim + 2):
            raise ShapeError(
                f"expected a {self.ndim + 1}-dimensional (unbatched) or {self.ndim + 2}-dimensional (batched) input to "
                f"{type(self).__name__}, but got input of size {tuple(shape)}"
            )
        self.in_channels = shape[-self.ndim - 1]
        if self.has_uninitialized_params():
            self._check()
            self.weight.materialize(self._weight_size())
            if self.bias is not None:
                self.bias.materialize((self.out_channels,))
            self.reset_parameters()


class _LazyConv(_Lazy):
    """Abstract."""

    def __init__(
        self,
        out_channels: int,
        kernel_size: Sizes,
        stride: Sizes = 1,
        padding: str | Sizes = 0,
        dilation: Sizes = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(0, 0, kernel_size, stride, padding, dilation, groups, False, padding_mode, device, dtype)
        self._postpone(out_channels, bias, device, dtype)


class _LazyConvTranspose(_Lazy):
    """Abstract."""

    def __init__(
        self,
        out_channels: int,
        kernel_size: Sizes,
        stride: Sizes = 1,
        padding: Sizes = 0,
        output_padding: Sizes = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Sizes = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            0, 0, kernel_size, stride, padding, output_padding, groups, False, dilation, padding_mode, device, dtype
        )
        self._postpone(out_channels, bias, device, dtype)


class LazyConv1d(_LazyConv, Conv1d):
    """A :class:`Conv1d` that learns ``in_channels`` from its first input; its other arguments are the same."""

    cls_to_become = Conv1d


class LazyConv2d(_LazyConv, Conv2d):
    """A :class:`Conv2d` that learns ``in_channels`` from its first input; its other arguments are the same."""

    cls_to_become = Conv2d


class LazyConv3d(_LazyConv, Conv3d):
    """A :class:`Conv3d` that learns ``in_channels`` from its first input; its other arguments are the same."""

    cls_to_become = Conv3d


class LazyConvTranspose1d(_LazyConvTranspose, ConvTranspose1d):
    """A :class:`ConvTranspose1d` that learns ``in_channels`` from its first input; its other arguments are the same."""

    cls_to_become = ConvTranspose1d


class LazyConvTranspose2d(_LazyConvTranspose, ConvTranspose2d):
    """A :class:`ConvTranspose2d` that learns ``in_channels`` from its first input; its other arguments are the same."""

    cls_to_become = ConvTranspose2d


class LazyConvTranspose3d(_LazyConvTranspose, ConvTranspose3d):
    """A :class:`ConvTranspose3d` that learns ``in_channels`` from its first input; its other arguments are the same."""

    cls_to_become = ConvTranspose3d


__all__ = [
    "LazyConv1d",
    "LazyConv2d",
    "LazyConv3d",
    "LazyConvTranspose1d",
    "LazyConvTranspose2d",
    "LazyConvTranspose3d",
]
