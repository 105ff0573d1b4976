"""Arithmetic of each element by itself, with broadcasting; parts of complex numbers."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

from lamella.core import dtypes, rules
from lamella.core.dispatch import define_op
from lamella.core.errors import ArgumentRangeError, ArgumentTypeError, DtypeError, ShapeError
from lamella.core.op import OPS
from lamella.core.ops.pairs import MANY, choose
from lamella.core.rules import DtypeRule
from lamella.core.tensor import Tensor

# --- arithmetic


def _subtracted(operands: Any) -> tuple[Any, Any]:
    if any(dtypes.result_dtype([x]) is dtypes.bool for x in operands):
        raise DtypeError("not defined with a bool. Invert a mask with ~mask, or convert it with mask.int() first.")
    return rules.common.find(operands)


#: Powers of float32 and float64 that are quickly computed as something else, which PyTorch does for all but 4.
_SHORT: dict[float, Callable[[Any, Any], Any]] = {
    4: lambda xp, x: xp.square(xp.square(x)),
    -0.5: lambda xp, x: 1 / xp.sqrt(x),
    -1: lambda xp, x: 1 / x,
    -2: lambda xp, x: 1 / xp.square(x),
}


def _powered(operands: Any) -> tuple[Any, Any]:
    exponent = operands[1]
    # a bool to the power of True is itself, to that of False it is True
    found = (rules.common if isinstance(exponent, bool) else rules.numeric).find(operands)
    if isinstance(exponent, int) and exponent < 0 and found[1].kind in "iu":
        raise ArgumentRangeError("Integers to negative integer powers are not allowed. Convert with x.float() first.")
    return found


@define_op(
    inputs=("input", "other"),
    shape=rules.broadcast,
    dtype=rules.common,
    name="add",
    samples=lambda make: [make.binary(), make(make.array(3), 2.5), make(1, make.array(2, 3))],
    errors=lambda make: [make.mismatch("add")],
)
def _add(xp: Any, input: Any, other: Any) -> Any:
    """``input + other``."""
    return xp.add(input, other)


_add.vjp(input=lambda F, grad: grad, other=lambda F, grad: grad)


@define_op(
    inputs=("input", "other"),
    shape=rules.broadcast,
    dtype=DtypeRule(_subtracted, rules.numeric.direct),
    name="sub",
    samples=lambda make: [make.binary(), make(make.array(3), 2.5), make(1, make.array(2, 3))],
    errors=lambda make: [
        make.mismatch("sub"),
        make.error((make.bools(2), make.bools(2)), DtypeError, r"sub: not defined with a bool"),
        make.error((make.bools(2), 1), DtypeError, r"sub: not defined with a bool"),
        make.error((1.5, make.bools(2)), DtypeError, r"sub: not defined with a bool"),
        make.error((make.array(2), True), DtypeError, r"sub: not defined with a bool"),
    ],
)
def _sub(xp: Any, input: Any, other: Any) -> Any:
    """``input - other``. Not defined with a bool: use ``~``, ``^`` or ``logical_xor``."""
    return xp.subtract(input, other)


_sub.vjp(input=lambda F, grad: grad, other=lambda F, grad: -grad)


def _times(alpha: Any, input: Any, other: Any) -> Any:
    """``alpha * other`` in the dtype of ``input + other``."""
    found = dtypes.result_dtype([x.array if isinstance(x, Tensor) else x for x in (input, other)])
    if dtypes.of_number(alpha).category > found.category and not isinstance(alpha, int):
        raise DtypeError(f"alpha={alpha} is not defined for tensors of {found}; expected a number that they can hold")
    if isinstance(alpha, bool) and found is not dtypes.bool:
        raise DtypeError(f"a bool alpha is only defined for bool results, not for {found}")
    if found is dtypes.bool:
        alpha = bool(alpha)
    if not isinstance(other, Tensor):
        return other * alpha
    return mul(other if other.dtype is found else OPS["cast"].call(other, found.numpy), alpha)


def _factor_first(name: str, keyword: str, factor: Any, tensors: tuple[Any, ...]) -> None:
    """Check a call in PyTorch's old form, ``x.add(2, y)`` for ``x.add(y, alpha=2)``, and warn of it."""
    if isinstance(factor, Tensor) or len(tensors) > 1:
        raise ArgumentTypeError(f"{name}() got too many arguments by position; give the factor as {keyword}=…")
    warnings.warn(
        f"{name}(): a factor before the tensors that it multiplies is deprecated; give it as {keyword}={factor}",
        UserWarning,
        stacklevel=3,
    )


