"""``assert_close`` and ``make_tensor``."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import lamella
from lamella.core.testing import assert_close, make_tensor

A = lamella.tensor([1.0, 2.0, 3.0])
B = lamella.tensor([1.0, 2.5, 4.0])


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        (A, lamella.tensor([1.0, 2.0, 3.000001])),
        (A, A.clone().requires_grad_()),
        (lamella.zeros(0), lamella.zeros(0)),
        (1.0, 1.0 + 1e-9),
        (np.ones(2), np.ones(2)),
        (True, True),
        (None, None),
        ([A, (1, 2.0)], [A, (1, 2.0)]),
        ({"x": A}, {"x": A}),
        (lamella.tensor(float("inf")), lamella.tensor(float("inf"))),
        (lamella.tensor([2**53 + 1]), lamella.tensor([2**53 + 1])),
    ],
)
def test_close(actual: Any, expected: Any) -> None:
    assert_close(actual, expected)


@pytest.mark.parametrize(
    ("actual", "expected", "options", "message"),
    [
        (
            A,
            B,
            {},
            (
                "Tensor-likes are not close!\n\nMismatched elements: 2 / 3 (66.7%)\n"
                "Greatest absolute difference: 1.0 at index (2,) (up to 1e-05 allowed)\n"
                "Greatest relative difference: 0.25 at index (2,) (up to 1.3e-06 allowed)"
            ),
        ),
        (A, B, {"rtol": 0, "atol": 0}, "Tensor-likes are not equal!\n\nMismatched elements: 2 / 3 (66.7%)\n"),
        (A, B, {"msg": "mine"}, "mine"),
        (A, B, {"msg": lambda m: "so: " + m}, "so: Tensor-likes are not close!"),
        (A, B[:2], {}, "The values for attribute 'shape' do not match: lamella.Size([3]) != lamella.Size([2])."),
        (A, B.double(), {}, "The values for attribute 'dtype' do not match: lamella.float32 != lamella.float64."),
        (
            A,
            lamella.tensor([1.0, 0.0, 2.0, 0.0, 3.0, 0.0])[::2],
            {"check_stride": True},
            "The values for attribute 'stride()' do not match: (1,) != (2,).",
        ),
        (
            1.0,
            2.0,
            {},
            (
                "Scalars are not close!\n\nExpected 2.0 but got 1.0.\nAbsolute difference: 1.0 (up to 1e-07 allowed)\n"
                "Relative difference: 0.5 (up to 1e-07 allowed)"
            ),
        ),
        (1, 2, {}, "Scalars are not equal!\n\nExpected 2 but got 1."),
        (1, 1.0, {}, "The (d)types do not match: <class 'int'> != <class 'float'>."),
        (True, False, {}, "Booleans mismatch: True is not False"),
        (None, A, {}, "None mismatch: None is not tensor([1., 2., 3.])"),
        ([A], [A, A], {}, "The length of the sequences mismatch: 1 != 2"),
        (
            {"x": A},
            {"y": A},
            {},
            (
                "The keys of the mappings do not match:\nMissing keys in the actual mapping: ['y']\n"
                "Additional keys in the actual mapping: ['x']"
            ),
        ),
        (lamella.tensor([float("nan")]), lamella.tensor([float("nan")]), {}, "Mismatched elements: 1 / 1 (100.0%)"),
        (lamella.tensor([1.0]), lamella.tensor([float("inf")]), {"rtol": 1.0, "atol": 1.0}, "Mismatched elements: 1"),
        (lamella.tensor([2**53 + 1]), lamella.tensor([2**53]), {}, "Greatest absolute difference: 1 at index (0,)"),
    ],
)
def test_not_close(actual: Any, expected: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(AssertionError) as caught:
        assert_close(actual, expected, **options)
    assert message in str(caught.value)


def test_the_place_in_nested_values_is_named() -> None:
    with pytest.raises(AssertionError, match=r"The failure occurred for item \['a'\]\[1\]$"):
        assert_close({"a": [A, B]}, {"a": [A, A]})


def test_dtypes_and_nan_may_be_forgiven() -> None:
    assert_close(A, A.double(), check_dtype=False)
    assert_close(lamella.tensor([float("nan")]), lamella.tensor([float("nan")]), equal_nan=True)


def test_arguments_are_checked() -> None:
    with pytest.raises(ValueError, match="Both 'rtol' and 'atol' must be either specified or omitted, but got no atol"):
        assert_close(A, A, rtol=1.0)
    with pytest.raises(TypeError, match="No comparison pair was able to handle inputs of type .*Tensor.* and .*float"):
        assert_close(A, 1.0)
    with pytest.raises(TypeError, match="must be of one type with allow_subclasses=False"):
        assert_close(A, np.ones(3), allow_subclasses=False)


@pytest.mark.parametrize(
    ("dtype", "low", "high"),
    [
        (lamella.float32, -9, 9),
        (lamella.float16, -9, 9),
        (lamella.int64, -9, 9),
        (lamella.uint8, 0, 9),
        (lamella.bool, 0, 1),
        (lamella.complex64, -9, 9),
    ],
)
def test_make_tensor_ranges(dtype: lamella.dtype, low: float, high: float) -> None:
    made = make_tensor(40, (50), dtype=dtype, device="cpu")
    assert made.dtype is dtype
    assert made.shape == (40, 50)
    values = made.numpy().real.astype(float)
    assert low <= values.min() < low + 0.2
    assert high - 0.2 < values.max() <= high


def test_make_tensor_options() -> None:
    made = make_tensor((3, 4), dtype=lamella.float64, device="cpu", low=1, high=2, requires_grad=True)
    assert made.requires_grad
    assert ((made.detach().numpy() >= 1) & (made.detach().numpy() < 2)).all()
    assert make_tensor(3, 4, dtype=lamella.float32, device="cpu", noncontiguous=True).stride() == (8, 2)
    assert (make_tensor(99, dtype=lamella.bool, device="cpu", exclude_zero=True).numpy()).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"low": 2, "high": 1}, "`low` must be less than `high`, but got 2 >= 1"),
        ({"low": float("nan")}, "`low` and `high` cannot be NaN"),
        ({"requires_grad": True}, "not supported for boolean and integral dtypes, but got dtype=lamella.int64"),
    ],
)
def test_make_tensor_refuses(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_tensor(2, dtype=lamella.int64, device="cpu", **options)
