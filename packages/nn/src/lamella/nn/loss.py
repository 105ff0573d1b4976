"""What losses share: how they reduce, and a weight."""

from __future__ import annotations

from lamella.core.tensor import Tensor
from lamella.nn.functional.reductions import reduction_of
from lamella.nn.module import Module


class Loss(Module):
    """Abstract: a loss that reduces."""

    def __init__(self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = reduction_of(size_average, reduce, reduction)


class WeightedLoss(Loss):
    """Abstract: a loss with a weight, which is a buffer."""

    weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)


__all__ = ["Loss", "WeightedLoss"]
