"""References for ``ops/shapes.py``."""

# ruff: noqa: D103  # what a function here computes is said by the op of its name

from __future__ import annotations

import builtins
import math
from typing import Any

import numpy as np

from lamella.core.testing.reference.elements import filled

Shape = tuple[int, ...]


def reshape(input: Any, shape: Shape) -> np.ndarray:
    known = math.prod(s for s in shape if s != -1)
    elements = iter(input.flatten().tolist())
    return filled([input.size // known if s == -1 else s for s in shape], lambda i: next(elements))


def permute(input: Any, dims: Shape) -> np.ndarray:
    return filled([input.shape[d] for d in dims], lambda i: input[tuple(i[dims.index(d)] for d in range(input.ndim))])


def expand(input: Any, shape: Shape) -> np.ndarray:
    lead = len(shape) - input.ndim
    return filled(shape, lambda i: input[tuple(k % s for k, s in zip(i[lead:], input.shape, strict=True))])


def _selected(shape: Shape, key: tuple[Any, ...]) -> list[list[int]]:
    """For each dimension of the result of ``x[key]``, the places along the input's dimension; None adds one."""
    places: list[list[int]] = []
    dim = 0
    for k in key:
        if k is None:
            places.append([-1])
        elif isinstance(k, int):
            dim += 1
        else:
            places.append([*range(shape[dim])[k]])
            dim += 1
    return places + [[*range(n)] for n in shape[dim:]]


def _source(shape: Shape, key: tuple[Any, ...], index: Shape) -> Shape:
    """Where element ``index`` of ``x[key]`` is in ``x``."""
    places = _selected(shape, key)
    chosen = iter([p[i] for p, i in zip(places, index, strict=True) if p != [-1]])
    kept = [k for k in key if k is not None] + [None] * (len(shape) - builtins.sum(k is not None for k in key))
    return tuple(k if isinstance(k, int) else next(chosen) for k in kept)


def getitem(input: Any, key: tuple[Any, ...]) -> np.ndarray:
    shape = tuple(len(p) for p in _selected(input.shape, key))
    return filled(shape, lambda index: input[_source(input.shape, key, index)])


def getitem_backward(grad_output: Any, shape: Shape, key: tuple[Any, ...]) -> np.ndarray:
    result = np.zeros(shape)
    for index in np.ndindex(grad_output.shape):
        result[_source(shape, key, index)] += grad_output[index]
    return result


def unbind(input: Any, dim: int) -> list[np.ndarray]:
    return [np.take(input, i, axis=dim) for i in range(input.shape[dim])]


def split_sizes(input: Any, sizes: Shape, dim: int) -> list[np.ndarray]:
    stops = np.cumsum(sizes)
    return [np.take(input, range(stop - size, stop), axis=dim) for stop, size in zip(stops, sizes, strict=True)]


def _position(index: Shape, strides: Shape, offset: int) -> int:
    return offset + builtins.sum(i * s for i, s in zip(index, strides, strict=True))


def as_strided(input: Any, shape: Shape, strides: Shape, offset: int) -> np.ndarray:
    elements = input.flatten()
    return filled(shape, lambda i: elements[_position(i, strides, offset)])


def as_strided_backward(grad: Any, input_shape: Shape, shape: Shape, strides: Shape, offset: int) -> np.ndarray:
    result = np.zeros(math.prod(input_shape))
    for i in np.ndindex(*shape):
        result[_position(i, strides, offset)] += grad[i]
    return result.reshape(input_shape)


def as_strided_scatter(input: Any, src: Any, shape: Shape, strides: Shape, offset: int) -> np.ndarray:
    result = input.flatten()
    for i in np.ndindex(*shape):
        result[_position(i, strides, offset)] = src[i]
    return result.reshape(input.shape)


def clone(input: Any, order: Shape | None = None) -> np.ndarray:
    return np.array(input)


def overwrite(input: Any, value: Any) -> np.ndarray:
    return np.array(value)


def cat(tensors: Any, dim: int) -> np.ndarray:
    slices = [np.take(t, i, axis=dim) for t in tensors for i in range(t.shape[dim])]
    if not slices:
        return np.zeros(tensors[0].shape)
    return np.moveaxis(np.array(slices), 0, dim)


def stack(tensors: Any, dim: int) -> np.ndarray:
    return np.moveaxis(np.array(list(tensors)), 0, dim)


def view_dtype(input: Any, shape: Shape, dtype: np.dtype) -> np.ndarray:
    return np.frombuffer(input.tobytes(), dtype).reshape(shape)