def add(input: Any, other: Any, *old: Any, alpha: float = 1) -> Tensor:
    """``input + alpha * other``, with broadcasting.

    Args:
        input, other: The summands.
        old: The second one, after the factor: PyTorch's old form, ``add(input, alpha, other)``, which warns.
        alpha: The factor.

    Raises:
        TypeError: There are too many arguments.
        RuntimeError: The shapes can't be broadcast together, or ``alpha`` is a fraction and both hold integers.
    """
    if old:
        _factor_first("add", "alpha", other, old)
        alpha, other = other, old[0]
    return _add(input, other if type(alpha) is int and alpha == 1 else _times(alpha, input, other))


def sub(input: Any, other: Any, *old: Any, alpha: float = 1) -> Tensor:
    """``input - alpha * other``, with broadcasting.

    Args:
        input, other: The minuend and the subtrahend.
        old: The subtrahend, after the factor: PyTorch's old form, ``sub(input, alpha, other)``, which warns.
        alpha: The factor.

    Raises:
        TypeError: There are too many arguments.
        RuntimeError: One is a bool, the shapes can't be broadcast together, or ``alpha`` is a fraction and both hold
            integers.
    """
    if old:
        _factor_first("sub", "alpha", other, old)
        alpha, other = other, old[0]
    if type(alpha) is int and alpha == 1:
        return _sub(input, other)
    _subtracted([x.array if isinstance(x, Tensor) else x for x in (input, other)])  # refuses what alpha would hide
    return _sub(input, _times(alpha, input, other))


@define_op(
    inputs=("input", "other"),
    shape=rules.broadcast,
    dtype=rules.common,
    samples=lambda make: [make.binary(), make(make.array(3), 2.5), make(2, make.array(2, 3))],
    errors=lambda make: [make.mismatch("mul")],
)
def mul(xp: Any, input: Any, other: Any) -> Any:
    """``input * other``, element by element."""
    return xp.multiply(input, other)


mul.vjp(
    input=lambda F, grad, other: grad * F.conj(other),
    other=lambda F, grad, input: grad * F.conj(input),
)


@define_op(
    inputs=("input", "other"),
    shape=rules.broadcast,
    dtype=rules.floating,
    name="div",
    samples=lambda make: [
        make.binary(other_away_from=0.0),
        make(make.array(3), 2.5),
        make(1, make.array(2, 3, away_from=0.0)),
    ],
    errors=lambda make: [make.mismatch("div")],
)
def _div(xp: Any, input: Any, other: Any) -> Any:
    """``input / other``; integers give the default float dtype."""
    return xp.divide(input, other)


_div.vjp(
    input=lambda F, grad, other: grad / F.conj(other),
    # by the input, not the result, which programs change in place
    other=lambda F, grad, input, other: -grad * F.conj(input / other / other),
)


@define_op(
    inputs=("input", "exponent"),
    shape=rules.broadcast,
    dtype=DtypeRule(_powered, rules.numeric.direct),
    name="pow",
    samples=lambda make: [
        make.binary(low=0.2, high=3),
        make(make.array(2, 3), 2),
        make(make.array(3, low=0.5), -1.5),
        make(make.array(3), 3.0),
        make(make.array(3, low=0.5), 0.5),
        make(2.0, make.array(3)),
        make(make.array(3), 0),
    ],
    errors=lambda make: [
        make.mismatch("pow"),
        make.error((make.bools(2), make.bools(2)), DtypeError, r"pow: not defined for bool"),
        make.error((make.ints(5, 2), -1), ArgumentRangeError, r"pow: Integers to negative integer powers"),
    ],
)
def _pow(xp: Any, input: Any, exponent: Any) -> Any:
    """``input ** exponent``. Integers to a negative integer power are refused."""
    if isinstance(exponent, (int, float)):
        if exponent == 2:
            return xp.square(input)
        if exponent == 3:
            return input * input * input
        if exponent == 0.5:
            return xp.sqrt(input)
        if input.dtype.kind == "f" and input.dtype.itemsize > 2 and exponent in _SHORT:
            return _SHORT[exponent](xp, input)
        if input.dtype.kind == "f" and input.size > 32 and exponent % 1 == 0:
            # NumPy has no vector loop for negative bases, and takes 47 ns for each
            power = xp.pow(xp.abs(input), exponent)
            return xp.copysign(power, input) if exponent % 2 else power
    if getattr(exponent, "dtype", None) is not None and exponent.dtype.kind == "i" and xp.any(exponent < 0):
        # NumPy refuses; PyTorch rounds 1 / x**n to zero, which leaves something of 1 and -1 alone
        odd = exponent % 2 == 1
        small = xp.where(xp.equal(input, 1), 1, xp.where(xp.equal(input, -1), xp.where(odd, -1, 1), 0))
        result = xp.pow(input, xp.maximum(exponent, 0))
        return xp.where(exponent < 0, small, result).astype(result.dtype)
    return xp.pow(input, exponent)


