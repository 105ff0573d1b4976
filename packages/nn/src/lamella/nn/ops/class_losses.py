"""Losses on class numbers: cross entropy, from log-probabilities and from scores."""

from __future__ import annotations

from typing import Any

import numpy as np

from lamella.core.backends.chunks import along_first
from lamella.core.dispatch import define_op
from lamella.core.errors import IndexRangeError, ShapeError
from lamella.core.folding import folded, for_each, unfolded
from lamella.nn.ops.dtypes import one_floating

Flags = tuple[bool, ...]
Shape = tuple[int, ...]

#: NumPy reduces short rows one by one. Up to so many classes it is faster (9 times on 1536 rows of 65) to add rows up
#: as a matrix product, and to subtract one highest score from all rows instead of each row's own …
FEW_CLASSES = 512
#: … which costs no precision worth mentioning as long as the scores lie within so much of each other.
SPREAD = 16

# --- classes by index: the primitives take (rows, classes), and the class of each row


def _row_weights(xp: Any, target: Any, weight: Any, classes: int, ignore_index: int) -> tuple[Any, Any]:
    """``(target, weight of each row)``, both 0 where a row is to be ignored; the weights are None if all are 1.

    Raises:
        IndexError: A class is out of range.
    """
    # as unsigned numbers the negative ones are large: one pass checks both ends
    if not 0 <= ignore_index < classes and (not target.size or target.view(xp.uint64).max() < classes):
        return target, None if weight is None else weight[target]
    counted = target != ignore_index
    wrong = target[counted & ((target < 0) | (target >= classes))]
    if wrong.size:
        raise IndexRangeError(f"Target {int(wrong[0])} is out of bounds.")
    target = xp.where(counted, target, 0)
    return target, counted if weight is None else weight[target] * counted


def _total_weight(target: Any, weights: Any) -> float:
    """What a mean divides by."""
    return float(target.size if weights is None else weights.sum())


def _reduced(xp: Any, losses: Any, target: Any, weights: Any, reduction: str) -> Any:
    if weights is not None:
        losses = xp.where(weights != 0, losses * weights, 0)  # not inf * 0
    if reduction == "none":
        return losses
    total = losses.sum()
    return total / _total_weight(target, weights) if reduction == "mean" else total


def _row_grads(xp: Any, grad_output: Any, target: Any, weights: Any, reduction: str) -> Any:
    """The gradient of each row's loss: a number for each, or one for all."""
    if reduction == "mean":
        grad_output = grad_output / _total_weight(target, weights)
    return grad_output if weights is None else xp.where(weights != 0, grad_output * weights, 0)


def _losses_shape(shape: Shape, target: Shape, reduction: str) -> Shape:
    if len(shape) != 2 or target != shape[:1]:
        raise ShapeError(f"expected rows of classes, and a class number for each row; got {shape} and {target}")
    return target if reduction == "none" else ()


def _class_samples(make: Any) -> list[Any]:
    """Calls on 4 rows of 5 classes: with weights or without, with rows to ignore or without, reduced or not."""
    rows, target, weight = make.array(4, 5), np.array([2, 0, 4, 0]), make.array(5, low=0.2, high=2)
    return [
        *(make(rows, target, None, -100, reduction) for reduction in ("none", "mean", "sum")),
        *(make(rows, target, weight, 0, reduction) for reduction in ("none", "mean", "sum")),
        make(make.transposed(4, 5), target, weight, -100, "mean"),
        make(rows, np.array([2, -1, 4, -1]), None, -1, "mean"),
        make(make.array(0, 5), np.zeros(0, np.int64), None, -100, "sum"),
        make(make.array(3, 1), np.zeros(3, np.int64), None, -100, "mean"),
    ]


def _class_errors(make: Any) -> list[Any]:
    def refused(target: list[int], message: str) -> Any:
        return make.error((make.array(2, 5), np.array(target), None, -100, "mean"), IndexRangeError, message)

    return [refused([4, 11], r"Target 11 is out of bounds\."), refused([-1, 0], r"Target -1 is out of bounds\.")]


