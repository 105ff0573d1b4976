"""Inverse hyperbolic functions, and the second names of all inverse functions of an angle."""

from __future__ import annotations

from typing import Any

from lamella.core import rules
from lamella.core.dispatch import define_op
from lamella.core.ops import transcendental


@define_op(
    inputs=("input",), shape=rules.elementwise, dtype=rules.floating, samples=lambda make: [make.unary(low=1.2, high=4)]
)
def acosh(xp: Any, input: Any) -> Any:
    """The number whose hyperbolic cosine each element is, at least 0; nan below 1."""
    return xp.acosh(input)


# for complex numbers a square root of each factor: that of the product would have its cut in another place
acosh.vjp(input=lambda F, grad, input: grad * F.conj(F.rsqrt(input - 1) * F.rsqrt(input + 1)))


@define_op(inputs=("input",), shape=rules.elementwise, dtype=rules.floating, samples=lambda make: [make.unary()])
def asinh(xp: Any, input: Any) -> Any:
    """The number whose hyperbolic sine each element is."""
    return xp.asinh(input)


asinh.vjp(input=lambda F, grad, input: grad * F.conj(F.rsqrt(input * input + 1)))


@define_op(
    inputs=("input",),
    shape=rules.elementwise,
    dtype=rules.floating,
    samples=lambda make: [make.unary(low=-0.9, high=0.9)],
)
def atanh(xp: Any, input: Any) -> Any:
    """The number whose hyperbolic tangent each element is; ±inf at ±1, nan beyond."""
    return xp.atanh(input)


atanh.vjp(input=lambda F, grad, input: grad / F.conj(1 - input * input))

arccos = transcendental.acos
arccosh = acosh
arcsin = transcendental.asin
arcsinh = asinh
arctan = transcendental.atan
arctan2 = transcendental.atan2
arctanh = atanh

IN_PLACE = (
    "acosh",
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctan2",
    "arctanh",
    "asinh",
    "atanh",
)

__all__ = [
    "acosh",
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctan2",
    "arctanh",
    "asinh",
    "atanh",
]
