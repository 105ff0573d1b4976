"""Noting where each op was called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lamella.core.call_sites import SITES, here
from lamella.core.errors import GradError
from lamella.core.graph import Algebra, Node
from lamella.core.modes import innermost_level
from lamella.core.watchers import Pull, Watcher


class record_lines(Watcher):
    """Note the line that calls each op, for ``lamella.debug.retained``; a context manager.

    Walking the stack takes some microseconds an op. ``lamella.debug.check_finite`` notes the lines too.

    Raises:
        RuntimeError: It is entered inside a function that vmap or jvp transforms.

    Example:
        >>> import lamella
        >>> x = lamella.ones(3, requires_grad=True)
        >>> with lamella.debug.record_lines():
        ...     y = x * 2
        >>> lamella.debug.retained(y).oldest.source
        'y = x * 2'
    """

    #: The node that is running backward.
    running: Node | None = None

    def __enter__(self) -> Any:
        if innermost_level() is not None:
            raise GradError(
                f"{type(self).__name__}() can't be entered inside a function that vmap or jvp transforms: what it "
                "looks at is spread over all samples. Enter it around the call of the transformed function."
            )
        return super().__enter__()

    def recorded(self, node: Node) -> None:
        # a node of a gradient (`create_graph`) comes from the line that made the node whose gradient it is
        known = None if self.running is None else SITES.get(self.running)
        SITES[node] = known or here()

    def pull(self, run: Pull, node: Node, grad: Any, algebra: Algebra, wanted: set[Node] | None) -> Sequence[Any]:
        before, self.running = self.running, node
        try:
            return run(node, grad, algebra, wanted)
        finally:
            self.running = before


__all__ = ["record_lines"]
