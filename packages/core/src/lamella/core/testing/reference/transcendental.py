"""References for ``ops/transcendental.py``."""

# what a function here computes is said by the op of its name

from __future__ import annotations

import math

from lamella.core.testing.reference.elements import each

exp2 = each(lambda input: 2.0**input)
log2 = each(lambda input: math.log(input) / math.log(2))
log10 = each(lambda input: math.log(input) / math.log(10))
tan = each(lambda input: math.sin(input) / math.cos(input))
asin = each(math.asin)
acos = each(math.acos)
atan = each(math.atan)
atan2 = each(math.atan2)
sinh = each(lambda input: (math.exp(input) - math.exp(-input)) / 2)
cosh = each(lambda input: (math.exp(input) + math.exp(-input)) / 2)
sigmoid = each(lambda input: 1 / (1 + math.exp(-input)))
sigmoid_backward = each(lambda grad_output, output: grad_output * output * (1 - output))
logaddexp = each(lambda input, other: math.log(math.exp(input) + math.exp(other)))
xlogy = each(lambda input, other: 0 if input == 0 else input * (math.log(other) if other > 0 else -math.inf))
erf = each(math.erf)
erfc = each(math.erfc)
