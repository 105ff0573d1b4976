"""Every layer against PyTorch's results in data/layers.json, and its gradients against finite differences."""

from __future__ import annotations

import copy
import inspect
import json
import pathlib
import pickle
import re
from typing import Any

import numpy as np
import pytest

import lamella
from lamella import nn
from lamella.core.testing import gradcheck

CASES = json.loads((pathlib.Path(__file__).parent / "data" / "layers.json").read_text())["layers"]
IDS = [f"{c['class']}-{i}" for i, c in enumerate(CASES)]
each_case = pytest.mark.parametrize("case", CASES, ids=IDS)
MODES = ("train", "eval")


def wave(shape: Any, phase: float = 0.0, positive: bool = False) -> np.ndarray:
    """The numbers that data/make_layers.py fills parameters and inputs with."""
    values = np.sin(1.7 * np.arange(1, int(np.prod(shape)) + 1) + phase).reshape(shape)
    return 0.5 + 0.45 * values if positive else values


def tuples(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def build(case: dict[str, Any]) -> nn.Module:
    kwargs = {name: tuples(value) for name, value in case["kwargs"].items()}
    layer: nn.Module = getattr(nn, case["class"])(*map(tuples, case["args"]), **kwargs).double()
    with lamella.no_grad():
        for i, parameter in enumerate(layer.parameters()):
            parameter.copy_(lamella.from_numpy(wave(parameter.shape, i)))
    return layer


def inputs_of(case: dict[str, Any]) -> list[lamella.Tensor]:
    def make(given: dict[str, Any]) -> lamella.Tensor:
        if "below" in given:
            n = int(np.prod(given["shape"]))
            return lamella.tensor((np.arange(n) * 5 % given["below"]).reshape(given["shape"]))
        values = wave(given["shape"], given["phase"], given["positive"])
        return lamella.tensor(values, dtype=lamella.float64, requires_grad=True)

    if len(case["inputs"]) == 3 and case["inputs"][0] == case["inputs"][1]:  # attention of a sequence to itself
        return [make(case["inputs"][0])] * 3
    return [make(given) for given in case["inputs"]]


def run(layer: nn.Module, inputs: list[lamella.Tensor]) -> list[lamella.Tensor]:
    # a copy, because the layer may overwrite its input
    given = inputs if len(inputs) == 3 else [inputs[0].clone(), *inputs[1:]]
    return flat(layer(*given))


def flat(result: Any) -> list[lamella.Tensor]:
    if isinstance(result, lamella.Tensor):
        return [result]
    return [tensor for part in result if part is not None for tensor in flat(part)]


def backward(outputs: list[lamella.Tensor]) -> None:
    wanted = [o for o in outputs if o.requires_grad]
    if wanted:
        sum((o * lamella.from_numpy(wave(o.shape, 0.2))).sum() for o in wanted).backward()


def assert_same(found: lamella.Tensor | None, expected: Any, what: str) -> None:
    if expected is None:
        assert found is None, what
        return
    assert found is not None, what
    assert list(found.shape) == expected["shape"], what
    values = found.detach().numpy().reshape(-1)
    np.testing.assert_allclose(values, expected["values"], rtol=1e-6, atol=1e-8, err_msg=what)


@each_case
def test_shows_and_holds_what_pytorchs_does(case: dict[str, Any]) -> None:
    layer = build(case)
    assert repr(layer) == case["repr"]
    assert {name: list(t.shape) for name, t in layer.state_dict().items()} == case["state"]
    assert sum(p.numel() for p in layer.parameters()) == case["parameters"]


@each_case
@pytest.mark.parametrize("mode", MODES)
def test_results_and_gradients_are_pytorchs(case: dict[str, Any], mode: str) -> None:
    layer = build(case).train(mode == "train")
    assert layer.training == (mode == "train")
    expected = case[mode] or case["train"]
    inputs = inputs_of(case)
    outputs = run(layer, inputs)
    assert len(outputs) == len(expected["outputs"])
    for output, wanted in zip(outputs, expected["outputs"], strict=True):
        assert_same(output, wanted, "output")
    backward(outputs)
    for given, wanted in zip(inputs, expected["input_grads"], strict=True):
        assert_same(given.grad, wanted, "gradient of an input")
    for name, parameter in layer.named_parameters():
        assert_same(parameter.grad, expected["grads"][name], f"gradient of {name}")
    for name, buffer in layer.named_buffers():
        assert_same(buffer, expected["buffers"][name], name)


@each_case
def test_gradients_are_those_of_finite_differences(case: dict[str, Any]) -> None:
    layer = build(case)
    inputs = inputs_of(case)
    parameters = list(layer.parameters())
    distinct = list({id(t): t for t in (*inputs, *parameters)}.values())
    if "padding_idx" in case["kwargs"]:
        with lamella.no_grad():  # a row without a gradient may not matter
            inputs = [lamella.where(i == layer.padding_idx, 0, i) for i in inputs]
        distinct = [*inputs, *parameters]
    if not any(t.requires_grad for t in distinct):
        assert all(g is None for g in case["train"]["input_grads"])
        return

    def outputs(*_: lamella.Tensor) -> tuple[lamella.Tensor, ...]:
        return tuple(o for o in run(layer, inputs) if o.is_floating_point())

    if any(o.requires_grad for o in outputs()):
        assert gradcheck(outputs, distinct, fast_mode=True)
    else:
        assert all(g is None for g in case["train"]["grads"].values())


@each_case
@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda layer: pickle.loads(pickle.dumps(layer))])
def test_a_copy_computes_the_same_and_shares_nothing(case: dict[str, Any], duplicate: Any) -> None:
    layer = build(case).eval()
    copied = duplicate(layer)
    assert repr(copied) == repr(layer)
    for ours, theirs in zip(run(layer, inputs_of(case)), run(copied, inputs_of(case)), strict=True):
        np.testing.assert_array_equal(ours.detach().numpy(), theirs.detach().numpy())
    for ours, theirs in zip(layer.parameters(), copied.parameters(), strict=True):
        assert type(theirs) is nn.Parameter
        assert not np.shares_memory(ours.detach().numpy(), theirs.detach().numpy())


@each_case
def test_runs_in_float32_and_loads_its_own_state(case: dict[str, Any]) -> None:
    layer = build(case).float()
    other = build(case).float()
    for parameter in other.parameters():
        nn.init.zeros_(parameter)
    assert repr(other.load_state_dict(layer.state_dict())) == "<All keys matched successfully>"
    inputs = [i.detach().float() if i.is_floating_point() else i for i in inputs_of(case)]
    for ours, theirs in zip(run(layer.eval(), inputs), run(other.eval(), inputs), strict=True):
        assert ours.dtype in (lamella.float32, lamella.int64)
        np.testing.assert_array_equal(ours.detach().numpy(), theirs.detach().numpy())


def test_every_layer_is_in_the_table_or_in_another_test() -> None:
    classes = {name for name, value in vars(nn).items() if inspect.isclass(value) and issubclass(value, nn.Module)}
    files = [path for path in pathlib.Path(__file__).parent.glob("test_*.py") if path.name != "test_plugin.py"]
    words = {word for path in files for word in re.findall(r"\w+", path.read_text())}
    assert not classes - words - {case["class"] for case in CASES}
