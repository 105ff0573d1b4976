"""Norms of vectors and matrices, and condition numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from lamella.core import dtypes
from lamella.core.autocast_policy import autocast_as
from lamella.core.dtypes import dtype
from lamella.core.errors import ArgumentRangeError, ArgumentTypeError, DtypeError, ShapeError
from lamella.core.ops import reductions
from lamella.core.ops.conversions import to
from lamella.core.ops.creation import zeros
from lamella.core.ops.extremes import amax, amin
from lamella.core.ops.linalg.solving import inv_ex
from lamella.core.ops.linalg.spectral import svdvals
from lamella.core.ops.linalg.structure import check_matrices
from lamella.core.ops.reductions import sum
from lamella.core.ops.selection import where
from lamella.core.ops.shapes import movedim, reshape, unsqueeze
from lamella.core.rules import some_dims
from lamella.core.tensor import Tensor, check_tensor

Dims = int | Sequence[int] | None


def _converted(op: str, x: Tensor, wanted: dtype | None) -> Tensor:
    """``x`` in the dtype in which a norm is to be computed.

    Raises:
        RuntimeError: It has no floating dtype, or the wanted one can't hold it.
    """
    given = check_tensor(op, "input", x).dtype
    if not (given.is_floating_point or given.is_complex):
        raise DtypeError(f"{op}: Expected a floating point or complex tensor as input. Got {given}. Use x.float().")
    if wanted is None:
        return x
    if not (wanted.is_floating_point or wanted.is_complex):
        raise DtypeError(f"{op}: dtype should be floating point or complex, but got {wanted}")
    if wanted.is_complex != given.is_complex:
        kind = "complex" if given.is_complex else "real"
        raise DtypeError(f"{op}: dtype should be {kind} for {kind} inputs, but got {wanted}")
    if dtypes.promote_types(given, wanted) is not wanted:
        raise DtypeError(
            f"{op}: the dtype of the input ({given}) should be convertible without narrowing to the specified dtype "
            f"({wanted}). Convert it first with x.to(dtype)."
        )
    return to(x, dtype=wanted)


def vector_norm(
    x: Tensor, ord: float = 2, dim: Dims = None, keepdim: bool = False, *, dtype: dtype | None = None
) -> Tensor:
    """The norm of vectors, ``sum(|x| ** ord) ** (1 / ord)``; its limits for inf, -inf and 0 (how many are not 0).

    Args:
        x: Of floats or complex numbers; the norm is real. ord: any number.
        dim: Dimensions to reduce; by default all, as of one vector. keepdim: keep them with size 1.
        dtype: Convert to it first; it must be able to hold the values.

    Raises:
        RuntimeError: The dtype is none of floats; the norm of no element is not defined for this ``ord``. TypeError:
            ``ord`` is no number. IndexError: there is no such dimension.
    """
    if isinstance(ord, str) or not hasattr(ord, "__float__"):
        raise ArgumentTypeError(f"linalg.vector_norm(): argument 'ord' must be Number, not {type(ord).__name__}")
    x = _converted("linalg.vector_norm", x, dtype)
    dims = some_dims(dim, x.array.ndim)
    count = reductions.count(x.array.shape, dims)
    if count == 0 and (ord < 0 or ord == math.inf):
        raise ArgumentRangeError(
            f"linalg.vector_norm cannot compute the {ord} norm on an empty tensor because the operation does not have "
            "an identity. Test x.numel() first."
        )
    result: Tensor = reductions.vector_norm(x, ord, dims, keepdim)
    return result


def _two_dims(op: str, x: Tensor, dim: Any) -> tuple[int, int]:
    try:
        given = tuple(dim)
    except TypeError:
        given = (dim,)
    if len(given) != 2:
        raise ShapeError(f"{op}: dim must be a 2-tuple. Got {dim}")
    first, second = (some_dims(d, x.array.ndim)[0] for d in given)
    if first == second:
        raise ShapeError(f"{op}: dims must be different. Got {given}")
    return first, second


def matrix_norm(
    A: Tensor,
    ord: float | str = "fro",
    dim: tuple[int, int] = (-2, -1),
    keepdim: bool = False,
    *,
    dtype: dtype | None = None,
) -> Tensor:
    """The norm of matrices.

    Args:
        A: Of floats or complex numbers; the norm is real.
        ord: "fro", the root of the sum of squares; "nuc", the sum of singular values; 2 and -2, the largest and the
            smallest of these; 1 and -1, the largest and the smallest sum of sizes in a column; inf and -inf, in a row.
        dim: The dimensions of rows and of columns. keepdim: keep them with size 1.
        dtype: Convert to it first; it must be able to hold the values.

    Raises:
        RuntimeError: ``ord`` is another, ``dim`` does not name two dimensions, the dtype is none of floats (of single
            precision at least where singular values are needed), or a smallest or largest is asked for of none.
        IndexError: There is no such dimension.
    """
    op = "linalg.matrix_norm"
    check_matrices(op, A)
    x = _converted(op, A, dtype)
    rows, columns = _two_dims(op, x, dim)
    if ord == "fro":
        return vector_norm(x, 2, (rows, columns), keepdim)
    if ord == "nuc" or (not isinstance(ord, str) and ord in (2, -2)):
        values = svdvals(movedim(x, (rows, columns), (-2, -1)))
        value = sum(values, -1) if ord == "nuc" else _extreme(values, -1, ord > 0)  # type: ignore[operator]  # a number
        if keepdim:
            for d in sorted((rows, columns)):
                value = unsqueeze(value, d)
        return value
    if isinstance(ord, str) or ord not in (1, -1, math.inf, -math.inf):
        raise ArgumentRangeError(f"{op}: Order {ord} not supported. Use 'fro', 'nuc', inf, -inf, 1, -1, 2 or -2.")
    added, compared = (rows, columns) if ord in (1, -1) else (columns, rows)
    sizes = vector_norm(x, 1, added, True)
    value = _extreme(sizes, compared, ord > 0)
    value = unsqueeze(value, compared)
    shape = [s for d, s in enumerate(value.array.shape) if keepdim or d not in (rows, columns)]
    return reshape(value, tuple(shape))


def _extreme(x: Tensor, dim: int, largest: bool) -> Tensor:
    """The largest or smallest along ``dim``; the largest of none is 0, as no norm is below that."""
    if x.array.shape[dim] == 0 and largest:
        return sum(x, dim)
    return amax(x, dim) if largest else amin(x, dim)


def norm(
    A: Tensor,
    ord: float | str | None = None,
    dim: Dims = None,
    keepdim: bool = False,
    *,
    dtype: dtype | None = None,
) -> Tensor:
    """The norm of a vector or a matrix.

    Args:
        A: Of floats or complex numbers; the norm is real.
        ord: Of :func:`vector_norm`, or of :func:`matrix_norm` where there are two dimensions; by default 2 over all
            elements that are reduced.
        dim: One dimension for the norm of vectors, two for that of matrices; by default all. keepdim: keep them.
        dtype: Convert to it first; it must be able to hold the values.

    Raises:
        RuntimeError: ``ord`` is given but no ``dim``, and A has neither one nor two dimensions; see also the two
            functions. IndexError: there is no such dimension.
    """
    if ord is None:
        return vector_norm(A, 2, dim, keepdim, dtype=dtype)
    ndim = check_tensor("linalg.norm", "A", A).array.ndim
    if dim is None:
        if ndim not in (1, 2):
            raise ShapeError(
                f"linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got {ndim}D."
            )
        dims = tuple(range(ndim))
    else:
        dims = (dim,) if isinstance(dim, int) else tuple(dim)
    if isinstance(ord, str) or len(dims) == 2:
        return matrix_norm(A, ord, dims, keepdim, dtype=dtype)  # type: ignore[arg-type]  # it tells when there is one
    return vector_norm(A, ord, dims, keepdim, dtype=dtype)


@autocast_as("float32")
def cond(A: Tensor, p: float | str | None = None) -> Tensor:
    """The condition number of matrices, ``norm(A, p) * norm(inv(A), p)``: how much they can magnify an error.

    Args:
        A: Matrices ``(…, m, n)``, square ones but for ``p`` None, 2 and -2.
        p: An ``ord`` of :func:`matrix_norm`; None is 2. For 2 the largest singular value is divided by the smallest,
            for -2 the smallest by the largest.

    Raises:
        RuntimeError: A is no batch of floating matrices, they are not square, or ``p`` is another.
    """
    shape = check_matrices("linalg.cond", A)
    if p is None or (not isinstance(p, str) and p in (2, -2)):
        values = svdvals(A)
        if not values.array.shape[-1]:
            return sum(values, -1)
        largest, smallest = values[..., 0], values[..., -1]
        return smallest / largest if p == -2 else largest / smallest
    if p not in ("fro", "nuc", 1, -1, math.inf, -math.inf):
        raise ArgumentRangeError(
            f"linalg.cond got an invalid norm type: {p}. Use 'fro', 'nuc', inf, -inf, 1, -1, 2 or -2."
        )
    check_matrices(f"linalg.cond(ord={p})", A, square_only=True)
    if A.array.size == 0:
        return zeros(shape[:-2], dtype=A.dtype.to_real(), device=A.device)
    inverse, info = inv_ex(A)
    singular = info != 0
    # what stands for an inverse that there is not may be nan, of which no singular values are to be had
    inverse = where(singular[..., None, None], 0.0, inverse)
    return where(singular, math.inf, matrix_norm(A, p) * matrix_norm(inverse, p))
