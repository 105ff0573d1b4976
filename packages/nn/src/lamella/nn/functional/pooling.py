"""Pooling in one and three dimensions, by that in two; and by powers."""

from __future__ import annotations

import math
from typing import Any

from lamella.core.errors import ArgumentRangeError, ShapeError
from lamella.core.ops.creation import zeros_like
from lamella.core.ops.indexing import gather
from lamella.core.ops.selection import where
from lamella.core.ops.shapes import reshape, squeeze, unsqueeze
from lamella.core.tensor import Tensor
from lamella.nn.ops.pooling import Sizes, avg_pool2d, divided, max_pool2d, pooled, whole_numbers, window

# --- the largest element


def _checked(name: str, input: Tensor, *attributes: Any) -> None:
    """Raises ShapeError where pooling is not possible, in the words of ``name``."""
    try:
        pooled(input.array.shape, *attributes)
    except ShapeError as error:
        raise ShapeError(f"{name}: {error}") from None


def max_pool1d_with_indices(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> tuple[Tensor, Tensor]:
    """What :func:`max_pool1d` returns with ``return_indices``."""
    found: tuple[Tensor, Tensor] = max_pool1d(input, kernel_size, stride, padding, dilation, ceil_mode, True)
    return found


def max_pool1d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest element of each window: ``(N, C, L) -> (N, C, L_out)``, or without ``N``.

    Arguments as for :func:`max_pool2d`.

    Raises:
        RuntimeError: No window fits, or a number is out of its range.
    """
    (kernel,), (step,), (side,) = window(1, kernel_size, stride, padding)
    (apart,) = whole_numbers("dilation", dilation, 1, 1)
    _checked("max_pool1d", input, (kernel,), (step,), (side,), (apart,), ceil_mode)
    rows = unsqueeze(input, -2)
    found = max_pool2d(rows, (1, kernel), (1, step), (0, side), (1, apart), ceil_mode, return_indices)
    return tuple(squeeze(x, -2) for x in found) if return_indices else squeeze(found, -2)


def max_pool2d_with_indices(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> tuple[Tensor, Tensor]:
    """What :func:`max_pool2d` returns with ``return_indices``."""
    found: tuple[Tensor, Tensor] = max_pool2d(input, kernel_size, stride, padding, dilation, ceil_mode, True)
    return found


def max_pool3d_with_indices(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> tuple[Tensor, Tensor]:
    """What :func:`max_pool3d` returns with ``return_indices``."""
    found: tuple[Tensor, Tensor] = max_pool3d(input, kernel_size, stride, padding, dilation, ceil_mode, True)
    return found


def max_pool3d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest element of each window: ``(N, C, D, H, W) -> (N, C, D_out, H_out, W_out)``, or without ``N``.

    Arguments as for :func:`max_pool2d`.

    Raises:
        RuntimeError: No window fits, or a number is out of its range.
    """
    kernel, steps, sides = window(3, kernel_size, stride, padding)
    apart = whole_numbers("dilation", dilation, 3, 1)
    _checked("max_pool3d", input, kernel, steps, sides, apart, ceil_mode)
    across = (kernel[1:], steps[1:], sides[1:], apart[1:], ceil_mode, return_indices)
    through = ((kernel[0], 1), (steps[0], 1), (sides[0], 0), (apart[0], 1), ceil_mode, return_indices)
    lead, shape = _planes(input)
    # the largest of a window is the largest of those of its planes; the first of those alike stays the first
    found = max_pool2d(reshape(input, (lead, *shape)), *across)
    flat = found[0] if return_indices else found
    counts = flat.array.shape[-2:]
    deep = max_pool2d(reshape(flat, (lead, 1, shape[0], math.prod(counts))), *through)
    if not return_indices:
        return reshape(deep, (*input.array.shape[:-3], deep.array.shape[-2], *counts))
    values, places = deep
    depth = values.array.shape[-2]
    in_plane = gather(reshape(found[1], (lead, shape[0] * math.prod(counts))), 1, reshape(places, (lead, -1)))
    planes = reshape(places, (lead, -1)) // math.prod(counts)
    result = (*input.array.shape[:-3], depth, *counts)
    return reshape(values, result), reshape(planes * math.prod(shape[1:]) + in_plane, result)


def _planes(input: Tensor) -> tuple[int, tuple[int, ...]]:
    """How many volumes there are, and their shape."""
    shape = input.array.shape
    return math.prod(shape[:-3]), shape[-3:]


# --- the mean


def avg_pool1d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    """The mean of each window: ``(N, C, L) -> (N, C, L_out)``, or without ``N``. Arguments as for :func:`avg_pool2d`.

    Raises:
        RuntimeError: No window fits, or a number is out of its range.
    """
    (kernel,), (step,), (side,) = window(1, kernel_size, stride, padding)
    _checked("avg_pool1d", input, (kernel,), (step,), (side,), (1,), ceil_mode)
    return squeeze(
        avg_pool2d(unsqueeze(input, -2), (1, kernel), (1, step), (0, side), ceil_mode, count_include_pad), -2
    )


def avg_pool3d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The mean of each window: ``(N, C, D, H, W) -> (N, C, D_out, H_out, W_out)``, or without ``N``.

    Arguments as for :func:`avg_pool2d`.

    Raises:
        RuntimeError: No window fits, or a number is out of its range.
    """
    kernel, steps, sides = window(3, kernel_size, stride, padding)
    _checked("avg_pool3d", input, kernel, steps, sides, (1, 1, 1), ceil_mode)
    if divisor_override == 0:
        raise ArgumentRangeError("avg_pool3d: divisor_override must not be 0")
    lead, shape = _planes(input)
    # the sums of planes, then of these along the first dimension, both kept whole by a divisor of 1
    planes = avg_pool2d(reshape(input, (lead, *shape)), kernel[1:], steps[1:], sides[1:], ceil_mode, True, 1)
    counts = planes.array.shape[-2:]
    lines = reshape(planes, (lead, 1, shape[0], math.prod(counts)))
    sums = avg_pool2d(lines, (kernel[0], 1), (steps[0], 1), (sides[0], 0), ceil_mode, True, 1)
    sums = reshape(sums, (*input.array.shape[:-3], sums.array.shape[-2], *counts))
    along = tuple(zip(kernel, steps, sides, (1, 1, 1), strict=True))
    return divided(sums, shape, along, count_include_pad, divisor_override)


# --- the norm


def _rooted(means: Tensor, count: int, norm_type: float) -> Tensor:
    """The norms of windows of ``count`` elements, from the means of their powers."""
    # where all are 0 the root is infinitely steep; PyTorch's gradient is 0 there
    steep = means == 0
    return where(steep, zeros_like(means), means).mul(count).pow(1.0 / norm_type)


def lp_pool1d(
    input: Tensor, norm_type: float, kernel_size: Sizes, stride: Sizes | None = None, ceil_mode: bool = False
) -> Tensor:
    """The ``norm_type``-th root of the sum of the powers in each window: ``(N, C, L) -> (N, C, L_out)``.

    Raises:
        RuntimeError: No window fits, or a number is out of its range.
    """
    means = avg_pool1d(input.pow(norm_type), kernel_size, stride, 0, ceil_mode)
    return _rooted(means, math.prod(whole_numbers("kernel_size", kernel_size, 1, 1)), norm_type)


def lp_pool2d(
    input: Tensor, norm_type: float, kernel_size: Sizes, stride: Sizes | None = None, ceil_mode: bool = False
) -> Tensor:
    """Like :func:`lp_pool1d`, of ``(N, C, H, W)``."""
    means = avg_pool2d(input.pow(norm_type), kernel_size, stride, 0, ceil_mode)
    return _rooted(means, math.prod(whole_numbers("kernel_size", kernel_size, 2, 1)), norm_type)


def lp_pool3d(
    input: Tensor, norm_type: float, kernel_size: Sizes, stride: Sizes | None = None, ceil_mode: bool = False
) -> Tensor:
    """Like :func:`lp_pool1d`, of ``(N, C, D, H, W)``."""
    means = avg_pool3d(input.pow(norm_type), kernel_size, stride, 0, ceil_mode)
    return _rooted(means, math.prod(whole_numbers("kernel_size", kernel_size, 3, 1)), norm_type)


__all__ = [
    "avg_pool1d",
    "avg_pool3d",
    "lp_pool1d",
    "lp_pool2d",
    "lp_pool3d",
    "max_pool1d",
    "max_pool1d_with_indices",
    "max_pool2d_with_indices",
    "max_pool3d",
    "max_pool3d_with_indices",
]
