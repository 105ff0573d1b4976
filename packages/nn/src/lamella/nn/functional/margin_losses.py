"""Losses that ask for a distance between what is right and what is wrong, and for no more than that."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lamella.core.autocast_policy import autocast_as
from lamella.core.errors import ArgumentError, DtypeError, IndexRangeError, ShapeError
from lamella.core.ops.activations import relu
from lamella.core.ops.selection import minimum, where
from lamella.core.tensor import Tensor
from lamella.nn.functional.reductions import check_reduction, reduced, reduction_of
from lamella.nn.ops import margin_losses
from lamella.nn.ops.binary_losses import binary_cross_entropy_with_logits

# --- a label for each number, 1 or -1


@autocast_as("float32")
def hinge_embedding_loss(
    input: Tensor,
    target: Tensor,
    margin: float = 1.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Distances that should be small, or large, as ``target`` is 1 or -1; see ``nn.HingeEmbeddingLoss``.

    Args:
        input: Distances. target: 1 or -1; broadcast.
        size_average, reduce: PyTorch's older words for ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Raises:
        ValueError: ``reduction`` is not known. RuntimeError: the shapes do not fit.
    """
    reduction = reduction_of(size_average, reduce, reduction)
    check_reduction(reduction)
    bound = input.new_full((), margin)  # rounded as the distances are
    near = where(target.ne(-1), input, 0)
    far = where(target.ne(1), (bound - input).clamp(min=0), 0)
    return reduced(near + far, reduction)


@autocast_as("float32")
def soft_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``log(1 + exp(-target * input))``; see ``nn.SoftMarginLoss``.

    Args:
        input: Scores. target: 1 or -1; broadcast.
        size_average, reduce: PyTorch's older words for ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Raises:
        ValueError: ``reduction`` is not known. RuntimeError: the shapes or dtypes do not fit.
    """
    reduction = reduction_of(size_average, reduce, reduction)
    check_reduction(reduction)
    if not (input.is_complex() or (input.is_floating_point() and not target.is_complex())):
        raise DtypeError(f"soft_margin_loss: not defined for dtypes {input.dtype} and {target.dtype}; use x.float()")
    return reduced((-target.to(input.dtype) * input).exp().log1p(), reduction)


@autocast_as("float32")
def margin_ranking_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``max(margin - target * (input1 - input2), 0)``: which of two should rank higher; see ``nn.MarginRankingLoss``.

    Args:
        input1, input2: Scores. target: 1 where the first should be higher, -1 where the second.
        size_average, reduce: PyTorch's older words for ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Raises:
        ValueError: ``reduction`` is not known. RuntimeError: the numbers of dimensions differ, or sizes do not fit.
    """
    reduction = reduction_of(size_average, reduce, reduction)
    check_reduction(reduction)
    if not input1.ndim == input2.ndim == target.ndim:
        raise ShapeError(
            f"margin_ranking_loss: All input tensors should have same dimension but got sizes: input1: {input1.shape}, "
            f"input2: {input2.shape}, target: {target.shape}"
        )
    return reduced((-target * (input1 - input2) + float(margin)).clamp(min=0), reduction)


# --- vectors


#: Keeps the cosine of a vector of zeros finite.
_LEAST_SQUARE = 1e-12


