"""functional_call and stack_module_state: models as functions of their parameters."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import lamella
from lamella import nn
from lamella.func import functional_call, grad, stack_module_state, vmap

x = lamella.ones(2, 3)


def given() -> dict[str, lamella.Tensor]:
    return {"weight": lamella.full((1, 3), 2.0), "bias": lamella.ones(1)}


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Parameter(lamella.ones(1))
        self.b = self.a
        self.register_buffer("calls", lamella.zeros(1))

    def forward(self, x: lamella.Tensor) -> lamella.Tensor:
        self.calls = self.calls + 1
        return x + self.a + 10 * self.b


def test_calls_with_what_is_given_and_restores() -> None:
    layer = nn.Linear(3, 1)
    weight = layer.weight
    for dicts in (given(), ({"weight": given()["weight"]}, {"bias": given()["bias"]})):
        assert functional_call(layer, dicts, x).tolist() == [[7.0], [7.0]]
    assert functional_call(layer, given(), (x,)).tolist() == [[7.0], [7.0]]
    assert functional_call(layer, given(), kwargs={"input": x}).tolist() == [[7.0], [7.0]]
    assert functional_call(layer, {"bias": None}, x).tolist() == (layer(x) - layer.bias).tolist()
    assert layer.weight is weight
    with pytest.raises(RuntimeError):
        functional_call(layer, {"weight": lamella.ones(4, 4)}, x)
    assert layer.weight is weight
    functional_call(layer, {"unknown": x}, x)
    assert not hasattr(layer, "unknown")


def test_gradients_reach_what_is_given() -> None:
    params = {name: value.requires_grad_() for name, value in given().items()}
    functional_call(nn.Linear(3, 1), params, x).sum().backward()
    assert params["weight"].grad.tolist() == [[2.0, 2.0, 2.0]]
    found = grad(lambda p: functional_call(nn.Linear(3, 1), p, x).sum())(given())
    assert found["bias"].tolist() == [2.0]


def test_shared_parameters_are_replaced_together() -> None:
    model, zero, two = Tied(), lamella.zeros(1), lamella.full((1,), 2.0)
    assert functional_call(model, {"a": two}, zero).item() == 22.0
    assert functional_call(model, {"b": two}, zero).item() == 22.0
    assert functional_call(model, {"a": two}, zero, tie_weights=False).item() == 12.0
    assert functional_call(model, {"a": two, "b": two, "calls": zero}, zero, strict=True).item() == 22.0
    assert functional_call(model, {"a": zero, "b": two}, zero, tie_weights=False).item() == 20.0
    with pytest.raises(ValueError, match=r"multiple values for keys \['a', 'b'\], which are tied"):
        functional_call(model, {"a": zero, "b": two}, zero)


def test_changes_go_to_what_is_given() -> None:
    model, state = Tied(), {"calls": lamella.full((1,), 5.0)}
    functional_call(model, state, x)
    assert state["calls"].item() == 6.0
    assert model.calls.item() == 0.0
    norm = nn.BatchNorm1d(3)
    state = {name: value.clone() for name, value in norm.state_dict().items()}
    functional_call(norm, state, x * 2)
    np.testing.assert_allclose(state["running_mean"].numpy(), 0.2)
    assert norm.running_mean.tolist() == [0.0] * 3


REFUSED = [
    (lambda: functional_call(nn.Linear(3, 1), 3, x), ValueError, "to be a dict, or a list/tuple of dicts"),
    (lambda: functional_call(nn.Linear(3, 1), [3], x), ValueError, "to be a dict, or a list/tuple of dicts"),
    (lambda: functional_call(nn.Linear(3, 1), [given(), given()], x), ValueError,
     r"\['bias', 'weight'\] appeared in multiple"),
    (lambda: functional_call(nn.Linear(3, 1), {"weight": x, "q": x}, x, strict=True), RuntimeError,
     r"(?s)reparametrizing for Linear:\n\tUnexpected key\(s\): 'q'.\n\tMissing key\(s\): 'bias'."),
    (lambda: functional_call(nn.Linear(3, 1), {"a.b": x}, x), AttributeError, "Linear has no attribute `a`"),
    (lambda: functional_call(nn.Linear(3, 1), {"weight": 3}, x), TypeError, "3 for 'weight' is not an instance of"),
    (lambda: functional_call(nn.Linear(3, 1), {"forward": x}, x), TypeError, "attribute 'forward' is .*, not an inst"),
    (lambda: functional_call(nn.DataParallel(nn.Linear(3, 1)), {}, x), RuntimeError, "DataParallel"),
    (lambda: stack_module_state([]), RuntimeError, "Expected at least one model"),
    (lambda: stack_module_state([nn.ReLU(), nn.ReLU().eval()]), RuntimeError, "the same training/eval mode"),
    (lambda: stack_module_state([nn.ReLU(), nn.Tanh()]), RuntimeError, r"same class, got \['ReLU', 'Tanh'\]"),
    (lambda: stack_module_state([nn.Linear(1, 1), nn.Linear(1, 1).requires_grad_(False)]), RuntimeError,
     "Expected weight from each model to have the same .requires_grad"),
]  # fmt: skip


@pytest.mark.parametrize(("action", "kind", "message"), REFUSED)
def test_refuses_with_a_reason(action: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        action()


# --- ensembles

MODELS = [
    (lambda: nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 2)), (5, 3)),
    (lambda: nn.Sequential(nn.Conv2d(2, 3, 2), nn.MaxPool2d(2), nn.Flatten()), (2, 2, 5, 5)),
    (lambda: nn.TransformerEncoderLayer(4, 2, 8), (3, 2, 4)),
]


@pytest.mark.parametrize(("make", "shape"), MODELS)
def test_an_ensemble_is_its_members(make: Any, shape: tuple[int, ...]) -> None:
    lamella.manual_seed(0)
    models = [make().double().eval() for _ in range(3)]
    params, buffers = stack_module_state(models)
    inputs = lamella.randn(*shape, dtype=lamella.float64)

    def loss(params: Any, buffers: Any, inputs: Any) -> Any:
        return (functional_call(models[0], (params, buffers), inputs) ** 2).sum()

    found = vmap(loss, (0, 0, None))(params, buffers, inputs)
    expected = [(model(inputs) ** 2).sum() for model in models]
    np.testing.assert_allclose(found.detach().numpy(), [value.item() for value in expected], rtol=1e-12)
    found.sum().backward()
    sum(expected, lamella.tensor(0.0)).backward()
    of_each = vmap(grad(loss), (0, 0, None))({k: v.detach() for k, v in params.items()}, buffers, inputs)
    for i, model in enumerate(models):
        for name, parameter in model.named_parameters():
            for stacked in (params[name].grad, of_each[name]):
                np.testing.assert_allclose(stacked[i].numpy(), parameter.grad.numpy(), rtol=1e-9, atol=1e-12)


def test_the_state_is_stacked_apart_from_the_models() -> None:
    models = nn.ModuleList([nn.BatchNorm1d(2) for _ in range(3)])
    params, buffers = stack_module_state(models)
    assert {name: tuple(value.shape) for name, value in params.items()} == {"weight": (3, 2), "bias": (3, 2)}
    assert all(value.is_leaf and value.requires_grad for value in params.values())
    assert list(buffers) == ["running_mean", "running_var", "num_batches_tracked"]
    assert not any(value.requires_grad for value in buffers.values())
    with lamella.no_grad():
        params["weight"].fill_(7)
    assert models[0].weight.tolist() == [1.0, 1.0]
