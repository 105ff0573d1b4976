"""Activations: their ops by the records, the composed ones against formulas, in-place forms, and what they refuse."""

from __future__ import annotations

import math

import numpy as np
import pytest

import lamella
from lamella import nn
from lamella.core.testing import conformance, gradcheck, gradgradcheck
from lamella.nn import functional as F
from lamella.nn.testing import reference

X = np.array([-30.0, -4.0, -2.9, -0.7, -0.3, 0.2, 0.8, 2.9, 5.0, 30.0])


@pytest.mark.parametrize(
    "case", conformance.cases(conformance.defined_in("lamella.nn.ops.activations"), reference), ids=str
)
def test_op(case):
    case()


FORMULAS = {
    "hardsigmoid": lambda x: min(max(x + 3, 0), 6) / 6,
    "hardswish": lambda x: x * min(max(x + 3, 0), 6) / 6,
    "relu6": lambda x: min(max(x, 0), 6),
    "softshrink": lambda x: math.copysign(max(abs(x) - 0.5, 0), x),
    "hardshrink": lambda x: x if abs(x) > 0.5 else 0,
    "softsign": lambda x: x / (1 + abs(x)),
    "tanhshrink": lambda x: x - math.tanh(x),
    "elu": lambda x: x if x > 0 else math.expm1(x),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_follows_its_formula(name):
    function, x = getattr(F, name), lamella.tensor(X, requires_grad=True)
    np.testing.assert_allclose(function(x).detach().numpy(), [FORMULAS[name](v) for v in X], atol=1e-12)
    assert gradcheck(function, x)
    assert gradgradcheck(function, x)


IN_PLACE = {
    F.relu: (), F.relu6: (), F.hardtanh: (-0.5, 0.7), F.leaky_relu: (0.2,), F.threshold: (0.3, -2.0), F.elu: (0.7,),
    F.celu: (0.7,), F.selu: (), F.silu: (), F.mish: (), F.hardsigmoid: (), F.hardswish: (), F.rrelu: (0.2, 0.2),
}  # fmt: skip


@pytest.mark.parametrize("function", IN_PLACE, ids=lambda f: f.__name__)
def test_in_place_form_overwrites_its_input_and_keeps_the_gradient(function):
    leaf, arguments = lamella.tensor(X, requires_grad=True), IN_PLACE[function]
    x = leaf * 1
    y = function(x, *arguments, inplace=True)
    assert y is x
    y.sum().backward()
    other = lamella.tensor(X, requires_grad=True)
    z = function(other, *arguments)
    z.sum().backward()
    np.testing.assert_array_equal(y.detach().numpy(), z.detach().numpy())
    np.testing.assert_allclose(leaf.grad.numpy(), other.grad.numpy())


@pytest.mark.parametrize(
    "name", ["relu_", "celu_", "elu_", "hardtanh_", "leaky_relu_", "rrelu_", "selu_", "threshold_"]
)
def test_functions_with_an_underscore_work_in_place(name):
    x, arguments = lamella.tensor(X), (0.3, -2.0) if name == "threshold_" else ()
    assert getattr(F, name)(x, *arguments) is x
    np.testing.assert_array_equal(x.numpy(), getattr(F, name[:-1])(lamella.tensor(X), *arguments).numpy())


def test_hardtanh_has_no_gradient_at_its_bounds_and_keeps_integers():
    x = lamella.tensor([-1.0, 0.5, 1.0], requires_grad=True)
    F.hardtanh(x).sum().backward()
    assert x.grad.tolist() == [0, 1, 0]
    found = F.hardtanh(lamella.tensor([-3, 0, 7]), -1.5, 2.5)
    assert (found.dtype, found.tolist()) == (lamella.int64, [-1, 0, 2])


def test_logsigmoid_and_mish_neither_overflow_nor_vanish():
    x = lamella.tensor([-800.0, -100.0, 100.0, 800.0], requires_grad=True)
    assert F.logsigmoid(x).tolist() == [-800, -100, pytest.approx(-math.exp(-100), rel=0.1), 0]
    assert F.mish(x).tolist() == [0, pytest.approx(0, abs=1e-40), 100, 800]
    (F.logsigmoid(x) + F.mish(x)).sum().backward()
    assert x.grad.tolist() == [1, 1, 1, 1]


def test_glu_gates_one_half_by_the_other():
    x = lamella.tensor(X.reshape(2, 5)[:, :4], requires_grad=True)
    a, b = np.split(x.detach().numpy(), 2, axis=1)
    np.testing.assert_allclose(F.glu(x).detach().numpy(), a / (1 + np.exp(-b)))
    np.testing.assert_array_equal(F.glu(x, 0).detach().numpy(), nn.GLU(0)(x).detach().numpy())
    assert gradcheck(F.glu, x)


def test_softmin_is_softmax_of_the_negated():
    x = lamella.tensor(X.reshape(2, 5))
    np.testing.assert_array_equal(F.softmin(x, 1).numpy(), F.softmax(-x, 1).numpy())
    assert nn.Softmax2d()(lamella.ones(4, 2, 3)).tolist() == [[[0.25] * 3] * 2] * 4


def test_gumbel_softmax_draws_with_the_probabilities_of_softmax():
    lamella.manual_seed(0)
    logits = lamella.tensor([0.1, 0.3, 0.6]).log().expand(20000, 3)
    chosen = F.gumbel_softmax(logits, hard=True)
    assert set(chosen.unique().tolist()) <= {0.0, 1.0}
    np.testing.assert_allclose(chosen.mean(0).numpy(), [0.1, 0.3, 0.6], atol=0.015)
    np.testing.assert_allclose(F.gumbel_softmax(logits, tau=3, dim=1).sum(1).numpy(), 1, rtol=1e-5)


def test_gradients_of_a_hard_choice_are_those_of_the_soft_one():
    def gradient(hard):
        lamella.manual_seed(1)
        x = lamella.tensor([0.5, -0.2, 0.1], requires_grad=True)
        (F.gumbel_softmax(x, hard=hard) * lamella.tensor([1.0, 2.0, 3.0])).sum().backward()
        return x.grad.numpy()

    np.testing.assert_array_equal(gradient(True), gradient(False))
    with pytest.warns(UserWarning, match="no effect"):
        F.gumbel_softmax(lamella.ones(2), eps=1e-3)


def test_old_names_of_bounds_are_taken_with_a_warning():
    with pytest.warns(FutureWarning, match="`min_value` is deprecated"):
        assert nn.Hardtanh(min_value=-3).min_val == -3
    with pytest.warns(FutureWarning, match="`max_value` is deprecated"):
        assert nn.Hardtanh(max_value=3).max_val == 3


def test_rrelu_draws_in_training_only():
    layer, x = nn.RReLU(), -lamella.ones(100)
    assert len(layer(x).unique()) > 50
    assert len(layer.eval()(x).unique()) == 1


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: F.hardtanh(lamella.ones(2), 2, 1), ValueError, "min_val cannot be greater than max_val"),
        (lambda: F.hardtanh(lamella.ones(2).byte()), RuntimeError, "unsigned type with negative limits"),
        (lambda: nn.Hardtanh(2, 1), AssertionError, r"max_val \(1\) must be greater than min_val \(2\)"),
        (lambda: F.softshrink(lamella.ones(2), -1), RuntimeError, "lambda must be 0 or more"),
        (lambda: F.glu(lamella.tensor(1.0)), RuntimeError, "does not support scalars"),
        (lambda: F.glu(lamella.ones(2, 3)), RuntimeError, "dimension 1 is size 3"),
        (lambda: F.glu(lamella.ones(2).long()), RuntimeError, "glu: not defined for dtype"),
        (lambda: nn.Softmax2d()(lamella.ones(2, 2)), ValueError, "expected input to be 3D or 4D, got 2D"),
        *(
            (lambda f=f: f(lamella.ones(2).long()), RuntimeError, "not defined for dtype lamella.int64")
            for f in (F.hardsigmoid, F.hardswish, F.softshrink, F.gumbel_softmax)
        ),
    ],
)
def test_refusals(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_gradients_of_straight_lines_end_where_they_bend():
    x = lamella.tensor([-math.inf, -3.0, -2.9999998, 0.0, 2.9999998, 3.0, math.inf, math.nan]).requires_grad_()
    for f, expected in (
        (F.hardswish, [0, 0, -0.5, 0.5, 1.5, 1, 1, math.nan]),
        (F.hardsigmoid, [0, 0, 1 / 6, 1 / 6, 1 / 6, 0, 0, 0]),
        (lambda x: F.hardtanh(x, -3.0, 3.0), [0, 0, 1, 1, 1, 0, 0, 0]),
        (lambda x: F.softshrink(x, 3.0), [1, 0, 0, 0, 0, 0, 1, 0]),
        (lambda x: F.hardshrink(x, 3.0), [1, 0, 0, 0, 0, 0, 1, 0]),
    ):
        (grad,) = lamella.autograd.grad(f(x).sum(), x)
        np.testing.assert_allclose(grad.numpy(), expected, rtol=1e-6)


def test_far_values_of_smooth_ones_have_gradients():
    x = lamella.tensor([-1e4, -90.0, 90.0, 1e4]).requires_grad_()
    for f, expected in ((F.mish, [0, 0, 1, 1]), (F.logsigmoid, [1, 1, 0, 0]), (F.softplus, [0, 0, 1, 1])):
        (grad,) = lamella.autograd.grad(f(x).sum(), x)
        np.testing.assert_allclose(grad.numpy(), expected, atol=1e-30)
