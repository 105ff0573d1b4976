"""The IDX file format, in which MNIST and its relatives are published.

A file is two zero bytes, a byte for the element type, a byte for the number of dimensions, the size of each
dimension as a big-endian 32-bit integer, then the elements, big-endian, last dimension fastest. Files usually
travel gzipped. Whatever a header claims is checked against the bytes that are there before memory is taken
for it.
"""

from __future__ import annotations

import gzip
import math
import os
import struct
import zlib
from io import BufferedReader
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamella.core.errors import DataError

_GZIP_MAGIC = b"\x1f\x8b"

# Deflate spends at least one bit per 129 bytes it gives: no stream can grow by more.
_LARGEST_DEFLATE_RATIO = 1032

_DTYPES: dict[int, np.dtype[Any]] = {
    0x08: np.dtype(">u1"),
    0x09: np.dtype(">i1"),
    0x0B: np.dtype(">i2"),
    0x0C: np.dtype(">i4"),
    0x0D: np.dtype(">f4"),
    0x0E: np.dtype(">f8"),
}


def read_idx(path: str | os.PathLike[str]) -> NDArray[Any]:
    """Read an IDX file, plain or gzipped (told apart by content, not by name).

    Args:
        path: The file.

    Returns:
        A new, writable array in the machine's byte order, with the shape and element type that the header
        names.

    Raises:
        DataError: If the file is damaged or is no IDX file; the message names the file, what was expected and
            what was found.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "labels"
        ...     _ = path.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 2, 1]))
        ...     read_idx(path)
        array([7, 2, 1], dtype=uint8)
    """
    path = Path(path)
    with path.open("rb") as file:
        gzipped = file.read(2) == _GZIP_MAGIC
        file.seek(0)
        if not gzipped:
            return _read(path, file, limit=path.stat().st_size)
        try:
            with gzip.GzipFile(fileobj=file) as unzipped:
                return _read(path, unzipped, limit=path.stat().st_size * _LARGEST_DEFLATE_RATIO)
        except EOFError as error:
            raise DataError(
                f"{path}: expected a whole gzip file, found one that is cut short "
                f"({path.stat().st_size} bytes). Copy or download it again."
            ) from error
        except (gzip.BadGzipFile, zlib.error) as error:
            raise DataError(
                f"{path}: expected an intact gzip file, found a damaged one ({error}). Copy or download it again."
            ) from error


def _read(path: Path, file: BufferedReader | gzip.GzipFile, limit: int) -> NDArray[Any]:
    """Parse one IDX stream that can hold at most ``limit`` bytes."""
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0":
        raise DataError(
            f"{path}: expected an IDX file, which starts with two zero bytes, an element type and a number "
            f"of dimensions; found {magic.hex(' ') or 'an empty file'}."
        )
    code, ndim = magic[2], magic[3]
    if code not in _DTYPES:
        known = ", ".join(f"0x{known:02x} ({dtype.name})" for known, dtype in _DTYPES.items())
        raise DataError(f"{path}: expected an element type among {known}; found 0x{code:02x}.")
    sizes = file.read(4 * ndim)
    if len(sizes) < 4 * ndim:
        raise DataError(f"{path}: expected {ndim} dimension sizes ({4 * ndim} bytes), found {len(sizes)} bytes.")
    shape = struct.unpack(f">{ndim}I", sizes)
    dtype = _DTYPES[code]
    expected = math.prod(shape) * dtype.itemsize
    if expected > limit:
        raise DataError(
            f"{path}: expected {expected} bytes of elements for shape {shape}, "
            f"found a file that cannot hold more than {limit}."
        )
    # One byte more than expected: shows trailing bytes, and takes gzip to its checksum at the end.
    elements = file.read(expected + 1)
    if len(elements) < expected:
        raise DataError(
            f"{path}: expected {expected} bytes of elements for shape {shape}, found {len(elements)}: "
            "the file is cut short. Copy or download it again."
        )
    if len(elements) > expected:
        raise DataError(
            f"{path}: expected the file to end after {expected} bytes of elements for shape {shape}, "
            "found more bytes behind them."
        )
    array = np.frombuffer(elements, dtype).astype(dtype.newbyteorder("="), copy=True)
    try:
        return array.reshape(shape)
    except ValueError as error:  # the bytes suffice, as for sizes with a zero among them, but NumPy has no such array
        raise DataError(f"{path}: expected a shape that an array can have, found {shape} ({error}).") from error
