"""Activations that bend or cut: what the conformance suite, which runs their ops, does not see of them."""

from __future__ import annotations

import math

import numpy as np
import pytest

import lamella
from lamella.core.errors import ArgumentRangeError, DtypeError, ShapeError
from lamella.core.ops.activations import softplus
from lamella.core.ops.gates import leaky_relu
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


@pytest.mark.parametrize("slope", [0.01, 0.0, 1e-60, 1.0, 3.0, -0.2])
@pytest.mark.parametrize("times", [1, 4000], ids=["few", "many"])
def test_leaky_relu_of_any_slope_keeps_infinities_and_signs_of_zeros(slope, times):
    x = np.tile(np.float32([np.nan, np.inf, -np.inf, 0.0, -0.0, 2.0, -2.0]), times)
    t = lamella.from_numpy(x.copy()).requires_grad_()
    y = leaky_relu(t, slope)
    (grad,) = lamella.autograd.grad(y, t, lamella.full_like(y, 3.0))
    with np.errstate(invalid="ignore"):
        expected = np.where(x > 0, x, x * np.float32(slope))
    np.testing.assert_array_equal(y.detach().numpy(), expected)
    np.testing.assert_array_equal(np.signbit(y.detach().numpy()[3::7]), np.signbit(expected[3::7]))
    np.testing.assert_array_equal(np.signbit(y.detach().numpy()[4::7]), np.signbit(expected[4::7]))
    np.testing.assert_array_equal(grad.numpy(), np.where(x > 0, np.float32(3), np.float32(3) * np.float32(slope)))


def test_elu_and_prelu_of_many_elements_are_those_of_few():
    x = values(3, 20000) * 4
    slopes = values(20000)
    for f in (lambda x, s: lamella.celu(x, 0.7), lambda x, s: lamella.selu(x), lamella.prelu):
        whole, parts = x.clone().requires_grad_(), x[:, :50].clone().requires_grad_()
        y, z = f(whole, slopes), f(parts, slopes[:50])
        np.testing.assert_allclose(y[:, :50].detach().numpy(), z.detach().numpy(), rtol=1e-14)
        (of_whole,), (of_parts,) = lamella.autograd.grad(y.sum(), whole), lamella.autograd.grad(z.sum(), parts)
        np.testing.assert_allclose(of_whole[:, :50].numpy(), of_parts.numpy(), rtol=1e-14)


def test_softplus_of_float16_does_not_overflow_below_its_threshold():
    x = lamella.tensor([15.0, 20.0, -12.0]).half().requires_grad_()
    y = softplus(x)
    y.sum().backward()
    assert y.tolist() == [15.0, 20.0, pytest.approx(math.exp(-12), rel=2e-2)]
    assert x.grad.tolist() == [1.0, 1.0, pytest.approx(math.exp(-12), rel=2e-2)]
