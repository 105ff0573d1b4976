"""References for ``ops/gates.py``."""

# what a function here computes is said by the op of its name

from __future__ import annotations

import math

from lamella.core.testing.reference.elements import each

elu = each(lambda x, alpha, scale, rate: scale * (x if x > 0 else alpha * (math.exp(rate * x) - 1)))
elu_backward = each(
    lambda grad, x, alpha, scale, rate: grad * scale * (1 if x > 0 else alpha * rate * math.exp(rate * x))
)
leaky_relu = each(lambda x, slope: x if x > 0 else slope * x)
leaky_relu_backward = each(lambda grad, x, slope: grad if x > 0 else slope * grad)
weighted_relu = each(lambda x, weight: x if x > 0 else weight * x)
hardshrink = each(lambda x, lambd: 0 if -lambd <= x <= lambd else x)
