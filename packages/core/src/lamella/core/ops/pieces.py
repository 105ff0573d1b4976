"""Tensors taken apart into pieces, and put together from them."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from typing import Any

from lamella.core import rules
from lamella.core.dispatch import define_op
from lamella.core.errors import ArgumentError, ArgumentRangeError, ArgumentTypeError, IndexRangeError, ShapeError
from lamella.core.ops.shapes import along, reshape
from lamella.core.rules import numpy_names, one_dim
from lamella.core.tensor import Tensor

Shape = tuple[int, ...]


@define_op(
    inputs=("input",),
    shape=lambda shape, dim: [(*shape[:dim], *shape[dim + 1 :])] * shape[dim],
    dtype=rules.kept,
    view=True,
    name="unbind",
    samples=lambda make: [make(make.array(3, 2), 0), make(make.array(3, 2), 1)],
)
def _unbind(xp: Any, input: Any, dim: Any) -> Any:
    """The parts of ``input`` along ``dim``, each without that dimension."""
    return tuple(input[(*along(dim, i), ...)] for i in range(input.shape[dim]))


_unbind.vjp(input=lambda F, grad, dim: F.stack(grad, dim))


@define_op(
    inputs=("input",),
    shape=lambda shape, sizes, dim: [(*shape[:dim], s, *shape[dim + 1 :]) for s in sizes],
    dtype=rules.kept,
    view=True,
    samples=lambda make: [make(make.array(5, 2), (2, 3), 0), make(make.array(2, 4), (1, 3, 0), 1)],
)
def split_sizes(xp: Any, input: Any, sizes: Any, dim: Any) -> Any:
    """Pieces of the given sizes along ``dim``."""
    pieces, start = [], 0
    for size in sizes:
        pieces.append(input[(*along(dim, slice(start, start + size)), ...)])
        start += size
    return tuple(pieces)


split_sizes.vjp(input=lambda F, grad, dim: F.cat(grad, dim))


def _joined(shapes: Any, dim: int) -> Shape:
    first = shapes[0]
    for i, shape in enumerate(shapes):
        if len(shape) != len(first) or any(
            a != b for k, (a, b) in enumerate(zip(shape, first, strict=True)) if k != dim
        ):
            raise ShapeError(
                f"Sizes of tensors must match except in dimension {dim}. Expected {first} but got {shape} for tensor "
                f"number {i} in the list."
            )
    return (*first[:dim], sum(s[dim] for s in shapes), *first[dim + 1 :])


@define_op(
    inputs=("tensors",),
    shape=_joined,
    dtype=rules.common,
    linear=("tensors",),
    variadic=True,
    name="cat",
    samples=lambda make: [
        make((make.array(2, 3), make.array(1, 3)), 0),
        make((make.array(2, 3), make.array(2, 0), make.array(2, 2)), 1),
    ],
    errors=lambda make: [
        make.error(
            ((make.array(2, 3), make.array(2, 2)), 0),
            ShapeError,
            r"cat: Sizes of tensors must match except in dimension 0",
        )
    ],
)
def _cat(xp: Any, tensors: Any, dim: Any) -> Any:
    """The tensors one after another along ``dim``."""
    return xp.concat(tensors, axis=dim)


_cat.vjp(tensors=lambda F, grad, tensors_shape, dim: F.split_sizes(grad, tuple(s[dim] for s in tensors_shape), dim))


def _stacked(shapes: Any, dim: int) -> Shape:
    first = shapes[0]
    for i, shape in enumerate(shapes):
        if shape != first:
            raise ShapeError(
                f"stack expects each tensor to be equal size, but got {first} at entry 0 and {shape} at entry {i}"
            )
    return (*first[:dim], len(shapes), *first[dim:])


@define_op(
    inputs=("tensors",),
    shape=_stacked,
    dtype=rules.common,
    linear=("tensors",),
    variadic=True,
    name="stack",
    samples=lambda make: [
        make((make.array(2, 3), make.array(2, 3)), 1),
        make((make.array(), make.array(), make.array()), 0),
    ],
    errors=lambda make: [
        make.error(
            ((make.array(2, 3), make.array(2, 2)), 0), ShapeError, r"stack: stack expects each tensor to be equal size"
        )
    ],
)
def _stack(xp: Any, tensors: Any, dim: Any) -> Any:
    """The tensors side by side along a new dimension ``dim``."""
    shape = tensors[0].shape
    if dim or not shape or len({t.shape for t in tensors}) > 1:
        return xp.stack(tensors, axis=dim)
    return xp.reshape(xp.concat(tensors, axis=0), (len(tensors), *shape))  # on 64 pictures half of stack's time


_stack.vjp(tensors=lambda F, grad, dim: F.unbind(grad, dim))


# --- the public functions


@numpy_names
def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """The parts along ``dim``, without that dimension, as views.

    Raises:
        IndexError: There is no such dimension.
    """
    if input.array.ndim == 0:
        raise IndexRangeError("unbind: Dimension specified as 0 but tensor has no dimensions")
    return _unbind(input, one_dim(dim, input.array.ndim))


def split_dim(name: str, input: Tensor, dim: int) -> tuple[int, int]:
    """``dim`` counted from the front, and its size."""
    if input.array.ndim == 0:
        raise ShapeError(f"{name} expects at least a 1-dimensional tensor, got a 0-dim one. Use x.reshape(1).")
    d = one_dim(dim, input.array.ndim)
    return d, input.array.shape[d]


def split(input: Tensor, split_size_or_sections: int | Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Pieces along ``dim``, as views: of one size, the last maybe smaller, or of the sizes listed.

    Raises:
        RuntimeError: The sizes do not add up to that of ``dim``, or the tensor has no dimension.
    """
    d, size = split_dim("split", input, dim)
    if hasattr(split_size_or_sections, "__index__"):
        step = operator.index(split_size_or_sections)
        if step < 0 or (step == 0 and size):
            raise ShapeError(f"split expects split_size to be positive, but got split_size={step}")
        pieces = tuple(min(step, size - i) for i in range(0, size, step)) if size else (0,)
    else:
        pieces = tuple(split_size_or_sections)
        if sum(pieces) != size or min(pieces, default=0) < 0:
            raise ShapeError(
                f"split_with_sizes expects split_sizes to sum exactly to {size} (input tensor's size at dimension "
                f"{d}), but got split_sizes={list(pieces)}"
            )
    return split_sizes(input, pieces, d)


