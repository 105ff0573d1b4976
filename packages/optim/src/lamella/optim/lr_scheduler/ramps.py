"""Rates that rise or fall along simple curves: constant for a while, a line, an exponential, a power."""

from __future__ import annotations

from typing import Any

from lamella.core.errors import ArgumentError
from lamella.optim.lr_scheduler.scheduler import LRScheduler
from lamella.optim.optimizer import Optimizer


class ConstantLR(LRScheduler):
    """Multiply the rates by ``factor`` until ``total_iters`` epochs have passed.

    Args:
        optimizer: Whose rates to set.
        factor: From 0 to 1.
        total_iters: How many epochs.
        last_epoch: Where to begin; see :class:`LRScheduler`.

    Raises:
        ValueError: A factor out of its range.

    Example:
        >>> import lamella
        >>> from lamella.optim import SGD
        >>> optimizer = SGD([lamella.zeros(1, requires_grad=True)], lr=0.5)
        >>> scheduler = ConstantLR(optimizer, factor=0.5, total_iters=2)
        >>> for _ in range(3):
        ...     print(scheduler.get_last_lr())
        ...     optimizer.step()
        ...     scheduler.step()
        [0.25]
        [0.25]
        [0.5]
    """

    def __init__(
        self, optimizer: Optimizer, factor: float = 1.0 / 3, total_iters: int = 5, last_epoch: int = -1
    ) -> None:
        if not 0 <= factor <= 1:
            raise ArgumentError(f"Constant multiplicative factor expected to be between 0 and 1, got {factor}")
        self.factor = factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        self._warn_if_called_by_user()
        if self.last_epoch == 0:
            return [group["lr"] * self.factor for group in self.optimizer.param_groups]
        if self.last_epoch != self.total_iters:
            return self._rates()
        return [group["lr"] * (1.0 / self.factor) for group in self.optimizer.param_groups]

    def _get_closed_form_lr(self) -> list[Any]:
        factor = 1.0 if self.last_epoch >= self.total_iters else self.factor
        return [base * factor for base in self.base_lrs]


class LinearLR(LRScheduler):
    """Move the rates' factor along a line from ``start_factor`` to ``end_factor`` in ``total_iters`` epochs.

    Args:
        optimizer: Whose rates to set.
        start_factor: Above 0 and up to 1.
        end_factor: From 0 to 1; it stays in force.
        total_iters: How many epochs.
        last_epoch: Where to begin; see :class:`LRScheduler`.

    Raises:
        ValueError: A factor out of its range.

    Example:
        >>> import lamella
        >>> from lamella.optim import SGD
        >>> optimizer = SGD([lamella.zeros(1, requires_grad=True)], lr=0.5)
        >>> scheduler = LinearLR(optimizer, start_factor=0.5, total_iters=2)
        >>> for _ in range(3):
        ...     print(scheduler.get_last_lr())
        ...     optimizer.step()
        ...     scheduler.step()
        [0.25]
        [0.375]
        [0.5]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1.0 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        if not 0 < start_factor <= 1:
            raise ArgumentError(
                f"Starting multiplicative factor expected to be above 0 and less or equal to 1, got {start_factor}"
            )
        if not 0 <= end_factor <= 1:
            raise ArgumentError(f"Ending multiplicative factor expected to be between 0 and 1, got {end_factor}")
        self.start_factor = start_factor
        self.end_factor = end_factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        self._warn_if_called_by_user()
        groups = self.optimizer.param_groups
        if self.last_epoch == 0:
            return [group["lr"] * self.start_factor for group in groups]
        if self._is_initial or self.last_epoch > self.total_iters:
            return self._rates()
        rise = self.end_factor - self.start_factor
        # the factor of this epoch over that of the last
        change = 1.0 + rise / (self.total_iters * self.start_factor + (self.last_epoch - 1) * rise)
        return [group["lr"] * change for group in groups]

    def _get_closed_form_lr(self) -> list[Any]:
        passed = min(self.total_iters, self.last_epoch) / self.total_iters
        return [base * (self.start_factor + (self.end_factor - self.start_factor) * passed) for base in self.base_lrs]


class ExponentialLR(LRScheduler):
    """Multiply the rates by ``gamma`` every epoch.

    Args:
        optimizer: Whose rates to set.
        gamma: The factor.
        last_epoch: Where to begin; see :class:`LRScheduler`.

    Example:
        >>> import lamella
        >>> from lamella.optim import SGD
        >>> optimizer = SGD([lamella.zeros(1, requires_grad=True)], lr=0.5)
        >>> scheduler = ExponentialLR(optimizer, gamma=0.5)
        >>> optimizer.step()
        >>> scheduler.step()
        >>> scheduler.get_last_lr()
        [0.25]
    """

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        self._warn_if_called_by_user()
        if self._is_initial:
            return self._rates()
        return [group["lr"] * self.gamma for group in self.optimizer.param_groups]

    def _get_closed_form_lr(self) -> list[Any]:
        return [base * self.gamma**self.last_epoch for base in self.base_lrs]


class PolynomialLR(LRScheduler):
    r"""Lower the rates to 0 in ``total_iters`` epochs, along a power of the time left.

    In closed form, at epoch t::

        lr = initial_lr (1 - min(t, total_iters) / total_iters)^power

    Args:
        optimizer: Whose rates to set.
        total_iters: How many epochs.
        power: 1 is a straight line.
        last_epoch: Where to begin; see :class:`LRScheduler`.

    Example:
        >>> import lamella
        >>> from lamella.optim import SGD
        >>> optimizer = SGD([lamella.zeros(1, requires_grad=True)], lr=1.0)
        >>> scheduler = PolynomialLR(optimizer, total_iters=2, power=2.0)
        >>> optimizer.step()
        >>> scheduler.step()
        >>> scheduler.get_last_lr()
        [0.25]
    """

    def __init__(self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0, last_epoch: int = -1) -> None:
        self.total_iters = total_iters
        self.power = power
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        self._warn_if_called_by_user()
        t, total = self.last_epoch, self.total_iters
        if self._is_initial or t > total:
            return self._rates()
        change = ((1.0 - t / total) / (1.0 - (t - 1) / total)) ** self.power
        return [group["lr"] * change for group in self.optimizer.param_groups]

    def _get_closed_form_lr(self) -> list[Any]:
        left = 1.0 - min(self.total_iters, self.last_epoch) / self.total_iters
        return [base * left**self.power for base in self.base_lrs]
