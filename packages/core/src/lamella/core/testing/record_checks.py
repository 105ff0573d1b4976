"""Checks of what an op's record says: complete, and true of shapes, dtypes, memory and values."""

from __future__ import annotations

from typing import Any

import numpy as np

from lamella.core import dtypes, rules
from lamella.core.devices import device
from lamella.core.errors import DtypeError
from lamella.core.testing.subject import (
    Subject,
    accepted,
    arrays_of,
    assert_all_same,
    assert_raises,
    assert_same,
    converted,
    reproducible,
    shape_of,
    widened,
)


def record_is_complete(subject: Subject) -> None:
    """The op has a docstring, samples, a reference, plain attributes, and gradient rules if it can have them."""
    op = subject.op
    assert op.forward.__doc__, f"{op.name} has no docstring"
    assert subject.calls, f"{op.name} has no samples: nothing shows that it works"
    assert subject.reference is not None, f"{op.name} has no reference function to compare it with"
    for call in subject.calls:
        with reproducible(call):
            assert all(map(_plain, call.attributes)), f"{op.name}: attributes must be plain values"
            if not op.rules:
                floating = {array.dtype.kind for array in call.arrays} & set("fc")
                results = {value.dtype.kind for value in call.values()} & set("fc")
                assert not (floating and results), (
                    f"{op.name} makes floats of floats, but has no gradient rules. Attach them with {op.name}.vjp(…), "
                    "None for an input that has no gradient."
                )


def _plain(value: Any) -> bool:
    if isinstance(value, tuple):
        return all(map(_plain, value))
    if isinstance(value, slice):
        return _plain((value.start, value.stop, value.step))
    return value is None or isinstance(value, (bool, int, float, complex, str, np.dtype, dtypes.dtype, device))


# --- forward


def matches_reference(subject: Subject) -> None:
    """In float64 and in float32 the results are those of the reference."""
    assert subject.reference is not None, "there is no reference to compare with"
    for call in subject.calls:
        for variant in (call, converted(call, dtypes.float32)):
            with reproducible(variant):
                wide = variant.with_arrays([widened(a) for a in variant.arrays])
                expected = subject.reference(*wide.inputs, *wide.attributes)
                expected = list(expected) if isinstance(expected, (tuple, list)) else [expected]
                results = variant.values()
                assert len(results) == len(expected), f"{len(results)} results, expected {len(expected)}"
                for result, right in zip(results, expected, strict=True):
                    assert_same(result, right)


def shape_rule_holds(subject: Subject) -> None:
    """The shape rule, which sees no data, says the shapes of the results; and results are arrays, never scalars."""
    op = subject.op
    for call in subject.calls:
        with reproducible(call):
            said = op.shape(*map(shape_of, call.inputs), *call.attributes)
            results = call.values()
            assert all(isinstance(r, np.ndarray) for r in results), "a result is a NumPy scalar"
            actual = [r.shape for r in results]
            said = [tuple(s) for s in said] if isinstance(said, list) else [tuple(said)]
            assert said == actual, f"the shape rule says {said}, the results have {actual}"


def dtype_rule_holds(subject: Subject) -> None:
    """For every dtype the result has the dtype that the rule says; what it refuses raises DtypeError."""
    op = subject.op
    for call in subject.calls:
        for dtype in dtypes.ALL:
            variant = converted(call, dtype)
            with reproducible(variant):
                operands = variant.inputs[0] if op.variadic else variant.inputs
                try:
                    _, said = op.dtype.find(list(operands), *variant.attributes)
                except DtypeError:
                    assert_raises(variant.run, DtypeError, "")
                    continue
                actual = [value.dtype for value in variant.values()]
                said = list(said) if isinstance(said, (list, tuple)) else [said] * len(actual)
                assert said == actual, f"the dtype rule says {said}, the results have {actual}"


def integers_match_floats(subject: Subject) -> None:
    """On integers the results are those on floats of the same values."""
    for call in subject.calls:
        whole = converted(call, dtypes.int64)
        floats = whole.with_arrays(
            [w.astype(np.float64) if a.dtype.kind == "f" else w for w, a in zip(whole.arrays, call.arrays, strict=True)]
        )
        if accepted(whole) and accepted(floats):
            with reproducible(whole):
                for result, right in zip(whole.values(), floats.values(), strict=True):
                    if result.dtype.kind not in "iu" or not any(isinstance(x, float) for x in whole.inputs):
                        assert_same(result, right)  # a number such as 1.5 may be stored as a whole one


def memory_is_as_claimed(subject: Subject) -> None:
    """A view shares memory with its first input; any other result with no input."""
    shared = [
        any(np.shares_memory(value, array) for value in call.values() for array in call.arrays)
        for call in subject.calls
        if sum(value.size for value in call.values())
    ]
    if subject.op.view:
        assert any(shared), f"{subject.op.name} is called a view, but no sample shares memory with its input"
    else:
        assert not any(shared), f"{subject.op.name} is not called a view, but returns its input's memory"


def broadcasting_is_expanding(subject: Subject) -> None:
    """An op that broadcasts gives what it gives on inputs expanded beforehand, and gradients summed over what was."""
    if subject.op.shape is not rules.broadcast:
        return
    for call in subject.calls:
        if len(call.arrays) < 2 or min(a.ndim for a in call.arrays) < 2:
            continue
        first, *others = call.arrays
        narrow = call.with_arrays([first[..., :1], *(a[:1] for a in others)])
        with reproducible(narrow):
            wide = narrow.with_arrays([np.array(a) for a in np.broadcast_arrays(*narrow.arrays)])
            assert_all_same(narrow.values(), wide.values())
            cotangents = wide.cotangents()
            for g, whole, array in zip(
                arrays_of(narrow.gradients(cotangents)),
                arrays_of(wide.gradients(cotangents)),
                narrow.arrays,
                strict=True,
            ):
                if whole is not None:
                    axes = tuple(i for i, size in enumerate(array.shape) if size == 1)
                    assert_same(g, whole.sum(axes, keepdims=True))


#: In the order in which they run.
CHECKS = (
    record_is_complete,
    matches_reference,
    shape_rule_holds,
    dtype_rule_holds,
    integers_match_floats,
    memory_is_as_claimed,
    broadcasting_is_expanding,
)

__all__ = ["CHECKS"]
