"""Instance normalization layers."""

from __future__ import annotations

import warnings
from typing import Any

from lamella.core.errors import ArgumentError
from lamella.core.tensor import Tensor
from lamella.nn import functional as F
from lamella.nn.batch_normalization import Statistics


class _InstanceNorm(Statistics):
    """Abstract: normalization of the channels of each sample by itself. The first of ``ndims`` is without a batch."""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)

    def forward(self, input: Tensor) -> Tensor:
        self._check_dimensions(input)
        alone = input.array.ndim == self.ndims[0]
        dim = 0 if alone else 1
        channels = input.array.shape[dim]
        if channels != self.num_features:
            if self.affine:
                raise ArgumentError(
                    f"expected input's size at dim={dim} to match num_features ({self.num_features}), but got: "
                    f"{channels}."
                )
            warnings.warn(
                f"input's size at dim={dim} does not match num_features, which is not used because affine=False. Build "
                f"the layer with num_features={channels}.",
                stacklevel=2,
            )
        result = F.instance_norm(
            input.unsqueeze(0) if alone else input,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training or not self.track_running_stats,
            0.0 if self.momentum is None else self.momentum,
            self.eps,
        )
        return result.squeeze(0) if alone else result

    def _load_from_state_dict(
        self, state_dict: dict[str, Any], prefix: str, local_metadata: dict[str, Any], *arguments: Any
    ) -> None:
        strict, missing, unexpected, errors = arguments
        found = [name for name in ("running_mean", "running_var") if prefix + name in state_dict]
        if local_metadata.get("version") is None and not self.track_running_stats and found:
            # files from before PyTorch 0.4 have statistics that nobody asked for
            kind = type(self).__name__
            errors.append(
                f"Unexpected running stats buffer(s) {' and '.join(found)} for {kind} with track_running_stats=False. "
                "Remove these keys from state_dict, or build the layer with track_running_stats=True."
            )
            for name in found:
                del state_dict[prefix + name]
        super()._load_from_state_dict(state_dict, prefix, local_metadata, strict, missing, unexpected, errors)


class InstanceNorm1d(_InstanceNorm):
    """Normalizes the channels of each sample by itself: rows.

    Args:
        num_features: How many channels. eps: added to the variance, against division by 0.
        momentum: Weight of new inputs in the running statistics.
        affine: Whether to learn a scale and a mean. bias: whether to learn the mean. device, dtype: of all these.
        track_running_stats: Whether to gather statistics, and to use them in evaluation.

    Attributes:
        weight, bias: ``(num_features,)`` or None; 1 and 0 at first.
        running_mean, running_var, num_batches_tracked: The statistics, or None.

    Shape:
        ``(N, C, L)`` or ``(C, L)``, kept.

    Raises:
        ValueError: An input with another number of dimensions or, with affine, of channels; or one value a channel.

    Reference:
        D. Ulyanov, A. Vedaldi, V. Lempitsky, Instance normalization (2016), https://arxiv.org/abs/1607.08022.
    """

    ndims = (2, 3)


class InstanceNorm2d(_InstanceNorm):
    """Normalizes the channels of each sample by itself: planes.

    Args:
        num_features: How many channels. eps: added to the variance, against division by 0.
        momentum: Weight of new inputs in the running statistics.
        affine: Whether to learn a scale and a mean. bias: whether to learn the mean. device, dtype: of all these.
        track_running_stats: Whether to gather statistics, and to use them in evaluation.

    Attributes:
        weight, bias: ``(num_features,)`` or None; 1 and 0 at first.
        running_mean, running_var, num_batches_tracked: The statistics, or None.

    Shape:
        ``(N, C, H, W)`` or ``(C, H, W)``, kept.

    Raises:
        ValueError: An input with another number of dimensions or, with affine, of channels; or one value a channel.
    """

    ndims = (3, 4)


class InstanceNorm3d(_InstanceNorm):
    """Normalizes the channels of each sample by itself: volumes.

    Args:
        num_features: How many channels. eps: added to the variance, against division by 0.
        momentum: Weight of new inputs in the running statistics.
        affine: Whether to learn a scale and a mean. bias: whether to learn the mean. device, dtype: of all these.
        track_running_stats: Whether to gather statistics, and to use them in evaluation.

    Attributes:
        weight, bias: ``(num_features,)`` or None; 1 and 0 at first.
        running_mean, running_var, num_batches_tracked: The statistics, or None.

    Shape:
        ``(N, C, D, H, W)`` or ``(C, D, H, W)``, kept.

    Raises:
        ValueError: An input with another number of dimensions or, with affine, of channels; or one value a channel.
    """

    ndims = (4, 5)


__all__ = ["InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d"]
