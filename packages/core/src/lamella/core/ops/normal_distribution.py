"""The normal distribution and the inverse of the error function.

Quantiles by rational approximations of our own, fitted to a relative error of less than 1e-16; probabilities by those
in ``error_function``.
"""

from __future__ import annotations

import math
from typing import Any

from lamella.core import rules
from lamella.core.dispatch import define_op
from lamella.core.errors import DtypeError
from lamella.core.ops import error_function
from lamella.core.ops.approximation import in_float64, ratio

_SQRT_HALF = math.sqrt(0.5)
_LOG_SQRT_2PI = math.log(2 * math.pi) / 2

# --- the inverse of the error function; coefficients from the highest power down

# x (1 + A(v) / B(v)), v = 0.85² - x², for 0 <= x <= 0.85
_A = (
    -0.12233167595203001,
    -2.817275717326095,
    -15.778549687682151,
    -32.95246244035626,
    -28.66207254409087,
    -8.287641349328009,
    1.8531027638101423,
    1.4174981166974439,
    0.19753231156709125,
)
_B = (
    0.1434091875039393,
    4.415447843101863,
    34.271686324973906,
    106.6842827392197,
    160.8202408578692,
    127.76372405453803,
    54.455243374294454,
    11.730846723333057,
    1.0,
)
# r + C(r - 1.375) / D(r - 1.375), r = sqrt(-log(1 - x)), for larger x up to r = 4
_C = (
    -9.349961978954541e-08,
    -8.488593575770602e-05,
    -0.003913017543795472,
    -0.052508865424733805,
    -0.29701327024347884,
    -0.8540923982508261,
    -1.3350154008020045,
    -1.0854367372016542,
    -0.3595327255701842,
)
_D = (
    2.9781004464286815e-05,
    0.001988005742121175,
    0.037229389544180154,
    0.29766553415000113,
    1.2378720831142018,
    2.9481137207935584,
    4.093263836441858,
    3.1076485126403472,
    1.0,
)
# r + E(s) / F(s), s = (r - 4) / (r + 6), from there to r = 28, beyond the smallest float64
_E = (
    0.011387706793964522,
    -0.12539185415426346,
    0.15624056704390377,
    0.5026563247765328,
    -0.8749167521406669,
    -0.29476395025516294,
    0.8586101504570969,
    0.014797024820383243,
    -0.24864065595851734,
)
_F = (
    0.05851847812407302,
    -0.12124720697622557,
    -0.9294689008530925,
    1.4512789619208633,
    2.2597098136769227,
    -2.577792239967393,
    -2.3288224885295095,
    1.2215747688159309,
    1.0,
)


def _inverse(xp: Any, size: Any, rest: Any) -> Any:
    """The inverse of the error function at ``size >= 0``.

    Args:
        xp: The array namespace.
        size: The argument. rest: ``1 - size``, because near 1 only it has all its digits.
    """
    central = xp.minimum(size, 0.85)
    central = central * (1 + ratio(xp, 0.7225 - central * central, _A, _B))
    r = xp.sqrt(-xp.log(rest))
    middle = xp.clip(r, 1.375, 4)
    found = xp.where(size <= 0.85, central, middle + ratio(xp, middle - 1.375, _C, _D))
    if xp.any(r > 4):
        far = xp.clip(r, 4, 28)
        found = xp.where(r > 4, far + ratio(xp, (far - 4) / (far + 6), _E, _F), found)
    return xp.where(rest == 0, math.inf, xp.where(rest < 0, math.nan, found))


def _erfinv(xp: Any, x: Any) -> Any:
    size = xp.abs(x)
    return xp.copysign(_inverse(xp, size, 1 - size), x)


def _ndtri(xp: Any, p: Any) -> Any:
    from_half = 2 * (p - 0.5)
    size = _inverse(xp, xp.abs(from_half), 2 * xp.minimum(p, 1 - p))
    return xp.copysign(math.sqrt(2) * size, from_half)


# --- probabilities

# exp(x² / 2) times the probability to be above x: (1/2 + G(x) / H(x)) / (x + 1.0625) for 0.65 <= x <= 5.6
_G = (
    -1.4942113174933434e-06,
    -2.943050615251246e-05,
    -0.0002731283614928829,
    -0.001456406401669206,
    -0.004282333388285292,
    -0.0031016653473551737,
    0.025568880462273978,
    0.09992379117175117,
    0.14400895648827342,
    0.03124999999636976,
)
_H = (
    1.4785722039204076e-05,
    0.00035324187623209905,
    0.004125965337769067,
    0.03026103441002507,
    0.1517080534537578,
    0.5346098294993176,
    1.3160719384321733,
    2.1720142290746347,
    2.172324139856069,
    1.0,
)
# (1 / sqrt(2π) - y M(y) / N(y)) / x, y = 1 / x², beyond
_M = (
    2371.937583473518,
    31318.46184087232,
    24914.37827922119,
    6164.671840937226,
    622.8971600072633,
    26.706922861633434,
    0.3989422804014327,
)
_N = (
    135468.04165322724,
    216062.40657289186,
    101838.1392461559,
    19776.989672830587,
    1756.2046173816736,
    69.94432797335942,
    1.0,
)


