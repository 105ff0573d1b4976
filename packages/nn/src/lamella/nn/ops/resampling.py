"""Resampling: along one dimension, each element of the result is a weighted sum of a few of the input's.

Which elements, and with what weights, stands in a table made once for each pair of sizes. The gradient is the table
read the other way round.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from lamella.core import dtypes, rules
from lamella.core.backends.chunks import along_first
from lamella.core.dispatch import define_op
from lamella.core.errors import DtypeError, ShapeError

Shape = tuple[int, ...]
#: Rows of the result, no row twice; the elements that are added to them; and the weights of these.
Tap = tuple[Any, Any, np.ndarray]

# --- tables


def _scale(size: int, count: int, scale: float | None, align_corners: bool, dtype: Any) -> Any:
    """How far apart two neighbours of the result are in the input."""
    if align_corners:
        return dtype(size - 1) / dtype(count - 1) if count > 1 else dtype(0)
    return dtype(1.0 / scale) if scale else dtype(size) / dtype(count)


def _filter(distance: np.ndarray, mode: str, a: float) -> np.ndarray:
    """The weight of an element at a distance: a triangle, or two arcs of cubics."""
    x = np.abs(distance)
    if mode == "linear":
        return np.maximum(1 - x, 0)
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = ((x - 5) * x + 8) * x * a - 4 * a
    result: np.ndarray = np.where(x <= 1, near, np.where(x < 2, far, 0))
    return result


def _entries(
    size: int, count: int, mode: str, align_corners: bool, scale: float | None, antialias: bool, dtype: Any
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each term of each weighted sum the row of the result, the element of the input, and the weight."""
    rows = np.arange(count)
    if mode == "area":
        starts, stops = rows * size // count, -(-(rows + 1) * size // count)
        return _ragged(starts, stops, lambda row, column: 1 / (stops - starts)[row])
    step = _scale(size, count, scale, align_corners, dtype)
    if mode.startswith("nearest"):
        middle = dtype(0.5) if mode == "nearest-exact" else dtype(0)
        places = ((rows.astype(dtype) + middle) * step).astype(np.float32)  # PyTorch rounds down in float32 always
        columns = np.minimum(np.floor(places).astype(np.int64), size - 1)
        return rows, columns, np.ones(count)
    if antialias:
        return _antialiased(size, rows, step, mode, dtype)
    places = rows.astype(dtype) * step if align_corners else (rows.astype(dtype) + dtype(0.5)) * step - dtype(0.5)
    if mode == "linear":
        places = np.maximum(places, 0)
    # Keys (1981) calls this one of a family of cubics `a`; PyTorch takes -0.75 here and -0.5 with antialias
    first = np.floor(places)
    reach = (0, 1) if mode == "linear" else (-1, 0, 1, 2)
    columns = np.clip(first.astype(np.int64)[:, None] + reach, 0, size - 1)
    weights = _filter((places - first)[:, None] - np.asarray(reach, dtype), mode, -0.75)
    # at the edges one element stands for several places
    found, where = np.unique(rows[:, None] * size + columns, return_inverse=True)
    return found // size, found % size, np.bincount(where.reshape(-1), weights.reshape(-1))


