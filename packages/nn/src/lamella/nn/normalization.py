"""Layers that normalize rows, groups of channels, or channels by their neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lamella.core.errors import ArgumentError
from lamella.core.ops.creation import empty
from lamella.core.tensor import Tensor
from lamella.nn import functional as F
from lamella.nn import init
from lamella.nn.functional.normalization import cross_map_response_norm
from lamella.nn.module import Module
from lamella.nn.parameter import Parameter


class LayerNorm(Module):
    """Normalizes over the last dimensions, each sample by itself.

    Args:
        normalized_shape: Sizes of the last dimensions, or of the last.
        eps: Added to the variance, against division by 0.
        elementwise_affine: Whether to learn a scale and a mean. bias: whether to learn the mean.
        device, dtype: Of the parameters.

    Attributes:
        weight, bias: ``normalized_shape`` or None; 1 and 0 at first.

    Shape:
        ``(N, *)``, kept.

    Reference:
        Ba, Kiros and Hinton, Layer normalization (2016).
    """

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        sizes, made = self.normalized_shape, {"device": device, "dtype": dtype}
        self.register_parameter("weight", Parameter(empty(sizes, **made)) if elementwise_affine else None)
        self.register_parameter("bias", Parameter(empty(sizes, **made)) if elementwise_affine and bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set scale 1 and mean 0."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, input: Tensor) -> Tensor:
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, "
            f"bias={self.bias is not None}"
        )


class RMSNorm(Module):
    """Divides by the root of the mean square over the last dimensions, each sample by itself.

    Args:
        normalized_shape: Sizes of the last dimensions, or of the last.
        eps: Added to the mean square; None for the difference of 1 and the next number of the dtype.
        elementwise_affine: Whether to learn a scale. device, dtype: of it.

    Attributes:
        weight: ``normalized_shape`` or None; 1 at first.

    Shape:
        ``(N, *)``, kept.

    Reference:
        B. Zhang and R. Sennrich, Root mean square layer normalization (2019), https://arxiv.org/abs/1910.07467.
    """

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float | None = None,
        elementwise_affine: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        scale = Parameter(empty(self.normalized_shape, device=device, dtype=dtype)) if elementwise_affine else None
        self.register_parameter("weight", scale)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set scale 1."""
        if self.weight is not None:
            init.ones_(self.weight)

    def forward(self, input: Tensor) -> Tensor:
        return F.rms_norm(input, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class GroupNorm(Module):
    """Normalizes groups of channels, each sample by itself.

    Args:
        num_groups: How many groups of neighbouring channels. num_channels: size of dimension 1.
        eps: Added to the variance, against division by 0.
        affine: Whether to learn a scale and a mean for each channel. bias: whether to learn the mean.
        device, dtype: Of the parameters.

    Attributes:
        weight, bias: ``(num_channels,)`` or None; 1 and 0 at first.

    Shape:
        ``(N, C, *)``, kept.

    Raises:
        ValueError: The channels can't be grouped so.

    Reference:
        Y. Wu and K. He, Group normalization (2018), https://arxiv.org/abs/1803.08494.
    """

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        if num_channels % num_groups:
            raise ArgumentError(f"num_channels ({num_channels}) must be divisible by num_groups ({num_groups})")
        self.num_groups = num_groups
        self.num_channels = num_channels
        self.eps = eps
        self.affine = affine
        made = {"device": device, "dtype": dtype}
        self.register_parameter("weight", Parameter(empty(num_channels, **made)) if affine else None)
        self.register_parameter("bias", Parameter(empty(num_channels, **made)) if affine and bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set scale 1 and mean 0."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, input: Tensor) -> Tensor:
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
        )


class LocalResponseNorm(Module):
    """Divides by a power of the mean square of neighbouring channels.

    ``input / (k + alpha * mean(input² of size channels around)) ** beta``

    Args:
        size: How many channels. alpha, beta, k: see the formula.

    Shape:
        ``(N, C, *)`` with 3 or more dimensions, kept.

    Reference:
        Krizhevsky, Sutskever and Hinton, ImageNet classification with deep convolutional neural networks (2012), 3.3.
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        super().__init__()
        self.size = size
        self.alpha = alpha
        self.beta = beta
        self.k = k

    def forward(self, input: Tensor) -> Tensor:
        return F.local_response_norm(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"


class CrossMapLRN2d(Module):
    """:class:`LocalResponseNorm` as Torch 7 had it, for networks that were trained with it.

    Args:
        size: How many channels; an even number counts as the odd one below. alpha, beta, k: as there.

    Shape:
        ``(N, C, H, W)``, kept.

    Raises:
        ValueError: The input has another number of dimensions.
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1) -> None:
        super().__init__()
        self.size = size
        self.alpha = alpha
        self.beta = beta
        self.k = k

    def forward(self, input: Tensor) -> Tensor:
        return cross_map_response_norm(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"


__all__ = ["CrossMapLRN2d", "GroupNorm", "LayerNorm", "LocalResponseNorm", "RMSNorm"]
