"""Attention: a mean of values, weighted by how well their keys match a query."""

from __future__ import annotations

import math

import numpy as np

from lamella.core import rules
from lamella.core.autocast_policy import autocast_as
from lamella.core.errors import ArgumentRangeError, DtypeError, ShapeError
from lamella.core.ops.creation import arange
from lamella.core.tensor import Tensor
from lamella.nn.functional.dropout import dropout
from lamella.nn.ops.attention import attention

Shape = tuple[int, ...]


@autocast_as("lower")
def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """``softmax(query keyᵀ scale + mask) value``.

    Args:
        query: ``(…, L, E)``; the dimensions in front of all three broadcast.
        key: ``(…, S, E)``.
        value: ``(…, S, Ev)``.
        attn_mask: Broadcasts to ``(…, L, S)``. Bool: True where a query may look at a key; float: added to the scores.
        dropout_p: Probability of each weight to be dropped. It is up to the caller to pass 0 when not training.
        is_causal: Query i looks at keys 0 to i only. Not together with ``attn_mask``.
        scale: ``1 / sqrt(E)`` by default.
        enable_gqa: Key and value have fewer heads (third dimension from the end); each serves several of the query.

    Returns:
        ``(…, L, Ev)``. Where a query may look at no key, 0.

    Raises:
        RuntimeError: Shapes or dtypes do not fit, or ``dropout_p`` is no probability.
    """
    _check(query, key, value, attn_mask, dropout_p, is_causal)
    if scale is None:
        scale = 1 / math.sqrt(query.array.shape[-1] or 1)
    if enable_gqa:
        key, value = _repeated(query, key), _repeated(query, value)
    if attn_mask is not None and attn_mask.array.dtype == np.bool_:
        attn_mask = query.new_zeros(attn_mask.shape).masked_fill(attn_mask.logical_not(), -math.inf)
    if dropout_p > 0:
        return _with_dropout(query, key, value, attn_mask, dropout_p, is_causal, scale)
    shapes = [x.array.shape[:-2] for x in (query, key, value)]
    front = shapes[0] if shapes[0] == shapes[1] == shapes[2] else rules.broadcast(*shapes)
    if len(front) != 2 or front != shapes[0] or front != shapes[1] or front != shapes[2]:
        query, key, value = (_four_dimensional(x, front) for x in (query, key, value))
        if attn_mask is not None and attn_mask.array.ndim > 2:
            attn_mask = _four_dimensional(attn_mask, front)
    out: Tensor = attention(query, key, value, attn_mask, is_causal, float(scale))[0]
    return out if len(front) == 2 else out.reshape(*front, *out.shape[-2:])


def _check(
    query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None, dropout_p: float, is_causal: bool
) -> None:
    op = "scaled_dot_product_attention"
    if min(x.array.ndim for x in (query, key, value)) < 2:
        raise ShapeError(
            f"{op}: Expected query, key, and value to all be at least 2 dimensional, but got query.dim: {query.dim()} "
            f"key.dim: {key.dim()} and value.dim: {value.dim()} instead."
        )
    dtype = query.array.dtype
    if dtype != key.array.dtype or dtype != value.array.dtype:
        raise DtypeError(
            f"{op}: Expected query, key, and value to have the same dtype, but got query.dtype: {query.dtype} "
            f"key.dtype: {key.dtype} and value.dtype: {value.dtype} instead."
        )
    if not query.is_floating_point():
        raise DtypeError(f"{op}: expected floating-point tensors, but got {query.dtype}. Convert with x.float().")
    if attn_mask is not None:
        if is_causal:
            raise ShapeError(f"{op}: attn_mask and is_causal=True exclude each other; add the causal part to the mask")
        if attn_mask.array.dtype not in (np.bool_, dtype):
            raise DtypeError(
                f"{op}: Expected attn_mask dtype to be bool or to match query dtype, but got attn_mask.dtype: "
                f"{attn_mask.dtype} and query.dtype: {query.dtype} instead."
            )
    if not 0.0 <= dropout_p <= 1.0:
        raise ArgumentRangeError(f"{op}: dropout probability has to be between 0 and 1, but got {dropout_p}")


def _repeated(query: Tensor, x: Tensor) -> Tensor:
    """``x`` with each head as often as to have as many as ``query``."""
    heads, own = query.array.shape[-3], x.array.shape[-3]
    if own == 0 or heads % own:
        raise ShapeError(
            f"scaled_dot_product_attention: {own} heads in key or value must divide the {heads} heads in query"
        )
    *front, _, length, size = x.array.shape
    return x.unsqueeze(-3).expand(*front, own, heads // own, length, size).reshape(*front, heads, length, size)


def _four_dimensional(x: Tensor, front: Shape) -> Tensor:
    """``x`` as (batch, heads, …), its dimensions in front those of ``front``."""
    last = x.array.shape[-2:]
    if len(front) > 2:
        return x.expand(*front, *last).reshape(-1, front[-1], *last)
    return x.expand(*front, *last).reshape(*(1,) * (2 - len(front)), *front, *last)


def _with_dropout(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, p: float, is_causal: bool, scale: float
) -> Tensor:
    """In full, from plain ops: all weights are needed to drop some."""
    scores = query @ key.transpose(-2, -1) * scale
    if is_causal:
        queries, keys = scores.array.shape[-2:]
        scores = scores.masked_fill(arange(keys) > arange(queries).unsqueeze(1), -math.inf)
    if mask is not None:
        scores = scores + mask
    return dropout(scores.softmax(-1), p) @ value


__all__ = ["scaled_dot_product_attention"]
