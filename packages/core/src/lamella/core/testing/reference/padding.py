"""References for ``ops/padding.py``."""

# ruff: noqa: D103  # what a function here computes is said by the op of its name

from __future__ import annotations

from typing import Any

import numpy as np

from lamella.core.testing.reference.elements import filled

Shape = tuple[int, ...]


def _source(i: int, size: int, before: int, after: int, mode: str) -> int:
    """Which element of the input stands at ``i`` of the result, along one dimension."""
    i -= before
    if mode == "replicate":
        return min(max(i, 0), size - 1)
    if mode == "circular":
        first, last = max(-before, 0), size - max(-after, 0)
        return first + (i - first) % (last - first)
    while not 0 <= i < size:
        i = -i if i < 0 else 2 * (size - 1) - i
    return i


def _sources(at: Shape, shape: Shape, pads: Any, mode: str) -> Shape:
    return tuple(_source(i, size, b, a, mode) for i, size, (b, a) in zip(at, shape, pads, strict=True))


def pad_with_own(input: Any, pads: Any, mode: str) -> np.ndarray:
    shape = tuple(size + sum(sides) for size, sides in zip(input.shape, pads, strict=True))
    return filled(shape, lambda at: input[_sources(at, input.shape, pads, mode)])


def pad_with_own_backward(grad_output: Any, shape: Shape, pads: Any, mode: str) -> np.ndarray:
    result = np.zeros(shape)
    for at in np.ndindex(*grad_output.shape):
        result[_sources(at, shape, pads, mode)] += grad_output[at]
    return result
