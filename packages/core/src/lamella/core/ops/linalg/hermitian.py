"""Hermitian matrices: how they are read, their eigenvalues and eigenvectors."""

from __future__ import annotations

from typing import Any

import numpy as np

from lamella.core.autocast_policy import autocast_as
from lamella.core.dispatch import define_op
from lamella.core.errors import ArgumentRangeError, DtypeError, ShapeError
from lamella.core.ops.extremes import result_type
from lamella.core.ops.linalg.structure import (
    adjoint,
    check_matrices,
    factorable,
    is_complex,
    phases,
    quotients,
    results_in,
    square,
    steadied,
    turning,
    with_diagonal,
)
from lamella.core.tensor import Tensor

Shape = tuple[int, ...]

EighResult = result_type("linalg_eigh", "eigenvalues", "eigenvectors")

# --- reading one triangle


@define_op(
    inputs=("input",),
    shape=square,
    trailing=2,
    dtype=factorable,
    samples=lambda make: [make(make.array(3, 3), "L"), make(make.array(2, 2, 2), "U"), make(make.array(0, 0), "L")],
    errors=lambda make: [
        make.error((make.array(2, 3), "L"), ShapeError, r"hermitian_gap: .* 2 by 3 matrices"),
        make.error((make.ints(3, 2, 2), "L"), DtypeError, r"hermitian_gap: not defined for dtype lamella.int64"),
    ],
)
def hermitian_gap(xp: Any, input: Any, uplo: str) -> Any:
    """What is to be added to ``input`` to make it the Hermitian matrix of which one triangle ("L", "U") is given.

    It has no gradient: a matrix that is taken for Hermitian changes as one.
    """
    square(input.shape)
    other = xp.conj(xp.matrix_transpose(input))
    gap = xp.triu(other - input, k=1) if uplo == "L" else xp.tril(other - input, k=-1)
    if input.dtype.kind == "c":  # the diagonal is real
        gap -= 1j * xp.eye(input.shape[-1], dtype=input.dtype) * input.imag
    return gap


hermitian_gap.vjp(input=None)


def as_hermitian(input: Tensor, uplo: str) -> Tensor:
    """The Hermitian matrices of which ``input`` has one triangle; its gradient is that by a Hermitian matrix.

    This is PyTorch's convention: a triangle is read, but the gradient goes to both.
    """
    return input + hermitian_gap(input, uplo)


# --- eigenvalues


def _computed(xp: Any, function: Any, input: Any) -> Any:
    """``function`` of the Hermitian parts; nan for a matrix with infs or nans, on which LAPACK may not converge."""
    square(input.shape)
    matrix = (input + xp.conj(xp.matrix_transpose(input))) / 2  # a Hermitian matrix itself, exactly
    try:
        return function(matrix)
    except np.linalg.LinAlgError:
        finite = xp.all(xp.isfinite(matrix), axis=(-2, -1))
        found = function(xp.where(finite[..., None, None], matrix, 0))
        hole = xp.where(finite, 0, xp.asarray(xp.nan, dtype=matrix.real.dtype))[..., None]
        return (found[0] + hole, found[1] + hole[..., None]) if isinstance(found, tuple) else found + hole


def _samples(make: Any) -> list[Any]:
    return [
        make(make.array(3, 3) + np.diag([-2.0, 1, 4])),
        make(make.array(2, 2, 2) + np.diag([-2.0, 2])),
        make(make.transposed(3, 3) + np.diag([-2.0, 1, 4])),
        make(make.array(1, 1)),
        make(make.array(0, 0)),
        make(make.array(0, 2, 2)),
    ]


def _errors(make: Any, name: str) -> list[Any]:
    return [
        make.error((make.array(3),), ShapeError, rf"{name}: .* at least 2 dimensions"),
        make.error((make.array(2, 3),), ShapeError, rf"{name}: .* 2 by 3 matrices"),
        make.error((make.ints(3, 2, 2),), DtypeError, rf"{name}: not defined for dtype lamella.int64"),
    ]


