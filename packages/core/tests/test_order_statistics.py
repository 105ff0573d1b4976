"""Order statistics, beyond what their records say."""

from __future__ import annotations

import math

import numpy as np
import pytest

import lamella

nan = math.nan


def test_the_median_is_the_lower_of_two() -> None:
    assert lamella.tensor([4.0, 1.0, 3.0, 2.0]).median().item() == 2.0
    values, indices = lamella.tensor([[4, 1, 3, 2], [5, 5, 0, 5]]).median(1)
    assert (values.tolist(), indices.tolist()) == ([2, 5], [3, 0])


def test_nan_is_the_median_unless_it_is_left_out() -> None:
    x = lamella.tensor([[1.0, nan, nan], [3.0, 2.0, 1.0], [nan, nan, nan]])
    assert np.array_equal(x.median(1).values.numpy(), [nan, 2, nan], equal_nan=True)
    assert x.median(1).indices.tolist() == [1, 1, 0]
    assert np.array_equal(x.nanmedian(1).values.numpy(), [1, 2, nan], equal_nan=True)
    assert x.nanmedian(1).indices.tolist() == [0, 1, 0]
    assert math.isnan(x.median().item())
    assert x.nanmedian().item() == 1.0


def test_the_median_of_nothing_is_nan() -> None:
    assert math.isnan(lamella.zeros(0).median().item())
    assert math.isnan(lamella.zeros(0).nanmedian().item())


def test_all_elements_share_the_gradient_of_a_median_but_along_a_dimension_one_gets_it() -> None:
    x = lamella.tensor([1.0, 2.0, 2.0, 3.0], requires_grad=True)
    x.median().backward()
    assert x.grad.tolist() == [0.0, 0.5, 0.5, 0.0]
    x.grad = None
    x.median(0).values.backward()
    assert x.grad.tolist() == [0.0, 1.0, 0.0, 0.0]


def test_the_gradient_of_a_median_that_is_nan() -> None:
    x = lamella.tensor([1.0, nan, nan], requires_grad=True)
    x.median().backward()
    assert x.grad.tolist() == [0.0, 0.5, 0.5]


def test_kthvalue_counts_nan_last() -> None:
    x = lamella.tensor([3.0, nan, 1.0])
    assert [x.kthvalue(k).indices.item() for k in (1, 2, 3)] == [2, 0, 1]
    with pytest.raises(RuntimeError, match="selected number k out of range for dimension 0: k is 4"):
        x.kthvalue(4)


def test_mode_is_the_smallest_of_the_most_frequent_at_its_last_place() -> None:
    values, indices = lamella.tensor([3, 1, 1, 3, 2]).mode()
    assert (values.item(), indices.item()) == (1, 2)
    assert lamella.tensor([nan, nan, 2.0]).mode().values.item() == 2.0
    assert math.isnan(lamella.tensor([nan, nan]).mode().values.item())
    x = lamella.tensor([2.0, 1.0, 2.0], requires_grad=True)
    x.mode().values.backward()
    assert x.grad.tolist() == [0.0, 0.0, 1.0]


@pytest.mark.parametrize("keepdim", [False, True])
@pytest.mark.parametrize("name", ["median", "nanmedian", "mode"])
def test_reduced_dimensions(name: str, keepdim: bool) -> None:
    for result in getattr(lamella.zeros(2, 3, 4), name)(-2, keepdim):
        assert result.shape == ((2, 1, 4) if keepdim else (2, 4))
    assert getattr(lamella.zeros(2, 0), name)(0).values.shape == (0,)
    with pytest.raises(IndexError, match="Expected reduction dim 0 to have non-zero size"):
        getattr(lamella.zeros(0, 2), name)(0)


# --- both ends


def test_aminmax() -> None:
    x = lamella.tensor([[3.0, 1.0], [1.0, 2.0]], requires_grad=True)
    low, high = lamella.aminmax(x)
    assert (low.item(), high.item()) == (1.0, 3.0)
    (low + high).backward()
    assert x.grad.tolist() == [[1.0, 0.5], [0.5, 0.0]]
    found = x.aminmax(dim=1, keepdim=True)
    assert found.min.tolist() == [[1.0], [1.0]]
    assert found.max.tolist() == [[3.0], [2.0]]
    with pytest.raises(RuntimeError, match="cannot compute aminmax over an empty dimension"):
        lamella.zeros(0).aminmax()
    with pytest.raises(IndexError, match="Expected reduction dim 0 to have non-zero size"):
        lamella.zeros(0, 2).aminmax(dim=0)


def test_sums_and_means_without_nan() -> None:
    x = lamella.tensor([[1.0, nan, 3.0], [nan, nan, nan]], requires_grad=True)
    assert x.nansum(1).tolist() == [4.0, 0.0]
    assert np.array_equal(x.nanmean(1, keepdim=True).detach().numpy(), [[2.0], [nan]], equal_nan=True)
    x.nanmean().backward()
    assert x.grad.tolist() == [[0.5, 0.0, 0.5], [0.0, 0.0, 0.0]]
    assert lamella.nansum(lamella.tensor([1, 2], dtype=lamella.int32)).dtype is lamella.int64
    assert lamella.nansum(lamella.tensor([1.0, nan]), dtype=lamella.float64).dtype is lamella.float64
    with pytest.raises(RuntimeError, match="nansum: not defined for dtype lamella.complex64"):
        lamella.nansum(lamella.zeros(2, dtype=lamella.complex64))
    with pytest.raises(RuntimeError, match="nanmean: not defined for dtype lamella.int64"):
        lamella.nanmean(lamella.tensor([1]))
