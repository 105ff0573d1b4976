"""Against PyTorch 2.13: parameters, state dicts and learning rates that it made (see ``make_fixtures.py``)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lamella
from lamella import optim

FIXTURES = json.loads((Path(__file__).parent / "data" / "pytorch.json").read_text())
OPTIMIZERS, SCHEDULERS = FIXTURES["optimizers"], FIXTURES["schedulers"]
TOLERANCE = {"float64": 1e-12, "complex128": 1e-12, "float32": 1e-5}


def name_of(case: dict[str, Any]) -> str:
    dtype = f"-{case['initial'][0]['dtype']}" if "initial" in case else ""
    return f"{case['name']}{dtype}-{'-'.join(f'{k}={v}' for k, v in case['options'].items())}"


def decoded(value: Any) -> Any:
    """What the fixture's JSON stands for, tensors as ours and parameter numbers as ints."""
    if isinstance(value, dict) and value.keys() == {"dtype", "values"}:
        numbers = np.array(value["values"])
        if value["dtype"].startswith("complex"):
            numbers = numbers[..., 0] + 1j * numbers[..., 1]
        return lamella.tensor(numbers, dtype=getattr(lamella, value["dtype"]))
    if isinstance(value, dict):
        return {int(name) if name.isdecimal() else name: decoded(item) for name, item in value.items()}
    return [decoded(item) for item in value] if isinstance(value, list) else value


def parameters(tensors: list[Any]) -> list[lamella.Tensor]:
    return [decoded(t).requires_grad_() for t in tensors]


def made(case: dict[str, Any], params: list[lamella.Tensor]) -> optim.Optimizer:
    groups = [{"params": params[:2]}, {"params": params[2:], "lr": 0.05}]
    return getattr(optim, case["name"])(groups, **case["options"])


def train(optimizer: optim.Optimizer, params: list[lamella.Tensor], steps: int) -> None:
    for _ in range(steps):
        for param in params:
            value = param.detach()
            param.grad = value * (abs(value) - 2) + 0.3
        optimizer.step()


def assert_same(ours: Any, theirs: Any) -> None:
    """Equal structure, dtypes and options; tensors close."""
    if isinstance(theirs, dict):
        assert ours.keys() == theirs.keys()
        for name, item in theirs.items():
            assert_same(ours[name], item)
    elif isinstance(theirs, list):
        assert isinstance(ours, list | tuple)
        assert len(ours) == len(theirs)
        for mine, item in zip(ours, theirs, strict=True):
            assert_same(mine, item)
    elif isinstance(theirs, lamella.Tensor):
        assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape)
        tolerance = TOLERANCE[str(theirs.dtype).removeprefix("lamella.")]
        np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), rtol=tolerance, atol=tolerance)
    else:
        assert ours == theirs


@pytest.mark.parametrize("case", OPTIMIZERS, ids=name_of)
def test_parameters_after_8_steps(case: dict[str, Any]) -> None:
    params = parameters(case["initial"])
    train(made(case, params), params, 8)
    assert_same(params, decoded(case["final"]))


@pytest.mark.parametrize("case", OPTIMIZERS, ids=name_of)
def test_state_dict_is_pytorchs(case: dict[str, Any]) -> None:
    params = parameters(case["initial"])
    optimizer = made(case, params)
    train(optimizer, params, 4)
    assert_same(optimizer.state_dict(), decoded(case["state_dict"]))


@pytest.mark.parametrize("case", OPTIMIZERS, ids=name_of)
def test_pytorchs_state_dict_goes_on(case: dict[str, Any]) -> None:
    params = parameters(case["halfway"])
    optimizer = getattr(optim, case["name"])([{"params": params[:2]}, {"params": params[2:]}])
    optimizer.load_state_dict(decoded(case["state_dict"]))
    train(optimizer, params, 4)
    assert_same(params, decoded(case["final"]))


def test_older_pytorchs_state_dict_goes_on() -> None:
    """It saved the count of steps as a number, a missing buffer as None, and fewer options."""
    case = next(c for c in OPTIMIZERS if c["name"] == "AdamW" and c["options"] == {"lr": 0.1})
    saved = decoded(case["state_dict"])
    for values in saved["state"].values():
        values["step"] = int(values["step"].item())
    for group in saved["param_groups"]:
        for name in ("decoupled_weight_decay", "maximize", "fused"):
            del group[name]
    params = parameters(case["halfway"])
    optimizer = optim.AdamW([{"params": params[:2]}, {"params": params[2:]}])
    optimizer.load_state_dict(saved)
    train(optimizer, params, 4)
    assert_same(params, decoded(case["final"]))

    param = lamella.zeros(2, requires_grad=True)
    param.grad = lamella.ones(2)
    sgd = optim.SGD([param], lr=0.5, momentum=0.9)
    sgd.load_state_dict({"state": {0: {"momentum_buffer": None}}, "param_groups": sgd.state_dict()["param_groups"]})
    sgd.step()
    assert param.tolist() == [-0.5, -0.5]


@pytest.mark.parametrize("case", SCHEDULERS, ids=name_of)
def test_rates(case: dict[str, Any]) -> None:
    groups = [{"params": [lamella.zeros(1)]}, {"params": [lamella.zeros(1)], "lr": 0.4}]
    optimizer = optim.SGD(groups, lr=0.1)
    scheduler = getattr(optim.lr_scheduler, case["name"])(optimizer, **case["options"])
    for i, expected in enumerate(case["rates"]):
        np.testing.assert_allclose(scheduler.get_last_lr(), expected, rtol=1e-12, atol=1e-15)
        assert [group["lr"] for group in optimizer.param_groups] == scheduler.get_last_lr()
        if i == 7:
            ours = scheduler.state_dict()
            assert ours.keys() == case["state_dict"].keys()
            assert {**ours, "_last_lr": None} == {**case["state_dict"], "_last_lr": None}
        optimizer.step()
        scheduler.step()
