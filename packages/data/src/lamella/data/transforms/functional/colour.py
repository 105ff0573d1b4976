"""Changing the values of pixels, each by itself or by what all of them are.

Bytes run from 0 to 255, floats from 0 to 1. Where a result of bytes is computed in floats, the fraction is cut off, as
torchvision does it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lamella.core.errors import ArgumentError, ArgumentTypeError
from lamella.data.transforms.functional.images import Array, as_float, integral, max_value, on_images

# The weights of ITU-R BT.601, to torchvision's number of digits.
LUMA = (0.2989, 0.587, 0.114)


def _check_factor(name: str, factor: float) -> None:
    if factor < 0:
        raise ArgumentError(f"{name}: the factor should not be negative, got {factor}.")


def check_channels(name: str, array: Array) -> None:
    """Refuse an image that is neither gray nor of three colours."""
    if array.shape[-3] not in (1, 3):
        raise ArgumentTypeError(f"{name}: expected an image of 1 or 3 channels, got {array.shape[-3]}.")


def _luma(array: Array) -> Array:
    """The brightness of colours (..., 3, H, W), as floats (..., 1, H, W)."""
    red, green, blue = np.moveaxis(as_float(array), -3, 0)
    weights = [red.dtype.type(weight) for weight in LUMA]
    return np.expand_dims(red * weights[0] + green * weights[1] + blue * weights[2], -3)


def _clipped_like(values: Array, array: Array) -> Array:
    return values.clip(0, max_value(array)).astype(array.dtype)


def _blend(array: Array, other: Array, ratio: float) -> Array:
    """``ratio`` of the image and the rest of the other; beyond 1, away from the other."""
    values = as_float(array)
    return _clipped_like(values * values.dtype.type(ratio) + other * values.dtype.type(1 - ratio), array)


def _gray_pillow(image: Any, num_output_channels: int = 1) -> Any:
    from PIL import Image

    check_output_channels(num_output_channels)
    gray = image.convert("L")
    return gray if num_output_channels == 1 else Image.merge("RGB", (gray, gray, gray))


def check_output_channels(num_output_channels: int) -> None:
    """Refuse what is neither one channel nor three."""
    if num_output_channels not in (1, 3):
        raise ArgumentError(f"rgb_to_grayscale: num_output_channels must be 1 or 3, got {num_output_channels}.")


@on_images(pillow=_gray_pillow)
def rgb_to_grayscale(inpt: Array, num_output_channels: int = 1) -> Array:
    """Make an image gray.

    Args:
        inpt: A tensor (..., C, H, W), C = 1 or 3, or a Pillow image.
        num_output_channels: 1, or 3 equal ones.

    Returns:
        ``0.2989 R + 0.587 G + 0.114 B``. Of Pillow images Pillow's own, whose digits are others.

    Raises:
        ArgumentError: If other than 1 or 3 channels are asked for.
        ArgumentTypeError: If the image has other than 1 or 3.

    Example:
        >>> import lamella
        >>> rgb_to_grayscale(lamella.ones(3, 1, 1, dtype=lamella.uint8) * 100).tolist()
        [[[99]]]
    """
    check_output_channels(num_output_channels)
    check_channels("rgb_to_grayscale", inpt)
    gray = inpt if inpt.shape[-3] == 1 else _luma(inpt).astype(inpt.dtype)
    return np.repeat(gray, num_output_channels, axis=-3)


def _enhanced(name: str, image: Any, factor: float) -> Any:
    """Pillow's own change of brightness, contrast or colour."""
    from PIL import ImageEnhance

    _check_factor(f"adjust: {name}", factor)
    return getattr(ImageEnhance, name)(image).enhance(factor)


def _brightness_pillow(image: Any, brightness_factor: float) -> Any:
    return _enhanced("Brightness", image, brightness_factor)


