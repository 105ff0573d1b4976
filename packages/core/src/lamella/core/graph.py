"""The graph of a computation, and the engine that runs it backward.

Every differentiable result points at the :class:`Node` that made it; a node's edges point at the nodes that made its
inputs; a tensor the user created ends in a :class:`Leaf`. The graph has no cycles, so dropping the result frees all
of it. The engine knows no op: nodes turn an incoming gradient into outgoing ones by themselves, and an
:class:`Algebra` says how gradients are added, so that the same loop runs on raw arrays (fast, builds nothing) and on
Tensors (a differentiable gradient).
"""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable, Iterable, Sequence
from heapq import heappop, heappush
from typing import Any, Protocol

from lamella.core.errors import ArgumentTypeError, GradError
from lamella.core.modes import current_mode

next_number = itertools.count().__next__


class Algebra(Protocol):
    """How gradients are handled: as raw arrays or as Tensors."""

    F: Any
    array_type: Any
    differentiable: bool

    def on_device_of(self, grad: Any) -> Algebra:
        """The algebra for ``grad``, which may be on another device."""

    def fit(self, grad: Any, node: Node) -> Any:
        """``grad`` with the shape and dtype of ``node``'s output: broadcast axes summed, dtype restored."""

    def pull_quietly(self, node: Node, grad: Any, wanted: set[Node] | None) -> Sequence[Any]:
        """``node.pull``, with the array library's floating-point errors ignored."""

    def is_view(self, grad: Any) -> bool:
        """Whether ``grad`` shows another array's memory."""

    def copy(self, grad: Any) -> Any:
        """A copy of ``grad`` that nobody else holds."""

    def add(self, a: Any, b: Any, owned: bool) -> Any:
        """``a + b``; if ``owned``, nobody else sees ``a`` and it may be overwritten."""

    def zeros(self, like: Any, shape: tuple[int, ...], dtype: Any) -> Any:
        """Zeros on the device of ``like``."""

    def arguments(self, node: Any, saved: tuple[Any, ...], grad: Any) -> tuple[Any, ...]:
        """``(grad, output, *inputs, *attributes)``: what a rule may ask for. ``saved`` is what the node has saved."""

    def as_tensor(self, grad: Any) -> Any:
        """``grad`` as the Tensor that hooks see."""

    def from_tensor(self, grad: Any) -> Any:
        """The reverse of :meth:`as_tensor`."""


class Node:
    """One result in the graph: where its gradient goes next.

    Attributes:
        edges: For each differentiable input the node that made it, or None where no gradient is wanted.
        number: Rises with creation; a node's edges always have lower numbers.
        shape: Shape of the result. dtype: its backend dtype.
        hooks: Functions of the result's gradient, run before the node, or None.
    """

    # _extra: what few nodes have, see node_hooks.Extra; unset until somebody asks
    __slots__ = ("__weakref__", "_extra", "dtype", "edges", "hooks", "number", "shape")

    _extra: Any
    edges: Sequence[Node | None]
    number: int
    shape: tuple[int, ...]
    dtype: Any
    hooks: list[Callable[..., Any]] | None

    def pull(self, grad: Any, algebra: Algebra, wanted: set[Node] | None) -> Sequence[Any]:
        """The gradients for :attr:`edges`, in order, None where there is none.

        Args:
            grad: Gradient of the result.
            algebra: How to compute.
            wanted: Edges whose gradient is of interest; None for all.
        """
        raise NotImplementedError(f"{type(self).__name__} defines how it pulls a gradient back")

    def holds(self, array: Any) -> bool:
        """Whether the node, or somebody it called, may keep ``array`` after handing it out as a gradient."""
        return True

    def release(self) -> None:
        """Give up what was kept for the backward pass."""

    def name(self) -> str:
        """PyTorch's name of the node, such as ``MulBackward0``."""
        return type(self).__name__

    @property
    def next_functions(self) -> tuple[tuple[Node | None, int], ...]:
        """The edges, as PyTorch shows them: pairs of a node and which of its outputs is meant."""
        return tuple((e.parent, e.index) if isinstance(e, Part) else (e, 0) for e in self.edges)

    @property
    def metadata(self) -> dict[str, Any]:
        """What others note on this node; ``"traceback_"`` is where it was made, if ``detect_anomaly`` was on then."""
        from lamella.core import node_hooks  # not at import: many programs have no use for it

        return node_hooks.extra_of(self).metadata

    def register_prehook(self, hook: Callable[[tuple[Any, ...]], Any]) -> Handle:
        """Call ``hook(grad_outputs)``, a tuple, before the node runs; a tuple that it returns replaces them."""
        from lamella.core import node_hooks

        return node_hooks.add_before(self, hook)

    def register_hook(self, hook: Callable[[tuple[Any, ...], tuple[Any, ...]], Any]) -> Handle:
        """Call ``hook(grad_inputs, grad_outputs)``, tuples, after the node ran.

        A tuple that it returns replaces ``grad_inputs``, the gradients that go to :attr:`next_functions`.
        """
        from lamella.core import node_hooks

        return node_hooks.add_after(self, hook)

    def __repr__(self) -> str:
        return f"<{self.name()} object at {id(self):#x}>"


