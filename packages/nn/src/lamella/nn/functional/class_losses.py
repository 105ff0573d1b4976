"""Losses on class numbers or class probabilities: cross entropy and its kin."""

from __future__ import annotations

import warnings

import numpy as np

from lamella.core.autocast_policy import autocast_as
from lamella.core.checkpointing import checkpoint
from lamella.core.errors import ArgumentError, ArgumentRangeError, DtypeError, GradError, ShapeError
from lamella.core.ops.matmul import linear
from lamella.core.ops.pieces import cat
from lamella.core.tensor import Tensor
from lamella.nn.functional.reductions import check_reduction, reduction_of
from lamella.nn.linear_cross_entropy_options import LinearCrossEntropyOptions
from lamella.nn.ops import class_losses


def _class_rows(op: str, input: Tensor, target: Tensor, weight: Tensor | None) -> tuple[Tensor, Tensor]:
    """``(input as (rows, classes), target as (rows,))``, once they are known to fit."""
    shape, given = input.array.shape, target.array.shape
    if not shape:
        raise ArgumentError(f"{op}: Expected 1 or more dimensions (got 0): (C,), (N, C) or (N, C, d1, …)")
    if not input.is_floating_point():
        raise DtypeError(f"{op}: not defined for input of dtype {input.dtype}; convert it with x.float()")
    if target.array.dtype not in (np.int64, np.uint8):
        raise DtypeError(
            f"{op}: expected target dtype to be Long or Byte, but got {target.dtype}. Convert with x.long()."
        )
    if len(shape) == 1:
        if target.array.size != 1:
            raise ShapeError(f"{op}: for input of shape {shape} expected one class as the target, got shape {given}")
    else:
        if given[:1] != shape[:1]:
            raise ArgumentError(
                f"Expected input batch_size ({shape[0]}) to match target batch_size ({given[0] if given else 1})."
                if len(given) != 0 or shape[0] != 1
                else f"{op}: expected target of shape {shape[:1]}, got a 0-dimensional one"
            )
        if len(shape) == 2 and len(given) != 1:
            raise ShapeError(f"{op}: 0D or 1D target tensor expected, multi-target not supported; got shape {given}")
        if given != (shape[0], *shape[2:]):
            raise ShapeError(f"{op}: Expected target size {[shape[0], *shape[2:]]}, got {list(given)}")
    classes = shape[0] if len(shape) == 1 else shape[1]
    if weight is not None:
        _check_weight(op, input, weight, classes)
    if len(shape) != 2:
        order = (0, *range(2, len(shape)), 1) if len(shape) > 2 else (0,)
        input, target = input.permute(order).reshape(-1, classes), target.reshape(-1)
    return input, target if target.array.dtype == np.int64 else target.long()


def _check_weight(op: str, input: Tensor, weight: Tensor, classes: int) -> None:
    if weight.array.shape != (classes,):
        raise ShapeError(
            f"{op}: weight tensor should be defined either for all {classes} classes or no classes but got weight "
            f"tensor of shape: {list(weight.shape)}"
        )
    if weight.array.dtype != input.array.dtype:
        raise DtypeError(f"{op}: expected weight of dtype {input.dtype}, as input has, but found {weight.dtype}")
    if weight.requires_grad:
        raise GradError(f"{op}: there is no gradient with respect to `weight`, so it can't have requires_grad=True")


