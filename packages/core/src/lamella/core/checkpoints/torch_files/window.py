"""Pickle's view of a source: bytes from one place to another, taken front to back."""

from __future__ import annotations

from lamella.core.checkpoints.source import Source
from lamella.core.errors import CheckpointError

_PIECE = 1 << 16
_LONGEST_LINE = 400


class Window:
    """The bytes of a source from ``position`` up to ``stop``, of which a piece is held at a time."""

    __slots__ = ("_at", "_piece", "_piece_start", "_source", "_stop")

    def __init__(self, source: Source, position: int, stop: int) -> None:
        self._source = source
        self._stop = stop
        self._piece = b""
        self._piece_start = position
        self._at = 0

    @property
    def position(self) -> int:
        """Where the next byte is in the source."""
        return self._piece_start + self._at

    @property
    def left(self) -> int:
        """How many bytes are left."""
        return self._stop - self.position

    def take(self, length: int) -> bytes:
        """The next ``length`` bytes.

        Raises:
            CheckpointError: There are not as many; nothing has been allocated for them then.
        """
        stop = self._at + length
        if stop > len(self._piece):
            self._refill(length)
            stop = length
        taken = self._piece[self._at : stop]
        self._at = stop
        return taken

    def line(self) -> str:
        """The text up to the next line end, which is passed over.

        Raises:
            CheckpointError: There is none soon, or it is not UTF-8.
        """
        if len(self._piece) - self._at < _LONGEST_LINE:
            self._refill(0)
        end = self._piece.find(b"\n", self._at, self._at + _LONGEST_LINE)
        if end < 0:
            raise CheckpointError("a name in its pickle has no end.")
        raw = self._piece[self._at : end]
        self._at = end + 1
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise CheckpointError(f"a name in its pickle is not UTF-8: {raw[:60]!r}.") from error

    def _refill(self, length: int) -> None:
        """Hold at least the next ``length`` bytes."""
        if length > self.left:
            raise CheckpointError(f"its pickle is cut short: {length} bytes should follow, and {self.left} are left.")
        self._piece_start = self.position
        self._at = 0
        self._piece = bytes(self._source.read_at(self._piece_start, min(max(length, _PIECE), self.left)))
