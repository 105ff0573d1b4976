"""The loader: batches, order, arguments, and bulk look-up that must not change a result."""

from __future__ import annotations

from itertools import chain

import numpy as np
import pytest

import lamella
from lamella.core.errors import ArgumentError, ArgumentTypeError
from lamella.data import BatchSampler, DataLoader, Dataset, SequentialSampler, Subset, TensorDataset

DATASET = TensorDataset(lamella.arange(10.0).reshape(5, 2), lamella.arange(5))


def seeded(seed: int) -> lamella.Generator:
    return lamella.Generator().manual_seed(seed)


def labels(loader: DataLoader) -> list[list[int]]:
    return [batch[1].tolist() for batch in loader]


def same(left: object, right: object) -> bool:
    """Equal batches: the same structure, types, dtypes and values."""
    if isinstance(left, lamella.Tensor):
        return left.dtype == right.dtype and np.array_equal(left.numpy(), right.numpy())
    if isinstance(left, list):
        return type(right) is list and len(left) == len(right) and all(map(same, left, right))
    return type(left) is type(right) and left == right


def test_batches_in_order():
    loader = DataLoader(DATASET, batch_size=2)
    assert len(loader) == 3
    batches = list(loader)
    assert [type(batch) for batch in batches] == [list, list, list]
    assert [batch[0].tolist() for batch in batches] == [[[0, 1], [2, 3]], [[4, 5], [6, 7]], [[8, 9]]]
    assert labels(loader) == [[0, 1], [2, 3], [4]]


def test_drop_last():
    loader = DataLoader(DATASET, batch_size=2, drop_last=True)
    assert len(loader) == 2
    assert labels(loader) == [[0, 1], [2, 3]]


def test_the_default_batch_has_one_sample():
    assert labels(DataLoader(DATASET)) == [[0], [1], [2], [3], [4]]


def test_shuffling_follows_the_generator():
    dataset = TensorDataset(lamella.arange(50), lamella.arange(50))
    loader = DataLoader(dataset, batch_size=20, shuffle=True, generator=seeded(1))
    first, second = labels(loader), labels(loader)
    assert sorted(chain(*first)) == sorted(chain(*second)) == list(range(50))
    assert first != second
    assert labels(DataLoader(dataset, batch_size=20, shuffle=True, generator=seeded(1))) == first
    assert labels(DataLoader(dataset, batch_size=20, shuffle=True, generator=seeded(2))) != first


def test_a_sampler_decides_the_order():
    loader = DataLoader(DATASET, batch_size=2, sampler=[4, 0, 2])
    assert len(loader) == 2
    assert labels(loader) == [[4, 0], [2]]


def test_a_batch_sampler_decides_all():
    loader = DataLoader(DATASET, batch_sampler=[[4], [0, 2, 0]])
    assert len(loader) == 2
    assert labels(loader) == [[4], [0, 2, 0]]
    assert loader.batch_size is None


def test_indices_may_be_tensors_or_numpy_numbers():
    assert labels(DataLoader(DATASET, batch_sampler=[list(lamella.tensor([3, 1])), np.array([2, -1])])) == [
        [3, 1],
        [2, 4],
    ]


def test_a_batch_may_be_any_iterable():
    assert labels(DataLoader(DATASET, batch_sampler=[range(2), (i for i in (4, 3))])) == [[0, 1], [4, 3]]


def test_an_index_out_of_range_is_an_index_error():
    with pytest.raises(IndexError):
        list(DataLoader(DATASET, batch_sampler=[[0, 5]]))


def test_an_empty_batch_is_an_index_error():
    with pytest.raises(IndexError, match="found an empty batch"):
        list(DataLoader(DATASET, batch_sampler=[[]]))


def test_without_batches_samples_are_converted():
    samples = list(DataLoader([(np.zeros(2), 1), (np.ones(2), 2)], batch_size=None))
    assert [(array.tolist(), number) for array, number in samples] == [([0, 0], 1), ([1, 1], 2)]
    assert isinstance(samples[0][0], lamella.Tensor)
    assert len(DataLoader(DATASET, batch_size=None)) == 5


def test_a_collate_fn_gets_the_samples():
    loader = DataLoader("abcde", batch_size=2, collate_fn="".join)
    assert list(loader) == ["ab", "cd", "e"]
    assert list(DataLoader("abc", batch_size=None, collate_fn=str.upper)) == ["A", "B", "C"]


