"""Objects on their way from process to process: every dtype and layout, in memory that is used again."""

from __future__ import annotations

import multiprocessing
import os
import socket
from collections import namedtuple
from contextlib import nullcontext, suppress

import numpy as np
import pytest

import lamella
from lamella.data import shared_arrays
from lamella.data.shared_arrays import INLINE_BYTES, Receiver, Sender

Point = namedtuple("Point", "x y")
LARGE = INLINE_BYTES  # elements: more bytes than go through the socket
ARRAYS = {
    "float32": np.arange(LARGE, dtype=np.float32),
    "bool": np.arange(LARGE) % 3 == 0,
    "complex": np.arange(LARGE) * (1 + 2j),
    "0-d": np.array(3.5),
    "empty": np.zeros((0, 3), np.int16),
    "transposed": np.arange(2.0 * LARGE).reshape(2, -1).T,
    "strided": np.arange(4 * LARGE)[::-2],
    "broadcast": np.broadcast_to(np.float32(2), (LARGE, 2)),
    "text": np.array(["a", "bc"] * LARGE),
    "dates": np.arange(LARGE).astype("datetime64[D]"),
    "records": np.array([(1, 2.5)] * LARGE, dtype=[("a", "i4"), ("b", "f8")]),
    "objects": np.array([None, {"a": 1}], dtype=object),
}


@pytest.fixture
def pipe():
    ends = multiprocessing.Pipe()
    sender = Sender(ends[0])
    yield sender, Receiver(ends[1])
    for end in (sender, *ends):
        end.close()


def there(pipe, value):
    sender, receiver = pipe
    sender.send(value)
    received = receiver.receive()
    sender.free.extend(receiver.freed)
    receiver.freed = []
    return received


@pytest.mark.parametrize("array", ARRAYS.values(), ids=ARRAYS)
def test_arrays_arrive(pipe, array):
    received = there(pipe, array)
    assert type(received) is np.ndarray
    assert received.dtype == array.dtype
    assert received.shape == array.shape
    np.testing.assert_array_equal(received, array)
    assert received.flags.writeable


@pytest.mark.parametrize("size", [3, LARGE])
def test_tensors_arrive(pipe, size):
    kinds = [lamella.uint8, lamella.bool, lamella.int64, lamella.float16, lamella.float64, lamella.complex64]
    for kind in kinds:
        tensor = lamella.ones(size, dtype=kind)
        received = there(pipe, tensor)
        assert received.dtype == kind
        assert received.tolist() == tensor.tolist()
        received.zero_()
    assert there(pipe, lamella.ones(size, requires_grad=True)).requires_grad


@pytest.mark.parametrize("size", [3, LARGE])
def test_bfloat16_arrives(pipe, size):
    received = there(pipe, lamella.ones(size, dtype=lamella.bfloat16))
    assert received.dtype == lamella.bfloat16
    assert received.float().tolist() == [1.0] * size


def test_structures_arrive_and_what_was_one_stays_one(pipe):
    array = ARRAYS["float32"]
    value = {"pair": Point(array, [array, lamella.ones(2)]), "name": "a", "none": None, "kind": Point}
    received = there(pipe, value)
    assert type(received["pair"]) is Point
    assert received["pair"].x is received["pair"].y[0]
    assert received["pair"].y[1].tolist() == [1, 1]
    assert (received["name"], received["none"], received["kind"]) == ("a", None, Point)


def test_what_was_received_is_the_receivers_own(pipe):
    first = there(pipe, np.ones(LARGE))
    second = there(pipe, np.zeros(LARGE))
    assert first.min() == 1
    first[:] = 5
    assert second.max() == 0


def test_array_data_is_not_pickled(pipe):
    sender, receiver = pipe
    sender.send([ARRAYS["float32"], ARRAYS["strided"], lamella.ones(LARGE)])
    message = receiver._connection.recv_bytes()
    assert len(message) < 1500


