"""References for ``ops/bessel.py``: the power series."""

from __future__ import annotations

import math

from lamella.core.testing.reference.elements import each


def _series(order: int, x: float) -> float:
    return math.fsum((x / 2) ** (2 * k + order) / (math.factorial(k) * math.factorial(k + order)) for k in range(80))


i0 = each(lambda input: _series(0, input))
i0e = each(lambda input: math.exp(-abs(input)) * _series(0, input))
i1 = each(lambda input: _series(1, input))
i1e = each(lambda input: math.exp(-abs(input)) * _series(1, input))
