"""Picking elements by flat or broadcast positions, filling in by a mask, repeating elements."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from lamella.core import backends, dtypes, rules
from lamella.core.errors import (
    ArgumentError,
    ArgumentTypeError,
    DtypeError,
    DtypeTypeError,
    IndexRangeError,
    ShapeError,
)
from lamella.core.op import OPS
from lamella.core.ops.conversions import to
from lamella.core.ops.indexing import gather
from lamella.core.ops.indexing import index as pick
from lamella.core.ops.pieces import stack
from lamella.core.ops.rounding import floor_divide, remainder
from lamella.core.ops.shapes import clone, expand, getitem, reshape, unsqueeze
from lamella.core.rules import one_dim
from lamella.core.tensor import Tensor, check_tensor

#: Elements in a row below which a repeated one is written from one place after another.
SHORT = 16


def take(input: Tensor, index: Tensor) -> Tensor:
    """The elements at flat positions: those in ``input.flatten()``.

    Args:
        index: int64, of the shape that the result is to have; negative ones count from the end.

    Raises:
        IndexError: An index points outside. RuntimeError: the indices are not int64.

    Example:
        >>> lamella.tensor([[5, 6], [7, 8]]).take(lamella.tensor([0, -1]))
        tensor([5, 8])
    """
    check_tensor("take", "input", input)
    if check_tensor("take", "index", index).dtype is not dtypes.int64:
        raise DtypeError(f"take(): Expected a long tensor for index, but got {index.dtype}. Convert it with x.long().")
    if not input.array.size and index.array.size:
        raise IndexRangeError("take(): tried to take from an empty tensor")
    taken: Tensor = pick(reshape(input, (-1,)), (index,))
    return taken


def take_along_dim(input: Tensor, indices: Tensor, dim: int | None = None) -> Tensor:
    """``input`` at ``indices`` along ``dim``; in the other dimensions the two are broadcast together.

    What ``argmax`` with ``keepdim`` and ``argsort`` give are such indices.

    Args:
        indices: int64; along ``dim`` they wrap around at both ends.
        dim: Along which to pick; by default both are flattened first, and the indices do not wrap.

    Raises:
        RuntimeError: The indices have another dtype or do not fit, or point outside of the flat tensor.
        IndexError: There is no such dimension.
    """
    if check_tensor("take_along_dim", "indices", indices).dtype is not dtypes.int64:
        raise DtypeError(f"take_along_dim(): dtype of indices should be Long but got {indices.dtype}")
    if dim is None:
        return gather(reshape(input, (-1,)), 0, reshape(indices, (-1,)))
    shape, wanted = input.array.shape, indices.array.shape
    if len(shape) != len(wanted):
        raise ShapeError(
            "take_along_dim(): input and indices should have the same number of dimensions, but got "
            f"{len(shape)} dimensions for input, and {len(wanted)} dimensions for indices"
        )
    if not shape:
        raise IndexRangeError(f"take_along_dim(): Dimension specified as {dim} but tensor has no dimensions")
    d = one_dim(dim, len(shape))
    common = rules.broadcast((*shape[:d], 1, *shape[d + 1 :]), (*wanted[:d], 1, *wanted[d + 1 :]))
    if not _within(indices.array, shape[d]):
        indices = remainder(indices, max(shape[d], 1))
    places = expand(indices, (*common[:d], wanted[d], *common[d + 1 :]))
    return gather(expand(input, (*common[:d], shape[d], *common[d + 1 :])), d, places)


def _within(indices: Any, size: int) -> bool:
    """Whether all ``indices`` are seen to be from 0 to ``size``; within vmap nothing is, and remainders take longer."""
    return hasattr(type(indices), "min") and bool(indices.size and indices.min() >= 0 and indices.max() < size)


def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """A copy of ``input`` with the elements of ``source``, one after another, where ``mask`` holds.

    Args:
        mask: bool; it and ``input`` are broadcast together.
        source: Of the dtype of ``input``, with at least as many elements as ``mask`` has True.

    Raises:
        RuntimeError: Dtypes or shapes do not fit, or there are too few elements.

    Example:
        >>> mask = lamella.tensor([True, False, True])
        >>> lamella.zeros(3).masked_scatter(mask, lamella.tensor([5.0, 6.0]))
        tensor([5., 0., 6.])
    """
    check_tensor("masked_scatter", "source", source)
    if check_tensor("masked_scatter", "mask", mask).dtype is not dtypes.bool:
        raise DtypeError(f"masked_scatter(): only supports boolean masks, but got mask with dtype {mask.dtype}")
    if source.dtype is not input.dtype:
        raise DtypeError(
            f"masked_scatter(): expected self and source to have same dtypes but got {input.dtype} and {source.dtype}"
        )
    shape = rules.broadcast(input.array.shape, mask.array.shape)
    places = Tensor._wrap(expand(mask, shape).array.reshape(-1).nonzero()[0])
    count = places.array.size
    if source.array.size < count:
        raise ShapeError(
            f"masked_scatter(): Number of elements of source ({source.array.size}) < number of ones in mask ({count})"
        )
    whole, values = reshape(expand(input, shape), (-1,)), getitem(reshape(source, (-1,)), (slice(0, count),))
    return reshape(OPS["index_put"].call(whole, (places,), values, False), shape)


def repeat_interleave(
    input: Tensor, repeats: int | Tensor | None = None, dim: int | None = None, *, output_size: int | None = None
) -> Tensor:
    """Each element, or each slice along ``dim``, several times in a row.

    Called with one tensor of counts alone, it gives the positions ``0, 1, …``, each as often as its count says.

    Args:
        repeats: How often: one number for all, or an int64 or int32 tensor with one for each.
        dim: Along which to repeat; by default ``input`` is flattened first.
        output_size: The size along ``dim`` that will result, if known.

    Raises:
        RuntimeError: A count is negative, ``repeats`` does not fit, or ``output_size`` is wrong.
        TypeError: ``repeats`` is neither an int nor a tensor.

    Example:
        >>> lamella.repeat_interleave(lamella.tensor([5, 6]), lamella.tensor([1, 2]))
        tensor([5, 6, 6])
    """
    if repeats is None:
        return _positions(input, output_size)
    if dim is None:
        input, dim = reshape(input, (-1,)), 0
    shape = input.array.shape
    d = one_dim(dim, len(shape)) if shape else one_dim(dim, 0)
    if not isinstance(repeats, Tensor):
        return _each_repeated(input, repeats, d, output_size)
    if repeats.array.ndim > 1:
        raise ShapeError(f"repeat_interleave(): repeats must be 0-dim or 1-dim tensor, got {repeats.array.ndim}")
    if repeats.array.size == 1:
        repeats = expand(reshape(repeats, (-1,)), (shape[d],))
    if repeats.array.size != shape[d]:
        raise ShapeError(
            "repeat_interleave(): repeats must have the same size as input along dim, but got repeats.size(0) = "
            f"{repeats.array.size} and input.size({d}) = {shape[d]}"
        )
    repeated: Tensor = pick(input, (*(None,) * d, _positions(repeats, output_size)))
    return repeated


def _positions(repeats: Tensor, output_size: int | None) -> Tensor:
    if repeats.array.ndim != 1:
        raise ShapeError(f"repeat_interleave(): only accept 1D vector as repeat, got {repeats.array.ndim} dimensions")
    if repeats.dtype not in (dtypes.int64, dtypes.int32):
        raise DtypeError(
            f"repeat_interleave(): not implemented for repeats of {repeats.dtype}; expected int64 or int32"
        )
    counts = repeats.array
    if (counts < 0).any():
        raise ShapeError(f"repeat_interleave(): repeats can not be negative, got {counts.min()}")
    xp = backends.of_array_type(type(counts)).xp
    positions = xp.repeat(xp.arange(counts.size, dtype=counts.dtype, device=counts.device), counts)
    _check_size(positions.size, output_size)
    return Tensor._wrap(positions)


def _each_repeated(input: Tensor, repeats: Any, dim: int, output_size: int | None) -> Tensor:
    if isinstance(repeats, bool) or not hasattr(repeats, "__index__"):
        raise ArgumentTypeError(
            f"repeat_interleave(): repeats must be an int or a Tensor, got {type(repeats).__name__}"
        )
    count = repeats.__index__()
    if count < 0:
        raise ShapeError(f"repeat_interleave(): Repeats must be non-negative, got {count}")
    shape = input.array.shape
    size = shape[dim] * count
    _check_size(size, output_size)
    if 0 < count * math.prod(shape[dim + 1 :]) < SHORT:  # NumPy takes five times as long to copy short runs
        wide = stack((input,) * count, dim + 1)
    else:
        wide = clone(expand(unsqueeze(input, dim + 1), (*shape[: dim + 1], count, *shape[dim + 1 :])))
    return reshape(wide, (*shape[:dim], size, *shape[dim + 1 :]))


def _check_size(size: int, output_size: int | None) -> None:
    if output_size is not None and output_size != size:
        raise ShapeError(f"repeat_interleave(): Invalid output_size, expected {size} but got {output_size}")


def unravel_index(indices: Tensor, shape: int | Sequence[int]) -> tuple[Tensor, ...]:
    """Flat positions in a tensor of ``shape`` as one int64 tensor of indices for each of its dimensions.

    Args:
        indices: Integers, of any shape. Beyond the last element they start again.
        shape: The sizes; an int stands for one dimension.

    Raises:
        TypeError: ``indices`` are no integers, or a size is none. ValueError: a size is negative.

    Example:
        >>> lamella.unravel_index(lamella.tensor([4, 5]), (2, 3))
        (tensor([1, 1]), tensor([1, 2]))
    """
    if check_tensor("unravel_index", "indices", indices).array.dtype.kind not in "iu":
        raise DtypeTypeError(f"unravel_index(): expected 'indices' to be integer dtype, but got {indices.dtype}")
    sizes: Any = (shape,) if hasattr(shape, "__index__") else shape
    if not isinstance(sizes, Sequence) or not all(hasattr(s, "__index__") for s in sizes):
        raise ArgumentTypeError(
            f"unravel_index(): expected 'shape' to be an int or a sequence of ints, but got {shape!r}"
        )
    if any(s < 0 for s in sizes):
        raise ArgumentError(f"unravel_index(): 'shape' cannot have negative values, but got {tuple(sizes)}")
    if 0 in sizes and indices.array.size:
        raise ShapeError(f"unravel_index(): a tensor of shape {tuple(sizes)} has no element to point at")
    flat = to(indices, dtype=dtypes.int64)
    strides = [math.prod(sizes[d + 1 :]) for d in range(len(sizes))]
    return tuple(remainder(floor_divide(flat, max(t, 1)), max(s, 1)) for s, t in zip(sizes, strides, strict=True))


IN_PLACE = ("masked_scatter",)

#: Functions without ``out=``.
NO_OUT = (
    "masked_scatter",
    "repeat_interleave",
    "unravel_index",
)

__all__ = ["masked_scatter", "repeat_interleave", "take", "take_along_dim", "unravel_index"]
