"""Worker processes.

Each has a pipe of its own, so that one that dies holds no lock that another waits for. The pipe also ties their
lives together: when our end of it is closed, or this process is gone, the worker finishes the batch it is busy
with and ends, or after ``GRACE_S`` seconds is ended by the thread that listens at its end.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Collection
from contextlib import suppress
from multiprocessing import connection, get_context
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from pickle import PicklingError  # noqa: TID251  # what multiprocessing raises
from time import monotonic, sleep
from typing import Any

import numpy.random  # noqa: F401  # here, as a fork while another thread is at this import would wait for it for ever

import lamella
import lamella.core.interchange  # the same: unpickling a Tensor imports it
from lamella.core.errors import WorkerError
from lamella.data.failures import Failure
from lamella.data.fetching import Epoch, Job, Reply, Task
from lamella.data.shared_arrays import Receiver, Sender
from lamella.data.workers import GRACE_S, Inbox, Lost, work

#: How often to ask whether a silent worker lives, in seconds. A pipe that a child of the worker still holds does
#: not tell.
LIFE_SIGN_S = 2.0

# Our ends of all pipes. Any fork of this process has copies, which would keep the pipes open when we are gone.
_ends: set[Any] = set()
_changing = threading.RLock()  # a fork waits for it, so that no fork has a pipe that is not among them


def _let_go() -> None:
    """Close the copies that a fork has."""
    _changing.release()
    for end in _ends:
        end.close()
    _ends.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_changing.acquire, after_in_parent=_changing.release, after_in_child=_let_go)


class Processes:
    """Worker processes.

    Args:
        job: What they do. It is pickled unless the start method is ``fork``.
        context: How to start them; None means Python's default way.

    Raises:
        WorkerError: If the job cannot be pickled.
    """

    def __init__(self, job: Job, context: BaseContext | None) -> None:
        context = context or get_context()
        self._owner = os.getpid()
        self._processes: list[BaseProcess] = []
        self._connections: list[Any] = []
        self._receivers: list[Receiver] = []
        try:
            for worker in range(job.num_workers):
                with _changing:
                    self._start(context, job, worker)
        except (PicklingError, AttributeError, TypeError) as error:
            self.close()
            raise WorkerError(
                f"DataLoader: the start method {context.get_start_method()!r} pickles the dataset, collate_fn and "
                f"worker_init_fn for its workers, which failed: {error}. Define them, and what they hold, at the "
                'top level of a module; or pass multiprocessing_context="fork" or workers="thread".'
            ) from error
        except BaseException:  # such as the system's limits
            self.close()
            raise

    def _start(self, context: BaseContext, job: Job, worker: int) -> None:
        ours, theirs = context.Pipe()
        _ends.add(ours)
        self._connections.append(ours)
        self._receivers.append(Receiver(ours))
        process = context.Process(  # type: ignore[attr-defined]  # every real context has it
            target=_main, args=(theirs, job, worker), name=f"lamella-loader-{worker}", daemon=True
        )
        try:
            process.start()
        finally:
            theirs.close()
        self._processes.append(process)

    def send(self, worker: int, message: Epoch | Task) -> None:
        """Give a process something to do, and back the segments that were read."""
        receiver = self._receivers[worker]
        freed, receiver.freed = receiver.freed, []
        with suppress(OSError):  # it has died, which receive() will tell together with what it was about
            self._connections[worker].send((freed, message))

    def receive(self, workers: Collection[int], timeout: float | None) -> tuple[int, Reply | Lost] | None:
        """Wait for an answer."""
        end = None if timeout is None else monotonic() + timeout
        by_connection = {self._connections[worker]: worker for worker in workers}
        while True:
            patience = LIFE_SIGN_S if end is None else min(LIFE_SIGN_S, max(end - monotonic(), 0))
            # Whether it lives is asked first: what it said before it died is still to be read.
            dead = [worker for worker in workers if not self._processes[worker].is_alive()]
            ready = connection.wait(list(by_connection), 0 if dead else patience)
            if ready:
                worker = by_connection[ready[0]]
                try:
                    return worker, self._receivers[worker].receive()
                except EOFError:
                    return worker, Lost(self._end_of(worker))
            if dead:
                return dead[0], Lost(self._end_of(dead[0]))
            if end is not None and monotonic() >= end:
                return None

    def describe(self, worker: int) -> str:
        """Name a process."""
        return f"{worker} (pid {self._processes[worker].pid})"

    def close(self, at_once: bool = False) -> None:
        """End all processes, and wait until they have."""
        if os.getpid() != self._owner:
            return  # in a fork: they are not ours
        for process in self._processes if at_once else ():
            process.kill()
        with _changing:
            for ours in self._connections:
                _ends.discard(ours)
                ours.close()
        end = monotonic() + GRACE_S
        for process in self._processes:
            if _exit_code(process, max(end - monotonic(), 0)) is None:
                process.kill()
                _exit_code(process, None)
            process.close()
        self._processes, self._connections, self._receivers = [], [], []

    def _end_of(self, worker: int) -> str:
        process = self._processes[worker]
        code = _exit_code(process, GRACE_S)
        if code is None:
            return "closed its pipe"
        if code < 0:
            return f"was killed by signal {-code} ({signal.strsignal(-code)})"
        return f"ended with exit code {code}"


def _exit_code(process: BaseProcess, patience_s: float | None) -> int | None:
    """Wait for the end of a process: its exit code, or None if it lives on."""
    if not connection.wait([process.sentinel], patience_s):
        return None
    while process.exitcode is None:  # another thread, which starts a process, has asked first and is about to note it
        process.join()
    return process.exitcode


def _main(line: Any, job: Job, worker: int) -> None:
    """Life of a worker process."""
    # Ctrl-C in a terminal goes to all; whoever iterates decides what it means. A handler for SIGTERM is theirs too.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.set_wakeup_fd(-1)  # or else a fork tells an event loop of the main process of the fork's signals
    lamella.set_num_threads(1)
    sender, inbox = Sender(line), Inbox()
    threading.Thread(target=_listen, args=(line, inbox, sender), daemon=True).start()

    def answer(reply: Reply) -> None:
        try:
            sender.send(reply)
        except ConnectionError:
            pass  # nobody listens any more, as the inbox will say
        except Exception as error:  # noqa: BLE001  # whatever pickling a foreign object raises, is raised again there
            kind = Failure.of(error, f"process {worker}, as it sent a batch")
            if isinstance(reply.value, Failure):  # the type of an exception that only this process knows
                kind = reply.value._replace(kind=WorkerError)
            sender.send(reply._replace(value=kind, dataset_state=None))

    work(job, worker, inbox, answer, own_process=True)
    sender.close()


def _listen(line: Any, inbox: Inbox, sender: Sender) -> None:
    """Take messages as they come, so that the other side need not wait for a busy worker to take them."""
    while True:
        try:
            freed, message = line.recv()
        except (EOFError, OSError):
            break
        sender.free.extend(freed)
        inbox.put(message)
    inbox.put(None)
    sleep(GRACE_S)
    os._exit(1)  # the dataset hangs; a process that can end has done so
