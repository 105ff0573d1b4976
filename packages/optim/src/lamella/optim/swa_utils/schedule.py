"""The learning rate of stochastic weight averaging."""

from __future__ import annotations

import math
from typing import Any, Literal

from lamella.core.errors import ArgumentError
from lamella.optim.lr_scheduler.scheduler import LRScheduler, one_a_group
from lamella.optim.optimizer import Optimizer


class SWALR(LRScheduler):
    """Move the rates to ``swa_lr`` in ``anneal_epochs`` epochs, and leave them there.

    Args:
        optimizer: Whose rates to set.
        swa_lr: Where to, or one for each group.
        anneal_epochs: How many epochs to take.
        anneal_strategy: ``"cos"`` or ``"linear"``, the shape of the way.
        last_epoch: Where to begin; see :class:`~lamella.optim.lr_scheduler.LRScheduler`.

    Raises:
        ValueError: An unknown strategy, a negative number of epochs, or rates that do not fit the groups.

    Example:
        >>> import lamella
        >>> from lamella.optim import SGD
        >>> optimizer = SGD([lamella.zeros(1, requires_grad=True)], lr=1.0)
        >>> scheduler = SWALR(optimizer, swa_lr=0.5, anneal_epochs=2, anneal_strategy="linear")
        >>> for _ in range(4):
        ...     print(scheduler.get_last_lr())
        ...     optimizer.step()
        ...     scheduler.step()
        [1.0]
        [0.75]
        [0.5]
        [0.5]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        swa_lr: float | list[float],
        anneal_epochs: int = 10,
        anneal_strategy: Literal["cos", "linear"] = "cos",
        last_epoch: int = -1,
    ) -> None:
        self._take(optimizer)
        for group, rate in zip(optimizer.param_groups, one_a_group("swa_lr", optimizer, swa_lr), strict=True):
            group["swa_lr"] = rate
        if anneal_strategy not in ("cos", "linear"):
            raise ArgumentError(f"anneal_strategy must be 'cos' or 'linear', got {anneal_strategy!r}")
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ArgumentError(f"anneal_epochs must be equal or greater than 0, got {anneal_epochs}")
        self._anneal_strategy = anneal_strategy
        self.anneal_epochs = anneal_epochs
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        self._warn_if_called_by_user()
        # PyTorch counts the calls of step() here, not the epochs
        steps = self._step_count - 1
        if self.anneal_epochs == 0:
            steps = max(1, steps)
        before, now = self._way_gone(steps - 1), self._way_gone(steps)
        rates = []
        for group in self.optimizer.param_groups:
            rate, goal = group["lr"], group["swa_lr"]
            first = goal if before == 1 else (rate - before * goal) / (1 - before)
            rates.append(goal * now + first * (1 - now))
        return rates

    def _way_gone(self, steps: int) -> float:
        """From 0 at the first rate to 1 at ``swa_lr``."""
        t = max(0.0, min(1.0, steps / max(1, self.anneal_epochs)))
        return t if self._anneal_strategy == "linear" else (1 - math.cos(math.pi * t)) / 2