def test_segments_are_used_again(pipe):
    sender, _ = pipe
    descriptors = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    for _ in range(20):
        there(pipe, np.ones(LARGE))
    assert len(sender._segments) == 1
    for size in (2 * LARGE, 5 * LARGE, LARGE):  # a larger one takes the place of a small one
        assert there(pipe, np.ones(size)).sum() == size
    assert len(sender._segments) == 1
    sender.send(np.ones(LARGE))
    sender.send(np.ones(LARGE))  # the first has not been read yet
    assert len(sender._segments) == 2
    if descriptors:  # a mapping at the sender, and one at the receiver of what it has read
        assert len(os.listdir("/proc/self/fd")) == descriptors + 3


def test_without_descriptors_in_messages_arrays_go_inline(request, monkeypatch):
    """As on Windows."""
    monkeypatch.delattr(shared_arrays.socket, "send_fds")
    pipe = request.getfixturevalue("pipe")
    received = there(pipe, ARRAYS["float32"])
    np.testing.assert_array_equal(received, ARRAYS["float32"])
    received[0] = 1
    assert not pipe[0]._segments


def test_a_temporary_file_serves_where_there_is_no_memfd(pipe, monkeypatch):
    monkeypatch.delattr(os, "memfd_create", raising=False)
    np.testing.assert_array_equal(there(pipe, ARRAYS["float32"]), ARRAYS["float32"])


def test_sockets_may_have_a_default_timeout(request):
    """It must not reach the pipe, whose reads would then fail where they ought to wait."""
    socket.setdefaulttimeout(5)
    request.addfinalizer(lambda: socket.setdefaulttimeout(None))
    sender, receiver = pipe = request.getfixturevalue("pipe")
    np.testing.assert_array_equal(there(pipe, ARRAYS["float32"]), ARRAYS["float32"])
    assert os.get_blocking(sender._connection.fileno())
    assert os.get_blocking(receiver._connection.fileno())


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="counts descriptors")
@pytest.mark.parametrize("left", [0, 1, 2])
def test_with_few_descriptors_left_a_message_is_sent_whole_or_not_at_all(pipe, left):
    import resource

    used = max(map(int, os.listdir("/proc/self/fd"))) + 1
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (used + left, limits[1]))
    taken = []
    with suppress(OSError):  # there is no other way to know where the end is
        while True:
            taken.append(os.open(os.devnull, os.O_RDONLY))
    for _ in range(left):
        os.close(taken.pop())
    enough = left == 2  # for the segment, and its mapping
    try:
        with nullcontext() if enough else pytest.raises(OSError, match="Too many open files"):
            pipe[0].send(ARRAYS["float32"])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        for descriptor in taken:
            os.close(descriptor)
    assert pipe[1]._connection.poll() == enough
    if enough:
        pipe[1].receive()
    np.testing.assert_array_equal(there(pipe, ARRAYS["float32"]), ARRAYS["float32"])


def test_the_end_of_the_sender_is_an_end_of_file(pipe):
    sender, receiver = pipe
    sender.close()
    sender._connection.close()
    with pytest.raises(EOFError):
        receiver.receive()


def test_an_end_in_the_middle_of_a_message_is_one_too(pipe):
    sender, receiver = pipe
    os.write(sender._connection.fileno(), b"\0\0\1\0abc")
    sender.close()
    sender._connection.close()
    with pytest.raises(EOFError):
        receiver.receive()


def test_an_end_before_the_descriptor_is_one_too(pipe):
    sender, receiver = pipe
    sender._connection.send(shared_arrays._Header(b"", [], [(0, 4)], 0, 4096))
    sender.close()
    sender._connection.close()
    with pytest.raises(EOFError):
        receiver.receive()


def test_a_descriptor_that_could_not_be_received_is_told(pipe):
    """The mark comes without it, as when this process has no descriptor left."""
    sender, receiver = pipe
    sender._connection.send(shared_arrays._Header(b"", [], [(0, 4)], 0, 4096))
    os.write(sender._connection.fileno(), b"\0")
    with pytest.raises(OSError, match="no descriptor is left for a worker's shared memory"):
        receiver.receive()
