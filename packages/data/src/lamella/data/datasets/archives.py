"""Reading files out of gzipped tar archives into memory: nothing is unpacked, no path is the archive's choice."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Mapping
from pathlib import Path

from lamella.core.errors import DataError

_BLOCK_BYTES = 512
_CHUNK_BYTES = 1 << 16

# The archives read here hold 190 MB; one that goes on beyond this only wastes time.
_MAX_BYTES = 1 << 30


def read_tar_gz(path: Path, members: Mapping[str, int]) -> dict[str, bytes]:
    """Read some regular files of a gzipped tar archive.

    The format is POSIX's: for each member a block of 512 bytes with name, size and checksum, then the contents,
    filled up to whole blocks. Kinds of member other than files and folders (links, extended headers) are refused:
    the archives read here have none.

    Args:
        path: The archive.
        members: Names of the files wanted, each with the largest size to accept, in bytes.

    Returns:
        Their contents, by name.

    Raises:
        DataError: If the archive is damaged, or lacks a file, or one is larger.

    Reference:
        IEEE Std 1003.1, pax, "ustar Interchange Format".
    """
    found: dict[str, bytes] = {}
    try:
        with gzip.open(path) as stream:
            # The archive ends with blocks of zeros.
            while (block := stream.read(_BLOCK_BYTES)).strip(b"\0"):
                name, size = _parse_header(path, block)
                end = stream.tell() + size + -size % _BLOCK_BYTES
                if name in members:
                    found[name] = _read_member(path, stream, name, size, members[name])
                _read_past(path, stream, end)
            while stream.read(_CHUNK_BYTES):  # takes gzip to its checksum
                _check_length(path, stream.tell())
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(
            f"{path}: expected an intact gzip file, found a damaged one ({error}). Copy or download it again."
        ) from error
    missing = [name for name in members if name not in found]
    if missing:
        raise DataError(f"{path}: expected a file {missing[0]} in the archive, found none. Copy or download it again.")
    return found


def _parse_header(path: Path, block: bytes) -> tuple[str, int]:
    """Name and size of the member that a block announces."""
    if len(block) < _BLOCK_BYTES:
        raise DataError(
            f"{path}: expected a block of {_BLOCK_BYTES} bytes, found {len(block)}: the archive is cut short."
        )
    # The checksum is the sum of all bytes, its own eight taken as spaces.
    if _octal(path, block[148:156]) != sum(block[:148]) + sum(block[156:]) + 8 * ord(" "):
        raise DataError(f"{path}: expected a tar header with the right checksum, found a wrong one.")
    kind = block[156:157]
    if kind not in (b"\0", b"0", b"5"):
        raise DataError(f"{path}: expected files and folders in the archive, found a member of type {kind!r}.")
    return block[:100].partition(b"\0")[0].decode("latin-1"), _octal(path, block[124:136])


def _octal(path: Path, field: bytes) -> int:
    digits = field.strip(b" \0")
    if not digits or digits.strip(b"01234567"):
        raise DataError(f"{path}: expected an octal number in a tar header, found {field!r}.")
    return int(digits, 8)


def _read_member(path: Path, stream: gzip.GzipFile, name: str, size: int, largest: int) -> bytes:
    if size > largest:
        raise DataError(f"{path}: expected at most {largest} bytes in {name}, found {size}.")
    content = stream.read(size)
    if len(content) < size:
        raise DataError(f"{path}: expected {size} bytes in {name}, found {len(content)}: the archive is cut short.")
    return content


def _read_past(path: Path, stream: gzip.GzipFile, end: int) -> None:
    _check_length(path, end)
    while missing := end - stream.tell():
        if not stream.read(min(missing, _CHUNK_BYTES)):
            raise DataError(f"{path}: expected {missing} bytes more, found the end: the archive is cut short.")


def _check_length(path: Path, length: int) -> None:
    if length > _MAX_BYTES:
        raise DataError(f"{path}: expected at most {_MAX_BYTES} bytes in the archive, found {length}.")
