"""References for ``ops/gamma.py``: series summed term by term, and the integral for what is left."""

# ruff: noqa: D103  # what a function here computes is said by the op of its name

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lamella.core.testing.reference.elements import each

_TERMS = 2000


def _digamma(input: float) -> float:
    far = input + _TERMS
    return math.log(far) - 1 / (2 * far) - 1 / (12 * far**2) - math.fsum(1 / (input + k) for k in range(_TERMS))


def _zeta(input: float, other: float) -> float:
    if input <= 1:
        return math.inf if input == 1 else math.nan
    far = other + _TERMS
    rest = far ** (1 - input) / (input - 1) + far**-input / 2 + input * far ** (-input - 1) / 12
    return math.fsum((other + k) ** -input for k in range(_TERMS)) + rest


lgamma = each(math.lgamma)
digamma = each(_digamma)
zeta = each(_zeta)


def polygamma(input: Any, n: int) -> np.ndarray:
    return each(lambda x: (-1) ** (n + 1) * math.factorial(n) * _zeta(n + 1.0, x))(input)
