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


def _forward(function: type[Function], level: Forward, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    primals = tuple([level.primal_of(a) for a in args])
    tangents = [level.tangent_of(a) for a in args]
    with level.outside():
        beyond = modes.innermost_level()
        ctx = Context()
        if beyond is None:
            result = function._apply(ctx, primals, kwargs)
        else:  # a level further out records by itself; the jvp needs what this forward has kept
            result = function._computed(ctx, primals, kwargs)
            ctx._seal(())
            if any(beyond.owns(a) and a.requires_grad for a in primals):
                result = function.apply(*primals, **kwargs)
        if ctx._for_forward is not None:
            kept, ctx._saved = ctx._saved, ()
            ctx._seal_for_forward()
        moved_by = function.jvp(ctx, *tangents)
        if ctx._for_forward is not None:
            ctx._saved = kept
    raise NotImplementedError(result, moved_by)
