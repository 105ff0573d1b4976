"""The logarithm of the gamma function, its derivatives, and the zeta function of Hurwitz that they are made of.

All compute in float64, to a few units in the last place; the rational approximations are our own, fitted to a relative
error of about 1e-16. Each stands for what is left of the function when its zeros, or its asymptotic form, are taken
out. Negative arguments are reflected; between two poles there the functions have zeros, near which the result is exact
in the measure of the terms that cancel.
"""

from __future__ import annotations

import math
from typing import Any

from lamella.core import rules
from lamella.core.dispatch import define_op
from lamella.core.errors import ArgumentRangeError, ArgumentTypeError, DtypeError
from lamella.core.ops import pointwise
from lamella.core.ops.approximation import in_float64, ratio
from lamella.core.tensor import Tensor

# --- approximations, coefficients from the highest power down

# log Γ(1 + u) = u (u - 1) (0.4375 + A(u) / B(u)) for 0 <= u <= 3; the constant keeps the rounding of the rest small
_A = (
    -8.577993029156307e-07,
    -8.178089541822021e-05,
    -0.0021464470663623003,
    -0.022959507244985914,
    -0.1161336381384093,
    -0.28599947796389136,
    -0.2922711967311104,
    0.03782313443172575,
    0.27847463434371045,
    0.13971566490153287,
)
_B = (
    1.979616037398412e-06,
    0.00020761819740754223,
    0.006335723831552411,
    0.08367193812940361,
    0.5661283333714182,
    2.1337997969050173,
    4.6346276830093025,
    5.738202953731988,
    3.748513119379957,
    1.0,
)
# log Γ(x) = (x - 1/2) (log x - 1) + (log 2π - 1) / 2 + C(1 / x²) / D(1 / x²) / x for x >= 3
_C = (
    -0.004021976834399127,
    0.3734605137217301,
    2.2758269934288116,
    2.6951005618129806,
    0.9170993849545528,
    0.08333333333333333,
)
_D = (5.182244551040399, 28.301925747938217, 32.699633797364214, 11.038525952787841, 1.0)
_STIRLING = 0.4189385332046727  # (log 2π - 1) / 2
# ψ(1 + u) = (u - u0) (0.75 + E(u) / F(u)) for 0 <= u <= 3; u0 is the zero, in two parts
_ROOT, _ROOT_REST = 0.46163214496836236, -1.5522348162858677e-17
_E = (
    -2.862008265001282e-07,
    -3.315584548607415e-05,
    -0.0010909155714597686,
    -0.01483222416436397,
    -0.09408275721864573,
    -0.27039988370558166,
    -0.22519358173094584,
    0.3417307435976819,
    0.5003801375034054,
)
_F = (
    3.8347125324643785e-07,
    4.713007993540955e-05,
    0.0017139346932061438,
    0.027105081389092216,
    0.21686606427381228,
    0.9306500781833718,
    2.13025227505565,
    2.3910303677697975,
    1.0,
)
# ψ(x) = log x - 1 / 2x - G(1 / x²) / H(1 / x²) / x² for x >= 3
_G = (
    0.3011955040168616,
    4.787886709213266,
    10.294446380115449,
    6.3924263623594735,
    1.3463620620697865,
    0.08333333333333333,
)
_H = (6.8343005269970005, 67.51238673123109, 130.6379580735728, 78.28713177524745, 16.256344744837257, 1.0)


def _log_gamma(xp: Any, x: Any) -> Any:
    size = xp.abs(x)
    log = xp.log(size)
    # below 1 this finds log Γ(1 + size), from 1 on log Γ(size), each by the distance from 1 without rounding
    below = x < 1
    u = xp.where(below, size, size - 1)
    large = xp.maximum(size, 3)
    found = (large - 0.5) * (xp.log(large) - 1)
    found += _STIRLING + ratio(xp, 1 / (large * large), _C, _D) / large
    found += xp.where(below, log, 0)
    bounded = xp.minimum(u, 3)
    found = xp.where(u < 3, bounded * (bounded - 1) * (0.4375 + ratio(xp, bounded, _A, _B)), found)
    result = xp.where(below, found - log, found)
    if not xp.any(x < 0):
        return result
    # |Γ(-a)| Γ(1 + a) = π / |sin(πa)|
    sine = xp.abs(xp.sin(math.pi * (size - xp.round(size))))
    reflected = xp.log(math.pi / sine) - found
    return xp.where(x < 0, xp.where(xp.isinf(x), math.inf, reflected), result)


