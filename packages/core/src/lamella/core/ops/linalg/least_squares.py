"""Pseudo-inverses, ranks and least squares: what is told by which singular values count as zero."""

from __future__ import annotations

from typing import Any

import numpy as np

from lamella.core import dtypes, rules
from lamella.core.autocast_policy import autocast_as
from lamella.core.dispatch import define_op
from lamella.core.errors import ArgumentRangeError, DtypeError, LinAlgError, ShapeError
from lamella.core.ops.creation import as_tensor, empty
from lamella.core.ops.extremes import result_type
from lamella.core.ops.linalg.hermitian import as_hermitian, eigvalsh
from lamella.core.ops.linalg.spectral import decomposed, linalg_svdvals
from lamella.core.ops.linalg.structure import (
    adjoint,
    check_dtypes,
    check_matrices,
    factorable,
    matrices,
    results_in,
)
from lamella.core.ops.pointwise import abs, square
from lamella.core.ops.reductions import sum
from lamella.core.ops.selection import maximum, where
from lamella.core.ops.shapes import squeeze, unsqueeze
from lamella.core.rules import DtypeRule
from lamella.core.tensor import Tensor, check_tensor

Shape = tuple[int, ...]

LstsqResult = result_type("linalg_lstsq", "solution", "residuals", "rank", "singular_values")


# --- the pseudo-inverse


def _pinv_shape(shape: Shape, atol: Shape, rtol: Shape) -> Shape:
    *batch, m, n = matrices(shape)
    return (*rules.broadcast(tuple(batch), atol, rtol), n, m)


@define_op(
    inputs=("input", "atol", "rtol"),
    shape=_pinv_shape,
    trailing=(2, 0, 0),
    dtype=DtypeRule(lambda operands: ((None, None, None), factorable.find(operands[:1])[1])),
    samples=lambda make: [
        make(make.array(3, 3), 0.0, 0.01),
        make(make.array(4, 2), 0.01, 0.0),
        make(make.array(2, 2, 3), np.array([0.01, 0.02]), np.array(0.001)),
        make(make.transposed(2, 3), 0.0, 0.01),
        make(np.diag([1.0, 2]), 0.0, 0.01),
        make(make.array(0, 3), 0.0, 0.01),
        make(make.array(0, 2, 2), 0.0, 0.01),
    ],
    errors=lambda make: [
        make.error((make.array(3), 0.1, 0.0), ShapeError, r"linalg_pinv: .* at least 2 dimensions"),
        make.error((make.ints(3, 2, 2), 0.1, 0.0), DtypeError, r"linalg_pinv: not defined for dtype lamella.int64"),
        make.error((make.array(2, 2) * np.nan, 0.1, 0.0), LinAlgError, r"linalg.svd: The algorithm failed to converge"),
    ],
)
def linalg_pinv(xp: Any, input: Any, atol: Any, rtol: Any) -> Any:
    """The pseudo-inverse, singular values up to ``max(atol, rtol * the largest)`` taken for zero."""
    u, s, vh = decomposed(xp, input)
    inverse = _inverses(xp, s, xp.maximum(atol, rtol * xp.max(s, axis=-1, initial=0)))
    return (xp.conj(xp.matrix_transpose(vh)) * inverse[..., None, :]) @ xp.conj(xp.matrix_transpose(u))


def _inverses(xp: Any, s: Any, limit: Any) -> Any:
    counts = s > limit[..., None]
    return xp.where(counts, 1 / xp.where(counts, s, 1), 0).astype(s.dtype)


def _pinv_grad(F: Any, grad: Any, out: Any, input: Any) -> Any:
    # Golub & Pereyra, The differentiation of pseudo-inverses and nonlinear least squares problems whose variables
    # separate, 1973, https://doi.org/10.1137/0710036, theorem 4.3; it holds while the rank does not change
    out_h, grad_h = adjoint(F, out), adjoint(F, grad)
    left, right = grad_h @ (out @ out_h), (out_h @ out) @ grad_h
    return (left - input @ (out @ left)) + (right - (right @ out) @ input) - out_h @ grad @ out_h


linalg_pinv.vjp(input=_pinv_grad, atol=None, rtol=None)


