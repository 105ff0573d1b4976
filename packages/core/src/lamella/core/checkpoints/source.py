"""What a format reads from: a piece of an open file, and where its tensors go."""

from __future__ import annotations

import io
import mmap
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from lamella.core.checkpoints.tree import type_name
from lamella.core.devices import device
from lamella.core.errors import ArgumentTypeError, CheckpointError, DeviceError, LamellaError
from lamella.core.placement import backend_for
from lamella.core.tensor import Tensor

Path = str | bytes | os.PathLike[Any]
MapLocation = str | device | Mapping[str, str] | None


@dataclass(frozen=True)
class Source:
    """A checkpoint to read.

    Attributes:
        file: Open for reading, and able to seek.
        start: Where the checkpoint starts in it.
        size: Its bytes.
        mmap: Whether to map the data into memory instead of reading it. The file is a real one then, and
            ``start`` is 0.
        map_location: Where tensors go: a device, or a mapping from the devices they were saved from; None
            for where they were.
    """

    file: BinaryIO
    start: int
    size: int
    mmap: bool
    map_location: MapLocation

    def read_at(self, position: int, length: int) -> bytearray:
        """Read exactly ``length`` bytes, counted from the start of the checkpoint.

        Raises:
            CheckpointError: There are not as many.
        """
        if not 0 <= position <= position + length <= self.size:
            raise CheckpointError(
                f"the file is cut short: it has {self.size} bytes, and {position + length} are needed."
            )
        data = bytearray(length)
        self.fill(position, memoryview(data))
        return data

    def fill(self, position: int, out: memoryview[Any]) -> None:
        """Read as many bytes as ``out`` has into it, counted from the start of the checkpoint.

        Raises:
            CheckpointError: The file ends before.
        """
        self.file.seek(self.start + position)
        read_into = getattr(self.file, "readinto", None) or partial(_read_into, self.file)
        done = 0
        while done < len(out):  # a raw file may answer with less than was asked for
            count = read_into(out[done:])
            if not count:
                raise CheckpointError(f"the file is cut short: {len(out) - done} bytes are missing.")
            done += count

    def memory(self, position: int, length: int) -> NDArray[np.uint8]:
        """Memory that holds a piece of the checkpoint, which is known to have it: mapped, or read now."""
        if self.mmap:
            return self.pages[position : position + length]
        read = np.empty(length, np.uint8)
        self.fill(position, read.data)
        return read

    @cached_property
    def pages(self) -> NDArray[np.uint8]:
        """The whole file, mapped into memory. Changes stay private."""
        return np.frombuffer(mmap.mmap(self.file.fileno(), 0, access=mmap.ACCESS_COPY), np.uint8)

    def placed(self, array: Any, saved_from: str, requires_grad: bool = False) -> Tensor:
        """A tensor over a NumPy array, on the device where it belongs.

        Args:
            array: Its elements; shared where the tensor stays in host memory.
            saved_from: The name of the device that it was saved from.
            requires_grad: Whether it is a leaf that does.
        """
        if not array.flags.aligned:  # mapped, from a file that does not care
            array = array.copy()
        place = self._place(saved_from)
        if place.type != "cpu":
            try:
                array = backend_for(place).asarray(array, place)
            except DeviceError as error:
                raise DeviceError(
                    f"load: {error} The tensor was saved on {saved_from}: map_location='cpu' brings it to the CPU."
                ) from error
        made: Tensor = Tensor._wrap(array, requires_grad)
        return made

    def _place(self, saved_from: str) -> device:
        try:
            origin = device(saved_from)
        except LamellaError as error:
            raise CheckpointError(f"a tensor's device is none: {error}") from error
        wanted = self.map_location
        if isinstance(wanted, Mapping):
            wanted = wanted.get(str(origin))
        return origin if wanted is None else device(wanted)


@contextmanager
def source_of(
    f: Path | BinaryIO, caller: str, map_location: MapLocation = None, mmap: bool = False
) -> Iterator[Source]:
    """Open a checkpoint, as long as the context lasts, and name it in errors that are raised there.

    Args:
        f: A path, or a binary file open for reading that can seek; it is read from where it stands to its end.
        caller: The public function that reads, for errors.
        map_location: Where tensors go.
        mmap: Whether to map the file.

    Raises:
        CheckpointError: There is nothing in it.
        ArgumentTypeError: ``f`` is neither, or a file object that would have to be mapped; or ``map_location`` is
            something else.
    """
    if map_location is not None and not isinstance(map_location, (str, device, Mapping)):
        hint = " Functions get PyTorch's storages; for lambda storage, place: storage pass 'cpu'."
        raise ArgumentTypeError(
            f"{caller}: expected map_location as a device, its name, or a dict of such names, got "
            f"{type_name(map_location)}.{hint if callable(map_location) else ''}"
        )
    if isinstance(f, (str, bytes, os.PathLike)):
        name = os.fsdecode(f)
        opening: Any = open(f, "rb")  # noqa: SIM115  # the context below closes it
    elif hasattr(f, "read") and hasattr(f, "seek") and not isinstance(f, io.TextIOBase):
        name = str(getattr(f, "name", "the file given"))
        opening = nullcontext(f)
        if mmap:
            raise ArgumentTypeError(f"{caller}: mmap=True needs a path, got a file object. Pass the file's path.")
    else:
        raise ArgumentTypeError(f"{caller}: expected a path or a binary file that can seek, got {type_name(f)}.")
    with opening as file:
        start = file.tell()
        source = Source(file, start, file.seek(0, os.SEEK_END) - start, mmap, map_location)
        try:
            if source.size <= 0:
                raise CheckpointError("there is nothing to read. If you wrote to this file object, seek(0) first.")
            yield source
        except CheckpointError as error:
            raise CheckpointError(f"{caller}: {name}: {error}") from error


def _read_into(file: BinaryIO, out: memoryview[Any]) -> int:
    """``readinto`` of a file object that has only ``read``."""
    part = file.read(min(len(out), 1 << 24))
    out[: len(part)] = part
    return len(part)
