"""Ops that users write: ``class Exp(Function)`` with a ``forward`` and a ``backward`` of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lamella.core import graph, inplace, modes
from lamella.core.dtypes import DIFFERENTIABLE
from lamella.core.errors import GradError, ShapeError
from lamella.core.graph import Node, next_number, part_of
from lamella.core.modes import current_mode
from lamella.core.tensor import Tensor, live_node


class Context:
    """What ``forward`` hands to ``backward``: ``ctx``. Attributes of your own may be set on it.

    Attributes:
        needs_input_grad: For each argument of ``apply``, whether its gradient is wanted.
    """

    needs_input_grad: tuple[bool, ...]

    def __init__(self) -> None:
        self._saved: tuple[Tensor | None, ...] = ()
        self._versions: tuple[int | None, ...] = ()
        self._dirty: tuple[Tensor, ...] = ()
        self._constant: tuple[Tensor, ...] = ()
        self._materialize = True
        self._node: FunctionNode | None = None
        self._own: dict[int, int] = {}
        self._freed = False

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep inputs or outputs for ``backward``, which finds them in :attr:`saved_tensors`."""
        self._saved = tensors

    def mark_non_differentiable(self, *outputs: Tensor) -> None:
        """Say that these outputs have no gradient."""
        self._constant = outputs

    def mark_dirty(self, *inputs: Tensor) -> None:
        """Say that these inputs were changed in place and are returned."""
        self._dirty = inputs

    def set_materialize_grads(self, value: bool) -> None:
        """Whether ``backward`` gets zeros (the default) or None for outputs that have no gradient."""
        self._materialize = bool(value)

    @property
    def saved_tensors(self) -> tuple[Tensor | None, ...]:
        """What :meth:`save_for_backward` kept.

        Raises:
            RuntimeError: It was given up after an earlier backward pass, or changed in place since.
        """
        if self._freed:
            raise GradError(
                "Trying to backward through the graph a second time (or directly access saved tensors after they have "
                "already been freed). Specify retain_graph=True on the first backward() or grad() call."
            )
        for tensor, version in zip(self._saved, self._versions, strict=True):
            if tensor is not None and tensor._version != version:
                raise GradError(
                    "one of the variables needed for gradient computation has been modified by an inplace operation: a "
                    f"tensor saved for backward is at version {tensor._version}; expected version {version} instead."
                )
        return self._saved

    def _seal(self, outputs: tuple[Any, ...]) -> None:
        """Take the versions of what is saved; hold outputs without the graph, which holds this context."""
        kept: list[Tensor | None] = []
        for tensor in self._saved:
            index = next((i for i, o in enumerate(outputs) if o is tensor and tensor is not None), None)
            if tensor is not None and index is not None:
                self._own[len(kept)] = index
                kept.append(tensor.detach())
            else:
                kept.append(tensor)
        self._saved = tuple(kept)
        self._versions = tuple(None if t is None else t._version for t in kept)


class FunctionNode(Node):
    """The node of a :class:`Function`'s result; several results share it through :class:`graph.Part`."""

    __slots__ = ("context", "function", "made", "parts")

    function: type[Function]
    context: Context
    made: dict[int, Any]
    parts: tuple[Any, ...]  # shape and dtype of each result, None for one that is no Tensor

    def pull(self, grad: Any, algebra: graph.Algebra, wanted: set[Node] | None) -> list[Any]:
        ctx = self.context
        like = next(iter(grad.values()))
        given = [
            algebra.as_tensor(grad[i] if i in grad else algebra.zeros(like, *part))
            if i in grad or (ctx._materialize and part is not None)
            else None
            for i, part in enumerate(self.parts)
        ]
        if algebra.differentiable:
            for place, index in ctx._own.items():  # saved outputs are differentiable too
                saved = list(ctx._saved)
                again: Tensor = Tensor._wrap(saved[place].array)  # type: ignore[union-attr]  # an output is a Tensor
                again._cell = saved[place]._cell  # type: ignore[union-attr]
                again._node = part_of(self, index, again.array)
                saved[place] = again
                ctx._saved = tuple(saved)
        try:
            found = self.function.backward(ctx, *given)
        finally:
            if algebra.differentiable:  # else the context would hold the node that holds it
                ctx._saved = tuple(
                    t.detach() if i in ctx._own and t is not None else t for i, t in enumerate(ctx._saved)
                )
        grads = found if isinstance(found, tuple) else (found,)
        if len(grads) < len(self.edges) or any(g is not None for g in grads[len(self.edges) :]):
            raise GradError(
                f"{self.name()}: backward returned {len(grads)} gradients, expected {len(self.edges)}, one for each "
                "argument of forward after ctx (None where there is none)"
            )
        return [self._checked(i, e, g, algebra) for i, (e, g) in enumerate(zip(self.edges, grads, strict=False))]

    def _checked(self, i: int, edge: Node | None, grad: Any, algebra: graph.Algebra) -> Any:
        if edge is None or grad is None:
            return None
        if not isinstance(grad, Tensor):
            raise GradError(
                f"{self.name()}: backward returned {type(grad).__name__} for argument {i}, expected a Tensor"
            )
        try:
            return algebra.fit(algebra.from_tensor(grad), edge)
        except GradError:
            raise ShapeError(
                f"Function {self.name()} returned an invalid gradient at index {i} - got {list(grad.shape)} but "
                f"expected shape compatible with {list(edge.shape)}"
            ) from None

    def release(self) -> None:
        if self.context._saved:
            self.context._freed = True
            self.context._saved = self.context._versions = ()

    def name(self) -> str:
        return f"{self.function.__name__}Backward"


