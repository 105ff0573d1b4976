"""Datasets and their splits."""

from __future__ import annotations

import numpy as np
import pytest

import lamella
from lamella.core.errors import ArgumentError, ArgumentTypeError, ConditionError, IndexRangeError
from lamella.data import (
    ChainDataset,
    ConcatDataset,
    DataLoader,
    Dataset,
    IterableDataset,
    StackDataset,
    Subset,
    TensorDataset,
    random_split,
)


def test_a_dataset_without_getitem_says_so():
    with pytest.raises(NotImplementedError, match="should implement __getitem__"):
        Dataset()[0]
    with pytest.raises(TypeError, match="has no len"):
        len(Dataset())


class Stream(IterableDataset):
    def __init__(self, *samples):
        self.samples = samples

    def __iter__(self):
        return iter(self.samples)

    def __len__(self):
        return len(self.samples)


class Bulk(Dataset):
    """Ten times the index, for many at once only."""

    def __getitem__(self, index):
        raise AssertionError("one by one")

    def __getitems__(self, indices):
        return [index * 10 for index in indices]

    def __len__(self):
        return 4


def test_streams_are_chained():
    both = Stream(1, 2) + Stream(3)
    assert isinstance(both, ChainDataset)
    assert isinstance(both, IterableDataset)
    assert list(both) == list(both) == [1, 2, 3]
    assert len(both) == 3
    assert list(both + Stream(4)) == [1, 2, 3, 4]


def test_a_chain_takes_streams_alone():
    chain = ChainDataset([Stream(1), range(3)])
    with pytest.raises(ConditionError, match="ChainDataset only supports IterableDataset; found range"):
        list(chain)
    with pytest.raises(ConditionError, match="ChainDataset only supports IterableDataset"):
        len(chain)


def test_a_stream_without_iter_or_len_says_so():
    class Empty(IterableDataset):
        pass

    with pytest.raises(TypeError, match="abstract"):
        Empty()


def test_concatenation_looks_up_in_each():
    both = TensorDataset(lamella.arange(3)) + TensorDataset(lamella.arange(3, 5)) + TensorDataset(lamella.arange(5, 9))
    assert isinstance(both, ConcatDataset)
    assert len(both) == 9
    assert both.cumulative_sizes == [5, 9]
    assert [both[i][0].item() for i in range(9)] == list(range(9))
    assert [both[i - 9][0].item() for i in range(9)] == list(range(9))
    assert both[np.int64(8)][0].item() == 8


def test_concatenation_passes_over_empty_datasets():
    both = ConcatDataset(iter([[], "ab", [], "c", []]))
    assert [both[i] for i in range(3)] == ["a", "b", "c"]
    assert both.cumulative_sizes == [0, 2, 2, 3, 3]


def test_concatenation_refuses_what_it_cannot_look_up():
    both = ConcatDataset(["ab", "c"])
    with pytest.raises(ArgumentError, match="absolute value of index should not exceed dataset length: found index -4"):
        both[-4]
    with pytest.raises(IndexRangeError, match="expected an index below 3, found 3"):
        both[3]
    with pytest.raises(ConditionError, match="datasets should not be an empty iterable"):
        ConcatDataset([])
    with pytest.raises(ConditionError, match="ConcatDataset does not support IterableDataset; found Stream"):
        ConcatDataset(["ab", Stream()])


def test_concatenation_passes_bulk_look_up_on():
    both = ConcatDataset([Bulk(), "abc", Bulk()])
    assert both.__getitems__([8, 4, 1, 0, 6, -1]) == [10, "a", 10, 0, "c", 30]
    assert both.__getitems__([]) == []


def test_a_stack_gives_tuples_or_dicts():
    pairs = StackDataset("abc", [1, 2, 3])
    assert (len(pairs), pairs[1], pairs[-1]) == (3, ("b", 2), ("c", 3))
    named = StackDataset(letter="abc", number=[1, 2, 3])
    assert named[1] == {"letter": "b", "number": 2}
    assert named.__getitems__([2, 0]) == [{"letter": "c", "number": 3}, {"letter": "a", "number": 1}]


def test_a_stack_passes_bulk_look_up_on():
    assert StackDataset(Bulk(), "abcd").__getitems__([3, 1]) == [(30, "d"), (10, "b")]

    class Short(Bulk):
        def __getitems__(self, indices):
            return [0]

        __getitem__ = Bulk.__getitem__

    with pytest.raises(ArgumentError, match=r"output size mismatch\. Expected 2, got 1 samples from Short"):
        StackDataset("abcd", Short()).__getitems__([3, 1])


def test_a_stack_gives_batches_where_each_part_can():
    numbers, letters = TensorDataset(lamella.arange(4)), list("abcd")
    together = StackDataset(first=numbers, second=numbers)
    batch = together.fetch_batch([2, 0])
    assert [batch["first"][0].tolist(), batch["second"][0].tolist()] == [[2, 0], [2, 0]]
    assert StackDataset(numbers, letters).fetch_batch([2, 0]) is NotImplemented
    for stack in (together, StackDataset(numbers, letters), StackDataset(numbers, numbers)):
        fast, slow = (list(DataLoader(dataset, batch_size=3)) for dataset in (stack, [stack[i] for i in range(4)]))
        assert repr(fast) == repr(slow)


@pytest.mark.parametrize(
    ("args", "kwargs", "message"),
    [
        ((), {}, "At least one dataset should be passed"),
        (("a",), {"b": "b"}, r"Supported either tuple.*but both types are given: 1 without a name, and \['b'\]"),
        (("ab", "c"), {}, r"Size mismatch between datasets: StackDataset expected one length, found \[2, 1\]"),
        ((), {"a": "ab", "b": "c"}, "Size mismatch between datasets"),
    ],
)
def test_a_stack_refuses_what_does_not_fit(args, kwargs, message):
    with pytest.raises(ArgumentError, match=message):
        StackDataset(*args, **kwargs)


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
    with pytest.raises(ConditionError, match=message):
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
