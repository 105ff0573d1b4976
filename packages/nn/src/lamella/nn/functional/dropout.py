"""Dropout: zeroing a random part of the elements, and scaling the others so that the mean stays."""

from __future__ import annotations

import warnings

from lamella.core.errors import ArgumentError, ShapeError
from lamella.core.ops.creation import zeros
from lamella.core.tensor import Tensor


def check_probability(p: float) -> None:
    """Raises ValueError if ``p`` is not between 0 and 1."""
    if not 0.0 <= p <= 1.0:
        raise ArgumentError(f"dropout probability has to be between 0 and 1, but got {p}")


def _scaled(input: Tensor, shape: tuple[int, ...], p: float, inplace: bool) -> Tensor:
    """``input`` times a random factor, 0 or ``1 / (1 - p)``, for each element of ``shape``."""
    factors = zeros(shape, dtype=input.dtype, device=input.device)
    if p < 1:
        factors.bernoulli_(1 - p).div_(1 - p)
    return input.mul_(factors) if inplace else input * factors


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Zero each element with probability ``p`` and scale the others by ``1 / (1 - p)``; see ``nn.Dropout``.

    Args:
        training: Whether to do anything. inplace: whether to overwrite the input.

    Raises:
        ValueError: ``p`` is no probability.
    """
    check_probability(p)
    return _scaled(input, input.array.shape, p, inplace) if training and p else input


def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Like :func:`dropout`, of whole channels: ``(N, C, H, W)``, each of the ``N * C`` planes kept or zeroed.

    Raises:
        ValueError: ``p`` is no probability. RuntimeError: the input has fewer than 2 dimensions.
    """
    check_probability(p)
    ndim = input.array.ndim
    if ndim != 4:
        warnings.warn(
            f"dropout2d: expected a 4-D input (N, C, H, W), got {ndim}-D; its first two dimensions are taken for N and "
            "C. Add a dimension, or use dropout for single elements.",
            stacklevel=2,
        )
    if not training or not p:
        return input
    if ndim < 2:
        raise ShapeError(f"Feature dropout requires at least 2 dimensions in the input, got {ndim}")
    return _scaled(input, input.array.shape[:2] + (1,) * (ndim - 2), p, inplace)


__all__ = ["dropout", "dropout2d"]