@on_images(pillow=_brightness_pillow)
def adjust_brightness(inpt: Array, brightness_factor: float) -> Array:
    """Multiply by a factor.

    Args:
        inpt: A tensor (..., C, H, W), C = 1 or 3, or a Pillow image.
        brightness_factor: 0 gives black, 1 the same image, 2 twice the brightness.

    Returns:
        The image, changed.

    Raises:
        ArgumentError: If the factor is negative.
        ArgumentTypeError: If there are other than 1 or 3 channels.

    Example:
        >>> import lamella
        >>> adjust_brightness(lamella.tensor([[[0.25, 0.75]]]), 2).tolist()
        [[[0.5, 1.0]]]
    """
    _check_factor("adjust_brightness", brightness_factor)
    check_channels("adjust_brightness", inpt)
    values = as_float(inpt)
    return _clipped_like(values * values.dtype.type(brightness_factor), inpt)


def _contrast_pillow(image: Any, contrast_factor: float) -> Any:
    return _enhanced("Contrast", image, contrast_factor)


@on_images(pillow=_contrast_pillow)
def adjust_contrast(inpt: Array, contrast_factor: float) -> Array:
    """Move values away from the image's mean brightness, or towards it.

    Args:
        inpt: A tensor (..., C, H, W), C = 1 or 3, or a Pillow image.
        contrast_factor: 0 gives gray, 1 the same image, 2 twice the distances.

    Returns:
        The image, changed.

    Raises:
        ArgumentError: If the factor is negative.
        ArgumentTypeError: If there are other than 1 or 3 channels.
    """
    _check_factor("adjust_contrast", contrast_factor)
    check_channels("adjust_contrast", inpt)
    gray = as_float(inpt) if inpt.shape[-3] == 1 else _luma(inpt)
    if integral(inpt):
        gray = np.floor(gray)
    return _blend(inpt, gray.mean((-3, -2, -1), keepdims=True), contrast_factor)


def _saturation_pillow(image: Any, saturation_factor: float) -> Any:
    return _enhanced("Color", image, saturation_factor)


@on_images(pillow=_saturation_pillow)
def adjust_saturation(inpt: Array, saturation_factor: float) -> Array:
    """Move colours away from gray, or towards it.

    Args:
        inpt: A tensor (..., C, H, W), C = 1 or 3, or a Pillow image. One channel stays as it is.
        saturation_factor: 0 gives gray, 1 the same image, 2 twice the distances.

    Returns:
        The image, changed.

    Raises:
        ArgumentError: If the factor is negative.
        ArgumentTypeError: If there are other than 1 or 3 channels.
    """
    _check_factor("adjust_saturation", saturation_factor)
    check_channels("adjust_saturation", inpt)
    if inpt.shape[-3] == 1:
        return inpt
    gray = np.floor(_luma(inpt)) if integral(inpt) else _luma(inpt)
    return _blend(inpt, gray, saturation_factor)


@on_images()
def adjust_gamma(inpt: Array, gamma: float, gain: float = 1) -> Array:
    """Raise to a power: ``gain * x**gamma``, with ``x`` from 0 to 1.

    Args:
        inpt: A tensor (..., C, H, W) or a Pillow image.
        gamma: Above 1, shadows become darker; below 1, lighter.
        gain: A factor.

    Returns:
        The image, changed.

    Raises:
        ArgumentError: If ``gamma`` is negative.
    """
    _check_factor("adjust_gamma", gamma)
    scale = max_value(inpt)
    values = (as_float(inpt) / scale) ** gamma * gain
    if not integral(inpt):
        return (values if gain == 1 else values.clip(0, 1)).astype(inpt.dtype)
    return (values.clip(0, 1) * (scale + 0.999)).astype(inpt.dtype)


@on_images()
def invert(inpt: Array) -> Array:
    """Swap dark and light: ``1 - x``, or ``255 - x`` for bytes.

    Example:
        >>> import lamella
        >>> invert(lamella.tensor([[[0.0, 0.75]]])).tolist()
        [[[1.0, 0.25]]]
    """
    return np.asarray(max_value(inpt) - inpt, inpt.dtype)


def check_bits(bits: int) -> None:
    """Refuse what is no number of a byte's bits."""
    if not isinstance(bits, int) or not 0 <= bits <= 8:
        raise ArgumentTypeError(f"posterize: bits should be an integer from 0 to 8, got {bits!r}.")


