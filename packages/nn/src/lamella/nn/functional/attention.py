"""Attention with several heads, as one function of all its parameters."""

from __future__ import annotations

from lamella.core import dtypes
from lamella.core.errors import ArgumentRangeError, ConditionError, ShapeError
from lamella.core.ops.creation import zeros, zeros_like
from lamella.core.ops.matmul import linear
from lamella.core.ops.pieces import cat
from lamella.core.tensor import Tensor
from lamella.nn.functional.activations import softmax
from lamella.nn.functional.dropout import dropout
from lamella.nn.functional.scaled_dot_product import scaled_dot_product_attention


def additive_mask(mask: Tensor | None, name: str, like: Tensor) -> Tensor | None:
    """A mask as numbers to add to scores: of bools, True becomes minus infinity.

    Raises:
        AssertionError: It has neither bools nor floating-point numbers.
    """
    if mask is None:
        return None
    if mask.dtype is dtypes.bool:
        return zeros(mask.shape, dtype=like.dtype, device=like.device).masked_fill(mask, float("-inf"))
    if not mask.is_floating_point():
        raise ConditionError(f"only bool and floating types of {name} are supported, got {mask.dtype}")
    return mask


def _check_shapes(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    key_padding_mask: Tensor | None,
    attn_mask: Tensor | None,
    embed_dim: int,
    heads: int,
) -> None:
    ndim = query.ndim
    if ndim not in (2, 3):
        raise ConditionError(f"query should be unbatched 2D or batched 3D tensor but received {ndim}-D query tensor")
    kind = "batched (3-D)" if ndim == 3 else "unbatched (2-D)"
    if not ndim == key.ndim == value.ndim:
        raise ConditionError(
            f"For {kind} `query`, expected `key` and `value` to be {ndim}-D but found {key.ndim}-D and {value.ndim}-D "
            "tensors respectively"
        )
    if key_padding_mask is not None and key_padding_mask.ndim != ndim - 1:
        raise ConditionError(
            f"For {kind} `query`, expected `key_padding_mask` to be `None` or {ndim - 1}-D but found "
            f"{key_padding_mask.ndim}-D tensor instead"
        )
    if attn_mask is not None and attn_mask.ndim not in (2, 3):
        raise ConditionError(
            f"For {kind} `query`, expected `attn_mask` to be `None`, 2-D or 3-D but found {attn_mask.ndim}-D tensor "
            "instead"
        )
    if ndim == 2 and attn_mask is not None and attn_mask.ndim == 3:
        expected = (heads, query.shape[0], key.shape[0])
        if tuple(attn_mask.shape) != expected:
            raise ConditionError(f"Expected `attn_mask` shape to be {expected} but got {attn_mask.shape}")
    if query.shape[-1] != embed_dim:
        raise ConditionError(f"was expecting embedding dimension of {embed_dim}, but got {query.shape[-1]}")
    if embed_dim % heads:
        raise ConditionError(f"embed_dim {embed_dim} not divisible by num_heads {heads}")
    if key.shape[:-1] != value.shape[:-1]:
        raise ConditionError(
            f"key's sequence and batch dims {tuple(key.shape[:-1])} do not match value's {tuple(value.shape[:-1])}"
        )
    if ndim == 3 and key.shape[1] != query.shape[1]:
        raise ShapeError(f"query has a batch of {query.shape[1]}, but key and value have one of {key.shape[1]}")


def _projected(
    inputs: tuple[Tensor, Tensor, Tensor], weight: tuple[Tensor | None, ...] | Tensor | None, bias: Tensor | None
) -> tuple[Tensor, ...]:
    """Query, key and value, each times its own weight, or its third of one."""
    query, key, value = inputs
    if weight is None:
        raise ConditionError("use_separate_proj_weight is False but in_proj_weight is None")
    if isinstance(weight, Tensor) and query is key and key is value:
        return linear(query, weight, bias).chunk(3, -1)  # one product instead of three
    weights = weight.chunk(3) if isinstance(weight, Tensor) else weight
    biases = (None,) * 3 if bias is None else bias.chunk(3)
    results = []
    for x, w, b in zip(inputs, weights, biases, strict=True):
        if w is None:
            raise ConditionError("use_separate_proj_weight is True but one of q_, k_ and v_proj_weight is None")
        results.append(linear(x, w, b))
    return tuple(results)


def _mask_per_head(mask: Tensor, batch: int, heads: int, length: int, keys: int) -> Tensor:
    """An attention mask, ``(L, S)`` or ``(N * heads, L, S)``, in a shape that broadcasts to ``(N, heads, L, S)``."""
    expected = (length, keys) if mask.ndim == 2 else (batch * heads, length, keys)
    if tuple(mask.shape) != expected:
        raise ShapeError(f"The shape of the {mask.ndim}D attn_mask is {mask.shape}, but should be {expected}.")
    return mask.view(1, 1, length, keys) if mask.ndim == 2 else mask.view(batch, heads, length, keys)


def _static(given: Tensor, name: str, batch: int, heads: int, per_head: int) -> Tensor:
    """Keys or values that the caller has computed, ``(N * heads, S, E / heads)``, as ``(N, heads, S, E / heads)``."""
    for dim, expected in ((0, batch * heads), (2, per_head)):
        if given.shape[dim] != expected:
            raise ConditionError(f"expecting {name}.size({dim}) of {expected}, but got {given.shape[dim]}")
    return given.view(batch, heads, -1, per_head)


