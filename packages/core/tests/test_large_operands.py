"""Ops that take another way for large arrays than for small: there they give what NumPy's slow loops give."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import lamella

SPECIAL = [0.0, -0.0, 1, -1, np.inf, -np.inf, np.nan, 1e-45, 3.4e38, -3.4e38, 1e-38, 2, -3, 0.5, 7, -5.5, 2.0**24, 1e20]
LARGE = 20_000  # elements, of which every such op takes its way for many


def operands(dtype: type, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Every pair of special numbers, numbers of all sizes, and whole numbers."""
    random = np.random.default_rng(seed)
    pairs = np.meshgrid(SPECIAL, SPECIAL)
    both = []
    for special in pairs:
        sizes = 10.0 ** random.integers(-8, 8, LARGE)
        whole = np.round(random.standard_normal(LARGE) * 9)
        both.append(np.concatenate([special.ravel(), random.standard_normal(LARGE) * sizes, whole]).astype(dtype))
    return both[0], both[1]


def assert_same(found: Any, expected: np.ndarray) -> None:
    """Equal, signs of zero and places of nan included."""
    found = found.numpy()
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)
    real = ~np.isnan(expected)
    np.testing.assert_array_equal(np.signbit(found)[real], np.signbit(expected)[real])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ["fmod", "remainder", "floor_divide", "copysign"])
def test_divisions_are_exact(name: str, dtype: type) -> None:
    a, b = operands(dtype)
    x, y = lamella.from_numpy(a), lamella.from_numpy(b)
    op, slow = getattr(lamella, name), getattr(np, name)
    with np.errstate(all="ignore"):
        assert_same(op(x, y), slow(a, b))
        assert_same(op(x[:300, None], y[:5000]), slow(a[:300, None], b[:5000]))
        assert_same(op(x[:0, None], y), slow(a[:0, None], b))
        for number in (0.7, -0.7, 2, -3, 0.0, -0.0, np.inf, np.nan, 1e-40):
            assert_same(op(x, number), slow(a, np.asarray(number, dtype)))
            assert_same(op(lamella.tensor(number, dtype=x.dtype), y), slow(np.asarray(number, dtype), b))


@pytest.mark.parametrize("name", ["logaddexp", "logaddexp2", "hypot"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sums_without_overflow(name: str, dtype: type) -> None:
    a, b = operands(dtype)
    with np.errstate(all="ignore"):
        expected = getattr(np, name)(a.astype(np.float64), b.astype(np.float64)).astype(dtype)
    found = getattr(lamella, name)(lamella.from_numpy(a), lamella.from_numpy(b)).numpy()
    assert found.dtype == dtype
    ok = np.isfinite(expected)
    np.testing.assert_array_equal(found[~ok], expected[~ok])
    scale = np.maximum(np.maximum(np.abs(a), np.abs(b)), np.asarray(1e-30, dtype))[ok].astype(np.float64)
    error = np.abs(found[ok].astype(np.float64) - expected[ok]) / np.maximum(scale, 1 if name != "hypot" else 0)
    assert error.max() < 4 * np.finfo(dtype).eps


def test_sign_of_special_numbers() -> None:
    a = operands(np.float32)[0]
    assert_same(lamella.from_numpy(a).sign(), np.where(np.isnan(a), 0, np.sign(a)))


@pytest.mark.parametrize("exponent", [4, 5, 6, 7.0, -1, -2, -3, -0.5])
def test_powers(exponent: float) -> None:
    a = operands(np.float32)[0]
    with np.errstate(all="ignore"):
        expected = 1 / np.sqrt(a) if exponent == -0.5 else np.power(a, np.float32(exponent))
    found = (lamella.from_numpy(a) ** exponent).numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-37)
    real = ~np.isnan(expected)
    np.testing.assert_array_equal(np.signbit(found)[real], np.signbit(expected)[real])


def test_a_negative_zero_to_minus_one_half_is_minus_infinity() -> None:  # as in PyTorch, which takes a reciprocal root
    assert (lamella.tensor([-0.0]) ** -0.5).tolist() == [-np.inf]


def test_lerp_by_many_weights() -> None:
    a, b, weight = np.random.default_rng(1).standard_normal((3, LARGE)).astype(np.float32)
    found = lamella.lerp(*(lamella.from_numpy(x) for x in (a, b, weight)))
    np.testing.assert_allclose(found.numpy(), a + weight * (b - a), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("shape", [(40, 700), (3, 30, 600), (25_000,)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32])
@pytest.mark.parametrize("name", ["cumsum", "cumprod", "cummax", "cummin"])
def test_running_results(name: str, shape: tuple[int, ...], dtype: type) -> None:
    values = np.round(np.random.default_rng(2).standard_normal(shape) * 2).astype(dtype)
    if dtype is not np.int32:
        values.reshape(-1)[::4001] = np.nan
    for dim in range(values.ndim):
        found = getattr(lamella, name)(lamella.from_numpy(values), dim)
        if name in ("cumsum", "cumprod"):
            wide = np.int64 if dtype is np.int32 else np.float64
            expected = getattr(np, name)(values, axis=dim, dtype=wide)
            np.testing.assert_array_equal(found.numpy(), expected if dtype is np.int32 else expected.astype(dtype))
            continue
        extreme = (np.maximum if name == "cummax" else np.minimum).accumulate(values, axis=dim)
        np.testing.assert_array_equal(found.values.numpy(), extreme)
        steps = np.arange(shape[dim]).reshape((-1,) + (1,) * (values.ndim - dim - 1))
        hits = np.where((values == extreme) | np.isnan(values), steps, 0)
        np.testing.assert_array_equal(found.indices.numpy(), np.maximum.accumulate(hits, axis=dim))


def test_places_of_a_few_new_extremes() -> None:
    values = np.random.default_rng(3).standard_normal((20, 1000)).astype(np.float32)
    found = lamella.from_numpy(values).cummax(1)
    np.testing.assert_array_equal(np.take_along_axis(values, found.indices.numpy(), 1), found.values.numpy())
    np.testing.assert_array_equal(found.values.numpy(), np.maximum.accumulate(values, axis=1))


@pytest.mark.parametrize("length", [33, 34, 67, 1001])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.int64, np.bool_])
def test_products_of_long_rows(length: int, dtype: type) -> None:
    random = np.random.default_rng(4)
    exact = np.issubdtype(dtype, np.integer) or dtype is np.bool_
    values = (random.integers(0, 9, (5, length)) if exact else random.uniform(0.95, 1.05, (5, length))).astype(dtype)
    values[1] = 0
    found = lamella.from_numpy(values).prod(1).numpy()
    expected = np.prod(values, axis=1, dtype=np.int64 if exact else np.float64)
    assert found.dtype == (np.int64 if exact else dtype)
    np.testing.assert_allclose(found, expected, rtol=0 if exact else 2e-3 if dtype is np.float16 else 1e-4)