@define_op(
    inputs=("input",),
    shape=lambda shape: [square(shape)[:-1], shape],
    trailing=2,
    dtype=results_in("real", "same"),
    samples=_samples,
    errors=lambda make: _errors(make, "linalg_eigh"),
)
def linalg_eigh(xp: Any, input: Any) -> Any:
    """Eigenvalues in ascending order and eigenvectors of the Hermitian parts of matrices."""
    values, vectors = _computed(xp, xp.linalg.eigh, input)
    return values, vectors * phases(xp, vectors) if vectors.size else vectors


def _eigh_input(F: Any, grad: Any, out: Any) -> Any:
    # Giles, Collected matrix derivative results for forward and reverse mode algorithmic differentiation, 2008,
    # https://people.maths.ox.ac.uk/gilesm/files/AD2008.pdf, section 3.1; beyond it, complex vectors' phases are fixed
    (grad_values, grad_vectors), (values, vectors) = grad, out
    if is_complex(vectors):
        grad_vectors = steadied(F, grad_vectors, vectors, turning(F, grad_vectors, vectors))
    gaps = values[..., None, :] - values[..., :, None]
    inner = quotients(F, adjoint(F, vectors) @ grad_vectors, gaps) + with_diagonal(F, grad_values)
    result = vectors @ inner @ adjoint(F, vectors)
    return (result + adjoint(F, result)) / 2


linalg_eigh.vjp(input=_eigh_input)


@define_op(
    inputs=("input",),
    shape=lambda shape: square(shape)[:-1],
    trailing=2,
    dtype=results_in("real"),
    samples=_samples,
    errors=lambda make: _errors(make, "linalg_eigvalsh"),
)
def linalg_eigvalsh(xp: Any, input: Any) -> Any:
    """Eigenvalues in ascending order of the Hermitian parts of matrices; an op because it takes a third of the time."""
    return _computed(xp, xp.linalg.eigvalsh, input)


def _eigvalsh_input(F: Any, grad: Any, input: Any) -> Any:
    _, vectors = F.linalg_eigh(input)
    return (vectors * grad[..., None, :]) @ adjoint(F, vectors)


linalg_eigvalsh.vjp(input=_eigvalsh_input)


def _read(op: str, A: Tensor, UPLO: str) -> Tensor:
    check_matrices(op, A, square_only=True)
    if UPLO not in ("L", "U", "l", "u"):
        raise ArgumentRangeError(f"{op}: Expected UPLO argument to be 'L' or 'U', but got {UPLO}")
    return as_hermitian(A, UPLO.upper())


@autocast_as("float32")
def eigh(A: Tensor, UPLO: str = "L") -> Any:
    """Eigenvalues and eigenvectors of Hermitian matrices: ``A = V diag(L) V^H``.

    Of each eigenvector the largest element is real and positive. The gradient is that by a Hermitian matrix;
    it is inf or nan where two eigenvectors belong to one eigenvalue and the loss depends on them. Of a matrix with infs
    or nans everything is nan.

    Args:
        A: Hermitian matrices ``(…, n, n)``. UPLO: "L" or "U", the triangle that is read.

    Returns:
        A named tuple of ``eigenvalues`` ``(…, n)``, real, in ascending order, and ``eigenvectors`` ``(…, n, n)``, in
        columns.

    Raises:
        RuntimeError: A is no batch of square floating matrices; another UPLO.

    Example:
        >>> import lamella
        >>> lamella.linalg.eigh(lamella.tensor([[2.0, 0.0], [0.0, 1.0]])).eigenvalues
        tensor([1., 2.])
    """
    return EighResult(*linalg_eigh(_read("linalg.eigh", A, UPLO)))


@autocast_as("float32")
def eigvalsh(A: Tensor, UPLO: str = "L") -> Tensor:
    """The eigenvalues of Hermitian matrices, ``(…, n)`` in ascending order; see :func:`eigh`.

    Raises:
        RuntimeError: A is no batch of square floating matrices; another UPLO.
    """
    values: Tensor = linalg_eigvalsh(_read("linalg.eigvalsh", A, UPLO))
    return values
