"""Formats that hold one dict of tensors: what fits them, and how nested containers are made to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lamella.core.checkpoints.budget import Budget
from lamella.core.checkpoints.leaves import leaves
from lamella.core.checkpoints.tree import type_name
from lamella.core.errors import CheckpointError
from lamella.core.tensor import Tensor

_MOST_NAMED = 10


def flat_tensors(obj: object, what: str) -> dict[str, Tensor]:
    """``obj`` as such a dict.

    Args:
        obj: What is to be saved.
        what: What it is to be saved in, for messages.

    Raises:
        CheckpointError: It is none.
    """
    if not isinstance(obj, Mapping):
        raise CheckpointError(f"save: {what} holds a dict of tensors, got {type_name(obj)}.")
    for name, value in obj.items():
        if not isinstance(name, str) or not isinstance(value, Tensor):
            raise CheckpointError(
                f"save: {what} holds a dict of names and tensors only, but obj[{name!r}] is a {type_name(value)}. "
                "Save the tensors alone, or all of it in a .lam file."
            )
    return dict(obj)


def flattened(tree: Any, what: str) -> dict[str, Tensor]:
    """A dict of the tensors in nested containers, under names with dots.

    Args:
        tree: The containers.
        what: What is to hold them, for messages.

    Raises:
        CheckpointError: Something else than tensors would be lost, or two would have one name.
    """
    found: dict[str, Tensor] = {}
    lost: list[str] = []
    more = 0
    for name, leaf in leaves(tree, Budget(0)):
        if not isinstance(leaf, Tensor):
            if len(lost) < _MOST_NAMED:
                lost.append(f"{name!r} ({type_name(leaf)})")
            else:
                more += 1
        elif name in found:
            raise CheckpointError(f"two tensors would have the name {name!r}.")
        else:
            found[name] = leaf
    if lost:
        others = f" and {more} more" if more else ""
        raise CheckpointError(
            f"{what} holds tensors only, so these would be lost: {', '.join(lost)}{others}. Load the file, and save "
            "the part with the tensors."
        )
    if "" in found:
        raise CheckpointError(f"{what} holds tensors by name, and this is a single one.")
    return found
