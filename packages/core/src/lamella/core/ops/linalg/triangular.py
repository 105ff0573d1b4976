"""Triangles of matrices, and equations with them."""

from __future__ import annotations

from typing import Any

from lamella.core import rules
from lamella.core.dispatch import define_op
from lamella.core.errors import DtypeError, ShapeError
from lamella.core.ops import diagonals
from lamella.core.ops.linalg.structure import (
    adjoint,
    check_dtypes,
    check_matrices,
    factorable,
    square,
)
from lamella.core.tensor import Tensor

Shape = tuple[int, ...]


# --- equations

_SMALL = 32


def solved_triangular(xp: Any, a: Any, b: Any, *, unitriangular: bool) -> Any:
    """``b``, overwritten by the solution x of ``a x = b``; of ``a`` the lower triangle counts.

    Halves of large matrices are solved one after the other, so that most of the work is a matrix product.
    """
    n = a.shape[-1]
    if n > _SMALL:
        h = n // 2
        solved_triangular(xp, a[..., :h, :h], b[..., :h, :], unitriangular=unitriangular)
        b[..., h:, :] -= a[..., h:, :h] @ b[..., :h, :]
        solved_triangular(xp, a[..., h:, h:], b[..., h:, :], unitriangular=unitriangular)
        return b
    for i in range(n):
        if i:
            b[..., i : i + 1, :] -= a[..., i : i + 1, :i] @ b[..., :i, :]
        if not unitriangular:
            b[..., i : i + 1, :] /= a[..., i : i + 1, i : i + 1]
    return b


def equations(a: Shape, b: Shape, *rest: Any) -> Shape:
    """The shape of the solution of ``a x = b``, the batches broadcast.

    Raises:
        RuntimeError: ``a`` is not square, ``b`` is no matrix, or they do not fit.
    """
    square(a)
    if len(b) < 2:
        raise ShapeError(f"The input tensor B must have at least 2 dimensions, but its shape is {b}.")
    if a[-1] != b[-2]:
        raise ShapeError(
            f"Incompatible shapes of A and B for the equation AX = B ({a[-2]}x{a[-1]} and {b[-2]}x{b[-1]}): B must "
            f"have {a[-1]} rows."
        )
    return (*rules.broadcast(a[:-2], b[:-2]), *b[-2:])


@define_op(
    inputs=("input", "other"),
    shape=equations,
    trailing=2,
    dtype=factorable,
    samples=lambda make: [
        make(make.array(3, 3, low=1, high=2), make.array(3, 2), True, False),
        make(make.array(2, 3, 3, low=1, high=2), make.array(3, 1), False, False),
        make(make.array(3, 3, low=1, high=2), make.array(2, 3, 2), False, True),
        make(make.array(2, 1, 2, 2, low=1, high=2), make.array(1, 2, 2, 1), True, True),
        make(make.array(0, 0), make.array(0, 2), True, False),
        make(make.transposed(2, 2, low=1, high=2), make.transposed(2, 3), True, False),
    ],
    errors=lambda make: [
        make.error((make.array(2, 3), make.array(3, 1), True, False), ShapeError, r"they are 2 by 3 matrices"),
        make.error((make.array(2, 2), make.array(2), True, False), ShapeError, r"B must have at least 2 dimensions"),
        make.error((make.array(2, 2), make.array(3, 1), True, False), ShapeError, r"AX = B \(2x2 and 3x1\)"),
        make.error((make.ints(3, 2, 2), make.ints(3, 2, 2), True, False), DtypeError, r"not defined for dtype"),
        make.error(
            (make.array(2, 2), make.array(2, 2) + 1j, True, False), DtypeError, r"all inputs to have the same dtype"
        ),
    ],
)
def linalg_solve_triangular(xp: Any, input: Any, other: Any, upper: bool, unitriangular: bool) -> Any:
    """The solution X of ``input X = other``; of ``input`` one triangle counts."""
    shape = equations(input.shape, other.shape)
    result = xp.asarray(xp.broadcast_to(other, shape), order="C", copy=True)
    if upper:  # from the last row to the first it is a lower triangle
        solved_triangular(xp, input[..., ::-1, ::-1], result[..., ::-1, :], unitriangular=unitriangular)
    else:
        solved_triangular(xp, input, result, unitriangular=unitriangular)
    return result


def _solve_triangular_grads(F: Any, grad: Any, out: Any, input: Any, upper: Any, unitriangular: Any, needs: Any) -> Any:
    # Giles, Collected matrix derivative results for forward and reverse mode algorithmic differentiation, 2008,
    # https://people.maths.ox.ac.uk/gilesm/files/AD2008.pdf, section 2.3.1
    of_other = F.linalg_solve_triangular(adjoint(F, input), grad, not upper, unitriangular)
    if not needs[0]:
        return None, of_other
    whole = -of_other @ adjoint(F, out)
    return F.triangle(whole, (1 if upper else -1) * unitriangular, not upper), of_other


linalg_solve_triangular.vjp(_solve_triangular_grads)


def solve_triangular(A: Tensor, B: Tensor, *, upper: bool, left: bool = True, unitriangular: bool = False) -> Tensor:
    """The solution X of ``A X = B`` with a triangle A; of A the other triangle is not read.

    Args:
        A: Triangles ``(…, n, n)``; a zero on the diagonal gives inf or nan, not an error.
        B: Right sides ``(…, n, k)``, or ``(…, k, n)`` if not ``left``. The batches broadcast.
        upper: Whether A is an upper triangle. left: False solves ``X A = B``.
        unitriangular: Take the diagonal of A as ones.

    Raises:
        RuntimeError: The shapes do not fit, or the dtypes are no floating ones or differ.
    """
    check_matrices("linalg.solve_triangular", A, square_only=True)
    check_matrices("linalg.solve_triangular", B, argument="B")
    check_dtypes("linalg.solve_triangular", ("A", "B"), (A, B))
    if not left:
        return solve_triangular(A.mT, B.mT, upper=not upper, unitriangular=unitriangular).mT
    solution: Tensor = linalg_solve_triangular(A, B, bool(upper), bool(unitriangular))
    return solution


def diagonal(A: Tensor, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """A view of the diagonals of matrices, as the last dimension; see :func:`lamella.diagonal`."""
    return diagonals.diagonal(A, offset, dim1, dim2)
