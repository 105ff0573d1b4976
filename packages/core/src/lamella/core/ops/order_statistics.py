"""Order statistics: medians, the k-th smallest, the most frequent, the smallest with the largest."""

from __future__ import annotations

import math
from typing import Any

from lamella.core import rules
from lamella.core.dispatch import define_op
from lamella.core.errors import ArgumentRangeError, DtypeError, IndexRangeError
from lamella.core.ops.extremes import amax, amin, result_type, with_indices
from lamella.core.ops.sorting import along_last, pointing
from lamella.core.rules import DtypeRule, numpy_names, one_dim
from lamella.core.tensor import Tensor

MedianResult = result_type("median", "values", "indices")
NanmedianResult = result_type("nanmedian", "values", "indices")
KthvalueResult = result_type("kthvalue", "values", "indices")
ModeResult = result_type("mode", "values", "indices")
AminmaxResult = result_type("aminmax", "min", "max")


def _check_not_empty(shape: Any, dim: int) -> None:
    if shape and shape[dim] == 0:
        raise IndexRangeError(
            f"Expected reduction dim {dim} to have non-zero size, but the input has shape {tuple(shape)}: of no "
            "element none can be picked. Test x.numel() first."
        )


def _one(shape: Any, dim: int, keepdim: bool, *rest: Any) -> Any:
    _check_not_empty(shape, dim)
    return rules.reduced(shape, (dim,) if shape else (), keepdim)


def _pick(xp: Any, input: Any, dim: int, keepdim: bool, choose: Any) -> Any:
    """``choose(rows)``: one place in each row along ``dim``, of size 1; in the shape of a reduction."""
    if input.ndim == 0:
        return xp.zeros((), dtype=xp.int64)
    _check_not_empty(input.shape, dim)
    places = along_last(xp, choose, input, dim)
    return places if keepdim else xp.squeeze(places, axis=dim)


def _is_nan(xp: Any, x: Any) -> Any:
    return xp.isnan(x) if x.dtype.kind not in "biu" else xp.zeros(x.shape, dtype=bool)


def _first(xp: Any, rows: Any, value: Any) -> Any:
    """Where the first element equal to ``value`` is in each row; the first nan for nan."""
    return xp.argmax((rows == value) | (_is_nan(xp, rows) & _is_nan(xp, value)), axis=-1, keepdims=True)


# --- the k-th


def _kth_shape(shape: Any, dim: int, keepdim: bool, k: int) -> Any:
    _check_not_empty(shape, dim)
    if not 1 <= k <= (shape[dim] if shape else 1):
        raise ArgumentRangeError(
            f"selected number k out of range for dimension {dim}: k is {k}, the input has shape {tuple(shape)}"
        )
    return _one(shape, dim, keepdim)


@define_op(
    inputs=("input",),
    shape=_kth_shape,
    dtype=pointing("bool", "complex"),
    samples=lambda make: [
        make(make.distinct(3, 4), 1, False, 2),
        make(make.distinct(3, 4), 0, True, 3),
        make(make.transposed(5, 2), 0, False, 1),
        make(make.ints(3, 7), 0, False, 4),
        make(make.array(4) * [1.0, math.nan, 1.0, 1.0], 0, False, 4),
        make(make.array(2, 0), 0, False, 1),
        make(make.array(), 0, False, 1),
    ],
    errors=lambda make: [
        make.error((make.array(3), 0, False, 4), ArgumentRangeError, r"kth_index: selected number k out of range"),
        make.error((make.array(), 0, False, 0), ArgumentRangeError, r"kth_index: selected number k out of range"),
        make.error((make.array(0), 0, False, 1), IndexRangeError, r"kth_index: Expected reduction dim 0 to have"),
        make.error((make.bools(3), 0, False, 1), DtypeError, r"kth_index: not defined for dtype lamella.bool"),
    ],
)
def kth_index(xp: Any, input: Any, dim: Any, keepdim: Any, k: Any) -> Any:
    """Where the first of the ``k``-th smallest elements along ``dim`` is. nan counts as the largest."""
    _kth_shape(input.shape, dim, keepdim, k)
    return _pick(
        xp, input, dim, keepdim, lambda rows: _first(xp, rows, xp.partition(rows, k - 1, axis=-1)[..., k - 1 : k])
    )


