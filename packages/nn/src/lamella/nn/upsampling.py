"""Layers that give pictures, sounds and volumes another size."""

from __future__ import annotations

from collections.abc import Sequence

from lamella.core.tensor import Tensor
from lamella.nn import functional as F
from lamella.nn.module import Module


class Upsample(Module):
    """The input in another size; see :func:`lamella.nn.functional.interpolate`.

    Args:
        size: The size of the result, one int for each dimension or for all.
        scale_factor: How much larger the result is to be, instead of ``size``.
        mode: ``"nearest"``, ``"linear"``, ``"bilinear"``, ``"bicubic"`` or ``"trilinear"``.
        align_corners: Whether the middles of the corner elements lie on each other, rather than their edges.
        recompute_scale_factor: Whether places are computed from the sizes alone.

    Shape:
        ``(N, C, L)``, ``(N, C, H, W)`` or ``(N, C, D, H, W)``, and so the result.
    """

    def __init__(
        self,
        size: int | Sequence[int] | None = None,
        scale_factor: float | Sequence[float] | None = None,
        mode: str = "nearest",
        align_corners: bool | None = None,
        recompute_scale_factor: bool | None = None,
    ) -> None:
        super().__init__()
        self.name = type(self).__name__
        self.size = size
        if isinstance(scale_factor, Sequence):
            self.scale_factor: float | tuple[float, ...] | None = tuple(float(factor) for factor in scale_factor)
        else:
            self.scale_factor = float(scale_factor) if scale_factor else None
        self.mode = mode
        self.align_corners = align_corners
        self.recompute_scale_factor = recompute_scale_factor

    def forward(self, input: Tensor) -> Tensor:
        return F.interpolate(
            input,
            self.size,
            self.scale_factor,
            self.mode,
            self.align_corners,
            recompute_scale_factor=self.recompute_scale_factor,
        )

    def extra_repr(self) -> str:
        wanted = f"size={self.size}" if self.scale_factor is None else f"scale_factor={self.scale_factor}"
        return f"{wanted}, mode={self.mode!r}"


class UpsamplingNearest2d(Upsample):
    """:class:`Upsample` with mode ``"nearest"``: ``(N, C, H, W) -> (N, C, H_out, W_out)``."""

    def __init__(
        self, size: int | Sequence[int] | None = None, scale_factor: float | Sequence[float] | None = None
    ) -> None:
        super().__init__(size, scale_factor, mode="nearest")


class UpsamplingBilinear2d(Upsample):
    """:class:`Upsample` with mode ``"bilinear"`` and aligned corners: ``(N, C, H, W) -> (N, C, H_out, W_out)``."""

    def __init__(
        self, size: int | Sequence[int] | None = None, scale_factor: float | Sequence[float] | None = None
    ) -> None:
        super().__init__(size, scale_factor, mode="bilinear", align_corners=True)


__all__ = ["Upsample", "UpsamplingBilinear2d", "UpsamplingNearest2d"]
