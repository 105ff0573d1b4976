"""Sequences of several lengths: packed, that is without what fills them up, and padded to one length."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple, Self

from lamella.core import dtypes
from lamella.core.errors import ArgumentError, ArgumentRangeError, ConditionError, IndexRangeError, ShapeError
from lamella.core.ops.creation import as_tensor, full, tensor
from lamella.core.ops.pieces import cat, stack
from lamella.core.tensor import Tensor


class _Fields(NamedTuple):
    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None
    unsorted_indices: Tensor | None


class PackedSequence(_Fields):
    """Sequences of several lengths, without padding; made by :func:`pack_padded_sequence` and :func:`pack_sequence`.

    Attributes:
        data: The elements of all sequences at the first time, then those at the second, …: ``(total length, …)``.
        batch_sizes: How many sequences go on at each time; int64. The longest sequence comes first.
        sorted_indices: The places that the sequences had before they were sorted by length; None if they were not.
        unsorted_indices: The places that they have now.
    """

    __slots__ = ()

    def __new__(
        cls,
        data: Any,
        batch_sizes: Tensor | None = None,
        sorted_indices: Tensor | None = None,
        unsorted_indices: Tensor | None = None,
    ) -> Self:
        if batch_sizes is None:
            if not isinstance(data, (list, tuple)) or len(data) != 2:
                raise ConditionError(
                    "Expected data to be a list or tuple of length 2, (data, batch_sizes), as no batch_sizes are given"
                )
            data, batch_sizes = data
        elif batch_sizes.device.type != "cpu":
            raise ArgumentError(
                f"batch_sizes should always be on CPU, got {batch_sizes.device}. Make the object with pack_sequence or "
                "pack_padded_sequence."
            )
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    def _converted(self, convert: Callable[[Tensor], Tensor]) -> Self:
        data = convert(self.data)
        if data is self.data:
            return self
        indices = (i if i is None else i.to(data.device) for i in (self.sorted_indices, self.unsorted_indices))
        return type(self)(data, self.batch_sizes, *indices)

    def to(self, *args: Any, **kwargs: Any) -> Self:
        """The same with ``data`` in another dtype or on another device; arguments as for ``Tensor.to``."""
        return self._converted(lambda data: data.to(*args, **kwargs))

    def cpu(self) -> Self:
        """The same in the computer's own memory."""
        return self.to("cpu")

    def cuda(self, device: Any = "cuda") -> Self:
        """The same on a GPU."""
        return self.to(device)

    def double(self) -> Self:
        """The same with data of dtype float64."""
        return self.to(dtypes.float64)

    def float(self) -> Self:
        """The same with data of dtype float32."""
        return self.to(dtypes.float32)

    def half(self) -> Self:
        """The same with data of dtype float16."""
        return self.to(dtypes.float16)

    def long(self) -> Self:
        """The same with data of dtype int64."""
        return self.to(dtypes.int64)

    def int(self) -> Self:
        """The same with data of dtype int32."""
        return self.to(dtypes.int32)

    def short(self) -> Self:
        """The same with data of dtype int16."""
        return self.to(dtypes.int16)

    def char(self) -> Self:
        """The same with data of dtype int8."""
        return self.to(dtypes.int8)

    def byte(self) -> Self:
        """The same with data of dtype uint8."""
        return self.to(dtypes.uint8)

    @property
    def is_cuda(self) -> bool:
        """Whether the data is on a GPU."""
        return self.data.device.type == "cuda"


def invert_permutation(permutation: Tensor | None) -> Tensor | None:
    """Where each index stands in ``permutation``, int64 of shape ``(N,)``; None for None."""
    return None if permutation is None else permutation.argsort()


def places(sizes: Sequence[int], batch: int, device: Any) -> Tensor:
    """Of packed elements, in their order, the rows in ``(L, N, …)`` flattened to ``(L * N, …)``."""
    return tensor([t * batch + i for t, n in enumerate(sizes) for i in range(n)], dtype=dtypes.int64, device=device)


