"""Schedulers made of schedulers."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from lamella.core.errors import ArgumentError, ArgumentTypeError
from lamella.optim.lr_scheduler.plateau import ReduceLROnPlateau
from lamella.optim.lr_scheduler.scheduler import LRScheduler, set_rate
from lamella.optim.optimizer import Optimizer


class _Composed(LRScheduler):
    """What both kinds share: parts of the same optimizer, which a state_dict holds in their order."""

    _schedulers: Sequence[LRScheduler]

    def _take_parts(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None) -> None:
        kind = type(self).__name__
        if len(schedulers) < 1:
            raise ArgumentError(f"{kind} expects at least one scheduler, but got no scheduler.")
        self._take(schedulers[0].optimizer if optimizer is None else optimizer)
        for i, scheduler in enumerate(schedulers):
            if not isinstance(scheduler, LRScheduler):
                raise ArgumentTypeError(f"{kind}: {type(scheduler).__name__} at index {i} is not an LRScheduler")
            if isinstance(scheduler, ReduceLROnPlateau):
                raise ArgumentError(
                    f"{kind} does not support `ReduceLROnPlateau`, whose `step` needs the metrics, but got one at "
                    f"index {i}. Step it beside this one."
                )
            if scheduler.optimizer is not self.optimizer:
                raise ArgumentError(
                    f"{kind} expects all schedulers to belong to the same optimizer, but that of "
                    f"{type(scheduler).__name__} at index {i} is another."
                )
        self._schedulers = schedulers

    def _undo_initial_step(self) -> None:
        for scheduler in self._schedulers:
            scheduler._undo_initial_step()

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer, the parts' states included."""
        return {**super().state_dict(), "_schedulers": [scheduler.state_dict() for scheduler in self._schedulers]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a saved state, of the same parts in the same order."""
        super().load_state_dict({name: value for name, value in state_dict.items() if name != "_schedulers"})
        for scheduler, saved in zip(self._schedulers, state_dict["_schedulers"], strict=True):
            scheduler.load_state_dict(saved)


class SequentialLR(_Composed):
    """Run schedulers one after the other, for instance a warm-up and then a decay.

    Args:
        optimizer: Whose rates to set.
        schedulers: The parts. Each begins with the first rates of all, as if it were alone.
        milestones: The epoch at which each part but the first begins, rising.
        last_epoch: Where to begin; see :class:`LRScheduler`.

    Raises:
        ValueError: Milestones that do not fit the parts, or parts of several optimizers.

    Example:
        >>> import lamella
        >>> from lamella.optim import SGD
        >>> from lamella.optim.lr_scheduler import ExponentialLR, LinearLR
        >>> optimizer = SGD([lamella.zeros(1, requires_grad=True)], lr=1.0)
        >>> parts = [LinearLR(optimizer, 0.25, total_iters=3), ExponentialLR(optimizer, 0.5)]
        >>> scheduler = SequentialLR(optimizer, parts, milestones=[3])
        >>> for _ in range(5):
        ...     print(scheduler.get_last_lr())
        ...     optimizer.step()
        ...     scheduler.step()
        [0.25]
        [0.5]
        [0.75]
        [1.0]
        [0.5]
    """

    def __init__(
        self, optimizer: Optimizer, schedulers: list[LRScheduler], milestones: list[int], last_epoch: int = -1
    ) -> None:
        self._take_parts(schedulers, optimizer)
        if len(milestones) != len(schedulers) - 1:
            raise ArgumentError(
                "Sequential Schedulers expects number of schedulers provided to be one more than the number of "
                f"milestone points, but got {len(schedulers)} schedulers and {len(milestones)} milestones"
            )
        self._milestones = milestones
        self.last_epoch = last_epoch + 1
        for group in optimizer.param_groups:
            set_rate(group, group["initial_lr"])
        self._undo_initial_step()
        self._initial_step()

    def _initial_step(self) -> None:
        part = self._schedulers[bisect_right(self._milestones, 0)]
        part._initial_step()
        self._last_lr = part.get_last_lr()

    def step(self) -> None:  # type: ignore[override]  # PyTorch's has no epoch either
        """Go on by one epoch and set the rates. Call it after ``optimizer.step()``."""
        self._update_lr()

    def _update_lr(self, epoch: int | None = None) -> None:
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        i = bisect_right(self._milestones, self.last_epoch)
        part = self._schedulers[i]
        if epoch == 0 or (i > 0 and self._milestones[i - 1] == self.last_epoch):
            part._update_lr(0)
        else:
            part.step()
        self._last_lr = part.get_last_lr()


class ChainedScheduler(_Composed):
    """Step several schedulers together; each changes the rates that the one before it has set.

    Args:
        schedulers: The parts.
        optimizer: Theirs; None: that of the first.

    Raises:
        ValueError: No parts, or parts of several optimizers.

    Example:
        >>> import lamella
        >>> from lamella.optim import SGD
        >>> from lamella.optim.lr_scheduler import ConstantLR, ExponentialLR
        >>> optimizer = SGD([lamella.zeros(1, requires_grad=True)], lr=1.0)
        >>> scheduler = ChainedScheduler([ConstantLR(optimizer, 0.5, total_iters=2), ExponentialLR(optimizer, 0.5)])
        >>> for _ in range(4):
        ...     print(scheduler.get_last_lr())
        ...     optimizer.step()
        ...     scheduler.step()
        [0.5]
        [0.25]
        [0.25]
        [0.125]
    """

    def __init__(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None) -> None:
        self._take_parts(schedulers, optimizer)
        self._last_lr = self._rates()

    def _initial_step(self) -> None:
        for scheduler in self._schedulers:
            scheduler._initial_step()
        self._last_lr = self._rates()

    def step(self) -> None:  # type: ignore[override]  # PyTorch's has no epoch either
        """Go on by one epoch and set the rates. Call it after ``optimizer.step()``."""
        for scheduler in self._schedulers:
            scheduler.step()
        self._last_lr = self._rates()

    def _update_lr(self, epoch: int | None = None) -> None:
        for scheduler in self._schedulers:
            scheduler._update_lr(epoch)
        self._last_lr = self._rates()
