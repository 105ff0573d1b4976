"""Many images as one: to look at what a network makes, under the names of ``torchvision.utils``."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from typing import Any, BinaryIO

import lamella
from lamella import Tensor
from lamella.core.errors import ArgumentError, ArgumentTypeError, ShapeError
from lamella.data.images import to_pillow


def make_grid(
    tensor: Tensor | Sequence[Tensor],
    nrow: int = 8,
    padding: int = 2,
    normalize: bool = False,
    value_range: tuple[float, float] | None = None,
    scale_each: bool = False,
    pad_value: float = 0.0,
) -> Tensor:
    """Put images side by side, in rows.

    Args:
        tensor: Images (N, C, H, W), one image (C, H, W) or (H, W), or a list of images of one size. One channel is
            shown as three.
        nrow: Images in a row.
        padding: Pixels around each image.
        normalize: Stretch the values to lie between 0 and 1.
        value_range: What becomes 0 and 1; None for the smallest and the largest value.
        scale_each: Stretch each image by itself.
        pad_value: Value of the pixels between images.

    Shape:
        (N, C, H, W) -> (C, rows * (H + padding) + padding, columns * (W + padding) + padding). One image alone gets no
        frame.

    Raises:
        ArgumentTypeError: It is no tensor, and no list of them.
        ShapeError: It is no image, or no batch of them.
        ArgumentError: ``nrow`` is less than 1, or ``value_range`` is no pair.

    Example:
        >>> make_grid(lamella.ones(5, 1, 4, 4), nrow=3).shape
        lamella.Size([3, 14, 20])
    """
    images = _batch(tensor)
    if nrow < 1:
        raise ArgumentError(f"make_grid: expected at least 1 image in a row, got nrow={nrow}.")
    if value_range is not None and len(value_range) != 2:
        raise ArgumentError(f"make_grid: value_range has to be a pair (min, max), got {value_range!r}.")
    if normalize:
        parts = list(images) if scale_each else [images]
        stretched = [_stretched(part, value_range) for part in parts]
        images = lamella.stack(stretched) if scale_each else stretched[0]
    count, channels, height, width = images.shape
    if count == 1:
        return images[0]
    columns = min(nrow, count)
    rows = math.ceil(count / columns)
    down, right = height + padding, width + padding
    grid = images.new_full((channels, rows * down + padding, columns * right + padding), pad_value)
    for i in range(count):
        top, left = i // columns * down + padding, i % columns * right + padding
        grid[:, top : top + height, left : left + width] = images[i]
    return grid


def save_image(
    tensor: Tensor | Sequence[Tensor],
    fp: str | os.PathLike[str] | BinaryIO,
    format: str | None = None,
    **options: Any,
) -> None:
    """Write images with values from 0 to 1 as one picture.

    Args:
        tensor: The images.
        fp: The file.
        format: Pillow's name of the format; None to go by the file's suffix.
        options: Further arguments of :func:`make_grid`.

    Raises:
        PackageMissing: If Pillow is not installed.
    """
    grid = make_grid(tensor, **options)
    to_pillow((grid.detach() * 255 + 0.5).clamp(0, 255).to("cpu", lamella.uint8)).save(fp, format=format)


def _batch(tensor: Tensor | Sequence[Tensor]) -> Tensor:
    """(N, C, H, W), with three channels in place of one."""
    if not isinstance(tensor, Tensor) and not (
        isinstance(tensor, Sequence) and all(isinstance(image, Tensor) for image in tensor)
    ):
        raise ArgumentTypeError(f"make_grid: expected a tensor or a list of tensors, got {type(tensor).__name__}.")
    given: Tensor = tensor if isinstance(tensor, Tensor) else lamella.stack(list(tensor))
    if not 2 <= given.ndim <= 4:
        raise ShapeError(f"make_grid: expected (N, C, H, W), (C, H, W) or (H, W), got shape {tuple(given.shape)}.")
    images = given.reshape((1,) * (4 - given.ndim) + tuple(given.shape))
    return images.expand(-1, 3, -1, -1) if images.shape[1] == 1 else images


def _stretched(images: Tensor, value_range: tuple[float, float] | None) -> Tensor:
    low, high = (images.min().item(), images.max().item()) if value_range is None else value_range
    return (images.clamp(low, high) - low) / max(high - low, 1e-5)


__all__ = ["make_grid", "save_image"]