class Function:
    """An op with a gradient of its own.

    Subclass it with static methods ``forward(ctx, *args)`` and ``backward(ctx, *grads)``, and call ``apply``.
    ``backward`` computes with Tensors, so it is differentiable if it is written in ops. PyTorch's second form,
    ``forward`` without ``ctx`` and ``setup_context(ctx, inputs, output)``, works too.

    Example:
        >>> import lamella
        >>> class Double(lamella.autograd.Function):
        ...     @staticmethod
        ...     def forward(ctx, x):
        ...         return x * 2
        ...     @staticmethod
        ...     def backward(ctx, grad):
        ...         return grad * 2
        >>> x = lamella.ones(2, requires_grad=True)
        >>> Double.apply(x).sum().backward()
        >>> x.grad
        tensor([2., 2.])
    """

    setup_context: Callable[..., None] | None = None

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """Compute the result; to be defined by the subclass."""
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """The gradient for each argument of ``forward``; to be defined by the subclass."""
        raise NotImplementedError("You must implement the backward function for custom autograd.Function.")

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Compute the result and, if an argument requires grad, put it in the graph."""
        ctx = Context()
        edges = tuple(live_node(a) if isinstance(a, Tensor) else None for a in args)
        ctx.needs_input_grad = tuple(e is not None for e in edges)
        recording = current_mode().grad and any(ctx.needs_input_grad)
        with modes.no_grad():
            if cls.setup_context is None:
                result = cls.forward(ctx, *args, **kwargs)
            else:
                result = cls.forward(*args, **kwargs)
                cls.setup_context(ctx, args, result)
        outputs = result if isinstance(result, tuple) else (result,)
        for tensor in ctx._dirty:
            if recording:
                inplace.check_allowed(tensor)
            tensor._bump()
        if recording:
            # an input returned as it is becomes a result of this op, unless it was changed on purpose
            outputs = tuple(
                o.view(o.shape) if any(o is a for a in args) and not any(o is d for d in ctx._dirty) else o
                for o in outputs
            )
            node = FunctionNode.__new__(FunctionNode)
            node.function, node.context = cls, ctx
            node.edges, node.number, node.hooks = edges, next_number(), None
            node.shape, node.dtype = (), None  # each of its parts has its own
            node.made = {}
            node.parts = tuple((o.array.shape, o.array.dtype) if isinstance(o, Tensor) else None for o in outputs)
            ctx._seal(outputs)
            for i, o in enumerate(outputs):
                constant = any(o is c for c in ctx._constant)
                if not isinstance(o, Tensor) or constant or o.array.dtype not in DIFFERENTIABLE:
                    continue
                part = part_of(node, i, o.array)
                if any(o is d for d in ctx._dirty):
                    inplace.take_over(o, part)
                else:
                    o._node = part
        return tuple(outputs) if isinstance(result, tuple) else outputs[0]


def once_differentiable(backward: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a ``backward`` that is not itself differentiable: differentiating its gradient raises."""
    import functools

    @functools.wraps(backward)
    def once(ctx: Any, *grads: Any) -> Any:
        recording = current_mode().grad
        with modes.no_grad():
            found = backward(ctx, *grads)
        if not recording:
            return found
        several = found if isinstance(found, tuple) else (found,)
        marked = tuple(_Refuse.apply(g) if isinstance(g, Tensor) else g for g in several)
        return marked if isinstance(found, tuple) else marked[0]

    return once


class _Refuse(Function):
    """Passes a value on; its gradient is an error."""

    @staticmethod
    def forward(ctx: Any, value: Tensor) -> Tensor:
        return value.detach().requires_grad_(False)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Any:
        raise GradError("trying to differentiate twice a function that was marked with @once_differentiable")

    @classmethod
    def apply(cls, value: Tensor) -> Any:
        with modes.enable_grad():
            return super().apply(value.detach().requires_grad_())


__all__ = ["Context", "Function", "FunctionNode", "once_differentiable"]
