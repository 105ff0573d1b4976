"""Distances and norms cut down: values, gradients where there is none, and what is refused. The rest: ``test_ops``."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import lamella
from lamella.core.errors import LamellaError

F = lamella.float64
POINTS = lamella.tensor([[0.0, 0.0], [3.0, 4.0]])
ORDERS = [0, 0.5, 1, 1.5, 2, 3, math.inf]


def random(*shape: int) -> lamella.Tensor:
    return lamella.randn(shape, dtype=F, requires_grad=True)


def slopes(function: Callable[[lamella.Tensor], lamella.Tensor], values: Any) -> Any:
    x = lamella.tensor(values, dtype=F, requires_grad=True)
    function(x).sum().backward()
    assert x.grad is not None
    return x.grad.numpy()


@pytest.mark.parametrize("p", ORDERS)
def test_pdist_is_the_upper_triangle_of_cdist(p: float) -> None:
    x = random(5, 3)
    whole = lamella.cdist(x, x, p)
    expected = [whole[i, j].item() for i, j in itertools.combinations(range(5), 2)]
    assert lamella.pdist(x, p).tolist() == expected
    assert lamella.autograd.gradcheck(lambda x: lamella.pdist(x, p), (x,))


@pytest.mark.parametrize(("shape", "count"), [((1, 2), 0), ((0, 2), 0), ((2, 0), 1)])
def test_pdist_of_few_points(shape: tuple[int, int], count: int) -> None:
    assert lamella.pdist(lamella.ones(*shape)).tolist() == [0.0] * count


@pytest.mark.parametrize(
    ("p", "expected"),
    [
        (0, [[0, 0], [0, 0]]),
        (1, [[-1, -1], [1, 1]]),
        (2, [[-0.5, -0.5], [0.5, 0.5]]),
        (math.inf, [[-1, -1], [1, 1]]),  # unlike a vector's norm: each of those that are largest counts in full
    ],
)
def test_gradients_of_cdist_at_ties_and_at_no_distance(p: float, expected: Any) -> None:
    # the distance of each point from itself has the gradient 0
    scale = math.sqrt(2) if p == 2 else 1
    found = slopes(lambda x: lamella.cdist(x, x.detach(), p), [[0.0, 0.0], [1.0, 1.0]])
    np.testing.assert_allclose(found, np.multiply(expected, scale))


@pytest.mark.parametrize("mode", ["use_mm_for_euclid_dist", "donot_use_mm_for_euclid_dist"])
def test_both_ways_to_euclidean_distances_agree(mode: str) -> None:
    x, y = random(2, 30, 3), random(4, 3)
    gap = x.detach().numpy()[:, :, None] - y.detach().numpy()
    found = lamella.cdist(x, y, compute_mode=mode)
    np.testing.assert_allclose(found.detach().numpy(), np.sqrt((gap**2).sum(-1)), atol=1e-7)
    assert lamella.autograd.gradcheck(lambda x, y: lamella.cdist(x, y, compute_mode=mode), (x[:, :3].detach(), y))
    np.testing.assert_array_equal(slopes(lambda x: lamella.cdist(x, x, compute_mode=mode), [[1.0, 2.0]] * 2), 0)


def test_many_rows_are_multiplied_few_are_not() -> None:
    far = lamella.full((26, 2), 1e4)  # where the products leave no digit of a small distance
    far[0] += 1e-2
    near = far[1:2]
    assert lamella.cdist(far[:25], near)[0].item() > 1e-2
    assert lamella.cdist(far, near)[0].item() != lamella.cdist(far[:25], near)[0].item()


def test_cdist_of_nan_is_nan() -> None:
    x = lamella.tensor([[math.nan, 0.0]])
    for p in (1, 2, 3, math.inf):
        assert math.isnan(lamella.cdist(x, POINTS, p)[0, 0].item())
    assert math.isnan(lamella.cdist(x, POINTS, compute_mode="use_mm_for_euclid_dist")[0, 0].item())


@pytest.mark.parametrize("p", [0, 1, 2, 3, math.inf, -math.inf])
def test_dist(p: float) -> None:
    x, y = random(2, 3), random(3)
    expected = np.linalg.norm((x - y).detach().numpy().ravel(), p)
    assert x.dist(y, p).item() == pytest.approx(expected)
    assert lamella.autograd.gradcheck(lambda x, y: lamella.dist(x, y, p), (x, y))


def test_renorm_scales_down_what_is_too_long() -> None:
    np.testing.assert_allclose(POINTS.renorm(2, 0, 1.0).numpy(), [[0, 0], [0.6, 0.8]], rtol=1e-6)
    np.testing.assert_allclose(POINTS.renorm(1, -1, 2.0).numpy(), [[0, 0], [2, 2]], rtol=1e-6)
    np.testing.assert_array_equal(POINTS.renorm(2, 0, 9.0).numpy(), POINTS.numpy())
    x = POINTS.clone()
    assert x.renorm_(math.inf, 0, 1) is x
    np.testing.assert_allclose(x.numpy(), [[0, 0], [0.75, 1]], rtol=1e-6)
    y = random(3, 2, 2)
    assert lamella.autograd.gradcheck(lambda y: lamella.renorm(y, 3, 1, 0.5), (y,))
    large = lamella.full((1, 2), 60000.0, dtype=lamella.float16)  # whose norm is not a float16
    np.testing.assert_allclose(large.renorm(2, 0, 1).numpy(), math.sqrt(0.5), rtol=2e-3)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: lamella.cdist(POINTS, POINTS, -1), RuntimeError, "only supports non-negative p values, got -1"),
        (lambda: lamella.cdist(POINTS, POINTS, math.nan), RuntimeError, "only supports non-negative p values"),
        (lambda: lamella.cdist(POINTS, POINTS, "2"), TypeError, "'p' must be a number, not str"),
        (lambda: lamella.cdist(POINTS, POINTS, compute_mode="x"), ValueError, "'x' is not a valid value"),
        (lambda: lamella.cdist(POINTS, 1), TypeError, "'x2' must be Tensor"),
        (lambda: lamella.cdist(POINTS, POINTS.double()), RuntimeError, "same dtype"),
        (lambda: lamella.cdist(POINTS, lamella.ones(2, 3)), RuntimeError, "same number of columns"),
        (lambda: lamella.cdist(POINTS[0], POINTS), RuntimeError, "at least 2D tensors, got 1D and 2D"),
        (lambda: lamella.cdist(POINTS.long(), POINTS.long()), RuntimeError, "not defined for dtype lamella.int64"),
        (lambda: lamella.cdist(lamella.ones(3, 2, 2), lamella.ones(4, 2, 2)), RuntimeError, "can't be broadcast"),
        (lambda: lamella.pdist(POINTS[0]), RuntimeError, "only supports 2D tensors, got: 1D"),
        (lambda: lamella.pdist(POINTS, -1), RuntimeError, "non-negative p values"),
        (lambda: lamella.pdist(POINTS.long()), RuntimeError, "not defined for dtype lamella.int64"),
        (lambda: lamella.dist(POINTS, 2.0), TypeError, "'other' must be Tensor"),
        (lambda: lamella.dist(POINTS.long(), POINTS.long()), RuntimeError, "not defined for dtype lamella.int64"),
        (lambda: lamella.renorm(POINTS[0], 2, 0, 1), RuntimeError, "at least 2 dimensions, got 1"),
        (lambda: lamella.renorm(POINTS, 0, 0, 1), RuntimeError, "expected p to be real and above 0, got 0"),
        (lambda: lamella.renorm(POINTS, 1j, 0, 1), RuntimeError, "expected p to be real and above 0"),
        (lambda: lamella.renorm(POINTS, 2, 0, -1), RuntimeError, "expected maxnorm to be >= 0, got -1"),
        (lambda: lamella.renorm(POINTS, 2, 2, 1), IndexError, "Dimension out of range"),
    ],
)
def test_refusals(call: Callable[[], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message) as caught:
        call()
    assert isinstance(caught.value, LamellaError)
