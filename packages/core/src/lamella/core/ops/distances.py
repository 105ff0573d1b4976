"""How far vectors are apart, and norms cut down."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from lamella.core import dtypes, rules
from lamella.core.algebra import raw
from lamella.core.backends.chunks import CHUNK
from lamella.core.dispatch import define_op
from lamella.core.errors import ArgumentError, ArgumentRangeError, ArgumentTypeError, DtypeError, ShapeError
from lamella.core.ops.conversions import to
from lamella.core.ops.creation import placed
from lamella.core.ops.indexing import index_select
from lamella.core.ops.reductions import vector_norm
from lamella.core.ops.selection import where
from lamella.core.ops.shapes import reshape
from lamella.core.rules import one_dim
from lamella.core.tensor import Tensor, check_tensor

Shape = tuple[int, ...]

# --- distances between all rows of two matrices

_real_floats = rules.refusing(rules.matching, "bool", "integer", "complex")


def _pairs(x1: Shape, x2: Shape, *rest: Any) -> Shape:
    if len(x1) < 2 or len(x2) < 2:
        raise ShapeError(f"only supports at least 2D tensors, got {len(x1)}D and {len(x2)}D. Use x.unsqueeze(0).")
    if x1[-1] != x2[-1]:
        raise ShapeError(f"X1 and X2 must have the same number of columns. X1: {x1[-1]} X2: {x2[-1]} ({x1} and {x2})")
    return (*rules.broadcast(x1[:-2], x2[:-2]), x1[-2], x2[-2])


def _blocks(x1: Any, x2: Any) -> Iterator[tuple[slice, Any]]:
    """Slices of the rows of ``x1`` with their differences from those of ``x2``, few enough to stay in the cache."""
    batch = rules.broadcast(x1.shape[:-2], x2.shape[:-2])
    step = max(1, CHUNK // max(1, math.prod(batch) * x2.shape[-2] * x2.shape[-1]))
    for i in range(0, x1.shape[-2], step):
        rows = slice(i, i + step)
        yield rows, x1[..., rows, None, :] - x2[..., None, :, :]


@define_op(
    inputs=("x1", "x2"),
    shape=_pairs,
    trailing=2,
    dtype=_real_floats,
    autocast="float32",
    name="cdist",
    samples=lambda make: [
        *(make(make.array(3, 2), make.array(4, 2), p) for p in (0, 1, 1.5, 2, 3, math.inf)),
        make(make.array(2, 1, 3, 2), make.array(3, 2, 2), 3),
        make(make.transposed(3, 4), make.array(2, 4), 2),
        make(make.array(0, 2), make.array(3, 2), 2),
        make(make.array(2, 0), make.array(3, 0), math.inf),
        make(make.array(300, 2), make.array(90, 2), 1),
    ],
    errors=lambda make: [
        make.error((make.array(2), make.array(2, 2), 2), ShapeError, r"cdist: only supports at least 2D tensors"),
        make.error((make.array(2, 3), make.array(2, 2), 2), ShapeError, r"cdist: .* same number of columns"),
        make.error((make.ints(3, 2, 3), make.ints(3, 2, 3), 2), DtypeError, r"cdist: not defined for dtype"),
    ],
)
def _cdist(xp: Any, x1: Any, x2: Any, p: Any) -> Any:
    """The ``p``-norms of the differences of all rows of ``x1`` and all of ``x2``.

    An op because composed it would make an array of all differences.
    """
    shape = _pairs(x1.shape, x2.shape)
    result = xp.zeros(shape, dtype=x1.dtype, device=x1.device)
    if x1.shape[-1]:
        norm = raw(type(x1)).F.vector_norm
        for rows, difference in _blocks(x1, x2):
            result[..., rows, :] = norm(difference, p, (difference.ndim - 1,), False)
    return result


def _slope(F: Any, difference: Any, distance: Any, p: Any) -> Any:
    """The derivative of ``distance`` by each element of ``difference``; 0 where there is none."""
    if p == 0:
        return difference * 0.0
    if p == 1:
        return F.sign(difference)
    if p == math.inf:  # of several that are the largest each counts in full, as in PyTorch
        return F.where(F.abs(difference) == distance, F.sign(difference), 0.0)
    safe = F.where(distance == 0, 1.0, distance)
    if p == 2:
        return F.where(distance == 0, 0.0, difference / safe)
    size = F.abs(difference)
    power = F.pow(F.where(size == 0, 1.0, size) / safe, p - 1)
    return F.where((size == 0) | (distance == 0), 0.0, F.sign(difference) * power)


def _cdist_grads(F: Any, grad: Any, out: Any, x1: Any, x2: Any, p: Any, needs: Any) -> Any:
    return (
        F.cdist_backward(grad, x1, x2, out, p) if needs[0] else None,
        F.cdist_backward(grad.mT, x2, x1, out.mT, p) if needs[1] else None,
    )


_cdist.vjp(_cdist_grads)


@define_op(
    inputs=("grad_output", "input", "other", "output"),
    shape=lambda grad_output, input, *rest: (*grad_output[:-2], *input[-2:]),
    trailing=2,
    dtype=_real_floats,
    samples=lambda make: [
        *(
            make(make.array(3, 4), make.array(3, 2), make.array(4, 2), make.array(3, 4, low=1, high=2), p)
            for p in (0, 1, 1.5, 2, 3)
        ),
        make(make.array(2, 3, 4), make.array(2, 1, 3, 2)[:, 0], make.array(4, 2), make.array(2, 3, 4, low=1), 3),
    ],
)
def cdist_backward(xp: Any, grad_output: Any, input: Any, other: Any, output: Any, p: Any) -> Any:
    """The gradient of ``cdist(input, other, p)``, which is ``output``, by ``input``."""
    F = raw(type(input)).F
    result = xp.zeros((*grad_output.shape[:-2], *input.shape[-2:]), dtype=input.dtype, device=input.device)
    for rows, difference in _blocks(input, other):
        slope = _slope(F, difference, output[..., rows, :, None], p)
        result[..., rows, :] = F.matmul(grad_output[..., rows, None, :], slope)[..., 0, :]
    return result


def _cdist_backward_grads(
    F: Any, grad: Any, grad_output: Any, input: Any, other: Any, output: Any, p: Any
) -> tuple[Any, ...]:
    # everything here is (…, rows of input, rows of other, columns)
    *batch, rows, columns = grad.shape
    others = grad_output.shape[-1]
    from_input = F.reshape(input, (*input.shape[:-1], 1, columns))
    difference = from_input - F.reshape(other, (*other.shape[:-2], 1, others, columns))
    distance = F.reshape(output, (*output.shape, 1))
    grad = F.reshape(grad, (*batch, rows, 1, columns))
    slope = _slope(F, difference, distance, p)
    last = len(batch) + 2
    for_grad = F.sum(grad * slope, (last,), False)
    if p in (0, 1, math.inf):  # straight lines
        return for_grad, None, None, None
    weight = grad * F.reshape(grad_output, (*grad_output.shape, 1)) * (p - 1)
    safe = F.where(distance == 0, 1.0, distance)
    by_difference = F.where(distance == 0, 0.0, weight / safe)
    if p != 2:
        size = F.abs(difference)
        relative = F.where(size == 0, 1.0, size) / safe
        by_difference = F.where(size == 0, 0.0, by_difference * F.pow(relative, p - 2))
    by_distance = -weight * slope / safe
    return (
        for_grad,
        F.sum(by_difference, (last - 1,), False),
        -F.sum(by_difference, (last - 2,), False),
        F.sum(by_distance, (last,), False),
    )


cdist_backward.vjp(_cdist_backward_grads)


@define_op(
    inputs=("x1", "x2"),
    shape=_pairs,
    trailing=2,
    dtype=_real_floats,
    samples=lambda make: [
        make(make.array(3, 2), make.array(4, 2)),
        make(make.array(2, 1, 3, 2), make.array(3, 2, 2)),
        make(make.transposed(3, 4), make.array(2, 4)),
        make(make.array(0, 2), make.array(3, 2)),
        make(make.array(2, 0), make.array(3, 0)),
    ],
)
def euclidean_distances(xp: Any, x1: Any, x2: Any) -> Any:
    """What ``cdist`` gives for ``p=2``, from ``|a|² + |b|² - 2 a·b``: most of the work is one matrix product.

    Distances far below the vectors' own lengths lose digits.
    """
    squares = raw(type(x1)).F.matmul(x1, x2.mT)
    squares *= -2
    squares += xp.sum(x1 * x1, axis=-1)[..., :, None]
    squares += xp.sum(x2 * x2, axis=-1)[..., None, :]
    return xp.sqrt(xp.maximum(squares, 0, out=squares), out=squares)


def _euclidean_grads(F: Any, grad: Any, out: Any, x1: Any, x2: Any) -> tuple[Any, Any]:
    ratio = F.where(out == 0, 0.0, grad / F.where(out == 0, 1.0, out))
    last = ratio.ndim - 1
    return (
        x1 * F.sum(ratio, (last,), True) - F.matmul(ratio, x2),
        x2 * F.sum(ratio.mT, (last,), True) - F.matmul(ratio.mT, x1),
    )


euclidean_distances.vjp(_euclidean_grads)

#: From so many rows on, `cdist` saves time with matrix products, unless told otherwise; PyTorch's number.
_MANY = 25


def _check_order(op: str, p: Any) -> None:
    if isinstance(p, bool) or not isinstance(p, (int, float)):
        raise ArgumentTypeError(f"{op}(): argument 'p' must be a number, not {type(p).__name__}")
    if not p >= 0:
        raise ArgumentRangeError(f"{op}: only supports non-negative p values, got {p}")


def cdist(x1: Tensor, x2: Tensor, p: float = 2.0, compute_mode: str = "use_mm_for_euclid_dist_if_necessary") -> Tensor:
    """The distances of all rows of ``x1`` from all rows of ``x2``: the ``p``-norms of their differences.

    Args:
        x1: ``(…, P, M)``. x2: ``(…, R, M)``; their leading dimensions broadcast.
        p: The norm, 0 or more: 0 counts the differences, ``math.inf`` takes the largest.
        compute_mode: Whether distances for ``p=2`` come from matrix products, which is fast, and less accurate where
            they are far smaller than the vectors: "use_mm_for_euclid_dist_if_necessary" for more than 25 rows on either
            side, "use_mm_for_euclid_dist" always, "donot_use_mm_for_euclid_dist" never.

    Returns:
        ``(…, P, R)``.

    Raises:
        RuntimeError: The shapes do not fit, the tensors are not of one floating-point dtype, or ``p`` is negative.
        ValueError: There is no such ``compute_mode``. TypeError: one is no Tensor, or ``p`` no number.

    Example:
        >>> lamella.cdist(lamella.tensor([[0.0, 0.0]]), lamella.tensor([[3.0, 4.0], [1.0, 0.0]])).tolist()
        [[5.0, 1.0]]
    """
    check_tensor("cdist", "x1", x1)
    check_tensor("cdist", "x2", x2)
    _check_order("cdist", p)
    modes = ("use_mm_for_euclid_dist_if_necessary", "use_mm_for_euclid_dist", "donot_use_mm_for_euclid_dist")
    if compute_mode not in modes:
        raise ArgumentError(f"cdist: {compute_mode!r} is not a valid value for compute_mode; it is {', '.join(modes)}")
    if p == 2 and compute_mode != modes[2]:
        many = any(x.array.shape[-2] > _MANY for x in (x1, x2) if x.array.ndim > 1)
        if many or compute_mode == modes[1]:
            return euclidean_distances(x1, x2)
    return _cdist(x1, x2, float(p))


def pdist(input: Tensor, p: float = 2) -> Tensor:
    """The distances of all rows from each other: the ``p``-norms of their differences, one for each pair.

    Args:
        input: ``(N, M)``. p: the norm, 0 or more.

    Returns:
        ``(N * (N - 1) / 2,)``: of row 0 from 1, 2, …, then of row 1 from 2, 3, ….

    Raises:
        RuntimeError: It is no matrix of a floating-point dtype, or ``p`` is negative. TypeError: ``p`` is no number.
    """
    if input.array.ndim != 2:
        raise ShapeError(f"pdist: only supports 2D tensors, got: {input.array.ndim}D")
    _check_order("pdist", p)
    n = input.array.shape[0]
    above = placed(np.flatnonzero(np.triu(np.ones((n, n), np.bool_), 1)), input.device)
    return index_select(reshape(_cdist(input, input, float(p)), n * n), 0, above)


def dist(input: Tensor, other: Tensor, p: float = 2) -> Tensor:
    """The ``p``-norm of ``input - other``, of all elements.

    Args:
        input, other: Of shapes that broadcast, floating-point or complex. p: the norm; may be inf, -inf or 0.

    Raises:
        RuntimeError: Shapes do not broadcast, or both are of integers. TypeError: one is no Tensor.
    """
    difference = check_tensor("dist", "input", input) - check_tensor("dist", "other", other)
    return vector_norm(difference, p, tuple(range(difference.array.ndim)), False)


def renorm(input: Tensor, p: float, dim: int, maxnorm: float) -> Tensor:
    """``input`` with each part along ``dim`` whose ``p``-norm is above ``maxnorm`` scaled down to it.

    Args:
        input: Of 2 dimensions or more, floating-point or complex. p: the norm, above 0.
        dim: The dimension whose parts are looked at one by one. maxnorm: 0 or more.

    Raises:
        RuntimeError: ``p``, ``maxnorm``, the dtype or the number of dimensions is not as said.
        IndexError: There is no such dimension.
    """
    ndim = input.array.ndim
    if ndim < 2:
        raise ShapeError(f"renorm: input needs at least 2 dimensions, got {ndim}. Use input.unsqueeze(0).")
    if isinstance(p, complex) or not p > 0:
        raise ArgumentRangeError(f"renorm: expected p to be real and above 0, got {p}")
    if not maxnorm >= 0:
        raise ArgumentRangeError(f"renorm: expected maxnorm to be >= 0, got {maxnorm}")
    kept = one_dim(dim, ndim)
    wide = to(input, dtype=dtypes.float32) if input.dtype.itemsize == 2 else input  # a norm may exceed float16
    norms = vector_norm(wide, p, tuple(d for d in range(ndim) if d != kept), True)
    factor = where(norms > maxnorm, maxnorm / (norms + 1e-7), 1.0)
    return to(wide * factor, dtype=input.dtype)


IN_PLACE = ("renorm",)
#: As in PyTorch; also ``nn.functional.pdist``.
NOT_METHODS = ("pdist",)

#: Functions without ``out=``.
NO_OUT = (
    "cdist",
    "dist",
    "pdist",
)

__all__ = ["cdist", "dist", "pdist", "renorm"]
