"""Triangular factors of matrices: LU and Cholesky."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lamella.core import backends, rules
from lamella.core.autocast_policy import autocast_as
from lamella.core.dispatch import define_op
from lamella.core.errors import ArgumentRangeError, DtypeError, LinAlgError, ShapeError
from lamella.core.ops import creation
from lamella.core.ops.diagonals import triangle
from lamella.core.ops.extremes import result_type
from lamella.core.ops.linalg.hermitian import as_hermitian
from lamella.core.ops.linalg.structure import (
    adjoint,
    check_matrices,
    failed,
    lower,
    matrices,
    mirrored,
    results_in,
    square,
    upper,
)
from lamella.core.ops.linalg.triangular import solved_triangular
from lamella.core.rules import DtypeRule
from lamella.core.tensor import Tensor

Shape = tuple[int, ...]

LuResult = result_type("linalg_lu", "P", "L", "U")
LuFactorResult = result_type("linalg_lu_factor", "LU", "pivots")
LuFactorExResult = result_type("linalg_lu_factor_ex", "LU", "pivots", "info")
CholeskyExResult = result_type("linalg_cholesky_ex", "L", "info")

# --- LU

_BLOCK = 32


def _factored_shape(shape: Shape, op: str, check: bool) -> list[Shape]:
    return [matrices(shape), (*shape[:-2], min(shape[-2:])), shape[:-2]]


@define_op(
    inputs=("input",),
    shape=_factored_shape,
    trailing=2,
    dtype=results_in("same", "int32", "int32"),
    samples=lambda make: [
        make(make.array(3, 3), "lu", True),
        make(make.array(2, 2, 4), "lu", True),
        make(make.array(2, 4, 2), "lu", True),
        make(make.transposed(3, 3), "lu", True),
        make(make.array(0, 3), "lu", True),
        make(make.array(0, 2, 2), "lu", True),
        make(make.array(1, 1), "lu", False),
    ],
    errors=lambda make: [
        make.error((make.array(3), "lu", True), ShapeError, r"linalg_lu_factor_ex: .* at least 2 dimensions"),
        make.error((make.ints(3, 2, 2), "lu", True), DtypeError, r"not defined for dtype lamella.int64"),
        make.error((make.array(2, 2) * 0, "lu", True), LinAlgError, r"lu: U\[1,1\] is zero"),
    ],
)
def linalg_lu_factor_ex(xp: Any, input: Any, op: str, check: bool) -> Any:
    """``L`` (below the diagonal, its own is 1) and ``U`` in one matrix, the rows swapped, and the first zero pivot.

    NumPy has no LU. Blocks of columns are eliminated one column at a time, and the rest of the matrix once a block, by
    matrix products. Golub & Van Loan, Matrix Computations (4th ed., 2013), section 3.4.
    """
    *batch, m, n = matrices(input.shape)
    a = xp.asarray(xp.reshape(input, (math.prod(batch), m, n)), copy=True)
    k = min(m, n)
    every = xp.arange(len(a))
    pivots = xp.empty((len(a), k), dtype=xp.int32)
    for start in range(0, k, _BLOCK):
        stop = min(start + _BLOCK, k)
        for j in range(start, stop):
            below = a[:, j:, j]  # LAPACK compares the sizes of complex numbers like this, which spares a root
            size = abs(below.real) + abs(below.imag) if below.dtype.kind == "c" else abs(below)
            pivot = j + xp.argmax(size, axis=1)
            pivots[:, j] = pivot + 1
            row = a[every, pivot]
            a[every, pivot] = a[:, j]
            a[:, j] = row
            lead = row[:, j, None]
            a[:, j + 1 :, j] /= xp.where(lead == 0, 1, lead)
            a[:, j + 1 :, j + 1 : stop] -= a[:, j + 1 :, j, None] * row[:, None, j + 1 : stop]
        if stop < n:
            solved_triangular(xp, a[:, start:stop, start:stop], a[:, start:stop, stop:], unitriangular=True)
            a[:, stop:, stop:] -= a[:, stop:, start:stop] @ a[:, start:stop, stop:]
    zero = xp.linalg.diagonal(a)[:, :k] == 0
    info = xp.where(xp.any(zero, axis=1), xp.argmax(zero, axis=1) + 1 if k else 0, 0).astype(xp.int32)
    info = xp.reshape(info, tuple(batch))
    if check and xp.any(info != 0):
        raise failed(
            op,
            backends.of_array_type(type(info)).to_numpy(info),
            "U[{info},{info}] is zero and using it on lu_solve would result in a division by zero. If you still want "
            "to perform the factorization, call linalg.lu(A) or linalg.lu_factor_ex(A).",
        )
    return xp.reshape(a, input.shape), xp.reshape(pivots, (*batch, k)), info


def _lu_input(F: Any, grad: Any, out: Any) -> Any:
    # The differential of P^T A = L U, where X = L^-1 P^T dA U^-1 falls into L^-1 dL, strictly below the diagonal, and
    # dU U^-1. What a matrix that is not square has on the right is L^-1 P^T A, what it has below is P^T A U^-1.
    grad, (packed, pivots, _) = grad[0], out
    m, n = packed.shape[-2:]
    k = min(m, n)
    square_part, grad_lower = packed[..., :k, :k], lower(F, grad[..., :k, :k], -1)
    of_lower = adjoint(F, lower(F, square_part, -1)) @ grad_lower + grad_lower  # L^H times it: L has ones on top
    of_upper = upper(F, grad[..., :k, :k]) @ adjoint(F, upper(F, square_part))
    if n > m:
        of_lower = of_lower - grad[..., k:] @ adjoint(F, packed[..., k:])
    if m > n:
        of_upper = of_upper - adjoint(F, packed[..., k:, :]) @ grad[..., k:, :]
    result = over_upper(F, lower(F, of_lower, -1) + upper(F, of_upper), square_part)
    if n > m:
        result = F.cat((result, grad[..., k:]), packed.ndim - 1)
    result = F.linalg_solve_triangular(adjoint(F, square_part), result, True, True)
    if m > n:
        result = F.cat((result, over_upper(F, grad[..., k:, :], square_part)), packed.ndim - 2)
    return F.permute_rows(result, pivots, False)


def over_upper(F: Any, x: Any, triangle: Any) -> Any:
    """``x U^-H``, U an upper triangle."""
    return adjoint(F, F.linalg_solve_triangular(triangle, adjoint(F, x), True, False))


linalg_lu_factor_ex.vjp(input=_lu_input)


def _row_dtype(operands: Any, *attributes: Any) -> tuple[Any, Any]:
    return None, operands[0].dtype


@define_op(
    inputs=("input", "pivots"),
    shape=lambda input, pivots, back: (*rules.broadcast(input[:-2], pivots[:-1]), *input[-2:]),
    trailing=(2, 1),
    dtype=DtypeRule(_row_dtype),
    samples=lambda make: [
        make(make.array(3, 2), np.array([2, 3, 3], np.int32), True),
        make(make.array(3, 2), np.array([3, 3], np.int32), False),
        make(make.array(2, 1, 4, 1), np.array([[2, 2, 4, 4], [1, 2, 3, 4]], np.int32), False),
        make(make.array(0, 2), np.zeros(0, np.int32), False),
    ],
    errors=lambda make: [
        make.error(
            (make.array(2, 2), np.array([1, 3], np.int32), True), ArgumentRangeError, r"pivots .* between 1 and 2"
        ),
        make.error((make.array(2, 2), np.array([1, 0], np.int32), True), ArgumentRangeError, r"pivots .* between 1"),
    ],
)
def permute_rows(xp: Any, input: Any, pivots: Any, back: bool) -> Any:
    """``P @ input``, where ``P`` swaps rows i and ``pivots[i]`` (from 1), the last i first; ``back``: ``P^T``."""
    m, (*batch, k) = input.shape[-2], pivots.shape
    if xp.any((pivots < 1) | (pivots > m)):
        raise ArgumentRangeError(
            f"pivots must all be between 1 and {m}, the number of rows. Pass them as lu_factor returned them."
        )
    flat = xp.reshape(pivots, (math.prod(batch), k))
    every = xp.arange(len(flat))
    order = xp.zeros((len(flat), m), dtype=xp.int64) + xp.arange(m)
    for i in range(k):
        other = flat[:, i] - 1
        moved = order[every, other]
        order[every, other] = order[:, i]
        order[:, i] = moved
    order = xp.reshape(order if back else xp.argsort(order, axis=-1), (*batch, m, 1))
    wide = rules.broadcast(input.shape[:-2], tuple(batch))
    rows = xp.broadcast_to(order, (*wide, m, 1))
    return xp.take_along_axis(xp.broadcast_to(input, (*wide, *input.shape[-2:])), rows, axis=-2)


permute_rows.vjp(input=lambda F, grad, pivots, back: F.permute_rows(grad, pivots, not back), pivots=None)


def _check_pivot(op: str, pivot: bool) -> None:
    if not pivot:
        raise ArgumentRangeError(f"{op}: LU without pivoting is not implemented. Leave pivot=True.")


def lu_factor_ex(A: Tensor, *, pivot: bool = True, check_errors: bool = False) -> Any:
    """The LU decomposition in compact form, and whether it can be used to solve: ``P^T A = L U``.

    Args:
        A: Matrices ``(…, m, n)``. pivot: must be True. check_errors: raise where a pivot is zero.

    Returns:
        A named tuple of ``LU`` ``(…, m, n)``, with U in its upper triangle and L, but for its diagonal of ones, below;
        ``pivots`` ``(…, min(m, n))``, the row (counted from 1) with which each row was swapped in turn; ``info``
        ``(…)``, 0 or the first i for which U[i, i] (counted from 1) is zero.

    Raises:
        RuntimeError: A is no batch of floating matrices; with ``check_errors``, a pivot is zero.
    """
    check_matrices("linalg.lu_factor", A)
    _check_pivot("linalg.lu_factor", pivot)
    return LuFactorExResult(*linalg_lu_factor_ex(A, "linalg.lu_factor_ex", check_errors))


def lu_factor(A: Tensor, *, pivot: bool = True) -> Any:
    """The LU decomposition in compact form, for :func:`lu_solve`; see :func:`lu_factor_ex`.

    Returns:
        A named tuple of ``LU`` and ``pivots``.

    Raises:
        RuntimeError: A is no batch of floating matrices, or a pivot is zero.
    """
    check_matrices("linalg.lu_factor", A)
    _check_pivot("linalg.lu_factor", pivot)
    return LuFactorResult(*linalg_lu_factor_ex(A, "linalg.lu_factor", True)[:2])


def lu(A: Tensor, *, pivot: bool = True) -> Any:
    """The LU decomposition ``A = P L U``: a permutation, a lower triangle with a diagonal of ones, an upper triangle.

    Args:
        A: Matrices ``(…, m, n)``. pivot: must be True.

    Returns:
        A named tuple of ``P`` ``(…, m, m)``, ``L`` ``(…, m, k)`` and ``U`` ``(…, k, n)``, ``k = min(m, n)``.

    Raises:
        RuntimeError: A is no batch of floating matrices.

    Example:
        >>> import lamella
        >>> P, L, U = lamella.linalg.lu(lamella.tensor([[1.0, 2.0], [4.0, 4.0]]))
        >>> U
        tensor([[4., 4.],
                [0., 1.]])
    """
    check_matrices("linalg.lu", A)
    _check_pivot("linalg.lu", pivot)
    packed, pivots, _ = linalg_lu_factor_ex(A, "linalg.lu", False)
    return LuResult(*unpacked(packed, pivots))


def unpacked(packed: Tensor, pivots: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """``P``, ``L`` and ``U`` of a compact LU decomposition."""
    m, n = packed.array.shape[-2:]
    k = min(m, n)
    eye = creation.eye(m, dtype=packed.dtype, device=packed.device)
    low = triangle(packed[..., :k], -1, True) + eye[:, :k]
    return permute_rows(eye, pivots, False), low, triangle(packed[..., :k, :], 0, False)


# --- Cholesky


@define_op(
    inputs=("input",),
    shape=lambda shape, op, check: [square(shape), shape[:-2]],
    trailing=2,
    dtype=results_in("same", "int32"),
    samples=lambda make: [
        make(make.array(3, 3) * 0.3 + 2 * np.eye(3), "cholesky", True),
        make(make.array(2, 2, 2) * 0.3 + 2 * np.eye(2), "cholesky", True),
        make(make.transposed(2, 2) * 0.3 + 2 * np.eye(2), "cholesky", False),
        make(make.array(0, 0), "cholesky", True),
        make(make.array(0, 2, 2), "cholesky", True),
    ],
    errors=lambda make: [
        make.error((make.array(2, 3), "cholesky", True), ShapeError, r"linalg_cholesky_ex: .* 2 by 3 matrices"),
        make.error((make.ints(3, 2, 2), "cholesky", True), DtypeError, r"not defined for dtype lamella.int64"),
        make.error((-np.eye(2), "cholesky", True), LinAlgError, r"cholesky: The factorization .* order 1 "),
        make.error(
            (np.stack([np.eye(2), np.array([[1.0, 2], [2, 1]])]), "cholesky", True),
            LinAlgError,
            r"cholesky: \(Batch element 1\): .* order 2 ",
        ),
    ],
)
def linalg_cholesky_ex(xp: Any, input: Any, op: str, check: bool) -> Any:
    """The lower Cholesky factors of the Hermitian parts, and the order of the first leading minor that is not positive.

    Where there is one the factor is nan.
    """
    square(input.shape)
    hermitian = (input + xp.conj(xp.matrix_transpose(input))) / 2
    info = xp.zeros(input.shape[:-2], dtype=xp.int32)
    try:
        factor = xp.linalg.cholesky(hermitian)
        if xp.all(xp.isfinite(factor)):
            return factor, info
    except np.linalg.LinAlgError:
        pass  # it does not say which of the matrices it was
    factor = xp.full(input.shape, xp.nan, dtype=input.dtype)
    for i in np.ndindex(input.shape[:-2]):
        info[i] = order = _first_minor(xp, hermitian[i])
        if not order:
            factor[i] = xp.linalg.cholesky(hermitian[i])
    if check and xp.any(info != 0):
        raise failed(
            op,
            backends.of_array_type(type(info)).to_numpy(info),
            "The factorization could not be completed because the input is not positive-definite (the leading minor of "
            "order {info} is not positive-definite).",
        )
    return factor, info


def _first_minor(xp: Any, matrix: Any) -> int:
    """The order of the first leading minor that is not positive-definite, 0 if all are: each one after it is not."""
    low, high = 0, matrix.shape[-1] + 1
    while high - low > 1:
        middle = (low + high) // 2
        try:
            positive = bool(xp.all(xp.isfinite(xp.linalg.cholesky(matrix[:middle, :middle]))))
        except np.linalg.LinAlgError:
            positive = False
        low, high = (middle, high) if positive else (low, middle)
    return high if high <= matrix.shape[-1] else 0


def _cholesky_input(F: Any, grad: Any, out: Any) -> Any:
    # Murray, Differentiation of the Cholesky decomposition, 2016, https://arxiv.org/abs/1602.07527, equation 10
    factor_h = adjoint(F, out[0])
    inner = mirrored(F, lower(F, factor_h @ lower(F, grad[0]))) / 2
    half = F.linalg_solve_triangular(factor_h, inner, True, False)
    return F.linalg_solve_triangular(factor_h, adjoint(F, half), True, False)


linalg_cholesky_ex.vjp(input=_cholesky_input)


def _lower(op: str, A: Tensor, upper: bool, check: bool) -> tuple[Tensor, Tensor]:
    factor, info = linalg_cholesky_ex(as_hermitian(A, "U" if upper else "L"), op, check)
    return factor.mH if upper else factor, info


@autocast_as("float32")
def cholesky_ex(A: Tensor, *, upper: bool = False, check_errors: bool = False) -> Any:
    """The Cholesky factor, and for each matrix whether it has one; see :func:`cholesky`.

    Args:
        A: Hermitian matrices ``(…, n, n)``. upper: read the upper triangles, and return upper factors.
        check_errors: Raise where there is none.

    Returns:
        A named tuple of ``L`` ``(…, n, n)``, nan where there is none, and ``info`` ``(…)``: 0, or the order of the
        first leading minor that is not positive-definite.

    Raises:
        RuntimeError: A is no batch of square floating matrices; with ``check_errors``, one has no factor.
    """
    check_matrices("linalg.cholesky", A, square_only=True)
    return CholeskyExResult(*_lower("linalg.cholesky_ex", A, upper, check_errors))


@autocast_as("float32")
def cholesky(A: Tensor, *, upper: bool = False) -> Tensor:
    """The Cholesky factor of positive-definite matrices: the lower triangle ``L`` for which ``A = L L^H``.

    Only one triangle of ``A`` is read. The gradient is that by a Hermitian matrix, and so Hermitian.

    Args:
        A: Hermitian matrices ``(…, n, n)``. upper: read the upper triangle, and return ``U`` for which ``A = U^H U``.

    Raises:
        RuntimeError: A is no batch of square floating matrices, or one is not positive-definite (LinAlgError).

    Example:
        >>> import lamella
        >>> lamella.linalg.cholesky(lamella.tensor([[4.0, 2.0], [2.0, 10.0]]))
        tensor([[2., 0.],
                [1., 3.]])
    """
    check_matrices("linalg.cholesky", A, square_only=True)
    return _lower("linalg.cholesky", A, upper, True)[0]
