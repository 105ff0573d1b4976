"""References for ``ops/order_statistics.py``."""

# ruff: noqa: D103  # what a function here computes is said by the op of its name

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lamella.core.testing.reference.elements import reduction
from lamella.core.testing.reference.sorting import ordered_places


def _same(a: Any, b: Any) -> bool:
    return a == b or (math.isnan(a) and math.isnan(b))


def _first(x: list[Any], value: Any) -> int:
    return next(i for i, v in enumerate(x) if _same(v, value))


def _lower_median(x: list[Any], skip_nan: bool) -> Any:
    rest = [v for v in x if not math.isnan(v)]
    if not rest or (len(rest) < len(x) and not skip_nan):
        return math.nan
    return sorted(rest)[(len(rest) - 1) // 2]


def _along(function: Any, input: Any, dim: int, keepdim: bool) -> np.ndarray:
    return reduction(function)(input, (dim,) if input.ndim else (), keepdim)


def kth_index(input: Any, dim: int, keepdim: bool, k: int) -> np.ndarray:
    return _along(lambda x: _first(x, x[ordered_places(x, False)[k - 1]]), input, dim, keepdim)


def median_index(input: Any, dim: int, keepdim: bool, skip_nan: bool) -> np.ndarray:
    return _along(lambda x: _first(x, _lower_median(x, skip_nan)), input, dim, keepdim)


def median(input: Any, skip_nan: bool) -> np.ndarray:
    if input.size == 0 and input.dtype.kind in "iu":
        return np.array(np.iinfo(input.dtype).min)  # what a cast makes of nan
    return np.array(_lower_median(input.flatten().tolist(), skip_nan))


def mode_index(input: Any, dim: int, keepdim: bool) -> np.ndarray:
    def last_of_most(x: list[Any]) -> int:
        most = max(x.count(v) for v in x)
        if any(map(math.isnan, x)) and all(map(math.isnan, x)):
            return 0
        value = min(v for v in x if x.count(v) == most and not math.isnan(v))
        return max(i for i, v in enumerate(x) if v == value)

    return _along(last_of_most, input, dim, keepdim)
