"""Diagonals and triangles of matrices."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from lamella.core import dtypes, rules
from lamella.core.dispatch import define_op
from lamella.core.dtypes import dtype
from lamella.core.errors import ArgumentRangeError, ArgumentTypeError, DtypeError, ShapeError
from lamella.core.inplace import update
from lamella.core.op import OPS
from lamella.core.ops.conversions import to
from lamella.core.ops.creation import full, placed
from lamella.core.ops.selection import where
from lamella.core.ops.shapes import clone, reshape
from lamella.core.rules import one_dim
from lamella.core.tensor import Tensor, check_tensor

Shape = tuple[int, ...]


def _diagonal_shape(shape: Shape, offset: int, dim1: int, dim2: int) -> Shape:
    length = max(0, min(shape[dim1] + min(offset, 0), shape[dim2] - max(offset, 0)))
    return (*(s for d, s in enumerate(shape) if d not in (dim1, dim2)), length)


def _on_diagonal(xp: Any, array: Any, offset: int, dim1: int, dim2: int) -> Any:
    """A view of the diagonal that can be written to; that of ``xp.linalg.diagonal`` can't."""
    key = [slice(None)] * array.ndim
    key[dim1], key[dim2] = slice(max(0, -offset), None), slice(max(0, offset), None)
    part = xp.moveaxis(array[tuple(key)], (dim1, dim2), (-2, -1))
    *strides, down, right = part.strides
    return xp.lib.stride_tricks.as_strided(part, (*part.shape[:-2], min(part.shape[-2:])), (*strides, down + right))


@define_op(
    inputs=("input",),
    shape=_diagonal_shape,
    dtype=rules.kept,
    view=True,
    name="diagonal",
    samples=lambda make: [
        make(make.array(3, 4), 0, 0, 1),
        make(make.array(4, 3), 1, 0, 1),
        make(make.array(2, 3, 4), -1, 2, 0),
        make(make.transposed(3, 3), 0, 1, 0),
        make(make.array(2, 3), 5, 0, 1),
        make(make.array(0, 3), -2, 0, 1),
    ],
)
def _diagonal(xp: Any, input: Any, offset: Any, dim1: Any, dim2: Any) -> Any:
    """A view of the diagonal of the matrices in dimensions ``dim1`` and ``dim2``, as the last dimension."""
    return _on_diagonal(xp, input, offset, dim1, dim2)


_diagonal.vjp(
    input=lambda F, grad, input_shape, offset, dim1, dim2: F.diagonal_backward(grad, input_shape, offset, dim1, dim2)
)


@define_op(
    inputs=("grad_output",),
    shape=lambda given, shape, *rest: shape,
    dtype=rules.kept,
    samples=lambda make: [
        make(make.array(3), (3, 4), 0, 0, 1),
        make(make.array(3, 2), (2, 3, 4), -1, 2, 0),
        make(make.array(0), (2, 3), 5, 0, 1),
    ],
)
def diagonal_backward(xp: Any, grad_output: Any, shape: Any, offset: Any, dim1: Any, dim2: Any) -> Any:
    """Zeros of ``shape`` with ``grad_output`` on the diagonal of dimensions ``dim1`` and ``dim2``."""
    result = xp.zeros(shape, dtype=grad_output.dtype, device=grad_output.device)
    _on_diagonal(xp, result, offset, dim1, dim2)[...] = grad_output
    return result


diagonal_backward.vjp(grad_output=lambda F, grad, offset, dim1, dim2: F.diagonal(grad, offset, dim1, dim2))


def _two_dims(op: str, dim1: int, dim2: int, ndim: int) -> tuple[int, int]:
    first, second = one_dim(dim1, ndim), one_dim(dim2, ndim)
    if first == second:
        raise ShapeError(f"{op}(): diagonal dimensions cannot be identical {dim1}, {dim2}")
    return first, second


def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """A view of the diagonal of the matrices in two dimensions; it becomes the last dimension.

    Args:
        offset: Which diagonal: 0 is the main one, positive ones are above it, negative ones below.
        dim1: The dimension of the rows. dim2: that of the columns.

    Raises:
        IndexError: There is no such dimension. RuntimeError: both are the same.

    Example:
        >>> lamella.arange(6).reshape(2, 3).diagonal(1)
        tensor([1, 5])
    """
    first, second = _two_dims("diagonal", dim1, dim2, input.array.ndim)
    view: Tensor = _diagonal(input, _whole("diagonal", "offset", offset), first, second)
    return view


