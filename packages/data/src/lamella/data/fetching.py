"""What one worker does, wherever it works: look samples up and make batches of them.

While sample number ``n`` of an epoch is looked up, the default generator stands at the beginning of a stretch
of random numbers that belongs to this sample: block ``n * 2**32`` of the stream of the epoch's seed. What a
dataset or a transform draws therefore depends on the seed and the sample's place in the epoch alone, not on
who fetches it. A bulk form draws for its whole batch from the stretch of the first sample.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from lamella import Generator
from lamella.core.errors import WorkerError
from lamella.core.random import local_generator
from lamella.data.bulk import bulk_form
from lamella.data.collate import default_collate
from lamella.data.worker_info import WorkerInfo, set_worker_info

BLOCKS_PER_SAMPLE = 2**32


class Job(NamedTuple):
    """What all workers of a loader have to do, for all of its epochs."""

    dataset: Any
    streams: bool  # an IterableDataset
    batched: bool  # False: samples one by one
    batch_size: int | None  # of a stream
    drop_last: bool
    collate_fn: Callable[[Any], Any]
    worker_init_fn: Callable[[int], object] | None
    num_workers: int  # 0: the caller fetches


class Epoch(NamedTuple):
    """Says to a worker: a new epoch begins."""

    number: int
    seed: int
    taken: int = 0  # batches of its stream that were given before the epoch was interrupted
    dataset_state: Any = None  # where its stream stood then, if it can tell


class Task(NamedTuple):
    """Asks a worker for a batch: of the samples at ``indices``, or the next ones of its stream."""

    epoch: int
    position: int  # samples of the epoch before these
    indices: Any


class Reply(NamedTuple):
    """A worker's answer to a task."""

    epoch: int
    value: Any  # the batch, or a Failure
    ended: bool = False  # there is no batch: its stream is at its end
    dataset_state: Any = None  # where its stream stands, if it can tell


class Fetcher:
    """Fetches batches for one worker.

    Args:
        job: What to do.
        worker: Number of the worker.
        own_process: Whether Python's and NumPy's global generators are this worker's own, to be seeded.
    """

    def __init__(self, job: Job, worker: int, own_process: bool) -> None:
        self.job = job
        # Threads that advance one stream, or tell it its part in worker_init_fn, must not meet in one object.
        shares = job.streams and job.num_workers > 0 and not own_process
        self.dataset = copy.copy(job.dataset) if shares else job.dataset
        self.current: Any = None  # the index that is being looked up, for messages
        self._worker = worker
        self._own_process = own_process
        self._generator = Generator()
        self._begun = False
        self._seed = 0
        self._stream: Iterator[Any] = iter(())
        self._stream_position = 0
        self._ended = False

    def begin(self, epoch: Epoch) -> None:
        """Get ready for an epoch. The first time, that includes ``worker_init_fn``."""
        job = self.job
        # The parts of a stream are separate samples; those of a map are the same for whoever looks them up.
        self._seed = (epoch.seed + self._worker) % 2**64 if job.streams else epoch.seed
        self._place(-1)
        with local_generator(self._generator):
            if job.num_workers:
                seed = epoch.seed + self._worker
                set_worker_info(WorkerInfo(self._worker, job.num_workers, seed, self.dataset), self._own_process)
                if not self._begun:
                    self._seed_globals(-1, self._worker)
                    if job.worker_init_fn is not None:
                        job.worker_init_fn(self._worker)
            self._begun = True
            if job.streams:
                self._begin_stream(epoch)

    def fetch(self, task: Task) -> Reply:
        """Fetch a batch."""
        job = self.job
        if job.worker_init_fn is None:  # which may have seeded them in a way that is to last
            self._seed_globals(self._stream_position if job.streams else task.position)
        try:
            with local_generator(self._generator):
                return self._next_of_stream(task) if job.streams else Reply(task.epoch, self._looked_up(task))
        except StopIteration as error:
            # Left alone, it would end the caller's loop as if there were no more batches.
            raise WorkerError("DataLoader: the dataset or collate_fn raised StopIteration.") from error

    def _place(self, position: int) -> None:
        self._generator.place(self._seed, position * BLOCKS_PER_SAMPLE % 2**64)

    def _seed_globals(self, *place: int) -> None:
        """Seed Python's and NumPy's generators from the epoch's seed and a place, if they are ours alone."""
        if self._own_process:
            words = [part & 0xFFFFFFFF for part in (self._seed, self._seed >> 32, *place)]
            random.seed(sum(word << 32 * i for i, word in enumerate(words)))
            # One more word, as both are the same generator and would else give the same numbers.
            np.random.seed([*words, 1])  # noqa: NPY002  # for the sake of datasets that draw from it

    def _looked_up(self, task: Task) -> Any:
        """The batch of a dataset in map style."""
        job, dataset = self.job, self.dataset
        indices = task.indices if job.batched else [task.indices]
        self._place(task.position)
        self.current = None
        if job.batched and job.collate_fn is default_collate and indices:
            fetch_batch = bulk_form(dataset, "fetch_batch", "__getitem__")
            if fetch_batch is not None and (batch := fetch_batch(indices)) is not NotImplemented:
                return batch
        getitems = bulk_form(dataset, "__getitems__", "__getitem__") if job.batched else None
        if getitems is not None:
            return job.collate_fn(getitems(indices))
        samples, place, seed = [], self._generator.place, self._seed
        for position, index in enumerate(indices, task.position):
            place(seed, position * BLOCKS_PER_SAMPLE % 2**64)
            self.current = index
            samples.append(dataset[index])
        self.current = None
        return job.collate_fn(samples if job.batched else samples[0])

    def _begin_stream(self, epoch: Epoch) -> None:
        """Start the stream, and go to where it stood if the epoch was interrupted."""
        self._ended = False
        self._stream_position = 0
        self._place(0)
        if epoch.dataset_state is not None:
            self.dataset.load_state_dict(copy.deepcopy(epoch.dataset_state))
            self._stream_position = epoch.taken * (self.job.batch_size or 1)
            self._stream = iter(self.dataset)
            return
        self._stream = iter(self.dataset)
        for _ in range(epoch.taken):
            self._next_samples()

    def _next_of_stream(self, task: Task) -> Reply:
        """The next batch of the stream."""
        samples = self._next_samples()
        if samples is None:
            return Reply(task.epoch, None, ended=True)
        batch = self.job.collate_fn(samples if self.job.batched else samples[0])
        tell = getattr(self.dataset, "state_dict", None)
        return Reply(task.epoch, batch, dataset_state=None if tell is None else copy.deepcopy(tell()))

    def _next_samples(self) -> list[Any] | None:
        """The next samples of the stream; None at its end."""
        wanted = self.job.batch_size or 1
        samples: list[Any] = []
        while len(samples) < wanted and not self._ended:
            self._place(self._stream_position)
            self.current = self._stream_position
            try:
                samples.append(next(self._stream))
            except StopIteration:
                self._ended = True
            else:
                self._stream_position += 1
        self.current = None
        if not samples or (self.job.drop_last and len(samples) < wanted):
            return None
        return samples
