"""PyTorch's files since 1.6: a zip file of a pickle and of the storages that it refers to."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamella.core.checkpoints.budget import Budget
from lamella.core.checkpoints.source import Source
from lamella.core.checkpoints.torch_files.machine import Machine
from lamella.core.checkpoints.torch_files.records import Maker, StorageRecord
from lamella.core.checkpoints.torch_files.window import Window
from lamella.core.checkpoints.zip_members import STORED, ZipMember, check_sum, refuse_sum, zip_members
from lamella.core.errors import CheckpointError

_PICKLE = "/data.pkl"
_ELEMENT_ALIGNMENT = 16
_MEMBER = 250  # bytes that a member's description takes


class ZippedFile:
    """Such a file. Its members are found and checked, but the storages are not read.

    Args:
        source: The file.
        budget: What reading it may cost.

    Attributes:
        byteorder: That of its numbers.

    Raises:
        CheckpointError: It is damaged, or a zip file of another kind.
    """

    def __init__(self, source: Source, budget: Budget) -> None:
        self._source = source
        self._budget = budget
        members = zip_members(source)
        roots = [name.removesuffix(_PICKLE) for name in members if name.endswith(_PICKLE) and name.count("/") == 1]
        if len(roots) != 1:
            raise CheckpointError("this zip file is neither a checkpoint of Lamella's nor one of PyTorch's.")
        root = roots[0]
        if f"{root}/constants.pkl" in members:
            raise CheckpointError(
                "this is a TorchScript archive, which holds code. Open it with torch.jit.load where PyTorch is "
                "installed, and save its state dict: torch.save(dict(model.state_dict()), path)."
            )
        for member in members.values():
            if member.method != STORED:
                raise CheckpointError(
                    f"member {member.name!r} is compressed, which PyTorch does not do: unpack the "
                    "file and pack it again without compression (zip -0)."
                )
        self._members = {name.removeprefix(f"{root}/"): member for name, member in members.items()}
        # All but the pickle becomes the memory of tensors, which is theirs.
        storages = sum(member.size for name, member in members.items() if name != f"{root}{_PICKLE}")
        budget.spend(storages + _MEMBER * len(members))
        # PyTorch can be told to leave checksums out, and writes 0 for all of them then.
        self._has_checksums = any(member.crc for member in members.values())
        self.byteorder = self._read_byteorder()

    def load(self, maker: Maker) -> Any:
        """The value of its pickle.

        Args:
            maker: Makes what stands for tensors.
        """
        member = self._members["data.pkl"]
        if self._has_checksums:
            check_sum(self._source, member)
        window = Window(self._source, member.position, member.position + member.size)
        value = Machine(window, maker, self._budget).load()
        if window.left:
            raise CheckpointError("something follows its pickle.")
        return value

    def check(self, storage: StorageRecord) -> None:
        """See to it that there is a storage, of the size that the pickle says.

        Raises:
            CheckpointError: It is not so.
        """
        member = self._member(storage)
        if not 0 <= member.size - storage.size < storage.kind.itemsize:
            raise CheckpointError(
                f"storage {storage.key[:60]!r} should have {storage.size} bytes, but {member.size} are there."
            )

    def memory(self, storage: StorageRecord) -> NDArray[np.uint8]:
        """The bytes of a storage."""
        self.check(storage)
        member = self._member(storage)
        if self._source.mmap and member.position % _ELEMENT_ALIGNMENT == 0:
            return self._source.memory(member.position, member.size)
        memory = np.empty(member.size, np.uint8)
        self._source.fill(member.position, memory.data)
        if self._has_checksums and zlib.crc32(memory.data) != member.crc:
            refuse_sum(member)
        return memory

    def _member(self, storage: StorageRecord) -> ZipMember:
        member = self._members.get(f"data/{storage.key}")
        if member is None:
            raise CheckpointError(f"storage {storage.key[:60]!r} is missing from the file.")
        return member

    def _read_byteorder(self) -> str:
        member = self._members.get("byteorder")
        if member is None:  # files of PyTorch before 2.1
            return "little"
        order = bytes(self._source.read_at(member.position, min(member.size, 10)))
        if order not in (b"little", b"big"):
            raise CheckpointError(f"its byte order is neither 'little' nor 'big', but {order!r}.")
        return order.decode()