@numpy_names
def kthvalue(input: Tensor, k: int, dim: int = -1, keepdim: bool = False) -> Any:
    """The ``k``-th smallest element along ``dim``, and where the first such is. nan counts as the largest.

    Args:
        k: Counted from 1. dim: along which to look. keepdim: keep the dimension with size 1.

    Returns:
        A named tuple ``(values, indices)``; the indices are int64.

    Raises:
        IndexError: There is no such dimension, or it has size 0.
        RuntimeError: There is no ``k``-th element; the elements are bools or complex.

    Example:
        >>> import lamella
        >>> lamella.kthvalue(lamella.tensor([3, 1, 2]), 2).values
        tensor(2)
    """
    return with_indices(KthvalueResult, kth_index, input, dim, keepdim, k)


# --- medians


def _medians(xp: Any, rows: Any, skip_nan: bool) -> Any:
    """The lower median of each row, in an axis of size 1; of one that has a nan: nan, or the median of the rest."""
    n = rows.shape[-1]
    missing = xp.count_nonzero(_is_nan(xp, rows), axis=-1, keepdims=True)
    if not xp.any(missing):
        half = (n - 1) // 2
        return xp.partition(rows, half, axis=-1)[..., half : half + 1]
    if skip_nan:
        half = xp.maximum((n - missing - 1) // 2, 0)
    else:
        half = xp.where(missing > 0, n - 1, (n - 1) // 2)
    return xp.take_along_axis(xp.sort(rows, axis=-1), half, axis=-1)


def _median_samples(make: Any) -> list[Any]:
    holes = make.distinct(3, 5)
    holes[0, 1] = holes[0, 2] = holes[2, :] = math.nan
    return [
        (make.distinct(3, 4), False),
        (make.distinct(4, 3), True),
        (make.transposed(5, 2), False),
        (make.ints(3, 2, 9), True),
        (holes, False),
        (holes.copy(), True),
        (make.array(), False),
    ]


@define_op(
    inputs=("input",),
    shape=_one,
    dtype=pointing("bool", "complex"),
    samples=lambda make: [
        [make(array, array.ndim and d, d > 0, skip) for array, skip in _median_samples(make) for d in (0, 1)],
        make(make.array(2, 0), 0, False, False),
    ],
    errors=lambda make: [
        make.error(
            (make.array(0, 3), 0, False, False), IndexRangeError, r"median_index: Expected reduction dim 0 to have"
        ),
        make.error((make.bools(3), 0, False, False), DtypeError, r"median_index: not defined for dtype lamella.bool"),
    ],
)
def median_index(xp: Any, input: Any, dim: Any, keepdim: Any, skip_nan: Any) -> Any:
    """Where the first element along ``dim`` that equals the lower median is; the first nan where that is nan."""
    return _pick(xp, input, dim, keepdim, lambda rows: _first(xp, rows, _medians(xp, rows, skip_nan)))


@define_op(
    inputs=("input",),
    shape=lambda shape, skip_nan: (),
    dtype=DtypeRule(rules.refusing(rules.common, "bool", "complex").find),
    name="median",
    samples=lambda make: [make(*given) for given in _median_samples(make)],
    errors=lambda make: [
        make.error((make.array(2) + 1j, False), DtypeError, r"median: not defined for dtype lamella.complex128")
    ],
)
def _median(xp: Any, input: Any, skip_nan: Any) -> Any:
    """The lower median of all elements. Equal ones share the gradient."""
    if input.size == 0:
        return xp.asarray(math.nan).astype(input.dtype)
    return _medians(xp, xp.reshape(input, (-1,)), skip_nan)[0]


def _median_input(F: Any, grad: Any, input: Any, out: Any) -> Any:
    found = F.where((input == out) | (F.isnan(input) & F.isnan(out)), grad * 0.0 + 1.0, 0.0)
    return grad * found / F.sum(found, tuple(range(len(input.shape))), False)


_median.vjp(input=_median_input)


@_median.batched
def _batched_median(F: Any, size: int, batched: Any, input: Any, skip_nan: Any) -> Any:
    rows = F.reshape(input, (size, math.prod(input.array.shape[1:])))
    if not rows.array.shape[1]:
        return F.sum(rows, (1,), False) + math.nan
    return F.reshape(F.gather(rows, F.median_index(rows, 1, True, skip_nan), 1), (size,))


@numpy_names
def median(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """The median of all elements, or along ``dim`` with its place; of an even number, the lower of the middle two.

    Args:
        dim: Along which to look; all elements by default. keepdim: keep the dimension with size 1.

    Returns:
        A tensor; with ``dim`` a named tuple ``(values, indices)``, where the indices are int64 and point to the first
        of equal elements. Where there is a nan the median is nan. Without ``dim``, equal elements share the gradient.

    Raises:
        IndexError: There is no such dimension, or it has size 0. RuntimeError: the elements are bools or complex.

    Example:
        >>> import lamella
        >>> lamella.median(lamella.tensor([4.0, 1.0, 3.0, 2.0]))
        tensor(2.)
    """
    return (
        _median(input, False) if dim is None else with_indices(MedianResult, median_index, input, dim, keepdim, False)
    )


@numpy_names
def nanmedian(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """Like :func:`median`, of the elements that are not nan; nan where all are.

    Raises:
        IndexError: There is no such dimension, or it has size 0. RuntimeError: the elements are bools or complex.
    """
    if dim is None:
        return _median(input, True)
    return with_indices(NanmedianResult, median_index, input, dim, keepdim, True)


# --- the most frequent


@define_op(
    inputs=("input",),
    shape=_one,
    dtype=pointing("complex"),
    samples=lambda make: [
        make(make.ints(3, 4, 6), 1, False),
        make(make.ints(3, 6, 4) * 0.5, 0, True),
        make(make.bools(5), 0, False),
        make(make.ints(2, 6) * ([1.0, math.nan] * 3), 0, False),
        make(make.array(2) * math.nan, 0, False),
        make(make.array(3, 0), 0, False),
        make(make.array(), 0, False),
    ],
    errors=lambda make: [
        make.error((make.array(0), 0, False), IndexRangeError, r"mode_index: Expected reduction dim 0 to have"),
        make.error((make.array(2) + 1j, 0, False), DtypeError, r"mode_index: not defined for dtype lamella.complex128"),
    ],
)
def mode_index(xp: Any, input: Any, dim: Any, keepdim: Any) -> Any:
    """Where the last of the most frequent elements along ``dim`` is, of the smallest if several are as frequent."""

    def choose(rows: Any) -> Any:
        ordered, steps = xp.sort(rows, axis=-1), xp.arange(rows.shape[-1])
        starts = xp.where(ordered[..., 1:] != ordered[..., :-1], steps[1:], 0)
        length = xp.broadcast_to(steps, ordered.shape).copy()
        length[..., 1:] -= xp.maximum.accumulate(starts, axis=-1)
        value = xp.take_along_axis(ordered, xp.argmax(length, axis=-1, keepdims=True), axis=-1)
        found = rows == value  # nan equals nothing: of nothing but nan, the first
        last = rows.shape[-1] - 1 - xp.argmax(xp.flip(found, axis=-1), axis=-1, keepdims=True)
        return xp.where(xp.any(found, axis=-1, keepdims=True), last, 0)

    return _pick(xp, input, dim, keepdim, choose)


@numpy_names
def mode(input: Tensor, dim: int = -1, keepdim: bool = False) -> Any:
    """The most frequent element along ``dim``, the smallest if several are, and where the last such is.

    Args:
        dim: Along which to count. keepdim: keep the dimension with size 1.

    Returns:
        A named tuple ``(values, indices)``; the indices are int64.

    Raises:
        IndexError: There is no such dimension, or it has size 0. RuntimeError: the elements are complex.

    Example:
        >>> import lamella
        >>> lamella.mode(lamella.tensor([3, 1, 3, 2])).values
        tensor(3)
    """
    return with_indices(ModeResult, mode_index, input, dim, keepdim)


# --- both ends


def aminmax(input: Tensor, *, dim: int | None = None, keepdim: bool = False) -> Any:
    """The smallest and the largest element, of all or along ``dim``. Equal ones share the gradient.

    Args:
        dim: Along which to look; all elements by default. keepdim: keep what is reduced with size 1.

    Returns:
        A named tuple ``(min, max)``.

    Raises:
        RuntimeError: There is no element, or the elements are complex.
        IndexError: There is no such dimension, or it has size 0.
    """
    if dim is None and input.array.size == 0:
        raise ArgumentRangeError(
            f"aminmax(): cannot compute aminmax over an empty dimension as the operation has no identity (input "
            f"{tuple(input.shape)}). Test x.numel() first."
        )
    dims = () if dim is None else one_dim(dim, input.array.ndim)
    return AminmaxResult(amin(input, dims, keepdim), amax(input, dims, keepdim))


__all__ = ["aminmax", "kthvalue", "median", "mode", "nanmedian"]
