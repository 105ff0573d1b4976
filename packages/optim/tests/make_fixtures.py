"""Writes ``data/pytorch.json``: what PyTorch's optimizers and schedulers do. To run it, install torch 2.13.

python packages/optim/tests/make_fixtures.py
"""

from __future__ import annotations

import copy
import json
import warnings
from pathlib import Path
from typing import Any

import torch

SHAPES = [(3, 2), (2,), ()]
MATRICES = [(3, 2), (2, 3), (4, 4)]  # Muon takes nothing else
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
    "Adadelta": [{}, {"lr": 0.5, "rho": 0.7, "eps": 1e-3}, {"weight_decay": 0.2, "maximize": True, "eps": 1e-2}],
    "Adafactor": [
        {},
        {"lr": 0.1, "weight_decay": 0.2},
        {"lr": 0.5, "beta2_decay": -0.3, "eps": (1e-3, 1e-2), "d": 1.5, "maximize": True},
    ],
    "Adamax": [{}, {"lr": 0.1, "betas": (0.5, 0.6)}, {"lr": 0.1, "weight_decay": 0.2, "eps": 1e-2, "maximize": True}],
    "ASGD": [
        {},
        {"lr": 0.1, "t0": 3, "lambd": 1e-2, "alpha": 0.5},
        {"lr": 0.1, "t0": 1, "weight_decay": 0.2, "maximize": True},
    ],
    "LBFGS": [
        {},
        {"lr": 0.1, "max_iter": 3},
        {"line_search_fn": "strong_wolfe", "max_iter": 1, "history_size": 2},
        {"line_search_fn": "strong_wolfe", "lr": 0.01, "max_iter": 2},
    ],
    "Muon": [
        {},
        {"lr": 0.1, "momentum": 0.5, "nesterov": False},
        {"lr": 0.1, "weight_decay": 0.5, "adjust_lr_fn": "match_rms_adamw", "ns_steps": 3},
    ],
    "NAdam": [
        {},
        {"lr": 0.1, "betas": (0.5, 0.6), "momentum_decay": 0.1},
        {"lr": 0.1, "weight_decay": 0.2, "decoupled_weight_decay": True},
        {"lr": 0.1, "weight_decay": 0.2, "eps": 1e-2, "maximize": True},
    ],
    "RAdam": [
        {},
        {"lr": 0.1, "betas": (0.5, 0.9)},
        {"lr": 0.1, "weight_decay": 0.2, "decoupled_weight_decay": True},
        {"lr": 0.1, "weight_decay": 0.2, "eps": 1e-2, "maximize": True},
    ],
    "Rprop": [{}, {"lr": 0.3, "etas": (0.4, 1.5), "step_sizes": (0.2, 0.35)}, {"lr": 0.1, "maximize": True}],
}
REAL_ONLY = ("Adafactor", "Muon")

SCHEDULERS = [
    ("StepLR", {"step_size": 3}),
    ("StepLR", {"step_size": 1, "gamma": 0.7}),
    ("CosineAnnealingLR", {"T_max": 5}),
    ("CosineAnnealingLR", {"T_max": 4, "eta_min": 0.02}),
    ("MultiStepLR", {"milestones": [5, 2, 5, 9], "gamma": 0.5}),
    ("ConstantLR", {"factor": 0.25, "total_iters": 4}),
    ("LinearLR", {"start_factor": 0.25, "end_factor": 0.75, "total_iters": 4}),
    ("LinearLR", {"start_factor": 1.0, "end_factor": 0.0, "total_iters": 14}),
    ("ExponentialLR", {"gamma": 0.8}),
    ("PolynomialLR", {"total_iters": 8, "power": 2.0}),
    ("CosineAnnealingWarmRestarts", {"T_0": 3, "T_mult": 2, "eta_min": 0.01}),
    ("CosineAnnealingWarmRestarts", {"T_0": 4}),
    ("CyclicLR", {"base_lr": 0.1, "max_lr": [0.5, 0.7], "step_size_up": 2, "step_size_down": 3}),
    ("CyclicLR", {"base_lr": 0.1, "max_lr": 0.5, "step_size_up": 2, "mode": "triangular2"}),
    ("CyclicLR", {"base_lr": 0.1, "max_lr": 0.5, "step_size_up": 2, "mode": "exp_range", "gamma": 0.9}),
    ("OneCycleLR", {"max_lr": 1.0, "total_steps": 13}),
    ("OneCycleLR", {"max_lr": [1.0, 2.0], "epochs": 2, "steps_per_epoch": 8, "anneal_strategy": "linear"}),
    ("OneCycleLR", {"max_lr": 1.0, "total_steps": 15, "three_phase": True, "cycle_momentum": False}),
    ("LambdaLR", {"lr_lambda": 0.9}),  # stands for the function: its power
    ("MultiplicativeLR", {"lr_lambda": 0.9}),
    ("ReduceLROnPlateau", {"patience": 1, "factor": 0.5}),
    ("ReduceLROnPlateau", {"mode": "max", "patience": 0, "cooldown": 2, "threshold_mode": "abs", "min_lr": 0.05}),
    ("SWALR", {"swa_lr": 0.05, "anneal_epochs": 4}),
    ("SWALR", {"swa_lr": [0.05, 0.5], "anneal_epochs": 5, "anneal_strategy": "linear"}),
    ("SWALR", {"swa_lr": 0.05, "anneal_epochs": 0}),
    (
        "SequentialLR",
        {
            "schedulers": [
                ["LinearLR", {"start_factor": 0.5, "total_iters": 3}],
                ["CosineAnnealingLR", {"T_max": 4}],
                ["CosineAnnealingWarmRestarts", {"T_0": 3}],
            ],
            "milestones": [4, 8],
        },
    ),
    ("ChainedScheduler", {"schedulers": [["ConstantLR", {"total_iters": 3}], ["ExponentialLR", {"gamma": 0.9}]]}),
]
METRICS = [5.0, 4.0, 4.0, 3.99999, 4.0, 4.1, 3.0, 3.0, 2.9, 2.95, 3.2, 2.9, 2.9]


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


