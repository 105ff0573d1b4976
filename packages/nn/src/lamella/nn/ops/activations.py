"""Activations that only layers use, one op each where a composition would keep more arrays for the gradient."""

from __future__ import annotations

from typing import Any

from lamella.core import rules
from lamella.core.backends.chunks import elementwise
from lamella.core.dispatch import define_op
from lamella.core.errors import ArgumentError, ArgumentRangeError, DtypeError
from lamella.core.tensor import Tensor

_real_floating = rules.refusing(rules.only_floating, "complex")


def _refused(make: Any, name: str, *attributes: Any) -> list[Any]:
    return [make.error((make.ints(3, 2), *attributes), DtypeError, rf"{name}: not defined for dtype lamella.int64")]


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


_hardtanh.vjp(
    input=lambda F, grad, input, min_val, max_val: F.masked_fill(grad, (input <= min_val) | (input >= max_val), 0.0)
)


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
        xp.subtract(xp.minimum(x, 0), out, out=out)

    return elementwise(fill, input)


logsigmoid.vjp(input=lambda F, grad, input: grad * F.sigmoid(-input))


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
        # tanh(log(1 + e)) = n / (n + 2), n = e (e + 2); beyond 20 it is 1 to all digits, and e² may overflow
        e = xp.exp(xp.minimum(x, 20))
        n = e * (e + 2)
        xp.divide(n, n + 2, out=out)
        out *= x

    wide = xp.float32 if input.dtype == xp.float16 else input.dtype  # which is too narrow for n
    return elementwise(fill, input.astype(wide, copy=False)).astype(input.dtype, copy=False)


def _mish_vjp(F: Any, grad: Any, input: Any) -> Any:
    t, s = F.tanh(F.softplus(input, 1.0, 20.0)), F.sigmoid(input)
    return grad * (t + input * s * (1 - t * t))


mish.vjp(input=_mish_vjp)

__all__ = ["hardtanh", "logsigmoid", "mish"]
