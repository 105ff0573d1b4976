"""Searching: where values belong, which are among others, and where elements are not 0."""

from __future__ import annotations

import math
from typing import Any

from lamella.core import dtypes, rules
from lamella.core.backends.chunks import along_first
from lamella.core.dispatch import define_op
from lamella.core.errors import ArgumentRangeError, DtypeError, ShapeError
from lamella.core.ops import indexing
from lamella.core.rules import DtypeRule
from lamella.core.tensor import Tensor, check_tensor

# --- where values belong


def _searched(operands: Any, right: bool, out_int32: bool) -> tuple[Any, Any]:
    sequence, values, sorter = operands
    together, _ = _comparable.find((sequence, values))
    if sorter is not None and sorter.dtype != dtypes.int64.numpy:
        raise DtypeError(
            f"sorter must be a tensor of int64, but got {dtypes.from_numpy_dtype(sorter.dtype)}. lamella.argsort() "
            "makes one."
        )
    return (together, together, None), (dtypes.int32 if out_int32 else dtypes.int64).numpy


_comparable = rules.refusing(rules.common, "bool", "complex")


def _search_shape(sequence: Any, values: Any, sorter: Any, *rest: Any) -> Any:
    if not sequence:
        raise ShapeError("boundaries tensor should have positive dimension, but got 0 dimension")
    if sorter is not None and sorter != sequence:
        raise ShapeError(
            f"boundary and sorter must have the same size, but got boundary tensor {list(sequence)} and sorter tensor "
            f"{list(sorter)}"
        )
    if len(sequence) > 1 and not values:
        raise ShapeError(
            "input value can be a scalar only when boundaries tensor dimension is 1, but got boundaries tensor "
            f"{list(sequence)}"
        )
    if len(sequence) > 1 and values[:-1] != sequence[:-1]:
        raise ShapeError(
            "boundaries tensor should be 1 dimension or the first N-1 dimensions of boundaries tensor and input value "
            f"tensor must match, but we got boundaries tensor {list(sequence)} and input value tensor {list(values)}"
        )
    return values


@define_op(
    inputs=("sorted_sequence", "input", "sorter"),
    shape=_search_shape,
    dtype=DtypeRule(_searched),
    name="searchsorted",
    samples=lambda make: [
        make(make.ints(9, 5).cumsum() * 1.0, make.ints(30, 3, 2) * 1.0, None, False, False),
        make(make.ints(3, 6).cumsum(), make.ints(9, 20), None, True, True),
        make(make.ints(3, 2, 3, 6).cumsum(-1), make.ints(9, 2, 3, 4), None, False, False),
        make(make.ints(3, 2, 6).cumsum(-1), make.ints(9, 2, 4), None, True, False),
        make(make.ints(3, 6).cumsum()[::-1].copy(), make.ints(9, 4), make.ints(1, 6) + range(6)[::-1], False, False),
        make(make.ints(3, 2, 3).cumsum(-1), make.ints(9, 2, 4), make.ints(1, 2, 3) + range(3), True, False),
        make(make.ints(3, 6).cumsum(), 4, None, False, False),
        make(make.array(0), make.array(3), None, False, False),
        make(make.array(2, 3), make.array(2, 0), None, False, False),
        make(make.ints(3, 6).cumsum() * 1.0, make.array(2) * math.nan, None, False, False),
    ],
    errors=lambda make: [
        make.error((make.array(), 1.0, None, False, False), ShapeError, r"searchsorted: .*positive dimension"),
        make.error((make.array(2, 3), 1.0, None, False, False), ShapeError, r"searchsorted: .*can be a scalar only"),
        make.error(
            (make.array(2, 3), make.array(1, 3), None, False, False),
            ShapeError,
            r"searchsorted: .*must match.*\[2, 3\].*\[1, 3\]",
        ),
        make.error(
            (make.array(3), make.array(3), make.ints(1, 2), False, False), ShapeError, r"searchsorted: .*the same size"
        ),
        make.error(
            (make.array(3), make.array(3), make.ints(1, 3) + 3, False, False),
            ArgumentRangeError,
            r"searchsorted: sorter index out of range",
        ),
        make.error(
            (make.array(3), make.array(3), make.array(3), False, False),
            DtypeError,
            r"searchsorted: sorter must be .*64",
        ),
        make.error(
            (make.bools(3), make.bools(3), None, False, False),
            DtypeError,
            r"searchsorted: not defined for dtype lamella.bool",
        ),
    ],
)
def _searchsorted(xp: Any, sorted_sequence: Any, input: Any, sorter: Any, right: Any, out_int32: Any) -> Any:
    """Where to insert ``input`` so that ``sorted_sequence`` stays sorted; see :func:`searchsorted`."""
    sequence, values = sorted_sequence, xp.asarray(input)
    _search_shape(sequence.shape, values.shape, sorter if sorter is None else sorter.shape)
    n = sequence.shape[-1]
    if sorter is not None:
        if sorter.size and not 0 <= sorter.min() <= sorter.max() < n:
            raise ArgumentRangeError(f"searchsorted: sorter index out of range: there are {n} elements")
        sequence = xp.take_along_axis(sequence, sorter, axis=-1)
    place = xp.int32 if out_int32 else xp.int64
    if sequence.ndim == 1:
        if values.size >= MANY and n:
            found = along_first(_halving(xp, sequence, right), xp.empty(values.size, dtype=place), values.reshape(-1))
            return found.reshape(values.shape)
        found = xp.searchsorted(sequence, values, side="right" if right else "left")
        return xp.where(values != values, n, found).astype(place)  # nan belongs last, even before other nan
    # rows each with values of its own: all are halved together
    low, high = xp.zeros(values.shape, dtype=xp.int64), xp.full(values.shape, n, dtype=xp.int64)
    for _ in range(n.bit_length()):
        middle = (low + high) // 2
        element = xp.take_along_axis(sequence, xp.minimum(middle, n - 1), axis=-1)
        beyond = (low < high) & ~((element > values) if right else (element >= values))
        high = xp.where(beyond, high, middle)
        low = xp.where(beyond, middle + 1, low)
    return low.astype(place)


