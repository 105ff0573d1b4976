"""Ops that users write: ``class Exp(Function)`` with a ``forward`` and a ``backward`` of their own."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any, NamedTuple

from lamella.core import graph, inplace, modes
from lamella.core.dtypes import DIFFERENTIABLE
from lamella.core.errors import ArgumentTypeError, GradError, ShapeError
from lamella.core.graph import Node, next_number, part_of
from lamella.core.modes import current_mode, innermost_level
from lamella.core.saved_tensors import Saved, placed
from lamella.core.tensor import Tensor, live_node


class Context:
    """What ``forward`` hands to ``backward``: ``ctx``. Attributes of your own may be set on it.

    Attributes:
        needs_input_grad: For each argument of ``apply``, whether its gradient is wanted.
    """

    needs_input_grad: tuple[bool, ...]

    def __init__(self) -> None:
        self._to_save: tuple[Tensor | None, ...] = ()
        self._saved: tuple[Saved | None, ...] = ()
        self._own: dict[int, int] = {}  # which of the saved are outputs, and which ones
        self._for_forward: tuple[Tensor | None, ...] | None = None
        self._dirty: tuple[Tensor, ...] = ()
        self._constant: tuple[Tensor, ...] = ()
        self._materialize = True
        self._node: weakref.ref[FunctionNode] | None = None  # which holds this context
        self._for_inputs = False  # whether the pass in which `backward` runs wants gradients of certain tensors alone
        self._in_jvp = False
        self._given: tuple[Tensor | None, ...] | None = None  # what is saved, from a context that keeps it for this one
        self._freed = False

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep inputs or outputs for ``backward``, which finds them in :attr:`saved_tensors`.

        Raises:
            TypeError: Something else than a Tensor or None is given; set it as an attribute of ``ctx``.
        """
        _only_tensors("save_for_backward", tensors)
        self._to_save = tensors

    def save_for_forward(self, *tensors: Tensor | None) -> None:
        """Keep tensors for ``jvp``, which finds them in :attr:`saved_tensors`."""
        _only_tensors("save_for_forward", tensors)
        self._for_forward = tensors

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
        if self._given is not None:
            return self._given
        if self._in_jvp and self._for_forward is not None:
            return self._for_forward
        if self._freed:
            raise GradError(
                "Trying to backward through the graph a second time (or directly access saved tensors after they have "
                "already been freed). Specify retain_graph=True on the first backward() or grad() call."
            )
        tensors = [None if saved is None else saved.unpack() for saved in self._saved]
        node = None if self._node is None else self._node()
        if node is not None:
            for place, index in self._own.items():  # outputs were saved without the graph, which holds this context
                own = tensors[place]
                assert own is not None, "an output is a Tensor"
                tensors[place] = placed(own, part_of(node, index, own.array))
        return tuple(tensors)

    def _seal(self, outputs: tuple[Any, ...]) -> None:
        """Take the versions of what is saved; hold outputs without the graph."""
        kept: list[Saved | None] = []
        for tensor in self._to_save:
            if tensor is None:
                kept.append(None)
                continue
            index = next((i for i, o in enumerate(outputs) if o is tensor), None)
            if index is not None:
                self._own[len(kept)] = index
            kept.append(Saved(tensor if index is None else tensor.detach()))
        self._saved = tuple(kept)
        self._to_save = ()


def _only_tensors(what: str, given: tuple[Any, ...]) -> None:
    for i, x in enumerate(given):
        if x is not None and not isinstance(x, Tensor):
            raise ArgumentTypeError(
                f"{what} can only save variables, but argument {i} is of type {type(x).__name__}. Set it as an "
                "attribute of ctx."
            )


class FunctionNode(Node):
    """The node of a :class:`Function`'s result; several results share it through :class:`graph.Part`."""

    __slots__ = ("context", "function", "made", "parts")

    function: type[Function]
    context: Context
    made: dict[int, Any]
    parts: tuple[Any, ...]  # shape and dtype of each result, None for one that is no Tensor

    def pull(self, grad: Any, algebra: graph.Algebra, wanted: set[Node] | None) -> list[Any]:
        ctx = self.context
        ctx._for_inputs = wanted is not None
        like = next(iter(grad.values()))
        given = [
            algebra.as_tensor(grad[i] if i in grad else algebra.zeros(like, *part))
            if i in grad or (ctx._materialize and part is not None)
            else None
            for i, part in enumerate(self.parts)
        ]
        found = self.function._rule()(ctx, *given)
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
            self.context._saved = ()

    def name(self) -> str:
        return f"{self.function.__name__}Backward"

    def __getattr__(self, name: str) -> Any:
        # in PyTorch the node of a Function is its ctx
        if name in self.__slots__ or name == "_extra":
            raise AttributeError(name)
        return getattr(self.context, name)