@on_images()
def posterize(inpt: Array, bits: int) -> Array:
    """Keep the highest bits of each value.

    Args:
        inpt: A tensor (..., C, H, W) of bytes or floats, or a Pillow image of bytes.
        bits: How many, from 0 to 8. Floats get as many levels as there are numbers of so many bits.

    Returns:
        The image, changed.

    Raises:
        ArgumentTypeError: If ``bits`` is no integer from 0 to 8.

    Example:
        >>> import lamella
        >>> posterize(lamella.tensor([[[255, 130, 100]]], dtype=lamella.uint8), 1).tolist()
        [[[128, 128, 0]]]
    """
    check_bits(bits)
    if not integral(inpt):
        levels = inpt.dtype.type(1 << bits)
        return np.floor(inpt * levels).clip(0, levels - 1) * (1 / levels)
    width = max_value(inpt).bit_length()
    return inpt if bits >= width else inpt & inpt.dtype.type(((1 << bits) - 1) << (width - bits))


@on_images()
def solarize(inpt: Array, threshold: float) -> Array:
    """Invert the values from a threshold on.

    Args:
        inpt: A tensor (..., C, H, W) or a Pillow image.
        threshold: The lowest value that is inverted.

    Returns:
        The image, changed.

    Raises:
        ArgumentTypeError: If no value of the dtype reaches the threshold.

    Example:
        >>> import lamella
        >>> solarize(lamella.tensor([[[0.25, 0.75]]]), 0.5).tolist()
        [[[0.25, 0.25]]]
    """
    if threshold > max_value(inpt):
        raise ArgumentTypeError(
            f"solarize: threshold should be less or equal the largest value, {max_value(inpt)}, got {threshold}."
        )
    return np.where(inpt >= threshold, np.asarray(max_value(inpt) - inpt, inpt.dtype), inpt)


def _autocontrast_pillow(image: Any) -> Any:
    from PIL import ImageOps

    return ImageOps.autocontrast(image)


@on_images(pillow=_autocontrast_pillow)
def autocontrast(inpt: Array) -> Array:
    """Stretch each channel to the whole range of values. A channel of one value stays.

    Raises:
        ArgumentTypeError: If there are other than 1 or 3 channels.

    Example:
        >>> import lamella
        >>> autocontrast(lamella.tensor([[[0.25, 0.5, 0.75]]])).tolist()
        [[[0.0, 0.5, 1.0]]]
    """
    check_channels("autocontrast", inpt)
    values = as_float(inpt)
    lowest, highest = values.min((-2, -1), keepdims=True), values.max((-2, -1), keepdims=True)
    flat = lowest == highest
    step = np.where(flat, 1, (highest - lowest) * values.dtype.type(1 / max_value(inpt)))
    return _clipped_like((values - np.where(flat, 0, lowest)) / step, inpt)


def _equalize_pillow(image: Any) -> Any:
    from PIL import ImageOps

    return ImageOps.equalize(image)


@on_images(pillow=_equalize_pillow)
def equalize(inpt: Array) -> Array:
    """Spread values so that, in each channel, about as many pixels have one as another.

    Args:
        inpt: A tensor (..., C, H, W) of bytes, or of floats, which go through bytes; or a Pillow image.

    Returns:
        The image, changed.

    Raises:
        ArgumentTypeError: If it holds integers other than bytes.
    """
    if not integral(inpt):
        levels = (inpt * np.asarray(255.999, inpt.dtype)).astype(np.uint8)
        return _equalized(levels).astype(inpt.dtype) * inpt.dtype.type(1 / 255)
    if inpt.dtype != np.uint8:
        raise ArgumentTypeError(f"equalize: expected bytes or floats, got {inpt.dtype}.")
    return _equalized(inpt)


def _equalized(array: Array) -> Array:
    planes = array.reshape(-1, array.shape[-2] * array.shape[-1])
    result = np.empty_like(planes)
    for plane, out in zip(planes, result, strict=True):
        counts = np.bincount(plane, minlength=256)
        # The pixels of the highest value that occurs do not count: it becomes 255 in any case.
        step = (len(plane) - counts[counts.nonzero()[0].max(initial=0)]) // 255
        below = np.cumsum(counts) - counts
        out[:] = plane if step == 0 else ((below + step // 2) // step).clip(0, 255).astype(np.uint8)[plane]
    return result.reshape(array.shape)
