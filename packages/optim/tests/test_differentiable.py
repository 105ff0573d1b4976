"""``differentiable=True``: the recorded step is the same step, and its gradient is right."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import lamella
from lamella import Tensor, optim

CASES: list[tuple[Any, dict[str, Any]]] = [
    (optim.SGD, {"lr": 0.1}),
    (optim.SGD, {"lr": 0.1, "momentum": 0.9, "dampening": 0.2, "weight_decay": 0.1}),
    (optim.SGD, {"lr": 0.1, "momentum": 0.9, "nesterov": True, "maximize": True}),
    (optim.Adam, {"lr": 0.1, "weight_decay": 0.1}),
    (optim.Adam, {"lr": 0.1, "amsgrad": True, "maximize": True}),
    (optim.AdamW, {"lr": 0.1, "weight_decay": 0.3}),
    (optim.RMSprop, {"lr": 0.1, "alpha": 0.5, "momentum": 0.9, "centered": True, "eps": 0.1}),
    (optim.Adagrad, {"lr": 0.1, "weight_decay": 0.1}),
    (optim.Adadelta, {"lr": 0.5, "eps": 0.1}),
    (optim.Adamax, {"lr": 0.1, "betas": (0.5, 0.6)}),
    (optim.NAdam, {"lr": 0.1, "weight_decay": 0.1, "decoupled_weight_decay": True}),
    (optim.RAdam, {"lr": 0.1, "betas": (0.5, 0.9), "weight_decay": 0.1, "decoupled_weight_decay": True}),
    (optim.ASGD, {"lr": 0.1, "t0": 1, "lambd": 0.1}),
    (optim.Rprop, {"lr": 0.1}),
]
each_case = pytest.mark.parametrize(("kind", "options"), CASES, ids=lambda x: getattr(x, "__name__", ""))
#: Their rate is a number of the state.
CONSTANT_RATE = (optim.ASGD, optim.Rprop)


def leaf(*values: complex) -> Tensor:
    dtype = lamella.complex128 if any(isinstance(value, complex) for value in values) else lamella.float64
    return lamella.tensor(values, dtype=dtype, requires_grad=True)


def after_steps(kind: Any, options: dict[str, Any], start: Tensor, grad: Tensor, differentiable: bool) -> Tensor:
    """The parameter after three steps along gradients that depend on ``grad``."""
    param = start.clone() if differentiable else start.detach().clone().requires_grad_()
    optimizer = kind([param], **options, differentiable=differentiable)
    for factor in (1.0, -2.0, 1.5):
        param.grad = grad * factor if differentiable else grad.detach() * factor
        optimizer.step()
    return param


@each_case
@pytest.mark.parametrize("values", [(1.0, -2.0, 0.5), (1.0 + 2.0j, -0.5 - 1.0j)], ids=["real", "complex"])
def test_the_recorded_step_is_the_same(kind: Any, options: dict[str, Any], values: Any) -> None:
    start, grad = leaf(*values), leaf(*[0.7 * value - 0.2 for value in values])
    recorded, plain = (after_steps(kind, options, start, grad, flag) for flag in (True, False))
    assert recorded.requires_grad
    np.testing.assert_allclose(recorded.detach().numpy(), plain.detach().numpy(), rtol=1e-13)


@each_case
def test_gradients_are_right(kind: Any, options: dict[str, Any]) -> None:
    """Through the parameter, its gradients and the learning rate, against finite differences."""
    start, grad, lr = leaf(1.0, -2.0, 0.5), leaf(0.7, 0.4, -0.9), leaf(options["lr"])

    def loss(start: Tensor, grad: Tensor, lr: Tensor) -> Tensor:
        result = after_steps(kind, {**options, "lr": lr}, start, grad, True)
        return (result * result).sum()

    inputs = [start, grad] if kind in CONSTANT_RATE else [start, grad, lr]
    loss(start, grad, lr).backward()
    for which, tensor in enumerate(inputs):
        for i in range(tensor.numel()):
            values = []
            for sign in (1, -1):
                moved = [given.detach().clone() for given in (start, grad, lr)]
                moved[which][i] += sign * 1e-6
                values.append(loss(*[given.requires_grad_() for given in moved]).item())
            # Rprop takes the sign of the gradient, which passes nothing on
            found = 0.0 if tensor.grad is None else tensor.grad[i].item()
            assert found == pytest.approx((values[0] - values[1]) / 2e-6, rel=1e-5, abs=1e-8)


def test_a_leaf_is_refused() -> None:
    param = leaf(1.0)
    param.grad = lamella.ones(1, dtype=lamella.float64)
    with pytest.raises(RuntimeError, match="leaf"):
        optim.SGD([param], lr=0.1, differentiable=True).step()


def test_a_result_of_an_op_is_refused_without_the_flag() -> None:
    with pytest.raises(ValueError, match="can't optimize a non-leaf Tensor"):
        optim.SGD([leaf(1.0).clone()], lr=0.1)
