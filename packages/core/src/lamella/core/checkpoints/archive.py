"""The container of a checkpoint: the smallest useful part of zip, written and read without leeway.

Members are stored, not compressed, and their data starts at a multiple of 64 bytes, so that arrays can be
mapped into memory. Sizes are always 64-bit fields. Any zip program can unpack such a file.

Reading is strict: headers are computed again from each member's name, size and checksum, and have to match
the file byte for byte. So members tile the file without gap or overlap, nothing is compressed, and every byte
of the file is covered by this comparison or by a checksum. Whatever a file claims, nothing larger than the
file itself is allocated.

Reference: PKWARE, .ZIP File Format Specification 6.3.9 (2020),
https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT.
"""

from __future__ import annotations

import functools
import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, TypeAlias

from lamella.core.checkpoints.source import Source
from lamella.core.errors import CheckpointError

ALIGNMENT = 64
#: The most members: their list takes memory, which a hostile file must not choose.
MAX_MEMBERS = 100_000
LOCAL_SIGNATURE = b"PK\x03\x04"

Buffer: TypeAlias = "bytes | bytearray | memoryview[Any]"

_ZIP64 = 1  # id of the extra field that holds 64-bit sizes
_PADDING = 0xD935  # id of the extra field that only moves the data to its alignment
_VERSION = 45  # the version that introduced 64-bit sizes
_DATE = 0x0021  # the first day of 1980: equal contents make equal files
_SEE_ZIP64 = 0xFFFFFFFF

# The last 98 bytes: 64-bit end record, its locator, end record.
_END = struct.Struct("<4sQHHIIQQQQ4sIQI4sHHHHIIH")
_CENTRAL = struct.Struct("<4sHHHHHHIIIHHHHHII")
_CENTRAL_EXTRA = struct.Struct("<HHQQQ")
_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_LOCAL_EXTRA = struct.Struct("<HHQQHHH")


@dataclass(frozen=True, slots=True)
class Member:
    """One member, whose local header starts at `position`.

    Attributes:
        name: Its name, in ASCII.
        size: Bytes of data.
        crc: CRC-32 of the data.
        position: Where its header starts, counted from the start of the archive.
    """

    name: str
    size: int
    crc: int
    position: int

    def local_header(self) -> bytes:
        name = self.name.encode("ascii")
        unpadded = self.position + _LOCAL.size + len(name) + _LOCAL_EXTRA.size
        padding = -unpadded % ALIGNMENT
        extra = _LOCAL_EXTRA.pack(_ZIP64, 16, self.size, self.size, _PADDING, 2 + padding, ALIGNMENT)
        sizes = (_SEE_ZIP64, _SEE_ZIP64, len(name), len(extra) + padding)
        fixed = _LOCAL.pack(LOCAL_SIGNATURE, _VERSION, 0, 0, 0, _DATE, self.crc, *sizes)
        return fixed + name + extra + bytes(padding)

    def central_header(self) -> bytes:
        name = self.name.encode("ascii")
        extra = _CENTRAL_EXTRA.pack(_ZIP64, 24, self.size, self.size, self.position)
        sizes = (_SEE_ZIP64, _SEE_ZIP64, len(name), len(extra))
        places = (0, 0, 0, 0, _SEE_ZIP64)
        versions = (_VERSION, _VERSION)
        fixed = _CENTRAL.pack(b"PK\x01\x02", *versions, 0, 0, 0, _DATE, self.crc, *sizes, *places)
        return fixed + name + extra

    @property
    def data_position(self) -> int:
        """Where its data starts."""
        return self.position + len(self.local_header())


def _directory(members: list[Member], position: int) -> bytes:
    """All that follows the last member's data, which ends at `position`."""
    central = b"".join(member.central_header() for member in members)
    end = position + len(central)
    counts = (len(members), len(members), len(central), position)
    return central + _END.pack(
        *(b"PK\x06\x06", 44, _VERSION, _VERSION, 0, 0, *counts),
        *(b"PK\x06\x07", 0, end, 1),
        *(b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, _SEE_ZIP64, _SEE_ZIP64, 0),
    )


