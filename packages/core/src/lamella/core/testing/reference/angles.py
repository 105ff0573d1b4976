"""References for ``ops/angles.py``."""

from __future__ import annotations

import math

from lamella.core.testing.reference.elements import each

hypot = each(math.hypot)
sinc = each(lambda input: math.sin(math.pi * input) / (math.pi * input) if input else 1.0)
