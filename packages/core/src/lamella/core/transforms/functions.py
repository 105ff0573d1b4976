"""User-written ``Function`` s within the levels of the transforms: their ``jvp`` and their ``vmap``."""

from __future__ import annotations

from typing import Any

from lamella.core import modes, trees
from lamella.core.errors import GradError
from lamella.core.function import Context, Function, VmapInfo
from lamella.core.tensor import Tensor
from lamella.core.transforms.batching import Batch, moved
from lamella.core.transforms.forward import Forward
from lamella.core.transforms.wrapped import Level, refuse_escaped


def apply_in_level(function: type[Function], level: Level, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """``function.apply(*args, **kwargs)`` where ``level`` is the innermost.

    Raises:
        RuntimeError: It is a vmap, and the function does not say how to run on all samples.
        NotImplementedError: A tangent is wanted, and the function has no ``jvp``.
    """
    owned = [level.owns(a) for a in args]
    for a, own in zip(args, owned, strict=True):
        if not own:
            refuse_escaped(a)
    if not any(owned):
        with level.outside():
            return function.apply(*args, **kwargs)
    if isinstance(level, Forward):
        return _forward(function, level, args, kwargs)
    assert isinstance(level, Batch), "there are two kinds of levels"
    if function.generate_vmap_rule and function.vmap is not None:
        raise GradError(
            f"You tried to vmap over {function.__name__}, but it has both generate_vmap_rule=True and an overridden "
            "vmap staticmethod. Please set generate_vmap_rule=False or delete the overridden vmap staticmethod to "
            "avoid ambiguity."
        )
    if function.vmap is not None:
        return _by_its_own_rule(function, level, args, owned)
    if not function.generate_vmap_rule:
        raise GradError(
            f"You tried to vmap over {function.__name__}, but it does not have vmap support. Please override and "
            "implement the vmap staticmethod or set generate_vmap_rule=True."
        )
    return _on_all_samples(function, level, args, kwargs, owned)


# --- forward mode


def _forward(function: type[Function], level: Forward, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    primals = tuple([level.primal_of(a) for a in args])
    tangents = [level.tangent_of(a) for a in args]
    with level.outside():
        ctx = Context()
        result = _outward(function, ctx, primals, kwargs)
        if ctx._materialize:
            tangents = [
                a.new_zeros(a.shape) if t is None and isinstance(a, Tensor) else t
                for a, t in zip(primals, tangents, strict=True)
            ]
        ctx._in_jvp = True
        found = function.jvp(ctx, *tangents)
        ctx._in_jvp = False
    outputs = result if isinstance(result, tuple) else (result,)
    moved_by = found if isinstance(found, tuple) else (found,)
    if len(moved_by) != len(outputs):
        raise GradError(
            f"{function.__name__}: jvp returned {len(moved_by)} tangents, expected {len(outputs)}, one for each output "
            "of forward (None where there is none)"
        )
    duals = [_dual(function, level, o, t) for o, t in zip(outputs, moved_by, strict=True)]
    return tuple(duals) if isinstance(result, tuple) else duals[0]


def _outward(function: type[Function], ctx: Context, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """``function.apply(*args, **kwargs)``, after which ``ctx`` knows what its jvp needs."""
    level = modes.innermost_level()
    if level is None:
        result = function._apply(ctx, args, kwargs)
        if ctx._to_save:  # not recorded, and so not kept
            ctx._seal(())
        return result
    if not any(map(level.owns, args)):
        with level.outside():
            return _outward(function, ctx, args, kwargs)
    # the level has contexts of its own, out of reach: compute once more for this one
    ctx.needs_input_grad = tuple([isinstance(a, Tensor) and a.requires_grad for a in args])
    again = function._computed(ctx, args, kwargs)
    result = function.apply(*args, **kwargs)
    several = isinstance(result, tuple)
    places = list(zip(again, result, strict=True)) if several else [(again, result)]
    ctx._to_save = _places(ctx._to_save, places)  # outputs in the graph
    if ctx._for_forward is not None:
        ctx._for_forward = _places(ctx._for_forward, places)
    ctx._seal(())
    return result


def _dual(function: type[Function], level: Forward, output: Any, tangent: Any) -> Any:
    if tangent is not None and tangent.shape != output.shape:
        raise GradError(
            f"{function.__name__}: jvp returned a tangent of shape {tuple(tangent.shape)} for an output of shape "
            f"{tuple(output.shape)}"
        )
    return level.dual(output, tangent) if isinstance(output, Tensor) else output


# --- vmap


def _by_its_own_rule(function: type[Function], level: Batch, args: tuple[Any, ...], owned: list[bool]) -> Any:
    assert function.vmap is not None, "the caller has looked"
    with level.outside():
        inner = [a.held if own else a for a, own in zip(args, owned, strict=True)]
        in_dims = tuple([0 if own else None for own in owned])
        found = function.vmap(VmapInfo(level.size, level.randomness), in_dims, *inner)
        if not (isinstance(found, tuple) and len(found) == 2):
            raise GradError(
                f"{function.__name__}: the vmap staticmethod must return a tuple (outputs, out_dims), got "
                f"{trees.describe(found)}"
            )
        outputs, structure = trees.flatten(found[0])
        dims = trees.spread(found[1], found[0], f"{function.__name__}.vmap: out_dims")
        fronted = [x if d is None else moved(x, d % x.ndim, 0) for x, d in zip(outputs, dims, strict=True)]
    return structure.build(iter([x if d is None else level.wrap(x) for x, d in zip(fronted, dims, strict=True)]))


def _on_all_samples(
    function: type[Function], level: Batch, args: tuple[Any, ...], kwargs: dict[str, Any], owned: list[bool]
) -> Any:
    """By a function of the tensors that hold all samples.

    Forward, backward and jvp of that one run those of ``function`` in ``level``.
    """

    class OfAllSamples(Function):
        generate_vmap_rule = True

        @staticmethod
        def forward(ctx: Any, *inner: Any) -> Any:
            ctx.within = within = Context()
            within.needs_input_grad = ctx.needs_input_grad
            with modes.interpreted(level):
                given = [level.wrap(a) if own else a for a, own in zip(inner, owned, strict=True)]
                result = function._computed(within, tuple(given), kwargs)
            ctx.set_materialize_grads(within._materialize)
            outputs = result if isinstance(result, tuple) else (result,)
            full = [level.full(o) if isinstance(o, Tensor) else o for o in outputs]
            constant = [f for o, f in zip(outputs, full, strict=True) if any(o is c for c in within._constant)]
            ctx.mark_non_differentiable(*constant)
            ctx.mark_dirty(*[a for a, g in zip(inner, given, strict=True) if any(g is d for d in within._dirty)])
            # what is saved, outside of the level; an input or an output as the very tensor that it is there
            ctx.wraps = [level.owns(t) for t in within._to_save]
            places = [*zip(given, inner, strict=True), *zip(outputs, full, strict=True)]
            ctx.save_for_backward(*[_outside(t, level) for t in _places(within._to_save, places)])
            if within._for_forward is not None:
                ctx.forward_wraps = [level.owns(t) for t in within._for_forward]
                ctx.save_for_forward(*[_outside(t, level) for t in _places(within._for_forward, places)])
            return tuple(full) if isinstance(result, tuple) else full[0]

        @staticmethod
        def backward(ctx: Any, *grads: Any) -> Any:
            saved = ctx.saved_tensors
            with Batch(level.size, level.randomness) as again:  # `level` may have ended, or others begun since
                ctx.within._given = _wrapped(saved, ctx.wraps, again)
                found = function._rule()(ctx.within, *[None if g is None else again.wrap(g) for g in grads])
                ctx.within._given = None
            back = found if isinstance(found, tuple) else (found,)
            # an input that all samples share gets the sum of their gradients
            return tuple(
                [
                    None if g is None else again.full(g) if own else again.full(g).sum(0)
                    for g, own in zip(back, owned, strict=False)
                ]
            )

        @staticmethod
        def jvp(ctx: Any, *tangents: Any) -> Any:
            saved = ctx.saved_tensors
            wraps = ctx.wraps if ctx._for_forward is None else ctx.forward_wraps
            with Batch(level.size, level.randomness) as again:
                ctx.within._given = _wrapped(saved, wraps, again)
                given = [t if t is None or not own else again.wrap(t) for t, own in zip(tangents, owned, strict=True)]
                found = function.jvp(ctx.within, *given)
                ctx.within._given = None
            pushed = found if isinstance(found, tuple) else (found,)
            return tuple([None if t is None else again.full(t) for t in pushed])

    OfAllSamples.__name__ = function.__name__
    with level.outside():
        result = OfAllSamples.apply(*[a.held if own else a for a, own in zip(args, owned, strict=True)])
    wrapped = [
        level.wrap(o) if isinstance(o, Tensor) else o for o in (result if isinstance(result, tuple) else (result,))
    ]
    return tuple(wrapped) if isinstance(result, tuple) else wrapped[0]


def _places(tensors: tuple[Any, ...], places: list[tuple[Any, Any]]) -> tuple[Any, ...]:
    """``tensors``, each replaced by the second of the pair in ``places`` of which it is the first."""
    return tuple([next((other for one, other in places if one is t), t) for t in tensors])


def _outside(tensor: Any, level: Batch) -> Any:
    return tensor.held if level.owns(tensor) else tensor


def _wrapped(tensors: tuple[Any, ...], wraps: list[bool], level: Batch) -> tuple[Any, ...]:
    return tuple([level.wrap(t) if own else t for t, own in zip(tensors, wraps, strict=True)])


__all__ = ["apply_in_level"]
