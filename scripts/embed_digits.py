"""Make the digits that lamella-data carries, from a folder with the four MNIST files.

    python scripts/embed_digits.py FOLDER

Takes 600 training and 100 test images of each class, evenly spaced over the class in the order of the file
(the first half of MNIST's test file is easier than the second, so the first hundred would flatter), keeps
that order, and writes four gzipped IDX files with MNIST's own names. The same input gives the same arrays;
the gzip bytes may differ between zlib versions.
"""

from __future__ import annotations

import gzip
import struct
import sys
from pathlib import Path

import numpy as np

from lamella.data.datasets.idx import read_idx

TARGET = Path(__file__).parents[1] / "packages/data/src/lamella/data/datasets/digits"


def stratified(labels: np.ndarray, per_class: int) -> np.ndarray:
    """Positions of ``per_class`` labels of each class, evenly spaced, in ascending order."""
    chosen = []
    for label in np.unique(labels):
        positions = np.flatnonzero(labels == label)
        chosen.append(positions[np.arange(per_class) * len(positions) // per_class])
    return np.sort(np.concatenate(chosen))


def write_idx(path: Path, array: np.ndarray) -> None:
    """Write a uint8 array as a gzipped IDX file, without a time stamp so that it can be reproduced."""
    header = bytes([0, 0, 0x08, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    path.write_bytes(gzip.compress(header + array.tobytes(), compresslevel=9, mtime=0))


def main(source: Path) -> None:
    TARGET.mkdir(exist_ok=True)
    for split, per_class in (("train", 600), ("t10k", 100)):
        images, labels = f"{split}-images-idx3-ubyte.gz", f"{split}-labels-idx1-ubyte.gz"
        all_labels = read_idx(source / labels)
        chosen = stratified(all_labels, per_class)
        write_idx(TARGET / labels, all_labels[chosen])
        write_idx(TARGET / images, read_idx(source / images)[chosen])
        for name in (images, labels):
            print(f"{(TARGET / name).stat().st_size:9,d} bytes  {name}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
