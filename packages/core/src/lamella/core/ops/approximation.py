"""Evaluating approximations of functions on arrays: polynomials, and float64 inside whatever the dtype."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from lamella.core.backends.chunks import elementwise


def polynomial(xp: Any, x: Any, coefficients: Sequence[float]) -> Any:
    """Horner's rule in one array of its own; coefficients from the highest power down."""
    total = x * coefficients[0]
    for c in coefficients[1:-1]:
        total += c
        total *= x
    total += coefficients[-1]
    return total


def ratio(xp: Any, x: Any, numerator: Sequence[float], denominator: Sequence[float]) -> Any:
    """The quotient of two polynomials."""
    total = polynomial(xp, x, numerator)
    total /= polynomial(xp, x, denominator)
    return total


def in_float64(xp: Any, function: Callable[[Any, Any], Any], x: Any) -> Any:
    """``function(xp, x)``, computed in float64 piece by piece and rounded to the dtype of ``x``.

    Args:
        xp: The array namespace.
        function: Gives an array as large as the float64 array it gets, which may be ``x`` itself.
        x: A floating-point array.
    """

    def fill(out: Any, part: Any) -> None:
        out[...] = function(xp, part.astype(xp.float64, copy=False))

    return elementwise(fill, x)


__all__ = ["in_float64", "polynomial", "ratio"]
