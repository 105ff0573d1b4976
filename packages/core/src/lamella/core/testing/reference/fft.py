"""References for ``ops/fft.py``: the sums that define the transforms."""

# ruff: noqa: D103  # what a function here computes is said by the op of its name

from __future__ import annotations

import cmath
import math
from collections.abc import Sequence
from typing import Any

import numpy as np


def _transformed(input: Any, dims: Sequence[int], norm: str, sign: int) -> np.ndarray:
    """Every element as its own sum over all elements along ``dims``."""
    sizes = [input.shape[d] for d in dims]
    scale = _scale(norm, math.prod(sizes), sign)
    result = np.zeros(input.shape, np.complex128)
    for k in np.ndindex(*input.shape):
        for j in np.ndindex(*sizes):
            turns = sum(k[d] * i / n for d, i, n in zip(dims, j, sizes, strict=True))
            at = list(k)
            for d, i in zip(dims, j, strict=True):
                at[d] = i
            result[k] += scale * input[tuple(at)] * cmath.exp(sign * 2j * math.pi * turns)
    return result


def _scale(norm: str, count: int, sign: int) -> float:
    if norm == "ortho":
        return 1 / math.sqrt(count)
    return 1 / count if (norm == "backward") == (sign > 0) else 1.0


def fft_c2c(input: Any, dims: Any, norm: str, inverse: bool) -> np.ndarray:
    return _transformed(input, dims, norm, 1 if inverse else -1)


def fft_r2c(input: Any, dims: Any, norm: str) -> np.ndarray:
    kept = input.shape[dims[-1]] // 2 + 1
    return np.take(_transformed(input, dims, norm, -1), range(kept), dims[-1])


def fft_c2r(input: Any, dims: Any, norm: str, size: int) -> np.ndarray:
    """Along the other dimensions first; then the elements that are not there are the conjugates of those that are."""
    *others, last = dims
    partly = np.moveaxis(_transformed(input, others, norm, 1) if others else input, last, -1)
    result = np.zeros((*partly.shape[:-1], size))
    for i in np.ndindex(*result.shape):
        for k in range(size):
            there = k <= size // 2
            value = complex(partly[(*i[:-1], k if there else size - k)])
            term = (value if there else value.conjugate()) * cmath.exp(2j * math.pi * i[-1] * k / size)
            result[i] += _scale(norm, size, 1) * term.real
    return np.moveaxis(result, -1, last)


def fft_weighted(input: Any, dim: int, size: int, weight: float) -> np.ndarray:
    result = np.array(input)
    for i in np.ndindex(*input.shape):
        if 2 * i[dim] not in (0, size):
            result[i] = input[i] * weight
    return result
