"""Windows: weights that fade a stretch of a signal in and out, before it is transformed.

A periodic window is a symmetric one of one more element, without its last: repeated, it has no seam.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from lamella.core import dtypes
from lamella.core.dtypes import dtype, to_dtype
from lamella.core.errors import ArgumentTypeError, DtypeError, ShapeError
from lamella.core.ops.creation import placed
from lamella.core.tensor import Tensor


def _window(
    name: str,
    window_length: int,
    periodic: bool,
    formula: Callable[[np.ndarray], np.ndarray],
    kind: dtype | None,
    device: Any,
    requires_grad: bool,
) -> Tensor:
    """``formula`` of the places of the elements, of which the first is 0 and the last of a symmetric window 1."""
    given = dtypes.get_default_dtype() if kind is None else to_dtype(kind)
    if not given.is_floating_point:
        raise DtypeError(f"{name} expects floating point dtypes, got: {given}")
    if isinstance(window_length, bool) or not hasattr(window_length, "__index__"):
        raise ArgumentTypeError(f"{name}(): argument 'window_length' must be int, not {type(window_length).__name__}")
    length = operator.index(window_length)
    if length < 0:
        raise ShapeError(f"{name} requires non-negative window_length, got window_length={length}")
    if length < 2:
        values = np.ones(length)
    else:
        values = formula(np.arange(length) / (length if periodic else length - 1))
    return placed(values.astype(given.numpy), device, requires_grad)


def bartlett_window(
    window_length: int,
    periodic: bool = True,
    *,
    dtype: dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """A triangle: ``1 - abs(2 n / (N - 1) - 1)``.

    Args:
        window_length: The number of elements; a window of one is a 1.
        periodic: Whether N, in the formula, is ``window_length + 1``; otherwise it is ``window_length``, and the
            window symmetric.
        dtype: A floating-point one; the default dtype by default.

    Raises:
        RuntimeError: The length is negative, or the dtype no floating-point one. TypeError: the length is no int.
    """
    return _window(
        "bartlett_window", window_length, periodic, lambda x: 1 - abs(2 * x - 1), dtype, device, requires_grad
    )


def hann_window(
    window_length: int,
    periodic: bool = True,
    *,
    dtype: dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """A raised cosine: ``(1 - cos(2 pi n / (N - 1))) / 2``. Arguments as for :func:`bartlett_window`.

    Example:
        >>> lamella.hann_window(4)
        tensor([0.0000, 0.5000, 1.0000, 0.5000])
    """

    def formula(x: np.ndarray) -> np.ndarray:
        return np.sin(np.pi * x) ** 2

    return _window("hann_window", window_length, periodic, formula, dtype, device, requires_grad)


def hamming_window(
    window_length: int,
    periodic: bool = True,
    alpha: float = 0.54,
    beta: float = 0.46,
    *,
    dtype: dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """A cosine on a base: ``alpha - beta cos(2 pi n / (N - 1))``. Other arguments as for :func:`bartlett_window`."""

    def formula(x: np.ndarray) -> np.ndarray:
        return alpha - beta * np.cos(2 * np.pi * x)

    return _window("hamming_window", window_length, periodic, formula, dtype, device, requires_grad)


def blackman_window(
    window_length: int,
    periodic: bool = True,
    *,
    dtype: dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """``0.42 - 0.5 cos(2 pi n / (N - 1)) + 0.08 cos(4 pi n / (N - 1))``. Arguments as for :func:`bartlett_window`."""

    def formula(x: np.ndarray) -> np.ndarray:
        return 0.42 - 0.5 * np.cos(2 * np.pi * x) + 0.08 * np.cos(4 * np.pi * x)

    return _window("blackman_window", window_length, periodic, formula, dtype, device, requires_grad)


def kaiser_window(
    window_length: int,
    periodic: bool = True,
    beta: float = 12.0,
    *,
    dtype: dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """``I0(beta sqrt(1 - (2 n / (N - 1) - 1)^2)) / I0(beta)``, with the modified Bessel function I0.

    Args:
        beta: How narrow it is. Other arguments as for :func:`bartlett_window`.
    """

    def formula(x: np.ndarray) -> np.ndarray:
        return np.i0(beta * np.sqrt(np.maximum(1 - (2 * x - 1) ** 2, 0))) / np.i0(beta)

    return _window("kaiser_window", window_length, periodic, formula, dtype, device, requires_grad)


#: Functions without ``out=``.
NO_OUT = (
    "bartlett_window",
    "blackman_window",
    "hamming_window",
    "hann_window",
    "kaiser_window",
)

__all__ = ["bartlett_window", "blackman_window", "hamming_window", "hann_window", "kaiser_window"]