class VmapInfo(NamedTuple):
    """What a ``vmap`` static method is told of the vmap that it runs in.

    Attributes:
        batch_size: How many samples there are.
        randomness: "error", "same" or "different", see ``lamella.func.vmap``.
    """

    batch_size: int
    randomness: str


class Function:
    """An op with a gradient of its own.

    Subclass it with static methods ``forward(ctx, *args)`` and ``backward(ctx, *grads)``, and call ``apply``.
    ``backward`` (or ``vjp``, another name of it) computes with Tensors, so it is differentiable if it is written in
    ops. PyTorch's second form, ``forward`` without ``ctx`` and ``setup_context(ctx, inputs, output)``, works too.

    ``jvp(ctx, *tangents)`` gives the derivative of the results along a direction, for forward mode. For ``vmap`` there
    is ``generate_vmap_rule = True``, where the static methods are to run on all samples at once, or a static method
    ``vmap(info, in_dims, *args)`` that returns ``(outputs, out_dims)``.

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
    generate_vmap_rule = False
    vjp: Callable[..., Any] | None = None
    vmap: Callable[..., Any] | None = None

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """Compute the result; to be defined by the subclass."""
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """The gradient for each argument of ``forward``; to be defined by the subclass."""
        raise NotImplementedError("You must implement the backward function for custom autograd.Function.")

    @staticmethod
    def jvp(ctx: Any, *grad_inputs: Any) -> Any:
        """The derivative of each result along a direction; to be defined by the subclass for forward mode."""
        raise NotImplementedError(
            "You must implement the jvp function for custom autograd.Function to use it with forward mode AD."
        )

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Compute the result and, if an argument requires grad, put it in the graph."""
        if cls.setup_context is not None:
            args, kwargs = _bound(cls.forward, args, kwargs)
        if current_mode().interpreter is not None and (level := innermost_level()) is not None:
            from lamella.core.transforms.functions import apply_in_level

            return apply_in_level(cls, level, args, kwargs)
        return cls._apply(Context(), args, kwargs)

    @classmethod
    def _rule(cls) -> Callable[..., Any]:
        if cls.vjp is None:
            return cls.backward
        if cls.backward is not Function.backward:
            raise GradError(
                "Implementing both 'backward' and 'vjp' for a custom Function is not allowed. You should only "
                "implement one of them."
            )
        return cls.vjp

    @classmethod
    def _computed(cls, ctx: Context, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The result of the two forms of ``forward``, unrecorded."""
        with modes.no_grad():
            if cls.setup_context is None:
                return cls.forward(ctx, *args, **kwargs)
            result = cls.forward(*args, **kwargs)
            cls.setup_context(ctx, args, result)
            return result

    @classmethod
    def _apply(cls, ctx: Context, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """:meth:`apply` on plain tensors."""
        edges = tuple(live_node(a) if isinstance(a, Tensor) else None for a in args)
        ctx.needs_input_grad = tuple(e is not None for e in edges)
        recording = current_mode().grad and any(ctx.needs_input_grad)
        result = cls._computed(ctx, args, kwargs)
        outputs = result if isinstance(result, tuple) else (result,)
        for tensor in ctx._dirty:
            if not any(tensor is o for o in outputs):
                raise GradError(
                    "Some elements marked as dirty during the forward method were not returned as output. The inputs "
                    "that are modified inplace must all be outputs of the Function."
                )
            if recording:
                inplace.check_allowed(tensor)
            tensor._bump()
        if not recording:
            return result
        # an input returned as it is becomes a result of this op, unless it was changed on purpose
        with modes.no_grad():
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
        ctx._node = weakref.ref(node)
        ctx._seal(outputs)
        if current_mode().interpreter is not None:
            current_mode().interpreter.added(node)
        for i, o in enumerate(outputs):
            constant = any(o is c for c in ctx._constant)
            if not isinstance(o, Tensor) or constant or o.array.dtype not in DIFFERENTIABLE:
                continue
            part = part_of(node, i, o.array)
            if any(o is d for d in ctx._dirty):
                inplace.take_over(o, part)
            else:
                o._node = part
        return outputs if isinstance(result, tuple) else outputs[0]


def _bound(forward: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """The arguments of a ``forward`` without ctx with its defaults: ``setup_context`` gets them too."""
    import inspect

    bound = inspect.signature(forward).bind(*args, **kwargs)
    bound.apply_defaults()
    return bound.args, bound.kwargs


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

    generate_vmap_rule = True

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


__all__ = ["Context", "Function", "FunctionNode", "VmapInfo", "once_differentiable"]
