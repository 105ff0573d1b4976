"""PyTorch's long name for the sampler of ``lamella.data`` that shares a dataset out."""

from __future__ import annotations

from lamella.data import DistributedSampler

__all__ = ["DistributedSampler"]
