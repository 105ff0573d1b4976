"""Bending images: each pixel of the result looks up a position in the image.

Positions are PyTorch's of ``grid_sample(align_corners=False)``: -1 and 1 are the outer edges of the image.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from lamella import Tensor
from lamella.core.errors import ArgumentError, ArgumentTypeError
from lamella.data.transforms.functional.geometry import check_fill
from lamella.data.transforms.functional.images import Array, Fill, Modes, as_float, on_images, rounded_like
from lamella.data.transforms.functional.resampling import InterpolationMode, Mode, checked_mode


def sampled(array: Array, grid: Array, interpolation: Mode, fill: Fill) -> Array:
    """The image (..., C, H, W) at the positions of the grid (H_out, W_out, 2)."""
    mode = checked_mode(interpolation)
    if mode not in (InterpolationMode.NEAREST, InterpolationMode.BILINEAR):
        raise ArgumentError(
            f"Interpolation mode {mode.value!r} is unsupported with tensor images here. Use 'nearest' or 'bilinear'."
        )
    height, width = array.shape[-2:]
    pixels = as_float(array).reshape(*array.shape[:-2], height * width)
    x = ((grid[..., 0] + 1) * width - 1) * 0.5  # (H_out, W_out), in pixels
    y = ((grid[..., 1] + 1) * height - 1) * 0.5

    def at(column: Array, row: Array) -> tuple[Array, Array]:
        """The values at whole positions, 0 outside of the image, and where it is inside."""
        inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
        # Integers first: a float32 does not hold every index of a large image.
        rows, columns = (np.where(inside, place, 0).astype(np.int64) for place in (row, column))
        index = rows * width + columns
        return np.where(inside, pixels[..., index], 0), inside

    values: Array
    if mode is InterpolationMode.NEAREST:
        values, covered = at(np.rint(x), np.rint(y))
        if fill is not None:
            values = np.where(covered, values, _filling(fill, array, values.dtype))
        return rounded_like(values, array)
    left, top = np.floor(x), np.floor(y)
    values, share = np.zeros((), pixels.dtype), np.zeros((), pixels.dtype)
    for column, row in ((left, top), (left + 1, top), (left, top + 1), (left + 1, top + 1)):
        corner, inside = at(column, row)
        weight = ((1 - np.abs(x - column)) * (1 - np.abs(y - row))).astype(pixels.dtype)
        values = values + corner * weight
        share = share + inside * weight
    if fill is not None:
        filling = _filling(fill, array, values.dtype)
        # At the border, torchvision weighs by the share of the image twice. Its results are ours.
        values = (values - filling) * share + filling
    return rounded_like(values, array)


def _filling(fill: Any, array: Array, dtype: np.dtype[Any]) -> Array:
    values = np.atleast_1d(np.asarray(fill, dtype))
    check_fill("fill", values, array)
    return values[:, None, None]


def _pillow_fill(image: Any, fill: Fill) -> Any:
    """The fill as Pillow wants it: a number, or a tuple of one for each channel."""
    channels = len(image.getbands())
    values = [0] if fill is None else np.atleast_1d(np.asarray(fill)).tolist()
    if len(values) not in (1, channels):
        raise ArgumentError(
            f"fill has {len(values)} values, but the image has {channels} channels. "
            "Give one value for each channel, or one for all."
        )
    numbers = tuple(value if image.mode == "F" else int(value) for value in values * (channels // len(values)))
    return numbers[0] if channels == 1 else numbers


def _grid_dtype(array: Array) -> type[np.floating[Any]]:
    return np.float64 if array.dtype == np.float64 else np.float32


def _affine_grid(matrix: list[float], array: Array, height: int, width: int) -> Array:
    """Where the pixels of a result (height, width) lie in the image. The matrix counts pixels from the centres."""
    dtype = _grid_dtype(array)
    old_height, old_width = array.shape[-2:]
    base = np.empty((height, width, 3), dtype)
    base[..., 0] = np.arange(width, dtype=dtype) + dtype((1 - width) / 2)
    base[..., 1] = (np.arange(height, dtype=dtype) + dtype((1 - height) / 2))[:, None]
    base[..., 2] = 1
    theta = np.array(matrix, dtype).reshape(2, 3).T / np.array([0.5 * old_width, 0.5 * old_height], dtype)
    return base @ theta


def inverse_affine_matrix(
    center: Sequence[float], angle: float, translate: Sequence[float], scale: float, shear: Sequence[float]
) -> list[float]:
    """The first two rows of the inverse of: move to the centre, shear, scale and turn, move back, translate.

    Shearing is by the angles ``shear``: x by ``-tan(shear_x) y``, then y by ``-tan(shear_y) x``.
    """
    turn, shear_x, shear_y = (math.radians(degrees) for degrees in (angle, *shear))
    a = math.cos(turn - shear_y) / math.cos(shear_y)
    c = math.sin(turn - shear_y) / math.cos(shear_y)
    b = -(a * math.tan(shear_x) + math.sin(turn))
    d = math.cos(turn) - c * math.tan(shear_x)
    # The determinant of [[a, b], [c, d]] is 1.
    inverse = [[d / scale, -b / scale], [-c / scale, a / scale]]
    (x, y), (dx, dy) = center, translate
    rows = [[p, q, origin - p * (x + dx) - q * (y + dy)] for (p, q), origin in zip(inverse, (x, y), strict=True)]
    return [*rows[0], *rows[1]]


def _from_centre(center: Sequence[float] | None, array: Array) -> list[float]:
    """The centre of a turn in pixels, counted from the middle of the image."""
    height, width = array.shape[-2:]
    return [0.0, 0.0] if center is None else [center[0] - width * 0.5, center[1] - height * 0.5]


def _checked_affine(scale: float, translate: Sequence[float], shear: Any) -> list[float]:
    """Both angles of shearing; and the rest of the arguments in their ranges."""
    if scale <= 0:
        raise ArgumentError(f"affine: scale should be positive, got {scale}.")
    if len(translate) != 2:
        raise ArgumentError(f"affine: translate should have 2 values, (x, y), got {len(translate)}: {translate!r}.")
    if isinstance(shear, (int, float)):
        return [shear, 0.0]
    if len(shear) not in (1, 2):
        raise ArgumentError(f"affine: shear should be a number or have 1 or 2 values, got {len(shear)}: {shear!r}.")
    return [shear[0], shear[-1]]


def _affine_pillow(
    image: Any,
    angle: float,
    translate: Sequence[float],
    scale: float,
    shear: float | Sequence[float],
    interpolation: Mode = InterpolationMode.NEAREST,
    fill: Fill = None,
    center: Sequence[float] | None = None,
) -> Any:
    from PIL import Image

    angles = _checked_affine(scale, translate, shear)
    middle = [image.width * 0.5, image.height * 0.5] if center is None else center
    matrix = inverse_affine_matrix(middle, angle, translate, scale, angles)
    resample = checked_mode(interpolation).pillow
    return image.transform(image.size, Image.Transform.AFFINE, matrix, resample, fillcolor=_pillow_fill(image, fill))


@on_images(pillow=_affine_pillow)
def affine(
    inpt: Array,
    angle: float,
    translate: Sequence[float],
    scale: float,
    shear: float | Sequence[float],
    interpolation: Mode = InterpolationMode.NEAREST,
    fill: Fill = None,
    center: Sequence[float] | None = None,
) -> Array:
    """Shear, scale, turn and move an image. Its size stays.

    Args:
        inpt: A tensor (..., C, H, W) or a Pillow image.
        angle: In degrees, clockwise.
        translate: Pixels to the right and down.
        scale: Factor, above 0.
        shear: Angle in degrees along x, or one along x and one along y.
        interpolation: ``"nearest"`` or ``"bilinear"``; of Pillow images also ``"bicubic"``.
        fill: Value outside of the image, or one for each channel; None stands for 0.
        center: (x, y) of the point that stays, in pixels from the top left corner; by default the middle.

    Returns:
        The image, changed.

    Raises:
        ArgumentError: If an argument is outside of its range.

    Example:
        >>> import lamella
        >>> affine(lamella.arange(4.0).view(1, 1, 4), 0, (1, 0), 1.0, 0, fill=9).tolist()
        [[[9.0, 0.0, 1.0, 2.0]]]
    """
    angles = _checked_affine(scale, translate, shear)
    matrix = inverse_affine_matrix(_from_centre(center, inpt), angle, translate, scale, angles)
    return sampled(inpt, _affine_grid(matrix, inpt, *inpt.shape[-2:]), interpolation, fill)


def _rotate_pillow(
    image: Any,
    angle: float,
    interpolation: Mode = InterpolationMode.NEAREST,
    expand: bool = False,
    center: Sequence[float] | None = None,
    fill: Fill = None,
) -> Any:
    resample = checked_mode(interpolation).pillow
    return image.rotate(angle, resample, expand, center, fillcolor=_pillow_fill(image, fill))


@on_images(pillow=_rotate_pillow)
def rotate(
    inpt: Array,
    angle: float,
    interpolation: Mode = InterpolationMode.NEAREST,
    expand: bool = False,
    center: Sequence[float] | None = None,
    fill: Fill = None,
) -> Array:
    """Turn an image.

    Args:
        inpt: A tensor (..., C, H, W) or a Pillow image.
        angle: In degrees, counter-clockwise.
        interpolation: ``"nearest"`` or ``"bilinear"``; of Pillow images also ``"bicubic"``.
        expand: Make the result large enough for the whole image.
        center: (x, y) of the point that stays, in pixels from the top left corner; by default the middle.
        fill: Value outside of the image, or one for each channel; None stands for 0.

    Returns:
        The image, turned. Around the middle by multiples of 90 degrees that keep the size, it is exact.

    Raises:
        ArgumentError: If the interpolation or the fill does not fit.

    Example:
        >>> import lamella
        >>> rotate(lamella.tensor([[[1, 2], [3, 4]]]), 90).tolist()
        [[[2, 4], [1, 3]]]
    """
    angle = angle % 360
    height, width = inpt.shape[-2:]
    if center is None and (angle in (0, 180) or (angle in (90, 270) and (expand or height == width))):
        return np.rot90(inpt, int(angle // 90), (-2, -1)).copy()
    matrix = inverse_affine_matrix(_from_centre(center, inpt), -angle, (0, 0), 1.0, (0, 0))
    if expand:
        height, width = _expanded(matrix, height, width)
    return sampled(inpt, _affine_grid(matrix, inpt, height, width), interpolation, fill)


def _expanded(matrix: list[float], height: int, width: int) -> tuple[int, int]:
    """Height and width of a result that holds all corners."""
    x, y = width / 2, height / 2
    corners = np.array([[-x, -y, 1], [-x, y, 1], [x, y, 1], [x, -y, 1]], np.float32)
    moved = corners @ np.array(matrix, np.float32).reshape(2, 3).T + np.array([x, y], np.float32)
    # Digits below 1e-4 are cut off: they come from rounding, and would add a pixel.
    highest = np.ceil(np.trunc(moved.max(0) * np.float32(1e4)) * np.float32(1e-4))
    lowest = np.floor(np.trunc(moved.min(0) * np.float32(1e4)) * np.float32(1e-4))
    new_width, new_height = (highest - lowest).astype(int)
    return int(new_height), int(new_width)


def perspective_coefficients(
    startpoints: Sequence[Sequence[float]], endpoints: Sequence[Sequence[float]]
) -> list[float]:
    """The 8 numbers of the plane's projection that takes four end points to their start points."""
    rows = []
    for (u, v), (x, y) in zip(startpoints, endpoints, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y])
    targets = np.array(startpoints, np.float64).reshape(8)
    solution = np.linalg.lstsq(np.array(rows, np.float64), targets, rcond=None)[0]
    return [float(number) for number in solution.astype(np.float32)]