def _pow_input(F: Any, grad: Any, input: Any, exponent: Any) -> Any:
    if isinstance(exponent, (int, float)):
        if exponent == 0:
            return grad * 0.0
        return grad * F.conj(F.pow(input, exponent - 1) * exponent if exponent != 2 else input * 2)
    # an exponent of 0 makes a constant, also at 0 where the formula below would be 0 * inf
    return F.where(exponent == 0, grad * 0.0, grad * F.conj(exponent * F.pow(input, exponent - 1)))


def _pow_exponent(F: Any, grad: Any, input: Any, exponent: Any, out: Any) -> Any:
    if isinstance(input, (int, float)) and input != 0:
        return grad * F.conj(out * (math.log(input) if input > 0 else math.nan))
    if isinstance(input, (int, float)):
        return F.where(exponent >= 0, grad * 0.0, grad * (out * -math.inf))
    # 0 to a power that is not negative is constant in it, while log(0) is -inf
    return F.where((input == 0) & (exponent >= 0), grad * 0.0, grad * F.conj(out * F.log(input)))


_pow.vjp(input=_pow_input, exponent=_pow_exponent)


def pow(input: Any, exponent: Any) -> Any:
    """``input ** exponent`` element by element, with broadcasting.

    Args:
        input: A tensor, or a number if the exponent is a tensor.
        exponent: The same.

    Raises:
        RuntimeError: Integers are to be raised to a negative integer power, or the shapes do not broadcast.
    """
    return _pow(input, exponent)


@define_op(
    inputs=("input",),
    shape=rules.elementwise,
    dtype=rules.numeric,
    samples=lambda make: [make.unary()],
    errors=lambda make: [make.error((make.bools(2),), DtypeError, r"neg: not defined for bool")],
)
def neg(xp: Any, input: Any) -> Any:
    """``-input``."""
    return xp.negative(input)


neg.vjp(input=lambda F, grad: -grad)


#: A complex input gives a real result.
_real = DtypeRule(
    lambda operands: (None, dtypes.from_numpy_dtype(operands[0].dtype).to_real().numpy),
    dtypes.ANY,
)


@define_op(
    inputs=("input",),
    shape=rules.elementwise,
    dtype=rules.refusing(_real, "bool"),
    samples=lambda make: [make.unary(away_from=0.0)],
    errors=lambda make: [make.error((make.bools(2),), DtypeError, r"abs: not defined for dtype lamella.bool")],
)
def abs(xp: Any, input: Any) -> Any:
    """The absolute value; its gradient at 0 is 0."""
    return xp.abs(input)


abs.vjp(input=lambda F, grad, input: grad * F.sign(input))


@define_op(
    inputs=("input",),
    shape=rules.elementwise,
    dtype=rules.common,
    name="sign",
    samples=lambda make: [make.unary(away_from=0.0)],
)
def _sign(xp: Any, input: Any) -> Any:
    """-1, 0 or 1, 0 for nan; of complex numbers, those divided by their absolute values."""
    if input.dtype.kind == "b":
        return input.copy()
    if input.dtype.kind in "iuc":
        return xp.sign(input)
    if input.size < MANY:
        return xp.where(input != input, 0, xp.sign(input))  # NumPy's sign of nan is nan
    # of nan both are False; xp.sign branches at each element
    return ((input > 0).astype(xp.int8) - (input < 0).astype(xp.int8)).astype(input.dtype)


