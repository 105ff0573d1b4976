"""References for ``ops/normal_distribution.py``; inverses by bisection."""

from __future__ import annotations

import math
from collections.abc import Callable

from lamella.core.testing.reference.elements import each


def _inverse(function: Callable[[float], float], value: float) -> float:
    low, high = -9.0, 9.0
    for _ in range(80):
        middle = (low + high) / 2
        if function(middle) < value:
            low = middle
        else:
            high = middle
    return low


def _ndtr(input: float) -> float:
    return math.erfc(-input / math.sqrt(2)) / 2


def _erfcx(input: float) -> float:
    if input < 20:
        return math.exp(input * input) * math.erfc(input)
    fraction = input  # the continued fraction
    for k in range(40, 0, -1):
        fraction = input + k / 2 / fraction
    return 1 / (math.sqrt(math.pi) * fraction)


erfinv = each(lambda input: _inverse(math.erf, input))
erfcx = each(_erfcx)
ndtr = each(_ndtr)
ndtri = each(lambda input: _inverse(_ndtr, input))
log_ndtr = each(lambda input: math.log(_ndtr(input)))
