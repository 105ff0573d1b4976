"""Checks of an op's gradient rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from lamella.core import autograd, dtypes
from lamella.core.tensor import Tensor
from lamella.core.testing.calls import OpCall, random_like
from lamella.core.testing.differences import agree, parts, slopes
from lamella.core.testing.subject import (
    Subject,
    accepted,
    arrays_of,
    assert_all_same,
    assert_same,
    converted,
    reproducible,
)


def first_derivatives_hold(subject: Subject) -> None:
    """Gradients are those of finite differences in float64."""
    for call in subject.differentiable:
        with reproducible(call):
            _check_first(call)


def complex_derivatives_hold(subject: Subject) -> None:
    """Where the op takes complex numbers, gradients by them are those of finite differences."""
    for call in subject.differentiable:
        variant = converted(call, dtypes.complex128)
        if accepted(variant):
            with reproducible(variant):
                _check_first(variant)


def _check_first(call: OpCall) -> None:
    cotangents = call.cotangents()
    gradients = call.gradients(cotangents)

    def values(arrays: list[np.ndarray]) -> list[np.ndarray]:
        return call.with_arrays(arrays).values()

    for k, gradient in enumerate(gradients):
        # a rule for all inputs together says by None that one of them has no gradient
        if call.differentiable[k] and (gradient is not None or call.op.together is None):
            _assert_slopes(gradient, call.arrays, k, values, cotangents)


def second_derivatives_hold(subject: Subject) -> None:
    """Gradients of gradients, by the inputs and by the gradient sent in, are those of finite differences in float64."""
    for call in subject.differentiable:
        with reproducible(call):
            _check_second(call)


def _check_second(call: OpCall) -> None:
    cotangents = call.cotangents()
    sent = [c for c in cotangents if c is not None]
    count = len(call.arrays)

    def first_gradients(values: list[np.ndarray]) -> list[np.ndarray | None]:
        left = iter(values[count:])
        given = [None if c is None else next(left) for c in cotangents]
        return arrays_of(call.with_arrays(values[:count]).gradients(given))

    leaves = call.leaves()
    sent_leaves = [Tensor._wrap(c, True) for c in sent]
    left = iter(sent_leaves)
    gradients = call.gradients([None if c is None else next(left) for c in cotangents], leaves, create_graph=True)
    rng = np.random.default_rng(1)
    weights = [None if g is None else random_like(g.array, rng) for g in gradients]
    roots = [(g, Tensor._wrap(w)) for g, w in zip(gradients, weights, strict=True) if g is not None and g.requires_grad]
    arrays = [*call.arrays, *sent]
    wanted = {k: leaf for k, leaf in enumerate([*leaves, *sent_leaves]) if leaf.requires_grad}
    second: tuple[Tensor | None, ...] = (None,) * len(wanted)
    if roots:
        outputs, output_weights = zip(*roots, strict=True)
        second = autograd.grad(outputs, list(wanted.values()), output_weights, allow_unused=True)
    for k, gradient in zip(wanted, second, strict=True):
        _assert_slopes(gradient, arrays, k, first_gradients, weights)


def _assert_slopes(
    gradient: Tensor | None, arrays: list[np.ndarray], which: int, function: Callable[..., Any], weights: list[Any]
) -> None:
    left, right = slopes(function, arrays, which, weights)
    found = parts(np.zeros(arrays[which].shape, arrays[which].dtype) if gradient is None else gradient.array)
    wrong = ~agree(found, left, right)
    if wrong.any():
        at = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise AssertionError(
            f"the gradient to array {which} is {found[at]} at index {at[1:]}, finite differences say {left[at]} "
            f"from the left and {right[at]} from the right; {int(wrong.sum())} of {wrong.size} elements are wrong"
        )


def tensor_rules_match_raw_rules(subject: Subject) -> None:
    """Gradients computed on Tensors, to be differentiated, are those computed on raw arrays; dtypes are the inputs'."""
    for call in subject.differentiable:
        for variant in (call, converted(call, dtypes.float32)):
            with reproducible(variant):
                cotangents = variant.cotangents()
                raw = arrays_of(variant.gradients(cotangents))
                recorded = arrays_of(variant.gradients(cotangents, create_graph=True))
                assert_all_same(recorded, raw)
                for array, g in zip(variant.arrays, raw, strict=True):
                    right = g is None or (g.dtype == array.dtype and g.shape == array.shape)
                    assert right, f"the gradient has shape {g.shape} and dtype {g.dtype}"


def nothing_is_overwritten(subject: Subject) -> None:
    """Inputs (read-only in all checks), results and incoming gradients stay as they are; a leaf owns its gradient."""
    for call in subject.differentiable:
        with reproducible(call):
            leaves = call.leaves()
            results = call.run(leaves)
            held = [*call.arrays]
            for result in results:
                result.array.flags.writeable = False
                held.append(result.array)
            cotangents = call.cotangents()
            wanted = [r.requires_grad for r in results]
            roots = [r for r, w in zip(results, wanted, strict=True) if w]
            incoming = [Tensor._wrap(c) for c, w in zip(cotangents, wanted, strict=True) if w]
            held += [c.array for c in incoming]
            once = arrays_of(call.gradients(cotangents))
            for _ in range(2):
                autograd.backward(roots, incoming, retain_graph=True)
            for leaf, g in zip(leaves, once, strict=True):
                if g is not None:
                    arrived = arrays_of([leaf.grad])[0]
                    assert_same(arrived, 2 * g)
                    shared = any(np.shares_memory(arrived, other) for other in held)
                    assert not shared, "the gradient of a leaf shares memory"


#: In the order in which they run.
CHECKS = (
    first_derivatives_hold,
    complex_derivatives_hold,
    second_derivatives_hold,
    tensor_rules_match_raw_rules,
    nothing_is_overwritten,
)

__all__ = ["CHECKS"]
