"""Special functions: their accuracy, the identities that hold between them, and what their public forms refuse.

The values to agree with are in data/special_functions.json, written by data/make_special_functions.py: each computed
with mpmath in 60 digits and rounded to float64. The grid covers each function's domain evenly, by powers of 10, and
close to its zeros and to the joints of its approximations.
"""

from __future__ import annotations

import json
import math
import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import lamella
from lamella import special
from lamella.core.autograd import grad

FILE = pathlib.Path(__file__).with_name("data").joinpath("special_functions.json")
CASES: dict[str, dict[str, list[str]]] = json.loads(FILE.read_text())["functions"]
#: Units in the last place of the result.
LIMIT = 4
INF, NAN = math.inf, math.nan


def function(name: str) -> Callable[[lamella.Tensor], lamella.Tensor]:
    """The function that a case is for: a name, in some cases with the value of its first argument."""
    name, _, first = name.partition(" ")
    if name == "polygamma":
        return lambda x: special.polygamma(int(first), x)
    if name == "zeta":
        return lambda x: special.zeta(float(first), x)
    if name == "lgamma":
        return special.gammaln
    return getattr(special, name, None) or getattr(lamella, name)


def floats(texts: list[str]) -> np.ndarray:
    return np.array([float.fromhex(text) for text in texts])


def double(*values: float, requires_grad: bool = False) -> lamella.Tensor:
    return lamella.tensor(values, dtype=lamella.float64, requires_grad=requires_grad)


@pytest.mark.parametrize("name", CASES)
def test_float64_is_accurate(name: str) -> None:
    case = CASES[name]
    x, y = floats(case["x"]), floats(case["y"])
    found = function(name)(lamella.from_numpy(x)).numpy()
    # where two terms cancel, the unit is that of the terms
    scale = np.maximum(np.abs(y), floats(case["terms"])) if "terms" in case else np.abs(y)
    error = np.abs(found - y) / np.spacing(scale)
    worst = int(np.argmax(error))
    assert error[worst] <= LIMIT, f"{name}({x[worst]!r}) is {found[worst]!r}, not {y[worst]!r}: {error[worst]} ulp"


@pytest.mark.parametrize("name", CASES)
def test_float32_is_accurate(name: str) -> None:
    case = CASES[name]
    x, y = floats(case["x"]), floats(case["y"])
    with np.errstate(over="ignore", under="ignore"):
        narrow, right = x.astype(np.float32), y.astype(np.float32)
    chosen = (narrow == x) & (y != 0) & np.isfinite(right)
    assert chosen.sum() >= 10
    found = function(name)(lamella.from_numpy(narrow[chosen])).numpy()
    assert found.dtype == np.float32
    error = np.abs(found - y[chosen]) / np.spacing(np.abs(right[chosen]))
    worst = int(np.argmax(error))
    assert error[worst] <= LIMIT, f"{name}({x[chosen][worst]!r}) is {found[worst]!r}: {error[worst]} ulp"


@pytest.mark.parametrize(
    ("name", "x", "y"),
    [
        ("lgamma", [0.0, -0.0, -1.0, 1.0, 2.0, INF, -INF, NAN], [INF, INF, INF, 0.0, 0.0, INF, INF, NAN]),
        ("digamma", [0.0, -0.0, -1.0, INF, NAN], [-INF, INF, NAN, INF, NAN]),
        ("polygamma 1", [0.0, -1.0, INF, NAN], [INF, INF, 0.0, NAN]),
        ("zeta 2.5", [0.0, -2.0, -1.5, INF, NAN], [INF, INF, NAN, 0.0, NAN]),
        ("zeta 1", [2.0], [INF]),
        ("zeta 0.5", [2.0], [NAN]),
        ("zeta inf", [0.5, 1.0, 2.0], [INF, 1.0, 0.0]),
        ("zeta 3", [-0.5, -1.5], [0.41439832211716, 0.41439832211716 - 8 / 27]),
        ("i0", [0.0, 713.0], [1.0, 6.705128263670996e307]),
        ("i1", [0.0, -0.0], [0.0, -0.0]),
        ("i0e", [INF, -INF], [0.0, 0.0]),
        ("erf", [INF, -INF, NAN, -0.0], [1.0, -1.0, NAN, -0.0]),
        ("erfc", [INF, -INF, NAN], [0.0, 2.0, NAN]),
        ("erfcx", [INF, -INF, NAN, -26.625, -26.65625], [0.0, INF, NAN, 2 * math.exp(26.625**2), INF]),
        ("erfinv", [1.0, -1.0, 1.5, -0.0, NAN], [INF, -INF, NAN, -0.0, NAN]),
        ("ndtr", [INF, -INF, 0.0, NAN], [1.0, 0.0, 0.5, NAN]),
        ("ndtri", [0.0, 1.0, 0.5, -0.1, 1.1, NAN], [-INF, INF, 0.0, NAN, NAN, NAN]),
        ("log_ndtr", [INF, -INF, 0.0, NAN], [0.0, -INF, -math.log(2), NAN]),
        ("logit", [0.0, 1.0, 0.5, -0.1, 1.1], [-INF, INF, 0.0, NAN, NAN]),
        ("entr", [0.0, 1.0, -1.0, NAN], [0.0, 0.0, -INF, NAN]),
        ("sinc", [0.0, 1.0, -3.0, 1e18, INF], [1.0, 0.0, 0.0, 0.0, NAN]),
        ("acosh", [1.0, 0.5, INF], [0.0, NAN, INF]),
        ("atanh", [1.0, -1.0, 2.0], [INF, -INF, NAN]),
    ],
)
def test_ends_of_domains(name: str, x: list[float], y: list[float]) -> None:
    np.testing.assert_allclose(function(name)(double(*x)).numpy(), y, rtol=1e-13)


