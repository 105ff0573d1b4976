"""Modified Bessel functions of the first kind, of orders 0 and 1.

Up to 4 by their power series. Beyond, ``exp(-x) I(x) sqrt(x)`` hardly changes: it is approximated by fits of our own
with a relative error of about 1e-16.
"""

from __future__ import annotations

import math
from typing import Any

from lamella.core import rules
from lamella.core.dispatch import define_op
from lamella.core.errors import DtypeError
from lamella.core.ops.approximation import in_float64, polynomial, ratio

# coefficients from the highest power down

# the power series in (x / 2)², for x <= 4: all its terms are positive, and the last one that counts is this
_LAST = 17
_S0 = tuple(1 / math.factorial(k) ** 2 for k in range(_LAST, -1, -1))
_S1 = tuple(1 / (math.factorial(k) * math.factorial(k + 1)) for k in range(_LAST, -1, -1))
# exp(-x) I0(x) sqrt(x) = 0.40625 + A(x - 6) / B(x - 6) for 4 <= x <= 8
_A0 = (
    -2.777782024171688e-09,
    -8.112989404572525e-08,
    -1.19224587644837e-06,
    -1.0958197938807019e-05,
    -6.615949611060793e-05,
    -0.00025305347684968034,
    -0.00048673101847031584,
    9.063939590408614e-05,
    0.001975671809809134,
)
_B0 = (
    3.8017190996953534e-07,
    1.3693473447078679e-05,
    0.00024255147135528738,
    0.0027230397632259347,
    0.02100569304900961,
    0.11320532080293134,
    0.4140328944488805,
    0.9358919133143578,
    1.0,
)
# and C(16 / x - 1) beyond
_C0 = (
    1.0882006374261023e-10,
    3.525295387979033e-11,
    -7.473849738420546e-10,
    -2.748098722305407e-10,
    2.398193634948057e-09,
    1.0924499403506e-09,
    -4.848251732075781e-09,
    -3.1185112076945132e-09,
    6.7897907263644855e-09,
    7.3233082634290236e-09,
    -5.162517859966978e-09,
    -1.3319797444062164e-08,
    -6.805980151001781e-09,
    7.532386084112072e-09,
    2.1556811141452515e-08,
    3.9329265768996546e-08,
    8.872154618349451e-08,
    2.973595658097338e-07,
    1.4838475863102162e-06,
    1.1143033802583924e-05,
    0.0001362160743918719,
    0.0033605519836677235,
    0.4021765094450081,
)
# exp(-x) I1(x) sqrt(x) = 0.375 + A(x - 6) / B(x - 6) for 4 <= x <= 8
_A1 = (
    5.002590023899385e-09,
    1.7630502216844184e-07,
    2.9855974546165325e-06,
    3.111855335020464e-05,
    0.00021294405256387167,
    0.0009482410277008017,
    0.0024556190366125425,
    0.0024260898780207067,
    -0.002551510048601051,
)
_B1 = (
    2.0898321144749972e-07,
    8.667911247139935e-06,
    0.00017146931285902216,
    0.002105110930293801,
    0.01747634407658837,
    0.10009515747094411,
    0.38499493960644754,
    0.9068033335951273,
    1.0,
)
# and C(16 / x - 1) beyond
_C1 = (
    -1.1328903469939156e-10,
    -3.2677377496300705e-11,
    7.790679055154389e-10,
    2.582155405302224e-10,
    -2.50621754710484e-09,
    -1.0476097520363946e-09,
    5.094017609457508e-09,
    3.0717359196809693e-09,
    -7.222524889964578e-09,
    -7.432532648648895e-09,
    5.722677700253305e-09,
    1.3952623854130251e-08,
    6.7950735043729375e-09,
    -8.407326477033504e-09,
    -2.3382691373001304e-08,
    -4.313231568690661e-08,
    -1.0001220638343219e-07,
    -3.4838530713107415e-07,
    -1.8349101539668907e-06,
    -1.5038547211274495e-05,
    -0.000219235763833829,
    -0.009749577193235609,
    0.38939845902587233,
)


def _series0(xp: Any, size: Any) -> Any:
    half = xp.minimum(size, 4) / 2
    return polynomial(xp, half * half, _S0)


def _series1(xp: Any, size: Any) -> Any:
    half = xp.minimum(size, 4) / 2
    return half * polynomial(xp, half * half, _S1)


