"""Gradients of gradients: of every layer and loss, against finite differences."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lamella
from lamella import nn
from lamella.core.testing import gradgradcheck

TABLE = runpy.run_path(str(Path(__file__).with_name("test_layers.py")))  # layers, and how to build and call them
wave = TABLE["wave"]

#: What the table of test_layers.py lacks: a module, and its inputs.
MORE: dict[str, Callable[[], tuple[nn.Module, list[Any]]]] = {
    "RNN": lambda: (nn.RNN(2, 3, 2, bidirectional=True), [number(4, 2, 2)]),
    "RNN-relu": lambda: (nn.RNN(2, 3, nonlinearity="relu"), [number(4, 2, 2)]),
    "GRU": lambda: (nn.GRU(2, 3, bidirectional=True), [number(4, 2, 2), number(2, 2, 3, phase=1)]),
    "RNNCell": lambda: (nn.RNNCell(2, 3), [number(2, 2), number(2, 3, phase=1)]),
    "GRUCell": lambda: (nn.GRUCell(2, 3), [number(2, 2), number(2, 3, phase=1)]),
    "LSTMCell": lambda: (nn.LSTMCell(2, 3), [number(2, 2)]),
    "Transformer": lambda: (nn.Transformer(4, 2, 1, 1, 6, 0.0), [number(3, 2, 4), number(2, 2, 4, phase=1)]),
    "TransformerEncoder": lambda: (
        nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 6, 0.0, "gelu"), 2),
        [number(3, 2, 4)],
    ),
    "TransformerDecoder": lambda: (
        nn.TransformerDecoder(nn.TransformerDecoderLayer(4, 2, 6, 0.0), 1),
        [number(3, 2, 4), number(2, 2, 4, phase=1)],
    ),
    "AdaptiveLogSoftmaxWithLoss": lambda: (
        nn.AdaptiveLogSoftmaxWithLoss(4, 7, [2, 4], 2.0),
        [number(3, 4), lamella.tensor([0, 6, 3])],
    ),
    "SoftMarginLoss": lambda: (nn.SoftMarginLoss(), [number(3, 2), lamella.tensor(signs(3, 2))]),
    "TripletMarginWithDistanceLoss": lambda: (
        nn.TripletMarginWithDistanceLoss(),
        [number(3, 4), number(3, 4, phase=1), number(3, 4, phase=2)],
    ),
    "BatchNorm2d in evaluation": lambda: (nn.BatchNorm2d(2).eval(), [number(2, 2, 3, 3)]),
    "parametrized by spectral_norm": lambda: (
        nn.utils.parametrizations.spectral_norm(nn.Linear(3, 4)).eval(),
        [number(2, 3)],
    ),
    "parametrized by weight_norm": lambda: (nn.utils.parametrizations.weight_norm(nn.Linear(3, 4)), [number(2, 3)]),
    "parametrized by orthogonal": lambda: (
        nn.utils.parametrizations.orthogonal(nn.Linear(3, 3), orthogonal_map="cayley"),
        [number(2, 3)],
    ),
}  # fmt: skip


def number(*shape: int, phase: float = 0.0) -> lamella.Tensor:
    return lamella.tensor(wave(shape, phase), dtype=lamella.float64, requires_grad=True)


def signs(*shape: int) -> np.ndarray:
    return np.sign(wave(shape, 0.5))


def assert_second_order(module: nn.Module, inputs: list[Any]) -> None:
    """Check the gradient of the sum of squares of all gradients, by inputs, parameters and gradients of results."""

    def results() -> list[lamella.Tensor]:
        return [result for result in TABLE["run"](module, inputs) if result.requires_grad]

    sources = [t for t in {id(t): t for t in (*inputs, *module.parameters())}.values() if t.requires_grad]
    sent = [number(*result.shape, phase=i + 0.3) for i, result in enumerate(results())]
    assert sent, "nothing to differentiate"

    def penalty() -> lamella.Tensor:
        found = lamella.autograd.grad(results(), sources, sent, create_graph=True, allow_unused=True)
        return sum((g.square().sum() for g in found if g is not None), lamella.zeros((), dtype=lamella.float64))

    whole = penalty()
    if not whole.requires_grad:  # no gradient reaches anything, as with everything dropped
        assert whole.item() == 0
        return
    varied = [*sources, *sent]
    found = lamella.autograd.grad(whole, varied, allow_unused=True)
    for i, (tensor, gradient) in enumerate(zip(varied, found, strict=True)):
        direction = lamella.from_numpy(wave(tensor.shape, i + 0.7))
        eps = 1e-6
        values = []
        for step in (eps, -2 * eps, eps):
            with lamella.no_grad():
                tensor.add_(direction, alpha=step)
            values.append(penalty().item())
        expected = (values[0] - values[1]) / (2 * eps)
        given = 0.0 if gradient is None else (gradient * direction).sum().item()
        assert given == pytest.approx(expected, rel=1e-5, abs=1e-5), f"by number {i} of shape {tuple(tensor.shape)}"


@pytest.mark.parametrize("case", TABLE["CASES"], ids=TABLE["IDS"])
def test_second_order_of_each_layer(case: dict[str, Any]) -> None:
    assert_second_order(TABLE["build"](case), TABLE["inputs_of"](case))


@pytest.mark.parametrize("name", MORE)
def test_second_order_of_layers_that_the_table_lacks(name: str) -> None:
    lamella.manual_seed(0)
    module, inputs = MORE[name]()
    assert_second_order(module.double(), inputs)


def test_every_layer_is_checked() -> None:
    """What is not: other names of layers that are, what holds modules, and CTCLoss, which is below."""
    classes = {name for name, value in vars(nn).items() if isinstance(value, type) and issubclass(value, nn.Module)}
    checked = {case["class"] for case in TABLE["CASES"]} | set(MORE)
    left = {name for name in classes - checked if not name.startswith("Lazy")}
    assert left == {
        *("Module", "ModuleDict", "ModuleList", "ParameterDict", "ParameterList", "Sequential", "DataParallel"),
        *("RNNBase", "RNNCellBase", "NLLLoss2d", "TransformerDecoderLayer", "CTCLoss"),
    }


def test_second_order_of_ctc_loss() -> None:
    """Behind a log_softmax, because its gradient is that by the scores; PyTorch has no second order here."""
    labels, frames, sizes = lamella.tensor([[1, 2]]), lamella.tensor([5]), lamella.tensor([2])
    assert gradgradcheck(lambda x: nn.CTCLoss()(x.log_softmax(2), labels, frames, sizes), number(5, 1, 4))