@autocast_as("float32")
def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The negative log-likelihood of the right classes, given log-probabilities; see ``nn.NLLLoss``.

    Args:
        input: Log-probabilities, ``(N, C)``, ``(N, C, d1, …)`` or ``(C,)``.
        target: The right classes, int64, ``(N,)``, ``(N, d1, …)`` or ``()``.
        weight: Weight of each class, ``(C,)``. A mean divides by the sum of the weights used.
        size_average, reduce: PyTorch's older words for ``reduction``.
        ignore_index: Targets of this value are left out.
        reduction: ``"none"`` (one loss for each target), ``"mean"`` or ``"sum"``.

    Raises:
        IndexError: A target is no class.
        ValueError: The batch sizes differ, or ``reduction`` is unknown.
        RuntimeError: Shapes or dtypes do not fit.
    """
    reduction = reduction_of(size_average, reduce, reduction)
    check_reduction(reduction)
    rows, classes = _class_rows("nll_loss", input, target, weight)
    loss: Tensor = class_losses.nll_loss(rows, classes, weight, ignore_index, reduction)
    return loss if reduction != "none" or loss.array.shape == target.array.shape else loss.reshape(target.shape)


@autocast_as("float32")
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
    """The cross-entropy between the softmax of ``input`` and the target; see ``nn.CrossEntropyLoss``.

    Args:
        input: Scores before the softmax (logits), ``(N, C)``, ``(N, C, d1, …)`` or ``(C,)``.
        target: The right classes, int64, ``(N,)``, ``(N, d1, …)`` or ``()``; or their probabilities, of the shape of
            ``input``.
        weight: Weight of each class, ``(C,)``. A mean over classes divides by the sum of the weights used.
        size_average, reduce: PyTorch's older words for ``reduction``.
        ignore_index: Target classes of this value are left out.
        reduction: ``"none"`` (one loss for each target), ``"mean"`` or ``"sum"``.
        label_smoothing: Share of the target, from 0 to 1, that is spread evenly over all classes.

    Raises:
        IndexError: A target is no class.
        ValueError: The batch sizes differ, or ``reduction`` is unknown.
        RuntimeError: Shapes or dtypes do not fit, or ``label_smoothing`` is out of range.

    Example:
        >>> import lamella
        >>> from lamella.nn import functional as F
        >>> F.cross_entropy(lamella.tensor([[2.0, 0.0], [0.0, 2.0]]), lamella.tensor([0, 1]))
        tensor(0.1269)
    """
    reduction = reduction_of(size_average, reduce, reduction)
    check_reduction(reduction)
    if not 0.0 <= label_smoothing <= 1.0:
        raise ArgumentRangeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    if input.array.shape == target.array.shape and input.array.ndim:
        return _cross_entropy_probabilities(input, target, weight, ignore_index, reduction, label_smoothing)
    rows, classes = _class_rows("cross_entropy", input, target, weight)
    loss, normalizer = class_losses.cross_entropy(rows, classes, weight, ignore_index, reduction)
    if label_smoothing:
        even = _evenly(rows, classes, weight, normalizer, ignore_index, reduction)
        loss = (1 - label_smoothing) * loss + (label_smoothing / rows.shape[1]) * even
    return loss if reduction != "none" or loss.array.shape == target.array.shape else loss.reshape(target.shape)


def _evenly(
    rows: Tensor, target: Tensor, weight: Tensor | None, normalizer: Tensor, ignore_index: int, reduction: str
) -> Tensor:
    """The weighted sum over all classes of each row's negative log-probabilities, reduced."""
    counted = target.ne(ignore_index)
    if weight is None:
        losses = normalizer * rows.shape[1] - rows.sum(1)
        divisor = counted
    else:
        losses = normalizer * weight.sum() - rows @ weight
        divisor = weight[target * counted] * counted
    losses = losses * counted
    if reduction == "none":
        return losses
    return losses.sum() / divisor.sum() if reduction == "mean" else losses.sum()


