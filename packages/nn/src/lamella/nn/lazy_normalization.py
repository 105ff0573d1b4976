"""Batch and instance normalization that learn the number of channels from the first input."""

from __future__ import annotations

from typing import Any

from lamella.core import dtypes
from lamella.core.errors import IndexRangeError
from lamella.core.ops.creation import tensor
from lamella.core.tensor import Tensor
from lamella.nn.batch_normalization import BatchNorm1d, BatchNorm2d, BatchNorm3d, Statistics
from lamella.nn.instance_normalization import InstanceNorm1d, InstanceNorm2d, InstanceNorm3d
from lamella.nn.lazy import LazyModuleMixin
from lamella.nn.parameter import UninitializedBuffer, UninitializedParameter


class _Lazy(LazyModuleMixin, Statistics):
    """Abstract: a normalization of channels whose parameters and statistics have no shape yet.

    Args:
        eps: Added to the variance, against division by 0.
        momentum: Weight of new inputs in the running statistics.
        affine: Whether to learn a scale and a mean. bias: whether to learn the mean. device, dtype: of all these.
        track_running_stats: Whether to gather statistics, and to use them in evaluation.
    """

    def __init__(
        self,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(0, eps, momentum, False, False, device, dtype, bias=False)
        self.affine = affine
        self.track_running_stats = track_running_stats
        if affine:
            self.weight = UninitializedParameter(device=device, dtype=dtype)
            if bias:
                self.bias = UninitializedParameter(device=device, dtype=dtype)
        if track_running_stats:
            self.running_mean = UninitializedBuffer(device=device, dtype=dtype)
            self.running_var = UninitializedBuffer(device=device, dtype=dtype)
            self.num_batches_tracked = tensor(0, dtype=dtypes.int64, device=device)

    def reset_parameters(self) -> None:
        """Set scale 1 and mean 0, and forget the statistics, once there are shapes."""
        if self.num_features and not self.has_uninitialized_params():
            super().reset_parameters()

    def initialize_parameters(self, input: Tensor) -> None:
        """Give parameters and statistics the shape that fits ``input``, and initial values."""
        if self.has_uninitialized_params():
            if input.array.ndim < 2:
                raise IndexRangeError(
                    f"expected an input (N, C, …) to take the number of channels from, got {input.shape}"
                )
            self.num_features = input.shape[1]
            for held in (self.weight, self.bias, self.running_mean, self.running_var):
                if isinstance(held, (UninitializedParameter, UninitializedBuffer)):
                    held.materialize((self.num_features,))
            self.reset_parameters()


class LazyBatchNorm1d(_Lazy, BatchNorm1d):
    """A :class:`BatchNorm1d` that takes ``num_features`` from dimension 1 of the first input."""

    cls_to_become = BatchNorm1d


class LazyBatchNorm2d(_Lazy, BatchNorm2d):
    """A :class:`BatchNorm2d` that takes ``num_features`` from dimension 1 of the first input."""

    cls_to_become = BatchNorm2d


class LazyBatchNorm3d(_Lazy, BatchNorm3d):
    """A :class:`BatchNorm3d` that takes ``num_features`` from dimension 1 of the first input."""

    cls_to_become = BatchNorm3d


class LazyInstanceNorm1d(_Lazy, InstanceNorm1d):
    """A :class:`InstanceNorm1d` that takes ``num_features`` from dimension 1 of the first input."""

    cls_to_become = InstanceNorm1d


class LazyInstanceNorm2d(_Lazy, InstanceNorm2d):
    """A :class:`InstanceNorm2d` that takes ``num_features`` from dimension 1 of the first input."""

    cls_to_become = InstanceNorm2d


class LazyInstanceNorm3d(_Lazy, InstanceNorm3d):
    """A :class:`InstanceNorm3d` that takes ``num_features`` from dimension 1 of the first input."""

    cls_to_become = InstanceNorm3d


__all__ = [
    "LazyBatchNorm1d",
    "LazyBatchNorm2d",
    "LazyBatchNorm3d",
    "LazyInstanceNorm1d",
    "LazyInstanceNorm2d",
    "LazyInstanceNorm3d",
]
