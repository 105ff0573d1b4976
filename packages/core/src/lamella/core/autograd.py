"""Gradients as PyTorch's ``torch.autograd`` offers them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

from lamella.core import algebra, backends, graph
from lamella.core.errors import ArgumentError, ArgumentTypeError, GradError, ShapeError
from lamella.core.graph import Leaf
from lamella.core.modes import (
    Mode,
    current_mode,
    innermost_level,
    interpreted,
    restore_mode,
    set_grad_enabled,
    switch_mode,
)
from lamella.core.tensor import Tensor, live_node

Shape = tuple[int, ...]
Watch = Callable[[graph.Node, Any, graph.Algebra, "set[graph.Node] | None"], Sequence[Any]]


def _is_edge(value: Any) -> bool:
    """Whether ``value`` is a ``GradientEdge``, whose module is imported only by who makes one."""
    return hasattr(value, "ownership_token")


def _place_of(x: Any) -> graph.Node | None:
    return live_node(x) if isinstance(x, Tensor) else x.ownership_token or x.node


def _as_tuple(value: Any) -> tuple[Any, ...]:
    return (value,) if value is None or isinstance(value, Tensor) or _is_edge(value) else tuple(value)


def _starts(tensors: tuple[Tensor, ...], grads: Sequence[Tensor | None], batch: Shape = ()) -> list[Tensor]:
    """The gradient of each tensor from which the backward pass starts."""
    if len(tensors) != len(grads):
        raise ArgumentError(f"got {len(tensors)} tensors and {len(grads)} gradients; give one gradient a tensor")
    return [_start(i, tensor, grad, batch) for i, (tensor, grad) in enumerate(zip(tensors, grads, strict=True))]


def _start(i: int, tensor: Tensor, grad: Tensor | None, batch: Shape) -> Tensor:
    if not isinstance(tensor, Tensor):
        if _is_edge(tensor) and grad is not None:
            return grad
        if _is_edge(tensor):
            raise GradError("grad can be implicitly created only for Tensors: give a gradient with this GradientEdge")
        raise ArgumentTypeError(f"expected Tensors to start from, got {type(tensor).__name__}")
    if live_node(tensor) is None:
        raise GradError(
            f"element {i} of tensors does not require grad and does not have a grad_fn. Set requires_grad=True on "
            "what you differentiate by, and compute outside no_grad()."
        )
    if grad is None:
        if tensor.array.size != 1:
            raise GradError(
                "grad can be implicitly created only for scalar outputs, this one has shape "
                f"{tuple(tensor.shape)}. Reduce it first, for instance with .sum(), or pass gradient=."
            )
        if tensor.is_complex():
            raise GradError(f"grad can be implicitly created only for real scalar outputs but got {tensor.dtype}")
        return algebra.ones_like(tensor)
    if tuple(grad.shape) != (*batch, *tensor.shape):
        raise ShapeError(
            f"Mismatch in shape: grad_output[{i}] has a shape of {grad.shape} and output[{i}] has a shape of "
            f"{tensor.shape}." + (" With is_grads_batched the first has one dimension more, in front." if batch else "")
        )
    return grad if grad.array.dtype == tensor.array.dtype else grad.to(tensor.dtype)


def _run(
    outputs: Sequence[Tensor],
    grads: Sequence[Tensor],
    create_graph: bool,
    keep_graph: bool,
    targets: list[graph.Node] | None,
) -> dict[graph.Node, Tensor]:
    """Raw arrays where nothing is recorded; Tensors where the gradient is differentiable or an interpreter looks on."""
    roots = [(node, g) for x, g in zip(outputs, grads, strict=True) if (node := _place_of(x)) is not None]
    watch, interpreter = _onlookers()
    if create_graph or interpreter is not None:
        with interpreted(interpreter), set_grad_enabled(create_graph):
            return graph.run_backward(roots, algebra.TENSORS, keep_graph=keep_graph, targets=targets, watch=watch)
    raw = algebra.raw(type(roots[0][1].array)) if roots else algebra.raw(type(grads[0].array))
    # user-written backward functions and hooks compute on Tensors: they are not recorded either
    token = switch_mode(Mode(False, None, current_mode().inference))
    try:
        starts = [(node, grad.array.copy() if type(node) is Leaf else grad.array) for node, grad in roots]
        found = graph.run_backward(starts, raw, keep_graph=keep_graph, targets=targets, watch=watch)
    finally:
        restore_mode(token)
    return {node: raw.as_tensor(grad) for node, grad in found.items()}


def _onlookers() -> tuple[Watch | None, Any]:
    """How nodes are to run backward, None if nobody minds; and the interpreter that sees the op calls of the pass."""
    interpreter = current_mode().interpreter
    if interpreter is None:
        return None, None
    from lamella.core.watchers import backward_watch

    while interpreter is not None and not interpreter.sees_backward:
        interpreter = interpreter.outer
    return backward_watch(), interpreter


def gradients(
    outputs: Sequence[Tensor],
    grads: Sequence[Tensor],
    inputs: Sequence[Tensor],
    batch: Shape,
    create_graph: bool,
    keep: bool,
) -> list[Tensor | None]:
    """The gradients of ``outputs`` with respect to ``inputs``; None where there is none.

    Args:
        outputs: What to differentiate. grads: the gradient of each.
        inputs: By what.
        batch: Leading dimensions of ``grads`` that the outputs lack: gradients for each element of them are wanted,
            and the results have these dimensions too.
        create_graph: Whether the gradients are to be differentiable.
        keep: Whether to keep what the nodes saved.
    """
    level = innermost_level()
    if level is not None:
        return level.gradients(outputs, grads, inputs, batch, create_graph, keep)
    return _innermost_gradients(outputs, grads, inputs, batch, create_graph, keep)


def _innermost_gradients(
    outputs: Sequence[Tensor],
    grads: Sequence[Tensor],
    inputs: Sequence[Tensor],
    batch: Shape,
    create_graph: bool,
    keep: bool,
) -> list[Tensor | None]:
    """:func:`gradients` where all are plain tensors."""
    if batch:
        from lamella.core.transforms.batching import Batch

        with Batch(batch[0]) as level:
            wrapped = [level.wrap(g) for g in grads]
            found = _innermost_gradients(outputs, wrapped, inputs, batch[1:], create_graph, keep)
        return [None if g is None else level.full(g) for g in found]
    nodes = [_place_of(x) for x in inputs]
    results = _run(outputs, grads, create_graph, keep, [n for n in nodes if n is not None])
    return [None if n is None else results.get(n) for n in nodes]


def backward(
    tensors: Tensor | Sequence[Tensor],
    grad_tensors: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Tensor | Sequence[Tensor] | None = None,
) -> None:
    """Add the gradients of ``tensors`` to the ``grad`` of every leaf they were computed from.

    Args:
        tensors: What to differentiate; several are summed.
        grad_tensors: Gradient of each, of its shape; None means 1, for tensors of one element.
        retain_graph: Keep what was saved, to run again; by default only with ``create_graph``.
        create_graph: Record the computation, so that the gradients can be differentiated.
        inputs: Add to the ``grad`` of these alone.

    Raises:
        RuntimeError: Nothing requires grad, a tensor without gradient has more than one element, a saved value was
            changed in place, or the graph was run before.
    """
    outputs = _as_tuple(tensors)
    starts = _starts(outputs, (None,) * len(outputs) if grad_tensors is None else _as_tuple(grad_tensors))
    keep = create_graph if retain_graph is None else retain_graph
    if inputs is None:
        if any(type(x.array) not in backends._by_array_type for x in outputs):
            raise GradError(
                "backward() can't run inside vmap; use lamella.func.grad there, which returns the gradients."
            )
        _run(outputs, starts, create_graph, keep, None)
        return
    wanted = _as_tuple(inputs)
    if not wanted:
        raise GradError("'inputs' argument to backward() cannot be empty.")
    for tensor, grad in zip(wanted, _wanted(outputs, starts, wanted, (), create_graph, keep), strict=True):
        if grad is None or tensor.retains_grad:  # which has had it from its hook
            continue
        way = algebra.TENSORS if create_graph else algebra.raw(type(grad.array))
        given = way.copy(way.from_tensor(grad))
        if type(tensor._node) is Leaf:
            tensor._node.pull(given, way, None)
        else:
            tensor._accumulate_grad(given, create_graph)


def _wanted(
    outputs: tuple[Tensor, ...],
    starts: list[Tensor],
    inputs: tuple[Tensor, ...],
    batch: Shape,
    create_graph: bool,
    keep: bool,
) -> list[Tensor | None]:
    for i, tensor in enumerate(inputs):
        if _place_of(tensor) is None:
            raise GradError(
                f"One of the differentiated Tensors does not require grad (input {i}, shape "
                f"{tuple(tensor.shape)}). Set requires_grad=True on it before computing."
            )
    return gradients(outputs, starts, inputs, batch, create_graph, keep)


def grad(
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor | Sequence[Tensor],
    grad_outputs: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Tensor | None, ...]:
    """The gradients of ``outputs`` (summed) with respect to ``inputs``; no ``grad`` attribute is touched.

    Args:
        outputs: What to differentiate: tensors, or their edges (see ``graph.get_gradient_edge``).
        inputs: By what: tensors or edges.
        grad_outputs: Gradient of each output, of its shape; None means 1, for outputs of one element.
        retain_graph: Keep what was saved, to run again; by default only with ``create_graph``.
        create_graph: Record the computation, so that the gradients can be differentiated.
        only_inputs: Has no meaning any more; False warns. :func:`backward` is what adds to leaves.
        allow_unused: Give None for an input that the outputs do not depend on, instead of raising.
        is_grads_batched: ``grad_outputs`` have one more dimension, in front: the gradients are computed for each of
            its elements, all at once, and have it too.
        materialize_grads: Give zeros for such an input.

    Raises:
        RuntimeError: As :func:`backward`; or an input is unused.

    Example:
        >>> import lamella
        >>> x = lamella.tensor([1.0, 2.0], requires_grad=True)
        >>> lamella.autograd.grad((x**3).sum(), x)
        (tensor([ 3., 12.]),)
    """
    if not only_inputs:
        warnings.warn(
            "grad: only_inputs=False is ignored; use lamella.autograd.backward() to reach other leaves",
            FutureWarning,
            stacklevel=2,
        )
    if materialize_grads and allow_unused is False:
        raise ArgumentError("Expected allow_unused to be True or not passed when materialize_grads=True")
    roots = _as_tuple(outputs)
    wanted = _as_tuple(inputs)
    given = (None,) * len(roots) if grad_outputs is None else _as_tuple(grad_outputs)
    batch: Shape = ()
    if is_grads_batched:
        batch = (next(len(g) for g in given if g is not None),)
        given = tuple(
            [g if g is not None else x.new_ones((*batch, *x.shape)) for g, x in zip(given, roots, strict=True)]
        )
    starts = _starts(roots, given, batch)
    keep = create_graph if retain_graph is None else retain_graph
    found = _wanted(roots, starts, wanted, batch, create_graph, keep)
    for i, g in enumerate(found):
        if g is not None or (allow_unused and not materialize_grads):
            continue
        node = _place_of(wanted[i])
        assert node is not None, "each input has a place in the graph"
        if materialize_grads:
            found[i] = algebra.TENSORS.zeros(starts[0], (*batch, *node.shape), node.dtype)
        else:
            raise GradError(
                "One of the differentiated Tensors appears to not have been used in the graph "
                f"(input {i}, shape {tuple(node.shape)}). Set allow_unused=True if this is the desired behavior."
            )
    return tuple(found)


def tensor_backward(
    self: Tensor,
    gradient: Tensor | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Tensor | Sequence[Tensor] | None = None,
) -> None:
    """``x.backward()``: see :func:`backward`."""
    backward(self, gradient, retain_graph, create_graph, inputs)


__all__ = ["backward", "grad", "gradients", "tensor_backward"]
