"""Multi-label margins: each right class against each wrong one."""

from __future__ import annotations

from typing import Any

import numpy as np

from lamella.core.dispatch import define_op
from lamella.core.errors import ArgumentRangeError, ShapeError
from lamella.core.folding import folded, for_each, unfolded
from lamella.nn.ops.dtypes import one_floating

Shape = tuple[int, ...]


def _pairs(xp: Any, input: Any, target: Any) -> tuple[Any, Any, Any]:
    """The row and the class of each label, and its hinges, ``(labels, classes)``: those against right classes are 0.

    Raises:
        ValueError: A label is no class (a RuntimeError as well).
    """
    classes = input.shape[1]
    wrong = target[(target < -1) | (target >= classes)]
    if wrong.size:
        raise ArgumentRangeError(
            f"multilabel_margin_loss: target {int(wrong[0])} is out of range, there are {classes} classes"
        )
    row, place = xp.nonzero(xp.cumsum(target == -1, axis=1) == 0)
    label = target[row, place]
    right = xp.zeros(input.shape, dtype=xp.bool)
    right[row, label] = True
    hinges = xp.maximum(1 - input[row, label][:, None] + input[row], 0)
    hinges[right[row]] = 0
    return row, label, hinges


def _fitting(shape: Shape, target: Shape) -> Shape:
    if len(shape) != 2 or target != shape or not shape[1]:
        raise ShapeError(f"expected scores (N, C) and as many labels, C at least 1; got {shape} and {target}")
    return shape


def _samples(make: Any) -> list[Any]:
    target = np.array([[2, 0, -1, 1], [-1, 3, 2, 0], [3, 3, 1, 0]])
    return [
        make(make.array(3, 4), target),
        make(make.transposed(3, 4), target),
        make(make.array(2, 1), np.array([[0], [-1]])),
        make(make.array(0, 3), np.zeros((0, 3), np.int64)),
    ]


@define_op(
    inputs=("input", "target"),
    shape=lambda shape, target: _fitting(shape, target)[:1],
    dtype=one_floating,
    samples=_samples,
    errors=lambda make: [
        make.error((make.array(1, 2), np.array([[0, 2]])), ArgumentRangeError, "target 2 is out of range, there are 2"),
        make.error((make.array(1, 2), np.array([[-2, 0]])), ArgumentRangeError, "target -2 is out of range"),
    ],
)
def multilabel_margin_loss(xp: Any, input: Any, target: Any) -> Any:
    """For each row the sum over its labels and all other classes of ``max(1 - input[label] + input[other], 0) / C``.

    An op for memory: composed it would take an array of all classes against all classes for each row.
    """
    row, _, hinges = _pairs(xp, input, target)
    losses = xp.zeros(input.shape[0], dtype=input.dtype, device=input.device)
    xp.add.at(losses, row, hinges.sum(axis=1))
    return losses / input.shape[1]


multilabel_margin_loss.vjp(
    input=lambda F, grad, input, target: F.reshape(grad, (*grad.shape, 1)) * F.multilabel_margin_slopes(input, target),
    target=None,
)


@define_op(
    inputs=("input", "target"),
    shape=_fitting,
    dtype=one_floating,
    samples=_samples,
)
def multilabel_margin_slopes(xp: Any, input: Any, target: Any) -> Any:
    """The derivatives of each row's loss by its scores; they are constant between the kinks."""
    row, label, hinges = _pairs(xp, input, target)
    reached = (hinges > 0).astype(input.dtype)
    slopes = xp.zeros(input.shape, dtype=input.dtype, device=input.device)
    xp.add.at(slopes, row, reached)
    xp.subtract.at(slopes, (row, label), reached.sum(axis=1))
    return slopes / input.shape[1]


multilabel_margin_slopes.vjp(input=None, target=None)


@multilabel_margin_loss.batched
def _batched_loss(F: Any, size: int, batched: tuple[bool, ...], input: Any, target: Any) -> Any:
    input, target = (folded(F, for_each(F, x, b, size)) for x, b in zip((input, target), batched, strict=True))
    return unfolded(F, size, F.multilabel_margin_loss(input, target))


@multilabel_margin_slopes.batched
def _batched_slopes(F: Any, size: int, batched: tuple[bool, ...], input: Any, target: Any) -> Any:
    input, target = (folded(F, for_each(F, x, b, size)) for x, b in zip((input, target), batched, strict=True))
    return unfolded(F, size, F.multilabel_margin_slopes(input, target))
