"""References for ``ops/reductions.py``."""

# ruff: noqa: D103  # what a function here computes is said by the op of its name
# max, min and sorted are ops too, or the formula reads better written out

from __future__ import annotations

import builtins
import math
from typing import Any

import numpy as np

from lamella.core.testing.reference.elements import along, reduction

Shape = tuple[int, ...]


sum = reduction(math.fsum)
mean = reduction(lambda x: math.fsum(x) / len(x) if x else math.nan)
logsumexp = reduction(lambda x: math.log(math.fsum(map(math.exp, x))) if x else -math.inf)
any = reduction(lambda x: builtins.any(map(bool, x)))
all = reduction(lambda x: builtins.all(map(bool, x)))


def prod(input: Any, dim: int, keepdim: bool) -> np.ndarray:
    return reduction(math.prod)(input, (dim,) if input.ndim else (), keepdim)


def cumsum(input: Any, dim: int, reverse: bool) -> np.ndarray:
    def sums(x: list[float]) -> list[float]:
        return [math.fsum(x[i:] if reverse else x[: i + 1]) for i in range(len(x))]

    return along(sums)(input, dim)


def var(input: Any, dims: Shape, correction: float, keepdim: bool) -> np.ndarray:
    def of(x: list[float]) -> float:
        if not x:
            return math.nan
        center = math.fsum(x) / len(x)
        return math.fsum((v - center) ** 2 for v in x) / (len(x) - correction)

    return reduction(of)(input, dims, keepdim)


def var_backward(grad_output: Any, input: Any, dims: Shape, correction: float, keepdim: bool) -> np.ndarray:
    n = math.prod(input.shape[d] for d in dims)
    wide = [1 if d in dims else s for d, s in enumerate(input.shape)]
    return 2 * grad_output.reshape(wide) * (input - mean(input, dims, True)) / (n - correction)


def std(input: Any, dims: Shape, correction: float, keepdim: bool) -> np.ndarray:
    return np.sqrt(var(input, dims, correction, keepdim))


def vector_norm(input: Any, ord: float, dims: Shape, keepdim: bool) -> np.ndarray:
    def of(x: list[float]) -> float:
        sizes = [builtins.abs(v) for v in x]
        if ord == 0:
            return len([v for v in sizes if v])
        if math.isinf(ord):
            return sorted(sizes)[-1 if ord > 0 else 0]
        return math.fsum(v**ord for v in sizes) ** (1 / ord)

    return reduction(of)(input, dims, keepdim)


def count_nonzero(input: Any, dims: Shape) -> np.ndarray:
    return reduction(lambda x: len([v for v in x if v]))(input, dims, False)
