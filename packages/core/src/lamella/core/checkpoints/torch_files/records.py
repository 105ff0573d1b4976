"""What a file says about its tensors, checked, before any of their data is looked at."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Protocol

from lamella.core.checkpoints.storages import check_within
from lamella.core.checkpoints.summaries import TensorSummary
from lamella.core.errors import CheckpointError


@dataclass(frozen=True, slots=True)
class ElementKind:
    """What PyTorch calls a dtype, and the bytes that an element takes. Lamella need not have it."""

    name: str
    itemsize: int


BYTES = ElementKind("uint8", 1)
#: The dtypes that have a storage class, by its name.
STORAGE_CLASSES = {
    "DoubleStorage": ElementKind("float64", 8),
    "FloatStorage": ElementKind("float32", 4),
    "HalfStorage": ElementKind("float16", 2),
    "BFloat16Storage": ElementKind("bfloat16", 2),
    "LongStorage": ElementKind("int64", 8),
    "IntStorage": ElementKind("int32", 4),
    "ShortStorage": ElementKind("int16", 2),
    "CharStorage": ElementKind("int8", 1),
    "ByteStorage": BYTES,
    "BoolStorage": ElementKind("bool", 1),
    "ComplexDoubleStorage": ElementKind("complex128", 16),
    "ComplexFloatStorage": ElementKind("complex64", 8),
}
#: Dtypes of PyTorch's that Lamella does not have.
FOREIGN_KINDS = {
    **{name: ElementKind(name, 1) for name in ("float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz")},
    **{name: ElementKind(name, 1) for name in ("float8_e8m0fnu", "float4_e2m1fn_x2")},
    "uint16": ElementKind("uint16", 2),
    "uint32": ElementKind("uint32", 4),
    "uint64": ElementKind("uint64", 8),
    "complex32": ElementKind("complex32", 4),
}


@dataclass(frozen=True, slots=True)
class StorageClass:
    """A storage class, which a pickle names before it says which storage of it is meant."""

    kind: ElementKind


@dataclass(frozen=True, slots=True)
class StorageRecord:
    """A reference to a storage, or to a part of one.

    Attributes:
        key: Which one it is.
        kind: What it holds; bytes, where only its tensors know.
        numel: How many of these the whole storage has.
        location: The device that it was saved from.
        start: Where the part begins, counted in elements.
        length: How many elements the part has.
    """

    key: str
    kind: ElementKind
    numel: int
    location: str
    start: int
    length: int

    @property
    def size(self) -> int:
        """Bytes of the whole storage."""
        return self.numel * self.kind.itemsize


@dataclass(frozen=True, slots=True)
class TensorRecord:
    """A tensor, which is known to lie within its storage.

    Attributes:
        storage: Where its elements are.
        kind: What they are.
        shape: Its shape.
        strides: Bytes from one element to the next, in each dimension.
        offset: Bytes from the start of the whole storage to its first element.
        requires_grad: Whether it wants a gradient.
        is_conjugate: Whether its elements are the conjugates of those stored.
        is_negative: Whether its elements are the negatives of those stored.
    """

    storage: StorageRecord
    kind: ElementKind
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int
    requires_grad: bool
    is_conjugate: bool
    is_negative: bool


class Maker(Protocol):
    """Makes of records what stands in the result for the tensors."""

    @property
    def made_type(self) -> type:
        """The type of what it makes."""

    def tensor(self, record: TensorRecord) -> Any:
        """What stands for a tensor."""

    def parameter(self, made: Any, requires_grad: bool) -> Any:
        """What stands for a parameter over the tensor ``made``."""


class Summaries:
    """Makes summaries, which need no data; remembers which storages are meant."""

    made_type = TensorSummary

    def __init__(self) -> None:
        self.storages: set[StorageRecord] = set()

    def tensor(self, record: TensorRecord) -> TensorSummary:
        """The summary of a tensor."""
        self.storages.add(record.storage)
        return TensorSummary(record.kind.name, record.shape, math.prod(record.shape) * record.kind.itemsize)

    def parameter(self, made: TensorSummary, requires_grad: bool) -> TensorSummary:
        """That of a parameter is the same."""
        return made


def storage_record(saved: Any) -> StorageRecord:
    """Check what a pickle says about a storage: ``("storage", class, key, location, numel[, view])``.

    Raises:
        CheckpointError: It is something else, or impossible.
    """
    if type(saved) is not tuple or len(saved) not in (5, 6) or type(saved[0]) is not str:
        raise CheckpointError("it refers to something outside of its pickle that is no storage.")
    storage_class, key, location, numel = saved[1:5]
    view = saved[5] if len(saved) == 6 else None
    start, length = (0, numel) if view is None else (-1, -1)
    if type(view) is tuple and len(view) == 3 and type(view[0]) is str:
        start, length = view[1:]
    if (
        saved[0] != "storage"
        or type(storage_class) is not StorageClass
        or type(key) is not str
        or type(location) is not str
    ):
        raise CheckpointError(f"it describes a storage in a way that is not known: {types_of(saved)}.")
    if not all(is_size(number) for number in (numel, start, length)) or start + length > numel or len(location) > 100:
        raise CheckpointError(f"it describes an impossible storage: {key[:60]!r} on {location[:60]!r}.")
    return StorageRecord(key, storage_class.kind, numel, location, start, length)


def tensor_record(
    storage: Any, offset: Any, shape: Any, strides: Any, requires_grad: Any, kind: ElementKind | None, flags: Any
) -> TensorRecord:
    """Check what a pickle says about a tensor.

    Args:
        storage: Its storage.
        offset: Elements before its first one.
        shape: Its shape.
        strides: Elements from one to the next, in each dimension.
        requires_grad: Whether it wants a gradient.
        kind: What its elements are; None for what the storage holds.
        flags: ``{"conj": True}``, ``{"neg": True}``, both, or None.

    Raises:
        CheckpointError: It is something else, or does not lie within its storage.
    """
    if type(storage) is not StorageRecord:
        raise CheckpointError("it describes a tensor without a storage.")
    kind = kind or storage.kind
    sizes_known = isinstance(shape, tuple) and isinstance(strides, tuple) and len(shape) == len(strides) <= 64
    if not sizes_known or not all(is_size(number) for number in (offset, *shape, *strides)):
        raise CheckpointError(
            "it describes an impossible tensor: offset, sizes and strides must be whole numbers from 0 to 2**63 - 1, "
            "one stride for each of at most 64 dimensions."
        )
    if type(requires_grad) is not bool:
        raise CheckpointError("it describes a tensor whose requires_grad is no bool.")
    flags = {} if flags is None else flags
    if (
        type(flags) is not dict
        or not flags.keys() <= {"conj", "neg"}
        or not all(type(f) is bool for f in flags.values())
    ):
        raise CheckpointError("it describes a tensor with properties that are not known.")
    itemsize = kind.itemsize
    in_bytes = tuple([stride * itemsize for stride in strides])
    check_within(shape, in_bytes, offset * itemsize, itemsize, storage.length * storage.kind.itemsize)
    start = storage.start * storage.kind.itemsize
    return TensorRecord(
        storage, kind, tuple(shape), in_bytes, start + offset * itemsize, requires_grad,
        flags.get("conj", False), flags.get("neg", False),
    )  # fmt: skip


def types_of(values: Any) -> str:
    """The types of what a tuple holds, for messages: values that a file makes can be too large to write out."""
    return ", ".join([type(value).__name__ for value in (values if isinstance(values, tuple) else (values,))[:8]])


def is_size(number: Any) -> bool:
    """Whether it is an int that sizes can have."""
    return type(number) is int and 0 <= number < 2**63
