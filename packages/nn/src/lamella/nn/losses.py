"""Losses: one number that says how far outputs are from what they should be."""

from __future__ import annotations

from lamella.core.tensor import Tensor
from lamella.nn import functional as F
from lamella.nn.functional.losses import reduction_of
from lamella.nn.module import Module


class _Loss(Module):
    """Abstract: what losses without a weight share."""

    def __init__(self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = reduction_of(size_average, reduce, reduction)


class MSELoss(_Loss):
    """The squared difference, ``(input - target)²``.

    Args:
        size_average, reduce: PyTorch's older words for ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``, which gives each element's.
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.mse_loss(input, target, reduction=self.reduction)


class L1Loss(_Loss):
    """The absolute difference, ``|input - target|``; arguments as for :class:`MSELoss`."""

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.l1_loss(input, target, reduction=self.reduction)


class _WeightedLoss(Module):
    """Abstract: what losses with a weight share."""

    weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__()
        self.register_buffer("weight", weight)
        self.reduction = reduction_of(size_average, reduce, reduction)


class _ClassLoss(_WeightedLoss):
    """Abstract: what losses on class numbers share."""

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index


class NLLLoss(_ClassLoss):
    """The negative log-probability that the input gives to the right class.

    Args:
        weight: One number for each class. ignore_index: a target that does not count.
        size_average, reduce: PyTorch's older words for ``reduction``.
        reduction: ``"mean"`` (weighted), ``"sum"`` or ``"none"``, which gives each sample's.

    Shape:
        Log-probabilities ``(N, C, …)`` and class numbers ``(N, …)``, or without ``N``.
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.nll_loss(input, target, self.weight, ignore_index=self.ignore_index, reduction=self.reduction)


class CrossEntropyLoss(_ClassLoss):
    """The negative log-probability of the right class, from scores: softmax is part of it.

    Args:
        weight: One number for each class. ignore_index: a target that does not count.
        size_average, reduce: PyTorch's older words for ``reduction``.
        reduction: ``"mean"`` (weighted), ``"sum"`` or ``"none"``, which gives each sample's.
        label_smoothing: Part of the target that is spread over all classes, from 0 to 1.

    Shape:
        Scores ``(N, C, …)`` with class numbers ``(N, …)`` or probabilities ``(N, C, …)``, or without ``N``.

    Example:
        >>> import lamella
        >>> from lamella import nn
        >>> nn.CrossEntropyLoss()(lamella.zeros(2, 3), lamella.tensor([0, 2]))
        tensor(1.0986)
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(weight, size_average, ignore_index, reduce, reduction)
        self.label_smoothing = label_smoothing

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.cross_entropy(
            input,
            target,
            self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )


class BCELoss(_WeightedLoss):
    """Cross entropy of two classes, from the probability of one; arguments as for :class:`MSELoss`, and ``weight``."""

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy(input, target, self.weight, reduction=self.reduction)


class BCEWithLogitsLoss(_WeightedLoss):
    """Cross entropy of two classes, from the score of one: sigmoid is part of it, so large scores do not overflow.

    Args:
        weight: Factor of each element. pos_weight: factor of the class that the score is for.
        size_average, reduce: PyTorch's older words for ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``, which gives each element's.
    """

    pos_weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        pos_weight: Tensor | None = None,
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy_with_logits(
            input, target, self.weight, reduction=self.reduction, pos_weight=self.pos_weight
        )


__all__ = ["BCELoss", "BCEWithLogitsLoss", "CrossEntropyLoss", "L1Loss", "MSELoss", "NLLLoss"]
