"""Rounding, and division that rounds: remainders, floor and true division."""

from __future__ import annotations

from typing import Any

from lamella.core import dtypes, rules
from lamella.core.dispatch import define_op
from lamella.core.errors import ArgumentRangeError, DtypeError
from lamella.core.op import OPS
from lamella.core.ops import pointwise
from lamella.core.ops.pairs import mend, pairwise
from lamella.core.tensor import Tensor

_real_number = rules.refusing(rules.common, "bool", "complex")


def _is_whole(x: Any) -> bool:
    return bool(x.dtype.kind in "iu")


def _refused(make: Any, name: str) -> list[Any]:
    return [
        make.error((make.bools(2),), DtypeError, rf"{name}: not defined for dtype lamella.bool"),
        make.error((make.array(2) + 1j,), DtypeError, rf"{name}: not defined for dtype lamella.complex128"),
    ]


# Their gradients are 0, and not None, as PyTorch's are.


@define_op(
    inputs=("input",),
    shape=rules.elementwise,
    dtype=_real_number,
    samples=lambda make: [make.unary(), make(make.ints(5, 3))],
    errors=lambda make: _refused(make, "floor"),
)
def floor(xp: Any, input: Any) -> Any:
    """The largest whole number that is not above each element."""
    return input.copy() if _is_whole(input) else xp.floor(input)


floor.vjp(input=lambda F, grad: grad * 0.0)


@define_op(
    inputs=("input",),
    shape=rules.elementwise,
    dtype=_real_number,
    samples=lambda make: [make.unary(), make(make.ints(5, 3))],
    errors=lambda make: _refused(make, "ceil"),
)
def ceil(xp: Any, input: Any) -> Any:
    """The smallest whole number that is not below each element."""
    return input.copy() if _is_whole(input) else xp.ceil(input)


ceil.vjp(input=lambda F, grad: grad * 0.0)


@define_op(
    inputs=("input",),
    shape=rules.elementwise,
    dtype=_real_number,
    samples=lambda make: [make.unary(), make(make.ints(5, 3))],
    errors=lambda make: _refused(make, "trunc"),
)
def trunc(xp: Any, input: Any) -> Any:
    """Each element without its fraction."""
    return input.copy() if _is_whole(input) else xp.trunc(input)


trunc.vjp(input=lambda F, grad: grad * 0.0)


@define_op(
    inputs=("input",),
    shape=rules.elementwise,
    dtype=_real_number,
    name="round",
    samples=lambda make: [make(make.array(2, 3), 0), make(make.array(2, 3), 1), make(make.ints(5, 3), 0)],
    errors=lambda make: [
        make.error((make.bools(2), 0), DtypeError, r"round: not defined for dtype lamella.bool"),
    ],
)
def _round(xp: Any, input: Any, decimals: Any) -> Any:
    """The nearest number of ``decimals`` decimals; see :func:`round`."""
    return input.copy() if _is_whole(input) else xp.round(input, decimals)


_round.vjp(input=lambda F, grad: grad * 0.0)


def round(input: Tensor, *, decimals: int = 0) -> Tensor:
    """The nearest whole number, ties going to the even one.

    Args:
        decimals: Decimals to keep; negative ones round to tens, hundreds, ….

    Raises:
        RuntimeError: Decimals are asked of integers, or the elements are bool or complex.
    """
    if decimals and not input.is_floating_point():
        raise DtypeError(f"round: decimals={decimals} is not defined for {input.dtype}. Convert with x.float() first.")
    return _round(input, decimals)


# --- division that rounds


def _check_divisor(xp: Any, name: str, input: Any, other: Any) -> None:
    """Integers have no inf or nan to answer with."""
    whole = all(x.dtype.kind in "iu" for x in (input, other) if hasattr(x, "dtype"))
    if whole and not xp.all(xp.asarray(other) != 0):
        raise ArgumentRangeError(
            f"{name}: ZeroDivisionError: an integer is divided by 0. Mask the zeros, or convert with x.float()."
        )


#: Of float32 operands float64 gives a remainder without error up to the first quotient, and up to the second the
#: whole quotient that NumPy finds by steps in float32.
_EXACT, _ALIKE = 2.0**29, 2.0**21


