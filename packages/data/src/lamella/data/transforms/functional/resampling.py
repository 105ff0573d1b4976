"""Scaling arrays (..., H, W): two products with a matrix of weights each, one for the rows and one for the columns.

Positions are those of PyTorch with ``align_corners=False``: pixel ``i`` covers ``[i, i + 1)``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import Enum
from functools import lru_cache
from typing import Any

import numpy as np

from lamella.core.errors import ArgumentError
from lamella.data.transforms.functional.images import Array, as_float, rounded_like


class InterpolationMode(Enum):
    """How values between pixels are found.

    Example:
        >>> InterpolationMode("bilinear")
        <InterpolationMode.BILINEAR: 'bilinear'>
    """

    NEAREST = "nearest"
    NEAREST_EXACT = "nearest-exact"
    BILINEAR = "bilinear"
    BICUBIC = "bicubic"

    @property
    def pillow(self) -> int:
        """Pillow's number of the mode."""
        return {"nearest": 0, "nearest-exact": 0, "bilinear": 2, "bicubic": 3}[self.value]


Mode = InterpolationMode | str | int  # by itself, by its name, or by Pillow's number


def checked_mode(interpolation: Mode) -> InterpolationMode:
    """The mode that is meant."""
    for mode in InterpolationMode:
        if interpolation in (mode, mode.value) or (type(interpolation) is int and interpolation == mode.pillow):
            return mode
    names = [mode.value for mode in InterpolationMode]
    raise ArgumentError(f"interpolation: expected an InterpolationMode or one of {names}, got {interpolation!r}.")


def _triangle(x: Array) -> Array:
    return np.maximum(1 - np.abs(x), 0)


def _cubic(x: Array, a: float) -> Array:
    """Keys' cubic: between 0 and 1 and between 1 and 2 away from its centre a polynomial each."""
    x = np.abs(x)
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = ((x - 5) * x + 8) * a * x - 4 * a
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))


@lru_cache(maxsize=16)  # a dataset's images have few sizes, but random crops have many
def _weights(old: int, new: int, mode: InterpolationMode, antialias: bool) -> Array:
    """How much each of ``old`` pixels adds to each of ``new`` ones, (new, old), in float64; rows sum to 1."""
    radius = 1 if mode is InterpolationMode.BILINEAR else 2
    scale = old / new
    centres = (np.arange(new)[:, None] + 0.5) * scale  # (new, 1)
    if antialias:
        # The filter grows with the pixels that it covers. PyTorch uses Pillow's constant here, and another below.
        stretch = max(scale, 1.0)
        first = np.maximum((centres - radius * stretch + 0.5).astype(np.int64), 0)
        end = np.minimum((centres + radius * stretch + 0.5).astype(np.int64), old)
        pixels = np.arange(old)[None]
        distances = (pixels - centres + 0.5) / stretch
        weights = _triangle(distances) if radius == 1 else _cubic(distances, -0.5)
        weights = np.where((first <= pixels) & (pixels < end), weights, 0.0)
        return weights / weights.sum(1, keepdims=True)
    source = centres - 0.5
    taps = np.floor(source).astype(np.int64) + np.arange(1 - radius, radius + 1)  # (new, 2 × radius)
    values = _triangle(taps - source) if radius == 1 else _cubic(taps - source, -0.75)
    weights = np.zeros((new, old))
    np.add.at(weights, (np.arange(new)[:, None], taps.clip(0, old - 1)), values)
    return weights


def _nearest(old: int, new: int, mode: InterpolationMode) -> Array:
    """The pixel that each new one takes its value from. In float32, as PyTorch computes it."""
    offset = np.float32(0.5 if mode is InterpolationMode.NEAREST_EXACT else 0)
    positions = (np.arange(new, dtype=np.float32) + offset) * np.float32(old / new)
    return np.minimum(positions.astype(np.int64), old - 1)


@lru_cache(maxsize=16)
def _fixed_point(old: int, new: int, mode: InterpolationMode, antialias: bool) -> tuple[Array, int]:
    """The weights as whole numbers below 2**15, and the power of two that they are multiples of."""
    weights = _weights(old, new, mode, antialias)
    bits = 0
    while bits < 22 and int(weights.max() * 2.0 ** (bits + 1) + 0.5) < 1 << 15:
        bits += 1
    whole = np.trunc(weights * 2.0**bits + np.copysign(0.5, weights))
    # A product with bytes is exact in float32 as long as no sum reaches 2**24.
    fits = np.abs(whole).sum(1).max() * 255 < 1 << 24
    return whole.astype(np.float32 if fits else np.float64), bits


def _bytes_pass(pixels: Array, fixed: tuple[Array, int]) -> Array:
    """Scale the last axis of bytes (..., N, old) to (..., N, new)."""
    weights, bits = fixed
    sums = pixels.astype(weights.dtype) @ weights.T
    return np.floor((sums + 2.0 ** (bits - 1)) * 2.0**-bits).clip(0, 255).astype(np.uint8)


def resized(array: Array, height: int, width: int, mode: InterpolationMode, antialias: bool) -> Array:
    """Scale an image (..., H, W) to the height and width given.

    Bytes are computed with as PyTorch does it: columns first, in fixed point, with bytes in between.
    """
    old_height, old_width = array.shape[-2:]
    if mode in (InterpolationMode.NEAREST, InterpolationMode.NEAREST_EXACT):
        rows, columns = _nearest(old_height, height, mode), _nearest(old_width, width, mode)
        return array[..., rows[:, None], columns]
    along_columns: tuple[Any, ...] = (old_width, width, mode, antialias)
    along_rows: tuple[Any, ...] = (old_height, height, mode, antialias)
    if array.dtype == np.uint8:
        if old_width != width:
            array = _bytes_pass(array, _fixed_point(*along_columns))
        if old_height != height:
            array = np.ascontiguousarray(
                _bytes_pass(array.swapaxes(-1, -2), _fixed_point(*along_rows)).swapaxes(-1, -2)
            )
        return array
    values = as_float(array)
    weights = [_weights(*along).astype(values.dtype) for along in (along_rows, along_columns)]
    return rounded_like(weights[0] @ (values @ weights[1].T), array)


def resized_size(size: int | Sequence[int] | None, height: int, width: int, max_size: int | None) -> tuple[int, int]:
    """Height and width that ``size`` asks for: both, or that of the shorter edge, or none but the longest allowed."""
    sizes = [size] if isinstance(size, int) else size
    if sizes is not None and len(sizes) == 2:
        if max_size is not None:
            raise ArgumentError(
                f"resize: max_size limits the longer edge where size gives the shorter one or is None, "
                f"got size={size}, max_size={max_size}. Leave one of them out."
            )
        return sizes[0], sizes[1]
    short, long = sorted((height, width))
    if sizes is None:
        if max_size is None:
            raise ArgumentError("resize: got neither size nor max_size. Give one of them.")
        new_short, new_long = int(max_size * short / long), max_size
    else:
        new_short, new_long = sizes[0], int(sizes[0] * long / short)
        if max_size is not None and max_size <= sizes[0]:
            raise ArgumentError(
                f"resize: max_size = {max_size} must be strictly greater than the requested size for the smaller "
                f"edge size = {sizes[0]}."
            )
        if max_size is not None and new_long > max_size:
            new_short, new_long = int(max_size * new_short / new_long), max_size
    if math.prod((new_short, new_long)) == 0:
        raise ArgumentError(f"resize: an image of {height} × {width} would be {new_short} pixels wide at size {size}.")
    return (new_short, new_long) if height <= width else (new_long, new_short)
