"""Samples that are made once."""

from __future__ import annotations

import pickle
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import lamella
from lamella.data import CachedDataset, DataLoader, Dataset


class Counting(Dataset):
    """New objects, counted."""

    def __init__(self):
        self.made = []

    def __getitem__(self, index):
        if not 0 <= index < 5:
            raise IndexError(index)
        self.made.append(index)
        return lamella.tensor([float(index)])

    def __len__(self):
        return 5


def test_a_sample_is_made_once():
    inner = Counting()
    cached = CachedDataset(inner)
    assert len(cached) == 5
    assert inner.made == []
    first = cached[3]
    assert cached[3] is first
    assert cached[-2] is first
    assert cached[np.int64(3)] is first
    assert cached[lamella.tensor(3)] is first
    assert inner.made == [3]
    assert first.tolist() == [3.0]


def test_several_are_made_once():
    inner = Counting()
    cached = CachedDataset(inner)
    cached[1]
    assert [sample.item() for sample in cached.__getitems__([4, 1, 4, 0])] == [4, 1, 4, 0]
    assert inner.made == [1, 4, 0]


def test_bulk_look_up_is_passed_on():
    class Bulk(Counting):
        def __getitems__(self, indices):
            self.made.append(list(indices))
            return [index * 10 for index in indices]

        __getitem__ = Counting.__getitem__

    inner = Bulk()
    cached = CachedDataset(inner)
    assert cached.__getitems__([2, 0]) == [20, 0]
    assert cached.__getitems__([0, 1]) == [0, 10]
    assert inner.made == [[2, 0], [1]]


def test_the_transform_is_called_anew():
    calls = []

    def transform(sample):
        calls.append(sample)
        return len(calls)

    inner = Counting()
    cached = CachedDataset(inner, transform=transform)
    assert [cached[2], cached[2]] == [1, 2]
    assert inner.made == [2]


def test_an_index_outside_is_the_datasets_business():
    with pytest.raises(IndexError):
        CachedDataset(Counting())[5]
    with pytest.raises(IndexError):
        CachedDataset(Counting())[-6]


def test_threads_get_the_same_objects():
    barrier = threading.Barrier(8)
    cached = CachedDataset(Counting())

    def look_up(_):
        barrier.wait()
        return [cached[i] for i in range(5)]

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(look_up, range(8)))
    assert all(sample is first for samples in found for sample, first in zip(samples, found[0], strict=True))


def test_a_copy_starts_empty():
    cached = CachedDataset(Counting())
    cached[1]
    copy = pickle.loads(pickle.dumps(cached))
    assert copy.dataset.made == [1]
    assert copy[1].item() == 1
    assert copy.dataset.made == [1, 1]


def test_a_loader_takes_it():
    inner = Counting()
    loader = DataLoader(CachedDataset(inner), batch_size=2)
    assert [batch.flatten().tolist() for _ in range(2) for batch in loader] == [[0, 1], [2, 3], [4]] * 2
    assert inner.made == [0, 1, 2, 3, 4]
