"""Zip files by other programs: each way in which one can lie about its members, and forms that are rare but sound."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass

import pytest

from lamella.core.checkpoints.source import Source
from lamella.core.checkpoints.zip_members import check_sum, zip_members
from lamella.core.errors import CheckpointError


@dataclass
class Entry:
    """A member, and what its two headers say of it."""

    name: str
    data: bytes
    flags: int = 0
    local_flags: int | None = None
    position: int | None = None
    gap: bytes = b""
    descriptor: str = ""
    extra: bytes = b""

    def local(self) -> bytes:
        crc, size = (0, 0) if self.descriptor else (zlib.crc32(self.data), len(self.data))
        flags = self.flags if self.local_flags is None else self.local_flags
        fields = (20, flags, 0, 0, 0, crc, size, size, len(self.name.encode()), 0)
        header = struct.pack("<4s5H3I2H", b"PK\x03\x04", *fields) + self.name.encode()
        if not self.descriptor:
            return header + self.data
        length = len(self.data)
        return header + self.data + struct.pack(self.descriptor, b"PK\x07\x08", zlib.crc32(self.data), length, length)

    def central(self, position: int) -> bytes:
        size = len(self.data)
        fields = (
            20,
            20,
            self.flags,
            0,
            0,
            0,
            zlib.crc32(self.data),
            size,
            size,
            len(self.name.encode()),
            len(self.extra),
            0,
        )
        place = (0, 0, 0, position if self.position is None else self.position)
        return struct.pack("<4s6H3I5H2I", b"PK\x01\x02", *fields, *place) + self.name.encode() + self.extra


def built(*entries: Entry, count: int | None = None, before_directory: bytes = b"", length: int = 0) -> bytes:
    file = central = b""
    for entry in entries:
        file += entry.gap
        central += entry.central(len(file))
        if entry.position is None:
            file += entry.local()
    file += before_directory
    count = len(entries) if count is None else count
    end = (0, 0, count, count, len(central) + length, len(file) - length, 0)
    return file + central + struct.pack("<4s4H2IH", b"PK\x05\x06", *end)


def members(data: bytes):
    return zip_members(Source(io.BytesIO(data), 0, len(data), False, None))


def test_sound_files():
    found = members(built(Entry("a", b"one"), Entry("b/c", b""), Entry("ä", b"two")))
    assert [(m.name, m.size, m.crc) for m in found.values()] == [
        ("a", 3, zlib.crc32(b"one")),
        ("b/c", 0, 0),
        ("ä", 3, zlib.crc32(b"two")),
    ]
    assert members(built()) == {}


@pytest.mark.parametrize("form", ["<4s3I", "<4sI2Q"])
def test_sizes_behind_the_data(form):
    entry = Entry("a", b"one", flags=8, descriptor=form)
    assert members(built(entry, Entry("b", b"two")))["a"].size == 3
    data = built(entry)
    at = data.index(b"PK\x07\x08")
    for i in (*range(14, 26), *range(at + 4, at + struct.calcsize(form))):  # in the header, behind the data
        with pytest.raises(CheckpointError, match="headers of member 'a' disagree"):
            members(data[:i] + b"\x7f" + data[i + 1 :])


def test_other_extra_fields_are_passed_over():
    other = struct.pack("<HH", 0x5455, 5) + b"times"
    assert members(built(Entry("a", b"one", extra=other)))["a"].size == 3
    assert members(built(Entry("a", b"one", extra=other + b"\1\0\xff\xff")))["a"].size == 3


HIDDEN = Entry("b", b"two")
LIES = {
    "bytes between members": (built(Entry("a", b"one"), Entry("b", b"two", gap=b"gap")), "bytes that belong to none"),
    "bytes before the first": (built(Entry("a", b"one", gap=b"gap")), "bytes that belong to none"),
    "bytes before the directory": (built(Entry("a", b"one"), before_directory=b"gap"), "before the directory"),
    "a member in another": (built(Entry("a", HIDDEN.local()), Entry("b", b"two", position=31)), "members overlap"),
    "two at one place": (built(Entry("a", b"one"), Entry("b", b"one", position=0)), "headers of member 'b' disagree"),
    "a place beyond the end": (built(Entry("a", b"one"), Entry("b", b"two", position=1 << 30)), "disagree"),
    "a place in the directory": (built(Entry("a", b"one"), Entry("b", b"two", position=30)), "disagree"),
    "flags that differ": (built(Entry("a", b"one", flags=0, local_flags=8)), "disagree"),
    "encryption": (built(Entry("a", b"one", flags=1)), "is encrypted"),
    "too few listed": (built(Entry("a", b"one"), Entry("b", b"two"), count=1), "longer than what it lists"),
    "too many listed": (built(Entry("a" * 60, b"one"), count=2), "cut short"),
    "a directory that is none": (built(Entry("a", b"one"), length=1), "the directory is damaged"),
    "far too many listed": (built(Entry("a", b"one"), count=9), "announces 9 members"),
    "nothing": (b"", "cut short: it ends after 0 bytes"),
    "names": (built(Entry("../a", b"")), "leads out"),
    "no name": (built(Entry("", b"")), "leads out"),
}


@pytest.mark.parametrize("name", LIES)
def test_lies(name):
    data, message = LIES[name]
    with pytest.raises(CheckpointError, match=message):
        members(data)


def test_checksums_cover_every_piece():
    large = bytes(3 << 20)
    data = built(Entry("a", large))
    source = Source(io.BytesIO(data), 0, len(data), False, None)
    check_sum(source, members(data)["a"])
    for at in (0, 1 << 20, len(large) - 1):
        changed = bytearray(data)
        changed[members(data)["a"].position + at] = 1
        with pytest.raises(CheckpointError, match="'a' does not match its checksum"):
            check_sum(Source(io.BytesIO(bytes(changed)), 0, len(data), False, None), members(data)["a"])
