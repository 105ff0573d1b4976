"""Real processes that meet and exchange arrays."""

from __future__ import annotations

import json
import multiprocessing
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lamella_loopback.group import LoopbackGroup

from lamella.core.errors import WorkerError


def in_threads(world_size: int, work: Callable[[LoopbackGroup], Any], folder: Path, timeout_s: float = 10) -> list[Any]:
    """What ``work`` gives, or the error that it raises, in each member of a group."""
    results: list[Any] = [None] * world_size

    def member(rank: int) -> None:
        try:
            with LoopbackGroup(rank, world_size, f"file://{folder}/meeting", timeout_s) as group:
                results[rank] = work(group)
        except Exception as error:  # noqa: BLE001  # it is the result
            results[rank] = error

    threads = [threading.Thread(target=member, args=(rank,)) for rank in range(world_size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def everything(rank: int, meeting: str) -> None:
    """All calls, in a process of its own: an assertion that fails is its exit status."""
    with LoopbackGroup(rank, 3, meeting, timeout_s=30) as group:
        for op, expected in (("sum", 6), ("mean", 2), ("min", 1), ("max", 3), ("product", 6)):
            array = np.full((200, 300), rank + 1.0)
            group.all_reduce(array, op)  # type: ignore[arg-type]  # each of them in turn
            assert (array == expected).all(), op
        for src in range(3):
            whole = np.array(rank, np.int32)
            group.broadcast(whole, src)
            assert whole == src
        output = np.empty((3, 2), np.complex64)
        group.all_gather(output, np.array([rank, 1j], np.complex64))
        assert output.tolist() == [[0, 1j], [1, 1j], [2, 1j]]
        group.barrier()


def test_three_processes_exchange_arrays(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    meeting = f"file://{tmp_path}/meeting"
    processes = [context.Process(target=everything, args=(rank, meeting)) for rank in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert not list(tmp_path.iterdir()), "the file to meet at is gone"


def test_a_sum_has_the_same_bits_everywhere(tmp_path: Path) -> None:
    def work(group: LoopbackGroup) -> bytes:
        array = np.random.default_rng(group.rank).normal(size=1000)
        group.all_reduce(array)
        return array.tobytes()

    assert len(set(in_threads(4, work, tmp_path))) == 1


def test_nobody_passes_a_barrier_before_all_have_come(tmp_path: Path) -> None:
    come, gone = [], []

    def work(group: LoopbackGroup) -> None:
        time.sleep(0.05 * group.rank)
        come.append(time.monotonic())
        group.barrier()
        gone.append(time.monotonic())

    assert in_threads(3, work, tmp_path) == [None] * 3
    assert max(come) <= min(gone)


def test_calls_that_differ_are_named(tmp_path: Path) -> None:
    def work(group: LoopbackGroup) -> None:
        array = np.zeros(2 + group.rank)
        group.all_reduce(array, "max")

    here, _ = in_threads(2, work, tmp_path)
    assert isinstance(here, WorkerError)
    assert "rank 1 makes the call 'all_reduce max <f8 (3,)', and this one 'all_reduce max <f8 (2,)'" in str(here)


def test_a_process_that_leaves_is_missed(tmp_path: Path) -> None:
    here, _ = in_threads(2, lambda group: None if group.rank else group.barrier(), tmp_path)
    assert isinstance(here, WorkerError)
    assert "rank 1 has left the group during all_reduce sum" in str(here)


def test_a_process_that_does_not_come_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    with pytest.raises(WorkerError, match="waited in vain for 1 of 2 processes"):
        LoopbackGroup(0, 2, f"file://{tmp_path}/meeting", timeout_s=0.1)
    with pytest.raises(WorkerError, match="waited in vain for the process of rank 0"):
        LoopbackGroup(1, 2, f"file://{tmp_path}/meeting", timeout_s=0.1)


def test_a_stranger_is_not_let_in(tmp_path: Path) -> None:
    meeting = tmp_path / "meeting"
    group: list[LoopbackGroup] = []
    hub = threading.Thread(target=lambda: group.append(LoopbackGroup(0, 2, f"file://{meeting}", 10)))
    hub.start()
    while not meeting.exists():
        time.sleep(0.01)
    assert meeting.stat().st_mode & 0o077 == 0, "others could read the key"
    with socket.create_connection(("127.0.0.1", json.loads(meeting.read_text())["port"])) as stranger:
        stranger.sendall(bytes(16 + 4 + 32))
        stranger.recv(16)
        assert stranger.recv(1) == b""
    with LoopbackGroup(1, 2, f"file://{meeting}", 10):
        hub.join()
    group[0].close()
    group[0].close()


def test_a_file_of_an_earlier_run_does_no_harm(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    (tmp_path / "meeting").write_text(json.dumps({"port": port, "key": "00" * 32}))
    assert in_threads(2, LoopbackGroup.barrier, tmp_path) == [None, None]


@pytest.mark.parametrize("text", ["", "[]", '{"port": 1}', '{"port": 1, "key": 2}', "\xe9"])
def test_a_file_of_something_else_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "meeting").write_text(text, encoding="latin-1")
    with pytest.raises(WorkerError, match="meeting is no file for a group to meet at"):
        LoopbackGroup(1, 2, f"file://{tmp_path}/meeting", timeout_s=5)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [((2, 2, "file:///tmp/x"), "rank must be from 0"), ((0, 1, "tcp://127.0.0.1:1"), "init_method must be")],
)
def test_a_group_that_cannot_be_is_refused(arguments: tuple[Any, ...], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        LoopbackGroup(*arguments)


def test_what_cannot_travel_is_refused(tmp_path: Path) -> None:
    with LoopbackGroup(0, 1, f"file://{tmp_path}/meeting") as group:
        for array in ([1.0], np.ones((2, 3)).T, np.array(["a"]), np.array([None])):
            with pytest.raises(TypeError, match="expected a C-contiguous NumPy array of numbers"):
                group.all_reduce(array)  # type: ignore[arg-type]  # that is the point
        with pytest.raises(ValueError, match="op must be one of sum"):
            group.all_reduce(np.ones(1), "median")  # type: ignore[arg-type]  # that is the point
        with pytest.raises(ValueError, match="the mean is defined for floating"):
            group.all_reduce(np.ones(1, np.int64), "mean")
        with pytest.raises(ValueError, match="src must be a rank from 0 to 0, got 1"):
            group.broadcast(np.ones(1), 1)
        with pytest.raises(ValueError, match="output must have the shape"):
            group.all_gather(np.ones((2, 1)), np.ones(1))
