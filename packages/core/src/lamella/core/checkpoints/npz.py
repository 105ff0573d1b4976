"""NumPy's ``.npz``: a zip file with an array in NumPy's format for each name."""

from __future__ import annotations

import zlib
from typing import Any, BinaryIO

import numpy as np

from lamella.core.checkpoints import archive
from lamella.core.checkpoints.budget import Budget
from lamella.core.checkpoints.flat import flat_tensors
from lamella.core.checkpoints.npy import Header, header_from, pieces_of
from lamella.core.checkpoints.source import Source
from lamella.core.checkpoints.summaries import Summary, summarize
from lamella.core.checkpoints.zip_members import STORED, ZipMember, refuse_sum, zip_members
from lamella.core.errors import CheckpointError
from lamella.core.tensor import Tensor

_SUFFIX = ".npy"
_PIECE = 1 << 16
_DEFLATE_LIMIT = 1032  # times its length is all that deflated data can become
_SUSPECT_RATIO = 100
_SUSPECT_BYTES = 1 << 26


def write(obj: object, file: BinaryIO) -> None:
    """Write a dict of tensors, not compressed."""
    tensors = flat_tensors(obj, "a .npz file")
    for name in tensors:
        if not name.isascii():
            raise CheckpointError(f"save: the name {name!r} is not ASCII, as names in a .npz file have to be here.")
    if not tensors:  # NumPy knows a zip file without members only in its shortest form
        file.write(b"PK\5\6" + bytes(18))
        return
    archive.write(file, ((name + _SUFFIX, pieces_of(tensor, f"{name!r}")) for name, tensor in tensors.items()))


def read(source: Source) -> dict[str, Tensor]:
    """Read a dict of tensors."""
    loaded = {}
    for name, member in _arrays(source).items():
        try:
            data = _Member(source, member)
            header = header_from(data.fill, member.size)
            if source.mmap and member.method == STORED:
                memory = source.memory(member.position + header.length, header.size)
            else:
                memory = np.empty(header.size, np.uint8)
                data.fill(memory.data)
                data.finish()
            loaded[name] = source.placed(header.array(memory), "cpu")
        except CheckpointError as error:
            raise CheckpointError(f"{name!r}: {error}") from error
    return loaded


def summary(source: Source) -> Summary:
    """Say what is in a file. Of each array, only the beginning is read."""
    headers: dict[str, Header] = {}
    for name, member in _arrays(source).items():
        headers[name] = header_from(_Member(source, member).fill, member.size)
    return summarize("npz", source.size, {name: header.summary() for name, header in headers.items()}, Budget(0))


def _arrays(source: Source) -> dict[str, ZipMember]:
    """The members by the names of their arrays; none of them a bomb."""
    members = zip_members(source)
    for member in members.values():
        if not member.name.endswith(_SUFFIX):
            raise CheckpointError(f"member {member.name!r} is no array.")
        if member.size > _DEFLATE_LIMIT * member.stored_size:
            raise CheckpointError(f"member {member.name!r} announces {member.size} bytes, which it cannot hold.")
    size = sum(member.size for member in members.values())
    if size > _SUSPECT_BYTES and size > _SUSPECT_RATIO * source.size:
        raise CheckpointError(
            f"its arrays would grow to {size} bytes, more than {_SUSPECT_RATIO} times the file, as in an attack. If "
            "you trust it, load it with numpy.load and save it again with numpy.savez."
        )
    return {name.removesuffix(_SUFFIX): member for name, member in members.items()}


class _Member:
    """Reads a member's data from its start, unpacking it where it is compressed."""

    def __init__(self, source: Source, member: ZipMember) -> None:
        self._source = source
        self._member = member
        self._at = member.position
        self._end = member.position + member.stored_size
        self._crc = 0
        self._inflater = None if member.method == STORED else zlib.decompressobj(-zlib.MAX_WBITS)

    def fill(self, out: memoryview[Any]) -> None:
        """Read the next bytes into ``out``.

        Raises:
            CheckpointError: There are not as many.
        """
        if self._inflater is None:
            if self._at + len(out) > self._end:
                raise CheckpointError("it is cut short.")
            self._source.fill(self._at, out)
            self._at += len(out)
        else:
            done = 0
            while done < len(out):
                piece = self._unpack(len(out) - done)
                if not piece:
                    raise CheckpointError("it is cut short.")
                out[done : done + len(piece)] = piece
                done += len(piece)
        self._crc = zlib.crc32(out, self._crc)

    def finish(self) -> None:
        """See to it that nothing follows, and that the data matches its checksum.

        Raises:
            CheckpointError: It does not.
        """
        if self._inflater is not None and (
            self._unpack(1) or not self._inflater.eof or self._inflater.unused_data or self._at != self._end
        ):
            raise CheckpointError("its compressed data does not end where it should.")
        if self._crc != self._member.crc:
            refuse_sum(self._member)

    def _unpack(self, most: int) -> bytes:
        """Some of the next bytes; none only at the end."""
        assert self._inflater is not None
        while not self._inflater.eof:
            packed = self._inflater.unconsumed_tail
            if not packed:
                packed = bytes(self._source.read_at(self._at, min(_PIECE, self._end - self._at)))
                self._at += len(packed)
            try:
                piece = self._inflater.decompress(packed, min(most, 1 << 20))
            except zlib.error as error:
                raise CheckpointError(f"its compressed data is damaged: {error}.") from error
            if piece or not packed:
                return piece
        return b""
