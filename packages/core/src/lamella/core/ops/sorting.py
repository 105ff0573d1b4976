"""Sorting, and the largest or smallest few."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lamella.core import rules
from lamella.core.dispatch import define_op
from lamella.core.errors import ArgumentRangeError, DtypeError
from lamella.core.ops import indexing, shapes
from lamella.core.ops.extremes import result_type
from lamella.core.rules import DtypeRule, numpy_names, one_dim
from lamella.core.tensor import Tensor

SortResult = result_type("sort", "values", "indices")
TopkResult = result_type("topk", "values", "indices")

#: Rows up to this long are sorted at once.
SHORT = 64
#: Of this many elements, one is so rare that a look through all of them is no detour.
FEW = 20


def pointing(*refused: str) -> DtypeRule:
    """The first operand may have any dtype but of the kinds ``refused``; the result points: int64."""
    allowed = rules.refusing(rules.common, *refused)

    def find(operands: Any, *attributes: Any) -> tuple[Any, Any]:
        allowed.find(operands[:1])
        return rules.index.find(operands)

    return DtypeRule(find, allowed.direct)


def along_last(xp: Any, function: Any, input: Any, dim: int) -> Any:
    """``function`` of ``input`` with ``dim`` moved to the end, moved back; NumPy takes longer to move than to sort."""
    if dim == input.ndim - 1:
        return function(input)
    return xp.moveaxis(function(xp.moveaxis(input, dim, -1)), -1, dim)


def places_in_order(xp: Any, input: Any, descending: bool = False) -> Any:
    """Where the elements along the last axis stand in order; equal ones stay in theirs, nan counts as the largest.

    NumPy's stable sort took 95 ms for a million numbers, its fast one 15. So those are sorted fast, then runs of equal
    ones numbered, and their places sorted within the runs: 25 ms.
    """
    if descending:  # equal elements, read backwards, come out backwards
        return xp.flip(input.shape[-1] - 1 - places_in_order(xp, xp.flip(input, axis=-1)), axis=-1)
    if input.shape[-1] <= SHORT:
        return xp.argsort(input, axis=-1, kind="stable")
    places = xp.argsort(input, axis=-1)
    ordered = xp.take_along_axis(input, places, axis=-1)
    differs = ordered[..., 1:] != ordered[..., :-1]
    if input.dtype.kind not in "biu":
        differs &= ~xp.isnan(ordered[..., :-1])
    places[..., 1:] |= xp.cumsum(differs, axis=-1, dtype=xp.int64) << 32  # no axis has 2 ** 32 elements
    places.sort(axis=-1)
    places &= 0xFFFFFFFF
    return places


@define_op(
    inputs=("input",),
    shape=rules.same,
    dtype=pointing("complex"),
    name="argsort",
    samples=lambda make: [
        make(make.distinct(3, 4), 1, False),
        make(make.distinct(3, 4), 0, True),
        make(make.transposed(2, 70), 1, True),
        make(make.ints(5, 2, 80), 1, False),
        make(make.ints(5, 2, 80), 1, True),
        make(make.ints(9, 200) * ([1.0, math.nan] * 100), 0, False),
        make(make.bools(5), 0, False),
        make(make.array(0, 2), 0, False),
        make(make.array(2, 0), 1, True),
        make(make.array(), 0, False),
    ],
    errors=lambda make: [
        make.error((make.array(2) + 1j, 0, False), DtypeError, r"argsort: not defined for dtype lamella.complex128")
    ],
)
def _argsort(xp: Any, input: Any, dim: Any, descending: Any) -> Any:
    """Where the elements along ``dim`` stand in order; equal ones stay in theirs. nan counts as the largest."""
    if input.ndim == 0:
        return xp.zeros((), dtype=xp.int64)
    return along_last(xp, lambda rows: places_in_order(xp, rows, descending), input, dim)


@numpy_names
def argsort(input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool = False) -> Tensor:
    """Where the elements along ``dim`` stand in order: ``input`` picked at them is sorted. nan counts as the largest.

    Args:
        dim: Along which to sort. descending: the largest first.
        stable: Whether equal elements must stay in their order. They always do.

    Returns:
        int64 indices along ``dim``, in the shape of ``input``.

    Raises:
        IndexError: There is no such dimension. RuntimeError: the elements are complex.

    Example:
        >>> import lamella
        >>> lamella.argsort(lamella.tensor([3, 1, 2]))
        tensor([1, 2, 0])
    """
    indices: Tensor = _argsort(input, one_dim(dim, input.array.ndim), bool(descending))
    return indices


@numpy_names
def sort(input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool | None = False) -> Any:
    """The elements along ``dim`` in order, and where they were. nan counts as the largest.

    Args:
        dim: Along which to sort. descending: the largest first.
        stable: Whether equal elements must stay in their order. They always do.

    Returns:
        A named tuple ``(values, indices)``, both in the shape of ``input``; the indices are int64.

    Raises:
        IndexError: There is no such dimension. RuntimeError: the elements are complex.

    Example:
        >>> import lamella
        >>> lamella.sort(lamella.tensor([3, 1, 2])).values
        tensor([1, 2, 3])
    """
    indices = argsort(input, dim, descending)
    return SortResult(picked(input, indices, dim), indices)


def picked(input: Tensor, indices: Tensor, dim: int) -> Tensor:
    """The elements of ``input`` at ``indices`` along ``dim``."""
    if input.array.ndim == 0:
        return shapes.clone(input)
    values: Tensor = indexing._gather(input, indices, one_dim(dim, input.array.ndim))
    return values


def msort(input: Tensor) -> Tensor:
    """The elements along the first dimension in ascending order.

    Raises:
        RuntimeError: The elements are complex.
    """
    return picked(input, argsort(input, 0), 0)


# --- the first few


def _few(shape: Any, k: int, dim: int, *rest: Any) -> Any:
    if not 0 <= k <= (shape[dim] if shape else 1):
        raise ArgumentRangeError(
            f"selected index k out of range: there are {shape[dim] if shape else 1} elements along dim {dim} of input "
            f"{tuple(shape)}, but k is {k}"
        )
    return (*shape[:dim], k, *shape[dim + 1 :]) if shape else ()


def _few_samples(make: Any) -> list[Any]:
    return [
        make(make.distinct(3, 4), 2, 1, True),
        make(make.distinct(4, 3), 3, 0, False),
        make(make.transposed(5, 2), 5, 0, True),
        make(make.distinct(90), 4, 0, False),
        make(make.distinct(2, 90), 3, 1, True),
        make(make.distinct(3, 2), 0, 1, True),
        make(make.array(0, 3), 2, 1, True),
        make(make.array(), 1, 0, True),
    ]


@define_op(
    inputs=("input",),
    shape=_few,
    dtype=pointing("bool", "complex"),
    samples=_few_samples,
    errors=lambda make: [
        make.error((make.array(3), 4, 0, True), ArgumentRangeError, r"topk_indices: selected index k out of range"),
        make.error((make.array(3), -1, 0, True), ArgumentRangeError, r"topk_indices: selected index k out of range"),
        make.error((make.array(), 2, 0, True), ArgumentRangeError, r"topk_indices: selected index k out of range"),
        make.error((make.bools(3), 1, 0, True), DtypeError, r"topk_indices: not defined for dtype lamella.bool"),
    ],
)
def topk_indices(xp: Any, input: Any, k: Any, dim: Any, largest: Any) -> Any:
    """Where the ``k`` largest, or smallest, elements along ``dim`` are, in their order. nan counts as the largest."""
    _few(input.shape, k, dim)
    if input.ndim == 0:
        return xp.zeros((), dtype=xp.int64)
    return along_last(xp, lambda rows: _chosen(xp, rows, k, largest), input, dim)


def _chosen(xp: Any, rows: Any, k: int, largest: bool) -> Any:
    n = rows.shape[-1]
    if k in (0, n) or n <= SHORT:
        return places_in_order(xp, rows, largest)[..., :k]
    places = None
    if k * FEW <= n and rows.dtype in (np.float32, np.float64):  # of other numbers many are equal
        places = _beyond(xp, xp.ascontiguousarray(rows), k, largest)
    if places is None:
        places = xp.argpartition(rows, n - k if largest else k - 1, axis=-1)
        places = xp.sort(places[..., n - k :] if largest else places[..., :k], axis=-1)  # equal ones in their order
    order = places_in_order(xp, xp.take_along_axis(rows, places, axis=-1), largest)
    return xp.take_along_axis(places, order, axis=-1)


def _beyond(xp: Any, rows: Any, k: int, largest: bool) -> Any:
    """Where the ``k`` largest or smallest of each row are, as they stand; None if nan or equal ones blur that.

    To partition values and look where they are beyond the k-th takes half the time of ``argpartition``.
    """
    n = rows.shape[-1]
    at = n - k if largest else k - 1
    last = xp.partition(rows, at, axis=-1)[..., at : at + 1]
    found = xp.flatnonzero(rows >= last if largest else rows <= last)
    if found.size != rows.size // n * k:
        return None
    places = found.reshape(-1, k) - xp.arange(0, rows.size, n).reshape(-1, 1)
    if found.size and not (places.min() >= 0 and places.max() < n):  # more in one row, fewer in another
        return None
    return places.reshape(*rows.shape[:-1], k)


@numpy_names
def topk(input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Any:
    """The ``k`` largest, or smallest, elements along ``dim``, and where they are. nan counts as the largest.

    Args:
        k: How many. dim: along which to look.
        largest: Whether the largest are asked for, the largest first; else the smallest, the smallest first.
        sorted: Whether they must be in order. They always are.

    Returns:
        A named tuple ``(values, indices)``, of size ``k`` along ``dim``; the indices are int64.

    Raises:
        IndexError: There is no such dimension.
        RuntimeError: There are not so many elements along ``dim``, or they are bools or complex.

    Example:
        >>> import lamella
        >>> lamella.topk(lamella.tensor([3, 1, 2]), 2).values
        tensor([3, 2])
    """
    indices = topk_indices(input, k, one_dim(dim, input.array.ndim), bool(largest))
    return TopkResult(picked(input, indices, dim), indices)


#: Functions without ``out=``.
NO_OUT = ("argsort",)

__all__ = ["argsort", "msort", "sort", "topk"]