def padded(data: Tensor, sizes: Sequence[int], padding_value: float = 0.0, length: int | None = None) -> Tensor:
    """Packed ``data``, ``(total length, …)``, as ``(L, N, …)`` with ``padding_value`` after the sequences' ends.

    Args:
        sizes: How many sequences go on at each time. length: L, by default as long as the longest.
    """
    length, batch, rest = len(sizes) if length is None else length, sizes[0], data.shape[1:]
    blank = full((length * batch, *rest), padding_value, dtype=data.dtype, device=data.device)
    return blank.index_copy(0, places(sizes, batch, data.device), data).reshape(length, batch, *rest)


def packed(rows: Tensor, sizes: Sequence[int]) -> Tensor:
    """``(L, N, …)`` without what comes after the sequences' ends, ``(total length, …)``."""
    return rows.flatten(0, 1).index_select(0, places(sizes, rows.shape[1], rows.device))


def _lengths(lengths: Any, batch: int, longest: int) -> list[int]:
    given = as_tensor(lengths, dtype=dtypes.int64)
    if given.ndim != 1:
        raise ShapeError(f"'lengths' argument should be a 1D CPU int64 tensor, but got one of {given.ndim} dimensions")
    found: list[int] = given.tolist()
    if len(found) != batch:
        raise ShapeError(
            f"Expected `len(lengths)` to be equal to batch_size, but got {len(found)} (batch_size={batch})"
        )
    if any(n <= 0 for n in found):
        raise ArgumentRangeError(
            f"Length of all samples has to be greater than 0, but found an element in 'lengths' that is <= 0: {found}"
        )
    if any(n > longest for n in found):
        raise ArgumentRangeError(f"'lengths' has {max(found)}, but input has only {longest} elements along time")
    return found


