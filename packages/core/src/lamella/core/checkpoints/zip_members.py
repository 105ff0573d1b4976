"""The members of a zip file that another program wrote: found, checked, and left where they are.

Programs differ in headers, order and padding, which is allowed here, other than in ``archive``. What could
hide something is not: members have to tile the file up to its directory, the two headers of each have to
agree, and the directory has to end where the file does.

Reference: PKWARE, .ZIP File Format Specification 6.3.9 (2020), sections 4.3 and 4.5,
https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, replace
from typing import NoReturn

from lamella.core.checkpoints.archive import MAX_MEMBERS
from lamella.core.checkpoints.source import Source
from lamella.core.errors import CheckpointError

STORED = 0
DEFLATED = 8

_CENTRAL = struct.Struct("<4s6H3I5H2I")
_LOCAL = struct.Struct("<4s5H3I2H")
_END = struct.Struct("<4s4H2IH")
_END64 = struct.Struct("<4sQ2H2I4Q")
_LOCATOR = struct.Struct("<4sIQI")
_DESCRIPTORS = (struct.Struct("<4s3I"), struct.Struct("<4sI2Q"))

_ZIP64 = 1  # id of the extra field with 64-bit sizes
_SEE_ZIP64 = 0xFFFFFFFF
_ENCRYPTED = 1 | 1 << 6 | 1 << 13
_HAS_DESCRIPTOR = 1 << 3
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class ZipMember:
    """One member of a zip file.

    Attributes:
        name: Its name; neither absolute nor leading out of the folder it is in.
        method: How it is compressed: ``STORED`` or ``DEFLATED``.
        stored_size: Bytes that it takes in the file.
        size: Bytes that it has when it is unpacked, as the file says.
        crc: CRC-32 of those.
        position: Where its data starts.
    """

    name: str
    method: int
    stored_size: int
    size: int
    crc: int
    position: int


def zip_members(source: Source) -> dict[str, ZipMember]:
    """Read the directory of a zip file, and compare it with the headers of the members.

    Returns:
        The members by name, in the order of the directory. Their data is not read.

    Raises:
        CheckpointError: The file is damaged, ambiguous, or of a kind that no checkpoint is.
    """
    position, directory, count = _directory(source)
    members: dict[str, ZipMember] = {}
    spans: list[tuple[int, int]] = []
    at = 0
    for _ in range(count):
        member, header_position, flags, at = _central_entry(directory, at)
        if member.name in members:
            raise CheckpointError(f"two members have the name {member.name!r}.")
        start, stop, member = _checked_against_local(source, member, header_position, flags, position)
        spans.append((start, stop))
        members[member.name] = member
    if at != len(directory):
        raise CheckpointError("the directory is longer than what it lists.")
    expected = 0
    for start, stop in sorted(spans):
        if start != expected:
            raise CheckpointError(f"members overlap, or bytes that belong to none lie between them (at {start}).")
        expected = stop
    if expected != position:
        raise CheckpointError("bytes that belong to no member lie before the directory.")
    return members


def check_sum(source: Source, member: ZipMember) -> None:
    """Compare a stored member's data with its checksum, a piece at a time.

    Raises:
        CheckpointError: They differ.
    """
    crc = 0
    for at in range(0, member.size, _PIECE):
        crc = zlib.crc32(source.read_at(member.position + at, min(_PIECE, member.size - at)), crc)
    if crc != member.crc:
        refuse_sum(member)


def refuse_sum(member: ZipMember) -> NoReturn:
    """Say that a member's data is not what it was when its checksum was made."""
    raise CheckpointError(f"the data of member {member.name!r} does not match its checksum: it is damaged.")


def _directory(source: Source) -> tuple[int, bytes, int]:
    """Where the directory is, its bytes, and how many members it lists."""
    at = source.size - _END.size
    if at < 0:
        raise CheckpointError(f"the file is cut short: it ends after {source.size} bytes.")
    fields = _END.unpack(source.read_at(at, _END.size))
    signature, disk, directory_disk, count_here, count, length, position, comment = fields
    if signature != b"PK\x05\x06" or comment:
        raise CheckpointError("the file does not end as a zip file does: it is cut short, or something follows it.")
    if count_here != count or disk or directory_disk:
        raise CheckpointError("the zip file is one of several parts.")
    has_locator = at >= _LOCATOR.size and source.read_at(at - _LOCATOR.size, 4) == b"PK\x06\x07"
    if has_locator:
        _, _, end64, _ = _LOCATOR.unpack(source.read_at(at - _LOCATOR.size, _LOCATOR.size))
        short = (count, length, position)
        at -= _LOCATOR.size + _END64.size
        if end64 != at:
            raise CheckpointError("the end of the zip file is damaged: its 64-bit part is not where it should be.")
        signature, rest, *_, count64, count, length, position = _END64.unpack(source.read_at(at, _END64.size))
        agree = all(
            a in (b, limit)
            for a, b, limit in zip(short, (count, length, position), (0xFFFF, *2 * [_SEE_ZIP64]), strict=True)
        )
        if signature != b"PK\x06\x06" or rest != _END64.size - 12 or count64 != count or not agree:
            raise CheckpointError("the end of the zip file is damaged: its two parts disagree.")
    if position + length != at:
        raise CheckpointError("the directory does not end where the zip file does.")
    if count > MAX_MEMBERS or count * _CENTRAL.size > length:
        raise CheckpointError(f"it announces {count} members, more than fit its directory or more than {MAX_MEMBERS}.")
    return position, bytes(source.read_at(position, length)), count


