"""The safetensors format: a dict of tensors, and texts about them, in a file that holds nothing else.

A file is the length of a header (8 bytes), the header in JSON (dtype, shape and place of each tensor), and the
tensors' bytes, one after the other. The functions have the names that they have in the ``safetensors`` package.

Reference: https://github.com/huggingface/safetensors#format.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from lamella.core.checkpoints import json_text
from lamella.core.checkpoints.budget import Budget
from lamella.core.checkpoints.flat import flat_tensors
from lamella.core.checkpoints.replacing import replace_file
from lamella.core.checkpoints.source import MapLocation, Path, Source, source_of
from lamella.core.checkpoints.storages import check_bools, dtype_named, host_array, sharing, turned, unit_of
from lamella.core.checkpoints.summaries import Summary, TensorSummary
from lamella.core.errors import ArgumentError, CheckpointError, KeyMissing
from lamella.core.tensor import Tensor

_METADATA = "__metadata__"
# The package allows 100 MB; files that have been published need less than 1.
_MAX_HEADER = 1 << 23
#: The dtypes by the format's names for them. Files have their tensors in the opposite order.
_NAMES = {
    "BOOL": "bool",
    "U8": "uint8",
    "I8": "int8",
    "I16": "int16",
    "F16": "float16",
    "BF16": "bfloat16",
    "I32": "int32",
    "F32": "float32",
    "C64": "complex64",
    "F64": "float64",
    "I64": "int64",
}
_CODES = {name: code for code, name in _NAMES.items()}
_RANKS = {name: rank for rank, name in enumerate(reversed(_NAMES.values()))}
#: Names of all dtypes of the format, by the bits of an element.
_BY_BITS = {
    4: "F4",
    6: "F6_E2M3 F6_E3M2",
    8: "BOOL U8 I8 F8_E5M2 F8_E4M3 F8_E8M0 F8_E4M3FNUZ F8_E5M2FNUZ",
    16: "I16 U16 F16 BF16",
    32: "I32 U32 F32",
    64: "I64 U64 F64 C64",
}
_BITS = {code: bits for bits, codes in _BY_BITS.items() for code in codes.split()}


@dataclass(frozen=True)
class _Entry:
    """A tensor as the header has it: it takes the bytes from ``start`` to ``stop`` of the file."""

    code: str
    shape: tuple[int, ...]
    start: int
    stop: int


# --- writing


def save_file(tensors: Mapping[str, Tensor], filename: Path, metadata: Mapping[str, str] | None = None) -> None:
    """Save tensors by name.

    Args:
        tensors: On any device. One that is not contiguous is saved as if it were.
        filename: The file to make, or to replace in one step.
        metadata: Texts to save with them, such as ``{"format": "pt"}``, which some programs want to see.

    Raises:
        CheckpointError: Tensors share memory, or the format lacks a dtype.

    Example:
        >>> save_file({"weight": lamella.ones(2, 3)}, "model.safetensors")  # doctest: +SKIP
    """
    replace_file(os.fsdecode(filename), partial(write, tensors, metadata=metadata))


def write(obj: object, file: BinaryIO, metadata: Mapping[str, str] | None = None) -> None:
    """Write a dict of tensors, front to back."""
    tensors = flat_tensors(obj, "a safetensors file")
    header: dict[str, Any] = {}
    if metadata is not None:
        if not all(isinstance(text, str) for item in metadata.items() for text in item):
            raise CheckpointError(
                "save: metadata of a safetensors file is texts by name; convert the values with str()."
            )
        header[_METADATA] = dict(metadata)
    for name, tensor in tensors.items():
        if tensor.dtype.name not in _CODES or name == _METADATA:
            raise CheckpointError(
                f"save: {name!r}, a tensor of {tensor.dtype.name}, cannot be in a safetensors file: there is no such "
                "dtype or name. Convert or rename it, or save to a .lam file."
            )
    arrays = {name: host_array(tensor) for name, tensor in tensors.items()}
    _refuse_sharing(arrays)
    # Wide elements first, so that all are aligned, then by name: as the package does it.
    order = sorted(tensors, key=lambda name: (_RANKS[tensors[name].dtype.name], name))
    at = 0
    for name in order:
        start, at = at, at + arrays[name].nbytes
        code = _CODES[tensors[name].dtype.name]
        header[name] = {"dtype": code, "shape": arrays[name].shape, "data_offsets": (start, at)}
    file.write(_written(header))
    for name in order:
        memory = np.asarray(arrays[name], order="C").reshape(-1).view(np.uint8)
        file.write(turned(memory, unit_of(arrays[name].dtype)).data)


def _refuse_sharing(arrays: dict[str, NDArray[Any]]) -> None:
    names = list(arrays)
    for group in sharing(list(arrays.values())):
        if len(group) > 1:
            raise CheckpointError(
                f"save: {', '.join(repr(names[i]) for i in sorted(group))} share memory, which a safetensors file "
                "cannot say: they would be separate when they are loaded. Leave all but one out, or .clone() them; a "
                ".lam file keeps them shared."
            )


def _written(header: dict[str, Any]) -> bytes:
    """The header with its length, padded so that what follows is aligned."""
    try:
        text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError as error:
        raise CheckpointError(f"save: a name cannot be written in UTF-8: {error}") from error
    text += b" " * (-len(text) % 8)
    if len(text) > _MAX_HEADER:
        raise CheckpointError(f"save: the header takes {len(text)} bytes, but only {_MAX_HEADER} can be read.")
    json_text.refuse_costly(text)
    return len(text).to_bytes(8, "little") + text


# --- reading


def load_file(filename: Path, device: MapLocation = "cpu") -> dict[str, Tensor]:
    """Load the tensors of a file.

    Args:
        filename: The file.
        device: Where they are to be.

    Returns:
        The tensors by name, in the file's order.

    Raises:
        CheckpointError: The file is damaged, or has a dtype that Lamella lacks.
    """
    with source_of(filename, "load_file", device) as source:
        return read(source)


def read(source: Source) -> dict[str, Tensor]:
    """Read a dict of tensors."""
    entries, _ = _entries(source)
    # One piece of memory for all: the system gives it in large pages, in a fifth of the time.
    first = min((entry.start for entry in entries.values()), default=source.size)
    memory = source.memory(first, source.size - first)
    return {
        name: _tensor(name, entry, memory[entry.start - first : entry.stop - first], source)
        for name, entry in entries.items()
    }


def summary(source: Source) -> Summary:
    """Say what is in a file. Only its header is read."""
    entries, metadata = _entries(source)
    tensors = [
        TensorSummary(_NAMES.get(entry.code, entry.code), entry.shape, entry.stop - entry.start, name)
        for name, entry in entries.items()
    ]
    return Summary("safetensors", source.size, tuple(tensors), metadata=metadata)


class safe_open:
    """Open a file to load some of its tensors, or parts of them.

    Args:
        filename: The file.
        framework: Accepted as the package does; tensors are always Lamella's.
        device: Where they are to be.

    Raises:
        CheckpointError: The file is damaged.

    Example:
        >>> with safe_open("model.safetensors") as file:  # doctest: +SKIP
        ...     rows = file.get_slice("embedding.weight")[:100]
    """

    def __init__(self, filename: Path, framework: str = "pt", device: MapLocation = "cpu") -> None:
        if framework != "pt":
            raise ArgumentError(
                f"safe_open: expected framework='pt', got {framework!r}. Tensors are Lamella's; .numpy() gives arrays."
            )
        with ExitStack() as stack:
            self._source = stack.enter_context(source_of(filename, "safe_open", device))
            self._entries, self._metadata = _entries(self._source)
            self._closing = stack.pop_all()

    def __enter__(self) -> safe_open:
        return self

    def __exit__(self, *raised: Any) -> None:
        self._closing.close()

    def keys(self) -> list[str]:
        """The names of the tensors."""
        return list(self._entries)

    def metadata(self) -> dict[str, str]:
        """The texts that were saved with them."""
        return dict(self._metadata)

    def get_tensor(self, name: str) -> Tensor:
        """Load a tensor.

        Raises:
            KeyError: There is none of that name.
        """
        entry = self._entry(name)
        return _tensor(name, entry, self._source.memory(entry.start, entry.stop - entry.start), self._source)

    def get_slice(self, name: str) -> TensorSlice:
        """Get at a part of a tensor, which is loaded when it is indexed.

        Raises:
            KeyError: There is none of that name.
        """
        return TensorSlice(name, self._entry(name), self._source)

    def _entry(self, name: str) -> _Entry:
        if name not in self._entries:
            raise KeyMissing(f"safe_open: the file has no tensor {name!r}. It has {str(self.keys())[:200]}.")
        return self._entries[name]


class TensorSlice:
    """A tensor in a file, parts of which are loaded by indexing: what :meth:`safe_open.get_slice` gives."""

    def __init__(self, name: str, entry: _Entry, source: Source) -> None:
        self._name = name
        self._entry = entry
        self._source = source

    def get_shape(self) -> list[int]:
        """The shape of the whole."""
        return list(self._entry.shape)

    def get_dtype(self) -> str:
        """The format's name of the dtype, such as ``"F32"``."""
        return self._entry.code

    def __getitem__(self, index: Any) -> Tensor:
        whole = _array(self._name, self._entry, self._source.pages[self._entry.start : self._entry.stop])
        part = np.array(whole[index], order="C")
        if part.dtype == np.bool_:
            check_bools(part.reshape(-1).view(np.uint8))
        return self._source.placed(part, "cpu")