def _checked_coefficients(startpoints: Any, endpoints: Any, coefficients: Any) -> list[float]:
    if coefficients is None:
        if startpoints is None or endpoints is None:
            raise ArgumentError("perspective: give startpoints and endpoints, or coefficients; got neither.")
        return perspective_coefficients(startpoints, endpoints)
    if startpoints is not None or endpoints is not None:
        raise ArgumentError("perspective: give either startpoints and endpoints or coefficients; got both.")
    if len(coefficients) != 8:
        raise ArgumentError(f"perspective: coefficients should have 8 values, got {len(coefficients)}.")
    return list(coefficients)


def _perspective_pillow(
    image: Any,
    startpoints: Sequence[Sequence[float]] | None,
    endpoints: Sequence[Sequence[float]] | None,
    interpolation: Mode = InterpolationMode.BILINEAR,
    fill: Fill = None,
    coefficients: Sequence[float] | None = None,
) -> Any:
    from PIL import Image

    numbers = _checked_coefficients(startpoints, endpoints, coefficients)
    resample = checked_mode(interpolation).pillow
    return image.transform(
        image.size, Image.Transform.PERSPECTIVE, numbers, resample, fillcolor=_pillow_fill(image, fill)
    )


@on_images(pillow=_perspective_pillow)
def perspective(
    inpt: Array,
    startpoints: Sequence[Sequence[float]] | None,
    endpoints: Sequence[Sequence[float]] | None,
    interpolation: Mode = InterpolationMode.BILINEAR,
    fill: Fill = None,
    coefficients: Sequence[float] | None = None,
) -> Array:
    """Look at an image from another side.

    Args:
        inpt: A tensor (..., C, H, W) or a Pillow image.
        startpoints: (x, y) of four points of the image.
        endpoints: (x, y) of where they go.
        interpolation: ``"nearest"`` or ``"bilinear"``; of Pillow images also ``"bicubic"``.
        fill: Value outside of the image, or one for each channel; None stands for 0.
        coefficients: Instead of the points, (a, b, c, d, e, f, g, h): the pixel (x, y) of the result is that at
            ``((a x + b y + c) / (g x + h y + 1), (d x + e y + f) / (g x + h y + 1))`` of the image.

    Returns:
        The image, changed. Its size stays.

    Raises:
        ArgumentError: If neither or both of points and coefficients are given, or another argument does not fit.
    """
    numbers = _checked_coefficients(startpoints, endpoints, coefficients)
    dtype = _grid_dtype(inpt)
    height, width = inpt.shape[-2:]
    base = np.empty((height, width, 3), dtype)
    base[..., 0] = np.arange(width, dtype=dtype) + dtype(0.5)
    base[..., 1] = (np.arange(height, dtype=dtype) + dtype(0.5))[:, None]
    base[..., 2] = 1
    above = np.array([numbers[:3], numbers[3:6]], dtype).T / np.array([0.5 * width, 0.5 * height], dtype)
    below = base @ np.array([*numbers[6:], 1], dtype)
    below = np.where(np.abs(below) < 1e-6, dtype(1e-6), below)  # on the horizon: far outside, but a number
    return sampled(inpt, base @ above / below[..., None] - 1, interpolation, fill)


