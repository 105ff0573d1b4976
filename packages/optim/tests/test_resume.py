"""Training that is saved and resumed ends with the same bits as training that was not interrupted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lamella
from lamella import optim
from lamella.optim import lr_scheduler, swa_utils

#: Every optimizer, with options that make it keep all the state it can.
OPTIMIZERS: list[tuple[Any, dict[str, Any]]] = [
    (optim.ASGD, {"t0": 2, "lambd": 0.1}),
    (optim.Adadelta, {}),
    (optim.Adafactor, {}),
    (optim.Adagrad, {"lr_decay": 0.1}),
    (optim.Adam, {"amsgrad": True}),
    (optim.AdamW, {}),
    (optim.Adamax, {}),
    (optim.LBFGS, {"max_iter": 2}),
    (optim.LBFGS, {"max_iter": 3, "history_size": 2, "line_search_fn": "strong_wolfe"}),
    (optim.Muon, {}),
    (optim.NAdam, {}),
    (optim.RAdam, {"betas": (0.9, 0.9)}),
    (optim.RMSprop, {"momentum": 0.9, "centered": True}),
    (optim.Rprop, {}),
    (optim.SGD, {"momentum": 0.9, "dampening": 0.1}),
]
REAL_ONLY = (optim.Adafactor, optim.Muon)

#: Every scheduler, made for an optimizer.
SCHEDULERS: dict[str, Any] = {
    "StepLR": lambda o: lr_scheduler.StepLR(o, 2),
    "MultiStepLR": lambda o: lr_scheduler.MultiStepLR(o, [2, 4, 4, 6]),
    "ConstantLR": lambda o: lr_scheduler.ConstantLR(o, total_iters=5),
    "LinearLR": lambda o: lr_scheduler.LinearLR(o, total_iters=6),
    "ExponentialLR": lambda o: lr_scheduler.ExponentialLR(o, 0.9),
    "PolynomialLR": lambda o: lr_scheduler.PolynomialLR(o, 7, power=1.5),
    "CosineAnnealingLR": lambda o: lr_scheduler.CosineAnnealingLR(o, 5, eta_min=0.01),
    "CosineAnnealingWarmRestarts": lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 2, T_mult=2),
    "CyclicLR": lambda o: lr_scheduler.CyclicLR(o, 0.01, 0.1, step_size_up=3, mode="triangular2"),
    "OneCycleLR": lambda o: lr_scheduler.OneCycleLR(o, 0.3, total_steps=12),
    "LambdaLR": lambda o: lr_scheduler.LambdaLR(o, lambda epoch: 0.9**epoch),
    "MultiplicativeLR": lambda o: lr_scheduler.MultiplicativeLR(o, lambda epoch: 1 - 0.01 * epoch),
    "ReduceLROnPlateau": lambda o: lr_scheduler.ReduceLROnPlateau(o, patience=1, cooldown=1),
    "SWALR": lambda o: swa_utils.SWALR(o, 0.05, anneal_epochs=6),
    "ChainedScheduler": lambda o: lr_scheduler.ChainedScheduler(
        [lr_scheduler.ConstantLR(o, total_iters=4), lr_scheduler.ExponentialLR(o, 0.9)]
    ),
    "SequentialLR": lambda o: lr_scheduler.SequentialLR(
        o, [lr_scheduler.LinearLR(o, total_iters=3), lr_scheduler.CosineAnnealingLR(o, 5)], [3]
    ),
}


def test_every_optimizer_and_scheduler_is_here() -> None:
    named = {kind.__name__ for kind, _ in OPTIMIZERS}
    assert named == {name for name in optim.__all__ if name[0].isupper()} - {"Optimizer", "SparseAdam"}
    assert SCHEDULERS.keys() == set(lr_scheduler.__all__) - {"LRScheduler"} | {"SWALR"}


def made(kind: Any, options: dict[str, Any], values: list[Any]) -> tuple[list[lamella.Tensor], Any]:
    params = [lamella.tensor(value).requires_grad_() for value in values]
    if kind is optim.LBFGS:
        return params, kind(params, **options)
    return params, kind([{"params": params[:1]}, {"params": params[1:], "lr": 0.02}], **options)


def train(params: list[lamella.Tensor], optimizer: Any, schedule: Any = None, steps: int = 4) -> None:
    def closure() -> lamella.Tensor:
        optimizer.zero_grad()
        loss = sum((abs(p) ** 4 + abs(p - 1) ** 2).sum() for p in params)
        assert isinstance(loss, lamella.Tensor)
        loss.backward()
        return loss

    for _ in range(steps):
        loss = optimizer.step(closure)
        if schedule is not None:
            schedule.step(*([loss] if isinstance(schedule, lr_scheduler.ReduceLROnPlateau) else []))


def start(dtype: Any) -> list[Any]:
    rng = np.random.default_rng(0)
    values = [rng.standard_normal(shape) + 1j * rng.standard_normal(shape) for shape in [(3, 2), (2, 4)]]
    return [value.astype(dtype) if np.dtype(dtype).kind == "c" else value.real.astype(dtype) for value in values]


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64])
@pytest.mark.parametrize(("kind", "options"), OPTIMIZERS, ids=lambda x: getattr(x, "__name__", ""))
def test_optimizer(kind: Any, options: dict[str, Any], dtype: Any, tmp_path: Path) -> None:
    if np.dtype(dtype).kind == "c" and kind in REAL_ONLY:
        with pytest.raises(RuntimeError, match="does not support complex"):
            train(*made(kind, options, start(dtype)))
        return
    params, optimizer = made(kind, options, start(dtype))
    train(params, optimizer)
    lamella.save({"params": [p.detach() for p in params], "optimizer": optimizer.state_dict()}, tmp_path / "saved")
    train(params, optimizer)

    saved = lamella.load(tmp_path / "saved")
    resumed, other = made(kind, {}, [p.numpy() for p in saved["params"]])
    other.load_state_dict(saved["optimizer"])
    train(resumed, other)
    assert [p.tolist() for p in resumed] == [p.tolist() for p in params]


@pytest.mark.parametrize("name", SCHEDULERS)
def test_scheduler(name: str, tmp_path: Path) -> None:
    params, optimizer = made(optim.SGD, {"lr": 0.01, "momentum": 0.5}, start(np.float64))
    schedule = SCHEDULERS[name](optimizer)
    train(params, optimizer, schedule)
    saved = {
        "params": [p.detach() for p in params],
        "optimizer": optimizer.state_dict(),
        "scheduler": schedule.state_dict(),
    }
    lamella.save(saved, tmp_path / "saved")
    train(params, optimizer, schedule)

    saved = lamella.load(tmp_path / "saved")
    resumed, other = made(optim.SGD, {"lr": 7.0, "momentum": 0.1}, [p.numpy() for p in saved["params"]])
    again = SCHEDULERS[name](other)
    other.load_state_dict(saved["optimizer"])
    again.load_state_dict(saved["scheduler"])
    train(resumed, other, again)
    assert [p.tolist() for p in resumed] == [p.tolist() for p in params]
    assert again.get_last_lr() == schedule.get_last_lr()
