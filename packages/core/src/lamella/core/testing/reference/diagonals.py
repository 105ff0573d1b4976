"""References for ``ops/diagonals.py``."""

# ruff: noqa: D103  # what a function here computes is said by the op of its name

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from lamella.core.testing.reference.elements import filled

Shape = tuple[int, ...]


def _pairs(shape: Shape, offset: int, dim1: int, dim2: int) -> Iterator[tuple[Shape, Shape]]:
    """Each place on the diagonals of an array of ``shape``, and that in the array of the diagonals."""
    for i in np.ndindex(*shape):
        if i[dim2] - i[dim1] == offset:
            outer = tuple(n for d, n in enumerate(i) if d not in (dim1, dim2))
            yield i, (*outer, min(i[dim1], i[dim2]))


def diagonal(input: Any, offset: int, dim1: int, dim2: int) -> np.ndarray:
    outer = [n for d, n in enumerate(input.shape) if d not in (dim1, dim2)]
    count = sum(column - row == offset for row in range(input.shape[dim1]) for column in range(input.shape[dim2]))
    result = np.empty((*outer, count), input.dtype)
    for there, here in _pairs(input.shape, offset, dim1, dim2):
        result[here] = input[there]
    return result


def diagonal_backward(grad_output: Any, shape: Shape, offset: int, dim1: int, dim2: int) -> np.ndarray:
    result = np.zeros(shape, grad_output.dtype)
    for there, here in _pairs(shape, offset, dim1, dim2):
        result[there] = grad_output[here]
    return result


def triangle(input: Any, diagonal: int, low: bool) -> np.ndarray:
    def element(i: tuple[int, ...]) -> Any:
        step = i[-1] - i[-2]
        return input[i] if (step <= diagonal if low else step >= diagonal) else 0

    return filled(input.shape, element)
