"""Layers that make channels of pixels or pixels of channels, or let channels change places."""

from __future__ import annotations

from lamella.core.tensor import Tensor
from lamella.nn import functional as F
from lamella.nn.module import Module


class PixelShuffle(Module):
    """Makes larger pictures of fewer channels; see :func:`lamella.nn.functional.pixel_shuffle`.

    Args:
        upscale_factor: r, how many times as high and wide the pictures become.

    Shape:
        ``(*, C * r * r, H, W) -> (*, C, H * r, W * r)``.

    Example:
        >>> import lamella
        >>> from lamella import nn
        >>> nn.PixelShuffle(3)(lamella.ones(1, 9, 4, 4)).shape
        lamella.Size([1, 1, 12, 12])
    """

    def __init__(self, upscale_factor: int) -> None:
        super().__init__()
        self.upscale_factor = upscale_factor

    def forward(self, input: Tensor) -> Tensor:
        return F.pixel_shuffle(input, self.upscale_factor)

    def extra_repr(self) -> str:
        return f"upscale_factor={self.upscale_factor}"


class PixelUnshuffle(Module):
    """Makes smaller pictures of more channels; see :func:`lamella.nn.functional.pixel_unshuffle`.

    Args:
        downscale_factor: r, how many times as high and wide the pictures were.

    Shape:
        ``(*, C, H * r, W * r) -> (*, C * r * r, H, W)``.
    """

    def __init__(self, downscale_factor: int) -> None:
        super().__init__()
        self.downscale_factor = downscale_factor

    def forward(self, input: Tensor) -> Tensor:
        return F.pixel_unshuffle(input, self.downscale_factor)

    def extra_repr(self) -> str:
        return f"downscale_factor={self.downscale_factor}"


class ChannelShuffle(Module):
    """Lets channels change places between groups; see :func:`lamella.nn.functional.channel_shuffle`.

    Args:
        groups: Into how many groups the channels are parted.

    Shape:
        ``(N, C, …) -> (N, C, …)``.
    """

    def __init__(self, groups: int) -> None:
        super().__init__()
        self.groups = groups

    def forward(self, input: Tensor) -> Tensor:
        return F.channel_shuffle(input, self.groups)

    def extra_repr(self) -> str:
        return f"groups={self.groups}"


__all__ = ["ChannelShuffle", "PixelShuffle", "PixelUnshuffle"]
