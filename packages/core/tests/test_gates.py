"""Activations that bend or cut: what the conformance suite, which runs their ops, does not see of them."""

from __future__ import annotations

import math

import numpy as np
import pytest

import lamella
from lamella.core.errors import ArgumentRangeError, DtypeError, ShapeError
from lamella.core.testing import gradcheck, gradgradcheck


def values(*shape):
    return lamella.from_numpy(np.random.default_rng(0).standard_normal(shape))


def test_celu_and_selu_are_elu_with_other_numbers():
    x = lamella.tensor([-2.0, 0.0, 3.0]).double()
    expected = [0.5 * math.expm1(-4.0), 0.0, 3.0]
    np.testing.assert_allclose(lamella.celu(x, 0.5).numpy(), expected)
    scale, alpha = 1.0507009873554805, 1.6732632423543772
    np.testing.assert_allclose(lamella.selu(x).numpy(), [scale * alpha * math.expm1(-2.0), 0.0, 3 * scale])


def test_far_values_neither_overflow_nor_spoil_derivatives():
    x = lamella.tensor([-1e4, 1e4], requires_grad=True)
    y = lamella.selu(x)
    (first,) = lamella.autograd.grad(y.sum(), x, create_graph=True)
    (second,) = lamella.autograd.grad(first.sum(), x)
    assert first.tolist() == [0.0, pytest.approx(1.0507010)]
    assert second.tolist() == [0.0, 0.0]


def test_prelu_has_a_slope_for_each_channel():
    x, slopes = values(2, 3, 4).requires_grad_(), lamella.tensor([0.1, 0.2, 0.3]).double().requires_grad_()
    expected = np.where(x.detach().numpy() > 0, 1, np.array([0.1, 0.2, 0.3])[:, None]) * x.detach().numpy()
    np.testing.assert_allclose(lamella.prelu(x, slopes).detach().numpy(), expected)
    np.testing.assert_array_equal(x.prelu(slopes).detach().numpy(), lamella.prelu(x, slopes).detach().numpy())
    assert gradcheck(lamella.prelu, (x, slopes))
    assert gradgradcheck(lamella.prelu, (x, slopes))


def test_prelu_with_one_slope_takes_any_shape():
    assert lamella.prelu(lamella.tensor(-2.0), lamella.tensor([0.25])).item() == -0.5
    assert lamella.prelu(lamella.tensor([[-2.0]]), lamella.tensor(0.25)).tolist() == [[-0.5]]


def test_rrelu_draws_slopes_in_training_and_takes_their_mean_elsewhere():
    x = -lamella.ones(20000)
    drawn = -lamella.rrelu(x, 0.2, 0.6, training=True, generator=lamella.Generator().manual_seed(0)).numpy()
    assert drawn.min() >= 0.2
    assert drawn.max() <= 0.6
    assert abs(drawn.mean() - 0.4) < 5e-3
    assert len(np.unique(drawn)) > 10000
    again = -lamella.rrelu(x, 0.2, 0.6, training=True, generator=lamella.Generator().manual_seed(0)).numpy()
    np.testing.assert_array_equal(drawn, again)
    np.testing.assert_allclose(lamella.rrelu(x, 0.2, 0.6).numpy(), -0.4, rtol=1e-6)


def test_slopes_of_rrelu_are_those_of_its_gradient():
    x = lamella.tensor([-1.0, -1.0, 2.0], requires_grad=True)
    y = lamella.rrelu(x, training=True)
    y.sum().backward()
    np.testing.assert_allclose((x.grad * x).detach().numpy(), y.detach().numpy())


def test_rrelu_asks_vmap_about_randomness():
    x = -lamella.ones(3, 4)
    same = lamella.func.vmap(lambda row: lamella.rrelu(row, training=True), randomness="same")(x)
    np.testing.assert_array_equal(same[0].numpy(), same[1].numpy())
    different = lamella.func.vmap(lambda row: lamella.rrelu(row, training=True), randomness="different")(x)
    assert not np.array_equal(different[0].numpy(), different[1].numpy())


def test_threshold_and_hardshrink_cut():
    x = lamella.tensor([-1.0, 0.5, 0.6, float("nan")])
    np.testing.assert_array_equal(lamella.threshold(x, 0.5, 20.0).numpy(), np.float32([20, 20, 0.6, np.nan]))
    np.testing.assert_array_equal(x.hardshrink(0.5).numpy(), np.float32([-1, 0, 0.6, np.nan]))
    assert lamella.threshold(lamella.tensor([1, 2]), 1.5, 20.7).tolist() == [20, 2]
    y = values(3, 4).requires_grad_()
    assert gradcheck(lambda y: lamella.threshold(y, 0.1, 7.0), y)
    assert gradcheck(lambda y: lamella.hardshrink(y, 0.2), y)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: lamella.celu(lamella.ones(2), 0.0), ArgumentRangeError, "alpha cannot be 0"),
        (lambda: lamella.celu(lamella.tensor([1])), DtypeError, "elu: not defined for dtype lamella.int64"),
        (lambda: lamella.hardshrink(lamella.tensor([1])), DtypeError, "hardshrink: not defined for dtype"),
        (lambda: lamella.threshold(lamella.tensor([True]), 0, 1), DtypeError, "threshold: not defined for dtype"),
        (lambda: lamella.rrelu(lamella.tensor([1])), DtypeError, "rrelu: not defined for dtype"),
        (lambda: lamella.rrelu(lamella.ones(2), 0.5, 0.1), ArgumentRangeError, "less than or equal to the upper"),
        (lambda: lamella.prelu(lamella.ones(2), lamella.ones(1, 1)), ShapeError, "to be a scalar or 1D tensor"),
        (lambda: lamella.prelu(lamella.tensor(1.0), lamella.ones(2)), ShapeError, "0-dim input has no channels"),
        (lambda: lamella.prelu(lamella.ones(1, 5), lamella.ones(2)), ShapeError, "num_parameters=5"),
        (lambda: lamella.prelu(lamella.ones(2), lamella.ones(1).double()), DtypeError, "type promoting not supported"),
    ],
)
def test_refusals(call, error, message):
    with pytest.raises(error, match=message):
        call()
