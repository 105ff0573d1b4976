"""Corners of ``x[key]`` and ``x[key] = value`` in which libraries differ, with answers known by hand."""

from __future__ import annotations

import numpy as np
import pytest

import lamella

t = lamella.tensor
X = lamella.arange(24).reshape(2, 3, 4)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ((..., 3, ...), [[3, 7, 11], [15, 19, 23]]),
        ((..., ..., 1, 2, 3), 23),
        ((t([0, 1]), slice(1, 2), t([3, 0])), [[7], [16]]),  # the picked dimension comes first
        ((1, slice(1, 2), t([3, 0])), [[19, 16]]),  # an int selects before tensors pick, unlike in NumPy
        ((t([[0], [1]]), t([0, 2]), 0), [[0, 8], [12, 20]]),
        ((slice(None), t([True, False, True]), t([1, 3])), [[1, 11], [13, 23]]),
        (t([[True, False, False], [False, False, True]]), [[0, 1, 2, 3], [20, 21, 22, 23]]),
        ((True, 0, 0), [[0, 1, 2, 3]]),
        ((False, 0, 0), []),
        ((t(1), t(2, dtype=lamella.int16), [1, 1]), [21, 21]),
        ((0, slice(t(1), t(2)), 0), [4]),
        ((0, 0, []), []),
        ((0, 0, None, np.array([-1])), [[3]]),
        ((0, 1, range(2)), [4, 5]),
    ],
    ids=repr,
)
def test_reading(key, expected):
    assert X[key].tolist() == expected


def test_shapes_of_nothing():
    assert X[t([], dtype=lamella.int64)].shape == (0, 3, 4)
    assert X[X > 99].shape == (0,)
    assert X[False].shape == (0, 2, 3, 4)
    assert t(5)[t(True)].tolist() == [5]
    assert t(5)[...].shape == ()


def written(key, value):
    x = lamella.zeros(2, 3)
    x[key] = value
    return x.tolist()


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        (True, 1, [[1, 1, 1], [1, 1, 1]]),
        (False, 1, [[0, 0, 0], [0, 0, 0]]),
        (False, t([7]), [[0, 0, 0], [0, 0, 0]]),
        ((..., 0, ...), t([1, 2]), [[1, 0, 0], [2, 0, 0]]),  # several elements are converted to a slice
        ((0, t([2, 0])), t([[[1.0, 2.0]]]), [[2, 0, 1], [0, 0, 0]]),
        (t([[True, False, True], [False, False, True]]), t(5), [[5, 0, 5], [0, 0, 5]]),  # one element is, to a mask
        (t([True, False]), t([[4]]), [[4, 4, 4], [0, 0, 0]]),
        ((slice(None), [True, False, True]), t([8.0, 9.0]), [[8, 0, 9], [8, 0, 9]]),
        (([1, 0], slice(None, None, 2)), t([[1.0], [2.0]]), [[2, 0, 2], [1, 0, 1]]),
        ((t([], dtype=lamella.int64),), 7, [[0, 0, 0], [0, 0, 0]]),
    ],
    ids=repr,
)
def test_writing(key, value, expected):
    assert written(key, value) == expected


@pytest.mark.parametrize(
    ("key", "error", "message"),
    [
        ((..., ..., 0), IndexError, "single ellipsis"),
        (t(1.5), IndexError, "tensors used as indices must be"),
        ((t([0, 1]), t([0, 1, 2])), IndexError, "shape mismatch: indexing tensors could not be broadcast"),
        (t([[True, True]] * 2), IndexError, r"mask \[2, 2\] at index 1 .* \[2, 3, 4\] at index 1"),
        ((0, t([True] * 4)), IndexError, r"mask \[4\] at index 0"),
        ((0, 0, 0, 0), IndexError, "too many indices for tensor of dimension 3"),
    ],
)
def test_keys_that_do_not_fit(key, error, message):
    with pytest.raises(error, match=message):
        X[key]


def test_a_number_has_no_elements_to_select():
    with pytest.raises(IndexError, match="invalid index of a 0-dim tensor"):
        t(1)[0]


@pytest.mark.parametrize("key", [(t([0, 1]),), (slice(None), t([True, False, True])), t([[True] * 3] * 2)])
def test_several_elements_of_another_dtype_are_not_put_by_index(key):
    with pytest.raises(RuntimeError, match="requires the source and destination dtypes match"):
        written(key, t([1, 1]))


def test_index_put():
    x = lamella.zeros(2, 3)
    assert x.index_put([t(1)], t([1.0, 2.0, 3.0])).tolist() == [[0, 0, 0], [1, 2, 3]]
    assert x.index_put([t([True, False])], t(1.0)).tolist() == [[1, 1, 1], [0, 0, 0]]
    assert x.index_put([t(True)], t(1.0)).tolist() == [[1, 1, 1], [1, 1, 1]]
    assert x.index_put((None, t([1, 1])), t(2.0), accumulate=True).tolist() == [[0, 4, 0], [0, 4, 0]]


@pytest.mark.parametrize(
    ("indices", "values", "error", "message"),
    [
        ([t([0])], t(1), RuntimeError, "dtypes match"),
        ([t([0])], 1.0, TypeError, "argument 'values' must be Tensor"),
        (t([0]), t(1.0), TypeError, "must be tuple of Tensors"),
        ([0], t(1.0), TypeError, "must be tuple of Tensors"),
        ([], t(1.0), RuntimeError, "at least one index"),
        ([t([0])] * 3, t(1.0), IndexError, "too many indices"),
        ([t([True])], t(1.0), IndexError, "mask"),
        ([t([2])], t(1.0), IndexError, "index 2 is out of bounds"),
        ([t([0, 1])], t([1.0, 2.0]), RuntimeError, "shape mismatch: value tensor"),
    ],
)
def test_what_cannot_be_put(indices, values, error, message):
    with pytest.raises(error, match=message):
        lamella.zeros(2, 3).index_put(indices, values)


def test_an_empty_index_gathers_nothing_whatever_its_dtype():
    x = lamella.ones(2, 3, requires_grad=True)
    found = x.gather(1, lamella.empty(0, 5, dtype=lamella.uint8))
    assert found.shape == (0, 5)
    found.sum().backward()
    assert x.grad.tolist() == [[0, 0, 0], [0, 0, 0]]
