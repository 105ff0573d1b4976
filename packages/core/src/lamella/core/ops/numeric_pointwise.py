"""Pointwise ops on numbers as they are stored: signs, exponents, neighbours, divisors; and second names of others."""

from __future__ import annotations

import math
from collections import namedtuple
from typing import Any

from lamella.core import dtypes, rules
from lamella.core.dispatch import define_op
from lamella.core.errors import DtypeError, ShapeError
from lamella.core.inplace import update
from lamella.core.ops import comparison, pointwise, rounding
from lamella.core.ops.pairs import pairwise
from lamella.core.tensor import Tensor, check_tensor

_floating = rules.refusing(rules.common, "bool", "integer", "complex")
_ordered = rules.refusing(rules.common, "complex")
_whole = rules.refusing(rules.common, "bool", "floating", "complex")

# --- signs


@define_op(
    inputs=("input", "other"),
    shape=rules.broadcast,
    dtype=rules.refusing(rules.floating, "complex"),
    samples=lambda make: [
        make.binary(other_away_from=0.0),
        make(make.array(3), -2.0),
        make(make.array(3, away_from=0.0), make.array(3) * 0 - 0.0),
    ],
    errors=lambda make: [
        make.mismatch("copysign"),
        make.error((make.array(2) + 1j, make.array(2)), DtypeError, r"copysign: not defined for dtype .*complex128"),
    ],
)
def copysign(xp: Any, input: Any, other: Any) -> Any:
    """The size of ``input`` with the sign of ``other``, which zeros have too; integers give the default float."""
    return pairwise(xp.copysign, lambda out, a, b: xp.copysign(a, b, out=out), input, other)


copysign.vjp(
    input=lambda F, grad, input, out: grad * F.sign(input) * F.sign(out),
    other=lambda F, grad: grad * 0.0,
)


@define_op(
    inputs=("input",),
    shape=rules.elementwise,
    dtype=rules.refusing(rules.logical, "complex"),
    samples=lambda make: [make.unary(), make(make.ints(5, 4) - 2), make(make.bools(3)), make(make.array(2) * 0 - 0.0)],
    errors=lambda make: [
        make.error((make.array(2) + 1j,), DtypeError, r"signbit: not defined for dtype lamella.complex128")
    ],
)
def signbit(xp: Any, input: Any) -> Any:
    """Whether the sign of each element is set: it is negative, -0.0 included."""
    return xp.less(input, 0) if input.dtype.kind in "biu" else xp.signbit(input)


def isneginf(input: Tensor) -> Tensor:
    """Whether each element is -inf.

    Raises:
        RuntimeError: The elements are complex.
    """
    return comparison.eq(_with_order("isneginf", input), -math.inf)


def isposinf(input: Tensor) -> Tensor:
    """Whether each element is inf.

    Raises:
        RuntimeError: The elements are complex.
    """
    return comparison.eq(_with_order("isposinf", input), math.inf)


def _with_order(name: str, input: Tensor) -> Tensor:
    if input.is_complex():
        raise DtypeError(f"{name} does not support complex inputs, got {input.dtype}. Test x.real or x.imag.")
    return input


def positive(input: Tensor) -> Tensor:
    """The tensor itself, like ``+x``.

    Raises:
        RuntimeError: The elements are bool.
    """
    return input.__pos__()


# --- larger and smaller


def _extreme_samples(make: Any) -> list[Any]:
    return [
        make.binary(),
        make(make.ints(3, 8), make.ints(3, 8)),
        make(make.array(4), 0.5),
        make(make.array(3) * [1, math.nan, 1], make.array(3) * [1, 1, math.nan]),
    ]


def _extreme_errors(make: Any, name: str) -> list[Any]:
    given = make.array(2) + 1j
    return [
        make.mismatch(name),
        make.error((given, given), DtypeError, rf"{name}: not defined for dtype lamella.complex128"),
    ]


@define_op(
    inputs=("input", "other"),
    shape=rules.broadcast,
    dtype=_ordered,
    samples=_extreme_samples,
    errors=lambda make: _extreme_errors(make, "fmax"),
)
def fmax(xp: Any, input: Any, other: Any) -> Any:
    """The larger of two elements; where one is nan, the other. Of equal ones ``input`` has the gradient."""
    return xp.fmax(input, other)


@define_op(
    inputs=("input", "other"),
    shape=rules.broadcast,
    dtype=_ordered,
    samples=_extreme_samples,
    errors=lambda make: _extreme_errors(make, "fmin"),
)
def fmin(xp: Any, input: Any, other: Any) -> Any:
    """The smaller of two elements; where one is nan, the other. Of equal ones ``input`` has the gradient."""
    return xp.fmin(input, other)


# `other != other` is how nan shows in numbers, arrays and Tensors alike
fmax.vjp(
    input=lambda F, grad, input, other: F.where((input >= other) | (other != other), grad, 0.0),
    other=lambda F, grad, input, other: F.where((input >= other) | (other != other), 0.0, grad),
)
fmin.vjp(
    input=lambda F, grad, input, other: F.where((input <= other) | (other != other), grad, 0.0),
    other=lambda F, grad, input, other: F.where((input <= other) | (other != other), 0.0, grad),
)


