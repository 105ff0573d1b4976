"""Attention: each place of a sequence looks at all others."""

from __future__ import annotations

from typing import Any

from lamella.core.errors import ArgumentError, ConditionError
from lamella.core.ops.creation import empty
from lamella.core.tensor import Tensor
from lamella.nn import functional as F
from lamella.nn import init
from lamella.nn.linear import NonDynamicallyQuantizableLinear
from lamella.nn.module import Module
from lamella.nn.parameter import Parameter


class MultiheadAttention(Module):
    """Attention of several heads: each projects query, key and value to its own small space.

    Args:
        embed_dim: Features of the query and of the result. num_heads: what divides them.
        dropout: Part of the attention weights to drop in training.
        bias: Whether the projections add learned vectors.
        add_bias_kv: Whether to add a learned key and value to each sequence. add_zero_attn: whether to add zeros.
        kdim, vdim: Features of key and value; ``embed_dim`` by default.
        batch_first: Whether batches are ``(N, L, E)`` rather than ``(L, N, E)``.
        device, dtype: Of the parameters.

    Shape:
        Query ``(L, N, E)``, key ``(S, N, kdim)`` and value ``(S, N, vdim)``, or all without ``N``; result
        ``(L, N, E)`` and weights ``(N, L, S)``.

    Raises:
        ValueError: A size is not positive. AssertionError: ``num_heads`` does not divide ``embed_dim``.

    Reference:
        Vaswani et al., Attention is all you need (2017).
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if embed_dim <= 0 or num_heads <= 0:
            raise ArgumentError(
                f"embed_dim and num_heads must be greater than 0, got embed_dim={embed_dim} and num_heads={num_heads} "
                "instead"
            )
        if embed_dim % num_heads:
            raise ConditionError(f"embed_dim must be divisible by num_heads, got {embed_dim} and {num_heads}")
        self.embed_dim = embed_dim
        self.num_heads = num_heads
        self.head_dim = embed_dim // num_heads
        self.dropout = dropout
        self.batch_first = batch_first
        self.add_zero_attn = add_zero_attn
        self.kdim = embed_dim if kdim is None else kdim
        self.vdim = embed_dim if vdim is None else vdim
        made = {"device": device, "dtype": dtype}
        columns = {"q_proj_weight": embed_dim, "k_proj_weight": self.kdim, "v_proj_weight": self.vdim}
        separate = not self.kdim == self.vdim == embed_dim
        for name, n in columns.items():
            self.register_parameter(name, Parameter(empty(embed_dim, n, **made)) if separate else None)
        joint = None if separate else Parameter(empty(3 * embed_dim, embed_dim, **made))
        self.register_parameter("in_proj_weight", joint)
        self.register_parameter("in_proj_bias", Parameter(empty(3 * embed_dim, **made)) if bias else None)
        self.out_proj = NonDynamicallyQuantizableLinear(embed_dim, embed_dim, bias, **made)
        for name in ("bias_k", "bias_v"):
            self.register_parameter(name, Parameter(empty(1, 1, embed_dim, **made)) if add_bias_kv else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new initial values for the projections of query, key and value; set biases to 0."""
        for weight in (self.in_proj_weight, self.q_proj_weight, self.k_proj_weight, self.v_proj_weight):
            if weight is not None:
                init.xavier_uniform_(weight)
        for bias in (self.in_proj_bias, self.out_proj.bias):
            if bias is not None:
                init.zeros_(bias)
        for added in (self.bias_k, self.bias_v):
            if added is not None:
                init.xavier_normal_(added)

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        need_weights: bool = True,
        attn_mask: Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """See :func:`lamella.nn.functional.multi_head_attention_forward` for the masks and the weights returned."""
        swapped = self.batch_first and query.ndim == 3
        if swapped:
            same = query is key and key is value
            query, key, value = (x.transpose(0, 1) if x.ndim == 3 else x for x in (query, key, value))
            if same:
                key = value = query
        result, weights = F.multi_head_attention_forward(
            query,
            key,
            value,
            self.embed_dim,
            self.num_heads,
            self.in_proj_weight,
            self.in_proj_bias,
            self.bias_k,
            self.bias_v,
            self.add_zero_attn,
            self.dropout,
            self.out_proj.weight,
            self.out_proj.bias,
            training=self.training,
            key_padding_mask=key_padding_mask,
            need_weights=need_weights,
            attn_mask=attn_mask,
            use_separate_proj_weight=self.in_proj_weight is None,
            q_proj_weight=self.q_proj_weight,
            k_proj_weight=self.k_proj_weight,
            v_proj_weight=self.v_proj_weight,
            average_attn_weights=average_attn_weights,
            is_causal=is_causal,
        )
        return (result.transpose(0, 1) if swapped else result), weights


__all__ = ["MultiheadAttention"]
