"""Joining tensors, taking them apart into pieces, and bringing several to a common form."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

from lamella.core import dtypes, rules
from lamella.core.errors import ArgumentError, ArgumentRangeError, ArgumentTypeError, DtypeError, ShapeError
from lamella.core.ops import pieces, shapes
from lamella.core.ops.pieces import cat, split
from lamella.core.ops.shapes import expand, narrow, unsqueeze
from lamella.core.rules import numpy_names
from lamella.core.tensor import Size, Tensor

# --- several tensors to a common form


def _each(function: Callable[[Tensor], Tensor], tensors: tuple[Any, ...]) -> Any:
    """``function`` of one tensor, or of each of several: given one by one or as one sequence."""
    if len(tensors) == 1 and isinstance(tensors[0], Tensor):
        return function(tensors[0])
    given = tensors[0] if len(tensors) == 1 else tensors
    return tuple(function(x) for x in pieces.checked_tensors(function.__name__.strip("_"), given))


def _at_least_1d(x: Tensor) -> Tensor:
    return x if x.array.ndim else unsqueeze(x, 0)


def _at_least_2d(x: Tensor) -> Tensor:
    return x if x.array.ndim > 1 else unsqueeze(_at_least_1d(x), 0)


def _at_least_3d(x: Tensor) -> Tensor:
    return x if x.array.ndim > 2 else unsqueeze(_at_least_2d(x), -1)


def atleast_1d(*tensors: Any) -> Any:
    """Tensors as they are, 0-dim ones with shape ``(1,)``, as views.

    Args:
        tensors: One tensor, several, or a sequence of them.

    Returns:
        A tensor for one, else a tuple.

    Raises:
        TypeError: One is no Tensor.
    """
    return _each(_at_least_1d, tensors)


def atleast_2d(*tensors: Any) -> Any:
    """Views of tensors with at least two dimensions: those that are missing are put in front.

    Args:
        tensors: One tensor, several, or a sequence of them.

    Returns:
        A tensor for one, else a tuple.

    Raises:
        TypeError: One is no Tensor.
    """
    return _each(_at_least_2d, tensors)


def atleast_3d(*tensors: Any) -> Any:
    """Views of tensors with at least three dimensions: ``(N,)`` becomes ``(1, N, 1)``, ``(N, M)`` ``(N, M, 1)``.

    Args:
        tensors: One tensor, several, or a sequence of them.

    Returns:
        A tensor for one, else a tuple.

    Raises:
        TypeError: One is no Tensor.
    """
    return _each(_at_least_3d, tensors)


def broadcast_shapes(*shapes: int | Sequence[int]) -> Size:
    """The shape that tensors of ``shapes`` broadcast to; an int stands for a shape of one dimension.

    Raises:
        RuntimeError: They can't be broadcast together, or one is no shape. ValueError: a size is negative.

    Example:
        >>> lamella.broadcast_shapes((2, 1), (3,))
        lamella.Size([2, 3])
    """
    given = []
    for shape in shapes:
        try:
            given.append((operator.index(shape),) if hasattr(shape, "__index__") else tuple(map(operator.index, shape)))
        except TypeError:
            raise ArgumentRangeError(
                f"broadcast_shapes: shapes should be ints or tuples or lists of ints, got {shape!r}"
            ) from None
        if min(given[-1], default=0) < 0:
            raise ArgumentError(f"broadcast_shapes: attempting to broadcast a dimension of negative length: {shape}")
    return Size(rules.broadcast(*given)) if given else Size()


def meshgrid(*tensors: Any, indexing: str = "ij") -> tuple[Tensor, ...]:
    """The coordinates of a grid: views of one shape; the i-th varies along dimension i, like the i-th tensor.

    Args:
        tensors: The coordinates along each dimension, of shape ``(N_i,)`` or 0-dim and of one dtype; one by one or as
            a sequence.
        indexing: ``"ij"``: results have shape ``(N_0, N_1, …)``; ``"xy"``: ``(N_1, N_0, …)``, as for images.

    Raises:
        RuntimeError: There are none, one has more dimensions, the dtypes differ, or ``indexing`` is something else.
        TypeError: One is no Tensor.

    Example:
        >>> rows, columns = lamella.meshgrid(lamella.arange(2), lamella.arange(3), indexing="ij")
        >>> columns
        tensor([[0, 1, 2],
                [0, 1, 2]])
    """
    one_sequence = len(tensors) == 1 and not isinstance(tensors[0], Tensor)
    parts = pieces.checked_tensors("meshgrid", tensors[0] if one_sequence else tensors)
    if not parts:
        raise ArgumentRangeError("meshgrid expects a non-empty sequence of Tensors")
    if indexing not in {"ij", "xy"}:
        raise ArgumentRangeError(f'meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}')
    for x in parts:
        if x.array.ndim > 1:
            raise ShapeError(f"meshgrid: expected 0D or 1D tensors, got one of shape {tuple(x.shape)}. Use .ravel().")
        if x.dtype is not parts[0].dtype:
            raise DtypeError(f"meshgrid expects all tensors to have the same dtype, got {parts[0].dtype} and {x.dtype}")
    sizes = [x.array.size for x in parts]
    grids = [expand(x.reshape([-1] + [1] * (len(parts) - 1 - i)), *sizes) for i, x in enumerate(parts)]
    if indexing == "xy" and len(parts) > 1:
        return tuple(shapes.transpose(grid, 0, 1) for grid in grids)
    return tuple(grids)


# --- joining


def _joined(name: str, tensors: Sequence[Tensor]) -> tuple[Tensor, ...]:
    parts = pieces.checked_tensors(name, tensors)
    if not parts:
        raise ArgumentRangeError(f"{name} expects a non-empty sequence of Tensors")
    return parts


def hstack(tensors: Sequence[Tensor]) -> Tensor:
    """The tensors side by side: along their second dimension, those of one or none along the first.

    Raises:
        RuntimeError: There are none, or their other sizes differ. TypeError: one is no Tensor.
    """
    parts = [_at_least_1d(x) for x in _joined("hstack", tensors)]
    return cat(parts, 0 if parts[0].array.ndim == 1 else 1)


def vstack(tensors: Sequence[Tensor]) -> Tensor:
    """The tensors, those of one dimension as rows, on top of each other.

    Raises:
        RuntimeError: There are none, or their other sizes differ. TypeError: one is no Tensor.
    """
    return cat([_at_least_2d(x) for x in _joined("vstack", tensors)], 0)


def dstack(tensors: Sequence[Tensor]) -> Tensor:
    """The tensors, as those of three dimensions that :func:`atleast_3d` makes of them, one behind the other.

    Raises:
        RuntimeError: There are none, or their other sizes differ. TypeError: one is no Tensor.
    """
    return cat([_at_least_3d(x) for x in _joined("dstack", tensors)], 2)


def column_stack(tensors: Sequence[Tensor]) -> Tensor:
    """The tensors side by side, those of one dimension or none as columns.

    Raises:
        RuntimeError: There are none, or their other sizes differ. TypeError: one is no Tensor.
    """
    parts = _joined("column_stack", tensors)
    return hstack([x if x.array.ndim > 1 else x.reshape(-1, 1) for x in parts])


# --- taking apart


@numpy_names
def split_with_sizes(input: Tensor, split_sizes: Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Pieces of the sizes listed along ``dim``, as views.

    Raises:
        RuntimeError: The sizes do not add up to that of ``dim``, or the tensor has no dimension.
        TypeError: ``split_sizes`` is no sequence.
    """
    if hasattr(split_sizes, "__index__"):
        raise ArgumentTypeError(f"split_with_sizes: split_sizes must be a tuple of ints, not {split_sizes!r}")
    return split(input, split_sizes, dim)