@define_op(
    inputs=("input", "values"),
    shape=rules.broadcast,
    dtype=rules.refusing(rules.matching, "complex"),
    name="heaviside",
    samples=lambda make: [make.binary(), make(make.array(3) * [1, 0, math.nan], make.array(3))],
    errors=lambda make: [
        make.mismatch("heaviside"),
        make.error(
            (make.array(2), make.ints(2, 2)), DtypeError, r"heaviside: expected all inputs to have the same dtype"
        ),
    ],
)
def _heaviside(xp: Any, input: Any, values: Any) -> Any:
    """The step function; see :func:`heaviside`."""
    return xp.where(xp.equal(input, 0), values, xp.greater(input, 0).astype(values.dtype))


_heaviside.vjp(input=None, values=None)


def heaviside(input: Tensor, values: Tensor) -> Tensor:
    """The step function: 0 below 0, 1 above, ``values`` at 0. It has no gradient.

    Raises:
        RuntimeError: The dtypes differ or are complex, or the shapes can't be broadcast together.
        TypeError: One is no Tensor.
    """
    return _heaviside(check_tensor("heaviside", "input", input), check_tensor("heaviside", "values", values))


# --- whole numbers


def _divisor_errors(make: Any, name: str) -> list[Any]:
    return [
        make.error((make.ints(5, 2), make.ints(5, 3)), ShapeError, rf"{name}: shapes .* can't be broadcast"),
        make.error((make.bools(2), make.bools(2)), DtypeError, rf"{name}: not defined for dtype lamella.bool"),
        make.error((make.array(2), make.array(2)), DtypeError, rf"{name}: not defined for dtype lamella.float64"),
    ]


def _divisor_samples(make: Any) -> list[Any]:
    return [
        make(make.ints(40, 3, 4) - 20, make.ints(40, 4) - 20),
        make(make.ints(9, 2, 1), make.ints(9, 3)),
        make(make.ints(1), make.ints(1)),
    ]


@define_op(
    inputs=("input", "other"),
    shape=rules.broadcast,
    dtype=_whole,
    samples=_divisor_samples,
    errors=lambda make: _divisor_errors(make, "gcd"),
)
def gcd(xp: Any, input: Any, other: Any) -> Any:
    """The greatest common divisor of integers; that of 0 and n is ``|n|``."""
    return xp.gcd(input, other)


@define_op(
    inputs=("input", "other"),
    shape=rules.broadcast,
    dtype=_whole,
    samples=_divisor_samples,
    errors=lambda make: _divisor_errors(make, "lcm"),
)
def lcm(xp: Any, input: Any, other: Any) -> Any:
    """The least common multiple of integers; that of 0 and n is 0."""
    return xp.lcm(input, other)


# --- how a float is stored


@define_op(
    inputs=("input", "other"),
    shape=rules.broadcast,
    dtype=_floating,
    samples=lambda make: [make.binary(), make(make.array(3), math.inf)],
    errors=lambda make: [
        make.mismatch("nextafter"),
        make.error((make.ints(2, 2), 1), DtypeError, r"nextafter: not defined for dtype lamella.int64"),
    ],
)
def nextafter(xp: Any, input: Any, other: Any) -> Any:
    """The next representable float after ``input`` towards ``other``; its gradient is that of ``input``."""
    return xp.nextafter(input, other)


nextafter.vjp(
    input=lambda F, grad, input, other: F.where(input == other, 0.0, grad),
    other=lambda F, grad: grad * 0.0,
)


@define_op(
    inputs=("input",),
    shape=rules.elementwise,
    dtype=rules.DtypeRule(lambda operands: (_floating.find(operands)[0], dtypes.int32.numpy)),
    samples=lambda make: [make.unary(), make(make.array(3) * 1e-300), make(make.array(2) * 0)],
    errors=lambda make: [
        make.error((make.ints(2, 2),), DtypeError, r"binary_exponent: not defined for dtype lamella.int64")
    ],
)
def binary_exponent(xp: Any, input: Any) -> Any:
    """The exponent e of ``m * 2**e`` with ``0.5 <= |m| < 1``; 0 for 0."""
    return xp.frexp(input)[1]


def _scaled(operands: Any) -> tuple[Any, Any]:
    kinds = [dtypes.from_numpy_dtype(x.dtype) for x in operands]
    if kinds[0].is_floating_point and operands[1].dtype.kind in "iu":
        return None, operands[0].dtype
    raise DtypeError(f"defined for floats and integer exponents, got {kinds[0]} and {kinds[1]}")


@define_op(
    inputs=("input", "other"),
    shape=rules.broadcast,
    dtype=rules.DtypeRule(_scaled),
    name="ldexp",
    samples=lambda make: [
        make(make.array(2, 3), make.ints(9, 3) - 4),
        make(make.array(), make.ints(4)),
        make(make.array(2, 1) * 0 + 2.0**-1000, make.ints(2, 3) + 1010),
    ],
    errors=lambda make: [make.error((make.array(2), make.array(2)), DtypeError, r"ldexp: .* integer exponents")],
)
def _ldexp(xp: Any, input: Any, other: Any) -> Any:
    """``input * 2**other``, also where ``2**other`` is no float."""
    return xp.ldexp(input, other)


