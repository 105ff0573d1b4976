"""References for ``ops/numeric_pointwise.py``."""

# ruff: noqa: D103  # what a function here computes is said by the op of its name

from __future__ import annotations

import math

import numpy as np

from lamella.core.testing.reference.elements import each


def _is_negative(number: float) -> bool:
    return str(float(number)).startswith("-")  # "-0.0" too


copysign = each(lambda input, other: input if _is_negative(input) == _is_negative(other) else -input)
signbit = each(_is_negative)


def _other_than_nan(input: float, other: float, wins: bool) -> float:
    return other if input != input or (other == other and not wins) else input


fmax = each(lambda input, other: _other_than_nan(input, other, input >= other))
fmin = each(lambda input, other: _other_than_nan(input, other, input <= other))
heaviside = each(lambda input, values: values if input == 0 else 1 if input > 0 else 0)


@each
def gcd(input: int, other: int) -> int:
    a, b = (n if n >= 0 else -n for n in (input, other))
    return max((d for d in range(1, max(a, b) + 1) if a % d == b % d == 0), default=0)


@each
def lcm(input: int, other: int) -> int:
    a, b = (n if n >= 0 else -n for n in (input, other))
    return 0 if a * b == 0 else next(m for m in range(a, a * b + 1, a) if m % b == 0)


def nextafter(input: np.ndarray, other: np.ndarray) -> np.ndarray:
    return each(math.nextafter)(input, other)


@each
def binary_exponent(input: float) -> int:
    size, exponent = abs(input), 0
    while size >= 1:
        size, exponent = size / 2, exponent + 1
    while 0 < size < 0.5:
        size, exponent = size * 2, exponent - 1
    return exponent


@each
def ldexp(input: float, other: int) -> float:
    for _ in range(abs(other)):
        input = input * 2 if other > 0 else input / 2
    return input
