"""The adaptive softmax: its parts are those of one distribution over all classes."""

from __future__ import annotations

import numpy as np
import pytest

import lamella
from lamella import nn
from lamella.core.testing import gradcheck


def layer(**options):
    lamella.manual_seed(0)
    return nn.AdaptiveLogSoftmaxWithLoss(16, 20, [4, 10, 15], div_value=2.0, **options).double()


def rows(count=8):
    return lamella.from_numpy(np.random.default_rng(0).standard_normal((count, 16)))


TARGET = lamella.tensor([0, 3, 4, 9, 10, 14, 15, 19])


def test_parameters_are_named_and_sized_as_pytorchs():
    shapes = {name: tuple(p.shape) for name, p in layer(head_bias=True).named_parameters()}
    assert shapes == {
        "head.weight": (7, 16),
        "head.bias": (7,),
        "tail.0.0.weight": (8, 16),
        "tail.0.1.weight": (6, 8),
        "tail.1.0.weight": (4, 16),
        "tail.1.1.weight": (5, 4),
        "tail.2.0.weight": (2, 16),
        "tail.2.1.weight": (5, 2),
    }


def test_targets_have_their_place_in_a_distribution():
    softmax, x = layer(), rows()
    log_prob = softmax.log_prob(x)
    np.testing.assert_allclose(log_prob.exp().sum(1).detach().numpy(), 1, rtol=1e-12)
    output, loss = softmax(x, TARGET)
    np.testing.assert_allclose(output.detach().numpy(), log_prob.detach().numpy()[np.arange(8), TARGET.numpy()])
    assert loss.item() == pytest.approx(-output.mean().item())
    assert softmax(x[0], TARGET[0]).output.shape == ()


def test_prediction_is_the_most_probable_class():
    softmax, x = layer(), rows(200) * 20
    predicted = softmax.predict(x)
    assert predicted.tolist() == softmax.log_prob(x).argmax(1).tolist()
    assert (predicted < 4).any()
    assert (predicted >= 4).any()


def test_gradients():
    softmax, x = layer(), rows().requires_grad_()
    assert gradcheck(lambda x: softmax(x, TARGET).loss, x)
    softmax(x, TARGET[:2].repeat(4)).loss.backward()
    assert softmax.head.weight.grad.any()
    assert softmax.tail[0][0].weight.grad is None  # no target lies in its cluster


def test_new_initial_values():
    softmax = layer()
    before = [p.clone() for p in softmax.parameters()]
    softmax.reset_parameters()
    assert all((p != q).any() for p, q in zip(softmax.parameters(), before, strict=True))


REFUSED = [
    (lambda: nn.AdaptiveLogSoftmaxWithLoss(4, 5, []), ValueError, "cutoffs should be a sequence"),
    (lambda: nn.AdaptiveLogSoftmaxWithLoss(4, 5, [3, 2]), ValueError, "increasing order"),
    (lambda: nn.AdaptiveLogSoftmaxWithLoss(4, 5, [5]), ValueError, "between 1 and n_classes-1"),
    (lambda: layer()(rows(), TARGET.reshape(2, 4)), RuntimeError, "multi-target not supported"),
    (lambda: layer()(rows()[0], TARGET), RuntimeError, "1D target tensor expects 2D input"),
    (lambda: layer()(rows(), TARGET[:3]), RuntimeError, "same size in the batch dimension, got 8 and 3"),
    (lambda: layer()(rows(), TARGET + 1), RuntimeError, r"in \[0, 19\], but values in range \[1, 20\]"),
]


@pytest.mark.parametrize(("call", "error", "message"), REFUSED)
def test_refuses_what_does_not_fit(call, error, message):
    with pytest.raises(error, match=message):
        call()
