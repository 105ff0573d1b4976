"""Changing whole slices that an index names along one dimension: ``index_add``, ``index_copy`` and their kin."""

from __future__ import annotations

from typing import Any

import numpy as np

from lamella.core import dtypes
from lamella.core.errors import ArgumentRangeError, DtypeError, IndexBoundsError, IndexRangeError, ShapeError
from lamella.core.op import OPS
from lamella.core.ops.creation import zeros
from lamella.core.ops.indexing import check_index_dtype
from lamella.core.ops.places import check_between
from lamella.core.ops.pointwise import mul
from lamella.core.ops.scattering import reduced_into
from lamella.core.ops.selection import fill_value, masked_fill
from lamella.core.ops.shapes import expand, reshape
from lamella.core.rules import one_dim
from lamella.core.tensor import Tensor, check_tensor


def _check_slices(op: str, input: Tensor, dim: int, index: Tensor, source: Tensor) -> int:
    """``dim`` counted from the first, of arguments that fit."""
    shape, given = check_tensor(op, "input", input).array.shape, check_tensor(op, "source", source).array.shape
    d = one_dim(dim, len(shape))
    check_index_dtype(op, index)
    if index.array.ndim > 1:
        raise IndexRangeError(f"{op}(): Index is supposed to be a vector, but got dim: {index.array.ndim}")
    if source.dtype is not input.dtype:
        raise DtypeError(
            f"{op}(): self ({input.dtype}) and source ({source.dtype}) must have the same scalar type. Convert one "
            "with x.to(dtype)."
        )
    count = index.array.size
    expected = (*shape[:d], count, *shape[d + 1 :]) if shape else ()
    if given != expected or (not shape and count != 1):
        raise ShapeError(
            f"{op}(): source tensor shape must match self tensor shape, excluding the specified dimension, where its "
            f"size is the number of indices ({count}). Got self.shape = {list(shape)} source.shape = {list(given)}, "
            f"dim {d}"
        )
    return d


def _put_slices(input: Tensor, dim: int, index: Tensor, source: Tensor, accumulate: bool) -> Tensor:
    """A copy of ``input`` with the slices of ``source`` put, or added, at the positions ``index`` along ``dim``."""
    shape = input.array.shape
    whole, places = reshape(input, shape or (1,)), reshape(index, (-1,))
    check_between(0, whole.array.shape[dim], places.array, dim, IndexBoundsError)
    source = reshape(source, source.array.shape or (1,))
    return reshape(OPS["index_put"].call(whole, (*(None,) * dim, places), source, accumulate), shape)


def index_add(input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: Any = 1) -> Tensor:
    """A copy of ``input`` with slices of ``source``, times ``alpha``, added at the positions ``index`` along ``dim``.

    Args:
        dim: Along which the slices lie.
        index: int64 or int32, in one dimension, none negative; positions may repeat.
        source: Of the dtype and shape of ``input``, but along ``dim`` as long as ``index``.
        alpha: Factor, converted to the dtype of ``input``.

    Raises:
        RuntimeError: Shapes or dtypes do not fit, or an index points outside. IndexError: ``index`` is no vector.

    Example:
        >>> lamella.zeros(3, 2).index_add(0, lamella.tensor([0, 0]), lamella.ones(2, 2))
        tensor([[2., 2.],
                [0., 0.],
                [0., 0.]])
    """
    d = _check_slices("index_add", input, dim, index, source)
    if alpha != 1:
        source = mul(source, dtypes.fitting(alpha, input.dtype))
    return _put_slices(input, d, index, source, accumulate=True)


