"""Blurring, sharpening, noise, and putting something over a part of an image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import lamella
from lamella import Tensor
from lamella.core.errors import ArgumentError
from lamella.data.transforms.functional.colour import check_channels
from lamella.data.transforms.functional.images import (
    Array,
    Modes,
    as_float,
    checked_pair,
    integral,
    max_value,
    on_images,
    rounded_like,
)


def _gaussian(size: int, sigma: float, dtype: np.dtype[Any]) -> Array:
    """The weights of a blur, which sum to 1."""
    x = np.arange(size) - (size - 1) / 2
    weights = np.exp(-0.5 * (x / sigma) ** 2)
    return (weights / weights.sum()).astype(dtype)


def _along(values: Array, weights: Array, axis: int) -> Array:
    """Correlate with weights, with the border mirrored."""
    reach = len(weights) // 2
    around = [(0, 0)] * values.ndim
    around[axis] = (reach, reach)
    shifted = np.moveaxis(np.pad(values, around, mode="reflect"), axis, 0)
    length = values.shape[axis]
    result = np.zeros_like(shifted[:length])
    for position, weight in enumerate(weights):
        result += shifted[position : position + length] * weight
    return np.moveaxis(result, 0, axis)


@on_images(Modes.AVERAGED)
def gaussian_blur(inpt: Array, kernel_size: int | Sequence[int], sigma: float | Sequence[float] | None = None) -> Array:
    """Blur with Gaussian weights. The border is mirrored.

    Args:
        inpt: A tensor (..., C, H, W) or a Pillow image.
        kernel_size: Pixels that are averaged, (along x, along y), or one number for both; odd.
        sigma: Standard deviation in pixels, (along x, along y), or one for both; None stands for
            ``0.15 * kernel_size + 0.35``.

    Returns:
        The image, blurred.

    Raises:
        ArgumentTypeError: If an argument is no number, nor a sequence.
        ArgumentError: If a size is even or not positive, or a ``sigma`` is not positive.

    Example:
        >>> import lamella
        >>> gaussian_blur(lamella.ones(1, 4, 4), 3).allclose(lamella.ones(1, 4, 4))
        True
    """
    sizes = checked_pair(kernel_size, "gaussian_blur: kernel_size")
    for size in sizes:
        if size % 2 == 0 or size < 0:
            raise ArgumentError(f"gaussian_blur: kernel_size should have odd and positive integers, got {kernel_size}.")
    sigmas = [size * 0.15 + 0.35 for size in sizes] if sigma is None else checked_pair(sigma, "gaussian_blur: sigma")
    if min(sigmas) <= 0:
        raise ArgumentError(f"gaussian_blur: sigma should have positive values, got {sigma}.")
    values = as_float(inpt)
    for axis, size, deviation in zip((-1, -2), sizes, sigmas, strict=True):
        values = _along(values, _gaussian(size, deviation, values.dtype), axis % values.ndim)
    return np.ascontiguousarray(rounded_like(values, inpt))


def _sharpness_pillow(image: Any, sharpness_factor: float) -> Any:
    from PIL import ImageEnhance

    check_sharpness(sharpness_factor)
    return ImageEnhance.Sharpness(image).enhance(sharpness_factor)


def check_sharpness(sharpness_factor: float) -> None:
    """Refuse a negative factor."""
    if sharpness_factor < 0:
        raise ArgumentError(f"adjust_sharpness: the factor should not be negative, got {sharpness_factor}.")


@on_images(pillow=_sharpness_pillow)
def adjust_sharpness(inpt: Array, sharpness_factor: float) -> Array:
    """Move pixels away from a blurred image, or towards it. The outermost pixels stay.

    Args:
        inpt: A tensor (..., C, H, W), C = 1 or 3, or a Pillow image.
        sharpness_factor: 0 gives the blurred image, 1 the same image, 2 twice the distances.

    Returns:
        The image, changed.

    Raises:
        ArgumentError: If the factor is negative.
        ArgumentTypeError: If there are other than 1 or 3 channels.
    """
    check_sharpness(sharpness_factor)
    check_channels("adjust_sharpness", inpt)
    if min(inpt.shape[-2:]) <= 2:
        return inpt
    values = as_float(inpt)
    height, width = values.shape[-2:]
    around = sum(values[..., i : height - 2 + i, j : width - 2 + j] for i in range(3) for j in range(3))
    inner = values[..., 1:-1, 1:-1]
    blurred = (around + 4 * inner) / values.dtype.type(13)  # the pixel itself counts 5 times
    if integral(inpt):
        blurred = np.rint(blurred)
    result = values.copy()
    result[..., 1:-1, 1:-1] += (blurred - inner) * values.dtype.type(1 - sharpness_factor)
    return result.clip(0, max_value(inpt)).astype(inpt.dtype)


def check_sigma(sigma: float) -> None:
    """Refuse a negative standard deviation."""
    if sigma < 0:
        raise ArgumentError(f"gaussian_noise: sigma should not be negative, got {sigma}.")


@on_images()
def gaussian_noise(inpt: Array, mean: float = 0.0, sigma: float = 0.1, clip: bool = True) -> Array:
    """Add normal noise, from the default generator.

    Args:
        inpt: A tensor (..., C, H, W) of floats or bytes, or a Pillow image of bytes.
        mean: Of the noise, where 1 is white.
        sigma: Its standard deviation, likewise.
        clip: Keep values between black and white. Bytes that are not kept wrap around.

    Returns:
        The noisy image.

    Raises:
        ArgumentError: If ``sigma`` is negative, or the image holds integers other than bytes.
    """
    check_sigma(sigma)
    if integral(inpt) and inpt.dtype != np.uint8:
        raise ArgumentError(f"gaussian_noise: expected bytes or floats, got {inpt.dtype}.")
    white = max_value(inpt)
    noise = mean * white + lamella.randn(inpt.shape).numpy() * (sigma * white)
    result = inpt + (noise.astype(np.int16) if integral(inpt) else noise.astype(inpt.dtype))
    return (result.clip(0, white) if clip else result).astype(inpt.dtype)


@on_images(Modes.AVERAGED)
def _erased(inpt: Array, i: int, j: int, h: int, w: int, v: Array) -> Array:
    result = inpt.copy()
    result[..., i : i + h, j : j + w] = v
    return result


def erase(inpt: Any, i: int, j: int, h: int, w: int, v: Tensor, inplace: bool = False) -> Any:
    """Put values over a rectangle.

    Args:
        inpt: A tensor (..., C, H, W) or a Pillow image.
        i: First row.
        j: First column.
        h: Number of rows.
        w: Number of columns.
        v: The values, (C, h, w) or what broadcasts to it.
        inplace: Change the tensor given.

    Returns:
        The image, changed.

    Example:
        >>> import lamella
        >>> erase(lamella.ones(1, 2, 2), 0, 1, 2, 1, lamella.tensor(0.0)).tolist()
        [[[1.0, 0.0], [1.0, 0.0]]]
    """
    if not inplace or not isinstance(inpt, Tensor):
        return _erased(inpt, i, j, h, w, v.numpy())
    inpt[..., i : i + h, j : j + w] = v.to(inpt.dtype)
    return inpt
