"""Convolution layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lamella.core.errors import ArgumentError
from lamella.core.ops.creation import empty
from lamella.core.tensor import Tensor
from lamella.nn import functional as F
from lamella.nn.linear import reset_affine
from lamella.nn.module import Module
from lamella.nn.parameter import Parameter

Sizes = int | Sequence[int]
PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


def spread(value: Sizes, n: int) -> tuple[int, ...]:
    """``value`` for each of ``n`` dimensions."""
    return tuple(value) if isinstance(value, Sequence) else (value,) * n


class _Conv(Module):
    """Abstract: the parameters and checks of a convolution over :attr:`ndim` dimensions."""

    ndim: int
    #: Whether it leads from the result of a convolution back to its input; see ``conv_transpose``.
    transposed = False

    def __init__(
        self,
        in_channels: int,
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
        super().__init__()
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = spread(kernel_size, self.ndim)
        self.stride = spread(stride, self.ndim)
        self.padding = padding if isinstance(padding, str) else spread(padding, self.ndim)
        self.dilation = spread(dilation, self.ndim)
        self.output_padding: tuple[int, ...] = (0,) * self.ndim
        self.groups = groups
        self.padding_mode = padding_mode
        self._check()
        self.weight = Parameter(empty(self._weight_size(), device=device, dtype=dtype))
        self.register_parameter("bias", Parameter(empty(out_channels, device=device, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def _weight_size(self) -> tuple[int, ...]:
        first, second = self.out_channels, self.in_channels
        if self.transposed:
            first, second = second, first
        return first, second // self.groups, *self.kernel_size

    def _check(self) -> None:
        if self.groups <= 0:
            raise ArgumentError(f"groups must be a positive integer, got {self.groups}")
        for name in ("in_channels", "out_channels"):
            if getattr(self, name) % self.groups:
                raise ArgumentError(f"{name} must be divisible by groups, got {getattr(self, name)} and {self.groups}")
        if isinstance(self.padding, str):
            if self.padding not in ("same", "valid"):
                raise ArgumentError(f"Invalid padding string {self.padding!r}, should be one of 'same', 'valid'")
            if self.padding == "same" and any(s != 1 for s in self.stride):
                raise ArgumentError("padding='same' is not supported for strided convolutions")
        if self.padding_mode not in PADDING_MODES:
            raise ArgumentError(
                f"padding_mode must be one of {', '.join(PADDING_MODES)}, but got padding_mode={self.padding_mode!r}"
            )

    def reset_parameters(self) -> None:
        """Draw new initial values."""
        reset_affine(self.weight, self.bias)

    def _padded(self, input: Tensor) -> tuple[Tensor, Any]:
        """The input, and the padding left for the convolution itself to do."""
        if self.padding_mode == "zeros":
            return input, self.padding
        amounts: list[Any] = []
        for i in reversed(range(self.ndim)):  # F.pad counts from the last dimension
            if self.padding == "same":
                total = self.dilation[i] * (self.kernel_size[i] - 1)
                amounts += (total // 2, total - total // 2)
            else:
                amounts += (0, 0) if self.padding == "valid" else (self.padding[i],) * 2
        return F.pad(input, amounts, mode=self.padding_mode), 0

    def extra_repr(self) -> str:
        parts = [
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}",
        ]
        if self.padding != (0,) * self.ndim:
            parts.append(f"padding={self.padding}")
        if self.dilation != (1,) * self.ndim:
            parts.append(f"dilation={self.dilation}")
        if self.output_padding != (0,) * self.ndim:
            parts.append(f"output_padding={self.output_padding}")
        if self.groups != 1:
            parts.append(f"groups={self.groups}")
        if self.bias is None:
            parts.append("bias=False")
        if self.padding_mode != "zeros":
            parts.append(f"padding_mode={self.padding_mode}")
        return ", ".join(parts)


class Conv1d(_Conv):
    """Correlates signals with learned kernels.

    Args:
        in_channels, out_channels: Of the input and of the result; both multiples of ``groups``.
        kernel_size: Elements of each kernel. stride: steps between its places. dilation: steps between its elements.
        padding: Elements added on both sides; ``"same"`` for as many as keep the size, ``"valid"`` for none.
        groups: Parts that the channels are split into; each sees its own part alone.
        bias: Whether to add a learned number to each channel.
        padding_mode: What the added elements hold: ``"zeros"``, ``"reflect"``, ``"replicate"`` or ``"circular"``.
        device, dtype: Of the parameters.

    Attributes:
        weight: ``(out_channels, in_channels / groups, kernel_size)``, and ``bias``: ``(out_channels,)`` or None;
            uniform between ``±1 / sqrt(in_channels / groups * kernel_size)`` at first.

    Shape:
        ``(N, C_in, L) -> (N, C_out, L_out)`` or without ``N``;
        ``L_out = (L + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1``.

    Raises:
        ValueError: The channels don't divide into the groups, or the padding is not known.
    """

    ndim = 1

    def forward(self, input: Tensor) -> Tensor:
        input, padding = self._padded(input)
        return F.conv1d(input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)


class Conv2d(_Conv):
    """Correlates images with learned kernels.

    Args:
        in_channels, out_channels: Of the input and of the result; both multiples of ``groups``.
        kernel_size: Height and width of each kernel, one number for both. So are ``stride``, the steps between its
            places, and ``dilation``, those between its elements.
        padding: Rows and columns added on each side; ``"same"`` for as many as keep the size, ``"valid"`` for none.
        groups: Parts that the channels are split into; each sees its own part alone.
        bias: Whether to add a learned number to each channel.
        padding_mode: What the added elements hold: ``"zeros"``, ``"reflect"``, ``"replicate"`` or ``"circular"``.
        device, dtype: Of the parameters.

    Attributes:
        weight: ``(out_channels, in_channels / groups, *kernel_size)``, and ``bias``: ``(out_channels,)`` or None;
            uniform between ``±1 / sqrt(in_channels / groups * kernel height * kernel width)`` at first.

    Shape:
        ``(N, C_in, H, W) -> (N, C_out, H_out, W_out)`` or without ``N``;
        ``H_out = (H + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1``.

    Raises:
        ValueError: The channels don't divide into the groups, or the padding is not known.

    Example:
        >>> import lamella
        >>> from lamella import nn
        >>> nn.Conv2d(3, 6, 5)(lamella.ones(1, 3, 32, 32)).shape
        lamella.Size([1, 6, 28, 28])
    """

    ndim = 2

    def forward(self, input: Tensor) -> Tensor:
        input, padding = self._padded(input)
        return F.conv2d(input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)


class Conv3d(_Conv):
    """Correlates volumes with learned kernels.

    Args:
        in_channels, out_channels: Of the input and of the result; both multiples of ``groups``.
        kernel_size: Depth, height and width of each kernel, one number for all three. So are ``stride``, the steps
            between its places, and ``dilation``, those between its elements.
        padding: Elements added on each side; ``"same"`` for as many as keep the size, ``"valid"`` for none.
        groups: Parts that the channels are split into; each sees its own part alone.
        bias: Whether to add a learned number to each channel.
        padding_mode: What the added elements hold: ``"zeros"``, ``"reflect"``, ``"replicate"`` or ``"circular"``.
        device, dtype: Of the parameters.

    Attributes:
        weight: ``(out_channels, in_channels / groups, *kernel_size)``, and ``bias``: ``(out_channels,)`` or None;
            uniform between ``±1 / sqrt(in_channels / groups * elements of a kernel)`` at first.

    Shape:
        ``(N, C_in, D, H, W) -> (N, C_out, D_out, H_out, W_out)`` or without ``N``;
        ``D_out = (D + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1``.

    Raises:
        ValueError: The channels don't divide into the groups, or the padding is not known.

    Example:
        >>> import lamella
        >>> from lamella import nn
        >>> nn.Conv3d(3, 6, (1, 3, 3), padding=(0, 1, 1))(lamella.ones(1, 3, 8, 16, 16)).shape
        lamella.Size([1, 6, 8, 16, 16])
    """

    ndim = 3

    def forward(self, input: Tensor) -> Tensor:
        input, padding = self._padded(input)
        return F.conv3d(input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)


__all__ = ["Conv1d", "Conv2d", "Conv3d"]
