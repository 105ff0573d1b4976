"""Schedulers against their closed forms, and what all schedulers share; ``test_pytorch.py`` has PyTorch's numbers."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import pytest

import lamella
from lamella import optim
from lamella.optim.lr_scheduler import CosineAnnealingLR, LRScheduler, StepLR

#: Scheduler, options, and the factor of a rate of 1 at epoch t.
CASES: list[tuple[Any, dict[str, Any], Callable[[int], float]]] = [
    (StepLR, {"step_size": 3}, lambda t: 0.1 ** (t // 3)),
    (StepLR, {"step_size": 1, "gamma": 0.5}, lambda t: 0.5**t),
    (CosineAnnealingLR, {"T_max": 5}, lambda t: (1 + math.cos(math.pi * t / 5)) / 2),
    (CosineAnnealingLR, {"T_max": 1}, lambda t: (1 + math.cos(math.pi * t)) / 2),
    (CosineAnnealingLR, {"T_max": 7, "eta_min": 0.25}, lambda t: 0.25 + 0.75 * (1 + math.cos(math.pi * t / 7)) / 2),
]
each_case = pytest.mark.parametrize(("scheduler", "options", "formula"), CASES)


def optimizer(lr: Any = 1.0) -> optim.SGD:
    return optim.SGD([lamella.zeros(1, requires_grad=True)], lr=lr)


def advance(stepper: optim.Optimizer, scheduler: LRScheduler, epochs: int) -> list[float]:
    rates = []
    for _ in range(epochs):
        rates.append(float(scheduler.get_last_lr()[0]))
        stepper.step()
        scheduler.step()
    return rates


@each_case
def test_formula(scheduler: Any, options: dict[str, Any], formula: Callable[[int], float]) -> None:
    stepper = optimizer()
    rates = advance(stepper, scheduler(stepper, **options), 24)
    assert rates == pytest.approx([formula(t) for t in range(24)], abs=1e-12)


@each_case
def test_resumes_from_a_state_dict(scheduler: Any, options: dict[str, Any], formula: Callable[[int], float]) -> None:
    stepper = optimizer()
    original = scheduler(stepper, **options)
    advance(stepper, original, 4)
    resumed_stepper = optimizer(lr=9.0)
    resumed = scheduler(resumed_stepper, **options)
    resumed_stepper.load_state_dict(stepper.state_dict())
    resumed.load_state_dict(original.state_dict())
    assert resumed.last_epoch == 4
    assert advance(resumed_stepper, resumed, 9) == advance(stepper, original, 9)


@each_case
def test_resumes_from_last_epoch(scheduler: Any, options: dict[str, Any], formula: Callable[[int], float]) -> None:
    stepper = optimizer()
    # as in PyTorch, StepLR takes the rate it finds for that of the last epoch, and goes on from it at once
    advance(stepper, scheduler(stepper, **options), 3 if scheduler is StepLR else 4)
    resumed = scheduler(stepper, **options, last_epoch=3)
    assert resumed.last_epoch == 4
    assert advance(stepper, resumed, 9)[1:] == pytest.approx([formula(t) for t in range(5, 13)], abs=1e-12)


@each_case
def test_an_epoch_can_be_given(scheduler: Any, options: dict[str, Any], formula: Callable[[int], float]) -> None:
    stepper = optimizer()
    schedule = scheduler(stepper, **options)
    stepper.step()
    with pytest.warns(UserWarning, match="epoch parameter in .* is deprecated"):
        schedule.step(9)
    assert schedule.last_epoch == 9
    assert schedule.get_last_lr() == pytest.approx([formula(9)], abs=1e-12)


@each_case
def test_a_tensor_rate_is_changed_in_place(
    scheduler: Any, options: dict[str, Any], formula: Callable[[int], float]
) -> None:
    rate = lamella.tensor(1.0, dtype=lamella.float64)
    stepper = optimizer(lr=rate)
    schedule = scheduler(stepper, **options)
    advance(stepper, schedule, 4)
    assert stepper.param_groups[0]["lr"] is rate
    assert rate.item() == pytest.approx(formula(4))
    assert schedule.base_lrs[0].item() == 1.0
    schedule.get_last_lr()[0].fill_(7.0)
    assert rate.item() == pytest.approx(formula(4))


def test_every_group_has_its_own_rate() -> None:
    first, second = lamella.zeros(1), lamella.zeros(1)
    stepper = optim.SGD([{"params": first}, {"params": second, "lr": 0.5}], lr=1.0)
    schedule = StepLR(stepper, step_size=1, gamma=0.5)
    assert schedule.base_lrs == [1.0, 0.5]
    assert [group["initial_lr"] for group in stepper.param_groups] == [1.0, 0.5]
    advance(stepper, schedule, 2)
    assert schedule.get_last_lr() == [0.25, 0.125]


def test_two_schedulers_chain() -> None:
    stepper = optimizer()
    schedules = [StepLR(stepper, step_size=1, gamma=0.5), StepLR(stepper, step_size=2, gamma=0.1)]
    for _ in range(2):
        stepper.step()
        for schedule in schedules:
            schedule.step()
    assert stepper.param_groups[0]["lr"] == pytest.approx(0.025)


def test_warns_when_stepped_before_the_optimizer() -> None:
    stepper = optimizer()
    stepper.step()  # before there is a scheduler, it does not count
    schedule = StepLR(stepper, step_size=1)
    with pytest.warns(UserWarning, match="`lr_scheduler.step..` before `optimizer.step..`"):
        schedule.step()
    later = StepLR(optimizer(), step_size=1)
    later.optimizer.step()
    with warnings.catch_warnings(record=True) as caught:
        later.step()
    assert not caught


@pytest.mark.parametrize(("scheduler", "options"), [(StepLR, {"step_size": 3}), (CosineAnnealingLR, {"T_max": 3})])
def test_get_lr_is_not_for_users(scheduler: Any, options: dict[str, Any]) -> None:
    with pytest.warns(UserWarning, match="please use `get_last_lr"):
        scheduler(optimizer(), **options).get_lr()


def test_errors() -> None:
    with pytest.raises(TypeError, match="list is not an Optimizer"):
        StepLR([], step_size=1)
    with pytest.raises(KeyError, match=r"param 'initial_lr' is not specified in param_groups\[0\] .* \(got 3\)"):
        StepLR(optimizer(), step_size=1, last_epoch=3)
    with pytest.raises(NotImplementedError, match="LRScheduler defines get_lr"):
        LRScheduler(optimizer())
