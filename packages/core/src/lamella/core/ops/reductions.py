"""Ops that reduce dimensions: sums, products, moments, norms, tests. Extremes are in ``extremes``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from lamella.core import dtypes, rules
from lamella.core.backends.chunks import along_first
from lamella.core.backends.sums import total as sum_over
from lamella.core.dispatch import define_op
from lamella.core.dtypes import dtype
from lamella.core.errors import ArgumentRangeError, DtypeError
from lamella.core.ops.creation import to
from lamella.core.ops.shapes import reshape
from lamella.core.rules import DtypeRule, one_dim, some_dims
from lamella.core.tensor import Tensor

Dims = int | Sequence[int] | None

# In the primitives `dims` is a sorted tuple, counted from the front.


def spread(F: Any, grad: Any, input_shape: Any, dims: Any, keepdim: Any) -> Any:
    """The gradient of what a reduction gave (or the result itself), repeated over what was reduced, without a copy."""
    if not keepdim and len(dims) < len(input_shape):
        grad = F.reshape(grad, tuple(1 if i in dims else s for i, s in enumerate(input_shape)))
    return F.expand(grad, input_shape)


def count(shape: Sequence[int], dims: Sequence[int]) -> int:
    """How many elements are reduced to one."""
    return math.prod(shape[d] for d in dims)


# --- sums


@define_op(
    inputs=("input",),
    shape=rules.reduced,
    dtype=rules.summed,
    name="sum",
    samples=lambda make: [
        make.reductions(),
        make(make.array(700, 2), (0,), False),
        make(make.array(600, 2, 2), (0, 2), True),
    ],
)
def _sum(xp: Any, input: Any, dims: Any, keepdim: Any) -> Any:
    """The sum over ``dims``."""
    return sum_over(xp, input, dims, keepdim)


_sum.vjp(input=spread)


def _in_dtype(result: Tensor, dtype: dtype | None) -> Tensor:
    """A sum of small integers is int64, unless something else was asked for."""
    return result if dtype is None else to(result, dtype=dtype)


def sum(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: dtype | None = None) -> Tensor:
    """The sum over ``dim``, one or several dimensions; over all by default.

    Args:
        dim: Dimensions to reduce. keepdim: keep them with size 1.
        dtype: Convert to it first. Integers and bools are summed as int64 by default.
    """
    if dtype is not None:
        input = to(input, dtype=dtype)
    return _in_dtype(_sum(input, some_dims(dim, input.array.ndim), keepdim), dtype)


@define_op(
    inputs=("input",),
    shape=rules.reduced,
    dtype=rules.only_floating,
    name="mean",
    samples=lambda make: [make.reductions(), make(make.array(700, 2), (0,), False)],
    errors=lambda make: [
        make.error((make.ints(4, 3), (0,), False), DtypeError, r"mean: not defined for dtype lamella.int64")
    ],
)
def _mean(xp: Any, input: Any, dims: Any, keepdim: Any) -> Any:
    """The mean over ``dims``; nan over no element."""
    return xp.divide(sum_over(xp, input, dims, keepdim), count(input.shape, dims))


_mean.vjp(
    input=lambda F, grad, input_shape, dims, keepdim: spread(
        F, grad / max(count(input_shape, dims), 1), input_shape, dims, keepdim
    )
)


def mean(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: dtype | None = None) -> Tensor:
    """The mean over ``dim``, one or several dimensions; over all by default. Over no element it is nan.

    Args:
        dim: Dimensions to reduce. keepdim: keep them with size 1.
        dtype: Convert to it first: integers have no mean of their own dtype.

    Raises:
        RuntimeError: The elements are integers or bools, and no ``dtype`` is given.
    """
    if dtype is not None:
        input = to(input, dtype=dtype)
    return _mean(input, some_dims(dim, input.array.ndim), keepdim)


@define_op(
    inputs=("input",),
    shape=lambda shape, dim, keepdim: rules.reduced(shape, (dim,) if shape else (), keepdim),
    dtype=rules.summed,
    name="prod",
    samples=lambda make: [
        make(make.array(3, 4), 1, False),
        make(make.array(5, 2), 0, True),
        make(make.array(4) * [1, 0, 1, 1], 0, False),
        make(make.array(2, 3) * [0, 1, 0], 1, False),
        make(make.array(3, 1), 1, False),
        make(make.array(2, 0), 1, False),
        make(make.transposed(3, 4), 0, False),
        make(make.ints(4, 3), 0, False),
        make(make.array(), 0, False),
    ],
)
def _prod(xp: Any, input: Any, dim: Any, keepdim: Any) -> Any:
    """The product along ``dim``."""
    return xp.prod(input, axis=dim if input.ndim else None, keepdims=keepdim)


def _others(F: Any, x: Any, dim: int) -> Any:
    """For each element along ``dim`` the product of all others there: of pairs, then of the pairs' others.

    Unlike ``prod / x`` this is right where elements are 0, for gradients of gradients too.
    """
    n = x.shape[dim]
    if n <= 1:
        return F.pow(x, 0)
    half = n // 2
    a, b, odd = F.split_sizes(x, (half, half, n % 2), dim)
    pair, for_odd = F.split_sizes(_others(F, F.cat((a * b, odd), dim), dim), (half, n % 2), dim)
    return F.cat((pair * b, pair * a, for_odd), dim)


def _prod_input(F: Any, grad: Any, input: Any, input_shape: Any, dim: Any, keepdim: Any) -> Any:
    if not input_shape:
        return grad
    return spread(F, grad, input_shape, (dim,), keepdim) * F.conj(_others(F, input, dim))


_prod.vjp(input=_prod_input)


def prod(input: Tensor, dim: int | None = None, keepdim: bool = False, *, dtype: dtype | None = None) -> Tensor:
    """The product along ``dim``, or of all elements; 1 over no element.

    Args:
        dim: Dimension to reduce. keepdim: keep it with size 1.
        dtype: Convert to it first. Integers and bools are multiplied as int64 by default.
    """
    if dtype is not None:
        input = to(input, dtype=dtype)
    if dim is None:
        input, dim, keepdim = reshape(input, (-1,)), 0, False
    return _in_dtype(_prod(input, one_dim(dim, input.array.ndim), keepdim), dtype)


@define_op(
    inputs=("input",),
    shape=lambda shape, dim, reverse: shape,
    dtype=rules.summed,
    name="cumsum",
    samples=lambda make: [
        make(make.array(3, 4), 0, False),
        make(make.array(3, 4), 1, True),
        make(make.transposed(3, 2), 1, False),
        make(make.array(0, 2), 0, False),
        make(make.array(), 0, False),
        make(make.ints(4, 5), 0, False),
    ],
)
def _cumsum(xp: Any, input: Any, dim: Any, reverse: Any) -> Any:
    """Sums of all elements up to each along ``dim``; with ``reverse``, from each on."""
    if input.ndim == 0:
        return input.copy()
    if reverse:
        return xp.flip(xp.cumsum(xp.flip(input, axis=dim), axis=dim), axis=dim)
    return xp.cumsum(input, axis=dim)


_cumsum.vjp(input=lambda F, grad, dim, reverse: F.cumsum(grad, dim, not reverse))


def cumsum(input: Tensor, dim: int, *, dtype: dtype | None = None) -> Tensor:
    """The sums of all elements up to each along ``dim``.

    Args:
        dim: Along which to add.
        dtype: Convert to it first. Integers and bools are summed as int64 by default.
    """
    if dtype is not None:
        input = to(input, dtype=dtype)
    return _in_dtype(_cumsum(input, one_dim(dim, input.array.ndim), False), dtype)


# --- moments

_moments = DtypeRule(
    lambda operands, *rest: (None, dtypes.from_numpy_dtype(rules.only_floating.find(operands)[1]).to_real().numpy)
)


def _as_rows(input: Any, dims: tuple[int, ...]) -> Any:
    """``input`` as a matrix whose rows are reduced, if its memory lies that way; else None."""
    kept = input.ndim - len(dims)
    if dims != tuple(range(kept, input.ndim)) or not dims or not input.flags.c_contiguous or input.size == 0:
        return None
    return input.reshape(math.prod(input.shape[:kept]), count(input.shape, dims))


def _deviations(xp: Any, input: Any, dims: tuple[int, ...]) -> Any:
    """``input`` less its mean over ``dims``, in an array of its own."""
    return input - xp.divide(sum_over(xp, input, dims, True), count(input.shape, dims)).astype(input.dtype)


def _variance(xp: Any, input: Any, dims: tuple[int, ...], degrees: float, keepdim: bool) -> Any:
    """``degrees`` is what the sum of squared deviations is divided by."""
    rows = _as_rows(input, dims) if input.dtype.kind == "f" and input.dtype != xp.float16 else None
    if rows is not None:

        def fill(out: Any, part: Any) -> None:
            apart = _deviations(xp, part, (1,))
            xp.divide(xp.vecdot(apart, apart), degrees, out=out)

        result = along_first(fill, xp.empty(len(rows), dtype=input.dtype, device=input.device), rows)
        return result.reshape(rules.reduced(input.shape, dims, keepdim))
    if input.dtype == xp.float16:
        return _variance(xp, input.astype(xp.float32), dims, degrees, keepdim).astype(xp.float16)
    apart = _deviations(xp, input, dims)
    squares = apart.real**2 + apart.imag**2 if input.dtype.kind == "c" else apart * apart
    return xp.divide(sum_over(xp, squares, dims, keepdim), degrees)


def _degrees(shape: Any, dims: Any, correction: float) -> float:
    return max(0, count(shape, dims) - correction)


def _spread_samples(make: Any) -> list[Any]:
    return [
        make(make.array(3, 4), (1,), 1, False),
        make(make.array(3, 4), (0,), 0, True),
        make(make.array(2, 3, 2), (0, 2), 1, False),
        make(make.array(2, 3, 2), (0, 1, 2), 2, False),
        make(make.transposed(4, 3), (1,), 0.5, False),
    ]


def _spread_errors(make: Any, name: str) -> list[Any]:
    return [make.error((make.ints(4, 3), (0,), 1, False), DtypeError, rf"{name}: not defined for dtype lamella.int64")]


@define_op(
    inputs=("input",),
    shape=lambda shape, dims, correction, keepdim: rules.reduced(shape, dims, keepdim),
    dtype=_moments,
    name="var",
    samples=_spread_samples,
    errors=lambda make: _spread_errors(make, "var"),
)
def _var(xp: Any, input: Any, dims: Any, correction: Any, keepdim: Any) -> Any:
    """The variance over ``dims``; see :func:`var`."""
    return _variance(xp, input, dims, _degrees(input.shape, dims, correction), keepdim)


_var.vjp(input=lambda F, grad, input, dims, correction, keepdim: F.var_backward(grad, input, dims, correction, keepdim))


@define_op(
    inputs=("grad_output", "input"),
    shape=lambda given, shape, *rest: shape,
    dtype=rules.only_floating,
    samples=lambda make: [
        make(make.array(3), make.array(3, 4), (1,), 1, False),
        make(make.array(1, 4), make.array(3, 4), (0,), 0, True),
    ],
)
def var_backward(xp: Any, grad_output: Any, input: Any, dims: Any, correction: Any, keepdim: Any) -> Any:
    """``2 * grad_output * (input - mean) / (n - correction)``; an op for speed: its temporaries stay in the cache."""
    scaled = xp.multiply(grad_output, 2 / (_degrees(input.shape, dims, correction) or math.nan))
    rows = _as_rows(input, dims) if input.dtype.kind == "f" else None
    if rows is None:
        apart = _deviations(xp, input, dims)
        apart *= xp.reshape(scaled, rules.reduced(input.shape, dims, True))
        return apart

    def fill(out: Any, part: Any, scale: Any) -> None:
        mean = xp.divide(sum_over(xp, part, (1,), True), part.shape[1])
        xp.subtract(part, mean, out=out)
        out *= scale

    out = along_first(fill, xp.empty_like(rows), rows, xp.reshape(scaled, (len(rows), 1)))
    return out.reshape(input.shape)


def _var_backward_vjp(F: Any, grad: Any, grad_output: Any, input: Any, dims: Any, correction: Any, keepdim: Any) -> Any:
    """Both gradients; the op is linear in ``grad_output``, and in ``input`` less its mean."""
    scale = 2 / (_degrees(input.shape, dims, correction) or math.nan)
    apart = input - F.mean(input, dims, True)
    through = grad * F.conj(spread(F, grad_output, input.shape, dims, keepdim))
    return F.sum(grad * F.conj(apart), dims, keepdim) * scale, (through - F.mean(through, dims, True)) * scale


var_backward.vjp(_var_backward_vjp)


@define_op(
    inputs=("input",),
    shape=lambda shape, dims, correction, keepdim: rules.reduced(shape, dims, keepdim),
    dtype=_moments,
    name="std",
    samples=_spread_samples,
    errors=lambda make: _spread_errors(make, "std"),
)
def _std(xp: Any, input: Any, dims: Any, correction: Any, keepdim: Any) -> Any:
    """The standard deviation over ``dims``; see :func:`std`."""
    return xp.sqrt(_variance(xp, input, dims, _degrees(input.shape, dims, correction), keepdim))


def _std_input(F: Any, grad: Any, out: Any, input: Any, dims: Any, correction: Any, keepdim: Any) -> Any:
    # of elements that are all equal the gradient is taken to be 0, as in PyTorch
    halved = F.where(out == 0, 0.0, grad / F.where(out == 0, 1.0, out * 2))
    return F.var_backward(halved, input, dims, correction, keepdim)


_std.vjp(input=_std_input)


def _moment_arguments(dim: Any, unbiased: Any, correction: Any) -> tuple[Any, float]:
    """The dimensions and the correction, from PyTorch's two generations of arguments."""
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    if unbiased is not None:
        correction = int(unbiased)
    return dim, 1 if correction is None else correction


