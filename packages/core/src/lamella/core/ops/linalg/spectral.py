"""Singular values and vectors; eigenvalues and eigenvectors of any square matrix."""

from __future__ import annotations

from typing import Any

import numpy as np

from lamella.core.autocast_policy import autocast_as
from lamella.core.dispatch import define_op
from lamella.core.errors import ArgumentRangeError, DtypeError, LinAlgError, ShapeError
from lamella.core.ops.extremes import result_type
from lamella.core.ops.linalg.structure import (
    adjoint,
    check_matrices,
    diagonal_of,
    factorable,
    is_complex,
    matrices,
    phases,
    quotients,
    results_in,
    square,
    steadied,
    turning,
    with_diagonal,
)
from lamella.core.ops.pieces import cat
from lamella.core.tensor import Tensor

Shape = tuple[int, ...]

SvdResult = result_type("linalg_svd", "U", "S", "Vh")
EigResult = result_type("linalg_eig", "eigenvalues", "eigenvectors")

# --- singular values


def decomposed(xp: Any, input: Any, vectors: bool = True) -> Any:
    """Singular values, and vectors if wanted, as LAPACK gives them."""
    matrices(input.shape)
    try:
        return xp.linalg.svd(input, full_matrices=False, compute_uv=vectors)
    except np.linalg.LinAlgError:
        raise LinAlgError(
            "linalg.svd: The algorithm failed to converge because the input matrix is ill-conditioned or has infs or "
            "nans. Look at x.isfinite().all()."
        ) from None


def _svd_shape(shape: Shape) -> list[Shape]:
    *batch, m, n = matrices(shape)
    k = min(m, n)
    return [(*batch, m, k), (*batch, k), (*batch, k, n)]


def _svd_samples(make: Any) -> list[Any]:
    return [
        make(make.array(3, 3) + np.diag([1.0, 3, 6])),
        make(make.array(4, 2)),
        make(make.array(2, 2, 3)),
        make(make.transposed(3, 2)),
        make(make.array(0, 3)),
        make(make.array(0, 2, 2)),
    ]


def _svd_errors(make: Any, name: str) -> list[Any]:
    return [
        make.error((make.array(3),), ShapeError, rf"{name}: .* at least 2 dimensions"),
        make.error((make.ints(3, 2, 2),), DtypeError, rf"{name}: not defined for dtype lamella.int64"),
        make.error((make.array(2, 2) * np.nan,), LinAlgError, r"linalg.svd: The algorithm failed to converge"),
    ]


@define_op(
    inputs=("input",),
    shape=_svd_shape,
    trailing=2,
    dtype=results_in("same", "real", "same"),
    samples=_svd_samples,
    errors=lambda make: _svd_errors(make, "linalg_svd"),
)
def linalg_svd(xp: Any, input: Any) -> Any:
    """``U``, ``S`` and ``Vh`` for which ``input = U diag(S) Vh``, with as many singular vectors as values."""
    u, s, vh = decomposed(xp, input)
    if u.size:
        phase = phases(xp, u)
        u, vh = u * phase, vh * xp.conj(xp.matrix_transpose(phase))
    return u, s, vh


def _svd_input(F: Any, grad: Any, out: Any) -> Any:
    # Giles, Collected matrix derivative results for forward and reverse mode algorithmic differentiation, 2008,
    # https://people.maths.ox.ac.uk/gilesm/files/AD2008.pdf, section 3.2; for U and V and complex matrices after
    # Wan & Zhang, Automatic differentiation for complex valued SVD, 2019, https://arxiv.org/abs/1909.02659
    (grad_u, grad_s, grad_vh), (u, s, vh) = grad, out
    uh, v, grad_v = adjoint(F, u), adjoint(F, vh), adjoint(F, grad_vh)
    complex_valued = is_complex(u)
    if complex_valued:
        # a column of U and one of V turn together, and the phase of U's is fixed
        grad_u = steadied(F, grad_u, u, turning(F, grad_u, u) + turning(F, grad_v, v))
    across, down = s[..., None, :], s[..., :, None]
    by_u, by_v = uh @ grad_u, vh @ grad_v
    turned_u, turned_v = by_u - adjoint(F, by_u), by_v - adjoint(F, by_v)
    inner = quotients(F, turned_u * across + down * turned_v, across * across - down * down)
    inner = inner + with_diagonal(F, grad_s)
    if complex_valued:
        inner = inner + with_diagonal(F, diagonal_of(F, turned_u) / (2 * s))
    result = u @ inner @ vh
    m, n, k = u.shape[-2], v.shape[-2], s.shape[-1]
    if m > k:
        beside = grad_u / across
        result = result + (beside - u @ (uh @ beside)) @ vh
    if n > k:
        beside = grad_vh / down
        result = result + u @ (beside - (beside @ v) @ vh)
    return result


