"""Normalization that is a top-level function: by the root of the mean square."""

from __future__ import annotations

from collections.abc import Sequence

from lamella.core import dtypes
from lamella.core.errors import DtypeError, ShapeError
from lamella.core.ops.conversions import to
from lamella.core.ops.moments import mean
from lamella.core.ops.pointwise import rsqrt
from lamella.core.tensor import Tensor


def rms_norm(
    input: Tensor, normalized_shape: int | Sequence[int], weight: Tensor | None = None, eps: float | None = None
) -> Tensor:
    """Divide by the root of the mean square over the last dimensions, then scale by ``weight``.

    ``input / sqrt(mean(input²) + eps) * weight``

    Args:
        input: Any shape that ends in ``normalized_shape``, floating point.
        normalized_shape: Sizes of the dimensions to normalize over.
        weight: Of shape ``normalized_shape``; none for 1.
        eps: Added to the mean square; the difference of 1 and the next number, where left out.

    Returns:
        A tensor of the shape and dtype of ``input``.

    Raises:
        RuntimeError: Shapes do not fit each other, or the input holds integers.

    Reference:
        B. Zhang and R. Sennrich, Root Mean Square Layer Normalization (2019), https://arxiv.org/abs/1910.07467.
    """
    size = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
    shape = tuple(input.array.shape)
    if not size:
        raise ShapeError("rms_norm: expected normalized_shape to have at least one dimension, got ()")
    if weight is not None and tuple(weight.array.shape) != size:
        raise ShapeError(
            f"rms_norm: expected `weight` to have the shape normalized_shape={size}, got {tuple(weight.array.shape)}"
        )
    if len(shape) < len(size) or shape[len(shape) - len(size) :] != size:
        raise ShapeError(
            f"rms_norm: normalized_shape={size} must be the last sizes of the input, got an input {shape}. Build the "
            f"layer with normalized_shape={shape[-len(size) :]}."
        )
    kind = input.dtype
    if not (kind.is_floating_point or kind.is_complex):
        raise DtypeError(f"rms_norm: not defined for dtype {kind}; expected floating point. Convert with x.float().")
    narrow = kind.is_floating_point and kind.itemsize < 4  # too narrow for the squares and their sum
    x = to(input, dtype=dtypes.float32) if narrow else input
    eps = dtypes.finfo(x.dtype).eps if eps is None else eps
    dims = tuple(range(len(shape) - len(size), len(shape)))
    x = x * rsqrt(mean(x * x, dims, True) + eps)
    return to(x if weight is None else x * weight, dtype=kind)


#: PyTorch has it as a function alone.
NOT_METHODS = ("rms_norm",)

#: Functions without ``out=``.
NO_OUT = ("rms_norm",)

__all__ = ["rms_norm"]
