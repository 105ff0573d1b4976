"""References for ``ops/logarithmic.py``."""

from __future__ import annotations

import math

from lamella.core.testing.reference.elements import each

entr = each(lambda input: -input * math.log(input) if input > 0 else 0.0)
xlog1py = each(lambda input, other: 0 if input == 0 else input * math.log(1 + other))
logit = each(lambda input: math.log(input) - math.log(1 - input))
logaddexp2 = each(lambda input, other: math.log2(2**input + 2**other))
