"""What a tensor keeps alive by its graph."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lamella.core import backends
from lamella.core.call_sites import SITES, CallSite
from lamella.core.errors import ArgumentTypeError
from lamella.core.function import FunctionNode
from lamella.core.graph import Leaf, Node, Part
from lamella.core.recording import OpNode
from lamella.core.saved_tensors import Packed, Saved
from lamella.core.tensor import Tensor, live_node


@dataclass(frozen=True)
class Share:
    """What the nodes of one op keep.

    Attributes:
        name: The op's name. nodes: how many there are. nbytes: the memory that they keep and no older node does.
    """

    name: str
    nodes: int
    nbytes: int


@dataclass(frozen=True)
class Retained:
    """What a tensor keeps alive by its graph; ``print`` shows it as a table.

    Attributes:
        nodes: The nodes of the graph, without its leaves.
        nbytes: The memory of all arrays saved for the backward pass, shared memory counted once.
        of_leaves: The part of it that belongs to leaves, such as parameters, which are usually alive anyway.
        by_op: The same for each op, the largest first.
        oldest: The line that made the oldest node; None if it was not recorded, or there is no node.
        oldest_op: The name of that op; empty if there is no node.
    """

    nodes: int
    nbytes: int
    of_leaves: int
    by_op: tuple[Share, ...]
    oldest: CallSite | None
    oldest_op: str

    def __str__(self) -> str:
        if not self.nodes:
            return "retained: nothing, the tensor has no graph"
        plural = "s keep" if self.nodes > 1 else " keeps"
        leaves = f"({_megabytes(self.of_leaves)} MB of it in leaves, such as parameters)"
        lines = [f"retained: {self.nodes} node{plural} {_megabytes(self.nbytes)} MB {leaves}"]
        width = max(len("op"), *(len(share.name) for share in self.by_op))
        lines.append(f"  {'op':<{width}}  {'nodes':>7}  {'MB':>10}")
        lines += [f"  {s.name:<{width}}  {s.nodes:>7}  {_megabytes(s.nbytes):>10}" for s in self.by_op]
        line = (
            "its line was not recorded; compute inside lamella.debug.record_lines() to know it"
            if self.oldest is None
            else f"made at {self.oldest}"
        )
        lines.append(f"oldest node: {self.oldest_op}, {line}")
        return "\n".join(lines)


def _megabytes(nbytes: int) -> str:
    return f"{nbytes / 1e6:.3f}"


def retained(tensor: Tensor) -> Retained:
    """How much a tensor keeps alive: the nodes of its graph, and what these saved for the backward pass.

    A loss that is added up over a whole epoch, or a result kept in a list, holds the graph of all that it was computed
    from; ``detach()`` or ``item()`` lets go of it.

    Args:
        tensor: Any tensor; its own memory counts only if a node saved it.

    Returns:
        A record that prints as a table. A saved view counts with all of the memory that it keeps alive.

    Raises:
        TypeError: It is no Tensor.

    Example:
        >>> import lamella
        >>> x = lamella.ones(250, 1000, requires_grad=True)
        >>> print(lamella.debug.retained(x.exp().sum()))
        retained: 2 nodes keep 1.000 MB (0.000 MB of it in leaves, such as parameters)
          op     nodes          MB
          exp        1       1.000
          sum        1       0.000
        oldest node: exp, its line was not recorded; compute inside lamella.debug.record_lines() to know it
    """
    if not isinstance(tensor, Tensor):
        raise ArgumentTypeError(f"retained: expected a Tensor, got {type(tensor).__name__}")
    nodes, leaves = _graph_of(tensor)
    of_leaves = {id(_owner(x.array)) for leaf in leaves if (x := leaf.owner()) is not None}
    counts: dict[str, list[int]] = {}
    seen: dict[int, Any] = {}  # by id; holds the arrays, so that no id is used twice
    in_leaves = 0
    for node in nodes:
        count = counts.setdefault(_name(node), [0, 0])
        count[0] += 1
        for array in _saved(node):
            owner = _owner(array)
            if id(owner) not in seen:
                seen[id(owner)] = owner
                count[1] += owner.nbytes
                if id(owner) in of_leaves:
                    in_leaves += owner.nbytes
    shares = [Share(name, *count) for name, count in counts.items()]
    shares.sort(key=lambda s: (-s.nbytes, -s.nodes, s.name))
    return Retained(
        nodes=len(nodes),
        nbytes=sum(s.nbytes for s in shares),
        of_leaves=in_leaves,
        by_op=tuple(shares),
        oldest=SITES.get(nodes[0]) if nodes else None,
        oldest_op=_name(nodes[0]) if nodes else "",
    )


def _graph_of(tensor: Tensor) -> tuple[list[Node], list[Leaf]]:
    """The nodes that made ``tensor``, the oldest first, and the leaves they end in."""
    root = live_node(tensor)
    waiting = [] if root is None else [root]
    found = set(waiting)
    while waiting:
        for edge in waiting.pop().edges:
            if edge is not None and edge not in found:
                found.add(edge)
                waiting.append(edge)
    leaves = [node for node in found if isinstance(node, Leaf)]
    # the several results of one op are parts of one node
    nodes = [node for node in found if not isinstance(node, (Leaf, Part))]
    return sorted(nodes, key=lambda n: n.number), leaves


def _name(node: Node) -> str:
    return node.op.name if isinstance(node, OpNode) else node.name()


def _saved(node: Node) -> Iterator[Any]:
    """The arrays that a node keeps for the backward pass."""
    if isinstance(node, OpNode):
        # not `node.saved`, which would unpack what a user's hooks have packed
        yield from _arrays(OpNode.__dict__["saved"].__get__(node))
    elif isinstance(node, FunctionNode):
        yield from _arrays(tuple(vars(node.context).values()))


def _arrays(value: Any) -> Iterator[Any]:
    if isinstance(value, (tuple, list)):
        for item in value:
            yield from _arrays(item)
    elif isinstance(value, Saved):
        yield from _arrays(value._kept)
    elif isinstance(value, Packed):
        yield from _arrays(value.given)
    elif isinstance(value, Tensor):
        yield value.array
    elif type(value) in backends._by_array_type:
        yield value


def _owner(array: Any) -> Any:
    """The array that owns the memory that ``array`` shows."""
    kind = type(array)
    while type(base := getattr(array, "base", None)) is kind:
        array = base
    return array


__all__ = ["Retained", "Share", "retained"]
