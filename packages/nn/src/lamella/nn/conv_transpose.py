"""Layers of transposed convolutions: they lead from what a convolution makes back to what it was made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lamella.core.errors import ArgumentError
from lamella.core.tensor import Tensor
from lamella.nn import functional as F
from lamella.nn.conv import Sizes, _Conv, spread


class _ConvTranspose(_Conv):
    """Abstract: a transposed convolution over :attr:`ndim` dimensions."""

    transposed = True

    def __init__(
        self,
        in_channels: int,
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
        if padding_mode != "zeros":
            raise ArgumentError(
                f'only "zeros" padding mode is supported for {type(self).__name__}, got padding_mode={padding_mode!r}'
            )
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )
        self.output_padding = spread(output_padding, self.ndim)

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        """The transposed convolution.

        Args:
            output_size: The size wanted, with or without those of batch and channels; by default the one that
                ``output_padding`` makes.

        Raises:
            ValueError: No ``output_padding`` makes that size.
        """
        extra = self.output_padding if output_size is None else self._padding_for(input.shape, tuple(output_size))
        function = getattr(F, f"conv_transpose{self.ndim}d")
        result: Tensor = function(
            input, self.weight, self.bias, self.stride, self.padding, extra, self.groups, self.dilation
        )
        return result

    def _padding_for(self, shape: Sequence[int], wanted: tuple[int, ...]) -> tuple[int, ...]:
        """The output padding that makes a result of the size ``wanted``."""
        lead = len(shape) - self.ndim
        sizes = wanted[lead:] if len(wanted) == len(shape) else wanted
        if len(sizes) != self.ndim:
            raise ArgumentError(
                f"{type(self).__name__}: for a {len(shape)}-dimensional input, output_size must have {self.ndim} or "
                f"{len(shape)} elements, got {len(wanted)}"
            )
        arguments: Any = zip(shape[lead:], self.kernel_size, self.stride, self.padding, self.dilation, strict=True)
        least = [(n - 1) * s - 2 * p + d * (k - 1) + 1 for n, k, s, p, d in arguments]
        most = [size + s - 1 for size, s in zip(least, self.stride, strict=True)]
        if any(not low <= size <= high for low, size, high in zip(least, sizes, most, strict=True)):
            raise ArgumentError(
                f"requested an output size of {sizes}, but valid sizes range from {least} to {most} for an input of "
                f"{tuple(shape[lead:])}"
            )
        return tuple(size - low for size, low in zip(sizes, least, strict=True))


class ConvTranspose1d(_ConvTranspose):
    """Puts a learned kernel, times the element, at the place of each element of signals.

    The gradient of the input of a :class:`Conv1d`, computed forward: with the same arguments it leads from a shape that
    one makes back to the shape that it was made of.

    Args:
        in_channels, out_channels: Of the input and of the result; both multiples of ``groups``.
        kernel_size: Elements of each kernel. stride: steps between its places in the result.
        padding: Elements cut off at both ends of the result. output_padding: elements more at its end.
        groups: Parts that the channels are split into; each sees its own part alone.
        bias: Whether to add a learned number to each channel. dilation: steps between the elements of a kernel.
        padding_mode: ``"zeros"``.
        device, dtype: Of the parameters.

    Attributes:
        weight: ``(in_channels, out_channels / groups, kernel_size)``, and ``bias``: ``(out_channels,)`` or None;
            uniform between ``±1 / sqrt(out_channels / groups * kernel_size)`` at first.

    Shape:
        ``(N, C_in, L) -> (N, C_out, L_out)`` or without ``N``;
        ``L_out = (L - 1) * stride - 2 * padding + dilation * (kernel_size - 1) + output_padding + 1``.

    Raises:
        ValueError: The channels don't divide into the groups, or the padding mode is another one.
    """

    ndim = 1


class ConvTranspose2d(_ConvTranspose):
    """Puts a learned kernel, times the element, at the place of each element of images.

    The gradient of the input of a :class:`Conv2d`, computed forward: with the same arguments it leads from a shape that
    one makes back to the shape that it was made of. With a stride, several shapes are made into the same one;
    ``output_padding``, or ``output_size`` given to ``forward``, says which one is meant.

    Args:
        in_channels, out_channels: Of the input and of the result; both multiples of ``groups``.
        kernel_size: Height and width of each kernel, one number for both. So are ``stride``, the steps between its
            places in the result, and ``dilation``, those between its elements.
        padding: Rows and columns cut off on each side of the result. output_padding: those more at the end.
        groups: Parts that the channels are split into; each sees its own part alone.
        bias: Whether to add a learned number to each channel.
        padding_mode: ``"zeros"``.
        device, dtype: Of the parameters.

    Attributes:
        weight: ``(in_channels, out_channels / groups, *kernel_size)``, and ``bias``: ``(out_channels,)`` or None;
            uniform between ``±1 / sqrt(out_channels / groups * kernel height * kernel width)`` at first.

    Shape:
        ``(N, C_in, H, W) -> (N, C_out, H_out, W_out)`` or without ``N``;
        ``H_out = (H - 1) * stride - 2 * padding + dilation * (kernel_size - 1) + output_padding + 1``.

    Raises:
        ValueError: The channels don't divide into the groups, or the padding mode is another one.

    Example:
        >>> import lamella
        >>> from lamella import nn
        >>> down, up = nn.Conv2d(3, 6, 3, stride=2, padding=1), nn.ConvTranspose2d(6, 3, 3, stride=2, padding=1)
        >>> x = lamella.ones(1, 3, 12, 12)
        >>> up(down(x), output_size=x.shape).shape
        lamella.Size([1, 3, 12, 12])
    """

    ndim = 2


class ConvTranspose3d(_ConvTranspose):
    """Puts a learned kernel, times the element, at the place of each element of volumes.

    Arguments and attributes are those of :class:`ConvTranspose2d`, of depth, height and width.

    Shape:
        ``(N, C_in, D, H, W) -> (N, C_out, D_out, H_out, W_out)`` or without ``N``;
        ``D_out = (D - 1) * stride - 2 * padding + dilation * (kernel_size - 1) + output_padding + 1``.

    Raises:
        ValueError: The channels don't divide into the groups, or the padding mode is another one.
    """

    ndim = 3


__all__ = ["ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"]
