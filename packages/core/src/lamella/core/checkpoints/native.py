"""The format of ``save``: tensors and plain Python values in a file that can do nothing but hold them.

A checkpoint is an archive (see ``archive``) of ``lamella.json`` and of ``storages/0``, ``storages/1`` and so
on, which are raw little-endian memory. The JSON object holds

- ``format``, ``version``;
- ``units``: for each storage, how many bytes a number has in it;
- ``tensors``: for each, its storage, dtype, shape, strides and offset (in bytes), device, ``requires_grad``;
- ``tree``: what was saved, as ``tree`` writes it.

Tensors whose memory overlaps (tied weights, views of one base) are saved over one storage and share memory
again when they are loaded. A tensor that shares with no other is saved without the rest of the memory that it
is a view of. Graphs are not saved: a tensor that requires grad comes back as a leaf that does, and a
Parameter as such a plain Tensor, the way state dicts hold them.
"""

from __future__ import annotations

import json
import math
import mmap
from typing import Any, BinaryIO, NoReturn

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from lamella.core import dtypes
from lamella.core.checkpoints import archive
from lamella.core.checkpoints.source import Source
from lamella.core.checkpoints.storages import host_array, sharing, turned, unit_of
from lamella.core.checkpoints.tree import Numbered, decode, encode
from lamella.core.errors import CheckpointError
from lamella.core.tensor import Tensor

FORMAT = "lamella-checkpoint"
VERSION = 1
TREE = "lamella.json"
_UNITS = (1, 2, 4, 8)
_TENSOR_KEYS = {"storage", "dtype", "shape", "strides", "offset", "device", "requires_grad"}


def write(obj: object, file: BinaryIO) -> None:
    """Write ``obj`` as a checkpoint, front to back, without seeking."""
    tensors: Numbered = {}
    tree = encode(obj, tensors, "obj", 0)
    entries, units, storages = _lay_out([tensor for _, tensor in tensors.values()])
    header = {"format": FORMAT, "version": VERSION, "units": units, "tensors": entries, "tree": tree}
    text = json.dumps(header, allow_nan=False, ensure_ascii=True, separators=(",", ":")).encode("ascii")
    contents = [(TREE, memoryview(text)), *((f"storages/{i}", data) for i, data in enumerate(storages))]
    archive.write(file, contents)


def read(source: Source) -> Any:
    """Read what `write` has written; anything else is refused."""
    members = archive.members_of(source)
    header = _read_header(source, members)
    storages = _mapped(source, members) if source.mmap else _read(source, members)
    storages = [turned(memory, unit) for memory, unit in zip(storages, header["units"], strict=True)]
    tensors = [_tensor(entry, header["units"], storages, source) for entry in header["tensors"]]
    for number in {entry["storage"] for entry in header["tensors"] if entry["dtype"] == "bool"}:
        # NumPy takes a bool's byte for 0 or 1 without looking, and computes nonsense from others.
        if storages[number].max(initial=0) > 1:
            raise CheckpointError("a bool tensor has bytes other than 0 and 1.")
    return decode(header["tree"], tensors, 0)


# --- writing


def _lay_out(tensors: list[Tensor]) -> tuple[list[dict[str, Any]], list[int], list[memoryview[Any]]]:
    """Say what to store: an entry for each tensor; unit and memory of each storage."""
    arrays = [host_array(tensor) for tensor in tensors]
    entries: list[dict[str, Any]] = [{} for _ in tensors]
    units = []
    storages: list[memoryview[Any]] = []
    for group in sharing(arrays):
        lowest = arrays[group[0]]
        first, stop = np.lib.array_utils.byte_bounds(lowest)
        if len(group) == 1 and (lowest.size == 0 or stop - first > lowest.nbytes):
            # Alone on memory with gaps, which are nobody's: close them.
            lowest = arrays[group[0]] = np.array(lowest, order="C")
            first, stop = np.lib.array_utils.byte_bounds(lowest)
        size = max(np.lib.array_utils.byte_bounds(arrays[i])[1] for i in group) - first if lowest.size else 0
        for i in group:
            entries[i] = {
                "storage": len(storages),
                "dtype": tensors[i].dtype.name,
                "shape": arrays[i].shape,
                "strides": arrays[i].strides,
                "offset": np.lib.array_utils.byte_bounds(arrays[i])[0] - first,
                "device": str(tensors[i].device),
                "requires_grad": tensors[i].requires_grad,
            }
        # All bytes from the first element to the end of the last: the arrays overlap, so it is one
        # allocation.
        element = as_strided(lowest, (1,), (lowest.itemsize,)).view(np.uint8)
        memory = as_strided(element, (size,), (1,), writeable=False)
        units.append(unit_of(lowest.dtype))
        storages.append(turned(memory, units[-1]).data)
    return entries, units, storages


