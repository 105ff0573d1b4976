"""What the conformance checks share: the op under test, and ways to vary and compare its calls."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import numpy as np

from lamella.core import dtypes
from lamella.core.errors import DtypeError, LamellaError
from lamella.core.op import Op
from lamella.core.tensor import Tensor
from lamella.core.testing.calls import OpCall
from lamella.core.testing.comparison import assert_close
from lamella.core.testing.samples import Call, Make


class Subject:
    """An op with its sample calls and its reference.

    Args:
        op: The op.
        references: Where its reference is: a module or another object with an attribute of the op's name.
    """

    def __init__(self, op: Op, references: Any) -> None:
        self.op = op
        self.reference: Callable[..., Any] | None = getattr(references, op.name, None)

    @property
    def name(self) -> str:
        """The op's name."""
        return self.op.name

    @property
    def area(self) -> str:
        """The op's family: the module that defines it."""
        return self.op.forward.__module__.rpartition(".")[2]

    @cached_property
    def calls(self) -> list[OpCall]:
        """The sample calls."""
        found = self.op.samples(Make(self.op.name)) if self.op.samples is not None else []
        return [OpCall.bound(self.op, call) for call in flat(found)]

    @cached_property
    def differentiable(self) -> list[OpCall]:
        """The sample calls in which some input has a gradient."""
        return [call for call in self.calls if any(call.differentiable)]


#: Raises where the op fails it.
Check = Callable[[Subject], None]


def flat(found: Any) -> Iterator[Call]:
    """The calls in nested lists."""
    for item in found:
        if isinstance(item, Call):
            yield item
        else:
            yield from flat(item)


@contextmanager
def reproducible(call: Any, how: str = "") -> Iterator[None]:
    """Name the call in whatever goes wrong inside."""
    try:
        yield
    except Exception as error:  # raised again, with the call
        with np.printoptions(precision=17, threshold=100):
            error.add_note(f"in {call!r} {how}")
        raise


# --- varying and comparing


def assert_raises(call: Callable[[], Any], expected: type[Exception], match: str) -> None:
    """Assert that ``call`` raises, with a message that ``match`` is found in."""
    message = None
    try:
        call()
    except expected as error:
        message = str(error)
    assert message is not None, f"did not raise {expected.__name__}"
    assert re.search(match, message), f"the message {message!r} does not match {match!r}"


def assert_same(result: Any, right: Any) -> None:
    """Same shape and, within the tolerance of the result's dtype, same values; dtypes have a check of their own."""
    assert isinstance(result, np.ndarray), f"got a {type(result).__name__}, expected an array"
    expected = np.asarray(right)
    if expected.dtype != result.dtype and expected.dtype.kind != "c":
        expected = expected.astype(result.dtype if result.dtype.kind in "fc" else np.result_type(expected, result))
    assert_close(result, expected, equal_nan=True, check_dtype=False)


def assert_all_same(results: list[Any], expected: list[Any]) -> None:
    """Assert that results, of which some may be None, are the same."""
    assert len(results) == len(expected), f"got {len(results)} results, expected {len(expected)}"
    for result, right in zip(results, expected, strict=True):
        assert (result is None) == (right is None), f"got {result}, expected {right}"
        if result is not None:
            assert_same(result, right)


def shape_of(value: Any) -> Any:
    """What a shape rule gets for an input."""
    if isinstance(value, tuple):
        return tuple(map(shape_of, value))
    return None if value is None else getattr(value, "shape", ())


def arrays_of(tensors: Iterable[Tensor | None]) -> list[Any]:
    """The arrays of tensors, None where there is none."""
    return [None if t is None else t.array for t in tensors]


def widened(array: np.ndarray) -> np.ndarray:
    """Floating and complex arrays in double precision, others as they are."""
    wide = {"f": np.float64, "c": np.complex128}.get(array.dtype.kind)
    return array if wide is None else array.astype(wide)


def converted(call: OpCall, dtype: dtypes.dtype) -> OpCall:
    """The call with its floating arrays in another dtype. Integers are rounded away from 0, where many ops end.

    Complex arrays take the complex dtype that goes with a floating one, or lose their imaginary parts.
    """

    def convert(array: np.ndarray) -> np.ndarray:
        if array.dtype.kind not in "fc":
            return array
        target = dtype.numpy
        if array.dtype.kind == "c" and dtype.is_floating_point:
            target = dtype.to_complex().numpy
        elif array.dtype.kind == "c" and not dtype.is_complex:
            array = array.real
        if dtype is dtypes.bool:
            array = array > 0
        elif dtype.numpy.kind in "iu":
            array = np.nan_to_num(array, posinf=9, neginf=-9)  # integers have none of these
            array = np.copysign(np.ceil(np.abs(array)), array if dtype.is_signed else 1)
        elif dtype.is_complex:
            array = array + 0.25j
        variant = np.array(array, target, order="K")
        variant.flags.writeable = False
        return variant

    return call.with_arrays([convert(a) for a in call.arrays])


def accepted(call: OpCall) -> bool:
    """Whether the dtype rule accepts the call."""
    operands = call.inputs[0] if call.op.variadic else call.inputs
    try:
        call.op.dtype.find(list(operands), *call.attributes)
    except DtypeError:
        return False
    return True


def refused(call: OpCall, reason: str) -> bool:
    """Whether the op refuses the call, saying clearly why."""
    try:
        call.run()
    except LamellaError as error:
        if reason not in str(error):
            raise
        return True
    return False
