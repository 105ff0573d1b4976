"""Determinants."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lamella.core.dispatch import define_op
from lamella.core.errors import DtypeError, ShapeError
from lamella.core.ops.extremes import result_type
from lamella.core.ops.linalg.structure import (
    adjoint,
    check_matrices,
    diagonal_of,
    factorable,
    identity,
    results_in,
    square,
    with_diagonal,
)
from lamella.core.ops.selection import where
from lamella.core.ops.transcendental import log
from lamella.core.tensor import Tensor

Shape = tuple[int, ...]

SlogdetResult = result_type("linalg_slogdet", "sign", "logabsdet")


def _samples(make: Any) -> list[Any]:
    return [
        make(make.array(3, 3)),
        make(make.array(2, 2, 2) + 2 * np.eye(2)),
        make(make.transposed(3, 3) - 3 * np.eye(3)),
        make(make.array(1, 1, away_from=0.0)),
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
    shape=lambda shape: square(shape)[:-2],
    trailing=2,
    dtype=factorable,
    samples=lambda make: [
        _samples(make),
        make(np.array([[1.0, 2, 3], [4, 5, 6], [7, 8, 9]])),
        make(np.zeros((2, 2))),
        make(np.ones((3, 3))),
    ],
    errors=lambda make: _errors(make, "linalg_det"),
)
def linalg_det(xp: Any, input: Any) -> Any:
    """The determinants of square matrices."""
    return xp.linalg.det(input)


linalg_det.vjp(input=lambda F, grad, input: F.det_backward(grad, input))


@define_op(
    inputs=("grad_output", "input"),
    shape=lambda grad, shape: square(shape),
    trailing=(0, 2),
    dtype=factorable,
    samples=lambda make: [
        make(make.array(), make.array(3, 3)),
        make(make.array(2), make.array(2, 2, 2) + 2 * np.eye(2)),
        make(make.array(), make.array(1, 1)),
        make(make.array(), make.array(0, 0)),
    ],
)
def det_backward(xp: Any, grad_output: Any, input: Any) -> Any:
    """``grad_output`` times the conjugate cofactors: the derivative of the determinant, of singular matrices too.

    The cofactors are ``det(A) A^-T``. Rounding does no harm there near a singular matrix, for what LAPACK computes both
    from is the same LU decomposition. Where that has a zero pivot they are taken from singular values.
    """
    try:
        cofactors = xp.linalg.det(input)[..., None, None] * xp.matrix_transpose(xp.linalg.inv(input))
    except np.linalg.LinAlgError:
        u, s, vh = xp.linalg.svd(input)
        n = input.shape[-1]
        others = xp.where(xp.eye(n, dtype=xp.bool), 1, s[..., None, :])
        size = xp.prod(others, axis=-1) * (xp.linalg.det(u) * xp.linalg.det(vh))[..., None]
        cofactors = xp.conj((u * xp.conj(size)[..., None, :]) @ vh)
    return grad_output[..., None, None] * xp.conj(cofactors)


#: By bytes of a real number: what is added to singular values so that zeros have a logarithm.
_TINY = {4: float(np.finfo(np.float32).tiny), 8: float(np.finfo(np.float64).tiny)}


def _det_backward_grads(F: Any, grad: Any, grad_output: Any, input: Any) -> Any:
    """The derivative of the cofactors.

    With ``A = U S V^H`` and ``X = U^H dA V`` the adjugate of A changes, but for a rotation, by ``-X[i, j] m[i, j]`` off
    the diagonal, and on it by the sum of ``X[j, j] m[i, j]`` over the others, where ``m[i, j]`` is the product of all
    singular values but i and j. It is a polynomial: whatever the rank, nothing is divided by.
    """
    ones = F.pow(grad_output, 0)
    of_grad = F.sum(grad * F.conj(F.det_backward(ones, input)), (grad.ndim - 2, grad.ndim - 1), False)
    u, s, vh = F.linalg_svd(input)
    logs = F.log(s + _TINY[s.dtype.itemsize])
    of_others = F.sum(logs, (s.ndim - 1,), True)[..., None] - logs[..., None, :] - logs[..., :, None]
    products = F.exp(F.where(identity(F, of_others) == 1, -math.inf, of_others))
    turn = F.conj(grad_output) * F.linalg_det(u) * F.linalg_det(vh)
    inner = turn[..., None, None] * (adjoint(F, u) @ grad @ adjoint(F, vh))
    diagonal = diagonal_of(F, inner)
    changed = with_diagonal(F, F.sum(products * diagonal[..., None, :], (s.ndim,), False)) - products * inner.mT
    return of_grad, u @ F.conj(changed) @ vh


det_backward.vjp(_det_backward_grads)


@define_op(
    inputs=("input",),
    shape=lambda shape: [square(shape)[:-2], shape[:-2]],
    trailing=2,
    dtype=results_in("same", "real"),
    samples=_samples,
    errors=lambda make: _errors(make, "linalg_slogdet"),
)
def linalg_slogdet(xp: Any, input: Any) -> Any:
    """The sign of the determinant (a complex one's phase, 0 if it is 0) and the logarithm of its absolute value."""
    return tuple(xp.linalg.slogdet(input))


def _slogdet_input(F: Any, grad: Any, out: Any, input: Any) -> Any:
    (grad_sign, grad_log), (sign, _) = grad, out
    along = F.conj(grad_sign) * sign  # only a complex sign changes, and it can but turn
    of_log = grad_log - (along - F.conj(along)) / 2
    inverse = F.linalg_inv_ex(input, "linalg.slogdet's gradient", False)[0]
    return of_log[..., None, None] * adjoint(F, inverse)


linalg_slogdet.vjp(input=_slogdet_input)


def det(A: Tensor) -> Tensor:
    """The determinants of square matrices, ``(…, n, n) -> (…)``. Singular ones have a gradient too.

    Raises:
        RuntimeError: A is no batch of square floating matrices.

    Example:
        >>> import lamella
        >>> lamella.linalg.det(lamella.tensor([[2.0, 1.0], [0.0, 3.0]]))
        tensor(6.)
    """
    check_matrices("linalg.det", A, square_only=True)
    value: Tensor = linalg_det(A)
    return value


def slogdet(A: Tensor) -> Any:
    """The sign of determinants and the logarithm of their absolute values, which can't overflow.

    Args:
        A: Matrices ``(…, n, n)``.

    Returns:
        A named tuple of ``sign`` ``(…)`` (for complex matrices a number of absolute value 1), 0 where the determinant
        is, and ``logabsdet`` ``(…)``, real, -inf there.

    Raises:
        RuntimeError: A is no batch of square floating matrices.
    """
    check_matrices("linalg.slogdet", A, square_only=True)
    return SlogdetResult(*linalg_slogdet(A))


def logdet(input: Tensor) -> Tensor:
    """The logarithm of determinants, ``(…, n, n) -> (…)``: nan where one is negative, -inf where it is 0.

    Raises:
        RuntimeError: ``input`` is no batch of square floating matrices.
    """
    check_matrices("logdet", input, square_only=True, argument="input")
    sign, size = linalg_slogdet(input)
    if input.is_complex():
        return log(sign) + size
    return where(sign == -1, math.nan, size)
