"""A few threads that share out one call's work, started when first needed.

NumPy lets other threads run while it computes, so a large operation cut into chunks uses several cores. The
thread that calls `parallel_for` takes the first chunk itself; the others wait in one queue for the workers.
"""

from __future__ import annotations

import ctypes
import operator
import os
import sys
from _thread import allocate_lock  # threading and queue are imported with the first thread: see backends.kernels
from collections.abc import Callable
from contextvars import Context, ContextVar, copy_context
from typing import TYPE_CHECKING, Any

import numpy as np

from lamella.core.errors import ArgumentRangeError, ArgumentTypeError

if TYPE_CHECKING:
    from queue import SimpleQueue

Chunk = Callable[[int, int], object]
# One chunk of work: the caller's context, the function, start and stop, and where to report the end.
Task = tuple[Context, Chunk, int, int, "SimpleQueue[BaseException | None]"]


class _Pool:
    """The queue, and how many workers wait at it."""

    def __init__(self) -> None:
        from queue import SimpleQueue

        self.tasks: SimpleQueue[Task] = SimpleQueue()
        self.workers = 0
        self.lock = allocate_lock()

    def grow(self, workers: int) -> None:
        """Start what is missing to `workers` threads."""
        from threading import Thread

        with self.lock:
            while self.workers < workers:
                name = f"lamella-{self.workers}"
                # Daemons: they hold nothing that must be put away when the interpreter ends.
                Thread(target=_work, args=(self.tasks,), name=name, daemon=True).start()
                self.workers += 1


class _Blas:
    """How many threads NumPy's OpenBLAS may use: one number for the whole process."""

    def __init__(self) -> None:
        self.lock = allocate_lock()
        self.found: tuple[Callable[[], int], Callable[[int], None]] | None = None
        self.searched = False
        self.users = 0
        self.threads_outside = 0

    def functions(self) -> tuple[Callable[[], int], Callable[[int], None]] | None:
        if not self.searched:
            self.found, self.searched = _find_openblas(), True
        return self.found


_pool: _Pool | None = None
_starting = allocate_lock()
_blas = _Blas()
_inside: ContextVar[bool] = ContextVar("lamella_inside_parallel_for", default=False)
_num_threads: int | None = None


def _default_num_threads() -> int:
    # OpenMP's variable may hold a list, one number for each level of nesting: the first is ours.
    wanted = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    if wanted.isdecimal() and int(wanted) > 0:
        return int(wanted)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def get_num_threads() -> int:
    """Return how many threads one operation may use.

    At first that is ``OMP_NUM_THREADS`` from the environment, or else the number of cores this process may
    use.
    """
    global _num_threads
    if _num_threads is None:
        _num_threads = _default_num_threads()
    return _num_threads


def set_num_threads(num: int) -> None:
    """Set how many threads one operation may use, in Lamella and in NumPy's OpenBLAS.

    Args:
        num: At least 1, which also counts the calling thread.

    Raises:
        ArgumentTypeError: `num` is no integer.
        ArgumentRangeError: `num` is below 1.
    """
    global _num_threads
    if isinstance(num, bool) or not hasattr(num, "__index__"):
        raise ArgumentTypeError(f"set_num_threads: expected an int, got {num!r} ({type(num).__name__}).")
    count = operator.index(num)
    if count < 1:
        raise ArgumentRangeError(f"set_num_threads: expected at least 1 thread, got {count}.")
    _num_threads = count
    with _blas.lock:
        functions = _blas.functions()
        if _blas.users:
            _blas.threads_outside = count
        elif functions is not None:
            functions[1](count)


def blas_threads() -> int | None:
    """Return how many threads NumPy's BLAS uses, or None if it is not OpenBLAS and cannot be asked."""
    with _blas.lock:
        functions = _blas.functions()
    return None if functions is None else functions[0]()