def multi_head_attention_forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Tensor | None,
    in_proj_bias: Tensor | None,
    bias_k: Tensor | None,
    bias_v: Tensor | None,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Tensor,
    out_proj_bias: Tensor | None,
    training: bool = True,
    key_padding_mask: Tensor | None = None,
    need_weights: bool = True,
    attn_mask: Tensor | None = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Tensor | None = None,
    k_proj_weight: Tensor | None = None,
    v_proj_weight: Tensor | None = None,
    static_k: Tensor | None = None,
    static_v: Tensor | None = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """The computation of ``nn.MultiheadAttention``, sequence first; see there.

    Args:
        query, key, value: ``(L, N, E)``, ``(S, N, E_k)``, ``(S, N, E_v)``, or all without ``N``.
        embed_dim_to_check: What ``E`` must be.
        num_heads: How many heads ``E`` is split into.
        in_proj_weight: The projections of query, key and value in one, ``(3 * E, E)``; or, with
            ``use_separate_proj_weight``, ``q_proj_weight``, ``k_proj_weight``, ``v_proj_weight``. in_proj_bias: their
            biases in one.
        bias_k, bias_v: A learned key and value added to each sequence. add_zero_attn: whether to add zeros as well.
        dropout_p: Part of the weights to drop, if ``training``.
        out_proj_weight, out_proj_bias: The projection of the result.
        key_padding_mask: ``(N, S)``, keys to leave out. attn_mask: ``(L, S)`` or ``(N * heads, L, S)``, keys to leave
            out for a query. True, or minus infinity, leaves out; other numbers are added to the scores.
        need_weights: Whether to return the weights; average_attn_weights: their mean over the heads.
        static_k, static_v: Keys and values of all heads to use in place of those computed,
            ``(N * heads, S, E / heads)``.
        is_causal: Says that ``attn_mask`` hides what comes later, for a faster way where there is one.

    Returns:
        ``(L, N, E)`` and the weights, ``(N, L, S)`` or ``(N, heads, L, S)``, or None.

    Raises:
        RuntimeError: ``is_causal`` comes without a mask; a mask's shape or a dtype does not fit.
        AssertionError: Shapes do not fit otherwise.
    """
    _check_shapes(query, key, value, key_padding_mask, attn_mask, embed_dim_to_check, num_heads)
    batched = query.ndim == 3
    if not batched:
        query, key, value = query.unsqueeze(1), key.unsqueeze(1), value.unsqueeze(1)
        key_padding_mask = None if key_padding_mask is None else key_padding_mask.unsqueeze(0)
    if is_causal and attn_mask is None:
        raise ArgumentRangeError(
            "Need attn_mask if specifying the is_causal hint. Transformer.generate_square_subsequent_mask makes it."
        )
    length, batch, width = query.shape
    per_head = width // num_heads

    q, k, v = _projected(
        (query, key, value),
        (q_proj_weight, k_proj_weight, v_proj_weight) if use_separate_proj_weight else in_proj_weight,
        in_proj_bias,
    )

    is_causal = is_causal and key_padding_mask is None and not need_weights  # else the mask says it
    padding = additive_mask(key_padding_mask, "key_padding_mask", q)
    mask = None if is_causal else additive_mask(attn_mask, "attn_mask", q)
    extra = 0
    if (bias_k is None) is not (bias_v is None):
        raise ConditionError("bias_k and bias_v come together: one is set, the other is None")
    if bias_k is not None and bias_v is not None:
        if static_k is not None or static_v is not None:
            raise ConditionError("bias_k and bias_v cannot be added to static_k and static_v")
        k, v = (cat((x, b.expand(1, batch, width))) for x, b in ((k, bias_k), (v, bias_v)))
        extra += 1

    def heads(x: Tensor) -> Tensor:  # (S, N, E) -> (N, heads, S, E / heads)
        return x.reshape(x.shape[0], batch, num_heads, per_head).permute(1, 2, 0, 3)

    q = heads(q)
    k = heads(k) if static_k is None else _static(static_k, "static_k", batch, num_heads, per_head)
    v = heads(v) if static_v is None else _static(static_v, "static_v", batch, num_heads, per_head)
    if add_zero_attn:
        k, v = (cat((x, zeros_like(x.narrow(2, 0, 1))), 2) for x in (k, v))
        extra += 1
    keys = k.shape[2]
    if mask is not None:
        mask = _mask_per_head(mask, batch, num_heads, length, keys - extra)
        mask = cat((mask, zeros((*mask.shape[:3], extra), dtype=mask.dtype, device=mask.device)), 3) if extra else mask
    if padding is not None:
        if tuple(padding.shape) != (batch, keys - extra):
            raise ConditionError(
                f"Expected key_padding_mask of shape {(batch, keys - extra)} (batch, keys), "
                f"but got {tuple(padding.shape)}"
            )
        if extra:
            padding = cat((padding, zeros(batch, extra, dtype=padding.dtype, device=padding.device)), 1)
        padding = padding.view(batch, 1, 1, keys)
        mask = padding if mask is None else mask + padding
    dropout_p = dropout_p if training else 0.0

    shares = None
    if need_weights:
        scores = (q * per_head**-0.5).matmul(k.transpose(-2, -1))
        shares = softmax(scores if mask is None else scores + mask, -1)
        shares = dropout(shares, dropout_p) if dropout_p else shares
        mixed = shares.matmul(v)
    else:
        mixed = scaled_dot_product_attention(q, k, v, mask, dropout_p, is_causal)
    mixed = mixed.permute(2, 0, 1, 3).reshape(length, batch, width)
    result = linear(mixed, out_proj_weight, out_proj_bias)
    if shares is not None and average_attn_weights:
        shares = shares.mean(1)
    if not batched:
        return result.squeeze(1), None if shares is None else shares.squeeze(0)
    return result, shares


__all__ = ["multi_head_attention_forward", "scaled_dot_product_attention"]
