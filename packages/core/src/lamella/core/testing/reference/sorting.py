"""References for ``ops/sorting.py``."""

# ruff: noqa: D103  # what a function here computes is said by the op of its name

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lamella.core.testing.reference.elements import along


def _rank(x: Any) -> tuple[bool, Any]:
    """What to compare instead of ``x``, so that nan is the largest."""
    return (True, 0) if math.isnan(x) else (False, x)


def ordered_places(x: list[Any], descending: bool) -> list[int]:
    """The places of the elements of ``x`` in order; equal ones, and nan, by their place."""
    return sorted(range(len(x)), key=lambda i: _rank(x[i]), reverse=descending)


def argsort(input: Any, dim: int, descending: bool) -> np.ndarray:
    return along(lambda x: ordered_places(x, descending))(input, dim)


def topk_indices(input: Any, k: int, dim: int, largest: bool) -> np.ndarray:
    return argsort(input, dim, largest).take(range(k), dim) if input.ndim else np.zeros(())
