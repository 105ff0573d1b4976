"""Gradients of functions: ``grad``, ``vjp``, ``jacrev``."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from lamella.core import autograd, trees
from lamella.core.errors import ArgumentError, ArgumentTypeError, GradError
from lamella.core.graph import Node
from lamella.core.modes import enable_grad, inference_mode, innermost_level
from lamella.core.op import OPS
from lamella.core.ops import creation
from lamella.core.tensor import Tensor, live_node
from lamella.core.transforms.batching import vmap
from lamella.core.transforms.wrapped import without_graph

Argnums = int | tuple[int, ...]


def tracked(x: Tensor) -> Tensor:
    """``x`` as a new place in the graph from which gradients can be asked for.

    Inside vmap it is made one for each sample: then so is its gradient.
    """
    level = innermost_level()
    if level is not None:
        lowered = level.lowered(x)
        with level.outside():
            made = tracked(lowered)
        again: Tensor = level.again(x, made)
        return again
    if live_node(x) is not None:
        same: Tensor = OPS["reshape"].call(x, tuple(x.array.shape))  # a view, and a node of its own
        return same
    return savable(x).detach().requires_grad_()


def savable(x: Tensor) -> Tensor:
    """``x``, or a copy if it is an inference tensor, which can't be saved for a backward pass."""
    if not x.is_inference():
        return x
    with inference_mode(False):
        return x.clone()


def reaches_beyond(outputs: Iterable[Tensor], inputs: Iterable[Tensor]) -> bool:
    """Whether ``outputs`` were computed from something that requires grad besides ``inputs``, or from behind them."""
    stop = {live_node(x): x for x in inputs}
    waiting: list[Node] = [node for x in outputs if (node := live_node(x)) is not None]
    seen = set(waiting)
    while waiting:
        node = waiting.pop()
        if node in stop:
            if node.edges and any(edge is not None for edge in node.edges):
                return True
            continue
        if not node.edges:
            return True
        for edge in node.edges:
            if edge is not None and edge not in seen:
                seen.add(edge)
                waiting.append(edge)
    return False


def _released(tree: Any, beyond: bool) -> Any:
    """A result without what was recorded for the transform alone."""
    return tree if beyond else trees.map_leaves(lambda x: without_graph(x) if isinstance(x, Tensor) else x, tree)


def grad_and_value(func: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False) -> Callable[..., Any]:
    """A function that computes the gradient of ``func`` and its value.

    Args:
        func: Returns a tensor of one element, 0-dim; with ``has_aux`` a tuple of that and anything else.
        argnums: Which arguments to differentiate by, tensors or trees of them; a tuple gives a tuple of gradients.
        has_aux: Whether the function returns something besides.

    Returns:
        A function of the same arguments that returns ``(gradient, value)``; with ``has_aux``
        ``(gradient, (value, aux))``.

    Raises:
        RuntimeError: The function returns something else than a scalar, or an argument is no floating-point tensor.
    """

    @functools.wraps(func)
    def differentiated(*args: Any, **kwargs: Any) -> Any:
        with inference_mode(False), enable_grad():
            leaves, structure, call = _opened("grad", func, args, kwargs, argnums)
            result = call()
            aux = None
            if has_aux:
                result, aux = with_aux("grad_and_value", result)
            if not isinstance(result, Tensor):
                raise GradError(f"Expected f(*args) to return a Tensor, got {type(result).__name__}")
            if result.ndim != 0:
                raise GradError(
                    "Expected f(*args) to return a scalar tensor, got tensor with "
                    f"{result.ndim} dims (shape {tuple(result.shape)}). Reduce it first, for instance with .sum(), or "
                    "use jacrev()."
                )
            beyond = reaches_beyond([result], leaves)
            found = _or_zeros([result], [result.new_ones(())], leaves, beyond, False)
        gradient = structure.build(iter(found))
        value = _released(result, beyond)
        return gradient, ((value, _released(aux, beyond)) if has_aux else value)

    return differentiated


