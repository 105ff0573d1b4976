"""Sending objects from a process to another, their arrays through shared memory.

The sender writes all arrays of a message into one segment of shared memory, and the rest into a socket. The
receiver copies the arrays out, into memory of its own, and then lets the sender use the segment again. So there
are no more segments than messages on their way, a tensor never depends on what the sender does later, and
holding many tensors holds no descriptors.

A segment has no name: its descriptor travels through the socket. It is gone when both processes are, in whatever
way they end.
"""

from __future__ import annotations

import errno
import io
import mmap
import os
import socket
import tempfile
from collections import deque
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from pickle import PickleBuffer  # noqa: TID251  # of a worker of ours, which runs the same code; no file is read
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

#: Arrays that take fewer bytes, all together, go through the socket: that is faster than a look at a segment.
INLINE_BYTES = 16 * 1024
#: Arrays begin at multiples of this: a cache line.
ALIGNMENT = 64


class _Header(NamedTuple):
    """What goes through the socket."""

    pickled: bytes  # the object, without its arrays
    inline: list[bytes]  # the arrays, if they are small
    places: list[tuple[int, int]]  # or where they begin and end in the segment
    slot: int  # number of the segment
    new_bytes: int  # size of the segment if it is a new one, whose descriptor follows; else 0


class _Pickler(ForkingPickler):
    """Puts arrays of any dtype and layout out of band, where NumPy does so for a few."""

    def reducer_override(self, obj: Any) -> Any:
        if type(obj) not in (np.ndarray, np.memmap) or obj.dtype.hasobject:
            return NotImplemented
        array = np.ascontiguousarray(obj)
        if not array.flags.writeable:
            array = array.copy()  # what cannot be written to here could not be there
        raw: Any = array.reshape(-1).view(np.uint8)
        return _array, (PickleBuffer(raw), obj.dtype, obj.shape)


def _array(memory: Any, dtype: np.dtype[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    return np.ndarray(shape, dtype, memory)


class Sender:
    """The end that sends objects.

    Args:
        connection: One end of a pipe that goes both ways.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        # Made beforehand: when a message has begun, nothing that it needs may fail.
        self._line = _socket(connection) if hasattr(socket, "send_fds") else None
        self._segments: list[mmap.mmap] = []
        #: Slots whose segments the receiver has read.
        self.free: deque[int] = deque()

    def send(self, value: Any) -> None:
        """Send an object, of any type that can be pickled."""
        buffers: list[Any] = []
        stream = io.BytesIO()
        _Pickler(stream, 5, True, buffers.append).dump(value)  # by position, as ForkingPickler wants it
        arrays: list[NDArray[np.uint8]] = [np.frombuffer(buffer, np.uint8) for buffer in buffers]
        pickled = stream.getvalue()
        if sum(array.size for array in arrays) < INLINE_BYTES or self._line is None:
            self._connection.send(_Header(pickled, [array.tobytes() for array in arrays], [], -1, 0))
            return
        places, end = [], 0
        for array in arrays:
            places.append((end, end + array.size))
            end += -(-array.size // ALIGNMENT) * ALIGNMENT
        slot, descriptor = self._segment(end)
        memory = np.frombuffer(self._segments[slot], np.uint8)
        for array, (start, stop) in zip(arrays, places, strict=True):
            memory[start:stop] = array
        new_bytes = 0 if descriptor is None else len(self._segments[slot])
        try:
            self._connection.send(_Header(pickled, [], places, slot, new_bytes))
            if descriptor is not None:
                socket.send_fds(self._line, [b"\0"], [descriptor])
        finally:
            if descriptor is not None:
                os.close(descriptor)

    def close(self) -> None:
        """Let go of the segments and the line."""
        self._segments.clear()
        if self._line is not None:
            self._line.close()

    def _segment(self, size: int) -> tuple[int, int | None]:
        """A segment of at least ``size`` bytes that nobody reads, and its descriptor if it is new."""
        for _ in range(len(self.free)):
            slot = self.free.popleft()
            if len(self._segments[slot]) >= size:
                return slot, None
            self.free.append(slot)
        size = -(-size * 5 // 4 // mmap.PAGESIZE) * mmap.PAGESIZE  # the next batch may be a little larger
        descriptor = _nameless_file()
        try:
            os.ftruncate(descriptor, size)
            segment = mmap.mmap(descriptor, size)
        except BaseException:  # such as the system's limits
            os.close(descriptor)
            raise
        if self.free:  # one that is too small
            slot = self.free.popleft()
            self._segments[slot] = segment
        else:
            slot = len(self._segments)
            self._segments.append(segment)
        return slot, descriptor


def _nameless_file() -> int:
    """The descriptor of an empty file that has no name in any file system."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("lamella-loader")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def _socket(connection: Connection) -> socket.socket:
    """A pipe's socket, by which descriptors can be sent."""
    line = socket.socket(fileno=os.dup(connection.fileno()))
    line.setblocking(True)  # for the pipe as well, whatever socket.setdefaulttimeout() was told
    return line


class Receiver:
    """The end that receives objects.

    Args:
        connection: The other end of the pipe.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._segments: dict[int, mmap.mmap] = {}
        #: Slots that the sender has not been told of yet that they are free.
        self.freed: list[int] = []

    def receive(self) -> Any:
        """Wait for an object. Its arrays are its own, and can be written to.

        Raises:
            EOFError: The sender has ended.
            OSError: This process has too many files open.
        """
        try:
            header: _Header = self._connection.recv()
        except OSError as error:  # it ended in the middle
            raise EOFError from error
        if header.new_bytes:
            with _socket(self._connection) as line:
                mark, descriptors, _, _ = socket.recv_fds(line, 1, 1)
            if not mark:
                raise EOFError
            if not descriptors:
                raise OSError(errno.EMFILE, "DataLoader: no descriptor is left for a worker's shared memory")
            self._segments[header.slot] = mmap.mmap(descriptors[0], header.new_bytes)
            os.close(descriptors[0])
        buffers: list[Any] = [np.frombuffer(part, np.uint8).copy() for part in header.inline]
        if header.places:
            memory = np.frombuffer(self._segments[header.slot], np.uint8)
            buffers += [memory[start:stop].copy() for start, stop in header.places]
            self.freed.append(header.slot)
        return ForkingPickler.loads(header.pickled, buffers=buffers)
