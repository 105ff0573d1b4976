"""Rows of a table picked by number."""

from __future__ import annotations

from typing import Any

import numpy as np

from lamella.core import rules
from lamella.core.dispatch import define_op
from lamella.core.errors import IndexBoundsError
from lamella.core.ops.creation import arange
from lamella.core.ops.places import add_rows


def _check_range(xp: Any, input: Any, rows: int) -> None:
    # as unsigned numbers the negative ones are large: one pass checks both ends
    if input.size and not input.view(f"u{input.itemsize}").max() < rows:
        wrong = input[(input < 0) | (input >= rows)].reshape(-1)[0]
        raise IndexBoundsError(f"index out of range in self: {int(wrong)} is no row of a table with {rows} rows")


@define_op(
    inputs=("input", "weight"),
    shape=lambda shape, weight, padding_idx: (*shape, weight[1]),
    dtype=rules.DtypeRule(lambda operands, *attributes: (None, operands[1].dtype)),
    name="embedding",
    samples=lambda make: [
        make(np.array([[1, 4, 1], [0, 1, 2]]), make.array(5, 3), -1),
        make(np.array([3, 0, 3], np.int32), make.array(5, 3), -1),
        make(np.array(2), make.transposed(5, 3), -1),
        make(np.zeros((0, 2), np.int64), make.array(5, 3), -1),
    ],
    errors=lambda make: [
        make.error((np.array([0, 5]), make.array(5, 3), -1), IndexBoundsError, r"index out of range in self: 5"),
        make.error((np.array([0, -1]), make.array(5, 3), -1), IndexBoundsError, r"index out of range in self: -1"),
    ],
)
def _embedding(xp: Any, input: Any, weight: Any, padding_idx: Any) -> Any:
    """The rows of ``weight`` that ``input`` names. The row ``padding_idx`` gets no gradient; -1 for none such."""
    _check_range(xp, input, weight.shape[0])
    return xp.take(weight, input, axis=0)


_embedding.vjp(
    input=None,
    weight=lambda F, grad, input, weight_shape, padding_idx: F.embedding_backward(
        grad, input, weight_shape[0], padding_idx
    ),
)


@define_op(
    inputs=("grad_output", "input"),
    shape=lambda grad, input, rows, padding_idx: (rows, grad[-1]),
    dtype=rules.kept,
    samples=lambda make: [
        make(make.array(2, 3, 4), np.array([[1, 4, 1], [0, 1, 2]]), 5, -1),
        make(make.array(3, 4), np.array([3, 0, 3], np.int32), 5, 3),
        make(make.array(0, 4), np.zeros(0, np.int64), 5, -1),
    ],
)
def embedding_backward(xp: Any, grad_output: Any, input: Any, rows: Any, padding_idx: Any) -> Any:
    """Each row of ``grad_output`` added to the row of a table that ``input`` names."""
    columns = grad_output.shape[-1]
    result = xp.zeros((rows, columns), dtype=grad_output.dtype, device=grad_output.device)
    add_rows(xp, result, input.reshape(-1), grad_output.reshape(input.size, columns), zeros=True)
    if padding_idx >= 0:
        result[padding_idx] = 0
    return result


def _embedding_second(F: Any, grad: Any, input: Any, padding_idx: Any) -> Any:
    picked = F.embedding(input, grad, padding_idx)
    if padding_idx < 0:
        return picked
    return picked * F.reshape(input != padding_idx, (*input.shape, 1))


embedding_backward.vjp(grad_output=_embedding_second, input=None)


# --- batches of samples: tables one below the other


def _offset(F: Any, size: int, numbers: Any, batched: bool, rows: int) -> Any:
    """Row numbers in the table of each sample as row numbers in all tables, stacked; the samples in front."""
    shape = numbers.array.shape
    starts = arange(size, dtype=numbers.dtype, device=numbers.device) * rows
    starts = F.reshape(starts, (size, *(1,) * (len(shape) - batched)))
    return starts + (numbers if batched else F.reshape(numbers, (1, *shape)))


@_embedding.batched
def _embedding_batched(F: Any, size: int, batched: tuple[bool, ...], input: Any, weight: Any, padding_idx: Any) -> Any:
    if not batched[1]:
        return F.embedding(input, weight, padding_idx)
    rows, columns = weight.array.shape[1:]
    if padding_idx >= 0:  # each sample's row of this number is to have no gradient
        own = F.reshape(arange(rows, device=weight.device) == padding_idx, (rows, 1))
        weight = F.where(own, weight.detach(), weight)
    return F.embedding(_offset(F, size, input, batched[0], rows), F.reshape(weight, (size * rows, columns)), -1)


@embedding_backward.batched
def _embedding_backward_batched(
    F: Any, size: int, batched: tuple[bool, ...], grad_output: Any, input: Any, rows: Any, padding_idx: Any
) -> Any:
    shape = grad_output.array.shape
    whole = grad_output if batched[0] else F.expand(F.reshape(grad_output, (1, *shape)), (size, *shape))
    columns = shape[-1]
    numbers = _offset(F, size, input, batched[1], rows)
    if not batched[1]:
        numbers = F.expand(numbers, (size, *input.array.shape))
    result = F.reshape(F.embedding_backward(whole, numbers, size * rows, -1), (size, rows, columns))
    if padding_idx < 0:
        return result
    return F.masked_fill(result, F.reshape(arange(rows, device=grad_output.device) == padding_idx, (rows, 1)), 0.0)


__all__ = ["embedding_backward"]