@define_op(
    inputs=("input", "target", "weight"),
    shape=lambda shape, target, weight, ignore_index, reduction: _losses_shape(shape, target, reduction),
    dtype=one_floating,
    samples=_class_samples,
    errors=_class_errors,
)
def nll_loss(xp: Any, input: Any, target: Any, weight: Any, ignore_index: Any, reduction: Any) -> Any:
    """The negative of each row's element at its class, weighted and reduced."""
    target, weights = _row_weights(xp, target, weight, input.shape[1], ignore_index)
    return _reduced(xp, -input[xp.arange(target.size), target], target, weights, reduction)


nll_loss.vjp(
    input=lambda F, grad, input_shape, target, weight, ignore_index, reduction: F.nll_loss_backward(
        grad, target, weight, input_shape[1], ignore_index, reduction
    ),
    target=None,
    weight=None,
)


@define_op(
    inputs=("grad_output", "target", "weight"),
    shape=lambda grad, target, weight, classes, ignore_index, reduction: (*target, classes),
    dtype=one_floating,
    samples=lambda make: [
        make(make.array(), np.array([2, 0, 4, 0]), None, 5, -100, "mean"),
        make(make.array(), np.array([2, 0, 4, 0]), make.array(5, low=0.2, high=2), 5, 0, "mean"),
        make(make.array(4), np.array([2, 0, 4, 0]), make.array(5, low=0.2, high=2), 5, -100, "none"),
    ],
)
def nll_loss_backward(
    xp: Any, grad_output: Any, target: Any, weight: Any, classes: Any, ignore_index: Any, reduction: Any
) -> Any:
    """Zeros, and at each row's class what ``grad_output`` gives the row; an op because it is a scatter."""
    target, weights = _row_weights(xp, target, weight, classes, ignore_index)
    result = xp.zeros((target.size, classes), dtype=grad_output.dtype, device=grad_output.device)
    result[xp.arange(target.size), target] = -_row_grads(xp, grad_output, target, weights, reduction)
    return result


nll_loss_backward.vjp(
    # linear, and the transpose of nll_loss
    grad_output=lambda F, grad, target, weight, ignore_index, reduction: F.nll_loss(
        grad, target, weight, ignore_index, reduction
    ),
    target=None,
    weight=None,
)


@define_op(
    inputs=("input", "target", "weight"),
    shape=lambda shape, target, weight, ignore_index, reduction: [_losses_shape(shape, target, reduction), target],
    dtype=one_floating,
    samples=_class_samples,
    errors=_class_errors,
)
def cross_entropy(xp: Any, input: Any, target: Any, weight: Any, ignore_index: Any, reduction: Any) -> Any:
    """``(loss, logsumexp of each row)``.

    An op for speed and memory: no array of log-probabilities is made, and the gradient needs of the forward pass only
    one number a row (which makes the gradient as precise as the scores are: scores of 1000 have three digits less than
    those of 1). That number is a result with a gradient of its own, so that smoothed labels can use it too.
    """
    target, weights = _row_weights(xp, target, weight, input.shape[1], ignore_index)

    ones = xp.ones(input.shape[1], dtype=input.dtype) if input.shape[1] <= FEW_CLASSES and input.size else None

    def reduce(out: Any, rows: Any) -> None:
        highest = None
        if ones is not None:
            highest = rows.max()
            if not highest - rows.min() <= SPREAD:
                highest = None
        if highest is None:
            highest = rows.max(axis=1, keepdims=True)
        terms = rows - highest
        xp.exp(terms, out=terms)
        out[:, :1] = highest
        xp.log(terms.sum(axis=1) if ones is None else xp.matmul(terms, ones), out=out[:, 1])

    parts = xp.empty((target.size, 2), dtype=input.dtype, device=input.device)
    along_first(reduce, parts, input)
    highest, log_sum = parts[:, 0], parts[:, 1]
    # in this order a small loss is exact however high the scores
    losses = log_sum - (input[xp.arange(target.size), target] - highest)
    return _reduced(xp, losses, target, weights, reduction), highest + log_sum