def _sign_input(F: Any, grad: Any, out: Any, input: Any) -> Any:
    # the sign of a complex number turns with it, and does not change with its size; that of a real one does neither
    size = F.abs(input)
    across = grad - out * F.real(grad * F.conj(out))
    return F.where(size == 0, 0.0, across / F.where(size == 0, 1.0, size))


_sign.vjp(input=_sign_input)


def sign(input: Tensor) -> Tensor:
    """-1, 0 or 1.

    Raises:
        RuntimeError: The tensor is complex.
    """
    if input.is_complex():
        raise DtypeError(f"sign is not defined for complex tensors, got {input.dtype}. Use lamella.sgn().")
    return _sign(input)


def sgn(input: Tensor) -> Tensor:
    """-1, 0 or 1; of complex elements, those divided by their absolute values, and 0 of 0."""
    return _sign(input)


def _squared_dtype(operands: Any) -> tuple[Any, Any]:
    found = rules.common.find(operands)
    return found if found[1].kind != "b" else rules.summed.find(operands)  # the product of bools is an int64


_squared = DtypeRule(_squared_dtype, rules.numeric.direct)


@define_op(
    inputs=("input",), shape=rules.elementwise, dtype=_squared, samples=lambda make: [make.unary(), make(make.bools(3))]
)
def square(xp: Any, input: Any) -> Any:
    """``input * input``."""
    return xp.multiply(input, input)


square.vjp(input=lambda F, grad, input: grad * F.conj(input * 2))


@define_op(
    inputs=("input",), shape=rules.elementwise, dtype=rules.floating, samples=lambda make: [make.unary(low=0.1, high=3)]
)
def sqrt(xp: Any, input: Any) -> Any:
    """The square root; nan for negative elements."""
    return xp.sqrt(input)


sqrt.vjp(input=lambda F, grad, out: grad / F.conj(out * 2))


@define_op(
    inputs=("input",), shape=rules.elementwise, dtype=rules.floating, samples=lambda make: [make.unary(low=0.1, high=3)]
)
def rsqrt(xp: Any, input: Any) -> Any:
    """``1 / sqrt(input)``."""
    return 1 / xp.sqrt(input)


rsqrt.vjp(input=lambda F, grad, out: grad * (F.conj(out * out * out) * -0.5))


@define_op(
    inputs=("input",), shape=rules.elementwise, dtype=rules.floating, samples=lambda make: [make.unary(away_from=0.0)]
)
def reciprocal(xp: Any, input: Any) -> Any:
    """``1 / input``."""
    return 1 / input


reciprocal.vjp(input=lambda F, grad, out: -grad * F.conj(out * out))


# --- combinations


@define_op(
    inputs=("input", "end", "weight"),
    shape=rules.broadcast,
    dtype=rules.only_floating,
    samples=lambda make: [
        make(make.array(2, 3), make.array(2, 3), 0.3),
        make(make.array(2, 3), make.array(3), make.array(2, 1)),
        make(make.array(), make.array(), make.array()),
    ],
    errors=lambda make: [
        make.error((make.array(2), make.array(3), 0.5), ShapeError, r"lerp: shapes .* can.t be broadcast"),
    ],
)
def lerp(xp: Any, input: Any, end: Any, weight: Any) -> Any:
    """The point between ``input`` (at weight 0) and ``end`` (at weight 1): ``input + weight * (end - input)``."""
    # counted from the nearer of the two, which makes both ends exact
    way = end - input
    near = xp.abs(xp.asarray(weight)) < 0.5
    if near.ndim == 0:
        return input + weight * way if near else end - way * (1 - weight)
    return choose(xp, near, input + weight * way, end - way * (1 - weight))


lerp.vjp(
    input=lambda F, grad, weight: grad * F.conj(1 - weight),
    end=lambda F, grad, weight: grad * F.conj(weight),
    weight=lambda F, grad, input, end: grad * F.conj(end - input),
)


def addcmul(input: Tensor, tensor1: Any, tensor2: Tensor, *old: Tensor, value: float = 1) -> Tensor:
    """``input + value * tensor1 * tensor2``.

    Args:
        input, tensor1, tensor2: Tensors of shapes that broadcast.
        old: The last tensor, after the factor: PyTorch's old form, ``addcmul(input, value, tensor1, tensor2)``, which
            warns.
        value: The factor.

    Raises:
        TypeError: There are too many arguments.
        RuntimeError: The shapes can't be broadcast together.
    """
    if old:
        _factor_first("addcmul", "value", tensor1, old)
        value, tensor1, tensor2 = tensor1, tensor2, old[0]
    return add(input, mul(tensor1, tensor2), alpha=value)


