"""Workers that fail, hang or die, and iterations that end early: a clear error, and nothing is left behind."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import lamella
from lamella.core.errors import WorkerError
from lamella.data import DataLoader

sys.path.append(str(Path(__file__).parent))
from loader_datasets import Augmented, Fails, Noted, Shards, identity, lambda_in_batch

pytestmark = [
    pytest.mark.skipif(
        not Path("/proc/self/fd").is_dir() or "fork" not in multiprocessing.get_all_start_methods(),
        reason="what is left behind is read from /proc, and the processes start by fork",
    ),
    pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning"),
]

FORK = {"num_workers": 2, "multiprocessing_context": "fork"}
THREADS = {"num_workers": 2, "workers": "thread"}
KINDS = pytest.mark.parametrize("workers", [FORK, THREADS], ids=["fork", "thread"])


def left_behind():
    """Descriptors, child processes, threads of loaders, and files in shared memory."""
    return (
        len(os.listdir("/proc/self/fd")),
        multiprocessing.active_children(),
        [thread.name for thread in threading.enumerate() if thread.name.startswith("lamella-loader")],
        sorted(name for name in os.listdir("/dev/shm") if "lamella" in name) if os.path.isdir("/dev/shm") else [],
    )


@pytest.fixture(autouse=True)
def nothing_is_left_behind():
    before = left_behind()
    yield
    assert left_behind() == before


def failure(how, **arguments):
    """What iterating over a dataset that fails so raises."""
    with pytest.raises(Exception) as caught:  # noqa: PT011  # each test looks at its type and message
        list(DataLoader(Fails(how), batch_size=3, **arguments))
    assert not multiprocessing.active_children()  # though the exception, with its traceback, is still there
    return caught.value


@KINDS
def test_an_exception_keeps_its_type_and_tells_the_sample_and_the_traceback(workers):
    error = failure("value_error", **workers)
    assert type(error) is ValueError
    kind = "process" if workers is FORK else "thread"
    where = "at sample 5, in a batch of the samples at indices [3, 4, 5]"
    assert str(error).startswith(f"Caught ValueError in DataLoader worker {kind} 1, {where}.\n")
    assert "Original Traceback (most recent call last)" in str(error)
    assert 'raise ValueError("sample five is bad")' in str(error)


@KINDS
def test_a_key_errors_message_can_be_read(workers):
    error = failure("key_error", **workers)
    assert type(error) is KeyError
    assert "\nOriginal Traceback" in str(error)


@KINDS
@pytest.mark.parametrize(("how", "name"), [("decoding", "UnicodeDecodeError"), ("sys_exit", "SystemExit")])
def test_exceptions_that_cannot_be_raised_again_become_a_worker_error(workers, how, name):
    error = failure(how, **workers)
    assert type(error) is WorkerError
    assert isinstance(error, RuntimeError)
    assert f"Caught {name} in DataLoader worker" in str(error)


def test_an_exception_that_only_the_process_knows_becomes_a_worker_error():
    error = failure("local", **FORK)
    assert type(error) is WorkerError
    assert "Caught LocalError in DataLoader worker process 1" in str(error)
    assert type(failure("local", **THREADS)).__name__ == "LocalError"


def noted(batch):
    raise Noted("quiet")


def test_an_exception_that_hides_its_message_has_it_as_a_note():
    with pytest.raises(Noted) as caught:
        list(DataLoader(range(3), collate_fn=noted, **THREADS))
    assert "Caught Noted in DataLoader worker thread 0" in caught.value.__notes__[0]


@pytest.mark.parametrize("workers", [{}, FORK, THREADS], ids=["none", "fork", "thread"])
def test_stop_iteration_does_not_end_the_epoch_without_a_word(workers):
    with pytest.raises(WorkerError, match="the dataset or collate_fn raised StopIteration"):
        list(DataLoader(Fails("stop"), **workers))


@pytest.mark.parametrize("workers", [{}, FORK, THREADS], ids=["none", "fork", "thread"])
def test_batches_after_a_failed_one_can_be_had(workers):
    loader = DataLoader(Fails("value_error"), batch_size=3, **workers)
    iterator = iter(loader)
    next(iterator)
    with pytest.raises(ValueError, match="sample five"):
        next(iterator)
    assert loader.state_dict()["batches"] == 2
    assert [batch.tolist() for batch in iterator] == [[6, 7, 8], [9]]


def broken_start(worker):
    raise ValueError(f"worker {worker} cannot start")


@KINDS
def test_a_worker_init_fn_that_fails(workers):
    with pytest.raises(ValueError, match=r"Caught ValueError in DataLoader worker \w+ 0, as its epoch began"):
        list(DataLoader(range(3), worker_init_fn=broken_start, **workers))


def test_a_batch_that_cannot_be_sent():
    with pytest.raises(Exception, match="in DataLoader worker process 0, as it sent a batch") as caught:
        list(DataLoader(range(3), collate_fn=lambda_in_batch, **FORK))
    assert "lambda" in str(caught.value)


@pytest.mark.parametrize(
    ("how", "end"),
    [("killed", r"was killed by signal 9 \(Killed\)"), ("os_exit", "ended with exit code 7")],
)
@pytest.mark.parametrize("persistent", [False, True])
def test_a_worker_that_dies(how, end, persistent):
    loader = DataLoader(Fails(how), batch_size=3, persistent_workers=persistent, **FORK)
    message = rf"worker 1 \(pid \d+\) exited unexpectedly: it {end}.*samples at indices \[3, 4, 5\]; then .* \[9\]"
    iterator = iter(loader)
    assert next(iterator).tolist() == [0, 1, 2]
    with pytest.raises(RuntimeError, match=message):
        next(iterator)
    with pytest.raises(WorkerError, match="this iteration has ended before"):
        next(iterator)
    assert next(iter(loader)).tolist() == [0, 1, 2]  # with new workers


@KINDS
def test_a_worker_that_hangs(workers):
    if workers is THREADS:
        dataset = WaitsFor(threading.Event())
    else:
        dataset = Fails("hangs")
    message = r"DataLoader timed out after 0.5 seconds; waiting for worker 1 .*samples at indices \[3, 4, 5\]"
    with pytest.raises(RuntimeError, match=message):
        list(DataLoader(dataset, batch_size=3, timeout=0.5, **workers))
    if workers is THREADS:  # a thread cannot be ended from outside
        dataset.event.set()
        wait_until(lambda: not left_behind()[2])


class WaitsFor(Fails):
    def __init__(self, event):
        super().__init__("wait")
        self.event = event

    def wait(self):
        self.event.wait(60)


def wait_until(condition):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


@KINDS
@pytest.mark.parametrize("persistent", [False, True])
def test_an_epoch_that_is_broken_off(workers, persistent):
    for _ in DataLoader(Augmented(), persistent_workers=persistent, **workers):
        break


@KINDS
def test_an_iterator_in_a_cycle_is_collected(workers):
    class Holder:
        pass

    holder = Holder()
    holder.me, holder.iterator = holder, iter(DataLoader(Augmented(), **workers))
    next(holder.iterator)
    del holder
    gc.collect()


@KINDS
def test_an_iterator_that_is_never_asked(workers):
    iter(DataLoader(Shards(), **workers))


def interrupt(batch):
    os.kill(os.getppid() if multiprocessing.parent_process() else os.getpid(), signal.SIGINT)
    time.sleep(0.2)
    return batch


@KINDS
def test_ctrl_c(workers):
    with pytest.raises(KeyboardInterrupt):
        list(DataLoader(range(100), collate_fn=interrupt, **workers))
    wait_until(lambda: not left_behind()[2])  # threads finish the batch they are at


def test_epochs_leave_no_more_than_the_first_did():
    """Descriptors and mappings of shared memory, with workers that are kept and with others."""

    def mappings():
        return Path("/proc/self/maps").read_text(encoding="utf-8").count("memfd:lamella")

    kept = DataLoader(Augmented(60), batch_size=8, persistent_workers=True, **FORK)
    held = list(kept)
    before = len(os.listdir("/proc/self/fd")), mappings()
    for _ in range(5):
        held += list(kept)
        list(DataLoader(Augmented(20), batch_size=8, **FORK))
    assert (len(os.listdir("/proc/self/fd")), mappings()) == before
    assert len(held) == 48


SCRIPT = """
import multiprocessing, sys, time
import lamella.data.processes
lamella.data.processes.GRACE_S = 0.3  # so that the test is quick
sys.path.append(sys.argv[1])
from lamella.data import DataLoader
from loader_datasets import Augmented, Fails

