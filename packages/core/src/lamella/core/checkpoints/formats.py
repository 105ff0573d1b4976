"""The file formats of checkpoints: how each is told from the others, and which module reads and writes it.

A format's module has ``write(obj, file)``, ``read(source)`` and ``summary(source)``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from lamella.core.checkpoints.source import Source
from lamella.core.checkpoints.summaries import Summary
from lamella.core.errors import ArgumentError, CheckpointError

_ZIP = b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"
_NPY = b"\x93NUMPY"
_PICKLE = b"\x80"
_TAR = b"ustar"
BEGINNING = 30 + 65535  # a zip's first header with the longest name
"""How many bytes of a file :func:`detect` wants to see."""


@dataclass(frozen=True)
class Format:
    """One format.

    Attributes:
        name: What ``save(format=…)`` calls it.
        suffixes: The ends of file names for which ``save`` chooses it.
        module: Where its functions are; imported on first use.
        flat: Whether it holds one dict of tensors, and nothing else.
        has_metadata: Whether it has texts about the file beside them, which `write` takes as ``metadata``.
    """

    name: str
    suffixes: tuple[str, ...]
    module: str
    flat: bool = False
    has_metadata: bool = False

    @property
    def write(self) -> Callable[..., None]:
        """Writes an object to a file, front to back."""
        return self._function("write")

    @property
    def read(self) -> Callable[[Source], Any]:
        """Reads the object of a file."""
        return self._function("read")

    @property
    def summary(self) -> Callable[[Source], Summary]:
        """Says what is in a file without loading it."""
        return self._function("summary")

    def _function(self, name: str) -> Any:
        return getattr(import_module(self.module), name)


FORMATS = {
    format.name: format
    for format in (
        Format("lamella", (".lam",), "lamella.core.checkpoints.native"),
        Format("torch", (".pt", ".pth"), "lamella.core.checkpoints.torch_files"),
        Format("safetensors", (".safetensors",), "lamella.core.checkpoints.safetensors", flat=True, has_metadata=True),
        Format("npz", (".npz",), "lamella.core.checkpoints.npz", flat=True),
        Format("npy", (".npy",), "lamella.core.checkpoints.npy"),
    )
}


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
    # The length of a header, and the header's brace. Some lengths look like the start of a pickle.
    if beginning[5:9] == b"\0\0\0{":
        return FORMATS["safetensors"]
    is_zip = beginning.startswith(_ZIP)
    first_member = beginning[30 : 30 + int.from_bytes(beginning[26:28], "little")] if is_zip else b""
    if first_member.endswith(b".npy") or beginning.startswith(_EMPTY_ZIP):
        return FORMATS["npz"]
    # PyTorch puts everything into a folder.
    if beginning.startswith(_PICKLE) or b"/" in first_member or beginning[257:262] == _TAR:
        return FORMATS["torch"]
    if is_zip:
        return FORMATS["lamella"]
    if beginning.startswith(_NPY):
        return FORMATS["npy"]
    raise CheckpointError("this is not a checkpoint: it does not begin as one.")
