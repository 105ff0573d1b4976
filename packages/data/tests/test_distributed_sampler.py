"""One process's part of a dataset."""

from __future__ import annotations

import itertools

import pytest

from lamella.core.errors import ArgumentError, ArgumentRangeError
from lamella.data import DistributedSampler


def parts(size, replicas, **arguments):
    return [list(DistributedSampler(range(size), replicas, rank, **arguments)) for rank in range(replicas)]


@pytest.mark.parametrize(
    ("size", "drop_last", "expected"),
    [
        (6, False, [[0, 3], [1, 4], [2, 5]]),
        (7, False, [[0, 3, 6], [1, 4, 0], [2, 5, 1]]),
        (7, True, [[0, 3], [1, 4], [2, 5]]),
        (1, False, [[0], [0], [0]]),
        (2, True, [[], [], []]),
    ],
)
def test_each_process_has_every_third_index(size, drop_last, expected):
    assert parts(size, 3, shuffle=False, drop_last=drop_last) == expected
    assert len(DistributedSampler(range(size), 3, 0, drop_last=drop_last)) == len(expected[0])


def test_all_draw_the_same_order_anew_for_each_epoch():
    first = parts(100, 4)
    assert sorted(itertools.chain(*first)) == list(range(100))
    assert parts(100, 4) == first
    assert parts(100, 4, seed=1) != first
    sampler = DistributedSampler(range(100), 4, 0)
    sampler.set_epoch(1)
    assert list(sampler) == parts(100, 4, seed=1)[0]


def test_the_environment_tells(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "3")
    monkeypatch.setenv("RANK", "2")
    assert list(DistributedSampler(range(6), shuffle=False)) == [2, 5]


@pytest.mark.parametrize(("size", "rank", "missing"), [("", "0", "num_replicas"), ("2", "x", "rank")])
def test_without_numbers_there_is_nothing_to_ask(monkeypatch, size, rank, missing):
    monkeypatch.setenv("WORLD_SIZE", size)
    monkeypatch.setenv("RANK", rank)
    with pytest.raises(ArgumentRangeError, match=f"expected {missing}, or the environment variable .*no process group"):
        DistributedSampler(range(6))


@pytest.mark.parametrize("rank", [-1, 2])
def test_a_rank_out_of_range(rank):
    with pytest.raises(ArgumentError, match=rf"Invalid rank {rank}, rank should be in the interval \[0, 1\]"):
        DistributedSampler(range(6), 2, rank)
