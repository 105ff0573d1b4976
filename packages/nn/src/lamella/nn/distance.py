"""Layers that compare vectors."""

from __future__ import annotations

from lamella.core.tensor import Tensor
from lamella.nn import functional as F
from lamella.nn.module import Module


class PairwiseDistance(Module):
    """The norms of ``x1 - x2 + eps`` along the last dimension.

    Args:
        p: Which norm. eps: keeps the gradient defined where both are equal.
        keepdim: Whether to keep the last dimension, with size 1.

    Shape:
        ``(N, D), (N, D) -> (N,)``, or without N.
    """

    def __init__(self, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> None:
        super().__init__()
        self.norm = p
        self.eps = eps
        self.keepdim = keepdim

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        return F.pairwise_distance(x1, x2, self.norm, self.eps, self.keepdim)


class CosineSimilarity(Module):
    """The cosine of the angle between vectors along ``dim``.

    Args:
        dim: Along which the vectors lie. eps: the least length to divide by.

    Shape:
        ``(*, D, *), (*, D, *) -> (*, *)``.
    """

    def __init__(self, dim: int = 1, eps: float = 1e-8) -> None:
        super().__init__()
        self.dim = dim
        self.eps = eps

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        return F.cosine_similarity(x1, x2, self.dim, self.eps)


__all__ = ["CosineSimilarity", "PairwiseDistance"]
