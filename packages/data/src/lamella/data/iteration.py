"""One epoch of a loader: which worker does what, and in which order the batches come."""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from lamella import Generator
from lamella.core.errors import WorkerError
from lamella.core.random import current_generator, local_generator
from lamella.data.failures import Failure
from lamella.data.fetching import Epoch, Reply, Task
from lamella.data.loader_state import Progress
from lamella.data.workers import Lost, Workers, asked_for

if TYPE_CHECKING:
    from lamella.data.loader import DataLoader


class LoaderIterator(Iterator[Any]):
    """Gives an epoch's batches.

    The workers take turns: of a dataset in map style, batch ``i`` is worker ``i % num_workers``'s; of streams
    each gives a batch in turn, until it has no more.

    Args:
        loader: Whose batches.
        workers: Who fetches them.
        number: Of this epoch, among those of the loader.
        progress: Where the epoch stands: at its beginning, or where it was interrupted. Kept up to date.
        draw_from: Stands for the default generator where an interrupted epoch's order is drawn again.
    """

    def __init__(
        self,
        loader: DataLoader[Any],
        workers: Workers,
        number: int,
        progress: Progress,
        draw_from: Generator | None,
    ) -> None:
        self._loader = loader
        self._workers = workers
        self._number = number
        self._progress = progress
        self._draw_from = draw_from
        self._stopped: str | None = None  # why there can be no more batches
        if loader.num_workers and not loader.persistent_workers:
            weakref.finalize(self, workers.close)
        with self._drawing():
            seed = int((loader.generator or current_generator()).words(1)[0]) >> 1  # fits int64
        self._tasks = _tasks(loader, number, progress.batches)
        for worker, stream in enumerate(progress.streams):
            workers.send(worker, Epoch(number, seed, stream.taken, stream.dataset_state))
        self._turns = deque(progress.turns)
        # What each worker was asked for and has not given.
        self._asked: list[deque[Task]] = [deque() for _ in progress.streams]
        # At least one, even if it is fetched later: so all kinds of workers draw the order at the same time.
        for _ in range(loader.prefetch_factor or 1):
            for worker in self._turns:
                self._ask(worker)

    def __len__(self) -> int:
        return len(self._loader)

    def __next__(self) -> Any:
        if self._stopped is not None:
            raise WorkerError(self._stopped)
        if self._loader.persistent_workers and self._loader.epochs != self._number:
            raise WorkerError(
                "DataLoader: a later iteration over this loader has taken over its persistent workers. Finish one "
                "before the next, or use a loader for each."
            )
        while (reply := self._next_reply()) is not None:
            if not isinstance(reply.value, Failure):
                return reply.value
            error = reply.value.exception()
            del self, reply  # or else the exception's traceback would keep the workers alive
            raise error
        self._progress.finished = True
        if not self._loader.persistent_workers:
            self._workers.close()
        raise StopIteration

    def _next_reply(self) -> Reply | None:
        """The next worker's answer; None if there are no more."""
        while self._turns:
            idle = [worker for worker in self._next_workers() if not self._asked[worker] and not self._ask(worker)]
            if idle:
                self._turns = deque(worker for worker in self._turns if worker not in idle)
                continue
            worker, reply = self._receive()
            if reply.epoch != self._number:  # of an epoch that was broken off
                continue
            self._asked[worker].popleft()
            self._turns.remove(worker)
            if reply.ended:
                continue
            self._turns.append(worker)
            if self._loader.prefetch_factor:
                self._ask(worker)
            self._progress.advance(worker, self._turns, reply.dataset_state)
            return reply
        return None

    def _next_workers(self) -> list[int]:
        """Whose batch may be the next."""
        return [self._turns[0]] if self._loader.in_order else list(self._turns)

    def _receive(self) -> tuple[int, Reply]:
        workers = self._next_workers()
        try:
            answer = self._workers.receive(workers, self._loader.timeout or None)
        except BaseException:  # raised again, when the loader can go on or has stopped
            if self._loader.num_workers:  # such as Ctrl-C, in the middle of a message
                self._stop("was interrupted")
            else:  # the dataset's, as it was raised; the next batch can be had, as from workers
                self._asked[0].clear()
                self._progress.advance(0, self._turns, self._progress.streams[0].dataset_state)
            raise
        if answer is None:
            worker = workers[0]
            why = f"DataLoader timed out after {self._loader.timeout} seconds; waiting for worker "
            raise WorkerError(self._stop(why + self._workers.describe(worker) + self._about(worker)))
        worker, reply = answer
        if isinstance(reply, Lost):
            why = f"DataLoader worker {self._workers.describe(worker)} exited unexpectedly: it {reply.why}"
            raise WorkerError(self._stop(why + self._about(worker)))
        return worker, reply

    def _about(self, worker: int) -> str:
        """What a worker was busy with, and what else it had to do."""
        first, *others = self._asked[worker]
        text = f". It had been asked for a batch{asked_for(first)}"
        return text + "".join(f"; then for one{asked_for(task)}" for task in others if task.indices is not None)

    def _stop(self, why: str) -> str:
        """End the workers, whatever they are at."""
        self._stopped = f"DataLoader: this iteration has ended before. {why}"
        self._loader.forget(self._workers)
        self._workers.close(at_once=True)
        return why

    def _ask(self, worker: int) -> bool:
        """Ask a worker for the next batch, if there is one."""
        with self._drawing():
            task = next(self._tasks, None)
        if task is None:
            return False
        self._asked[worker].append(task)
        self._workers.send(worker, task)
        return True

    def _drawing(self) -> AbstractContextManager[None]:
        return nullcontext() if self._draw_from is None else local_generator(self._draw_from)


def _tasks(loader: DataLoader[Any], epoch: int, skipped: int) -> Iterator[Task]:
    """The epoch's batches in order, but for the first ones, which were given before it was interrupted."""
    if loader.streams:
        while True:
            yield Task(epoch, 0, None)
    position = 0
    if loader.batch_sampler is None:
        for position, index in enumerate(loader.sampler or ()):
            if position >= skipped:
                yield Task(epoch, position, index)
        return
    for number, indices in enumerate(loader.batch_sampler):
        task = Task(epoch, position, list(indices))
        position += len(task.indices)
        if number >= skipped:
            yield task
