"""One layer of a transformer: attention, then linear layers at each place, each with a shortcut and normalization."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lamella.core.errors import ArgumentRangeError
from lamella.core.tensor import Tensor
from lamella.nn import functional as F
from lamella.nn.attention import MultiheadAttention
from lamella.nn.dropout import Dropout
from lamella.nn.linear import Linear
from lamella.nn.module import Module
from lamella.nn.normalization import LayerNorm

Activation = Callable[[Tensor], Tensor]
NAMED: dict[str, Activation] = {"relu": F.relu, "gelu": F.gelu}


def _activation(given: str | Activation) -> Activation:
    if not isinstance(given, str):
        return given
    if given not in NAMED:
        raise ArgumentRangeError(f"activation should be relu/gelu, not {given}")
    return NAMED[given]


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

    Shape:
        ``(L, N, d_model)``, or without ``N``; so is the result.

    Raises:
        RuntimeError: ``activation`` is another string.

    Example:
        >>> import lamella
        >>> from lamella import nn
        >>> layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        >>> layer(lamella.zeros(3, 5, 8)).shape
        lamella.Size([3, 5, 8])

    Reference:
        Vaswani et al., Attention is all you need (2017).
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str | Activation = F.relu,
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
        self.activation = _activation(activation)

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


class TransformerDecoderLayer(Module):
    """Self-attention, attention to what an encoder gave, and two linear layers at each place.

    Each of the three has a shortcut and layer normalization.

    Args:
        d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias, device,
            dtype: As for :class:`TransformerEncoderLayer`.

    Shape:
        Target ``(L, N, d_model)`` and memory ``(S, N, d_model)``, or both without ``N``; result ``(L, N, d_model)``.

    Raises:
        RuntimeError: ``activation`` is another string.

    Example:
        >>> import lamella
        >>> from lamella import nn
        >>> layer = nn.TransformerDecoderLayer(8, 2, 16)
        >>> layer(lamella.zeros(5, 3, 8), lamella.zeros(7, 3, 8)).shape
        lamella.Size([5, 3, 8])

    Reference:
        Vaswani et al., Attention is all you need (2017).
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str | Activation = F.relu,
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
        self.multihead_attn = MultiheadAttention(d_model, nhead, dropout, bias, batch_first=batch_first, **made)
        self.linear1 = Linear(d_model, dim_feedforward, bias, **made)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias, **made)
        self.norm_first = norm_first
        self.norm1 = LayerNorm(d_model, layer_norm_eps, bias=bias, **made)
        self.norm2 = LayerNorm(d_model, layer_norm_eps, bias=bias, **made)
        self.norm3 = LayerNorm(d_model, layer_norm_eps, bias=bias, **made)
        self.dropout1 = Dropout(dropout)
        self.dropout2 = Dropout(dropout)
        self.dropout3 = Dropout(dropout)
        self.activation = _activation(activation)

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """Decode ``tgt``; the masks are those of :class:`MultiheadAttention`, for each of the two attentions."""

        def attend(x: Tensor) -> Tensor:
            mixed, _ = self.self_attn(
                x, x, x, tgt_key_padding_mask, need_weights=False, attn_mask=tgt_mask, is_causal=tgt_is_causal
            )
            return self.dropout1(mixed)

        def look_up(x: Tensor) -> Tensor:
            mixed, _ = self.multihead_attn(
                x,
                memory,
                memory,
                memory_key_padding_mask,
                need_weights=False,
                attn_mask=memory_mask,
                is_causal=memory_is_causal,
            )
            return self.dropout2(mixed)

        def feed(x: Tensor) -> Tensor:
            return self.dropout3(self.linear2(self.dropout(self.activation(self.linear1(x)))))

        if self.norm_first:
            tgt = tgt + attend(self.norm1(tgt))
            tgt = tgt + look_up(self.norm2(tgt))
            return tgt + feed(self.norm3(tgt))
        tgt = self.norm1(tgt + attend(tgt))
        tgt = self.norm2(tgt + look_up(tgt))
        return self.norm3(tgt + feed(tgt))


__all__ = ["Activation", "TransformerDecoderLayer", "TransformerEncoderLayer"]
