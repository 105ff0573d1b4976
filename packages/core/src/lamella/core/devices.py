"""Devices: where a tensor lives."""

from __future__ import annotations

import re
from contextvars import ContextVar
from typing import Any

from lamella.core.errors import ArgumentTypeError, DeviceError

_INDEX = re.compile("[0-9]{1,9}")  # no more digits: Python takes long over thousands of them


class device:
    """A device type and, where there are several of one type, an index: ``device("cpu")``, ``device("cuda:1")``.

    Raises:
        RuntimeError: The string is not of the form ``type`` or ``type:index``.
    """

    __slots__ = ("index", "type")

    index: int | None
    type: str

    def __init__(self, type: str | device, index: int | None = None) -> None:
        if isinstance(type, device):
            given: device = type
            type, index = given.type, given.index
        if not isinstance(type, str):
            raise ArgumentTypeError(f"device: expected a string such as 'cpu' or 'cuda:0', got {type!r}")
        name, colon, number = type.partition(":")
        if not name.isidentifier() or (colon and (index is not None or not _INDEX.fullmatch(number))):
            raise DeviceError(f"device: expected 'type' or 'type:index', such as 'cpu' or 'cuda:0', got {type!r}")
        if index is not None and index < 0:
            raise DeviceError(f"device: index must not be negative, got {index}")
        self.type = name
        self.index = int(number) if colon else index

    def __repr__(self) -> str:
        index = "" if self.index is None else f", index={self.index}"
        return f"device(type={self.type!r}{index})"

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, device) and (self.type, self.index) == (other.type, other.index)

    def __hash__(self) -> int:
        return hash((self.type, self.index))

    def __enter__(self) -> device:
        """Make this the default device of the ``with`` block."""
        _inner.set((*_inner.get(), self))
        return self

    def __exit__(self, *exception: object) -> None:
        _inner.set(_inner.get()[:-1])

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return (device, (str(self),))


CPU = device("cpu")

_default: ContextVar[device] = ContextVar("lamella_default_device", default=CPU)
#: The devices of the ``with`` blocks around, from the outermost in.
_inner: ContextVar[tuple[device, ...]] = ContextVar("lamella_default_devices", default=())


def default_device() -> device:
    """The device of new tensors: the CPU, unless it was changed or this is in a ``with device:`` block."""
    inner = _inner.get()
    return inner[-1] if inner else _default.get()


def set_default(place: device) -> None:
    """Make ``place`` the device of new tensors, in this thread or task."""
    _default.set(place)
