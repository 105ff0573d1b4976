"""``save``, ``load``, ``inspect`` and ``convert``: the one door to every format of checkpoints."""

from __future__ import annotations

import os
from functools import partial
from typing import Any, BinaryIO

from lamella.core.checkpoints import formats
from lamella.core.checkpoints.flat import flattened
from lamella.core.checkpoints.replacing import replace_file
from lamella.core.checkpoints.source import MapLocation, Path, Source, source_of
from lamella.core.checkpoints.summaries import Summary
from lamella.core.checkpoints.tree import type_name
from lamella.core.errors import ArgumentError, ArgumentTypeError


def save(obj: object, f: Path | BinaryIO, *, format: str | None = None) -> None:
    """Save tensors, and containers of them, to a file.

    Args:
        obj: A tensor, None, bool, int, float, complex, str, bytes, dtype, device, Size, or a list, tuple,
            dict, OrderedDict or Counter of such. Types are kept exactly, so subclasses of these (but for Tensor's) are
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
    with source_of(f, "load", map_location, bool(mmap)) as source:
        return _format_of(source).read(source)


def inspect(f: Path | BinaryIO) -> Summary:
    """Say what is in a checkpoint of any format: names, shapes, dtypes, sizes. No tensor is read.

    Args:
        f: A path, or a binary file open for reading that can seek.

    Returns:
        Its summary.

    Raises:
        CheckpointError: The file is no checkpoint, or is damaged where it says what it holds.

    Example:
        >>> import io, lamella
        >>> file = io.BytesIO()
        >>> save({"model": {"weight": lamella.ones(2, 3)}, "epoch": 7}, file)
        >>> _ = file.seek(0)
        >>> summary = inspect(file)
        >>> summary.tensors
        (TensorSummary(dtype='float32', shape=(2, 3), size=24, name='model.weight'),)
        >>> summary.values
        (('epoch', 7),)
    """
    with source_of(f, "inspect") as source:
        return _format_of(source).summary(source)


def convert(source: Path, target: Path, *, overwrite: bool = False) -> None:
    """Write a checkpoint in another format.

    Args:
        source: A file of any format.
        target: The file to write; its suffix says in which format. One that holds a flat dict of tensors (safetensors,
            NumPy) gets what is in nested containers under names with dots (``model.fc.weight``); metadata
            goes from safetensors to safetensors.
        overwrite: Whether to replace a file that is there.

    Raises:
        CheckpointError: The file cannot be read, or the other format would lose something; the message names it.
        ArgumentError: The suffix is that of no format.
        FileExistsError: There is a file already.
    """
    path = os.fsdecode(target)
    chosen = formats.by_suffix(path)
    if not path.lower().endswith(chosen.suffixes):
        suffixes = ", ".join(suffix for format in formats.FORMATS.values() for suffix in format.suffixes)
        raise ArgumentError(f"convert: {path}: no format has this suffix. Choose one of {suffixes}.")
    if os.path.exists(path) and not overwrite:
        raise FileExistsError(f"convert: {path} exists. Pass overwrite=True, or --overwrite, to replace it.")
    with source_of(source, "convert") as opened:
        given = _format_of(opened)
        obj = given.read(opened)
        if chosen.flat:
            obj = flattened(obj, f"a {chosen.suffixes[0]} file")
        metadata = {}
        if given.has_metadata and chosen.has_metadata:
            metadata = {"metadata": given.summary(opened).metadata}
        replace_file(path, partial(chosen.write, obj, **metadata))


def _format_of(source: Source) -> formats.Format:
    return formats.detect(bytes(source.read_at(0, min(source.size, formats.BEGINNING))))
