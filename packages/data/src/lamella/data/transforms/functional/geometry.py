"""Cutting, padding, flipping and scaling images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar, cast

import numpy as np

from lamella.core.errors import ArgumentError, ArgumentRangeError, ArgumentTypeError
from lamella.data.transforms.functional.images import Array, Fill, Modes, checked_pair, get_size, is_pillow, on_images
from lamella.data.transforms.functional.resampling import InterpolationMode, Mode, checked_mode, resized, resized_size

ImageT = TypeVar("ImageT")
Size = int | Sequence[int]

PADDING_MODES = ("constant", "edge", "reflect", "symmetric")


@on_images(Modes.MOVED)
def horizontal_flip(inpt: Array) -> Array:
    """Swap left and right.

    Args:
        inpt: A tensor (..., C, H, W) or a Pillow image.

    Returns:
        A copy, flipped.

    Example:
        >>> import lamella
        >>> horizontal_flip(lamella.tensor([[[1, 2], [3, 4]]])).tolist()
        [[[2, 1], [4, 3]]]
    """
    return inpt[..., ::-1].copy()


@on_images(Modes.MOVED)
def vertical_flip(inpt: Array) -> Array:
    """Swap top and bottom.

    Args:
        inpt: A tensor (..., C, H, W) or a Pillow image.

    Returns:
        A copy, flipped.
    """
    return inpt[..., ::-1, :].copy()


_flip_vertically = vertical_flip  # ten_crop has an argument of that name


def sides(padding: Any) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of a padding: one number for all, (horizontal, vertical), or all four."""
    if isinstance(padding, int):
        return padding, padding, padding, padding
    if not isinstance(padding, (tuple, list)):
        raise ArgumentTypeError(f"pad: padding should be an int or a tuple or list of ints, got {padding!r}.")
    if len(padding) not in (1, 2, 4):
        raise ArgumentError(
            f"pad: padding should be an int or have 1, 2 (left and right, top and bottom) or 4 (left, top, right, "
            f"bottom) values, got {len(padding)}: {padding!r}."
        )
    left, top, right, bottom = (tuple(padding) * 4)[:4]
    return left, top, right, bottom


def check_padding_mode(padding_mode: str) -> None:
    """Refuse a name that is no way to pad."""
    if padding_mode not in PADDING_MODES:
        raise ArgumentError(f"pad: padding_mode should be one of {PADDING_MODES}, got {padding_mode!r}.")


@on_images(Modes.MOVED)
def pad(inpt: Array, padding: Size, fill: Fill = None, padding_mode: str = "constant") -> Array:
    """Add a border.

    Args:
        inpt: A tensor (..., C, H, W) or a Pillow image.
        padding: Width of the border in pixels: one for all sides, or (left and right, top and bottom), or (left,
            top, right, bottom). A negative one cuts off.
        fill: Value of a constant border, or one for each channel; None stands for 0.
        padding_mode: ``"constant"``, ``"edge"`` (the last pixels again), ``"reflect"`` (mirrored, without the last)
            or ``"symmetric"`` (mirrored, with it).

    Returns:
        The larger image.

    Raises:
        ArgumentTypeError: If ``padding`` is neither a number nor a tuple or list.
        ArgumentError: If there are other than 1, 2 or 4 numbers, the mode is unknown, or ``fill`` does not fit
            the mode or the channels.

    Example:
        >>> import lamella
        >>> pad(lamella.ones(1, 1, 2), (1, 0), fill=7).tolist()
        [[[7.0, 1.0, 1.0, 7.0]]]
    """
    left, top, right, bottom = sides(padding)
    check_padding_mode(padding_mode)
    values = np.atleast_1d(0 if fill is None else np.asarray(fill)).astype(inpt.dtype)
    if len(values) > 1 and padding_mode != "constant":
        raise ArgumentError(f"pad: padding_mode {padding_mode!r} takes no fill for each channel, got fill={fill!r}.")
    check_fill("pad", values, inpt)
    height, width = inpt.shape[-2:]
    kept = inpt[..., max(-top, 0) : height - max(-bottom, 0), max(-left, 0) : width - max(-right, 0)]
    left, top, right, bottom = (max(side, 0) for side in (left, top, right, bottom))
    if padding_mode != "constant":
        around = [(0, 0)] * (inpt.ndim - 2) + [(top, bottom), (left, right)]
        return np.pad(kept, around, mode=padding_mode)  # type: ignore[call-overload]  # a checked name
    height, width = kept.shape[-2:]
    result = np.empty((*inpt.shape[:-2], top + height + bottom, left + width + right), inpt.dtype)
    result[...] = values[:, None, None]
    result[..., top : top + height, left : left + width] = kept
    return result


def check_fill(name: str, fill: Any, array: Array) -> None:
    """Refuse a fill of neither one value nor one for each channel."""
    if len(fill) not in (1, array.shape[-3]):
        raise ArgumentRangeError(
            f"{name}: fill has {len(fill)} values, but the image has {array.shape[-3]} channels. "
            "Give one value for each channel, or one for all."
        )


