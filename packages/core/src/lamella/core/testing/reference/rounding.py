"""References for ``ops/rounding.py``."""

# what a function here computes is said by the op of its name

from __future__ import annotations

import builtins
import math

from lamella.core.testing.reference.elements import each

floor = each(math.floor)
ceil = each(math.ceil)
trunc = each(math.trunc)
round = each(builtins.round)
floor_divide = each(lambda input, other: input // other)
remainder = each(lambda input, other: input - other * math.floor(input / other))
fmod = each(math.fmod)
