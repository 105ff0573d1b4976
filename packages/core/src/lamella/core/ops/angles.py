"""Angles in degrees, right triangles, and the sine divided by its angle."""

from __future__ import annotations

import math
from typing import Any

from lamella.core import rules
from lamella.core.backends.chunks import elementwise
from lamella.core.dispatch import define_op
from lamella.core.errors import DtypeError
from lamella.core.ops import pointwise
from lamella.core.ops.approximation import in_float64
from lamella.core.ops.pairs import mend, pairwise
from lamella.core.tensor import Tensor


def deg2rad(input: Tensor) -> Tensor:
    """Angles in degrees, converted to radians.

    Raises:
        RuntimeError: ``input`` is complex.
    """
    return _scaled("deg2rad", input, math.pi / 180)


def rad2deg(input: Tensor) -> Tensor:
    """Angles in radians, converted to degrees.

    Raises:
        RuntimeError: ``input`` is complex.
    """
    return _scaled("rad2deg", input, 180 / math.pi)


def _scaled(name: str, input: Tensor, factor: float) -> Tensor:
    if input.is_complex():
        raise DtypeError(f"{name} is not supported for complex tensors, got {input.dtype}. Pass the angles, x.angle().")
    return pointwise.mul(input, factor)


@define_op(
    inputs=("input", "other"),
    shape=rules.broadcast,
    dtype=rules.refusing(rules.only_floating, "complex"),
    samples=lambda make: [make.binary(other_away_from=0.0)],
    errors=lambda make: [
        make.mismatch("hypot"),
        make.error((make.ints(2, 3), make.ints(2, 3)), DtypeError, r"hypot: not defined for dtype lamella.int64"),
    ],
)
def hypot(xp: Any, input: Any, other: Any) -> Any:
    """``sqrt(input² + other²)`` without overflow or underflow on the way."""

    def fill(out: Any, a: Any, b: Any) -> None:
        if out.dtype == xp.float64:
            xp.hypot(a, b, out=out)
            return
        x, y = a.astype(xp.float64), b.astype(xp.float64)
        out[...] = xp.sqrt(x * x + y * y)
        wrong = xp.isnan(out)
        if wrong.any():  # beside inf a nan does not count
            mend(xp.hypot, wrong, out, a, b)

    return pairwise(xp.hypot, fill, input, other)


hypot.vjp(
    input=lambda F, grad, out, input: grad * (input / out),
    other=lambda F, grad, out, other: grad * (other / out),
)


def _sinc(xp: Any, x: Any) -> Any:
    turns = xp.round(xp.real(x))
    sign = 1 - 2 * (turns - 2 * xp.floor(turns / 2))  # without fmod, which takes longer than all the rest
    # whole half turns taken off first: π times a large number is no longer right
    found = sign * xp.sin(math.pi * (x - turns)) / (math.pi * xp.where(x == 0, 1, x))
    return xp.where(x == 0, 1, found)


@define_op(
    inputs=("input",),
    shape=rules.elementwise,
    dtype=rules.floating,
    samples=lambda make: [make.unary(), make(make.array(5, low=-0.2, high=0.2)), make(make.array(3) * 0)],
)
def sinc(xp: Any, input: Any) -> Any:
    """``sin(π input) / (π input)``, and 1 at 0."""
    if input.dtype.kind == "c":
        return _sinc(xp, input).astype(input.dtype, copy=False)
    if input.dtype != xp.float32:
        return in_float64(xp, _sinc, input)

    def fill(out: Any, x: Any) -> None:
        # wrong by 3 units at most; float64, of which NumPy has a slow sine, takes 6 times as long
        out[...] = _sinc(xp, x)

    return elementwise(fill, input)


#: The derivative of sinc near 0: its power series divided by its argument, in the square of it, from the highest power.
_SLOPE = tuple((-1) ** k * math.pi ** (2 * k) * 2 * k / math.factorial(2 * k + 1) for k in range(9, 0, -1))


def _sinc_rule(F: Any, grad: Any, out: Any, input: Any) -> Any:
    near = F.abs(input) < 0.25  # where the quotient below loses digits, and at 0 has no value
    small = F.where(near, input, 0.0)
    square = small * small
    series = square * _SLOPE[0]
    for c in _SLOPE[1:-1]:
        series = (series + c) * square
    series = (series + _SLOPE[-1]) * small
    quotient = (F.cos(input * math.pi) - out) / F.where(near, 1.0, input)
    return grad * F.conj(F.where(near, series, quotient))


sinc.vjp(input=_sinc_rule)

IN_PLACE = ("deg2rad", "hypot", "rad2deg", "sinc")

__all__ = ["deg2rad", "hypot", "rad2deg", "sinc"]
