"""Small IDX files for the tests of this package."""

from __future__ import annotations

import gzip
import random
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

CODES = {"uint8": 0x08, "int8": 0x09, "int16": 0x0B, "int32": 0x0C, "float32": 0x0D, "float64": 0x0E}


def idx_bytes(array: np.ndarray) -> bytes:
    """The IDX file of an array, written from the format's description alone."""
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, CODES[array.dtype.name], array.ndim, *array.shape)
    return header + array.astype(array.dtype.newbyteorder(">")).tobytes()


@pytest.fixture
def to_idx() -> Callable[[np.ndarray], bytes]:
    return idx_bytes


@pytest.fixture
def digit_files() -> dict[str, bytes]:
    """The four files of a tiny MNIST: 12 training and 5 test images of 28×28, as gzipped IDX by file name."""
    rng = np.random.default_rng(0)
    files = {}
    for split, count in (("train", 12), ("t10k", 5)):
        images = rng.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        labels = (np.arange(count) % 10).astype(np.uint8)
        files[f"{split}-images-idx3-ubyte.gz"] = gzip.compress(idx_bytes(images))
        files[f"{split}-labels-idx1-ubyte.gz"] = gzip.compress(idx_bytes(labels))
    return files


def damaged(content: bytes, mutations: int = 300) -> Iterator[bytes]:
    """Every beginning of a file, and files with some bytes changed, repeated or cut out; always the same ones."""
    for length in range(len(content)):
        yield content[:length]
    rng = random.Random(len(content))
    for _ in range(mutations):
        mutant = bytearray(content)
        for _ in range(rng.choice((1, 1, 2, 8))):
            at = rng.randrange(max(len(mutant), 1))
            piece = mutant[at : at + rng.choice((1, 4, 64))]
            mutant[at : at + len(piece)] = rng.choice((rng.randbytes(len(piece)), b"\xff" * len(piece), b"", piece * 2))
        if mutant != content:
            yield bytes(mutant)


@pytest.fixture
def damage() -> Callable[..., Iterator[bytes]]:
    return damaged


@pytest.fixture
def digits_folder(tmp_path: Path, digit_files: dict[str, bytes]) -> Path:
    """A folder with these files."""
    folder = tmp_path / "digits"
    folder.mkdir()
    for name, content in digit_files.items():
        (folder / name).write_bytes(content)
    return folder
