"""Linear equations with as many unknowns as equations, and inverses."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from lamella.core import backends
from lamella.core.autocast_policy import autocast_as
from lamella.core.dispatch import define_op
from lamella.core.errors import ArgumentRangeError, DtypeError, LinAlgError, ShapeError
from lamella.core.ops.extremes import result_type
from lamella.core.ops.linalg.factorizations import linalg_lu_factor_ex, permute_rows
from lamella.core.ops.linalg.structure import (
    adjoint,
    check_dtypes,
    check_matrices,
    factorable,
    failed,
    results_in,
    square,
)
from lamella.core.ops.linalg.triangular import equations, linalg_solve_triangular
from lamella.core.ops.shapes import movedim, reshape, squeeze, unsqueeze
from lamella.core.tensor import Tensor, check_tensor

Shape = tuple[int, ...]

InvExResult = result_type("linalg_inv_ex", "inverse", "info")
SolveExResult = result_type("linalg_solve_ex", "result", "info")

_SINGULAR = {
    "solve": "The solver failed because the input matrix is singular.",
    "inv": (
        "The diagonal element {info} is zero, the inversion could not be completed because the input matrix is "
        "singular."
    ),
}


def _eliminated(xp: Any, a: Any, b: Any, op: str, reason: str, check: bool) -> tuple[Any, Any]:
    """The solutions of ``a x = b``, of which some have none (inf or nan), and each matrix's first zero pivot."""
    lu, pivots, info = linalg_lu_factor_ex.op.forward(xp, a, op, False)
    if check:
        raise failed(op, backends.of_array_type(type(info)).to_numpy(info), _SINGULAR[reason])
    x = permute_rows.op.forward(xp, b, pivots, True)
    x = linalg_solve_triangular.op.forward(xp, lu, x, False, True)
    return linalg_solve_triangular.op.forward(xp, lu, x, True, False), info


def _regular(make: Any, *shape: int) -> Any:
    return make.array(*shape) * 0.5 + 2 * np.eye(shape[-1])


@define_op(
    inputs=("input", "other"),
    shape=lambda a, b, op, check: [equations(a, b), a[:-2]],
    trailing=2,
    dtype=results_in("same", "int32"),
    samples=lambda make: [
        make(_regular(make, 3, 3), make.array(3, 2), "solve", True),
        make(_regular(make, 2, 2, 2), make.array(2, 1), "solve", True),
        make(_regular(make, 2, 2), make.array(2, 2, 1), "solve", False),
        make(np.array([[0.0, 2], [3, 1]]), make.transposed(2, 2), "solve", True),
        make(make.array(0, 0), make.array(0, 2), "solve", True),
        make(make.array(0, 2, 2), make.array(2, 2), "solve", True),
    ],
    errors=lambda make: [
        make.error((make.array(2, 3), make.array(3, 1), "solve", True), ShapeError, r"they are 2 by 3 matrices"),
        make.error((make.array(2, 2), make.array(3, 1), "solve", True), ShapeError, r"AX = B \(2x2 and 3x1\)"),
        make.error((make.ints(3, 2, 2), make.ints(3, 2, 2), "solve", True), DtypeError, r"not defined for dtype"),
        make.error((np.ones((2, 2)), make.array(2, 1), "solve", True), LinAlgError, r"solve: The solver failed"),
        make.error(
            (np.stack([np.eye(2), np.ones((2, 2))]), make.array(2, 1), "solve", True),
            LinAlgError,
            r"solve: \(Batch element 1\): The solver failed because the input matrix is singular",
        ),
    ],
)
def linalg_solve_ex(xp: Any, input: Any, other: Any, op: str, check: bool) -> Any:
    """The solution X of ``input X = other``, and for each matrix 0 or the first pivot that is zero."""
    equations(input.shape, other.shape)
    try:
        return xp.linalg.solve(input, other), xp.zeros(input.shape[:-2], dtype=xp.int32)
    except np.linalg.LinAlgError:  # some matrix is singular: it does not say which
        return _eliminated(xp, input, other, op, "solve", check)


def _solve_grads(F: Any, grad: Any, out: Any, input: Any, needs: Any) -> Any:
    # Giles, Collected matrix derivative results for forward and reverse mode algorithmic differentiation, 2008,
    # https://people.maths.ox.ac.uk/gilesm/files/AD2008.pdf, section 2.3.1
    of_other = F.linalg_solve_ex(adjoint(F, input), grad[0], "linalg.solve's gradient", False)[0]
    return -of_other @ adjoint(F, out[0]) if needs[0] else None, of_other


