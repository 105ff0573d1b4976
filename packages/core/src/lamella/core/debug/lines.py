"""Noting where each op was called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lamella.core.call_sites import SITES, here
from lamella.core.dispatch import Interpreter
from lamella.core.errors import GradError
from lamella.core.graph import Leaf, Node, Part, next_number
from lamella.core.modes import innermost_level
from lamella.core.op import Op
from lamella.core.tensor import Tensor


class record_lines(Interpreter):
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

    sees_backward = False

    def __enter__(self) -> Any:
        if innermost_level() is not None:
            raise GradError(
                f"{type(self).__name__}() can't be entered inside a function that vmap or jvp transforms: what it "
                "looks at is spread over all samples. Enter it around the call of the transformed function."
            )
        self._newest = next_number()
        return super().__enter__()

    def process(self, op: Op, inputs: tuple[Any, ...], attrs: tuple[Any, ...]) -> Any:
        result = self.run(op, inputs, attrs)
        first = result[0] if isinstance(result, (tuple, list)) and result else result
        node = first._node if isinstance(first, Tensor) else None
        if node is not None:
            SITES[node.parent if isinstance(node, Part) else node] = here()
        return result

    def added(self, node: Node) -> None:
        SITES[node] = here()
        super().added(node)

    def pulled(self, node: Node, grad: Any, grads: Sequence[Any]) -> None:  # type: ignore[override]  # None in the base
        """Nodes of the gradient itself (``create_graph``) come from the line that made the node it belongs to."""
        site = SITES.get(node)
        waiting = [g._node for g in grads if isinstance(g, Tensor)]
        while waiting:
            made = waiting.pop()
            if made is None or made.number < self._newest or isinstance(made, Leaf) or made in SITES:
                continue
            if site is not None:
                SITES[made] = site
            waiting.extend(made.edges)
        self._newest = next_number()


__all__ = ["record_lines"]
