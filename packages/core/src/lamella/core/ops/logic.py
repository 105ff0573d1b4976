"""Logical ops on truth values, and bitwise ops on integers and bools."""

from __future__ import annotations

from typing import Any

from lamella.core import rules
from lamella.core.dispatch import define_op
from lamella.core.errors import DtypeError, DtypeTypeError, ShapeError

_bits = rules.refusing(rules.common, "floating", "complex")


def _truths(make: Any) -> list[Any]:
    return [
        make(make.bools(8), make.bools(8)),
        make(make.ints(2, 2, 4), make.bools(4)),
        make(make.array(3), make.array(3)),
        make(make.bools(), make.bools(0)),
    ]


@define_op(
    inputs=("input", "other"),
    shape=rules.broadcast,
    dtype=rules.logical,
    samples=_truths,
    errors=lambda make: [make.mismatch("logical_and")],
)
def logical_and(xp: Any, input: Any, other: Any) -> Any:
    """Whether both elements are not 0."""
    return xp.logical_and(input, other)


@define_op(
    inputs=("input", "other"),
    shape=rules.broadcast,
    dtype=rules.logical,
    samples=_truths,
    errors=lambda make: [make.mismatch("logical_or")],
)
def logical_or(xp: Any, input: Any, other: Any) -> Any:
    """Whether at least one of both elements is not 0."""
    return xp.logical_or(input, other)


@define_op(
    inputs=("input", "other"),
    shape=rules.broadcast,
    dtype=rules.logical,
    samples=_truths,
    errors=lambda make: [make.mismatch("logical_xor")],
)
def logical_xor(xp: Any, input: Any, other: Any) -> Any:
    """Whether exactly one of both elements is not 0."""
    return xp.logical_xor(input, other)


@define_op(
    inputs=("input",),
    shape=rules.elementwise,
    dtype=rules.logical,
    samples=lambda make: [make(make.bools(4)), make(make.ints(2, 4)), make(make.array(2, 2))],
)
def logical_not(xp: Any, input: Any) -> Any:
    """Whether each element is 0."""
    return xp.logical_not(input)


# --- bits


def _bit_samples(make: Any) -> list[Any]:
    return [
        make(make.ints(9, 8), make.ints(9, 8)),
        make(make.bools(8), make.bools(8)),
        make(make.ints(9, 2, 1), make.ints(9, 3)),
        make(make.ints(9, 3), 5),
    ]


def _bit_errors(make: Any, name: str) -> list[Any]:
    return [
        make.error((make.ints(5, 2), make.ints(5, 3)), ShapeError, rf"{name}: shapes .* can't be broadcast"),
        make.error((make.array(2), 1), DtypeError, rf"{name}: not defined for dtype lamella.float64"),
    ]


@define_op(
    inputs=("input", "other"),
    shape=rules.broadcast,
    dtype=_bits,
    samples=_bit_samples,
    errors=lambda make: _bit_errors(make, "bitwise_and"),
)
def bitwise_and(xp: Any, input: Any, other: Any) -> Any:
    """``input & other``, bit by bit."""
    return xp.bitwise_and(input, other)


@define_op(
    inputs=("input", "other"),
    shape=rules.broadcast,
    dtype=_bits,
    samples=_bit_samples,
    errors=lambda make: _bit_errors(make, "bitwise_or"),
)
def bitwise_or(xp: Any, input: Any, other: Any) -> Any:
    """``input | other``, bit by bit."""
    return xp.bitwise_or(input, other)


@define_op(
    inputs=("input", "other"),
    shape=rules.broadcast,
    dtype=_bits,
    samples=_bit_samples,
    errors=lambda make: _bit_errors(make, "bitwise_xor"),
)
def bitwise_xor(xp: Any, input: Any, other: Any) -> Any:
    """``input ^ other``, bit by bit."""
    return xp.bitwise_xor(input, other)


@define_op(
    inputs=("input",),
    shape=rules.elementwise,
    dtype=rules.refusing(rules.common, "floating", "complex", error=DtypeTypeError),  # what ~ raises in PyTorch
    samples=lambda make: [make(make.ints(9, 8)), make(make.bools(8))],
    errors=lambda make: [
        make.error((make.array(2),), DtypeTypeError, r"bitwise_not: not defined for dtype lamella.float64")
    ],
)
def bitwise_not(xp: Any, input: Any) -> Any:
    """``~input``: each bit turned over; for bools, not."""
    return xp.bitwise_invert(input)


@define_op(
    inputs=("input", "other"),
    shape=rules.broadcast,
    dtype=rules.refusing(_bits, "bool"),
    samples=lambda make: [make(make.ints(9, 8), make.ints(5, 8)), make(make.ints(9, 8), 70)],
    errors=lambda make: _bit_errors(make, "bitwise_left_shift"),
)
def bitwise_left_shift(xp: Any, input: Any, other: Any) -> Any:
    """``input << other``; what is shifted out is lost."""
    return xp.bitwise_left_shift(input, other)


@define_op(
    inputs=("input", "other"),
    shape=rules.broadcast,
    dtype=rules.refusing(_bits, "bool"),
    samples=lambda make: [make(make.ints(9, 8), make.ints(3, 8)), make(make.ints(9, 8), 70)],
    errors=lambda make: _bit_errors(make, "bitwise_right_shift"),
)
def bitwise_right_shift(xp: Any, input: Any, other: Any) -> Any:
    """``input >> other``, keeping the sign."""
    return xp.bitwise_right_shift(input, other)


IN_PLACE = (
    "logical_and",
    "logical_or",
    "logical_xor",
    "logical_not",
    "bitwise_and",
    "bitwise_or",
    "bitwise_xor",
    "bitwise_not",
    "bitwise_left_shift",
    "bitwise_right_shift",
)

__all__ = [
    "bitwise_and",
    "bitwise_left_shift",
    "bitwise_not",
    "bitwise_or",
    "bitwise_right_shift",
    "bitwise_xor",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
]
