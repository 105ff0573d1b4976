"""Rates that fall along a cosine."""

from __future__ import annotations

import math
from typing import Any

from lamella.core.errors import ArgumentError
from lamella.optim.lr_scheduler.scheduler import LRScheduler
from lamella.optim.optimizer import Optimizer


class CosineAnnealingLR(LRScheduler):
    r"""Lower the rates along half a cosine, from the first to ``eta_min`` in ``T_max`` epochs (and up again after).

    In closed form, at epoch t::

        lr = eta_min + (initial_lr - eta_min) (1 + cos(π t / T_max)) / 2

    Args:
        optimizer: Whose rates to set.
        T_max: Epochs from the largest to the smallest rate.
        eta_min: The smallest rate.
        last_epoch: Where to begin; see :class:`LRScheduler`.

    Example:
        >>> import lamella
        >>> from lamella.optim import SGD
        >>> optimizer = SGD([lamella.zeros(1, requires_grad=True)], lr=1.0)
        >>> scheduler = CosineAnnealingLR(optimizer, T_max=2)
        >>> optimizer.step()
        >>> scheduler.step()
        >>> print(f"{scheduler.get_last_lr()[0]:.3f}")
        0.500

    Reference:
        I. Loshchilov, F. Hutter: SGDR: stochastic gradient descent with warm restarts, 2017,
        https://arxiv.org/abs/1608.03983, equation 5, without the restarts.
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1) -> None:
        self.T_max = T_max
        self.eta_min = eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        self._warn_if_called_by_user()
        if self._is_initial:
            return self._rates()
        t, half = self.last_epoch, self.T_max
        groups = self.optimizer.param_groups
        if (t - 1 - half) % (2 * half) == 0:  # leaving the minimum, where the quotient below is 0 / 0
            rise = (1 - math.cos(math.pi / half)) / 2
            return [g["lr"] + (base - self.eta_min) * rise for g, base in zip(groups, self.base_lrs, strict=True)]
        change = (1 + math.cos(math.pi * t / half)) / (1 + math.cos(math.pi * (t - 1) / half))
        return [change * (g["lr"] - self.eta_min) + self.eta_min for g in groups]

    def _get_closed_form_lr(self) -> list[Any]:
        height = (1 + math.cos(math.pi * self.last_epoch / self.T_max)) / 2
        return [self.eta_min + (base - self.eta_min) * height for base in self.base_lrs]


class CosineAnnealingWarmRestarts(LRScheduler):
    r"""Lower the rates along half a cosine, again and again: at the end of each run they jump back to the first.

    After t of the T epochs of a run::

        lr = eta_min + (initial_lr - eta_min) (1 + cos(π t / T)) / 2

    Args:
        optimizer: Whose rates to set.
        T_0: Epochs of the first run.
        T_mult: How many times as long each run is as the one before.
        eta_min: The smallest rate.
        last_epoch: Where to begin; see :class:`LRScheduler`.

    Raises:
        ValueError: ``T_0`` or ``T_mult`` is no positive integer.

    Example:
        >>> import lamella
        >>> from lamella.optim import SGD
        >>> optimizer = SGD([lamella.zeros(1, requires_grad=True)], lr=1.0)
        >>> scheduler = CosineAnnealingWarmRestarts(optimizer, T_0=2)
        >>> for _ in range(4):
        ...     print(f"{scheduler.get_last_lr()[0]:.3f}")
        ...     optimizer.step()
        ...     scheduler.step()
        1.000
        0.500
        1.000
        0.500

    Reference:
        I. Loshchilov, F. Hutter: SGDR: stochastic gradient descent with warm restarts, 2017,
        https://arxiv.org/abs/1608.03983, equation 5.
    """

    def __init__(
        self, optimizer: Optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0, last_epoch: int = -1
    ) -> None:
        if not isinstance(T_0, int) or T_0 <= 0:
            raise ArgumentError(f"Expected positive integer T_0, but got {T_0}")
        if not isinstance(T_mult, int) or T_mult < 1:
            raise ArgumentError(f"Expected integer T_mult >= 1, but got {T_mult}")
        if not isinstance(eta_min, float | int):
            raise ArgumentError(f"Expected float or int eta_min, but got {eta_min} of type {type(eta_min)}")
        self.T_0 = T_0
        self.T_i = T_0
        self.T_mult = T_mult
        self.eta_min = eta_min
        self.T_cur: float = last_epoch
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        self._warn_if_called_by_user()
        height = (1 + math.cos(math.pi * self.T_cur / self.T_i)) / 2
        return [self.eta_min + (base - self.eta_min) * height for base in self.base_lrs]

    def step(self, epoch: float | None = None) -> None:
        """Go on by one epoch and set the rates.

        Args:
            epoch: Go to this one instead. It may be a fraction, to set the rates after each batch:
                ``step(epoch + batch / batches)``.

        Raises:
            ValueError: A negative epoch.
        """
        if epoch is None:
            epoch = max(self.last_epoch, -1) + 1
            self.T_cur += 1
            if self.T_cur >= self.T_i:
                self.T_cur -= self.T_i
                self.T_i *= self.T_mult
        else:
            if epoch < 0:
                raise ArgumentError(f"Expected non-negative epoch, but got {epoch}")
            self.T_cur, self.T_i = self._place(epoch)
        # no closed form here: the rates follow from T_cur, and the epoch counts the whole ones
        self._update_lr(math.floor(epoch))

    def _place(self, epoch: float) -> tuple[float, int]:
        """How far into a run ``epoch`` is, and how long that run."""
        if self.T_mult == 1:
            return epoch % self.T_0, self.T_0
        begin, length = 0, self.T_0
        while epoch >= begin + length:
            begin += length
            length *= self.T_mult
        return epoch - begin, length
