"""Checks that two ways to compute an op agree."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from lamella.core import dtypes
from lamella.core.op import OPS
from lamella.core.tensor import Tensor
from lamella.core.testing.calls import OpCall, each_array
from lamella.core.testing.samples import FailingCall, Make
from lamella.core.testing.subject import accepted, assert_all_same, assert_raises, converted, flat, reproducible
from lamella.core.testing.ways import TwoWays, Way, outcome
from lamella.core.transforms import vmap

THREADS = 4


def _precisions(call: OpCall) -> Iterator[OpCall]:
    yield call
    yield converted(call, dtypes.float32)


def forward(subject: TwoWays) -> None:
    """The results have the same values, shapes and dtypes."""
    for call in subject.placed:
        for variant in _precisions(call):
            with reproducible(variant):
                _assert_identical(subject.way.values(variant), subject.right.values(variant))


def _assert_identical(results: list[Any], expected: list[Any]) -> None:
    """Assert that values, shapes and dtypes are the same."""
    assert_all_same(results, expected)
    for result, right in zip(results, expected, strict=True):
        if right is not None:
            assert result.dtype == right.dtype, f"the dtype is {result.dtype}, expected {right.dtype}"


def gradient(subject: TwoWays) -> None:
    """The gradients are the same."""
    for call in subject.slopes:
        for variant in _precisions(call):
            with reproducible(variant):
                cotangents = variant.cotangents()
                _assert_identical(
                    subject.way.gradients(variant, cotangents), subject.right.gradients(variant, cotangents)
                )


def second_gradient(subject: TwoWays) -> None:
    """The gradients of gradients are the same."""
    for call in subject.slopes:
        with reproducible(call):
            cotangents = call.cotangents()
            _assert_identical(
                subject.way.second_gradients(call, cotangents), subject.right.second_gradients(call, cotangents)
            )


def every_dtype(subject: TwoWays) -> None:
    """Of every dtype that the backend holds, the results are the same, or the same error."""
    for call in subject.placed:
        for dtype in dtypes.ALL:
            variant = converted(call, dtype)
            if not all(subject.way.holds(a.dtype) for a in variant.arrays):
                continue
            with reproducible(variant):
                right = outcome(lambda: subject.right.values(variant))  # noqa: B023  # called at once
                if isinstance(right, type):
                    found = outcome(lambda: subject.way.values(variant))  # noqa: B023  # called at once
                    assert found is right, f"expected {right.__name__}, got {found}"
                elif all(subject.way.holds(value.dtype) for value in right):
                    _assert_identical(subject.way.values(variant), right)


def layouts(subject: TwoWays) -> None:
    """Inputs whose elements do not lie one after another in memory give the same."""
    for call in subject.placed:
        expected = subject.right.values(call)
        for layout in (_turned, _with_gaps):
            with reproducible(call, f"with tensors {layout.__name__[1:]}"), subject.way.computing():
                tensors = [layout(subject.way, array) for array in call.arrays]
                found = outcome(lambda: subject.way.host(call.run(tensors)))  # noqa: B023  # called at once
                if isinstance(found, type):  # an op may ask for contiguous inputs, on every device
                    right = [layout(subject.right, array) for array in call.arrays]
                    assert outcome(lambda: call.run(right)) is found, f"got {found.__name__}"  # noqa: B023  # called at once
                else:
                    assert_all_same(found, expected)


def _turned(way: Way, array: np.ndarray) -> Tensor:
    """The dimensions lie in memory in reverse order."""
    order = tuple(reversed(range(array.ndim)))
    turned: Tensor = OPS["permute"].call(way.tensor(np.array(array.T, order="C")), order)
    return turned


def _with_gaps(way: Way, array: np.ndarray) -> Tensor:
    """Every second element along the last dimension of a larger tensor."""
    if not array.ndim:
        return way.tensor(array)
    gaps: Tensor = way.tensor(np.repeat(array, 2, axis=-1))[..., ::2]
    return gaps


def memory(subject: TwoWays) -> None:
    """Inputs stay as they are, and a result shares memory with them just where it should."""
    for call in subject.placed:
        with reproducible(call):
            cotangents = call.cotangents()
            tensors = subject.way.tensors(call.arrays)
            with subject.way.computing():
                call.run(tensors)
                subject.way.gradients(call, cotangents)
            assert_all_same(subject.way.host(tensors), [*call.arrays])
            found, right = (_changed_through_results(way, call) for way in (subject.way, subject.right))
            assert_all_same(found, right)


def _changed_through_results(way: Way, call: OpCall) -> list[Any]:
    """The inputs after each result that can be written to was filled with zeros."""
    tensors = way.tensors(call.arrays)
    with way.computing():
        for result in call.run(tensors):
            if result.array.flags.writeable:
                result.zero_()
    return way.host(tensors)


def errors(subject: TwoWays) -> None:
    """Each call that must fail raises what it should."""
    if subject.op.errors is None:
        return
    for failing in flat(subject.op.errors(Make(subject.op.name))):
        assert isinstance(failing, FailingCall), "an op's errors are made with make.error() and make.mismatch()"
        with reproducible(failing), subject.way.computing():
            if _fails_on_copies(subject, failing):
                args = each_array(failing.args, subject.way.tensor)
                assert_raises(lambda: subject.op.call(*args, **failing.kwargs), failing.error, failing.match)  # noqa: B023  # called at once


def _fails_on_copies(subject: TwoWays, failing: FailingCall) -> bool:
    """Whether copies of the arrays fail too, not for the way they lie in memory, and the backend holds their dtypes."""
    held: list[bool] = []
    each_array(failing.args, lambda array: held.append(subject.way.holds(array.dtype)))
    args = each_array(failing.args, subject.right.tensor)
    found = outcome(lambda: subject.op.call(*args, **failing.kwargs))
    return all(held) and isinstance(found, type) and issubclass(found, failing.error)


def batches(subject: TwoWays) -> None:
    """``vmap`` over the first input gives the same."""
    for call in subject.placed:
        batch = np.stack([call.arrays[0], call.arrays[0]])

        def run(way: Way, call: OpCall = call, batch: np.ndarray = batch) -> list[Any]:
            _, *others = way.tensors(call.arrays)
            with way.computing():
                return way.host(vmap(lambda part: tuple(call.run([part, *others])))(way.tensor(batch)))

        with reproducible(call, "with a batch of its first array"):
            right = outcome(lambda: run(subject.right))
            if not isinstance(right, type):
                assert_all_same(run(subject.way), right)


def threads(subject: TwoWays) -> None:
    """Several threads that compute at once get the same."""
    calls = [call for call in subject.placed if accepted(call)][:1]
    for call in calls:
        expected = subject.right.values(call)
        tensors = subject.way.tensors(call.arrays)

        def run(_: int, call: OpCall = call, tensors: list[Tensor] = tensors) -> list[Any]:
            return subject.way.host(call.run(tensors))

        with reproducible(call, "in several threads"), subject.way.computing(), ThreadPoolExecutor(THREADS) as pool:
            for found in pool.map(run, range(2 * THREADS)):
                assert_all_same(found, expected)


#: In the order in which they run.
CHECKS = (forward, gradient, second_gradient, every_dtype, layouts, memory, errors, batches, threads)

__all__ = ["CHECKS"]
