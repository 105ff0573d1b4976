"""Transformers: layers one after the other, an encoder and a decoder together."""

from __future__ import annotations

import copy
import math
from typing import Any

from lamella.core.errors import ShapeError
from lamella.core.ops.creation import full
from lamella.core.tensor import Tensor
from lamella.nn import functional as F
from lamella.nn import init
from lamella.nn.containers import ModuleList
from lamella.nn.module import Module
from lamella.nn.normalization import LayerNorm
from lamella.nn.transformer_layers import Activation, TransformerDecoderLayer, TransformerEncoderLayer


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
        self.enable_nested_tensor = enable_nested_tensor
        self.mask_check = mask_check

    def forward(
        self,
        src: Tensor,
        mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool | None = None,
    ) -> Tensor:
        """Encode ``src``; the masks are those of :class:`MultiheadAttention`.

        Args:
            is_causal: Says that ``mask`` hides what comes later, which is faster; None for not saying.
        """
        for layer in self.layers:
            src = layer(src, mask, src_key_padding_mask, bool(is_causal))
        return src if self.norm is None else self.norm(src)


class TransformerDecoder(Module):
    """Decoder layers, one after the other.

    Args:
        decoder_layer: The layer to make copies of. num_layers: how many.
        norm: What to apply at the end.
    """

    def __init__(self, decoder_layer: Module, num_layers: int, norm: Module | None = None) -> None:
        super().__init__()
        self.layers = ModuleList(copy.deepcopy(decoder_layer) for _ in range(num_layers))
        self.num_layers = num_layers
        self.norm = norm

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """Decode ``tgt``; the masks are those of :class:`MultiheadAttention`, for each of the two attentions.

        Args:
            tgt_is_causal: Says that ``tgt_mask`` hides what comes later, which is faster; None for not saying.
            memory_is_causal: Likewise of ``memory_mask``.
        """
        for layer in self.layers:
            tgt = layer(
                tgt,
                memory,
                tgt_mask,
                memory_mask,
                tgt_key_padding_mask,
                memory_key_padding_mask,
                bool(tgt_is_causal),
                memory_is_causal,
            )
        return tgt if self.norm is None else self.norm(tgt)


class Transformer(Module):
    """An encoder that reads a sequence, and a decoder that makes another of it.

    Args:
        d_model: Features. nhead: heads of the attentions.
        num_encoder_layers, num_decoder_layers: How many layers each has.
        dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias, device, dtype: As for
            :class:`TransformerEncoderLayer`.
        custom_encoder, custom_decoder: To use in place of those built here.

    Shape:
        Source ``(S, N, d_model)`` and target ``(L, N, d_model)``, ``(N, …, d_model)`` with ``batch_first``, or both
        without ``N``; result ``(L, N, d_model)``.

    Raises:
        RuntimeError: ``activation`` is an unknown string.

    Example:
        >>> import lamella
        >>> from lamella import nn
        >>> model = nn.Transformer(8, 2, num_encoder_layers=1, num_decoder_layers=1, dim_feedforward=16)
        >>> mask = nn.Transformer.generate_square_subsequent_mask(5)
        >>> model(lamella.zeros(7, 3, 8), lamella.zeros(5, 3, 8), tgt_mask=mask).shape
        lamella.Size([5, 3, 8])

    Reference:
        Vaswani et al., Attention is all you need (2017).
    """

    def __init__(
        self,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str | Activation = F.relu,
        custom_encoder: Module | None = None,
        custom_decoder: Module | None = None,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        made = {"device": device, "dtype": dtype}
        like = (d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias)

        def norm() -> LayerNorm:
            return LayerNorm(d_model, layer_norm_eps, bias=bias, **made)

        self.encoder: Module = custom_encoder or TransformerEncoder(
            TransformerEncoderLayer(*like, **made), num_encoder_layers, norm()
        )
        self.decoder: Module = custom_decoder or TransformerDecoder(
            TransformerDecoderLayer(*like, **made), num_decoder_layers, norm()
        )
        for parameter in self.parameters():
            if parameter.ndim > 1:
                init.xavier_uniform_(parameter)
        self.d_model = d_model
        self.nhead = nhead
        self.batch_first = batch_first

    def forward(
        self,
        src: Tensor,
        tgt: Tensor,
        src_mask: Tensor | None = None,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        src_is_causal: bool | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """Read ``src`` and decode ``tgt``; masks and hints are those of the encoder and the decoder.

        Raises:
            RuntimeError: The batches differ in size, or the features are not ``d_model``.
        """
        batch = 0 if self.batch_first else 1
        if src.ndim == 3 and src.shape[batch] != tgt.shape[batch]:
            raise ShapeError(
                f"the batch number of src and tgt must be equal, got {src.shape[batch]} and {tgt.shape[batch]}"
            )
        if src.shape[-1] != self.d_model or tgt.shape[-1] != self.d_model:
            raise ShapeError(
                "the feature number of src and tgt must be equal to d_model, "
                f"got {src.shape[-1]} and {tgt.shape[-1]} with d_model={self.d_model}"
            )
        memory = self.encoder(src, mask=src_mask, src_key_padding_mask=src_key_padding_mask, is_causal=src_is_causal)
        out: Tensor = self.decoder(
            tgt,
            memory,
            tgt_mask=tgt_mask,
            memory_mask=memory_mask,
            tgt_key_padding_mask=tgt_key_padding_mask,
            memory_key_padding_mask=memory_key_padding_mask,
            tgt_is_causal=tgt_is_causal,
            memory_is_causal=memory_is_causal,
        )
        return out

    @staticmethod
    def generate_square_subsequent_mask(sz: int, device: Any = None, dtype: Any = None) -> Tensor:
        """A mask that hides what comes later, ``(sz, sz)``: 0 where a query may look, minus infinity elsewhere."""
        return full((sz, sz), -math.inf, dtype=dtype, device=device).triu(1)


__all__ = ["Transformer", "TransformerDecoder", "TransformerEncoder"]
