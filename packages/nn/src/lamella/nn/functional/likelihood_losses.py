"""Losses that are negative log-likelihoods, or differences of them: of two classes, counts, normal variables."""

from __future__ import annotations

import math
import warnings

from lamella.core.autocast_policy import autocast_as
from lamella.core.errors import ArgumentError, ArgumentTypeError, DtypeError
from lamella.core.modes import no_grad
from lamella.core.ops.selection import where
from lamella.core.ops.transcendental import xlogy
from lamella.core.tensor import Tensor
from lamella.nn.functional.reductions import check_reduction, reduced, reduction_of
from lamella.nn.ops import binary_losses
from lamella.nn.ops.binary_losses import binary_cross_entropy_with_logits as with_logits


@autocast_as("float32")
def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The cross-entropy between probabilities and targets of two classes; see ``nn.BCELoss``.

    Args:
        input: Probabilities of class 1. Their logarithms are taken to be -100 at least.
        target: Numbers from 0 to 1, of the shape of ``input``.
        weight: What each loss is multiplied with; broadcast.
        size_average, reduce: PyTorch's older words for ``reduction``.
        reduction: ``"none"`` (one loss for each element), ``"mean"`` or ``"sum"``.

    Raises:
        ValueError: The shapes differ, or ``reduction`` is unknown.
        RuntimeError: A probability is below 0 or above 1, or the dtypes differ.
    """
    reduction = reduction_of(size_average, reduce, reduction)
    check_reduction(reduction)
    if input.array.shape != target.array.shape:
        raise ArgumentError(
            f"Using a target size ({tuple(target.shape)}) that is different to the input size ({tuple(input.shape)}) "
            "is deprecated. Please ensure they have the same size."
        )
    if input.array.dtype != target.array.dtype:
        raise DtypeError(
            f"binary_cross_entropy: Found target dtype {target.dtype} but expected {input.dtype}, as input has"
        )
    losses = binary_losses.binary_cross_entropy(input, target)
    return reduced(losses if weight is None else losses * weight, reduction)


@autocast_as("float32")
def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """:func:`binary_cross_entropy` of ``sigmoid(input)``, exact also where that rounds; see ``nn.BCEWithLogitsLoss``.

    Args:
        input: Scores before the sigmoid (logits).
        target: Numbers from 0 to 1, of the shape of ``input``.
        weight: What each loss is multiplied with; broadcast.
        size_average, reduce: PyTorch's older words for ``reduction``.
        reduction: ``"none"`` (one loss for each element), ``"mean"`` or ``"sum"``.
        pos_weight: What the part of the loss for class 1 is multiplied with; broadcast.

    Raises:
        ValueError: The shapes differ, or ``reduction`` is unknown.
        RuntimeError: The numbers are not floating point.
    """
    reduction = reduction_of(size_average, reduce, reduction)
    check_reduction(reduction)
    if input.array.shape != target.array.shape:
        raise ArgumentError(
            f"Target size ({tuple(target.shape)}) must be the same as input size ({tuple(input.shape)})"
        )
    for x in (input, target):
        if not x.is_floating_point():
            raise DtypeError(
                f"binary_cross_entropy_with_logits: not defined for dtype {x.dtype}; expected floating point. Use "
                "x.float()."
            )
    if pos_weight is None:
        losses = with_logits(input, target).to(target.dtype)
    else:
        # with_logits(x, 1) is -log(sigmoid(x)), and -log(1 - sigmoid(x)) is x more
        losses = (1 - target) * input + (
            1 + (pos_weight - 1) * target
        ) * binary_losses.binary_cross_entropy_with_logits(input, 1.0)
    return reduced(losses if weight is None else losses * weight, reduction)


@autocast_as("float32")
def kl_div(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Tensor:
    """The Kullback-Leibler divergence ``target * (log(target) - input)``; see ``nn.KLDivLoss``.

    Args:
        input: Log-probabilities. target: probabilities, or with ``log_target`` their logarithms.
        size_average, reduce: PyTorch's older words for ``reduction``.
        reduction: ``"batchmean"`` (the sum divided by the size of the first dimension: the divergence by its
            definition), ``"mean"`` over all elements (with a warning), ``"sum"`` or ``"none"``.

    Raises:
        ValueError: ``reduction`` is not known. RuntimeError: the numbers are not real, or the shapes do not fit.
    """
    reduction = reduction_of(size_average, reduce, reduction)
    if reduction == "mean" and size_average is None and reduce is None:
        warnings.warn(
            "kl_div: reduction 'mean' divides by the number of all elements, and so is not the divergence. Use "
            "'batchmean' for that.",
            stacklevel=3,
        )
    if reduction != "batchmean":
        check_reduction(reduction)
    for x in (input, target):
        if not x.is_floating_point():
            raise DtypeError(f"kl_div: not defined for dtype {x.dtype}; expected floating point. Use x.float().")
    losses = target.exp() * (target - input) if log_target else xlogy(target, target) - target * input
    if reduction == "batchmean":
        return losses.sum() / (input.shape[0] if input.ndim else 1)
    return reduced(losses, reduction)


@autocast_as("float32")
def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    size_average: bool | None = None,
    eps: float = 1e-8,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The negative log-likelihood of counts, without its constant; see ``nn.PoissonNLLLoss``.

    Args:
        input: The logarithm of the expected count, or without ``log_input`` the count itself.
        target: Counts.
        full: Whether to add Stirling's approximation of ``log(target!)`` for counts above 1.
        eps: Is added to ``input`` before its logarithm is taken.
        size_average, reduce: PyTorch's older words for ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Raises:
        ValueError: ``reduction`` is not known. RuntimeError: the shapes do not fit.
    """
    reduction = reduction_of(size_average, reduce, reduction)
    check_reduction(reduction)
    losses = input.exp() - target * input if log_input else input - target * (input + eps).log()
    if full:
        stirling = target * target.log() - target + 0.5 * (2 * math.pi * target).log()
        losses = losses + where(target > 1, stirling, 0.0)
    return reduced(losses, reduction)