class Leaf(Node):
    """Where a gradient ends: it is added to the ``grad`` of the tensor the user made.

    Holds the tensor weakly, because the tensor holds the leaf: a gradient nobody can read any more is dropped.
    The engine hands it gradients that are its to keep.
    """

    __slots__ = ("after_hooks", "owner")

    def __init__(self, tensor: Any) -> None:
        self.owner = weakref.ref(tensor)
        self.edges = ()
        self.number = next_number()
        self.shape = tensor.array.shape
        self.dtype = tensor.array.dtype
        self.hooks = None
        self.after_hooks: list[Callable[[Any], None]] | None = None

    def pull(self, grad: Any, algebra: Algebra, wanted: set[Node] | None) -> tuple[()]:
        tensor = self.owner()
        if tensor is not None:
            if algebra.differentiable and not current_mode().grad:  # Tensors only because an interpreter looks on
                tensor._accumulate_grad(grad.array, False)
            else:
                tensor._accumulate_grad(grad, algebra.differentiable)
            if self.after_hooks:
                for hook in list(self.after_hooks):
                    hook(tensor)
        return ()

    @property
    def variable(self) -> Any:
        """The tensor whose ``grad`` this leaf adds to."""
        return self.owner()

    def name(self) -> str:
        return "AccumulateGrad"


class PartialGrads(dict[int, Any]):
    """Gradients of some outputs of a :class:`Part`'s parent, by output."""


class Part(Node):
    """One of several outputs of ``parent``: collects its gradient and hands it over under its index."""

    __slots__ = ("index", "parent")

    def __init__(self, parent: Node, index: int, array: Any) -> None:
        self.parent = parent
        self.index = index
        self.edges = (parent,)
        self.number = next_number()
        self.shape = array.shape
        self.dtype = array.dtype
        self.hooks = None

    def pull(self, grad: Any, algebra: Algebra, wanted: set[Node] | None) -> tuple[PartialGrads]:
        return (PartialGrads({self.index: grad}),)

    def name(self) -> str:
        return self.parent.name()


def part_of(parent: Any, index: int, array: Any) -> Part:
    """The :class:`Part` for one output of ``parent``, which remembers it for as long as it lives."""
    known = parent.made.get(index)
    part = None if known is None else known()
    if part is None:
        part = Part(parent, index, array)
        parent.made[index] = weakref.ref(part)
    return part


class Handle:
    """Removes a hook: ``handle.remove()``, or at the end of a ``with`` block."""

    def __init__(self, hooks: list[Any], hook: Any) -> None:
        self._hooks = hooks
        self._hook = hook
        hooks.append(hook)

    def remove(self) -> None:
        """Remove the hook; a second time does nothing."""
        for i, hook in enumerate(self._hooks):
            if hook is self._hook:
                del self._hooks[i]
                break
        self._hook = None

    def __enter__(self) -> Handle:
        return self

    def __exit__(self, *exception: object) -> None:
        self.remove()


def add_hook(node: Node, hook: Callable[..., Any]) -> Handle:
    """Run ``hook`` on the gradient of ``node``'s result, each time the engine passes; it may return another."""
    if node.hooks is None:
        node.hooks = []
    return Handle(node.hooks, hook)


class RetainGrad:
    """The hook of ``Tensor.retain_grad``; holds the tensor weakly, because its node holds the hook."""

    def __init__(self, tensor: Any) -> None:
        self.owner = weakref.ref(tensor)

    def __call__(self, grad: Any) -> None:
        tensor = self.owner()
        if tensor is not None:  # a copy: the gradient goes on to others
            tensor._grad = grad.clone() if tensor._grad is None else tensor._grad + grad


def move_retained(old: Node | None, new: Node | None) -> None:
    """After a change in place the gradient to retain is that of the new value."""
    if old is None or not old.hooks or new is None or new is old:
        return
    moving = [hook for hook in old.hooks if type(hook) is RetainGrad]
    old.hooks[:] = [hook for hook in old.hooks if type(hook) is not RetainGrad]  # handles hold this list
    for hook in moving:
        add_hook(new, hook)


class PassHook:
    """A hook on several nodes, which is told what else is to come in the pass that it is called in."""

    def __call__(self, node: Node, grad: Any, pending: dict[int, list[Any]], wanted: set[Node] | None) -> None:
        """``grad`` has arrived at ``node``; ``pending`` and ``wanted`` are the pass's."""
        raise NotImplementedError(f"{type(self).__name__} defines what to do with a gradient")


