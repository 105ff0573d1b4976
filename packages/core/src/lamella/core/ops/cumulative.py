"""Running results along a dimension: products, extremes, and sums of exponentials. Sums are in ``reductions``."""

from __future__ import annotations

import math
from typing import Any

from lamella.core import dtypes, rules
from lamella.core.dispatch import define_op
from lamella.core.dtypes import dtype
from lamella.core.errors import DtypeError
from lamella.core.ops.conversions import to
from lamella.core.ops.extremes import result_type
from lamella.core.ops.pairs import MANY
from lamella.core.ops.scans import accumulated
from lamella.core.ops.sorting import picked, pointing
from lamella.core.rules import numpy_names, one_dim
from lamella.core.tensor import Tensor

CummaxResult = result_type("cummax", "values", "indices")
CumminResult = result_type("cummin", "values", "indices")


def _samples(make: Any) -> list[Any]:
    return [
        make(make.array(3, 4), 0),
        make(make.array(2, 5), 1),
        make(make.transposed(3, 2), 1),
        make(make.array(0, 2), 0),
        make(make.array(2, 0), 1),
        make(make.array(1), 0),
        make(make.array(), 0),
    ]


def _recurrence(F: Any, factors: Any, terms: Any, dim: int) -> Any:
    """``s[j] = terms[j] + factors[j] * s[j + 1]`` along ``dim``, from the last on; ``factors`` is one shorter.

    Two neighbours of such a chain make one link of the same form, so each round doubles how far a link reaches.
    """
    n = terms.shape[dim]
    reach = 1
    while reach < n:
        near, last = F.split_sizes(terms, (n - reach, reach), dim)
        _, far = F.split_sizes(terms, (reach, n - reach), dim)
        terms = F.cat((near + factors * far, last), dim)
        if 2 * reach < n:
            head, _ = F.split_sizes(factors, (n - 2 * reach, reach), dim)
            _, tail = F.split_sizes(factors, (reach, n - 2 * reach), dim)
            factors = head * tail
        reach *= 2
    return terms


# --- products


@define_op(
    inputs=("input",),
    shape=rules.same,
    dtype=rules.summed,
    name="cumprod",
    samples=lambda make: [
        _samples(make),
        make(make.array(6) * [1, 0, 1, 1, 0, 1], 0),
        make(make.ints(4, 3), 0),
    ],
)
def _cumprod(xp: Any, input: Any, dim: Any) -> Any:
    """Products of all elements up to each along ``dim``."""
    if input.ndim == 0:
        return input.copy()
    wide = {"f": xp.float64, "c": xp.complex128}.get(input.dtype.kind, input.dtype)
    return accumulated(xp.multiply, xp.cumprod, input, dim, wide)


def _cumprod_input(F: Any, grad: Any, out: Any, input: Any, dim: Any) -> Any:
    # Each element's share is the product of those before it times a sum over those after it. Unlike sums of
    # `grad * out` over `input` this is right where elements are 0, for gradients of gradients too.
    if not input.shape or input.shape[dim] <= 1:
        return grad
    n = input.shape[dim]
    _, rest = F.split_sizes(input, (1, n - 1), dim)
    before, _ = F.split_sizes(out, (n - 1, 1), dim)
    after = _recurrence(F, F.conj(rest), grad, dim)
    first, others = F.split_sizes(after, (1, n - 1), dim)
    return F.cat((first, others * F.conj(before)), dim)


_cumprod.vjp(input=_cumprod_input)


@numpy_names
def cumprod(input: Tensor, dim: int, *, dtype: dtype | None = None) -> Tensor:
    """The products of all elements up to each along ``dim``.

    Args:
        dim: Along which to multiply.
        dtype: Convert to it first. Integers and bools are multiplied as int64 by default.

    Raises:
        IndexError: There is no such dimension. RuntimeError: ``dtype`` is bool.
    """
    if dtype is dtypes.bool:
        raise DtypeError("cumprod: not defined for dtype lamella.bool; expected another dtype, such as lamella.int64")
    if dtype is not None:
        input = to(input, dtype=dtype)
    product: Tensor = _cumprod(input, one_dim(dim, input.array.ndim))
    return product if dtype is None else to(product, dtype=dtype)


# --- extremes


