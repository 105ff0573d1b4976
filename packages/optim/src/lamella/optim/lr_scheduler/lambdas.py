"""Rates that follow functions of yours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lamella.core.errors import ArgumentError
from lamella.optim.lr_scheduler.scheduler import LRScheduler, saved_function
from lamella.optim.optimizer import Optimizer

#: From the epoch to a factor.
Factor = Callable[[int], float]


class _FunctionLR(LRScheduler):
    """What both schedulers share: a function for each group, of which a state_dict holds only attributes."""

    def __init__(self, optimizer: Optimizer, lr_lambda: Factor | list[Factor], last_epoch: int = -1) -> None:
        groups = len(optimizer.param_groups)
        if isinstance(lr_lambda, list | tuple):
            if len(lr_lambda) != groups:
                raise ArgumentError(f"Expected {groups} lr_lambdas, one a group, but got {len(lr_lambda)}")
            self.lr_lambdas = list(lr_lambda)
        else:
            self.lr_lambdas = [lr_lambda] * groups
        super().__init__(optimizer, last_epoch)

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer and the functions; of callable objects, their attributes."""
        return {**super().state_dict(), "lr_lambdas": [saved_function(function) for function in self.lr_lambdas]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a saved state, with this scheduler's own functions."""
        super().load_state_dict({name: value for name, value in state_dict.items() if name != "lr_lambdas"})
        for function, saved in zip(self.lr_lambdas, state_dict["lr_lambdas"], strict=True):
            if saved is not None:
                vars(function).update(saved)


class LambdaLR(_FunctionLR):
    """Set each rate to the first one times a function of the epoch.

    Args:
        optimizer: Whose rates to set.
        lr_lambda: The function, or one for each group.
        last_epoch: Where to begin; see :class:`LRScheduler`.

    Raises:
        ValueError: As many functions as there are not groups.

    Example:
        >>> import lamella
        >>> from lamella.optim import SGD
        >>> optimizer = SGD([lamella.zeros(1, requires_grad=True)], lr=0.5)
        >>> scheduler = LambdaLR(optimizer, lambda epoch: 1 / (1 + epoch))
        >>> optimizer.step()
        >>> scheduler.step()
        >>> scheduler.get_last_lr()
        [0.25]
    """

    def get_lr(self) -> list[Any]:
        self._warn_if_called_by_user()
        return [base * function(self.last_epoch) for base, function in zip(self.base_lrs, self.lr_lambdas, strict=True)]


class MultiplicativeLR(_FunctionLR):
    """Multiply each rate, from epoch to epoch, by a function of the epoch.

    Args:
        optimizer: Whose rates to set.
        lr_lambda: The function, or one for each group.
        last_epoch: Where to begin; see :class:`LRScheduler`.

    Raises:
        ValueError: As many functions as there are not groups.

    Example:
        >>> import lamella
        >>> from lamella.optim import SGD
        >>> optimizer = SGD([lamella.zeros(1, requires_grad=True)], lr=0.5)
        >>> scheduler = MultiplicativeLR(optimizer, lambda epoch: 0.5)
        >>> optimizer.step()
        >>> scheduler.step()
        >>> scheduler.get_last_lr()
        [0.25]
    """

    def get_lr(self) -> list[Any]:
        self._warn_if_called_by_user()
        if self._is_initial:
            return self._rates()
        groups = self.optimizer.param_groups
        return [g["lr"] * function(self.last_epoch) for g, function in zip(groups, self.lr_lambdas, strict=True)]