def _digamma(xp: Any, x: Any) -> Any:
    size = xp.abs(x)
    # below 1 this finds ψ(1 + size), from 1 on ψ(size)
    below = x < 1
    u = xp.where(below, size, size - 1)
    large = xp.maximum(size, 3)
    y = 1 / (large * large)
    found = xp.log(large) - (0.5 / large + y * ratio(xp, y, _G, _H))
    found += xp.where(below, 1 / large, 0)
    bounded = xp.minimum(u, 3)
    found = xp.where(u < 3, (bounded - _ROOT - _ROOT_REST) * (0.75 + ratio(xp, bounded, _E, _F)), found)
    result = xp.where(below, found - 1 / x, found)
    if not xp.any(x < 0):
        return result
    # ψ(-a) = ψ(1 + a) + π / tan(πa)
    part = size - xp.round(size)
    # the cotangent, of an angle that is no larger than π/4
    few = xp.abs(part) <= 0.25
    tangent = xp.tan(math.pi * xp.where(few, part, xp.copysign(0.5, part) - part))
    reflected = found + math.pi * xp.where(few, 1 / tangent, tangent)
    return xp.where(x < 0, xp.where(part == 0, math.nan, reflected), result)


# --- the zeta function

# the formula of Euler and Maclaurin: B(2j) / (2j)!, j from 1
_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330)
_EULER_MACLAURIN = tuple(b / math.factorial(2 * j) for j, b in enumerate(_BERNOULLI, 1))
_SUMMED = 10


def _hurwitz(xp: Any, s: Any, q: Any) -> Any:
    """The sum of ``(q + k)**-s`` over k >= 0, for s > 1 and q > 0.

    Its first terms are added up from the smallest, and begin with what the formula of Euler and Maclaurin gives for
    the rest.
    """

    def power(k: int) -> tuple[Any, Any]:
        base = q + k
        # the rounding error of q + k would be multiplied by s
        lost = xp.where(xp.isinf(q), 0, q - (base - k))
        return base, xp.pow(base, -s) * (1 - s * lost / base)

    base, first = power(_SUMMED)
    factor = s / base
    correction = 0.5 + factor * _EULER_MACLAURIN[0]
    for j, c in enumerate(_EULER_MACLAURIN[1:], 1):
        factor = factor * ((s + (2 * j - 1)) / base) * ((s + 2 * j) / base)
        correction = correction + factor * c
    total = xp.where(first == 0, 0, first * (base / (s - 1) + correction))  # 0 * inf where s is huge
    for k in reversed(range(_SUMMED)):
        total = total + power(k)[1]
    return total


def _zeta(xp: Any, s: Any, q: Any) -> Any:
    s, q = xp.broadcast_arrays(xp.minimum(s, 1e300), q)  # the same as inf, but times 0 it is 0
    found = _hurwitz(xp, s, xp.where(q > 0, q, xp.where(xp.isnan(q), q, 1)))
    negative = (q < 0) & (s > 1)
    if xp.any(negative):
        # the terms with q + k < 0 are those of two sums over positive numbers
        size = xp.where(negative, -q, 0.5)
        part = size - xp.floor(size)
        part = xp.where(part == 0, 0.5, part)
        sign = 1 - 2 * xp.abs(xp.fmod(s, 2))
        # around a part of 1/2 the first two cancel, and leave what is right
        mirrored = _hurwitz(xp, s, 1 - part) + sign * _hurwitz(xp, s, part) - sign * _hurwitz(xp, s, size + 1)
        found = xp.where(negative, xp.where(s == xp.floor(s), mirrored, math.nan), found)
    pole = (q <= 0) & (q == xp.floor(q))
    found = xp.where(pole, math.inf, found)
    return xp.where(s == 1, math.inf, xp.where(s < 1, math.nan, found))


# --- ops

_real = rules.refusing(rules.floating, "complex")


def _refused(make: Any, name: str, *attributes: Any) -> list[Any]:
    return [
        make.error((make.array(2) + 1j, *attributes), DtypeError, rf"{name}: not defined for dtype lamella.complex")
    ]


@define_op(
    inputs=("input",),
    shape=rules.elementwise,
    dtype=_real,
    samples=lambda make: [
        make.unary(low=0.2, high=5),
        make(make.array(20, low=0.1, high=40)),
        make(make.array(5, low=-0.9, high=-0.1)),
    ],
    errors=lambda make: _refused(make, "lgamma"),
)
def lgamma(xp: Any, input: Any) -> Any:
    """The logarithm of the absolute value of the gamma function; inf at 0 and at negative whole numbers."""
    return in_float64(xp, _log_gamma, input)


lgamma.vjp(input=lambda F, grad, input: grad * F.digamma(input))


@define_op(
    inputs=("input",),
    shape=rules.elementwise,
    dtype=_real,
    samples=lambda make: [
        make.unary(low=0.2, high=5),
        make(make.array(20, low=0.1, high=40)),
        make(make.array(5, low=-0.9, high=-0.1)),
    ],
    errors=lambda make: _refused(make, "digamma"),
)
def digamma(xp: Any, input: Any) -> Any:
    """The derivative of :func:`lgamma`, called ψ; ∓inf at ±0, nan at negative whole numbers."""
    return in_float64(xp, _digamma, input)


digamma.vjp(input=lambda F, grad, input: grad * F.polygamma(input, 1))


