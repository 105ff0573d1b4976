"""A checkpoint as one flat list: what is in nested containers, each under a name with dots."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lamella.core.checkpoints.budget import Budget
from lamella.core.errors import CheckpointError
from lamella.core.tensor import Size

#: Bytes that a name takes beside its letters, with a place in a list and a summary's copy.
_NAME = 150


def leaves(tree: Any, budget: Budget) -> Iterator[tuple[str, Any]]:
    """What the containers in ``tree`` hold, in order, each with its name.

    Args:
        tree: Any value. Dicts, lists and tuples are gone through; anything else is a leaf, and so is an empty
            container, which would be lost otherwise.
        budget: Pays for the names.

    Returns:
        Names, made of keys and positions with dots between (``"state.0.exp_avg"``; ``""`` for ``tree``
        itself), and leaves.

    Raises:
        CheckpointError: There are so many that a file which holds few things many times is more likely.
    """
    pending: list[tuple[str, Iterator[tuple[Any, Any]]]] = [("", iter([("", tree)]))]
    while pending:
        prefix, items = pending[-1]
        for key, value in items:
            name = f"{prefix}.{_text(key)}" if prefix else _text(key)
            budget.spend(len(name) + _NAME)
            inner = _items(value)
            if inner is not None:
                pending.append((name, iter(inner)))
                break
            yield name, value
        else:
            pending.pop()


def _text(key: Any) -> str:
    try:
        return str(key)
    except ValueError as error:  # Python writes no int of more than 4300 digits
        raise CheckpointError(f"it has a key that cannot be written down: {error}") from error


def _items(value: Any) -> Iterable[tuple[Any, Any]] | None:
    """Keys and values of a container that is not empty; None for a leaf."""
    if isinstance(value, Mapping) and value:
        return value.items()
    if isinstance(value, list | tuple) and value and not isinstance(value, Size):
        return enumerate(value)
    return None
