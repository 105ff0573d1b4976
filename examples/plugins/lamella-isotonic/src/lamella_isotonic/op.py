"""Isotonic regression as an op, by the pool-adjacent-violators algorithm."""

from __future__ import annotations

from typing import Any

from lamella.core import rules
from lamella.core.dispatch import define_op
from lamella.core.errors import DtypeError, ShapeError

_real = rules.refusing(rules.only_floating, "complex")


def _rows(shape: rules.Shape, *rest: Any) -> rules.Shape:
    if not shape:
        raise ShapeError("expected at least one dimension, along which the values rise, got a single number")
    return shape


@define_op(
    inputs=("input",),
    shape=_rows,
    dtype=_real,
    trailing=1,
    samples=lambda make: [
        make(make.array(6)),
        make(make.array(2, 3, 5)),
        make(make.transposed(4, 3)),
        make(make.array(1)),
        make(make.array(0)),
        make(make.array(0, 3)),
    ],
    errors=lambda make: [
        make.error((make.array(),), ShapeError, "isotonic: expected at least one dimension"),
        make.error((make.ints(3, 2),), DtypeError, "isotonic: not defined for dtype lamella.int64"),
    ],
)
def isotonic(xp: Any, input: Any) -> Any:
    """The sequence that never falls, along the last dimension, and is closest to ``input``.

    With x the input and y the result::

        y = argmin (y_1 - x_1)² + … + (y_n - x_n)²   where   y_1 ≤ y_2 ≤ … ≤ y_n

    It is piecewise constant: each piece is the mean of the input there. So the gradient of a loss by x is that by y,
    averaged over each piece.

    Args:
        input: Real floating, ``(*, n)``.

    Returns:
        The result, ``(*, n)``.

    Raises:
        RuntimeError: ``input`` has no dimension, or its elements are integers or complex.

    Example:
        >>> import lamella
        >>> x = lamella.tensor([1.0, 3.0, 2.0, 4.0], requires_grad=True)
        >>> y = isotonic(x)
        >>> y.tolist()
        [1.0, 2.5, 2.5, 4.0]
        >>> y[1].backward()
        >>> x.grad
        tensor([0.0000, 0.5000, 0.5000, 0.0000])

    Reference:
        M. Blondel, O. Teboul, Q. Berthet, J. Djolonga: Fast differentiable sorting and ranking, 2020,
        https://arxiv.org/abs/2002.08871, section 5 and proposition 4 (which are for sequences that never rise).
    """
    n = input.shape[-1]
    rows = [_pooled(row) for row in input.reshape((-1, n)).tolist()] if n else []
    return xp.asarray(rows, dtype=input.dtype).reshape(input.shape)


def _pooled(values: list[float]) -> list[float]:
    """One row. Each block of the stack is a mean and how many values it is of; a block that falls joins the last."""
    blocks: list[tuple[float, int]] = []
    for value in values:
        mean, count = value, 1
        while blocks and blocks[-1][0] >= mean:
            before, of = blocks.pop()
            mean, count = (before * of + mean * count) / (of + count), of + count
        blocks.append((mean, count))
    return [mean for mean, count in blocks for _ in range(count)]


isotonic.vjp(input=lambda F, grad, out: F.block_mean(grad, out))


@define_op(
    inputs=("input", "levels"),
    shape=_rows,
    dtype=_real,
    trailing=1,
    linear=("input",),
    samples=lambda make: [
        make(make.array(6), make.ints(2, 6).astype(float)),
        make(make.array(2, 3, 5), make.ints(2, 2, 3, 5).astype(float)),
        make(make.transposed(4, 3), make.ints(2, 4, 3).astype(float)),
        make(make.array(0, 3), make.array(0, 3)),
    ],
)
def block_mean(xp: Any, input: Any, levels: Any) -> Any:
    """The means of ``input`` over each run of equal ``levels`` along the last dimension.

    Args:
        input: Real floating, ``(*, n)``.
        levels: Where the runs are, of the same shape.
    """
    if input.size == 0:
        return input.copy()
    begins = xp.ones(levels.shape, dtype=bool)
    begins[..., 1:] = levels[..., 1:] != levels[..., :-1]
    starts = xp.flatnonzero(begins)
    lengths = xp.diff(starts, append=input.size)
    means = xp.add.reduceat(input.reshape(-1), starts) / lengths
    return xp.repeat(means, lengths).reshape(input.shape).astype(input.dtype, copy=False)


# Averaging over runs is its own transpose.
block_mean.vjp(input=lambda F, grad, levels: F.block_mean(grad, levels), levels=None)