@define_op(
    inputs=("input", "other"),
    shape=rules.broadcast,
    dtype=_real,
    samples=lambda make: [
        make(2.5, make.array(2, 3, low=0.3, high=8)),
        make(3, make.array(4, low=-0.9, high=-0.1)),
        make(make.ints(4, 2, 1), make.array(3, low=0.5, high=20)),
        make(make.ints(4, 0, 2), make.array(2, low=0.5)),
        make(1.5, make.transposed(3, 2, low=0.5)),
        make(2.0, make.array(low=0.5)),
    ],
    errors=lambda make: _refused(make, "zeta", 2.0),
)
def zeta(xp: Any, input: Any, other: Any) -> Any:
    """Hurwitz's zeta function, the sum of ``(other + k)**-input`` over all k from 0 on.

    Args:
        input: The exponent: inf at 1, nan below.
        other: Where the sum begins; Riemann's zeta function is that from 1. inf at 0 and at negative whole
            numbers; other negative numbers have a value if ``input`` is whole.

    Raises:
        RuntimeError: Something is complex, the shapes can't be broadcast together, or, in the backward pass, the
            derivative by ``input`` is asked for.
    """
    dtype = xp.result_type(*(x for x in (input, other) if hasattr(x, "dtype")))
    wide = (xp.asarray(x, dtype=xp.float64) for x in (input, other))
    return xp.asarray(_zeta(xp, *wide)).astype(dtype, copy=False)


def _zeta_rule(F: Any, needs: Any, grad: Any, input: Any, other: Any) -> Any:
    if needs[0]:
        raise DtypeError(
            "zeta: the derivative by `input`, the exponent, has no closed form and is not implemented. Pass "
            "input.detach() if the gradient is not meant to flow there."
        )
    return None, grad * (-input * F.zeta(input + 1, other))


zeta.vjp(_zeta_rule)


@define_op(
    inputs=("input",),
    shape=rules.elementwise,
    dtype=_real,
    name="polygamma",
    samples=lambda make: [
        *(make(make.array(2, 3, low=0.3, high=8), n) for n in (1, 2, 5)),
        make(make.array(3, low=-0.9, high=-0.1), 1),
        make(make.array(low=0.5), 1),
        make(make.array(0, 2), 2),
        make(make.transposed(3, 2, low=0.5), 3),
    ],
    errors=lambda make: _refused(make, "polygamma", 1),
)
def _polygamma(xp: Any, input: Any, n: Any) -> Any:
    """The n-th derivative of :func:`digamma`, n >= 1."""
    scale = float(math.factorial(n)) if n <= 170 else math.inf

    def derivative(xp: Any, x: Any) -> Any:
        return (scale if n % 2 else -scale) * _zeta(xp, xp.asarray(n + 1.0), x)

    return in_float64(xp, derivative, input)


_polygamma.vjp(input=lambda F, grad, input, n: grad * F.polygamma(input, n + 1))


def polygamma(n: int, input: Tensor) -> Tensor:
    """The n-th derivative of :func:`digamma`: ``(-1)ⁿ⁺¹ n! ζ(n + 1, input)`` for n >= 1.

    Args:
        n: How often to differentiate; 0 gives ``digamma`` itself.
        input: Tensor of any shape. As a method, ``input.polygamma(n)``.

    Raises:
        RuntimeError: ``n`` is negative, or ``input`` is complex. TypeError: ``n`` is no int.

    Example:
        >>> lamella.polygamma(1, lamella.tensor([1.0, 2.0]))
        tensor([1.6449, 0.6449])
    """
    if isinstance(n, Tensor):  # called as a method
        n, input = input, n
    if not isinstance(n, int):
        raise ArgumentTypeError(f"polygamma(): n must be an int, got {n!r}")
    if n < 0:
        raise ArgumentRangeError(f"polygamma(n, x) does not support negative n, got {n}")
    return _polygamma(input, n) if n else digamma(input)


def mvlgamma(input: Tensor, p: int) -> Tensor:
    """The logarithm of the multivariate gamma function, up to sign.

    ``p (p - 1) / 4 log π`` and the sum of ``lgamma(input - j / 2)`` over j = 0 … p - 1.

    Args:
        input: Tensor of any shape; meant for values above ``(p - 1) / 2``.
        p: The dimension, at least 1.

    Raises:
        RuntimeError: ``p`` is less than 1, or ``input`` is bool or complex.
    """
    if p < 1:
        raise ArgumentRangeError(f"mvlgamma(): p has to be greater than or equal to 1, got {p}")
    total = lgamma(pointwise.sub(input, 0.0))
    for j in range(1, p):
        total = pointwise.add(total, lgamma(pointwise.sub(input, j / 2)))
    return pointwise.add(total, p * (p - 1) / 4 * math.log(math.pi))


IN_PLACE = ("digamma", "lgamma", "mvlgamma", "polygamma")
METHODS = ("polygamma",)

__all__ = ["digamma", "lgamma", "mvlgamma", "polygamma"]
