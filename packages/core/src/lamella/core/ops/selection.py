"""Ops that choose between elements: larger and smaller ones, by a condition, within bounds."""

from __future__ import annotations

from typing import Any

from lamella.core import dtypes, rules
from lamella.core.dispatch import define_op
from lamella.core.errors import ArgumentRangeError, ArgumentTypeError, DtypeError, ShapeError
from lamella.core.ops.conversions import to
from lamella.core.rules import DtypeRule
from lamella.core.tensor import Tensor

_ordered = rules.refusing(rules.common, "complex")


def _unordered(make: Any, name: str) -> Any:
    given = make.array(2) + 1j
    return make.error((given, given), DtypeError, rf"{name}: not defined for dtype lamella.complex128")


@define_op(
    inputs=("input", "other"),
    shape=rules.broadcast,
    dtype=_ordered,
    samples=lambda make: [make.binary(), make(make.ints(3, 8), make.ints(3, 8)), make(make.array(4), 0.5)],
    errors=lambda make: [make.mismatch("maximum"), _unordered(make, "maximum")],
)
def maximum(xp: Any, input: Any, other: Any) -> Any:
    """The larger of two elements; nan if one is. Equal ones share the gradient."""
    return xp.maximum(input, other)


@define_op(
    inputs=("input", "other"),
    shape=rules.broadcast,
    dtype=_ordered,
    samples=lambda make: [make.binary(), make(make.ints(3, 8), make.ints(3, 8)), make(make.array(4), 0.5)],
    errors=lambda make: [make.mismatch("minimum"), _unordered(make, "minimum")],
)
def minimum(xp: Any, input: Any, other: Any) -> Any:
    """The smaller of two elements; nan if one is. Equal ones share the gradient."""
    return xp.minimum(input, other)


def _won(F: Any, grad: Any, input: Any, other: Any) -> Any:
    """``grad`` where ``input`` is larger, half of it where both are equal; also where one is nan, as in PyTorch."""
    return F.where(input < other, 0.0, F.where(input == other, grad * 0.5, grad))


maximum.vjp(
    input=_won,
    other=lambda F, grad, input, other: _won(F, grad, other, input),
)
minimum.vjp(
    input=lambda F, grad, input, other: _won(F, grad, -input, -other),
    other=lambda F, grad, input, other: _won(F, grad, -other, -input),
)


@define_op(
    inputs=("condition", "input", "other"),
    shape=rules.broadcast,
    dtype=rules.selected,
    name="where",
    samples=lambda make: [
        make(make.bools(2, 3), make.array(2, 3), make.array(2, 3)),
        make(make.bools(3), make.array(2, 1), make.array()),
        make(make.bools(2, 3), make.array(2, 3), -1.5),
        make(make.bools(2, 3), 0.0, make.transposed(2, 3)),
        make(make.bools(0), make.array(0), make.array(0)),
    ],
    errors=lambda make: [
        make.error(
            (make.array(2), make.array(2), make.array(2)),
            DtypeError,
            r"where: expected condition to be a boolean tensor",
        ),
        make.error((make.bools(2), make.array(3), make.array(3)), ShapeError, r"where: shapes .* can't be broadcast"),
    ],
)
def _where(xp: Any, condition: Any, input: Any, other: Any) -> Any:
    """``input`` where ``condition`` holds, ``other`` elsewhere."""
    return xp.where(condition, input, other)


_where.vjp(
    condition=None,
    input=lambda F, grad, condition: F.where(condition, grad, 0.0),
    other=lambda F, grad, condition: F.where(condition, 0.0, grad),
)


def where(condition: Any, input: Any = None, other: Any = None) -> Any:
    """``input`` where ``condition`` holds, ``other`` elsewhere; of a condition alone, where it holds.

    Args:
        condition: A bool tensor; alone, a tensor of any dtype, which holds where it is not 0.
        input: A tensor that broadcasts with the others, or a number.
        other: The same.

    Returns:
        The chosen elements; without ``input`` and ``other``, a tuple of one index tensor a dimension.

    Raises:
        RuntimeError: The shapes do not broadcast, or the condition is not bool.
        TypeError: Only one of ``input`` and ``other`` is given.
    """
    if input is None and other is None:
        return condition.nonzero(as_tuple=True)
    if input is None or other is None:
        raise ArgumentTypeError("where(): expected both `input` and `other`, or neither of them")
    return _where(condition, input, other)