linalg_solve_ex.vjp(_solve_grads)


@define_op(
    inputs=("input",),
    shape=lambda shape, op, check: [square(shape), shape[:-2]],
    trailing=2,
    dtype=results_in("same", "int32"),
    samples=lambda make: [
        make(_regular(make, 3, 3), "inv", True),
        make(_regular(make, 2, 2, 2), "inv", True),
        make(np.array([[0.0, 2], [3, 1]]), "inv", False),
        make(make.transposed(2, 2) + 4 * np.eye(2), "inv", True),
        make(make.array(0, 0), "inv", True),
        make(make.array(0, 2, 2), "inv", True),
    ],
    errors=lambda make: [
        make.error((make.array(2, 3), "inv", True), ShapeError, r"linalg_inv_ex: .* 2 by 3 matrices"),
        make.error((make.ints(3, 2, 2), "inv", True), DtypeError, r"not defined for dtype lamella.int64"),
        make.error((np.zeros((2, 2)), "inv", True), LinAlgError, r"inv: The diagonal element 1 is zero"),
        make.error(
            (np.stack([np.eye(2), np.ones((2, 2))]), "inv", True),
            LinAlgError,
            r"inv: \(Batch element 1\): The diagonal element 2 is zero",
        ),
    ],
)
def linalg_inv_ex(xp: Any, input: Any, op: str, check: bool) -> Any:
    """The inverse, and for each matrix 0 or the first pivot that is zero."""
    square(input.shape)
    try:
        return xp.linalg.inv(input), xp.zeros(input.shape[:-2], dtype=xp.int32)
    except np.linalg.LinAlgError:  # some matrix is singular: it does not say which
        return _eliminated(xp, input, xp.eye(input.shape[-1], dtype=input.dtype), op, "inv", check)


def _inv_input(F: Any, grad: Any, out: Any) -> Any:
    inverse_h = adjoint(F, out[0])
    return -inverse_h @ grad[0] @ inverse_h


linalg_inv_ex.vjp(input=_inv_input)


@autocast_as("float32")
def inv_ex(A: Tensor, *, check_errors: bool = False) -> Any:
    """Inverses, and for each matrix whether it has one; see :func:`inv`.

    Args:
        A: Matrices ``(…, n, n)``. check_errors: raise where one is singular.

    Returns:
        A named tuple of ``inverse`` ``(…, n, n)``, inf or nan where there is none, and ``info`` ``(…)``: 0, or which
        diagonal element of U in the LU decomposition (counted from 1) is the first zero.

    Raises:
        RuntimeError: A is no batch of square floating matrices; with ``check_errors``, one is singular.
    """
    check_matrices("linalg.inv", A, square_only=True)
    return InvExResult(*linalg_inv_ex(A, "linalg.inv_ex", check_errors))


@autocast_as("float32")
def inv(A: Tensor) -> Tensor:
    """The inverses of square matrices. To multiply with them, :func:`solve` is faster and more accurate.

    Args:
        A: Matrices ``(…, n, n)``.

    Raises:
        RuntimeError: A is no batch of square floating matrices, or one is singular (LinAlgError).

    Example:
        >>> import lamella
        >>> lamella.linalg.inv(lamella.tensor([[2.0, 0.0], [0.0, 4.0]]))
        tensor([[0.5000, 0.0000],
                [0.0000, 0.2500]])
    """
    check_matrices("linalg.inv", A, square_only=True)
    inverse: Tensor = linalg_inv_ex(A, "linalg.inv", True)[0]
    return inverse


def _solved(op: str, A: Tensor, B: Tensor, left: bool, check: bool) -> tuple[Tensor, Tensor]:
    a = check_matrices("linalg.solve", A, square_only=True)
    b = check_tensor("linalg.solve", "B", B).array.shape
    check_dtypes("linalg.solve", ("A", "B"), (A, B))
    # as PyTorch tells: a vector, or as many vectors as there are matrices
    if len(b) == 1 or (len(b) == len(a) - 1 and b == a[:-1]):
        if not left:
            raise ArgumentRangeError("linalg.solve: left=False is for matrices, but B holds vectors. Unsqueeze it.")
        x, info = _solved(op, A, unsqueeze(B, -1), True, check)
        return squeeze(x, -1), info
    if not left:
        check_matrices("linalg.solve", B, argument="B")
        x, info = linalg_solve_ex(A.mT, B.mT, op, check)
        return x.mT, info
    x, info = linalg_solve_ex(A, B, op, check)
    return x, info


