"""Asks after CUDA devices, so that programs that use one only where there is one run everywhere."""

from __future__ import annotations

from typing import Any

from lamella.core import namespaces
from lamella.core.accelerators import Accelerator
from lamella.core.dtypes import TYPE_NAMES
from lamella.core.legacy import tensor_type

_cuda = Accelerator("cuda")

is_available = _cuda.is_available
device_count = _cuda.device_count
current_device = _cuda.current_device
set_device = _cuda.set_device
get_device_name = _cuda.get_device_name
synchronize = _cuda.synchronize
manual_seed = manual_seed_all = _cuda.manual_seed
empty_cache = _cuda.empty_cache


def __getattr__(name: str) -> Any:
    if name in TYPE_NAMES.values():
        return tensor_type(name, "cuda")
    return namespaces.lookup(name, __name__)


__all__ = [
    "current_device",
    "device_count",
    "empty_cache",
    "get_device_name",
    "is_available",
    "manual_seed",
    "manual_seed_all",
    "set_device",
    "synchronize",
]
