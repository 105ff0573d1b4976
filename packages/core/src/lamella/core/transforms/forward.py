"""Derivatives along directions: ``jvp``, ``jacfwd``, ``hessian``, ``linearize``.

Each tensor goes with its tangent, the derivative along the direction. The tangent of an op's result follows from the
op's record: an elementwise op multiplies by the same number forward as backward, so its gradient rule serves; an op
that is linear in an input is its own derivative; and the derivative of any other is that of its gradient rule by the
incoming gradient, in which the rule is linear.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from lamella.core import autograd, trees
from lamella.core.algebra import TENSORS
from lamella.core.dtypes import DIFFERENTIABLE
from lamella.core.errors import ArgumentTypeError, GradError
from lamella.core.modes import enable_grad, inference_mode
from lamella.core.op import GRAD, OPS, OUT, Op
from lamella.core.ops import creation
from lamella.core.tensor import Tensor
from lamella.core.transforms.batching import ELEMENTWISE, vmap
from lamella.core.transforms.reverse import (
    Argnums,
    basis_of,
    chosen_of,
    jacrev,
    reaches_beyond,
    replaced,
    savable,
    tracked,
    with_aux,
)
from lamella.core.transforms.wrapped import Level, Wrapped, refuse_escaped, without_graph


class Dual(Wrapped):
    """A tensor and its tangent, of the same shape and dtype."""

    __slots__ = ("tangent",)

    tangent: Tensor

    def detach(self) -> Tensor:
        return self.held.detach()


class Forward(Level):
    """Computes the tangent of each result along with it."""

    kind = Dual

    def dual(self, primal: Tensor, tangent: Tensor | None) -> Tensor:
        """A tensor with its tangent; without one it is constant, and stays as it is."""
        if tangent is None:
            return primal
        made: Dual = self.wrap(primal)
        made.tangent = tangent
        return made

    def adopted(self, made: Tensor, input: Any) -> Tensor:
        if made.array.dtype not in DIFFERENTIABLE:
            return made
        # of the levels of the primal, and of those of the other tangent: jacfwd has one for each column
        tangent = input.tangent.new_zeros(made.shape, dtype=made.dtype)
        return self.dual(made, creation.alike(tangent, made))

    def again(self, x: Tensor, primal: Tensor) -> Tensor:
        """``primal`` with the tangent of ``x``."""
        return self.dual(primal, self.tangent_of(x))

    def without_graph(self, x: Any) -> Any:
        return self.dual(without_graph(x.held), without_graph(x.tangent))

    def primal_of(self, value: Any) -> Any:
        """``value`` without its tangent."""
        if isinstance(value, (tuple, list)):
            return type(value)(map(self.primal_of, value))
        if self.owns(value):
            return value.held
        refuse_escaped(value)
        return value

    def tangent_of(self, value: Any) -> Tensor | None:
        """The tangent of ``value``; None if it is constant."""
        return value.tangent if isinstance(value, Dual) and value.level is self else None

    def process(self, op: Op, inputs: tuple[Any, ...], attrs: tuple[Any, ...]) -> Any:
        given = tuple(inputs[0]) if op.variadic else inputs
        tangents = [self.tangent_of(x) for x in given]
        primals = [self.primal_of(x) for x in given]
        bound = (primals,) if op.variadic else tuple(primals)
        result = self.run(op, bound, attrs)
        if all(t is None for t in tangents):
            return result
        if not op.differentiable:
            return result
        with self.outside():
            moved = _tangents(op, primals, tangents, attrs, result)
        if type(result) in (tuple, list):
            return tuple([self.dual(r, t) for r, t in zip(result, moved, strict=True)])
        return self.dual(result, moved)

    def change(self, target: Tensor, result: Tensor) -> Tensor:
        """In-place ops: ``target`` becomes ``result``, its tangent too.

        Raises:
            RuntimeError: The result has a tangent, but the target is constant.
        """
        tangent = self.tangent_of(result)
        if tangent is not None and not self.owns(target):
            raise GradError(
                "jvp: an in-place op would write a value that depends on the direction into a tensor that does not. "
                "Use the out-of-place op, or make the tensor from one of jvp's inputs."
            )
        with self.outside():
            self.primal_of(target).copy_(self.primal_of(result))
            own = self.tangent_of(target)
            if own is not None:
                own.zero_() if tangent is None else own.copy_(tangent)
        return target

    def gradients(
        self,
        outputs: Sequence[Tensor],
        grads: Sequence[Tensor],
        inputs: Sequence[Tensor],
        batch: tuple[int, ...],
        create_graph: bool,
        keep: bool,
    ) -> list[Tensor | None]:
        # With g(u) the gradient for the incoming gradient u, the tangent of g(u) is g(tangent of u) plus the gradient
        # of the outputs' own tangents: both were recorded, as functions of the same inputs.
        primals = [self.primal_of(x) for x in outputs]
        starts = [self.primal_of(g) for g in grads]
        sources = [self.primal_of(x) for x in inputs]
        varied = [(t, g) for x, g in zip(outputs, starts, strict=True) if (t := self.tangent_of(x)) is not None]
        pushed = [(x, t) for x, g in zip(primals, grads, strict=True) if (t := self.tangent_of(g)) is not None]
        more = [pair for pair in (varied, pushed) if pair]
        with self.outside():
            found = autograd.gradients(primals, starts, sources, batch, create_graph, keep or bool(more))
            tangents: list[Tensor | None] = [None] * len(sources)
            for i, pairs in enumerate(more):
                last = i == len(more) - 1
                ys = [y for y, _ in pairs]
                us = [u for _, u in pairs]
                part = autograd.gradients(ys, us, sources, batch, create_graph, keep or not last)
                tangents = [_sum(a, b) for a, b in zip(tangents, part, strict=True)]
        results: list[Tensor | None] = []
        for g, t in zip(found, tangents, strict=True):
            if t is None:
                results.append(g)
            else:
                results.append(self.dual(t.new_zeros(t.shape) if g is None else g, t))
        return results


def _sum(a: Tensor | None, b: Tensor | None) -> Tensor | None:
    if a is None or b is None:
        return b if a is None else a
    total: Tensor = OPS["add"].call(a, b)
    return total


def _tangents(op: Op, primals: list[Any], tangents: list[Tensor | None], attrs: tuple[Any, ...], result: Any) -> Any:
    """The tangent of an op's result, or of each of its results; None for one that is constant."""
    several = type(result) in (tuple, list)
    if not several and result.array.dtype not in DIFFERENTIABLE:
        return None
    moving = {i for i, t in enumerate(tangents) if t is not None}
    numbers = [x for x in (*primals, result) if isinstance(x, Tensor)] if not several else []
    real = all(x.array.dtype.kind != "c" for x in numbers)
    if not several and not op.view and op.shape in ELEMENTWISE and not op.together and real:
        return _elementwise(op, primals, tangents, attrs, result)
    if op.variadic and op.linear:
        filled = [p.new_zeros(p.shape) if t is None else t for p, t in zip(primals, tangents, strict=True)]
        return op.call(filled, *attrs)
    # the tangent of a view is a view of the tangent, so that a change in place through it reaches both
    if not op.variadic and (op.view or all(op.inputs[i] in op.linear for i in moving)):
        return _linear(op, primals, tangents, attrs, several)
    return _through_gradient(op, primals, tangents, attrs, result)