def _central_entry(directory: bytes, at: int) -> tuple[ZipMember, int, int, int]:
    """A member as the directory has it, the position of its other header, its flags, and where the next one starts."""
    if at + _CENTRAL.size > len(directory):
        raise CheckpointError("the directory is cut short.")
    fields = _CENTRAL.unpack_from(directory, at)
    signature, _, _, flags, method, _, _, crc, stored_size, size, name_length, extra_length, comment, disk = fields[:14]
    header_position = fields[16]
    name_at = at + _CENTRAL.size
    extra_at = name_at + name_length
    stop = extra_at + extra_length + comment
    if signature != b"PK\x01\x02" or stop > len(directory) or disk not in (0, 0xFFFF):
        raise CheckpointError("the directory is damaged.")
    name = _name(directory[name_at:extra_at])
    size, stored_size, header_position = _with_zip64(
        directory[extra_at : extra_at + extra_length], size, stored_size, header_position
    )
    if flags & _ENCRYPTED:
        raise CheckpointError(f"member {name!r} is encrypted.")
    if method not in (STORED, DEFLATED):
        raise CheckpointError(f"member {name!r} is compressed in a way that is not read (method {method}).")
    if method == STORED and size != stored_size:
        raise CheckpointError(f"member {name!r} is stored, but announces two different sizes.")
    return ZipMember(name, method, stored_size, size, crc, 0), header_position, flags, stop


def _name(raw: bytes) -> str:
    try:
        name = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CheckpointError(f"the name of a member is not UTF-8: {raw[:60]!r}.") from error
    if not name or name[0] == "/" or "\\" in name or "\0" in name or name[1:2] == ":" or ".." in name.split("/"):
        raise CheckpointError(f"the name of a member leads out of the file: {name[:60]!r}.")
    return name


def _with_zip64(extra: bytes, size: int, stored_size: int, position: int = 0) -> tuple[int, int, int]:
    """Replace what a header leaves to its field of 64-bit sizes."""
    wide: list[int] = []
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        at += 4
        if kind == _ZIP64 and at + length <= len(extra):
            wide = [number for (number,) in struct.iter_unpack("<Q", extra[at : at + length // 8 * 8])]
        at += length
    values = iter(wide)
    size, stored_size, position = (
        next(values, -1) if number == _SEE_ZIP64 else number for number in (size, stored_size, position)
    )
    if min(size, stored_size, position) < 0:
        raise CheckpointError("a header of the zip file lacks its 64-bit sizes.")
    return size, stored_size, position


def _checked_against_local(
    source: Source, member: ZipMember, header_position: int, flags: int, end: int
) -> tuple[int, int, ZipMember]:
    """The member's place, from its header to the end of what belongs to it, and the member with that of its data."""

    def disagree() -> NoReturn:
        raise CheckpointError(f"the two headers of member {member.name!r} disagree, or its place is impossible.")

    if header_position + _LOCAL.size > end:
        disagree()
    fields = _LOCAL.unpack(source.read_at(header_position, _LOCAL.size))
    signature, _, local_flags, method, _, _, crc, stored_size, size, name_length, extra_length = fields
    name_at = header_position + _LOCAL.size
    position = name_at + name_length + extra_length
    stop = position + member.stored_size
    if signature != b"PK\x03\x04" or method != member.method or stop > end:
        disagree()
    if (local_flags ^ flags) & (_ENCRYPTED | _HAS_DESCRIPTOR):
        disagree()
    rest = bytes(source.read_at(name_at, name_length + extra_length))
    if rest[:name_length] != member.name.encode():
        disagree()
    size, stored_size, _ = _with_zip64(rest[name_length:], size, stored_size)
    announced = (crc, stored_size, size)
    actual = (member.crc, member.stored_size, member.size)
    if not flags & _HAS_DESCRIPTOR:
        if announced != actual:
            disagree()
    else:
        # The sizes follow the data; in the header they are 0, or there too.
        if any(a not in (0, b) for a, b in zip(announced, actual, strict=True)):
            disagree()
        is_large = max(actual) > _SEE_ZIP64
        for descriptor in _DESCRIPTORS[is_large:]:
            expected = descriptor.pack(b"PK\x07\x08", *actual)
            if stop + descriptor.size <= end and source.read_at(stop, descriptor.size) == expected:
                stop += descriptor.size
                break
        else:
            disagree()
    return header_position, stop, replace(member, position=position)
