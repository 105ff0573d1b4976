"""What references are made of: functions of numbers, turned into functions of arrays in plain Python."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np


def each(function: Callable[..., Any]) -> Callable[..., np.ndarray]:
    """A function of numbers as a function of arrays that broadcast, element by element."""

    def on_arrays(*inputs: Any) -> np.ndarray:
        arrays = np.broadcast_arrays(*inputs)
        return filled(arrays[0].shape, lambda i: function(*(a[i].item() for a in arrays)))

    return on_arrays


def filled(shape: Sequence[int], element: Callable[[tuple[int, ...]], Any]) -> np.ndarray:
    """An array whose element at each index is ``element(index)``."""
    result = np.empty(shape)
    for i in np.ndindex(*shape):
        result[i] = element(i)
    return result


def reduction(function: Callable[[list[Any]], Any]) -> Callable[..., np.ndarray]:
    """A function of a list of numbers as a reduction of an array over ``dims``, a tuple counted from the front."""

    def on_array(input: np.ndarray, dims: Sequence[int], keepdim: bool) -> np.ndarray:
        outer = tuple(1 if d in dims else s for d, s in enumerate(input.shape))
        inner = [s if d in dims else 1 for d, s in enumerate(input.shape)]

        def element(i: tuple[int, ...]) -> Any:
            members = (tuple(a + b for a, b in zip(i, j, strict=True)) for j in np.ndindex(*inner))
            return function([input[m].item() for m in members])

        result = filled(outer, element)
        return result if keepdim else result.reshape([s for d, s in enumerate(outer) if d not in dims])

    return on_array


def along(function: Callable[..., Any]) -> Callable[..., np.ndarray]:
    """A function of lists of numbers, which gives one as long, on the lines of arrays along ``dim``."""

    def on_arrays(*arguments: Any) -> np.ndarray:
        *arrays, dim = arguments
        if arrays[0].ndim == 0:
            return np.array(function(*([a.item()] for a in arrays))[0])
        result = np.empty(arrays[0].shape)
        lines = [np.moveaxis(a, dim, -1) for a in (result, *arrays)]
        for i in np.ndindex(*lines[0].shape[:-1]):
            lines[0][i] = function(*(line[i].tolist() for line in lines[1:]))
        return result

    return on_arrays
