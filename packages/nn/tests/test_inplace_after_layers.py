"""Layers whose results programs change in place: the gradients are those of the out-of-place form, as in PyTorch."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import lamella
from lamella import Tensor, nn
from lamella.autograd import gradgradcheck
from lamella.nn import functional as F

LAYERS = {
    "BatchNorm1d": (nn.BatchNorm1d(6), (4, 6)),
    "BatchNorm2d": (nn.BatchNorm2d(4), (2, 4, 6, 6)),
    "InstanceNorm2d": (nn.InstanceNorm2d(4), (2, 4, 6, 6)),
    "GroupNorm": (nn.GroupNorm(2, 4), (2, 4, 6, 6)),
    "LayerNorm": (nn.LayerNorm(6), (4, 6)),
    "MaxPool1d": (nn.MaxPool1d(2), (2, 4, 6)),
    "MaxPool2d": (nn.MaxPool2d(2), (2, 4, 6, 6)),
    "overlapping MaxPool2d": (nn.MaxPool2d(3, 1, 1), (2, 4, 6, 6)),
    "Softsign": (nn.Softsign(), (4, 6)),
    "normalize": (F.normalize, (4, 6)),
    "a quotient": (lambda x: 1 / (x + 9), (4, 6)),
}


@pytest.mark.parametrize("name", LAYERS)
def test_a_relu_in_place_may_follow(name: str) -> None:
    layer, shape = LAYERS[name]
    start = lamella.randn(shape)
    gradients = []
    for relu in (nn.ReLU(), nn.ReLU(inplace=True)):
        x = start.clone().requires_grad_()
        (relu(layer(x)) * lamella.arange(1.0, 1.0 + shape[-1] // 2).sum()).square().sum().backward()
        gradients.append(x.grad)
    assert lamella.equal(*gradients)


@pytest.mark.parametrize(
    "changed",
    [
        lambda x: nn.MaxPool2d(2)(x).mul_(2),
        lambda x: F.batch_norm(x, None, None, training=True).mul_(2),
        lambda x: F.layer_norm(x, (4,)).mul_(2),
    ],
    ids=["max_pool2d", "batch_norm", "layer_norm"],
)
def test_second_gradients_are_right_too(changed: Callable[[Tensor], Tensor]) -> None:
    x = lamella.randn(2, 2, 4, 4, dtype=lamella.float64, requires_grad=True)
    assert gradgradcheck(lambda t: changed(t).square(), (x,))


def test_a_result_computed_again_serves_a_second_backward_pass() -> None:
    x = lamella.randn(1, 1, 4, 4, requires_grad=True)
    y = F.max_pool2d(x, 2)
    y.mul_(3)
    (first,) = lamella.autograd.grad(y.sum(), x, retain_graph=True)
    (second,) = lamella.autograd.grad(y.sum(), x)
    assert lamella.equal(first, second) and first.max() == 3


def test_an_input_that_was_changed_is_refused() -> None:
    x = lamella.randn(1, 1, 4, 4, requires_grad=True)
    given = x * 1
    y = F.max_pool2d(given, 2)
    y.mul_(3)
    total = y.sum()
    (_,) = lamella.autograd.grad(total, x, retain_graph=True)
    given.mul_(2)
    for _ in range(2):
        with pytest.raises(RuntimeError, match="saved by MaxPool2dBackward0 is at version 1; expected version 0"):
            lamella.autograd.grad(total, x, retain_graph=True)
