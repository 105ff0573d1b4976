"""PyTorch's ``torch.accelerator``: asks after devices other than the CPU, whichever they are."""

from __future__ import annotations

from lamella.core.accelerators import (
    current_accelerator,
    current_device_index,
    device_count,
    is_available,
    set_device_index,
    synchronize,
)

__all__ = [
    "current_accelerator",
    "current_device_index",
    "device_count",
    "is_available",
    "set_device_index",
    "synchronize",
]
