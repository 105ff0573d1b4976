"""Errors inside a model say where: every layer's, in containers and in custom modules, forward and backward."""

from __future__ import annotations

from typing import Any

import pytest

import lamella
from lamella import nn

x = lamella.ones

#: Layers with arguments that do not fit them.
MISFITS: list[tuple[nn.Module, tuple[Any, ...]]] = [
    (nn.Linear(3, 4), (x(2, 5),)),
    (nn.Conv1d(3, 4, 3), (x(2, 5, 8),)),
    (nn.Conv2d(3, 4, 3), (x(2, 5, 8, 8),)),
    (nn.BatchNorm1d(3), (x(2, 5),)),
    (nn.BatchNorm2d(3), (x(2, 3),)),
    (nn.LayerNorm(3), (x(2, 5),)),
    (nn.LSTM(3, 4), (x(2, 5, 7),)),
    (nn.Embedding(3, 4), (lamella.tensor([7]),)),
    (nn.MultiheadAttention(4, 2), (x(2, 5), x(2, 5), x(2, 5))),
    (nn.TransformerEncoderLayer(4, 2, 8), (x(2, 5),)),
    (nn.MaxPool2d(3), (x(2, 2),)),
    (nn.AvgPool2d(3), (x(1, 1, 2, 2),)),
    (nn.Flatten(5), (x(2, 2),)),
    (nn.Unflatten(1, (2, 3)), (x(2, 5),)),
    (nn.Softmax(4), (x(2),)),
    (nn.CrossEntropyLoss(), (x(2, 3), lamella.tensor([0, 1, 2]))),
    (nn.MSELoss(), (x(2, 3), x(4, 5))),
    (nn.BCELoss(), (x(2), x(3))),
]


class Holder(nn.Module):
    """A custom module around a layer, which its forward calls."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, *args: Any) -> Any:
        return self.inner(*args)


@pytest.mark.filterwarnings("ignore:Using a target size")
@pytest.mark.parametrize(("layer", "args"), MISFITS, ids=lambda v: type(v).__name__)
def test_every_layer_says_where_it_is(layer: nn.Module, args: tuple[Any, ...]) -> None:
    model = Holder(nn.ModuleList([Holder(layer)])[0])
    with pytest.raises((RuntimeError, ValueError, IndexError, AssertionError)) as caught:
        model(*args)
    (note,) = caught.value.__notes__
    assert note.startswith("in module 'inner.inner") and note.endswith(" of Holder")
    assert any(char.isdigit() for char in str(caught.value)), "the message says what was given"


def test_nested_sequentials() -> None:
    model = nn.Sequential(nn.Linear(3, 3), nn.Sequential(nn.ReLU(), Holder(nn.Sequential(nn.Linear(4, 2)))))
    with pytest.raises(RuntimeError, match="build the layer with in_features=3") as caught:
        model(x(2, 3))
    assert caught.value.__notes__ == ["in module '1.1.inner.0' (Linear) of Sequential"]


class Root(nn.Module):
    """Its gradient is infinite at 0."""

    def forward(self, x: Any) -> Any:
        return (x * 0).sqrt()


def test_a_bad_gradient_names_the_module_of_the_forward_call() -> None:
    model = nn.Sequential(nn.Linear(3, 3), nn.Sequential(Root()))
    with pytest.raises(RuntimeError, match="the backward of sqrt gave Inf") as caught, lamella.debug.check_finite():
        model(x(2, 3)).sum().backward()
    assert caught.value.__notes__ == ["in module '1.0' (Root) of Sequential"]
    assert "in forward: return (x * 0).sqrt()" in str(caught.value)


def test_a_bad_result_names_the_module() -> None:
    model = nn.Sequential(nn.Linear(3, 3), Holder(nn.Sigmoid()))
    with lamella.no_grad():
        model[0].weight.fill_(float("nan"))
    with (
        pytest.raises(RuntimeError, match=r"linear gave NaN(.|\n)*weight was not finite before") as caught,
        lamella.debug.check_finite(),
    ):
        model(x(2, 3))
    assert caught.value.__notes__ == ["in module '0' (Linear) of Sequential"]


def test_recorded_lines_know_the_module() -> None:
    model = nn.Sequential(nn.Linear(3, 3), Holder(nn.Linear(3, 1)))
    with lamella.debug.record_lines():
        y = model[1](x(2, 3))
    oldest = lamella.debug.retained(y).oldest
    assert oldest is not None and oldest.place == "in module 'inner' (Linear) of Holder"
    del model
    assert oldest.place is None, "the lines of a graph do not keep the model alive"