linalg_svd.vjp(input=_svd_input)


@define_op(
    inputs=("input",),
    shape=lambda shape: _svd_shape(shape)[1],
    trailing=2,
    dtype=results_in("real"),
    samples=_svd_samples,
    errors=lambda make: _svd_errors(make, "linalg_svdvals"),
)
def linalg_svdvals(xp: Any, input: Any) -> Any:
    """The singular values, in descending order; an op because it takes a fraction of the time that vectors take."""
    return decomposed(xp, input, vectors=False)


def _svdvals_input(F: Any, grad: Any, input: Any) -> Any:
    u, _, vh = F.linalg_svd(input)
    return (u * grad[..., None, :]) @ vh


linalg_svdvals.vjp(input=_svdvals_input)


@define_op(
    inputs=("input",),
    shape=lambda shape: (*matrices(shape)[:-1], max(shape[-2] - shape[-1], 0)),
    trailing=2,
    dtype=factorable,
    samples=lambda make: [
        make(make.array(3, 1)),
        make(make.array(2, 4, 2)),
        make(make.array(2, 0)),
    ],
)
def orthogonal_complement(xp: Any, input: Any) -> Any:
    """Orthonormal columns orthogonal to all of ``input``'s, ``(…, m, k) -> (…, m, m - k)``.

    They are some basis of many, and so have no gradient.
    """
    return xp.linalg.qr(input, mode="complete")[0][..., input.shape[-1] :]


orthogonal_complement.vjp(input=None)


@autocast_as("float32")
def svd(A: Tensor, full_matrices: bool = True, *, driver: str | None = None) -> Any:
    """The singular value decomposition ``A = U diag(S) Vh``.

    Of each column of U the largest element is real and positive. The gradient is inf or nan where two singular
    values are equal and the loss depends on their vectors; it takes the singular vectors that ``full_matrices`` adds
    for constant.

    Args:
        A: Matrices ``(…, m, n)``.
        full_matrices: Whether U and Vh are square; otherwise U is ``(…, m, k)`` and Vh ``(…, k, n)``,
            ``k = min(m, n)``.
        driver: For GPUs only.

    Returns:
        A named tuple of ``U``, ``S`` ``(…, k)``, real, in descending order, and ``Vh``.

    Raises:
        RuntimeError: A is no batch of floating matrices, or has infs or nans (LinAlgError); a driver was given.
    """
    *_, m, n = check_matrices("linalg.svd", A)
    if driver is not None:
        raise ArgumentRangeError("linalg.svd: keyword argument `driver=` is only supported on GPUs. Leave it out.")
    u, s, vh = linalg_svd(A)
    if full_matrices and m > n:
        u = cat((u, orthogonal_complement(u)), -1)
    if full_matrices and n > m:
        vh = cat((vh, orthogonal_complement(vh.mH).mH), -2)
    return SvdResult(u, s, vh)


@autocast_as("float32")
def svdvals(A: Tensor, *, driver: str | None = None) -> Tensor:
    """The singular values of matrices ``(…, m, n)``, ``(…, min(m, n))`` in descending order; see :func:`svd`.

    Raises:
        RuntimeError: A is no batch of floating matrices, or has infs or nans (LinAlgError); a driver was given.
    """
    check_matrices("linalg.svdvals", A)
    if driver is not None:
        raise ArgumentRangeError("linalg.svdvals: keyword argument `driver=` is only supported on GPUs. Leave it out.")
    values: Tensor = linalg_svdvals(A)
    return values


# --- eigenvalues


