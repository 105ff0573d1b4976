"""Losses: how far a prediction is from its target."""

from __future__ import annotations

from typing import Any

import numpy as np

from lamella.core import rules
from lamella.core.backends.chunks import along_first
from lamella.core.dispatch import define_op
from lamella.core.errors import (
    ArgumentError,
    ArgumentRangeError,
    DtypeError,
    GradError,
    IndexRangeError,
    ShapeError,
)
from lamella.core.tensor import Tensor
from lamella.nn.ops.dtypes import one_floating

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
    shape=lambda shape, target, weight, ignore_index, reduction: target if reduction == "none" else (),
    dtype=one_floating,
    name="nll_loss",
    samples=_class_samples,
    errors=_class_errors,
)
def _nll_loss(xp: Any, input: Any, target: Any, weight: Any, ignore_index: Any, reduction: Any) -> Any:
    """The negative of each row's element at its class, weighted and reduced."""
    target, weights = _row_weights(xp, target, weight, input.shape[1], ignore_index)
    return _reduced(xp, -input[xp.arange(target.size), target], target, weights, reduction)


_nll_loss.vjp(
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
    shape=lambda shape, target, weight, ignore_index, reduction: [target if reduction == "none" else (), target],
    dtype=one_floating,
    name="cross_entropy",
    samples=_class_samples,
    errors=_class_errors,
)
def _cross_entropy(xp: Any, input: Any, target: Any, weight: Any, ignore_index: Any, reduction: Any) -> Any:
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


_cross_entropy.vjp(input=_cross_entropy_input, target=None, weight=None)


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


def _check_reduction(reduction: str) -> None:
    if reduction not in ("none", "mean", "sum"):
        raise ArgumentError(f"{reduction} is not a valid value for reduction; expected 'none', 'mean' or 'sum'")


def _reduce(losses: Tensor, reduction: str) -> Tensor:
    if reduction == "none":
        return losses
    result: Tensor = losses.mean() if reduction == "mean" else losses.sum()
    return result


def _class_rows(op: str, input: Tensor, target: Tensor, weight: Tensor | None) -> tuple[Tensor, Tensor]:
    """``(input as (rows, classes), target as (rows,))``, once they are known to fit."""
    shape, given = input.array.shape, target.array.shape
    if not shape:
        raise ArgumentError(f"{op}: Expected 1 or more dimensions (got 0): (C,), (N, C) or (N, C, d1, …)")
    if input.array.dtype.kind != "f":
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


