"""Attention on a batch of samples: they become more sequences. Beside ``attention``, which says all else."""

from __future__ import annotations

from typing import Any

from lamella.core.folding import folded, for_each, unfolded
from lamella.core.op import OPS
from lamella.nn.ops.attention import attention_weights, scaled_dot_product_attention_backward

Flags = tuple[bool, ...]


def _folded(F: Any, size: int, batched: Flags, values: Any) -> list[Any]:
    return [folded(F, for_each(F, x, b, size)) for x, b in zip(values, batched, strict=True)]


def _folded_mask(F: Any, size: int, batched: bool, mask: Any, sequences: int) -> Any:
    """A mask for all sequences of all samples; one that all share stays as it is."""
    if mask is None:
        return None
    shape = tuple(mask.array.shape)
    own = shape[1:] if batched else shape
    if not batched and (len(own) < 4 or own[0] == 1):
        return mask
    own = (*(1,) * (4 - len(own)), *own)
    mask = F.reshape(mask, (size if batched else 1, *own))
    return folded(F, F.expand(mask, (size, sequences, *own[1:])))


def _attention(
    F: Any, size: int, batched: Flags, query: Any, key: Any, value: Any, mask: Any, is_causal: Any, scale: Any
) -> Any:
    query, key, value = _folded(F, size, batched[:3], (query, key, value))
    mask = _folded_mask(F, size, batched[3], mask, query.array.shape[0] // size if size else 0)
    found = F.scaled_dot_product_attention(query, key, value, mask, is_causal, scale)
    return tuple([unfolded(F, size, x) for x in found])


OPS["scaled_dot_product_attention"].batched(_attention)


@scaled_dot_product_attention_backward.batched
def _attention_backward(F: Any, size: int, batched: Flags, *values: Any) -> Any:
    *inputs, mask, is_causal, scale, for_mask = values
    inputs = _folded(F, size, batched[:6], inputs)
    mask = _folded_mask(F, size, batched[6], mask, inputs[0].array.shape[0] // size if size else 0)
    found = F.scaled_dot_product_attention_backward(*inputs, mask, is_causal, scale, for_mask)
    return tuple([unfolded(F, size, x) for x in found])


@attention_weights.batched
def _weights(F: Any, size: int, batched: Flags, scores: Any, normalizer: Any, is_causal: Any) -> Any:
    scores, normalizer = _folded(F, size, batched, (scores, normalizer))
    return unfolded(F, size, F.attention_weights(scores, normalizer, is_causal))
