"""Losses, with PyTorch's older words for ``reduction``."""

from __future__ import annotations

import warnings

from lamella.core.tensor import Tensor
from lamella.nn.ops import losses


def reduction_of(size_average: bool | None, reduce: bool | None, reduction: str) -> str:
    """``reduction``, or what PyTorch's older arguments say it is."""
    if size_average is None and reduce is None:
        return reduction
    older = "none" if reduce is False else "sum" if size_average is False else "mean"
    warnings.warn(
        f"size_average and reduce args will be deprecated, please use reduction='{older}' instead.", stacklevel=4
    )
    return older


def _check_sizes(input: Tensor, target: Tensor) -> None:
    if input.array.shape != target.array.shape:
        warnings.warn(
            f"Using a target size ({target.shape}) that is different to the input size ({input.shape}). This will "
            "likely lead to incorrect results due to broadcasting. Please ensure they have the same size.",
            stacklevel=3,
        )


def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The squared difference; see ``nn.MSELoss``.

    Args:
        size_average, reduce: PyTorch's older words for ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Raises:
        ValueError: ``reduction`` is not known. RuntimeError: the shapes do not fit.
    """
    _check_sizes(input, target)
    return losses.mse_loss(input, target, reduction_of(size_average, reduce, reduction))


def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The absolute difference; see ``nn.L1Loss``. Arguments and errors as for :func:`mse_loss`."""
    _check_sizes(input, target)
    return losses.l1_loss(input, target, reduction_of(size_average, reduce, reduction))


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The negative log-probability that the input gives to the right class; see ``nn.NLLLoss``.

    Args:
        input: Log-probabilities ``(N, C, …)``. target: class numbers ``(N, …)``. weight: one number for each class.
        ignore_index: A target that does not count.
        size_average, reduce: PyTorch's older words for ``reduction``.
        reduction: ``"mean"`` (weighted), ``"sum"`` or ``"none"``.

    Raises:
        IndexError: A target is no class. ValueError: the batch sizes differ, or ``reduction`` is not known.
        RuntimeError: Other shapes, or the dtypes, do not fit.
    """
    return losses.nll_loss(input, target, weight, ignore_index, reduction_of(size_average, reduce, reduction))


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """The negative log-probability of the right class, from scores; see ``nn.CrossEntropyLoss``.

    Args:
        input: Scores ``(N, C, …)``. target: class numbers ``(N, …)``, or probabilities of the shape of ``input``.
        weight: One number for each class. ignore_index: a target that does not count.
        size_average, reduce: PyTorch's older words for ``reduction``.
        reduction: ``"mean"`` (weighted), ``"sum"`` or ``"none"``.
        label_smoothing: Part of the target that is spread over all classes, from 0 to 1.

    Raises:
        IndexError: A target is no class. ValueError: the batch sizes differ, or ``reduction`` is not known.
        RuntimeError: Other shapes, or the dtypes, do not fit; or ``label_smoothing`` is out of its range.
    """
    chosen = reduction_of(size_average, reduce, reduction)
    return losses.cross_entropy(input, target, weight, ignore_index, chosen, label_smoothing)


def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Cross entropy of two classes, from the probability of one; see ``nn.BCELoss``.

    Raises:
        ValueError: The shapes differ, or ``reduction`` is not known. RuntimeError: a probability is none.
    """
    return losses.binary_cross_entropy(input, target, weight, reduction_of(size_average, reduce, reduction))


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """Cross entropy of two classes, from the score of one; see ``nn.BCEWithLogitsLoss``.

    Raises:
        ValueError: The shapes differ, or ``reduction`` is not known.
    """
    chosen = reduction_of(size_average, reduce, reduction)
    return losses.binary_cross_entropy_with_logits(input, target, weight, chosen, pos_weight)


__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "l1_loss",
    "mse_loss",
    "nll_loss",
]
