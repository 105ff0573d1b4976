"""The loop that every worker runs, and the workers inside this process: the caller itself, or threads.

All kinds of workers answer to the same four calls: ``send`` a worker an epoch or a task, ``receive`` an answer
from one of some workers, ``describe`` a worker, ``close``. A worker answers its tasks in order.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Collection
from contextvars import copy_context
from queue import Empty, Queue, SimpleQueue
from time import monotonic
from typing import NamedTuple, Protocol

from lamella.data.failures import Failure
from lamella.data.fetching import Epoch, Fetcher, Job, Reply, Task

#: How long a worker may go on with the batch it is busy with when it is told to stop, in seconds.
GRACE_S = 5.0


class Lost(NamedTuple):
    """Instead of an answer: why there will be none."""

    why: str


class Workers(Protocol):
    """Some workers of one kind."""

    def send(self, worker: int, message: Epoch | Task) -> None:
        """Give a worker something to do."""

    def receive(self, workers: Collection[int], timeout: float | None) -> tuple[int, Reply | Lost] | None:
        """Wait for an answer from one of ``workers``; None if there is none for ``timeout`` seconds."""

    def describe(self, worker: int) -> str:
        """Name a worker, for messages."""

    def close(self, at_once: bool = False) -> None:
        """End all workers; ``at_once`` even those that are busy, where that can be done."""


class Caller:
    """Whoever iterates, as the only worker: it fetches when it receives."""

    def __init__(self, job: Job) -> None:
        self._fetcher = Fetcher(job, 0, own_process=False)
        self._tasks: deque[Task] = deque()

    def send(self, worker: int, message: Epoch | Task) -> None:
        """Begin an epoch, or keep a task in mind."""
        if isinstance(message, Epoch):
            self._fetcher.begin(message)
        else:
            self._tasks.append(message)

    def receive(self, workers: Collection[int], timeout: float | None) -> tuple[int, Reply | Lost] | None:
        """Do the next task. Exceptions go their usual way."""
        return 0, self._fetcher.fetch(self._tasks.popleft())

    def describe(self, worker: int) -> str:
        """Name the caller."""
        return "0"

    def close(self, at_once: bool = False) -> None:
        """Forget what is left to do."""
        self._tasks.clear()


class Inbox:
    """What a worker is to do. Knows the newest epoch before the worker comes to it."""

    def __init__(self) -> None:
        self.newest = -1
        self._messages: SimpleQueue[Epoch | Task | None] = SimpleQueue()

    def put(self, message: Epoch | Task | None) -> None:
        """Add a message; None tells the worker to end, before anything else it has to do."""
        if message is None:
            self.newest = -1
        elif isinstance(message, Epoch):
            self.newest = message.number
        self._messages.put(message)

    def get(self) -> Epoch | Task | None:
        """Wait for the next message."""
        return self._messages.get()


def work(job: Job, worker: int, inbox: Inbox, answer: Callable[[Reply], None], own_process: bool) -> None:
    """Life of a worker."""
    where = f"{'process' if own_process else 'thread'} {worker}"
    fetcher = Fetcher(job, worker, own_process)
    broken: Failure | None = None  # why nothing can be fetched in this epoch
    while (message := inbox.get()) is not None:
        if isinstance(message, Epoch):
            broken = None
            try:
                fetcher.begin(message)
            except BaseException as error:  # noqa: BLE001  # raised again where somebody iterates
                broken = Failure.of(error, f"{where}, as its epoch began")
        elif message.epoch == inbox.newest:
            if broken is not None:
                answer(Reply(message.epoch, broken))
                continue
            try:
                reply = fetcher.fetch(message)
            except BaseException as error:  # noqa: BLE001  # raised again where somebody iterates
                now = "" if fetcher.current is None else f", at sample {fetcher.current!r}"
                told = f"{where}{now}, in a batch{asked_for(message)}"
                reply = Reply(message.epoch, Failure.of(error, told))
            answer(reply)
            del reply  # or else the batch would live on until there is another


def asked_for(task: Task) -> str:
    """Say which samples a task asks for, for messages."""
    if isinstance(task.indices, list):
        shown = ", ".join(map(repr, task.indices[:20]))
        more = f", … {len(task.indices) - 20} more" if len(task.indices) > 20 else ""
        return f" of the samples at indices [{shown}{more}]"
    return "" if task.indices is None else f" of the sample at index {task.indices!r}"


class Threads:
    """Worker threads of this process. They work at once as far as the dataset lets go of the interpreter."""

    def __init__(self, job: Job) -> None:
        self._inboxes = [Inbox() for _ in range(job.num_workers)]
        self._replies: Queue[tuple[int, Reply]] = Queue()
        self._waiting: list[deque[Reply]] = [deque() for _ in range(job.num_workers)]
        self._threads = [
            threading.Thread(
                # The grad mode and the like hold there as they do for whoever iterates.
                target=copy_context().run,
                args=(_thread, job, worker, inbox, self._replies),
                name=f"lamella-loader-{worker}",
                daemon=True,
            )
            for worker, inbox in enumerate(self._inboxes)
        ]
        for thread in self._threads:
            thread.start()

    def send(self, worker: int, message: Epoch | Task) -> None:
        """Give a thread something to do."""
        self._inboxes[worker].put(message)

    def receive(self, workers: Collection[int], timeout: float | None) -> tuple[int, Reply | Lost] | None:
        """Wait for an answer."""
        end = None if timeout is None else monotonic() + timeout
        while True:
            for worker in workers:
                if self._waiting[worker]:
                    return worker, self._waiting[worker].popleft()
            try:
                worker, reply = self._replies.get(timeout=None if end is None else max(end - monotonic(), 0))
            except Empty:
                return None
            self._waiting[worker].append(reply)

    def describe(self, worker: int) -> str:
        """Name a thread."""
        return f"{worker} (thread {self._threads[worker].name})"

    def close(self, at_once: bool = False) -> None:
        """Tell the threads to end and wait for those that do. A thread that hangs cannot be ended."""
        for inbox in self._inboxes:
            inbox.put(None)
        end = monotonic() + (0 if at_once else GRACE_S)
        threads, self._threads = self._threads, []
        for thread in threads:
            if thread is not threading.current_thread():  # garbage is collected wherever it is noticed
                thread.join(max(end - monotonic(), 0))


def _thread(job: Job, worker: int, inbox: Inbox, replies: Queue[tuple[int, Reply]]) -> None:
    work(job, worker, inbox, lambda reply: replies.put((worker, reply)), own_process=False)