def _elementwise(
    op: Op, primals: list[Any], tangents: list[Tensor | None], attrs: tuple[Any, ...], result: Tensor
) -> Tensor | None:
    total: Tensor | None = None
    shape = tuple(result.array.shape)
    shapes = tuple([getattr(getattr(p, "array", None), "shape", None) for p in primals])
    known = dict(zip(op.inputs + op.attributes, (*primals, *attrs), strict=True))
    known |= dict(zip([f"{name}_shape" for name in op.inputs], shapes, strict=True))
    for pair, given in zip(op.rules, tangents, strict=True):
        if pair is None or given is None:
            continue
        tangent = given
        if tuple(tangent.array.shape) != shape:
            tangent = OPS["expand"].call(_with_ndim(tangent, len(shape)), shape)
        if tangent.array.dtype != result.array.dtype:
            tangent = OPS["cast"].call(tangent, result.array.dtype)
        rule = pair[0]
        names = rule.__code__.co_varnames[1 : rule.__code__.co_argcount]
        asked = {**known, GRAD: tangent, OUT: result}
        part = rule(TENSORS.F, *[asked[name] for name in names])
        if part is not None:
            total = _sum(total, part)
    if any(total is t for t in tangents):  # it may be changed in place, and so may the other's
        total = OPS["clone"].call(total)
    return total


def _with_ndim(x: Tensor, ndim: int) -> Tensor:
    shape = tuple(x.array.shape)
    padded: Tensor = OPS["reshape"].call(x, ((1,) * (ndim - len(shape)) + shape))
    return padded