#: Values from which all are searched together.
MANY = 4096


def _halving(xp: Any, sequence: Any, right: bool) -> Any:
    """``fill(found, values)`` that writes where to insert ``values`` in a 1-dim ``sequence``, all halved together.

    NumPy searches one by one, and the processor cannot guess the branches: 57 ms for 1e6 values in 1000, not 7.
    """
    n = sequence.shape[0]
    before = xp.less_equal if right else xp.less

    def fill(found: Any, values: Any) -> None:
        low, left = xp.zeros(values.shape, dtype=xp.int64), n
        while left > 1:
            half = left // 2
            low += before(xp.take(sequence, low + (half - 1)), values) * xp.int64(half)
            left -= half
        low += before(xp.take(sequence, low), values)
        low[values != values] = n  # nan belongs last, even before other nan
        found[...] = low

    return fill


def searchsorted(
    sorted_sequence: Tensor,
    input: Tensor | float,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    sorter: Tensor | None = None,
) -> Tensor:
    """Where to insert values so that a sequence stays sorted: before equal elements, or after them.

    Args:
        sorted_sequence: Ascending along its last dimension: ``(N,)``, or ``(..., N)`` with rows searched one by one.
        input: The values: a number or a tensor of any shape, or ``(..., M)`` beside rows.
        out_int32: Whether the result is int32 rather than int64.
        right: Whether to insert after equal elements. side: the same as ``"left"`` or ``"right"``.
        sorter: int64 indices that sort an unsorted ``sorted_sequence``.

    Returns:
        Indices from 0 to ``N``, in the shape of ``input``.

    Raises:
        RuntimeError: The shapes or dtypes don't fit, or ``side`` contradicts ``right``.

    Example:
        >>> import lamella
        >>> lamella.searchsorted(lamella.tensor([1, 3, 5]), lamella.tensor([0, 3, 6]))
        tensor([0, 1, 3])
    """
    if side not in (None, "left", "right"):
        raise ArgumentRangeError(f"searchsorted(): side can only be 'left' or 'right' but got {side!r}")
    if side == "left" and right:
        raise ArgumentRangeError(
            "searchsorted(): side and right can't be set to opposites, got side='left', right=True"
        )
    check_tensor("searchsorted", "sorted_sequence", sorted_sequence)
    found: Tensor = _searchsorted(sorted_sequence, input, sorter, right or side == "right", out_int32)
    return found


def bucketize(input: Tensor | float, boundaries: Tensor, *, out_int32: bool = False, right: bool = False) -> Tensor:
    """In which bucket each value falls: ``i`` for ``boundaries[i - 1] < value <= boundaries[i]``.

    Args:
        input: The values, a number or a tensor. boundaries: ascending, ``(N,)``.
        out_int32: Whether the result is int32 rather than int64.
        right: Whether it is ``boundaries[i - 1] <= value < boundaries[i]``.

    Returns:
        Indices from 0 to ``N``, in the shape of ``input``.

    Raises:
        RuntimeError: ``boundaries`` is not 1-D, or a dtype is bool or complex.
    """
    if check_tensor("bucketize", "boundaries", boundaries).array.ndim != 1:
        raise ShapeError(f"bucketize(): boundaries tensor must be 1 dimension, but got dim({boundaries.array.ndim})")
    return searchsorted(boundaries, input, out_int32=out_int32, right=right)