if __name__ == "__main__":
    dataset = Fails("hangs") if sys.argv[2] == "busy" else Augmented()
    iterator = iter(DataLoader(dataset, num_workers=2, batch_size=5, multiprocessing_context="fork"))
    next(iterator)
    print(*(process.pid for process in multiprocessing.active_children()), flush=True)
    if sys.argv[2] != "exits":
        time.sleep(60)
"""


@pytest.mark.parametrize("state", ["idle", "busy", "exits"])
def test_workers_end_with_the_main_process(state, tmp_path):
    """Whether it is killed or comes to its end."""
    script = tmp_path / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    command = [sys.executable, script, Path(__file__).parent, state]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        pids = process.stdout.readline().split()
        assert len(pids) == 2
        if state != "exits":
            process.kill()
        assert process.stderr.read() == ""
    wait_until(lambda: not any(is_running(pid) for pid in pids))
    assert process.returncode == (0 if state == "exits" else -signal.SIGKILL)


def is_running(pid):
    status = Path(f"/proc/{pid}/stat")
    try:
        return status.read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_fork_of_the_main_process_holds_no_pipes():
    """Or else the workers would wait for as long as it lives, and not end with the main process."""
    iterator = iter(DataLoader(range(9), **FORK))
    next(iterator)
    before = len(os.listdir("/proc/self/fd"))
    bystander = os.fork()
    if bystander == 0:
        os._exit(before - len(os.listdir("/proc/self/fd")))
    _, status = os.waitpid(bystander, 0)
    assert os.waitstatus_to_exitcode(status) == FORK["num_workers"]


def test_a_signal_to_a_worker_is_not_the_main_processs():
    """As event loops are told of signals by a descriptor, of which a fork has a copy."""
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    ours.setblocking(False)
    before = signal.set_wakeup_fd(theirs.fileno()), signal.signal(signal.SIGUSR1, lambda *_: None)
    try:
        (pid,) = DataLoader([0], collate_fn=signalled, num_workers=1, multiprocessing_context="fork")
        with pytest.raises(BlockingIOError):
            ours.recv(1)
    finally:
        signal.set_wakeup_fd(before[0])
        signal.signal(signal.SIGUSR1, before[1])
        ours.close()
        theirs.close()
    assert pid != os.getpid()


def signalled(batch):
    os.kill(os.getpid(), signal.SIGUSR1)
    return os.getpid()


def test_processes_that_cannot_be_started():
    """For want of descriptors, here for the third."""
    import resource

    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.dup(0)
    os.close(free)
    loader = DataLoader(range(9), num_workers=3, multiprocessing_context="fork")
    # Two descriptors a process stay; five more are needed as the next one starts.
    resource.setrlimit(resource.RLIMIT_NOFILE, (free + 6, limits[1]))
    try:
        with pytest.raises(OSError, match="Too many open files"):
            iter(loader)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert not multiprocessing.active_children()


def test_threads_count_in_messages_by_name():
    with pytest.raises(WorkerError, match="waiting for worker 0 \\(thread lamella-loader-0\\)"):
        next(iter(DataLoader(range(3), timeout=0.05, collate_fn=slow, **THREADS)))
    wait_until(lambda: not left_behind()[2])


def slow(batch):
    time.sleep(0.3)
    return identity(batch)


def test_worker_error_is_what_pytorch_raises():
    assert issubclass(lamella.core.errors.WorkerError, RuntimeError)
