"""Interpreters that look at the graph: at each node that an op call leaves, and at each that runs backward."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from lamella.core.dispatch import Interpreter
from lamella.core.graph import Algebra, Node, Part, next_number
from lamella.core.modes import current_mode
from lamella.core.op import Op
from lamella.core.tensor import Tensor

Pull = Callable[[Node, Any, Algebra, "set[Node] | None"], Sequence[Any]]


class Watcher(Interpreter):
    """Runs op calls as they are, and is told of the nodes that they leave in the graph."""

    def process(self, op: Op, inputs: tuple[Any, ...], attrs: tuple[Any, ...]) -> Any:
        before = next_number()
        result = self.run(op, inputs, attrs)
        for out in result if type(result) in (tuple, list) else (result,):
            node = out._node if isinstance(out, Tensor) else None
            if type(node) is Part:
                node = node.parent
            if node is not None and node.number > before:
                self.recorded(node)
                break  # several results share one node
        return result

    def added(self, node: Node) -> None:
        self.recorded(node)
        super().added(node)

    def recorded(self, node: Node) -> None:
        """Learn of a node that was made here, by an op call or by a user's Function; for subclasses to define."""

    def pull(self, run: Pull, node: Node, grad: Any, algebra: Algebra, wanted: set[Node] | None) -> Sequence[Any]:
        """Do what ``run(node, grad, algebra, wanted)`` does: run a node backward; for subclasses to extend."""
        return run(node, grad, algebra, wanted)


def watchers() -> list[Watcher]:
    """The watchers in force here, the innermost first."""
    found = []
    interpreter = current_mode().interpreter
    while interpreter is not None:
        if isinstance(interpreter, Watcher):
            found.append(interpreter)
        interpreter = interpreter.outer
    return found


def backward_watch() -> Pull | None:
    """How nodes are to run backward here; None if nobody watches."""
    run: Pull | None = None
    for watcher in reversed(watchers()):
        run = functools.partial(watcher.pull, run or _pull)
    return run


def _pull(node: Node, grad: Any, algebra: Algebra, wanted: set[Node] | None) -> Sequence[Any]:
    return node.pull(grad, algebra, wanted)


__all__ = ["Watcher", "backward_watch", "watchers"]
