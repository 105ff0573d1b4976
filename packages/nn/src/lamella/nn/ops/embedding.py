"""Rows of a table picked by number."""

from __future__ import annotations

from typing import Any

import numpy as np

from lamella.core import rules
from lamella.core.dispatch import define_op
from lamella.core.errors import ArgumentError, DtypeError, IndexRangeError, ShapeError
from lamella.core.tensor import Tensor

#: Elements added at a time where rows repeat: their places, eight bytes each, then stay in the cache.
PIECE = 1 << 15


def _check_range(xp: Any, input: Any, rows: int) -> None:
    # as unsigned numbers the negative ones are large: one pass checks both ends
    if input.size and not input.view(f"u{input.itemsize}").max() < rows:
        wrong = input[(input < 0) | (input >= rows)].reshape(-1)[0]
        raise IndexRangeError(f"index out of range in self: {int(wrong)} is no row of a table with {rows} rows")


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
        make.error((np.array([0, 5]), make.array(5, 3), -1), IndexRangeError, r"index out of range in self: 5"),
        make.error((np.array([0, -1]), make.array(5, 3), -1), IndexRangeError, r"index out of range in self: -1"),
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
    """Each row of ``grad_output`` added to the row of a table that ``input`` names.

    An op for speed. Adding at repeated rows is slow (NumPy: 8.7 ms for 8192 rows of 64), copying rows is fast: so of
    the rows that go to one place the last is copied, and only the others are added, element by element (0.6 ms in all).
    """
    columns = grad_output.shape[-1]
    result = xp.zeros((rows, columns), dtype=grad_output.dtype, device=grad_output.device)
    places = input.reshape(-1)
    given = grad_output.reshape(-1, columns)
    numbers = xp.arange(places.size)
    last = xp.empty(rows, dtype=numbers.dtype)
    last[places] = numbers
    copied = last[places] == numbers
    if copied.all():
        result[places] = given
    else:
        first = xp.flatnonzero(copied)
        result[places[first]] = xp.take(given, first, axis=0)
        repeated = xp.flatnonzero(~copied)
        step = max(1, PIECE // max(1, columns))
        within = xp.arange(columns)
        flat = result.reshape(-1)
        for start in range(0, repeated.size, step):
            some = repeated[start : start + step]
            at = places[some][:, None] * columns + within
            xp.add.at(flat, at.reshape(-1), xp.take(given, some, axis=0).reshape(-1))
    if padding_idx >= 0:
        result[padding_idx] = 0
    return result


def _embedding_second(F: Any, grad: Any, input: Any, padding_idx: Any) -> Any:
    picked = F.embedding(input, grad, padding_idx)
    if padding_idx < 0:
        return picked
    return picked * F.reshape(input != padding_idx, (*input.shape, 1))


embedding_backward.vjp(grad_output=_embedding_second, input=None)


def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """The rows of a table that ``input`` names.

    Args:
        input: Row numbers of any shape, int64 or int32.
        weight: The table, ``(rows, columns)``.
        padding_idx: A row that gets no gradient; a negative one counts from the end.
        max_norm: Not offered.
        norm_type: Goes with ``max_norm``.
        scale_grad_by_freq: Not offered.
        sparse: Not offered.

    Returns:
        ``(*input.shape, columns)``.

    Raises:
        IndexError: A row number is out of range.
        ValueError: ``padding_idx`` is, or something is asked that is not offered.
        RuntimeError: Shapes or dtypes do not fit.
    """
    if max_norm is not None or scale_grad_by_freq or sparse:
        asked = "max_norm" if max_norm is not None else "scale_grad_by_freq" if scale_grad_by_freq else "sparse"
        raise ArgumentError(
            f"embedding: {asked} is not offered. Gradients are dense here; leave {asked} at its default"
            + (", and scale the rows yourself where needed." if asked != "sparse" else ".")
        )
    table = weight.array
    if table.ndim != 2:
        raise ShapeError(f"embedding: 'weight' must be 2-D (rows, columns), got shape {tuple(weight.shape)}")
    if input.array.dtype not in (np.int64, np.int32):
        raise DtypeError(
            f"embedding: expected row numbers of dtype Long or Int, but got {input.dtype}. Convert with x.long()."
        )
    rows = table.shape[0]
    if padding_idx is None:
        padding_idx = -1
    elif not -rows <= padding_idx < rows:
        raise ArgumentError(f"embedding: Padding_idx must be within num_embeddings ({rows} rows), got {padding_idx}")
    elif padding_idx < 0:
        padding_idx += rows
    return _embedding(input, weight, padding_idx)


__all__ = ["embedding"]
