"""The QR decomposition."""

from __future__ import annotations

from typing import Any

from lamella.core.autocast_policy import autocast_as
from lamella.core.dispatch import define_op
from lamella.core.errors import ArgumentRangeError, DtypeError, GradError, ShapeError
from lamella.core.ops.extremes import result_type
from lamella.core.ops.linalg.factorizations import over_upper
from lamella.core.ops.linalg.structure import (
    adjoint,
    check_matrices,
    matrices,
    mirrored,
    results_in,
    upper,
)
from lamella.core.tensor import Tensor

Shape = tuple[int, ...]

QrResult = result_type("linalg_qr", "Q", "R")


def _qr_shape(shape: Shape, mode: str) -> list[Shape]:
    *batch, m, n = matrices(shape)
    k = min(m, n) if mode == "reduced" else m
    rows = min(m, n) if mode != "complete" else m
    return [(0,) if mode == "r" else (*batch, m, k), (*batch, rows, n)]


@define_op(
    inputs=("input",),
    shape=_qr_shape,
    trailing=2,
    dtype=results_in("same", "same"),
    samples=lambda make: [
        make(make.array(3, 3), "reduced"),
        make(make.array(4, 2), "reduced"),
        make(make.array(2, 2, 3), "reduced"),
        make(make.array(2, 3), "complete"),
        make(make.transposed(3, 2), "reduced"),
        make(make.array(0, 2), "complete"),
        make(make.array(0, 3, 2), "reduced"),
    ],
    errors=lambda make: [
        make.error((make.array(3), "reduced"), ShapeError, r"linalg_qr: .* at least 2 dimensions"),
        make.error((make.ints(3, 2, 2), "r"), DtypeError, r"linalg_qr: not defined for dtype lamella.int64"),
    ],
)
def linalg_qr(xp: Any, input: Any, mode: str) -> Any:
    """``Q`` with orthonormal columns and an upper triangle ``R`` whose product is ``input``; see :func:`qr`."""
    matrices(input.shape)
    if mode == "r":
        return xp.empty(0, dtype=input.dtype), xp.linalg.qr(input, mode="r")
    return tuple(xp.linalg.qr(input, mode=mode))


def _qr_input(F: Any, grad: Any, out: Any, mode: str) -> Any:
    """The rule for both shapes.

    Walter & Lehmann, Algorithmic differentiation of linear algebra functions with application in optimum experimental
    design, 2010, https://arxiv.org/abs/1001.1654; wide matrices after Roberts & Roberts, QR and LQ decomposition matrix
    backpropagation algorithms for square, wide, and deep matrices, 2020, https://arxiv.org/abs/2009.10071.
    """
    if mode == "r":
        raise GradError("linalg.qr: mode='r' computes no Q, on which the derivative depends. Use mode='reduced'.")
    (grad_q, grad_r), (q, r) = grad, out
    m, n = q.shape[-2], r.shape[-1]
    if mode == "complete" and m > n:
        raise GradError(
            "linalg.qr: not differentiable when mode='complete' and there are more rows than columns: the last columns "
            "of Q are any basis. Use mode='reduced'."
        )
    k = min(m, n)
    grad_square, square_r = grad_r, r
    if n > m:
        grad_square, square_r = grad_r[..., :k], r[..., :k]
        grad_q = grad_q + q @ (r[..., k:] @ adjoint(F, grad_r[..., k:]))
    inner = grad_square @ adjoint(F, square_r) - adjoint(F, q) @ grad_q
    left = grad_q + q @ mirrored(F, upper(F, inner))
    result = over_upper(F, left, square_r)
    return F.cat((result, q @ grad_r[..., k:]), q.ndim - 1) if n > m else result


linalg_qr.vjp(input=_qr_input)


@autocast_as("float32")
def qr(A: Tensor, mode: str = "reduced") -> Any:
    """The QR decomposition ``A = Q R``: ``Q`` with orthonormal columns, ``R`` an upper triangle with a real diagonal.

    Args:
        A: Matrices ``(…, m, n)``.
        mode: "reduced": Q is ``(…, m, k)`` and R ``(…, k, n)``, ``k = min(m, n)``. "complete": Q is ``(…, m, m)`` and
            R ``(…, m, n)``. "r": only R, as in "reduced"; Q is empty.

    Returns:
        A named tuple of ``Q`` and ``R``.

    Raises:
        RuntimeError: A is no batch of floating matrices; another mode. In the backward pass: there is no derivative
            in mode "r", nor in mode "complete" with more rows than columns.
    """
    check_matrices("linalg.qr", A)
    if mode not in ("reduced", "complete", "r"):
        raise ArgumentRangeError(f"qr received unrecognized mode '{mode}', expected 'reduced', 'complete' or 'r'")
    return QrResult(*linalg_qr(A, mode))
