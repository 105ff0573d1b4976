"""Counting: elements in bins, and how often each integer occurs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from lamella.core import backends, dtypes, rules
from lamella.core.dispatch import define_op
from lamella.core.errors import ArgumentRangeError, ArgumentTypeError, DtypeError, ShapeError
from lamella.core.ops.creation import linspace
from lamella.core.ops.extremes import result_type
from lamella.core.rules import DtypeRule
from lamella.core.tensor import Tensor, check_tensor

HistogramResult = result_type("histogram", "hist", "bin_edges")

_DOUBLE = dtypes.float64.numpy
_real = DtypeRule(rules.refusing(rules.common, "bool", "integer", "complex").find)


def _check_bins(name: str, bins: Any) -> None:
    if not hasattr(bins, "__index__"):
        raise ArgumentTypeError(f"{name}(): argument 'bins' must be int, not {type(bins).__name__}")
    if bins <= 0:
        raise ArgumentRangeError(f"{name}(): bins must be > 0, but got {bins}")


def _check_finite(name: str, low: float, high: float) -> None:
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ArgumentRangeError(
            f"{name}: range of [{low}, {high}] is not finite. Give the range, or drop nan and inf."
        )


# --- of equal width


@define_op(
    inputs=("input",),
    shape=lambda shape, bins, *rest: (bins,),
    dtype=_real,
    name="histc",
    samples=lambda make: [
        make(make.array(40), 7, -1.5, 1.5, _DOUBLE),
        make(make.array(3, 4), 5, 0.0, 0.0, _DOUBLE),
        make(make.ints(5, 30) * 1.0, 4, 0.0, 4.0, _DOUBLE),
        make(make.array(3) * [0, 1, math.nan], 4, 0.0, 1.0, _DOUBLE),
        make(make.array(3) * 0, 3, 0.0, 0.0, _DOUBLE),
        make(make.array(0), 3, 0.0, 0.0, _DOUBLE),
        make(make.array(), 3, -2.0, 2.0, _DOUBLE),
    ],
    errors=lambda make: [
        make.error((make.ints(3, 2), 3, 0.0, 0.0, _DOUBLE), DtypeError, r"histc: not defined for dtype lamella.int64"),
        make.error(
            (make.array(2) * math.nan, 3, 0.0, 0.0, _DOUBLE), ArgumentRangeError, r"histc: range of \[nan, nan\] is not"
        ),
    ],
)
def _histc(xp: Any, input: Any, bins: Any, low: Any, high: Any, dtype: Any) -> Any:
    """How many elements fall in each of ``bins`` bins, computed in ``dtype``; see :func:`histc`."""
    values = xp.reshape(input, (-1,)).astype(dtype)
    if low == high and values.size:
        low, high = float(xp.min(values)), float(xp.max(values))
    if low == high:
        low, high = low - 1, high + 1
    _check_finite("histc", low, high)
    # PyTorch rounds each step to the dtype, which decides about elements at the edge of a bin
    start, end, count = xp.asarray([low, high, bins], dtype=dtype)
    values = values[(values >= start) & (values <= end)]
    places = ((values - start) * count / (end - start)).astype(xp.int64)
    return xp.bincount(xp.minimum(places, bins - 1), minlength=bins).astype(input.dtype)


_histc.vjp(input=None)


def histc(input: Tensor, bins: int = 100, min: float = 0, max: float = 0) -> Tensor:
    """How many elements fall in each of ``bins`` bins of equal width from ``min`` to ``max``; others are left out.

    Args:
        input: Of a floating dtype, which the counts have too.
        bins: How many bins. min, max: their ends; those of the elements where both are the same.

    Returns:
        The counts, ``(bins,)``.

    Raises:
        RuntimeError: There are no bins, the range is not finite or in the wrong order, or the dtype is not floating.

    Example:
        >>> import lamella
        >>> lamella.histc(lamella.tensor([1.0, 2.0, 1.0, 4.0]), bins=3, min=1, max=4)
        tensor([2., 1., 1.])
    """
    _check_bins("histc", bins)
    if min > max:
        raise ArgumentRangeError(f"histc: max must be larger than min, got min={min}, max={max}")
    counts: Tensor = _histc(input, int(bins), float(min), float(max), input.array.dtype)
    return counts


# --- of any width


def _histogram_dtype(operands: Any, *attributes: Any) -> tuple[Any, Any]:
    found = rules.matching.find(operands)
    if found[1] not in (dtypes.float32.numpy, dtypes.float64.numpy):
        raise DtypeError(
            f"not defined for dtype {dtypes.from_numpy_dtype(found[1])}; expected float32 or float64. Convert with "
            "x.float()."
        )
    return found


def _histogram_shape(shape: Any, edges: Any, weight: Any, *rest: Any) -> Any:
    if len(edges) != 1:
        raise ShapeError(f"bins tensor should have one dimension, but got {len(edges)} dimensions")
    if edges[0] < 2:
        raise ShapeError(f"bins must be > 0, but the bins tensor has {edges[0]} elements: n bins have n + 1 edges")
    if weight is not None and weight != shape:
        raise ShapeError(
            f"weight tensor should have the same shape as the input tensor, but got input {shape} and weight {weight}"
        )
    return (edges[0] - 1,)


@define_op(
    inputs=("input", "bin_edges", "weight"),
    shape=_histogram_shape,
    dtype=DtypeRule(_histogram_dtype),
    name="histogram",
    samples=lambda make: [
        make(make.array(40), np.array([-2.0, -1.5, 0.0, 1.0, 1.75]), None, False, False),
        make(make.array(3, 4), np.array([-1.0, 0.0, 0.5, 2.0]), make.array(3, 4), False, False),
        make(make.ints(4, 20) * 1.0, np.array([0.0, 1.0, 2.0, 3.0]), make.array(20, low=0), True, False),
        make(make.array(50), np.array([-2.0, -1.2, -0.4, 0.4, 1.2, 2.0]), None, True, True),
        make(make.ints(4, 20) * 1.0, np.array([0.0, 1.0, 2.0, 3.0]), None, False, True),
        make(make.array(0), np.array([0.0, 1.0, 2.0]), None, False, False),
        make(make.array(), np.array([-2.0, 2.0]), None, True, False),
    ],
    errors=lambda make: [
        make.error(
            (make.array(2), make.array(2, 2), None, False, False), ShapeError, r"histogram: .*one dimension, but got 2"
        ),
        make.error((make.array(2), make.array(1), None, False, False), ShapeError, r"histogram: bins must be > 0"),
        make.error(
            (make.array(2), make.array(3), make.array(3), False, False), ShapeError, r"histogram: .*\(2,\).*\(3,\)"
        ),
        make.error(
            (make.array(2), make.array(3).astype("float32"), None, False, False), DtypeError, r"histogram: .*same dtype"
        ),
        make.error(
            (make.ints(3, 2), make.ints(3, 3), None, False, False),
            DtypeError,
            r"histogram: not defined for dtype .*int64",
        ),
    ],
)
def _histogram(xp: Any, input: Any, bin_edges: Any, weight: Any, density: Any, even: Any) -> Any:
    """How many elements, or what weight of them, lie between each two of ``bin_edges``, which may lie ``even``ly."""
    (bins,) = _histogram_shape(input.shape, bin_edges.shape, None if weight is None else weight.shape)
    inside = (input >= bin_edges[0]) & (input <= bin_edges[-1])
    values = input[inside]
    if even:  # a third of the time of a search; rounding may miss by one bin
        places = ((values - bin_edges[0]) * (bins / (bin_edges[-1] - bin_edges[0]))).astype(xp.int64)
        places = xp.minimum(places, bins - 1)
        places -= values < bin_edges[places]
        places += values >= bin_edges[places + 1]
    else:
        places = xp.searchsorted(bin_edges, values, side="right") - 1
    places = xp.minimum(places, bins - 1)  # the last bin has its right edge too
    counts = xp.bincount(places, weights=None if weight is None else weight[inside], minlength=bins)
    if density:
        counts = counts / (xp.sum(counts) * xp.diff(bin_edges))
    return counts.astype(input.dtype)


_histogram.vjp(input=None, bin_edges=None, weight=None)


def histogram(
    input: Tensor,
    bins: int | Tensor = 100,
    *,
    range: Sequence[float] | None = None,
    weight: Tensor | None = None,
    density: bool = False,
) -> Any:
    """How many elements fall in each bin, and the edges of the bins. A bin has its left edge, the last one both.

    Args:
        input: float32 or float64, of any shape.
        bins: How many of equal width; or their edges, ``(N + 1,)``, ascending, of the dtype of ``input``.
        range: Where the bins of equal width start and end; by default at the smallest and the largest element.
        weight: What each element counts, in the shape of ``input``; 1 by default.
        density: Whether to scale the counts so that the integral over the range is 1.

    Returns:
        A named tuple ``(hist, bin_edges)``, ``(N,)`` and ``(N + 1,)``, in the dtype of ``input``.

    Raises:
        RuntimeError: There are no bins, the range is not finite or in the wrong order, or shapes or dtypes don't fit.

    Example:
        >>> import lamella
        >>> lamella.histogram(lamella.tensor([1.0, 2.0, 1.0]), 2, range=(0.0, 3.0)).hist
        tensor([2., 1.])
    """
    if isinstance(bins, Tensor):
        if range is not None:
            raise ArgumentTypeError("histogram(): range can't be given together with a tensor of bin edges")
        edges = bins
    else:
        _check_bins("histogram", bins)
        low, high = _outer_edges(input, range)
        edges = linspace(low, high, int(bins) + 1, dtype=input.dtype, device=input.device)
    return HistogramResult(_histogram(input, edges, weight, bool(density), not isinstance(bins, Tensor)), edges)


def _outer_edges(input: Tensor, range: Sequence[float] | None) -> tuple[float, float]:
    """Where bins of equal width start and end."""
    if range is not None:
        if len(range) != 2:
            raise ArgumentRangeError(f"histogram: range should have 2 elements, but got {len(range)}")
        low, high = map(float, range)
        if low > high:
            raise ArgumentRangeError(f"histogram: min should not exceed max, but got range=({low}, {high})")
    elif input.array.size:
        low, high = float(input.array.min()), float(input.array.max())
    else:
        low, high = 0.0, 1.0
    _check_finite("histogram", low, high)
    return (low - 0.5, high + 0.5) if low == high else (low, high)


# --- of integers


def bincount(input: Tensor, weights: Tensor | None = None, minlength: int = 0) -> Tensor:
    """How often each integer from 0 to the largest occurs, or the sum of the weights where it does.

    Args:
        input: Integers of at least 0, ``(N,)``.
        weights: What each element counts, ``(N,)``; 1 by default.
        minlength: Least size of the result.

    Returns:
        int64 counts; with ``weights``, sums in float32 if they are float32, else in float64.

    Raises:
        RuntimeError: An integer is negative, or shapes or dtypes don't fit.

    Example:
        >>> import lamella
        >>> lamella.bincount(lamella.tensor([1, 2, 1]))
        tensor([0, 2, 1])
    """
    array = check_tensor("bincount", "input", input).array
    if minlength < 0:
        raise ArgumentRangeError(f"bincount: minlength should be >= 0, got {minlength}")
    if array.ndim != 1:
        raise ShapeError(f"bincount only supports 1-d non-negative integral inputs, got shape {array.shape}.")
    if array.dtype.kind not in "iu":
        raise DtypeError(f"bincount: not defined for dtype {input.dtype}; expected integers. Convert with x.long().")
    if array.size and array.min() < 0:
        raise ArgumentRangeError(f"bincount only supports 1-d non-negative integral inputs, got {array.min()}.")
    if weights is not None and weights.array.shape != array.shape:
        raise ShapeError(
            f"bincount: weights should be 1-d and have the same length as input, got {weights.array.shape} and "
            f"{array.shape}"
        )
    xp = backends.of_array_type(type(array)).xp
    # how many there are depends on the values, so this is no op with a shape rule
    if weights is None:
        return Tensor._wrap(xp.bincount(array, minlength=minlength).astype(xp.int64, copy=False))
    sums = xp.bincount(array, weights=weights.array.astype(xp.float64), minlength=minlength)
    if array.size == 0:  # PyTorch gives counts here
        return Tensor._wrap(sums.astype(xp.int64))
    return Tensor._wrap(sums.astype(xp.float32) if weights.dtype is dtypes.float32 else sums)


#: Functions without ``out=``.
NO_OUT = ("bincount",)

__all__ = ["bincount", "histc", "histogram"]
