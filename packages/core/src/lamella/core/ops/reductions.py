"""Ops that reduce dimensions: sums, products, norms, tests. Moments are in ``moments``, extremes in ``extremes``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from lamella.core import dtypes, rules
from lamella.core.backends.sums import total as sum_over
from lamella.core.dispatch import define_op
from lamella.core.dtypes import dtype
from lamella.core.errors import ArgumentRangeError, DtypeError
from lamella.core.ops.comparison import isnan
from lamella.core.ops.conversions import to
from lamella.core.ops.scans import accumulated
from lamella.core.ops.selection import where
from lamella.core.ops.shapes import reshape
from lamella.core.rules import DtypeRule, numpy_names, one_dim, some_dims
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


def as_rows(input: Any, dims: tuple[int, ...]) -> Any:
    """``input`` as a matrix whose rows are reduced, if its memory lies that way; else None."""
    kept = input.ndim - len(dims)
    if dims != tuple(range(kept, input.ndim)) or not dims or not input.flags.c_contiguous or input.size == 0:
        return None
    return input.reshape(math.prod(input.shape[:kept]), count(input.shape, dims))


# --- sums


@define_op(
    inputs=("input",),
    shape=rules.reduced,
    dtype=rules.summed,
    linear=("input",),
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


@numpy_names
def sum(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: dtype | None = None) -> Tensor:
    """The sum over ``dim``, one or several dimensions; over all by default.

    Args:
        dim: Dimensions to reduce. keepdim: keep them with size 1.
        dtype: Convert to it first. Integers and bools are summed as int64 by default.

    Raises:
        IndexError: There is no such dimension. RuntimeError: one is named twice.
    """
    if dtype is not None:
        input = to(input, dtype=dtype)
    return _in_dtype(_sum(input, some_dims(dim, input.array.ndim), keepdim), dtype)


@numpy_names
def nansum(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: dtype | None = None) -> Tensor:
    """Like :func:`sum`, with nan counted as 0.

    Raises:
        IndexError: There is no such dimension. RuntimeError: one is named twice, or the elements are complex.
    """
    if input.is_complex():
        raise DtypeError(f"nansum: not defined for dtype {input.dtype}. Add x.real and x.imag apart.")
    if input.is_floating_point():
        input = where(isnan(input), 0.0, input)
    return sum(input, dim, keepdim, dtype=dtype)


#: Elements of half a row that are multiplied one by one.
_FEW = 16


@define_op(
    inputs=("input",),
    shape=lambda shape, dim, keepdim: rules.reduced(shape, (dim,) if shape else (), keepdim),
    dtype=rules.summed,
    autocast="float32",
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
    wide = xp.float32 if input.dtype == xp.float16 else input.dtype
    rest = input.astype(wide, copy=False)
    if input.ndim and dim == input.ndim - 1:
        # NumPy multiplies vectors with vectors only: halves of each row, until little is left
        while (half := rest.shape[dim] // 2) > _FEW:
            folded = rest[..., :half] * rest[..., half : 2 * half]
            if rest.shape[dim] % 2:
                folded[..., :1] *= rest[..., -1:]
            rest = folded
    product = xp.prod(rest, axis=dim if input.ndim else None, dtype=wide, keepdims=keepdim)
    return product.astype(input.dtype, copy=False)


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


@numpy_names
def prod(input: Tensor, dim: int | None = None, keepdim: bool = False, *, dtype: dtype | None = None) -> Tensor:
    """The product along ``dim``, or of all elements; 1 over no element.

    Args:
        dim: Dimension to reduce. keepdim: keep it with size 1.
        dtype: Convert to it first. Integers and bools are multiplied as int64 by default.

    Raises:
        IndexError: There is no such dimension.
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
    linear=("input",),
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
    # added one by one, 4 million times 0.1 is wrong by 4 % in float32
    wide = {"f": xp.float64, "c": xp.complex128}.get(input.dtype.kind, input.dtype)
    if reverse:
        return xp.flip(accumulated(xp.add, xp.cumsum, xp.flip(input, axis=dim), dim, wide), axis=dim).copy()
    return accumulated(xp.add, xp.cumsum, input, dim, wide)


_cumsum.vjp(input=lambda F, grad, dim, reverse: F.cumsum(grad, dim, not reverse))


@numpy_names
def cumsum(input: Tensor, dim: int, *, dtype: dtype | None = None) -> Tensor:
    """The sums of all elements up to each along ``dim``.

    Args:
        dim: Along which to add.
        dtype: Convert to it first. Integers and bools are summed as int64 by default.

    Raises:
        IndexError: There is no such dimension. RuntimeError: ``dtype`` is bool.
    """
    if dtype is dtypes.bool:
        raise DtypeError("cumsum: not defined for dtype lamella.bool; expected another dtype, such as lamella.int64")
    if dtype is not None:
        input = to(input, dtype=dtype)
    return _in_dtype(_cumsum(input, one_dim(dim, input.array.ndim), False), dtype)


