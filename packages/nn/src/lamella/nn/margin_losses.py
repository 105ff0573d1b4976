"""Losses that ask for a distance between what is right and what is wrong, and for no more than that."""

from __future__ import annotations

from collections.abc import Callable

from lamella.core.errors import ArgumentError
from lamella.core.tensor import Tensor
from lamella.nn import functional as F
from lamella.nn.loss import Loss, WeightedLoss


class _MarginLoss(Loss):
    """Abstract: a loss with a margin."""

    def __init__(
        self,
        margin: float = 0.0,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.margin = margin


class HingeEmbeddingLoss(_MarginLoss):
    """Distances: ``input`` where ``target`` is 1, and ``max(margin - input, 0)`` where it is -1.

    Args:
        margin: How far apart what differs should be.
        size_average, reduce: PyTorch's older words for ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``, which gives each element's.

    Shape:
        Input and target ``(*)``.
    """

    def __init__(
        self,
        margin: float = 1.0,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(margin, size_average, reduce, reduction)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.hinge_embedding_loss(input, target, margin=self.margin, reduction=self.reduction)


class CosineEmbeddingLoss(_MarginLoss):
    """``1 - cos`` of two vectors where ``target`` is 1, and ``max(cos - margin, 0)`` where it is -1.

    Args:
        margin: From -1 to 1, best from 0 to 0.5.
        size_average, reduce: PyTorch's older words for ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``, which gives each pair's.

    Shape:
        Vectors ``(N, D)`` and targets ``(N,)``, or without ``N``.
    """

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        return F.cosine_embedding_loss(input1, input2, target, margin=self.margin, reduction=self.reduction)


class MarginRankingLoss(_MarginLoss):
    """``max(margin - target * (input1 - input2), 0)``: the first should rank higher where ``target`` is 1.

    Args:
        margin: By how much.
        size_average, reduce: PyTorch's older words for ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``, which gives each element's.

    Shape:
        Inputs and target ``(N,)`` or ``()``.
    """

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        return F.margin_ranking_loss(input1, input2, target, margin=self.margin, reduction=self.reduction)


class SoftMarginLoss(Loss):
    """``log(1 + exp(-target * input))``, for targets 1 or -1.

    Args:
        size_average, reduce: PyTorch's older words for ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``, which gives each element's.

    Shape:
        Input and target ``(*)``.
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.soft_margin_loss(input, target, reduction=self.reduction)


class MultiMarginLoss(WeightedLoss):
    """The mean over classes of ``max(margin - input[right] + input[other], 0)^p``.

    Args:
        p: 1 or 2. margin: by how much the right class should win. weight: of each class, ``(C,)``.
        size_average, reduce: PyTorch's older words for ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``, which gives each sample's.

    Shape:
        Scores ``(N, C)`` and class numbers ``(N,)``, or without ``N``.

    Raises:
        ValueError: ``p`` is neither 1 nor 2, or ``weight`` has not one dimension.
    """

    def __init__(
        self,
        p: int = 1,
        margin: float = 1.0,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        if p not in (1, 2):
            raise ArgumentError(f"only p == 1 and p == 2 supported, got {p}")
        if weight is not None and weight.ndim != 1:
            raise ArgumentError(f"weight must be one-dimensional, got shape {tuple(weight.shape)}")
        self.p = p
        self.margin = margin

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multi_margin_loss(
            input, target, p=self.p, margin=self.margin, weight=self.weight, reduction=self.reduction
        )


class MultiLabelMarginLoss(Loss):
    """The sum over right and wrong classes of ``max(1 - (input[right] - input[wrong]), 0) / C``.

    Args:
        size_average, reduce: PyTorch's older words for ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``, which gives each sample's.

    Shape:
        Scores ``(N, C)`` and the numbers of the right classes up to the first -1, ``(N, C)``; or without ``N``.
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multilabel_margin_loss(input, target, reduction=self.reduction)


class MultiLabelSoftMarginLoss(WeightedLoss):
    """The mean over classes of the cross-entropy of each by itself, from scores.

    Args:
        weight: Of each class, ``(C,)``.
        size_average, reduce: PyTorch's older words for ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``, which gives each sample's.

    Shape:
        Scores ``(N, C)``, and 1 for each right class, 0 for others, ``(N, C)``.
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multilabel_soft_margin_loss(input, target, weight=self.weight, reduction=self.reduction)


class TripletMarginLoss(_MarginLoss):
    """``max(d(anchor, positive) - d(anchor, negative) + margin, 0)``, with the distance of a norm.

    Args:
        margin: How much further off the negative should be; above 0.
        p: Of the norm. eps: is added to differences.
        swap: Whether the distance of positive and negative counts where it is the smaller one.
        size_average, reduce: PyTorch's older words for ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``, which gives each triplet's.

    Shape:
        Vectors ``(N, D)`` or ``(D,)``.

    Raises:
        ValueError: ``margin`` is not positive.

    Reference:
        Balntas et al., "Learning local feature descriptors with triplets and shallow convolutional neural networks",
        2016, http://www.bmva.org/bmvc/2016/papers/paper119/index.html (for ``swap``).
    """

    def __init__(
        self,
        margin: float = 1.0,
        p: float = 2.0,
        eps: float = 1e-6,
        swap: bool = False,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(_positive(margin), size_average, reduce, reduction)
        self.p = p
        self.eps = eps
        self.swap = swap

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        return F.triplet_margin_loss(
            anchor,
            positive,
            negative,
            margin=self.margin,
            p=self.p,
            eps=self.eps,
            swap=self.swap,
            reduction=self.reduction,
        )


class TripletMarginWithDistanceLoss(_MarginLoss):
    """:class:`TripletMarginLoss` with any distance.

    Args:
        distance_function: ``distance(x, y)``; None for the Euclidean one.
        margin: How much further off the negative should be; above 0.
        swap: Whether the distance of positive and negative counts where it is the smaller one.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``, which gives each triplet's.

    Raises:
        ValueError: ``margin`` is not positive.
    """

    def __init__(
        self,
        *,
        distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
        margin: float = 1.0,
        swap: bool = False,
        reduction: str = "mean",
    ) -> None:
        super().__init__(_positive(margin), reduction=reduction)
        self.distance_function = distance_function
        self.swap = swap

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        return F.triplet_margin_with_distance_loss(
            anchor,
            positive,
            negative,
            distance_function=self.distance_function,
            margin=self.margin,
            swap=self.swap,
            reduction=self.reduction,
        )


def _positive(margin: float) -> float:
    if margin <= 0:
        raise ArgumentError(f"margin must be greater than 0, got {margin}")
    return margin


__all__ = [
    "CosineEmbeddingLoss",
    "HingeEmbeddingLoss",
    "MarginRankingLoss",
    "MultiLabelMarginLoss",
    "MultiLabelSoftMarginLoss",
    "MultiMarginLoss",
    "SoftMarginLoss",
    "TripletMarginLoss",
    "TripletMarginWithDistanceLoss",
]
