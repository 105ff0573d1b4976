"""How a new value enters an average of parameters: equally with all before it, or more than the older ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lamella.core.errors import ArgumentError
from lamella.core.modes import no_grad
from lamella.core.tensor import Tensor

#: ``(average, current, how many are in the average)`` to the new average.
Average = Callable[[Tensor, Tensor, Tensor | int], Tensor]
#: The same for all parameters at once; it changes the averages in place.
MultiAverage = Callable[[Sequence[Tensor], Sequence[Tensor], Tensor | int], None]


def get_ema_avg_fn(decay: float = 0.999) -> Average:
    """A function for :class:`AveragedModel` that keeps an exponential moving average.

    Args:
        decay: How much of the average to keep.

    Returns:
        ``function(average, current, num_averaged)``, which gives ``decay average + (1 - decay) current``.

    Raises:
        ValueError: ``decay`` is not from 0 to 1.

    Example:
        >>> import lamella
        >>> get_ema_avg_fn(0.75)(lamella.tensor(4.0), lamella.tensor(8.0), 1)
        tensor(5.)
    """
    _check_decay(decay)

    @no_grad()
    def ema_update(average: Tensor, current: Tensor, num_averaged: Tensor | int) -> Tensor:
        return decay * average + (1 - decay) * current

    return ema_update


def get_swa_avg_fn() -> Average:
    """A function for :class:`AveragedModel` that keeps the mean of all values so far.

    Returns:
        ``function(average, current, num_averaged)``, which gives the mean with one value more.

    Example:
        >>> import lamella
        >>> get_swa_avg_fn()(lamella.tensor(4.0), lamella.tensor(7.0), 2)
        tensor(5.)
    """

    @no_grad()
    def swa_update(average: Tensor, current: Tensor, num_averaged: Tensor | int) -> Tensor:
        return average + (current - average) / (num_averaged + 1)

    return swa_update


def get_ema_multi_avg_fn(decay: float = 0.999) -> MultiAverage:
    """As :func:`get_ema_avg_fn`, for all parameters at once and in place: the ``multi_avg_fn`` of an AveragedModel.

    Args:
        decay: How much of the averages to keep.

    Returns:
        ``function(averages, currents, num_averaged)``, which changes the averages.

    Raises:
        ValueError: ``decay`` is not from 0 to 1.
    """
    _check_decay(decay)

    @no_grad()
    def ema_update(averages: Sequence[Tensor], currents: Sequence[Tensor], num_averaged: Tensor | int) -> None:
        for average, current in zip(averages, currents, strict=True):
            _move_toward(average, current, 1 - decay)

    return ema_update


def get_swa_multi_avg_fn() -> MultiAverage:
    """As :func:`get_swa_avg_fn`, for all parameters at once and in place: the ``multi_avg_fn`` of an AveragedModel.

    Returns:
        ``function(averages, currents, num_averaged)``, which changes the averages.
    """

    @no_grad()
    def swa_update(averages: Sequence[Tensor], currents: Sequence[Tensor], num_averaged: Tensor | int) -> None:
        share = 1 / (int(num_averaged) + 1)
        for average, current in zip(averages, currents, strict=True):
            _move_toward(average, current, share)

    return swa_update


def _move_toward(average: Tensor, current: Tensor, share: float) -> None:
    """Average += share (current - average); a count is rounded down."""
    if average.is_floating_point() or average.is_complex():
        average.lerp_(current, share)
    else:
        average.copy_(average + (current - average) * share)


def _check_decay(decay: float) -> None:
    if not 0.0 <= decay <= 1.0:
        raise ArgumentError(f"Invalid decay value {decay} provided. Please provide a value in [0,1] range.")
