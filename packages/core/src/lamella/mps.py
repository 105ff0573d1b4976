"""Asks after Metal devices as :mod:`lamella.cuda` does after CUDA devices, so that one program serves both."""

from __future__ import annotations

from lamella.core.accelerators import Accelerator

_mps = Accelerator("mps")

is_available = _mps.is_available
device_count = _mps.device_count
synchronize = _mps.synchronize
manual_seed = _mps.manual_seed
empty_cache = _mps.empty_cache

__all__ = ["device_count", "empty_cache", "is_available", "manual_seed", "synchronize"]