def var(
    input: Tensor,
    dim: Dims | bool = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> Tensor:
    """The variance over ``dim``, one or several dimensions; over all by default.

    Args:
        dim: Dimensions to reduce. keepdim: keep them with size 1.
        correction: What is taken off the number of elements before dividing by it; 1 by default.
        unbiased: The older name: True for a correction of 1, False for 0. May also stand in place of ``dim``.

    Raises:
        RuntimeError: The elements are integers or bools.
    """
    dim, correction = _moment_arguments(dim, unbiased, correction)
    return _var(input, some_dims(dim, input.array.ndim), correction, keepdim)


def std(
    input: Tensor,
    dim: Dims | bool = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> Tensor:
    """The standard deviation over ``dim``: the root of :func:`var`, with the same arguments."""
    dim, correction = _moment_arguments(dim, unbiased, correction)
    return _std(input, some_dims(dim, input.array.ndim), correction, keepdim)


def var_mean(
    input: Tensor,
    dim: Dims | bool = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> tuple[Tensor, Tensor]:
    """:func:`var` and :func:`mean` over the same dimensions."""
    dim, correction = _moment_arguments(dim, unbiased, correction)
    return var(input, dim, keepdim=keepdim, correction=correction), mean(input, dim, keepdim)


def std_mean(
    input: Tensor,
    dim: Dims | bool = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> tuple[Tensor, Tensor]:
    """:func:`std` and :func:`mean` over the same dimensions."""
    dim, correction = _moment_arguments(dim, unbiased, correction)
    return std(input, dim, keepdim=keepdim, correction=correction), mean(input, dim, keepdim)


# --- norms


@define_op(
    inputs=("input",),
    shape=lambda shape, ord, dims, keepdim: rules.reduced(shape, dims, keepdim),
    dtype=_moments,
    samples=lambda make: (
        [
            make(make.array(3, 4, away_from=0.0), p, dims, keepdim)
            for p, dims, keepdim in [
                (2, (0, 1), False),
                (2, (1,), True),
                (1, (0,), False),
                (3, (1,), False),
                (2.5, (0, 1), False),
                (math.inf, (1,), False),
                (-math.inf, (0,), False),
                (0, (1,), False),
            ]
        ]
        + [make(make.array(0), 2, (0,), False), make(make.array(away_from=0.0), 2, (), False)]
    ),
    errors=lambda make: [
        make.error((make.ints(4, 3), 2, (0,), False), DtypeError, r"vector_norm: not defined for dtype lamella.int64"),
        make.error(
            (make.array(0), math.inf, (0,), False), ArgumentRangeError, r"vector_norm: cannot compute the inf norm"
        ),
    ],
)
def vector_norm(xp: Any, input: Any, ord: Any, dims: Any, keepdim: Any) -> Any:
    """The ``ord``-norm over ``dims``: ``sum(|input| ** ord) ** (1 / ord)``, the largest ``|input|`` for inf."""
    if input.dtype == xp.float16:
        input = input.astype(xp.float32)
    if ord == 2 and len(dims) == input.ndim and not keepdim and input.dtype.kind == "f":
        flat = xp.reshape(input, (-1,))
        return xp.sqrt(xp.vecdot(flat, flat))
    size = xp.abs(input)
    if abs(ord) == math.inf:
        if count(input.shape, dims) == 0:
            raise ArgumentRangeError(
                f"vector_norm: cannot compute the {ord} norm of no element (input {input.shape}, dims {dims}): there "
                "is no identity. Test x.numel() first."
            )
        return (xp.max if ord > 0 else xp.min)(size, axis=dims, keepdims=keepdim)
    if ord == 0:
        return sum_over(xp, (size != 0).astype(size.dtype), dims, keepdim)
    if ord == 2:
        return xp.sqrt(sum_over(xp, size * size, dims, keepdim))
    if ord == 1:
        return sum_over(xp, size, dims, keepdim)
    return xp.pow(sum_over(xp, xp.pow(size, ord), dims, keepdim), 1 / ord)


def _norm_input(F: Any, grad: Any, out: Any, input: Any, ord: Any, dims: Any, keepdim: Any) -> Any:
    shape = input.shape
    if ord == 0:
        return input * 0.0
    grad, out = spread(F, grad, shape, dims, keepdim), spread(F, out, shape, dims, keepdim)
    if ord == 1:
        return grad * F.sign(input)
    if abs(ord) == math.inf:
        largest = F.abs(input) == out
        shares = F.sum(F.where(largest, F.abs(out) * 0.0 + 1.0, 0.0), dims, True)
        return F.where(largest, grad * F.sign(input) / shares, 0.0)
    # at 0 the gradient is taken to be 0, as in PyTorch; no inf or nan may arise there, not even where it is not used
    safe = F.where(out == 0, 1.0, out)
    if ord == 2:
        return F.where(out == 0, 0.0, grad * (input / safe))
    size = F.abs(input)
    power = F.where(size == 0, 0.0, F.pow(F.where(size == 0, 1.0, size) / safe, ord - 1))
    return grad * F.sign(input) * power


vector_norm.vjp(input=_norm_input)


def norm(
    input: Tensor, p: float | str | None = "fro", dim: Dims = None, keepdim: bool = False, dtype: dtype | None = None
) -> Tensor:
    """The ``p``-norm of the elements over ``dim``; of all by default.

    Args:
        p: The order; ``"fro"`` (the default) and None mean 2. inf and -inf take the largest and smallest size.
        dim: Dimensions to reduce. keepdim: keep them with size 1. dtype: convert to it first.

    Raises:
        RuntimeError: The elements are integers or bools; another string than ``"fro"``; the inf norm of no element.
    """
    if isinstance(p, str):
        if p != "fro":
            raise ArgumentRangeError(f"norm: p must be a number or 'fro', got {p!r}")
        p = 2
    if dtype is not None:
        input = to(input, dtype=dtype)
    return vector_norm(input, 2 if p is None else p, some_dims(dim, input.array.ndim), keepdim)


@define_op(
    inputs=("input",),
    shape=rules.reduced,
    dtype=DtypeRule(rules.refusing(rules.floating, "complex").find),
    name="logsumexp",
    samples=lambda make: [make.reductions()],
    errors=lambda make: [
        make.error(
            (make.array(2) + 1j, (0,), False), DtypeError, r"logsumexp: not defined for dtype lamella.complex128"
        )
    ],
)
def _logsumexp(xp: Any, input: Any, dims: Any, keepdim: Any) -> Any:
    """``log(sum(exp(input)))`` over ``dims``, without overflow."""
    largest = xp.max(input, axis=dims, keepdims=True, initial=-math.inf)
    largest = xp.where(xp.isfinite(largest), largest, xp.zeros_like(largest))  # inf - inf would be nan
    total = xp.log(sum_over(xp, xp.exp(input - largest), dims, True)) + largest
    return xp.reshape(total, rules.reduced(input.shape, dims, keepdim))


def _logsumexp_input(F: Any, grad: Any, out: Any, input: Any, dims: Any, keepdim: Any) -> Any:
    finite = F.where(F.isfinite(out), out, 0.0)
    return spread(F, grad, input.shape, dims, keepdim) * F.exp(input - spread(F, finite, input.shape, dims, keepdim))


_logsumexp.vjp(input=_logsumexp_input)


def logsumexp(input: Tensor, dim: Dims, keepdim: bool = False) -> Tensor:
    """``log(sum(exp(input)))`` over ``dim``, without overflow; -inf over no element.

    Args:
        dim: Dimensions to reduce. keepdim: keep them with size 1.
    """
    return _logsumexp(input, some_dims(dim, input.array.ndim), keepdim)


# --- tests

# PyTorch's one oddity: tests of uint8 give uint8
_test = DtypeRule(
    lambda operands, *rest: (None, (dtypes.uint8 if operands[0].dtype == dtypes.uint8.numpy else dtypes.bool).numpy)
)


def _truth_samples(make: Any) -> list[Any]:
    return [
        make(make.bools(3, 4), (1,), False),
        make(make.bools(3, 4), (0, 1), True),
        make(make.ints(2, 4, 2), (0,), False),
        make(make.array(2, 3), (1,), False),
        make(make.bools(2, 0), (1,), False),
        make(make.bools(2), (), False),
    ]


@define_op(inputs=("input",), shape=rules.reduced, dtype=_test, name="any", samples=_truth_samples)
def _any(xp: Any, input: Any, dims: Any, keepdim: Any) -> Any:
    """Whether any element over ``dims`` is not 0."""
    return xp.any(input, axis=dims, keepdims=keepdim)


@define_op(inputs=("input",), shape=rules.reduced, dtype=_test, name="all", samples=_truth_samples)
def _all(xp: Any, input: Any, dims: Any, keepdim: Any) -> Any:
    """Whether all elements over ``dims`` are not 0."""
    return xp.all(input, axis=dims, keepdims=keepdim)


def _tested_dims(input: Tensor, dim: Dims) -> tuple[int, ...]:
    # unlike other reductions' an empty `dim` reduces nothing here
    return () if dim is not None and not isinstance(dim, int) and len(dim) == 0 else some_dims(dim, input.array.ndim)


def any(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """Whether any element is not 0, over ``dim`` or all dimensions; False over no element."""
    return _any(input, _tested_dims(input, dim), keepdim)


def all(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """Whether all elements are not 0, over ``dim`` or all dimensions; True over no element."""
    return _all(input, _tested_dims(input, dim), keepdim)


@define_op(
    inputs=("input",),
    shape=rules.reduced,
    dtype=rules.index,
    name="count_nonzero",
    samples=lambda make: [make(make.ints(2, 3, 4), (1,)), make(make.array(3), (0,)), make(make.bools(2, 3), (0, 1))],
)
def _count_nonzero(xp: Any, input: Any, dims: Any) -> Any:
    """How many elements over ``dims`` are not 0."""
    return xp.count_nonzero(input, axis=dims)


def count_nonzero(input: Tensor, dim: Dims = None) -> Tensor:
    """How many elements are not 0, over ``dim`` or all dimensions."""
    return _count_nonzero(input, some_dims(dim, input.array.ndim))


__all__ = [
    "all",
    "any",
    "count_nonzero",
    "cumsum",
    "logsumexp",
    "mean",
    "norm",
    "prod",
    "std",
    "std_mean",
    "sum",
    "var",
    "var_mean",
]
