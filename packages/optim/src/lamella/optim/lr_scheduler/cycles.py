"""Rates that rise and fall, with the momentum going the other way."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal

from lamella.core.errors import ArgumentError
from lamella.optim.lr_scheduler.scheduler import LRScheduler, one_a_group, saved_function, set_rate
from lamella.optim.optimizer import Optimizer


def _uses_beta1(optimizer: Optimizer) -> bool:
    """Whether the optimizer's momentum is the first of its betas."""
    if "momentum" not in optimizer.defaults and "betas" not in optimizer.defaults:
        raise ArgumentError(
            f"optimizer must support momentum or beta1 with `cycle_momentum` enabled, which {type(optimizer).__name__} "
            "does not: pass cycle_momentum=False"
        )
    return "betas" in optimizer.defaults


def _set_momentum(group: dict[str, Any], use_beta1: bool, momentum: float) -> None:
    if use_beta1:
        group["betas"] = (momentum, *group["betas"][1:])
    else:
        group["momentum"] = momentum


class CyclicLR(LRScheduler):
    """Move the rates from ``base_lr`` up to ``max_lr`` and back, in straight lines, once every cycle.

    Call :meth:`step` after each batch.

    Args:
        optimizer: Whose rates to set.
        base_lr: The lowest rate, or one for each group.
        max_lr: The highest rate, or one for each group.
        step_size_up: Steps from the lowest to the highest.
        step_size_down: Steps back; None: as many.
        mode: What becomes of the height over the cycles: ``"triangular"`` leaves it, ``"triangular2"`` halves it from
            cycle to cycle, ``"exp_range"`` multiplies it by ``gamma`` in each step.
        gamma: See ``mode``.
        scale_fn: The height's factor instead of ``mode``, from the number of the cycle (which counts from 1) or step.
        scale_mode: Whether ``scale_fn`` is asked with the ``"cycle"`` or with the ``"iterations"``.
        cycle_momentum: Move the momentum (``momentum``, or the first of ``betas``) too, down when the rates go up.
        base_momentum: The lowest momentum, or one for each group.
        max_momentum: The highest momentum, or one for each group.
        last_epoch: Where to begin; see :class:`LRScheduler`.

    Raises:
        ValueError: An unknown mode, lists that do not fit the groups, or an optimizer without momentum to move.

    Example:
        >>> import lamella
        >>> from lamella.optim import SGD
        >>> optimizer = SGD([lamella.zeros(1, requires_grad=True)], lr=1.0, momentum=0.9)
        >>> scheduler = CyclicLR(optimizer, base_lr=0.25, max_lr=0.75, step_size_up=2)
        >>> for _ in range(4):
        ...     print(scheduler.get_last_lr())
        ...     optimizer.step()
        ...     scheduler.step()
        [0.25]
        [0.5]
        [0.75]
        [0.5]

    Reference:
        L. N. Smith: Cyclical learning rates for training neural networks, 2017, https://arxiv.org/abs/1506.01186.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: float | list[float],
        max_lr: float | list[float],
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: Literal["triangular", "triangular2", "exp_range"] = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None,
        scale_mode: Literal["cycle", "iterations"] = "cycle",
        cycle_momentum: bool = True,
        base_momentum: float = 0.8,
        max_momentum: float = 0.9,
        last_epoch: int = -1,
    ) -> None:
        self._take(optimizer)
        groups = optimizer.param_groups
        base_lrs = one_a_group("base_lr", optimizer, base_lr)
        if last_epoch == -1:
            for group, rate in zip(groups, base_lrs, strict=True):
                set_rate(group, rate)
        self.max_lrs = one_a_group("max_lr", optimizer, max_lr)
        up, down = float(step_size_up), float(step_size_up if step_size_down is None else step_size_down)
        self.total_size = up + down
        self.step_ratio = up / self.total_size
        if mode not in ("triangular", "triangular2", "exp_range") and scale_fn is None:
            raise ArgumentError(f"mode is invalid and scale_fn is None: {mode!r}")
        self.mode = mode
        self.gamma = gamma
        self._scale_fn_custom = scale_fn
        self.scale_mode = scale_mode if scale_fn is not None else "iterations" if mode == "exp_range" else "cycle"
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self.use_beta1 = _uses_beta1(optimizer)
            self.base_momentums = one_a_group("base_momentum", optimizer, base_momentum)
            self.max_momentums = one_a_group("max_momentum", optimizer, max_momentum)
            if last_epoch == -1:
                for group, low, high in zip(groups, self.base_momentums, self.max_momentums, strict=True):
                    _set_momentum(group, self.use_beta1, high)
                    group["max_momentum"], group["base_momentum"] = high, low
        super().__init__(optimizer, last_epoch)
        self.base_lrs = base_lrs

    def scale_fn(self, x: float) -> float:
        """The height's factor in a cycle, or in an iteration, depending on ``scale_mode``."""
        if self._scale_fn_custom is not None:
            return self._scale_fn_custom(x)
        if self.mode == "triangular":
            return 1.0
        return 1 / 2.0 ** (x - 1) if self.mode == "triangular2" else self.gamma**x

    def get_lr(self) -> list[Any]:
        self._warn_if_called_by_user()
        cycle = math.floor(1 + self.last_epoch / self.total_size)
        x = 1.0 + self.last_epoch / self.total_size - cycle
        height = x / self.step_ratio if x <= self.step_ratio else (x - 1) / (self.step_ratio - 1)
        height *= self.scale_fn(cycle if self.scale_mode == "cycle" else self.last_epoch)
        if self.cycle_momentum:
            bounds = zip(self.base_momentums, self.max_momentums, strict=True)
            for group, (low, high) in zip(self.optimizer.param_groups, bounds, strict=True):
                _set_momentum(group, self.use_beta1, high - (high - low) * height)
        return [low + (high - low) * height for low, high in zip(self.base_lrs, self.max_lrs, strict=True)]

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer and ``scale_fn``; of a callable object, its attributes."""
        return {**super().state_dict(), "_scale_fn_custom": saved_function(self._scale_fn_custom)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a saved state, with this scheduler's own ``scale_fn``."""
        super().load_state_dict({name: value for name, value in state_dict.items() if name != "_scale_fn_custom"})
        if state_dict["_scale_fn_custom"] is not None:
            vars(self._scale_fn_custom).update(state_dict["_scale_fn_custom"])


