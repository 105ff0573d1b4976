"""Parametrizations: registering, computing, assigning, copying, removing."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import lamella
from lamella import nn
from lamella.nn.utils import parametrize
from lamella.nn.utils.parametrize import is_parametrized, register_parametrization, remove_parametrizations


class Symmetric(nn.Module):
    def forward(self, x: lamella.Tensor) -> lamella.Tensor:
        return x.triu() + x.triu(1).mT


class Double(nn.Module):
    def forward(self, x: lamella.Tensor) -> lamella.Tensor:
        return 2 * x

    def right_inverse(self, x: lamella.Tensor) -> lamella.Tensor:
        return x / 2


class Sum(nn.Module):
    def forward(self, a: lamella.Tensor, b: lamella.Tensor) -> lamella.Tensor:
        return a + b

    def right_inverse(self, x: lamella.Tensor) -> tuple[lamella.Tensor, lamella.Tensor]:
        return x / 4, 3 * x / 4


class Returns(nn.Module):
    """Its results are given."""

    def __init__(self, forward: Any, right_inverse: Any = lambda x: x) -> None:
        super().__init__()
        self._results = forward, right_inverse

    def forward(self, *inputs: Any) -> Any:
        return self._results[0](*inputs)

    def right_inverse(self, x: Any) -> Any:
        return self._results[1](x)


def linear() -> nn.Linear:
    return nn.Linear(3, 3)


def names(module: nn.Module) -> list[str]:
    return list(module.state_dict())


def test_the_weight_is_computed_and_the_original_trained() -> None:
    layer = linear()
    weight = layer.weight
    optimized = list(layer.parameters())
    assert register_parametrization(layer, "weight", Symmetric()) is layer
    assert layer.parametrizations.weight.original is weight
    assert {id(p) for p in layer.parameters()} == {id(p) for p in optimized}
    assert names(layer) == ["bias", "parametrizations.weight.original"]
    assert layer.weight.tolist() == layer.weight.T.tolist()
    layer(lamella.ones(1, 3)).sum().backward()
    np.testing.assert_allclose(weight.grad.numpy(), [[1, 2, 2], [0, 1, 2], [0, 0, 1]])
    assert isinstance(layer, nn.Linear)
    assert repr(layer) == (
        "ParametrizedLinear(\n  in_features=3, out_features=3, bias=True\n  (parametrizations): ModuleDict(\n"
        "    (weight): ParametrizationList(\n      (0): Symmetric()\n    )\n  )\n)"
    )


def test_several_follow_one_another() -> None:
    layer = register_parametrization(linear(), "weight", Symmetric())
    before = layer.weight.tolist()
    register_parametrization(layer, "weight", Double())
    np.testing.assert_allclose(layer.weight.tolist(), 2 * np.array(before))
    assert len(layer.parametrizations.weight) == 2
    assert type(layer.parametrizations.weight[1]) is Double
    with pytest.raises(RuntimeError, match="Symmetric does not implement right_inverse"):
        layer.weight = lamella.ones(3, 3)


def test_the_value_stays_where_there_is_an_inverse_and_may_be_assigned() -> None:
    layer = linear()
    bias, value = layer.bias, layer.bias.tolist()
    register_parametrization(layer, "bias", Double())
    assert layer.bias.tolist() == value
    assert layer.parametrizations.bias.original is bias
    layer.bias = lamella.tensor([2.0, 4.0, 6.0])
    assert bias.tolist() == [1.0, 2.0, 3.0]
    register_parametrization(layer, "weight", Sum())
    layer.weight = lamella.full((3, 3), 4.0)
    assert layer.parametrizations.weight.original0.tolist() == [[1.0] * 3] * 3
    assert layer.parametrizations.weight.original1.tolist() == [[3.0] * 3] * 3
    assert [n for n, _ in layer.named_parameters()] == [
        "parametrizations.bias.original", "parametrizations.weight.original0", "parametrizations.weight.original1",
    ]  # fmt: skip


def test_originals_want_gradients_as_the_parameter_did() -> None:
    frozen = register_parametrization(linear().requires_grad_(False), "weight", Sum())
    assert not any(p.requires_grad for p in frozen.parameters())
    trained = register_parametrization(linear(), "weight", Sum())
    assert all(p.requires_grad for p in trained.parameters())


def test_a_buffer_stays_a_buffer() -> None:
    norm = register_parametrization(nn.BatchNorm1d(2), "running_mean", Double())
    assert "parametrizations.running_mean.original" in dict(norm.named_buffers())
    remove_parametrizations(norm, "running_mean")
    assert "running_mean" in dict(norm.named_buffers())


def test_unsafe_ones_may_change_shape_and_dtype() -> None:
    layer = register_parametrization(linear(), "weight", Returns(lambda x: x[:1].double()), unsafe=True)
    assert layer.weight.shape == (1, 3)
    register_parametrization(layer, "weight", Returns(lambda x: x[:, :2]), unsafe=True)
    assert layer.weight.shape == (1, 2)
    assert layer.parametrizations.weight.unsafe


def test_an_inverse_that_is_not_implemented_is_none() -> None:
    def refuse(x: Any) -> Any:
        raise NotImplementedError

    layer = linear()
    value = layer.weight.tolist()
    register_parametrization(layer, "weight", Returns(lambda x: x + 1, refuse))
    assert layer.parametrizations.weight.original.tolist() == value
    register_parametrization(layer, "weight", Returns(lambda x: x + 1, refuse))


def test_training_mode_reaches_them() -> None:
    layer = register_parametrization(linear().eval(), "weight", Double())
    assert not layer.parametrizations.weight[0].training
    assert layer.train().parametrizations.weight[0].training


def test_copies_and_pickles_are_parametrized() -> None:
    layer = register_parametrization(linear(), "weight", Double())
    register_parametrization(layer, "bias", Sum())
    for copied in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert names(copied) == names(layer)
        assert copied.weight.tolist() == layer.weight.tolist()
        assert copied.parametrizations.weight.original is not layer.parametrizations.weight.original
        copied.weight = lamella.ones(3, 3)
        assert layer.weight.tolist() != copied.weight.tolist()
        assert parametrize.type_before_parametrizations(copied) is nn.Linear
    assert type(linear()) is nn.Linear


@pytest.mark.parametrize("leave", [True, False])
def test_removing_makes_a_plain_parameter(leave: bool) -> None:
    layer = register_parametrization(linear(), "weight", Double())
    weight = layer.parametrizations.weight.original
    kept = (layer.weight if leave else weight).tolist()
    assert is_parametrized(layer)
    assert is_parametrized(layer, "weight")
    assert not is_parametrized(layer, "bias")
    assert remove_parametrizations(layer, "weight", leave_parametrized=leave) is layer
    assert layer.weight is weight
    assert layer.weight.tolist() == kept
    assert type(layer) is nn.Linear
    assert names(layer) == ["bias", "weight"]
    assert not is_parametrized(layer)


def test_removing_one_leaves_the_other() -> None:
    layer = register_parametrization(register_parametrization(linear(), "weight", Double()), "bias", Sum())
    bias = layer.bias.tolist()
    with pytest.raises(ValueError, match="Cannot leave unparametrized"):
        remove_parametrizations(layer, "bias", leave_parametrized=False)
    remove_parametrizations(layer, "bias")
    assert type(layer.bias) is nn.Parameter
    assert layer.bias.tolist() == bias
    assert is_parametrized(layer, "weight")
    assert parametrize.type_before_parametrizations(layer) is nn.Linear


def test_inside_cached_each_is_computed_once() -> None:
    layer = register_parametrization(linear(), "weight", Double())
    with parametrize.cached():
        held = layer.weight
        with parametrize.cached():
            assert layer.weight is held
        assert layer.weight is held
    assert layer.weight is not held


def test_transfer_shares_the_originals() -> None:
    source = register_parametrization(register_parametrization(linear(), "weight", Double()), "bias", Sum())
    target = parametrize.transfer_parametrizations_and_params(source, linear())
    assert target.weight.tolist() == source.weight.tolist()
    assert target.parametrizations.weight.original is source.parametrizations.weight.original
    assert target.parametrizations.bias.original1 is source.parametrizations.bias.original1
    other = parametrize.transfer_parametrizations_and_params(source, nn.Identity(), "bias")
    assert names(other) == ["parametrizations.bias.original0", "parametrizations.bias.original1"]
    assert not is_parametrized(parametrize.transfer_parametrizations_and_params(linear(), nn.Identity()))


def register(*parametrizations: nn.Module, name: str = "weight", unsafe: bool = False) -> nn.Module:
    layer: nn.Module = linear()
    for parametrization in parametrizations:
        register_parametrization(layer, name, parametrization, unsafe=unsafe)
    return layer


def assign(inverse: Any, forward: Any = lambda x: x) -> None:
    """Register with an inverse that works, then assign with one that does not."""
    layer = register(Returns(forward, lambda x: [x, x] if forward is not identity else x), unsafe=True)
    layer.parametrizations.weight[0]._results = forward, inverse
    layer.weight = lamella.ones(3, 3)


def identity(x: Any) -> Any:
    return x


REFUSED = [
    (lambda: register(Double(), name="none"), "does not have a parameter, a buffer, .* with name 'none'"),
    (lambda: register(Returns(lambda x: 3)), "must return a tensor. Got int"),
    (lambda: register(Returns(lambda x: x[:1])), r"may not change .* of shape \(1, 3\) for .* of shape \(3, 3\)"),
    (lambda: register(Returns(lambda x: x.double())), "may not change the dtype .* gave lamella.float64"),
    (lambda: register(Double(), Returns(lambda x: x[:1])), r"may not change .* of shape \(1, 3\)"),
    (lambda: register(Double(), Returns(identity, lambda x: x.double())), "right_inverse gave lamella.float64"),
    (lambda: register(Double(), Returns(identity, lambda x: 3)), "must return a tensor. Got int"),
    (lambda: register(Returns(identity, lambda x: 3)), "a Tensor or a Sequence of tensors .* Got int"),
    (lambda: register(Returns(identity, lambda x: [3])), "Got element 0 of the sequence with type int"),
    (lambda: register(Returns(lambda x: x.float(), lambda x: x.double())), "it may not change the dtype"),
    (lambda: assign(lambda x: 3, identity), "should return a tensor. Got int"),
    (lambda: assign(lambda x: x.double(), identity), "has dtype lamella.float64 while the one held"),
    (lambda: assign(lambda x: [x], lambda a, b: a), "of length 2. Got a sequence of length 1"),
    (lambda: assign(lambda x: [x, x.double()], lambda a, b: a), "Tensor 1 returned .* has dtype lamella.float64"),
    (lambda: parametrize.ParametrizationList([], lamella.ones(1)), "requires one or more modules"),
    (lambda: remove_parametrizations(linear(), "weight"), "does not have a parametrization on weight"),
]  # fmt: skip


@pytest.mark.parametrize(("action", "message"), REFUSED)
def test_refuses_with_a_reason(action: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        action()


def test_kinds_are_kept_on_assignment() -> None:
    layer = register_parametrization(linear(), "weight", Double())
    with pytest.raises(KeyError, match="attribute 'weight' already exists"):
        layer.weight = nn.Parameter(lamella.ones(3, 3))
