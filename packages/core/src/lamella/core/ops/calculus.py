"""Derivatives and integrals of sampled functions, and differences."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

from lamella.core import dtypes, rules
from lamella.core.errors import ArgumentRangeError, ArgumentTypeError, DtypeError, IndexRangeError, ShapeError
from lamella.core.ops.creation import zeros
from lamella.core.ops.logic import logical_xor
from lamella.core.ops.pieces import cat
from lamella.core.ops.reductions import cumsum, sum
from lamella.core.ops.shapes import clone, narrow, reshape, select
from lamella.core.rules import one_dim
from lamella.core.tensor import Tensor, check_tensor


def _but_last(x: Tensor, dim: int) -> Tensor:
    return narrow(x, dim, 0, max(0, x.array.shape[dim] - 1))


def _but_first(x: Tensor, dim: int) -> Tensor:
    size = x.array.shape[dim]
    return narrow(x, dim, min(1, size), max(0, size - 1))


# --- integrals


def _checked(op: str, y: Tensor, x: Any, dx: Any, dim: int) -> tuple[int, Any]:
    """``dim`` counted from the front, and the distances of the samples: a number, or a tensor that broadcasts."""
    if check_tensor(op, "y", y).array.ndim == 0:
        raise IndexRangeError(f"{op}: y must have a dimension, got a 0-dim tensor")
    ndim = y.array.ndim
    d = one_dim(dim, ndim)
    if any(each is not None and each.dtype is dtypes.bool for each in (y, x)):
        raise DtypeError(f"{op}: not defined for dtype lamella.bool. Convert with x.int() first.")
    if x is None:
        if dx is not None and not isinstance(dx, (int, float)):
            raise ArgumentRangeError(f"{op}: expected dx to be a real number, got {dx!r}")
        return d, 1 if dx is None else dx
    if dx is not None:
        raise ArgumentTypeError(f"{op}: x says where the samples are, dx how far apart; give one of them")
    if x.array.ndim == 1:
        if x.array.shape[0] != y.array.shape[d]:
            raise ShapeError(
                f"{op}: there must be one `x` value for each sample point, but x has {x.array.shape[0]}, and y "
                f"{y.array.shape[d]} along dim {d}"
            )
        x = reshape(x, [-1 if i == d else 1 for i in range(ndim)])
    elif x.array.ndim < ndim:
        x = reshape(x, (*(1,) * (ndim - x.array.ndim), *x.array.shape))
    return d, _but_first(x, d) - _but_last(x, d)


def trapezoid(y: Tensor, x: Tensor | None = None, *, dx: float | None = None, dim: int = -1) -> Tensor:
    """The integral along ``dim`` by the trapezoidal rule: ``sum((y[i] + y[i+1]) / 2 * (x[i+1] - x[i]))``.

    Args:
        y: Samples of the function. x: where they were taken: a vector for ``dim``, or a tensor that broadcasts with
            ``y``. dx: instead of ``x``, their distance; 1 by default. dim: the dimension to integrate along.

    Returns:
        ``y`` without ``dim``; of integers the default float dtype. 0 for one sample or none.

    Raises:
        RuntimeError: ``x`` does not fit, a tensor is of bools, or ``dx`` is not real.
        IndexError: There is no such dimension. TypeError: ``y`` is no Tensor, or both ``x`` and ``dx`` are given.
    """
    d, steps = _checked("trapezoid", y, x, dx, dim)
    if y.array.shape[d] == 0:
        return zeros(rules.reduced(y.array.shape, (d,)), dtype=y.dtype, device=y.device)
    if isinstance(steps, Tensor):
        return sum((_but_last(y, d) + _but_first(y, d)) * steps, d) / 2
    return (sum(y, d) - (select(y, d, 0) + select(y, d, -1)) * 0.5) * steps


def trapz(y: Tensor, x: Tensor | None = None, *, dx: float | None = None, dim: int = -1) -> Tensor:
    """Another name of :func:`trapezoid`."""
    return trapezoid(y, x, dx=dx, dim=dim)


def cumulative_trapezoid(y: Tensor, x: Tensor | None = None, *, dx: float | None = None, dim: int = -1) -> Tensor:
    """The integrals up to each sample but the first, along ``dim``, by the trapezoidal rule.

    Args:
        y: Samples of the function. x: where they were taken: a vector for ``dim``, or a tensor that broadcasts with
            ``y``. dx: instead of ``x``, their distance; 1 by default. dim: the dimension to integrate along.

    Returns:
        ``y`` with one element less along ``dim``; of integers the default float dtype.

    Raises:
        RuntimeError: ``x`` does not fit, a tensor is of bools, or ``dx`` is not real.
        IndexError: There is no such dimension. TypeError: ``y`` is no Tensor, or both ``x`` and ``dx`` are given.
    """
    d, steps = _checked("cumulative_trapezoid", y, x, dx, dim)
    pairs = _but_last(y, d) + _but_first(y, d)
    return cumsum(pairs * steps, d) / 2 if isinstance(steps, Tensor) else cumsum(pairs * (steps / 2), d)


# --- differences


def diff(
    input: Tensor, n: int = 1, dim: int = -1, prepend: Tensor | None = None, append: Tensor | None = None
) -> Tensor:
    """Differences of neighbours along ``dim``, ``input[i+1] - input[i]``; of bools, whether they differ.

    Args:
        input: Of 1 dimension or more. n: how often to take differences, 0 or more. dim: along which.
        prepend, append: To put before and after ``input`` along ``dim`` first; of its shape but for ``dim``.

    Raises:
        RuntimeError: ``n`` is negative, the tensor is 0-dim, or what to put before or after does not fit.
        IndexError: There is no such dimension. TypeError: an argument is of a wrong type.
    """
    ndim = input.array.ndim
    if ndim == 0:
        raise ShapeError("diff: expected input to be at least one-dimensional, got a 0-dim tensor")
    d = one_dim(dim, ndim)
    try:
        count = operator.index(n)
    except TypeError:
        raise ArgumentTypeError(f"diff(): argument 'n' must be int, not {type(n).__name__}") from None
    if count < 0:
        raise ArgumentRangeError(f"diff: order must be non-negative but got {count}")
    around = [(name, x) for name, x in (("prepend", prepend), ("append", append)) if x is not None]
    for name, x in around:
        given = check_tensor("diff", name, x).array.shape
        if len(given) != ndim or any(a != b for i, (a, b) in enumerate(zip(given, input.shape, strict=True)) if i != d):
            raise ShapeError(
                f"diff: expected {name} to have the input's shape {tuple(input.shape)} but for dimension {d}, got "
                f"{given}"
            )
    if count == 0:
        return clone(input)
    x = cat([part for part in (prepend, input, append) if part is not None], d) if around else input
    for _ in range(min(count, x.array.shape[d])):
        later, earlier = _but_first(x, d), _but_last(x, d)
        x = logical_xor(later, earlier) if x.dtype is dtypes.bool else later - earlier
    return x


# --- derivatives


def gradient(
    input: Tensor, *, spacing: Any = None, dim: int | Sequence[int] | None = None, edge_order: int = 1
) -> tuple[Tensor, ...]:
    """The derivatives of a sampled function along dimensions, by central differences; one-sided ones at the edges.

    Args:
        input: The samples. spacing: how far apart they are: a number for all dimensions, 1 by default; or a sequence
            with, for each of ``dim``, a number or the samples' coordinates, a vector.
        dim: Along which; all by default. edge_order: the order of accuracy at the edges, 1 or 2.

    Returns:
        For each of ``dim`` a tensor of the input's shape; of integers, of the default float dtype.

    Raises:
        RuntimeError: ``spacing`` does not fit, a dimension has fewer than ``edge_order + 1`` samples or is named twice,
            or the dtype is uint8 or bool.
        IndexError: There is no such dimension. TypeError: ``spacing`` is something else.

    Example:
        >>> lamella.gradient(lamella.tensor([1.0, 4.0, 9.0, 16.0]), edge_order=2)[0].tolist()
        [2.0, 4.0, 6.0, 8.0]
    """
    shape = input.array.shape
    if edge_order not in (1, 2):
        raise ArgumentRangeError(f"gradient: only supports edge_order=1 and edge_order=2, got {edge_order}")
    if input.dtype is dtypes.uint8:
        raise DtypeError("gradient: not defined for dtype lamella.uint8, whose differences wrap. Use x.int().")
    nowhere = isinstance(dim, Sequence) and not dim
    dims = () if nowhere else rules.some_dims(dim, len(shape))
    spacings = _spacings(spacing, dims, shape)
    for d in dims:
        if shape[d] <= edge_order:
            raise ShapeError(
                f"gradient: expected each dimension size to be at least edge_order+1 = {edge_order + 1}, but dimension "
                f"{d} has size {shape[d]}"
            )
    return tuple(_derivative(input, d, step, edge_order) for d, step in zip(dims, spacings, strict=True))


def _spacings(spacing: Any, dims: Sequence[int], shape: Sequence[int]) -> list[Any]:
    """For each dimension a number, a 0-dim tensor, or the distances of the samples as a tensor that broadcasts."""
    if spacing is None:
        return [1] * len(dims)
    if isinstance(spacing, (int, float, complex)) or (isinstance(spacing, Tensor) and spacing.array.ndim == 0):
        return [spacing] * len(dims)
    known = (int, float, complex, Tensor)
    if (
        isinstance(spacing, Tensor)
        or not isinstance(spacing, Sequence)
        or not all(isinstance(s, known) for s in spacing)
    ):
        raise ArgumentTypeError(
            "gradient(): argument 'spacing' must be a number or a sequence of numbers or of 1-D tensors, got "
            f"{spacing!r}. Put coordinates in a tuple: (coordinates,)."
        )
    if len(spacing) != len(dims):
        raise ShapeError(
            f"gradient: expected a spacing for each of {len(dims)} dimensions, got {len(spacing)}. Name them by dim=."
        )
    return [
        _distances(each, d, shape) if isinstance(each, Tensor) else each for d, each in zip(dims, spacing, strict=True)
    ]


def _distances(coordinates: Tensor, dim: int, shape: Sequence[int]) -> Tensor:
    if coordinates.array.shape != (shape[dim],):
        raise ShapeError(
            f"gradient: expected {shape[dim]} coordinates along dimension {dim}, got a tensor of shape "
            f"{tuple(coordinates.shape)}"
        )
    return reshape(diff(coordinates), [-1 if i == dim else 1 for i in range(len(shape))])


def _derivative(x: Tensor, dim: int, step: Any, edge_order: int) -> Tensor:
    size = x.array.shape[dim]
    even = not isinstance(step, Tensor) or step.array.ndim == 0

    def at(start: int, length: int = 1) -> Tensor:
        return narrow(x, dim, start, length)

    def gap(start: int, length: int = 1) -> Any:
        return step if even else narrow(step, dim, start, length)

    def inward(edge: int, way: int) -> Tensor:
        """The derivative at ``edge`` in the direction ``way``, 1 or -1, in which there are samples."""
        first, second, near = at(edge), at(edge + way), gap(min(edge, edge + way))
        if edge_order == 1:
            return (second - first) / near
        third = at(edge + 2 * way)
        if even:
            return (2 * second - 1.5 * first - 0.5 * third) / near
        far = gap(min(edge + way, edge + 2 * way))
        both = near + far
        return second * (both / (near * far)) - first * ((near + both) / (near * both)) - third * (near / (far * both))

    inner = size - 2
    if even:
        center = (at(2, inner) - at(0, inner)) / (2 * step)
    else:
        left, right = gap(0, inner), gap(1, inner)
        both = left + right
        center = (
            at(2, inner) * (left / (right * both))
            + at(1, inner) * ((right - left) / (left * right))
            - at(0, inner) * (right / (left * both))
        )
    return cat([inward(0, 1), center, -inward(size - 1, -1)], dim)


#: In PyTorch too a function alone.
NOT_METHODS = ("gradient",)

#: Functions without ``out=``.
NO_OUT = (
    "cumulative_trapezoid",
    "gradient",
    "trapezoid",
    "trapz",
)

__all__ = ["cumulative_trapezoid", "diff", "gradient", "trapezoid", "trapz"]