def _linear(op: Op, primals: list[Any], tangents: list[Tensor | None], attrs: tuple[Any, ...], several: bool) -> Any:
    totals: list[Tensor | None] | None = None
    for i, tangent in enumerate(tangents):
        if tangent is None:
            continue
        part = op.call(*[tangent if j == i else p for j, p in enumerate(primals)], *attrs)
        parts = list(part) if several else [part]
        totals = parts if totals is None else [_sum(a, b) for a, b in zip(totals, parts, strict=True)]
    assert totals is not None, "some input has a tangent"
    return totals if several else totals[0]


def _through_gradient(
    op: Op, primals: list[Any], tangents: list[Tensor | None], attrs: tuple[Any, ...], result: Any
) -> Any:
    """By the gradient rule: J t is the derivative by u of the inner product of t with the gradient for u."""
    with inference_mode(False), enable_grad():
        tangents = [t if t is None else savable(t) for t in tangents]
        inputs = [p if t is None else tracked(p) for p, t in zip(primals, tangents, strict=True)]
        again = op.call(inputs, *attrs) if op.variadic else op.call(*inputs, *attrs)
        outputs = list(again) if type(result) in (tuple, list) else [again]
        live = [y for y in outputs if y.requires_grad]
        if not live:
            return [None] * len(outputs) if type(result) in (tuple, list) else None
        us = [tracked(y.new_zeros(y.shape)) for y in live]
        moving = [i for i, t in enumerate(tangents) if t is not None]
        found = autograd.gradients(live, us, [inputs[i] for i in moving], (), True, True)
        pairs = [(g, tangents[i]) for g, i in zip(found, moving, strict=True) if g is not None and g.requires_grad]
        pulled: list[Tensor | None] = [None] * len(us)
        if pairs:
            pulled = autograd.gradients([g for g, _ in pairs], [t for _, t in pairs], us, (), True, True)  # type: ignore[misc]  # none of the tangents is None
    given = [t for t in pulled if t is not None]
    if not reaches_beyond(given, [*us, *(inputs[i] for i in moving)]):
        pulled = [None if t is None else without_graph(t) for t in pulled]
    by_output = dict(zip(map(id, live), pulled, strict=True))
    every = [by_output.get(id(y)) for y in outputs]
    return every if type(result) in (tuple, list) else every[0]


# --- the transforms


def jvp(
    func: Callable[..., Any],
    primals: tuple[Any, ...],
    tangents: tuple[Any, ...],
    *,
    strict: bool = False,
    has_aux: bool = False,
) -> Any:
    """The value of ``func`` and its derivative along a direction.

    Args:
        func: Returns tensors or a tree of them; with ``has_aux`` a tuple of that and anything else.
        primals: The arguments, tensors or trees of them.
        tangents: The direction: a tree like the arguments, of the same shapes.
        strict: Refuse a result that does not depend on the arguments, instead of giving zeros.
        has_aux: Whether the function returns something besides.

    Returns:
        ``(value, derivative)``, with ``has_aux`` ``(value, derivative, aux)``.

    Raises:
        TypeError: ``primals`` or ``tangents`` is no tuple.
        RuntimeError: They differ in structure or shape; with ``strict``, a result is constant.

    Example:
        >>> import lamella
        >>> lamella.func.jvp(lamella.sin, (lamella.tensor(0.0),), (lamella.tensor(3.0),))
        (tensor(0.), tensor(3.))
    """
    for what, given in (("primals", primals), ("tangents", tangents)):
        if not isinstance(given, tuple):
            raise ArgumentTypeError(
                f"jvp(f, primals, tangents): expected {what} to be a tuple, got {type(given).__name__}"
            )
    leaves, structure = trees.flatten(primals)
    directions, of_directions = trees.flatten(tangents)
    if structure != of_directions:
        raise GradError(
            "jvp(f, primals, tangents): expected primals and tangents to have the same structure, got "
            f"{trees.describe(primals)} and {trees.describe(tangents)}"
        )
    for x, t in zip(leaves, directions, strict=True):
        if not (isinstance(x, Tensor) and isinstance(t, Tensor)):
            raise GradError("jvp(f, primals, tangents): expected primals and tangents to be Tensors")
        if x.shape != t.shape:
            raise GradError(
                f"jvp: expected primal and tangent to have the same shape, got {tuple(x.shape)} and {tuple(t.shape)}"
            )
    directions = [savable(t) for t in directions]
    with Forward() as level:
        duals = [
            level.dual(x, t if t.dtype == x.dtype else t.to(x.dtype)) for x, t in zip(leaves, directions, strict=True)
        ]
        result = func(*structure.build(iter(duals)))
    aux = None
    if has_aux:
        result, aux = with_aux("jvp", result)
    outputs, of_result = trees.flatten(result)
    for x in outputs:
        if not isinstance(x, Tensor):
            raise GradError(f"jvp: expected the function to return only Tensors, got {type(x).__name__}")
    values = [level.primal_of(x) for x in outputs]
    moved = [level.tangent_of(x) for x in outputs]
    if strict and any(t is None for t in moved):
        raise GradError(
            "jvp(f, primals, tangents, strict=True): the output of f is independent of the inputs. This is not allowed "
            "with strict=True."
        )
    derivatives = [v.new_zeros(v.shape) if t is None else t for v, t in zip(values, moved, strict=True)]
    value, derivative = of_result.build(iter(values)), of_result.build(iter(derivatives))
    if has_aux:
        return value, derivative, trees.map_leaves(level.primal_of, aux)
    return value, derivative