def _cross_entropy_input(
    F: Any, grad: Any, out: Any, input: Any, target: Any, weight: Any, ignore_index: Any, reduction: Any
) -> Any:
    return F.cross_entropy_backward(*grad, input, target, weight, out[1], ignore_index, reduction)


cross_entropy.vjp(input=_cross_entropy_input, target=None, weight=None)


@define_op(
    inputs=("grad_output", "grad_normalizer", "input", "target", "weight", "normalizer"),
    shape=lambda grad, grad_normalizer, input, *rest: input,
    dtype=one_floating,
    samples=lambda make: [
        make(make.array(), make.array(4), make.array(4, 5), np.array([2, 0, 4, 0]), None, make.array(4), -100, "mean"),
        make(
            make.array(4),
            make.array(4),
            make.array(4, 5),
            np.array([2, 0, 4, 0]),
            make.array(5, low=0.2, high=2),
            make.array(4),
            0,
            "none",
        ),
    ],
)
def cross_entropy_backward(
    xp: Any,
    grad_output: Any,
    grad_normalizer: Any,
    input: Any,
    target: Any,
    weight: Any,
    normalizer: Any,
    ignore_index: Any,
    reduction: Any,
) -> Any:
    """``(softmax - one_hot) * grad``, row by row; an op for speed: one array is made, and worked on in place."""
    target, weights = _row_weights(xp, target, weight, input.shape[1], ignore_index)
    grads = _row_grads(xp, grad_output, target, weights, reduction)
    scale = grad_normalizer + grads

    def softmax_scaled(out: Any, rows: Any, normalizer: Any, scale: Any) -> None:
        xp.subtract(rows, normalizer[:, None], out=out)
        xp.exp(out, out=out)
        out *= scale[:, None]

    result = xp.empty(input.shape, dtype=input.dtype, device=input.device)
    along_first(softmax_scaled, result, input, normalizer, scale)
    result[xp.arange(target.size), target] -= grads
    return result


# With p = exp(input - normalizer) and direct = nll_loss_backward(grad_output), the op above is
# p * (grad_normalizer - sum(direct)) + direct, the sum over classes.


def _weighted(F: Any, grad: Any, input: Any, normalizer: Any) -> Any:
    return grad * F.exp(input - F.reshape(normalizer, (*normalizer.shape, 1)))


def _through_input(
    F: Any,
    grad: Any,
    grad_output: Any,
    grad_normalizer: Any,
    input: Any,
    target: Any,
    weight: Any,
    normalizer: Any,
    ignore_index: Any,
    reduction: Any,
) -> Any:
    direct = F.nll_loss_backward(grad_output, target, weight, input.shape[1], ignore_index, reduction)
    scale = grad_normalizer - F.sum(direct, (1,), False)
    return _weighted(F, grad, input, normalizer) * F.reshape(scale, (*scale.shape, 1))


def _through_normalizer(
    F: Any,
    grad: Any,
    grad_output: Any,
    grad_normalizer: Any,
    input: Any,
    target: Any,
    weight: Any,
    normalizer: Any,
    ignore_index: Any,
    reduction: Any,
) -> Any:
    through = _through_input(
        F, grad, grad_output, grad_normalizer, input, target, weight, normalizer, ignore_index, reduction
    )
    return -F.sum(through, (1,), False)


cross_entropy_backward.vjp(
    grad_output=lambda F, grad, input, target, weight, normalizer, ignore_index, reduction: F.nll_loss(
        grad - F.sum(_weighted(F, grad, input, normalizer), (1,), True), target, weight, ignore_index, reduction
    ),
    grad_normalizer=lambda F, grad, input, normalizer: F.sum(_weighted(F, grad, input, normalizer), (1,), False),
    input=_through_input,
    target=None,
    weight=None,
    normalizer=_through_normalizer,
)


# --- on a batch: the samples' rows become rows of one call, and each sample is weighted and reduced by itself


