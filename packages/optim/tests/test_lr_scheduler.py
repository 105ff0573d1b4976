"""Schedulers against their closed forms, and what all schedulers share; ``test_pytorch.py`` has PyTorch's numbers."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import pytest

import lamella
from lamella import optim
from lamella.optim.lr_scheduler import (
    ChainedScheduler,
    ConstantLR,
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    CyclicLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    LRScheduler,
    MultiplicativeLR,
    MultiStepLR,
    OneCycleLR,
    PolynomialLR,
    ReduceLROnPlateau,
    SequentialLR,
    StepLR,
)

#: Scheduler, options, and the factor of a rate of 1 at epoch t.
CASES: list[tuple[Any, dict[str, Any], Callable[[int], float]]] = [
    (StepLR, {"step_size": 3}, lambda t: 0.1 ** (t // 3)),
    (StepLR, {"step_size": 1, "gamma": 0.5}, lambda t: 0.5**t),
    (CosineAnnealingLR, {"T_max": 5}, lambda t: (1 + math.cos(math.pi * t / 5)) / 2),
    (CosineAnnealingLR, {"T_max": 1}, lambda t: (1 + math.cos(math.pi * t)) / 2),
    (CosineAnnealingLR, {"T_max": 7, "eta_min": 0.25}, lambda t: 0.25 + 0.75 * (1 + math.cos(math.pi * t / 7)) / 2),
    (MultiStepLR, {"milestones": [5, 2, 5], "gamma": 0.5}, lambda t: 0.5 ** ((t >= 2) + 2 * (t >= 5))),
    (ConstantLR, {"factor": 0.25, "total_iters": 6}, lambda t: 0.25 if t < 6 else 1.0),
    (LinearLR, {"start_factor": 0.5, "end_factor": 0.1, "total_iters": 8}, lambda t: 0.5 - 0.4 * min(t, 8) / 8),
    (ExponentialLR, {"gamma": 0.8}, lambda t: 0.8**t),
    (PolynomialLR, {"total_iters": 9, "power": 2.0}, lambda t: (1 - min(t, 9) / 9) ** 2),
    (LambdaLR, {"lr_lambda": lambda t: 1 / (1 + t)}, lambda t: 1 / (1 + t)),
    (MultiplicativeLR, {"lr_lambda": lambda t: t / (1 + t)}, lambda t: 1 / (1 + t)),
    (CosineAnnealingWarmRestarts, {"T_0": 4}, lambda t: (1 + math.cos(math.pi * (t % 4) / 4)) / 2),
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


#: Those that depend on nothing but the rate in force and the epoch.
CHAINABLE = [case for case in CASES if case[0] is not CosineAnnealingWarmRestarts]


@pytest.mark.parametrize(("scheduler", "options", "formula"), CHAINABLE)
def test_resumes_from_last_epoch(scheduler: Any, options: dict[str, Any], formula: Callable[[int], float]) -> None:
    stepper = optimizer()
    # as in PyTorch, those of the first kind take the rate they find for that of the last epoch, and go on at once
    at_once = scheduler in (StepLR, MultiStepLR, ConstantLR)
    advance(stepper, scheduler(stepper, **options), 3 if at_once else 4)
    resumed = scheduler(stepper, **options, last_epoch=3)
    assert resumed.last_epoch == 4
    assert advance(stepper, resumed, 9)[1:] == pytest.approx([formula(t) for t in range(5, 13)], abs=1e-12)


@pytest.mark.parametrize(
    ("scheduler", "options", "formula"), [case for case in CHAINABLE if case[0] is not MultiplicativeLR]
)
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


@each_case
def test_get_lr_is_not_for_users(scheduler: Any, options: dict[str, Any], formula: Callable[[int], float]) -> None:
    with pytest.warns(UserWarning, match="please use `get_last_lr"):
        scheduler(optimizer(), **options).get_lr()


def test_errors() -> None:
    with pytest.raises(TypeError, match="list is not an Optimizer"):
        StepLR([], step_size=1)
    with pytest.raises(KeyError, match=r"param 'initial_lr' is not specified in param_groups\[0\] .* \(got 3\)"):
        StepLR(optimizer(), step_size=1, last_epoch=3)
    with pytest.raises(NotImplementedError, match="LRScheduler defines get_lr"):
        LRScheduler(optimizer())


# --- restarts


def test_restarts_grow_longer() -> None:
    stepper = optimizer()
    schedule = CosineAnnealingWarmRestarts(stepper, T_0=1, T_mult=3)
    rates = advance(stepper, schedule, 14)
    assert [t for t, rate in enumerate(rates) if rate == 1.0] == [0, 1, 4, 13]


@pytest.mark.parametrize("T_mult", [1, 2])
def test_restarts_take_fractions_of_epochs(T_mult: int) -> None:
    stepper = optimizer()
    by_epochs, by_batches = (CosineAnnealingWarmRestarts(optimizer(), T_0=2, T_mult=T_mult) for _ in range(2))
    rates = advance(stepper, by_epochs, 9)
    for batch in range(18):
        by_batches.step(batch / 2)
        assert by_batches.last_epoch == batch // 2
        if batch % 2 == 0:
            assert by_batches.get_last_lr() == pytest.approx([rates[batch // 2]], abs=1e-12)
    by_batches.step(0.5)
    assert by_batches.get_last_lr() == pytest.approx([(1 + math.cos(math.pi / 4)) / 2])


# --- cycles


def test_cycles_move_beta1_where_there_is_no_momentum() -> None:
    for make in (
        lambda o: CyclicLR(o, 0.1, 0.5, step_size_up=2, base_momentum=0.5, max_momentum=0.75),
        lambda o: OneCycleLR(o, 0.5, total_steps=6, pct_start=0.5, base_momentum=0.5, max_momentum=0.75),
    ):
        adam = optim.Adam([lamella.zeros(1)], betas=(0.3, 0.99))
        schedule = make(adam)
        assert adam.param_groups[0]["betas"] == (0.75, 0.99)
        advance(adam, schedule, 2)
        assert adam.param_groups[0]["betas"] == (0.5, 0.99)


def test_cycles_without_momentum_leave_it() -> None:
    stepper = optim.SGD([lamella.zeros(1)], lr=1.0, momentum=0.3)
    advance(stepper, CyclicLR(stepper, 0.1, 0.5, step_size_up=2, cycle_momentum=False), 3)
    advance(stepper, OneCycleLR(stepper, 0.5, total_steps=6, cycle_momentum=False), 3)
    assert stepper.param_groups[0]["momentum"] == 0.3


def test_a_function_scales_the_cycles() -> None:
    def rates(**options: Any) -> list[float]:
        stepper = optim.SGD([lamella.zeros(1)], lr=1.0, momentum=0.3)
        return advance(stepper, CyclicLR(stepper, 0.0, 1.0, step_size_up=1, **options), 6)

    assert rates(scale_fn=lambda cycle: 1 / cycle) == [0, 1, 0, 1 / 2, 0, 1 / 3]
    assert rates(scale_fn=lambda step: step / 10, scale_mode="iterations") == [0, 0.1, 0, 0.3, 0, 0.5]
    assert rates(mode="unknown", scale_fn=lambda cycle: 1.0) == rates()


class Slower:
    """A function with something to save."""

    def __init__(self, factor: float) -> None:
        self.factor = factor

    def __call__(self, x: float) -> float:
        return self.factor


def test_the_state_of_callable_objects_is_saved() -> None:
    def sgd() -> optim.SGD:
        return optim.SGD([{"params": lamella.zeros(1)}, {"params": lamella.zeros(1)}], lr=1.0, momentum=0.3)

    saved = LambdaLR(sgd(), [Slower(0.25), lambda epoch: 0.5]).state_dict()
    assert saved["lr_lambdas"] == [{"factor": 0.25}, None]
    other = LambdaLR(sgd(), [Slower(1.0), lambda epoch: 1.0])
    other.load_state_dict(saved)
    other.optimizer.step()
    other.step()
    assert other.get_last_lr() == [0.25, 1.0]

    saved = CyclicLR(sgd(), 0.0, 1.0, scale_fn=Slower(0.25)).state_dict()
    cyclic = CyclicLR(sgd(), 0.0, 1.0, step_size_up=1, scale_fn=Slower(1.0))
    cyclic.load_state_dict({**saved, "total_size": 2.0})
    cyclic.optimizer.step()
    cyclic.step()
    assert cyclic.get_last_lr() == [0.25, 0.25]


# --- schedulers of schedulers


def test_sequences_nest() -> None:
    stepper = optimizer()
    inner = SequentialLR(stepper, [ConstantLR(stepper, 0.5, 9), ExponentialLR(stepper, 0.5)], [2])
    schedule = SequentialLR(stepper, [LinearLR(stepper, 0.25, total_iters=3), inner], [2])
    assert advance(stepper, schedule, 7) == [0.25, 0.5, 0.5, 0.5, 1.0, 0.5, 0.25]


def test_a_chain_may_be_part_of_a_sequence() -> None:
    stepper = optimizer()
    chain = ChainedScheduler([ConstantLR(stepper, 0.5, 2), ExponentialLR(stepper, 0.5)])
    schedule = SequentialLR(stepper, [chain, ConstantLR(stepper, 0.1, 9)], [3])
    assert advance(stepper, schedule, 5) == [0.5, 0.25, 0.25, 0.1, 0.1]


# --- plateaus


def figures(schedule: ReduceLROnPlateau, *metrics: float) -> list[float]:
    """The rate after each of some figures."""
    rates = []
    for metric in metrics:
        schedule.optimizer.step()
        schedule.step(metric)
        rates.append(schedule.get_last_lr()[0])
    return rates


def test_rates_fall_after_more_than_patience_bears() -> None:
    schedule = ReduceLROnPlateau(optimizer(), factor=0.5, patience=2)
    assert figures(schedule, 3, 3, 3, 3, 3, 3, 3) == [1, 1, 1, 0.5, 0.5, 0.5, 0.25]
    assert (schedule.best, schedule.num_bad_epochs, schedule.last_epoch) == (3, 0, 7)


def test_what_counts_as_an_improvement() -> None:
    figure = {
        ("min", "rel"): [10.0, 9.5, 8.9],  # more than a tenth better than 10
        ("max", "rel"): [10.0, 10.5, 11.1],
        ("min", "abs"): [10.0, 9.95, 9.85],
        ("max", "abs"): [10.0, 10.05, 10.15],
    }
    for (mode, kind), (first, hardly, better) in figure.items():
        options: dict[str, Any] = {"mode": mode, "threshold_mode": kind, "threshold": 0.1, "patience": 0, "factor": 0.5}
        assert figures(ReduceLROnPlateau(optimizer(), **options), first, hardly) == [1.0, 0.5]
        assert figures(ReduceLROnPlateau(optimizer(), **options), first, better) == [1.0, 1.0]


def test_cooldown_and_lowest_rate() -> None:
    schedule = ReduceLROnPlateau(optimizer(), factor=0.5, patience=0, cooldown=2, min_lr=0.2)
    assert figures(schedule, 1, 1, 1, 1, 1, 1, 1, 1, 1) == [1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.2, 0.2]
    near = ReduceLROnPlateau(optimizer(), factor=0.5, patience=0, min_lr=0.9, eps=0.5)
    assert figures(near, 1, 1) == [1, 1]


def test_a_plateau_finds_groups_that_were_added_later() -> None:
    for min_lr, works in ((0.3, True), ([0.3], False)):
        stepper = optimizer()
        schedule = ReduceLROnPlateau(stepper, patience=0, min_lr=min_lr)
        stepper.add_param_group({"params": lamella.zeros(1), "lr": 0.5})
        schedule.step(1.0)
        if works:
            schedule.step(1.0)
            assert schedule.get_last_lr() == [0.3, 0.3]
        else:
            with pytest.raises(ValueError, match="has 2 groups now, but min_lr was given for 1"):
                schedule.step(1.0)


def test_a_plateau_takes_tensors() -> None:
    rate = lamella.tensor(1.0)
    schedule = ReduceLROnPlateau(optimizer(lr=rate), patience=0)
    schedule.step(lamella.tensor(2.0))
    with pytest.warns(UserWarning, match="epoch parameter in .* is deprecated"):
        schedule.step(lamella.tensor(2.0), epoch=7)
    assert schedule.last_epoch == 7
    assert rate.item() == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("scheduler", "options", "message"),
    [
        (ConstantLR, {"factor": 1.5}, "between 0 and 1, got 1.5"),
        (LinearLR, {"start_factor": 0}, "Starting multiplicative factor .* got 0"),
        (LinearLR, {"end_factor": 2}, "Ending multiplicative factor .* got 2"),
        (CosineAnnealingWarmRestarts, {"T_0": 0}, "Expected positive integer T_0, but got 0"),
        (CosineAnnealingWarmRestarts, {"T_0": 1, "T_mult": 0.5}, "Expected integer T_mult >= 1, but got 0.5"),
        (CosineAnnealingWarmRestarts, {"T_0": 1, "eta_min": "low"}, "Expected float or int eta_min, but got low"),
        (LambdaLR, {"lr_lambda": [abs, abs]}, "Expected 1 lr_lambdas, one a group, but got 2"),
        (CyclicLR, {"base_lr": [0.1, 0.2], "max_lr": 1}, "base_lr must have the same length .*: 2 != 1"),
        (CyclicLR, {"base_lr": 0.1, "max_lr": 1, "mode": "square"}, "mode is invalid and scale_fn is None: 'square'"),
        (OneCycleLR, {"max_lr": 1}, "either total_steps OR"),
        (OneCycleLR, {"max_lr": 1, "epochs": 3}, "either total_steps OR"),
        (OneCycleLR, {"max_lr": 1, "total_steps": 0}, "Expected positive integer total_steps, but got 0"),
        (OneCycleLR, {"max_lr": 1, "epochs": 2, "steps_per_epoch": 0.5}, "positive integer steps_per_epoch"),
        (OneCycleLR, {"max_lr": 1, "total_steps": 5, "pct_start": 2}, "between 0 and 1 for pct_start, got 2"),
        (OneCycleLR, {"max_lr": 1, "total_steps": 5, "anneal_strategy": "sin"}, "must be 'cos' or 'linear', got 'sin'"),
        (ReduceLROnPlateau, {"factor": 1.0}, "Factor should be < 1.0, got 1.0"),
        (ReduceLROnPlateau, {"mode": "best"}, "mode best is unknown"),
        (ReduceLROnPlateau, {"threshold_mode": "some"}, "threshold mode some is unknown"),
        (ReduceLROnPlateau, {"min_lr": [0.1, 0.2]}, "min_lr must have the same length .*: 2 != 1"),
        (SequentialLR, {"schedulers": [], "milestones": []}, "SequentialLR expects at least one scheduler"),
    ],
)
def test_wrong_options(scheduler: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        scheduler(optimizer(), **options)


def test_more_errors() -> None:
    stepper = optimizer()
    part, plateau = StepLR(stepper, 1), ReduceLROnPlateau(stepper)
    with pytest.raises(ValueError, match="got 1 schedulers and 2 milestones"):
        SequentialLR(stepper, [part], [1, 2])
    with pytest.raises(ValueError, match="that of StepLR at index 1 is another"):
        ChainedScheduler([part, StepLR(optimizer(), 1)])
    with pytest.raises(ValueError, match="does not support `ReduceLROnPlateau`, .* at index 1"):
        ChainedScheduler([part, plateau])
    with pytest.raises(TypeError, match="int at index 1 is not an LRScheduler"):
        SequentialLR(stepper, [part, 3], [1])  # type: ignore[list-item]  # on purpose
    with pytest.raises(ValueError, match="ChainedScheduler expects at least one scheduler"):
        ChainedScheduler([])
    with pytest.raises(ValueError, match="must support momentum or beta1 .* which Adagrad does not"):
        CyclicLR(optim.Adagrad([lamella.zeros(1)]), 0.1, 1.0)
    with pytest.raises(ValueError, match="Expected non-negative epoch, but got -1"):
        CosineAnnealingWarmRestarts(stepper, 2).step(-1)
    short = OneCycleLR(stepper, 1.0, total_steps=2, cycle_momentum=False)
    with pytest.raises(ValueError, match="Tried to step 3 times. The specified number of total steps is 2"):
        advance(stepper, short, 3)
