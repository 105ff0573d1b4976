"""Pictures, sounds and volumes in another size."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

from lamella.core import dtypes
from lamella.core.errors import ArgumentError, ArgumentTypeError, ShapeError
from lamella.core.tensor import Tensor
from lamella.nn.functional.adaptive_pooling import adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d
from lamella.nn.ops.resampling import resample, resample_bytes

#: For how many dimensions a mode is, and how it works along each.
_SMOOTH = {"linear": (1, "linear"), "bilinear": (2, "linear"), "bicubic": (2, "cubic"), "trilinear": (3, "linear")}
_MEANS = (adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d)


def interpolate(
    input: Tensor,
    size: int | Sequence[int] | None = None,
    scale_factor: float | Sequence[float] | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    """The input in another size: ``(N, C, L)``, ``(N, C, H, W)`` or ``(N, C, D, H, W)``.

    Args:
        size: The size of the result, one int for each dimension or for all.
        scale_factor: How much larger the result is to be, instead of ``size``.
        mode: ``"nearest"``, ``"nearest-exact"`` (of the places' middles), ``"linear"`` (3-D input), ``"bilinear"``,
            ``"bicubic"`` (4-D), ``"trilinear"`` (5-D) or ``"area"`` (means).
        align_corners: Whether the middles of the corner elements of input and result lie on each other, rather than
            their outer edges; False by default, and only for linear, bilinear, bicubic and trilinear.
        recompute_scale_factor: Whether places are computed from the sizes alone; by default from ``scale_factor``,
            where it is given: that differs if the size had to be rounded.
        antialias: Whether a smaller result is smoothed as much as it takes to be free of false patterns; only for
            bilinear and bicubic.

    Returns:
        Of the input's dtype, with the new sizes.

    Raises:
        ValueError: Both of ``size`` and ``scale_factor`` are given or none, or not one for each dimension; or an
            option is not for the mode.
        NotImplementedError: The mode is not for so many dimensions, or unknown. TypeError: a size is no int.
        RuntimeError: A size is 0.

    Example:
        >>> lamella.nn.functional.interpolate(lamella.tensor([[[0.0, 1.0]]]), scale_factor=2, mode="linear")
        tensor([[[0.0000, 0.2500, 0.7500, 1.0000]]])

    Reference:
        R. Keys, "Cubic convolution interpolation for digital image processing", 1981, for bicubic.
    """
    shape = input.array.shape
    count = len(shape) - 2
    if mode not in _SMOOTH and align_corners is not None:
        raise ArgumentError(f"align_corners option can only be set with the modes {', '.join(_SMOOTH)}, not {mode}")
    if recompute_scale_factor and size is not None:
        raise ArgumentError("recompute_scale_factor is not meaningful with an explicit size.")
    counts, scales = _sizes(shape[2:], size, scale_factor)
    if antialias and not (mode in ("bilinear", "bicubic") and count == 2):
        raise ArgumentError(
            f"Anti-alias option is restricted to bilinear and bicubic modes and requires a 4-D tensor as input, but "
            f"got mode {mode} and {len(shape)}-D"
        )
    dims, way = _SMOOTH.get(mode, (count, mode))
    if dims != count or count not in (1, 2, 3) or way not in ("nearest", "nearest-exact", "area", "linear", "cubic"):
        raise NotImplementedError(
            f"Input Error: Only 3D, 4D and 5D input Tensors supported (got {len(shape)}D) for the modes: nearest | "
            f"nearest-exact | area | linear (3D) | bilinear, bicubic (4D) | trilinear (5D) (got {mode})"
        )
    if way == "area":
        return _MEANS[count - 1](input, counts)
    if 0 in shape[1:] or min(counts) < 1:
        raise ShapeError(
            f"interpolate: Input and output sizes should be greater than 0, but got input {shape} and output {counts}"
        )
    if recompute_scale_factor:
        scales = (None,) * count
    return _resampled(input, counts, way, bool(align_corners), scales, antialias)


def _sizes(shape: tuple[int, ...], size: Any, scale_factor: Any) -> tuple[tuple[int, ...], tuple[float | None, ...]]:
    """The sizes wanted, and the scale that each was made with, if any."""
    if (size is None) == (scale_factor is None):
        raise ArgumentError("only one of size or scale_factor should be defined, and one of them must be")
    name, given = ("scale_factor", scale_factor) if size is None else ("size", size)
    values = tuple(given) if isinstance(given, Sequence) else (given,) * len(shape)
    if len(values) != len(shape):
        raise ArgumentError(
            f"{name} must have one number for each of the {len(shape)} spatial dimensions of the input, but got {given}"
        )
    if size is None:
        return tuple(math.floor(n * scale) for n, scale in zip(shape, values, strict=True)), values
    if not all(hasattr(n, "__index__") for n in values):
        raise ArgumentTypeError(f"expected size to be one of int or a tuple of ints, but got {size!r}")
    return tuple(n.__index__() for n in values), (None,) * len(shape)


def _resampled(
    input: Tensor,
    counts: tuple[int, ...],
    way: str,
    align_corners: bool,
    scales: tuple[float | None, ...],
    antialias: bool,
) -> Tensor:
    bytewise = input.dtype is dtypes.uint8 and len(counts) == 2 and way in ("linear", "cubic")
    # each dimension would round to half precision
    half = input.dtype is dtypes.float16 or input.dtype is dtypes.bfloat16
    result = input.float() if half and not way.startswith("nearest") else input
    # where results are rounded in between, PyTorch begins with the last dimension
    for dim in (3, 2) if bytewise else range(2, 2 + len(counts)):
        n, scale = counts[dim - 2], scales[dim - 2]
        # a dimension of the size wanted stays as it is; with a scale beside 1 only in those cases that PyTorch copies
        copied = bytewise or antialias or way == "linear" or (way == "nearest" and len(counts) == 2)
        if n != input.array.shape[dim] or not (scale in (None, 1) or copied):
            result = (resample_bytes if bytewise else resample)(result, dim, n, way, align_corners, scale, antialias)
    return result.clone() if result is input else result.to(input.dtype)


def upsample(
    input: Tensor,
    size: int | Sequence[int] | None = None,
    scale_factor: float | Sequence[float] | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
) -> Tensor:
    """PyTorch's older name of :func:`interpolate`."""
    _is_old("upsample")
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(
    input: Tensor, size: int | Sequence[int] | None = None, scale_factor: float | Sequence[float] | None = None
) -> Tensor:
    """PyTorch's older name of :func:`interpolate` with mode ``"nearest"``."""
    _is_old("upsample_nearest")
    return interpolate(input, size, scale_factor)


def upsample_bilinear(
    input: Tensor, size: int | Sequence[int] | None = None, scale_factor: float | Sequence[float] | None = None
) -> Tensor:
    """PyTorch's older name of :func:`interpolate` with mode ``"bilinear"`` and aligned corners."""
    _is_old("upsample_bilinear")
    return interpolate(input, size, scale_factor, "bilinear", True)


def _is_old(name: str) -> None:
    warnings.warn(
        f"`nn.functional.{name}` is deprecated. Use `nn.functional.interpolate` instead.", UserWarning, stacklevel=3
    )


__all__ = ["interpolate", "upsample", "upsample_bilinear", "upsample_nearest"]
