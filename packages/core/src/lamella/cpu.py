"""Asks after the CPU as :mod:`lamella.cuda` does after CUDA devices, so that one program serves both."""

from __future__ import annotations

from typing import Any


def is_available() -> bool:
    """Say whether tensors can be put on the CPU: they can."""
    return True


def device_count() -> int:
    """Count the CPUs that tensors can be put on: all cores together are one."""
    return 1


def current_device() -> str:
    """Name the current device."""
    return "cpu"


def synchronize(device: Any = None) -> None:
    """Wait for what was begun on the device: nothing, as every op has ended when it returns."""


__all__ = ["current_device", "device_count", "is_available", "synchronize"]
