"""The format of ``save``: tensors and plain Python values in a file that can do nothing but hold them.

A checkpoint is an archive (see ``archive``) of ``lamella.json`` and of ``storages/0``, ``storages/1`` and so
on, which are raw little-endian memory. The JSON object holds

- ``format``, ``version``;
- ``units``: for each storage, how many bytes a number has in it;
- ``tensors``: lists of their storages, dtypes, shapes, strides and offsets (in bytes), devices, ``requires_grad``;
- ``tree``: what was saved, as ``tree`` writes it.

Tensors whose memory overlaps (tied weights, views of one base) are saved over one storage and share memory
again when they are loaded. A tensor that shares with no other is saved without the rest of the memory that it
is a view of. Graphs are not saved: a tensor that requires grad comes back as a leaf that does, and a
Parameter as such a plain Tensor, the way state dicts hold them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, NoReturn

import numpy as np
from numpy.typing import NDArray

from lamella.core.checkpoints import archive, json_text
from lamella.core.checkpoints.budget import Budget
from lamella.core.checkpoints.hashing import Keys
from lamella.core.checkpoints.source import Source
from lamella.core.checkpoints.storages import check_bools, check_within, dtype_named, lay_out, turned, unit_of
from lamella.core.checkpoints.summaries import Summary, TensorSummary, summarize
from lamella.core.checkpoints.tree import Numbered, decode, encode
from lamella.core.dtypes import dtype
from lamella.core.errors import CheckpointError
from lamella.core.tensor import Tensor

FORMAT = "lamella-checkpoint"
VERSION = 1
TREE = "lamella.json"
_UNITS = (1, 2, 4, 8)
_MEMBER = 100  # bytes that a member's description takes, beside as many as it has in the file
_TENSOR_KEYS = ("storage", "dtype", "shape", "strides", "offset", "device", "requires_grad")


def write(obj: object, file: BinaryIO) -> None:
    """Write ``obj`` as a checkpoint, front to back, without seeking."""
    tensors: Numbered = {}
    tree = encode(obj, tensors, Keys(), "obj")
    entries, units, storages = lay_out([tensor for _, tensor in tensors.values()])
    columns = {key: [entry[key] for entry in entries] for key in _TENSOR_KEYS}
    header = {"format": FORMAT, "version": VERSION, "units": units, "tensors": columns, "tree": tree}
    contents: list[tuple[str, Sequence[archive.Buffer]]] = [
        (TREE, [json_text.written(header)]),
        *((f"storages/{i}", [data]) for i, data in enumerate(storages)),
    ]
    archive.write(file, contents)


def read(source: Source) -> Any:
    """Read what `write` has written; anything else is refused."""
    header, stored = _read_header(source, Budget(source.size))
    kinds = [_checked(entry, header["units"], stored) for entry in _entries(header)]
    storages = [turned(_storage(source, member), unit) for member, unit in zip(stored, header["units"], strict=True)]
    tensors = [
        _tensor(entry, kind.numpy, storages, source) for entry, kind in zip(_entries(header), kinds, strict=True)
    ]
    for number in {entry["storage"] for entry in _entries(header) if entry["dtype"] == "bool"}:
        check_bools(storages[number])
    return decode(header["tree"], tensors, Keys())


def summary(source: Source) -> Summary:
    """Say what is in a checkpoint. The storages are not read."""
    budget = Budget(source.size)
    header, stored = _read_header(source, budget)
    tensors = []
    for entry in _entries(header):
        kind = _checked(entry, header["units"], stored)
        tensors.append(TensorSummary(kind.name, tuple(entry["shape"]), math.prod(entry["shape"]) * kind.itemsize))
    return summarize("lamella", source.size, decode(header["tree"], tensors, Keys()), budget)


# --- reading


def _read_header(source: Source, budget: Budget) -> tuple[dict[str, Any], list[archive.Member]]:
    """What the JSON says, and the members that hold the storages."""
    members = archive.members_of(source)
    # The storages become the memory of tensors, which is theirs.
    budget.spend(sum(member.size for member in members[1:]) + _MEMBER * len(members))
    names = [member.name for member in members]
    if names != [TREE, *(f"storages/{i}" for i in range(len(names) - 1))]:
        raise CheckpointError(f"expected members {TREE}, storages/0, storages/1 and so on, found {names[:3]}.")
    text = bytearray(members[0].size)
    archive.read_into(source, members[0], memoryview(text))
    header = json_text.parsed(text, TREE, budget)
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise CheckpointError(f"{TREE} does not describe a checkpoint.")
    if header.get("version") != VERSION:
        raise CheckpointError(
            f"it has version {header.get('version')!r} of the format, but this lamella-core reads version "
            f"{VERSION}. Install a newer one."
        )
    units = header.get("units")
    columns = header.get("tensors")
    if not isinstance(columns, dict) or not isinstance(units, list) or "tree" not in header:
        raise CheckpointError(f"{TREE} lacks a part.")
    are_lists = columns.keys() == set(_TENSOR_KEYS) and all(isinstance(column, list) for column in columns.values())
    if not are_lists or len({len(column) for column in columns.values()}) != 1:
        raise CheckpointError(f"expected exactly {', '.join(_TENSOR_KEYS)} of tensors, and as many of each.")
    sizes = [member.size for member in members[1:]]
    if len(units) != len(sizes) or not all(type(unit) is int and unit in _UNITS for unit in units):
        raise CheckpointError(f"expected {len(sizes)} units of 1, 2, 4 or 8 bytes, found {str(units)[:60]}.")
    if any(size % unit for size, unit in zip(sizes, units, strict=True)):
        raise CheckpointError("a storage does not hold whole units.")
    return header, members[1:]


def _entries(header: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What the header says of each tensor."""
    for values in zip(*(header["tensors"][key] for key in _TENSOR_KEYS), strict=True):
        yield dict(zip(_TENSOR_KEYS, values, strict=True))