def _entries(source: Source) -> tuple[dict[str, _Entry], dict[str, str]]:
    """The tensors that the header lists, each checked, and the metadata."""
    length = int.from_bytes(source.read_at(0, 8), "little")
    if not 2 <= length <= min(source.size - 8, _MAX_HEADER):
        raise CheckpointError(
            f"it announces a header of {length} bytes, more than there are or than {_MAX_HEADER}: it is cut short or "
            "damaged."
        )
    header = json_text.parsed(source.read_at(8, length), "the header", Budget(8 + length))
    if not isinstance(header, dict):
        raise CheckpointError("the header is no object of JSON.")
    metadata = header.pop(_METADATA, {})
    if not isinstance(metadata, dict) or not all(isinstance(text, str) for text in metadata.values()):
        raise CheckpointError(f"{_METADATA} holds something else than texts.")
    entries = {name: _entry(name, value, 8 + length) for name, value in header.items()}
    at = 8 + length
    for entry in sorted(entries.values(), key=lambda entry: (entry.start, entry.stop)):
        if entry.start != at:
            raise CheckpointError(f"tensors overlap, or bytes that belong to none lie between them (at {at}).")
        at = entry.stop
    if at != source.size:
        raise CheckpointError(f"the tensors end at byte {at} of {source.size}: it is cut short, or something follows.")
    return entries, metadata


