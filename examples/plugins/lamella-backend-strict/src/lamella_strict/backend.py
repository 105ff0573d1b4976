"""The backend: what the core asks of it, and nothing more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from lamella.core.backends import NumpyBackend
from lamella.core.devices import device
from lamella_strict.arrays import StrictArray, shared
from lamella_strict.namespace import xp
from lamella_strict.native import NATIVE


class StrictBackend:
    """``array_api_strict`` on the device type ``strict``. See ``lamella.core.backends.protocol.Backend``."""

    name = "array-api-strict"
    device_type = "strict"
    array_type: type = StrictArray
    xp: Any = xp
    kernels: Mapping[str, Callable[..., Any]] = {}
    native = NATIVE

    def unavailable(self) -> str | None:
        return None

    def device_of(self, array: StrictArray) -> device:
        return device("strict:0")

    def asarray(self, values: Any, device: device) -> StrictArray:
        return values if isinstance(values, StrictArray) else shared(np.asarray(values))

    def to_numpy(self, array: StrictArray) -> np.ndarray:
        return array.memory

    def offset(self, view: StrictArray, base: StrictArray) -> int:
        return NumpyBackend().offset(view.memory, base.memory)

    def may_share_memory(self, a: StrictArray, b: StrictArray) -> bool:
        return np.may_share_memory(a.memory, b.memory)

    def synchronize(self) -> None:
        return None


backend = StrictBackend()