@on_images(Modes.MOVED)
def crop(inpt: Array, top: int, left: int, height: int, width: int) -> Array:
    """Cut out a rectangle. What lies outside of the image is 0.

    Args:
        inpt: A tensor (..., C, H, W) or a Pillow image.
        top: First row.
        left: First column.
        height: Number of rows.
        width: Number of columns.

    Returns:
        The rectangle; of a tensor a view, where it lies inside.

    Example:
        >>> import lamella
        >>> crop(lamella.arange(6).view(1, 2, 3), 1, 1, 1, 3).tolist()
        [[[4, 5, 0]]]
    """
    inside = inpt[..., max(top, 0) : max(top + height, 0), max(left, 0) : max(left + width, 0)]
    if inside.shape[-2:] == (height, width):
        return inside
    result = np.zeros((*inpt.shape[:-2], height, width), inpt.dtype)
    first_row, first_column = min(max(-top, 0), height), min(max(-left, 0), width)
    result[..., first_row : first_row + inside.shape[-2], first_column : first_column + inside.shape[-1]] = inside
    return result


def center_crop(inpt: ImageT, output_size: Size) -> ImageT:
    """Cut out the middle. A smaller image gets a border of 0 first.

    Args:
        inpt: A tensor (..., C, H, W) or a Pillow image.
        output_size: (height, width), or one number for both.

    Returns:
        The middle.

    Example:
        >>> import lamella
        >>> center_crop(lamella.arange(9).view(1, 3, 3), 1).tolist()
        [[[4]]]
    """
    crop_height, crop_width = checked_pair(output_size, "center_crop: output_size")
    height, width = get_size(inpt)
    missing_rows, missing_columns = max(crop_height - height, 0), max(crop_width - width, 0)
    if missing_rows or missing_columns:
        border = (missing_columns // 2, missing_rows // 2, (missing_columns + 1) // 2, (missing_rows + 1) // 2)
        inpt = pad(inpt, border)
        height, width = get_size(inpt)
    # Python's rounding of halves to even is part of torchvision's result.
    return crop(inpt, round((height - crop_height) / 2), round((width - crop_width) / 2), crop_height, crop_width)


def five_crop(inpt: ImageT, size: Size) -> tuple[ImageT, ImageT, ImageT, ImageT, ImageT]:
    """Cut out the four corners and the middle.

    Args:
        inpt: A tensor (..., C, H, W) or a Pillow image.
        size: (height, width) of each, or one number for both.

    Returns:
        Top left, top right, bottom left, bottom right, middle.

    Raises:
        ArgumentError: If the image is smaller.
    """
    crop_height, crop_width = checked_pair(size, "five_crop: size")
    height, width = get_size(inpt)
    if crop_height > height or crop_width > width:
        raise ArgumentError(
            f"five_crop: Requested crop size {(crop_height, crop_width)} is bigger than input size {(height, width)}."
        )
    bottom, right = height - crop_height, width - crop_width
    return (
        crop(inpt, 0, 0, crop_height, crop_width),
        crop(inpt, 0, right, crop_height, crop_width),
        crop(inpt, bottom, 0, crop_height, crop_width),
        crop(inpt, bottom, right, crop_height, crop_width),
        center_crop(inpt, (crop_height, crop_width)),
    )


def ten_crop(inpt: ImageT, size: Size, vertical_flip: bool = False) -> tuple[ImageT, ...]:
    """Cut out the four corners and the middle, of the image and of the flipped image.

    Args:
        inpt: A tensor (..., C, H, W) or a Pillow image.
        size: (height, width) of each, or one number for both.
        vertical_flip: Swap top and bottom rather than left and right.

    Returns:
        The ten images; see :func:`five_crop`.
    """
    flipped = _flip_vertically(inpt) if vertical_flip else horizontal_flip(inpt)
    return five_crop(inpt, size) + five_crop(flipped, size)


def resize(
    inpt: ImageT,
    size: Size | None,
    interpolation: Mode = InterpolationMode.BILINEAR,
    max_size: int | None = None,
    antialias: bool | None = True,
) -> ImageT:
    """Scale to another size.

    Args:
        inpt: A tensor (..., C, H, W) or a Pillow image.
        size: (height, width), or the length of the shorter edge, whereupon the longer one keeps the proportion.
        interpolation: How to find values between pixels.
        max_size: Most pixels that the longer edge may get, if ``size`` gives the shorter one or is None.
        antialias: Whether a smaller image takes all pixels of the larger into account. Pillow always does.

    Returns:
        The scaled image; the same one if it has the size already.

    Raises:
        ArgumentError: If the sizes contradict each other, an edge would have no pixel, or the interpolation is unknown.

    Example:
        >>> import lamella
        >>> resize(lamella.tensor([[[0.0, 1.0, 2.0, 3.0]]]), (1, 2), antialias=False)
        tensor([[[0.5000, 2.5000]]])
    """
    mode = checked_mode(interpolation)
    height, width = get_size(inpt)
    new_height, new_width = resized_size(size, height, width, max_size)
    if (new_height, new_width) == (height, width):
        return inpt
    if is_pillow(inpt):
        return cast("ImageT", inpt.resize((new_width, new_height), resample=mode.pillow))
    return _resize(inpt, new_height, new_width, mode, bool(antialias))


@on_images(Modes.AVERAGED)
def _resize(inpt: Array, height: int, width: int, mode: InterpolationMode, antialias: bool) -> Array:
    return resized(inpt, height, width, mode, antialias)


def resized_crop(
    inpt: ImageT,
    top: int,
    left: int,
    height: int,
    width: int,
    size: Size,
    interpolation: Mode = InterpolationMode.BILINEAR,
    antialias: bool | None = True,
) -> ImageT:
    """Cut out a rectangle and scale it: :func:`crop`, then :func:`resize`."""
    return resize(crop(inpt, top, left, height, width), size, interpolation, antialias=antialias)