def _tail(xp: Any, size: Any) -> Any:
    """``exp(size² / 2)`` times the probability to be above ``size >= 0.65``; for less, something finite.

    Not by way of the error function: the rounding error of ``size / sqrt(2)`` would count.
    """
    middle = xp.clip(size, 0.65, 5.6)
    found = (0.5 + ratio(xp, middle, _G, _H)) / (middle + 1.0625)
    if xp.any(size > 5.6):
        large = xp.maximum(size, 5.6)
        y = 1 / (large * large)
        found = xp.where(size > 5.6, (1 / math.sqrt(2 * math.pi) - y * ratio(xp, y, _M, _N)) / large, found)
    return found


def _ndtr(xp: Any, x: Any) -> Any:
    size = xp.abs(x)
    tail = _tail(xp, size) * error_function.exp_of_square(xp, size, -0.5)
    scaled = x * _SQRT_HALF
    near = 0.5 + error_function.near(xp, scaled) / 2
    return xp.where(xp.abs(scaled) <= error_function.SMALL, near, xp.where(x < 0, tail, 1 - tail))


def _log_ndtr(xp: Any, x: Any) -> Any:
    size = xp.abs(x)
    below = _ndtr(xp, -size)
    near = xp.where(x < 0, xp.log(below), xp.log1p(-below))
    return xp.where(x < -1, xp.log(_tail(xp, size)) - x * x / 2, near)


# --- ops

_real = rules.refusing(rules.floating, "complex")


def _refused(make: Any, name: str) -> list[Any]:
    return [make.error((make.array(2) + 1j,), DtypeError, rf"{name}: not defined for dtype lamella.complex")]


@define_op(
    inputs=("input",),
    shape=rules.elementwise,
    dtype=_real,
    samples=lambda make: [make.unary(low=-0.95, high=0.95)],
    errors=lambda make: _refused(make, "erfinv"),
)
def erfinv(xp: Any, input: Any) -> Any:
    """The number whose error function each element is; ±inf at ±1, nan beyond."""
    return in_float64(xp, _erfinv, input)


erfinv.vjp(input=lambda F, grad, out: grad * (F.exp(out * out) * (math.sqrt(math.pi) / 2)))


@define_op(
    inputs=("input",),
    shape=rules.elementwise,
    dtype=_real,
    samples=lambda make: [make.unary(), make.unary(low=-5, high=5), make(make.array(2, low=50.1, high=60))],
    errors=lambda make: _refused(make, "erfcx"),
)
def erfcx(xp: Any, input: Any) -> Any:
    """``exp(input²) erfc(input)``, which does not underflow."""
    return error_function.erfcx(xp, input)


def _erfcx_rule(F: Any, grad: Any, out: Any, input: Any) -> Any:
    far = input > 50  # where almost nothing is left of the difference below, but few terms make the asymptotic series
    size = F.where(far, input, 50.0)
    y = 1 / (size * size)
    series = ((((y * (-945 / 32) + 105 / 16) * y - 15 / 8) * y + 3 / 4) * y - 1 / 2) * y
    return grad * (F.where(far, series, input * out * math.sqrt(math.pi) - 1) * (2 / math.sqrt(math.pi)))


erfcx.vjp(input=_erfcx_rule)


@define_op(
    inputs=("input",),
    shape=rules.elementwise,
    dtype=_real,
    samples=lambda make: [make.unary(), make.unary(low=-6, high=6)],
    errors=lambda make: _refused(make, "ndtr"),
)
def ndtr(xp: Any, input: Any) -> Any:
    """The probability that a standard normal variable is at most ``input``."""
    return in_float64(xp, _ndtr, input)


ndtr.vjp(input=lambda F, grad, input: grad * F.exp(input * input * -0.5 - _LOG_SQRT_2PI))


@define_op(
    inputs=("input",),
    shape=rules.elementwise,
    dtype=_real,
    samples=lambda make: [make.unary(low=0.05, high=0.95), make(make.array(5, low=0.01, high=0.1))],
    errors=lambda make: _refused(make, "ndtri"),
)
def ndtri(xp: Any, input: Any) -> Any:
    """The inverse of :func:`ndtr`: the quantiles of the standard normal distribution; nan outside of [0, 1]."""
    return in_float64(xp, _ndtri, input)


ndtri.vjp(input=lambda F, grad, out: grad * F.exp(out * out * 0.5 + _LOG_SQRT_2PI))


@define_op(
    inputs=("input",),
    shape=rules.elementwise,
    dtype=_real,
    samples=lambda make: [make.unary(), make.unary(low=-6, high=6)],
    errors=lambda make: _refused(make, "log_ndtr"),
)
def log_ndtr(xp: Any, input: Any) -> Any:
    """``log(ndtr(input))``, exact also where ``ndtr`` is almost 0 or 1."""
    return in_float64(xp, _log_ndtr, input)


def _log_ndtr_rule(F: Any, grad: Any, out: Any, input: Any) -> Any:
    # density over probability: below 0 both underflow together, and above the scaled tail would overflow
    below = math.sqrt(2 / math.pi) / F.erfcx(F.where(input < 0, input, 0.0) * -_SQRT_HALF)
    above = F.exp(input * input * -0.5 - _LOG_SQRT_2PI - out)
    return grad * F.where(input < 0, below, above)


log_ndtr.vjp(input=_log_ndtr_rule)

IN_PLACE = ("erfinv",)

__all__ = ["erfinv"]