class OneCycleLR(LRScheduler):
    """Raise the rates to ``max_lr``, then lower them far below where they began: one cycle for a whole training.

    Call :meth:`step` after each batch.

    Args:
        optimizer: Whose rates to set.
        max_lr: The highest rate, or one for each group.
        total_steps: How many steps the cycle has; None: ``epochs * steps_per_epoch``.
        epochs: See ``total_steps``.
        steps_per_epoch: See ``total_steps``.
        pct_start: The part of the cycle in which the rates rise.
        anneal_strategy: ``"cos"`` or ``"linear"``, the shape of the curves.
        cycle_momentum: Move the momentum (``momentum``, or the first of ``betas``) too, down when the rates go up.
        base_momentum: The lowest momentum, or one for each group.
        max_momentum: The highest momentum, or one for each group.
        div_factor: ``max_lr`` over the first rate.
        final_div_factor: The first rate over the last.
        three_phase: Take as long back to the first rate as up, before the rates fall to the last.
        last_epoch: Where to begin; see :class:`LRScheduler`.

    Raises:
        ValueError: An option out of its range, an optimizer without momentum to move, or a step too many.

    Example:
        >>> import lamella
        >>> from lamella.optim import SGD
        >>> optimizer = SGD([lamella.zeros(1, requires_grad=True)], lr=1.0, momentum=0.9)
        >>> scheduler = OneCycleLR(optimizer, max_lr=1.0, total_steps=5, pct_start=0.6)
        >>> for _ in range(5):
        ...     print(f"{scheduler.get_last_lr()[0]:.3f}")
        ...     optimizer.step()
        ...     if scheduler.last_epoch < 4:
        ...         scheduler.step()
        0.040
        0.520
        1.000
        0.500
        0.000

    Reference:
        L. N. Smith, N. Topin: Super-convergence: very fast training of neural networks using large learning rates,
        2018, https://arxiv.org/abs/1708.07120. As in fast.ai's version, two phases are the default.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | list[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: Literal["cos", "linear"] = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.85,
        max_momentum: float | list[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        self._take(optimizer)
        self.total_steps = _total_steps(total_steps, epochs, steps_per_epoch)
        if not isinstance(pct_start, float | int) or not 0 <= pct_start <= 1:
            raise ArgumentError(f"expected float between 0 and 1 for pct_start, got {pct_start}")
        if anneal_strategy not in ("cos", "linear"):
            raise ArgumentError(f"anneal_strategy must be 'cos' or 'linear', got {anneal_strategy!r}")
        self._schedule_phases = _phases(self.total_steps, float(pct_start), three_phase)
        self._anneal_func_type = anneal_strategy
        groups = optimizer.param_groups
        max_lrs = one_a_group("max_lr", optimizer, max_lr)
        if last_epoch == -1:
            for group, highest in zip(groups, max_lrs, strict=True):
                group["initial_lr"] = highest / div_factor
                group["max_lr"] = highest
                group["min_lr"] = group["initial_lr"] / final_div_factor
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self.use_beta1 = _uses_beta1(optimizer)
            lows = one_a_group("base_momentum", optimizer, base_momentum)
            highs = one_a_group("max_momentum", optimizer, max_momentum)
            if last_epoch == -1:
                for group, low, high in zip(groups, lows, highs, strict=True):
                    _set_momentum(group, self.use_beta1, high)
                    group["max_momentum"], group["base_momentum"] = high, low
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        self._warn_if_called_by_user()
        t = self.last_epoch
        if t > self.total_steps:
            raise ArgumentError(f"Tried to step {t} times. The specified number of total steps is {self.total_steps}")
        begin: float = 0
        for phase in self._schedule_phases:
            end = phase["end_step"]
            if t <= end or phase is self._schedule_phases[-1]:
                break
            begin = end
        passed = (t - begin) / (end - begin)
        rates = []
        for group in self.optimizer.param_groups:
            rates.append(self._between(group[phase["start_lr"]], group[phase["end_lr"]], passed))
            if self.cycle_momentum:
                momentum = self._between(group[phase["start_momentum"]], group[phase["end_momentum"]], passed)
                _set_momentum(group, self.use_beta1, momentum)
        return rates

    def _between(self, start: Any, end: Any, passed: float) -> Any:
        if self._anneal_func_type == "linear":
            return start + (end - start) * passed
        return end + (start - end) / 2.0 * (1 + math.cos(math.pi * passed))


def _total_steps(total_steps: int | None, epochs: int | None, steps_per_epoch: int | None) -> int:
    """How many steps the cycle has, told in one of two ways."""
    if total_steps is None and (epochs is None or steps_per_epoch is None):
        raise ArgumentError("You must define either total_steps OR (epochs AND steps_per_epoch)")
    given = {"total_steps": total_steps}
    if total_steps is None:
        given = {"epochs": epochs, "steps_per_epoch": steps_per_epoch}
    product = 1
    for name, value in given.items():
        if not isinstance(value, int) or value <= 0:
            raise ArgumentError(f"Expected positive integer {name}, but got {value}")
        product *= value
    return product


def _phases(total_steps: int, pct_start: float, three_phase: bool) -> list[dict[str, Any]]:
    """The end of each phase, and the names of what its rates and momentums begin and end with."""
    rising = float(pct_start * total_steps) - 1
    phases: list[tuple[float, str, str, str, str]] = [
        (rising, "initial_lr", "max_lr", "max_momentum", "base_momentum"),
    ]
    if three_phase:
        phases.append((float(2 * pct_start * total_steps) - 2, "max_lr", "initial_lr", "base_momentum", "max_momentum"))
        phases.append((total_steps - 1, "initial_lr", "min_lr", "max_momentum", "max_momentum"))
    else:
        phases.append((total_steps - 1, "max_lr", "min_lr", "base_momentum", "max_momentum"))
    names = ("end_step", "start_lr", "end_lr", "start_momentum", "end_momentum")
    return [dict(zip(names, phase, strict=True)) for phase in phases]
