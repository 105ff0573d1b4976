"""Asks after devices other than the CPU, so that programs that use one only where there is one run everywhere.

Such a device is there if a plugin offers its backend and the backend can be used.
"""

from __future__ import annotations

from typing import Any

from lamella.core import plugins
from lamella.core.backends import Backend
from lamella.core.devices import device
from lamella.core.errors import DeviceError
from lamella.core.placement import backend_for


class Accelerator:
    """The functions of PyTorch's module for a type of device, such as ``torch.cuda``.

    Args:
        device_type: Such as ``"cuda"``.
    """

    def __init__(self, device_type: str) -> None:
        self.device_type = device_type

    def is_available(self) -> bool:
        """Say whether tensors can be put on such a device.

        Returns:
            True if a plugin offers its backend and it can be used here; False otherwise, not an error.
        """
        return self.device_type in plugins.backends and plugins.backends.load(self.device_type).unavailable() is None

    def device_count(self) -> int:
        """Count the devices that are used: one where there are any, as a backend does not say how many it has."""
        return int(self.is_available())

    def current_device(self) -> int:
        """The index of the device in use, which is the only one.

        Raises:
            RuntimeError: There is none.
        """
        self._backend()
        return 0

    def set_device(self, device: Any) -> None:
        """Choose the device that is in use, which can only be the one there is.

        Args:
            device: Its index, a device or its name. A negative index changes nothing.

        Raises:
            RuntimeError: There is none, or it is another one.
        """
        index = device if isinstance(device, int) else _device(device).index or 0
        if index < 0:
            return
        self._backend()
        if index > 0:
            raise DeviceError(f"set_device: there is one {self.device_type!r} device, number 0, not {index}")

    def get_device_name(self, device: Any = None) -> str:
        """The name of the backend that computes on the device.

        Args:
            device: Which one: there is only one.

        Raises:
            RuntimeError: There is none.
        """
        return self._backend().name

    def synchronize(self, device: Any = None) -> None:
        """Wait for what was begun on the device.

        Args:
            device: Which one: there is only one.

        Raises:
            RuntimeError: There is none.
        """
        self._backend().synchronize()

    def manual_seed(self, seed: int) -> None:
        """Nothing: one generator draws the numbers for all devices, and :func:`lamella.manual_seed` seeds it."""

    def empty_cache(self) -> None:
        """Nothing: what memory a backend keeps for later is its own affair."""

    def _backend(self) -> Backend:
        return backend_for(_device(self.device_type))


_device = device  # `device` is an argument's name above


def current_accelerator(check_available: bool = False) -> device | None:
    """The device, other than the CPU, that a plugin has a backend for; the first by name if there are several.

    Args:
        check_available: Whether only one that can be used here counts.
    """
    for name in sorted(plugins.backends):
        if not check_available or Accelerator(name).is_available():
            return device(name)
    return None


def is_available() -> bool:
    """Say whether tensors can be put on a device other than the CPU."""
    return current_accelerator(check_available=True) is not None


def device_count() -> int:
    """Count the devices other than the CPU that are used: one where there are any."""
    return int(is_available())


def current_device_index() -> int:
    """The index of the device in use, other than the CPU.

    Raises:
        RuntimeError: There is none.
    """
    return _current().current_device()


def set_device_index(device: Any) -> None:
    """Choose the device that is in use, other than the CPU, which can only be the one there is.

    Args:
        device: Its index, a device or its name.

    Raises:
        RuntimeError: There is none, or it is another one.
    """
    _current().set_device(device)


def synchronize(device: Any = None) -> None:
    """Wait for what was begun on the device other than the CPU.

    Args:
        device: Which one: there is only one.

    Raises:
        RuntimeError: There is none.
    """
    _current().synchronize(device)


def _current() -> Accelerator:
    found = current_accelerator(check_available=True)
    if found is None:
        raise DeviceError(
            "Cannot access accelerator device when none is available. Ask lamella.accelerator.is_available() first."
        )
    return Accelerator(found.type)


__all__ = [
    "current_accelerator",
    "current_device_index",
    "device_count",
    "is_available",
    "set_device_index",
    "synchronize",
]
