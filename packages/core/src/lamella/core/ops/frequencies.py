"""The frequencies of the elements of a Fourier transform, and their order, for ``lamella.fft``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from lamella.core import dtypes
from lamella.core.dtypes import dtype
from lamella.core.errors import DtypeError, ShapeError
from lamella.core.ops.creation import placed
from lamella.core.ops.fft import ints
from lamella.core.ops.rearranging import roll
from lamella.core.rules import one_dim
from lamella.core.tensor import Tensor, check_tensor


def _frequencies(
    name: str, n: int, d: float, indices: Any, kind: dtype | None, device: Any, requires_grad: bool
) -> Tensor:
    given = dtypes.get_default_dtype() if kind is None else dtypes.to_dtype(kind)
    if not given.is_floating_point:
        raise DtypeError(f"{name} requires a floating point dtype, got {given}")
    with np.errstate(all="ignore"):
        values = indices * (1 / np.float64(n * d))  # a NumPy float: 1/0 is inf
    return placed(values.astype(given.numpy), device, requires_grad)


def _count(name: str, n: int) -> int:
    (count,) = ints(name, "n", (n,))
    if count < 0:
        raise ShapeError(f"fft.{name}: n must not be negative, got {n}")
    return count


def fftfreq(
    n: int, d: float = 1.0, *, dtype: dtype | None = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """The frequency of each element of :func:`fft`: ``[0, 1, ..., (n-1)//2, -(n//2), ..., -1] / (d n)``.

    Args:
        n: The length of the transform.
        d: The time between two samples.
        dtype: A floating-point one; the default dtype by default.

    Raises:
        RuntimeError: The dtype is no floating-point one, or n is negative.

    Example:
        >>> lamella.fft.fftfreq(4)
        tensor([ 0.0000,  0.2500, -0.5000, -0.2500])
    """
    count = _count("fftfreq", n)
    indices = np.roll(np.arange(count) - count // 2, -(count // 2))
    return _frequencies("fftfreq", count, d, indices, dtype, device, requires_grad)


def rfftfreq(
    n: int, d: float = 1.0, *, dtype: dtype | None = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """The frequency of each element of :func:`rfft`: ``[0, 1, ..., n//2] / (d n)``. See :func:`fftfreq`."""
    count = _count("rfftfreq", n)
    return _frequencies("rfftfreq", count, d, np.arange(count // 2 + 1), dtype, device, requires_grad)


def _rolled(name: str, input: Tensor, dim: Any, round_up: int) -> Tensor:
    shape = check_tensor(f"fft.{name}", "input", input).array.shape
    dims = tuple(range(len(shape))) if dim is None else ints(name, "dim", dim)
    if not dims:
        raise ShapeError(f"fft.{name}: there is no dimension to shift along, in input {tuple(shape)} and dim={dim}")
    shifts = tuple((shape[one_dim(d, len(shape))] + round_up) // 2 for d in dims)
    return roll(input, shifts, dims)


def fftshift(input: Tensor, dim: int | Sequence[int] | None = None) -> Tensor:
    """Reorder what :func:`fft` or :func:`fftfreq` gives so that frequency 0 is in the middle.

    Args:
        dim: Along which dimensions; all by default.

    Raises:
        RuntimeError: There is no dimension to shift along. IndexError: there is none of that number.
    """
    return _rolled("fftshift", input, dim, 0)


def ifftshift(input: Tensor, dim: int | Sequence[int] | None = None) -> Tensor:
    """The inverse of :func:`fftshift`. Arguments as there."""
    return _rolled("ifftshift", input, dim, 1)


__all__: list[str] = []  # its names are those of lamella.fft
