"""Where indices point in arrays laid out flat, and adding up what goes to one place.

NumPy is fast with one array of flat places, and takes three to eight times as long with one index array a dimension.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lamella.core import rules
from lamella.core.errors import IndexBoundsError

Shape = tuple[int, ...]

#: Elements from which flat places are worth the calls that make them.
MANY = 4096
#: Elements up to which adding them as they come takes less time than to prepare anything.
FEW = 512
#: Elements in a row from which rows are added whole, where that can be, rather than element by element.
WIDE = 8
#: Elements added at a time: their places, eight bytes each, then stay in the cache.
PIECE = 1 << 15


def check_between(lowest: int, size: int, index: Any, dim: int, error: type[Exception]) -> None:
    """Refuse an ``index`` for dimension ``dim`` that is below ``lowest``, or not below ``size``."""
    if not hasattr(type(index), "min"):
        return  # within vmap nothing can be seen of it here; the op that picks looks at it
    if not index.size:
        return
    if lowest == 0:  # as unsigned numbers the negative ones are large: one pass checks both ends
        inside = index.view(f"u{index.itemsize}").max() < size
    else:
        inside = index.min() >= lowest and index.max() < size
    if not inside:
        worst = int(index.max()) if index.max() >= size else int(index.min())
        raise error(f"index {worst} is out of bounds for dimension {dim} with size {size}")


# --- along one dimension


def strides_along(xp: Any, shape: Shape, index: Any, dim: int) -> tuple[Any, Any]:
    """How :func:`placed` makes flat places of an ``index`` along ``dim`` of an array of ``shape``: ``(step, starts)``.

    ``starts`` has the dimensions of ``index``, with size 1 along ``dim``.
    """
    step, stride, starts = np.int64(1), 1, np.int64(0)  # an int32 index times an int could overflow
    for d in reversed(range(len(shape))):
        if d == dim:
            step = np.int64(stride)
        else:
            along = xp.arange(index.shape[d], device=index.device) * stride
            starts = starts + along.reshape((-1,) + (1,) * (index.ndim - d - 1))
        stride *= shape[d]
    return step, starts


def placed(index: Any, step: Any, starts: Any) -> Any:
    """``index * step + starts``."""
    if step == 1:
        return index + starts
    places = index * step
    places += starts
    return places


def flat_places(xp: Any, shape: Shape, index: Any, dim: int) -> Any:
    """Where ``gather`` finds each element, in order, in an array of ``shape`` laid out flat."""
    check_between(0, shape[dim], index, dim, IndexBoundsError)
    return placed(index, *strides_along(xp, shape, index, dim)).reshape(-1)


# --- by several indices


def key_of(indices: tuple[Any, ...]) -> tuple[Any, ...]:
    """``indices``, one a dimension or None for all of it, as a key for an array."""
    return tuple(slice(None) if i is None else i for i in indices)


def _neighbours(indices: tuple[Any, ...]) -> tuple[int, int]:
    """The first dimension that ``indices`` pick from, and the one after the last; 0 of them if others lie between."""
    given = [d for d, i in enumerate(indices) if i is not None]
    start, stop = given[0], given[-1] + 1
    return (start, stop) if stop - start == len(given) else (0, 0)


def _merged(xp: Any, shape: Shape, indices: tuple[Any, ...]) -> Any:
    """One index into dimensions of ``shape`` laid out flat, for one into each; negative ones count from the end."""
    places: Any = None
    for size, given in zip(shape, indices, strict=True):
        along = given.astype(xp.int64, copy=False)
        if along.size and along.min() < 0:
            along = xp.where(along < 0, along + size, along)
        places = along if places is None else places * size + along
    return places


def as_one(xp: Any, array: Any, indices: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]]:
    """A view of ``array`` and a single index that picks as ``indices`` do, if that is faster; else both as they are."""
    if len(indices) == 1:
        return array, indices
    bound = 1
    for i in indices:
        if i is not None:
            bound *= i.size
    if bound < MANY:
        return array, indices
    start, stop = _neighbours(indices)
    given = indices[start:stop]
    if len(given) < 2 or not array.flags.c_contiguous or math.prod(rules.broadcast(*(i.shape for i in given))) < MANY:
        return array, indices
    shape = array.shape
    view = array.reshape(*shape[:start], math.prod(shape[start:stop]), *shape[stop:])
    return view, (*indices[:start], _merged(xp, shape[start:stop], given))


def write_at(xp: Any, array: Any, indices: tuple[Any, ...], values: Any) -> None:
    """Write ``values`` into ``array`` where ``indices`` pick; of several for one place the last stays."""
    array, indices = as_one(xp, array, indices)
    array[key_of(indices)] = values


# --- adding


def add_at(xp: Any, array: Any, indices: tuple[Any, ...], values: Any) -> None:
    """Add ``values`` to a contiguous ``array``, in place, where ``indices`` pick; to one place as often as they do."""
    start, stop = _neighbours(indices)
    outer, picked, rest = array.shape[:start], array.shape[start:stop], array.shape[stop:]
    count, size, columns = math.prod(outer), math.prod(picked), math.prod(rest)
    if start == stop or count * indices[start].size * columns < FEW:
        xp.add.at(array, key_of(indices), values)
        return
    rows = _merged(xp, picked, indices[start:stop])
    values = xp.broadcast_to(values, outer + rows.shape + rest)
    rows = rows.reshape(-1)
    if count != 1:
        rows = ((xp.arange(count, device=array.device) * size).reshape(-1, 1) + rows).reshape(-1)
    add_rows(xp, array.reshape(count * size, columns), rows, values.reshape(rows.size, columns))


def add_rows(xp: Any, target: Any, rows: Any, given: Any, zeros: bool = False) -> None:
    """Add each row of ``given`` to the row of ``target`` of the number in ``rows``, one after another; in place.

    Args:
        xp: The array functions.
        target: (R, columns).
        rows: (N,), numbers from 0 to R - 1.
        given: (N, columns).
        zeros: Says that ``target`` holds zeros, so that what comes first can be copied.

    ``ufunc.at`` takes a nanosecond an element, with rows six times as long, and whole rows a fifth of one if none
    is there twice. So of those that go to one row the first are added at once, then the first of what is left; and what
    is left when only few of it are first (many go to few rows), element by element.
    """
    if target.shape[1] >= WIDE:
        chosen = xp.empty(len(target), dtype=xp.int64, device=target.device)
        left = xp.arange(rows.size, device=rows.device)
        while left.size:
            places = rows[left]
            chosen[xp.flip(places)] = xp.flip(left)  # of several the last one written stays
            first = chosen[places] == left
            whole = bool(xp.all(first))
            now = left if whole else left[first]
            if now.size * 4 < left.size:
                break
            part = given if now.size == rows.size else xp.take(given, now, axis=0)
            if zeros and left.size == rows.size:
                target[rows[now]] = part
            else:
                target[rows[now]] += part
            if whole:
                return
            left = left[~first]
        if left.size < rows.size:
            rows, given = rows[left], given[left]
    _add_elements(xp, target, rows, given)


def _add_elements(xp: Any, target: Any, rows: Any, given: Any) -> None:
    columns, flat = target.shape[1], target.reshape(-1)
    if columns == 1:
        xp.add.at(flat, rows, given.reshape(-1))
        return
    within = xp.arange(columns, device=target.device)
    step = max(1, PIECE // max(1, columns))
    for start in range(0, rows.size, step):
        places = rows[start : start + step].reshape(-1, 1) * columns + within
        xp.add.at(flat, places.reshape(-1), given[start : start + step].reshape(-1))
