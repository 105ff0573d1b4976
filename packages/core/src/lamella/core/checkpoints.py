"""``save`` and ``load``: tensors and plain Python values in a file that can do nothing but hold them.

A checkpoint is an archive (see ``archive``) of ``lamella.json`` and of ``storages/0``, ``storages/1`` and so
on, which are raw little-endian memory. The JSON object holds

- ``format``, ``version``;
- ``units``: for each storage, how many bytes a number has in it;
- ``tensors``: for each, its storage, dtype, shape, strides and offset (in bytes), device, ``requires_grad``;
- ``tree``: what was saved, as ``checkpoint_tree`` writes it.

Tensors whose memory overlaps (tied weights, views of one base) are saved over one storage and share memory
again when they are loaded. A tensor that shares with no other is saved without the rest of the memory that it
is a view of. Graphs are not saved: a tensor that requires grad comes back as a leaf that does, and a
Parameter as such a plain Tensor, the way state dicts hold them.
"""

from __future__ import annotations

import json
import math
import mmap as memory_map
import os
import sys
from collections.abc import Mapping
from typing import Any, BinaryIO, NoReturn

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from lamella.core import archive, backends, dtypes
from lamella.core.checkpoint_tree import Numbered, decode, encode, type_name
from lamella.core.devices import device
from lamella.core.errors import ArgumentTypeError, CheckpointError, LamellaError
from lamella.core.placement import backend_for
from lamella.core.tensor import Tensor

FORMAT = "lamella-checkpoint"
VERSION = 1
TREE = "lamella.json"
_UNITS = (1, 2, 4, 8)
_TENSOR_KEYS = {"storage", "dtype", "shape", "strides", "offset", "device", "requires_grad"}

Path = str | bytes | os.PathLike[Any]
MapLocation = str | device | Mapping[str, str] | None


def save(obj: object, f: Path | BinaryIO) -> None:
    """Save tensors, and containers of them, to a file.

    Args:
        obj: A tensor, None, bool, int, float, complex, str, bytes, dtype, device, Size, or a list, tuple,
            dict or OrderedDict of such. Types are kept exactly, so subclasses of these (but for Tensor's) are
            refused.
        f: A path, which is replaced in one step once all is written, or a binary file open for writing.

    Raises:
        CheckpointError: Something in `obj` cannot be saved; the message says where it is.

    Example:
        >>> save({"step": 3, "history": [0.5, float("inf")]}, "checkpoint.lam")  # doctest: +SKIP
    """
    tensors: Numbered = {}
    tree = encode(obj, tensors, "obj", 0)
    entries, units, storages = _lay_out([tensor for _, tensor in tensors.values()])
    header = {"format": FORMAT, "version": VERSION, "units": units, "tensors": entries, "tree": tree}
    text = json.dumps(header, allow_nan=False, ensure_ascii=True, separators=(",", ":")).encode("ascii")
    contents = [(TREE, memoryview(text)), *((f"storages/{i}", data) for i, data in enumerate(storages))]
    if isinstance(f, (str, bytes, os.PathLike)):
        _write_path(os.path.realpath(os.fsdecode(f)), contents)
    elif hasattr(f, "write"):
        archive.write(f, contents)
    else:
        raise ArgumentTypeError(f"save: expected a path or a binary file to write to, got {type_name(f)}.")


def load(
    f: Path | BinaryIO,
    map_location: MapLocation = None,
    *,
    weights_only: bool = True,
    mmap: bool | None = None,
) -> Any:
    """Load what `save` saved. Nothing in the file is executed, whatever it holds.

    Args:
        f: A path, or a binary file open for reading that can seek; it is read from where it stands to its
            end.
        map_location: Where tensors go: a device, or a mapping from the devices they were saved from. By
            default they go where they were.
        weights_only: Accepted as PyTorch does. There is nothing else in these files, so it changes nothing.
        mmap: Map the file into memory instead of reading it: pages are read when they are first used, and
            changes stay private. Checksums of tensor data are not checked then, and the file must stay as it
            is as long as the tensors live. `f` has to be a path.

    Returns:
        The object. Tensors own writable memory; tensors on the CPU that shared memory share it again.

    Raises:
        CheckpointError: The file is no checkpoint, is damaged, or says what no checkpoint says.
        DeviceError: A tensor's device is not available here.
    """
    if isinstance(f, (str, bytes, os.PathLike)):
        with open(f, "rb") as file:
            return _load(file, os.fsdecode(f), map_location, bool(mmap))
    if not (hasattr(f, "read") and hasattr(f, "seek")):
        raise ArgumentTypeError(f"load: expected a path or a binary file that can seek, got {type_name(f)}.")
    if mmap:
        raise ArgumentTypeError("load: mmap=True needs a path, got a file object. Pass the file's path.")
    return _load(f, str(getattr(f, "name", "the file given")), map_location, False)


