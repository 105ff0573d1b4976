"""Functions of two operands that broadcast, for which NumPy has only slow loops: vector loops, piece by piece."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from lamella.core.backends.chunks import along_first, elementwise
from lamella.core.op import OPS

#: Elements from which pieces pay.
MANY = 1 << 12


def pairwise(function: Callable[[Any, Any], Any], fill: Callable[..., None], input: Any, other: Any) -> Any:
    """``function(input, other)``; of large NumPy arrays of float32 or float64, what ``fill`` makes of them.

    Args:
        function: NumPy's own.
        fill: ``fill(out_part, input_part, other_part)``; one of the parts may be 0-dim.
        input: An array or a number, which broadcasts with ``other``.
        other: The same; one of both is an array.
    """
    if getattr(input, "size", 0) < MANY and getattr(other, "size", 0) < MANY:
        return function(input, other)
    arrays = [x for x in (input, other) if hasattr(x, "dtype")]
    like = max(arrays, key=lambda x: x.size)
    if not all(x.size for x in arrays) or type(like) is not np.ndarray or like.dtype.char not in "fd":
        return function(input, other)
    if any(x.dtype != like.dtype for x in arrays):
        return function(input, other)
    a, b = (np.asarray(x, like.dtype) for x in (input, other))
    if a.shape == b.shape:
        return elementwise(fill, a, b)
    if a.ndim == 0:
        return elementwise(lambda out, part: fill(out, a, part), b)
    if b.ndim == 0:
        return elementwise(lambda out, part: fill(out, part, b), a)
    shape = np.broadcast_shapes(a.shape, b.shape)
    return along_first(fill, np.empty(shape, like.dtype), np.broadcast_to(a, shape), np.broadcast_to(b, shape))


def choose(xp: Any, condition: Any, input: Any, other: Any) -> Any:
    """``xp.where``; of large arrays by the kernel of the op, which does not branch at each element."""
    if condition.size < MANY:
        return xp.where(condition, input, other)
    return OPS["where"].kernels[type(condition)](condition, input, other)


def mend(function: Callable[[Any, Any], Any], wrong: Any, out: Any, input: Any, other: Any) -> None:
    """Fill ``out`` by NumPy's own ``function(input, other)`` where ``wrong`` says so."""
    out[wrong] = function(*(np.broadcast_to(x, out.shape)[wrong] for x in (input, other)))