@define_op(
    inputs=("input",),
    shape=lambda shape: [square(shape)[:-1], shape],
    trailing=2,
    dtype=results_in("complex", "complex"),
    samples=lambda make: [
        make(np.triu(make.array(3, 3, low=0.5)) + np.diag([-5.0, 0, 3])),  # values in the order of the diagonal
        make(make.array(2, 2, 2) * 0.3 + np.array([[1.0, 4], [-2, 1]])),  # two that are conjugate
        make(make.transposed(2, 2) * 0.3 + np.array([[1.0, 4], [-2, 1]])),
        make(make.array(1, 1)),
        make(make.array(0, 0)),
        make(make.array(0, 2, 2)),
    ],
    errors=lambda make: [
        make.error((make.array(3),), ShapeError, r"linalg_eig: .* at least 2 dimensions"),
        make.error((make.array(2, 3),), ShapeError, r"linalg_eig: .* 2 by 3 matrices"),
        make.error((make.ints(3, 2, 2),), DtypeError, r"linalg_eig: not defined for dtype lamella.int64"),
        make.error((make.array(2, 2) * np.nan,), LinAlgError, r"linalg.eig: input tensor should not contain infs"),
    ],
)
def linalg_eig(xp: Any, input: Any) -> Any:
    """Eigenvalues and eigenvectors of length 1, with a real and positive largest element."""
    square(input.shape)
    try:
        values, vectors = xp.linalg.eig(input)
    except np.linalg.LinAlgError:
        if xp.all(xp.isfinite(input)):
            raise LinAlgError("linalg.eig: The algorithm failed to converge.") from None
        raise LinAlgError("linalg.eig: input tensor should not contain infs or NaNs.") from None
    kind = xp.result_type(input.dtype, xp.complex64)
    return values.astype(kind), (vectors * phases(xp, vectors) if vectors.size else vectors).astype(kind)


def _eig_input(F: Any, grad: Any, out: Any) -> Any:
    # Boeddeker et al., On the computation of complex-valued gradients with application to statistically optimum
    # beamforming, 2017, https://arxiv.org/abs/1701.00392, equation 4.77, for eigenvectors of length 1 and fixed phase
    (grad_values, grad_vectors), (values, vectors) = grad, out
    grad_vectors = steadied(F, grad_vectors, vectors, turning(F, grad_vectors, vectors))
    along = F.sum(F.conj(vectors) * grad_vectors, (vectors.ndim - 2,), True)
    grad_vectors = grad_vectors - vectors * ((along + F.conj(along)) / 2)
    adjoint_vectors = adjoint(F, vectors)
    gaps = F.conj(values[..., None, :] - values[..., :, None])
    inner = quotients(F, adjoint_vectors @ grad_vectors, gaps) + with_diagonal(F, grad_values)
    return F.linalg_solve_ex(adjoint_vectors, inner @ adjoint_vectors, "linalg.eig's gradient", False)[0]


linalg_eig.vjp(input=_eig_input)


@autocast_as("float32")
def eig(A: Tensor) -> Any:
    """Eigenvalues and eigenvectors of square matrices: ``A V = V diag(L)``.

    Eigenvectors have length 1, and their largest elements are real and positive. The gradient is inf or nan where two
    of them belong to one eigenvalue and the loss depends on them.

    Args:
        A: Matrices ``(…, n, n)``.

    Returns:
        A named tuple of ``eigenvalues`` ``(…, n)``, in no special order, and ``eigenvectors`` ``(…, n, n)``, in
        columns; both complex.

    Raises:
        RuntimeError: A is no batch of square floating matrices, or has infs or nans (LinAlgError).
    """
    check_matrices("linalg.eig", A, square_only=True)
    return EigResult(*linalg_eig(A))


@autocast_as("float32")
def eigvals(A: Tensor) -> Tensor:
    """The eigenvalues of square matrices ``(…, n, n)``: ``(…, n)``, complex, in the order of :func:`eig`.

    Raises:
        RuntimeError: A is no batch of square floating matrices, or has infs or nans (LinAlgError).
    """
    check_matrices("linalg.eigvals", A, square_only=True)
    values: Tensor = linalg_eig(A)[0]
    return values
