"""Scaling losses, so that gradients in float16 do not vanish, and skipping the steps in which they overflow."""

from __future__ import annotations

import enum
import warnings
from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from lamella.core.autocast import is_autocast_available
from lamella.core.devices import device as Device
from lamella.core.dtypes import finfo, float16, float32
from lamella.core.errors import ArgumentError, CheckpointError, ConditionError, GradError
from lamella.core.modes import no_grad
from lamella.core.tensor import Tensor

#: The scale grows no further: PyTorch keeps it in float32.
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
        >>> class Descent:
        ...     def __init__(self, w):
        ...         self.w = w
        ...         self.param_groups = [{"params": [w]}]
        ...
        ...     def step(self):
        ...         self.w.data.sub_(self.w.grad)
        >>> w = lamella.ones(2, requires_grad=True)
        >>> optimizer, scaler = Descent(w), lamella.amp.GradScaler("cpu", init_scale=1024.0)
        >>> scaler.scale((w * w).sum()).backward()
        >>> w.grad
        tensor([2048., 2048.])
        >>> scaler.step(optimizer)
        >>> scaler.update()
        >>> w
        tensor([-1., -1.], requires_grad=True)
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
        if enabled and not is_autocast_available(Device(device).type):
            warnings.warn(
                f"GradScaler is enabled, but device type {device!r} is not available. Disabling. Pass the device "
                'type that the gradients are on, such as "cpu".',
                stacklevel=2,
            )
            enabled = False
        if enabled and growth_factor <= 1.0:
            raise ConditionError(f"The growth factor must be > 1.0, got {growth_factor}.")
        if enabled and backoff_factor >= 1.0:
            raise ConditionError(f"The backoff factor must be < 1.0, got {backoff_factor}.")
        self._enabled = enabled
        self._scale = float(init_scale)
        self._growth_factor = growth_factor
        self._backoff_factor = backoff_factor
        self._growth_interval = growth_interval
        #: Steps without an overflow since the scale last changed.
        self._growth_tracker = 0
        self._has_scaled = False
        self._progress: dict[int, _Progress] = {}

    def scale(self, outputs: Any) -> Any:
        """Multiply a loss, or an iterable of tensors, nested or not, by the scale.

        Raises:
            ValueError: ``outputs`` is something else.
        """
        if not self._enabled:
            return outputs
        self._has_scaled = True
        if isinstance(outputs, Tensor):
            return outputs * self._scale
        if not isinstance(outputs, Iterable) or isinstance(outputs, str):
            raise ArgumentError(f"outputs must be a Tensor or an iterable of Tensors, got {type(outputs).__name__}")
        scaled = map(self.scale, outputs)
        return type(outputs)(scaled) if isinstance(outputs, (list, tuple)) else scaled

    def unscale_(self, optimizer: Optimizer) -> None:
        """Divide the gradients of an optimizer's parameters by the scale, in place; for clipping before a step.

        Raises:
            RuntimeError: It was done already since the last update, or comes after the step.
            ValueError: A gradient is in float16: keep the parameters in float32.
            AssertionError: No loss was scaled yet.
        """
        if not self._enabled:
            return
        self._check_scaled("unscale_")
        progress = self._progress_of(optimizer)
        if progress.stage is _Stage.UNSCALED:
            raise GradError("unscale_() has already been called on this optimizer since the last update().")
        if progress.stage is _Stage.STEPPED:
            raise GradError("unscale_() is being called after step(). Call it before.")
        with no_grad():
            for grad in _gradients(optimizer):
                if grad.dtype is float16:
                    raise ArgumentError(
                        "Attempting to unscale FP16 gradients. Keep the parameters in float32; autocast lowers the "
                        "precision where that is safe."
                    )
                finite = grad.isfinite().all().item()  # of what arrived: what is finite stays so
                progress.overflowed = bool(progress.overflowed) or not finite
                grad.mul_(1.0 / self._scale)
        progress.stage = _Stage.UNSCALED

    def step(self, optimizer: Optimizer, *args: Any, **kwargs: Any) -> Any:
        """Let the optimizer step, unless a gradient has NaN or Inf; gradients that are still scaled are unscaled first.

        Returns:
            What the optimizer's ``step`` returns; None if it was left out.

        Raises:
            RuntimeError: It was done already since the last update, or ``closure`` is given.
            AssertionError: No loss was scaled yet, or no parameter has a gradient.
        """
        if not self._enabled:
            return optimizer.step(*args, **kwargs)
        if "closure" in kwargs:
            raise GradError("Closure use is not currently supported if GradScaler is enabled.")
        self._check_scaled("step")
        progress = self._progress_of(optimizer)
        if progress.stage is _Stage.STEPPED:
            raise GradError("step() has already been called since the last update().")
        if progress.stage is _Stage.READY:
            self.unscale_(optimizer)
        if progress.overflowed is None:
            raise ConditionError(
                "No inf checks were recorded for this optimizer: none of its parameters has a gradient. Call "
                "backward() on the scaled loss first."
            )
        result = None if progress.overflowed else optimizer.step(*args, **kwargs)
        progress.stage = _Stage.STEPPED
        return result

    def update(self, new_scale: float | Tensor | None = None) -> None:
        """Set the scale for the next iteration: smaller after an overflow, larger after many steps without.

        Args:
            new_scale: The scale to use from now on, a number or a 0-dim float32 tensor that needs no gradient.

        Raises:
            AssertionError: There was no step since the last update, or ``new_scale`` is something else.
        """
        if not self._enabled:
            return
        self._check_scaled("update")
        if new_scale is not None:
            if isinstance(new_scale, Tensor) and (
                new_scale.ndim or new_scale.requires_grad or new_scale.dtype is not float32
            ):
                raise ConditionError(
                    "new_scale should be a float or a 0-dim lamella.float32 tensor with requires_grad=False, got "
                    f"one of dtype {new_scale.dtype} and shape {tuple(new_scale.shape)}"
                )
            self._scale = float(new_scale)
        else:
            found = [p.overflowed for p in self._progress.values() if p.overflowed is not None]
            if not found:
                raise ConditionError("No inf checks were recorded prior to update. Call step() or unscale_() first.")
            self._adapt(any(found))
        self._progress = {}

    def _adapt(self, overflowed: bool) -> None:
        if overflowed:
            self._scale *= self._backoff_factor
            self._growth_tracker = 0
            return
        self._growth_tracker += 1
        if self._growth_tracker == self._growth_interval:
            larger = self._scale * self._growth_factor
            self._scale = larger if larger <= _LARGEST else self._scale
            self._growth_tracker = 0

    def get_scale(self) -> float:
        """The scale; 1 if disabled."""
        return self._scale if self._enabled else 1.0

    def get_growth_factor(self) -> float:
        """What the scale grows by."""
        return self._growth_factor

    def set_growth_factor(self, new_factor: float) -> None:
        """Set what the scale grows by."""
        self._growth_factor = new_factor

    def get_backoff_factor(self) -> float:
        """What the scale is multiplied by after an overflow."""
        return self._backoff_factor

    def set_backoff_factor(self, new_factor: float) -> None:
        """Set what the scale is multiplied by after an overflow."""
        self._backoff_factor = new_factor

    def get_growth_interval(self) -> int:
        """How many steps in a row without an overflow make the scale grow."""
        return self._growth_interval

    def set_growth_interval(self, new_interval: int) -> None:
        """Set how many steps in a row without an overflow make the scale grow."""
        self._growth_interval = new_interval

    def is_enabled(self) -> bool:
        """Whether it scales at all."""
        return self._enabled

    def state_dict(self) -> dict[str, Any]:
        """What to save of it between two iterations; empty if disabled."""
        if not self._enabled:
            return {}
        return {name: getattr(self, attribute) for name, attribute in _SAVED.items()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what :meth:`state_dict` gave; does nothing if disabled.

        Raises:
            RuntimeError: It is empty.
        """
        if not self._enabled:
            return
        if not state_dict:
            raise CheckpointError(
                "The source state dict is empty, possibly because it was saved from a disabled instance of GradScaler."
            )
        for name, attribute in _SAVED.items():
            setattr(self, attribute, state_dict[name])

    def _check_scaled(self, what: str) -> None:
        if not self._has_scaled:
            raise ConditionError(
                f"Attempted {what} but nothing was scaled yet. This may indicate your script did not use "
                "scaler.scale(loss or outputs) earlier in the iteration."
            )

    def _progress_of(self, optimizer: Optimizer) -> _Progress:
        return self._progress.setdefault(id(optimizer), _Progress())


#: The attributes that are saved, by their names in PyTorch's files.
_SAVED = {
    "scale": "_scale",
    "growth_factor": "_growth_factor",
    "backoff_factor": "_backoff_factor",
    "growth_interval": "_growth_interval",
    "_growth_tracker": "_growth_tracker",
}


def _gradients(optimizer: Optimizer) -> Iterator[Tensor]:
    for group in optimizer.param_groups:
        for param in group["params"]:
            if param.grad is not None:
                yield param.grad


__all__ = ["GradScaler", "Optimizer"]
