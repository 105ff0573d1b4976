"""Nested tuples, lists and dicts of tensors, taken apart and put together again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from lamella.core.errors import ArgumentError


class Structure(NamedTuple):
    """What a tree is without its leaves.

    Attributes:
        kind: The type of the container; None for a leaf.
        keys: Of a dict.
        children: What is in the container.
    """

    kind: Any
    keys: tuple[Any, ...]
    children: tuple[Structure, ...]

    def build(self, leaves: Iterator[Any]) -> Any:
        """The tree with these leaves, in their order."""
        if self.kind is None:
            return next(leaves)
        parts = [child.build(leaves) for child in self.children]
        if issubclass(self.kind, dict):
            return self.kind(zip(self.keys, parts, strict=True))
        # a named tuple takes its parts one by one
        return self.kind(*parts) if hasattr(self.kind, "_fields") else self.kind(parts)


LEAF = Structure(None, (), ())


def flatten(tree: Any) -> tuple[list[Any], Structure]:
    """The leaves of a tree (whatever is no tuple, list or dict), and what is left without them."""
    leaves: list[Any] = []
    return leaves, _flatten(tree, leaves)


def _flatten(tree: Any, leaves: list[Any]) -> Structure:
    if isinstance(tree, dict):
        return Structure(type(tree), tuple(tree), tuple([_flatten(part, leaves) for part in tree.values()]))
    if isinstance(tree, (tuple, list)):
        return Structure(type(tree), (), tuple([_flatten(part, leaves) for part in tree]))
    leaves.append(tree)
    return LEAF


def map_leaves(function: Callable[[Any], Any], tree: Any) -> Any:
    """A tree of the same structure, with ``function`` of each leaf."""
    leaves, structure = flatten(tree)
    return structure.build(iter([function(leaf) for leaf in leaves]))


def spread(given: Any, tree: Any, what: str) -> list[Any]:
    """One value for each leaf of ``tree``, from a tree like it or one that ends earlier, for whole branches.

    Raises:
        ValueError: The structures do not fit.
    """
    containers = (tuple, list, dict)
    if not isinstance(given, containers):
        return [given] * len(flatten(tree)[0])
    same = (
        isinstance(tree, containers) and isinstance(tree, dict) == isinstance(given, dict) and len(tree) == len(given)
    )
    if not same or (isinstance(given, dict) and set(given) != set(tree)):
        raise ArgumentError(f"{what} {given!r} does not have the structure of what it is for: {describe(tree)}")
    pairs = [(given[k], tree[k]) for k in tree] if isinstance(tree, dict) else zip(given, tree, strict=True)
    return [value for part, branch in pairs for value in spread(part, branch, what)]


def describe(tree: Any) -> str:
    """A tree's structure in words, with ``*`` for a leaf."""
    if isinstance(tree, dict):
        return "{" + ", ".join(f"{key!r}: {describe(part)}" for key, part in tree.items()) + "}"
    if isinstance(tree, (tuple, list)):
        inside = ", ".join(map(describe, tree))
        return f"[{inside}]" if isinstance(tree, list) else f"({inside}{',' if len(tree) == 1 else ''})"
    return "*"


__all__ = ["Structure", "describe", "flatten", "map_leaves", "spread"]
