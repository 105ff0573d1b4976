"""Channels that become pixels, pixels that become channels, and channels that change places."""

from __future__ import annotations

from lamella.core.errors import ArgumentRangeError, ArgumentTypeError, ShapeError
from lamella.core.layouts import contiguous_format
from lamella.core.ops.shapes import clone, permute, reshape
from lamella.core.tensor import Tensor


def _rearranged(input: Tensor, split: tuple[int, ...], order: tuple[int, ...], shape: tuple[int, ...]) -> Tensor:
    return reshape(clone(permute(reshape(input, split), order), memory_format=contiguous_format), shape)


def _check_positive(name: str, argument: str, value: int) -> None:
    if not hasattr(value, "__index__"):
        raise ArgumentTypeError(f"{name}: {argument} must be an int, got {value!r}")
    if value <= 0:
        raise ArgumentRangeError(f"{name}: {argument} must be positive, got {value}")


def _picture(name: str, input: Tensor, argument: str, factor: int) -> tuple[tuple[int, ...], int, int, int]:
    """The dimensions in front, channels, height and width."""
    shape = input.array.shape
    _check_positive(name, argument, factor)
    if len(shape) < 3:
        raise ShapeError(f"{name}: expected an input with at least 3 dimensions (*, C, H, W), got shape {shape}")
    return shape[:-3], *shape[-3:]


def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """Larger pictures of fewer channels: r * r channels become squares of r by r pixels, r the ``upscale_factor``.

    Args:
        input: (*, C * r * r, H, W).
        upscale_factor: How many times as high and wide the result is.

    Returns:
        (*, C, H * r, W * r).

    Raises:
        RuntimeError: There are less than 3 dimensions, r is not positive, or r * r does not divide the channels.

    Reference:
        Shi et al., Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel Convolutional
        Neural Network, 2016, https://arxiv.org/abs/1609.05158
    """
    r = upscale_factor
    lead, channels, h, w = _picture("pixel_shuffle", input, "upscale_factor", r)
    if channels % (r * r):
        raise ShapeError(
            f"pixel_shuffle: {channels} channels are not divisible by the square of upscale_factor {r} (input "
            f"{input.array.shape})"
        )
    c, n = channels // (r * r), len(lead)
    order = (*range(n), n, n + 3, n + 1, n + 4, n + 2)
    return _rearranged(input, (*lead, c, r, r, h, w), order, (*lead, c, h * r, w * r))


def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """Smaller pictures of more channels: squares of r by r pixels become r * r channels; undoes :func:`pixel_shuffle`.

    Args:
        input: (*, C, H * r, W * r).
        downscale_factor: r, how many times as high and wide the input is.

    Returns:
        (*, C * r * r, H, W).

    Raises:
        RuntimeError: There are less than 3 dimensions, r is not positive, or does not divide height and width.
    """
    r = downscale_factor
    lead, c, h, w = _picture("pixel_unshuffle", input, "downscale_factor", r)
    if h % r or w % r:
        raise ShapeError(
            f"pixel_unshuffle: height {h} and width {w} are not both divisible by downscale_factor {r} (input "
            f"{input.array.shape})"
        )
    n = len(lead)
    order = (*range(n), n, n + 2, n + 4, n + 1, n + 3)
    return _rearranged(input, (*lead, c, h // r, r, w // r, r), order, (*lead, c * r * r, h // r, w // r))


def channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """Let channels change places: those that come first in each of ``groups`` groups first, then the second ones, ….

    Args:
        input: (N, C, …).
        groups: Into how many groups of neighbours the channels are parted.

    Returns:
        (N, C, …), so that a convolution in groups sees channels of all groups of the one before.

    Raises:
        RuntimeError: There are less than 3 dimensions, ``groups`` is not positive, or does not divide the channels.

    Reference:
        Zhang et al., ShuffleNet, 2017, section 3.1, https://arxiv.org/abs/1707.01083
    """
    shape = input.array.shape
    _check_positive("channel_shuffle", "groups", groups)
    if len(shape) < 3:
        raise ShapeError(f"channel_shuffle: expected an input with more than 2 dimensions (N, C, …), got shape {shape}")
    n, c, *rest = shape
    if c % groups:
        raise ShapeError(f"channel_shuffle: {c} channels are not divisible by groups {groups} (input {shape})")
    order = (0, 2, 1, *range(3, len(shape) + 1))
    return _rearranged(input, (n, groups, c // groups, *rest), order, shape)


native_channel_shuffle = channel_shuffle

NOT_METHODS = ("channel_shuffle", "native_channel_shuffle", "pixel_shuffle", "pixel_unshuffle")

#: Functions without ``out=``.
NO_OUT = ("channel_shuffle", "native_channel_shuffle", "pixel_shuffle", "pixel_unshuffle")

__all__ = ["channel_shuffle", "native_channel_shuffle", "pixel_shuffle", "pixel_unshuffle"]
