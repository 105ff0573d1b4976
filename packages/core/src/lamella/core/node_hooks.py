"""What is hung on nodes of the graph from outside: hooks around them, notes, edges as values."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from lamella.core import graph
from lamella.core.errors import ArgumentError, ArgumentTypeError, GradError
from lamella.core.graph import Algebra, Handle, Leaf, Node, Part, PartialGrads, PassHook
from lamella.core.tensor import Tensor, live_node


class Extra:
    """What few nodes have.

    Attributes:
        metadata: Notes of anybody.
        before: Hooks on the gradients that come in. after: hooks on those that go out.
    """

    __slots__ = ("after", "before", "metadata")

    def __init__(self) -> None:
        self.metadata: dict[str, Any] = {}
        self.before: list[Callable[..., Any]] = []
        self.after: list[Callable[..., Any]] = []


def extra_of(node: Node) -> Extra:
    """The node's :class:`Extra`, made now if there was none."""
    try:
        found: Extra = node._extra
    except AttributeError:
        found = node._extra = Extra()
    return found


def add_before(node: Node, hook: Callable[..., Any]) -> Handle:
    """See :meth:`Node.register_prehook`."""
    if isinstance(node, Leaf):  # the engine knows leaves by their type, which must stay

        def on_gradient(grad: Any) -> Any:
            replaced = hook((grad,))
            return None if replaced is None else _as_tuple(replaced)[0]

        return graph.add_hook(node, on_gradient)
    return Handle(_hooked(node).before, hook)


def add_after(node: Node, hook: Callable[..., Any]) -> Handle:
    """See :meth:`Node.register_hook`."""
    if isinstance(node, Leaf):
        if node.after_hooks is None:
            node.after_hooks = []
        return _AfterLeaf(node, hook)
    return Handle(_hooked(node).after, hook)


class _AfterLeaf(Handle):
    """A hook after a leaf. What has come in is noted on its way, because the leaf does not keep it."""

    def __init__(self, leaf: Leaf, hook: Callable[..., Any]) -> None:
        came: list[Any] = []
        self._noting = graph.add_hook(leaf, came.append)

        def after(tensor: Any) -> None:
            hook((), (came.pop(),))

        super().__init__(leaf.after_hooks, after)  # type: ignore[arg-type]  # add_after has made the list

    def remove(self) -> None:
        super().remove()
        self._noting.remove()


def _hooked(node: Node) -> Extra:
    """The extra of a node that runs its hooks.

    It becomes one of a class that does, so that other nodes, and the engine, have nothing to ask.
    """
    if not hasattr(type(node), "runs_hooks"):
        kind: Any = type(node)
        node.__class__ = _hooked_kind(kind)
    return extra_of(node)


@functools.cache
def _hooked_kind(kind: Any) -> type[Node]:
    def pull(self: Any, grad: Any, algebra: Algebra, wanted: set[Node] | None) -> Sequence[Any]:
        extra: Extra = self._extra
        partial = type(grad) is PartialGrads
        if partial:
            count = len(self.parts)
            came = tuple([algebra.as_tensor(grad[i]) if i in grad else None for i in range(count)])
        else:
            came = (algebra.as_tensor(grad),)
        for hook in list(extra.before):
            replaced = hook(came)
            if replaced is not None:
                came = _replacement(self, replaced, came, "prehook")
        if not partial:
            grad = algebra.from_tensor(came[0])
        else:
            grad = PartialGrads({i: algebra.from_tensor(g) for i, g in enumerate(came) if g is not None})
        grads = kind.pull(self, grad, algebra, wanted)
        if not extra.after:
            return grads
        going = tuple([None if g is None or type(g) is PartialGrads else algebra.as_tensor(g) for g in grads])
        for hook in list(extra.after):
            replaced = hook(going, came)
            if replaced is not None:
                going = _replacement(self, replaced, going, "hook")
        return [None if g is None else algebra.from_tensor(g) for g in going]

    members = {"__slots__": (), "__module__": kind.__module__, "runs_hooks": True, "pull": pull}
    return type(kind.__name__, (kind,), members)


def _as_tuple(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, (tuple, list)) else (value,)


def _replacement(node: Node, given: Any, old: tuple[Any, ...], what: str) -> tuple[Any, ...]:
    new = _as_tuple(given)
    if len(new) != len(old):
        raise GradError(f"a {what} on {node.name()} returned {len(new)} values, expected {len(old)}")
    for value in new:
        if value is not None and not isinstance(value, Tensor):
            raise ArgumentTypeError(
                f"a {what} on {node.name()} returned {type(value).__name__}, expected a tuple of Tensors or None"
            )
    return new


