"""Writing PyTorch's files: its zip format, which every PyTorch since 1.6 reads without ``weights_only=False``.

What holds for Lamella's own format holds here: tensors that share memory share it again, and a tensor that
shares with no other leaves the rest of its base behind. Parameters are written as plain tensors.
"""

from __future__ import annotations

import math
from typing import Any, BinaryIO

from lamella.core.checkpoints import archive
from lamella.core.checkpoints.hashing import Keys
from lamella.core.checkpoints.storages import dtype_named, lay_out
from lamella.core.checkpoints.torch_files.pickling import Pickle
from lamella.core.checkpoints.tree import Numbered, encode
from lamella.core.errors import CheckpointError

_ROOT = "archive"
_VERSION = b"3\n"


def write(obj: object, file: BinaryIO) -> None:
    """Write ``obj`` as ``torch.save`` would, front to back, without seeking."""
    tensors: Numbered = {}
    tree = encode(obj, tensors, Keys(), "obj")
    entries, _, storages = lay_out([tensor for _, tensor in tensors.values()])
    groups: list[list[dict[str, Any]]] = [[] for _ in storages]
    for entry in entries:
        entry["itemsize"] = dtype_named(entry["dtype"]).itemsize
        groups[entry["storage"]].append(entry)
    paddings = [_aligned(group) for group in groups]
    pieces: list[list[archive.Buffer]] = [
        [bytes(padding), storage] for padding, storage in zip(paddings, storages, strict=True)
    ]
    sizes = [sum(map(len, piece)) for piece in pieces]
    pickle = Pickle(entries, sizes, [len({entry["dtype"] for entry in group}) > 1 for group in groups])
    pickle.value(tree, "obj")
    contents: list[tuple[str, list[archive.Buffer]]] = [
        (f"{_ROOT}/data.pkl", [pickle.end()]),
        (f"{_ROOT}/byteorder", [b"little"]),
        *((f"{_ROOT}/data/{i}", piece) for i, piece in enumerate(pieces)),
        (f"{_ROOT}/version", [_VERSION]),
    ]
    archive.write(file, contents)


def _aligned(group: list[dict[str, Any]]) -> int:
    """Move the tensors of a storage to where PyTorch, which counts whole elements, can say that they are.

    Args:
        group: Their entries; offsets are changed.

    Returns:
        How many bytes have to precede the storage for that: some, where a complex tensor shares with a real one.
    """
    largest = max(entry["itemsize"] for entry in group)
    for padding in range(0, largest, math.gcd(*(entry["itemsize"] for entry in group))):
        if all((entry["offset"] + padding) % entry["itemsize"] == 0 for entry in group):
            break
    else:
        padding = 0
    for entry in group:
        entry["offset"] += padding
        if any(number % entry["itemsize"] for number in (entry["offset"], *entry["strides"])):
            raise CheckpointError(
                "save: a complex tensor shares memory with a real one in a way that PyTorch's files cannot say. "
                "Save a copy of one of them: tensor.clone()."
            )
    return padding
