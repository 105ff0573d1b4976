"""Losses on class numbers or class probabilities."""

from __future__ import annotations

import warnings
from typing import Any

from lamella.core.tensor import Tensor
from lamella.nn import functional as F
from lamella.nn.loss import WeightedLoss


class _ClassLoss(WeightedLoss):
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


class NLLLoss2d(NLLLoss):
    """PyTorch's older name of :class:`NLLLoss`; warns."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        warnings.warn("NLLLoss2d has been deprecated. Please use NLLLoss instead.", FutureWarning, stacklevel=2)
        super().__init__(*args, **kwargs)


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


__all__ = ["CrossEntropyLoss", "NLLLoss", "NLLLoss2d"]
