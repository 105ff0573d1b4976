"""The largest element of each of a given number of windows, which are as even as can be."""

from __future__ import annotations

import math
from typing import Any

from lamella.core import rules
from lamella.core.dispatch import define_op


def _largest(xp: Any, values: Any, places: Any, axis: int, count: int, step: int) -> tuple[Any, Any]:
    """The largest of ``values`` in each of ``count`` windows along ``axis``, and where in the flat picture it is.

    Args:
        places: Where each of ``values`` is in what lies behind ``axis``; step: the size of that.
    """
    size = values.shape[axis]
    window = xp.arange(count, device=values.device)
    starts, lasts = window * size // count, -(-(window + 1) * size // count) - 1
    behind = (1,) * (-1 - axis)
    best = where = None
    # neighbouring windows differ by one in length; a shorter one looks at its last element twice
    for k in range(int((lasts - starts).max()) + 1 if count else 1):
        columns = xp.minimum(starts + k, lasts)
        value = xp.take(values, columns, axis=axis)
        place = xp.take(places, columns, axis=axis) + columns.reshape(-1, *behind) * step
        if best is None:
            best, where = value, place
        else:
            better = (value > best) | xp.isnan(value)  # as in PyTorch, the last nan is the largest
            best, where = xp.where(better, value, best), xp.where(better, place, where)
    return best, where


@define_op(
    inputs=("input",),
    shape=lambda shape, counts: (*shape[: -len(counts)], *counts),
    dtype=rules.refusing(rules.index, "bool", "complex"),
    samples=lambda make: [
        make(make.distinct(2, 3, 7), (3,)),
        make(make.distinct(2, 5, 4), (3, 2)),
        make(make.distinct(2, 2, 3), (4, 3)),
        make(make.distinct(2, 4, 4, 3), (2, 3, 1)),
        make(make.distinct(2, 3, 3), (0, 2)),
        make(make.distinct(0, 2, 3), (2, 2)),
    ],
)
def adaptive_max_indices(xp: Any, input: Any, counts: Any) -> Any:
    """Where in its flattened picture, of the last dimensions, the largest element of each of ``counts`` windows is."""
    values, places = input, xp.zeros((1,) * input.ndim, dtype=xp.int64, device=input.device)
    places = xp.broadcast_to(places, input.shape)
    for axis in range(-1, -len(counts) - 1, -1):
        values, places = _largest(
            xp, values, places, axis, counts[axis], math.prod(input.shape[input.ndim + axis + 1 :])
        )
    return places


adaptive_max_indices.vjp(input=None)

adaptive_max_indices.batched(lambda F, size, batched, input, counts: F.adaptive_max_indices(input, counts))

adaptive_max_indices.batched(lambda F, size, batched, input, counts: F.adaptive_max_indices(input, counts))

__all__ = ["adaptive_max_indices"]