def _scaled(xp: Any, size: Any, constant: float, a: Any, b: Any, c: Any) -> Any:
    """``exp(-size)`` times the function, for ``size >= 4``."""
    middle = xp.clip(size, 4, 8)
    found = constant + ratio(xp, middle - 6, a, b)
    if xp.any(size > 8):
        found = xp.where(size > 8, polynomial(xp, 16 / xp.maximum(size, 8) - 1, c), found)
    return found / xp.sqrt(xp.maximum(size, 4))


def _scaled0(xp: Any, size: Any) -> Any:
    return _scaled(xp, size, 0.40625, _A0, _B0, _C0)


def _scaled1(xp: Any, size: Any) -> Any:
    return _scaled(xp, size, 0.375, _A1, _B1, _C1)


def _growing(xp: Any, size: Any, series: Any, scaled: Any) -> Any:
    # in two factors, because exp(size) alone would overflow a little before the function does
    most = xp.minimum(size, 700)
    return xp.where(size <= 4, series(xp, size), xp.exp(most) * scaled(xp, size) * xp.exp(size - most))


def _bounded(xp: Any, size: Any, series: Any, scaled: Any) -> Any:
    return xp.where(size <= 4, series(xp, size) * xp.exp(-xp.minimum(size, 4)), scaled(xp, size))


def _i0(xp: Any, x: Any) -> Any:
    return _growing(xp, xp.abs(x), _series0, _scaled0)


def _i0e(xp: Any, x: Any) -> Any:
    return _bounded(xp, xp.abs(x), _series0, _scaled0)


def _i1(xp: Any, x: Any) -> Any:
    return xp.copysign(_growing(xp, xp.abs(x), _series1, _scaled1), x)


def _i1e(xp: Any, x: Any) -> Any:
    return xp.copysign(_bounded(xp, xp.abs(x), _series1, _scaled1), x)


_real = rules.refusing(rules.floating, "complex")


def _samples(make: Any) -> list[Any]:
    return [make.unary(away_from=0.0), make(make.array(12, low=-20, high=20))]


def _refused(make: Any, name: str) -> list[Any]:
    return [make.error((make.array(2) + 1j,), DtypeError, rf"{name}: not defined for dtype lamella.complex")]


@define_op(
    inputs=("input",),
    shape=rules.elementwise,
    dtype=_real,
    samples=lambda make: [_samples(make), make(make.array(2) * 0)],
    errors=lambda make: _refused(make, "i0"),
)
def i0(xp: Any, input: Any) -> Any:
    """The modified Bessel function of the first kind, of order 0."""
    return in_float64(xp, _i0, input)


i0.vjp(input=lambda F, grad, input: grad * F.i1(input))


@define_op(
    inputs=("input",),
    shape=rules.elementwise,
    dtype=_real,
    samples=_samples,
    errors=lambda make: _refused(make, "i0e"),
)
def i0e(xp: Any, input: Any) -> Any:
    """``exp(-|input|) i0(input)``, which does not overflow."""
    return in_float64(xp, _i0e, input)


i0e.vjp(input=lambda F, grad, out, input: grad * (F.i1e(input) - F.sign(input) * out))


@define_op(
    inputs=("input",),
    shape=rules.elementwise,
    dtype=_real,
    samples=lambda make: [_samples(make), make(make.array(2) * 0)],
    errors=lambda make: _refused(make, "i1"),
)
def i1(xp: Any, input: Any) -> Any:
    """The modified Bessel function of the first kind, of order 1."""
    return in_float64(xp, _i1, input)


def _i1_rule(F: Any, grad: Any, out: Any, input: Any) -> Any:
    zero = input == 0  # where the function divided by its argument is 1/2
    return grad * (F.i0(input) - F.where(zero, 0.5, out / F.where(zero, 1.0, input)))


i1.vjp(input=_i1_rule)


@define_op(
    inputs=("input",),
    shape=rules.elementwise,
    dtype=_real,
    samples=_samples,
    errors=lambda make: _refused(make, "i1e"),
)
def i1e(xp: Any, input: Any) -> Any:
    """``exp(-|input|) i1(input)``, which does not overflow."""
    return in_float64(xp, _i1e, input)


def _i1e_rule(F: Any, grad: Any, out: Any, input: Any) -> Any:
    zero = input == 0
    quotient = F.where(zero, 0.5, out / F.where(zero, 1.0, input))
    return grad * (F.i0e(input) - F.sign(input) * out - quotient)


i1e.vjp(input=_i1e_rule)

IN_PLACE = ("i0",)

__all__ = ["i0"]
