"""Workers: the same batches and random numbers whoever fetches them."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import lamella
from lamella.core.errors import ArgumentError, ArgumentTypeError, WorkerError
from lamella.data import DataLoader, Subset, TensorDataset, datasets, get_worker_info, transforms

sys.path.append(str(Path(__file__).parent))
from loader_datasets import Augmented, Python, Shards, Unevenly, Who, identity

HAS_FORK = "fork" in multiprocessing.get_all_start_methods()
pytestmark = [
    pytest.mark.skipif(not HAS_FORK, reason="these tests start processes by fork; test_a_script_that_spawns does not"),
    # Python 3.12 warns of a fork beside threads; that ours bear it is tested below.
    pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning"),
]

FORK = {"num_workers": 2, "multiprocessing_context": "fork"}
THREADS = {"num_workers": 2, "workers": "thread"}
KINDS = pytest.mark.parametrize("workers", [FORK, THREADS], ids=["fork", "thread"])


def plain(value):
    """A batch as comparable Python values."""
    if isinstance(value, lamella.Tensor):
        return value.tolist()
    return [plain(part) for part in value] if isinstance(value, list | tuple) else value


def epochs(dataset, count=2, **arguments):
    """All batches of some epochs from one seed, and what the default generator gives afterwards."""
    lamella.manual_seed(7)
    loader = DataLoader(dataset, **arguments)
    return [[plain(batch) for batch in loader] for _ in range(count)], lamella.rand(()).item()


@pytest.mark.parametrize(
    "workers",
    [
        FORK,
        THREADS,
        {**FORK, "num_workers": 3, "persistent_workers": True},
        {**THREADS, "num_workers": 3, "persistent_workers": True, "prefetch_factor": 1},
        {"workers": "thread"},
    ],
    ids=["fork", "thread", "kept processes", "kept threads", "one thread"],
)
def test_batches_order_and_random_numbers_do_not_depend_on_the_workers(workers):
    expected = epochs(Augmented(), batch_size=4, shuffle=True)
    assert epochs(Augmented(), batch_size=4, shuffle=True, **workers) == expected
    (first, second), _ = expected
    assert first != second


def test_random_numbers_belong_to_the_sample_not_to_the_batch():
    by_four, by_five = (
        list(itertools.chain(*(batch[1] for batch in epochs(Augmented(), 1, batch_size=size)[0][0]))) for size in (4, 5)
    )
    assert by_four == by_five
    assert len({tuple(numbers) for numbers in by_four}) == 22


def test_a_sample_that_comes_twice_is_augmented_twice():
    ((batch,),), _ = epochs(Augmented(), 1, batch_size=2, sampler=[3, 3])
    assert batch[0] == [3, 3]
    assert batch[1][0] != batch[1][1]


@pytest.mark.parametrize("workers", [{}, FORK, THREADS], ids=["none", "fork", "thread"])
def test_the_default_generator_gives_one_seed_an_epoch(workers):
    lamella.manual_seed(3)
    lamella.default_generator.words(1)
    expected = lamella.rand(3).tolist()
    lamella.manual_seed(3)
    list(DataLoader(Augmented(), **workers))
    assert lamella.rand(3).tolist() == expected


def test_a_generator_of_its_own_leaves_the_default_one_alone():
    before = lamella.get_rng_state().tolist()
    list(DataLoader(Augmented(), shuffle=True, generator=lamella.Generator().manual_seed(1)))
    assert lamella.get_rng_state().tolist() == before


@pytest.mark.parametrize("count", [1, 3])
def test_python_and_numpy_draw_the_same_in_any_number_of_processes(count):
    two = epochs(Python(), 1, batch_size=4, **FORK)
    assert epochs(Python(), 1, batch_size=4, **{**FORK, "num_workers": count}) == two
    assert len({number for batch in two[0][0] for number in batch[1] + batch[2]}) == 44


def seed_python(worker):
    random.seed(worker)


def test_a_worker_init_fn_has_the_last_word_on_seeds():
    (batches,), _ = epochs(Python(4), 1, worker_init_fn=seed_python, **FORK)
    expected = [[rng.random(), rng.random()] for rng in (random.Random(0), random.Random(1))]
    assert [batch[1][0] for batch in batches] == [expected[0][0], expected[1][0], expected[0][1], expected[1][1]]
    assert len({batch[2][0] for batch in batches}) == 4  # NumPy's differ from worker to worker all the same


def test_threads_leave_pythons_generators_alone():
    random.seed(1)
    expected = random.random()
    random.seed(1)
    list(DataLoader(Augmented(), **THREADS))
    assert random.random() == expected


@KINDS
def test_workers_know_themselves(workers):
    samples = list(DataLoader(Who(), batch_size=None, collate_fn=identity, **workers))
    assert [sample[0] for sample in samples] == [0, 1, 0, 1]
    assert all(sample[1] == 2 and sample[5] for sample in samples)
    assert samples[1][2] == samples[0][2] + 1
    if workers is FORK:
        assert len({sample[3] for sample in samples} - {os.getpid()}) == 2
        assert all(sample[4] == 1 for sample in samples)
    assert get_worker_info() is None


@KINDS
def test_streams_are_divided_by_get_worker_info(workers):
    (batches,), _ = epochs(Shards(), 1, batch_size=4, **workers)
    numbers = [batch[0] for batch in batches]
    assert numbers[:3] == [[0, 2, 4, 6], [1, 3, 5, 7], [8, 10, 12, 14]]
    assert sorted(itertools.chain(*numbers)) == list(range(23))
    drawn = list(itertools.chain(*(batch[1] for batch in batches)))
    assert len(set(drawn)) == 23


@KINDS
def test_streams_begin_anew_each_epoch(workers):
    (first, second), _ = epochs(Shards(), 2, batch_size=4, persistent_workers=True, **workers)
    assert [batch[0] for batch in first] == [batch[0] for batch in second]
    assert [batch[1] for batch in first] != [batch[1] for batch in second]


@KINDS
def test_a_worker_whose_stream_is_at_its_end_is_left_out(workers):
    assert [batch.tolist() for batch in DataLoader(Unevenly(), **workers)] == [[0], [10], [1], [2], [3], [4]]


def test_streams_without_workers():
    assert [batch[0].tolist() for batch in DataLoader(Shards(5), batch_size=2)] == [[0, 1], [2, 3], [4]]
    assert [batch[0].tolist() for batch in DataLoader(Shards(5), batch_size=2, drop_last=True)] == [[0, 1], [2, 3]]
    assert [sample[0] for sample in DataLoader(Shards(3), batch_size=None)] == [0, 1, 2]


@pytest.mark.parametrize(("arguments", "length"), [({}, 3), ({"drop_last": True}, 2), ({"batch_size": None}, 5)])
def test_streams_have_the_length_of_their_dataset(arguments, length):
    loader = DataLoader(Shards(5), **{"batch_size": 2, **arguments})
    assert len(loader) == len(iter(loader)) == length


def stop_earlier(worker):
    get_worker_info().dataset.size = 10 * (worker + 1)


@KINDS
def test_a_worker_init_fn_may_change_its_own_copy_of_a_stream(workers):
    dataset = Shards(100)
    numbers = [batch[0].item() for batch in DataLoader(dataset, worker_init_fn=stop_earlier, **workers)]
    assert sorted(numbers) == sorted([*range(0, 10, 2), *range(1, 20, 2)])
    assert dataset.size == 100


@KINDS
def test_workers_are_kept_if_asked(workers):
    kept = DataLoader(Who(), batch_size=None, collate_fn=identity, persistent_workers=True, **workers)
    first, second = ({s[3] for s in kept} for _ in range(2))
    assert first == second
    if workers is FORK:
        fresh = DataLoader(Who(), batch_size=None, collate_fn=identity, **workers)
        assert {s[3] for s in fresh}.isdisjoint({s[3] for s in fresh})


@KINDS
def test_kept_workers_forget_an_epoch_that_was_broken_off(workers):
    loader = DataLoader(range(20), batch_size=2, persistent_workers=True, **workers)
    for _ in range(3):
        assert next(iter(loader)).tolist() == [0, 1]
    assert [number for batch in loader for number in batch.tolist()] == list(range(20))


def test_kept_workers_serve_one_iteration_at_a_time():
    loader = DataLoader(range(20), persistent_workers=True, **THREADS)
    first = iter(loader)
    next(first)
    assert next(iter(loader)).item() == 0
    with pytest.raises(WorkerError, match="a later iteration over this loader has taken over its persistent workers"):
        next(first)


@KINDS
def test_out_of_order_batches_are_all_there(workers):
    batches = [tuple(batch.tolist()) for batch in DataLoader(range(20), batch_size=3, in_order=False, **workers)]
    assert sorted(batches) == [tuple(range(i, min(i + 3, 20))) for i in range(0, 20, 3)]


@KINDS
def test_bulk_forms_work_in_workers(workers):
    chain = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])
    digits = Subset(datasets.MNIST(train=False, transform=chain), range(100))
    expected = list(DataLoader(digits, batch_size=40))
    for (images, labels), (images_there, labels_there) in zip(
        DataLoader(digits, batch_size=40, **workers), expected, strict=True
    ):
        np.testing.assert_array_equal(images.numpy(), images_there.numpy())
        np.testing.assert_array_equal(labels.numpy(), labels_there.numpy())


def test_tensors_of_processes_can_be_changed_and_outlive_them():
    batches = [batch[2] for batch in DataLoader(Augmented(), batch_size=4, **FORK)]
    for batch in batches:
        batch.add_(1)
    assert [batch[:, 0, 0].tolist() for batch in batches][:2] == [[1, 2, 3, 4], [5, 6, 7, 8]]


def test_large_index_lists_and_large_plain_batches_do_not_block_each_other():
    """Either is more than a pipe holds."""
    loader = DataLoader(["x" * 20] * 60_000, batch_size=20_000, **FORK)
    assert [len(batch) for batch in loader] == [20_000] * 3


class MultipliesMatrices(Augmented):
    def __getitem__(self, index):
        product = lamella.ones(400, 400) @ lamella.ones(400, 400)
        return (product + lamella.ones(1000, 1200).exp().sum()).shape[0]


def test_loaders_of_several_threads_at_once(tmp_path):
    """A fork has copies of the other threads' pipes and locks; nobody may wait for these."""
    script = tmp_path / "script.py"
    script.write_text(THREADS_THAT_FORK, encoding="utf-8")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False, timeout=120)
    assert (done.stderr, done.stdout) == ("", "[6, 6, 6, 6]\n")


