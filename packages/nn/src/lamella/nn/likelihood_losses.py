"""Losses that are negative log-likelihoods, or differences of them."""

from __future__ import annotations

from lamella.core.tensor import Tensor
from lamella.nn import functional as F
from lamella.nn.loss import Loss, WeightedLoss


class BCELoss(WeightedLoss):
    """Cross entropy of two classes, from the probability of one.

    Args:
        weight: Factor of each element; broadcast.
        size_average, reduce: PyTorch's older words for ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``, which gives each element's.

    Shape:
        Probabilities and targets from 0 to 1, both ``(*)``.
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy(input, target, self.weight, reduction=self.reduction)


class BCEWithLogitsLoss(Loss):
    """Cross entropy of two classes, from the score of one: sigmoid is part of it, so large scores do not overflow.

    Args:
        weight: Factor of each element. pos_weight: factor of the class that the score is for.
        size_average, reduce: PyTorch's older words for ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``, which gives each element's.

    Shape:
        Scores and targets from 0 to 1, both ``(*)``.
    """

    weight: Tensor | None
    pos_weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        pos_weight: Tensor | None = None,
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy_with_logits(
            input, target, self.weight, reduction=self.reduction, pos_weight=self.pos_weight
        )


class KLDivLoss(Loss):
    """The Kullback-Leibler divergence of a distribution from the one that ``input`` has the logarithms of.

    Args:
        size_average, reduce: PyTorch's older words for ``reduction``.
        reduction: ``"batchmean"`` is the divergence by its definition, the sum divided by the size of the batch;
            ``"mean"`` divides by the number of all elements; or ``"sum"`` or ``"none"``.
        log_target: Whether targets are logarithms too.

    Shape:
        Log-probabilities and targets, both ``(*)``.
    """

    def __init__(
        self,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        log_target: bool = False,
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.log_target = log_target

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.kl_div(input, target, reduction=self.reduction, log_target=self.log_target)


class PoissonNLLLoss(Loss):
    """The negative log-likelihood of counts: ``exp(input) - target * input``.

    Args:
        log_input: Whether ``input`` is the logarithm of the expected count, else it is the count:
            ``input - target * log(input + eps)``.
        full: Whether to add Stirling's approximation of the constant term.
        size_average, reduce: PyTorch's older words for ``reduction``.
        eps: Keeps the logarithm finite.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``, which gives each element's.

    Shape:
        Input and target ``(*)``.
    """

    def __init__(
        self,
        log_input: bool = True,
        full: bool = False,
        size_average: bool | None = None,
        eps: float = 1e-8,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.log_input = log_input
        self.full = full
        self.eps = eps

    def forward(self, log_input: Tensor, target: Tensor) -> Tensor:
        return F.poisson_nll_loss(log_input, target, self.log_input, self.full, eps=self.eps, reduction=self.reduction)


class GaussianNLLLoss(Loss):
    """The negative log-likelihood of normal variables, ``(log(var) + (input - target)² / var) / 2``.

    Args:
        full: Whether to add the constant term.
        eps: The least variance.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``, which gives each element's.

    Shape:
        Means and targets ``(N, *)``; variances the same, or with 1 or nothing for the last dimension, or one float.
    """

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)
        self.full = full
        self.eps = eps

    def forward(self, input: Tensor, target: Tensor, var: Tensor | float) -> Tensor:
        return F.gaussian_nll_loss(input, target, var, full=self.full, eps=self.eps, reduction=self.reduction)


__all__ = ["BCELoss", "BCEWithLogitsLoss", "GaussianNLLLoss", "KLDivLoss", "PoissonNLLLoss"]