def solve_ex(A: Tensor, B: Tensor, *, left: bool = True, check_errors: bool = False) -> Any:
    """Solutions of linear equations, and for each matrix whether there is one; see :func:`solve`.

    Args:
        A: Matrices ``(…, n, n)``. B: right sides. left: False solves ``X A = B``.
        check_errors: Raise where a matrix is singular.

    Returns:
        A named tuple of ``result``, inf or nan where a matrix is singular, and ``info`` ``(…)``: 0, or which diagonal
        element of U in the LU decomposition (counted from 1) is the first zero.

    Raises:
        RuntimeError: See :func:`solve`; a singular matrix only with ``check_errors``.
    """
    return SolveExResult(*_solved("linalg.solve_ex", A, B, left, check_errors))


@autocast_as("float32")
def solve(A: Tensor, B: Tensor, *, left: bool = True) -> Tensor:
    """The solution X of ``A X = B``.

    Args:
        A: Matrices ``(…, n, n)``.
        B: Right sides ``(…, n, k)``, or ``(…, k, n)`` if not ``left``; or vectors: ``(n,)``, or ``(…, n)`` with
            exactly A's batch. The batches broadcast.
        left: False solves ``X A = B``.

    Raises:
        RuntimeError: The shapes do not fit, the dtypes are no floating ones or differ, or a matrix is singular
            (LinAlgError).

    Example:
        >>> import lamella
        >>> lamella.linalg.solve(lamella.tensor([[2.0, 0.0], [0.0, 4.0]]), lamella.tensor([2.0, 2.0]))
        tensor([1.0000, 0.5000])
    """
    return _solved("linalg.solve", A, B, left, True)[0]


def check_pivots(op: str, pivots: Tensor) -> None:
    """Refuse pivots that are not the int32 that LU decompositions return.

    Raises:
        RuntimeError: They are something else.
    """
    if check_tensor(op, "pivots", pivots).array.dtype != np.int32:
        raise DtypeError(
            f"{op}: pivots should be a Tensor of dtype lamella.int32, but got {pivots.dtype}. Pass what lu_factor "
            "returned."
        )


def lu_solve(LU: Tensor, pivots: Tensor, B: Tensor, *, left: bool = True, adjoint: bool = False) -> Tensor:
    """The solution X of ``A X = B``, of A its LU decomposition being known.

    Args:
        LU, pivots: What :func:`lu_factor` returned: ``(…, n, n)`` and ``(…, n)``.
        B: Right sides ``(…, n, k)``, or ``(…, k, n)`` if not ``left``. The batches broadcast.
        left: False solves ``X A = B``. adjoint: solve with the conjugate transpose of A.

    Raises:
        RuntimeError: The shapes do not fit, the dtypes are no floating ones or differ, or the pivots are not those of
            a decomposition.
    """
    n = check_matrices("linalg.lu_solve", LU, square_only=True, argument="LU")[-1]
    check_pivots("linalg.lu_solve", pivots)
    check_dtypes("linalg.lu_solve", ("LU", "B"), (LU, B))
    check_matrices("linalg.lu_solve", B, argument="B")
    if pivots.array.ndim < 1 or pivots.array.shape[-1] != n:
        raise ShapeError(f"linalg.lu_solve: expected {n} pivots a matrix, but pivots has shape {tuple(pivots.shape)}")
    if not left:  # X A = B says A^H X^H = B^H
        return lu_solve(LU, pivots, B.mH, adjoint=not adjoint).mH
    x: Tensor
    if adjoint:
        x = linalg_solve_triangular(LU.mH, B, False, False)
        x = permute_rows(linalg_solve_triangular(LU.mH, x, True, True), pivots, False)
    else:
        x = linalg_solve_triangular(LU, permute_rows(B, pivots, True), False, True)
        x = linalg_solve_triangular(LU, x, True, False)
    return x