THREADS_THAT_FORK = """
import multiprocessing, threading, warnings
from lamella.data import DataLoader, TensorDataset
import lamella
import lamella.data.processes
lamella.data.processes.GRACE_S = 1e6  # nobody needs it

warnings.simplefilter("ignore", DeprecationWarning)
sums = []

def iterate():
    loader = DataLoader(TensorDataset(lamella.arange(4)), num_workers=2, multiprocessing_context="fork")
    sums.append(int(sum(batch[0] for batch in loader)))

threads = [threading.Thread(target=iterate) for _ in range(4)]
for thread in threads:
    thread.start()
while any(thread.is_alive() for thread in threads):
    multiprocessing.active_children()  # asks after all processes, as whoever starts one does
print(sums)
"""


@pytest.mark.parametrize("workers", [{}, THREADS, FORK], ids=["none", "thread", "fork"])
def test_the_order_is_drawn_as_the_epoch_begins(workers):
    lamella.manual_seed(7)
    expected = [batch.item() for batch in DataLoader(range(8), shuffle=True)]
    lamella.manual_seed(7)
    iterator = iter(DataLoader(range(8), shuffle=True, **workers))
    lamella.rand(3)
    assert [batch.item() for batch in iterator] == expected


@KINDS
def test_what_holds_where_it_is_iterated_holds_in_workers(workers):
    with lamella.no_grad():
        (flag,) = DataLoader(range(1), collate_fn=grad_mode, **workers)
    assert flag is False


