"""Functions made of logarithms that need care at the ends of their domains: entropy, log odds, sums of powers of 2."""

from __future__ import annotations

import math
from typing import Any

from lamella.core import rules
from lamella.core.dispatch import define_op
from lamella.core.errors import DtypeError
from lamella.core.ops import selection
from lamella.core.ops.approximation import in_float64
from lamella.core.ops.pairs import pairwise
from lamella.core.ops.transcendental import add_exponentials
from lamella.core.tensor import Tensor

_LN2 = math.log(2)

_real = rules.refusing(rules.floating, "complex")


def _refused(make: Any, name: str, *others: Any) -> list[Any]:
    return [make.error((make.array(2) + 1j, *others), DtypeError, rf"{name}: not defined for dtype lamella.complex")]


@define_op(
    inputs=("input",),
    shape=rules.elementwise,
    dtype=_real,
    samples=lambda make: [make.unary(low=0.1, high=3), make(make.ints(2, 5) * 1.0)],
    errors=lambda make: _refused(make, "entr"),
)
def entr(xp: Any, input: Any) -> Any:
    """``-input * log(input)``: 0 at 0, -inf below. Summed over probabilities it is their entropy."""
    found = -input * xp.log(input)
    return xp.where(input > 0, found, xp.where(input == 0, 0, xp.where(input < 0, -math.inf, input)))


entr.vjp(input=lambda F, grad, input: -grad * (F.log(input) + 1))


@define_op(
    inputs=("input", "other"),
    shape=rules.broadcast,
    dtype=_real,
    samples=lambda make: [
        make(make.array(2, 3, away_from=0.0), make.array(2, 3, low=-0.8, high=3)),
        make(make.array(2, 1, away_from=0.0), make.array(3, low=-0.8, high=3)),
        make(make.array(3, away_from=0.0), 2.5),
        make(0, make.array(3, low=-0.8)),
        make(make.ints(2, 4), make.ints(2, 4)),
    ],
    errors=lambda make: [make.mismatch("xlog1py"), *_refused(make, "xlog1py", 1.0)],
)
def xlog1py(xp: Any, input: Any, other: Any) -> Any:
    """``input * log1p(other)``, and 0 where ``input`` is 0 (unless ``other`` is nan)."""
    if not hasattr(other, "dtype"):
        other = xp.asarray(other, dtype=input.dtype)
    return xp.where((input == 0) & ~xp.isnan(other), 0, input * xp.log1p(other))


xlog1py.vjp(
    input=lambda F, grad, input, other: F.where((input == 0) & (other <= -1), 0.0, F.xlog1py(grad, other)),
    other=lambda F, grad, input, other: grad * (input / (other + 1)),
)


def _log_odds(xp: Any, x: Any) -> Any:
    # around 1/2, where the result is near 0, by the distance from there, which has no rounding error
    central = 2 * xp.atanh(2 * xp.clip(x - 0.5, -0.25, 0.25))
    return xp.where(xp.abs(x - 0.5) < 0.25, central, xp.log(x) - xp.log1p(-x))


@define_op(
    inputs=("input",),
    shape=rules.elementwise,
    dtype=_real,
    name="logit",
    samples=lambda make: [make.unary(low=0.05, high=0.95)],
    errors=lambda make: _refused(make, "logit"),
)
def _logit(xp: Any, input: Any) -> Any:
    """``log(input / (1 - input))``."""
    return in_float64(xp, _log_odds, input)


_logit.vjp(
    input=lambda F, grad, input: F.where((input < 0) | (input > 1), math.nan, grad / (input * (1 - input))),
)


def logit(input: Tensor, eps: float | None = None) -> Tensor:
    """The logarithm of the odds of a probability, ``log(input / (1 - input))``: the inverse of ``sigmoid``.

    Args:
        input: Tensor of any shape: -inf at 0, inf at 1, nan outside of them.
        eps: Clamp ``input`` to [eps, 1 - eps] first; by default don't.

    Raises:
        RuntimeError: ``input`` is complex.
    """
    return _logit(input if eps is None else selection.clamp(input, eps, 1 - eps))


@define_op(
    inputs=("input", "other"),
    shape=rules.broadcast,
    dtype=rules.refusing(rules.only_floating, "complex"),
    samples=lambda make: [make.binary()],
    errors=lambda make: [make.mismatch("logaddexp2")],
)
def logaddexp2(xp: Any, input: Any, other: Any) -> Any:
    """``log2(2**input + 2**other)`` without overflow."""
    return pairwise(xp.logaddexp2, lambda *parts: add_exponentials(xp, xp.exp2, _LN2, *parts), input, other)


logaddexp2.vjp(
    input=lambda F, grad, input, other: grad * F.sigmoid((input - other) * _LN2),
    other=lambda F, grad, input, other: grad * F.sigmoid((other - input) * _LN2),
)

IN_PLACE = ("logit",)

__all__ = ["logaddexp2", "logit"]