def _weights(F: Any, size: int, batched: Flags, target: Any, weight: Any, ignore_index: int, dtype: Any) -> Any:
    """``(size, rows)``: what each row's loss is multiplied with."""
    counted = F.ne(for_each(F, target, batched[0], size), ignore_index)
    numbers = F.cast(counted, dtype)
    if weight is None:
        return numbers
    classes = F.mul(for_each(F, target, batched[0], size), F.cast(counted, target.array.dtype))  # 0 where ignored
    return F.gather(for_each(F, weight, batched[1], size), classes, 1) * numbers


def _batch_reduced(F: Any, rows: Any, weights: Any, reduction: str) -> Any:
    """The losses of samples from those of their rows, ``(size, rows)``."""
    rows = F.where(F.ne(weights, 0), rows * weights, 0.0)
    if reduction == "none":
        return rows
    totals = F.sum(rows, (1,), False)
    return totals / F.sum(weights, (1,), False) if reduction == "mean" else totals


def _batch_row_grads(F: Any, size: int, grad: Any, batched: bool, weights: Any, reduction: str) -> Any:
    """The gradients of rows, ``(size, rows)``."""
    grad = for_each(F, grad, batched, size)
    if reduction != "none":
        if reduction == "mean":
            grad = grad / F.sum(weights, (1,), False)
        grad = F.reshape(grad, (size, 1))
    return F.where(F.ne(weights, 0), grad * weights, 0.0)


@nll_loss.batched
def _batched_nll_loss(
    F: Any, size: int, batched: Flags, input: Any, target: Any, weight: Any, ignore_index: Any, reduction: Any
) -> Any:
    weights = _weights(F, size, batched[1:], target, weight, ignore_index, input.array.dtype)
    input, target = (folded(F, for_each(F, x, b, size)) for x, b in zip((input, target), batched, strict=False))
    rows = F.nll_loss(input, target, None, ignore_index, "none")
    return _batch_reduced(F, unfolded(F, size, rows), weights, reduction)


@nll_loss_backward.batched
def _batched_nll_loss_backward(
    F: Any,
    size: int,
    batched: Flags,
    grad_output: Any,
    target: Any,
    weight: Any,
    classes: Any,
    ignore_index: Any,
    reduction: Any,
) -> Any:
    weights = _weights(F, size, batched[1:], target, weight, ignore_index, grad_output.array.dtype)
    grads = _batch_row_grads(F, size, grad_output, batched[0], weights, reduction)
    target = folded(F, for_each(F, target, batched[1], size))
    return unfolded(F, size, F.nll_loss_backward(folded(F, grads), target, None, classes, ignore_index, "none"))


@cross_entropy.batched
def _batched_cross_entropy(
    F: Any, size: int, batched: Flags, input: Any, target: Any, weight: Any, ignore_index: Any, reduction: Any
) -> Any:
    weights = _weights(F, size, batched[1:], target, weight, ignore_index, input.array.dtype)
    input, target = (folded(F, for_each(F, x, b, size)) for x, b in zip((input, target), batched, strict=False))
    rows, normalizer = F.cross_entropy(input, target, None, ignore_index, "none")
    return _batch_reduced(F, unfolded(F, size, rows), weights, reduction), unfolded(F, size, normalizer)


@cross_entropy_backward.batched
def _batched_cross_entropy_backward(
    F: Any,
    size: int,
    batched: Flags,
    grad_output: Any,
    grad_normalizer: Any,
    input: Any,
    target: Any,
    weight: Any,
    normalizer: Any,
    ignore_index: Any,
    reduction: Any,
) -> Any:
    weights = _weights(F, size, batched[3:5], target, weight, ignore_index, input.array.dtype)
    grads = _batch_row_grads(F, size, grad_output, batched[0], weights, reduction)
    grad_normalizer, input, target, normalizer = (
        folded(F, for_each(F, x, b, size))
        for x, b in (
            (grad_normalizer, batched[1]),
            (input, batched[2]),
            (target, batched[3]),
            (normalizer, batched[5]),
        )
    )
    found = F.cross_entropy_backward(
        folded(F, grads), grad_normalizer, input, target, None, normalizer, ignore_index, "none"
    )
    return unfolded(F, size, found)