def test_norms_of_rows_and_their_gradient_at_zero() -> None:
    values = np.random.default_rng(5).standard_normal((30, 20)).astype(np.float32)
    values[3] = 0
    x = lamella.from_numpy(values).requires_grad_()
    norms = x.norm(dim=1)
    size = np.sqrt((values.astype(np.float64) ** 2).sum(1))
    np.testing.assert_allclose(norms.detach().numpy(), size, rtol=1e-6)
    norms.sum().backward()
    size[3] = 1
    np.testing.assert_allclose(x.grad.numpy(), values / size[:, None], rtol=1e-5)


def test_sinc_and_erfc_keep_their_precision() -> None:
    values = np.concatenate([np.linspace(-9, 9, LARGE), np.arange(-50, 50, 0.5)]).astype(np.float32)
    x = lamella.from_numpy(values)
    for op in (lamella.sinc, lamella.special.erfc):
        expected = op(x.double()).numpy()
        np.testing.assert_allclose(op(x).numpy(), expected, rtol=4e-7, atol=1e-37)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int32, np.int64, np.complex64, np.complex128])
@pytest.mark.parametrize("shape", [(200, 300), (7, 20, 60)])
def test_where_and_masked_fill_select_each_element(dtype: type, shape: tuple[int, ...]) -> None:
    random = np.random.default_rng(0)
    a, b = (random.integers(-9, 9, (7, 100, 60)).reshape(-1, *shape[1:]).astype(dtype) for _ in range(2))
    if a.dtype.kind in "fc":
        a.flat[:4], b.flat[:4] = [np.nan, -0.0, np.inf, -np.inf], [-0.0, np.nan, 1, 2]
    x, y = lamella.from_numpy(a), lamella.from_numpy(b)
    for mask in (
        random.random(a.shape) < 0.5,
        random.random(a.shape[-1:]) < 0.5,
        random.random((len(a), *[1] * (a.ndim - 1))) < 0.5,
    ):
        keep = lamella.from_numpy(mask)
        np.testing.assert_array_equal(lamella.where(keep, x, y).numpy(), np.where(mask, a, b))
        np.testing.assert_array_equal(lamella.where(keep, x, 3).numpy(), np.where(mask, a, dtype(3)))
        np.testing.assert_array_equal(lamella.where(keep, 3, y).numpy(), np.where(mask, dtype(3), b))
        np.testing.assert_array_equal(x.masked_fill(keep, -7).numpy(), np.where(mask, dtype(-7), a))
        turned = lamella.where(keep.expand(x.shape).mT, x.mT, y.mT)
        np.testing.assert_array_equal(turned.numpy(), np.where(mask, a, b).swapaxes(-1, -2))


def test_where_of_different_dtypes_promotes() -> None:
    mask, whole = np.arange(LARGE) % 3 == 0, np.arange(LARGE)
    found = lamella.where(lamella.from_numpy(mask), lamella.from_numpy(whole), 0.5)
    assert found.dtype is lamella.float32
    np.testing.assert_array_equal(found.numpy(), np.where(mask, whole, 0.5).astype(np.float32))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_relu_and_clamp_of_special_numbers(dtype: type) -> None:
    a, _ = operands(dtype)
    x = lamella.from_numpy(a)
    np.testing.assert_array_equal(lamella.relu(x).numpy(), np.maximum(a, 0))
    np.testing.assert_array_equal(x.clamp(min=-0.5).numpy(), np.maximum(a, -0.5))
    np.testing.assert_array_equal(x.clamp(max=2).numpy(), np.minimum(a, 2))
    assert lamella.relu(x).dtype is x.dtype and x.clamp(max=2).dtype is x.dtype


@pytest.mark.parametrize("size", [2, 3, 16])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
def test_reductions_of_short_rows(dtype: type, size: int) -> None:
    a = np.random.default_rng(0).integers(-99, 99, (40, 5000 // size, size)).astype(dtype)
    if dtype is not np.int64:
        a[3, 7, 1] = np.nan
    x = lamella.from_numpy(a)
    for name, expected in (("sum", np.sum), ("amax", np.max), ("amin", np.min)):
        np.testing.assert_array_equal(getattr(x, name)(-1).numpy(), expected(a, -1))
        np.testing.assert_array_equal(getattr(x, name)(-1, keepdim=True).numpy(), expected(a, -1, keepdims=True))
        np.testing.assert_array_equal(getattr(x.transpose(0, 1), name)(2).numpy(), expected(a, -1).T)
