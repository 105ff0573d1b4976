"""What a format reads from: a piece of an open file, and where its tensors go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from lamella.core.checkpoints.tree import type_name
from lamella.core.devices import device
from lamella.core.errors import ArgumentTypeError, CheckpointError, LamellaError
from lamella.core.placement import backend_for
from lamella.core.tensor import Tensor

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
        self.file.seek(self.start + position)
        fill(self.file, memoryview(data))
        return data

    def placed(self, array: Any, saved_from: str, requires_grad: bool = False) -> Tensor:
        """A tensor over a NumPy array, on the device where it belongs.

        Args:
            array: Its elements; shared where the tensor stays in host memory.
            saved_from: The name of the device that it was saved from.
            requires_grad: Whether it is a leaf that does.
        """
        place = self._place(saved_from)
        if place.type != "cpu":
            array = backend_for(place).asarray(array, place)
        made: Tensor = Tensor._wrap(array, requires_grad)
        return made

    def _place(self, saved_from: str) -> device:
        try:
            origin = device(saved_from)
        except LamellaError as error:
            raise CheckpointError(f"a tensor's device is none: {error}") from error
        wanted = self.map_location
        if wanted is None:
            return origin
        if isinstance(wanted, Mapping):
            return device(wanted.get(str(origin), origin))
        if isinstance(wanted, (str, device)):
            return device(wanted)
        raise ArgumentTypeError(
            f"load: expected map_location as a device, its name, or a dict of such names, got {type_name(wanted)}."
        )


def fill(file: BinaryIO, out: memoryview[Any]) -> None:
    """Read until ``out`` is full: a raw file may answer with less than was asked for.

    Raises:
        CheckpointError: The file ends before.
    """
    done = 0
    while done < len(out):
        part = file.read(min(len(out) - done, 1 << 24))
        if not part:
            raise CheckpointError(f"the file is cut short: {len(out) - done} bytes are missing.")
        out[done : done + len(part)] = part
        done += len(part)
