"""The nodes that op calls leave in the graph, and what they keep for the backward pass."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lamella.core import graph
from lamella.core.errors import GradError
from lamella.core.graph import Node, next_number
from lamella.core.modes import no_grad
from lamella.core.op import OTHERS, RESULT, Op
from lamella.core.tensor import Tensor

_FREED = (
    "Trying to backward through the graph a second time (or directly access saved tensors after they have already been "
    "freed): {} has given up the values it saved. Specify retain_graph=True on the first backward() or grad() call."
)


class OpNode(Node):
    """The node of an op's result.

    Attributes:
        op: The op. attrs: its attributes.
        saved: ``(out, *inputs)``, None for what no rule asked for; None as a whole once given up.
        versions: Pairs of a version cell and the version at which its memory was saved.
    """

    __slots__ = ("attrs", "op", "saved", "versions")

    op: Op
    saved: tuple[Any, ...] | None
    versions: Sequence[tuple[list[int], int]]
    attrs: tuple[Any, ...]

    def pull(self, grad: Any, algebra: graph.Algebra, wanted: set[Node] | None) -> list[Any]:
        op, edges, array_type = self.op, self.edges, algebra.array_type
        saved = self.saved
        if saved is None:
            raise GradError(_FREED.format(self.name()))
        if self.versions:
            if op.asks == RESULT:
                saved = self._renewed(saved)
            self._check_versions()
        values = () if op.grad_suffices else algebra.arguments(self, saved, grad)
        if op.together:
            needs = tuple([e is not None and (wanted is None or e in wanted) for e in edges])
            rule, pick = op.together
            given = rule(algebra.F, *pick((*values, needs)))
        results: list[Any] = []
        for i, edge in enumerate(edges):
            if edge is None or (wanted is not None and edge not in wanted):
                results.append(None)
                continue
            if op.together:
                g = given[i]
            else:
                rule, pick = op.rules[i]
                g = rule(algebra.F, grad) if pick is None else rule(algebra.F, *pick(values))
            if type(g) is not array_type or g.shape != edge.shape or g.dtype is not edge.dtype:
                g = None if g is None else algebra.fit(g, edge)
            results.append(g)
        return results

    def _renewed(self, saved: tuple[Any, ...]) -> tuple[Any, ...]:
        """What was saved, with the result computed again if it was changed in place since."""
        out, *inputs = saved
        cell, seen = self.versions[0]
        if out is None or cell[0] == seen:
            return saved
        with no_grad():
            operands = [Tensor._wrap(array) for array in inputs]
            found = self.op.call(*operands, *self.attrs[: len(self.op.attributes)])
        self.saved, self.versions = (found.array, *inputs), (mark(found), *self.versions[1:])
        return self.saved

    def _check_versions(self) -> None:
        for cell, seen in self.versions:
            if cell[0] != seen:
                raise GradError(
                    "one of the variables needed for gradient computation has been modified by an inplace operation: "
                    f"a tensor saved by {self.name()} is at version {cell[0]}; expected version {seen} instead. "
                    "Use the out-of-place form of the op that changed it, or change a clone()."
                )

    def holds(self, array: Any) -> bool:
        for kept in self.saved or ():
            if kept is array or (type(kept) is tuple and any(k is array for k in kept)):
                return True
        return False

    def release(self) -> None:
        if self.versions:  # some tensor was saved
            self.saved = None
            self.versions = ()

    def name(self) -> str:
        return self.op.node_name()


class SeveralNode(OpNode):
    """The node of an op with several results; their gradients arrive together, a zero for each that got none."""

    __slots__ = ("made", "parts")

    parts: tuple[tuple[tuple[int, ...], Any], ...]
    made: dict[int, Any]

    def pull(self, grad: Any, algebra: graph.Algebra, wanted: set[Node] | None) -> list[Any]:
        like = next(iter(grad.values()))
        whole = tuple(
            grad[i] if i in grad else algebra.zeros(like, shape, dtype) for i, (shape, dtype) in enumerate(self.parts)
        )
        return super().pull(whole, algebra, wanted)


#: ``saved`` of a node that keeps nothing, by its number of inputs.
NOTHING = tuple((None,) * (1 + n) for n in range(8))


def mark(tensor: Tensor) -> tuple[list[int], int]:
    """The tensor's version cell, made now if there was none, and the version in it."""
    cell = tensor._cell
    if cell is None:
        cell = tensor._cell = [0]
    return cell, cell[0]


def fill(
    node: OpNode,
    op: Op,
    edges: Sequence[Node | None],
    given: tuple[Any, ...],
    operands: list[Any],
    attrs: tuple[Any, ...],
    result: Any,
    outs: Sequence[Tensor],
) -> None:
    """Complete a new node: its edges, and what its rules need."""
    node.op = op
    node.edges = edges
    node.number = next_number()
    node.hooks = None
    if op.keeps_shapes:
        shapes = tuple([getattr(x, "shape", None) for x in operands])
        attrs = (*attrs, shapes) if op.variadic else attrs + shapes
    node.attrs = attrs
    mask = 1
    if op.variadic:
        given, operands = (given,), [tuple(operands)]
    else:
        mask = 0
        for i, edge in enumerate(edges):
            if edge is not None:
                mask |= 1 << i
    plan = op.plans.get(mask) or op.plan(mask)
    saved: list[Any] = []
    versions: list[tuple[list[int], int]] = []
    if plan[0]:
        if op.asks == OTHERS:
            result, outs = (None, *result[1:]), outs[1:]
        saved.append(result)
        versions.extend([mark(out) for out in outs])
    else:
        saved.append(None)
    for i, array in enumerate(operands, 1):
        if not plan[i]:
            saved.append(None)
            continue
        saved.append(array)
        x = given[i - 1]
        if isinstance(x, Tensor):
            versions.append(mark(x))
        elif isinstance(x, (tuple, list)):
            versions.extend([mark(t) for t in x if isinstance(t, Tensor)])
    node.saved = tuple(saved)
    node.versions = versions