@on_images(Modes.AVERAGED)
def elastic(
    inpt: Array, displacement: Tensor, interpolation: Mode = InterpolationMode.BILINEAR, fill: Fill = None
) -> Array:
    """Move each pixel by a displacement of its own.

    Args:
        inpt: A tensor (..., C, H, W) or a Pillow image.
        displacement: Tensor (1, H, W, 2) of steps along x and y; 2 is the whole width or height.
        interpolation: ``"nearest"`` or ``"bilinear"``.
        fill: Value outside of the image, or one for each channel; None stands for 0.

    Returns:
        The image, changed.

    Raises:
        ArgumentTypeError: If the displacement is no tensor.
        ArgumentError: If its shape is another, or another argument does not fit.
    """
    if not isinstance(displacement, Tensor):
        raise ArgumentTypeError(f"elastic: displacement should be a tensor, got {type(displacement).__name__}.")
    height, width = inpt.shape[-2:]
    if tuple(displacement.shape) != (1, height, width, 2):
        raise ArgumentError(
            f"elastic: displacement should have shape {(1, height, width, 2)}, got {tuple(displacement.shape)}."
        )
    dtype = _grid_dtype(inpt)
    grid = displacement.numpy()[0].astype(dtype)
    grid[..., 0] += np.linspace((1 - width) / width, (width - 1) / width, width, dtype=dtype)
    grid[..., 1] += np.linspace((1 - height) / height, (height - 1) / height, height, dtype=dtype)[:, None]
    return sampled(inpt, grid, interpolation, fill)
