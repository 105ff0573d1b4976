"""Dropout: zeroing a random part of the elements, and keeping the mean, or mean and variance, of the whole."""

from __future__ import annotations

import math
import warnings

import numpy as np

from lamella.core.errors import ArgumentError, DtypeError, ShapeError
from lamella.core.ops.random import drawn
from lamella.core.random import Generator
from lamella.core.tensor import Tensor

#: What SELU tends to far below 0, negated: alpha dropout sets elements to it.
_LOWEST = 1.7580993408473766


def check_probability(p: float) -> None:
    """Raises ValueError if ``p`` is not between 0 and 1."""
    if not 0.0 <= p <= 1.0:
        raise ArgumentError(f"dropout probability has to be between 0 and 1, but got {p}")


def _kept(op: str, input: Tensor, shape: tuple[int, ...], p: float) -> Tensor:
    """1 with probability ``1 - p``, divided by that, else 0."""
    kind = input.array.dtype
    if p < 1 and not (input.dtype.is_floating_point or input.dtype.is_complex):
        raise DtypeError(f"{op}: not defined for dtype {input.dtype}; expected floating point. Convert with x.float().")

    def draw(source: Generator, size: tuple[int, ...]) -> np.ndarray:
        kept = source.bernoulli(1 - p, size).astype(kind)
        if 0 < p < 1:
            kept /= 1 - p
        return kept

    return drawn(op, None, shape, draw, input.device)


def _channels(input: Tensor) -> tuple[int, ...]:
    """The shape of a factor for each channel.

    Raises:
        RuntimeError: There are fewer than 2 dimensions.
    """
    shape = tuple(input.array.shape)
    if len(shape) < 2:
        raise ShapeError(f"Feature dropout requires at least 2 dimensions in the input, got {len(shape)}")
    return shape[:2] + (1,) * (len(shape) - 2)


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Zero each element with probability ``p`` and scale the others by ``1 / (1 - p)``; see ``nn.Dropout``.

    Args:
        training: Whether to do anything. inplace: whether to overwrite the input.

    Raises:
        ValueError: ``p`` is no probability. RuntimeError: the input is not floating point.
    """
    check_probability(p)
    if not training or not p:
        return input
    kept = _kept("dropout", input, tuple(input.array.shape), p)
    return input.mul_(kept) if inplace else input * kept


def _feature_dropout(op: str, input: Tensor, p: float, training: bool, inplace: bool) -> Tensor:
    if not training or not p:
        return input
    kept = _kept(op, input, _channels(input), p)
    return input.mul_(kept) if inplace else input * kept


def _warn_of_dimensions(op: str, ndim: int, spatial: int, taken: str) -> None:
    warnings.warn(
        f"{op}: expected a {spatial + 2}-D input (N, C and {spatial} spatial dimensions) or a {spatial + 1}-D one, got "
        f"{ndim}-D, of which {taken}. Reshape it, or use dropout for single elements.",
        stacklevel=3,
    )


def dropout1d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Like :func:`dropout`, of whole channels: ``(N, C, L)`` or ``(C, L)``, each row kept or zeroed.

    Raises:
        ValueError: ``p`` is no probability. RuntimeError: the input has another number of dimensions.
    """
    check_probability(p)
    ndim = input.array.ndim
    if ndim not in (2, 3):
        raise ShapeError(f"dropout1d: Expected 2D or 3D input, but received a {ndim}D input; use dropout or dropout2d")
    if ndim == 3:
        return _feature_dropout("dropout1d", input, p, training, inplace)
    return _feature_dropout("dropout1d", input.unsqueeze(0), p, training, inplace).squeeze(0)


def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Like :func:`dropout`, of whole channels: ``(N, C, H, W)``, each of the ``N * C`` planes kept or zeroed.

    Raises:
        ValueError: ``p`` is no probability. RuntimeError: the input has fewer than 2 dimensions.
    """
    check_probability(p)
    if input.array.ndim != 4:  # (N, C, L) too: PyTorch takes 3 dimensions so
        _warn_of_dimensions("dropout2d", input.array.ndim, 2, "the first two are taken for N and C")
    return _feature_dropout("dropout2d", input, p, training, inplace)


def dropout3d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Like :func:`dropout`, of whole channels: ``(N, C, D, H, W)`` or ``(C, D, H, W)``, each kept or zeroed.

    Raises:
        ValueError: ``p`` is no probability. RuntimeError: the input has no dimension.
    """
    check_probability(p)
    ndim = input.array.ndim
    if ndim not in (4, 5):
        _warn_of_dimensions("dropout3d", ndim, 3, "the first is taken for C")
    if ndim == 5:
        return _feature_dropout("dropout3d", input, p, training, inplace)
    return _feature_dropout("dropout3d", input.unsqueeze(0), p, training, inplace).squeeze(0)


def _alpha_dropout(op: str, input: Tensor, shape: tuple[int, ...], p: float, inplace: bool) -> Tensor:
    # a x + b, with x set to the lowest value where it is dropped, has mean 0 and variance 1 where x has
    if p == 1:
        return input.mul_(0) if inplace else input * 0
    a = 1 / math.sqrt((_LOWEST * _LOWEST * p + 1) * (1 - p))
    kept = _kept(op, input, shape, p) * (1 - p)
    b = (kept - 1) * (_LOWEST * a) + _LOWEST * a * p
    return input.mul_(kept * a).add_(b) if inplace else input * (kept * a) + b


def alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """Set each element to SELU's lowest value with probability ``p``; then scale and shift to keep mean and variance.

    Args:
        training: Whether to do anything. inplace: whether to overwrite the input.

    Raises:
        ValueError: ``p`` is no probability. RuntimeError: the input is not floating point.

    Reference:
        Klambauer, Unterthiner, Mayr and Hochreiter, Self-normalizing neural networks (2017).
    """
    check_probability(p)
    if not training or not p:
        return input
    return _alpha_dropout("alpha_dropout", input, tuple(input.array.shape), p, inplace)


def feature_alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """Like :func:`alpha_dropout`, of whole channels: ``(N, C, …)``.

    Raises:
        ValueError: ``p`` is no probability. RuntimeError: the input has fewer than 2 dimensions, or no floats.
    """
    check_probability(p)
    if not training or not p:
        return input
    return _alpha_dropout("feature_alpha_dropout", input, _channels(input), p, inplace)


__all__ = [
    "alpha_dropout",
    "dropout",
    "dropout1d",
    "dropout2d",
    "dropout3d",
    "feature_alpha_dropout",
]
