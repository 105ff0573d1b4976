"""The learning rate that the first transformers were trained with."""

from __future__ import annotations

import math
from typing import Any

from lamella.core.errors import ArgumentError
from lamella.optim.lr_scheduler import LRScheduler


class InverseSquareRootLR(LRScheduler):
    """Raise the rates along a line, then lower them with the inverse square root of the step.

    In step t, from 1, with w the steps of the rise::

        lr = base min(t / w, sqrt(w / t))

    Args:
        optimizer: Whose rates to set.
        warmup_steps: After how many steps the rates are those of the optimizer; at least 1.
        last_epoch: Where to begin; see ``lamella.optim.lr_scheduler.LRScheduler``.

    Raises:
        ValueError: ``warmup_steps`` is less than 1.

    Reference:
        A. Vaswani and others: Attention is all you need, 2017, https://arxiv.org/abs/1706.03762, equation 3, with the
        highest rate as the unit.
    """

    def __init__(self, optimizer: Any, warmup_steps: int = 4000, last_epoch: int = -1) -> None:
        if warmup_steps < 1:
            raise ArgumentError(f"warmup_steps must be at least 1, got {warmup_steps}")
        self.warmup_steps = warmup_steps
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        """The rates of the groups at ``last_epoch``."""
        step = self.last_epoch + 1
        factor = min(step / self.warmup_steps, math.sqrt(self.warmup_steps / step))
        return [base * factor for base in self.base_lrs]
