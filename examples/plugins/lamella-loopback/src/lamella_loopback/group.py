"""A group of processes on one machine. The process of rank 0 is the hub: arrays go to it, and results come from it."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Literal, Self

import numpy as np

from lamella.core.errors import ArgumentError, ArgumentTypeError
from lamella_loopback.link import Link
from lamella_loopback.meeting import join

Reduction = Literal["sum", "mean", "min", "max", "product"]

_COMBINE: dict[str, np.ufunc] = {
    "sum": np.add,
    "mean": np.add,
    "min": np.minimum,
    "max": np.maximum,
    "product": np.multiply,
}


class LoopbackGroup:
    """Processes of one user on one machine that exchange NumPy arrays over loopback sockets.

    Every process makes the same calls in the same order, with C-contiguous arrays of the same shape and dtype; one that
    does not is told so, as are the others. What travels are the bytes of arrays behind a header that is compared with
    what the receiver expects: nothing that arrives is ever interpreted.

    Args:
        rank: This process's number, from 0.
        world_size: How many processes there are.
        init_method: ``"file:///folder/name"``, a file that does not exist: rank 0 writes there where it listens, and
            the key that members prove to know, for this user alone to read.
        timeout_s: Seconds that joining, and each wait for another process, may take.

    Raises:
        ValueError: ``rank`` or ``init_method`` cannot be.
        RuntimeError: A process does not come or answer in time, has died, or makes another call.

    Example:
        >>> import os, tempfile
        >>> with tempfile.TemporaryDirectory() as folder, LoopbackGroup(0, 1, f"file://{folder}/meeting") as group:
        ...     total = np.array([1.0, 2.0])
        ...     group.all_reduce(total)
        ...     total.tolist()
        [1.0, 2.0]
    """

    def __init__(self, rank: int, world_size: int, init_method: str, timeout_s: float = 1800.0) -> None:
        if not 0 <= rank < world_size:
            raise ArgumentError(f"rank must be from 0 to world_size - 1, got rank {rank} of {world_size}")
        if not init_method.startswith("file:///"):
            raise ArgumentError(f"init_method must be 'file:///folder/name', a file to meet at, got {init_method!r}")
        self.rank = rank
        self.world_size = world_size
        # the hub has a link to each other process, by rank; the others have one to the hub
        self._links: dict[int, Link] = join(rank, world_size, init_method.removeprefix("file://"), timeout_s)

    def all_reduce(self, array: np.ndarray, op: Reduction = "sum") -> None:
        """Put the sum (or mean, …) of everyone's ``array``, element by element, into everyone's ``array``.

        Args:
            array: Changed in place.
            op: What to compute. It is computed once, in the order of the ranks: its bits are the same everywhere.

        Raises:
            TypeError: ``array`` is no such array. ValueError: there is no such ``op``, or the mean is of integers.
        """
        self._check(array)
        if op not in _COMBINE:
            raise ArgumentError(f"op must be one of {', '.join(_COMBINE)}, got {op!r}")
        if op == "mean" and array.dtype.kind not in "fc":
            raise ArgumentError(f"the mean is defined for floating and complex arrays, got {array.dtype}; use 'sum'")
        call = f"all_reduce {op}"
        if self.rank:
            self._links[0].send(array, call)
            self._links[0].receive(array, call)
            return
        other = np.empty_like(array)
        for rank in range(1, self.world_size):
            self._links[rank].receive(other, call)
            _COMBINE[op](array, other, out=array)
        if op == "mean":
            array /= self.world_size
        for rank in range(1, self.world_size):
            self._links[rank].send(array, call)

    def broadcast(self, array: np.ndarray, src: int) -> None:
        """Copy the ``array`` of the process with rank ``src`` into everyone's.

        Args:
            array: Changed in place, but in that process.
            src: A rank.

        Raises:
            TypeError: ``array`` is no such array. ValueError: there is no such rank.
        """
        self._check(array)
        if not 0 <= src < self.world_size:
            raise ArgumentError(f"src must be a rank from 0 to {self.world_size - 1}, got {src}")
        call = f"broadcast {src}"
        if self.rank:
            if self.rank == src:
                self._links[0].send(array, call)
            else:
                self._links[0].receive(array, call)
            return
        if src:
            self._links[src].receive(array, call)
        for rank in range(1, self.world_size):
            if rank != src:
                self._links[rank].send(array, call)

    def all_gather(self, output: np.ndarray, array: np.ndarray) -> None:
        """Copy everyone's ``array`` into everyone's ``output``, by rank.

        Args:
            output: Changed in place; of shape ``(world_size, *array.shape)`` and the dtype of ``array``.
            array: What this process gives.

        Raises:
            TypeError: One is no such array. ValueError: ``output`` does not fit.
        """
        self._check(array)
        self._check(output)
        expected = (self.world_size, *array.shape)
        if output.shape != expected or output.dtype != array.dtype:
            raise ArgumentError(
                f"output must have the shape {expected} and the dtype {array.dtype}, got {output.shape} and "
                f"{output.dtype}"
            )
        call = "all_gather"
        if self.rank:
            self._links[0].send(array, call)
            self._links[0].receive(output, call)
            return
        output[0] = array
        for rank in range(1, self.world_size):
            self._links[rank].receive(output[rank : rank + 1].reshape(array.shape), call)
        for rank in range(1, self.world_size):
            self._links[rank].send(output, call)

    def barrier(self) -> None:
        """Wait until every process has come here."""
        self.all_reduce(np.zeros(0, np.uint8))

    def close(self) -> None:
        """Leave the group. Again changes nothing."""
        for link in self._links.values():
            link.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @staticmethod
    def _check(array: Any) -> None:
        if type(array) is not np.ndarray or array.dtype.kind not in "biufc" or not array.flags.c_contiguous:
            raise ArgumentTypeError(f"expected a C-contiguous NumPy array of numbers, got {type(array).__name__}")
