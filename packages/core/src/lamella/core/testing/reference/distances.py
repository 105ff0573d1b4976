"""References for ``ops/distances.py``."""

# ruff: noqa: D103  # what a function here computes is said by the op of its name

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from lamella.core.testing.reference.elements import filled


def _norm(values: Sequence[float], p: float) -> float:
    sizes = [math.fabs(v) for v in values]
    if p == 0:
        return float(len([s for s in sizes if s != 0]))
    if p == math.inf:
        return max(sizes, default=0.0)
    return math.fsum(s**p for s in sizes) ** (1 / p)


def _expanded(x1: Any, x2: Any) -> tuple[Any, Any]:
    batch = np.broadcast_shapes(x1.shape[:-2], x2.shape[:-2])
    return np.broadcast_to(x1, batch + x1.shape[-2:]), np.broadcast_to(x2, batch + x2.shape[-2:])


def cdist(x1: Any, x2: Any, p: float) -> np.ndarray:
    a, b = _expanded(x1, x2)
    return filled(
        (*a.shape[:-1], b.shape[-2]),
        lambda i: _norm([u - v for u, v in zip(a[i[:-1]], b[(*i[:-2], i[-1])], strict=True)], p),
    )


def euclidean_distances(x1: Any, x2: Any) -> np.ndarray:
    return cdist(x1, x2, 2)


def cdist_backward(grad_output: Any, input: Any, other: Any, output: Any, p: float) -> np.ndarray:
    a, b = _expanded(input, other)

    def slope(difference: float, distance: float) -> float:
        size = math.fabs(difference)
        if p == 0 or size == 0 or distance == 0:
            return 0.0
        if p == math.inf:
            return math.copysign(float(size == distance), difference)
        return math.copysign((size / distance) ** (p - 1), difference)

    def element(i: tuple[int, ...]) -> float:
        *batch, row, column = i
        return math.fsum(
            grad_output[(*batch, row, j)] * slope(a[i] - b[(*batch, j, column)], output[(*batch, row, j)])
            for j in range(b.shape[-2])
        )

    return filled(a.shape, element)
