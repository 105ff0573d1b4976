"""Turning the circle of colours."""

from __future__ import annotations

from typing import Any

import numpy as np

from lamella.core.errors import ArgumentError
from lamella.data.transforms.functional.colour import check_channels
from lamella.data.transforms.functional.images import Array, integral, max_value, on_images


def _hue_pillow(image: Any, hue_factor: float) -> Any:
    from PIL import Image

    _check_hue(hue_factor)
    if image.mode in ("L", "1", "I", "F"):
        return image
    hue, saturation, value = image.convert("HSV").split()
    turned = np.array(hue) + np.array(int(hue_factor * 255)).astype(np.uint8)  # bytes wrap around, as hues do
    return Image.merge("HSV", (Image.fromarray(turned), saturation, value)).convert(image.mode)


def _check_hue(hue_factor: float) -> None:
    if not -0.5 <= hue_factor <= 0.5:
        raise ArgumentError(f"adjust_hue: hue_factor should be between -0.5 and 0.5, got {hue_factor}.")


@on_images(pillow=_hue_pillow)
def adjust_hue(inpt: Array, hue_factor: float) -> Array:
    """Turn the circle of colours.

    Args:
        inpt: A tensor (..., C, H, W), C = 1 or 3, or a Pillow image. One channel stays as it is.
        hue_factor: From -0.5 to 0.5: how far, in turns.

    Returns:
        The image, changed.

    Raises:
        ArgumentError: If the factor is out of range.
        ArgumentTypeError: If there are other than 1 or 3 channels.

    Example:
        >>> import lamella
        >>> red = lamella.tensor([1.0, 0.0, 0.0]).view(3, 1, 1)
        >>> adjust_hue(red, 1 / 3).flatten().round(decimals=3).tolist()
        [0.0, 1.0, 0.0]
    """
    _check_hue(hue_factor)
    check_channels("adjust_hue", inpt)
    if inpt.shape[-3] == 1:
        return inpt
    scale = np.float32(1 / max_value(inpt))
    colours = np.moveaxis(inpt.astype(np.float32) * scale, -3, 0)
    hue, saturation, value = _hsv(colours)
    result = np.moveaxis(_rgb((hue + np.float32(hue_factor)) % np.float32(1), saturation, value), 0, -3)
    if integral(inpt):
        return (result * np.float32(max_value(inpt) + 0.999)).astype(inpt.dtype)
    return result.astype(inpt.dtype)


def _hsv(colours: Array) -> tuple[Array, Array, Array]:
    """Hue (in turns), saturation and value of (3, ...) colours."""
    red, green, blue = colours
    value, lowest = colours.max(0), colours.min(0)
    chroma = value - lowest
    gray = chroma == 0
    divisor = np.where(gray, 1, chroma)
    sixths = np.where(
        value == red,
        (green - blue) / divisor,
        np.where(value == green, 2 + (blue - red) / divisor, 4 + (red - green) / divisor),
    )
    hue = np.where(gray, 0, (sixths * np.float32(1 / 6) + 1) % 1)
    return hue.astype(np.float32), chroma / np.where(gray, 1, value), value


def _rgb(hue: Array, saturation: Array, value: Array) -> Array:
    """Colours (3, ...): each channel rises, stays, falls and stays over the six sixths of the circle."""
    sixths = hue * 6
    sector = np.floor(sixths)
    fraction = sixths - sector
    low = value * (1 - saturation)
    falling = value * (1 - saturation * fraction)
    rising = value * (1 - saturation * (1 - fraction))
    choice = sector.astype(np.int64) % 6
    red = np.choose(choice, (value, falling, low, low, rising, value))
    green = np.choose(choice, (rising, value, value, falling, low, low))
    blue = np.choose(choice, (low, low, rising, value, value, falling))
    return np.stack((red, green, blue)).clip(0, 1)
