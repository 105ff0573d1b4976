"""Layers that lay out what a kernel sees of pictures as columns, and that add up pictures from such columns."""

from __future__ import annotations

from lamella.core.tensor import Tensor
from lamella.nn import functional as F
from lamella.nn.functional.folding import Sizes
from lamella.nn.module import Module


class Unfold(Module):
    """Lays out what a kernel sees at each of its places; see :func:`lamella.nn.functional.unfold`.

    Args:
        kernel_size: Height and width of the kernel, one number for both. So are ``dilation``, the steps between its
            elements, ``padding``, the zeros on each side, and ``stride``, the steps between its places.

    Shape:
        ``(N, C, H, W) -> (N, C * kernel height * kernel width, places)`` or without ``N``.

    Example:
        >>> import lamella
        >>> from lamella import nn
        >>> nn.Unfold((2, 3))(lamella.ones(2, 5, 3, 4)).shape
        lamella.Size([2, 30, 4])
    """

    def __init__(self, kernel_size: Sizes, dilation: Sizes = 1, padding: Sizes = 0, stride: Sizes = 1) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.padding = padding
        self.stride = stride

    def forward(self, input: Tensor) -> Tensor:
        return F.unfold(input, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, dilation={self.dilation}, padding={self.padding}, stride={self.stride}"


class Fold(Module):
    """Adds up pictures from columns such as :class:`Unfold` gives; see :func:`lamella.nn.functional.fold`.

    Args:
        output_size: Height and width of the pictures, one number for both.
        kernel_size, dilation, padding, stride: As for :class:`Unfold`.

    Shape:
        ``(N, C * kernel height * kernel width, places) -> (N, C, *output_size)`` or without ``N``.

    Example:
        >>> import lamella
        >>> from lamella import nn
        >>> nn.Fold((4, 5), (2, 2))(lamella.ones(1, 12, 12)).shape
        lamella.Size([1, 3, 4, 5])
    """

    def __init__(
        self, output_size: Sizes, kernel_size: Sizes, dilation: Sizes = 1, padding: Sizes = 0, stride: Sizes = 1
    ) -> None:
        super().__init__()
        self.output_size = output_size
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.padding = padding
        self.stride = stride

    def forward(self, input: Tensor) -> Tensor:
        return F.fold(input, self.output_size, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        return (
            f"output_size={self.output_size}, kernel_size={self.kernel_size}, dilation={self.dilation}, "
            f"padding={self.padding}, stride={self.stride}"
        )


__all__ = ["Fold", "Unfold"]
