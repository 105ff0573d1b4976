"""Reading IDX files: every element type, and every way to be damaged."""

from __future__ import annotations

import gzip
import re

import numpy as np
import pytest

from lamella.core.errors import DataError
from lamella.data.datasets.idx import read_idx


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16", "int32", "float32", "float64"])
@pytest.mark.parametrize("shape", [(5,), (2, 3), (2, 3, 4), (0, 28, 28), ()])
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_reads_what_was_written(tmp_path, to_idx, dtype, shape, pack):
    array = np.asarray(np.arange(-3, -3 + np.prod(shape)).reshape(shape), dtype="float64").astype(dtype)
    path = tmp_path / "file"
    path.write_bytes(pack(to_idx(array)))
    read = read_idx(path)
    assert read.dtype == array.dtype
    assert read.dtype.isnative
    assert read.shape == shape
    assert read.flags.writeable
    np.testing.assert_array_equal(read, array)


def test_takes_a_path_as_a_string(tmp_path, to_idx):
    (tmp_path / "file").write_bytes(to_idx(np.array([1, 2], dtype=np.uint8)))
    assert read_idx(str(tmp_path / "file")).tolist() == [1, 2]


LABELS = bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 2, 1])

DAMAGED = {
    "empty": (b"", r"expected an IDX file.*found an empty file"),
    "too short for the magic": (b"\0\0\x08", r"expected an IDX file.*found 00 00 08"),
    "wrong magic": (b"\x89PNG....", r"expected an IDX file.*found 89 50 4e 47"),
    "unknown element type": (
        b"\0\0\x0a" + LABELS[3:],
        r"expected an element type among 0x08 \(uint8\).*found 0x0a",
    ),
    "cut in the sizes": (LABELS[:6], r"expected 1 dimension sizes \(4 bytes\), found 2 bytes"),
    "trailing bytes": (LABELS + b"!", r"expected the file to end after 3 bytes.*\(3,\).*more bytes"),
    "cut gzip": (
        gzip.compress(LABELS)[:-6],
        r"expected a whole gzip file, found one that is cut short \(\d+ bytes",
    ),
    "damaged gzip checksum": (gzip.compress(LABELS)[:-8] + bytes(8), r"expected an intact gzip file.*CRC"),
    "damaged gzip body": (
        gzip.compress(LABELS)[:10] + b"\xff" * 30,
        r"expected an intact gzip file, found a damaged",
    ),
    "trailing bytes behind gzip": (gzip.compress(LABELS) + b"more", r"expected an intact gzip file"),
    "trailing bytes in gzip": (gzip.compress(LABELS + b"!"), r"expected the file to end after 3 bytes"),
    "elements cut, gzipped": (
        gzip.compress(LABELS[:-1]),
        r"expected 3 bytes of elements.*\(3,\), found 2.*cut short",
    ),
    "huge claim, gzipped": (
        gzip.compress(b"\0\0\x08\x02" + b"\xff" * 8),
        r"expected 18446744065119617025 bytes.*cannot hold more than \d+",
    ),
    "huge claim beside a zero": (
        b"\0\0\x08\x03" + bytes(4) + b"\xff" * 8,
        r"expected a shape that an array can have, found \(0, 4294967295, 4294967295\)",
    ),
    "too many dimensions": (
        b"\0\0\x08\xff" + b"\0\0\0\1" * 255 + b"!",
        r"expected a shape that an array can have, found \(1, 1, 1,.*maximum supported dimension",
    ),
    "huge claim": (
        b"\0\0\x08\x02" + b"\xff" * 8,
        r"expected 18446744065119617025 bytes.*cannot hold more than 12",
    ),
}


@pytest.mark.parametrize(("content", "message"), DAMAGED.values(), ids=DAMAGED.keys())
def test_damage_is_named(tmp_path, content, message):
    path = tmp_path / "damaged-ubyte"
    path.write_bytes(content)
    with pytest.raises(DataError, match=re.escape(str(path)) + ": " + message):
        read_idx(path)


@pytest.mark.parametrize("length", range(11))
def test_no_beginning_of_a_file_is_taken_for_the_whole(tmp_path, length):
    for content in (LABELS[:length], gzip.compress(LABELS)[: length + 2]):
        (tmp_path / "file").write_bytes(content)
        with pytest.raises(DataError, match="expected"):
            read_idx(tmp_path / "file")


def test_a_truncated_plain_file(tmp_path, to_idx):
    path = tmp_path / "file"
    path.write_bytes(to_idx(np.zeros((4, 28, 28), dtype=np.uint8))[:-1])
    with pytest.raises(DataError, match=r"expected 3136 bytes of elements for shape \(4, 28, 28\).*found 3135"):
        read_idx(path)