def _entry(name: str, value: Any, first: int) -> _Entry:
    """What the header says of a tensor, once it has proved to be possible."""
    if isinstance(value, dict) and value.keys() == {"dtype", "shape", "data_offsets"}:
        code, shape, offsets = value["dtype"], value["shape"], value["data_offsets"]
        if isinstance(code, str) and code in _BITS:
            numbers_are_sound = all(
                isinstance(numbers, list) and all(type(n) is int and 0 <= n < 2**63 for n in numbers)
                for numbers in (shape, offsets)
            )
            # NumPy multiplies all sizes but the zeros.
            if (
                numbers_are_sound
                and len(offsets) == 2
                and len(shape) <= 64
                and math.prod(size for size in shape if size) * _BITS[code] < 2**63
                and math.prod(shape) * _BITS[code] == 8 * (offsets[1] - offsets[0])
            ):
                return _Entry(code, tuple(shape), first + offsets[0], first + offsets[1])
    raise CheckpointError(f"what the header says of {name[:60]!r} is impossible: {str(value)[:200]}.")


def _tensor(name: str, entry: _Entry, memory: NDArray[np.uint8], source: Source) -> Tensor:
    if entry.code == "BOOL":
        check_bools(memory)
    return source.placed(_array(name, entry, memory), "cpu")


def _array(name: str, entry: _Entry, memory: NDArray[np.uint8]) -> NDArray[Any]:
    """The array whose elements ``memory`` holds."""
    if entry.code not in _NAMES:
        raise CheckpointError(
            f"{name!r} has dtype {entry.code}, which Lamella lacks. safe_open can load the other tensors."
        )
    kind = dtype_named(_NAMES[entry.code]).numpy
    return turned(memory, unit_of(kind)).view(kind).reshape(entry.shape)