def write(file: BinaryIO, contents: Iterable[tuple[str, Sequence[Buffer]]]) -> None:
    """Write named contents to `file`, front to back, without seeking.

    Args:
        file: A binary file open for writing.
        contents: Names (ASCII, all different) and data (pieces of C-contiguous bytes) in order.

    Raises:
        CheckpointError: There are too many of them to be read.
    """
    members: list[Member] = []
    position = 0
    for name, pieces in contents:
        if len(members) == MAX_MEMBERS:
            raise CheckpointError(f"save: a file holds at most {MAX_MEMBERS} tensors. Save parts of it to other files.")
        crc = functools.reduce(lambda crc, piece: zlib.crc32(piece, crc), pieces, 0)
        member = Member(name, sum(map(len, pieces)), crc, position)
        file.write(member.local_header())
        file.writelines(pieces)
        members.append(member)
        position = member.data_position + member.size
    file.write(_directory(members, position))


def members_of(source: Source) -> list[Member]:
    """Read the directory of an archive.

    Returns:
        The members, in order. Their headers are checked, their data is not read yet.

    Raises:
        CheckpointError: Anything is other than `write` would have written it.
    """
    size = source.size
    if size < _END.size:
        raise CheckpointError(f"the file is cut short: it ends after {size} bytes.")
    end = _END.unpack(source.read_at(size - _END.size, _END.size))
    count, length, position = end[7], end[8], end[9]
    if end[0] != b"PK\x06\x06" or position + length + _END.size != size:
        raise CheckpointError("the file does not end as a checkpoint does: it is cut short, damaged, or was repacked.")
    if count > MAX_MEMBERS:
        raise CheckpointError(f"it announces {count} members, more than {MAX_MEMBERS}.")
    directory = source.read_at(position, length + _END.size)
    members = _parse_central(bytes(directory[:length]), count)
    if directory != _directory(members, position):
        raise CheckpointError("the directory is damaged, or was written by another program.")
    names = {member.name for member in members}
    if len(names) != len(members):
        raise CheckpointError("two members have the same name.")
    expected = 0
    for member in members:
        if member.position != expected:
            raise CheckpointError(f"member {member.name!r} is not where the one before it ends.")
        expected = member.data_position + member.size
        header = member.local_header()
        if expected > position or source.read_at(member.position, len(header)) != header:
            raise CheckpointError(f"the header of member {member.name!r} is damaged or of a kind not allowed.")
    if expected != position:
        raise CheckpointError("bytes that belong to no member lie before the directory.")
    return members


def read_into(source: Source, member: Member, out: memoryview[Any]) -> None:
    """Read a member's data into `out`, which has its size, and check it.

    Raises:
        CheckpointError: The data is cut short or does not match its checksum.
    """
    source.fill(member.data_position, out)
    if zlib.crc32(out) != member.crc:
        raise CheckpointError(f"the data of member {member.name!r} does not match its checksum: it is damaged.")


def _parse_central(central: bytes, count: int) -> list[Member]:
    members: list[Member] = []
    at = 0
    while at < len(central) and len(members) < count:
        name_at = at + _CENTRAL.size
        if name_at > len(central):
            raise CheckpointError("the directory is cut short.")
        fields = _CENTRAL.unpack_from(central, at)
        extra_at = name_at + fields[10]
        at = extra_at + _CENTRAL_EXTRA.size
        name = central[name_at:extra_at]
        if at > len(central) or not name.isascii():
            raise CheckpointError("the directory is damaged: a name in it is too long or not ASCII.")
        _, _, size, _, position = _CENTRAL_EXTRA.unpack_from(central, extra_at)
        members.append(Member(name.decode("ascii"), size, fields[7], position))
    if len(members) != count or at != len(central):
        raise CheckpointError(f"the directory announces {count} members but lists others.")
    return members
