"""Gradients as PyTorch's ``torch.autograd`` offers them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lamella.core import algebra, graph
from lamella.core.errors import ArgumentError, ArgumentTypeError, GradError, ShapeError
from lamella.core.graph import Leaf
from lamella.core.modes import Mode, current_mode, restore_mode, set_grad_enabled, switch_mode
from lamella.core.tensor import Tensor, live_node


def _as_tuple(value: Any) -> tuple[Any, ...]:
    return (value,) if value is None or isinstance(value, Tensor) else tuple(value)


def _roots(tensors: tuple[Tensor, ...], grads: tuple[Tensor | None, ...]) -> list[tuple[graph.Node, Tensor]]:
    if len(tensors) != len(grads):
        raise ArgumentError(f"got {len(tensors)} tensors and {len(grads)} gradients; give one gradient a tensor")
    return [_root(i, tensor, grad) for i, (tensor, grad) in enumerate(zip(tensors, grads, strict=True))]


def _root(i: int, tensor: Tensor, grad: Tensor | None) -> tuple[graph.Node, Tensor]:
    """Where the backward pass of the ``i``-th tensor starts, and with which gradient."""
    if not isinstance(tensor, Tensor):
        raise ArgumentTypeError(f"expected Tensors to start from, got {type(tensor).__name__}")
    node = live_node(tensor)
    if node is None:
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
        return node, algebra.ones_like(tensor)
    if grad.shape != tensor.shape:
        raise ShapeError(
            f"Mismatch in shape: grad_output[{i}] has a shape of {grad.shape} and output[{i}] has a shape of "
            f"{tensor.shape}."
        )
    return node, grad if grad.array.dtype == tensor.array.dtype else grad.to(tensor.dtype)


def _run(
    roots: list[tuple[graph.Node, Tensor]], create_graph: bool, keep_graph: bool, targets: list[graph.Node] | None
) -> dict[graph.Node, Tensor]:
    """Raw arrays where nothing is recorded; Tensors where the gradient is differentiable or an interpreter looks on."""
    if create_graph or current_mode().interpreter is not None:
        with set_grad_enabled(create_graph):
            return graph.run_backward(roots, algebra.TENSORS, keep_graph=keep_graph, targets=targets)
    raw = algebra.raw(type(roots[0][1].array))
    # user-written backward functions and hooks compute on Tensors: they are not recorded either
    token = switch_mode(Mode(False, None, current_mode().inference))
    try:
        starts = [(node, grad.array.copy() if type(node) is Leaf else grad.array) for node, grad in roots]
        found = graph.run_backward(starts, raw, keep_graph=keep_graph, targets=targets)
    finally:
        restore_mode(token)
    return {node: raw.as_tensor(grad) for node, grad in found.items()}


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
    roots = _roots(outputs, (None,) * len(outputs) if grad_tensors is None else _as_tuple(grad_tensors))
    keep = create_graph if retain_graph is None else retain_graph
    if inputs is None:
        _run(roots, create_graph, keep, None)
        return
    wanted = _as_tuple(inputs)
    if not wanted:
        raise GradError("'inputs' argument to backward() cannot be empty.")
    for tensor, grad in zip(wanted, _gradients(roots, wanted, create_graph, keep), strict=True):
        if grad is None or tensor.retains_grad:  # which has had it from its hook
            continue
        way = algebra.TENSORS if create_graph else algebra.raw(type(grad.array))
        given = way.copy(way.from_tensor(grad))
        if type(tensor._node) is Leaf:
            tensor._node.pull(given, way, None)
        else:
            tensor._accumulate_grad(given, create_graph)


def _gradients(
    roots: list[tuple[graph.Node, Tensor]], inputs: tuple[Tensor, ...], create_graph: bool, keep: bool
) -> list[Tensor | None]:
    nodes = []
    for i, tensor in enumerate(inputs):
        node = live_node(tensor)
        if node is None:
            raise GradError(
                f"One of the differentiated Tensors does not require grad (input {i}, shape "
                f"{tuple(tensor.shape)}). Set requires_grad=True on it before computing."
            )
        nodes.append(node)
    found = _run(roots, create_graph, keep, nodes)
    return [found.get(node) for node in nodes]


def grad(
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor | Sequence[Tensor],
    grad_outputs: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool | None = None,
    materialize_grads: bool = False,
) -> tuple[Tensor | None, ...]:
    """The gradients of ``outputs`` (summed) with respect to ``inputs``; no ``grad`` attribute is touched.

    Args:
        outputs: What to differentiate.
        inputs: By what.
        grad_outputs: Gradient of each output, of its shape; None means 1, for outputs of one element.
        retain_graph: Keep what was saved, to run again; by default only with ``create_graph``.
        create_graph: Record the computation, so that the gradients can be differentiated.
        allow_unused: Give None for an input that the outputs do not depend on, instead of raising.
        materialize_grads: Give zeros for such an input.

    Raises:
        RuntimeError: As :func:`backward`; or an input is unused.

    Example:
        >>> import lamella
        >>> x = lamella.tensor([1.0, 2.0], requires_grad=True)
        >>> lamella.autograd.grad((x**3).sum(), x)
        (tensor([ 3., 12.]),)
    """
    if materialize_grads and allow_unused is False:
        raise ArgumentError("Expected allow_unused to be True or not passed when materialize_grads=True")
    starts = _as_tuple(outputs)
    wanted = _as_tuple(inputs)
    roots = _roots(starts, (None,) * len(starts) if grad_outputs is None else _as_tuple(grad_outputs))
    keep = create_graph if retain_graph is None else retain_graph
    found = _gradients(roots, wanted, create_graph, keep)
    for i, g in enumerate(found):
        if g is None and materialize_grads:
            found[i] = wanted[i].new_zeros(wanted[i].shape)
        elif g is None and not allow_unused:
            raise GradError(
                "One of the differentiated Tensors appears to not have been used in the graph "
                f"(input {i}, shape {tuple(wanted[i].shape)}). Set allow_unused=True if this is the desired behavior."
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


__all__ = ["backward", "grad", "tensor_backward"]
