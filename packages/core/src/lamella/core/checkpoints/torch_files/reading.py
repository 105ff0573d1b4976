"""Reading PyTorch's files, of either format."""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict
from typing import Any

from lamella.core.checkpoints.budget import Budget
from lamella.core.checkpoints.source import Source
from lamella.core.checkpoints.summaries import Summary, summarize
from lamella.core.checkpoints.torch_files.legacy import LegacyFile
from lamella.core.checkpoints.torch_files.loading import Tensors
from lamella.core.checkpoints.torch_files.records import StorageRecord, Summaries
from lamella.core.checkpoints.torch_files.zipped import ZippedFile
from lamella.core.checkpoints.tree import MAX_DEPTH
from lamella.core.devices import device
from lamella.core.dtypes import dtype
from lamella.core.errors import CheckpointError
from lamella.core.tensor import Size

_PLAIN = frozenset((type(None), bool, int, float, complex, str, bytes, bytearray, dtype, device, Size))
_SEQUENCES = (list, tuple, set, frozenset)
_DICTS = (dict, OrderedDict, Counter, defaultdict)


def read(source: Source) -> Any:
    """Read the object of a file of ``torch.save``.

    Returns:
        The object. Parameters are plain tensors, NumPy's scalars Python numbers.
    """
    budget = Budget(source.size)
    file = _opened(source, budget)
    tensors = Tensors(source, budget, file.memory, file.byteorder)
    value = file.load(tensors)
    _check(value, tensors.made_type, {}, 0)
    return value


def summary(source: Source) -> Summary:
    """Say what is in a file of ``torch.save``. The storages are not read."""
    budget = Budget(source.size)
    file = _opened(source, budget)
    summaries = Summaries()
    value = file.load(summaries)
    _check(value, summaries.made_type, {}, 0)
    for storage in summaries.storages:
        file.check(storage)
    return summarize("torch", source.size, value, budget)


def _opened(source: Source, budget: Budget) -> ZippedFile | LegacyFile:
    beginning = bytes(source.read_at(0, min(source.size, 262)))
    if beginning.startswith(b"PK"):
        return ZippedFile(source, budget)
    if beginning[257:] == b"ustar":
        raise CheckpointError(
            "this is a tar file of PyTorch before 0.2, which is not read. Load it with PyTorch, and save it again: "
            "torch.save(torch.load(path, weights_only=False), path), if you trust it."
        )
    return LegacyFile(source, budget)


def _check(value: Any, made_type: type, heights: dict[int, int], depth: int) -> int:
    """See to it that a value holds nothing but what files may hold, and not too deep.

    Args:
        value: The value.
        made_type: The type of what stands for tensors.
        heights: Receives how deep each container is nested, so that each is looked at once.
        depth: How many containers the value is in.

    Returns:
        How many containers are in the value, one inside the other.
    """
    kind = type(value)
    if kind in _PLAIN or kind is made_type:
        return 0
    height = heights.get(id(value))
    if height is None:
        if depth > MAX_DEPTH:
            raise CheckpointError(f"it is nested more than {MAX_DEPTH} deep, or contains itself.")
        if kind in _SEQUENCES:
            inner = value
        elif kind in _DICTS:  # keys were looked at when they were set
            inner = (*value.values(), *vars(value).values()) if kind is OrderedDict else value.values()
        elif kind is StorageRecord:
            raise CheckpointError("it has a storage outside of a tensor. Save a tensor over it: torch.tensor(storage).")
        else:
            raise CheckpointError(f"it has a value of type {kind.__name__} outside of a tensor.")
        height = 1 + max([_check(item, made_type, heights, depth + 1) for item in inner], default=0)
        heights[id(value)] = height
    if depth + height > MAX_DEPTH + 1:
        raise CheckpointError(f"it is nested more than {MAX_DEPTH} deep.")
    return height
