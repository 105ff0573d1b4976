"""Jacobians, Hessians and their products with vectors: PyTorch's ``torch.autograd.functional``.

``lamella.func`` has newer forms of the same. With ``create_graph`` the results are differentiable; with ``strict`` an
output that does not depend on an input is an error, where it otherwise gives zeros.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from lamella.core import autograd
from lamella.core.errors import ArgumentError, ArgumentTypeError, GradError
from lamella.core.modes import enable_grad
from lamella.core.op import OPS
from lamella.core.ops import creation
from lamella.core.tensor import Tensor
from lamella.core.transforms.forward import jacfwd
from lamella.core.transforms.reverse import tracked

Tensors = tuple[Tensor, ...]


def jacobian(
    func: Callable[..., Any],
    inputs: Tensor | Tensors,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """The derivative of each output element of ``func`` by each input element.

    Args:
        func: From tensors to a tensor or a tuple of them.
        inputs: What to call it with.
        create_graph: Make the result differentiable.
        strict: Raise where an output does not depend on an input; otherwise that gives zeros.
        vectorize: Compute all rows at once; ``func`` must then work under ``vmap``. Not with ``strict``.
        strategy: "reverse-mode", row by row; or with ``vectorize`` "forward-mode", all columns at once.

    Returns:
        For one input of shape ``(*I)`` and one output of shape ``(*O)`` a tensor of shape ``(*O, *I)``. A tuple of
        inputs gives a tuple, a tuple of outputs a tuple of those.

    Raises:
        RuntimeError: ``strict`` found something, or does not go with ``vectorize``.
        NotImplementedError: Forward mode without ``vectorize``.
        TypeError: An input or output is no Tensor.

    Example:
        >>> import lamella
        >>> lamella.autograd.functional.jacobian(lamella.square, lamella.tensor([1.0, 2.0]))
        tensor([[2., 0.],
                [0., 4.]])
    """
    _check_strategy("jacobian", strategy, vectorize, strict)
    with enable_grad():
        xs, several = _opened("jacobian", inputs, create_graph)
        if strategy == "forward-mode":
            return _by_columns(func, xs, several, create_graph)
        outputs, several_outputs = _outputs("jacobian", func(*xs))
        _check_outputs(outputs, strict)
        table = []
        for i, out in enumerate(outputs):
            rows = _rows(out, xs, create_graph, strict, vectorize, i)
            table.append(rows if create_graph else tuple([r.detach() for r in rows]))
        if strict and create_graph:
            _check_results([j for rows in table for j in rows], "jacobian")
    found = [rows if several else rows[0] for rows in table]
    return tuple(found) if several_outputs else found[0]


def _check_strategy(name: str, strategy: str, vectorize: bool, strict: bool) -> None:
    if strategy not in ("forward-mode", "reverse-mode"):
        raise ArgumentError(
            f'{name}: Expected strategy to be either "forward-mode" or "reverse-mode", got {strategy!r}. Hint: if your '
            'function has more outputs than inputs, "forward-mode" tends to be faster.'
        )
    if strategy == "forward-mode" and not vectorize:
        raise NotImplementedError(
            f'{name}: `strategy="forward-mode"` is only supported with `vectorize=True`. Pass vectorize=True, or use '
            '"reverse-mode".'
        )
    if vectorize and strict:
        raise GradError(f"{name}: `strict=True` and `vectorize=True` are not supported together. Set one to False.")


def _by_columns(func: Callable[..., Any], xs: Tensors, several: bool, create_graph: bool) -> Any:
    found = jacfwd(func, tuple(range(len(xs))))(*xs)
    several_outputs = isinstance(found[0], (tuple, list))
    table = [[g if create_graph else g.detach() for g in rows] for rows in (found if several_outputs else (found,))]
    results = [tuple(rows) if several else rows[0] for rows in table]
    return tuple(results) if several_outputs else results[0]


def _rows(out: Tensor, xs: Tensors, create_graph: bool, strict: bool, vectorize: bool, number: int) -> Tensors:
    """The Jacobians of one output."""
    size = out.numel()
    if not out.requires_grad or not size:
        return tuple([x.new_zeros((*out.shape, *x.shape)) for x in xs])
    basis = creation.eye(size, dtype=out.dtype, device=out.device).reshape(size, *out.shape)
    if vectorize:
        found: list[list[Tensor | None]] = [
            list(autograd.grad(out, xs, basis, True, create_graph, allow_unused=True, is_grads_batched=True))
        ]
    else:
        found = [list(autograd.grad(out, xs, e, True, create_graph, allow_unused=True)) for e in basis]
    columns = []
    for j, (x, parts) in enumerate(zip(xs, zip(*found, strict=True), strict=True)):
        if any(g is None for g in parts):
            if strict:
                raise GradError(
                    f"Output {number} of the user-provided function is independent of input {j}. This is not allowed "
                    "in strict mode."
                )
            columns.append(x.new_zeros((*out.shape, *x.shape)))
        else:
            whole = parts[0] if vectorize else OPS["stack"].call(list(parts), 0)
            columns.append(whole.reshape(*out.shape, *x.shape))
    return tuple(columns)


def hessian(
    func: Callable[..., Any],
    inputs: Tensor | Tensors,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """The second derivatives of ``func``, which returns one element.

    Args:
        func: From tensors to a tensor of one element.
        inputs: What to call it with.
        create_graph: As for :func:`jacobian`.
        strict: As for :func:`jacobian`.
        vectorize: As for :func:`jacobian`.
        outer_jacobian_strategy: How to differentiate the gradient: the ``strategy`` of :func:`jacobian`.

    Returns:
        For one input of shape ``(*I)`` a tensor of shape ``(*I, *I)``; for a tuple of inputs a tuple of tuples.

    Raises:
        RuntimeError: ``func`` returns something else, or as for :func:`jacobian`.
        NotImplementedError: As for :func:`jacobian`.
        TypeError: As for :func:`jacobian`.
    """
    _check_strategy("hessian", outer_jacobian_strategy, vectorize, strict)
    several = isinstance(inputs, tuple)

    def gradient(*xs: Tensor) -> Any:
        def scalar(*ys: Tensor) -> Tensor:
            return _scalar("hessian", func(*ys))

        found = jacobian(scalar, xs, create_graph=True, strict=strict)
        return found if several else found[0]

    return jacobian(gradient, inputs, create_graph, strict, vectorize, outer_jacobian_strategy)


def vjp(
    func: Callable[..., Any],
    inputs: Tensor | Tensors,
    v: Tensor | Tensors | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """The value of ``func`` and the product of ``v`` with its Jacobian.

    Args:
        func: From tensors to a tensor or a tuple of them.
        inputs: What to call it with.
        v: Of the shapes of the outputs; None stands for 1, for a function of one element.
        create_graph: As for :func:`jacobian`.
        strict: As for :func:`jacobian`.

    Returns:
        ``(value, product)``; the product is like the inputs.

    Raises:
        RuntimeError: ``v`` does not fit, or ``strict`` found something.
        TypeError: An input or output is no Tensor.
    """
    with enable_grad():
        xs, several = _opened("vjp", inputs, create_graph)
        outputs, several_outputs = _outputs("vjp", func(*xs))
        _check_outputs(outputs, strict)
        if v is None:
            if len(outputs) != 1 or outputs[0].numel() != 1:
                raise GradError(
                    "The vector v can only be None if the user-provided function returns a single Tensor with a single "
                    "element."
                )
            vs: Tensors = (outputs[0].new_ones(outputs[0].shape),)
        else:
            vs = _vectors("vjp", v, outputs)
        found = _products(outputs, xs, vs, create_graph, strict, "vjp")
    return _result(outputs, several_outputs, create_graph), _result(found, several, create_graph)


def jvp(
    func: Callable[..., Any],
    inputs: Tensor | Tensors,
    v: Tensor | Tensors | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """The value of ``func`` and the product of its Jacobian with ``v``, by differentiating twice.

    Args:
        func: From tensors to a tensor or a tuple of them.
        inputs: What to call it with.
        v: Of the shapes of the inputs; None stands for 1, for an input of one element.
        create_graph: As for :func:`jacobian`.
        strict: As for :func:`jacobian`.

    Returns:
        ``(value, product)``; the product is like the outputs.

    Raises:
        RuntimeError: ``v`` does not fit, or ``strict`` found something.
        TypeError: An input or output is no Tensor.
    """
    with enable_grad():
        xs, _ = _opened("jvp", inputs, create_graph)
        vs = _directions("jvp", v, xs)
        outputs, several_outputs = _outputs("jvp", func(*xs))
        _check_outputs(outputs, strict)
        found = _pushed(outputs, xs, vs, create_graph, strict)
    return _result(outputs, several_outputs, create_graph), _result(found, several_outputs, create_graph)


def _second(
    name: str,
    func: Callable[..., Any],
    inputs: Tensor | Tensors,
    v: Tensor | Tensors | None,
    create_graph: bool,
    strict: bool,
    *,
    push: bool,
) -> tuple[Any, Any]:
    """The value of ``func``, and its second derivatives times ``v`` (``push``), or ``v`` times them."""
    with enable_grad():
        xs, several = _opened(name, inputs, create_graph)
        vs = _directions(name, v, xs)
        out = _scalar(name, func(*xs))
        _check_outputs((out,), strict)
        slopes = _products((out,), xs, (out.new_ones(out.shape),), True, strict, "jacobian")
        if push:
            found = _pushed(slopes, xs, vs, create_graph, strict)
        else:
            found = _products(slopes, xs, vs, create_graph, strict, "hessian")
    return _result((out,), False, create_graph), _result(found, several, create_graph)


def vhp(
    func: Callable[..., Any],
    inputs: Tensor | Tensors,
    v: Tensor | Tensors | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """The value of ``func``, which returns one element, and the product of ``v`` with its second derivatives.

    Args:
        func: From tensors to a tensor of one element.
        inputs: What to call it with.
        v: Of the shapes of the inputs; None stands for 1, for an input of one element.
        create_graph: As for :func:`jacobian`.
        strict: As for :func:`jacobian`.

    Returns:
        ``(value, product)``; the product is like the inputs.

    Raises:
        RuntimeError: ``func`` returns something else, ``v`` does not fit, or ``strict`` found something.
        TypeError: An input or output is no Tensor.
    """
    return _second("vhp", func, inputs, v, create_graph, strict, push=False)


def hvp(
    func: Callable[..., Any],
    inputs: Tensor | Tensors,
    v: Tensor | Tensors | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """The value of ``func``, which returns one element, and the product of its second derivatives with ``v``.

    :func:`vhp` gives the same, sooner, where the derivatives are continuous.

    Args:
        func: From tensors to a tensor of one element.
        inputs: What to call it with.
        v: Of the shapes of the inputs; None stands for 1, for an input of one element.
        create_graph: As for :func:`jacobian`.
        strict: As for :func:`jacobian`.

    Returns:
        ``(value, product)``; the product is like the inputs.

    Raises:
        RuntimeError: ``func`` returns something else, ``v`` does not fit, or ``strict`` found something.
        TypeError: An input or output is no Tensor.
    """
    return _second("hvp", func, inputs, v, create_graph, strict, push=True)


# --- what they share


def _tensors(what: str, given: Any) -> tuple[Tensors, bool]:
    several = isinstance(given, (tuple, list))
    values = tuple(given) if several else (given,)
    for i, x in enumerate(values):
        if not isinstance(x, Tensor):
            raise ArgumentTypeError(
                f"The {what} must be either a Tensor or a tuple of Tensors but the value at index {i} has type "
                f"{type(x).__name__}."
            )
    return values, several


def _opened(name: str, inputs: Any, create_graph: bool) -> tuple[Tensors, bool]:
    """The inputs as places of their own to differentiate by: new leaves, or results of what they were."""
    xs, several = _tensors(f"inputs given to {name}", inputs)
    if create_graph:
        return tuple([tracked(x) for x in xs]), several
    return tuple([x.detach().requires_grad_() for x in xs]), several


def _outputs(name: str, given: Any) -> tuple[Tensors, bool]:
    return _tensors(f"outputs of the user-provided function given to {name}", given)


def _scalar(name: str, given: Any) -> Tensor:
    (out, *more), several = _outputs(name, given)
    if several or more:
        raise GradError(f"The function given to {name} should return a single Tensor")
    if out.numel() != 1:
        raise GradError(
            f"The Tensor returned by the function given to {name} should contain a single element, got shape "
            f"{tuple(out.shape)}"
        )
    return out.reshape(())


def _vectors(name: str, v: Any, like: Sequence[Tensor]) -> Tensors:
    vs, _ = _tensors(f"v given to {name}", v)
    if len(vs) != len(like):
        raise GradError(f"v is a tuple of invalid length: should be {len(like)} but got {len(vs)}.")
    for i, (a, b) in enumerate(zip(vs, like, strict=True)):
        if a.shape != b.shape:
            raise GradError(f"Entry {i} of v has invalid size: should be {list(b.shape)} but got {list(a.shape)}.")
    return vs


def _directions(name: str, v: Any, xs: Tensors) -> Tensors:
    if v is not None:
        return _vectors(name, v, xs)
    if len(xs) != 1 or xs[0].numel() != 1:
        raise GradError(
            "The vector v can only be None if the input to the user-provided function is a single Tensor with a single "
            "element."
        )
    return (xs[0].new_ones(xs[0].shape),)


def _check_outputs(outputs: Sequence[Tensor], strict: bool) -> None:
    for i, out in enumerate(outputs):
        if strict and not out.requires_grad:
            raise GradError(
                f"Output {i} of the user-provided function does not require gradient. The outputs must be computed in "
                "a differentiable manner from the input when running in strict mode."
            )


def _check_results(results: Sequence[Tensor], what: str) -> None:
    for i, g in enumerate(results):
        if not g.requires_grad:
            raise GradError(
                f"The {what} of the user-provided function is independent of input {i}. This is not allowed in strict "
                "mode when create_graph=True."
            )


def _products(
    outputs: Sequence[Tensor], xs: Tensors, vs: Tensors, create_graph: bool, strict: bool, what: str
) -> Tensors:
    """``vs`` times the Jacobian of ``outputs``; zeros where they do not depend on an input."""
    live = [(o, v) for o, v in zip(outputs, vs, strict=True) if o.requires_grad]
    found: tuple[Tensor | None, ...] = (None,) * len(xs)
    if live:
        found = autograd.grad([o for o, _ in live], xs, [v for _, v in live], True, create_graph, allow_unused=True)
    if strict and any(g is None for g in found):
        i = next(i for i, g in enumerate(found) if g is None)
        raise GradError(
            f"The {what} of the user-provided function is independent of input {i}. This is not allowed in strict mode."
        )
    results = tuple([x.new_zeros(x.shape) if g is None else g for g, x in zip(found, xs, strict=True)])
    if strict and create_graph:
        _check_results(results, what)
    return results


def _pushed(outputs: Sequence[Tensor], xs: Tensors, vs: Tensors, create_graph: bool, strict: bool) -> Tensors:
    """The Jacobian of ``outputs`` times ``vs``: the derivative, by ``us``, of the product of ``us`` with it."""
    us = tuple([o.new_zeros(o.shape).requires_grad_() for o in outputs])
    pulled = _products(outputs, xs, us, True, strict, "jacobian")
    return _products(pulled, us, vs, create_graph, strict, "jvp")


def _result(values: Tensors, several: bool, create_graph: bool) -> Any:
    found = values if create_graph else tuple([x.detach() for x in values])
    return found if several else found[0]


__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]
