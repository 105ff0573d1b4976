"""Pointwise ops on numbers as they are stored, and corners of arithmetic in which NumPy and PyTorch differ."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import lamella
from lamella import Tensor, tensor
from lamella.core.errors import DtypeError

inf, nan = math.inf, math.nan


def same(result: Tensor, values: Any, dtype: lamella.dtype) -> None:
    assert result.dtype is dtype
    np.testing.assert_array_equal(result.detach().numpy(), np.array(values, dtype.numpy))


def test_copysign_sees_the_sign_of_zero() -> None:
    result = lamella.copysign(tensor([1.0, -2.0, 0.0]), tensor([-0.0, 0.0, -1.0]))
    same(result, [-1, 2, -0.0], lamella.float32)
    assert lamella.signbit(result).tolist() == [True, False, True]


def test_frexp_takes_apart_and_ldexp_puts_together() -> None:
    x = tensor([0.0, -6.0, 5e-324, 1.7e308, inf], dtype=lamella.float64)
    mantissa, exponent = lamella.frexp(x)
    assert exponent.dtype is lamella.int32
    assert mantissa[:4].abs().tolist()[1:] == [0.75, 0.5, 1.7e308 / 2.0**1023 / 2]
    same(lamella.ldexp(mantissa, exponent), x.tolist(), lamella.float64)
    assert repr(lamella.frexp(tensor(6.0))).startswith("lamella.return_types.frexp(\nmantissa=")


def test_the_gradient_of_a_mantissa() -> None:
    x = tensor([6.0, -0.3, 0.0], requires_grad=True)
    lamella.frexp(x).mantissa.sum().backward()
    assert x.grad is not None
    same(x.grad, [0.125, 2, 1], lamella.float32)


def test_ldexp_keeps_the_dtype_beside_integers() -> None:
    half = tensor([1.0, -2.5], dtype=lamella.float16)
    same(half.ldexp(tensor([3, -1])), [8, -1.25], lamella.float16)
    same(lamella.ldexp(tensor([3, -1]), tensor([1, 2])), [6, -4], lamella.float32)
    same(lamella.ldexp(tensor([2.0]), tensor([2.0])), [8], lamella.float32)


def test_fmax_and_fmin_pass_over_nan() -> None:
    x, y = tensor([1.0, nan, 2.0, nan], requires_grad=True), tensor([2.0, 3.0, nan, nan], requires_grad=True)
    result = lamella.fmax(x, y)
    same(result, [2, 3, 2, nan], lamella.float32)
    result.sum().backward()
    assert x.grad is not None and y.grad is not None
    same(x.grad, [0, 0, 1, 1], lamella.float32)
    same(y.grad, [1, 1, 0, 0], lamella.float32)
    same(lamella.fmin(x, y), [1, 3, 2, nan], lamella.float32)


def test_heaviside_of_nan_is_zero() -> None:
    same(lamella.heaviside(tensor([-1.0, 0.0, 3.0, nan]), tensor(0.5)), [0, 0.5, 1, 0], lamella.float32)


def test_float_power_computes_in_double_precision() -> None:
    same(lamella.float_power(tensor([2, 0]), -1), [0.5, inf], lamella.float64)
    same(lamella.float_power(2, tensor([0.5])), [2**0.5], lamella.float64)
    assert lamella.float_power(tensor([2.0]), 1j).dtype is lamella.complex128
    x = tensor([3.0], dtype=lamella.float64)
    assert x.float_power_(2) is x
    same(x, [9], lamella.float64)


def test_frac_fix_and_positive() -> None:
    x = tensor([-1.5, 2.25, inf])
    same(x.frac(), [-0.5, 0.25, nan], lamella.float32)
    same(x.fix(), [-1, 2, inf], lamella.float32)
    assert lamella.positive(x) is x


def test_rsub_with_alpha() -> None:
    same(lamella.rsub(tensor([1.0, 2.0]), 5, alpha=2), [3, 1], lamella.float32)


def test_infinities_by_sign() -> None:
    x = tensor([-inf, inf, nan, 0.0])
    assert lamella.isneginf(x).tolist() == [True, False, False, False]
    assert lamella.isposinf(x).tolist() == [False, True, False, False]
    assert lamella.isposinf(tensor([1, 2])).tolist() == [False, False]


def test_a_step_to_the_next_float_keeps_the_gradient() -> None:
    x = tensor([1.0, 2.0], requires_grad=True)
    result = lamella.nextafter(x, tensor([2.0, 2.0]))
    assert result[0].item() == 1 + 2.0**-23
    result.sum().backward()
    assert x.grad is not None
    same(x.grad, [1, 0], lamella.float32)  # nothing moves where both are equal


@pytest.mark.parametrize(
    ("name", "of"),
    [
        ("absolute", "abs"),
        ("fix", "trunc"),
        ("greater", "gt"),
        ("greater_equal", "ge"),
        ("less", "lt"),
        ("less_equal", "le"),
        ("negative", "neg"),
        ("not_equal", "ne"),
    ],
)
def test_second_names_in_place_too(name: str, of: str) -> None:
    x, y = tensor([-1.5, 2.0, 0.5]), tensor([0.5, 2.0, 1.0])
    others = (y,) if name in {"greater", "greater_equal", "less", "less_equal", "not_equal"} else ()
    expected = getattr(x, of)(*others)
    same(getattr(lamella, name)(x, *others), expected.tolist(), expected.dtype)
    assert getattr(x, f"{name}_")(*others) is x
    same(x, expected.tolist(), lamella.float32)


def test_alpha_counts_in_the_dtype_of_the_result() -> None:
    whole, wide = tensor([10]), tensor([0.0], dtype=lamella.float64)
    same(lamella.add(wide, whole, alpha=0.1), [1.0], lamella.float64)
    mask = tensor([True, False])
    same(lamella.add(mask, mask, alpha=2), [True, False], lamella.bool)
    same(lamella.sub(tensor([1.0]), 3, alpha=2), [-5], lamella.float32)


def test_integers_to_negative_powers_keep_their_dtype() -> None:
    exponent = tensor([-1, -2, -1, -3], dtype=lamella.int32)
    result = lamella.pow(tensor([1, -1, -1, 2], dtype=lamella.int32), exponent)
    same(result, [1, 1, -1, 0], lamella.int32)
    same(lamella.pow(2, tensor(-1, dtype=lamella.int32)), 0, lamella.int32)


def test_rounded_division_of_bools_by_integers() -> None:
    same(lamella.div(tensor([True, True]), tensor([2, 1]), rounding_mode="trunc"), [0, 1], lamella.int64)


def test_the_sign_of_nan_is_zero() -> None:
    same(lamella.sign(tensor([nan, -2.0])), [0, -1], lamella.float32)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: lamella.frexp(tensor([1])), RuntimeError, "only supports floating-point"),
        (lambda: lamella.frac(tensor([1])), RuntimeError, "frac: not defined for dtype lamella.int64"),
        (lambda: lamella.isneginf(tensor([1j])), RuntimeError, "isneginf does not support complex"),
        (lambda: lamella.isposinf(tensor([1j])), RuntimeError, "isposinf does not support complex"),
        (lambda: lamella.positive(tensor([True])), RuntimeError, "bool tensor is not supported"),
        (lambda: lamella.heaviside(tensor([1.0]), 0.5), TypeError, "argument 'values' must be Tensor"),
        (lambda: lamella.ldexp(tensor([1.0]), 2), TypeError, "argument 'other' must be Tensor"),
        (lambda: lamella.ldexp(tensor([1.0]), tensor([True])), DtypeError, "ldexp: .* integer exponents"),
        (lambda: tensor([1.0]).float_power_(2), RuntimeError, "requires dtype lamella.float64"),
        (lambda: lamella.rsub(tensor([True]), 1), RuntimeError, "not defined with a bool"),
        (lambda: lamella.sub(tensor([1.0]), tensor([True]), alpha=2), RuntimeError, "not defined with a bool"),
        (lambda: lamella.add(tensor([1]), tensor([1]), alpha=1.5), RuntimeError, "alpha=1.5 is not defined"),
        (lambda: lamella.add(tensor([1]), tensor([1]), alpha=True), RuntimeError, "bool alpha"),
    ],
)
def test_what_is_refused(call: Callable[[], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
