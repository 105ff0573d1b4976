"""Running results, beyond what their records say."""

from __future__ import annotations

import math

import numpy as np
import pytest

import lamella

nan, inf = math.nan, math.inf


def test_the_last_of_equal_extremes_counts() -> None:
    values, indices = lamella.tensor([1, 1, 2, 2, 1]).cummax(0)
    assert (values.tolist(), indices.tolist()) == ([1, 1, 2, 2, 2], [0, 1, 2, 3, 3])
    values, indices = lamella.tensor([1, 1, 0, 2]).cummin(0)
    assert (values.tolist(), indices.tolist()) == ([1, 1, 0, 0], [0, 1, 2, 2])


@pytest.mark.parametrize("function", [lamella.cummax, lamella.cummin])
def test_nan_stays_once_it_came(function: object) -> None:
    values, indices = function(lamella.tensor([1.0, nan, 2.0, nan, 3.0]), 0)
    assert np.isnan(values.numpy()).tolist() == [False, True, True, True, True]
    assert indices.tolist() == [0, 1, 1, 3, 3]


def test_the_gradient_of_running_extremes_adds_up() -> None:
    x = lamella.tensor([1.0, 3.0, 2.0], requires_grad=True)
    x.cummax(0).values.sum().backward()
    assert x.grad.tolist() == [1.0, 2.0, 0.0]


@pytest.mark.parametrize("zeros", [[], [2], [1, 4], [0, 1, 2, 3, 4]])
def test_the_gradient_of_products_is_right_at_zeros(zeros: list[int]) -> None:
    array = np.random.default_rng(0).standard_normal(5)
    array[zeros] = 0.0
    x = lamella.from_numpy(array).requires_grad_()
    assert lamella.autograd.gradcheck(lambda x: x.cumprod(0), (x,))
    assert lamella.autograd.gradgradcheck(lambda x: x.cumprod(0), (x,))


def test_products_by_dtype() -> None:
    x = lamella.tensor([2, 3], dtype=lamella.int8)
    assert x.cumprod(0).dtype is lamella.int64
    assert x.cumprod(0, dtype=lamella.float32).dtype is lamella.float32
    assert x.cumprod_(0) is x
    assert (x.dtype, x.tolist()) == (lamella.int8, [2, 6])


@pytest.mark.parametrize("function", [lamella.cumsum, lamella.cumprod])
def test_no_running_bools(function: object) -> None:
    with pytest.raises(RuntimeError, match=r"cum.*: not defined for dtype lamella.bool"):
        function(lamella.tensor([1]), 0, dtype=lamella.bool)


def test_exponentials_do_not_overflow() -> None:
    x = lamella.tensor([-inf, -inf, 1000.0, 1000.0, -inf, inf])
    right = [-inf, -inf, 1000.0, 1000.0 + math.log(2), 1000.0 + math.log(2), inf]
    assert np.allclose(x.logcumsumexp(0).numpy(), right)
    steep = lamella.tensor([0.0, 800.0, -800.0], dtype=lamella.float64, requires_grad=True)
    steep.logcumsumexp(0).sum().backward()
    assert np.allclose(steep.grad.numpy(), [1.0, 2.0, 0.0])


def test_exponentials_of_complex_numbers_keep_their_turns() -> None:
    x = lamella.tensor([1 + 2j, 100 + 30j], dtype=lamella.complex128)
    assert np.allclose(x.logcumsumexp(0).numpy(), [1 + 2j, 100 + 30j])
    both = lamella.tensor([0.5 + 1j, 0.25 - 1j], dtype=lamella.complex128)
    assert np.allclose(both.logcumsumexp(0).numpy()[1], np.log(np.exp(0.5 + 1j) + np.exp(0.25 - 1j)))
    infinite = lamella.tensor([complex(-inf, 0), complex(-inf, 0), 1 + 0j], dtype=lamella.complex128)
    assert infinite.logcumsumexp(0).numpy()[2] == 1


def test_log_of_summed_complex_exponentials() -> None:
    array = np.random.default_rng(0).standard_normal((2, 3)) + 1j
    found = lamella.logsumexp(lamella.from_numpy(array), 1)
    assert np.allclose(found.numpy(), np.log(np.exp(array).sum(1)))


@pytest.mark.parametrize("name", ["cummax", "cummin", "cumprod", "logcumsumexp"])
def test_a_dimension_that_is_not_there(name: str) -> None:
    with pytest.raises(IndexError, match="Dimension out of range"):
        getattr(lamella, name)(lamella.tensor(1.0), 1)