@pytest.mark.parametrize("name", ["asinh", "atanh", "deg2rad", "erf", "erfinv", "i1", "i1e"])
def test_odd_functions_keep_the_sign_of_zero(name: str) -> None:
    np.testing.assert_array_equal(np.signbit(function(name)(double(0.0, -0.0)).numpy()), [False, True])


def test_identities() -> None:
    x = lamella.linspace(-3.3, 3.4, 25, dtype=lamella.float64)
    for left, right in (
        (special.erfinv(lamella.erf(x)), x),
        (special.ndtri(special.ndtr(x)), x),
        (special.expit(special.logit(special.ndtr(x))), special.ndtr(x)),
        (special.ndtr(x) + special.ndtr(-x), lamella.ones_like(x)),
        (special.log_ndtr(x), lamella.log(special.ndtr(x))),
        (lamella.lgamma(x + 1), lamella.lgamma(x) + lamella.log(lamella.abs(x))),
        (lamella.digamma(x + 1), lamella.digamma(x) + 1 / x),
        (lamella.polygamma(2, x + 1), lamella.polygamma(2, x) + 2 / x**3),
        (lamella.acosh(lamella.cosh(x)), lamella.abs(x)),
        (lamella.asinh(lamella.sinh(x)), x),
        (lamella.atanh(lamella.tanh(x)), x),
        (lamella.rad2deg(lamella.deg2rad(x)), x),
        (lamella.deg2rad(x), x * (math.pi / 180)),
        (lamella.hypot(x, 2 * x), lamella.abs(x) * math.sqrt(5)),
        (lamella.logaddexp2(x, x), x + 1),
        (special.xlog1py(x, lamella.exp(x)), x * lamella.log1p(lamella.exp(x))),
        (special.i1e(x), special.i1(x) * lamella.exp(-lamella.abs(x))),
    ):
        np.testing.assert_allclose(left.numpy(), right.numpy(), rtol=1e-11, atol=1e-12)


def test_mvlgamma_is_a_sum() -> None:
    x = double(3.5, 4.25, 10.0)
    terms = [lamella.lgamma(x - j / 2) for j in range(3)]
    expected = terms[0] + terms[1] + terms[2] + 1.5 * math.log(math.pi)
    np.testing.assert_allclose(lamella.mvlgamma(x, 3).numpy(), expected.numpy(), rtol=1e-14)
    np.testing.assert_array_equal(special.multigammaln(x, 1).numpy(), lamella.lgamma(x).numpy())


def test_polygamma_of_order_0_is_digamma() -> None:
    x = double(0.5, 2.0)
    np.testing.assert_array_equal(lamella.polygamma(0, x).numpy(), special.psi(x).numpy())


def test_polygamma_of_high_order() -> None:
    # 200! is beyond float64
    np.testing.assert_array_equal(lamella.polygamma(200, double(1.0)).numpy(), [-INF])


def test_logit_clamps() -> None:
    found = lamella.logit(double(-1.0, 0.05, 0.3, 1.0), eps=0.1).numpy()
    np.testing.assert_allclose(found, np.log([1 / 9, 1 / 9, 3 / 7, 9]), rtol=1e-14)


