"""Saving and loading a module's state: what is in it, what does not fit, hooks on both."""

from __future__ import annotations

import copy
import json
import pathlib
import pickle
from collections import OrderedDict
from typing import Any

import pytest

import lamella
from lamella import nn

CASES = json.loads((pathlib.Path(__file__).parent / "data" / "layers.json").read_text())["states"]


def make() -> nn.Sequential:
    return nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))


@pytest.mark.parametrize("case", CASES)
def test_says_what_pytorch_says(case: dict[str, Any]) -> None:
    net = make()
    state = dict(net.state_dict())
    for name in case.get("drop", ()):
        del state[name]
    for name, shape in (case.get("add", {}) | case.get("reshape", {})).items():
        state[name] = lamella.zeros(shape)
    strict = case.get("strict", True)
    if "error" in case:
        with pytest.raises(RuntimeError) as caught:
            net.load_state_dict(state, strict)
        assert str(caught.value) == case["error"].replace("torch.Size", "lamella.Size")
    else:
        assert repr(net.load_state_dict(state, strict)) == case["result"]


def test_the_state_shares_memory_and_needs_no_gradient() -> None:
    net = make()
    state = net.state_dict()
    assert isinstance(state, OrderedDict)
    assert list(state) == [
        "0.weight", "0.bias",
        "1.weight", "1.bias", "1.running_mean", "1.running_var", "1.num_batches_tracked",
    ]  # fmt: skip
    assert state._metadata == {"": {"version": 1}, "0": {"version": 1}, "1": {"version": 2}}
    assert not state["0.weight"].requires_grad
    state["0.weight"].fill_(7)
    assert net[0].weight.tolist() == [[7.0, 7.0]] * 3
    assert net.state_dict(keep_vars=True)["0.weight"] is net[0].weight
    assert list(net[0].state_dict(prefix="linear.")) == ["linear.weight", "linear.bias"]
    into: dict[str, Any] = {}
    assert net[0].state_dict(destination=into) is into
    assert list(net[0].state_dict({}, "linear.", True)) == ["linear.weight", "linear.bias"]
    for copied in (copy.deepcopy(state), pickle.loads(pickle.dumps(state))):
        assert copied._metadata == state._metadata
        assert copied["0.weight"].tolist() == state["0.weight"].tolist()


def test_loading_copies_values_and_converts_dtypes() -> None:
    net, other = make(), make().double()
    weight = net[0].weight
    assert repr(net.load_state_dict(other.state_dict())) == "<All keys matched successfully>"
    assert net[0].weight is weight
    assert weight.dtype is lamella.float32
    assert weight.tolist() == other[0].weight.float().tolist()
    missing, unexpected = net.load_state_dict({"0.bias": lamella.ones(3), "more": 1}, strict=False)
    assert unexpected == ["more"]
    assert missing == ["0.weight", "1.weight", "1.bias", "1.running_mean", "1.running_var"]
    assert net[0].bias.tolist() == [1.0] * 3


def test_assign_takes_the_tensors_over() -> None:
    net, given = nn.Linear(2, 1), {"weight": lamella.ones(1, 2, dtype=lamella.float64), "bias": lamella.zeros(1)}
    net.bias.requires_grad_(False)
    net.load_state_dict(given, assign=True)
    assert type(net.weight) is nn.Parameter
    assert net.weight.dtype is lamella.float64
    assert net.weight.requires_grad
    assert not net.bias.requires_grad
    net.load_state_dict({"weight": given["weight"], "bias": nn.Parameter(lamella.ones(1))}, assign=True)
    assert not net.bias.requires_grad
    given["weight"].fill_(3)
    assert net.weight.tolist() == [[3.0, 3.0]]


def test_what_is_no_state_is_refused() -> None:
    with pytest.raises(TypeError, match="Expected state_dict to be dict-like, got <class 'list'>."):
        make().load_state_dict([])
    with pytest.raises(
        RuntimeError, match="the parameter named \"0.weight\", expected lamella.Tensor .* received <class 'int'>"
    ):
        make().load_state_dict(make().state_dict() | {"0.weight": 3})


