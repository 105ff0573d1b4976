"""Functions that extend, scale or encode: padding, normalizing to length 1, class numbers as vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from lamella.core import dtypes
from lamella.core.errors import ArgumentRangeError, DtypeError, ShapeError
from lamella.core.ops.creation import arange, as_tensor, full
from lamella.core.ops.shapes import cat
from lamella.core.tensor import Tensor

#: How NumPy calls PyTorch's padding modes; it is asked only for index arithmetic.
_NUMPY_MODES: dict[str, Any] = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def pad(input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Tensor:
    """Extend dimensions, or cut them where a number is negative.

    Args:
        pad: Elements to add before and after, in pairs, the last dimension first.
        mode: What they hold: ``"constant"``, or of the input itself ``"reflect"``, ``"replicate"`` or ``"circular"``.
        value: The constant; 0 by default.

    Raises:
        RuntimeError: ``pad`` is no sequence of pairs, has too many, or cuts away more than there is.
        NotImplementedError: The mode is not known.
    """
    ndim = input.array.ndim
    if len(pad) % 2:
        raise ShapeError(f"Padding length must be divisible by 2, got {len(pad)}: {tuple(pad)}")
    if len(pad) > 2 * ndim:
        raise ShapeError(
            "Padding length should be less than or equal to two times the input dimension but got padding length "
            f"{len(pad)} and input of dimension {ndim}"
        )
    if mode != "constant" and mode not in _NUMPY_MODES:
        raise NotImplementedError(f"Unrecognised padding mode {mode}. Expected constant, {', '.join(_NUMPY_MODES)}.")
    for i in range(len(pad) // 2):
        before, after = pad[2 * i], pad[2 * i + 1]
        dim = ndim - 1 - i
        if mode == "constant" and (before or after):
            input = _with_constant(input, dim, before, after, value or 0)
        elif before or after:
            input = _with_own(input, dim, before, after, mode)
    return input


def _with_constant(input: Tensor, dim: int, before: int, after: int, value: Any) -> Tensor:
    size = input.array.shape[dim]
    start, stop = max(-before, 0), size - max(-after, 0)
    if stop < start:
        raise ShapeError(f"padding by {before} and {after} leaves less than nothing of dimension {dim}, of size {size}")
    parts = [input.narrow(dim, start, stop - start)]
    for place, count in ((0, before), (len(parts) + 1, after)):
        if count > 0:
            shape = [count if i == dim else s for i, s in enumerate(input.array.shape)]
            parts.insert(place, full(shape, value, dtype=input.dtype, device=input.device))
    return cat(parts, dim)


def _with_own(input: Tensor, dim: int, before: int, after: int, mode: str) -> Tensor:
    size = input.array.shape[dim]
    limit = {"reflect": size - 1, "circular": size}.get(mode)
    if limit is not None and max(before, after) > limit:
        raise ShapeError(
            f"{mode} padding must be at most {limit} for a dimension of size {size}, got {before} and {after} at "
            f"dimension {dim} of input {tuple(input.shape)}"
        )
    indices = np.pad(np.arange(size), (max(before, 0), max(after, 0)), _NUMPY_MODES[mode])
    indices = indices[max(-before, 0) : len(indices) - max(-after, 0)]
    return input.index_select(dim, as_tensor(indices, device=input.device))


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """Class numbers as vectors of zeros with a 1 at the number: ``(*) -> (*, num_classes)``.

    Args:
        num_classes: How many there are; by default one more than the largest number.

    Raises:
        RuntimeError: The dtype is not int64, or a number is negative or too large.
    """
    if tensor.dtype is not dtypes.int64:
        raise DtypeError(f"one_hot is only applicable to index tensor of type LongTensor (int64), got {tensor.dtype}")
    if tensor.numel() == 0 and num_classes <= 0:
        raise ShapeError("Can not infer total number of classes from empty tensor. Pass num_classes.")
    largest = int(tensor.array.max()) if tensor.numel() else -1
    if tensor.numel() and int(tensor.array.min()) < 0:
        raise ArgumentRangeError(f"Class values must be non-negative, got {int(tensor.array.min())}.")
    if num_classes == -1:
        num_classes = largest + 1
    elif largest >= num_classes:
        raise ArgumentRangeError(f"Class values must be smaller than num_classes, got {largest} and {num_classes}.")
    return (tensor.unsqueeze(-1) == arange(num_classes, device=tensor.device)).to(dtypes.int64)


def normalize(input: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Tensor:
    """``input`` divided by its norm along ``dim``, so that the norm becomes 1.

    Args:
        p: Which norm. eps: what to divide by where the norm is smaller.
    """
    return input / input.norm(p, dim, keepdim=True).clamp_min(eps)


__all__ = ["normalize", "one_hot", "pad"]
