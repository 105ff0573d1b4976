"""PyTorch's files before 1.6: pickles one after the other, then the storages as they lay in memory."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamella.core.checkpoints.budget import Budget
from lamella.core.checkpoints.source import Source
from lamella.core.checkpoints.torch_files.machine import Machine
from lamella.core.checkpoints.torch_files.records import Maker, StorageRecord, Summaries
from lamella.core.checkpoints.torch_files.window import Window
from lamella.core.errors import CheckpointError

_MAGIC = 0x1950A86A20F9469CFC6C
_VERSION = 1001
_NUMEL = struct.Struct("<q")


class LegacyFile:
    """Such a file: magic number, version, facts about the machine, the value, keys of the storages, storages.

    Only its pickle tells how large a storage is. So it is read twice: for where everything is, and for its
    tensors.

    Args:
        source: The file.
        budget: What reading it may cost.

    Attributes:
        byteorder: That of its numbers, which PyTorch turned round where it had to.

    Raises:
        CheckpointError: It is damaged, or a pickle of another kind.
    """

    byteorder = "little"

    def __init__(self, source: Source, budget: Budget) -> None:
        self._source = source
        self._budget = budget
        summaries = Summaries()
        # Nothing of what it makes is kept, so it pays for itself.
        machine = Machine(Window(source, 0, source.size), summaries, Budget(source.size))
        if not _is_int(machine.load(), _MAGIC):
            raise CheckpointError(
                "this is a Python pickle, but none that torch.save wrote. Load it where it was written, and save what "
                "it holds with lamella.save or torch.save."
            )
        if not _is_int(machine.load(), _VERSION):
            raise CheckpointError(f"it is of a version of PyTorch's old format that is not {_VERSION}.")
        machine.load()  # facts about the machine, which nobody needs
        self._start = machine.window.position
        machine.load()
        self._stop = machine.window.position
        storages = _by_key(summaries.storages)
        self._positions = self._find_storages(storages, machine)
        budget.spend(sum(storage.size for storage in storages.values()))

    def load(self, maker: Maker) -> Any:
        """The value of its main pickle.

        Args:
            maker: Makes what stands for tensors.
        """
        return Machine(Window(self._source, self._start, self._stop), maker, self._budget).load()

    def check(self, storage: StorageRecord) -> None:
        """All storages have been found and checked."""

    def memory(self, storage: StorageRecord) -> NDArray[np.uint8]:
        """The bytes of a storage: never mapped, because old files do not align them."""
        memory = np.empty(storage.size, np.uint8)
        self._source.fill(self._positions[storage.key], memory.data)
        return memory

    def _find_storages(self, storages: dict[str, StorageRecord], machine: Machine) -> dict[str, int]:
        """Where the data of each storage starts."""
        keys = machine.load()
        if type(keys) is not list or not all(type(key) is str for key in keys) or set(keys) != storages.keys():
            raise CheckpointError("the storages in it are not those that its tensors need.")
        window = machine.window
        at = window.position
        positions: dict[str, int] = {}
        for key in keys:
            numel = _NUMEL.unpack(self._source.read_at(at, _NUMEL.size))[0]
            positions[key] = at + _NUMEL.size
            at = positions[key] + storages[key].size
            if numel != storages[key].numel or at > self._source.size:
                raise CheckpointError(
                    f"storage {key[:60]!r} should have {storages[key].numel} elements, but the file has {numel}, or is "
                    "cut short."
                )
        if len(positions) != len(keys) or at != self._source.size:
            raise CheckpointError("something follows the storages, or one is there twice.")
        return positions


def _by_key(records: set[StorageRecord]) -> dict[str, StorageRecord]:
    """One record for each storage: they may differ in what part they mean, and in nothing else."""
    by_key: dict[str, StorageRecord] = {}
    for record in records:
        known = by_key.setdefault(record.key, record)
        if (known.kind, known.numel) != (record.kind, record.numel):
            raise CheckpointError(f"storage {record.key[:60]!r} is described in two ways.")
    return by_key


def _is_int(value: Any, expected: int) -> bool:
    return type(value) is int and value == expected
