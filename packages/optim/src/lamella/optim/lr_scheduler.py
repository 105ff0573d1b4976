"""Learning-rate schedulers: they set the ``lr`` of an optimizer's groups, once an epoch or once a step.

The formulas are PyTorch's chainable ones: each new rate is computed from the one in force, so that several schedulers,
or a person who changes a rate by hand, add up.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

from lamella.core.errors import ArgumentTypeError, KeyMissing
from lamella.core.tensor import Tensor
from lamella.optim.optimizer import Optimizer


class LRScheduler:
    """Base of all schedulers: subclasses define :meth:`get_lr`, the rate of each group at :attr:`last_epoch`.

    Args:
        optimizer: Whose groups' ``lr`` to set. Each group's first rate is kept as ``initial_lr``.
        last_epoch: Where to begin; -1 is the start. With another number, the groups must have an ``initial_lr``, as
            they have after ``optimizer.load_state_dict``.

    Attributes:
        optimizer: As given.
        base_lrs: The first rate of each group.
        last_epoch: How many steps were made since the start.

    Raises:
        TypeError: ``optimizer`` is none.
        KeyError: ``last_epoch`` was given, and a group has no ``initial_lr``.

    Example:
        >>> import lamella
        >>> from lamella.optim import SGD
        >>> class Halve(LRScheduler):
        ...     def get_lr(self):
        ...         factor = 1.0 if self.last_epoch == 0 else 0.5
        ...         return [group["lr"] * factor for group in self.optimizer.param_groups]
        >>> optimizer = SGD([lamella.zeros(1, requires_grad=True)], lr=0.4)
        >>> scheduler = Halve(optimizer)
        >>> optimizer.step()
        >>> scheduler.step()
        >>> scheduler.get_last_lr()
        [0.2]
    """

    # Names and values as in PyTorch, because state_dict() holds all attributes. _step_count: calls of step(), that of
    # __init__ included. _is_initial: whether this is that call. _get_lr_called_within_step: whether get_lr() is called
    # by step() and not, by mistake, by the user.
    _get_lr_called_within_step = False
    _is_initial = False
    _step_count: int
    _last_lr: list[Any]

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        if not isinstance(optimizer, Optimizer):
            raise ArgumentTypeError(f"{type(optimizer).__name__} is not an Optimizer")
        self.optimizer = optimizer
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", _copy(group["lr"]))
            elif "initial_lr" not in group:
                raise KeyMissing(
                    f"param 'initial_lr' is not specified in param_groups[{i}] when resuming scheduler with "
                    f"last_epoch >= 0 (got {last_epoch}). Load the optimizer's state_dict first, or leave last_epoch "
                    "out to start anew."
                )
        self.base_lrs = [_copy(group["initial_lr"]) for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        if optimizer._opt_called is None:
            optimizer._opt_called = False
        self._step_count = 0
        self._is_initial = True
        try:
            self.step()
        finally:
            self._is_initial = False

    def get_lr(self) -> list[Any]:
        """The rate of each group at :attr:`last_epoch`, from the rate in force before."""
        raise NotImplementedError(f"{type(self).__name__} defines get_lr()")

    def get_last_lr(self) -> list[Any]:
        """The rates that the last :meth:`step` set, one a group."""
        return self._last_lr

    def step(self, epoch: int | None = None) -> None:
        """Go on by one epoch and set the rates. Call it after ``optimizer.step()``.

        Args:
            epoch: Deprecated: go to this epoch instead.
        """
        if self._step_count == 1 and not self.optimizer._opt_called:
            warnings.warn(
                "Detected call of `lr_scheduler.step()` before `optimizer.step()`. Call them in the opposite order, or "
                "the first value of the schedule is skipped.",
                UserWarning,
                stacklevel=2,
            )
        self._step_count += 1
        if epoch is not None:
            warnings.warn(
                "The epoch parameter in `scheduler.step()` is deprecated. Call it without arguments, once an epoch.",
                UserWarning,
                stacklevel=2,
            )
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        self._get_lr_called_within_step = True
        try:
            closed_form = None if epoch is None else getattr(self, "_get_closed_form_lr", None)
            rates = self.get_lr() if closed_form is None else closed_form()
        finally:
            self._get_lr_called_within_step = False
        for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
            if isinstance(group["lr"], Tensor):
                group["lr"].fill_(rate)
            else:
                group["lr"] = rate
        self._last_lr = self._rates()

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer, for saving."""
        return {name: value for name, value in vars(self).items() if name != "optimizer"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a saved state, ours or PyTorch's. The rates themselves are in the optimizer's state_dict."""
        vars(self).update(state_dict)

    def _rates(self) -> list[Any]:
        """The rates in force; copies, where they are tensors."""
        return [_copy(group["lr"]) for group in self.optimizer.param_groups]

    def _warn_if_called_by_user(self) -> None:
        if not self._get_lr_called_within_step:
            warnings.warn(
                "To get the last learning rate computed by the scheduler, please use `get_last_lr()`.",
                UserWarning,
                stacklevel=3,
            )


def _copy(rate: Any) -> Any:
    return rate.detach().clone() if isinstance(rate, Tensor) else rate


class StepLR(LRScheduler):
    """Multiply the rates by ``gamma`` every ``step_size`` epochs.

    Args:
        optimizer: Whose rates to set.
        step_size: Epochs between two changes.
        gamma: The factor.
        last_epoch: Where to begin; see :class:`LRScheduler`.

    Example:
        >>> import lamella
        >>> from lamella.optim import SGD
        >>> optimizer = SGD([lamella.zeros(1, requires_grad=True)], lr=0.5)
        >>> scheduler = StepLR(optimizer, step_size=2, gamma=0.5)
        >>> for _ in range(4):
        ...     print(scheduler.get_last_lr())
        ...     optimizer.step()
        ...     scheduler.step()
        [0.5]
        [0.5]
        [0.25]
        [0.25]
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1) -> None:
        self.step_size = step_size
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        self._warn_if_called_by_user()
        if self.last_epoch == 0 or self.last_epoch % self.step_size != 0:
            return self._rates()
        return [group["lr"] * self.gamma for group in self.optimizer.param_groups]

    def _get_closed_form_lr(self) -> list[Any]:
        return [base * self.gamma ** (self.last_epoch // self.step_size) for base in self.base_lrs]


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


__all__ = ["CosineAnnealingLR", "LRScheduler", "StepLR"]
