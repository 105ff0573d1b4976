"""How the ops of the families that are imported with the package run on a batch of samples.

They stand here, and not beside their ops, so that a program without vmap does not pay for them at import; a family that
loads later keeps its rules itself. See :meth:`lamella.core.op.Op.batched` for what a rule gets and gives.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lamella.core.folding import folded, unfolded
from lamella.core.op import OPS
from lamella.core.ops import creation
from lamella.core.tensor import Tensor
from lamella.core.transforms.batching import elementwise, full, shifted

Flags = tuple[bool, ...]
Rule = Callable[..., Any]


def of(*names: str) -> Callable[[Rule], Rule]:
    """Make a function the rule of these ops."""

    def attach(rule: Rule) -> Rule:
        for name in names:
            OPS[name].batched(rule)
        return rule

    return attach


# --- shapes


@of("reshape")
def _reshape(F: Any, size: int, batched: Flags, input: Any, shape: Any) -> Any:
    return F.reshape(input, (size, *shape))


@of("permute")
def _permute(F: Any, size: int, batched: Flags, input: Any, dims: Any) -> Any:
    return F.permute(input, (0, *shifted(dims)))


@of("expand")
def _expand(F: Any, size: int, batched: Flags, input: Any, shape: Any) -> Any:
    return F.expand(widened(F, input, len(shape)), (size, *shape))


@of("getitem")
def _getitem(F: Any, size: int, batched: Flags, input: Any, key: Any) -> Any:
    return F.getitem(input, (slice(None), *key))


@of("getitem_backward")
def _getitem_backward(F: Any, size: int, batched: Flags, grad_output: Any, shape: Any, key: Any) -> Any:
    return F.getitem_backward(grad_output, (size, *shape), (slice(None), *key))


@of("clone")
def _clone(F: Any, size: int, batched: Flags, input: Any, order: Any) -> Any:
    return F.clone(input, order if order is None else (0, *shifted(order)))


@of("view_dtype")
def _view_dtype(F: Any, size: int, batched: Flags, input: Any, shape: Any, dtype: Any) -> Any:
    return F.view_dtype(input, (size, *shape), dtype)


def widened(F: Any, x: Any, ndim: int) -> Any:
    """A batch of samples with dimensions of size 1 put in front of each sample's own, which then has ``ndim``."""
    size, *shape = x.array.shape
    return F.reshape(x, (size, *(1,) * (ndim - len(shape)), *shape)) if len(shape) < ndim else x


# --- selection


@of("masked_fill")
def _masked_fill(F: Any, size: int, batched: Flags, input: Any, mask: Any, value: Any) -> Any:
    if not batched[2]:
        return elementwise(OPS["masked_fill"], F, size, batched, input, mask, value)
    flags = (batched[1], True, batched[0])
    return elementwise(OPS["where"], F, size, flags, mask, F.cast(value, input.array.dtype), input)


# --- indices: where they differ between samples, a leading index says which sample is meant


@of("index")
def _index(F: Any, size: int, batched: Flags, input: Any, indices: Any) -> Any:
    key, at = _batch_key(F, size, batched[1], indices)
    picked = F.index(full(input, batched[0], size), key)
    return _samples_first(F, picked, at, indices, batched[1])


@of("index_backward")
def _index_backward(F: Any, size: int, batched: Flags, grad: Any, indices: Any, shape: Any) -> Any:
    key, at = _batch_key(F, size, batched[1], indices)
    g = _samples_inside(F, full(grad, batched[0], size), at, indices, batched[1])
    return F.index_backward(g, key, (size, *shape))


@of("index_put")
def _index_put(F: Any, size: int, batched: Flags, input: Any, indices: Any, values: Any, accumulate: Any) -> Any:
    key, at = _batch_key(F, size, batched[1], indices)
    input = full(input, batched[0], size)
    if isinstance(values, Tensor):
        shape = tuple(values.array.shape)
        count, *own = shape if batched[2] else (1, *shape)
        ndim = F.index(input, key).array.ndim
        values = F.reshape(values, (count, *(1,) * (ndim - 1 - len(own)), *own))
        values = _samples_inside(F, values, at, indices, batched[1])
    return F.index_put(input, key, values, accumulate)


def _batch_key(F: Any, size: int, batched: bool, indices: Any) -> tuple[tuple[Any, ...], int]:
    """Index tensors for the whole batch, and how many dimensions they pick, that of the samples not counted."""
    ndim = max(i.array.ndim - batched for i in indices if i is not None)
    if not batched:
        return (None, *indices), ndim
    samples = creation.arange(size).reshape(size, *(1,) * ndim)
    return (samples, *(None if i is None else widened(F, i, ndim) for i in indices)), ndim


def _order(F: Any, ndim: int, picked: int, indices: Any, batched: bool) -> list[int]:
    """Where the dimensions of a sample's result, after that of the samples, lie in the result for the batch.

    Picked dimensions stand where the indices stood if these are neighbours, else first.
    """
    given = [d for d, i in enumerate(indices) if i is not None]
    adjacent = given[-1] - given[0] == len(given) - 1
    if not batched:
        if adjacent:
            return list(range(ndim))
        return [picked, *range(picked), *range(picked + 1, ndim)]  # the samples came to lie behind what was picked
    if not adjacent or given[0] == 0:
        return list(range(ndim))
    before = given[0]  # in the batch the picked ones are first, because the samples' index is not their neighbour
    rest = list(range(1 + picked, ndim))
    return [0, *rest[:before], *range(1, 1 + picked), *rest[before:]]