def diag_embed(input: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """Matrices, zero but for a diagonal that holds the last dimension of ``input``.

    Args:
        offset: Which diagonal: 0 is the main one, positive ones are above it, negative ones below.
        dim1: Where the rows of the matrices are among the dimensions of the result. dim2: where their columns are.

    Raises:
        IndexError: There is no such dimension. RuntimeError: both are the same.
    """
    shape, offset = input.array.shape, _whole("diag_embed", "offset", offset)
    first, second = _two_dims("diag_embed", dim1, dim2, len(shape) + 1)
    sizes = list(shape[:-1])
    for d in sorted((first, second)):
        sizes.insert(d, shape[-1] + abs(offset))
    result: Tensor = diagonal_backward(input, tuple(sizes), offset, first, second)
    return result


def diag(input: Tensor, diagonal: int = 0) -> Tensor:
    """A matrix with a vector on its diagonal; or a copy of the diagonal of a matrix.

    Args:
        input: 1-dim or 2-dim.
        diagonal: Which one: 0 is the main one, positive ones are above it, negative ones below.

    Raises:
        RuntimeError: ``input`` is neither a vector nor a matrix.
    """
    if input.array.ndim == 1:
        return diag_embed(input, diagonal)
    if input.array.ndim == 2:
        return clone(_diagonal(input, _whole("diag", "diagonal", diagonal), 0, 1))
    raise ShapeError(f"diag(): Supports 1D or 2D tensors. Got {input.array.ndim}D; diagonal() takes more dimensions.")


def diagflat(input: Tensor, offset: int = 0) -> Tensor:
    """A matrix with all elements of ``input`` on its diagonal ``offset``: 0 is the main one, 1 the one above it."""
    return diag_embed(reshape(input, (-1,)), offset)


def diagonal_scatter(input: Tensor, src: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """A copy of ``input`` with ``src`` in the place of ``input.diagonal(offset, dim1, dim2)``.

    Raises:
        IndexError: There is no such dimension. RuntimeError: both are the same, or ``src`` has another shape.
    """
    shape, offset = input.array.shape, _whole("diagonal_scatter", "offset", offset)
    first, second = _two_dims("diagonal_scatter", dim1, dim2, len(shape))
    part = _diagonal_shape(shape, offset, first, second)
    if check_tensor("diagonal_scatter", "src", src).array.shape != part:
        raise ShapeError(
            f"diagonal_scatter(): expected src to have a size equal to the slice of self. src size = "
            f"{list(src.shape)}, slice size = {list(part)}"
        )
    there = diagonal_backward(full(part, True, dtype=dtypes.bool, device=input.device), shape, offset, first, second)
    chosen: Tensor = where(there, diagonal_backward(to(src, dtype=input.dtype), shape, offset, first, second), input)
    return chosen


def fill_diagonal_(self: Tensor, fill_value: Any, wrap: bool = False) -> Tensor:
    """Fill the main diagonal with one value, in place.

    Args:
        fill_value: A number or a 0-dim tensor.
        wrap: Whether in a matrix with more rows than columns the diagonal starts again below each square block, with
            one row between.

    Raises:
        RuntimeError: There are fewer than two dimensions, more than two of different sizes, or the value does not fit.
    """
    shape = self.array.shape
    if len(shape) < 2:
        raise ShapeError(f"fill_diagonal_(): dimensions must larger than 1, got {len(shape)}")
    if len(shape) > 2 and len(set(shape)) > 1:
        raise ShapeError(f"fill_diagonal_(): all dimensions of input must be of equal length, got {list(shape)}")
    given = fill_value.item() if isinstance(fill_value, Tensor) and fill_value.array.ndim == 0 else fill_value
    value = dtypes.fitting(given, self.dtype)
    step, size = 1, 1  # between one element of the diagonal and the next, laid out flat
    for n in reversed(shape[1:]):
        size *= n
        step += size
    end = None if wrap or not size else size * min(shape)
    part = (slice(0, end, step),)
    return update(self, lambda old: reshape(OPS["setitem"].call(reshape(old, (-1,)), value, part), shape))


# --- triangles


def _whole(op: str, name: str, given: Any) -> int:
    try:
        return operator.index(given)
    except TypeError:
        raise ArgumentTypeError(f"{op}(): argument '{name}' must be int, not {type(given).__name__}") from None


#: Rows of a matrix that are copied at once: a triangle then is rectangles, and a small triangle for each block.
ROWS = 64


@define_op(
    inputs=("input",),
    shape=lambda shape, diagonal, low: _matrices(shape),
    trailing=2,
    dtype=rules.kept,
    linear=("input",),
    samples=lambda make: [
        make(make.array(3, 4), 0, True),
        make(make.array(3, 4), 1, False),
        make(make.array(2, 3, 3), -1, True),
        make(make.array(70, 3), -65, True),
        make(make.array(67, 70), 2, True),
        make(make.transposed(67, 70), 2, False),
        make(make.array(2, 3), -9, True),
        make(make.array(0, 2), 0, False),
        make(make.transposed(3, 2), 0, False),
    ],
    errors=lambda make: [make.error((make.array(3), 0, True), ShapeError, r"triangle: .* at least 2 dimensions")],
)
def triangle(xp: Any, input: Any, diagonal: Any, low: Any) -> Any:
    """The lower triangles up to ``diagonal``, or the upper ones from it on, zeros elsewhere.

    An op because a gradient rule, on raw arrays or on Tensors, can make no mask; and for speed.
    """
    rows, columns = _matrices(input.shape)[-2:]
    out = xp.zeros(input.shape, dtype=input.dtype, device=input.device)
    for start in range(0, rows, ROWS):
        stop = min(start + ROWS, rows)
        # in all rows of the block, columns before `first` lie below the edge of the triangle, those from `last` above
        edge = diagonal + 1 if low else diagonal
        first, last = (min(max(row + edge, 0), columns) for row in (start, stop - 1))
        if low:
            out[..., start:stop, :first] = input[..., start:stop, :first]
        else:
            out[..., start:stop, last:] = input[..., start:stop, last:]
        steps = xp.arange(first, last, device=input.device) - xp.arange(start, stop, device=input.device).reshape(-1, 1)
        kept = steps <= diagonal if low else steps >= diagonal
        part = input[..., start:stop, first:last]
        out[..., start:stop, first:last] = xp.where(kept, part, xp.zeros_like(part))
    return out


triangle.vjp(input=lambda F, grad, diagonal, low: F.triangle(grad, diagonal, low))


def _matrices(shape: Shape) -> Shape:
    if len(shape) < 2:
        raise ShapeError(f"input tensor must have at least 2 dimensions, got {len(shape)}")
    return shape


def _triangle_of(op: str, input: Tensor, diagonal: Any, low: bool) -> Tensor:
    if input.array.ndim < 2:
        raise ShapeError(f"{op}: input tensor must have at least 2 dimensions, got {input.array.ndim}")
    kept: Tensor = triangle(input, _whole(op, "diagonal", diagonal), low)
    return kept


def tril(input: Tensor, diagonal: int = 0) -> Tensor:
    """The lower triangles of matrices, with zeros above.

    Args:
        input: ``(..., rows, columns)``.
        diagonal: The last diagonal to keep: 0 is the main one, positive ones are above it, negative ones below.

    Raises:
        RuntimeError: There are fewer than two dimensions.

    Example:
        >>> lamella.ones(2, 3).tril()
        tensor([[1., 0., 0.],
                [1., 1., 0.]])
    """
    return _triangle_of("tril", input, diagonal, True)


def triu(input: Tensor, diagonal: int = 0) -> Tensor:
    """The upper triangles of matrices, with zeros below.

    Args:
        input: ``(..., rows, columns)``.
        diagonal: The first diagonal to keep: 0 is the main one, positive ones are above it, negative ones below.

    Raises:
        RuntimeError: There are fewer than two dimensions.
    """
    return _triangle_of("triu", input, diagonal, False)


def _triangle_indices(op: str, row: int, col: int, offset: int, dtype: dtype, device: Any, wanted: Any) -> Tensor:
    for name, size in (("row", row), ("col", col)):
        if _whole(op, name, size) < 0:
            raise ArgumentRangeError(f"{op}(): {name} must be non-negative, got {size}")
    if dtype not in (dtypes.int64, dtypes.int32):
        raise DtypeError(f"{op}(): not implemented for {dtype}; expected lamella.int64 or lamella.int32.")
    steps = np.arange(col) - np.arange(row)[:, None]
    return placed(np.stack(wanted(steps, _whole(op, "offset", offset)).nonzero()).astype(dtype.numpy), device, False)


def tril_indices(row: int, col: int, offset: int = 0, *, dtype: dtype = dtypes.int64, device: Any = None) -> Tensor:
    """Where the lower triangle of a matrix is: ``(2, count)`` row and column numbers, row after row.

    Args:
        row: Number of rows. col: number of columns.
        offset: The last diagonal that counts: 0 is the main one, positive ones are above it, negative ones below.
        dtype: int64 or int32.

    Raises:
        RuntimeError: A size is negative, or the dtype is another.

    Example:
        >>> lamella.tril_indices(2, 2)
        tensor([[0, 1, 1],
                [0, 0, 1]])
    """
    return _triangle_indices("tril_indices", row, col, offset, dtype, device, np.less_equal)


def triu_indices(row: int, col: int, offset: int = 0, *, dtype: dtype = dtypes.int64, device: Any = None) -> Tensor:
    """Where the upper triangle of a matrix is: ``(2, count)`` row and column numbers, row after row.

    Args:
        row: Number of rows. col: number of columns.
        offset: The first diagonal that counts: 0 is the main one, positive ones are above it, negative ones below.
        dtype: int64 or int32.

    Raises:
        RuntimeError: A size is negative, or the dtype is another.
    """
    return _triangle_indices("triu_indices", row, col, offset, dtype, device, np.greater_equal)


IN_PLACE = ("tril", "triu")
METHODS = ("fill_diagonal_",)

#: Functions without ``out=``.
NO_OUT = (
    "diag_embed",
    "diagflat",
    "diagonal",
    "diagonal_scatter",
    "tril_indices",
    "triu_indices",
)

__all__ = [
    "diag",
    "diag_embed",
    "diagflat",
    "diagonal",
    "diagonal_scatter",
    "tril",
    "tril_indices",
    "triu",
    "triu_indices",
]
