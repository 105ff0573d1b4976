"""References for ``ops/pointwise.py``."""

# ruff: noqa: D103  # what a function here computes is said by the op of its name

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lamella.core.testing.reference.elements import each, filled

add = each(lambda input, other: input + other)
sub = each(lambda input, other: input - other)
mul = each(lambda input, other: input * other)
div = each(lambda input, other: input / other)
pow = each(lambda input, exponent: input**exponent)
neg = each(lambda input: -input)
abs = each(lambda input: -input if input < 0 else input)
sign = each(lambda input: (input > 0) - (input < 0))
square = each(lambda input: input * input)
sqrt = each(math.sqrt)
rsqrt = each(lambda input: 1 / math.sqrt(input))
reciprocal = each(lambda input: 1 / input)
exp = each(math.exp)
expm1 = each(math.expm1)
log = each(math.log)
log1p = each(math.log1p)
sin = each(math.sin)
cos = each(math.cos)
tanh = each(math.tanh)
tanh_backward = each(lambda grad_output, output: grad_output * (1 - output**2))
lerp = each(lambda input, end, weight: (1 - weight) * input + weight * end)
conj = each(lambda input: complex(input).conjugate().real)
real = each(lambda input: complex(input).real)


def imag(input: Any) -> np.ndarray:
    return filled(input.shape, lambda i: complex(input[i]).imag)
