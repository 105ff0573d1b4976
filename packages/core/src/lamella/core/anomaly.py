"""Where a failing gradient comes from: ``detect_anomaly``."""

from __future__ import annotations

import traceback
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lamella.core.errors import GradError
from lamella.core.graph import Algebra, Node, PartialGrads
from lamella.core.modes import Mode, ModeSwitch, current_mode, switch_mode
from lamella.core.tensor import Tensor
from lamella.core.watchers import Pull, Watcher, watchers

_CORE = str(Path(__file__).parent)


class Anomaly(Watcher):
    """Notes on each node where it was made, and names the place when the node fails or gives NaN.

    Args:
        on: Whether to do anything; False undoes an outer one.
        check_nan: Whether NaN in a gradient is a failure.
    """

    def __init__(self, on: bool, check_nan: bool) -> None:
        self.on = on
        self.check_nan = check_nan
        self._running: Node | None = None

    def recorded(self, node: Node) -> None:
        if self.on:
            frames = traceback.extract_stack()
            while frames and frames[-1].filename.startswith(_CORE):
                frames.pop()
            node.metadata["traceback_"] = traceback.format_list(frames)
            if self._running is not None:  # the node computes a gradient
                node.metadata["parent_"] = self._running

    def pull(self, run: Pull, node: Node, grad: Any, algebra: Algebra, wanted: set[Node] | None) -> Sequence[Any]:
        if _innermost() is not self or not self.on:
            return run(node, grad, algebra, wanted)
        before, self._running = self._running, node
        try:
            try:
                grads = run(node, grad, algebra, wanted)
            except (FloatingPointError, RuntimeWarning):  # the application turned NumPy's warnings into errors
                grads = algebra.pull_quietly(node, grad, wanted)
        except Exception:  # whatever it was: told where it came from, and raised again
            _tell(node)
            raise
        finally:
            self._running = before
        if self.check_nan:
            for i, g in enumerate(grads):
                if _has_nan(g):
                    _tell(node)
                    raise GradError(f"Function '{node.name()}' returned nan values in its {i}th output.")
        return grads


def _has_nan(grad: Any) -> bool:
    array = grad.array if isinstance(grad, Tensor) else grad
    if array is None or isinstance(array, PartialGrads):  # their parts are seen where they arrive
        return False
    return bool(np.isnan(array).any())


def _tell(node: Node) -> None:
    """Warn of where a node, and the one that it computes the gradient of, were made."""
    known = node.metadata.get("traceback_")
    if known is None:
        told = "No forward pass information available. Enable detect anomaly during forward pass for more information."
    else:
        told = "Traceback of forward call that caused the error:\n" + "".join(known)
    warnings.warn(f"Error detected in {node.name()}. {told}", UserWarning, stacklevel=2)
    parent = node.metadata.get("parent_")
    while parent is not None:
        made = "".join(parent.metadata.get("traceback_", ["No forward pass information available."]))
        warnings.warn(
            f"Previous calculation was induced by {parent.name()}. Traceback of forward call that induced the previous "
            f"calculation:\n{made}",
            UserWarning,
            stacklevel=2,
        )
        parent = parent.metadata.get("parent_")


def _innermost() -> Anomaly | None:
    return next((w for w in watchers() if isinstance(w, Anomaly)), None)


def _switched(outer: Mode, on: bool, check_nan: bool) -> Mode:
    interpreter = outer.interpreter
    if isinstance(interpreter, Anomaly):
        interpreter = interpreter.outer
    watcher = Anomaly(on, check_nan)
    watcher.outer = interpreter
    mode = Mode(outer.grad, watcher, outer.inference)
    if on or any(isinstance(w, Anomaly) for w in _beyond(watcher)):
        return mode
    return Mode(outer.grad, interpreter, outer.inference)


def _beyond(watcher: Any) -> list[Any]:
    found = []
    while (watcher := watcher.outer) is not None:
        found.append(watcher)
    return found


class detect_anomaly(ModeSwitch):
    """Inside, a backward pass that fails or gives NaN warns with the place in the forward pass that led there.

    Slow: for debugging. What is computed elsewhere costs nothing. Holds for the thread that enters it.

    Args:
        check_nan: Raise where a backward function returns NaN.

    Raises:
        RuntimeError: In ``backward()``, a gradient has NaN and ``check_nan`` is set.
    """

    def __init__(self, check_nan: bool = True) -> None:
        super().__init__()
        self.check_nan = check_nan
        warnings.warn(
            "Anomaly Detection has been enabled. This mode will increase the runtime and should only be enabled for "
            "debugging.",
            UserWarning,
            stacklevel=2,
        )

    def mode(self, outer: Mode) -> Mode:
        return _switched(outer, True, self.check_nan)

    def _arguments(self) -> tuple[Any, ...]:
        return (self.check_nan,)


class set_detect_anomaly:
    """:class:`detect_anomaly` on or off by ``mode``: takes effect at once; as a context manager undone at its end.

    Args:
        mode: Whether to detect anomalies.
        check_nan: As for :class:`detect_anomaly`.
    """

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        self._before = current_mode()
        switch_mode(_switched(self._before, bool(mode), check_nan))

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exception: object) -> None:
        switch_mode(self._before)


def set_anomaly_enabled(enabled: bool, check_nan: bool = True) -> None:
    """Detect anomalies from here on, or no longer. See :class:`detect_anomaly`."""
    switch_mode(_switched(current_mode(), bool(enabled), check_nan))


def is_anomaly_enabled() -> bool:
    """Whether anomalies are detected here."""
    found = _innermost()
    return found is not None and found.on


def is_anomaly_check_nan_enabled() -> bool:
    """Whether NaN in a gradient would be an anomaly here; True where nothing was said."""
    found = _innermost()
    return found is None or found.check_nan


__all__ = [
    "detect_anomaly",
    "is_anomaly_check_nan_enabled",
    "is_anomaly_enabled",
    "set_anomaly_enabled",
    "set_detect_anomaly",
]
