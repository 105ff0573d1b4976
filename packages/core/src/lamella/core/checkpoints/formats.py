"""The file formats of checkpoints: how each is told from the others, and which module reads and writes it.

A format's module has ``write(obj, file)``, ``read(source)`` and ``summary(source)``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, BinaryIO

from lamella.core.checkpoints.source import Source
from lamella.core.errors import ArgumentError, CheckpointError

_ZIP = b"PK\x03\x04"
_PICKLE = b"\x80"
BEGINNING = 256
"""How many bytes of a file :func:`detect` wants to see."""


@dataclass(frozen=True)
class Format:
    """One format.

    Attributes:
        name: What ``save(format=…)`` calls it.
        suffixes: The ends of file names for which ``save`` chooses it.
        module: Where its functions are; imported on first use.
    """

    name: str
    suffixes: tuple[str, ...]
    module: str

    @property
    def write(self) -> Callable[[object, BinaryIO], None]:
        """Writes an object to a file, front to back."""
        return self._function("write")

    @property
    def read(self) -> Callable[[Source], Any]:
        """Reads the object of a file."""
        return self._function("read")

    def _function(self, name: str) -> Any:
        return getattr(import_module(self.module), name)


FORMATS = {format.name: format for format in (Format("lamella", (".lam",), "lamella.core.checkpoints.native"),)}


def by_name(name: str) -> Format:
    """The format of a name.

    Raises:
        ArgumentError: There is none.
    """
    if name not in FORMATS:
        raise ArgumentError(f"save: there is no format {name!r}. Choose one of {', '.join(FORMATS)}.")
    return FORMATS[name]


def by_suffix(path: str) -> Format:
    """The format that a file's name asks for: ours, unless its suffix is that of another."""
    lowered = path.lower()
    for format in FORMATS.values():
        if lowered.endswith(format.suffixes):
            return format
    return FORMATS["lamella"]


def detect(beginning: bytes) -> Format:
    """The format of a file, from the bytes that it begins with; its name does not matter.

    Raises:
        CheckpointError: It is none of them.
    """
    is_zip = beginning.startswith(_ZIP)
    if beginning.startswith(_PICKLE) or (is_zip and b"data.pkl" in beginning):
        raise CheckpointError(
            "this is a file of PyTorch's, which cannot be loaded yet. Convert it where PyTorch is installed: "
            "numpy.savez('weights.npz', **{k: v.numpy() for k, v in torch.load(path).items()}), and load "
            "that here: {k: lamella.from_numpy(v) for k, v in numpy.load('weights.npz').items()}."
        )
    if is_zip:
        return FORMATS["lamella"]
    raise CheckpointError("this is not a checkpoint: it does not begin as one.")
