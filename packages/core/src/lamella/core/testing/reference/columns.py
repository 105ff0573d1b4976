"""References for ``ops/columns.py``."""

# ruff: noqa: D103  # what a function here computes is said by the op of its name

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np

Shape = tuple[int, ...]


def _seen(size: Shape, kernel: Shape, stride: Shape, padding: Shape, dilation: Shape) -> list[list[tuple[int, int]]]:
    """For each place of the kernel, row by row, the elements of the picture it sees; some lie outside."""
    tops = range(-padding[0], size[0] + padding[1] - dilation[0] * (kernel[0] - 1), stride[0])
    lefts = range(-padding[2], size[1] + padding[3] - dilation[1] * (kernel[1] - 1), stride[1])
    offsets = [(i * dilation[0], j * dilation[1]) for i, j in product(range(kernel[0]), range(kernel[1]))]
    return [[(top + i, left + j) for i, j in offsets] for top, left in product(tops, lefts)]


def im2col(input: Any, kernel: Shape, stride: Shape, padding: Shape, dilation: Shape) -> np.ndarray:
    n, c, *size = input.shape
    places = _seen(tuple(size), kernel, stride, padding, dilation)
    result = np.zeros((n, c * kernel[0] * kernel[1], len(places)))
    for image, channel, (column, elements) in product(range(n), range(c), enumerate(places)):
        for row, (y, x) in enumerate(elements):
            if 0 <= y < size[0] and 0 <= x < size[1]:
                result[image, channel * len(elements) + row, column] = input[image, channel, y, x]
    return result


def col2im(input: Any, size: Shape, kernel: Shape, stride: Shape, padding: Shape, dilation: Shape) -> np.ndarray:
    n, c = input.shape[0], input.shape[1] // (kernel[0] * kernel[1])
    result = np.zeros((n, c, *size))
    places = _seen(size, kernel, stride, padding, dilation)
    for image, channel, (column, elements) in product(range(n), range(c), enumerate(places)):
        for row, (y, x) in enumerate(elements):
            if 0 <= y < size[0] and 0 <= x < size[1]:
                result[image, channel, y, x] += input[image, channel * len(elements) + row, column]
    return result
