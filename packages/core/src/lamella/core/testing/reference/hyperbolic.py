"""References for ``ops/hyperbolic.py``."""

from __future__ import annotations

import math

from lamella.core.testing.reference.elements import each

acosh = each(math.acosh)
asinh = each(math.asinh)
atanh = each(math.atanh)
