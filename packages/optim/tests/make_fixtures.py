"""Writes ``data/pytorch.json``: what PyTorch's optimizers and schedulers do. To run it, install torch 2.13.

python packages/optim/tests/make_fixtures.py
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import torch

SHAPES = [(3, 2), (2,), ()]
STEPS = 8

OPTIONS: dict[str, list[dict[str, Any]]] = {
    "SGD": [
        {},
        {"lr": 0.1},
        {"lr": 0.1, "weight_decay": 0.2},
        {"lr": 0.1, "maximize": True},
        {"lr": 0.1, "momentum": 0.9},
        {"lr": 0.1, "momentum": 0.9, "dampening": 0.5},
        {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1},
        {"lr": 0.1, "momentum": 0.8, "dampening": 0.3, "weight_decay": 0.1, "maximize": True},
    ],
    "Adam": [
        {},
        {"lr": 0.1},
        {"lr": 0.1, "weight_decay": 0.2},
        {"lr": 0.1, "amsgrad": True, "betas": (0.5, 0.6)},
        {"lr": 0.1, "maximize": True, "weight_decay": 0.1, "eps": 1e-3},
        {"lr": 0.1, "decoupled_weight_decay": True, "weight_decay": 0.3},
        {"lr": 0.1, "betas": (0.0, 0.0)},
    ],
    "AdamW": [{}, {"lr": 0.1}, {"lr": 0.1, "weight_decay": 0.3, "amsgrad": True, "maximize": True}],
    "RMSprop": [
        {},
        {"lr": 0.1, "alpha": 0.5},
        {"lr": 0.1, "weight_decay": 0.2, "eps": 1e-2},
        {"lr": 0.1, "centered": True},
        {"lr": 0.1, "momentum": 0.9, "centered": True, "weight_decay": 0.1},
        {"lr": 0.1, "momentum": 0.5, "maximize": True},
    ],
    "Adagrad": [
        {},
        {"lr": 0.1, "lr_decay": 0.2},
        {"lr": 0.1, "maximize": True, "eps": 1e-2},
        {"lr": 0.1, "initial_accumulator_value": 0.5, "weight_decay": 0.2},
    ],
}

SCHEDULERS = [
    ("StepLR", {"step_size": 3}),
    ("StepLR", {"step_size": 1, "gamma": 0.7}),
    ("CosineAnnealingLR", {"T_max": 5}),
    ("CosineAnnealingLR", {"T_max": 4, "eta_min": 0.02}),
]


def encoded(value: Any) -> Any:
    """``value`` in JSON's terms; a tensor as its dtype and (nested) numbers, complex ones as pairs."""
    if isinstance(value, torch.Tensor):
        numbers = torch.view_as_real(value) if value.is_complex() else value
        return {"dtype": str(value.dtype).removeprefix("torch."), "values": numbers.detach().tolist()}
    if isinstance(value, dict):
        return {name: encoded(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [encoded(item) for item in value]
    return value


def initial(dtype: torch.dtype) -> list[torch.Tensor]:
    params = []
    for i, shape in enumerate(SHAPES):
        numbers = torch.arange(torch.Size(shape).numel(), dtype=torch.float64).reshape(shape)
        start = torch.sin(3.0 * numbers + i).to(dtype)
        if dtype.is_complex:
            start = start + 1j * torch.cos(numbers + i)
        params.append(start.to(dtype).requires_grad_())
    return params


def train(optimizer: torch.optim.Optimizer, params: list[torch.Tensor], steps: int) -> None:
    for _ in range(steps):
        for param in params:
            param.grad = gradient(param)
        optimizer.step()


def gradient(param: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        return param * (abs(param) - 2) + 0.3


def run(name: str, options: dict[str, Any], dtype: torch.dtype) -> dict[str, Any]:
    params = initial(dtype)
    begun = [param.detach().clone() for param in params]
    # two groups, so that options of a group are in every case
    groups = [{"params": params[:2]}, {"params": params[2:], "lr": 0.05}]
    optimizer = getattr(torch.optim, name)(groups, **options)
    train(optimizer, params, STEPS // 2)
    halfway = encoded(optimizer.state_dict())
    params_halfway = encoded([param.detach().clone() for param in params])
    train(optimizer, params, STEPS - STEPS // 2)
    return {
        "name": name,
        "options": options,
        "initial": encoded(begun),
        "halfway": params_halfway,
        "state_dict": halfway,
        "final": encoded(params),
    }


def schedule(name: str, options: dict[str, Any]) -> dict[str, Any]:
    optimizer = torch.optim.SGD([{"params": [torch.zeros(1)]}, {"params": [torch.zeros(1)], "lr": 0.4}], lr=0.1)
    scheduler = getattr(torch.optim.lr_scheduler, name)(optimizer, **options)
    rates, state_dict = [], None
    for i in range(13):
        rates.append(scheduler.get_last_lr())
        if i == 7:
            state_dict = scheduler.state_dict().copy()
        optimizer.step()
        scheduler.step()
    return {"name": name, "options": options, "rates": rates, "state_dict": state_dict}


if __name__ == "__main__":
    warnings.simplefilter("error")
    found = {
        "optimizers": [
            *(run(name, options, torch.float64) for name, tried in OPTIONS.items() for options in tried),
            *(run(name, tried[1], torch.float32) for name, tried in OPTIONS.items()),
            *(run(name, tried[-1], torch.complex128) for name, tried in OPTIONS.items()),
        ],
        "schedulers": [schedule(name, options) for name, options in SCHEDULERS],
    }
    path = Path(__file__).parent / "data" / "pytorch.json"
    path.write_text(json.dumps(found) + "\n")
