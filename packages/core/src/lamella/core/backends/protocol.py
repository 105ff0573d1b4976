"""What a backend is: a device type, an array library, and a few promises."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from lamella.core.devices import device


class Backend(Protocol):
    """Arrays of one library on one type of device.

    Ops are written against :attr:`xp`; nothing outside the backend's own package asks which backend it is.
    """

    #: Its name in messages, such as ``"numpy"``.
    name: str
    #: The device type it owns, such as ``"cpu"``.
    device_type: str
    #: The class of its arrays; finds the backend of an array.
    array_type: type
    #: Namespace of functions named as in the array API standard.
    xp: Any
    #: Ops for which the library has a better way than the op's own forward: op name to ``kernel(*inputs,
    #: *attributes)``.
    kernels: Mapping[str, Callable[..., Any]]

    def unavailable(self) -> str | None:
        """Why the backend cannot be used here, or None if it can."""

    def device_of(self, array: Any) -> device:
        """The device that holds ``array``."""

    def asarray(self, values: Any, device: device) -> Any:
        """``values`` (a NumPy array) as an array on ``device``; may share memory where the device is the host."""

    def to_numpy(self, array: Any) -> Any:
        """``array`` as a NumPy array; may share memory."""

    def offset(self, view: Any, base: Any) -> int:
        """How many elements of ``view`` its first one lies after the first of ``base``."""

    def synchronize(self) -> None:
        """Wait until everything computed so far is there."""