def test_what_was_given_can_be_read():
    generator = seeded(0)
    loader = DataLoader(DATASET, 2, True, generator=generator, pin_memory=True, drop_last=True)
    assert (loader.dataset, loader.batch_size, loader.num_workers) == (DATASET, 2, 0)
    assert loader.drop_last
    assert loader.pin_memory
    assert loader.generator is generator
    assert isinstance(loader.batch_sampler, BatchSampler)
    assert isinstance(DataLoader(DATASET).sampler, SequentialSampler)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sampler": [0], "shuffle": True}, "sampler option is mutually exclusive with shuffle"),
        (
            {"batch_sampler": [[0]], "batch_size": 2},
            "batch_sampler option is mutually exclusive with batch_size",
        ),
        ({"batch_sampler": [[0]], "shuffle": True}, "batch_sampler option is mutually exclusive"),
        ({"batch_sampler": [[0]], "sampler": [0]}, "batch_sampler option is mutually exclusive"),
        ({"batch_sampler": [[0]], "drop_last": True}, "batch_sampler option is mutually exclusive"),
        ({"batch_size": None, "drop_last": True}, "batch_size=None option disables auto-batching"),
        ({"batch_size": 0}, "batch_size should be a positive integer value, but got batch_size=0"),
        ({"num_workers": -1}, "num_workers option should be non-negative.*Found num_workers=-1"),
    ],
)
def test_arguments_that_conflict(arguments, message):
    with pytest.raises(ArgumentError, match=message):
        DataLoader(DATASET, **arguments)


def test_a_dataset_without_look_up_is_refused():
    with pytest.raises(
        ArgumentTypeError,
        match="expected a dataset in map style, with __getitem__, or an IterableDataset; found generator",
    ):
        DataLoader(number for number in range(3))


class OneByOne(Dataset):
    """A dataset without its bulk forms."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset

    def __getitem__(self, index):
        return self.dataset[index]

    def __len__(self) -> int:
        return len(self.dataset)


@pytest.mark.parametrize(
    "dataset",
    [
        DATASET,
        TensorDataset(lamella.arange(5)),
        TensorDataset(lamella.zeros(5, 2, dtype=lamella.uint8), lamella.ones(5, dtype=lamella.bool)),
        Subset(DATASET, [4, 0, 3]),
        Subset(Subset(DATASET, lamella.tensor([4, 0, 3])), [2, 1]),
        Subset([(1, "a"), (2, "b")], [1, 0]),
    ],
)
def test_bulk_look_up_changes_no_result(dataset):
    fast = list(DataLoader(dataset, batch_size=2))
    slow = list(DataLoader(OneByOne(dataset), batch_size=2))
    assert len(fast) == len(slow) > 0
    assert all(map(same, fast, slow))


def test_bulk_look_up_keeps_gradients():
    weight = lamella.ones(4, requires_grad=True)
    for (rows,) in DataLoader(TensorDataset(weight), batch_sampler=[[0, 0, 2]]):
        rows.sum().backward()
    assert weight.grad.tolist() == [2, 0, 1, 0]


class Bulk(Dataset):
    """Answers in bulk only."""

    def __getitem__(self, index):
        raise AssertionError("looked up one by one")

    def __len__(self) -> int:
        return 4


class BulkSamples(Bulk):
    def __getitems__(self, indices):
        return [10 * index for index in indices]


class BulkBatches(BulkSamples):
    def fetch_batch(self, indices):
        return ("batch", *indices)


def test_getitems_is_used():
    assert [batch.tolist() for batch in DataLoader(BulkSamples(), batch_size=3)] == [[0, 10, 20], [30]]
    assert list(DataLoader(BulkSamples(), batch_size=3, collate_fn=sum)) == [30, 30]


def test_fetch_batch_is_used_with_the_default_collate_only():
    assert list(DataLoader(BulkBatches(), batch_size=3)) == [("batch", 0, 1, 2), ("batch", 3)]
    assert list(DataLoader(BulkBatches(), batch_size=3, collate_fn=sum)) == [30, 30]
    assert list(DataLoader(Subset(BulkBatches(), [3, 1]), batch_size=2)) == [("batch", 3, 1)]


def test_fetch_batch_may_decline():
    class Declines(BulkSamples):
        def fetch_batch(self, indices):
            return NotImplemented

    assert next(iter(DataLoader(Declines(), batch_size=2))).tolist() == [0, 10]


def test_a_subclass_that_changes_the_sample_is_heard():
    class WithIndex(TensorDataset):
        def __getitem__(self, index):
            return (*super().__getitem__(index), index)

    class Named(Subset):
        def __getitem__(self, index):
            return f"sample {index}"

    assert [part.tolist() for part in next(iter(DataLoader(WithIndex(lamella.arange(3)), batch_size=2)))] == [
        [0, 1],
        [0, 1],
    ]
    assert list(DataLoader(Named(DATASET, [4, 3]), batch_size=2)) == [["sample 0", "sample 1"]]