def _antialiased(size: int, rows: Any, step: Any, mode: str, dtype: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where the result is smaller, a filter stretched over all elements that it stands for."""
    stretch = max(step, dtype(1))
    support = dtype(1 if mode == "linear" else 2) * stretch
    centers = (rows.astype(dtype) + dtype(0.5)) * step
    starts = np.maximum((centers - support + dtype(0.5)).astype(np.int64), 0)
    stops = np.minimum((centers + support + dtype(0.5)).astype(np.int64), size)

    def weight(row: np.ndarray, column: np.ndarray) -> np.ndarray:
        raw = _filter((column - centers[row] + dtype(0.5)) / stretch, mode, -0.5)
        return raw / np.bincount(row, raw, len(rows))[row]

    return _ragged(starts, stops, weight)


def _ragged(starts: np.ndarray, stops: np.ndarray, weight: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The entries of rows that take the elements from ``starts`` to ``stops``."""
    lengths = stops - starts
    row = np.arange(len(starts)).repeat(lengths)
    column = np.arange(lengths.sum()) - (np.cumsum(lengths) - lengths - starts).repeat(lengths)
    return row, column, weight(row, column)


def _taps(rows: np.ndarray, columns: np.ndarray, weights: np.ndarray) -> tuple[Tap, ...]:
    """The entries sorted by how many of the same row came before, so that each part names no row twice."""
    order = np.argsort(rows, kind="stable")
    rows, columns, weights = rows[order], columns[order], weights[order]
    turn = np.arange(len(rows)) - np.searchsorted(rows, rows)
    parts = (turn == k for k in range(turn.max(initial=-1) + 1))
    return tuple((_slice(rows[part]), _slice(columns[part]), weights[part]) for part in parts)


def _slice(indices: np.ndarray) -> Any:
    """``indices`` as a slice if they are evenly spaced: then nothing is copied to pick them."""
    step = int(indices[1] - indices[0]) if len(indices) > 1 else 1
    even = step > 0 and (np.diff(indices) == step).all()
    return slice(int(indices[0]), int(indices[-1]) + 1, step) if even else indices


@lru_cache(128)
def _table(
    size: int,
    count: int,
    mode: str,
    align_corners: bool,
    scale: float | None,
    antialias: bool,
    single: bool,
    back: bool,
) -> tuple[Tap, ...]:
    """The taps of a resampling, or ``back`` those of its gradient.

    PyTorch finds places in the input's own precision, in float32 for half precision; so where they fall between two
    elements by a rounding error only, float32 and float64 can differ.
    """
    if not count:
        return ()
    dtype = np.float32 if single else np.float64
    rows, columns, weights = _entries(size, count, mode, align_corners, scale, antialias, dtype)
    return _taps(columns, rows, weights) if back else _taps(rows, columns, weights)


def _applied(xp: Any, array: Any, dim: int, count: int, taps: tuple[Tap, ...]) -> Any:
    """The weighted sums that ``taps`` say, of ``count`` rows, along ``dim``; in the dtype of ``array``."""
    lead, size, rest = array.shape[:dim], array.shape[dim], array.shape[dim + 1 :]
    blocks = array.reshape(int(np.prod(lead)), size, int(np.prod(rest)))
    tables = [
        (
            *(t if isinstance(t, slice) else xp.asarray(t, device=array.device) for t in (rows, columns)),
            None if (weights == 1).all() else xp.asarray(weights.astype(array.dtype)[:, None], device=array.device),
        )
        for rows, columns, weights in taps
    ]

    def fill(out: Any, part: Any) -> None:
        started = False
        for rows, columns, weights in tables:
            term = part[:, columns] if isinstance(columns, slice) else xp.take(part, columns, axis=1)
            term = term if weights is None else term * weights
            if started:
                out[:, rows] += term
            elif isinstance(rows, slice) and term.shape[1] == count:
                out[...] = term
            else:
                out[...] = 0
                out[:, rows] = term
            started = True
        if not started:
            out[...] = 0

    out = xp.empty((blocks.shape[0], count, blocks.shape[2]), dtype=array.dtype, device=array.device)
    along_first(fill, out, blocks)
    return out.reshape(*lead, count, *rest)


def _integer_taps(taps: tuple[Tap, ...]) -> tuple[tuple[Tap, ...], int]:
    """The taps with their weights times the largest power of 2 that keeps them in 16 bits; and that power."""
    largest = max(weights.max() for *_, weights in taps)
    power = next(p for p in range(23) if p == 22 or int(0.5 + largest * 2 ** (p + 1)) >= 1 << 15)
    scaled = ((rows, columns, np.trunc(w * 2**power + np.copysign(0.5, w))) for rows, columns, w in taps)
    return tuple(scaled), power


# --- the ops


def _find(operands: Any, dim: int, size: Any, mode: str, *attributes: Any) -> tuple[Any, Any]:
    found = operands[0].dtype
    return (None, found) if found == np.uint8 and mode.startswith("nearest") else _real.find(operands)


_real = rules.refusing(rules.only_floating, "complex")
_dtype = rules.DtypeRule(_find, _real.direct)


def _resized(shape: Shape, dim: int, size: int, *rest: Any) -> Shape:
    if size and not shape[dim]:
        raise ShapeError(f"dimension {dim} of input {shape} is empty, and can not get {size} elements")
    return (*shape[:dim], size, *shape[dim + 1 :])


def _attributes() -> list[tuple[Shape, tuple[Any, ...]]]:
    """Input shapes and attributes: larger, smaller, of one element, every mode."""
    found: list[tuple[Shape, tuple[Any, ...]]] = [
        ((2, 3, 4), (2, 7, "nearest", False, None, False)),
        ((5, 2), (0, 3, "nearest", False, None, False)),
        ((2, 4), (1, 8, "nearest", False, 2.0, False)),
        ((2, 5), (1, 3, "nearest-exact", False, None, False)),
        ((2, 7), (1, 3, "area", False, None, False)),
        ((2, 3), (1, 5, "area", False, None, False)),
        ((0, 3), (1, 5, "linear", False, None, False)),
        ((2, 3), (1, 0, "area", False, None, False)),
    ]
    for mode in ("linear", "cubic"):
        found += [
            ((2, 4, 3), (1, 7, mode, False, None, False)),
            ((2, 5), (1, 3, mode, True, None, False)),
            ((2, 1), (1, 3, mode, True, None, False)),
            ((2, 5), (1, 1, mode, True, None, False)),
            ((2, 5), (1, 8, mode, False, 1.7, False)),
            ((2, 9), (1, 4, mode, False, None, True)),
            ((2, 3), (1, 7, mode, False, None, True)),
        ]
    return found


@define_op(
    inputs=("input",),
    shape=_resized,
    dtype=_dtype,
    samples=lambda make: [
        make(make.transposed(3, 4), 0, 5, "linear", False, None, False),
        *(make(make.array(*shape), *attributes) for shape, attributes in _attributes()),
    ],
    errors=lambda make: [
        make.error((make.array(2, 0), 1, 3, "linear", False, None, False), ShapeError, "is empty, and can not get 3"),
    ],
)
def resample(
    xp: Any, input: Any, dim: Any, size: Any, mode: Any, align_corners: Any, scale: Any, antialias: Any
) -> Any:
    """``input`` with ``size`` elements along ``dim``, each a weighted sum of those near its place.

    Of ``mode`` "nearest", "nearest-exact", "linear", "cubic" or "area" (means); ``scale`` is what the sizes' ratio
    stands for, if it is not they that count.
    """
    _resized(input.shape, dim, size)
    single = input.dtype != np.float64
    taps = _table(input.shape[dim], size, mode, align_corners, scale, antialias, single, False)
    return _applied(xp, input, dim, size, taps)


resample.vjp(
    input=lambda F, grad, input_shape, dim, mode, align_corners, scale, antialias: F.resample_backward(
        grad, dim, input_shape[dim], mode, align_corners, scale, antialias
    )
)

resample.batched(lambda F, size, batched, input, dim, *rest: F.resample(input, dim + 1, *rest))


@define_op(
    inputs=("grad_output",),
    shape=lambda shape, dim, size, *rest: (*shape[:dim], size, *shape[dim + 1 :]),
    dtype=_dtype,
    samples=lambda make: [
        make(make.array(*shape[:dim], count, *shape[dim + 1 :]), dim, shape[dim], *rest)
        for shape, (dim, count, *rest) in _attributes()
    ],
)
def resample_backward(
    xp: Any, grad_output: Any, dim: Any, size: Any, mode: Any, align_corners: Any, scale: Any, antialias: Any
) -> Any:
    """The gradient of :func:`resample` by an input of ``size``: each element's goes to those it was summed of."""
    single = grad_output.dtype != np.float64
    taps = _table(size, grad_output.shape[dim], mode, align_corners, scale, antialias, single, True)
    return _applied(xp, grad_output, dim, size, taps)


resample_backward.vjp(
    grad_output=lambda F, grad, grad_output_shape, dim, mode, align_corners, scale, antialias: F.resample(
        grad, dim, grad_output_shape[dim], mode, align_corners, scale, antialias
    )
)

resample_backward.batched(
    lambda F, size, batched, grad_output, dim, *rest: F.resample_backward(grad_output, dim + 1, *rest)
)


def _find_byte(operands: Any, *attributes: Any) -> tuple[Any, Any]:
    found = operands[0].dtype
    if found != np.uint8:
        raise DtypeError(f"not defined for dtype {dtypes.from_numpy_dtype(found)}; expected uint8")
    return None, found


@define_op(
    inputs=("input",),
    shape=_resized,
    dtype=rules.DtypeRule(_find_byte, frozenset({np.dtype(np.uint8)})),
    samples=lambda make: [
        make(make.ints(256, 2, size).astype(np.uint8), 1, count, mode, align, scale, antialias)
        for mode in ("linear", "cubic")
        for size, count, align, scale, antialias in (
            (5, 7, False, None, False),
            (5, 3, True, None, False),
            (4, 9, False, 2.3, False),
            (9, 4, False, None, True),
        )
    ],
    errors=lambda make: [
        make.error((make.array(2, 3), 1, 2, "linear", False, None, False), DtypeError, "not defined for dtype"),
    ],
)
def resample_bytes(
    xp: Any, input: Any, dim: Any, size: Any, mode: Any, align_corners: Any, scale: Any, antialias: Any
) -> Any:
    """Like :func:`resample`, of uint8, in whole numbers: as picture libraries, and PyTorch, do it to the last bit."""
    _resized(input.shape, dim, size)
    taps = _table(input.shape[dim], size, mode, align_corners, scale, antialias, False, False)
    taps, power = _integer_taps(taps)
    total = _applied(xp, input.astype(xp.int32), dim, size, taps)
    return xp.clip((total + (1 << power >> 1)) >> power, 0, 255).astype(input.dtype)


resample_bytes.batched(lambda F, size, batched, input, dim, *rest: F.resample_bytes(input, dim + 1, *rest))

__all__ = ["resample", "resample_backward", "resample_bytes"]