def tensor_split(
    input: Tensor,
    indices_or_sections: int | Sequence[int] | Tensor | None = None,
    dim: int = 0,
    *,
    sections: int | None = None,
    indices: Sequence[int] | None = None,
) -> tuple[Tensor, ...]:
    """Pieces along ``dim``, as views, that need not be of one size.

    Args:
        indices_or_sections: How many pieces, the first ones longer by one where they can't all be of one size; or
            the indices at which pieces after the first start, as in ``x[a:b]``. A tensor is read as such a number or
            such indices. sections, indices: the same, by keyword.

    Raises:
        RuntimeError: The tensor has no dimension, the number is not positive, or a tensor given is of another dtype
            or has more than one dimension. TypeError: what is given is no int and no sequence of ints.

    Example:
        >>> lamella.arange(5).tensor_split(2)
        (tensor([0, 1, 2]), tensor([3, 4]))
        >>> lamella.arange(5).tensor_split((1, 4))
        (tensor([0]), tensor([1, 2, 3]), tensor([4]))
    """
    given: Any = next((g for g in (indices_or_sections, sections, indices) if g is not None), None)
    d, size = pieces.split_dim("tensor_split", input, dim)
    if isinstance(given, Tensor):
        given = _read_indices(given)
    if hasattr(given, "__index__"):
        count = operator.index(given)
        if count < 1:
            raise ShapeError(f"tensor_split: number of sections must be larger than 0, got {count}")
        return pieces.split_sizes(input, tuple(size // count + (i < size % count) for i in range(count)), d)
    if not isinstance(given, Sequence):
        raise ArgumentTypeError(f"tensor_split: expected an int, a sequence of ints or a Tensor, got {given!r}")
    starts = [slice(int(i), None).indices(size)[0] for i in given]
    pairs = zip([0, *starts], [*starts, size], strict=True)
    return tuple(narrow(input, d, start, max(stop - start, 0)) for start, stop in pairs)


def _read_indices(given: Tensor) -> Any:
    if given.dtype is not dtypes.int64:
        raise DtypeError(f"tensor_split expected a tensor of int64 indices or sections, got {given.dtype}")
    if given.array.ndim > 1:
        raise ShapeError(
            f"tensor_split expected a 0-dim or one-dimensional tensor of indices or sections, got {tuple(given.shape)}"
        )
    return given.tolist()


def _split_evenly(name: str, input: Tensor, given: int | Sequence[int], dim: int, ndim: int) -> tuple[Tensor, ...]:
    shape = input.array.shape
    if len(shape) < ndim:
        raise ShapeError(f"{name} requires a tensor with at least {ndim} dimensions, got one of shape {shape}")
    if hasattr(given, "__index__") and (given == 0 or shape[dim] % operator.index(given)):
        raise ShapeError(
            f"{name} attempted to split along dimension {dim}, but its size {shape[dim]} is not divisible by "
            f"{given}. Use tensor_split() for pieces of different sizes."
        )
    return tensor_split(input, given, dim)


def hsplit(input: Tensor, indices_or_sections: int | Sequence[int]) -> tuple[Tensor, ...]:
    """Pieces along the second dimension, the first of a tensor that has but one, as views.

    Args:
        indices_or_sections: How many pieces of one size, or the indices at which those after the first start.

    Raises:
        RuntimeError: The tensor has no dimension, or the pieces can't be of one size.
    """
    dim = 1 if input.array.ndim > 1 else 0
    return _split_evenly("hsplit", input, indices_or_sections, dim, 1)


def vsplit(input: Tensor, indices_or_sections: int | Sequence[int]) -> tuple[Tensor, ...]:
    """Pieces along the first dimension, as views.

    Args:
        indices_or_sections: How many pieces of one size, or the indices at which those after the first start.

    Raises:
        RuntimeError: The tensor has less than two dimensions, or the pieces can't be of one size.
    """
    return _split_evenly("vsplit", input, indices_or_sections, 0, 2)


def dsplit(input: Tensor, indices_or_sections: int | Sequence[int]) -> tuple[Tensor, ...]:
    """Pieces along the third dimension, as views.

    Args:
        indices_or_sections: How many pieces of one size, or the indices at which those after the first start.

    Raises:
        RuntimeError: The tensor has less than three dimensions, or the pieces can't be of one size.
    """
    return _split_evenly("dsplit", input, indices_or_sections, 2, 3)


# --- second names

concat = concatenate = cat
row_stack = vstack

#: Functions without ``out=``.
NO_OUT = (
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "broadcast_shapes",
    "dsplit",
    "hsplit",
    "meshgrid",
    "split_with_sizes",
    "tensor_split",
    "vsplit",
)

__all__ = [
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "broadcast_shapes",
    "column_stack",
    "concat",
    "concatenate",
    "dsplit",
    "dstack",
    "hsplit",
    "hstack",
    "meshgrid",
    "row_stack",
    "split_with_sizes",
    "tensor_split",
    "vsplit",
    "vstack",
]
