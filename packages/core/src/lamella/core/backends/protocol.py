"""What a backend is: a device type, an array library, and a few promises."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from typing import Any, Protocol

from lamella.core.devices import device


class Backend(Protocol):
    """Arrays of one library on one type of device.

    Ops are written against :attr:`xp`; nothing outside the backend's own package asks which backend it is.
    """

    # Read-only here, so that a backend may have plain attributes, of narrower types.

    @property
    def name(self) -> str:
        """Its name in messages, such as ``"numpy"``."""

    @property
    def device_type(self) -> str:
        """The device type it owns, such as ``"cpu"``."""

    @property
    def array_type(self) -> type:
        """The class of its arrays; finds the backend of an array."""

    @property
    def xp(self) -> Any:
        """Namespace of functions named as in the array API standard."""

    @property
    def kernels(self) -> Mapping[str, Callable[..., Any]]:
        """Ops for which the library has a better way than the op's own forward.

        Op name to ``kernel(*inputs, *attributes)``.
        """

    @property
    def native(self) -> Container[str] | None:
        """Ops whose own forwards run on :attr:`xp`; None for all.

        The others are computed on the host, so a new backend starts with an empty set, on which everything works, and
        grows it where that pays.
        """

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

    def may_share_memory(self, a: Any, b: Any) -> bool:
        """Whether a change of one of two arrays may change the other; True where it takes long to find out."""

    def synchronize(self) -> None:
        """Wait until everything computed so far is there."""