def test_gradients_at_special_places() -> None:
    for f, x, first, second in (
        (special.i1, 0.0, 0.5, 0.0),
        (special.i1e, 0.0, 0.5, 0.0),
        (lamella.sinc, 0.0, 0.0, -(math.pi**2) / 3),
        (lamella.sinc, 1e-9, -(math.pi**2) / 3 * 1e-9, -(math.pi**2) / 3),
        (special.log_ndtr, 40.0, 0.0, 0.0),
        (special.log_ndtr, -1e8, 1e8, -1.0),
    ):
        at = double(x, requires_grad=True)
        (slope,) = grad(f(at).sum(), at, create_graph=True)
        (curvature,) = grad(slope.sum(), at)
        np.testing.assert_allclose([slope.item(), curvature.item()], [first, second], rtol=1e-6, atol=1e-15)
    outside = double(1.5, requires_grad=True)
    (slope,) = grad(lamella.logit(outside).sum(), outside)
    assert math.isnan(slope.item())


def test_complex_numbers() -> None:
    z = np.array([0.3 + 0.4j, -2.5 + 0.1j, 1.5 - 2j])
    for name, right in (
        ("acosh", np.arccosh(z)),
        ("asinh", np.arcsinh(z)),
        ("atanh", np.arctanh(z)),
        ("sinc", np.sin(np.pi * z) / (np.pi * z)),
    ):
        np.testing.assert_allclose(getattr(lamella, name)(lamella.from_numpy(z)).numpy(), right, rtol=1e-13)


@pytest.mark.parametrize(
    ("name", "of"),
    [
        ("arccos", "acos"),
        ("arccosh", "acosh"),
        ("arcsin", "asin"),
        ("arcsinh", "asinh"),
        ("arctan", "atan"),
        ("arctanh", "atanh"),
    ],
)
def test_second_names(name: str, of: str) -> None:
    x = double(0.5, 1.0)
    for found in (getattr(lamella, name)(x), getattr(x, name)(), getattr(x.clone(), f"{name}_")()):
        np.testing.assert_array_equal(found.numpy(), getattr(lamella, of)(x).numpy())


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("arctan2", (2.0,)),
        ("deg2rad", ()),
        ("digamma", ()),
        ("erfinv", ()),
        ("hypot", (2.0,)),
        ("i0", ()),
        ("lgamma", ()),
        ("logit", (0.1,)),
        ("mvlgamma", (2,)),
        ("polygamma", (1,)),
        ("rad2deg", ()),
        ("sinc", ()),
    ],
)
def test_methods_and_in_place_forms(name: str, args: tuple[Any, ...]) -> None:
    x = double(0.75, 0.9)
    given = tuple(double(a, a) if name in ("arctan2", "hypot") else a for a in args)
    call = getattr(lamella, name)
    expected = call(*given, x) if name == "polygamma" else call(x, *given)
    np.testing.assert_array_equal(getattr(x, name)(*given).numpy(), expected.numpy())
    changed = x.clone()
    assert getattr(changed, f"{name}_")(*given) is changed
    np.testing.assert_array_equal(changed.numpy(), expected.numpy())


def test_integers_become_floats() -> None:
    for f in (lamella.lgamma, lamella.deg2rad, lamella.sinc, special.ndtr, lambda x: lamella.mvlgamma(x, 2)):
        assert f(lamella.tensor([3, 4])).dtype is lamella.float32


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: lamella.polygamma(-1, double(1.0)), RuntimeError, "does not support negative n"),
        (lambda: lamella.polygamma(1.5, double(1.0)), TypeError, "n must be an int"),
        (lambda: lamella.mvlgamma(double(3.0), 0), RuntimeError, "greater than or equal to 1"),
        (lambda: lamella.mvlgamma(lamella.tensor([True]), 1), RuntimeError, "bool"),
        (lambda: lamella.deg2rad(double(1.0) + 1j), RuntimeError, "deg2rad is not supported for complex"),
        (lambda: lamella.rad2deg(double(1.0) + 1j), RuntimeError, "rad2deg is not supported for complex"),
        (
            lambda: special.zeta(double(2.0, requires_grad=True), double(1.0)).sum().backward(),
            RuntimeError,
            "derivative by `input`",
        ),
        (lambda: special.zeta(double(2.0, 3.0), double(1.0, 1.0, 1.0)), RuntimeError, "broadcast"),
    ],
)
def test_errors(call: Callable[[], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