def test_files_from_before_batches_were_counted_load() -> None:
    net = make()
    state = dict(net.state_dict())
    del state["1.num_batches_tracked"]
    assert repr(net.load_state_dict(state)) == "<All keys matched successfully>"
    marked = net.state_dict()
    del marked["1.num_batches_tracked"]
    with pytest.raises(RuntimeError, match='Missing key.*"1.num_batches_tracked"'):
        net.load_state_dict(marked)


class Counting(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.steps = 0

    def get_extra_state(self) -> Any:
        return {"steps": self.steps}

    def set_extra_state(self, state: Any) -> None:
        self.steps = state["steps"]


def test_extra_state_goes_along() -> None:
    net, other = nn.Sequential(Counting()), nn.Sequential(Counting())
    net[0].steps = 5
    assert net.state_dict() == {"0._extra_state": {"steps": 5}}
    other.load_state_dict(net.state_dict())
    assert other[0].steps == 5
    with pytest.raises(RuntimeError, match='Missing key.*"0._extra_state"'):
        other.load_state_dict({})
    with pytest.raises(RuntimeError, match='Unexpected key.*"_extra_state"'):
        nn.Identity().load_state_dict({"_extra_state": 1})
    with pytest.raises(RuntimeError, match="does not define get_extra_state"):
        nn.Identity().get_extra_state()
    with pytest.raises(RuntimeError, match="does not define set_extra_state"):
        nn.Identity().set_extra_state(1)


def test_hooks_on_saving_and_loading() -> None:
    net, seen = make(), []
    net[0].register_state_dict_pre_hook(lambda m, prefix, keep_vars: seen.append(("save", prefix, keep_vars)))
    handle = net[0].register_state_dict_post_hook(lambda m, state, prefix, meta: state.update({f"{prefix}more": meta}))
    net[0].register_load_state_dict_pre_hook(lambda m, state, prefix, *rest: state.pop(f"{prefix}more", None) and None)
    net[0].register_load_state_dict_post_hook(lambda m, keys: seen.append(("loaded", keys.missing_keys)))
    state = net.state_dict()
    assert state["0.more"] == {"version": 1}
    net.load_state_dict(state, strict=False)
    handle.remove()
    assert "0.more" not in net.state_dict()
    assert seen == [("save", "0.", False), ("loaded", []), ("save", "0.", False)]


def test_the_older_hooks_on_saving_and_loading() -> None:
    net, seen = nn.Linear(1, 1), []
    with net._register_state_dict_hook(lambda m, state, prefix, meta: {"only": prefix}):
        assert net.state_dict(prefix="p.") == {"only": "p."}
    net._register_load_state_dict_pre_hook(lambda state, prefix, *rest: seen.append((sorted(state), prefix, len(rest))))
    net._register_load_state_dict_pre_hook(lambda m, *rest: seen.append((m is net, len(rest))), with_module=True)
    net.load_state_dict(net.state_dict())
    assert seen == [(["bias", "weight"], "", 5), (True, 7)]


def test_numbers_saved_as_vectors_load() -> None:
    net = nn.Module()
    net.scale = nn.Parameter(lamella.tensor(1.0))
    net.load_state_dict({"scale": lamella.tensor([4.0])})
    assert net.scale.item() == 4.0


def test_hooks_that_return_what_they_should_change_are_refused() -> None:
    net = nn.Linear(1, 1)
    with net.register_state_dict_post_hook(lambda *given: 3), pytest.raises(RuntimeError, match="must return None"):
        net.state_dict()
    state = net.state_dict()
    with net.register_load_state_dict_post_hook(lambda *given: 3), pytest.raises(RuntimeError, match="return None"):
        net.load_state_dict(state)
