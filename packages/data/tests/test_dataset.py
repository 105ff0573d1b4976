"""Datasets and their splits."""

from __future__ import annotations

import numpy as np
import pytest

import lamella
from lamella.core.errors import ArgumentError, ArgumentTypeError, ShapeError
from lamella.data import Dataset, Subset, TensorDataset, random_split


def test_a_dataset_without_getitem_says_so():
    with pytest.raises(NotImplementedError, match="should implement __getitem__"):
        Dataset()[0]
    with pytest.raises(TypeError, match="has no len"):
        len(Dataset())


def test_tensor_dataset_gives_rows():
    dataset = TensorDataset(lamella.arange(6).reshape(3, 2), lamella.tensor([7.0, 8.0, 9.0]))
    assert len(dataset) == 3
    row, value = dataset[-1]
    assert row.tolist() == [4, 5]
    assert value.item() == 9.0
    assert [part.tolist() for part in dataset[1:]] == [[[2, 3], [4, 5]], [8.0, 9.0]]
    with pytest.raises(IndexError):
        dataset[3]


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        (
            [(2,), (3,)],
            r"Size mismatch between tensors: expected one first size in all, found \(2,\), \(3,\)",
        ),
        ([(2,), ()], r"found \(2,\), \(\)"),
        ([(), (2,)], r"found \(\), \(2,\)"),
    ],
)
def test_tensor_dataset_refuses_unequal_lengths(shapes, message):
    with pytest.raises(ShapeError, match=message):
        TensorDataset(*map(lamella.zeros, shapes))


def test_tensor_dataset_refuses_arrays():
    with pytest.raises(ArgumentTypeError, match=r"expected tensors, found ndarray\. Convert it with lamella.as_tensor"):
        TensorDataset(np.zeros(3))


def test_subset_looks_up_through_its_indices():
    subset = Subset([10, 11, 12, 13], [3, 1])
    assert len(subset) == 2
    assert [subset[0], subset[1]] == [13, 11]
    assert subset.__getitems__([1, 0, 1]) == [11, 13, 11]
    with pytest.raises(IndexError):
        subset[2]


def test_subset_takes_a_list_of_positions():
    subset = Subset(TensorDataset(lamella.arange(4) * 10), [3, 1])
    assert subset[[0, 1]][0].tolist() == [30, 10]


def test_subset_passes_bulk_look_up_on():
    class Bulk(Dataset):
        def __getitem__(self, index):
            raise AssertionError("one by one")

        def __getitems__(self, indices):
            return [index * 10 for index in indices]

    assert Subset(Subset(Bulk(), [5, 6, 7]), [2, 0]).__getitems__([0, 1]) == [70, 50]


def test_random_split_by_lengths_is_a_partition():
    parts = random_split(range(100, 110), [3, 7, 0], generator=lamella.Generator().manual_seed(1))
    assert [len(part) for part in parts] == [3, 7, 0]
    order = [sample for part in parts for sample in (part[i] for i in range(len(part)))]
    assert sorted(order) == list(range(100, 110))
    assert order != sorted(order)


@pytest.mark.parametrize(
    ("size", "fractions", "lengths"),
    [
        (10, [0.7, 0.2, 0.1], [7, 2, 1]),
        (10, [0.55, 0.45], [6, 4]),
        (11, [0.5, 0.5], [6, 5]),
        (10, [1 / 3, 1 / 3, 1 / 3], [4, 3, 3]),
        (3, [0.25, 0.25, 0.25, 0.25], [1, 1, 1, 0]),
    ],
)
@pytest.mark.filterwarnings("ignore:Length of split")
def test_random_split_by_fractions(size, fractions, lengths):
    assert [len(part) for part in random_split(range(size), fractions)] == lengths


def test_random_split_follows_the_seed():
    def split(seed):
        return [part.indices for part in random_split(range(50), [20, 30], lamella.Generator().manual_seed(seed))]

    assert split(1) == split(1)
    assert split(1) != split(2)


def test_random_split_uses_the_default_generator():
    def split(seed):
        lamella.manual_seed(seed)
        return random_split(range(50), [20, 30])[0].indices

    assert split(1) == split(1)
    assert split(1) != split(2)


@pytest.mark.parametrize("lengths", [[3, 3], [11, -1], [0.5, 0.6], [0.5, 0.25], [], [9.5, 0.5]])
def test_random_split_refuses_a_wrong_sum(lengths):
    message = "Sum of input lengths does not equal the length of the input dataset!.*with sum 10, or fractions"
    with pytest.raises(ArgumentError, match=message):
        random_split(range(10), lengths)


def test_random_split_refuses_a_fraction_outside():
    with pytest.raises(ArgumentError, match=r"Fraction at index 1 is not between 0 and 1: found -0\.5"):
        random_split(range(10), [1.0, -0.5, 0.5])


def test_random_split_warns_of_an_empty_part():
    with pytest.warns(UserWarning, match="Length of split at index 1 is 0"):
        random_split(range(4), [0.9, 0.1])
