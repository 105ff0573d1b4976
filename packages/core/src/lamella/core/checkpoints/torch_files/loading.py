"""Tensors of a PyTorch file, made of their records and of the file's bytes."""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from lamella.core.checkpoints.budget import Budget
from lamella.core.checkpoints.source import Source
from lamella.core.checkpoints.storages import check_bools, dtype_named, unit_of
from lamella.core.checkpoints.torch_files.records import FOREIGN_KINDS, StorageRecord, TensorRecord
from lamella.core.dtypes import dtype
from lamella.core.errors import CheckpointError
from lamella.core.tensor import Tensor


class Tensors:
    """Makes tensors. Those of one storage share its memory.

    Args:
        source: The file, which also knows where tensors go.
        budget: Pays for elements that have to be computed.
        memory_of: Finds the bytes of a storage; called once for each.
        byteorder: Which byte of a number comes first: ``"little"`` or ``"big"``.
    """

    made_type = Tensor

    def __init__(
        self,
        source: Source,
        budget: Budget,
        memory_of: Callable[[StorageRecord], NDArray[np.uint8]],
        byteorder: str,
    ) -> None:
        self._source = source
        self._budget = budget
        self._memory_of = memory_of
        self._is_swapped = byteorder != sys.byteorder
        self._memories: dict[str, NDArray[np.uint8]] = {}
        self._units: dict[str, int] = {}  # of the storages whose bytes were turned round
        self._checked_bools: set[str] = set()

    def tensor(self, record: TensorRecord) -> Tensor:
        """The tensor of a record."""
        name = record.kind.name
        if name in FOREIGN_KINDS:
            raise CheckpointError(
                f"it has a tensor of dtype torch.{name}, which Lamella does not have. Convert it before it is saved, "
                "for instance with tensor.to(torch.float32) or tensor.to(torch.int64)."
            )
        kind = dtype_named(name)
        _check_requires_grad(kind, record.requires_grad)
        if (record.is_conjugate or record.is_negative) and not _has_gradients(kind):
            raise CheckpointError(f"it has a conjugated or negated tensor of dtype {kind}, which PyTorch never writes.")
        memory = self._memory(record.storage, unit_of(kind.numpy))
        if name == "bool" and record.storage.key not in self._checked_bools:
            check_bools(memory)
            self._checked_bools.add(record.storage.key)
        if 0 in record.shape:
            array = np.empty(record.shape, kind.numpy)
        else:
            array = np.ndarray(record.shape, kind.numpy, memory.data, record.offset, record.strides)
        if record.is_conjugate or record.is_negative:
            self._budget.spend(array.nbytes)
            computed = np.empty(record.shape, kind.numpy)
            if record.is_conjugate:
                array = np.conjugate(array, out=computed)
            array = np.negative(array, out=computed) if record.is_negative else computed
        return self._source.placed(array, record.storage.location, record.requires_grad)

    def parameter(self, made: Tensor, requires_grad: bool) -> Tensor:
        """A parameter comes back as a plain tensor, the way state dicts hold them."""
        _check_requires_grad(made.dtype, requires_grad)
        wrapped: Tensor = Tensor._wrap(made.array, requires_grad)
        return wrapped

    def _memory(self, storage: StorageRecord, unit: int) -> NDArray[np.uint8]:
        """The storage's bytes, in this machine's order for numbers of ``unit`` bytes."""
        memory = self._memories.get(storage.key)
        if memory is None:
            memory = self._memories[storage.key] = self._memory_of(storage)
            if self._is_swapped:
                self._units[storage.key] = unit
                memory[: memory.size // unit * unit].view(f"u{unit}").byteswap(inplace=True)
        if memory.size // storage.kind.itemsize != storage.numel:
            raise CheckpointError(
                f"storage {storage.key[:60]!r} should have {storage.numel} elements of {storage.kind.itemsize} bytes, "
                f"but {memory.size} bytes are there."
            )
        if self._units.get(storage.key, unit) != unit:
            raise CheckpointError(f"storage {storage.key[:60]!r} has numbers of two sizes in foreign byte order.")
        return memory


def _has_gradients(kind: dtype) -> bool:
    return kind.is_floating_point or kind.is_complex


def _check_requires_grad(kind: dtype, requires_grad: bool) -> None:
    if requires_grad and not _has_gradients(kind):
        raise CheckpointError(f"it has a tensor of dtype {kind} that requires grad, which none of that dtype can.")