@numpy_names
def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most ``chunks`` pieces of equal size along ``dim``, the last maybe smaller, as views.

    Raises:
        RuntimeError: ``chunks`` is not positive, or the tensor has no dimension.
    """
    if chunks < 1:
        raise ShapeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    d, size = split_dim("chunk", input, dim)
    if size == 0:  # only here are there as many pieces as asked for, whatever the size
        return split_sizes(input, (0,) * chunks, d)
    return split(input, -(-size // chunks), d)


def checked_tensors(name: str, given: Sequence[Tensor]) -> tuple[Tensor, ...]:
    if isinstance(given, Tensor) or not isinstance(given, Iterable):
        raise ArgumentTypeError(f"{name}(): expected a tuple or list of Tensors, got {type(given).__name__}")
    parts = tuple(given)
    for i, x in enumerate(parts):
        if not isinstance(x, Tensor):
            raise ArgumentTypeError(f"{name}(): expected Tensor as element {i}, but got {type(x).__name__}")
    return parts


def cat(tensors: Sequence[Tensor], dim: int = 0, *, axis: int | None = None) -> Tensor:
    """The tensors one after another along ``dim``.

    Args:
        tensors: Those of shape ``(0,)`` may stand beside tensors of any shape. axis: NumPy's name for ``dim``.

    Raises:
        ValueError: There are none. RuntimeError: their other sizes differ. TypeError: one is no Tensor.
    """
    parts = checked_tensors("cat", tensors)
    if not parts:
        raise ArgumentError("cat: expected a non-empty list of Tensors")
    first = next((x.array.shape for x in parts if x.array.shape != (0,)), (0,))
    if not first:
        raise ShapeError("cat: zero-dimensional tensor (at position 0) cannot be concatenated; use stack()")
    d = one_dim(dim if axis is None else axis, len(first))
    if len(first) > 1:
        nothing = (*first[:d], 0, *first[d + 1 :])
        parts = tuple(reshape(x, nothing) if x.array.shape == (0,) else x for x in parts)
    return _cat(parts, d)


def stack(tensors: Sequence[Tensor], dim: int = 0, *, axis: int | None = None) -> Tensor:
    """The tensors, all of one shape, side by side along a new dimension.

    Args:
        axis: NumPy's name for ``dim``.

    Raises:
        RuntimeError: There are none, or their shapes differ. TypeError: one is no Tensor.
    """
    parts = checked_tensors("stack", tensors)
    if not parts:
        raise ArgumentRangeError("stack: expected a non-empty list of Tensors")
    return _stack(parts, one_dim(dim if axis is None else axis, parts[0].array.ndim + 1))


#: Functions without ``out=``.
NO_OUT = ("chunk", "split", "unbind")

__all__ = ["cat", "chunk", "split", "stack", "unbind"]