def grad_mode(batch):
    return lamella.is_grad_enabled()


def test_a_fork_after_threads_computed():
    (lamella.rand(600, 600) @ lamella.rand(600, 600)).sum()
    lamella.rand(2000, 2000).exp()
    assert [b.item() for b in DataLoader(MultipliesMatrices(3), **FORK, timeout=60)] == [400] * 3


SCRIPT = """
import sys
sys.path.append(sys.argv[1])
import lamella
from lamella.data import DataLoader
from loader_datasets import Augmented

def epoch(**arguments):
    lamella.manual_seed(0)
    return [(a.tolist(), b.tolist(), c.sum().item()) for a, b, c in DataLoader(Augmented(), 4, True, **arguments)]

if __name__ == "__main__":
    print(epoch(num_workers=2, multiprocessing_context=sys.argv[2]) == epoch())
    try:
        iter(DataLoader([0], collate_fn=lambda batch: batch, num_workers=2, multiprocessing_context=sys.argv[2]))
    except lamella.core.errors.WorkerError as error:
        print(error)
"""


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_a_script_that_spawns(method, tmp_path):
    """Also: what cannot be pickled is told so."""
    if method not in multiprocessing.get_all_start_methods():
        method = "spawn"
    script = tmp_path / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    command = [sys.executable, script, Path(__file__).parent, method]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    same, error = done.stdout.splitlines()
    assert same == "True"
    assert f"the start method '{method}' pickles the dataset, collate_fn and worker_init_fn" in error
    assert "lambda" in error


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"workers": "fibre"}, "workers option should be 'none', 'thread' or 'process'; found 'fibre'"),
        ({"workers": "none", "num_workers": 1}, "workers='none' means that there are none; found num_workers=1"),
        ({"prefetch_factor": 2}, "prefetch_factor option could only be specified in multiprocessing"),
        ({"prefetch_factor": 0, "num_workers": 1}, "prefetch_factor option should be non-negative, and not 0; found 0"),
        ({"timeout": -1, "num_workers": 1}, "timeout option should be non-negative; found timeout=-1"),
        ({"timeout": 1}, "timeout option needs num_workers > 0"),
        ({"persistent_workers": True}, "persistent_workers option needs num_workers > 0"),
        ({"multiprocessing_context": "fork"}, "multiprocessing_context can only be used with multi-process loading"),
        ({**THREADS, "multiprocessing_context": "fork"}, "can only be used with multi-process.*workers='thread'"),
        ({"num_workers": 1, "multiprocessing_context": "knife"}, "should specify a valid start method in .*'knife'"),
    ],
)
def test_arguments_of_workers_that_conflict(arguments, message):
    with pytest.raises(ArgumentError, match=message):
        DataLoader(range(3), **arguments)


