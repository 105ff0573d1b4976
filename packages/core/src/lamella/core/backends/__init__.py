"""Backends: a device type and its array library. NumPy is built in; others come from plugins."""

from __future__ import annotations

from typing import Any

from lamella.core.backends.numpy_backend import NumpyBackend
from lamella.core.backends.protocol import Backend
from lamella.core.errors import DeviceError

_by_array_type: dict[type, Backend] = {}
_by_device_type: dict[str, Backend] = {}


def add(backend: Backend) -> None:
    """Make ``backend`` answer for its device type and its arrays.

    Raises:
        RuntimeError: Another backend already does.
    """
    known = _by_device_type.get(backend.device_type)
    if known is not None and known is not backend:
        raise DeviceError(
            f"device type {backend.device_type!r} already belongs to backend {known.name!r}; "
            f"backend {backend.name!r} can't have it too. Uninstall one of them."
        )
    _by_device_type[backend.device_type] = backend
    _by_array_type[backend.array_type] = backend


def of_array_type(array_type: type) -> Backend:
    """The backend whose arrays are of this class.

    Raises:
        TypeError: No backend's arrays are.
    """
    found = _by_array_type.get(array_type)
    if found is None:
        raise TypeError(f"expected a Tensor, got {getattr(array_type, 'what', array_type.__name__)}")
    return found


def of_device_type(device_type: str) -> Backend | None:
    """The backend of a device type, or None if no loaded backend has it."""
    return _by_device_type.get(device_type)


def device_of(array: Any) -> Any:
    """The device that holds ``array``."""
    return of_array_type(type(array)).device_of(array)


add(NumpyBackend())

__all__ = ["Backend", "NumpyBackend", "add", "device_of", "of_array_type", "of_device_type"]
