"""Derivatives by finite differences, and their comparison with what an engine says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

STEP = 1e-6
# a gradient wrong by one part in a thousand must stand out; in float64 the differences are good to about 1e-9
RTOL, ATOL = 1e-5, 1e-6


def parts(array: np.ndarray) -> np.ndarray:
    """The real parts, and for complex arrays also the imaginary parts, along a new first axis."""
    return np.stack([array.real, array.imag] if array.dtype.kind == "c" else [array])


def slopes(
    function: Callable[[list[np.ndarray]], Sequence[Any]],
    arrays: Sequence[np.ndarray],
    which: int,
    weights: Sequence[Any],
) -> tuple[np.ndarray, np.ndarray]:
    """The one-sided slopes of the weighted sum of ``function``'s results, to each element of one array.

    Args:
        function: From arrays to arrays; a result may be None.
        arrays: Where to differentiate.
        which: The array by whose elements to differentiate.
        weights: For each result an array of its shape; None to leave it out.

    Returns:
        The slope from the left and from the right, for each of :func:`parts` of the array.
    """
    base = function(list(arrays))
    left, right = (np.empty(parts(arrays[which]).shape) for _ in range(2))
    with np.errstate(all="ignore"):
        for part, step in enumerate((STEP, 1j * STEP)[: len(left)]):
            for i in np.ndindex(arrays[which].shape):
                for side, sign in ((left, -1), (right, 1)):
                    moved = arrays[which].copy()
                    moved[i] += sign * step
                    results = function([*arrays[:which], moved, *arrays[which + 1 :]])
                    change = sum(
                        np.vdot(w, r - b).real for w, r, b in zip(weights, results, base, strict=True) if w is not None
                    )
                    side[(part, *i)] = sign * change / STEP
    return left, right


def agree(gradient: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Where ``gradient`` is what finite differences allow.

    Between the slopes from the left and from the right: for a smooth function they are the same but for the step,
    and at a kink (``relu`` at 0, ties of ``max``) whatever lies between them is a gradient. Where a slope is not
    finite, at the edge of a function's domain, differences say nothing.
    """
    low, high = np.minimum(left, right), np.maximum(left, right)
    with np.errstate(all="ignore"):
        slack = ATOL + RTOL * np.maximum(np.abs(low), np.abs(high))
        inside = (low - slack <= gradient) & (gradient <= high + slack)
    return inside | ~np.isfinite(left) | ~np.isfinite(right)