def index_reduce(
    input: Tensor, dim: int, index: Tensor, source: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """A copy of ``input`` with all slices of ``source`` that go to one position along ``dim`` reduced there.

    Args:
        dim, index, source: As for :func:`index_add`.
        reduce: ``"prod"``, ``"mean"``, ``"amax"`` or ``"amin"``.
        include_self: Whether what is there counts too; positions that ``index`` does not name keep it in any case.

    Raises:
        RuntimeError: Shapes or dtypes do not fit, or there is no such reduction.
        IndexError: An index points outside, or ``index`` is no vector.
    """
    if reduce not in ("prod", "mean", "amax", "amin"):
        raise ArgumentRangeError(
            f"index_reduce(): Expected reduce to be one of prod, mean, amax or amin but got {reduce}."
        )
    d = _check_slices("index_reduce", input, dim, index, source)
    if input.dtype is dtypes.bool or input.is_complex():
        raise DtypeError(f"index_reduce(): not implemented for {input.dtype}; expected real numbers.")
    source = reshape(source, source.array.shape or (1,))
    whole, places = (
        reshape(input, input.array.shape or (1,)),
        reshape(index, (-1,) + (1,) * (source.array.ndim - d - 1)),
    )
    places = expand(places, source.array.shape)
    return reshape(reduced_into(whole, places, source, d, reduce, include_self), input.array.shape)


def index_copy(input: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """A copy of ``input`` with the slices of ``source`` in the place of those at the positions ``index`` along ``dim``.

    Args:
        dim: Along which the slices lie.
        index: int64, in one dimension, none negative; of several slices for one position the last stays.
        source: Of the dtype and shape of ``input``, but along ``dim`` as long as ``index``.

    Raises:
        RuntimeError: Slices or dtypes do not fit.
        IndexError: An index points outside, ``index`` is no vector, or the number of slices or dimensions differs.
    """
    shape, given = check_tensor("index_copy", "input", input).array.shape, check_tensor("index_copy", "source", source)
    d = one_dim(dim, len(shape))
    _check_long("index_copy", index, DtypeError)
    if index.array.ndim > 1:
        raise IndexRangeError(f"index_copy(): Index should have dimension 1 or 0 (got {index.array.ndim})")
    of_source, count = given.array.shape, index.array.size
    if source.dtype is not input.dtype:
        raise DtypeError(
            f"index_copy(): self and source expected to have the same dtype, but got (self) {input.dtype} and (source) "
            f"{source.dtype}. Convert one with x.to(dtype)."
        )
    if shape and of_source and len(shape) != len(of_source):
        raise IndexRangeError(
            "index_copy(): When source and destination are not scalars, their dimensionality must match. Source "
            f"dimensionality ({len(of_source)}), destination dimensionality ({len(shape)})"
        )
    wide, full = of_source or (1,), shape or (1,)
    if count != (wide[d] if d < len(wide) else 1):
        raise IndexRangeError(
            f"index_copy(): Number of indices ({count}) should be equal to source.size(dim) ({wide[d]})"
        )
    if (*wide[:d], *wide[d + 1 :]) != (*full[:d], *full[d + 1 :]):
        raise ShapeError(
            "index_copy(): Source/destination tensor must have same slice shapes. Destination slice shape: "
            f"{[*full[:d], *full[d + 1 :]]} at dimension {d} and source slice shape: {[*wide[:d], *wide[d + 1 :]]}"
        )
    return _put_slices(input, d, index, source, accumulate=False)


def index_fill(input: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    """A copy of ``input`` with ``value`` in all of the slices at the positions ``index`` along ``dim``.

    Args:
        dim: Along which the slices lie.
        index: int64, in one dimension; negative ones count from the end.
        value: A number, or a 0-dim tensor, which gets a gradient.

    Raises:
        IndexError: An index points outside, or is no int64.
        RuntimeError: ``value`` has dimensions or does not fit the dtype, or ``index`` is no vector.

    Example:
        >>> lamella.zeros(3).index_fill(0, lamella.tensor([0, -1]), 7)
        tensor([7., 0., 7.])
    """
    check_tensor("index_fill", "input", input)
    _check_long("index_fill", index, IndexRangeError)
    if index.array.ndim > 1:
        raise ShapeError(f"index_fill(): Index has to be a vector/scalar, got {index.array.ndim} dimensions")
    value = fill_value("index_fill", input, value)
    shape = input.array.shape
    d = one_dim(dim, len(shape))
    there = OPS["index_put"].call(
        zeros(shape[d] if shape else 1, dtype=dtypes.bool, device=input.device), (reshape(index, (-1,)),), True, False
    )
    there = reshape(there, (-1,) + (1,) * (len(shape) - d - 1) if shape else ())
    return masked_fill(input, there, value)


def _check_long(op: str, index: Any, error: type[Exception]) -> None:
    if check_tensor(op, "index", index).array.dtype != np.int64:
        raise error(
            f"{op}(): Expected a long tensor (int64) for index, but got {index.dtype}. Convert it with x.long()."
        )


def put(input: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """A copy of ``input`` with the elements of ``source`` at flat positions: those in ``input.flatten()``.

    Args:
        index: int64, of any shape; negative ones count from the end.
        source: As many elements, of the dtype of ``input``.
        accumulate: Add to what is there instead of replacing it.

    Raises:
        IndexError: An index points outside, or there are more or fewer of them than elements.
        RuntimeError: A dtype does not fit.
    """
    check_tensor("put", "input", input), check_tensor("put", "source", source)
    _check_long("put", index, DtypeError)
    if source.dtype is not input.dtype:
        raise DtypeError(
            f"put(): self and source expected to have the same dtype, but got self.dtype = {input.dtype} and "
            f"source.dtype = {source.dtype}. Convert one with x.to(dtype)."
        )
    if source.array.size != index.array.size:
        raise IndexRangeError(
            "put(): Expected source and index to have the same number of elements, but got source.numel() = "
            f"{source.array.size}, index.numel() = {index.array.size}"
        )
    flat, places = reshape(input, (-1,)), (reshape(index, (-1,)),)
    return reshape(OPS["index_put"].call(flat, places, reshape(source, (-1,)), bool(accumulate)), input.array.shape)


IN_PLACE = ("index_add", "index_copy", "index_fill", "index_reduce", "put")

#: Functions without ``out=``.
NO_OUT = (
    "index_fill",
    "put",
)

__all__ = ["index_add", "index_copy", "index_fill", "index_reduce", "put"]