@autocast_as("float32")
def cosine_embedding_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Angles that should be small, or large, as ``target`` is 1 or -1; see ``nn.CosineEmbeddingLoss``.

    Args:
        input1, input2: Vectors ``(N, D)`` or ``(D,)``. target: 1 or -1, ``(N,)`` or ``()``.
        size_average, reduce: PyTorch's older words for ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Raises:
        ValueError: ``reduction`` is not known. RuntimeError: the shapes do not fit.
    """
    reduction = reduction_of(size_average, reduce, reduction)
    check_reduction(reduction)
    if target.ndim > 1:
        raise ShapeError("cosine_embedding_loss: 0D or 1D target tensor expected, multi-target not supported")
    if not input1.ndim == input2.ndim == target.ndim + 1:
        raise ShapeError(
            f"cosine_embedding_loss: {target.ndim}D target tensor expects {target.ndim + 1}D input tensors, but found "
            f"inputs with sizes {list(input1.shape)} and {list(input2.shape)}"
        )
    dim = target.ndim
    squares = ((x * x).sum(dim) + _LEAST_SQUARE for x in (input1, input2))
    cosines = (input1 * input2).sum(dim) / (next(squares) * next(squares)).sqrt()
    alike = where(target.eq(1), 1 - cosines, 0.0)
    apart = where(target.eq(-1), (cosines - margin).clamp(min=0), 0.0)
    return reduced(alike + apart, reduction)


@autocast_as("float32")
def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``max(d(anchor, positive) - d(anchor, negative) + margin, 0)``; see ``nn.TripletMarginLoss``.

    Args:
        anchor, positive, negative: Vectors ``(N, D)`` or ``(D,)``.
        p: Of the norm that ``d`` takes of a difference. eps: is added to its elements.
        swap: Whether to take ``d(positive, negative)`` where that is less than ``d(anchor, negative)``.
        size_average, reduce: PyTorch's older words for ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Raises:
        ValueError: ``margin`` is not positive, or ``reduction`` is not known.
        RuntimeError: The numbers of dimensions differ, or sizes do not fit.
    """

    def distance(x: Tensor, y: Tensor) -> Tensor:
        found: Tensor = (x - y + eps).norm(p, -1)
        return found

    reduction = reduction_of(size_average, reduce, reduction)
    return _triplets(anchor, positive, negative, distance, margin, swap, reduction)


def triplet_margin_with_distance_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """:func:`triplet_margin_loss` with any distance; see ``nn.TripletMarginWithDistanceLoss``.

    Args:
        distance_function: ``distance(x, y)``, one number for each pair; None for that of :func:`triplet_margin_loss`.

    Raises:
        ValueError: ``margin`` is not positive, or ``reduction`` is not known.
        RuntimeError: The numbers of dimensions differ.
    """
    if distance_function is None:
        return triplet_margin_loss(anchor, positive, negative, margin, swap=swap, reduction=reduction)
    return _triplets(anchor, positive, negative, distance_function, margin, swap, reduction)


def _triplets(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    distance: Callable[[Tensor, Tensor], Tensor],
    margin: float,
    swap: bool,
    reduction: str,
) -> Tensor:
    check_reduction(reduction)
    if margin <= 0:
        raise ArgumentError(f"margin must be greater than 0, got {margin}")
    if not anchor.ndim == positive.ndim == negative.ndim:
        raise ShapeError(
            "The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: "
            f"anchor {anchor.ndim}D, positive {positive.ndim}D, and negative {negative.ndim}D inputs"
        )
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = minimum(far, distance(positive, negative))
    return reduced((near - far + margin).clamp(min=0), reduction)


# --- one score for each class


def _check_scores(name: str, input: Tensor) -> None:
    shape = tuple(input.shape)
    if len(shape) > 2 or (shape and shape[-1] == 0):
        raise ShapeError(
            f"{name}: Expected non-empty vector or matrix with optional 0-dim batch size, but got: {list(shape)}"
        )
    if input.array.dtype not in (np.float32, np.float64):
        raise DtypeError(f"{name}: not defined for dtype {input.dtype}; expected float32 or float64. Use x.float().")


def _check_classes(name: str, target: Tensor) -> None:
    if target.array.dtype != np.int64:
        raise DtypeError(f"{name}: expected target of dtype lamella.int64, but found {target.dtype}. Use x.long().")


