"""States of optimizers and schedulers that PyTorch wrote: see ``scripts/make_torch_files.py``."""

from __future__ import annotations

import importlib.util
import io
import json
import pathlib

import numpy as np
import pytest

import lamella
from lamella import optim

DATA = pathlib.Path(__file__).parent / "data"
EXPECTED = json.loads((DATA / "states.json").read_text())
HAS_TORCH = importlib.util.find_spec("torch") is not None


@pytest.fixture(scope="module")
def states():
    return lamella.load(DATA / "states.pt")


def through_file(value):
    file = io.BytesIO()
    lamella.save(value, file, format="torch")
    file.seek(0)
    return lamella.load(file)


def optimizer_over(name, params):
    """The optimizer, and a step as the script makes it."""
    optimizer = getattr(optim, name)(params, **EXPECTED["optimizers"][name][0])

    def closure():
        optimizer.zero_grad()
        loss = sum((p**4).sum() + p.sum() for p in params)
        loss.backward()
        return loss

    return optimizer, lambda: optimizer.step(closure)


@pytest.mark.parametrize("name", EXPECTED["optimizers"])
@pytest.mark.parametrize("is_resaved", [False, True])
def test_an_optimizer_goes_on_where_pytorchs_stopped(name, is_resaved, states):
    params = [p.clone().requires_grad_() for p in states[name]["params"]]
    optimizer, step = optimizer_over(name, params)
    optimizer.load_state_dict(states[name]["state"])
    if is_resaved:
        state = through_file(optimizer.state_dict())
        optimizer, step = optimizer_over(name, params)
        optimizer.load_state_dict(state)
    step()
    for ours, theirs in zip(params, EXPECTED["optimizers"][name][1], strict=True):
        np.testing.assert_allclose(ours.detach().numpy(), theirs, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", EXPECTED["schedulers"])
@pytest.mark.parametrize("is_resaved", [False, True])
def test_a_scheduler_goes_on_where_pytorchs_stopped(name, is_resaved, states):
    options, rates = EXPECTED["schedulers"][name]
    optimizer = optim.SGD([lamella.zeros(2, requires_grad=True)], lr=0.1)
    scheduler = getattr(optim.lr_scheduler, name)(optimizer, **options)
    optimizer.load_state_dict(states[name]["optimizer"])
    scheduler.load_state_dict(states[name]["scheduler"])
    if is_resaved:
        scheduler.load_state_dict(through_file(scheduler.state_dict()))
    for i, rate in enumerate(rates):
        optimizer.step()
        scheduler.step(*([3.0 + i] if name == "ReduceLROnPlateau" else []))
        assert optimizer.param_groups[0]["lr"] == pytest.approx(rate, rel=1e-12)


if HAS_TORCH:  # where it is not, the files that PyTorch wrote are what ours are compared with

    @pytest.mark.parametrize("name", EXPECTED["optimizers"])
    def test_pytorchs_optimizer_goes_on_where_ours_stopped(name, states, tmp_path):
        import torch

        ours = [p.clone().requires_grad_() for p in states[name]["params"]]
        optimizer, step = optimizer_over(name, ours)
        step()
        lamella.save({"params": ours, "state": optimizer.state_dict()}, tmp_path / "state.pt")
        step()
        back = torch.load(tmp_path / "state.pt", weights_only=True)
        theirs = [p.clone().detach().requires_grad_() for p in back["params"]]
        other = getattr(torch.optim, name)(theirs, **EXPECTED["optimizers"][name][0])
        other.load_state_dict(back["state"])

        def closure():
            other.zero_grad()
            loss = sum((p**4).sum() + p.sum() for p in theirs)
            loss.backward()
            return loss

        other.step(closure)
        for a, b in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-9, atol=1e-12)
