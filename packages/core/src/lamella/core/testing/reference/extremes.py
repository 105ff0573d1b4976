"""References for ``ops/extremes.py``."""

# ruff: noqa: D103  # what a function here computes is said by the op of its name
# ruff: noqa: FURB192  # max, min and sorted are ops too, or the formula reads better written out

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import Any

import numpy as np

from lamella.core.testing.reference.elements import reduction

Shape = tuple[int, ...]


amax = reduction(lambda x: sorted(x)[-1])
amin = reduction(lambda x: sorted(x)[0])


def extreme_backward(grad_output: Any, input: Any, output: Any, dims: Shape, keepdim: bool) -> np.ndarray:
    wide = [1 if d in dims else s for d, s in enumerate(input.shape)]
    found = input == output.reshape(wide)
    shares = np.maximum(
        np.count_nonzero(found, axis=tuple(dims), keepdims=True), 1
    )  # where none is found there is nothing to share
    return found * grad_output.reshape(wide) / shares


def _place(input: Any, dim: int | None, keepdim: bool, best: Callable[[list[Any]], Any]) -> np.ndarray:
    dims = tuple(range(input.ndim)) if dim is None or not input.ndim else (dim,)
    return reduction(lambda x: x.index(best(x)))(input, dims, keepdim)


def argmax(input: Any, dim: int | None, keepdim: bool) -> np.ndarray:
    return _place(input, dim, keepdim, builtins.max)


def argmin(input: Any, dim: int | None, keepdim: bool) -> np.ndarray:
    return _place(input, dim, keepdim, builtins.min)
