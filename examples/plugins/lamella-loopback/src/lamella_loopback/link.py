"""A connection over which arrays travel."""

from __future__ import annotations

import socket

import numpy as np

from lamella.core.errors import WorkerError

_HEADER = 2048
"""Bytes of a header. Any shape goes in: NumPy's arrays have at most 64 dimensions."""


class Link:
    """Sends and receives arrays over a connected socket.

    Args:
        connection: The socket, with its timeout set.
        rank: Of the process at the other end, for messages.
    """

    def __init__(self, connection: socket.socket, rank: int) -> None:
        self._socket = connection
        self._rank = rank

    def send(self, array: np.ndarray, call: str) -> None:
        """Send an array, with a header that says what it is.

        Args:
            array: C-contiguous.
            call: What it is sent for.
        """
        try:
            self._socket.sendall(_header(array, call))
            self._socket.sendall(_bytes_of(array))
        except OSError as error:
            raise WorkerError(f"the process of rank {self._rank} can't be reached in {call}: {error}") from error

    def receive(self, array: np.ndarray, call: str) -> None:
        """Fill an array with one that was sent.

        Args:
            array: C-contiguous.
            call: What it must have been sent for.

        Raises:
            WorkerError: The other process sent something else, has died, or does not answer in time.
        """
        expected, found = _header(array, call), bytearray(_HEADER)
        self._fill(memoryview(found), call)
        if found != expected:
            theirs = bytes(found).rstrip(b"\0").decode("ascii", "replace")
            ours = expected.rstrip(b"\0").decode()
            raise WorkerError(f"the process of rank {self._rank} makes the call {theirs!r}, and this one {ours!r}")
        self._fill(_bytes_of(array), call)

    def close(self) -> None:
        """Close the connection. Again changes nothing."""
        self._socket.close()

    def _fill(self, memory: memoryview, call: str) -> None:
        """Read as many bytes as ``memory`` has."""
        at = 0
        while at < len(memory):
            try:
                count = self._socket.recv_into(memory[at:])
            except OSError as error:
                raise WorkerError(f"the process of rank {self._rank} does not answer in {call}: {error}") from error
            if count == 0:
                raise WorkerError(f"the process of rank {self._rank} has left the group during {call}")
            at += count


def _header(array: np.ndarray, call: str) -> bytes:
    return f"{call} {array.dtype.str} {array.shape}".encode("ascii").ljust(_HEADER, b"\0")


def _bytes_of(array: np.ndarray) -> memoryview:
    return array.reshape(-1).view(np.uint8).data