def _tolerances(op: str, A: Tensor, atol: Any, rtol: Any) -> tuple[Any, Any]:
    """``atol`` and ``rtol``, numbers or tensors, with what None means filled in."""
    for name, given in (("atol", atol), ("rtol", rtol)):
        if isinstance(given, Tensor) and given.is_complex():
            raise DtypeError(f"{op}: {name} tensor of complex type is not supported.")
    try:
        factorable.find([A.array])  # others have no precision
    except DtypeError as error:
        raise DtypeError(f"{op}: {error}") from None
    default = max(A.array.shape[-2:]) * dtypes.finfo(A.dtype).eps
    if atol is None:
        return 0.0, default if rtol is None else rtol
    if rtol is None:
        rtol = where(atol > 0, 0.0, default) if isinstance(atol, Tensor) else 0.0 if atol > 0 else default
    return atol, rtol


def pinv(A: Tensor, rcond: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None) -> Tensor:
    """The pseudo-inverses (Moore-Penrose) of matrices, ``(…, m, n) -> (…, n, m)``.

    Singular values up to ``max(atol, rtol * the largest)`` are taken for zero.

    Args:
        A: Matrices. rcond: an old name of ``rtol``.
        hermitian: Take the matrices for Hermitian, and read but their lower triangles.
        atol: Number or tensor ``(…)``; 0 by default.
        rtol: Number or tensor ``(…)``; by default ``max(m, n)`` times the dtype's precision, or 0 where ``atol`` is
            above 0.

    Raises:
        RuntimeError: A is no batch of floating matrices, or has infs or nans (LinAlgError); with ``hermitian``, they
            are not square.

    Example:
        >>> import lamella
        >>> lamella.linalg.pinv(lamella.tensor([[2.0, 0.0], [0.0, 0.0]]))
        tensor([[0.5000, 0.0000],
                [0.0000, 0.0000]])
    """
    check_matrices("linalg.pinv", A, square_only=hermitian)
    if hermitian:
        A = as_hermitian(A, "L")
    atol, rtol = _tolerances("linalg.pinv", A, atol, rcond if rtol is None else rtol)
    inverse: Tensor = linalg_pinv(A, atol, rtol)
    return inverse


@autocast_as("float32")
def matrix_rank(A: Tensor, tol: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None) -> Tensor:
    """How many singular values of each matrix are above ``max(atol, rtol * the largest)``: ``(…, m, n) -> (…)`` int64.

    Args:
        A: Matrices. tol: an absolute tolerance alone, an old form of ``atol`` with ``rtol=0``.
        hermitian: Take the matrices for Hermitian, and read but their lower triangles.
        atol: Number or tensor ``(…)``; 0 by default.
        rtol: Number or tensor ``(…)``; by default ``max(m, n)`` times the dtype's precision, or 0 where ``atol`` is
            above 0.

    Raises:
        RuntimeError: A is no batch of floating matrices, or has infs or nans (LinAlgError); with ``hermitian``, they
            are not square.
    """
    check_matrices("linalg.matrix_rank", A, square_only=hermitian)
    if tol is not None:
        atol, rtol = tol, 0.0
    A = A.detach()
    s = abs(eigvalsh(A)) if hermitian else linalg_svdvals(A)
    atol, rtol = _tolerances("linalg.matrix_rank", A, atol, rtol)
    if not s.array.shape[-1]:
        return sum(s > 0, -1)
    limit = maximum(s.amax(-1) * rtol, as_tensor(atol, device=s.device))
    return sum(s > unsqueeze(limit, -1), -1)


# --- least squares


def _lstsq_shape(a: Shape, b: Shape, rcond: float) -> list[Shape]:
    *batch, m, n = matrices(a)
    if len(b) < 2 or b[-2] != m:
        raise ShapeError(f"input.size(-2) should match other.size(-2), but the shapes are {a} and {b}")
    return [(*rules.broadcast(tuple(batch), b[:-2]), n, b[-1]), tuple(batch)]