_ldexp.vjp(input=lambda F, grad, other: F.ldexp(grad, other), other=None)


class FrexpResult(namedtuple("frexp", ("mantissa", "exponent"))):
    """What :func:`frexp` returns; it prints as PyTorch's does."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"lamella.return_types.frexp(\nmantissa={self.mantissa!r},\nexponent={self.exponent!r})"


def frexp(input: Tensor) -> FrexpResult:
    """The ``mantissa`` and int32 ``exponent`` of floats: ``input = mantissa * 2**exponent``, ``0.5 <= |mantissa| < 1``.

    Raises:
        RuntimeError: The elements are no floats.

    Example:
        >>> lamella.frexp(lamella.tensor([6.0]))
        lamella.return_types.frexp(
        mantissa=tensor([0.7500]),
        exponent=tensor([3], dtype=lamella.int32))
    """
    if not input.is_floating_point():
        raise DtypeError(f"frexp() only supports floating-point dtypes, got {input.dtype}. Convert with x.float().")
    exponent = binary_exponent(input)
    return FrexpResult(_ldexp(input, -exponent), exponent)


def ldexp(input: Tensor, other: Tensor) -> Tensor:
    """``input * 2**other``, with broadcasting.

    Args:
        other: With integers, a floating ``input`` keeps its dtype; else the result has that of a product of both, or
            the default float dtype if both are integers.

    Raises:
        RuntimeError: ``input`` is floating and ``other`` is bool, or the shapes can't be broadcast together.
        TypeError: One is no Tensor.
    """
    x, exponent = check_tensor("ldexp", "input", input), check_tensor("ldexp", "other", other)
    if x.is_floating_point() and exponent.array.dtype.kind in "biu":
        return _ldexp(x, exponent)
    return pointwise.mul(x, pointwise.pow(2.0, exponent))


# --- arithmetic composed of other


def frac(input: Tensor) -> Tensor:
    """The fraction of each element, with its sign: ``input - trunc(input)``.

    Raises:
        RuntimeError: The elements are no floats.
    """
    if not input.is_floating_point():
        raise DtypeError(f"frac: not defined for dtype {input.dtype}; expected a floating-point tensor.")
    return pointwise.sub(input, rounding.trunc(input))


def float_power(input: Any, exponent: Any) -> Tensor:
    """``input ** exponent`` in float64, or in complex128 if either is complex; one of both may be a number.

    Raises:
        RuntimeError: The shapes can't be broadcast together.
    """
    given = (input, exponent)
    widest = _float_power_dtype(given)
    return pointwise.pow(*(x.to(widest) if isinstance(x, Tensor) else x for x in given))


def _float_power_dtype(given: tuple[Any, ...]) -> dtypes.dtype:
    found = dtypes.result_dtype([x.array if isinstance(x, Tensor) else x for x in given])
    return dtypes.complex128 if found.is_complex else dtypes.float64


def float_power_(input: Tensor, exponent: Any) -> Tensor:
    """In-place form of :func:`float_power`.

    Raises:
        RuntimeError: The tensor does not have the dtype of the result.
    """
    wanted = _float_power_dtype((input, exponent))
    if input.dtype is not wanted:
        raise DtypeError(
            f"the base given to float_power_ has dtype {input.dtype} but the operation's result requires dtype "
            f"{wanted}. Convert it first, or use the out-of-place op."
        )
    return update(input, lambda old: float_power(old, exponent), operands=(exponent,))


def rsub(input: Tensor, other: Any, *, alpha: float = 1) -> Tensor:
    """``other - alpha * input``, with broadcasting.

    Raises:
        RuntimeError: One is a bool, or the shapes can't be broadcast together.
    """
    return pointwise.sub(other, input, alpha=alpha)


# --- second names

absolute = pointwise.abs
fix = rounding.trunc
greater = comparison.gt
greater_equal = comparison.ge
less = comparison.lt
less_equal = comparison.le
negative = pointwise.neg
not_equal = comparison.ne

IN_PLACE = (
    "absolute",
    "copysign",
    "fix",
    "frac",
    "gcd",
    "greater",
    "greater_equal",
    "heaviside",
    "lcm",
    "ldexp",
    "less",
    "less_equal",
    "negative",
    "nextafter",
    "not_equal",
)
METHODS = ("float_power_",)
NOT_METHODS = ("rsub",)
#: Functions without ``out=``.
NO_OUT = (
    "positive",
    "rsub",
)

__all__ = [
    "absolute",
    "copysign",
    "fix",
    "float_power",
    "fmax",
    "fmin",
    "frac",
    "frexp",
    "gcd",
    "greater",
    "greater_equal",
    "heaviside",
    "isneginf",
    "isposinf",
    "lcm",
    "ldexp",
    "less",
    "less_equal",
    "negative",
    "nextafter",
    "not_equal",
    "positive",
    "rsub",
    "signbit",
]