@define_op(
    inputs=("input", "min", "max"),
    shape=rules.broadcast,
    dtype=_ordered,
    name="clamp",
    samples=lambda make: [
        make(make.array(3, 4), -0.5, 1.0),
        make(make.array(3, 4), None, 0.3),
        make(make.array(3, 4), 0.1, None),
        make(make.array(3, 4), make.array(4, low=-2, high=-0.5), make.array(3, 1, low=0.5, high=2)),
        make(make.ints(9, 5), 2, 6),
        make(make.array(4), 1.0, -1.0),
        make(make.array(), -1.0, 1.0),
    ],
    errors=lambda make: [
        make.error((make.array(2), make.array(3), None), ShapeError, r"clamp: shapes .* can't be broadcast"),
        make.error((make.array(2) + 1j, 0, 1), DtypeError, r"clamp: not defined for dtype lamella.complex128"),
    ],
)
def _clamp(xp: Any, input: Any, min: Any, max: Any) -> Any:
    """``input`` held between ``min`` and ``max``; see :func:`clamp`."""
    return xp.clip(input, min, max)


def _clamp_input(F: Any, grad: Any, input: Any, min: Any, max: Any) -> Any:
    if min is not None:
        grad = F.where(input < min, 0.0, grad)
    return grad if max is None else F.where(input > max, 0.0, grad)


def _clamp_min(F: Any, grad: Any, input: Any, min: Any, max: Any) -> Any:
    below = input < min
    return F.where(below if max is None else below & (min < max), grad, 0.0)


def _clamp_max(F: Any, grad: Any, input: Any, min: Any, max: Any) -> Any:
    above = input > max
    return F.where(above if min is None else above | (max < min), grad, 0.0)


_clamp.vjp(input=_clamp_input, min=_clamp_min, max=_clamp_max)


def clamp(input: Tensor, min: Any = None, max: Any = None) -> Tensor:
    """Each element, or the bound that it passes.

    Args:
        min: Lower bound: a number, a tensor that broadcasts, or None. max: upper bound; wins where ``min`` is larger.

    Raises:
        RuntimeError: Both are None.
    """
    if min is None and max is None:
        raise ArgumentRangeError("clamp: At least one of 'min' or 'max' must not be None")
    return _clamp(input, min, max)


def clamp_min(input: Tensor, min: Any) -> Tensor:
    """Each element, at least ``min``.

    Raises:
        RuntimeError: The elements are complex, or the shapes can't be broadcast together.
    """
    return _clamp(input, min, None)


def clamp_max(input: Tensor, max: Any) -> Tensor:
    """Each element, at most ``max``.

    Raises:
        RuntimeError: The elements are complex, or the shapes can't be broadcast together.
    """
    return _clamp(input, None, max)


clip = clamp


def _filled(operands: Any) -> tuple[Any, Any]:
    input, mask, _ = operands
    if mask.dtype != dtypes.bool.numpy:
        raise DtypeError(
            f"only supports boolean masks, but got mask with dtype {dtypes.from_numpy_dtype(mask.dtype)}. "
            "Compare first, for instance with mask != 0."
        )
    return None, input.dtype


def _filled_shape(input: Any, mask: Any, value: Any) -> Any:
    if value:
        raise ShapeError(f"only supports a 0-dimensional value tensor, but got one of shape {value}")
    return rules.broadcast(input, mask)


