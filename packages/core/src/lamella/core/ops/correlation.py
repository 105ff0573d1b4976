"""How alike vectors are: angles between them, covariance, correlation."""

from __future__ import annotations

import warnings

from lamella.core import dtypes
from lamella.core.errors import ArgumentRangeError, DtypeError, ShapeError
from lamella.core.ops.conversions import to
from lamella.core.ops.diagonals import diagonal
from lamella.core.ops.matmul import mm
from lamella.core.ops.pointwise import conj, imag, real, sqrt
from lamella.core.ops.reductions import sum, vector_norm
from lamella.core.ops.selection import clamp, where
from lamella.core.ops.shapes import broadcast_tensors, reshape, squeeze, t, unsqueeze
from lamella.core.rules import one_dim
from lamella.core.tensor import Tensor, check_tensor


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    r"""The cosine of the angle between vectors along ``dim``.

    ``sum(x1 * x2) / (max(|x1|, eps) * max(|x2|, eps))``

    Args:
        x1, x2: Of shapes that broadcast; their common dtype is floating-point.
        dim: Along which the vectors lie, in the common shape. eps: the least length to divide by.

    Returns:
        The common shape without ``dim``.

    Raises:
        RuntimeError: The shapes do not broadcast, or the common dtype is not floating-point.
        IndexError: There is no such dimension. TypeError: one is no Tensor.
    """
    check_tensor("cosine_similarity", "x1", x1)
    check_tensor("cosine_similarity", "x2", x2)
    kind = dtypes.result_dtype((x1.array, x2.array))
    if not kind.is_floating_point:
        raise DtypeError(f"cosine_similarity: expected a floating-point common dtype, got {kind}. Use x.float().")
    x1, x2 = broadcast_tensors(to(x1, dtype=kind), to(x2, dtype=kind))
    dims = (one_dim(dim, x1.array.ndim),) if x1.array.ndim else ()
    # divided before they are multiplied: the products of large vectors might overflow
    return sum(_unit(x1, dims, eps) * _unit(x2, dims, eps), dim)


def _unit(x: Tensor, dims: tuple[int, ...], eps: float) -> Tensor:
    length = vector_norm(x, 2, dims, True)
    # a length below eps counts as eps, but its gradient is that of the length, as in PyTorch
    return x / where(length < eps, length + (eps - length).detach(), length)


def _weights(name: str, given: Tensor, observations: int, floating: bool) -> Tensor:
    expected = "floating-point" if floating else "integral"
    if given.array.ndim > 1:
        raise ShapeError(f"cov: expected {name} to have one or fewer dimensions, got {given.array.ndim}")
    if given.is_floating_point() != floating or given.is_complex() or given.dtype is dtypes.bool:
        raise DtypeError(f"cov: expected {name} to have {expected} dtype, got {given.dtype}")
    if given.array.size != observations:
        raise ShapeError(
            f"cov: expected {name} to have one weight for each of the {observations} observations, the columns of "
            f"the input, got {given.array.size}"
        )
    if observations and given.min().item() < 0:
        raise ArgumentRangeError(f"cov: {name} cannot be negative, got {given.min().item()}")
    return given


def cov(
    input: Tensor, *, correction: int = 1, fweights: Tensor | None = None, aweights: Tensor | None = None
) -> Tensor:
    """The covariance of variables, the rows of ``input``, over observations, its columns.

    Args:
        input: ``(N, M)``, or ``(M,)`` for one variable.
        correction: What is subtracted from the number of observations: 1 for the estimate without bias.
        fweights: How often each observation was made: ``(M,)``, integers. aweights: how much each counts: ``(M,)``,
            floating-point.

    Returns:
        ``(N, N)``; of one variable ``()``.

    Raises:
        RuntimeError: There are more than two dimensions; bools; or weights of a wrong size, dtype or sign, or whose sum
            is 0.
    """
    if input.array.ndim > 2:
        raise ShapeError(f"cov: expected input to have two or fewer dimensions, got {input.array.ndim}")
    if input.dtype is dtypes.bool:
        raise DtypeError("cov: not defined for dtype lamella.bool. Convert with x.float() first.")
    x = input if input.array.ndim == 2 else reshape(input, 1, input.array.size)
    observations = x.array.shape[1]
    weights = None if fweights is None else _weights("fweights", fweights, observations, floating=False)
    if aweights is not None:
        shares = _weights("aweights", aweights, observations, floating=True)
        weights = shares if weights is None else weights * shares
    degrees: Tensor | float
    if weights is None:
        center, degrees = sum(x, 1) / observations, observations - correction
    else:
        total = sum(weights)
        if total.item() == 0:
            raise ArgumentRangeError("cov: weights sum to zero, can't be normalized")
        center = sum(x * weights, 1) / total
        degrees = total - correction
        if aweights is not None and correction != 0:
            degrees = total - correction * sum(weights * aweights) / total
    if float(degrees) <= 0:
        warnings.warn(
            f"cov: degrees of freedom is <= 0. The correction, {correction}, should be less than the number of "
            f"observations, {observations}.",
            stacklevel=2,
        )
        degrees = 0.0
    x = x - unsqueeze(center, 1)
    weighted = x if weights is None else x * weights
    return squeeze(mm(x, conj(t(weighted))) / degrees)


def corrcoef(input: Tensor) -> Tensor:
    """The correlation coefficients, from -1 to 1, of variables, the rows of ``input``, over its columns.

    ``c_ij / sqrt(c_ii * c_jj)``, where c is the covariance.

    Args:
        input: ``(N, M)``, or ``(M,)`` for one variable.

    Returns:
        ``(N, N)``; of one variable ``()``. nan for a variable that does not vary.

    Raises:
        RuntimeError: There are more than two dimensions, or bools.
    """
    if input.array.ndim > 2:
        raise ShapeError(f"corrcoef: expected input to have two or fewer dimensions, got {input.array.ndim}")
    c = cov(input)
    if c.array.ndim == 0:
        return c / c
    deviations = sqrt(real(diagonal(c)))
    c = c / unsqueeze(deviations, 1) / unsqueeze(deviations, 0)
    return clamp(real(c), -1, 1) + clamp(imag(c), -1, 1) * 1j if c.is_complex() else clamp(c, -1, 1)


#: Functions without ``out=``.
NO_OUT = (
    "corrcoef",
    "cosine_similarity",
    "cov",
)

__all__ = ["corrcoef", "cosine_similarity", "cov"]
