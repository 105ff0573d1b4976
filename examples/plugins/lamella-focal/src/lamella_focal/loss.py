"""The focal loss."""

from __future__ import annotations

from typing import Any

from lamella import Tensor, nn
from lamella.core.errors import ArgumentError
from lamella.nn import functional as F


class FocalLoss(nn.Module):
    """Cross-entropy that counts samples less the surer they are right already.

    With p the probability that the prediction gives to the right class::

        loss = -(1 - p)**gamma log(p)

    Args:
        gamma: How much less; 0 is the plain cross-entropy.
        reduction: ``"mean"``, ``"sum"``, or ``"none"`` for a loss of each sample.

    Shape:
        Scores ``(N, C)`` and classes ``(N,)``, or scores ``(N, C, *)`` and classes ``(N, *)``.

    Raises:
        ValueError: ``gamma`` is negative, or there is no such reduction.

    Reference:
        T.-Y. Lin, P. Goyal, R. Girshick, K. He, P. Dollár: Focal loss for dense object detection, 2017,
        https://arxiv.org/abs/1708.02002, equation 4, for several classes.
    """

    def __init__(self, gamma: float = 2.0, reduction: str = "mean") -> None:
        if not gamma >= 0:
            raise ArgumentError(f"gamma must be at least 0, got {gamma}")
        if reduction not in ("mean", "sum", "none"):
            raise ArgumentError(f"reduction must be 'mean', 'sum' or 'none', got {reduction!r}")
        super().__init__()
        self.gamma = gamma
        self.reduction = reduction

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        surprise = F.cross_entropy(input, target, reduction="none")
        losses: Tensor = (1 - (-surprise).exp()) ** self.gamma * surprise
        if self.reduction == "none":
            return losses
        return losses.mean() if self.reduction == "mean" else losses.sum()

    def extra_repr(self) -> str:
        return f"gamma={self.gamma}, reduction={self.reduction!r}"

    @staticmethod
    def conformance_samples(make: Any) -> list[Any]:
        """How tests make and call the loss."""
        return [
            make.layer()(make.array(4, 3), make.ints(3, 4)),
            make.layer(1.5, reduction="none")(make.array(2, 3, 5), make.ints(3, 2, 5)),
        ]