@define_op(
    inputs=("input", "mask", "value"),
    shape=_filled_shape,
    dtype=DtypeRule(_filled),
    name="masked_fill",
    samples=lambda make: [
        make(make.array(2, 3), make.bools(2, 3), 1.5),
        make(make.array(2, 3), make.bools(3), make.array()),
        make(make.array(3), make.bools(2, 1), -1e9),
        make(make.ints(5, 4), make.bools(4), 2),
    ],
    errors=lambda make: [
        make.error((make.array(2), make.array(2), 1), DtypeError, r"masked_fill: only supports boolean masks"),
        make.error((make.array(2), make.bools(3), 1), ShapeError, r"masked_fill: shapes .* can't be broadcast"),
        make.error((make.array(2), make.bools(2), make.array(2)), ShapeError, r"masked_fill: .*0-dimensional value"),
    ],
)
def _masked_fill(xp: Any, input: Any, mask: Any, value: Any) -> Any:
    """``input`` with ``value`` where ``mask`` holds; see :func:`masked_fill`."""
    if getattr(value, "ndim", 0):
        _filled_shape(input.shape, mask.shape, value.shape)
    return xp.where(mask, value, input)


_masked_fill.vjp(
    input=lambda F, grad, mask: F.where(mask, 0.0, grad),
    mask=None,
    value=lambda F, grad, mask: F.where(mask, grad, 0.0),
)


def masked_fill(input: Tensor, mask: Tensor, value: Any) -> Tensor:
    """``input`` with one value where ``mask`` holds.

    Args:
        mask: bool; it and ``input`` are broadcast together.
        value: A number, or a 0-dim tensor, which gets a gradient; converted to the dtype of ``input``.

    Raises:
        RuntimeError: The mask is not bool, or ``value`` has dimensions or does not fit the dtype.

    Example:
        >>> lamella.tensor([1.0, 2.0]).masked_fill(lamella.tensor([True, False]), float("-inf"))
        tensor([-inf, 2.])
    """
    return _masked_fill(input, mask, fill_value("masked_fill", input, value))


def fill_value(op: str, input: Tensor, value: Any) -> Any:
    """A number or a 0-dim tensor as ``input`` can store it.

    Raises:
        RuntimeError: It has dimensions, is complex where ``input`` is real, or does not fit the dtype.
    """
    if not isinstance(value, Tensor):
        return dtypes.fitting(value, input.dtype)
    if value.array.ndim:
        raise ShapeError(f"{op}: only supports a 0-dimensional value tensor, but got one of shape {tuple(value.shape)}")
    if value.is_complex() and not input.is_complex():
        raise DtypeError(f"{op}: can't store a complex value in a tensor of {input.dtype}")
    return to(value, dtype=input.dtype)


@define_op(
    inputs=("input",),
    shape=rules.elementwise,
    dtype=rules.common,
    name="nan_to_num",
    samples=lambda make: [make(make.array(2, 3), 0.0, None, None), make(make.ints(4, 3), 1.0, None, None)],
)
def _nan_to_num(xp: Any, input: Any, nan: Any, posinf: Any, neginf: Any) -> Any:
    """``input`` with nan and infinities replaced; see :func:`nan_to_num`."""
    return xp.nan_to_num(input, nan=nan, posinf=posinf, neginf=neginf)


_nan_to_num.vjp(input=lambda F, grad, input: F.where(F.isfinite(input), grad, 0.0))


def nan_to_num(
    input: Tensor, nan: float | None = None, posinf: float | None = None, neginf: float | None = None
) -> Tensor:
    """The tensor with ``nan`` (0 by default) for each nan, ``posinf`` and ``neginf`` for the infinities.

    Args:
        nan: 0 by default. posinf: the largest finite value by default. neginf: the smallest.
    """
    return _nan_to_num(input, 0.0 if nan is None else nan, posinf, neginf)


IN_PLACE = (
    "clamp",
    "clamp_min",
    "clamp_max",
    "clip",
    "masked_fill",
    "nan_to_num",
)

#: Functions without ``out=``.
NO_OUT = ("masked_fill",)

__all__ = [
    "clamp",
    "clamp_max",
    "clamp_min",
    "clip",
    "masked_fill",
    "maximum",
    "minimum",
    "nan_to_num",
    "where",
]
