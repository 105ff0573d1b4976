"""Sorting and the first few, beyond what their records say."""

from __future__ import annotations

import numpy as np
import pytest

import lamella


def shuffled(*shape: int, values: int) -> np.ndarray:
    """Whole numbers, most of them several times."""
    return np.random.default_rng(0).integers(0, values, shape).astype(np.float32)


@pytest.mark.parametrize("length", [5, 64, 65, 1000])
@pytest.mark.parametrize("dtype", ["bool", "uint8", "int16", "int64", "float16", "float32", "float64"])
def test_sorting_is_stable_both_ways(length: int, dtype: str) -> None:
    array = shuffled(3, length, values=7).astype(dtype)
    for descending in (False, True):
        values, indices = lamella.from_numpy(array).sort(descending=descending)
        backwards = np.flip(np.argsort(np.flip(array, 1), axis=1, kind="stable"), 1)
        right = length - 1 - backwards if descending else np.argsort(array, axis=1, kind="stable")
        assert np.array_equal(indices.numpy(), right)
        assert np.array_equal(values.numpy(), np.take_along_axis(array, right, 1))


@pytest.mark.parametrize("length", [6, 600])
def test_nan_is_the_largest_and_stays_in_order(length: int) -> None:
    array = shuffled(length, values=3)
    array[::3] = np.nan
    count = length // 3
    ascending, descending = (lamella.from_numpy(array).argsort(descending=d).numpy() for d in (False, True))
    assert ascending[-count:].tolist() == descending[:count].tolist() == list(range(0, length, 3))


def test_zeros_of_both_signs_are_equal() -> None:
    values, indices = lamella.tensor([0.0, -0.0] * 50).sort()
    assert indices.tolist() == list(range(100))
    assert np.signbit(values.numpy()).tolist() == [False, True] * 50


def test_a_number_is_sorted() -> None:
    values, indices = lamella.tensor(3.0).sort()
    assert (values.item(), indices.item()) == (3.0, 0)
    assert lamella.msort(lamella.tensor(3.0)).item() == 3.0
    assert lamella.topk(lamella.tensor(3.0), 1).values.item() == 3.0


def test_the_gradient_goes_where_the_element_was() -> None:
    x = lamella.tensor([3.0, 1.0, 2.0], requires_grad=True)
    (x.sort().values * lamella.tensor([1.0, 10.0, 100.0])).sum().backward()
    assert x.grad.tolist() == [100.0, 1.0, 10.0]
    x.grad = None
    (x.topk(2).values * lamella.tensor([1.0, 10.0])).sum().backward()
    assert x.grad.tolist() == [1.0, 0.0, 10.0]


def test_msort_sorts_the_first_dimension() -> None:
    assert lamella.msort(lamella.tensor([[3, 1], [1, 2]])).tolist() == [[1, 1], [3, 2]]


def test_results_are_named_and_print_their_names() -> None:
    found = lamella.tensor([2, 1]).sort()
    assert found._fields == ("values", "indices")
    assert repr(found) == "lamella.return_types.sort(\nvalues=tensor([1, 2]),\nindices=tensor([1, 0]))"


@pytest.mark.parametrize("k", [0, 1, 5, 79, 80])
@pytest.mark.parametrize("largest", [False, True])
def test_topk_is_the_start_of_the_sorted(k: int, largest: bool) -> None:
    array = shuffled(2, 80, values=9)
    values, indices = lamella.from_numpy(array).topk(k, largest=largest)
    right = np.sort(array, axis=1)
    right = (np.flip(right, 1) if largest else right)[:, :k]
    assert np.array_equal(values.numpy(), right)
    assert np.array_equal(np.take_along_axis(array, indices.numpy(), 1), right)
    assert all(len(set(row)) == k for row in indices.tolist())


def test_dimensions_are_counted_from_the_end_too() -> None:
    x = lamella.from_numpy(shuffled(3, 4, values=9))
    assert x.sort(-2).values.tolist() == x.T.sort(1).values.T.tolist()
    assert x.topk(2, dim=-2).values.tolist() == x.T.topk(2).values.T.tolist()
    assert x.sort(axis=0).indices.tolist() == x.sort(0).indices.tolist()


@pytest.mark.parametrize("function", [lamella.sort, lamella.argsort])
def test_a_dimension_that_is_not_there(function: object) -> None:
    with pytest.raises(IndexError, match="Dimension out of range"):
        function(lamella.zeros(2), 1)


def test_topk_of_too_many() -> None:
    with pytest.raises(RuntimeError, match="topk_indices: selected index k out of range: there are 2 elements"):
        lamella.zeros(3, 2).topk(3)
