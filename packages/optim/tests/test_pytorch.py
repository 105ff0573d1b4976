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


def made(case: dict[str, Any], params: list[lamella.Tensor], **options: Any) -> optim.Optimizer:
    kind = getattr(optim, case["name"])
    if kind is optim.LBFGS:
        return kind(params, **options)
    return kind([{"params": params[:2]}, {"params": params[2:], "lr": 0.05}], **options)


def train(optimizer: optim.Optimizer, params: list[lamella.Tensor], steps: int) -> None:
    def closure() -> float:
        """The loss Σ |p|³ / 3 - |p|² + 0.3 Re p, and its gradient."""
        values = [param.detach() for param in params]
        for param, value in zip(params, values, strict=True):
            param.grad = value * (abs(value) - 2) + 0.3
        return sum(float((abs(v) ** 3 / 3 - abs(v) ** 2 + 0.3 * v.real).sum()) for v in values)

    for _ in range(steps):
        optimizer.step(closure)


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
    train(made(case, params, **case["options"]), params, 8)
    assert_same(params, decoded(case["final"]))


@pytest.mark.parametrize("case", [case for case in OPTIMIZERS if case["name"] != "LBFGS"], ids=name_of)
def test_state_dict_is_pytorchs(case: dict[str, Any]) -> None:
    params = parameters(case["initial"])
    optimizer = made(case, params, **case["options"])
    train(optimizer, params, 4)
    assert_same(optimizer.state_dict(), decoded(case["state_dict"]))


@pytest.mark.parametrize("case", [case for case in OPTIMIZERS if case["name"] == "LBFGS"], ids=name_of)
def test_state_dict_of_lbfgs_has_what_pytorchs_needs(case: dict[str, Any]) -> None:
    """Its numbers may be plain ones there or tensors, and ``al`` is scratch memory."""
    params = parameters(case["initial"])
    optimizer = made(case, params, **case["options"])
    train(optimizer, params, 4)
    ours, theirs = optimizer.state_dict(), decoded(case["state_dict"])
    assert_same(ours["param_groups"], theirs["param_groups"])
    state, expected = ours["state"][0], theirs["state"][0]
    assert state.keys() == expected.keys() - {"al"}
    for name in ("func_evals", "n_iter"):
        assert state[name] == expected[name]
    for name in ("d", "prev_flat_grad", "old_dirs", "old_stps"):
        assert_same(state[name], expected[name])
    for name in ("t", "H_diag", "prev_loss"):
        assert float(state[name]) == pytest.approx(float(expected[name]), rel=1e-5)
    assert [float(r) for r in state["ro"]] == pytest.approx([float(r) for r in expected["ro"]], rel=1e-5)


@pytest.mark.parametrize("case", OPTIMIZERS, ids=name_of)
def test_pytorchs_state_dict_goes_on(case: dict[str, Any]) -> None:
    params = parameters(case["halfway"])
    optimizer = made(case, params)
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


def scheduler(name: str, options: dict[str, Any], optimizer: optim.Optimizer) -> Any:
    options = dict(options)
    if factor := options.get("lr_lambda"):
        options["lr_lambda"] = lambda epoch: factor**epoch
    if parts := options.get("schedulers"):
        options["schedulers"] = [scheduler(*part, optimizer) for part in parts]
    kind = getattr(optim.lr_scheduler, name, None) or getattr(optim.swa_utils, name)
    return kind(options["schedulers"]) if name == "ChainedScheduler" else kind(optimizer, **options)


def close(ours: Any, theirs: Any) -> bool:
    """Equal, but for the last digits of numbers."""
    if isinstance(theirs, dict):
        return ours.keys() == theirs.keys() and all(close(ours[name], item) for name, item in theirs.items())
    if isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(close, ours, theirs))
    return ours == (pytest.approx(theirs, rel=1e-12, abs=1e-15) if isinstance(theirs, float) else theirs)


@pytest.mark.parametrize("case", SCHEDULERS, ids=name_of)
def test_rates_momenta_and_state_dict(case: dict[str, Any]) -> None:
    groups = [{"params": [lamella.zeros(1)]}, {"params": [lamella.zeros(1)], "lr": 0.4}]
    optimizer = optim.SGD(groups, lr=0.1, momentum=0.5)
    schedule = scheduler(case["name"], case["options"], optimizer)
    for i, (rates, momenta) in enumerate(zip(case["rates"], case["momenta"], strict=True)):
        assert close([group["lr"] for group in optimizer.param_groups], rates)
        assert close([group["momentum"] for group in optimizer.param_groups], momenta)
        assert schedule.get_last_lr() == [group["lr"] for group in optimizer.param_groups]
        if i == 7:
            assert close(schedule.state_dict(), decoded(case["state_dict"]))
        if i < 12:
            optimizer.step()
            schedule.step(*([FIXTURES["metrics"][i]] if case["name"] == "ReduceLROnPlateau" else []))
