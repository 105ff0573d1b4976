"""What a worker of a loader knows about itself."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class WorkerInfo:
    """A worker of a loader.

    Attributes:
        id: Its number, from 0 to ``num_workers - 1``.
        num_workers: How many workers the loader has.
        seed: The epoch's seed plus ``id``: a number to seed other libraries with.
        dataset: The dataset it works on: in a process a copy, in a thread the loader's own, unless it is an
            :class:`IterableDataset`, of which each thread has a shallow copy.
    """

    id: int
    num_workers: int
    seed: int
    dataset: Any


_of_context: ContextVar[WorkerInfo | None] = ContextVar("lamella_worker_info", default=None)
_of_process: WorkerInfo | None = None


def get_worker_info() -> WorkerInfo | None:
    """Tell which worker is calling.

    Returns:
        The worker, or ``None`` outside of workers.

    Example:
        >>> get_worker_info() is None
        True
    """
    return _of_context.get() or _of_process


def set_worker_info(info: WorkerInfo, own_process: bool) -> None:
    """Say what this worker is: a whole process, with threads it may start, or this thread alone."""
    global _of_process
    if own_process:
        _of_process = info
    else:
        _of_context.set(info)
