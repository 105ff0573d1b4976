"""The order in which samples are visited."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest

import lamella
from lamella.core.errors import ArgumentError, ArgumentTypeError
from lamella.data import (
    BatchSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)


def seeded(seed: int) -> lamella.Generator:
    return lamella.Generator().manual_seed(seed)


def test_a_sampler_without_iter_says_so():
    with pytest.raises(NotImplementedError, match="should implement __iter__"):
        iter(Sampler())


def test_sequential():
    sampler = SequentialSampler("abcd")
    assert list(sampler) == list(sampler) == [0, 1, 2, 3]
    assert len(sampler) == 4


def test_random_is_a_permutation_and_new_each_time():
    sampler = RandomSampler(range(100), generator=seeded(0))
    first, second = list(sampler), list(sampler)
    assert sorted(first) == sorted(second) == list(range(100))
    assert first != second
    assert all(type(index) is int for index in first)
    assert len(sampler) == 100


def test_random_order_is_the_generators_permutation():
    assert list(RandomSampler(range(100), generator=seeded(3))) == lamella.randperm(100, generator=seeded(3)).tolist()


def test_random_without_a_generator_follows_the_global_seed():
    lamella.manual_seed(5)
    first = list(RandomSampler(range(100)))
    lamella.manual_seed(5)
    assert list(RandomSampler(range(100))) == first


def test_random_more_samples_than_there_are():
    sampler = RandomSampler(range(4), num_samples=10, generator=seeded(0))
    indices = list(sampler)
    assert len(sampler) == len(indices) == 10
    assert sorted(indices[:4]) == sorted(indices[4:8]) == [0, 1, 2, 3]
    assert len(set(indices[8:])) == 2


def test_random_fewer_samples_than_there_are():
    indices = list(RandomSampler(range(100), num_samples=10, generator=seeded(0)))
    assert len(set(indices)) == len(indices) == 10


def test_random_with_replacement_draws_evenly():
    sampler = RandomSampler(range(4), replacement=True, num_samples=4000, generator=seeded(0))
    counts = Counter(sampler)
    assert len(sampler) == 4000
    # Standard deviation sqrt(4000 * 1/4 * 3/4) = 27: five of them.
    assert set(counts) == {0, 1, 2, 3}
    assert all(abs(count - 1000) < 137 for count in counts.values())


@pytest.mark.parametrize("num_samples", [0, -1, 2.5])
def test_random_refuses_a_wrong_number(num_samples):
    message = f"num_samples should be a positive integer value, but got num_samples={num_samples} for .* length 3"
    with pytest.raises(ArgumentError, match=message):
        RandomSampler(range(3), num_samples=num_samples)


def test_random_refuses_an_empty_dataset():
    with pytest.raises(ArgumentError, match="num_samples=0 for a dataset of length 0"):
        RandomSampler([])


def test_random_refuses_a_replacement_that_is_no_bool():
    with pytest.raises(ArgumentTypeError, match="replacement should be a boolean value, but got replacement=1"):
        RandomSampler(range(3), replacement=1)


@pytest.mark.parametrize(
    ("size", "drop_last", "batches"),
    [
        (5, False, [[0, 1], [2, 3], [4]]),
        (5, True, [[0, 1], [2, 3]]),
        (4, False, [[0, 1], [2, 3]]),
        (4, True, [[0, 1], [2, 3]]),
        (1, True, []),
        (0, False, []),
    ],
)
def test_batches(size, drop_last, batches):
    sampler = BatchSampler(SequentialSampler(range(size)), 2, drop_last)
    assert list(sampler) == batches
    assert len(sampler) == len(batches)


@pytest.mark.parametrize("batch_size", [0, -2, 2.5, True, "2"])
def test_batches_refuse_a_wrong_size(batch_size):
    message = f"batch_size should be a positive integer value, but got batch_size={batch_size!r}"
    with pytest.raises(ArgumentError, match=message):
        BatchSampler(range(5), batch_size, False)


def test_batches_refuse_a_drop_last_that_is_no_bool():
    with pytest.raises(ArgumentError, match="drop_last should be a boolean value, but got drop_last=1"):
        BatchSampler(range(5), 2, 1)


def test_random_refuses_to_draw_from_nothing():
    with pytest.raises(ArgumentError, match="cannot draw 3 samples from an empty dataset"):
        list(RandomSampler([], num_samples=3))


def test_random_is_not_disturbed_by_what_else_draws():
    """Its order is drawn while batches are trained on."""
    orders = []
    for draws in (0, 5):
        lamella.manual_seed(0)
        order = []
        for index in RandomSampler(range(4), num_samples=12):
            order.append(index)
            lamella.rand(draws)
        orders.append(order)
    assert orders[0] == orders[1]


def test_subset_random_is_an_order_of_its_indices():
    sampler = SubsetRandomSampler(list("abcdefgh"), generator=seeded(0))
    assert len(sampler) == 8
    first, second = list(sampler), list(sampler)
    assert sorted(first) == sorted(second) == list("abcdefgh")
    assert first != second


def test_weighted_draws_as_often_as_the_weights_say():
    counts = Counter(WeightedRandomSampler([1.0, 0.0, 3.0], 4000, generator=seeded(0)))
    assert set(counts) == {0, 2}
    assert abs(counts[2] - 3000) < 137


def test_weighted_without_replacement_gives_each_once():
    sampler = WeightedRandomSampler([5.0, 1.0, 0.1], 3, replacement=False, generator=seeded(0))
    assert len(sampler) == 3
    assert sorted(sampler) == [0, 1, 2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1.0], 0), "num_samples should be a positive integer value, but got num_samples=0"),
        (([1.0], True), "num_samples should be a positive integer value, but got num_samples=True"),
        (([1.0], 1, 1), "replacement should be a boolean value, but got replacement=1"),
        (([[1.0]], 1), r"weights should be a 1d sequence but given weights have shape \(1, 1\)"),
    ],
)
def test_weighted_refuses_wrong_arguments(arguments, message):
    with pytest.raises(ArgumentError, match=message):
        WeightedRandomSampler(*arguments)


def test_samples_without_end_are_drawn_as_they_are_needed():
    sampler = RandomSampler(range(10), replacement=True, num_samples=10**10)
    assert len(sampler) == 10**10
    drawn = list(itertools.islice(sampler, 5000))
    assert set(drawn) == set(range(10))
