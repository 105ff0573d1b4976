"""Scaling losses, so that gradients in float16 do not vanish, and skipping the steps in which they overflow."""

from __future__ import annotations

import enum
import math
import warnings
from collections.abc import Iterator
from typing import Any, Protocol

from lamella.core import trees
from lamella.core.autocast import is_autocast_available
from lamella.core.devices import device as Device
from lamella.core.dtypes import finfo, float16, float32
from lamella.core.errors import ArgumentError, ArgumentTypeError, CheckpointError, GradError, SequenceError
from lamella.core.modes import no_grad
from lamella.core.op import OPS
from lamella.core.tensor import Tensor

_LARGEST = finfo(float32).max


class Optimizer(Protocol):
    """What a scaler needs of an optimizer."""

    param_groups: list[dict[str, Any]]

    def step(self, *args: Any, **kwargs: Any) -> Any:
        """Change the parameters by their gradients."""


class _Stage(enum.Enum):
    READY = 0
    UNSCALED = 1
    STEPPED = 2


class _Progress:
    """How far an optimizer is since the last update."""

    def __init__(self) -> None:
        self.stage = _Stage.READY
        #: Whether a gradient had NaN or Inf; None until the gradients are looked at, or if there are none.
        self.overflowed: bool | None = None


class GradScaler:
    """Multiplies losses by a large factor before ``backward()``, and divides the gradients by it before a step.

    Small gradients survive float16 so. If some overflow, the step is left out and the factor shrinks; after
    ``growth_interval`` steps without an overflow it grows.

    Args:
        device: The type of device that the gradients are on. Where it cannot be used, the scaler is disabled.
        init_scale: The factor at first.
        growth_factor: What it grows by, above 1. backoff_factor: what it is multiplied by after an overflow, below 1.
        growth_interval: How many steps in a row without an overflow make it grow.
        enabled: If False, nothing is scaled and steps are plain steps.

    Raises:
        AssertionError: A factor is on the wrong side of 1.

    Example:
        >>> import lamella
        >>> from lamella import optim
        >>> w = lamella.ones(2, requires_grad=True)
        >>> optimizer, scaler = optim.SGD([w], lr=0.5), lamella.amp.GradScaler("cpu", init_scale=1024.0)
        >>> scaler.scale((w * w).sum()).backward()
        >>> w.grad
        tensor([2048., 2048.])
        >>> scaler.step(optimizer)
        >>> scaler.update()
        >>> w
        tensor([0., 0.], requires_grad=True)
    """

    def __init__(
        self,
        device: str = "cuda",
        init_scale: float = 2.0**16,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        enabled: bool = True,
    ) -> None:
        self._device = Device(device).type
        if enabled and not is_autocast_available(self._device):
            warnings.warn(
                f"GradScaler is enabled, but device type {self._device!r} is not available. Disabling. Pass the device "
                'type of your gradients, such as "cpu".',
                stacklevel=2,
            )
            enabled = False
        self._enabled = enabled
        self._progress: dict[int, _Progress] = {}
        if enabled:
            if growth_factor <= 1.0:
                raise SequenceError("The growth factor must be > 1.0.")
        self._scale = float(init_scale)
        self._scaled = False  # whether scale() was called
        self._growth_factor = growth_factor
        self._backoff_factor = backoff_factor
        self._growth_interval = growth_interval
        self._growth_tracker = 0


__all__ = ["GradScaler", "Optimizer"]
