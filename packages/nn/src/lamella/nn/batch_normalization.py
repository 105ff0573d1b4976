"""Batch normalization layers, and what they share with instance normalization."""

from __future__ import annotations

from typing import Any

from lamella.core import dtypes
from lamella.core.errors import ArgumentError
from lamella.core.modes import no_grad
from lamella.core.ops.creation import empty, ones, zeros
from lamella.core.ops.creation import tensor as make_tensor
from lamella.core.tensor import Tensor
from lamella.nn import functional as F
from lamella.nn import init
from lamella.nn.module import Module
from lamella.nn.parameter import Parameter


class Statistics(Module):
    """Abstract: normalization of channels that may keep running statistics, of inputs with :attr:`ndims` dimensions.

    Attributes:
        ndims: How many dimensions an input may have.
    """

    #: Version 2 saves ``num_batches_tracked``.
    _version = 2
    ndims: tuple[int, ...]
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        made = {"device": device, "dtype": dtype}
        self.register_parameter("weight", Parameter(empty(num_features, **made)) if affine else None)
        self.register_parameter("bias", Parameter(empty(num_features, **made)) if affine and bias else None)
        self.register_buffer("running_mean", zeros(num_features, **made) if track_running_stats else None)
        self.register_buffer("running_var", ones(num_features, **made) if track_running_stats else None)
        counter = make_tensor(0, dtype=dtypes.int64, device=device) if track_running_stats else None
        self.register_buffer("num_batches_tracked", counter)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Forget the statistics: mean 0, variance 1, no batch seen."""
        if self.running_mean is not None and self.running_var is not None and self.num_batches_tracked is not None:
            self.running_mean.zero_()
            self.running_var.fill_(1)
            self.num_batches_tracked.zero_()

    def reset_parameters(self) -> None:
        """Set scale 1 and mean 0, and forget the statistics."""
        self.reset_running_stats()
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def _check_dimensions(self, input: Tensor) -> None:
        if input.array.ndim not in self.ndims:
            expected = " or ".join(f"{n}D" for n in self.ndims)
            raise ArgumentError(f"expected {expected} input (got {input.ndim}D input)")

    def _load_from_state_dict(
        self, state_dict: dict[str, Any], prefix: str, local_metadata: dict[str, Any], *arguments: Any
    ) -> None:
        # files from before version 2 have no counter: it stays what it is
        key = f"{prefix}num_batches_tracked"
        if (local_metadata.get("version") or 0) < 2 and self.num_batches_tracked is not None:
            state_dict.setdefault(key, self.num_batches_tracked)
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *arguments)

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


class _BatchNorm(Statistics):
    """Abstract: normalization over a batch."""

    def forward(self, input: Tensor) -> Tensor:
        self._check_dimensions(input)
        momentum = 0.0 if self.momentum is None else self.momentum
        if self.training and self.track_running_stats and self.num_batches_tracked is not None:
            with no_grad():
                self.num_batches_tracked.add_(1)
            if self.momentum is None:  # the plain mean over all batches
                momentum = 1.0 / float(self.num_batches_tracked)
        tracked = not self.training or self.track_running_stats
        return F.batch_norm(
            input,
            self.running_mean if tracked else None,
            self.running_var if tracked else None,
            self.weight,
            self.bias,
            self.training or (self.running_mean is None and self.running_var is None),
            momentum,
            self.eps,
        )


class BatchNorm1d(_BatchNorm):
    """Normalizes each feature over the batch; in evaluation with the statistics that training has gathered.

    Args:
        num_features: Size of dimension 1. eps: added to the variance, against division by 0.
        momentum: Weight of a new batch in the running statistics; None for their plain mean.
        affine: Whether to learn a scale and a mean. bias: whether to learn the mean. device, dtype: of all these.
        track_running_stats: Whether to gather statistics; without them, each batch is normalized by its own.

    Attributes:
        weight, bias: ``(num_features,)`` or None; 1 and 0 at first.
        running_mean, running_var, num_batches_tracked: The statistics, or None.

    Shape:
        ``(N, C)`` or ``(N, C, L)``, kept.

    Raises:
        ValueError: An input with another number of dimensions, or in training with one value for each feature.

    Reference:
        Ioffe and Szegedy, Batch normalization (2015).
    """

    ndims = (2, 3)


class BatchNorm2d(_BatchNorm):
    """Normalizes each channel over the batch and its images; otherwise like :class:`BatchNorm1d`.

    Args:
        num_features: Size of dimension 1. eps: added to the variance, against division by 0.
        momentum: Weight of a new batch in the running statistics; None for their plain mean.
        affine: Whether to learn a scale and a mean. bias: whether to learn the mean. device, dtype: of all these.
        track_running_stats: Whether to gather statistics; without them, each batch is normalized by its own.

    Shape:
        ``(N, C, H, W)``, kept.

    Raises:
        ValueError: An input with another number of dimensions, or in training with one value for each channel.
    """

    ndims = (4,)


class BatchNorm3d(_BatchNorm):
    """Normalizes each channel over the batch and its volumes; otherwise like :class:`BatchNorm1d`.

    Args:
        num_features: Size of dimension 1. eps: added to the variance, against division by 0.
        momentum: Weight of a new batch in the running statistics; None for their plain mean.
        affine: Whether to learn a scale and a mean. bias: whether to learn the mean. device, dtype: of all these.
        track_running_stats: Whether to gather statistics; without them, each batch is normalized by its own.

    Shape:
        ``(N, C, D, H, W)``, kept.

    Raises:
        ValueError: An input with another number of dimensions, or in training with one value for each channel.
    """

    ndims = (5,)


class SyncBatchNorm(_BatchNorm):
    """Batch normalization over the batches of all processes; in one process, that of any number of dimensions.

    Args:
        num_features: Size of dimension 1. eps: added to the variance, against division by 0.
        momentum: Weight of a new batch in the running statistics; None for their plain mean.
        affine: Whether to learn a scale and a mean. bias: whether to learn the mean. device, dtype: of all these.
        track_running_stats: Whether to gather statistics; without them, each batch is normalized by its own.
        process_group: Kept, and of no effect in one process.

    Shape:
        ``(N, C, *)``, kept.

    Raises:
        ValueError: An input of fewer than 2 dimensions or without channels, or in training with one value for each.
    """

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        process_group: Any = None,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)
        self.process_group = process_group

    def _check_dimensions(self, input: Tensor) -> None:
        shape = input.array.shape
        if len(shape) < 2:
            raise ArgumentError(f"expected at least 2D input (got {len(shape)}D input)")
        if shape[1] == 0:
            raise ArgumentError("SyncBatchNorm number of input channels should be non-zero")

    @classmethod
    def convert_sync_batchnorm(cls, module: Module, process_group: Any = None) -> Module:
        """``module`` with a SyncBatchNorm in the place of each batch normalization in it, with its parameters.

        Args:
            process_group: For the new layers.

        Returns:
            The same module; a new one if it is a batch normalization itself.

        Example:
            >>> from lamella import nn
            >>> nn.SyncBatchNorm.convert_sync_batchnorm(nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4)))[1]
            SyncBatchNorm(4, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)
        """
        result = module
        if isinstance(module, _BatchNorm):
            made = (module.num_features, module.eps, module.momentum, module.affine, module.track_running_stats)
            result = cls(*made, process_group, bias=module.bias is not None)
            result._parameters.update(module._parameters)
            result._buffers.update(module._buffers)
            result.training = module.training
        for name, child in module.named_children():
            result.add_module(name, cls.convert_sync_batchnorm(child, process_group))
        return result


__all__ = ["BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "Statistics", "SyncBatchNorm"]
