"""Attention: a mean of values, weighted by how well their keys match a query."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from lamella.core import rules
from lamella.core.backends.threads import parallel_for
from lamella.core.dispatch import define_op
from lamella.core.errors import ShapeError
from lamella.core.rules import DtypeRule
from lamella.nn.ops.dtypes import normalization, widened

Shape = tuple[int, ...]


def _find(operands: Any, *attributes: Any) -> tuple[None, Any]:
    found = normalization.find(operands)[1]
    return None, [found, np.dtype(np.float32) if found.itemsize == 2 else found]


#: Of the result, as the inputs have; the normalizer keeps float32 beside half precision, which would spoil its exp.
_with_normalizer = DtypeRule(_find)

#: Scores computed at a time: in float32 they and their gradients take half of a second-level cache of 1 MiB.
BLOCK = 1 << 16
#: Queries in a block where later keys are masked: small enough to leave out most of what is masked.
CAUSAL_ROWS = 64

# The primitives take (batch, heads, length, size), the mask something that broadcasts to (batch, heads, queries, keys).


class _Blocks:
    """How the scores are cut into pieces, and one thread's memory for them."""

    def __init__(self, xp: Any, query: Any, key: Any, mask: Any, is_causal: bool, scale: float) -> None:
        self.xp, self.query, self.key, self.mask, self.is_causal, self.scale = xp, query, key, mask, is_causal, scale
        (batch, heads, queries), keys = query.shape[:3], key.shape[2]
        self.rows = min(queries, CAUSAL_ROWS if is_causal else max(CAUSAL_ROWS, BLOCK // max(1, keys))) or 1
        together = max(1, BLOCK // (self.rows * max(1, keys)))
        entries = max(1, together // max(1, heads))
        #: Heads that are worked on together: parts of one batch entry, or all of several entries.
        self.groups = [
            (slice(b, b + entries), slice(h, h + together))
            for b in range(0, batch, entries)
            for h in range(0, heads, together)
        ]
        self.size = together * self.rows * keys
        if is_causal:
            later = xp.arange(self.rows) > xp.arange(self.rows)[:, None]
            self.later = xp.where(later, -math.inf, 0.0).astype(query.dtype)

    def each(self, work: Callable[[Any, Any, list[Any]], None]) -> None:
        """Call ``work(batch, heads, scratch)`` for each group, on several threads; scratch is room for two blocks."""

        def some(start: int, stop: int) -> None:
            scratch = [self.xp.empty(self.size, dtype=self.query.dtype) for _ in range(2)]
            for b, h in self.groups[start:stop]:
                work(b, h, scratch)

        count = len(self.groups)
        parallel_for(some, count, grain=1 if type(self.query) is np.ndarray else max(1, count))

    def scores(self, b: slice, h: slice, scratch: Any) -> Any:
        """``(queries, keys, scaled queries, scores)``, piece by piece, the first two as slices."""
        xp = self.xp
        for start in range(0, self.query.shape[2], self.rows):
            queries = slice(start, min(start + self.rows, self.query.shape[2]))
            keys = slice(0, min(queries.stop, self.key.shape[2]) if self.is_causal else self.key.shape[2])
            query = self.query[b, h, queries] * self.scale
            key = self.key[b, h, keys]
            shape = (*query.shape[:3], key.shape[2])
            scores = xp.matmul(query, key.swapaxes(2, 3), out=scratch[: math.prod(shape)].reshape(shape))
            if self.mask is not None:
                scores += self.mask[b, h, queries, keys]
            if self.is_causal and keys.stop > start:
                square = scores[..., start:]
                square += self.later[: shape[2], : square.shape[3]]
            yield queries, keys, query, scores


def _heads_inside(xp: Any, like: Any, front: Shape, size: int) -> Any:
    """An array of (batch, heads, length, size) that lies in memory as a linear layer reads it, heads side by side."""
    batch, heads, length = front
    return xp.zeros((batch, length, heads, size), dtype=like.dtype, device=like.device).swapaxes(1, 2)


def _expanded(xp: Any, mask: Any, query: Any, key: Any) -> Any:
    return None if mask is None else xp.broadcast_to(mask, (*query.shape[:3], key.shape[2]))


def _attention_shapes(query: Shape, key: Shape, value: Shape, mask: Shape | None, *attributes: Any) -> list[Shape]:
    given = f"(query {query}, key {key}, value {value})"
    if query[3] != key[3]:
        raise ShapeError(
            f"query and key must have the same size in the last dimension, got {query[3]} and {key[3]} {given}"
        )
    if key[2] != value[2]:
        raise ShapeError(f"there must be as many keys as values, got {key[2]} and {value[2]} {given}")
    if mask is not None and rules.broadcast(mask, (*query[:3], key[2])) != (*query[:3], key[2]):
        raise ShapeError(f"attn_mask of shape {mask} is larger than the scores, {(*query[:3], key[2])}")
    return [(*query[:3], value[3]), query[:3]]


def _samples(make: Any) -> list[Any]:
    def heads(length: int, size: int) -> Any:
        return make.array(2, 2, length, size)

    q, k, v = heads(3, 4), heads(5, 4), heads(5, 2)
    return [
        make(q, k, v, None, False, 0.5),
        make(q, k, v, make.array(3, 5), False, 0.5),
        make(q, k, v, make.array(2, 1, 1, 5), False, 0.5),
        make(q, k, v, None, True, 0.5),
        make(heads(5, 4), q, heads(3, 2), None, True, 0.5),
        make(
            make.array(1, 4, 3, 2).swapaxes(1, 2),
            make.array(1, 4, 3, 2).swapaxes(1, 2),
            make.array(1, 3, 4, 2),
            None,
            False,
            1.0,
        ),
        make(make.array(1, 1, 70, 1), make.array(1, 1, 70, 1), make.array(1, 1, 70, 1), None, True, 1.0),
    ]


@define_op(
    inputs=("query", "key", "value", "mask"),
    shape=_attention_shapes,
    dtype=_with_normalizer,
    name="scaled_dot_product_attention",
    samples=_samples,
    errors=lambda make: [
        make.error(
            (make.array(1, 1, 3, 4), make.array(1, 1, 5, 3), make.array(1, 1, 5, 2), None, False, 1.0),
            ShapeError,
            r"query and key must have the same size in the last dimension, got 4 and 3",
        ),
        make.error(
            (make.array(1, 1, 3, 4), make.array(1, 1, 5, 4), make.array(1, 1, 6, 2), None, False, 1.0),
            ShapeError,
            r"there must be as many keys as values, got 5 and 6",
        ),
        make.error(
            (make.array(1, 1, 3, 4), make.array(1, 1, 5, 4), make.array(1, 1, 5, 2), make.array(3, 4), False, 1.0),
            ShapeError,
            r"can't be broadcast together",
        ),
    ],
)
def attention(xp: Any, query: Any, key: Any, value: Any, mask: Any, is_causal: Any, scale: Any) -> Any:
    """``(softmax(query keyᵀ scale + mask) value, logsumexp of the scores)``.

    An op for speed and memory: scores exist for some queries at a time, in memory that stays in the cache, and backward
    computes them again; what is kept grows with the length, not its square. A query that may look at no key gets 0.
    """
    if key.shape[2] != value.shape[2]:
        raise ShapeError("keys and values differ in number")  # the shape rule says it better
    query, key, value, mask = widened(xp, query, key, value, mask)
    blocks = _Blocks(xp, query, key, _expanded(xp, mask, query, key), is_causal, scale)
    out = _heads_inside(xp, query, query.shape[:3], value.shape[3])
    normalizer = xp.zeros(query.shape[:3], dtype=query.dtype, device=query.device)

    def work(b: Any, h: Any, scratch: Any) -> None:
        for queries, keys, _, scores in blocks.scores(b, h, scratch[0]):
            highest = xp.max(scores, axis=-1, keepdims=True, initial=-math.inf)
            if mask is not None or not key.shape[2]:
                highest = xp.where(highest == -math.inf, 0, highest)
            xp.exp(xp.subtract(scores, highest, out=scores), out=scores)
            sums = xp.sum(scores, axis=-1, keepdims=True)
            sums[sums == 0] = 1  # no key to look at
            part = xp.matmul(scores, value[b, h, keys])
            xp.divide(part, sums, out=out[b, h, queries])
            xp.log(sums, out=sums)
            sums += highest
            normalizer[b, h, queries] = sums[..., 0]

    blocks.each(work)
    return out, normalizer


def _attention_grads(
    F: Any,
    grad: Any,
    out: Any,
    query: Any,
    key: Any,
    value: Any,
    mask: Any,
    is_causal: Any,
    scale: Any,
    needs: Any,
) -> Any:
    grad_out, grad_normalizer = grad
    # the gradient of a softmax subtracts this from each row
    delta = F.sum(grad_out * out[0], (3,), False) - grad_normalizer
    grads = F.scaled_dot_product_attention_backward(
        grad_out, delta, out[1], query, key, value, mask, is_causal, scale, needs[3]
    )
    return grads if needs[3] else (*grads, None)


attention.vjp(_attention_grads)


def _backward_shapes(
    grad: Shape, delta: Shape, normalizer: Shape, query: Shape, key: Shape, value: Shape, mask: Any, *attributes: Any
) -> list[Shape]:
    shapes = [query, key, value]
    return [*shapes, (*query[:3], key[2])] if attributes[-1] else shapes


def _backward_samples(make: Any) -> list[Any]:
    def call(queries: int, keys: int, mask: Any, is_causal: bool, for_mask: bool) -> Any:
        rows = [
            make.array(1, 2, queries, 2),
            *(make.array(1, 2, queries) for _ in range(2)),
            make.array(1, 2, queries, 3),
        ]
        return make(*rows, make.array(1, 2, keys, 3), make.array(1, 2, keys, 2), mask, is_causal, 0.5, for_mask)

    return [
        call(3, 4, None, False, False),
        call(3, 4, None, True, False),
        call(3, 4, make.array(3, 4), False, True),
        call(3, 4, make.array(4), True, True),
    ]


@define_op(
    inputs=("grad_output", "delta", "normalizer", "query", "key", "value", "mask"),
    shape=_backward_shapes,
    dtype=normalization,
    samples=_backward_samples,
)
def scaled_dot_product_attention_backward(
    xp: Any,
    grad_output: Any,
    delta: Any,
    normalizer: Any,
    query: Any,
    key: Any,
    value: Any,
    mask: Any,
    is_causal: Any,
    scale: Any,
    for_mask: Any,
) -> Any:
    """The gradients of query, key, value and, if asked, of the mask at each score.

    With ``weights = exp(scores - normalizer)`` that of the scores is ``weights * (grad_output valueᵀ - delta)``.
    """
    kind = query.dtype
    grad_output, delta, query, key, value, mask = widened(xp, grad_output, delta, query, key, value, mask)
    blocks = _Blocks(xp, query, key, _expanded(xp, mask, query, key), is_causal, scale)
    of_query = _heads_inside(xp, query, query.shape[:3], query.shape[3])
    of_key = _heads_inside(xp, query, key.shape[:3], key.shape[3])
    of_value = _heads_inside(xp, query, value.shape[:3], value.shape[3])
    of_mask = None
    if for_mask:
        of_mask = xp.zeros((*query.shape[:3], key.shape[2]), dtype=query.dtype, device=query.device)

    def work(b: Any, h: Any, scratch: Any) -> None:
        for queries, keys, scaled, weights in blocks.scores(b, h, scratch[0]):
            xp.exp(xp.subtract(weights, normalizer[b, h, queries, None], out=weights), out=weights)
            grad = grad_output[b, h, queries]
            of_value[b, h, keys] += xp.matmul(weights.swapaxes(2, 3), grad)
            of_scores = scratch[1][: weights.size].reshape(weights.shape)
            xp.matmul(grad, value[b, h, keys].swapaxes(2, 3), out=of_scores)
            of_scores -= delta[b, h, queries, None]
            of_scores *= weights
            if of_mask is not None:
                of_mask[b, h, queries, keys] = of_scores
            xp.multiply(xp.matmul(of_scores, key[b, h, keys]), scale, out=of_query[b, h, queries])
            of_key[b, h, keys] += xp.matmul(of_scores.swapaxes(2, 3), scaled)

    blocks.each(work)
    grads = (of_query, of_key, of_value) if of_mask is None else (of_query, of_key, of_value, of_mask)
    return tuple(g.astype(kind, copy=False) for g in grads)


@define_op(
    inputs=("scores", "normalizer"),
    shape=lambda scores, normalizer, is_causal: rules.broadcast(scores, (*normalizer, 1)),
    dtype=normalization,
    samples=lambda make: [
        make(make.array(1, 2, 3, 4), make.array(1, 2, 3), False),
        make(make.array(1, 2, 3, 4), make.array(1, 2, 3), True),
    ],
)
def attention_weights(xp: Any, scores: Any, normalizer: Any, is_causal: Any) -> Any:
    """``exp(scores - normalizer)``, and 0 for keys after the query if ``is_causal``; for second derivatives."""
    weights = xp.exp(scores - normalizer[..., None])
    return xp.tril(weights) if is_causal else weights


attention_weights.vjp(
    scores=lambda F, grad, out: grad * out,
    normalizer=lambda F, grad, out: -F.sum(grad * out, (3,), False),
)


def _second(
    F: Any,
    grad: Any,
    grad_output: Any,
    delta: Any,
    normalizer: Any,
    query: Any,
    key: Any,
    value: Any,
    mask: Any,
    is_causal: Any,
    scale: Any,
    for_mask: Any,
) -> Any:
    """In full, without blocks: second derivatives are asked for on small problems."""
    scores = F.matmul(query, key.mT) * scale
    if mask is not None:
        scores = scores + mask
    weights = F.attention_weights(scores, normalizer, is_causal)
    slope = F.matmul(grad_output, value.mT) - F.reshape(delta, (*delta.shape, 1))
    of_scores = weights * slope
    # gradients of what backward computed on the way, from the last step to the first
    g_of_scores = (F.matmul(grad[0], key.mT) + F.matmul(query, grad[1].mT)) * scale
    if for_mask:
        g_of_scores = g_of_scores + grad[3]
    g_slope = g_of_scores * weights
    g_scores = (g_of_scores * slope + F.matmul(grad_output, grad[2].mT)) * weights
    return (
        F.matmul(g_slope, value) + F.matmul(weights, grad[2]),
        -F.sum(g_slope, (3,), False),
        -F.sum(g_scores, (3,), False),
        (F.matmul(g_scores, key) + F.matmul(of_scores, grad[1])) * scale,
        (F.matmul(g_scores.mT, query) + F.matmul(of_scores.mT, grad[0])) * scale,
        F.matmul(g_slope.mT, grad_output),
        None if mask is None else g_scores,
    )


scaled_dot_product_attention_backward.vjp(_second)


__all__ = ["attention"]
