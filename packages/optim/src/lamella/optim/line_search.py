"""A line search for the strong Wolfe conditions, of functions whose gradient comes with their value."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

#: How much of the decrease that the slope promises must be reached, and how much of the slope may be left.
DECREASE, CURVATURE = 1e-4, 0.9
#: A bracket whose steps differ by less along the direction is not searched further.
NARROWEST = 1e-9


class Point(NamedTuple):
    """What is known at one step along the direction."""

    step: float
    value: float
    grad: Any
    slope: float


def strong_wolfe(
    evaluate: Callable[[float], tuple[float, Any]],
    direction: Any,
    step: float,
    value: float,
    grad: Any,
    slope: float,
    more: int,
) -> tuple[Point, int]:
    r"""Find a step t with f(t) <= f(0) + 1e-4 t f'(0) and \|f'(t)\| <= 0.9 \|f'(0)\|.

    Args:
        evaluate: Gives the function's value and gradient after a step along ``direction``.
        direction: A vector, along which the function falls at first.
        step: Where to look first.
        value: The function's value at 0.
        grad: Its gradient there.
        slope: The gradient along the direction.
        more: How many evaluations may follow the first.

    Returns:
        The best point found, and the number of evaluations.

    Reference:
        J. Nocedal, S. J. Wright: Numerical optimization, 2nd edition, 2006, algorithms 3.5 and 3.6 with cubic
        interpolation (equation 3.59). The bounds on each trial step, and the test for lack of progress, are those of
        M. Schmidt's minFunc, 2005, https://www.cs.ubc.ca/~schmidtm/Software/minFunc.html, which PyTorch follows.
    """
    start = Point(0.0, value, grad, slope)

    def at(step: float) -> Point:
        value, grad = evaluate(step)
        return Point(step, value, grad, float((grad * direction).sum()))

    def falls_enough(point: Point) -> bool:
        return point.value <= start.value + DECREASE * point.step * slope

    def is_flat(point: Point) -> bool:
        return abs(point.slope) <= -CURVATURE * slope

    point = at(step)
    evaluations = 1

    # Go forward until a bracket holds a minimum.
    previous, bracket = start, None
    while evaluations <= more:
        if not falls_enough(point) or (evaluations > 2 and point.value >= previous.value):
            bracket = previous, point
            break
        if is_flat(point):
            return point, evaluations
        if point.slope >= 0:
            bracket = previous, point
            break
        nearest, farthest = point.step + 0.01 * (point.step - previous.step), point.step * 10
        step = cubic_minimum(previous, point, nearest, farthest)
        previous, point = point, at(step)
        evaluations += 1
    if bracket is None:
        bracket = start, point

    low, high = sorted(bracket, key=lambda point: point.value)
    longest = float(abs(direction).max())
    halted = False  # whether the last trial fell near an end of the bracket
    while evaluations <= more:
        left, right = sorted((low.step, high.step))
        if (right - left) * longest < NARROWEST:
            break
        step = cubic_minimum(low, high, left, right)
        # A trial near an end, twice in a row or at the end itself: move it inside by a tenth of the bracket.
        margin = 0.1 * (right - left)
        if min(right - step, step - left) < margin:
            if halted or step >= right or step <= left:
                step = right - margin if abs(step - right) < abs(step - left) else left + margin
                halted = False
            else:
                halted = True
        else:
            halted = False
        point = at(step)
        evaluations += 1
        if not falls_enough(point) or point.value >= low.value:
            high = point
            low, high = (low, high) if low.value <= high.value else (high, low)
        else:
            if is_flat(point):
                return point, evaluations
            if point.slope * (high.step - low.step) >= 0:
                high = low
            low = point
    return low, evaluations


def cubic_minimum(a: Point, b: Point, lower: float, upper: float) -> float:
    """Where the cubic through two points, with their slopes, has its minimum; the middle if it has none."""
    if a.step > b.step:
        a, b = b, a
    if a.step == b.step:
        return (lower + upper) / 2
    s = a.slope + b.slope - 3 * (a.value - b.value) / (a.step - b.step)
    square = s * s - a.slope * b.slope
    if not square >= 0:
        return (lower + upper) / 2
    root = math.sqrt(square)
    bend = b.slope - a.slope + 2 * root
    if bend == 0:  # a straight line
        return upper if b.slope < 0 else lower
    found = b.step - (b.step - a.step) * ((b.slope + root - s) / bend)
    return min(max(found, lower), upper)
