"""What a checkpoint holds, told without loading it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from lamella.core.checkpoints.budget import Budget
from lamella.core.checkpoints.leaves import leaves


@dataclass(frozen=True, slots=True)
class TensorSummary:
    """A tensor in a file.

    Attributes:
        dtype: Name of its dtype, such as ``"float32"``; also of one that Lamella does not have.
        shape: Its shape.
        size: Bytes that its elements take.
        name: Keys and positions on the way to it, with dots between.
    """

    dtype: str
    shape: tuple[int, ...]
    size: int
    name: str = ""


@dataclass(frozen=True)
class Summary:
    """A checkpoint: see :func:`lamella.core.checkpoints.inspect`.

    Attributes:
        format: Name of the file's format.
        size: Bytes of the file.
        tensors: Its tensors, in order.
        values: Everything else, as names and values.
        metadata: Texts about the file as a whole, of a format that has such.
    """

    format: str
    size: int
    tensors: tuple[TensorSummary, ...]
    values: tuple[tuple[str, Any], ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)


def summarize(format: str, size: int, tree: Any, budget: Budget) -> Summary:
    """The summary of an object in which every tensor is replaced by its own.

    Args:
        format: Name of the format.
        size: Bytes of the file.
        tree: The object.
        budget: Pays for the names.

    Returns:
        Its summary, which gives the tensors their names.
    """
    tensors = []
    values = []
    for name, leaf in leaves(tree, budget):
        if isinstance(leaf, TensorSummary):
            tensors.append(replace(leaf, name=name))
        else:
            values.append((name, leaf))
    return Summary(format, size, tuple(tensors), tuple(values))