def _samples_first(F: Any, result: Any, picked: int, indices: Any, batched: bool) -> Any:
    return F.permute(result, tuple(_order(F, result.array.ndim, picked, indices, batched)))


def _samples_inside(F: Any, grad: Any, picked: int, indices: Any, batched: bool) -> Any:
    order = _order(F, grad.array.ndim, picked, indices, batched)
    return F.permute(grad, tuple(sorted(range(len(order)), key=order.__getitem__)))


# --- products


@of("matmul")
def _matmul(F: Any, size: int, batched: Flags, input: Any, other: Any) -> Any:
    ndims = input.array.ndim - batched[0], other.array.ndim - batched[1]
    if not batched[1] and (ndims[1] <= 2 and ndims[0] >= 1):
        return F.matmul(input, other)  # the samples are more rows
    if not batched[0] and ndims[0] <= 2 and ndims[1] >= 2:
        return F.matmul(input, other)
    row, column = ndims[0] == 1, ndims[1] == 1
    a = _with_one(F, input, -1) if row else input
    b = _with_one(F, other, None) if column else other
    ndim = max(ndims[0] + row, ndims[1] + column)
    a = widened(F, a, ndim) if batched[0] else a
    b = widened(F, b, ndim) if batched[1] else b
    product = F.matmul(a, b)
    shape = product.array.shape
    kept = (*shape[:-2], *(() if row else shape[-2:-1]), *(() if column else shape[-1:]))
    return F.reshape(product, tuple(kept)) if row or column else product


def _with_one(F: Any, x: Any, before: int | None) -> Any:
    """``x`` with a dimension of size 1 before another one, or last."""
    shape = tuple(x.array.shape)
    at = len(shape) if before is None else len(shape) + before
    return F.reshape(x, (*shape[:at], 1, *shape[at:]))


@of("linear")
def _linear(F: Any, size: int, batched: Flags, input: Any, weight: Any, bias: Any) -> Any:
    if not batched[1] and not batched[2]:
        return F.linear(input, weight, bias)
    if not batched[0] and not batched[1]:
        product = F.linear(input, weight, None)
        return product + widened(F, bias, product.array.ndim)
    if weight.array.ndim - batched[1] > 1:
        weight = _transposed(F, weight)
    product = _matmul(F, size, batched[:2], input, weight)
    if bias is None:
        return product
    return product + (widened(F, bias, product.array.ndim - 1) if batched[2] else bias)


def _transposed(F: Any, x: Any) -> Any:
    order = list(range(x.array.ndim))
    order[-2:] = order[:-3:-1]
    return F.permute(x, tuple(order))


# --- convolutions: the samples become images where they share the weights, and groups where they don't


@of("conv2d")
def _conv2d(F: Any, size: int, batched: Flags, input: Any, weight: Any, bias: Any, *attrs: Any) -> Any:
    if not batched[1] and not batched[2]:
        return unfolded(F, size, F.conv2d(folded(F, input), weight, bias, *attrs))
    *window, groups = attrs
    x, w, b = (full(v, flag, size) for v, flag in zip((input, weight, bias), batched, strict=True))
    bias = None if b is None else folded(F, b)
    result = F.conv2d(grouped(F, x), folded(F, w), bias, *window, size * groups)
    return ungrouped(F, size, result)


@of("conv2d_input")
def _conv2d_input(F: Any, size: int, batched: Flags, grad: Any, weight: Any, input_size: Any, *attrs: Any) -> Any:
    n, channels, *rest = input_size
    if not batched[1]:
        found = F.conv2d_input(folded(F, grad), weight, (size * n, channels, *rest), *attrs)
        return unfolded(F, size, found)
    *window, groups = attrs
    g, w = full(grad, batched[0], size), full(weight, batched[1], size)
    found = F.conv2d_input(grouped(F, g), folded(F, w), (n, size * channels, *rest), *window, size * groups)
    return ungrouped(F, size, found)


@of("conv2d_weight")
def _conv2d_weight(F: Any, size: int, batched: Flags, input: Any, grad: Any, weight_size: Any, *attrs: Any) -> Any:
    *window, groups = attrs
    x, g = full(input, batched[0], size), full(grad, batched[1], size)
    weights = (size * weight_size[0], *weight_size[1:])
    return unfolded(F, size, F.conv2d_weight(grouped(F, x), grouped(F, g), weights, *window, size * groups))


def grouped(F: Any, x: Any) -> Any:
    """``(B, N, C, …) -> (N, B C, …)``."""
    size, n, channels, *rest = x.array.shape
    return F.reshape(F.permute(x, (1, 0, *range(2, x.array.ndim))), (n, size * channels, *rest))


def ungrouped(F: Any, size: int, x: Any) -> Any:
    """``(N, B C, …) -> (B, N, C, …)``."""
    n, channels, *rest = x.array.shape
    split = F.reshape(x, (n, size, channels // size, *rest))
    return F.permute(split, (1, 0, *range(2, split.array.ndim)))