# --- saving


def _host_array(tensor: Tensor) -> NDArray[Any]:
    """The tensor's elements in host memory, with strides that the format allows."""
    array: NDArray[Any] = backends.of_array_type(type(tensor.array)).to_numpy(tensor.array)
    unit = _unit(array.dtype)
    if any(stride < 0 or stride % unit for stride in array.strides):
        array = np.array(array, order="C")
    return array


def _unit(kind: np.dtype[Any]) -> int:
    """Bytes of what has a byte order of its own: an element, or either part of a complex one."""
    return kind.itemsize // 2 if kind.kind == "c" else kind.itemsize


def _lay_out(tensors: list[Tensor]) -> tuple[list[dict[str, Any]], list[int], list[memoryview[Any]]]:
    """Say what to store: an entry for each tensor; unit and memory of each storage."""
    arrays = [_host_array(tensor) for tensor in tensors]
    entries: list[dict[str, Any]] = [{} for _ in tensors]
    units = []
    storages: list[memoryview[Any]] = []
    for group in _sharing(arrays):
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
        units.append(_unit(lowest.dtype))
        storages.append(_turned(memory, units[-1]).data)
    return entries, units, storages


def _sharing(arrays: list[NDArray[Any]]) -> list[list[int]]:
    """Group the arrays that share a storage: they overlap in memory and hold the same kind of unit.

    Returns:
        Groups of indices into `arrays`, each beginning with the one that is lowest in memory.
    """

    def kind(i: int) -> tuple[int, bool]:
        # A bool's bytes are 0 and 1 only, which is checked for a storage as a whole.
        return _unit(arrays[i].dtype), arrays[i].dtype == np.bool_

    bounds = [np.lib.array_utils.byte_bounds(array) for array in arrays]
    groups: list[list[int]] = []
    reach = 0
    for i in sorted(range(len(arrays)), key=lambda i: (kind(i), *bounds[i])):
        start, stop = bounds[i]
        if groups and arrays[i].size and kind(i) == kind(groups[-1][0]) and start < reach:
            groups[-1].append(i)
            reach = max(reach, stop)
        else:
            groups.append([i])
            reach = stop if arrays[i].size else start
    # By the order of the tensors, not of their addresses: equal contents make equal files.
    return sorted(groups, key=min)


def _turned(memory: NDArray[np.uint8], unit: int, byteorder: str = sys.byteorder) -> NDArray[np.uint8]:
    """Native memory as little-endian, or the other way round; both are the same bytes on most machines."""
    if byteorder == "little":
        return memory
    turned: NDArray[np.uint8] = memory.view(f"u{unit}").byteswap().view(np.uint8)
    return turned