# --- reading


def _read_header(source: Source, members: list[archive.Member]) -> dict[str, Any]:
    names = [member.name for member in members]
    if names != [TREE, *(f"storages/{i}" for i in range(len(names) - 1))]:
        raise CheckpointError(f"expected members {TREE}, storages/0, storages/1 and so on, found {names[:3]}.")
    text = bytearray(members[0].size)
    archive.read_into(source, members[0], memoryview(text))
    try:
        header = json.loads(text.decode("ascii"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{TREE} cannot be read: {error}") from error
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise CheckpointError(f"{TREE} does not describe a checkpoint.")
    if header.get("version") != VERSION:
        raise CheckpointError(
            f"it has version {header.get('version')!r} of the format, but this lamella-core reads version "
            f"{VERSION}. Install a newer one."
        )
    units = header.get("units")
    if not isinstance(header.get("tensors"), list) or not isinstance(units, list) or "tree" not in header:
        raise CheckpointError(f"{TREE} lacks a part.")
    sizes = [member.size for member in members[1:]]
    if len(units) != len(sizes) or not all(unit in _UNITS for unit in units):
        raise CheckpointError(f"expected {len(sizes)} units of 1, 2, 4 or 8 bytes, found {str(units)[:60]}.")
    if any(size % unit for size, unit in zip(sizes, units, strict=True)):
        raise CheckpointError("a storage does not hold whole units.")
    return header


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")


def _read(source: Source, members: list[archive.Member]) -> list[NDArray[np.uint8]]:
    storages: list[NDArray[np.uint8]] = []
    for member in members[1:]:
        storages.append(np.empty(member.size, np.uint8))
        archive.read_into(source, member, storages[-1].data)
    return storages


def _mapped(source: Source, members: list[archive.Member]) -> list[NDArray[np.uint8]]:
    pages = mmap.mmap(source.file.fileno(), 0, access=mmap.ACCESS_COPY)
    return [np.frombuffer(pages, np.uint8, member.size, source.start + member.data_position) for member in members[1:]]


def _tensor(entry: Any, units: list[int], storages: list[NDArray[np.uint8]], source: Source) -> Tensor:
    """Make a tensor of what the file says about it, once all of it has proved to be possible."""

    def refuse(why: str) -> NoReturn:
        raise CheckpointError(f"a tensor is impossible: {why} (it says {str(entry)[:200]}).")

    if not isinstance(entry, dict) or entry.keys() != _TENSOR_KEYS:
        refuse(f"expected exactly {', '.join(sorted(_TENSOR_KEYS))}")
    shape, strides, offset, storage_number = (entry[key] for key in ("shape", "strides", "offset", "storage"))
    for numbers in (shape, strides, [offset, storage_number]):
        if not isinstance(numbers, list) or not all(type(n) is int and 0 <= n < 2**63 for n in numbers):
            refuse("sizes, strides, offset and storage must be whole numbers from 0 to 2**63 - 1")
    if storage_number >= len(storages):
        refuse(f"there are {len(storages)} storages")
    if len(shape) != len(strides) or len(shape) > 64:
        refuse("each dimension needs one stride, and there are at most 64")
    if not isinstance(entry["dtype"], str) or entry["dtype"] not in {known.name for known in dtypes.ALL}:
        refuse("there is no such dtype")
    element = dtypes.by_name(entry["dtype"]).numpy
    unit = unit_of(element)
    storage = storages[storage_number]
    if unit != units[storage_number] or offset % unit or any(stride % unit for stride in strides):
        refuse(f"offset, strides and storage must count units of {unit} bytes")
    # NumPy multiplies all sizes but the zeros.
    if math.prod(size for size in shape if size) * element.itemsize >= 2**63:
        refuse("it has too many elements")
    last = sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True))
    needed = 0 if 0 in shape else offset + last + element.itemsize
    if max(needed, offset) > storage.size:
        refuse(f"it reaches to byte {max(needed, offset)} of a storage of {storage.size} bytes")
    if type(entry["requires_grad"]) is not bool or (entry["requires_grad"] and element not in dtypes.DIFFERENTIABLE):
        refuse("requires_grad must be a bool, and false for dtypes without gradients")
    if 0 in shape:
        array = np.empty(shape, element)
    else:
        array = np.ndarray(shape, element, storage.data, offset, strides)
    return source.placed(array, entry["device"], entry["requires_grad"])