# --- several tensors


class _All(PassHook):
    """Calls a function once in each pass, when the last of the gradients is there."""

    def __init__(self, tensors: Sequence[Tensor], function: Callable[[list[Any]], None]) -> None:
        self.nodes = [_node_of(t) for t in tensors]
        self.function = function
        self.running: Any = None  # the pass
        self.missing: set[Node] = set()
        self.found: dict[Node, Any] = {}

    def __call__(self, node: Node, grad: Any, pending: dict[int, list[Any]], wanted: set[Node] | None) -> None:
        if self.running is not pending:
            self.running, self.found = pending, {}
            self.missing = _to_come([node, *[entry[0] for entry in pending.values()]], wanted).intersection(self.nodes)
        self.found[node] = grad
        self.missing.discard(node)
        if not self.missing:
            grads = [self.found.get(n) for n in self.nodes]
            self.running, self.found = None, {}
            self.function(grads)


class _Any(PassHook):
    """Calls a function once in each pass, with the first of the gradients."""

    def __init__(self, function: Callable[[Any], None]) -> None:
        self.function = function
        self.running: Any = None

    def __call__(self, node: Node, grad: Any, pending: dict[int, list[Any]], wanted: set[Node] | None) -> None:
        if self.running is not pending:
            self.running = pending
            self.function(grad)


class _Handles:
    """Removes one hook from several nodes."""

    def __init__(self, handles: list[Handle]) -> None:
        self._handles = handles

    def remove(self) -> None:
        """Remove the hook; a second time does nothing."""
        for handle in self._handles:
            handle.remove()

    def __enter__(self) -> _Handles:
        return self

    def __exit__(self, *exception: object) -> None:
        self.remove()


def _to_come(nodes: list[Node], wanted: set[Node] | None) -> set[Node]:
    """The nodes that run in the rest of a pass."""
    seen = set(nodes)
    while nodes:
        for edge in nodes.pop().edges:
            if edge is not None and edge not in seen and (wanted is None or edge in wanted):
                seen.add(edge)
                nodes.append(edge)
    return seen


def _node_of(tensor: Tensor) -> Node:
    node = live_node(tensor)
    if node is None:
        raise GradError("cannot register a hook on a tensor that doesn't require gradient")
    return node


def register_multi_grad_hook(tensors: Sequence[Tensor], fn: Callable[[Any], None], *, mode: str = "all") -> _Handles:
    """Call ``fn`` once in each backward pass that reaches some of ``tensors``.

    Args:
        tensors: Tensors that require grad.
        fn: With mode "all", called when the gradients of all that the pass reaches are there, with a list of them and
            None for the others; with mode "any", called with the first of them.
        mode: "all" or "any".

    Returns:
        A handle whose ``remove()`` takes the hook away.

    Raises:
        RuntimeError: A tensor does not require grad.
        ValueError: There is no such mode.
    """
    if mode not in ("all", "any"):
        raise ArgumentError(f"Expects mode to be one of ('all', 'any') but got {mode}")
    nodes = list(dict.fromkeys(map(_node_of, tensors)))
    hook: PassHook = _All(tensors, fn) if mode == "all" else _Any(fn)
    return _Handles([graph.add_hook(node, hook) for node in nodes])


# --- edges as values


class GradientEdge(NamedTuple):
    """A tensor's place in the graph, without the tensor.

    Attributes:
        node: The node that made it.
        output_nr: Which of the node's results it is.
        ownership_token: Keeps alive what the node alone would not.
    """

    node: Node
    output_nr: int
    ownership_token: Node | None = None


def get_gradient_edge(tensor: Tensor) -> GradientEdge:
    """The place of ``tensor`` in the graph, to which :func:`lamella.autograd.grad` can differentiate in its stead.

    Raises:
        RuntimeError: The tensor does not require grad.
    """
    node = live_node(tensor)
    if node is None:
        raise GradError("It is not possible to get the gradient edge for a Tensor that does not require gradients")
    return GradientEdge(node.parent, node.index, node) if isinstance(node, Part) else GradientEdge(node, 0)


def increment_version(tensor: Tensor | Sequence[Tensor]) -> None:
    """Note that the memory of one tensor or several was changed, by means that tell nobody."""
    for t in (tensor,) if isinstance(tensor, Tensor) else tensor:
        t._bump()


__all__ = [
    "GradientEdge",
    "get_gradient_edge",
    "increment_version",
    "register_multi_grad_hook",
]
