"""PyTorch's earlier functions of matrices, at the top level and as methods, beside those of ``lamella.linalg``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

from lamella.core.autocast_policy import autocast_as
from lamella.core.dtypes import dtype
from lamella.core.errors import ArgumentRangeError, ShapeError
from lamella.core.ops import creation
from lamella.core.ops.diagonals import triangle
from lamella.core.ops.extremes import result_type
from lamella.core.ops.linalg import (
    determinants,
    factorizations,
    least_squares,
    matrix_functions,
    norms,
    orthogonal,
    solving,
    spectral,
    vectors,
)
from lamella.core.ops.linalg.structure import check_dtypes, check_matrices
from lamella.core.ops.linalg.triangular import solve_triangular
from lamella.core.ops.shapes import clone
from lamella.core.rules import numpy_names
from lamella.core.tensor import Tensor, check_tensor

LuWithInfo = result_type("_lu_with_info", "LU", "pivots", "info")
LuUnpackResult = result_type("lu_unpack", "P", "L", "U")
QrResult = result_type("qr", "Q", "R")
SlogdetResult = result_type("slogdet", "sign", "logabsdet")
SvdResult = result_type("svd", "U", "S", "V")
TriangularSolveResult = result_type("triangular_solve", "solution", "cloned_coefficient")

# --- under their old names


def det(input: Tensor) -> Tensor:
    """See :func:`lamella.linalg.det`."""
    return determinants.det(input)


def slogdet(input: Tensor) -> Any:
    """See :func:`lamella.linalg.slogdet`."""
    return SlogdetResult(*determinants.slogdet(input))


def inverse(input: Tensor) -> Tensor:
    """See :func:`lamella.linalg.inv`."""
    return solving.inv(input)


def matrix_exp(input: Tensor) -> Tensor:
    """See :func:`lamella.linalg.matrix_exp`."""
    return matrix_functions.matrix_exp(input)


def matrix_power(input: Tensor, n: int) -> Tensor:
    """See :func:`lamella.linalg.matrix_power`."""
    return matrix_functions.matrix_power(input, n)


@autocast_as("float32")
def pinverse(input: Tensor, rcond: float = 1e-15) -> Tensor:
    """The pseudo-inverses of matrices, ``(…, m, n) -> (…, n, m)``; see :func:`lamella.linalg.pinv`.

    Args:
        input: Matrices. rcond: singular values up to this share of the largest count as zero.

    Raises:
        RuntimeError: ``input`` is no batch of floating matrices, or has infs or nans.
    """
    return least_squares.pinv(input, rtol=rcond)


def cross(input: Tensor, other: Tensor, dim: int | None = None) -> Tensor:
    """The vector products of vectors of three elements along ``dim``, with broadcasting.

    Args:
        dim: By default the first dimension of size 3.

    Raises:
        RuntimeError: No size, or that of ``dim``, is 3; see also :func:`lamella.linalg.cross`.
    """
    if dim is None:
        check_tensor("cross", "input", input)
        places = [d for d, size in enumerate(input.array.shape) if size == 3]
        if not places:
            raise ArgumentRangeError(f"cross: no dimension of size 3 in input, whose shape is {tuple(input.shape)}")
        dim = places[0]
    return vectors.cross(input, other, dim=dim)


@numpy_names
def norm(
    input: Tensor,
    p: float | str | None = "fro",
    dim: int | Sequence[int] | None = None,
    keepdim: bool = False,
    dtype: dtype | None = None,
) -> Tensor:
    """The ``p``-norm of the elements over ``dim``, of all by default; or the nuclear norm of matrices.

    Args:
        p: The order; ``"fro"`` (the default) and None mean 2. inf and -inf take the largest and smallest size.
            ``"nuc"`` is the sum of the singular values, over two dimensions.
        dim: Dimensions to reduce. keepdim: keep them with size 1. dtype: convert to it first; it must be able to hold
            the values.

    Raises:
        RuntimeError: The elements are integers or bools; another string; the inf norm of no element; ``"nuc"`` of
            other than two dimensions.
    """
    if p == "nuc":
        dims = range(input.array.ndim) if dim is None else dim
        return norms.matrix_norm(input, p, dims, keepdim, dtype=dtype)  # type: ignore[arg-type]  # it checks them
    if isinstance(p, str) and p != "fro":
        raise ArgumentRangeError(f"norm: p must be a number, 'fro' or 'nuc', got {p!r}")
    order: Any = 2 if p in ("fro", None) else p
    return norms.vector_norm(input, order, dim, keepdim, dtype=dtype)


# --- factorizations


def cholesky(input: Tensor, upper: bool = False) -> Tensor:
    """The Cholesky factors of positive-definite matrices; see :func:`lamella.linalg.cholesky`."""
    return factorizations.cholesky(input, upper=upper)


def qr(input: Tensor, some: bool = True) -> Any:
    """The QR decomposition; see :func:`lamella.linalg.qr`.

    Args:
        input: Matrices. some: the mode "reduced", otherwise "complete".
    """
    return QrResult(*orthogonal.qr(input, "reduced" if some else "complete"))


def svd(input: Tensor, some: bool = True, compute_uv: bool = True) -> Any:
    """The singular value decomposition ``U diag(S) V^H``; see :func:`lamella.linalg.svd`, which returns ``V^H``.

    Args:
        input: Matrices ``(…, m, n)``. some: U and V have as many columns as there are singular values; otherwise they
            are square, as they always are without ``compute_uv``. compute_uv: False leaves them zero.

    Returns:
        A named tuple of ``U``, ``S`` and ``V``.
    """
    if not compute_uv:
        *batch, m, n = check_matrices("svd", input, argument="input")
        zeros = [input.new_zeros((*batch, size, size)) for size in (m, n)]
        return SvdResult(zeros[0], spectral.svdvals(input), zeros[1])
    u, s, vh = spectral.svd(input, full_matrices=not some)
    return SvdResult(u, s, vh.mH)


def lu(input: Tensor, pivot: bool = True, get_infos: bool = False) -> Any:
    """The LU decomposition in compact form; see :func:`lamella.linalg.lu_factor_ex`.

    Args:
        input: Matrices. pivot: must be True. get_infos: return for each matrix whether a pivot is zero, too.

    Returns:
        A tuple of ``LU`` and ``pivots``, or a named tuple of both and ``info``.
    """
    found = factorizations.lu_factor_ex(input, pivot=pivot)
    return LuWithInfo(*found) if get_infos else tuple(found[:2])


def lu_unpack(LU_data: Tensor, LU_pivots: Tensor, unpack_data: bool = True, unpack_pivots: bool = True) -> Any:
    """``P``, ``L`` and ``U`` of a compact LU decomposition, for which ``A = P L U``.

    Args:
        LU_data, LU_pivots: What ``lu_factor`` returned, ``(…, m, n)`` and ``(…, min(m, n))``.
        unpack_data: Whether ``L`` and ``U`` are wanted. unpack_pivots: whether ``P`` is. Otherwise they are empty.

    Raises:
        RuntimeError: The pivots are no int32, or none of such matrices.
    """
    check_matrices("lu_unpack", LU_data, argument="LU_data")
    solving.check_pivots("lu_unpack", LU_pivots)
    p, low, up = factorizations.unpacked(LU_data, LU_pivots)
    empty = creation.empty(0, dtype=LU_data.dtype, device=LU_data.device)
    return LuUnpackResult(p if unpack_pivots else empty, *((low, up) if unpack_data else (empty, empty)))


# --- equations


@autocast_as("float32")
def lu_solve(input: Tensor, LU_data: Tensor, LU_pivots: Tensor) -> Tensor:
    """The solution X of ``A X = input``; see :func:`lamella.linalg.lu_solve`, whose arguments have another order."""
    return solving.lu_solve(LU_data, LU_pivots, input)


def _check_equations(op: str, input: Tensor, A: Tensor) -> None:
    b = check_matrices(op, input, argument="input")
    a = check_matrices(op, A, square_only=True)
    check_dtypes(op, ("b", "A"), (input, A))
    if a[-1] != b[-2]:
        raise ShapeError(
            f"Incompatible matrix sizes for {op}: each A matrix is {a[-1]} by {a[-1]} but each b matrix is {b[-2]} by "
            f"{b[-1]}"
        )


@autocast_as("float32")
def cholesky_solve(input: Tensor, L: Tensor, upper: bool = False) -> Tensor:
    """The solution X of ``A X = input``, of A its Cholesky factor being known.

    Args:
        input: Right sides ``(…, n, k)``. L: factors ``(…, n, n)``; the other triangle is not read.
        upper: Whether they are upper triangles, ``A = L^H L``, instead of ``A = L L^H``.

    Raises:
        RuntimeError: The shapes do not fit, or the dtypes are no floating ones or differ.
    """
    _check_equations("cholesky_solve", input, L)
    solution: Tensor = solving.linalg_cholesky_solve(input, _lower(L, upper))
    return solution


def _lower(L: Tensor, upper: bool) -> Tensor:
    """Cholesky factors as lower triangles. What is taken off gets a gradient all the same, as in PyTorch."""
    low = L.mH if upper else L
    return low - triangle(low.detach(), 1, False)


@autocast_as("float32")
def cholesky_inverse(L: Tensor, upper: bool = False) -> Tensor:
    """The inverses of matrices whose Cholesky factors are known.

    Args:
        L: Factors ``(…, n, n)``; the other triangle is not read.
        upper: Whether they are upper triangles, ``A = L^H L``, instead of ``A = L L^H``.

    Raises:
        RuntimeError: L is no batch of square floating matrices, or one has a zero on the diagonal (LinAlgError).
    """
    check_matrices("cholesky_inverse", L, square_only=True, argument="input")
    half: Tensor = solving.linalg_inv_ex(_lower(L, upper), "cholesky_inverse", True)[0]
    return half.mH @ half


@autocast_as("float32")
def triangular_solve(
    input: Tensor, A: Tensor, upper: bool = True, transpose: bool = False, unitriangular: bool = False
) -> Any:
    """The solution X of ``A X = input`` with a triangle A; see :func:`lamella.linalg.solve_triangular`.

    Args:
        input: Right sides ``(…, n, k)``. A: triangles ``(…, n, n)``; the other triangle is not read.
        upper: Whether A is an upper one. transpose: solve with its transpose. unitriangular: take its diagonal as ones.

    Returns:
        A named tuple of ``solution`` and ``cloned_coefficient``, a copy of A.

    Raises:
        RuntimeError: The shapes do not fit, or the dtypes are no floating ones or differ.
    """
    _check_equations("triangular_solve", input, A)
    solution = solve_triangular(A.mT if transpose else A, input, upper=upper != transpose, unitriangular=unitriangular)
    wide = (*solution.array.shape[:-2], *A.array.shape[-2:])
    return TriangularSolveResult(solution, clone(A.expand(wide)))


# --- what PyTorch has removed


def _removed(name: str, instead: str) -> NoReturn:
    raise ArgumentRangeError(f"{name}: this function has been removed, in PyTorch too. Use {instead}.")


def eig(input: Tensor, *args: Any, **kwargs: Any) -> NoReturn:
    """Removed, as in PyTorch: use :func:`lamella.linalg.eig`, whose results are complex.

    Raises:
        RuntimeError: Always.
    """
    _removed("eig", "linalg.eig(A), whose results are complex")


def solve(input: Tensor, A: Tensor, *args: Any, **kwargs: Any) -> NoReturn:
    """Removed, as in PyTorch: use :func:`lamella.linalg.solve`, whose arguments have the other order.

    Raises:
        RuntimeError: Always.
    """
    _removed("solve", "linalg.solve(A, B), whose arguments have the other order")


def matrix_rank(A: Tensor, *args: Any, **kwargs: Any) -> NoReturn:
    """Removed, as in PyTorch: use :func:`lamella.linalg.matrix_rank`.

    Raises:
        RuntimeError: Always.
    """
    _removed("matrix_rank", "linalg.matrix_rank(A), where 'symmetric' is called 'hermitian'")
