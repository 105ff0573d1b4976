"""Max pooling undone: each element back in its place, with zeros around."""

from __future__ import annotations

import math
from collections.abc import Sequence

from lamella.core import dtypes
from lamella.core.errors import ArgumentError, DtypeError, ShapeError
from lamella.core.ops.creation import zeros
from lamella.core.ops.scattering import scatter
from lamella.core.ops.shapes import reshape
from lamella.core.tensor import Tensor
from lamella.nn.ops.pooling import Sizes, whole_numbers


def _size(
    shape: tuple[int, ...], kernel_size: Sizes, stride: Sizes | None, padding: Sizes, output_size: Sequence[int] | None
) -> tuple[int, ...]:
    """The size of what was pooled to ``shape``: the one given, if that is possible, else the least."""
    count = len(shape)
    kernel = whole_numbers("kernel_size", kernel_size, count, 1)
    steps = kernel if stride is None else whole_numbers("stride", stride, count, 1)
    sides = whole_numbers("padding", padding, count, 0)
    least = tuple((n - 1) * s + k - 2 * p for n, s, k, p in zip(shape, steps, kernel, sides, strict=True))
    if output_size is None:
        return least
    given = tuple(output_size)[-count:]
    if len(output_size) not in (count, count + 2):
        raise ArgumentError(
            f"output_size should be a sequence containing {count} or {count + 2} elements, but it has a length of "
            f"{len(output_size)}"
        )
    for n, low, step in zip(given, least, steps, strict=True):
        if not low - step < n < low + step:
            raise ArgumentError(
                f"invalid output_size {given}: {n} must be between {low - step} and {low + step}, or pooling would not "
                f"give {shape}"
            )
    return given


def _unpooled(
    name: str,
    input: Tensor,
    indices: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None,
    padding: Sizes,
    output_size: Sequence[int] | None,
    count: int,
) -> Tensor:
    shape = input.array.shape
    if indices.dtype is not dtypes.int64:
        raise DtypeError(f"{name}: elements in indices should be type int64 but got: {indices.dtype}")
    if len(shape) - count not in (1, 2) or 0 in shape[-count:]:
        raise ShapeError(
            f"{name}: expected a {count + 1}-dimensional or {count + 2}-dimensional input without empty pictures, got "
            f"{shape}"
        )
    if indices.array.shape != shape:
        raise ShapeError(
            f"{name}: expected indices of the shape of the input, {shape}, but got {indices.array.shape}. Pass what "
            "max pooling gave with return_indices=True."
        )
    size = _size(shape[-count:], kernel_size, stride, padding, output_size)
    lead, places = shape[:-count], math.prod(shape[-count:])
    empty = zeros((*lead, math.prod(size)), dtype=input.dtype, device=input.device)
    full = scatter(empty, -1, reshape(indices, (*lead, places)), reshape(input, (*lead, places)))
    return reshape(full, (*lead, *size))


def max_unpool1d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:
    """The input's elements where ``indices`` say, zeros elsewhere: ``(N, C, L) -> (N, C, L_out)``, or without ``N``.

    Args:
        indices: What :func:`max_pool1d` gave with ``return_indices``.
        kernel_size, stride, padding: What it was called with.
        output_size: The size before pooling, since several are pooled to one; by default the least.

    Raises:
        RuntimeError: Shapes do not fit, or an index is outside of the result.
        ValueError: ``output_size`` is not possible.
    """
    return _unpooled("max_unpool1d", input, indices, kernel_size, stride, padding, output_size, 1)


def max_unpool2d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:
    """Like :func:`max_unpool1d`, of ``(N, C, H, W)``."""
    return _unpooled("max_unpool2d", input, indices, kernel_size, stride, padding, output_size, 2)


def max_unpool3d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:
    """Like :func:`max_unpool1d`, of ``(N, C, D, H, W)``."""
    return _unpooled("max_unpool3d", input, indices, kernel_size, stride, padding, output_size, 3)


__all__ = ["max_unpool1d", "max_unpool2d", "max_unpool3d"]