def jacfwd(
    func: Callable[..., Any],
    argnums: Argnums = 0,
    has_aux: bool = False,
    *,
    randomness: str = "error",
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """A function that computes the Jacobian of ``func`` column by column, all columns at once, by forward mode.

    Fewer inputs than outputs make this the cheaper one of it and :func:`jacrev`.

    Args:
        func: Returns tensors or a tree of them; with ``has_aux`` a tuple of that and anything else.
        argnums: Which arguments to differentiate by; a tuple gives a tuple for each output.
        has_aux: Whether the function returns something besides.
        randomness: See :func:`vmap`.
        chunk_size: How many columns to compute at once; None for all.

    Returns:
        A function of the same arguments; shapes and nesting as for :func:`jacrev`.
    """

    @functools.wraps(func)
    def jacobian(*args: Any, **kwargs: Any) -> Any:
        chosen = chosen_of(args, argnums)
        leaves, structure = trees.flatten(tuple(chosen))
        sizes = [x.numel() for x in leaves]

        def of_chosen(*picked: Any) -> Any:
            return func(*replaced(args, argnums, picked), **kwargs)

        def push(*directions: Tensor) -> Any:
            _, derivative, *aux = jvp(of_chosen, tuple(chosen), structure.build(iter(directions)), has_aux=has_aux)
            return (derivative, aux[0]) if has_aux else derivative

        basis = basis_of(leaves)
        out_dims = (0, None) if has_aux else 0
        found = vmap(push, randomness=randomness, out_dims=out_dims, chunk_size=chunk_size)(*basis)
        derivatives, aux = found if has_aux else (found, None)

        def nested(columns_of: Tensor) -> Any:
            # (columns, *O) -> (*O, columns), split by argument
            last = columns_of.movedim(0, -1)
            parts = last.split(sizes, -1)
            shaped = [p.reshape(*p.shape[:-1], *x.shape) for p, x in zip(parts, leaves, strict=True)]
            tree = structure.build(iter(shaped))
            return tree if isinstance(argnums, tuple) else tree[0]

        jacobians = trees.map_leaves(nested, derivatives)
        return (jacobians, aux) if has_aux else jacobians

    return jacobian


def hessian(func: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """A function that computes the second derivatives of ``func``: :func:`jacfwd` of :func:`jacrev`."""
    return jacfwd(jacrev(func, argnums), argnums)


def linearize(func: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[..., Any]]:
    """The value of ``func``, and the function from a direction to the derivative along it.

    Args:
        func: Returns tensors or a tree of them.
        primals: The arguments, tensors or trees of them.

    Returns:
        ``(value, jvp_fn)``; ``jvp_fn(*tangents)`` takes a direction for each argument.
    """
    _, structure = trees.flatten(primals)

    def jvp_fn(*tangents: Any) -> Any:
        if trees.flatten(tangents)[1] != structure:
            raise GradError(
                "Expected the tangents to have the same structure as the primals, got "
                f"{trees.describe(tangents)} for {trees.describe(primals)}"
            )
        return jvp(func, primals, tangents)[1]

    return func(*primals), jvp_fn


__all__ = ["Dual", "Forward", "hessian", "jacfwd", "jvp", "linearize"]