@define_op(
    inputs=("input",),
    shape=rules.same,
    dtype=pointing("complex"),
    samples=lambda make: [
        [make(call.args[0], call.args[1], largest) for call in _samples(make) for largest in (True, False)],
        make(make.ints(3, 9), 0, True),
        make(make.bools(5), 0, False),
        make(make.array(4) * [1, math.nan, 1, math.nan], 0, True),
    ],
    errors=lambda make: [
        make.error(
            (make.array(2) + 1j, 0, True), DtypeError, r"running_extreme: not defined for dtype lamella.complex128"
        )
    ],
)
def running_extreme(xp: Any, input: Any, dim: Any, largest: Any) -> Any:
    """Where the last of the largest, or smallest, elements up to each along ``dim`` is; where the last nan, if any."""
    if input.ndim == 0:
        return xp.zeros((), dtype=xp.int64)
    larger = xp.maximum if largest else xp.minimum
    found = input == accumulated(larger, larger.accumulate, input, dim, input.dtype)
    if input.dtype.kind == "f":
        found |= xp.isnan(input)
    n = input.shape[dim]
    if found.size > MANY and dim == input.ndim - 1 and 8 * xp.count_nonzero(found) < found.size:
        # few places, each of which counts until the next; the first of each row is one of them
        places = xp.flatnonzero(found)
        return xp.repeat(places % n, xp.diff(places, append=found.size)).reshape(input.shape)
    steps = xp.arange(n).reshape((-1,) + (1,) * (input.ndim - dim - 1))
    return accumulated(xp.maximum, xp.maximum.accumulate, found * steps, dim, steps.dtype)


def _running(result: Any, input: Tensor, dim: int, largest: bool) -> Any:
    indices: Tensor = running_extreme(input, one_dim(dim, input.array.ndim), largest)
    return result(picked(input, indices, dim), indices)


@numpy_names
def cummax(input: Tensor, dim: int) -> Any:
    """The largest of all elements up to each along ``dim``, and where the last such is. nan counts as the largest.

    Returns:
        A named tuple ``(values, indices)``, both in the shape of ``input``; the indices are int64.

    Raises:
        IndexError: There is no such dimension. RuntimeError: the elements are complex.

    Example:
        >>> import lamella
        >>> lamella.cummax(lamella.tensor([1, 3, 2]), 0).values
        tensor([1, 3, 3])
    """
    return _running(CummaxResult, input, dim, True)


@numpy_names
def cummin(input: Tensor, dim: int) -> Any:
    """The smallest of all elements up to each along ``dim``, and where the last such is. nan counts as the smallest.

    Returns:
        A named tuple ``(values, indices)``, both in the shape of ``input``; the indices are int64.

    Raises:
        IndexError: There is no such dimension. RuntimeError: the elements are complex.
    """
    return _running(CumminResult, input, dim, False)


# --- sums of exponentials


@define_op(
    inputs=("input",),
    shape=rules.same,
    dtype=rules.only_floating,
    name="logcumsumexp",
    samples=lambda make: [_samples(make), make(make.array(4) * [1, 900, -900, 1], 0)],
    errors=lambda make: [
        make.error((make.ints(3, 2), 0), DtypeError, r"logcumsumexp: not defined for dtype lamella.int64")
    ],
)
def _logcumsumexp(xp: Any, input: Any, dim: Any) -> Any:
    """``log(cumsum(exp(input)))`` along ``dim``, without overflow."""
    if input.ndim == 0:
        return input.copy()
    if input.dtype.kind != "c":
        wide = input if input.dtype.itemsize > 2 else input.astype(xp.float32)
        return xp.logaddexp.accumulate(wide, axis=dim).astype(input.dtype, copy=False)
    result = input.copy()
    rows = xp.moveaxis(result, dim, 0)
    for i in range(1, len(rows)):
        _add_exponentials(xp, rows[i - 1 : i], rows[i : i + 1])
    return result


def _add_exponentials(xp: Any, total: Any, out: Any) -> None:
    """``out`` becomes ``log(exp(total) + exp(out))`` of complex numbers. The imaginary part is not wrapped around."""
    swap = total.real > out.real
    large, small = xp.where(swap, total, out), xp.where(swap, out, total)
    infinite = xp.isinf(small.real) & (small.real == large.real)
    apart = xp.log1p(xp.exp(small - large)) + large
    together = xp.where(small.real < 0, small, xp.log(xp.exp(small) + xp.exp(large)))
    out[...] = xp.where(infinite, together, apart)


def _logcumsumexp_input(F: Any, grad: Any, out: Any, input: Any, dim: Any) -> Any:
    # sum over k >= j of grad[k] * exp(input[j] - out[k]), as exp(input[j] - out[j]) times a chain of decays
    if not input.shape or input.shape[dim] <= 1:
        return grad
    n = input.shape[dim]
    before, _ = F.split_sizes(out, (n - 1, 1), dim)
    _, after = F.split_sizes(out, (1, n - 1), dim)
    return F.exp(F.conj(input - out)) * _recurrence(F, F.exp(F.conj(before - after)), grad, dim)


_logcumsumexp.vjp(input=_logcumsumexp_input)


@numpy_names
def logcumsumexp(input: Tensor, dim: int) -> Tensor:
    """``log(cumsum(exp(input)))`` along ``dim``, without overflow.

    Args:
        dim: Along which to add.

    Raises:
        IndexError: There is no such dimension. RuntimeError: the elements are integers or bools.
    """
    total: Tensor = _logcumsumexp(input, one_dim(dim, input.array.ndim))
    return total


IN_PLACE = ("cumprod",)

__all__ = ["cummax", "cummin", "cumprod", "logcumsumexp"]