@autocast_as("float32")
def gaussian_nll_loss(
    input: Tensor,
    target: Tensor,
    var: Tensor | float,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> Tensor:
    """The negative log-likelihood of normal variables; see ``nn.GaussianNLLLoss``.

    Args:
        input: The means. target: the values.
        var: The variances, of the shape of ``input``, or of that without the last dimension or with one of size 1; or
            one number for all.
        full: Whether to add the constant ``log(2 pi) / 2``.
        eps: The least variance; where it is used the gradient is that of the variance all the same.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Raises:
        ValueError: A variance is negative, ``var`` does not fit, or ``reduction`` is not known.
    """
    check_reduction(reduction)
    if isinstance(var, float):
        negative = var < 0
        var = input.new_full(input.shape, var)
    else:
        if not isinstance(var, Tensor):
            raise ArgumentTypeError(f"gaussian_nll_loss: var must be a Tensor or a float, got {type(var).__name__}")
        negative = bool((var < 0).any())
        var = var.clone()
    if negative:
        raise ArgumentError("gaussian_nll_loss: var has negative entry/entries; variances are 0 at least")
    given, needed = tuple(var.shape), tuple(input.shape)
    if given != needed:
        if given == needed[:-1]:
            var = var.unsqueeze(-1)
        elif len(given) != len(needed) or [v for n, v in zip(needed, given, strict=True) if n != v] != [1]:
            raise ArgumentError(
                f"gaussian_nll_loss: var is of incorrect size: {given} beside an input of size {needed}"
            )
    with no_grad():
        var.clamp_(min=eps)
    losses = 0.5 * (var.log() + (input - target) ** 2 / var)
    return reduced(losses + 0.5 * math.log(2 * math.pi) if full else losses, reduction)


__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "gaussian_nll_loss",
    "kl_div",
    "poisson_nll_loss",
]
