"""Packed and padded sequences."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import lamella
from lamella.nn.utils import rnn
from lamella.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence, pad_sequence

A, B, C = lamella.tensor([1, 2, 3]), lamella.tensor([4, 5]), lamella.tensor([6])
ROWS = lamella.arange(24.0).reshape(4, 3, 2)


def test_packing_puts_the_elements_in_order_of_time() -> None:
    packed = rnn.pack_sequence([A, B, C])
    assert packed.data.tolist() == [1, 4, 6, 2, 5, 3]
    assert packed.batch_sizes.tolist() == [3, 2, 1]
    assert packed.batch_sizes.dtype is lamella.int64
    assert packed.sorted_indices is None
    assert packed.unsorted_indices is None
    data, sizes, *indices = packed
    assert data is packed.data
    assert sizes is packed.batch_sizes
    assert indices == [None, None]


def test_unsorted_sequences_come_back_in_their_order() -> None:
    packed = rnn.pack_sequence([C, A, B], enforce_sorted=False)
    assert packed.data.tolist() == [1, 4, 6, 2, 5, 3]
    assert packed.sorted_indices.tolist() == [1, 2, 0]
    assert packed.unsorted_indices.tolist() == [2, 0, 1]
    assert [x.tolist() for x in rnn.unpack_sequence(packed)] == [[6], [1, 2, 3], [4, 5]]
    padded, lengths = pad_packed_sequence(packed, batch_first=True, padding_value=-1)
    assert padded.tolist() == [[6, -1, -1], [1, 2, 3], [4, 5, -1]]
    assert lengths.tolist() == [1, 3, 2]


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("total_length", [None, 4, 6])
def test_padding_undoes_packing(batch_first: bool, total_length: int | None) -> None:
    given = ROWS.transpose(0, 1) if batch_first else ROWS
    packed = pack_padded_sequence(given, lamella.tensor([2, 4, 3]), batch_first, enforce_sorted=False)
    padded, lengths = pad_packed_sequence(packed, batch_first, 7.0, total_length)
    rows = padded.transpose(0, 1) if batch_first else padded
    assert rows.shape == (total_length or 4, 3, 2)
    assert lengths.tolist() == [2, 4, 3]
    for n, length in enumerate((2, 4, 3)):
        assert rows[:length, n].tolist() == ROWS[:length, n].tolist()
        assert (rows[length:, n] == 7).all()
    assert [x.tolist() for x in rnn.unpad_sequence(padded, lengths, batch_first)] == [
        ROWS[:length, n].tolist() for n, length in enumerate((2, 4, 3))
    ]


def test_gradients_pass_packing_and_padding() -> None:
    rows = ROWS.clone().requires_grad_()
    padded, _ = pad_packed_sequence(pack_padded_sequence(rows, [4, 2, 1]), padding_value=5.0)
    (padded * (1 + lamella.arange(4.0).reshape(4, 1, 1))).sum().backward()
    expected = [[[t + 1.0 if t < length else 0.0] * 2 for length in (4, 2, 1)] for t in range(4)]
    assert rows.grad is not None
    assert rows.grad.tolist() == expected


@pytest.mark.parametrize(
    ("batch_first", "side", "expected"),
    [
        (True, "right", [[1, 2, 3], [4, 5, 9], [6, 9, 9]]),
        (False, "right", [[1, 4, 6], [2, 5, 9], [3, 9, 9]]),
        (True, "left", [[1, 2, 3], [9, 4, 5], [9, 9, 6]]),
    ],
)
def test_padding_on_either_side(batch_first: bool, side: str, expected: list[list[int]]) -> None:
    assert pad_sequence([A, B, C], batch_first, 9, side).tolist() == expected


def test_a_tensor_is_a_sequence_of_its_rows() -> None:
    assert pad_sequence(ROWS, batch_first=True).tolist() == ROWS.tolist()


def test_converting_leaves_the_sizes() -> None:
    packed = rnn.pack_sequence([C, A], enforce_sorted=False)
    kinds = {"double": "float64", "float": "float32", "half": "float16", "int": "int32"}
    kinds |= {"short": "int16", "char": "int8", "byte": "uint8"}
    for method, kind in kinds.items():
        converted = getattr(packed, method)()
        assert converted.data.dtype is getattr(lamella, kind)
        assert converted.batch_sizes is packed.batch_sizes
        assert converted.sorted_indices.tolist() == [1, 0]
    assert packed.long() is packed
    assert packed.cpu() is packed
    assert packed.is_cuda is False
    for other in (copy.deepcopy(packed), pickle.loads(pickle.dumps(packed))):
        assert isinstance(other, PackedSequence)
        assert other.data.tolist() == packed.data.tolist()


def test_made_from_its_parts() -> None:
    data, sizes = lamella.arange(3), lamella.tensor([2, 1])
    assert PackedSequence((data, sizes)).batch_sizes is sizes
    assert PackedSequence(data, sizes, lamella.tensor([2, 0, 1])).unsorted_indices.tolist() == [1, 2, 0]
    assert rnn.invert_permutation(None) is None


REFUSED = [
    (lambda: pack_padded_sequence(ROWS, [1, 2, 3]), RuntimeError, "must be sorted in decreasing order"),
    (lambda: pack_padded_sequence(ROWS, [3, 2, 0]), RuntimeError, "Length of all samples has to be greater than 0"),
    (lambda: pack_padded_sequence(ROWS, [5, 2, 1]), RuntimeError, "'lengths' has 5, but input has only 4"),
    (lambda: pack_padded_sequence(ROWS, [3, 2]), RuntimeError, r"equal to batch_size, but got 2 \(batch_size=3\)"),
    (lambda: pack_padded_sequence(ROWS, lamella.tensor([[3, 2, 1]])), RuntimeError, "should be a 1D CPU int64 tensor"),
    (lambda: pack_padded_sequence(ROWS[:, :0], []), RuntimeError, "Cannot pack empty tensors"),
    (lambda: pack_padded_sequence(A, [3]), IndexError, "of 2 or more dimensions, got 1"),
    (
        lambda: pad_packed_sequence(rnn.pack_sequence([A]), total_length=2),
        ValueError,
        "total_length=2 and max sequence",
    ),
    (lambda: pad_sequence([]), RuntimeError, "received an empty list of sequences"),
    (lambda: pad_sequence(3), RuntimeError, "Expected iterable for input sequences"),  # type: ignore[arg-type]  # on purpose
    (lambda: pad_sequence([A], padding_side="up"), RuntimeError, "one of left or right, but got up"),
    (lambda: PackedSequence(A), AssertionError, "Expected data to be a list or tuple of length 2"),
]


@pytest.mark.parametrize(("call", "error", "message"), REFUSED)
def test_refuses_with_a_reason(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_lengths_may_be_of_any_kind_of_number() -> None:
    for lengths in (lamella.tensor([4.0, 3.0, 1.0]), lamella.tensor([4, 3, 1]).int(), np.array([4, 3, 1])):
        assert pack_padded_sequence(ROWS, lengths).batch_sizes.tolist() == [3, 2, 2, 1]
