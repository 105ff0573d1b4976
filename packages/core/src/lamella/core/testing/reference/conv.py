"""References for ``ops/conv.py``."""

# ruff: noqa: D103  # what a function here computes is said by the op of its name

from __future__ import annotations

from typing import Any

import numpy as np

Shape = tuple[int, ...]


def _meetings(
    input_size: Shape,
    weight_size: Shape,
    result_size: Shape,
    stride: Shape,
    padding: Shape,
    dilation: Shape,
    groups: int,
) -> list[tuple[Shape, Shape, Shape]]:
    """Which element of the input meets which of the weight in which of the result: ``(input, weight, result)``."""
    found: list[tuple[Shape, Shape, Shape]] = []
    for n, o, y, x in np.ndindex(*result_size):
        for c, i, j in np.ndindex(*weight_size[1:]):
            group = o // (weight_size[0] // groups)
            row = y * stride[0] + i * dilation[0] - padding[0]
            column = x * stride[1] + j * dilation[1] - padding[2]
            if 0 <= row < input_size[2] and 0 <= column < input_size[3]:
                found.append(((n, group * weight_size[1] + c, row, column), (o, c, i, j), (n, o, y, x)))
    return found


def conv2d(
    input: Any, weight: Any, bias: Any, stride: Shape, padding: Shape, dilation: Shape, groups: int
) -> np.ndarray:
    size = [len(input), len(weight)]
    for d in range(2):
        last = input.shape[2 + d] + padding[2 * d] + padding[2 * d + 1] - dilation[d] * (weight.shape[2 + d] - 1)
        size.append(len(range(0, last, stride[d])))
    result = np.zeros(size)
    for i, w, r in _meetings(input.shape, weight.shape, tuple(size), stride, padding, dilation, groups):
        result[r] += input[i] * weight[w]
    if bias is not None:
        for o, b in enumerate(bias):
            result[:, o] += b
    return result


def conv2d_input(
    grad_output: Any, weight: Any, input_size: Shape, stride: Shape, padding: Shape, dilation: Shape, groups: int
) -> np.ndarray:
    result = np.zeros(input_size)
    for i, w, r in _meetings(input_size, weight.shape, grad_output.shape, stride, padding, dilation, groups):
        result[i] += grad_output[r] * weight[w]
    return result


def conv2d_weight(
    input: Any, grad_output: Any, weight_size: Shape, stride: Shape, padding: Shape, dilation: Shape, groups: int
) -> np.ndarray:
    result = np.zeros(weight_size)
    for i, w, r in _meetings(input.shape, weight_size, grad_output.shape, stride, padding, dilation, groups):
        result[w] += input[i] * grad_output[r]
    return result