# --- norms

#: Refuses integers; a complex input gives a real result.
real_floating = DtypeRule(
    lambda operands, *rest: (None, dtypes.from_numpy_dtype(rules.only_floating.find(operands)[1]).to_real().numpy)
)


@define_op(
    inputs=("input",),
    shape=lambda shape, ord, dims, keepdim: rules.reduced(shape, dims, keepdim),
    dtype=real_floating,
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
    rows = as_rows(input, dims) if ord == 2 and input.dtype.kind == "f" else None
    if rows is not None:
        return xp.sqrt(xp.vecdot(rows, rows)).reshape(rules.reduced(input.shape, dims, keepdim))
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
    norm = out
    grad, out = spread(F, grad, shape, dims, keepdim), spread(F, norm, shape, dims, keepdim)
    if ord == 1:
        return grad * F.sign(input)
    if abs(ord) == math.inf:
        largest = F.abs(input) == out
        shares = F.sum(F.where(largest, F.abs(out) * 0.0 + 1.0, 0.0), dims, True)
        return F.where(largest, grad * F.sign(input) / shares, 0.0)
    # at 0 the gradient is taken to be 0, as in PyTorch; no inf or nan may arise there, not even where it is not used
    if ord == 2:
        return grad * (input / spread(F, F.where(norm == 0, math.inf, norm), shape, dims, keepdim))
    safe = F.where(out == 0, 1.0, out)
    size = F.abs(input)
    power = F.where(size == 0, 0.0, F.pow(F.where(size == 0, 1.0, size) / safe, ord - 1))
    return grad * F.sign(input) * power


vector_norm.vjp(input=_norm_input)


@define_op(
    inputs=("input",),
    shape=rules.reduced,
    dtype=rules.floating,
    name="logsumexp",
    samples=lambda make: [make.reductions()],
)
def _logsumexp(xp: Any, input: Any, dims: Any, keepdim: Any) -> Any:
    """``log(sum(exp(input)))`` over ``dims``, without overflow."""
    largest = xp.max(input.real, axis=dims, keepdims=True, initial=-math.inf)
    largest = xp.where(xp.isfinite(largest), largest, xp.zeros_like(largest))  # inf - inf would be nan
    total = xp.log(sum_over(xp, xp.exp(input - largest), dims, True)) + largest
    return xp.reshape(total, rules.reduced(input.shape, dims, keepdim))


def _logsumexp_input(F: Any, grad: Any, out: Any, input: Any, dims: Any, keepdim: Any) -> Any:
    finite = F.where(F.isfinite(out), out, 0.0)
    return spread(F, grad, input.shape, dims, keepdim) * F.exp(
        F.conj(input - spread(F, finite, input.shape, dims, keepdim))
    )


_logsumexp.vjp(input=_logsumexp_input)


@numpy_names
def logsumexp(input: Tensor, dim: Dims, keepdim: bool = False) -> Tensor:
    """``log(sum(exp(input)))`` over ``dim``, without overflow; -inf over no element.

    Args:
        dim: Dimensions to reduce. keepdim: keep them with size 1.

    Raises:
        IndexError: There is no such dimension. RuntimeError: one is named twice.
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
    return () if isinstance(dim, Sequence) and not dim else some_dims(dim, input.array.ndim)


@numpy_names
def any(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """Whether any element is not 0, over ``dim`` or all dimensions; False over no element.

    Raises:
        IndexError: There is no such dimension. RuntimeError: one is named twice.
    """
    return _any(input, _tested_dims(input, dim), keepdim)


@numpy_names
def all(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """Whether all elements are not 0, over ``dim`` or all dimensions; True over no element.

    Raises:
        IndexError: There is no such dimension. RuntimeError: one is named twice.
    """
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


@numpy_names
def count_nonzero(input: Tensor, dim: Dims = None) -> Tensor:
    """How many elements are not 0, over ``dim`` or all dimensions.

    Raises:
        IndexError: There is no such dimension. RuntimeError: one is named twice.
    """
    return _count_nonzero(input, some_dims(dim, input.array.ndim))


IN_PLACE = ("cumsum",)

#: Functions without ``out=``.
NO_OUT = ("count_nonzero",)

__all__ = [
    "all",
    "any",
    "count_nonzero",
    "cumsum",
    "logsumexp",
    "nansum",
    "prod",
    "sum",
]