def addcdiv(input: Tensor, tensor1: Any, tensor2: Tensor, *old: Tensor, value: float = 1) -> Tensor:
    """``input + value * tensor1 / tensor2``.

    Args:
        input, tensor1, tensor2: Tensors of shapes that broadcast.
        old: The last tensor, after the factor: PyTorch's old form, ``addcdiv(input, value, tensor1, tensor2)``, which
            warns.
        value: The factor.

    Raises:
        TypeError: There are too many arguments.
        RuntimeError: Both tensors are of integers.
    """
    if old:
        _factor_first("addcdiv", "value", tensor1, old)
        value, tensor1, tensor2 = tensor1, tensor2, old[0]
    if not any(t.is_floating_point() or t.is_complex() for t in (tensor1, tensor2)):
        raise DtypeError(
            f"addcdiv: tensor1 ({tensor1.dtype}) and tensor2 ({tensor2.dtype}) are both of integers. Convert one with "
            "x.float() for a true division, or add value * lamella.div(tensor1, tensor2, rounding_mode='trunc')."
        )
    return add(input, _div(tensor1, tensor2), alpha=value)


# --- complex numbers


@define_op(
    inputs=("input",), shape=rules.elementwise, dtype=rules.numeric, name="conj", samples=lambda make: [make.unary()]
)
def _conj(xp: Any, input: Any) -> Any:
    """The complex conjugate."""
    return xp.conj(input)


_conj.vjp(input=lambda F, grad: F.conj(grad))


@define_op(
    inputs=("input",),
    shape=rules.elementwise,
    dtype=_real,
    view=True,
    name="real",
    samples=lambda make: [make.unary(), make(make.array(2, 3) + 1j * make.array(2, 3))],
)
def _real_part(xp: Any, input: Any) -> Any:
    """The real part: a view."""
    return xp.real(input)[...]


_real_part.vjp(input=lambda F, grad: grad)


@define_op(
    inputs=("input",),
    shape=rules.elementwise,
    dtype=rules.refusing(_real, "bool", "integer", "floating"),
    view=True,
    name="imag",
    samples=lambda make: [make(make.array(2, 3) + 1j * make.array(2, 3)), make((make.array(1) + 1j).reshape(()))],
    errors=lambda make: [make.error((make.array(2),), DtypeError, r"imag: not defined for dtype .*expected complex")],
)
def _imaginary_part(xp: Any, input: Any) -> Any:
    """The imaginary part: a view."""
    return xp.imag(input)


_imaginary_part.vjp(input=lambda F, grad: grad * 1j)


def conj(input: Tensor) -> Tensor:
    """The complex conjugate; real tensors as they are.

    A copy, where PyTorch gives a view that remembers to conjugate: changing it does not change ``input``.
    """
    return _conj(input) if input.is_complex() else input


def real(input: Tensor) -> Tensor:
    """The real part of a complex tensor, a view of its memory; real tensors as they are."""
    return _real_part(input) if input.is_complex() else input


def imag(input: Tensor) -> Tensor:
    """The imaginary part of a complex tensor, a view of its memory.

    Raises:
        RuntimeError: The tensor is real.
    """
    if not input.is_complex():
        raise DtypeError(f"imag is not implemented for tensors with non-complex dtypes, got {input.dtype}")
    return _imaginary_part(input)


multiply = mul
subtract = sub

IN_PLACE = (
    "add",
    "sub",
    "mul",
    "pow",
    "neg",
    "abs",
    "sqrt",
    "square",
    "multiply",
    "subtract",
    "rsqrt",
    "reciprocal",
    "sgn",
    "sign",
    "lerp",
    "addcmul",
    "addcdiv",
)

#: Functions without ``out=``.
NO_OUT = (
    "conj",
    "imag",
    "real",
)

__all__ = [
    "abs",
    "add",
    "addcdiv",
    "addcmul",
    "conj",
    "imag",
    "lerp",
    "mul",
    "multiply",
    "neg",
    "pow",
    "real",
    "reciprocal",
    "rsqrt",
    "sgn",
    "sign",
    "sqrt",
    "square",
    "sub",
    "subtract",
]