def _divided(xp: Any, function: Any, kind: str, input: Any, other: Any) -> Any:
    """``function(input, other)``, one of NumPy's: its loops take 15 ns an element.

    Args:
        kind: Which one it is: "quotient" or "remainder", rounded down, or "fmod", rounded to zero.
    """
    limit = _ALIKE if kind == "quotient" else _EXACT

    def fill(out: Any, a: Any, b: Any) -> None:
        if out.dtype == xp.float64:
            function(a, b, out=out)
            return
        x, y = a.astype(xp.float64), b.astype(xp.float64)
        ratio = xp.divide(x, y)
        # nan fails too; an infinite divisor, which leaves nan below, gives a ratio of 0
        usual = ratio.max() < limit and ratio.min() > -limit and xp.all(xp.isfinite(b))
        wrong = None if usual else ~((xp.abs(ratio) < limit) & xp.isfinite(b))
        whole = (xp.trunc if kind == "fmod" else xp.floor)(ratio, out=ratio)
        if kind == "quotient":
            out[...] = whole
        else:
            whole *= y
            out[...] = xp.subtract(x, whole, out=whole)
            if kind == "fmod":
                xp.copysign(out, a, out=out)  # zeros have a sign
            elif b.ndim or b < 0:
                xp.copysign(out, b, out=out)
        if wrong is not None:
            mend(function, wrong, out, a, b)

    return pairwise(function, fill, input, other)


def _division_errors(make: Any, name: str) -> list[Any]:
    return [
        make.mismatch(name),
        make.error((make.ints(5, 2), 0), ArgumentRangeError, rf"{name}: ZeroDivisionError"),
        make.error((make.bools(2), make.bools(2)), DtypeError, rf"{name}: not defined for dtype lamella.bool"),
    ]


def _division_samples(make: Any) -> list[Any]:
    return [
        make.binary(other_away_from=0.0),
        make(make.array(4), 0.7),
        make(3.0, make.array(4, away_from=0.0)),
        make(make.ints(9, 4), make.ints(3, 4) + 1),
        make(-make.ints(9, 4), 4),
        make(make.ints(9, 4), -4),
    ]


@define_op(
    inputs=("input", "other"),
    shape=rules.broadcast,
    dtype=_real_number,
    samples=_division_samples,
    errors=lambda make: _division_errors(make, "floor_divide"),
)
def floor_divide(xp: Any, input: Any, other: Any) -> Any:
    """``input // other``: the quotient rounded down, as in Python."""
    _check_divisor(xp, "floor_divide", input, other)
    return _divided(xp, xp.floor_divide, "quotient", input, other)


floor_divide.vjp(input=lambda F, grad: grad * 0.0, other=lambda F, grad: grad * 0.0)


@define_op(
    inputs=("input", "other"),
    shape=rules.broadcast,
    dtype=_real_number,
    samples=_division_samples,
    errors=lambda make: _division_errors(make, "remainder"),
)
def remainder(xp: Any, input: Any, other: Any) -> Any:
    """``input % other``: what :func:`floor_divide` leaves; its sign is that of ``other``, as in Python."""
    _check_divisor(xp, "remainder", input, other)
    return _divided(xp, xp.remainder, "remainder", input, other)


remainder.vjp(
    input=lambda F, grad: grad,
    other=lambda F, grad, input, other: -grad * F.floor_divide(input, other),
)


@define_op(
    inputs=("input", "other"),
    shape=rules.broadcast,
    dtype=_real_number,
    samples=_division_samples,
    errors=lambda make: _division_errors(make, "fmod"),
)
def fmod(xp: Any, input: Any, other: Any) -> Any:
    """What division rounded to zero leaves; its sign is that of ``input``, as in C."""
    _check_divisor(xp, "fmod", input, other)
    return _divided(xp, xp.fmod, "fmod", input, other)


fmod.vjp(
    input=lambda F, grad: grad,
    other=lambda F, grad, input, other: -grad * F.trunc(input / other),
)


def div(input: Any, other: Any, *, rounding_mode: str | None = None) -> Tensor:
    """``input / other``, with broadcasting.

    Args:
        rounding_mode: None for the true quotient (integers give the default float dtype), ``"trunc"`` to round it to
            zero, ``"floor"`` to round it down; rounded quotients of integers are integers.

    Raises:
        RuntimeError: Another rounding mode, or an integer is divided by 0 and rounded.
    """
    if rounding_mode is None:
        return pointwise._div(input, other)
    if rounding_mode == "floor":
        return floor_divide(input, other)
    if rounding_mode != "trunc":
        raise ArgumentRangeError(
            f"div: expected rounding_mode to be one of None, 'trunc', or 'floor' but found {rounding_mode!r}"
        )
    found = dtypes.result_dtype([x.array if isinstance(x, Tensor) else x for x in (input, other)])
    if found.is_floating_point:
        return trunc(pointwise._div(input, other))
    if isinstance(input, Tensor) and input.dtype is dtypes.bool:
        input = OPS["cast"].call(input, found.numpy)
    return floor_divide(pointwise.sub(input, fmod(input, other)), other)


divide = div
true_divide = div

IN_PLACE = (
    "div",
    "divide",
    "true_divide",
    "floor",
    "ceil",
    "trunc",
    "round",
    "floor_divide",
    "remainder",
    "fmod",
)

__all__ = ["ceil", "div", "divide", "floor", "floor_divide", "fmod", "remainder", "round", "true_divide", "trunc"]