def nll_loss(
    input: Tensor, target: Tensor, weight: Tensor | None = None, ignore_index: int = -100, reduction: str = "mean"
) -> Tensor:
    """The negative log-likelihood of the right classes, given log-probabilities.

    Args:
        input: Log-probabilities, ``(N, C)``, ``(N, C, d1, …)`` or ``(C,)``.
        target: The right classes, int64, ``(N,)``, ``(N, d1, …)`` or ``()``.
        weight: Weight of each class, ``(C,)``. A mean divides by the sum of the weights used.
        ignore_index: Targets of this value are left out.
        reduction: ``"none"`` (one loss for each target), ``"mean"`` or ``"sum"``.

    Raises:
        IndexError: A target is no class.
        ValueError: The batch sizes differ, or ``reduction`` is unknown.
        RuntimeError: Shapes or dtypes do not fit.
    """
    _check_reduction(reduction)
    rows, classes = _class_rows("nll_loss", input, target, weight)
    loss: Tensor = _nll_loss(rows, classes, weight, ignore_index, reduction)
    return loss if reduction != "none" or loss.array.shape == target.array.shape else loss.reshape(target.shape)


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """The cross-entropy between the softmax of ``input`` and the target.

    Args:
        input: Scores before the softmax (logits), ``(N, C)``, ``(N, C, d1, …)`` or ``(C,)``.
        target: The right classes, int64, ``(N,)``, ``(N, d1, …)`` or ``()``; or their probabilities, of the shape of
            ``input``.
        weight: Weight of each class, ``(C,)``. A mean over classes divides by the sum of the weights used.
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
    _check_reduction(reduction)
    if not 0.0 <= label_smoothing <= 1.0:
        raise ArgumentRangeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    if input.array.shape == target.array.shape and input.array.ndim:
        return _cross_entropy_probabilities(input, target, weight, ignore_index, reduction, label_smoothing)
    rows, classes = _class_rows("cross_entropy", input, target, weight)
    loss, normalizer = _cross_entropy(rows, classes, weight, ignore_index, reduction)
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
    if target.array.dtype.kind != "f":
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


# --- numbers


def mse_loss(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """The squared differences: their mean, their sum, or each by itself (``reduction="none"``)."""
    _check_reduction(reduction)
    return _reduce((input - target).square(), reduction)


def l1_loss(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """The absolute differences: their mean, their sum, or each by itself (``reduction="none"``)."""
    _check_reduction(reduction)
    return _reduce((input - target).abs(), reduction)


@define_op(
    inputs=("input", "target"),
    shape=rules.broadcast,
    dtype=rules.refusing(rules.common, "bool", "integer", "complex"),
    name="binary_cross_entropy",
    samples=lambda make: [
        make(make.array(2, 3, low=0.1, high=0.9), make.array(2, 3, low=0, high=1)),
        make(make.transposed(3, 2) * 0.2 + 0.5, make.array(3, 2, low=0, high=1)),
        make(make.array(0, low=0.1, high=0.9), make.array(0)),
    ],
    errors=lambda make: [
        make.error((np.array([0.5, 1.5]), np.array([0.0, 1.0])), ArgumentRangeError, r"should be between 0 and 1"),
    ],
)
def _binary_cross_entropy(xp: Any, input: Any, target: Any) -> Any:
    """``-(target log(input) + (1 - target) log(1 - input))``, the logarithms not below -100.

    An op because of that bound, which keeps the loss finite while the gradient at 0 and 1 does not vanish.
    """
    if input.size and not (input.min() >= 0 and input.max() <= 1):
        raise ArgumentRangeError("binary_cross_entropy: all elements of input should be between 0 and 1")
    return (target - 1) * xp.maximum(xp.log1p(-input), -100) - target * xp.maximum(xp.log(input), -100)


_binary_cross_entropy.vjp(
    # the bound is PyTorch's too
    input=lambda F, grad, input, target: grad * (input - target) / F.maximum(input * (1 - input), 1e-12),
    target=lambda F, grad, input: grad * (F.maximum(F.log1p(-input), -100.0) - F.maximum(F.log(input), -100.0)),
)


@define_op(
    inputs=("input", "target"),
    shape=rules.broadcast,
    dtype=rules.refusing(rules.common, "bool", "integer", "complex"),
    name="binary_cross_entropy_with_logits",
    samples=lambda make: [
        make.binary(),
        make(make.array(3), 1.0),
        make(make.array(3, low=-50, high=50), make.array(3)),
    ],
)
def _with_logits(xp: Any, input: Any, target: Any) -> Any:
    """``-(target log(p) + (1 - target) log(1 - p))`` for ``p = sigmoid(input)``; an op, as p may round to 0 or 1."""
    return xp.maximum(input, 0) - input * target + xp.log1p(xp.exp(-xp.abs(input)))


_with_logits.vjp(
    input=lambda F, grad, input, target: grad * (F.sigmoid(input) - target),
    target=lambda F, grad, input: -grad * input,
)


def binary_cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, reduction: str = "mean"
) -> Tensor:
    """The cross-entropy between probabilities and targets of two classes.

    Args:
        input: Probabilities of class 1. Their logarithms are taken to be -100 at least.
        target: Numbers from 0 to 1, of the shape of ``input``.
        weight: What each loss is multiplied with; broadcast.
        reduction: ``"none"`` (one loss for each element), ``"mean"`` or ``"sum"``.

    Raises:
        ValueError: The shapes differ, or ``reduction`` is unknown.
        RuntimeError: A probability is below 0 or above 1, or the dtypes differ.
    """
    _check_reduction(reduction)
    if input.array.shape != target.array.shape:
        raise ArgumentError(
            f"Using a target size ({tuple(target.shape)}) that is different to the input size ({tuple(input.shape)}) "
            "is deprecated. Please ensure they have the same size."
        )
    if input.array.dtype != target.array.dtype:
        raise DtypeError(
            f"binary_cross_entropy: Found target dtype {target.dtype} but expected {input.dtype}, as input has"
        )
    losses = _binary_cross_entropy(input, target)
    return _reduce(losses if weight is None else losses * weight, reduction)


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """:func:`binary_cross_entropy` of ``sigmoid(input)``, exact also where the sigmoid rounds to 0 or 1.

    Args:
        input: Scores before the sigmoid (logits).
        target: Numbers from 0 to 1, of the shape of ``input``.
        weight: What each loss is multiplied with; broadcast.
        reduction: ``"none"`` (one loss for each element), ``"mean"`` or ``"sum"``.
        pos_weight: What the part of the loss for class 1 is multiplied with; broadcast.

    Raises:
        ValueError: The shapes differ, or ``reduction`` is unknown.
    """
    _check_reduction(reduction)
    if input.array.shape != target.array.shape:
        raise ArgumentError(
            f"Target size ({tuple(target.shape)}) must be the same as input size ({tuple(input.shape)})"
        )
    if pos_weight is None:
        losses = _with_logits(input, target)
    else:
        # _with_logits(x, 1) is -log(sigmoid(x)), and -log(1 - sigmoid(x)) is x more
        losses = (1 - target) * input + (1 + (pos_weight - 1) * target) * _with_logits(input, 1.0)
    return _reduce(losses if weight is None else losses * weight, reduction)


__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "l1_loss",
    "mse_loss",
    "nll_loss",
]