def pack_padded_sequence(
    input: Tensor, lengths: Tensor | Sequence[int], batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """Pack sequences that are padded to one length.

    Args:
        input: ``(L, N, …)``, or ``(N, L, …)`` with ``batch_first``.
        lengths: The sequences' lengths, ``(N,)`` and int64, or a list.
        batch_first: Whether batches are ``(N, L, …)``.
        enforce_sorted: Whether to refuse sequences that do not come in order of length, the longest first. If False
            they are sorted.

    Returns:
        The packed sequences.

    Raises:
        RuntimeError: A length is not positive or too large, there are none or not as many as sequences, or they are
            not in order. IndexError: the input has fewer than 2 dimensions.

    Example:
        >>> import lamella
        >>> from lamella.nn.utils.rnn import pack_padded_sequence
        >>> packed = pack_padded_sequence(lamella.tensor([[1, 4], [2, 5], [3, 0]]), [3, 2])
        >>> packed.data, packed.batch_sizes
        (tensor([1, 4, 2, 5, 3]), tensor([2, 2, 1]))
    """
    if input.ndim < 2:
        raise IndexRangeError(
            f"pack_padded_sequence: expected input (L, N, …) of 2 or more dimensions, got {input.ndim}"
        )
    rows = input.transpose(0, 1) if batch_first else input
    if not rows.shape[1]:
        raise ShapeError("Cannot pack empty tensors.")
    found = _lengths(lengths, rows.shape[1], rows.shape[0])
    order = None
    if not enforce_sorted:
        numbers = sorted(range(len(found)), key=lambda i: -found[i])
        found, order = [found[i] for i in numbers], tensor(numbers, dtype=dtypes.int64, device=input.device)
        rows = rows.index_select(1, order)
    elif any(a < b for a, b in pairwise(found)):
        raise ArgumentRangeError(
            "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. You can pass "
            "`enforce_sorted=False` to pack_padded_sequence and/or pack_sequence to sidestep this requirement."
        )
    sizes = [sum(n > t for n in found) for t in range(found[0])]
    return PackedSequence(packed(rows, sizes), tensor(sizes, dtype=dtypes.int64), order)


def pad_packed_sequence(
    sequence: PackedSequence, batch_first: bool = False, padding_value: float = 0.0, total_length: int | None = None
) -> tuple[Tensor, Tensor]:
    """Undo :func:`pack_padded_sequence`.

    Args:
        sequence: What to unpack. batch_first: whether to give ``(N, L, …)``. padding_value: what to fill up with.
        total_length: L; by default the length of the longest sequence.

    Returns:
        The sequences padded, ``(L, N, …)``, and their lengths, ``(N,)``.

    Raises:
        ValueError: ``total_length`` is less than a sequence's length.
    """
    sizes = sequence.batch_sizes.tolist()
    if total_length is not None and total_length < len(sizes):
        raise ArgumentError(
            "Expected total_length to be at least the length of the longest sequence in input, but got "
            f"total_length={total_length} and max sequence length being {len(sizes)}"
        )
    rows = padded(sequence.data, sizes, padding_value, total_length)
    lengths = tensor([sum(n > i for n in sizes) for i in range(sizes[0])], dtype=dtypes.int64)
    order = sequence.unsorted_indices
    if order is not None:
        rows, lengths = rows.index_select(1, order), lengths[order.cpu()]
    return (rows.transpose(0, 1) if batch_first else rows), lengths


def pad_sequence(
    sequences: Tensor | Iterable[Tensor],
    batch_first: bool = False,
    padding_value: float = 0.0,
    padding_side: str = "right",
) -> Tensor:
    """Tensors that differ in the size of the first dimension, stacked and filled up to the longest.

    Args:
        sequences: N tensors ``(L_i, …)``. batch_first: whether to give ``(N, L, …)`` rather than ``(L, N, …)``.
        padding_value: What to fill up with. padding_side: ``"right"``, after the sequences, or ``"left"``.

    Raises:
        RuntimeError: There are no sequences, or they differ otherwise; ``padding_side`` is something else.
    """
    if not isinstance(sequences, Iterable):
        raise ArgumentRangeError(
            f"pad_sequence: Expected iterable for input sequences, but got arg of type: {type(sequences)}"
        )
    if padding_side not in ("left", "right"):
        raise ArgumentRangeError(f"Expected padding_side to be one of left or right, but got {padding_side}.")
    given = list(sequences)
    if not given:
        raise ArgumentRangeError("received an empty list of sequences")
    longest = max(len(s) for s in given)

    def filled(x: Tensor) -> Tensor:
        if len(x) == longest:
            return x
        blank = full((longest - len(x), *x.shape[1:]), padding_value, dtype=x.dtype, device=x.device)
        return cat([x, blank] if padding_side == "right" else [blank, x])

    return stack([filled(s) for s in given], 0 if batch_first else 1)


def unpad_sequence(padded_sequences: Tensor, lengths: Tensor, batch_first: bool = False) -> list[Tensor]:
    """Undo :func:`pad_sequence`.

    Args:
        padded_sequences: ``(L, N, …)``, or ``(N, L, …)`` with ``batch_first``. lengths: of the sequences, ``(N,)``.
    """
    rows = padded_sequences if batch_first else padded_sequences.transpose(0, 1)
    return [row[:length] for row, length in zip(rows.unbind(0), lengths.tolist(), strict=True)]


def pack_sequence(sequences: Sequence[Tensor], enforce_sorted: bool = True) -> PackedSequence:
    """Pack tensors ``(L_i, …)``; as :func:`pad_sequence` and then :func:`pack_padded_sequence`."""
    rows = pad_sequence(sequences)
    return pack_padded_sequence(rows, [len(s) for s in sequences], enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """Undo :func:`pack_sequence`."""
    rows, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(rows, lengths, batch_first=True)


__all__ = [
    "PackedSequence",
    "invert_permutation",
    "pack_padded_sequence",
    "pack_sequence",
    "packed",
    "pad_packed_sequence",
    "pad_sequence",
    "padded",
    "unpack_sequence",
    "unpad_sequence",
]
