"""What all learning-rate schedulers share."""

from __future__ import annotations

import types
import warnings
from collections.abc import Callable
from typing import Any

from lamella.core.errors import ArgumentError, ArgumentTypeError, KeyMissing
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
        self._take(optimizer)
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", copied(group["lr"]))
            elif "initial_lr" not in group:
                raise KeyMissing(
                    f"param 'initial_lr' is not specified in param_groups[{i}] when resuming scheduler with "
                    f"last_epoch >= 0 (got {last_epoch}). Load the optimizer's state_dict first, or leave last_epoch "
                    "out to start anew."
                )
        self.base_lrs = [copied(group["initial_lr"]) for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        self._initial_step()

    def _take(self, optimizer: Optimizer) -> None:
        """Keep the optimizer, and have it notice whether it steps."""
        if not isinstance(optimizer, Optimizer):
            raise ArgumentTypeError(f"{type(optimizer).__name__} is not an Optimizer")
        self.optimizer = optimizer
        if optimizer._opt_called is None:
            optimizer._opt_called = False

    def _initial_step(self) -> None:
        """Set the first rates."""
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
        self._update_lr(epoch)

    def _update_lr(self, epoch: int | None = None) -> None:
        """Set the rates of ``epoch``, or of the next one."""
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        self._get_lr_called_within_step = True
        try:
            closed_form = None if epoch is None else getattr(self, "_get_closed_form_lr", None)
            rates = self.get_lr() if closed_form is None else closed_form()
        finally:
            self._get_lr_called_within_step = False
        for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
            set_rate(group, rate)
        self._last_lr = self._rates()

    def _undo_initial_step(self) -> None:
        """Stand before the first step again: another scheduler decides when this one begins."""
        self.last_epoch -= 1

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer, for saving."""
        return {name: value for name, value in vars(self).items() if name != "optimizer"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a saved state, ours or PyTorch's. The rates themselves are in the optimizer's state_dict."""
        vars(self).update(state_dict)

    def _rates(self) -> list[Any]:
        """The rates in force; copies, where they are tensors."""
        return [copied(group["lr"]) for group in self.optimizer.param_groups]

    def _warn_if_called_by_user(self) -> None:
        if not self._get_lr_called_within_step:
            warnings.warn(
                "To get the last learning rate computed by the scheduler, please use `get_last_lr()`.",
                UserWarning,
                stacklevel=3,
            )


def copied(rate: Any) -> Any:
    """The rate, or a copy if it is a tensor, which the next step changes."""
    return rate.detach().clone() if isinstance(rate, Tensor) else rate


def set_rate(group: dict[str, Any], rate: Any) -> None:
    """Set a group's rate; in place, where it is a tensor."""
    if isinstance(group["lr"], Tensor):
        group["lr"].fill_(rate)
    else:
        group["lr"] = rate


def one_a_group(name: str, optimizer: Optimizer, value: Any) -> list[Any]:
    """An option of a scheduler for each group of the optimizer, given once or as one for each."""
    groups = len(optimizer.param_groups)
    if not isinstance(value, list | tuple):
        return [value] * groups
    if len(value) != groups:
        raise ArgumentError(f"{name} must have the same length as optimizer.param_groups: {len(value)} != {groups}")
    return list(value)


def saved_function(function: Callable[..., Any] | None) -> dict[str, Any] | None:
    """What a state_dict holds of a function: the attributes, if it is a callable object."""
    if function is None or isinstance(function, types.FunctionType | types.BuiltinFunctionType):
        return None
    return dict(vars(function))