def _storage(source: Source, member: archive.Member) -> NDArray[np.uint8]:
    if source.mmap:
        return source.memory(member.data_position, member.size)
    memory = np.empty(member.size, np.uint8)
    archive.read_into(source, member, memory.data)
    return memory


def _checked(entry: dict[str, Any], units: list[int], storages: list[archive.Member]) -> dtype:
    """The dtype of a tensor, once all that the file says about the tensor has proved to be possible."""

    def refuse(why: str) -> NoReturn:
        raise CheckpointError(f"a tensor is impossible: {why} (it says {str(entry)[:200]}).")

    shape, strides, offset, storage_number = (entry[key] for key in ("shape", "strides", "offset", "storage"))
    for numbers in (shape, strides, [offset, storage_number]):
        if not isinstance(numbers, list) or not all(type(n) is int and 0 <= n < 2**63 for n in numbers):
            refuse("sizes, strides, offset and storage must be whole numbers from 0 to 2**63 - 1")
    if storage_number >= len(storages):
        refuse(f"there are {len(storages)} storages")
    if len(shape) != len(strides) or len(shape) > 64:
        refuse("each dimension needs one stride, and there are at most 64")
    kind = dtype_named(entry["dtype"])
    unit = unit_of(kind.numpy)
    stored = storages[storage_number].size
    if unit != units[storage_number] or offset % unit or any(stride % unit for stride in strides):
        refuse(f"offset, strides and storage must count units of {unit} bytes")
    check_within(shape, strides, offset, kind.itemsize, stored)
    differentiable = kind.is_floating_point or kind.is_complex
    if type(entry["requires_grad"]) is not bool or (entry["requires_grad"] and not differentiable):
        refuse("requires_grad must be a bool, and false for dtypes without gradients")
    return kind


def _tensor(entry: dict[str, Any], element: np.dtype[Any], storages: list[NDArray[np.uint8]], source: Source) -> Tensor:
    """Make a tensor of a checked entry."""
    if 0 in entry["shape"]:
        array = np.empty(entry["shape"], element)
    else:
        memory = storages[entry["storage"]].data
        array = np.ndarray(entry["shape"], element, memory, entry["offset"], entry["strides"])
    return source.placed(array, entry["device"], entry["requires_grad"])
