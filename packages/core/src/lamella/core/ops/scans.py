"""Running results along a dimension, from one element to the next."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from lamella.core.ops.pairs import MANY

#: Elements of a row from which it pays to combine whole rows.
_WIDE = 512


def accumulated(combine: Any, along: Callable[..., Any], input: Any, dim: int, wide: Any) -> Any:
    """``along(input, axis=dim)``, computed in the dtype ``wide``, in the dtype of ``input``.

    NumPy goes along its axis from element to element, which takes 3 ns each; whole rows a call take 1.

    Args:
        combine: The ufunc that makes the next of two rows. along: its ``accumulate``.
        input: An array of at least one dimension.
    """
    wide_rows = input.size >= MANY and math.prod(input.shape[dim + 1 :]) >= _WIDE
    if not wide_rows or type(input) is not np.ndarray:
        return along(input, axis=dim, dtype=wide).astype(input.dtype, copy=False)
    total = input.astype(wide, order="C")
    rows = np.moveaxis(total, dim, 0)
    for i in range(1, len(rows)):
        combine(rows[i - 1], rows[i], out=rows[i])
    return total.astype(input.dtype, copy=False)
