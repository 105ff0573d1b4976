"""``save`` and ``load``: the one door to every format of checkpoints."""

from __future__ import annotations

import os
from functools import partial
from typing import Any, BinaryIO

from lamella.core.checkpoints import formats
from lamella.core.checkpoints.replacing import replace_file
from lamella.core.checkpoints.source import MapLocation, Source
from lamella.core.checkpoints.tree import type_name
from lamella.core.errors import ArgumentTypeError, CheckpointError

Path = str | bytes | os.PathLike[Any]


def save(obj: object, f: Path | BinaryIO, *, format: str | None = None) -> None:
    """Save tensors, and containers of them, to a file.

    Args:
        obj: A tensor, None, bool, int, float, complex, str, bytes, dtype, device, Size, or a list, tuple,
            dict or OrderedDict of such. Types are kept exactly, so subclasses of these (but for Tensor's) are
            refused.
        f: A path, which is replaced in one step once all is written, or a binary file open for writing.
        format: The name of a format (see ``formats``). By default the suffix of the path decides; without a
            path, or with another suffix, it is Lamella's own.

    Raises:
        CheckpointError: Something in `obj` cannot be saved; the message says where it is.

    Example:
        >>> save({"step": 3, "history": [0.5, float("inf")]}, "checkpoint.lam")  # doctest: +SKIP
    """
    if isinstance(f, (str, bytes, os.PathLike)):
        path = os.fsdecode(f)
        chosen = formats.by_suffix(path) if format is None else formats.by_name(format)
        replace_file(path, partial(chosen.write, obj))
    elif hasattr(f, "write"):
        formats.by_name(format or "lamella").write(obj, f)
    else:
        raise ArgumentTypeError(f"save: expected a path or a binary file to write to, got {type_name(f)}.")


def load(
    f: Path | BinaryIO,
    map_location: MapLocation = None,
    *,
    weights_only: bool = True,
    mmap: bool | None = None,
) -> Any:
    """Load a checkpoint of any format. Nothing in the file is executed, whatever it holds.

    Args:
        f: A path, or a binary file open for reading that can seek; it is read from where it stands to its
            end.
        map_location: Where tensors go: a device, or a mapping from the devices they were saved from. By
            default they go where they were.
        weights_only: Accepted as PyTorch does. Nothing else can be loaded, so it changes nothing.
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


def _load(file: BinaryIO, name: str, map_location: MapLocation, mmap: bool) -> Any:
    start = file.tell()
    source = Source(file, start, file.seek(0, os.SEEK_END) - start, mmap, map_location)
    try:
        if source.size <= 0:
            raise CheckpointError("there is nothing to read. If you wrote to this file object, seek(0) first.")
        beginning = bytes(source.read_at(0, min(source.size, formats.BEGINNING)))
        return formats.detect(beginning).read(source)
    except CheckpointError as error:
        raise CheckpointError(f"load: {name}: {error}") from error
