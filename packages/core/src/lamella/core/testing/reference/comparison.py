"""References for ``ops/comparison.py``."""

# what a function here computes is said by the op of its name

from __future__ import annotations

import builtins
import math

from lamella.core.testing.reference.elements import each

eq = each(lambda input, other: input == other)
ne = each(lambda input, other: input != other)
lt = each(lambda input, other: input < other)
le = each(lambda input, other: input <= other)
gt = each(lambda input, other: input > other)
ge = each(lambda input, other: input >= other)
isnan = each(math.isnan)
isinf = each(math.isinf)
isfinite = each(math.isfinite)
isclose = each(
    lambda input, other, rtol, atol, equal_nan: (
        builtins.abs(input - other) <= atol + rtol * builtins.abs(other) or (equal_nan and math.isnan(input + other))
    )
)
