"""``detect_anomaly``: the place in the forward pass that made a gradient fail."""

from __future__ import annotations

import numpy as np
import pytest

import lamella
from lamella import autograd
from lamella.core.anomaly import is_anomaly_check_nan_enabled, is_anomaly_enabled, set_anomaly_enabled

pytestmark = pytest.mark.filterwarnings("ignore:Anomaly Detection has been enabled")


def leaf(*values):
    return lamella.tensor(values, requires_grad=True)


class Broken(autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 1

    @staticmethod
    def backward(ctx, grad):
        raise KeyError("mine")


def test_nan_names_the_op_and_the_line():
    x = leaf(0.0)
    with autograd.detect_anomaly():
        y = x.sqrt()  # the culprit
        with (
            np.errstate(all="ignore"),
            pytest.warns(UserWarning, match=r"Error detected in SqrtBackward0. Traceback of forward.*\n[\s\S]*culprit"),
            pytest.raises(RuntimeError, match="Function 'SqrtBackward0' returned nan values in its 0th output"),
        ):
            (y * 0).backward()


def test_an_error_names_the_function_and_is_raised():
    with (
        autograd.detect_anomaly(),
        pytest.warns(UserWarning, match=r"Error detected in BrokenBackward. Traceback[\s\S]*Broken.apply"),
        pytest.raises(KeyError, match="mine"),
    ):
        Broken.apply(leaf(1.0)).backward()


def test_a_forward_pass_outside_leaves_no_trace():
    y = leaf(0.0).sqrt() * 0
    with (
        np.errstate(all="ignore"),
        autograd.detect_anomaly(),
        pytest.warns(UserWarning, match="SqrtBackward0. No forward pass information available"),
        pytest.raises(RuntimeError, match="returned nan"),
    ):
        y.backward()


def test_nan_may_be_allowed_and_nothing_is_checked_outside():
    x = leaf(0.0)
    with autograd.detect_anomaly(check_nan=False):
        assert not is_anomaly_check_nan_enabled()
        (x.sqrt() * 0).backward()
    (x.sqrt() * 0).backward()
    assert x.grad.isnan().all()


def test_second_derivatives_name_the_first_too():
    x = leaf(0.0)
    with autograd.detect_anomaly():
        y = x.pow(1.5)
        (g,) = autograd.grad(y, x, create_graph=True)
        with (
            np.errstate(all="ignore"),
            pytest.warns(UserWarning, match="anomaly|Error detected|Previous calculation") as told,
            pytest.raises(RuntimeError, match="returned nan"),
        ):
            autograd.grad(g * 0, x)
    assert any("Previous calculation was induced by PowBackward0" in str(w.message) for w in told)


def test_numpy_warnings_as_errors_are_no_anomaly():
    x = leaf(0.0)
    with np.errstate(all="raise"), autograd.detect_anomaly(check_nan=False):
        x.sqrt().backward()
    assert x.grad.tolist() == [float("inf")]


def test_it_takes_effect_by_a_call_and_can_be_undone():
    assert not is_anomaly_enabled() and is_anomaly_check_nan_enabled()
    with autograd.set_detect_anomaly(True, check_nan=False):
        assert is_anomaly_enabled() and not is_anomaly_check_nan_enabled()
        with autograd.set_detect_anomaly(False):
            assert not is_anomaly_enabled()
        with lamella.autograd.profiler.profile(), autograd.set_detect_anomaly(False):
            assert not is_anomaly_enabled()
            (leaf(0.0).sqrt() * 0).backward()
        assert is_anomaly_enabled()
    set_anomaly_enabled(True)
    try:
        assert is_anomaly_enabled()
    finally:
        set_anomaly_enabled(False)
    assert not is_anomaly_enabled()


def test_it_warns_of_itself_and_decorates():
    with pytest.warns(UserWarning, match="should only be enabled for debugging"):
        decorate = autograd.detect_anomaly()
    assert decorate(is_anomaly_enabled)() and not is_anomaly_enabled()


def test_gradients_add_up_in_place_as_without():
    x = leaf(1.0, 2.0)
    with autograd.detect_anomaly():
        (x * x).sum().backward()
        first = x.grad
        (x * x).sum().backward()
    assert x.grad is first and first.tolist() == [4.0, 8.0]
