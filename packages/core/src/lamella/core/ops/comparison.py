"""Ops that answer with bools: comparisons, tests of a value, closeness."""

from __future__ import annotations

from typing import Any

from lamella.core import dtypes, rules
from lamella.core.dispatch import define_op
from lamella.core.errors import DtypeError
from lamella.core.rules import DtypeRule
from lamella.core.tensor import Tensor, check_tensor

_ordered = rules.refusing(rules.boolean, "complex")


def _pairs(make: Any) -> list[Any]:
    return [
        make.binary(),
        make(make.ints(3, 8), make.ints(3, 8)),
        make(make.ints(3, 8), 1),
        make(make.ints(3, 8), 1.5),
        make(make.bools(8), make.bools(8)),
    ]


def _ordered_errors(make: Any, name: str) -> list[Any]:
    return [
        make.mismatch(name),
        make.error((make.array(2) + 1j, 0), DtypeError, rf"{name}: not defined for dtype lamella.complex128"),
    ]


@define_op(
    inputs=("input", "other"),
    shape=rules.broadcast,
    dtype=rules.boolean,
    samples=_pairs,
    errors=lambda make: [make.mismatch("eq")],
)
def eq(xp: Any, input: Any, other: Any) -> Any:
    """Whether ``input == other``, element by element."""
    return xp.equal(input, other)


@define_op(
    inputs=("input", "other"),
    shape=rules.broadcast,
    dtype=rules.boolean,
    samples=_pairs,
    errors=lambda make: [make.mismatch("ne")],
)
def ne(xp: Any, input: Any, other: Any) -> Any:
    """Whether ``input != other``, element by element."""
    return xp.not_equal(input, other)


@define_op(
    inputs=("input", "other"),
    shape=rules.broadcast,
    dtype=_ordered,
    samples=_pairs,
    errors=lambda make: _ordered_errors(make, "lt"),
)
def lt(xp: Any, input: Any, other: Any) -> Any:
    """Whether ``input < other``, element by element."""
    return xp.less(input, other)


@define_op(
    inputs=("input", "other"),
    shape=rules.broadcast,
    dtype=_ordered,
    samples=_pairs,
    errors=lambda make: _ordered_errors(make, "le"),
)
def le(xp: Any, input: Any, other: Any) -> Any:
    """Whether ``input <= other``, element by element."""
    return xp.less_equal(input, other)


@define_op(
    inputs=("input", "other"),
    shape=rules.broadcast,
    dtype=_ordered,
    samples=_pairs,
    errors=lambda make: _ordered_errors(make, "gt"),
)
def gt(xp: Any, input: Any, other: Any) -> Any:
    """Whether ``input > other``, element by element."""
    return xp.greater(input, other)


@define_op(
    inputs=("input", "other"),
    shape=rules.broadcast,
    dtype=_ordered,
    samples=_pairs,
    errors=lambda make: _ordered_errors(make, "ge"),
)
def ge(xp: Any, input: Any, other: Any) -> Any:
    """Whether ``input >= other``, element by element."""
    return xp.greater_equal(input, other)


# --- tests of a value


@define_op(inputs=("input",), shape=rules.elementwise, dtype=rules.logical, samples=lambda make: [make.unary()])
def isnan(xp: Any, input: Any) -> Any:
    """Whether each element is nan."""
    return xp.isnan(input)


@define_op(inputs=("input",), shape=rules.elementwise, dtype=rules.logical, samples=lambda make: [make.unary()])
def isinf(xp: Any, input: Any) -> Any:
    """Whether each element is infinite, of either sign."""
    return xp.isinf(input)


@define_op(inputs=("input",), shape=rules.elementwise, dtype=rules.logical, samples=lambda make: [make.unary()])
def isfinite(xp: Any, input: Any) -> Any:
    """Whether each element is neither nan nor infinite."""
    return xp.isfinite(input)


# --- closeness

_matching = DtypeRule(lambda operands, *rest: (rules.matching.find(operands)[0], dtypes.bool.numpy))


@define_op(
    inputs=("input", "other"),
    shape=rules.broadcast_attributes,
    dtype=_matching,
    name="isclose",
    samples=lambda make: [
        make(make.array(3, 4), make.array(4), 0.5, 0.5, False),
        make(make.ints(4, 6), make.ints(4, 6), 0.0, 1.0, False),
    ],
    errors=lambda make: [
        make.error(
            (make.array(2), make.ints(2, 2), 0.0, 0.0, False),
            DtypeError,
            r"isclose: expected all inputs to have the same dtype",
        )
    ],
)
def _isclose(xp: Any, input: Any, other: Any, rtol: Any, atol: Any, equal_nan: Any) -> Any:
    """Whether elements are close; see :func:`isclose`."""
    close = input == other
    if equal_nan:
        close = close | (xp.isnan(input) & xp.isnan(other))
    if input.dtype.kind in "biu":
        input, other = input.astype(xp.float64), other.astype(xp.float64)
    apart = xp.abs(input - other)
    return close | (xp.isfinite(apart) & (apart <= atol + xp.abs(rtol * other)))


def isclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Tensor:
    """Whether ``|input - other| <= atol + rtol * |other|``, or both are equal.

    Args:
        rtol: Relative tolerance. atol: absolute tolerance. equal_nan: whether two nans are close.

    Raises:
        RuntimeError: The dtypes differ.
    """
    return _isclose(input, other, rtol, atol, equal_nan)


def allclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> bool:
    """Whether all elements are close; see :func:`isclose`.

    Raises:
        RuntimeError: The dtypes differ. TypeError: one is no Tensor.
    """
    check_tensor("allclose", "other", other)
    return bool(_isclose(check_tensor("allclose", "input", input), other, rtol, atol, equal_nan).array.all())


def equal(input: Tensor, other: Tensor) -> bool:
    """Whether both tensors have the same shape and elements.

    Raises:
        TypeError: One is no Tensor.
    """
    check_tensor("equal", "other", other)
    check_tensor("equal", "input", input)
    return input.array.shape == other.array.shape and bool(eq(input, other).array.all())


IN_PLACE = (
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
)

#: Functions without ``out=``.
NO_OUT = (
    "allclose",
    "equal",
    "isclose",
    "isfinite",
    "isinf",
    "isnan",
)

__all__ = [
    "allclose",
    "eq",
    "equal",
    "ge",
    "gt",
    "isclose",
    "isfinite",
    "isinf",
    "isnan",
    "le",
    "lt",
    "ne",
]
