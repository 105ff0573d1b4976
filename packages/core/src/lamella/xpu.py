"""Asks after XPU devices as :mod:`lamella.cuda` does after CUDA devices, so that one program serves both."""

from __future__ import annotations

from lamella.core.accelerators import Accelerator

_xpu = Accelerator("xpu")

is_available = _xpu.is_available
device_count = _xpu.device_count
synchronize = _xpu.synchronize
manual_seed = _xpu.manual_seed
empty_cache = _xpu.empty_cache

__all__ = ["device_count", "empty_cache", "is_available", "manual_seed", "synchronize"]
