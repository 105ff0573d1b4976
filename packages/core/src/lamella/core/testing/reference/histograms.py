"""References for ``ops/histograms.py``."""

# ruff: noqa: D103  # what a function here computes is said by the op of its name

from __future__ import annotations

import math
from typing import Any

import numpy as np


def histogram(input: Any, edges: Any, weight: Any, density: bool, even: bool) -> np.ndarray:
    values = input.flatten().tolist()
    weights = [1.0] * len(values) if weight is None else weight.flatten().tolist()
    last = len(edges) - 2
    counts = [
        math.fsum(
            w
            for v, w in zip(values, weights, strict=True)
            if edges[i] <= v < edges[i + 1] or (i == last and v == edges[-1])
        )
        for i in range(last + 1)
    ]
    if density:
        total = math.fsum(counts)
        counts = [c / total / (edges[i + 1] - edges[i]) for i, c in enumerate(counts)]
    return np.array(counts)


def histc(input: Any, bins: int, low: float, high: float, dtype: Any) -> np.ndarray:
    values = input.flatten().tolist()
    if low == high and values:
        low, high = min(values), max(values)
    if low == high:
        low, high = low - 1, high + 1
    edges = [low + (high - low) * i / bins for i in range(bins)]
    return histogram(input, np.array([*edges, high]), None, False, True)