def grad(func: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False) -> Callable[..., Any]:
    """A function that computes the gradient of ``func``. See :func:`grad_and_value`.

    Returns:
        A function of the same arguments that returns the gradient; with ``has_aux`` ``(gradient, aux)``.

    Example:
        >>> import lamella
        >>> second = lamella.func.grad(lamella.func.grad(lamella.sin))
        >>> second(lamella.tensor(1.0))
        tensor(-0.8415)
    """
    both = grad_and_value(func, argnums, has_aux)

    @functools.wraps(func)
    def differentiated(*args: Any, **kwargs: Any) -> Any:
        gradient, value = both(*args, **kwargs)
        return (gradient, value[1]) if has_aux else gradient

    return differentiated


def vjp(func: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """The value of ``func``, and the function from a gradient of the value to those of the arguments.

    Args:
        func: Takes ``primals`` and returns tensors or a tree of them; with ``has_aux`` a tuple of that and anything
            else.
        primals: Tensors, or trees of them.
        has_aux: Whether the function returns something besides.

    Returns:
        ``(value, vjp_fn)``, with ``has_aux`` ``(value, vjp_fn, aux)``. ``vjp_fn(cotangents)`` takes a tree like the
        value and returns a tuple of gradients, one for each primal.

    Example:
        >>> import lamella
        >>> value, pull = lamella.func.vjp(lamella.exp, lamella.tensor(0.0))
        >>> pull(lamella.tensor(2.0))
        (tensor(2.),)
    """
    with inference_mode(False), enable_grad():
        leaves, structure, call = _opened("vjp", func, primals, {}, tuple(range(len(primals))))
        result = call()
        aux = None
        if has_aux:
            result, aux = with_aux("vjp", result)
        outputs, of_result = trees.flatten(result)
        _only_tensors("vjp", outputs)
        beyond = reaches_beyond(outputs, leaves)

    def vjp_fn(cotangents: Any, retain_graph: bool = True, create_graph: bool | None = None) -> Any:
        given, of_given = trees.flatten(cotangents)
        if of_given != of_result:
            raise GradError(
                f"Expected pytree structure of cotangents to be the same as that of the outputs, got "
                f"{trees.describe(cotangents)} for {trees.describe(result)}"
            )
        for x, g in zip(outputs, given, strict=True):
            if x.shape != g.shape:
                raise GradError(
                    f"vjp: expected a cotangent of the shape of its output, {tuple(x.shape)}, got {tuple(g.shape)}"
                )
        record = beyond or any(g.requires_grad for g in given) if create_graph is None else create_graph
        return structure.build(iter(_or_zeros(outputs, given, leaves, record, retain_graph)))

    value = _released(result, beyond)
    return (value, vjp_fn, _released(aux, beyond)) if has_aux else (value, vjp_fn)


def jacrev(
    func: Callable[..., Any],
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """A function that computes the Jacobian of ``func`` row by row, all rows at once, by reverse mode.

    Fewer outputs than inputs make this the cheaper one of it and :func:`jacfwd`.

    Args:
        func: Returns tensors or a tree of them; with ``has_aux`` a tuple of that and anything else.
        argnums: Which arguments to differentiate by; a tuple gives a tuple for each output.
        has_aux: Whether the function returns something besides.
        chunk_size: How many rows to compute at once; None for all.

    Returns:
        A function of the same arguments. For an output of shape ``(*O)`` and an argument of shape ``(*I)`` the
        Jacobian has shape ``(*O, *I)``; the results are nested like the outputs, and inside like the arguments.
    """

    @functools.wraps(func)
    def jacobian(*args: Any, **kwargs: Any) -> Any:
        chosen = chosen_of(args, argnums)

        def of_chosen(*picked: Any) -> Any:
            return func(*replaced(args, argnums, picked), **kwargs)

        value, pull, *aux = vjp(of_chosen, *chosen, has_aux=has_aux)
        outputs, of_value = trees.flatten(value)
        sizes = [x.numel() for x in outputs]
        rows = sum(sizes)
        basis = basis_of(outputs)
        if rows:
            found = vmap(lambda *gs: pull(of_value.build(iter(gs))), chunk_size=chunk_size)(*basis)
        else:
            found = trees.map_leaves(lambda x: x.new_zeros((0, *x.shape)), tuple(chosen))
        results, start = [], 0
        for x, size in zip(outputs, sizes, strict=True):
            part = trees.map_leaves(lambda g: g[start : start + size].reshape(*x.shape, *g.shape[1:]), found)  # noqa: B023  # called at once
            results.append(part if isinstance(argnums, tuple) else part[0])
            start += size
        jacobians = of_value.build(iter(results))
        return (jacobians, aux[0]) if has_aux else jacobians

    return jacobian


# --- arguments and results


def basis_of(tensors: Sequence[Tensor]) -> list[Tensor]:
    """For each tensor ``(all elements, *shape)``: a row is 1 in one element of one tensor, and 0 elsewhere."""
    sizes = [x.numel() for x in tensors]
    rows, start = [], 0
    for x, size in zip(tensors, sizes, strict=True):
        every = creation.zeros((sum(sizes), size), dtype=x.dtype, device=x.device)
        every[start : start + size] = creation.eye(size, dtype=x.dtype, device=x.device)
        rows.append(every.reshape(sum(sizes), *x.shape))
        start += size
    return rows


def chosen_of(args: Sequence[Any], argnums: Argnums) -> list[Any]:
    numbers = argnums if isinstance(argnums, tuple) else (argnums,)
    for n in numbers:
        if not isinstance(n, int) or not -len(args) <= n < len(args):
            raise GradError(f"Got argnum={n}, but only {len(args)} positional inputs")
    if len({n % len(args) for n in numbers}) < len(numbers):
        raise GradError(f"argnums elements must be unique, got {argnums}")
    return [args[n] for n in numbers]


def replaced(args: Sequence[Any], argnums: Argnums, chosen: Sequence[Any]) -> list[Any]:
    result = list(args)
    for n, value in zip(argnums if isinstance(argnums, tuple) else (argnums,), chosen, strict=True):
        result[n] = value
    return result


def _opened(
    name: str, func: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any], argnums: Argnums
) -> tuple[list[Tensor], trees.Structure, Callable[[], Any]]:
    """The tensors to differentiate by, the structure of their gradients, and the call of the function on them."""
    chosen = chosen_of(args, argnums)
    leaves, structure = trees.flatten(tuple(chosen) if isinstance(argnums, tuple) else chosen[0])
    for x in leaves:
        if not isinstance(x, Tensor):
            raise ArgumentTypeError(
                f"{name}: expected the argument to differentiate by to be Tensors, got {type(x).__name__}"
            )
        if not (x.is_floating_point() or x.is_complex()):
            raise GradError(
                f"{name}: only Tensors of floating point and complex dtype can require gradients, got {x.dtype}"
            )
    fresh = [tracked(x) for x in leaves]
    rebuilt = structure.build(iter(fresh))
    picked = rebuilt if isinstance(argnums, tuple) else (rebuilt,)
    return fresh, structure, lambda: func(*replaced(args, argnums, picked), **kwargs)


def with_aux(name: str, result: Any) -> tuple[Any, Any]:
    if not (isinstance(result, tuple) and len(result) == 2):
        raise GradError(f"{name}(f)(*args): output of function f should be a tuple (output, aux) with has_aux=True")
    return result


def _only_tensors(name: str, values: Sequence[Any]) -> None:
    for x in values:
        if not isinstance(x, Tensor):
            raise GradError(f"{name}: expected the function to return only Tensors, got {type(x).__name__}")
    if not values:
        raise ArgumentError(f"{name}: the function returned no tensor")


def _or_zeros(
    outputs: Sequence[Tensor], grads: Sequence[Tensor], inputs: Sequence[Tensor], record: bool, keep: bool
) -> list[Tensor]:
    """The gradients; zeros for what the outputs do not depend on."""
    given = [g if g.dtype == x.dtype else g.to(x.dtype) for g, x in zip(grads, outputs, strict=True)]
    found = autograd.gradients(outputs, given, inputs, (), record, keep or record)
    return [x.new_zeros(x.shape) if g is None else g for g, x in zip(found, inputs, strict=True)]


__all__ = ["grad", "grad_and_value", "jacrev", "vjp"]
