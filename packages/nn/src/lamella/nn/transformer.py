"""Transformer encoders."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from lamella.core.errors import ArgumentRangeError
from lamella.core.tensor import Tensor
from lamella.nn import functional as F
from lamella.nn.attention import MultiheadAttention
from lamella.nn.containers import ModuleList
from lamella.nn.dropout import Dropout
from lamella.nn.linear import Linear
from lamella.nn.module import Module
from lamella.nn.normalization import LayerNorm


class TransformerEncoderLayer(Module):
    """Self-attention, then two linear layers at each place, both with a shortcut and layer normalization.

    Args:
        d_model: Features. nhead: heads of the attention. dim_feedforward: features between the linear layers.
        dropout: Part to drop in training.
        activation: Between the linear layers: ``"relu"``, ``"gelu"`` or a function.
        layer_norm_eps: Added to the variances.
        batch_first: Whether batches are ``(N, L, d_model)`` rather than ``(L, N, d_model)``.
        norm_first: Whether to normalize before rather than after each part.
        bias: Whether linear layers and norms add learned vectors. device, dtype: of the parameters.

    Raises:
        RuntimeError: ``activation`` is another string.

    Reference:
        Vaswani et al., Attention is all you need (2017).
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str | Callable[[Tensor], Tensor] = F.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        made = {"device": device, "dtype": dtype}
        self.self_attn = MultiheadAttention(d_model, nhead, dropout, bias, batch_first=batch_first, **made)
        self.linear1 = Linear(d_model, dim_feedforward, bias, **made)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias, **made)
        self.norm_first = norm_first
        self.norm1 = LayerNorm(d_model, layer_norm_eps, bias=bias, **made)
        self.norm2 = LayerNorm(d_model, layer_norm_eps, bias=bias, **made)
        self.dropout1 = Dropout(dropout)
        self.dropout2 = Dropout(dropout)
        if isinstance(activation, str):
            named: dict[str, Callable[[Tensor], Tensor]] = {"relu": F.relu, "gelu": F.gelu}
            if activation not in named:
                raise ArgumentRangeError(f"activation should be relu/gelu, not {activation}")
            activation = named[activation]
        self.activation = activation

    def forward(
        self,
        src: Tensor,
        src_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool = False,
    ) -> Tensor:
        """Encode ``src``; the masks are those of :class:`MultiheadAttention`."""

        def attend(x: Tensor) -> Tensor:
            mixed, _ = self.self_attn(
                x, x, x, src_key_padding_mask, need_weights=False, attn_mask=src_mask, is_causal=is_causal
            )
            return self.dropout1(mixed)

        def feed(x: Tensor) -> Tensor:
            return self.dropout2(self.linear2(self.dropout(self.activation(self.linear1(x)))))

        if self.norm_first:
            src = src + attend(self.norm1(src))
            return src + feed(self.norm2(src))
        src = self.norm1(src + attend(src))
        return self.norm2(src + feed(src))


class TransformerEncoder(Module):
    """Encoder layers, one after the other.

    Args:
        encoder_layer: The layer to make copies of. num_layers: how many.
        norm: What to apply at the end.
        enable_nested_tensor, mask_check: Accepted for PyTorch's sake; here they change nothing.
    """

    def __init__(
        self,
        encoder_layer: Module,
        num_layers: int,
        norm: Module | None = None,
        enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ) -> None:
        super().__init__()
        self.layers = ModuleList(copy.deepcopy(encoder_layer) for _ in range(num_layers))
        self.num_layers = num_layers
        self.norm = norm

    def forward(
        self,
        src: Tensor,
        mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool | None = None,
    ) -> Tensor:
        """Encode ``src``; the masks are those of :class:`MultiheadAttention`."""
        for layer in self.layers:
            src = layer(src, mask, src_key_padding_mask, bool(is_causal))
        return src if self.norm is None else self.norm(src)


__all__ = ["TransformerEncoder", "TransformerEncoderLayer"]
