"""Indexing at sizes from which the ops compute flat places, against NumPy's own slow functions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import lamella
from lamella.core.errors import IndexBoundsError, IndexRangeError
from lamella.core.ops.places import FEW, MANY, add_at, add_rows

R = np.random.default_rng(0)


def picture(*shape: int) -> np.ndarray:
    return R.standard_normal(shape).astype(np.float32)


def laid_out(array: np.ndarray, layout: str) -> np.ndarray:
    return array if layout == "rows" else np.asfortranarray(array)


def tensor(array: np.ndarray, requires_grad: bool = False) -> lamella.Tensor:
    return lamella.from_numpy(array).requires_grad_(requires_grad)


# --- adding


ROWS = {
    "none": np.zeros(0, np.int64),
    "all different": R.permutation(90),
    "some twice": R.integers(0, 90, 100),
    "few rows": R.integers(0, 3, 500),
    "one row": np.full(300, 7),
}


@pytest.mark.parametrize("columns", [0, 1, 3, 40])
@pytest.mark.parametrize("rows", ROWS.values(), ids=ROWS)
def test_rows_are_added_in_their_order(rows: np.ndarray, columns: int) -> None:
    target, given = picture(90, columns), picture(len(rows), columns)
    expected = target.copy()
    np.add.at(expected, rows, given)
    add_rows(np, target, rows, given)
    assert np.array_equal(target, expected)  # to the last bit


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64", "float16", "complex64"])
def test_rows_of_every_kind_are_added(dtype: str) -> None:
    rows = ROWS["some twice"]
    target, given = (R.integers(0, 90, (n, 40)).astype(dtype) for n in (90, 100))
    expected = target.copy()
    np.add.at(expected, rows, given)
    add_rows(np, target, rows, given)
    assert np.array_equal(target, expected)


@pytest.mark.parametrize(
    "key",
    [
        (R.integers(-20, 20, 300),),
        (None, R.integers(-30, 30, 300)),
        (None, None, R.integers(-9, 9, 300)),
        (R.integers(-20, 20, 300), R.integers(-30, 30, 300).astype(np.int32)),
        (None, R.integers(0, 30, (50, 1)), R.integers(0, 9, 10)),
        (R.integers(0, 20, 300), None, R.integers(0, 9, 300)),
    ],
    ids=["first", "second", "last", "two", "broadcast", "apart"],
)
def test_values_are_added_where_indices_pick(key: tuple[Any, ...]) -> None:
    array = picture(20, 30, 9).astype(np.float64)
    at = tuple(slice(None) if k is None else k for k in key)
    values = R.standard_normal(array[at].shape)
    assert values.size > FEW
    expected = array.copy()
    np.add.at(expected, at, values)
    add_at(np, array, key, values)
    assert np.allclose(array, expected, rtol=1e-12)


# --- picking along one dimension


@pytest.mark.parametrize("layout", ["rows", "columns"])
@pytest.mark.parametrize("count", [9, 500])
@pytest.mark.parametrize("dtype", [np.int64, np.int32])
@pytest.mark.parametrize("dim", [0, 1, 2])
def test_gather_and_its_gradient(dim: int, dtype: type, count: int, layout: str) -> None:
    shape = [30, 25, 20]
    x = laid_out(picture(*shape), layout)
    size, shape[dim] = shape[dim], count
    index = R.integers(0, size, shape).astype(dtype)
    assert index.size >= MANY
    given = tensor(x, requires_grad=True)
    found = given.gather(dim, tensor(index))
    assert np.array_equal(found.detach().numpy(), np.take_along_axis(x, index, dim))
    weights = picture(*shape)
    (found * tensor(weights)).sum().backward()
    places = list(np.indices(index.shape, sparse=True))
    places[dim] = index
    expected = np.zeros(x.shape)
    np.add.at(expected, tuple(places), weights)
    assert np.allclose(given.grad.numpy(), expected, atol=1e-4)


@pytest.mark.parametrize("wrong", [-1, 80])
def test_one_wrong_index_among_many_is_found(wrong: int) -> None:
    x, index = lamella.zeros(80, 80), lamella.zeros(80, 80, dtype=lamella.int64)
    index[79, 3] = wrong
    message = f"index {wrong} is out of bounds for dimension 1 with size 80"
    for call in (x.gather, lambda *args: x.scatter(*args, 1.0), lambda *args: x.scatter_add(*args, x)):
        with pytest.raises(IndexBoundsError, match=message):
            call(1, index)


def test_take_along_dim_wraps_around_at_both_ends() -> None:
    x = lamella.arange(5)
    assert lamella.take_along_dim(x, lamella.tensor([-1, 4, 7, -6]), 0).tolist() == [4, 4, 2, 4]
    assert lamella.take_along_dim(x, lamella.tensor([3, 0]), 0).tolist() == [3, 0]


# --- by several indices and by masks


KEYS = {
    "two": (R.integers(-60, 60, MANY), R.integers(-70, 70, MANY)),
    "last two": (slice(None), R.integers(-70, 70, MANY), R.integers(-2, 2, MANY)),
    "three": (R.integers(0, 60, MANY), R.integers(0, 70, MANY).astype(np.int32), R.integers(-2, 0, MANY)),
    "broadcast": (R.integers(0, 60, (100, 1)), R.integers(0, 70, 100)),
    "apart": (R.integers(0, 60, MANY), slice(None), R.integers(0, 2, MANY)),
    "mask": (R.random((60, 70, 2)) < 0.5,),
    "mask of the first": (R.random((60, 70)) < 0.5,),
    "mask of the last": (slice(None), R.random((70, 2)) < 0.5),
    "mask of nothing": (np.zeros((60, 70), np.bool_),),
    "mask and index": (R.random((60, 70)) < 0.01, 1),
}


@pytest.mark.parametrize("layout", ["rows", "columns"])
@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_reading_and_its_gradient(key: tuple[Any, ...], layout: str) -> None:
    x = laid_out(picture(60, 70, 2), layout)
    given = tensor(x, requires_grad=True)
    found = given[tuple(tensor(k) if isinstance(k, np.ndarray) else k for k in key)]
    assert np.array_equal(found.detach().numpy(), x[key])
    weights = picture(*found.shape)
    (found * tensor(weights)).sum().backward()
    expected = np.zeros(x.shape)
    np.add.at(expected, key, weights)
    assert np.allclose(given.grad.numpy(), expected, atol=1e-4)


@pytest.mark.parametrize("recorded", [False, True])
@pytest.mark.parametrize("layout", ["rows", "columns"])
@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_writing(key: tuple[Any, ...], layout: str, recorded: bool) -> None:
    expected = laid_out(picture(60, 70, 2), layout)
    values = picture(*expected[key].shape)
    x = tensor(expected.copy("K"))
    source = tensor(values, requires_grad=recorded)
    x[tuple(tensor(k) if isinstance(k, np.ndarray) else k for k in key)] = source
    expected[key] = values  # of several for one place the last stays
    assert np.array_equal(x.detach().numpy(), expected)


def test_a_wrong_one_of_several_indices_is_found() -> None:
    x = lamella.zeros(60, 70)
    i, j = lamella.zeros(MANY, dtype=lamella.int64), lamella.full((MANY,), -71)
    with pytest.raises(IndexRangeError, match=r"index -71 is out of bounds for dimension 1 with size 70"):
        x[i, j]


@pytest.mark.parametrize("dtype", [np.bool_, np.float32, np.int8, np.complex64])
@pytest.mark.parametrize("shape", [(MANY + 1,), (70, 60), (7, 0, 9), (20, 2, 1, 110)])
def test_what_is_not_zero(shape: tuple[int, ...], dtype: type) -> None:
    x = (R.integers(-1, 2, shape) * 1.5).astype(dtype)
    assert np.array_equal(tensor(x).nonzero().numpy(), np.argwhere(x))
    for found, expected in zip(tensor(x).nonzero(as_tuple=True), x.nonzero(), strict=True):
        assert np.array_equal(found.numpy(), expected)
        assert found.dtype is lamella.int64


def test_nan_is_not_zero() -> None:
    assert lamella.full((MANY,), float("nan")).nonzero().shape == (MANY, 1)


# --- whole slices


@pytest.mark.parametrize("dim", [0, 1, 2])
def test_slices_are_added_and_copied(dim: int) -> None:
    x = picture(20, 30, 25)
    places = R.integers(0, x.shape[dim], 12)
    source = picture(*(12 if d == dim else n for d, n in enumerate(x.shape)))
    key = (*(slice(None),) * dim, places)
    added, copied = x.copy(), x.copy()
    np.add.at(added, key, 2 * source)
    copied[key] = source
    assert np.allclose(tensor(x).index_add(dim, tensor(places), tensor(source), alpha=2).numpy(), added, atol=1e-5)
    assert np.array_equal(tensor(x).index_copy(dim, tensor(places), tensor(source)).numpy(), copied)


@pytest.mark.parametrize("name", ["index_add", "index_copy"])
@pytest.mark.parametrize("wrong", [-1, 3])
def test_slices_have_no_place_outside(name: str, wrong: int) -> None:
    with pytest.raises(IndexBoundsError, match=f"index {wrong} is out of bounds for dimension 0 with size 3"):
        getattr(lamella.zeros(3, 2), name)(0, lamella.tensor([0, wrong]), lamella.ones(2, 2))


# --- what other ops do with many elements


@pytest.mark.parametrize("largest", [True, False])
@pytest.mark.parametrize("kind", ["distinct", "equal", "nan", "nan and equal"])
def test_the_first_few_of_long_rows(kind: str, largest: bool) -> None:
    x = R.permutation(400).reshape(2, 200).astype(np.float32)
    if "equal" in kind:
        x[0, :8] = 1000 if largest else -1000  # more elements of the first row than are asked for
    if "nan" in kind:
        x[1, 50:52] = np.nan
    values, indices = tensor(x).topk(4, largest=largest)
    order = np.argsort(-x if largest else x, axis=1, kind="stable")
    if largest and "nan" in kind:  # which counts as the largest, but stays so when negated
        order = np.stack(
            [np.concatenate([np.flatnonzero(np.isnan(r)), o])[: r.size] for r, o in zip(x, order, strict=True)]
        )
    assert np.array_equal(indices.numpy(), order[:, :4])
    assert np.array_equal(values.numpy(), np.take_along_axis(x, order[:, :4], 1), equal_nan=True)


@pytest.mark.parametrize("right", [False, True])
@pytest.mark.parametrize("n", [1, 2, 3, 63, 64, 65, 1000])
def test_many_values_are_searched_as_one_by_one(n: int, right: bool) -> None:
    sequence = np.sort(R.integers(0, 500, n) * 0.5).astype(np.float32)
    values = np.asfortranarray(R.integers(-9, 600, (70, 80)) * 0.5).astype(np.float32)
    values[3, 4:7] = np.nan, np.inf, -np.inf
    expected = np.searchsorted(sequence, values, side="right" if right else "left")
    expected[3, 4] = n
    found = lamella.searchsorted(tensor(sequence), tensor(values), right=right)
    assert np.array_equal(found.numpy(), expected)
    found = lamella.searchsorted(tensor(sequence), tensor(values), right=right, out_int32=True)
    assert found.dtype is lamella.int32
    assert np.array_equal(found.numpy(), expected)


NUMBERS = {
    "few": R.integers(-3, 4, 500),
    "int8, from end to end": np.array([-128, 127, 0, 127] * 70, np.int8),
    "int64, far apart": np.array([-(2**63), 2**63 - 1, 0, 0]),
    "int64, at the end": np.array([2**63 - 1, 2**63 - 2] * 9),
    "uint8": R.integers(0, 256, 500).astype(np.uint8),
    "floats": R.integers(0, 9, 200) * 0.5,
    "bools": R.random(50) < 0.5,
    "none": np.zeros(0, np.int64),
}


@pytest.mark.parametrize("x", NUMBERS.values(), ids=NUMBERS)
def test_the_distinct_numbers(x: np.ndarray) -> None:
    expected = np.unique(x, return_inverse=True, return_counts=True)
    for found, wanted in zip(lamella.unique(tensor(x), return_inverse=True, return_counts=True), expected, strict=True):
        assert np.array_equal(found.numpy(), wanted)
    values, counts = lamella.unique(tensor(x), return_counts=True)
    assert values.numpy().dtype == x.dtype
    assert np.array_equal(values.numpy(), expected[0])
    assert np.array_equal(counts.numpy(), expected[2])
    assert np.array_equal(lamella.unique(tensor(x)).numpy(), expected[0])


def test_the_distinct_rows_that_only_late_columns_tell_apart() -> None:
    x = np.zeros((60, 50), np.int64)
    x[:, [20, 49]] = R.integers(0, 3, (60, 2))
    expected = np.unique(x, axis=0, return_inverse=True, return_counts=True)
    for found, wanted in zip(
        lamella.unique(tensor(x), dim=0, return_inverse=True, return_counts=True), expected, strict=True
    ):
        assert np.array_equal(found.numpy(), wanted.reshape(found.shape))


def test_rows_with_nan_are_put_in_order_by_what_follows() -> None:
    x = lamella.zeros(3, 20)
    x[:, 0] = float("nan")
    x[:, 15] = lamella.tensor([3.0, 1.0, 2.0])
    assert lamella.unique(x, dim=0)[:, 15].tolist() == [1, 2, 3]


@pytest.mark.parametrize("count", [1, 2, 20])
@pytest.mark.parametrize("dim", [0, 1])
def test_repeating_in_a_row_and_its_gradient(dim: int, count: int) -> None:
    x = picture(6, 5)
    given = tensor(x, requires_grad=True)
    found = given.repeat_interleave(count, dim)
    assert np.array_equal(found.detach().numpy(), np.repeat(x, count, dim))
    weights = picture(*found.shape)
    (found * tensor(weights)).sum().backward()
    split = weights.reshape(*x.shape[:dim], x.shape[dim], count, *x.shape[dim + 1 :])
    assert np.allclose(given.grad.numpy(), split.sum(dim + 1), atol=1e-5)
