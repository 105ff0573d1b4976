"""Orthogonal matrices as smooth functions of free ones."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lamella.core.dtypes import finfo
from lamella.core.errors import ArgumentError
from lamella.core.modes import no_grad
from lamella.core.ops.creation import as_tensor, eye
from lamella.core.ops.linalg.matrix_functions import matrix_exp
from lamella.core.ops.linalg.orthogonal import qr
from lamella.core.ops.linalg.solving import solve
from lamella.core.ops.linalg.triangular import solve_triangular
from lamella.core.ops.pieces import cat
from lamella.core.ops.random import randn
from lamella.core.tensor import Tensor
from lamella.nn.module import Module


def _skew(free: Tensor) -> Tensor:
    """A square matrix with ``A == -A.mH``, from the lower triangle of a tall one."""
    lower = free.tril()
    n, k = free.shape[-2:]
    if n != k:
        lower = cat([lower, lower.new_zeros(*lower.shape[:-1], n - k)], -1)
    return lower - lower.mH


def _exponential(free: Tensor) -> Tensor:
    """The matrix exponential of a skew-symmetric matrix."""
    return matrix_exp(_skew(free))[..., : free.shape[-1]]


def _cayley(free: Tensor) -> Tensor:
    """``(I - A / 2)^-1 (I + A / 2)`` of a skew-symmetric matrix A."""
    half = _skew(free) / 2
    identity = eye(half.shape[-1], dtype=half.dtype, device=half.device)
    return solve(identity - half, identity + half)[..., : free.shape[-1]]


def _householder(free: Tensor) -> Tensor:
    """The first columns of a product of reflections ``I - 2 v v^T / (v^T v)``, one for each column v of ``free``.

    v is 0 above the diagonal and 1 on it; what stands on the diagonal of ``free``, 1 or -1, is the sign of the result's
    column. The product of all is ``I - V S^-1 V^T`` with S the upper triangle of ``V^T V``, its diagonal halved: so two
    products of matrices do, in place of one after the other for each column.

    Reference:
        T. Joffrain et al.: Accumulating Householder transformations, revisited, 2006, equation 8.
    """
    n, k = free.shape[-2:]
    identity = eye(n, k, dtype=free.dtype, device=free.device)
    v = free.tril(-1) + identity
    products = v.mT @ v
    s = products.triu(1) + (products * identity[:k]) / 2
    q = identity - v @ solve_triangular(s, v[..., :k, :].mT, upper=True)
    return q * free.diagonal(dim1=-2, dim2=-1).detach().trunc().unsqueeze(-2)


def _reflections(q: Tensor) -> Tensor:
    """What :func:`_householder` makes ``q`` of, or if that is not orthogonal the Q of its QR decomposition."""
    stored, factors = np.linalg.qr(q.detach().numpy(), mode="raw")  # LAPACK's geqrf, but transposed
    found = stored.swapaxes(-1, -2).copy()
    k = found.shape[-1]
    signs = np.sign(found[..., range(k), range(k)])
    # no reflection was needed where the factor is 0, but here v = e makes one
    found[..., range(k), range(k)] = np.where(factors == 0, -signs, signs)
    return as_tensor(found).to(q.device)


#: What makes the first columns of an orthogonal matrix from a tall free one.
MAPS: dict[str, Callable[[Tensor], Tensor]] = {
    "matrix_exp": _exponential,
    "cayley": _cayley,
    "householder": _householder,
}


class _Orthogonal(Module):
    """The parametrization behind :func:`lamella.nn.utils.parametrizations.orthogonal`, where its arguments are told."""

    base: Tensor | None

    def __init__(self, weight: Tensor, orthogonal_map: str, *, use_trivialization: bool = True) -> None:
        super().__init__()
        if weight.is_complex() and orthogonal_map == "householder":
            raise ArgumentError(
                "The householder parametrization does not support complex tensors. Use matrix_exp or cayley."
            )
        self.shape = weight.shape
        self.orthogonal_map = orthogonal_map
        if use_trivialization:
            self.register_buffer("base", None)

    def forward(self, free: Tensor) -> Tensor:
        wide = free.shape[-2] < free.shape[-1]
        q = MAPS[self.orthogonal_map](free.mT if wide else free)
        if "base" in self._buffers:
            q = self.base @ q
        return q.mT if wide else q

    @no_grad()
    def right_inverse(self, weight: Tensor) -> Tensor:
        """What makes ``weight``, or an orthogonal matrix near it if it is none; with a base, this becomes that."""
        if weight.shape != self.shape:
            raise ArgumentError(
                f"Expected a matrix or batch of matrices of shape {self.shape}. Got a tensor of shape {weight.shape}."
            )
        wide = weight.shape[-2] < weight.shape[-1]
        q = weight.mT if wide else weight
        n, k = q.shape[-2:]
        if "base" not in self._buffers:
            if self.orthogonal_map != "householder":
                raise NotImplementedError(
                    "It is not possible to assign to the matrix exponential or the Cayley parametrizations when "
                    "use_trivialization=False. Assign to the tensor in parametrizations, or use a trivialization."
                )
            found = _reflections(q)
            return found.mT if wide else found
        if n != k:
            q = _orthogonalized(cat([q, randn(*q.shape[:-1], n - k, dtype=q.dtype, device=q.device)], -1))
        self.base = q.clone() if _is_orthogonal(q) else _orthogonalized(q)
        # the identity for all three maps: the diagonal holds the signs of reflected columns, which are -e
        start = weight.new_zeros(weight.shape)
        start.diagonal(dim1=-2, dim2=-1).fill_(-1.0)
        return start


def _is_orthogonal(q: Tensor) -> bool:
    """Whether ``q^H q`` is the identity, up to rounding."""
    k = q.shape[-1]
    identity = eye(k, dtype=q.dtype, device=q.device)
    return (q.mH @ q).allclose(identity, atol=10 * k * finfo(q.dtype).eps)


def _orthogonalized(matrix: Tensor) -> Tensor:
    """The orthogonal part of a square matrix, with a unique sign for each column."""
    q, r = qr(matrix)
    return q * r.diagonal(dim1=-2, dim2=-1).sgn().unsqueeze(-2)


__all__ = ["MAPS", "_Orthogonal"]