def _write_path(path: str, contents: list[tuple[str, memoryview[Any]]]) -> None:
    """Write beside `path`, then take its place: whoever opens it sees the old file or the new one, whole."""
    if os.path.exists(path) and not os.path.isfile(path):
        # A pipe or a device has no place to take, and a folder raises here.
        with open(path, "wb") as file:
            archive.write(file, contents)
        return
    temporary = f"{path}.{os.urandom(6).hex()}.tmp"
    try:
        with open(temporary, "xb") as file:
            archive.write(file, contents)
            file.flush()
            os.fsync(file.fileno())
        if os.path.exists(path):
            os.chmod(temporary, os.stat(path).st_mode & 0o7777)
        os.replace(temporary, path)
    except BaseException:  # also when interrupted: nothing half written is left
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise
    if os.name == "posix":  # the new name reaches the disk with the folder
        folder = os.open(os.path.dirname(path), os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


# --- loading


def _load(file: BinaryIO, name: str, map_location: MapLocation, mmap: bool) -> Any:
    start = file.tell()
    size = file.seek(0, os.SEEK_END) - start
    try:
        _check_kind(file, start, size)
        members = archive.members_of(file, start, size)
        header = _read_header(file, start, members)
        storages = _mapped(file, start, members) if mmap else _read(file, start, members)
        storages = [_turned(memory, unit) for memory, unit in zip(storages, header["units"], strict=True)]
        tensors = [_tensor(entry, header["units"], storages, map_location) for entry in header["tensors"]]
        for number in {entry["storage"] for entry in header["tensors"] if entry["dtype"] == "bool"}:
            # NumPy takes a bool's byte for 0 or 1 without looking, and computes nonsense from others.
            if storages[number].max(initial=0) > 1:
                raise CheckpointError("a bool tensor has bytes other than 0 and 1.")
        return decode(header["tree"], tensors, 0)
    except CheckpointError as error:
        raise CheckpointError(f"load: {name}: {error}") from error


def _check_kind(file: BinaryIO, start: int, size: int) -> None:
    if size <= 0:
        raise CheckpointError("there is nothing to read. If you wrote to this file object, seek(0) first.")
    file.seek(start)
    beginning = file.read(256)
    is_zip = beginning.startswith(archive.LOCAL_SIGNATURE)
    if beginning.startswith(b"\x80") or (is_zip and b"data.pkl" in beginning):
        raise CheckpointError(
            "this is a file of PyTorch's, which cannot be loaded yet. Convert it where PyTorch is installed: "
            "numpy.savez('weights.npz', **{k: v.numpy() for k, v in torch.load(path).items()}), and load "
            "that here: {k: lamella.from_numpy(v) for k, v in numpy.load('weights.npz').items()}."
        )
    if not is_zip:
        raise CheckpointError("this is not a checkpoint: it does not begin as one.")


def _read_header(file: BinaryIO, start: int, members: list[archive.Member]) -> dict[str, Any]:
    names = [member.name for member in members]
    if names != [TREE, *(f"storages/{i}" for i in range(len(names) - 1))]:
        raise CheckpointError(f"expected members {TREE}, storages/0, storages/1 and so on, found {names[:3]}.")
    text = bytearray(members[0].size)
    archive.read_into(file, start, members[0], memoryview(text))
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


def _read(file: BinaryIO, start: int, members: list[archive.Member]) -> list[NDArray[np.uint8]]:
    storages: list[NDArray[np.uint8]] = []
    for member in members[1:]:
        storages.append(np.empty(member.size, np.uint8))
        archive.read_into(file, start, member, storages[-1].data)
    return storages


def _mapped(file: BinaryIO, start: int, members: list[archive.Member]) -> list[NDArray[np.uint8]]:
    pages = memory_map.mmap(file.fileno(), 0, access=memory_map.ACCESS_COPY)
    return [np.frombuffer(pages, np.uint8, member.size, start + member.data_position) for member in members[1:]]


def _tensor(entry: Any, units: list[int], storages: list[NDArray[np.uint8]], map_location: MapLocation) -> Tensor:
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
    unit = _unit(element)
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
    place = _place(entry["device"], map_location)
    if place.type != "cpu":
        array = backend_for(place).asarray(array, place)
    made: Tensor = Tensor._wrap(array, entry["requires_grad"])
    return made


def _place(saved: Any, map_location: MapLocation) -> device:
    """Where a tensor that was saved from the device called `saved` goes."""
    try:
        origin = device(saved)
    except LamellaError as error:
        raise CheckpointError(f"a tensor's device is none: {error}") from error
    if map_location is None:
        return origin
    if isinstance(map_location, Mapping):
        return device(map_location.get(str(origin), origin))
    if isinstance(map_location, (str, device)):
        return device(map_location)
    raise ArgumentTypeError(
        f"load: expected map_location as a device, its name, or a dict of such names, got {type_name(map_location)}."
    )