def test_a_context_must_be_one():
    with pytest.raises(ArgumentTypeError, match="should be a valid context object or a string.*=3"):
        DataLoader(range(3), num_workers=1, multiprocessing_context=3)
    context = multiprocessing.get_context("spawn")
    assert DataLoader(range(3), num_workers=1, multiprocessing_context=context).multiprocessing_context is context


@pytest.mark.parametrize(
    ("arguments", "kind", "number"),
    [
        ({}, "none", 0),
        ({"num_workers": 3}, "process", 3),
        ({"workers": "thread"}, "thread", 1),
        ({"workers": "process", "num_workers": 2}, "process", 2),
        ({"workers": "none"}, "none", 0),
    ],
)
def test_the_kind_and_number_of_workers(arguments, kind, number):
    loader = DataLoader(range(3), **arguments)
    assert (loader.workers, loader.num_workers) == (kind, number)
    assert loader.prefetch_factor == (2 if number else None)


@pytest.mark.parametrize("name", ["shuffle", "sampler", "batch_sampler"])
def test_a_stream_has_an_order_of_its_own(name):
    with pytest.raises(ArgumentError, match=f"with IterableDataset: expected unspecified {name} option, but got"):
        DataLoader(Shards(), **{name: [1]})


def test_a_streams_batch_size_is_checked():
    with pytest.raises(ArgumentError, match="batch_size should be a positive integer value, but got batch_size=0"):
        DataLoader(Shards(), batch_size=0)


@pytest.mark.parametrize("name", ["batch_size", "sampler", "dataset", "drop_last", "num_workers", "workers"])
def test_what_is_fixed_cannot_be_set(name):
    loader = DataLoader(TensorDataset(lamella.arange(3)))
    with pytest.raises(ArgumentError, match=f"{name} attribute should not be set after DataLoader is initialized"):
        setattr(loader, name, None)
