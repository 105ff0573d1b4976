"""References for ``ops/indexing.py``."""

# ruff: noqa: D103  # what a function here computes is said by the op of its name
# max, min and sorted are ops too, or the formula reads better written out

from __future__ import annotations

from typing import Any

import numpy as np

from lamella.core.testing.reference.elements import filled

Shape = tuple[int, ...]


def _pick(indices: Any, index: Shape, ndim: int) -> Shape:
    """Where element ``index`` of ``x[indices]`` is in ``x``, which has ``ndim`` dimensions."""
    given = [d for d, i in enumerate(indices) if i is not None]
    width = max(indices[d].ndim for d in given)
    common = np.broadcast_shapes(*(indices[d].shape for d in given))
    at = given[0] if given == [*range(given[0], given[-1] + 1)] else 0
    inner, outer = index[at : at + width], iter(index[:at] + index[at + width :])
    return tuple(int(np.broadcast_to(indices[d], common)[inner]) if d in given else next(outer) for d in range(ndim))


def _picked_shape(shape: Shape, indices: Any) -> Shape:
    given = [d for d, i in enumerate(indices) if i is not None]
    common = np.broadcast_shapes(*(indices[d].shape for d in given))
    rest = tuple(n for d, n in enumerate(shape) if d not in given)
    at = given[0] if given == [*range(given[0], given[-1] + 1)] else 0
    return rest[:at] + common + rest[at:]


def index(input: Any, indices: Any) -> np.ndarray:
    shape = _picked_shape(input.shape, indices)
    return filled(shape, lambda place: input[_pick(indices, place, input.ndim)])


def index_backward(grad_output: Any, indices: Any, shape: Shape) -> np.ndarray:
    result = np.zeros(shape)
    for place in np.ndindex(grad_output.shape):
        result[_pick(indices, place, len(shape))] += grad_output[place]
    return result


def index_put(input: Any, indices: Any, values: Any, accumulate: bool) -> np.ndarray:
    result = np.array(input)
    spread = np.broadcast_to(values, _picked_shape(input.shape, indices))
    for place in np.ndindex(spread.shape):
        target = _pick(indices, place, input.ndim)
        result[target] = result[target] + spread[place] if accumulate else spread[place]
    return result


def gather(input: Any, index: Any, dim: int) -> np.ndarray:
    return filled(index.shape, lambda place: input[(*place[:dim], int(index[place]), *place[dim + 1 :])])


def gather_backward(grad_output: Any, index: Any, shape: Shape, dim: int) -> np.ndarray:
    result = np.zeros(shape)
    for place in np.ndindex(index.shape):
        result[(*place[:dim], int(index[place]), *place[dim + 1 :])] += grad_output[place]
    return result
