"""Tensors that only an interpreter can compute with, and the interpreters that wrap their operands so.

Each transform that is active is a level: an interpreter on the stack of interpreters. Its tensors hold a tensor of the
next level out, and plain tensors lie at the bottom, where the graph of the backward pass is. So the graph knows of no
level, and a gradient that is asked for within levels is handed outward through them
(:meth:`Level.gradients`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeGuard

from lamella.core import modes
from lamella.core.dispatch import Interpreter
from lamella.core.errors import GradError
from lamella.core.graph import Node
from lamella.core.modes import current_mode
from lamella.core.tensor import Tensor, live_node, new


class Wrapped(Tensor):
    """A tensor of one level.

    Attributes:
        held: The tensor of the next level out that it holds.
        level: The interpreter that computes with it.
    """

    __slots__ = ("held", "level")

    held: Tensor
    level: Level

    # where the tensor stands in the graph is where the one that it holds stands
    @property
    def _node(self) -> Node | None:  # type: ignore[override]  # a slot there
        return live_node(self.held)

    @property
    def _view(self) -> None:  # type: ignore[override]  # a slot there
        return None

    @property
    def _cell(self) -> Any:  # type: ignore[override]  # a slot there
        return self.held._cell

    @property
    def device(self) -> Any:
        return self.held.device

    def _is_view(self) -> bool:
        return self.held._is_view()

    def detach(self) -> Tensor:
        return self.level.wrap(self.held.detach())

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        self.held.requires_grad_(requires_grad)
        return self

    def __repr__(self) -> str:
        return f"{type(self).__name__}(level={self.level.depth()}, held={self.held!r})"


class Level(Interpreter):
    """An interpreter with tensors of its own."""

    kind: type[Wrapped]
    wraps = True

    def owns(self, value: Any) -> TypeGuard[Wrapped]:
        """Whether ``value`` is a tensor of this level."""
        return isinstance(value, Wrapped) and value.level is self

    def wrap(self, inner: Any) -> Any:
        """A tensor of this level around one of the next level out."""
        made = new(self.kind)
        made.held = inner
        made.level = self
        made._grad = None
        made.array = self.outline(inner)
        return made

    def lowered(self, value: Tensor) -> Tensor:
        """What stands for ``value`` in the next level out."""
        return value.held if self.owns(value) else value

    def outline(self, inner: Tensor) -> Any:
        """What stands for the array of a tensor of this level."""
        return inner.array

    def depth(self) -> int:
        """How many levels there are from the outermost to this one."""
        return 1 + (self.outer.depth() if isinstance(self.outer, Level) else 0)

    def without_graph(self, x: Any) -> Any:
        """``x``, a tensor of this level, outside the graph."""
        return self.wrap(without_graph(x.held))

    def outside(self) -> modes.interpreted:
        """A context in which the next level out is the innermost."""
        return modes.interpreted(self.outer)

    def alike(self, made: Tensor, input: Tensor) -> Tensor:
        """A new tensor, made by the likeness of ``input``, as one of the levels that ``input`` is of.

        So it can take over, by a change in place, what depends on the samples or on the direction.
        """
        inner, source = (x.held if self.owns(x) else x for x in (made, input))
        with self.outside():
            outer = modes.innermost_level()
            if outer is not None:
                inner = outer.alike(inner, source)
            if self.owns(made):
                return self.again(made, inner)
            return self.adopted(inner, input) if self.owns(input) else inner

    def again(self, x: Tensor, inner: Tensor) -> Tensor:
        """``inner``, which stands for what ``x`` holds, as a tensor of this level."""
        raise NotImplementedError(f"{type(self).__name__} defines what its tensors are besides what they hold")

    def adopted(self, made: Tensor, input: Any) -> Tensor:
        """A new tensor of the next level out as one of this level, with memory of its own, by the likeness of one."""
        raise NotImplementedError(f"{type(self).__name__} defines how it takes a new tensor over")

    def draw(self, op: str, shape: tuple[int, ...], make: Callable[[tuple[int, ...]], Tensor]) -> Tensor:
        """Random numbers: what ``make`` gives for a shape, in the next level out."""
        with self.outside():
            return make(shape)

    def gradients(
        self,
        outputs: Sequence[Tensor],
        grads: Sequence[Tensor],
        inputs: Sequence[Tensor],
        batch: tuple[int, ...],
        create_graph: bool,
        keep: bool,
    ) -> list[Tensor | None]:
        """The gradients of ``outputs`` with respect to ``inputs``, by way of the next level out.

        Args:
            outputs: What to differentiate. grads: the gradient of each.
            inputs: By what.
            batch: Leading dimensions of ``grads`` that the outputs lack; the results have them too.
            create_graph: Whether the gradients are to be differentiable.
            keep: Whether to keep what the nodes saved.
        """
        raise NotImplementedError(f"{type(self).__name__} defines how gradients are computed outside of it")


def without_graph(x: Tensor) -> Tensor:
    """``x`` outside the graph; unlike by ``detach`` it keeps what its levels know of it."""
    found: Tensor = x.level.without_graph(x) if isinstance(x, Wrapped) else x.detach()
    return found


def refuse_escaped(tensor: Any) -> None:
    """Refuse a tensor of a level that is not active.

    Raises:
        RuntimeError: It is one.
    """
    if isinstance(tensor, Wrapped):
        level = current_mode().interpreter
        while level is not None and level is not tensor.level:
            level = level.outer
        if level is None:
            raise GradError(
                "a tensor from inside a vmap or jvp was used after it had ended. Return it from the function that is "
                "transformed, instead of storing it outside."
            )


class Outline:
    """The shape and dtype of an array whose elements are not to be looked at one by one."""

    __slots__ = ("dtype", "shape")

    def __init__(self, shape: tuple[int, ...], dtype: Any) -> None:
        self.shape = shape
        self.dtype = dtype

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        n = 1
        for s in self.shape:
            n *= s
        return n

    @property
    def itemsize(self) -> int:
        """Bytes in one element."""
        n: int = self.dtype.itemsize
        return n

    @property
    def nbytes(self) -> int:
        """Bytes in all elements."""
        return self.size * self.itemsize

    @property
    def strides(self) -> tuple[int, ...]:
        """Bytes from one element to the next along each dimension: those of elements that lie in row-major order."""
        steps, step = [], self.itemsize
        for s in reversed(self.shape):
            steps.append(step)
            step *= s
        return tuple(reversed(steps))

    @property
    def flags(self) -> Outline:
        """How the elements lie: in row-major order, as far as can be seen."""
        return self

    c_contiguous = True
    what = (
        "one of a vmap. Inside of it there is one for each sample, so its elements can't be read (.tolist(), "
        "unique()); from inside a vmap that has ended comes only what the function returns"
    )

    def __getattr__(self, name: str) -> Any:
        raise GradError(
            f"vmap: something asks for the elements of a tensor ({name}), but inside vmap there is one for each "
            "sample: .item(), .tolist(), .numpy(), `if x > 0` and indexing by a mask can't choose for all at once. "
            "Use lamella.where(), masked_fill() or index tensors instead."
        )


__all__ = ["Level", "Outline", "Wrapped", "refuse_escaped", "without_graph"]
