"""References for ``ops/rearranging.py``."""

# ruff: noqa: D103  # what a function here computes is said by the op of its name

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lamella.core.testing.reference.elements import filled

Shape = tuple[int, ...]


def flip(input: Any, dims: Shape) -> np.ndarray:
    def source(at: Shape) -> Shape:
        return tuple(input.shape[d] - 1 - i if d in dims else i for d, i in enumerate(at))

    return filled(input.shape, lambda at: input[source(at)])


def roll(input: Any, shifts: Shape, dims: Shape) -> np.ndarray:
    if not dims:
        flat = input.reshape(-1).tolist()
        start = -shifts[0] % max(len(flat), 1)
        return np.array(flat[start:] + flat[:start]).reshape(input.shape)

    def source(at: Shape) -> Shape:
        moved = list(at)
        for shift, d in zip(shifts, dims, strict=True):
            moved[d] = (moved[d] - shift) % input.shape[d]
        return tuple(moved)

    return filled(input.shape, lambda at: input[source(at)])


def repeat(input: Any, repeats: Shape) -> np.ndarray:
    shape = (1,) * (len(repeats) - input.ndim) + input.shape
    whole = input.reshape(shape)
    result = [s * r for s, r in zip(shape, repeats, strict=True)]
    return filled(result, lambda at: whole[tuple(i % s for i, s in zip(at, shape, strict=True))])


def constant_pad_nd(input: Any, pads: tuple[tuple[int, int], ...], value: float) -> np.ndarray:
    def element(at: Shape) -> Any:
        source = tuple(i - before for i, (before, _) in zip(at, pads, strict=True))
        inside = all(0 <= i < n for i, n in zip(source, input.shape, strict=True))
        return input[source] if inside else value

    return filled([b + n + a for n, (b, a) in zip(input.shape, pads, strict=True)], element)


def unfold(input: Any, dim: int, size: int, step: int) -> np.ndarray:
    starts = range(0, input.shape[dim] - size + 1, step)
    shape = (*input.shape[:dim], len(starts), *input.shape[dim + 1 :], size)
    return filled(shape, lambda at: input[(*at[:dim], starts[at[dim]] + at[-1], *at[dim + 1 : -1])])


def unfold_backward(grad_output: Any, shape: Shape, dim: int, size: int, step: int) -> np.ndarray:
    numbers = unfold(np.arange(math.prod(shape)).reshape(shape), dim, size, step)
    return filled(shape, lambda at: grad_output[numbers == np.ravel_multi_index(at, shape)].sum())
