"""Rates that fall when nothing improves any more."""

from __future__ import annotations

import math
import warnings
from typing import Literal, SupportsFloat

from lamella.core.errors import ArgumentError
from lamella.optim.lr_scheduler.scheduler import LRScheduler, one_a_group, set_rate
from lamella.optim.optimizer import Optimizer


class ReduceLROnPlateau(LRScheduler):
    """Multiply the rates by ``factor`` when a figure, such as the validation loss, has stopped improving.

    Args:
        optimizer: Whose rates to set.
        mode: Whether the figure shall become small (``"min"``) or large (``"max"``).
        factor: Below 1.
        patience: How many epochs without improvement to bear; after one more the rates fall.
        threshold: How much better a figure must be to count as an improvement.
        threshold_mode: Whether that is a part of the best figure (``"rel"``) or a difference (``"abs"``).
        cooldown: How many epochs after a fall do not count.
        min_lr: Where the rates stop, or one for each group.
        eps: A rate that would fall by less stays as it is.

    Attributes:
        best: The best figure so far.
        num_bad_epochs: How many epochs ago that was, but for those of the cooldown.

    Raises:
        ValueError: An option out of its range.

    Example:
        >>> import lamella
        >>> from lamella.optim import SGD
        >>> optimizer = SGD([lamella.zeros(1, requires_grad=True)], lr=1.0)
        >>> scheduler = ReduceLROnPlateau(optimizer, factor=0.5, patience=1)
        >>> for loss in [3.0, 2.0, 2.0, 2.0]:
        ...     optimizer.step()
        ...     scheduler.step(loss)
        ...     print(scheduler.get_last_lr())
        [1.0]
        [1.0]
        [1.0]
        [0.5]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: Literal["min", "max"] = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: Literal["rel", "abs"] = "rel",
        cooldown: int = 0,
        min_lr: list[float] | float = 0,
        eps: float = 1e-8,
    ) -> None:
        if not factor < 1.0:
            raise ArgumentError(f"Factor should be < 1.0, got {factor}")
        if mode not in ("min", "max"):
            raise ArgumentError(f"mode {mode} is unknown! Expected 'min' or 'max'")
        if threshold_mode not in ("rel", "abs"):
            raise ArgumentError(f"threshold mode {threshold_mode} is unknown! Expected 'rel' or 'abs'")
        self._take(optimizer)
        self.factor = factor
        self.min_lrs = one_a_group("min_lr", optimizer, min_lr)
        # of groups that are added later
        self.default_min_lr = None if isinstance(min_lr, list | tuple) else min_lr
        self.patience = patience
        self.cooldown = cooldown
        self.eps = eps
        self.last_epoch = 0
        self._last_lr = self._rates()
        self.mode = mode
        self.threshold = threshold
        self.threshold_mode = threshold_mode
        self.mode_worse = math.inf if mode == "min" else -math.inf
        self._reset()

    def _reset(self) -> None:
        """Forget all figures."""
        self.best = self.mode_worse
        self.cooldown_counter = 0
        self.num_bad_epochs = 0

    def step(self, metrics: SupportsFloat, epoch: int | None = None) -> None:  # type: ignore[override]  # as PyTorch's
        """Take note of an epoch's figure, and lower the rates if it is time.

        Args:
            metrics: The figure.
            epoch: Deprecated: the number of this epoch.
        """
        current = float(metrics)
        if epoch is None:
            epoch = self.last_epoch + 1
        else:
            warnings.warn(
                "The epoch parameter in `scheduler.step()` is deprecated. Call it with the metrics alone.",
                UserWarning,
                stacklevel=2,
            )
        self.last_epoch = epoch
        if self.is_better(current, self.best):
            self.best = current
            self.num_bad_epochs = 0
        else:
            self.num_bad_epochs += 1
        if self.in_cooldown:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce_lr()
            self.cooldown_counter = self.cooldown
            self.num_bad_epochs = 0
        self._last_lr = self._rates()

    def _reduce_lr(self) -> None:
        groups = self.optimizer.param_groups
        missing = len(groups) - len(self.min_lrs)
        if missing and self.default_min_lr is None:
            raise ArgumentError(
                f"The optimizer has {len(groups)} groups now, but min_lr was given for {len(self.min_lrs)}. Add to "
                "`min_lrs` what is missing, or give one number for all."
            )
        self.min_lrs.extend([self.default_min_lr] * missing)
        for group, lowest in zip(groups, self.min_lrs, strict=True):
            old = float(group["lr"])
            new = max(old * self.factor, lowest)
            if old - new > self.eps:
                set_rate(group, new)

    @property
    def in_cooldown(self) -> bool:
        """Whether epochs do not count now."""
        return self.cooldown_counter > 0

    def is_better(self, a: float, best: float) -> bool:
        """Whether ``a`` improves on ``best`` by more than the threshold."""
        threshold = self.threshold if self.mode == "max" else -self.threshold
        bound = best * (1.0 + threshold) if self.threshold_mode == "rel" else best + threshold
        return a > bound if self.mode == "max" else a < bound