@define_op(
    inputs=("input", "other"),
    shape=_lstsq_shape,
    trailing=2,
    dtype=results_in("same", "int64"),
    samples=lambda make: [
        make(make.array(4, 2), make.array(4, 3), 1e-6),
        make(make.array(2, 2, 3), make.array(2, 2, 1), 1e-6),
        make(make.transposed(3, 3), make.array(2, 3, 1), 1e-6),
        make(np.ones((3, 1)), make.array(3, 1), 1e-6),
        make(make.array(0, 2), make.array(0, 1), 1e-6),
    ],
    errors=lambda make: [
        make.error((make.array(2, 3), make.array(3, 1), 1e-6), ShapeError, r"input.size\(-2\) should match"),
        make.error((make.ints(3, 2, 2), make.ints(3, 2, 1), 1e-6), DtypeError, r"not defined for dtype"),
    ],
)
def linalg_lstsq(xp: Any, input: Any, other: Any, rcond: float) -> Any:
    """The shortest X for which ``input X - other`` is shortest, and the ranks.

    Singular values up to ``rcond`` times the largest are taken for zero.
    """
    _lstsq_shape(input.shape, other.shape, rcond)
    u, s, vh = decomposed(xp, input)
    limit = rcond * xp.max(s, axis=-1, initial=0)
    parts = (xp.conj(xp.matrix_transpose(u)) @ other) * _inverses(xp, s, limit)[..., None]
    return xp.conj(xp.matrix_transpose(vh)) @ parts, xp.count_nonzero(s > limit[..., None], axis=-1)


def _lstsq_grads(F: Any, grad: Any, input: Any, other: Any, rcond: Any) -> Any:
    # the solution is pinv(input) @ other
    pinv = F.linalg_pinv(input, 0.0, rcond)
    return _pinv_grad(F, grad[0] @ adjoint(F, other), pinv, input), adjoint(F, pinv) @ grad[0]


linalg_lstsq.vjp(_lstsq_grads)

_DRIVERS = ("gels", "gelsy", "gelsd", "gelss")


@autocast_as("float32")
def lstsq(A: Tensor, B: Tensor, rcond: float | None = None, *, driver: str | None = None) -> Any:
    """The solution X of least squares: of those for which ``A X - B`` is shortest, the shortest.

    Args:
        A: Matrices ``(…, m, n)``. B: right sides ``(…, m, k)``, or vectors ``(…, m)``.
        rcond: Singular values up to this share of the largest count as zero; by default ``max(m, n)`` times the dtype's
            precision.
        driver: LAPACK's name of a method; "gelsy" by default. It decides what is returned besides the solution.

    Returns:
        A named tuple of ``solution`` ``(…, n, k)``; ``residuals`` ``(…, k)``, the squared lengths of ``A X - B``,
        unless the driver is "gelsy", ``m <= n`` or a rank is less than n; ``rank`` ``(…)``, unless the driver is
        "gels"; ``singular_values`` ``(…, min(m, n))`` with "gelsd" and "gelss". What is not returned is empty.

    Raises:
        RuntimeError: The shapes do not fit, the dtypes are no floating ones or differ, there are infs or nans, or
            the driver is another.
    """
    shape = check_matrices("linalg.lstsq", A, argument="input")
    if check_tensor("linalg.lstsq", "other", B).array.ndim < 1:
        raise ShapeError("linalg.lstsq: other must have at least 1 dimension.")
    if driver is not None and driver not in _DRIVERS:
        raise ArgumentRangeError(f"linalg.lstsq: driver should be one of {', '.join(_DRIVERS)}, but got {driver!r}")
    check_dtypes("linalg.lstsq", ("input", "other"), (A, B))
    m, n = shape[-2:]
    vectors = B.array.ndim == 1 or (B.array.ndim == len(shape) - 1 and B.array.shape == shape[:-1])
    right = unsqueeze(B, -1) if vectors else B
    _, share = _tolerances("linalg.lstsq", A, None, rcond)
    solution, rank = linalg_lstsq(A, right, float(share))
    residuals = empty(0, dtype=A.dtype.to_real(), device=A.device)
    values = linalg_svdvals(A) if driver in ("gelsd", "gelss") else residuals
    if driver not in (None, "gelsy") and m > n and bool((rank == n).all()):
        residuals = sum(square(abs(A @ solution - right)), -2)
    if driver == "gels":
        rank = empty(0, dtype=dtypes.int64, device=A.device)
    return LstsqResult(squeeze(solution, -1) if vectors else solution, residuals, rank, values)
