"""Means, variances and standard deviations."""

from __future__ import annotations

import math
from typing import Any

from lamella.core import rules
from lamella.core.backends.chunks import along_first
from lamella.core.backends.sums import total as sum_over
from lamella.core.dispatch import define_op
from lamella.core.dtypes import dtype
from lamella.core.errors import DtypeError
from lamella.core.ops.comparison import isnan
from lamella.core.ops.conversions import to
from lamella.core.ops.logic import logical_not
from lamella.core.ops.reductions import Dims, as_rows, count, nansum, real_floating, spread, sum
from lamella.core.rules import numpy_names, some_dims
from lamella.core.tensor import Tensor

# --- means


def _average(xp: Any, input: Any, dims: tuple[int, ...], keepdim: bool) -> Any:
    """The mean over ``dims``; of float16 in float32, where the sum does not overflow."""
    wide = input.astype(xp.float32) if input.dtype == xp.float16 else input
    return xp.divide(sum_over(xp, wide, dims, keepdim), count(input.shape, dims)).astype(input.dtype, copy=False)


@define_op(
    inputs=("input",),
    shape=rules.reduced,
    dtype=rules.only_floating,
    linear=("input",),
    name="mean",
    samples=lambda make: [make.reductions(), make(make.array(700, 2), (0,), False)],
    errors=lambda make: [
        make.error((make.ints(4, 3), (0,), False), DtypeError, r"mean: not defined for dtype lamella.int64")
    ],
)
def _mean(xp: Any, input: Any, dims: Any, keepdim: Any) -> Any:
    """The mean over ``dims``; nan over no element."""
    return _average(xp, input, dims, keepdim)


_mean.vjp(
    input=lambda F, grad, input_shape, dims, keepdim: spread(
        F, grad / max(count(input_shape, dims), 1), input_shape, dims, keepdim
    )
)


@numpy_names
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


@numpy_names
def nanmean(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: dtype | None = None) -> Tensor:
    """Like :func:`mean`, of the elements that are not nan; nan where all are.

    Raises:
        RuntimeError: The elements are integers, bools or complex.
    """
    if not input.is_floating_point():
        raise DtypeError(f"nanmean: not defined for dtype {input.dtype}; expected floating. Convert with x.float().")
    return nansum(input, dim, keepdim, dtype=dtype) / sum(logical_not(isnan(input)), dim, keepdim)


# --- variances


def _deviations(xp: Any, input: Any, dims: tuple[int, ...]) -> Any:
    """``input`` less its mean over ``dims``, in an array of its own."""
    return input - _average(xp, input, dims, True)


def _variance(xp: Any, input: Any, dims: tuple[int, ...], degrees: float, keepdim: bool) -> Any:
    """``degrees`` is what the sum of squared deviations is divided by."""
    rows = as_rows(input, dims) if input.dtype.kind == "f" and input.dtype != xp.float16 else None
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
    dtype=real_floating,
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
    rows = as_rows(input, dims) if input.dtype.kind == "f" else None
    if rows is None:
        apart = _deviations(xp, input, dims)
        apart *= xp.reshape(scaled, rules.reduced(input.shape, dims, True))
        return apart

    def fill(out: Any, part: Any, scale: Any) -> None:
        xp.subtract(part, _average(xp, part, (1,), True), out=out)
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
    dtype=real_floating,
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


@numpy_names
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


@numpy_names
def std(
    input: Tensor,
    dim: Dims | bool = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> Tensor:
    """The standard deviation over ``dim``: the root of :func:`var`, with the same arguments.

    Raises:
        RuntimeError: The elements are integers or bools.
    """
    dim, correction = _moment_arguments(dim, unbiased, correction)
    return _std(input, some_dims(dim, input.array.ndim), correction, keepdim)


@numpy_names
def var_mean(
    input: Tensor,
    dim: Dims | bool = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> tuple[Tensor, Tensor]:
    """:func:`var` and :func:`mean` over the same dimensions.

    Raises:
        RuntimeError: The elements are integers or bools.
    """
    dim, correction = _moment_arguments(dim, unbiased, correction)
    return var(input, dim, keepdim=keepdim, correction=correction), mean(input, dim, keepdim)


@numpy_names
def std_mean(
    input: Tensor,
    dim: Dims | bool = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> tuple[Tensor, Tensor]:
    """:func:`std` and :func:`mean` over the same dimensions.

    Raises:
        RuntimeError: The elements are integers or bools.
    """
    dim, correction = _moment_arguments(dim, unbiased, correction)
    return std(input, dim, keepdim=keepdim, correction=correction), mean(input, dim, keepdim)


#: Functions without ``out=``.
NO_OUT = (
    "std_mean",
    "var_mean",
)

__all__ = ["mean", "nanmean", "std", "std_mean", "var", "var_mean"]
