"""Pictures turned, moved and warped: a grid says for each element of the result where to look."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from lamella.core.errors import ArgumentError
from lamella.core.ops.grid_sampling import INTERPOLATIONS, PADDINGS, affine_grid_generator, sampled
from lamella.core.tensor import Tensor


def _aligned(align_corners: bool | None, name: str) -> bool:
    if align_corners is None:
        warnings.warn(
            f"Default {name} behavior is align_corners=False. Pass align_corners=True if the corners of the grid are "
            "to be the middles of the outer elements.",
            stacklevel=3,
        )
    return bool(align_corners)


def grid_sample(
    input: Tensor,
    grid: Tensor,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> Tensor:
    """The values of ``input`` at the places of ``grid``.

    ``(N, C, H, W)`` and ``(N, H_out, W_out, 2)`` give ``(N, C, H_out, W_out)``. With three dimensions,
    ``(N, C, D, H, W)`` and ``(N, D_out, H_out, W_out, 3)`` give ``(N, C, D_out, H_out, W_out)``.

    Args:
        grid: Places (x, y) or (x, y, z), from -1 at the left (top, front) to 1 at the right.
        mode: ``"bilinear"`` (for volumes trilinear), ``"nearest"`` or ``"bicubic"`` (pictures only).
        padding_mode: What is outside: ``"zeros"``, ``"border"`` (the nearest inside) or ``"reflection"``.
        align_corners: Whether -1 and 1 are the middles of the outer elements, rather than their outer edges.

    Raises:
        ValueError: A mode is not known. RuntimeError: the shapes or dtypes do not fit.

    Example:
        >>> picture = lamella.arange(4.0).view(1, 1, 2, 2)
        >>> center = lamella.zeros(1, 1, 1, 2)
        >>> lamella.nn.functional.grid_sample(picture, center, align_corners=False)
        tensor([[[[1.5000]]]])

    Reference:
        M. Jaderberg et al., "Spatial transformer networks", 2015, https://arxiv.org/abs/1506.02025.
    """
    for name, given, known in (("mode", mode, INTERPOLATIONS), ("padding_mode", padding_mode, PADDINGS)):
        if given not in known:
            raise ArgumentError(f"grid_sample(): expected {name} to be one of {', '.join(known)}, but got: {given!r}")
    return sampled("grid_sampler", input, grid, mode, padding_mode, _aligned(align_corners, "grid_sample"))


def affine_grid(theta: Tensor, size: Sequence[int], align_corners: bool | None = None) -> Tensor:
    """The grid for :func:`grid_sample` that turns and moves pictures: ``(N, 2, 3) -> (N, H, W, 2)``.

    Args:
        theta: Matrices that say, for a place (x, y, 1) in the result, which place of the input it shows; (N, 3, 4)
            for volumes, and a result (N, D, H, W, 3).
        size: The result's shape, (N, C, H, W) or (N, C, D, H, W).
        align_corners: Whether -1 and 1 are the middles of the outer elements, rather than their outer edges.

    Raises:
        ValueError: ``theta`` does not fit to ``size``, or is not of floating point; or a size is not positive.
        NotImplementedError: ``size`` has not 4 or 5 numbers. RuntimeError: the batch sizes differ.
    """
    if not theta.is_floating_point():
        raise ArgumentError(f"Expected theta to have floating point type, but got {theta.dtype}")
    count = len(size) - 2
    if count not in (2, 3):
        raise NotImplementedError(
            f"affine_grid only supports 4D and 5D sizes, for 2D and 3D affine transforms; got {size}"
        )
    if theta.array.ndim != 3 or theta.array.shape[1:] != (count, count + 1):
        raise ArgumentError(
            f"Expected a batch of {count}D affine matrices of shape Nx{count}x{count + 1} for size {tuple(size)}, but "
            f"got {tuple(theta.shape)}"
        )
    if min(size) <= 0:
        raise ArgumentError(f"Expected non-zero, positive output size, but got {tuple(size)}")
    return affine_grid_generator(theta, size, _aligned(align_corners, "affine_grid"))


__all__ = ["affine_grid", "grid_sample"]
