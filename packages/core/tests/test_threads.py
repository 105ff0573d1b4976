"""The thread pool: every item once, errors from where they arose, nothing left over."""

from __future__ import annotations

import contextvars
import os
import subprocess
import sys
import threading
import traceback
import weakref

import numpy as np
import pytest

from lamella.core.backends import threads
from lamella.core.backends.threads import parallel_for, set_num_threads, single_threaded_blas, split
from lamella.core.errors import ArgumentRangeError, ArgumentTypeError


@pytest.fixture(autouse=True)
def four_threads():
    before = threads.get_num_threads()
    set_num_threads(4)
    yield
    set_num_threads(before)


def run(program: str, **variables: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program],
        check=False,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("n_items", [1, 2, 3, 4, 5, 17, 1000])
@pytest.mark.parametrize("grain", [1, 3, 400])
def test_chunks_cover_every_item_once(n_items, grain):
    chunks = split(n_items, grain)
    assert [item for start, stop in chunks for item in range(start, stop)] == list(range(n_items))
    lengths = [stop - start for start, stop in chunks]
    assert max(lengths) - min(lengths) <= 1
    assert len(chunks) <= 4
    assert len(chunks) == 1 or min(lengths) >= grain
    counts = np.zeros(n_items, np.int64)

    def count(start: int, stop: int) -> None:
        counts[start:stop] += 1

    parallel_for(count, n_items, grain)
    assert (counts == 1).all()


def test_no_items_no_call():
    called = []
    parallel_for(lambda start, stop: called.append(start), 0)
    assert called == []


def test_chunks_run_at_the_same_time_on_different_threads():
    together = threading.Barrier(4, timeout=30)
    names = []

    def meet(start: int, stop: int) -> None:
        together.wait()
        names.append(threading.current_thread().name)

    parallel_for(meet, 4)
    assert len(set(names)) == 4
    assert threading.current_thread().name in names


def test_workers_are_reused():
    parallel_for(lambda start, stop: None, 4)
    before = threading.active_count()
    for _ in range(20):
        parallel_for(lambda start, stop: None, 4)
    assert threading.active_count() == before


def test_nested_calls_run_serially():
    inner_calls = []

    def outer(start: int, stop: int) -> None:
        here = threading.current_thread()
        parallel_for(lambda a, b: inner_calls.append((a, b, threading.current_thread() is here)), 100)

    parallel_for(outer, 4)
    assert inner_calls == [(0, 100, True)] * 4


@pytest.mark.parametrize("failing_chunk", [0, 2])
def test_the_first_failure_arrives_after_all_chunks_with_its_traceback(failing_chunk):
    finished = []

    def divide_by_nothing(start: int) -> None:
        raise ZeroDivisionError(f"chunk {start}")

    def work(start: int, stop: int) -> None:
        if start >= failing_chunk:
            divide_by_nothing(start)
        finished.append(start)

    with pytest.raises(ZeroDivisionError, match=f"chunk {failing_chunk}") as caught:
        parallel_for(work, 4)
    assert sorted(finished) == list(range(failing_chunk))
    assert "divide_by_nothing" in "".join(traceback.format_tb(caught.value.__traceback__))
    counts = np.zeros(4)
    parallel_for(lambda start, stop: counts.__setitem__(slice(start, stop), 1), 4)  # the pool still works
    assert counts.sum() == 4


def test_workers_see_the_callers_context():
    variable = contextvars.ContextVar("variable", default="outside")
    variable.set("inside")
    seen = []
    together = threading.Barrier(4, timeout=30)

    def look(start: int, stop: int) -> None:
        together.wait()
        seen.append(variable.get())
        np.divide(np.ones(2), 0.0)  # warns, and pytest may turn that into an error, unless errstate holds here

    with np.errstate(divide="ignore"):
        parallel_for(look, 4)
    assert seen == ["inside"] * 4
    with pytest.raises(FloatingPointError), np.errstate(divide="raise"):
        parallel_for(lambda start, stop: np.divide(np.ones(2), 0.0 if start else 1.0), 4)


