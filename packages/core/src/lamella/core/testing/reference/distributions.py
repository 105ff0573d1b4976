"""References for ``ops/distributions.py``: quantiles found by adding up probabilities, categories one by one."""

# ruff: noqa: D103  # what a function here computes is said by the op of its name

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable
from typing import Any

import numpy as np

from lamella.core.testing.reference.elements import each


def _quantile(w: float, logarithm: Callable[[int], float]) -> float:
    """The least count at which the probabilities, given by their logarithms, add up to that of ``w`` or less."""
    rest = 0.5 * math.erfc(-w / math.sqrt(2))
    k = 0
    while True:
        rest -= math.exp(logarithm(k))
        if rest <= 0:
            return float(k)
        k += 1


bernoulli = each(lambda p, u: float(u < p))


@each
def poisson(rate: float, w: float) -> float:
    if rate == 0:
        return 0.0
    return _quantile(w, lambda k: k * math.log(rate) - rate - math.lgamma(k + 1))


@each
def binomial(count: float, prob: float, w: float) -> float:
    if count <= 0 or prob <= 0:
        return 0.0
    if prob >= 1:
        return count
    n = math.floor(count)
    if prob > 0.5:  # the op counts failures there
        return n - binomial(np.array(count), np.array(1 - prob), np.array(w)).item()

    def logarithm(k: int) -> float:
        ways = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
        return ways + k * math.log(prob) + (n - k) * math.log1p(-prob)

    return _quantile(w, logarithm)


normal = each(lambda mean, std, noise: mean + std * noise)


def multinomial(input: Any, noise: Any, num_samples: int, replacement: bool) -> np.ndarray:
    rows = []
    for weights, drawn in zip(np.atleast_2d(input).tolist(), np.atleast_2d(noise).tolist(), strict=True):
        if replacement:
            totals = [math.fsum(weights[: i + 1]) for i in range(len(weights))]
            rows.append([bisect_right(totals, u * totals[-1]) for u in drawn])
        else:
            order = sorted(range(len(weights)), key=lambda i: -weights[i] / drawn[i])
            rows.append(order[:num_samples])
    return np.array(rows, np.int64).reshape((*input.shape[:-1], num_samples))