@autocast_as("float32")
def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    p: int = 1,
    margin: float = 1.0,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The mean over classes of ``max(margin - input[right] + input[other], 0)^p``; see ``nn.MultiMarginLoss``.

    Args:
        input: Scores ``(N, C)`` or ``(C,)``. target: class numbers ``(N,)`` or ``()``.
        p: 1 or 2. weight: of each class, ``(C,)``.
        size_average, reduce: PyTorch's older words for ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Raises:
        ValueError: ``p`` is neither 1 nor 2, ``weight`` has not one dimension, or ``reduction`` is not known.
        RuntimeError: Other shapes, or the dtypes, do not fit; or a target is no class.
    """
    name = "multi_margin_loss"
    reduction = reduction_of(size_average, reduce, reduction)
    check_reduction(reduction)
    if p not in (1, 2):
        raise ArgumentError(f"only p == 1 and p == 2 supported, got {p}")
    if weight is not None and weight.ndim != 1:
        raise ArgumentError(f"weight must be one-dimensional, got shape {tuple(weight.shape)}")
    _check_scores(name, input)
    _check_classes(name, target)
    rows = input if input.ndim == 2 else input.reshape(1, -1)
    count, classes = tuple(rows.shape)
    if target.ndim > 1 or tuple(target.reshape(-1).shape) != (count,):
        raise ShapeError(
            f"{name}: target tensor should be 1-D with size equal to the number of input samples. Expected target size "
            f"[{count}], but got {list(target.shape)}"
        )
    if weight is not None and (weight.shape[0] != classes or weight.array.dtype != input.array.dtype):
        raise DtypeError(
            f"{name}: inconsistent weight size, expected {classes} of dtype {input.dtype} but got "
            f"{list(weight.shape)} of {weight.dtype}"
        )
    right = target.reshape(-1, 1)
    terms = relu(margin - rows.gather(1, right) + rows)
    terms = terms * terms if p == 2 else terms
    if weight is not None:
        terms = terms * weight[right]
    losses = terms.scatter(1, right, 0.0).sum(1) / classes  # the right class itself does not count
    return reduced(losses if target.ndim else losses.reshape(()), reduction)


@autocast_as("float32")
def multilabel_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Each right class against each wrong one, with a margin of 1; see ``nn.MultiLabelMarginLoss``.

    Args:
        input: Scores ``(N, C)`` or ``(C,)``.
        target: The numbers of the right classes up to the first -1, of the shape of ``input``.
        size_average, reduce: PyTorch's older words for ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Raises:
        ValueError: ``reduction`` is not known. RuntimeError: the shapes or dtypes do not fit, or a target is no class.
    """
    name = "multilabel_margin_loss"
    reduction = reduction_of(size_average, reduce, reduction)
    check_reduction(reduction)
    _check_scores(name, input)
    _check_classes(name, target)
    if target.array.shape != input.array.shape:
        raise ShapeError(
            f"{name}: inconsistent target size: {list(target.shape)} for input of size: {list(input.shape)}"
        )
    rows, classes = (x if x.ndim == 2 else x.reshape(1, -1) for x in (input, target))
    losses = margin_losses.multilabel_margin_loss(rows, classes)
    return reduced(losses if input.ndim == 2 else losses.reshape(()), reduction)


@autocast_as("float32")
def multilabel_soft_margin_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The mean over classes of the cross-entropy of each by itself; see ``nn.MultiLabelSoftMarginLoss``.

    Args:
        input: Scores ``(N, C)``. target: 1 for each right class, 0 for others. weight: of each class, ``(C,)``.
        size_average, reduce: PyTorch's older words for ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Raises:
        ValueError: ``reduction`` is not known. IndexError: there is no dimension of classes.
        RuntimeError: The shapes do not fit.
    """
    reduction = reduction_of(size_average, reduce, reduction)
    if not input.ndim:
        raise IndexRangeError("multilabel_soft_margin_loss: input has no dimension of classes; expected (N, C) or (C,)")
    losses = binary_cross_entropy_with_logits(input, target)
    losses = losses if weight is None else losses * weight
    return reduced(losses.sum(-1) / input.size(-1), reduction)


__all__ = [
    "cosine_embedding_loss",
    "hinge_embedding_loss",
    "margin_ranking_loss",
    "multi_margin_loss",
    "multilabel_margin_loss",
    "multilabel_soft_margin_loss",
    "soft_margin_loss",
    "triplet_margin_loss",
    "triplet_margin_with_distance_loss",
]