def _run_hooks(node: Node, grad: Any, algebra: Algebra, pending: dict[int, list[Any]], wanted: set[Node] | None) -> Any:
    seen = algebra.as_tensor(grad)
    # what is retained is what the other hooks made of it
    for hook in sorted(node.hooks or (), key=lambda h: type(h) is RetainGrad):
        replaced = hook(node, seen, pending, wanted) if isinstance(hook, PassHook) else hook(seen)
        if replaced is not None:
            if getattr(replaced, "array", None) is None:
                raise ArgumentTypeError(f"expected a hook to return a Tensor or None, got {type(replaced).__name__}")
            if replaced.shape != seen.shape:
                raise GradError(
                    f"a hook on {node.name()} returned a gradient of shape {tuple(replaced.shape)}, "
                    f"expected {tuple(seen.shape)}. Return a gradient of the same shape, or None to leave it."
                )
            seen = replaced
    return algebra.from_tensor(seen)


def _leading_to(targets: set[Node], roots: Iterable[Node]) -> set[Node]:
    """The nodes below ``roots`` from which a target can be reached."""
    seen: set[Node] = set(roots)
    waiting = list(seen)
    while waiting:
        for edge in waiting.pop().edges:
            if edge is not None and edge not in seen:
                seen.add(edge)
                waiting.append(edge)
    leading: set[Node] = set()
    for node in sorted(seen, key=lambda n: n.number):  # edges come before the nodes that have them
        if node in targets or any(edge in leading for edge in node.edges):
            leading.add(node)
    return leading


def run_backward(
    roots: Sequence[tuple[Node, Any]],
    algebra: Algebra,
    *,
    keep_graph: bool,
    targets: Sequence[Node] | None = None,
    watch: Callable[[Node, Any, Algebra, set[Node] | None], Sequence[Any]] | None = None,
) -> dict[Node, Any]:
    """Send gradients from ``roots`` backward through the graph.

    Iterative, in order of falling creation number: when a node's turn comes, everything that used its result has run.

    Args:
        roots: Results and their gradients.
        algebra: How to compute with gradients.
        keep_graph: Keep what the nodes saved, so that they can run again.
        targets: If given, only the gradients of these nodes are computed, and returned; no leaf is touched.
        watch: Called with a node and the arguments of its ``pull``, to do what that does.

    Returns:
        The gradients of ``targets``, those that were reached.
    """
    captured: dict[Node, Any] = {}
    stop_at = None if targets is None else set(targets)
    wanted = None if stop_at is None else _leading_to(stop_at, [node for node, _ in roots])
    # number -> [node, gradient so far, whether that gradient is ours alone]
    pending: dict[int, list[Any]] = {}
    order: list[int] = []
    for node, grad in roots:
        _arrive(node, grad, algebra, pending, order)
    while order:
        node, grad, owned = pending.pop(-heappop(order))
        if type(grad) is not algebra.array_type:  # the graph goes on, on another device
            algebra = algebra.on_device_of(grad)
        if node.hooks:
            grad, owned = _run_hooks(node, grad, algebra, pending, wanted), False
        if stop_at is not None:
            if node in stop_at:
                captured[node] = grad
            if type(node) is Leaf:
                continue
        elif type(node) is Leaf and not owned:
            grad = algebra.copy(grad)
        try:
            grads = node.pull(grad, algebra, wanted) if watch is None else watch(node, grad, algebra, wanted)
        except (FloatingPointError, RuntimeWarning):  # the application turned NumPy's warnings into errors
            grads = algebra.pull_quietly(node, grad, wanted)
        for i, edge in enumerate(node.edges):
            if edge is None or (g := grads[i]) is None or (wanted is not None and edge not in wanted):
                continue
            number = edge.number
            entry = pending.get(number)
            if entry is None:
                # only a leaf keeps what it gets, so only there does it matter who else has it
                owned = type(edge) is Leaf and g is not grad and _is_fresh(g, node, grads, algebra)
                pending[number] = [edge, g, owned]
                heappush(order, -number)
            else:
                _join(entry, g, algebra)
        if not keep_graph:
            node.release()
    return captured


def _is_fresh(grad: Any, node: Node, grads: Sequence[Any], algebra: Algebra) -> bool:
    """Whether ``grad``, one of the ``grads`` that ``node`` gave, is seen by nobody else."""
    if algebra.is_view(grad) or node.holds(grad):
        return False
    times = 0
    for g in grads:
        times += g is grad
    return times == 1


def _arrive(node: Node, grad: Any, algebra: Algebra, pending: dict[int, list[Any]], order: list[int]) -> None:
    entry = pending.get(node.number)
    if entry is None:
        pending[node.number] = [node, grad, False]
        heappush(order, -node.number)
    else:
        _join(entry, grad, algebra)


def _join(entry: list[Any], grad: Any, algebra: Algebra) -> None:
    if type(grad) is PartialGrads:
        # an output may hand over twice: a saved one comes back under a new node when a gradient is differentiated
        have = entry[1]
        for index, g in grad.items():
            have[index] = algebra.add(have[index], g, False) if index in have else g
    else:
        entry[1] = algebra.add(entry[1], grad, entry[2])
        entry[2] = True
