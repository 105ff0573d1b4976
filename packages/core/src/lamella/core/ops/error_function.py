"""The error function on arrays, and its complement multiplied by ``exp(x²)``, from which tails are made.

In float64 by rational approximations of our own up to 4, added to a constant near the value so that their rounding
errors count little; beyond 4 by that of W. J. Cody, "Rational Chebyshev approximations for the error function",
Mathematics of Computation 23 (1969), 631-637, as in his program CALERF. In float32 by one rational function of x² of
our own, fitted to a relative error of 2e-8 on [0, 3.92], beyond which erf is 1.
"""

from __future__ import annotations

import math
from typing import Any

from lamella.core.backends.chunks import elementwise
from lamella.core.ops.approximation import in_float64, polynomial, ratio
from lamella.core.ops.pairs import choose

# erf(x) = x (1.09375 + A(x²) / B(x²)) for |x| <= 0.46875; coefficients from the highest power down, as everywhere here
_A = (
    7.778871688740672e-05,
    -0.004624723017846217,
    -0.02648857186997388,
    -0.36312750789694254,
    0.03462916709551258,
)
_B = (
    0.0029961841254213797,
    0.053755075242321405,
    0.37537377376258213,
    1.0,
)
# exp(x²) erfc(x) = (0.71875 + C(x) / D(x)) / (x + 0.75) for 0.46875 <= x <= 4
_C = (
    -5.25694554088548e-05,
    -0.0007411660855852169,
    -0.004964263351435568,
    -0.01945972687877666,
    -0.0445919122778431,
    -0.04295745759876294,
    0.05812007704297463,
    0.23043220708548817,
    0.24982466632479086,
    0.031249999993795578,
)
_D = (
    0.0003401223783371286,
    0.005726473635802945,
    0.04717528069764882,
    0.2441386729627106,
    0.8638836938258719,
    2.149178964787022,
    3.7357505963935664,
    4.3539395708375555,
    3.075489329300455,
    1.0,
)
# exp(x²) erfc(x) = (1 / sqrt(π) - y P(y) / Q(y)) / x, y = 1 / x², for x >= 4
_P = (
    1.63153871373020978e-2,
    3.05326634961232344e-1,
    3.60344899949804439e-1,
    1.25781726111229246e-1,
    1.60837851487422766e-2,
    6.58749161529837803e-4,
)
_Q = (
    1.0,
    2.56852019228982242e0,
    1.87295284992346725e0,
    5.27905102951428412e-1,
    6.05183413124413191e-2,
    2.33520497626869185e-3,
)

# erf(x) = x N(x²) / M(x²) in float32
_LIMIT = 3.92
_N = (
    2.0501653665202856e-06,
    0.00028487363450573175,
    0.003765200213210068,
    0.05274743716198035,
    0.19039672266052374,
    1.1283791463347694,
)
_M = (
    3.809205006076971e-05,
    0.0011624350162865067,
    0.014968381442544842,
    0.11410508632859491,
    0.5020674453095663,
    1.0,
)


#: From here on ``scaled_tail`` is right; below, ``near`` is.
SMALL = 0.46875


def erf32_into(xp: Any, out: Any, x: Any) -> None:
    """Fill ``out`` with erf of ``x``, both float32 and of one or more dimensions."""
    xp.clip(x, -_LIMIT, _LIMIT, out=out)
    square = out * out
    out *= polynomial(xp, square, _N)
    out /= polynomial(xp, square, _M)
    xp.clip(out, -1, 1, out=out)  # rounding may exceed 1 by a unit


def near(xp: Any, x: Any) -> Any:
    """Erf of float64 ``x`` where ``|x| <= SMALL``; elsewhere something finite."""
    x = xp.clip(x, -SMALL, SMALL)
    return x * (1.09375 + ratio(xp, x * x, _A, _B))


def scaled_tail(xp: Any, size: Any) -> Any:
    """``exp(size²) erfc(size)`` of float64 ``size >= SMALL``; elsewhere something finite."""
    middle = xp.clip(size, SMALL, 4)
    scaled = (0.71875 + ratio(xp, middle, _C, _D)) / (middle + 0.75)
    far = size > 4
    if xp.any(far):
        large = size[far]
        y = 1 / (large * large)
        scaled[far] = (1 / math.sqrt(math.pi) - y * ratio(xp, y, _P, _Q)) / large
    return scaled


def exp_of_square(xp: Any, size: Any, factor: float) -> Any:
    """``exp(factor * size²)`` of float64 ``size >= 0``, ``factor`` being a power of 2 or its negative.

    The square is split in an exact one and a small rest: its rounding error would be multiplied by it.
    """
    bounded = xp.minimum(size, 64)  # far beyond where all underflows or overflows
    head = xp.trunc(bounded * 2**20) / 2**20
    result = xp.exp(factor * head * head)
    rest = xp.expm1(factor * ((bounded - head) * (bounded + head)))
    return xp.where(rest == 0, result, result + result * rest)  # without the case: inf * 0


def _erf64_into(xp: Any, out: Any, x: Any) -> None:
    size = xp.abs(x)
    tail = scaled_tail(xp, size) * exp_of_square(xp, size, -1)
    out[...] = choose(xp, size <= SMALL, near(xp, x), xp.copysign(1 - tail, x))


def _erfc64(xp: Any, x: Any, rough: bool) -> Any:
    """Erfc of float64 ``x``; if ``rough``, only to the precision of float32."""
    size = xp.abs(x)
    tail = scaled_tail(xp, size) * (xp.exp(-size * size) if rough else exp_of_square(xp, size, -1))
    return choose(xp, size <= SMALL, 1 - near(xp, x), choose(xp, x < 0, 2 - tail, tail))


def _erfcx64(xp: Any, x: Any) -> Any:
    size = xp.abs(x)
    growth = exp_of_square(xp, xp.where((x < 0) | (size <= SMALL), size, 0), 1)
    tail = scaled_tail(xp, size)
    return xp.where(size <= SMALL, growth * (1 - near(xp, x)), xp.where(x < 0, 2 * growth - tail, tail))


def erf(xp: Any, x: Any) -> Any:
    """The error function of a floating-point array, in its dtype."""
    if x.dtype == xp.float64:
        return elementwise(lambda out, part: _erf64_into(xp, out, part), x)
    wide = x.astype(xp.float32, copy=False)
    return elementwise(lambda out, part: erf32_into(xp, out, part), wide).astype(x.dtype, copy=False)


def erfc(xp: Any, x: Any) -> Any:
    """1 - erf of a floating-point array, in its dtype; computed in float64, because its tail is small."""
    return in_float64(xp, lambda xp, wide: _erfc64(xp, wide, x.dtype != xp.float64), x)


def erfcx(xp: Any, x: Any) -> Any:
    """``exp(x²) erfc(x)`` of a floating-point array, in its dtype."""
    return in_float64(xp, _erfcx64, x)
