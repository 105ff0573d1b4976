"""Checks of the ways to call an op: as a method, in place, under an interpreter, with other kernels, wrongly."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from lamella.core import autograd, dtypes
from lamella.core.backends import kernels
from lamella.core.dispatch import Interpreter
from lamella.core.op import OPS, Op
from lamella.core.tensor import Tensor
from lamella.core.testing.calls import OpCall, each_array
from lamella.core.testing.samples import FailingCall, Make
from lamella.core.testing.subject import (
    Subject,
    arrays_of,
    assert_all_same,
    assert_raises,
    assert_same,
    converted,
    flat,
    reproducible,
)


def method_and_in_place_forms_agree(subject: Subject) -> None:
    """``x.op(…)`` and ``x.op_(…)``, where there are such, give what ``op(x, …)`` gives; also their gradients."""
    method, in_place = (_method(subject.op, name) for name in (subject.op.name, f"{subject.op.name}_"))
    for call in subject.calls:
        if subject.op.variadic or not isinstance(call.inputs[0], np.ndarray):
            continue
        expected = call.values()
        if method is not None:
            with reproducible(call, "as a method"):
                assert_all_same(arrays_of(_called(method, call, call.tensors())), expected)
        fits = expected[0].shape == call.arrays[0].shape and expected[0].dtype == call.arrays[0].dtype
        if in_place is not None and fits:
            with reproducible(call, "in place"):
                _check_in_place(in_place, call, expected)


def _method(op: Op, name: str) -> Callable[..., Any] | None:
    """The method of that name as a function of the op's inputs and attributes; None if it does not take these."""
    method = getattr(Tensor, name, None)
    if isinstance(method, property):  # x.real
        return method.fget
    if method is None or inspect.unwrap(method) is op.call:
        return method
    parameters = inspect.signature(method).parameters
    first, rest = list(parameters)[: len(op.inputs)], list(parameters.values())[len(op.inputs) :]
    if tuple(first) != op.inputs:
        return None
    if len(op.attributes) == 1 and rest[0].kind is inspect.Parameter.VAR_POSITIONAL:  # permute(x, *dims)
        return method
    public = ["dim" if a == "dims" else a for a in op.attributes]
    if not set(public) <= set(parameters):
        return None
    count = len(op.inputs)
    return lambda *given: method(*given[:count], **dict(zip(public, given[count:], strict=True)))


def _called(function: Callable[..., Any], call: OpCall, tensors: list[Tensor]) -> list[Tensor]:
    result = function(*call.filled(tensors), *call.attributes)
    return list(result) if isinstance(result, tuple) else [result]


def _check_in_place(in_place: Callable[..., Any], call: OpCall, expected: list[np.ndarray]) -> None:
    def form(target: Tensor, others: list[Tensor]) -> Tensor:
        (changed,) = _called(in_place, call, [target, *others])
        assert changed is target, "an in-place op returns the tensor it changed"
        return target

    target, *others = [Tensor._wrap(np.array(a)) for a in call.arrays]
    assert_same(form(target, others).array, expected[0])
    if any(call.differentiable):
        cotangents = call.cotangents()
        leaves = call.leaves()
        target = OPS["clone"].call(leaves[0])
        form(target, leaves[1:])
        wanted = [leaf for leaf in leaves if leaf.requires_grad]
        found = autograd.grad(target, wanted, Tensor._wrap(cotangents[0]), allow_unused=True)
        kept = [g for g, leaf in zip(call.gradients(cotangents), leaves, strict=True) if leaf.requires_grad]
        assert_all_same(arrays_of(found), arrays_of(kept))


def interpreter_sees_the_op(subject: Subject) -> None:
    """An interpreter sees this op, once and no other, with its attributes; what it runs gives the same."""
    for call in subject.calls:
        with reproducible(call), _Recorder() as recorder:
            results = [t.array for t in call.run()]
        assert_all_same(results, call.values())
        assert recorder.seen == [(subject.op, call.attributes)], f"{call!r}: an interpreter saw {recorder.seen}"


class _Recorder(Interpreter):
    def __init__(self) -> None:
        self.seen: list[tuple[Op, tuple[Any, ...]]] = []

    def process(self, op: Op, inputs: tuple[Any, ...], attrs: tuple[Any, ...]) -> Any:
        self.seen.append((op, attrs))
        return self.run(op, inputs, attrs)


def kernels_agree(subject: Subject) -> None:
    """The chosen kernels give what the op's own forward gives, also in the gradient."""
    for call in subject.calls:
        for variant in (call, converted(call, dtypes.float32)):
            with reproducible(variant):
                cotangents = variant.cotangents()
                values, gradients = variant.values(), arrays_of(variant.gradients(cotangents))
                with kernels.use(kernels.REFERENCE):
                    assert_all_same(values, variant.values())
                    assert_all_same(gradients, arrays_of(variant.gradients(cotangents)))


def errors_are_raised(subject: Subject) -> None:
    """Each call in ``errors`` raises what it should, with a message that says what it should."""
    if subject.op.errors is None:
        return
    for failing in flat(subject.op.errors(Make(subject.op.name))):
        assert isinstance(failing, FailingCall), "an op's errors are made with make.error() and make.mismatch()"
        with reproducible(failing):
            args = each_array(failing.args, Tensor._wrap)
            assert_raises(lambda: subject.op.call(*args, **failing.kwargs), failing.error, failing.match)  # noqa: B023  # called at once


#: In the order in which they run.
CHECKS = (
    method_and_in_place_forms_agree,
    interpreter_sees_the_op,
    kernels_agree,
    errors_are_raised,
)

__all__ = ["CHECKS"]
