"""The line search alone: the point it finds obeys the conditions, on functions that are hard to search."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from lamella.optim.line_search import CURVATURE, DECREASE, Point, cubic_minimum, strong_wolfe

#: Functions that fall from 0 on, with their derivatives.
FUNCTIONS: dict[str, tuple[Callable[[float], float], Callable[[float], float]]] = {
    "parabola": (lambda t: (t - 1) ** 2, lambda t: 2 * (t - 1)),
    "far": (lambda t: (t - 300) ** 2 / 1e3, lambda t: (t - 300) / 500),
    "near": (lambda t: (1e3 * t - 1) ** 2, lambda t: 2e3 * (1e3 * t - 1)),
    "wavy": (lambda t: (t - 2) ** 2 + math.sin(8 * t), lambda t: 2 * (t - 2) + 8 * math.cos(8 * t) if t else -4.0),
    "steep wall": (lambda t: math.exp(min(5 * t, 300)) - 6 * t, lambda t: 5 * math.exp(min(5 * t, 300)) - 6),
    "quartic": (lambda t: t**4 / 4 - t, lambda t: t**3 - 1),
}


@pytest.mark.parametrize("first", [1e-3, 0.1, 1.0, 50.0])
@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name != "wavy"])
def test_the_conditions_hold(name: str, first: float) -> None:
    f, df = FUNCTIONS[name]
    slope = df(0.0)
    direction = np.array([2.0])  # twice as long: the vector's own length is no business of the conditions
    found, calls = strong_wolfe(
        lambda t: (f(t), np.array([df(t) / 2])), direction, first, f(0.0), np.array([slope / 2]), slope, 40
    )
    assert found.value <= f(0.0) + DECREASE * found.step * slope
    assert abs(found.slope) <= CURVATURE * abs(slope)
    assert (found.value, found.slope) == (f(found.step), df(found.step))
    assert 1 <= calls <= 41


def test_the_best_point_is_taken_when_calls_run_out() -> None:
    f, df = FUNCTIONS["steep wall"]
    counted = []

    def evaluate(t: float) -> tuple[float, np.ndarray]:
        counted.append(t)
        return f(t), np.array([df(t)])

    found, calls = strong_wolfe(evaluate, np.ones(1), 50.0, f(0.0), np.array([df(0.0)]), df(0.0), 2)
    assert calls == len(counted) == 3
    assert found.value == min(f(0.0), *map(f, counted))


def test_a_line_is_followed_as_far_as_allowed() -> None:
    found, calls = strong_wolfe(lambda t: (-t, np.array([-1.0])), np.ones(1), 1.0, 0.0, np.array([-1.0]), -1.0, 3)
    assert (found.step, calls) == (1000.0, 4)


def test_cubic_minimum() -> None:
    def point(t: float) -> Point:
        return Point(t, t**3 - 3 * t, None, 3 * t**2 - 3)

    for a, b in [(0.0, 3.0), (3.0, 0.0), (0.5, 0.9)]:
        assert cubic_minimum(point(a), point(b), -9, 9) == pytest.approx(1.0)
    assert cubic_minimum(point(0.0), point(3.0), 2.0, 9) == 2.0
    assert cubic_minimum(point(0.5), point(0.5), 2.0, 4.0) == 3.0
    rising = Point(0.0, 0.0, None, 1.0), Point(1.0, 0.9, None, 1.0)  # no minimum between or beyond
    assert cubic_minimum(*rising, 2.0, 4.0) == 3.0
    line = Point(0.0, 0.0, None, 1.0), Point(1.0, 1.0, None, 1.0)
    assert cubic_minimum(*line, 2.0, 4.0) == 2.0