def initial(name: str, dtype: torch.dtype) -> list[torch.Tensor]:
    params = []
    for i, shape in enumerate(MATRICES if name == "Muon" else SHAPES):
        numbers = torch.arange(torch.Size(shape).numel(), dtype=torch.float64).reshape(shape)
        start = torch.sin(3.0 * numbers + i).to(dtype)
        if dtype.is_complex:
            start = start + 1j * torch.cos(numbers + i)
        params.append(start.to(dtype).requires_grad_())
    return params


def train(optimizer: torch.optim.Optimizer, params: list[torch.Tensor], steps: int) -> None:
    def closure() -> float:
        """The loss Σ |p|³ / 3 - |p|² + 0.3 Re p, and its gradient."""
        with torch.no_grad():
            for param in params:
                param.grad = param * (abs(param) - 2) + 0.3
            return sum(float((abs(p) ** 3 / 3 - abs(p) ** 2 + 0.3 * p.real).sum()) for p in params)

    for _ in range(steps):
        optimizer.step(closure)


def made(name: str, params: list[torch.Tensor], options: dict[str, Any]) -> torch.optim.Optimizer:
    kind = getattr(torch.optim, name)
    if name == "LBFGS":
        return kind(params, **options)
    # two groups, so that options of a group are in every case
    return kind([{"params": params[:2]}, {"params": params[2:], "lr": 0.05}], **options)


def run(name: str, options: dict[str, Any], dtype: torch.dtype) -> dict[str, Any]:
    params = initial(name, dtype)
    begun = [param.detach().clone() for param in params]
    optimizer = made(name, params, options)
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


def scheduler(name: str, options: dict[str, Any], optimizer: torch.optim.Optimizer) -> Any:
    options = dict(options)
    if factor := options.get("lr_lambda"):
        options["lr_lambda"] = lambda epoch: factor**epoch
    if parts := options.get("schedulers"):
        options["schedulers"] = [scheduler(*part, optimizer) for part in parts]
    kind = getattr(torch.optim.lr_scheduler, name, None) or getattr(torch.optim.swa_utils, name)
    return kind(options["schedulers"]) if name == "ChainedScheduler" else kind(optimizer, **options)


def schedule(name: str, options: dict[str, Any]) -> dict[str, Any]:
    groups = [{"params": [torch.zeros(1)]}, {"params": [torch.zeros(1)], "lr": 0.4}]
    optimizer = torch.optim.SGD(groups, lr=0.1, momentum=0.5)
    made = scheduler(name, options, optimizer)
    rates, momenta, state_dict = [], [], None
    for i in range(13):
        rates.append([group["lr"] for group in optimizer.param_groups])
        momenta.append([group["momentum"] for group in optimizer.param_groups])
        if i == 7:
            state_dict = copy.deepcopy(made.state_dict())
        if i < 12:
            optimizer.step()
            made.step(*([METRICS[i]] if name == "ReduceLROnPlateau" else []))
    return {"name": name, "options": options, "rates": rates, "momenta": momenta, "state_dict": state_dict}


if __name__ == "__main__":
    warnings.simplefilter("error")
    found = {
        "optimizers": [
            *(run(name, options, torch.float64) for name, tried in OPTIONS.items() for options in tried),
            *(run(name, tried[1], torch.float32) for name, tried in OPTIONS.items()),
            *(run(name, tried[-1], torch.complex128) for name, tried in OPTIONS.items() if name not in REAL_ONLY),
        ],
        "schedulers": [schedule(name, options) for name, options in SCHEDULERS],
        "metrics": METRICS,
    }
    path = Path(__file__).parent / "data" / "pytorch.json"
    path.write_text(json.dumps(found) + "\n")