def _cross_entropy_probabilities(
    input: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int, reduction: str, label_smoothing: float
) -> Tensor:
    if not target.is_floating_point():
        raise DtypeError(
            f"cross_entropy: Expected floating point type for target with class probabilities, got {target.dtype}"
        )
    if ignore_index >= 0:
        raise ArgumentRangeError("cross_entropy: ignore_index is not supported for floating point target")
    dim = 0 if input.array.ndim == 1 else 1
    classes = input.array.shape[dim]
    if label_smoothing:
        target = target * (1 - label_smoothing) + label_smoothing / classes
    products = input.log_softmax(dim) * target
    if weight is not None:
        _check_weight("cross_entropy", input, weight, classes)
        products = products * weight.reshape(classes, *(1,) * (input.array.ndim - 1 - dim))
    losses = -products.sum(dim)
    if reduction == "none":
        return losses
    # the mean is over the batch, however the weights
    return losses.sum() / (input.array.size // classes) if reduction == "mean" else losses.sum()


def linear_cross_entropy(
    input: Tensor,
    linear_weight: Tensor,
    target: Tensor,
    *,
    linear_bias: Tensor | None = None,
    weight: Tensor | None = None,
    reduction: str = "mean",
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
    options: LinearCrossEntropyOptions | None = None,
) -> Tensor:
    """:func:`cross_entropy` of ``linear(input, linear_weight, linear_bias)``.

    Args:
        input: ``(N, in_features)`` or ``(in_features,)``.
        linear_weight: ``(C, d1, …, in_features)``. linear_bias: ``(C, d1, …)``.
        target: Class numbers ``(N, d1, …)``, or probabilities ``(N, C, d1, …)``; without ``N`` as ``input`` is.
        weight: Weight of each class, ``(C,)``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
        ignore_index: Targets of this value are left out; None for -100.
        label_smoothing: Share of the target that is spread evenly over all classes.
        options: Says to take some rows at once, so that the scores of all never are in memory together. Has no effect
            beside label smoothing, probabilities or ``d1, …``: a warning says so.

    Raises:
        RuntimeError: The shapes do not fit, or ``ignore_index`` is given for probabilities.
    """
    shape, table = tuple(input.shape), tuple(linear_weight.shape)
    _check_linear(shape, table, linear_bias)
    inner = table[1:-1]
    logits_shape = (*shape[:-1], table[0], *inner)
    if tuple(target.shape) == logits_shape and ignore_index is not None:
        raise ArgumentRangeError("ignore_index cannot be specified when target contains probabilities")
    ignored = -100 if ignore_index is None else ignore_index
    plain = not inner and not label_smoothing and target.array.dtype == np.int64
    if options is not None and not plain:
        warnings.warn(
            "linear_cross_entropy: options are ignored: rows are taken some at a time only for class numbers without "
            "label smoothing, and a linear_weight of two dimensions",
            stacklevel=2,
        )
    if options is not None and plain and len(shape) == 2:
        return _by_rows(input, linear_weight, target, linear_bias, weight, reduction, ignored, options)
    flat_bias = None if linear_bias is None else linear_bias.reshape(-1)
    logits = linear(input, linear_weight.reshape(-1, table[-1]), flat_bias).reshape(logits_shape)
    return cross_entropy(
        logits, target, weight, ignore_index=ignored, reduction=reduction, label_smoothing=label_smoothing
    )


def _check_linear(shape: tuple[int, ...], table: tuple[int, ...], linear_bias: Tensor | None) -> None:
    if len(shape) not in (1, 2):
        raise ShapeError(f"linear_cross_entropy: expected input with dimensionality 1 or 2, got {len(shape)}")
    if len(table) < 2:
        raise ShapeError(
            f"linear_cross_entropy: expected linear_weight with dimensionality at least 2, got {len(table)}"
        )
    if shape[-1] != table[-1]:
        raise ShapeError(
            "linear_cross_entropy: expected equal input and linear_weight last dimensions (in_features), got "
            f"{shape[-1]} and {table[-1]}"
        )
    if linear_bias is not None and tuple(linear_bias.shape) != table[:-1]:
        raise ShapeError(
            f"linear_cross_entropy: expected linear_bias shape {table[:-1]}, got {tuple(linear_bias.shape)}"
        )
    if len(table) > 2 and len(shape) == 1:
        raise ShapeError(
            f"linear_cross_entropy: linear_weight of shape {table} requires batched input, (N, "
            f"{table[-1]}), got {shape}"
        )


def _by_rows(
    input: Tensor,
    linear_weight: Tensor,
    target: Tensor,
    linear_bias: Tensor | None,
    weight: Tensor | None,
    reduction: str,
    ignore_index: int,
    options: LinearCrossEntropyOptions,
) -> Tensor:
    """The loss of some rows at a time; their scores are computed again in the backward pass."""
    check_reduction(reduction)
    count, classes = input.shape[0], linear_weight.shape[0]
    step = options.rows(count, input.shape[1], classes)

    def losses(rows: Tensor, classes: Tensor) -> Tensor:
        scores = linear(rows, linear_weight, linear_bias)
        return cross_entropy(scores, classes, weight, ignore_index=ignore_index, reduction="none")

    parts = [
        checkpoint(losses, input[i : i + step], target[i : i + step], use_reentrant=False)
        for i in range(0, max(count, 1), step)
    ]
    rows: Tensor = cat(parts)
    if reduction == "none":
        return rows
    if reduction == "sum":
        return rows.sum()
    counted = target.ne(ignore_index)
    return rows.sum() / (counted.sum() if weight is None else (weight[target * counted] * counted).sum())


__all__ = ["cross_entropy", "linear_cross_entropy", "nll_loss"]
