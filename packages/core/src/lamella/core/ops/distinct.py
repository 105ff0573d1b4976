"""The distinct elements or slices of a tensor.

How many there are depends on the values, so these are no ops with a shape rule: they look at the data when called.
"""

from __future__ import annotations

import math
from typing import Any

from lamella.core import backends, dtypes
from lamella.core.errors import DtypeError, IndexRangeError, ShapeError
from lamella.core.ops.sorting import places_in_order
from lamella.core.rules import one_dim
from lamella.core.tensor import Tensor


def _runs(xp: Any, ordered: Any) -> Any:
    """For each of ``ordered``, numbers or rows, whether it differs from the one before; nan always does."""
    different = ordered[1:] != ordered[:-1]
    starts = xp.ones(ordered.shape[0], dtype=bool)
    starts[1:] = different if ordered.ndim == 1 else xp.any(different, axis=1)
    return starts


def _rows_in_order(xp: Any, items: Any) -> Any:
    """Where the rows stand in order; equal ones stay in theirs, nan counts as the largest.

    A few columns mostly tell all rows apart, so the others are looked at only if need be.
    """
    rank = xp.zeros(items.shape[0], dtype=xp.int64)
    start, width = 0, 8
    while True:
        columns = items[:, start : start + width]
        places = xp.lexsort((*xp.flip(columns, axis=1).T, rank))
        ordered, before = columns[places], rank[places]
        differs = ordered[1:] != ordered[:-1]
        if items.dtype.kind == "f":
            differs &= ~(xp.isnan(ordered[1:]) & xp.isnan(ordered[:-1]))
        differs = xp.any(differs, axis=1) | (before[1:] != before[:-1])
        start, width = start + width, width * 4
        if start >= items.shape[1] or xp.all(differs):
            return places
        rank[places[1:]] = xp.cumsum(differs)
        rank[places[0]] = 0


def _numbered(xp: Any, items: Any, low: int, span: int) -> tuple[Any, Any, Any]:
    """The distinct of whole numbers from ``low`` on, which of them each is, and how often each occurs: by counting."""
    wide = items.astype(xp.int64) if items.dtype.kind == "i" else items  # the difference of two int8 may be none
    places = (wide - low).astype(xp.int64)
    counts = xp.bincount(places, minlength=span)
    there = counts > 0
    values = (xp.flatnonzero(there) + low).astype(items.dtype)
    return values, (xp.cumsum(there) - 1)[places], counts[there]


def _distinct(input: Tensor, dim: int | None, sort: bool, return_inverse: bool, return_counts: bool) -> Any:
    """What :func:`unique` returns, of runs of equal elements if they are not to be sorted."""
    array = input.array
    _check_distinct(array, dim)
    xp = backends.of_array_type(type(array)).xp
    if dim is None:
        rest, items = (), xp.reshape(array, (-1,))
    else:
        moved = xp.moveaxis(array, dim, 0)
        rest = moved.shape[1:]
        items = xp.reshape(moved, (moved.shape[0], math.prod(rest)))
    counted = None
    if sort and return_inverse and dim is None and items.size and items.dtype.kind in "iu":
        low = int(xp.min(items))
        span = int(xp.max(items)) - low + 1
        if span <= items.size:
            counted = _numbered(xp, items, low, span)
    values, inverse, counts = counted or _in_runs(xp, items, sort, return_inverse, return_counts)
    if dim is not None:
        values = xp.ascontiguousarray(xp.moveaxis(values.reshape(-1, *rest), 0, dim))
    results = [values]
    if return_inverse:
        results.append(inverse.reshape(array.shape) if dim is None else inverse)
    if return_counts:
        results.append(counts)
    tensors = tuple(map(Tensor._wrap, results))
    return tensors if len(tensors) > 1 else tensors[0]


def _in_runs(xp: Any, items: Any, sort: bool, return_inverse: bool, return_counts: bool) -> tuple[Any, Any, Any]:
    """The distinct of numbers or rows; if wanted, which of them each is, and how often each occurs."""
    places: Any = None
    if not sort:
        ordered = items
    elif items.ndim == 1 and not return_inverse:
        ordered = xp.sort(items)  # a sixth of the time that it takes to sort places
    else:
        places = places_in_order(xp, items) if items.ndim == 1 else _rows_in_order(xp, items)
        ordered = items[places]
    starts = _runs(xp, ordered)
    inverse = counts = None
    if return_inverse:
        inverse = xp.cumsum(starts) - 1
        if sort:
            numbers, inverse = inverse, xp.empty(places.shape, dtype=xp.int64)
            inverse[places] = numbers
    if return_counts:
        edges = xp.append(xp.flatnonzero(starts), ordered.shape[0])
        counts = edges[1:] - edges[:-1]
    return ordered[starts], inverse, counts


def _check_distinct(array: Any, dim: int | None) -> None:
    if array.dtype.kind == "c":
        raise DtypeError(
            f"unique: not defined for dtype {dtypes.from_numpy_dtype(array.dtype)}: complex numbers have no order. "
            "Take view_as_real(x) and dim=0."
        )
    if dim is None:
        return
    if array.ndim == 0:
        raise IndexRangeError(f"unique: Dimension specified as {dim} but tensor has no dimensions")
    d = one_dim(dim, array.ndim)
    if any(s == 0 for i, s in enumerate(array.shape) if i != d):
        raise ShapeError(
            f"unique: There are 0 sized dimensions, and they aren't selected, so unique cannot be applied (input "
            f"{array.shape}, dim {dim})"
        )


def unique(
    input: Tensor,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:
    """The distinct elements, or the distinct slices along ``dim``. Each nan is distinct.

    Args:
        sorted: Whether they must be in ascending order. They always are.
        return_inverse: Whether to tell, for each element or slice, which of the distinct it is.
        return_counts: Whether to tell how often each occurs.
        dim: Along which to compare slices; by default elements are compared.

    Returns:
        The distinct elements, ``(N,)``, or slices, ``N`` along ``dim``; if asked for, in a tuple with the int64 inverse
        (in the shape of ``input``, or one for each slice) and the int64 counts, ``(N,)``.

    Raises:
        IndexError: There is no such dimension. RuntimeError: the elements are complex, or slices hold no element.

    Example:
        >>> import lamella
        >>> lamella.unique(lamella.tensor([3, 1, 3]), return_counts=True)
        (tensor([1, 3]), tensor([1, 2]))
    """
    return _distinct(input, dim, True, return_inverse, return_counts)


def unique_consecutive(
    input: Tensor, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """The elements, or slices along ``dim``, without those that equal the one before.

    Args:
        return_inverse: Whether to tell, for each element or slice, which of the result it is.
        return_counts: Whether to tell how many each stands for.
        dim: Along which to compare slices; by default elements are compared.

    Returns:
        As :func:`unique`, in the order of ``input``.

    Raises:
        IndexError: There is no such dimension. RuntimeError: the elements are complex, or slices hold no element.
    """
    return _distinct(input, dim, False, return_inverse, return_counts)


#: Functions without ``out=``.
NO_OUT = (
    "unique",
    "unique_consecutive",
)

__all__ = ["unique", "unique_consecutive"]
