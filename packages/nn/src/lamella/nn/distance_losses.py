"""Losses that measure how far numbers are from numbers, element by element."""

from __future__ import annotations

from lamella.core.tensor import Tensor
from lamella.nn import functional as F
from lamella.nn.loss import Loss


class MSELoss(Loss):
    """The squared difference, ``(input - target)²``.

    Args:
        size_average, reduce: PyTorch's older words for ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``, which gives each element's.

    Shape:
        Input and target ``(*)``; the loss is ``()``, or ``(*)`` for ``"none"``.

    Example:
        >>> import lamella
        >>> from lamella import nn
        >>> nn.MSELoss()(lamella.tensor([1.0, 2.0]), lamella.tensor([1.0, 4.0]))
        tensor(2.)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.mse_loss(input, target, reduction=self.reduction)


class L1Loss(Loss):
    """The absolute difference, ``|input - target|``; arguments and shapes as for :class:`MSELoss`."""

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.l1_loss(input, target, reduction=self.reduction)


class SmoothL1Loss(Loss):
    """``(input - target)² / (2 beta)`` where the difference is below ``beta``, else its size less ``beta / 2``.

    Args:
        size_average, reduce: PyTorch's older words for ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``, which gives each element's.
        beta: Where the two meet, 0 at least.
    """

    def __init__(
        self,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        beta: float = 1.0,
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.beta = beta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.smooth_l1_loss(input, target, reduction=self.reduction, beta=self.beta)


class HuberLoss(Loss):
    """``(input - target)² / 2`` where the difference is below ``delta``, a straight line that goes on from there else.

    Args:
        reduction: ``"mean"``, ``"sum"`` or ``"none"``, which gives each element's.
        delta: Where the two meet, above 0.

    Raises:
        RuntimeError: When called, if ``delta`` is not positive.
    """

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction=reduction)
        self.delta = delta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.huber_loss(input, target, reduction=self.reduction, delta=self.delta)


__all__ = ["HuberLoss", "L1Loss", "MSELoss", "SmoothL1Loss"]