def split(n_items: int, grain: int = 1) -> list[tuple[int, int]]:
    """Cut ``range(n_items)`` into one chunk a thread, or fewer.

    Args:
        n_items: How many items there are.
        grain: How many items a chunk should have at least.

    Returns:
        Start and stop of each chunk, in order; their lengths differ by at most one.

    Example:
        >>> split(10, grain=10)
        [(0, 10)]
    """
    chunks = max(1, min(get_num_threads(), n_items // max(grain, 1)))
    return [(n_items * i // chunks, n_items * (i + 1) // chunks) for i in range(chunks)]


def parallel_for(function: Chunk, n_items: int, grain: int = 1) -> None:
    """Call ``function(start, stop)`` for chunks that make up ``range(n_items)``, on several threads at once.

    The chunks see the caller's context variables (so NumPy's ``errstate`` holds in them), and OpenBLAS runs
    single-threaded while they run. A call from inside a chunk runs serially.

    Args:
        function: Must bear being called from several threads, and call nothing that waits for another chunk.
        n_items: How many items there are. With none, `function` is not called.
        grain: How many items make another thread worth it.

    Raises:
        BaseException: The first chunk's that failed, in their order, with the traceback from its thread; not
            before all chunks have ended.
    """
    if n_items <= 0:
        return
    global _pool
    chunks = [(0, n_items)] if _inside.get() else split(n_items, grain)
    if len(chunks) == 1:
        function(0, n_items)
        return
    from queue import SimpleQueue

    with _starting:
        pool = _pool = _pool or _Pool()
    pool.grow(len(chunks) - 1)
    ends: list[SimpleQueue[BaseException | None]] = []
    token = _inside.set(True)  # the workers see it in their copies of the context
    try:
        with single_threaded_blas():
            for start, stop in chunks[1:]:
                end: SimpleQueue[BaseException | None] = SimpleQueue()
                pool.tasks.put((copy_context(), function, start, stop, end))
                ends.append(end)
            try:
                function(*chunks[0])
            finally:
                failures = [end.get() for end in ends]
    finally:
        _inside.reset(token)
    for failure in failures:
        if failure is not None:
            raise failure


def _work(tasks: SimpleQueue[Task]) -> None:
    """Life of a worker thread."""
    while True:
        _run(*tasks.get())


def _run(context: Context, function: Chunk, start: int, stop: int, end: SimpleQueue[Any]) -> None:
    # In a function of its own so that an idle worker keeps neither arrays nor exceptions alive.
    try:
        context.run(function, start, stop)
    except BaseException as failure:  # noqa: BLE001  # raised again in the thread that called parallel_for
        end.put(failure)
    else:
        end.put(None)


class single_threaded_blas:
    """Let NumPy's OpenBLAS use one thread for each call, in the whole process, until this ends.

    Threads that each multiply small matrices are slowed down by BLAS's own threads. Nothing happens where
    NumPy's BLAS is another.
    """

    def __enter__(self) -> None:
        with _blas.lock:
            if _blas.users == 0 and (functions := _blas.functions()) is not None:
                _blas.threads_outside = functions[0]()
                functions[1](1)
            _blas.users += 1

    def __exit__(self, *exception: object) -> None:
        with _blas.lock:
            _blas.users -= 1
            if _blas.users == 0 and (functions := _blas.functions()) is not None:
                functions[1](_blas.threads_outside)


def _find_openblas() -> tuple[Callable[[], int], Callable[[int], None]] | None:
    """OpenBLAS's functions that get and set its number of threads, if it is what NumPy uses."""
    if sys.platform == "win32":
        from pathlib import Path

        # Windows looks a name up in one library only, so it has to be the right one.
        folder = Path(np.__file__).parent.with_name("numpy.libs")
        libraries = [str(found) for found in folder.glob("*openblas*.dll")]
    else:
        # Elsewhere a look-up goes on in the libraries that NumPy's own extension is linked to.
        libraries = [str(sys.modules["numpy._core._multiarray_umath"].__file__)]
    for path in libraries:
        library = ctypes.CDLL(path)
        # NumPy's wheels add prefix and suffix, distributions often neither.
        for prefix, suffix in (("scipy_", "64_"), ("scipy_", ""), ("", "64_"), ("", "")):
            setter = f"{prefix}openblas_set_num_threads{suffix}"
            if hasattr(library, setter):
                return library[setter.replace("set", "get")], library[setter]
    return None


def _after_fork_in_child() -> None:
    """A child has none of its parent's other threads, and may have locks that one of those was holding."""
    global _pool, _starting
    _pool = None
    _starting = allocate_lock()
    _blas.lock = allocate_lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
