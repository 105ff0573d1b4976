"""Checks that neither the way in which arrays lie in memory matters to an op, nor how few elements they have."""

from __future__ import annotations

from typing import Any

import numpy as np

from lamella.core.errors import LamellaError
from lamella.core.testing.calls import OpCall
from lamella.core.testing.subject import (
    Subject,
    arrays_of,
    assert_all_same,
    assert_same,
    refused,
    reproducible,
    shape_of,
)


def layout_does_not_matter(subject: Subject) -> None:
    """Inputs that lie in memory in another way give the same results and gradients; all of them are read-only."""
    for call in subject.calls:
        cotangents = call.cotangents()
        expected, gradients = call.values(), arrays_of(call.gradients(cotangents))
        for layout in (_permuted, _with_gaps, _backwards):
            other = call.with_arrays([layout(a) for a in call.arrays])
            with reproducible(call, f"with arrays laid out by {layout.__name__}"):
                if refused(other, "contiguous"):
                    continue
                assert_all_same(other.values(), expected)
                assert_all_same(arrays_of(other.gradients(cotangents)), gradients)


def _permuted(array: np.ndarray) -> np.ndarray:
    """The dimensions lie in memory in reverse order."""
    return np.array(array, order="F")


def _with_gaps(array: np.ndarray) -> np.ndarray:
    """Every third element of a larger array, along each dimension."""
    room = np.zeros([3 * size for size in array.shape], array.dtype)
    shown: np.ndarray = room[_everywhere(array, slice(1, None, 3))]
    shown[...] = array
    return shown


def _backwards(array: np.ndarray) -> np.ndarray:
    """Steps are negative, which no tensor of PyTorch has, but NumPy arrays that are wrapped."""
    turn = _everywhere(array, slice(None, None, -1))
    turned: np.ndarray = np.array(array[turn])[turn]
    return turned


def _everywhere(array: np.ndarray, part: slice) -> Any:
    """The index of that part of every dimension; of none, it still gives an array and no scalar."""
    return (..., *(part,) * array.ndim)


def repeated_elements_do_not_matter(subject: Subject) -> None:
    """Inputs that show one element in several places give what copies of them give, gradients too."""
    for call in subject.calls:
        shown = call.with_arrays([_repeated(a) for a in call.arrays])
        copied = call.with_arrays([_repeated(a).copy() for a in call.arrays])
        with reproducible(copied, "with arrays repeated by a stride of 0"):
            if refused(copied, "") or refused(shown, "contiguous"):
                continue
            cotangents = copied.cotangents()
            assert_all_same(shown.values(), copied.values())
            assert_all_same(arrays_of(shown.gradients(cotangents)), arrays_of(copied.gradients(cotangents)))


def _repeated(array: np.ndarray) -> np.ndarray:
    if not array.size or array.ndim == 0 or (array.ndim == 2 and len(array) == array.shape[1]):
        return array  # a square matrix with equal rows has no inverse
    return np.broadcast_to(array[:1], array.shape)


def few_elements_are_enough(subject: Subject) -> None:
    """Of no element, or of a single one in no dimension, the result is that of the reference, or a clear error."""
    op = subject.op
    if {"grad_output", "indices"} & set(op.inputs):
        return  # their shapes go with those of the other inputs
    for call in subject.calls:
        if any(map(_about_sizes, op.attributes, call.attributes)):
            continue
        shrinks = [_first_removed, _last_removed]
        if not op.attributes and all(a.size for a in call.arrays):  # else dims count dimensions
            shrinks.append(_one_element)
        for shrink in shrinks:
            small = call.with_arrays([shrink(a) for a in call.arrays])
            with reproducible(small):
                _check_small(subject, small)


def _about_sizes(name: str, value: Any) -> bool:
    """Whether an attribute holds sizes, places or parts of a shape, which go with that of the sample."""
    return name not in ("dim", "dims", "correction") and isinstance(value, (int, tuple, slice)) and value not in (0, 1)


def _first_removed(array: np.ndarray) -> np.ndarray:
    return array[:0] if array.ndim else array


def _last_removed(array: np.ndarray) -> np.ndarray:
    return array[..., :0] if array.ndim else array


def _one_element(array: np.ndarray) -> np.ndarray:
    return array.reshape(-1)[0:1].reshape(())


def _check_small(subject: Subject, call: OpCall) -> None:
    try:
        said = subject.op.shape(*map(shape_of, call.inputs), *call.attributes)
        results = call.values()
    except LamellaError:
        return
    said = [tuple(s) for s in said] if isinstance(said, list) else [tuple(said)]
    actual = [r.shape for r in results]
    assert said == actual, f"the shape rule says {said}, the results have {actual}"
    assert subject.reference is not None, "there is no reference to compare with"
    expected = subject.reference(*call.inputs, *call.attributes)
    for result, right in zip(results, expected if isinstance(expected, (tuple, list)) else [expected], strict=True):
        assert_same(result, right)


#: In the order in which they run.
CHECKS = (
    layout_does_not_matter,
    repeated_elements_do_not_matter,
    few_elements_are_enough,
)

__all__ = ["CHECKS"]
