"""Pooling to a given size: as many windows as the result has elements, as even as can be."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from lamella.core import dtypes
from lamella.core.errors import ArgumentRangeError, ShapeError
from lamella.core.ops.indexing import gather
from lamella.core.ops.moments import mean
from lamella.core.ops.shapes import reshape
from lamella.core.tensor import Tensor
from lamella.nn.ops.adaptive_pooling import adaptive_max_indices
from lamella.nn.ops.pooling import whole_numbers
from lamella.nn.ops.resampling import resample

#: One size for all dimensions or one for each, where None keeps the input's.
Wanted = int | None | Sequence[int | None]


def _counts(name: str, input: Tensor, output_size: Wanted, count: int) -> tuple[int, ...]:
    """The sizes of the result's last ``count`` dimensions."""
    shape = input.array.shape
    if len(shape) - count not in (1, 2) or 0 in shape[-count:]:
        raise ShapeError(
            f"{name}: expected a {count + 1}-dimensional or {count + 2}-dimensional (batch, then channels) input "
            f"without empty pictures, got {shape}"
        )
    wanted = tuple(output_size) if isinstance(output_size, Sequence) else (output_size,) * count
    given = [None if n is None else whole_numbers("output_size", n, 1, 0)[0] for n in wanted]
    if len(given) != count:
        raise ArgumentRangeError(f"{name}: output_size must be an int or {count} ints, got {output_size!r}")
    return tuple(size if n is None else n for size, n in zip(shape[-count:], given, strict=True))


def _means(name: str, input: Tensor, output_size: Wanted, count: int) -> Tensor:
    counts = _counts(name, input, output_size, count)
    shape = input.array.shape
    sizes, lead = shape[-count:], shape[:-count]
    if all(n == 1 for n in counts):
        return mean(input, tuple(range(-count, 0)), True)
    if all(n and size % n == 0 for size, n in zip(sizes, counts, strict=True)):
        parts = [part for size, n in zip(sizes, counts, strict=True) for part in (n, size // n)]
        return mean(reshape(input, (*lead, *parts)), tuple(range(1 - 2 * count, 0, 2)))
    # each dimension would round to half precision
    half = input.dtype is dtypes.float16 or input.dtype is dtypes.bfloat16
    result = input.float() if half else input
    for dim, n in enumerate(counts, len(lead)):
        if n != shape[dim]:
            result = resample(result, dim, n, "area", False, None, False)
    return result.to(input.dtype) if half else result


def adaptive_avg_pool1d(input: Tensor, output_size: Wanted) -> Tensor:
    """The means of windows that are as even as can be: ``(N, C, L) -> (N, C, output_size)``, or without ``N``.

    Raises:
        RuntimeError: The input has another number of dimensions, or no elements to take a mean of.
    """
    return _means("adaptive_avg_pool1d", input, output_size, 1)


def adaptive_avg_pool2d(input: Tensor, output_size: Wanted) -> Tensor:
    """The means of windows that are as even as can be: ``(N, C, H, W) -> (N, C, *output_size)``, or without ``N``.

    Args:
        output_size: Height and width of the result, or one int for both; None keeps that of the input.

    Raises:
        RuntimeError: The input has another number of dimensions, or no elements to take a mean of; or there are other
            than two sizes.
    """
    return _means("adaptive_avg_pool2d", input, output_size, 2)


def adaptive_avg_pool3d(input: Tensor, output_size: Wanted) -> Tensor:
    """Like :func:`adaptive_avg_pool2d`, of ``(N, C, D, H, W)``."""
    return _means("adaptive_avg_pool3d", input, output_size, 3)


def _largest(name: str, input: Tensor, output_size: Wanted, count: int) -> tuple[Tensor, Tensor]:
    counts = _counts(name, input, output_size, count)
    lead = input.array.shape[:-count]
    if not lead[-1]:
        raise ShapeError(f"{name}: expected an input that has channels, got {input.array.shape}")
    indices: Tensor = adaptive_max_indices(input, counts)
    flat = reshape(input, (*lead, math.prod(input.array.shape[-count:])))
    values = gather(flat, -1, reshape(indices, (*lead, math.prod(counts))))
    return reshape(values, (*lead, *counts)), indices


def adaptive_max_pool1d_with_indices(
    input: Tensor, output_size: Wanted, return_indices: bool = False
) -> tuple[Tensor, Tensor]:
    """What :func:`adaptive_max_pool1d` returns with ``return_indices``."""
    return _largest("adaptive_max_pool1d", input, output_size, 1)


def adaptive_max_pool2d_with_indices(
    input: Tensor, output_size: Wanted, return_indices: bool = False
) -> tuple[Tensor, Tensor]:
    """What :func:`adaptive_max_pool2d` returns with ``return_indices``."""
    return _largest("adaptive_max_pool2d", input, output_size, 2)


def adaptive_max_pool3d_with_indices(
    input: Tensor, output_size: Wanted, return_indices: bool = False
) -> tuple[Tensor, Tensor]:
    """What :func:`adaptive_max_pool3d` returns with ``return_indices``."""
    return _largest("adaptive_max_pool3d", input, output_size, 3)


def adaptive_max_pool1d(input: Tensor, output_size: Wanted, return_indices: bool = False) -> Any:
    """The largest elements of windows that are as even as can be: ``(N, C, L) -> (N, C, output_size)``.

    Args:
        return_indices: Return also where each was.

    Raises:
        RuntimeError: The input has another number of dimensions, or is empty.
    """
    found = adaptive_max_pool1d_with_indices(input, output_size)
    return found if return_indices else found[0]


def adaptive_max_pool2d(input: Tensor, output_size: Wanted, return_indices: bool = False) -> Any:
    """The largest elements of windows that are as even as can be: ``(N, C, H, W) -> (N, C, *output_size)``.

    Args:
        output_size: Height and width of the result, or one int for both; None keeps that of the input.
        return_indices: Return also where in its flattened picture each was.

    Raises:
        RuntimeError: The input has another number of dimensions, or is empty; or there are other than two sizes.

    Example:
        >>> lamella.nn.functional.adaptive_max_pool2d(lamella.arange(12.0).view(1, 3, 4), (2, 1))
        tensor([[[ 7.],
                 [11.]]])
    """
    found = adaptive_max_pool2d_with_indices(input, output_size)
    return found if return_indices else found[0]


def adaptive_max_pool3d(input: Tensor, output_size: Wanted, return_indices: bool = False) -> Any:
    """Like :func:`adaptive_max_pool2d`, of ``(N, C, D, H, W)``."""
    found = adaptive_max_pool3d_with_indices(input, output_size)
    return found if return_indices else found[0]


__all__ = [
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "adaptive_avg_pool3d",
    "adaptive_max_pool1d",
    "adaptive_max_pool1d_with_indices",
    "adaptive_max_pool2d",
    "adaptive_max_pool2d_with_indices",
    "adaptive_max_pool3d",
    "adaptive_max_pool3d_with_indices",
]
