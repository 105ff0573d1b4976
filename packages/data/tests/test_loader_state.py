"""Going on in the middle of an epoch."""

from __future__ import annotations

import io
import multiprocessing
import sys
from pathlib import Path

import pytest

import lamella
from lamella.core.errors import ArgumentError, CheckpointError
from lamella.data import DataLoader, RandomSampler, WeightedRandomSampler

sys.path.append(str(Path(__file__).parent))
from loader_datasets import Augmented, Resumable, Shards

HAS_FORK = "fork" in multiprocessing.get_all_start_methods()
pytestmark = [
    pytest.mark.skipif(not HAS_FORK, reason="the processes start by fork"),
    pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning"),
]

NONE = {}
FORK = {"num_workers": 2, "multiprocessing_context": "fork"}
THREADS = {"num_workers": 3, "workers": "thread"}
KINDS = {"none": NONE, "fork": FORK, "thread": THREADS}


def plain(batch):
    return [part.tolist() if isinstance(part, lamella.Tensor) else part for part in batch]


def saved_and_loaded(state):
    file = io.BytesIO()
    lamella.save(state, file)
    file.seek(0)
    return lamella.load(file)


def interrupted(make, given):
    """A state after ``given`` batches, the rest of that epoch, and the two epochs after it."""
    loader = make()
    iterator = iter(loader)
    for _ in range(given):
        next(iterator)
        lamella.rand(3)  # as a model with dropout would
    state = loader.state_dict()
    return saved_and_loaded(state), [[plain(b) for b in it] for it in (iterator, loader, loader)]


def check_resumes(make, given, make_there=None):
    lamella.manual_seed(5)
    state, expected = interrupted(make, given)
    lamella.manual_seed(99)
    lamella.rand(50)
    there = (make_there or make)()
    there.load_state_dict(state)
    assert [[plain(batch) for batch in there] for _ in range(3)] == expected
    assert expected[0] != expected[1]


def seeded():
    return lamella.Generator().manual_seed(11)


ORDERS = {
    "sequential": dict,
    "shuffled": lambda: {"shuffle": True},
    "own generator": lambda: {"shuffle": True, "generator": seeded()},
    "sampler's generator": lambda: {"sampler": RandomSampler(range(22), True, 30, generator=seeded())},
    "weighted": lambda: {"sampler": WeightedRandomSampler([1.0, 2.0, 3.0], 22)},
}


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_the_rest_of_an_epoch_and_those_after_it_are_the_same(kind, order):
    check_resumes(lambda: DataLoader(Augmented(), batch_size=4, **kind, **order()), 3)


def test_other_workers_may_go_on():
    def make(**workers):
        return DataLoader(Augmented(), batch_size=4, shuffle=True, **workers)

    check_resumes(lambda: make(**FORK), 2, lambda: make(**{**THREADS, "persistent_workers": True}))


def test_without_batches():
    check_resumes(lambda: DataLoader(Augmented(6), batch_size=None, shuffle=True), 4)


@pytest.mark.parametrize("given", [0, 6])
def test_at_the_beginning_and_at_the_end_of_an_epoch(given):
    check_resumes(lambda: DataLoader(Augmented(), batch_size=4, shuffle=True, **THREADS), given)


def test_between_epochs():
    lamella.manual_seed(1)
    loader = DataLoader(Augmented(), batch_size=4, shuffle=True)
    list(loader)
    state = loader.state_dict()
    assert state["batches"] == 0
    expected = [plain(batch) for batch in loader]
    there = DataLoader(Augmented(), batch_size=4, shuffle=True)
    there.load_state_dict(state)
    assert there.state_dict()["batches"] == 0
    assert [plain(batch) for batch in there] == expected


@pytest.mark.parametrize("begun", [0, 1])
def test_the_epochs_after_a_state_from_between_epochs(begun):
    """They too draw from the default generator."""
    lamella.manual_seed(1)
    loader = DataLoader(Augmented(), batch_size=4, shuffle=True)
    for _ in range(begun):
        list(loader)
    state = saved_and_loaded(loader.state_dict())
    expected = [[plain(batch) for batch in loader] for _ in range(3)], lamella.rand(2).tolist()
    there = DataLoader(Augmented(), batch_size=4, shuffle=True)
    there.load_state_dict(state)
    assert ([[plain(batch) for batch in there] for _ in range(3)], lamella.rand(2).tolist()) == expected


def test_what_is_drawn_before_the_first_batch_changes_nothing():
    lamella.manual_seed(1)
    loader = DataLoader(Augmented(), batch_size=4, shuffle=True)
    iterator = iter(loader)
    lamella.rand(3)
    next(iterator)
    state = loader.state_dict()
    there = DataLoader(Augmented(), batch_size=4, shuffle=True)
    there.load_state_dict(state)
    assert [plain(batch) for batch in there] == [plain(batch) for batch in iterator]


def test_a_state_that_was_loaded_can_be_asked_for_again():
    loader = DataLoader(Augmented(), batch_size=4, shuffle=True, generator=seeded())
    iterator = iter(loader)
    next(iterator)
    there = DataLoader(Augmented(), batch_size=4, shuffle=True, generator=seeded())
    there.load_state_dict(loader.state_dict())
    once_more = DataLoader(Augmented(), batch_size=4, shuffle=True, generator=seeded())
    once_more.load_state_dict(there.state_dict())
    assert [plain(batch) for batch in once_more] == [plain(batch) for batch in iterator]


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("given", [3, 5])
def test_streams_are_read_up_to_the_place(kind, given):
    check_resumes(lambda: DataLoader(Shards(), batch_size=4, **kind), given)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_streams_that_know_their_place_go_there(kind):
    def make():
        return DataLoader(Resumable(), batch_size=4, **kind)

    check_resumes(make, 3)
    state, _ = interrupted(make, 3)
    taken = [taken for taken, _ in state["streams"]]
    assert sum(taken) == 3
    assert [dataset["given"] for _, dataset in state["streams"]] == [4 * count for count in taken]


def test_states_that_do_not_fit_are_refused():
    state = DataLoader(Augmented(), batch_size=4).state_dict()
    with pytest.raises(CheckpointError, match="the state has batch_size 4, this loader 5"):
        DataLoader(Augmented(), batch_size=5).load_state_dict(state)
    with pytest.raises(CheckpointError, match="the state has number of generators 0, this loader 1"):
        DataLoader(Augmented(), batch_size=4, shuffle=True, generator=seeded()).load_state_dict(state)
    streams = DataLoader(Shards(), batch_size=4, **FORK).state_dict()
    with pytest.raises(CheckpointError, match="the state has number of streams 2, this loader 3"):
        DataLoader(Shards(), batch_size=4, **THREADS).load_state_dict(streams)
    with pytest.raises(CheckpointError, match=r"expected the dict of state_dict\(\); \['batch_size', .* are missing"):
        DataLoader(Augmented()).load_state_dict({"batches": 3})


def test_without_an_order_there_is_no_state():
    with pytest.raises(ArgumentError, match="with in_order=False and several workers.*Use in_order=True"):
        DataLoader(Augmented(), in_order=False, **THREADS).state_dict()