def test_calls_from_several_threads_do_not_mix():
    sums = {}

    def call(name: int) -> None:
        totals = np.zeros(1000, np.int64)
        for _ in range(20):
            parallel_for(lambda start, stop: np.add(totals[start:stop], name, out=totals[start:stop]), 1000)
        sums[name] = totals

    callers = [threading.Thread(target=call, args=(name,)) for name in range(1, 6)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert all((sums[name] == 20 * name).all() for name in range(1, 6))


def test_an_idle_worker_keeps_nothing_alive():
    class Payload:
        pass

    payload = Payload()
    gone = weakref.ref(payload)
    together = threading.Barrier(4, timeout=30)

    def work(start: int, stop: int, payload: Payload = payload) -> None:
        together.wait()

    parallel_for(work, 4)
    # Each worker has dropped its last task once all have taken part in another one.
    together.reset()
    del payload, work
    parallel_for(lambda start, stop: together.wait() and None, 4)
    assert gone() is None


def test_numbers_of_threads_are_checked():
    with pytest.raises(ArgumentTypeError, match="expected an int, got 'two'"):
        set_num_threads("two")
    with pytest.raises(ArgumentTypeError, match="True"):
        set_num_threads(True)
    with pytest.raises(ArgumentRangeError, match="at least 1 thread, got 0") as caught:
        set_num_threads(0)
    assert isinstance(caught.value, RuntimeError)
    set_num_threads(np.int64(3))
    assert threads.get_num_threads() == 3


@pytest.mark.parametrize(("variable", "expected"), [("3", "3"), ("5,2", "5"), (" 2 ", "2")])
def test_default_follows_openmps_variable(variable, expected):
    program = "from lamella.core.backends import threads; print(threads.get_num_threads())"
    assert run(program, OMP_NUM_THREADS=variable) == expected


@pytest.mark.parametrize("variable", ["", "0", "many"])
def test_default_is_the_cores_this_process_may_use(variable):
    program = "from lamella.core.backends import threads; print(threads.get_num_threads())"
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    assert run(program, OMP_NUM_THREADS=variable) == str(cores)


def test_importing_starts_no_thread():
    program = "import threading; from lamella.core.backends import threads; print(threading.active_count())"
    assert run(program) == "1"


def test_openblas_is_single_threaded_inside_and_as_before_outside():
    functions = threads._find_openblas()
    if functions is None:  # NumPy has another BLAS: the context must do nothing, and does not fail
        with single_threaded_blas():
            return
    get, _ = functions
    assert get() == 4
    with single_threaded_blas():
        assert get() == 1
        with single_threaded_blas():
            assert get() == 1
        assert get() == 1
    assert get() == 4
    seen = []
    parallel_for(lambda start, stop: seen.append(get()), 4)
    assert seen == [1, 1, 1, 1]
    assert get() == 4
    with single_threaded_blas():
        set_num_threads(2)
        assert get() == 1
    assert get() == 2


def test_numpys_wheel_carries_an_openblas_that_is_found():
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]["name"]
    if "openblas" in blas:
        assert threads._find_openblas() is not None


def test_a_forked_child_makes_its_own_pool():
    program = """
import os, threading
from lamella.core.backends import threads

threads.set_num_threads(3)
def count():
    names = set()
    together = threading.Barrier(3, timeout=20)
    def meet(start, stop):
        together.wait()
        names.add(threading.current_thread().name)
    threads.parallel_for(meet, 3)
    return len(names)

assert count() == 3
child = os.fork()
if child == 0:
    os._exit(count())
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), count())
"""
    if hasattr(os, "fork"):
        assert run(program) == "3 3"
    else:
        assert sys.platform == "win32"


HELD = """
import os, sys, threading
import lamella
from lamella.core import random, tensor
from lamella.core.backends import kernels

locks = [kernels._lock, tensor._accumulating, random.default_generator._lock]
held, done = threading.Event(), threading.Event()

def hold():
    for lock in locks:
        lock.acquire()
    held.set()
    done.wait()

threading.Thread(target=hold, daemon=True).start()
held.wait()
child = os.fork()
if child == 0:
    x = lamella.rand(3, requires_grad=True)
    (x.sinh() * x).sum().backward()  # draws, looks kernels up, accumulates
    os._exit(0 if x.grad is not None else 1)
deadline = threading.Timer(20, os.kill, (child, 9))
deadline.start()
status = os.waitpid(child, 0)[1]
deadline.cancel()
done.set()
sys.exit(os.waitstatus_to_exitcode(status))
"""


def test_a_child_does_not_wait_for_locks_that_other_threads_held():
    if hasattr(os, "fork"):
        subprocess.run([sys.executable, "-W", "ignore", "-c", HELD], check=True)
