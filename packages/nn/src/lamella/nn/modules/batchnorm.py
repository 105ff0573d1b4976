"""PyTorch's long name for batch normalization: programs ask whether a layer is a ``_BatchNorm`` of whatever size."""

from __future__ import annotations

from lamella.nn.batch_normalization import BatchNorm1d, BatchNorm2d, BatchNorm3d, SyncBatchNorm, _BatchNorm

__all__ = ["BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "SyncBatchNorm", "_BatchNorm"]