@define_op(
    inputs=("input", "factor"),
    shape=lambda b, a: equations(a, b),
    trailing=2,
    dtype=factorable,
    samples=lambda make: [
        make(make.array(3, 2), np.tril(_regular(make, 3, 3))),
        make(make.array(2, 1), np.tril(_regular(make, 2, 2, 2))),
        make(make.array(2, 2, 1), _regular(make, 2, 2)),
        make(make.transposed(2, 2), _regular(make, 2, 2)),
        make(make.array(0, 2), make.array(0, 0)),
    ],
    errors=lambda make: [
        make.error((make.array(3, 1), make.array(2, 3)), ShapeError, r"they are 2 by 3 matrices"),
        make.error((make.ints(3, 2, 2), make.ints(3, 2, 2)), DtypeError, r"not defined for dtype lamella.int64"),
    ],
)
def linalg_cholesky_solve(xp: Any, input: Any, factor: Any) -> Any:
    """The solution X of ``factor factor^H X = input``, faster if the factor is a lower triangle.

    An op because PyTorch's gradient by the factor is that by any matrix, which solving with triangles does not give.
    """
    equations(factor.shape, input.shape)
    factor_h = xp.conj(xp.matrix_transpose(factor))
    if xp.any(xp.triu(factor, k=1) != 0):
        return xp.linalg.solve(factor_h, xp.linalg.solve(factor, input))
    half = linalg_solve_triangular.op.forward(xp, factor, input, False, False)
    return linalg_solve_triangular.op.forward(xp, factor_h, half, True, False)


def _cholesky_solve_grads(F: Any, grad: Any, out: Any, factor: Any, needs: Any) -> Any:
    of_input = F.linalg_cholesky_solve(grad, factor)
    if not needs[1]:
        return of_input, None
    whole = of_input @ adjoint(F, out)
    return of_input, -(whole + adjoint(F, whole)) @ factor


linalg_cholesky_solve.vjp(_cholesky_solve_grads)

# --- tensors as matrices


@autocast_as("float32")
def tensorinv(A: Tensor, ind: int = 2) -> Tensor:
    """The inverse of a tensor as a map: ``tensordot(tensorinv(A, ind), A, ind)`` is the identity.

    Args:
        A: A tensor whose first ``ind`` sizes have the product of the others. ind: how many are the result's last.

    Raises:
        RuntimeError: The products differ, ``ind`` is not positive, or the map is singular (LinAlgError).
    """
    shape = check_tensor("linalg.tensorinv", "A", A).array.shape
    if ind <= 0:
        raise ArgumentRangeError(f"linalg.tensorinv: Expected a strictly positive integer for 'ind', but got {ind}")
    rows, columns = math.prod(shape[:ind]), math.prod(shape[ind:])
    if rows != columns:
        raise ShapeError(
            f"linalg.tensorinv: the first {ind} sizes of {tuple(shape)} must have the product of the others, but got "
            f"{rows} and {columns}."
        )
    return reshape(inv(reshape(A, (rows, columns))), (*shape[ind:], *shape[:ind]))


@autocast_as("float32")
def tensorsolve(A: Tensor, B: Tensor, dims: Sequence[int] | None = None) -> Tensor:
    """The solution X of ``tensordot(A, X, X.ndim) = B``.

    Args:
        A: Of a shape ``B.shape + X.shape``, both with the same product. B: the right side.
        dims: Dimensions of A to move to the end first.

    Raises:
        RuntimeError: The sizes do not fit, or the map is singular (LinAlgError).
    """
    check_tensor("linalg.tensorsolve", "A", A)
    check_tensor("linalg.tensorsolve", "B", B)
    if dims is not None:
        A = movedim(A, tuple(dims), tuple(range(A.array.ndim - len(dims), A.array.ndim)))
    shape = A.array.shape[B.array.ndim :]
    if math.prod(shape) != math.prod(A.array.shape[: B.array.ndim]) or math.prod(shape) != B.array.size:
        raise ShapeError(
            f"linalg.tensorsolve: the last sizes of A, {tuple(shape)}, must have the product of the first, "
            f"{tuple(A.array.shape[: B.array.ndim])}, and that of B's, {tuple(B.shape)}. Move some with dims=."
        )
    n = B.array.size
    return reshape(solve(reshape(A, (n, n)), reshape(B, (n,))), shape)
