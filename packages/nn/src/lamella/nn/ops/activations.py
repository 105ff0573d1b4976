"""Activations that only layers use, one op each where a composition would keep more arrays for the gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from lamella.core import rules
from lamella.core.backends.chunks import elementwise
from lamella.core.dispatch import define_op
from lamella.core.errors import ArgumentError, ArgumentRangeError, DtypeError
from lamella.core.ops.activations import widely
from lamella.core.tensor import Tensor

_real_floating = rules.refusing(rules.only_floating, "complex")


def _refused(make: Any, name: str, *attributes: Any) -> list[Any]:
    return [make.error((make.ints(3, 2), *attributes), DtypeError, rf"{name}: not defined for dtype lamella.int64")]


# --- in straight lines


@define_op(
    inputs=("input",),
    shape=rules.elementwise,
    dtype=rules.refusing(rules.common, "bool", "complex"),
    name="hardtanh",
    samples=lambda make: [
        make(make.array(2, 3, away_from=1.0), -1.0, 1.0),
        make(make.transposed(3, 2), -1.0, 3.0),
        make(make.array(), 0.0, 6.0),
        make(make.array(0, 2), 0.0, 6.0),
        make(make.ints(9, 5), 2, 6),
    ],
    errors=lambda make: [
        make.error((make.bools(2), 0, 1), DtypeError, r"hardtanh: not defined for dtype lamella.bool")
    ],
)
def _hardtanh(xp: Any, input: Any, min_val: Any, max_val: Any) -> Any:
    """``input``, held between ``min_val`` and ``max_val``; unlike clamp without a gradient at these two."""
    return xp.clip(input, min_val, max_val).astype(input.dtype, copy=False)


_hardtanh.vjp(input=lambda F, grad, input, min_val, max_val: F.where((input > min_val) & (input < max_val), grad, 0.0))


def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0) -> Tensor:
    """``input``, held between ``min_val`` and ``max_val``; its gradient there is 0.

    Raises:
        ValueError: ``min_val`` is above ``max_val``.
        RuntimeError: The dtype is bool or complex; it is unsigned, and a bound is negative.
    """
    if min_val > max_val:
        raise ArgumentError(f"hardtanh: min_val cannot be greater than max_val, got {min_val} and {max_val}")
    if input.array.dtype.kind in "iu":
        min_val, max_val = int(min_val), int(max_val)
        if input.array.dtype.kind == "u" and min_val < 0:
            raise ArgumentRangeError(
                f"hardtanh: cannot do hardtanh on an unsigned type with negative limits, got {min_val} for "
                f"{input.dtype}. Convert the input first, for instance with x.int()."
            )
    return _hardtanh(input, min_val, max_val)


@define_op(
    inputs=("input",),
    shape=rules.elementwise,
    dtype=_real_floating,
    samples=lambda make: [make.unary(low=-2.9, high=2.9), make(make.array(3, low=4, high=9))],
    errors=lambda make: _refused(make, "hardsigmoid"),
)
def hardsigmoid(xp: Any, input: Any) -> Any:
    """``min(max(input + 3, 0), 6) / 6``.

    Raises:
        RuntimeError: The dtype is not real floating point.
    """

    def fill(out: Any, x: Any) -> None:
        xp.add(x, 3, out=out)
        out.clip(0, 6, out=out)
        out /= 6

    return elementwise(fill, input)


hardsigmoid.vjp(input=lambda F, grad, input: F.where((input > -3) & (input < 3), grad / 6, 0.0))


@define_op(
    inputs=("input",),
    shape=rules.elementwise,
    dtype=_real_floating,
    samples=lambda make: [make.unary(low=-2.9, high=2.9), make(make.array(3, low=4, high=9))],
    errors=lambda make: _refused(make, "hardswish"),
)
def hardswish(xp: Any, input: Any) -> Any:
    """``input * hardsigmoid(input)``.

    Raises:
        RuntimeError: The dtype is not real floating point.
    """

    def fill(out: Any, x: Any) -> None:
        xp.add(x, 3, out=out)
        out.clip(0, 6, out=out)
        out *= x
        out /= 6

    return elementwise(fill, input)


hardswish.vjp(input=lambda F, grad, input: F.hardswish_backward(grad, input))


@define_op(
    inputs=("grad_output", "input"),
    shape=rules.elementwise,
    dtype=_real_floating,
    samples=lambda make: [
        make(make.array(2, 3), make.array(2, 3, low=-2.9, high=2.9)),
        make(make.array(4), np.array([-3.0, 3.0, -5.0, 5.0])),
    ],
)
def hardswish_backward(xp: Any, grad_output: Any, input: Any) -> Any:
    """``grad_output`` times the slope of :func:`hardswish`: 0 up to -3, 1 from 3 on, ``input / 3 + 0.5`` between."""

    def fill(out: Any, x: Any, grad: Any) -> None:
        xp.divide(x, 3, out=out)
        out.clip(-1, 1, out=out)
        ends = xp.trunc(out)  # -1 or 1 outside, else 0
        ends *= 0.5
        out -= ends
        out += 0.5
        out *= grad

    return elementwise(fill, input, grad_output)


hardswish_backward.vjp(
    grad_output=lambda F, grad, input: F.hardswish_backward(grad, input),
    input=lambda F, grad, grad_output, input: F.where((input > -3) & (input < 3), grad * grad_output / 3, 0.0),
)


@define_op(
    inputs=("input",),
    shape=rules.elementwise,
    dtype=_real_floating,
    samples=lambda make: [make(make.array(2, 3), 0.5), make(make.transposed(3, 2), 0.2), make(make.array(), 0.0)],
    errors=lambda make: _refused(make, "softshrink", 0.5),
    name="softshrink",
)
def _softshrink(xp: Any, input: Any, lambd: Any) -> Any:
    """``input``, moved towards 0 by ``lambd``, and 0 where it would pass it."""

    def fill(out: Any, x: Any) -> None:
        x.clip(-lambd, lambd, out=out)
        xp.subtract(x, out, out=out)

    return elementwise(fill, input)


_softshrink.vjp(input=lambda F, grad, input, lambd: F.where(F.abs(input) > lambd, grad, 0.0))


def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """``input``, moved towards 0 by ``lambd``, and 0 where it would pass it.

    Raises:
        RuntimeError: ``lambd`` is negative, or the dtype is not real floating point.
    """
    if lambd < 0:
        raise ArgumentRangeError(f"softshrink: lambda must be 0 or more, but found {lambd}")
    return _softshrink(input, lambd)


# --- smooth


@define_op(
    inputs=("input",),
    shape=rules.elementwise,
    dtype=_real_floating,
    samples=lambda make: [make.unary(low=-4, high=4), make(make.array(3, low=30, high=900))],
    errors=lambda make: _refused(make, "logsigmoid"),
)
def logsigmoid(xp: Any, input: Any) -> Any:
    """``log(1 / (1 + exp(-input)))``, exact also where that is almost 0, or the exponential overflows.

    Raises:
        RuntimeError: The dtype is not real floating point.
    """

    def fill(out: Any, x: Any) -> None:
        xp.abs(x, out=out)
        xp.negative(out, out=out)
        xp.exp(out, out=out)
        xp.log1p(out, out=out)
        xp.subtract(x.clip(-xp.inf, 0), out, out=out)

    return elementwise(fill, input)


logsigmoid.vjp(input=lambda F, grad, input: F.logsigmoid_backward(grad, input))


@define_op(
    inputs=("grad_output", "input"),
    shape=rules.elementwise,
    dtype=_real_floating,
    samples=lambda make: [make(make.array(2, 3), make.array(2, 3, low=-4, high=4))],
)
def logsigmoid_backward(xp: Any, grad_output: Any, input: Any) -> Any:
    """``grad_output / (1 + exp(input))``."""

    def fill(out: Any, x: Any, grad: Any) -> None:
        xp.exp(x, out=out)
        out += 1
        xp.divide(grad, out, out=out)

    return elementwise(fill, input, grad_output)


def _logsigmoid_backward_input(F: Any, grad: Any, grad_output: Any, input: Any) -> Any:
    s = F.sigmoid(input)
    return -(grad * grad_output * s * (1 - s))


logsigmoid_backward.vjp(
    grad_output=lambda F, grad, input: F.logsigmoid_backward(grad, input), input=_logsigmoid_backward_input
)


@define_op(
    inputs=("input",),
    shape=rules.elementwise,
    dtype=_real_floating,
    samples=lambda make: [make.unary(low=-4, high=4), make(make.array(3, low=30, high=900))],
    errors=lambda make: _refused(make, "mish"),
)
def mish(xp: Any, input: Any) -> Any:
    """``input * tanh(log(1 + exp(input)))``.

    Raises:
        RuntimeError: The dtype is not real floating point.

    Reference:
        D. Misra, Mish: a self regularized non-monotonic activation function (2019), https://arxiv.org/abs/1908.08681.
    """

    def fill(out: Any, x: Any) -> None:
        xp.multiply(x, _tanh_of_softplus(_bounded_exp(xp, x)), out=out)

    return widely(xp, fill, input)


def _bounded_exp(xp: Any, x: Any) -> Any:
    # beyond 20 tanh(log(1 + exp(x))) is 1 to all digits, and the square may overflow
    e = x.clip(-xp.inf, 20)
    return xp.exp(e, out=e)


def _tanh_of_softplus(e: Any) -> Any:
    # tanh(log(1 + e)) = n / (n + 2), n = e (e + 2)
    n = e * (e + 2)
    n /= n + 2
    return n


mish.vjp(input=lambda F, grad, input: F.mish_backward(grad, input))


@define_op(
    inputs=("grad_output", "input"),
    shape=rules.elementwise,
    dtype=_real_floating,
    samples=lambda make: [
        make(make.array(2, 3), make.array(2, 3, low=-4, high=4)),
        make(make.array(3), make.array(3, low=30, high=900)),
    ],
)
def mish_backward(xp: Any, grad_output: Any, input: Any) -> Any:
    """``grad_output * (t + input * s * (1 - t²))``, where ``t = tanh(log(1 + exp(input)))``, ``s = sigmoid(input)``."""

    def fill(out: Any, x: Any, grad: Any) -> None:
        e = _bounded_exp(xp, x)
        t = _tanh_of_softplus(e)
        xp.multiply(t, t, out=out)
        xp.subtract(1, out, out=out)
        out *= x
        out *= e
        e += 1
        out /= e
        out += t
        out *= grad

    return widely(xp, fill, input, grad_output)


def _mish_backward_input(F: Any, grad: Any, grad_output: Any, input: Any) -> Any:
    t, s = F.tanh(F.softplus(input, 1.0, 20.0)), F.sigmoid(input)
    return grad * grad_output * ((1 - t * t) * s * (2 + input * (1 - s - t * s * 2)))


mish_backward.vjp(grad_output=lambda F, grad, input: F.mish_backward(grad, input), input=_mish_backward_input)

__all__ = ["hardsigmoid", "hardswish", "hardtanh", "logsigmoid", "mish", "softshrink"]
