"""Histograms, beyond what their records say."""

from __future__ import annotations

import math

import numpy as np
import pytest

import lamella

nan, inf = math.nan, math.inf


def test_histc_takes_its_range_from_the_elements() -> None:
    x = lamella.tensor([1.0, 2.0, 1.0, 4.0])
    assert x.histc(4).tolist() == x.histc(4, min=3, max=3).tolist() == [2, 1, 0, 1]
    assert x.histc(4, 0, 3).tolist() == [0, 2, 1, 0]
    assert lamella.ones(2).histc(4).tolist() == [0, 0, 2, 0]
    assert lamella.zeros(0).histc(2).tolist() == [0, 0]
    assert x.half().histc(4).dtype is lamella.float16
    assert lamella.tensor([1.0, nan, inf]).histc(4, 0, 2).tolist() == [0, 0, 1, 0]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((0,), RuntimeError, r"histc\(\): bins must be > 0, but got 0"),
        ((4.0,), TypeError, "argument 'bins' must be int, not float"),
        ((4, 3, 2), RuntimeError, "max must be larger than min, got min=3, max=2"),
        ((4, 0, inf), RuntimeError, r"range of \[0.0, inf\] is not finite"),
    ],
)
def test_refused_histc(arguments: tuple, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        lamella.ones(2).histc(*arguments)


@pytest.mark.parametrize("density", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_histograms_are_those_of_numpy(weighted: bool, density: bool) -> None:
    rng = np.random.default_rng(0)
    array, weights = rng.standard_normal(100), rng.random(100) if weighted else None
    weight = lamella.from_numpy(weights) if weighted else None
    x = lamella.from_numpy(array)
    edges = np.array([-2.0, -1.0, 0.5, 3.0])
    for bins, given, limits in [(7, 7, None), (7, 7, (-1.0, 2.0)), (edges, lamella.from_numpy(edges), None)]:
        right = np.histogram(array, bins, range=limits, weights=weights, density=density)
        found = lamella.histogram(x, given, range=limits, weight=weight, density=density)
        assert np.allclose(found.hist.numpy(), right[0])
        assert np.allclose(found.bin_edges.numpy(), right[1])


def test_the_outer_edges_of_a_histogram() -> None:
    assert lamella.zeros(0).histogram(2).bin_edges.tolist() == [0.0, 0.5, 1.0]
    assert lamella.ones(3).histogram(2).bin_edges.tolist() == [0.5, 1.0, 1.5]
    assert lamella.tensor([[0.0, 1.0], [1.0, 2.0]]).histogram(2).hist.tolist() == [1.0, 3.0]


@pytest.mark.parametrize(
    ("bins", "options", "error", "message"),
    [
        (0, {}, RuntimeError, "bins must be > 0"),
        (2, {"range": (2.0, 1.0)}, RuntimeError, "min should not exceed max"),
        (2, {"range": (1.0,)}, RuntimeError, "range should have 2 elements, but got 1"),
        (2, {"range": (0.0, inf)}, RuntimeError, "is not finite"),
        (lamella.ones(2), {"range": (0.0, 1.0)}, TypeError, "range can't be given together with a tensor"),
    ],
)
def test_refused_histograms(bins: object, options: dict, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        lamella.ones(2).histogram(bins, **options)


def test_bincount() -> None:
    x = lamella.tensor([1, 2, 1])
    assert x.bincount().tolist() == [0, 2, 1]
    assert x.bincount(minlength=5).tolist() == [0, 2, 1, 0, 0]
    assert x.bincount(lamella.tensor([0.5, 1, 2])).tolist() == [0, 2.5, 1]
    assert x.bincount(lamella.tensor([0.5, 1, 2])).dtype is lamella.float32
    assert x.bincount(lamella.tensor([5, 1, 2])).dtype is lamella.float64
    assert lamella.zeros(0, dtype=lamella.int32).bincount(minlength=2).tolist() == [0, 0]
    assert lamella.zeros(0, dtype=lamella.int32).bincount(lamella.zeros(0)).dtype is lamella.int64


@pytest.mark.parametrize(
    ("x", "options", "message"),
    [
        (lamella.tensor([1, -2]), {}, "only supports 1-d non-negative integral inputs, got -2"),
        (lamella.tensor([[1]]), {}, r"only supports 1-d non-negative integral inputs, got shape \(1, 1\)"),
        (lamella.tensor([1.0]), {}, "bincount: not defined for dtype lamella.float32"),
        (lamella.tensor([1]), {"minlength": -1}, "minlength should be >= 0, got -1"),
        (lamella.tensor([1]), {"weights": lamella.zeros(2)}, r"the same length as input, got \(2,\) and \(1,\)"),
    ],
)
def test_refused_bincount(x: object, options: dict, message: str) -> None:
    with pytest.raises(RuntimeError, match=message):
        lamella.bincount(x, **options)