# --- which are there


def _promoted(operands: Any, *attributes: Any) -> tuple[Any, Any]:
    for operand in operands:  # one by one: a bool would promote to the other's integers
        _comparable.find((operand,))
    return _comparable.find(operands)[0], dtypes.bool.numpy


@define_op(
    inputs=("elements", "test_elements"),
    shape=lambda elements, test_elements, invert: elements,
    dtype=DtypeRule(_promoted),
    name="isin",
    samples=lambda make: [
        make(make.ints(9, 3, 4), make.ints(9, 3), False),
        make(make.ints(9, 40), make.ints(9, 2, 20), True),
        make(make.array(3), make.ints(2, 2), False),
        make(make.ints(3, 5), 1, False),
        make(1, make.ints(3, 5), True),
        make(make.array(0), make.array(3), False),
        make(make.array(3), make.array(0), False),
        make(make.array(2) * math.nan, make.array(2) * math.nan, False),
    ],
    errors=lambda make: [
        make.error((make.ints(2, 2), make.bools(2), False), DtypeError, r"isin: not defined for dtype lamella.bool")
    ],
)
def _isin(xp: Any, elements: Any, test_elements: Any, invert: Any) -> Any:
    """Whether each of ``elements`` is among ``test_elements``."""
    return xp.isin(elements, test_elements, invert=invert)


@_isin.batched
def _batched_isin(F: Any, size: int, batched: Any, elements: Any, test_elements: Any, invert: Any) -> Any:
    if not batched[1]:
        return F.isin(elements, test_elements, invert)
    shape = elements.array.shape[batched[0] :] if isinstance(elements, Tensor) else ()
    count = math.prod(shape)
    rows = F.reshape(elements, (size if batched[0] else 1, count, 1)) if isinstance(elements, Tensor) else elements
    tests = F.reshape(test_elements, (size, 1, math.prod(test_elements.array.shape[1:])))
    found = F.any(F.eq(rows, tests), (2,), False)
    return F.reshape(F.logical_not(found) if invert else found, (size, *shape))


def isin(
    elements: Tensor | float, test_elements: Tensor | float, *, assume_unique: bool = False, invert: bool = False
) -> Tensor:
    """Whether each of ``elements`` is among ``test_elements``. nan never is.

    Args:
        elements: A tensor or a number. test_elements: likewise; one of them must be a tensor.
        assume_unique: Says that neither has an element twice; nothing depends on it here.
        invert: Whether to say which are not.

    Returns:
        bool, in the shape of ``elements``.

    Raises:
        RuntimeError: A dtype is bool or complex. TypeError: both are numbers.
    """
    found: Tensor = _isin(elements, test_elements, bool(invert))
    return found


# --- what is not 0


def argwhere(input: Tensor) -> Tensor:
    """Where the elements are not 0: int64 indices, ``(count, ndim)``."""
    found: Tensor = indexing.nonzero(input)
    return found


@define_op(
    inputs=("input",),
    shape=lambda shape, size, fill_value: (size, len(shape)),
    dtype=rules.index,
    name="nonzero_static",
    samples=lambda make: [
        make(make.ints(2, 3, 4), 2, -1),
        make(make.array(3), 5, 7),
        make(make.bools(4), 0, -1),
        make(make.array(), 2, -1),
        make(make.array(0, 2), 1, -1),
    ],
)
def _nonzero_static(xp: Any, input: Any, size: Any, fill_value: Any) -> Any:
    """Where the first ``size`` elements that are not 0 are; see :func:`nonzero_static`."""
    result = xp.full((size, input.ndim), fill_value, dtype=xp.int64)
    if input.ndim:
        places = xp.argwhere(input)[:size]
        result[: len(places)] = places
    return result


def nonzero_static(input: Tensor, *, size: int, fill_value: int = -1) -> Tensor:
    """Where the elements are not 0, in a result whose shape does not depend on how many there are.

    Args:
        size: How many to give: further ones are left out. fill_value: what stands where there are fewer.

    Returns:
        int64 indices, ``(size, ndim)``.

    Raises:
        RuntimeError: ``size`` is negative.
    """
    if size < 0:
        raise ArgumentRangeError(f"nonzero_static: 'size' must be an non-negative integer, got {size}")
    found: Tensor = _nonzero_static(input, size, fill_value)
    return found


NOT_METHODS = ("bucketize",)

#: Functions without ``out=``.
NO_OUT = ("argwhere",)

__all__ = [
    "argwhere",
    "bucketize",
    "isin",
    "nonzero_static",
    "searchsorted",
]
