"""The ops that layers are made of, one module a family. Importing this package adds them to the op table."""

from __future__ import annotations

from lamella.nn.ops import (
    activations,
    adaptive_pooling,
    alignments,
    attention,
    batched_attention,
    binary_losses,
    class_losses,
    distance_losses,
    embedding,
    gru,
    layer_normalization,
    lstm,
    margin_losses,
    normalization,
    pooling,
    resampling,
    rnn,
)

__all__ = [
    "activations",
    "adaptive_pooling",
    "alignments",
    "attention",
    "batched_attention",
    "binary_losses",
    "class_losses",
    "distance_losses",
    "embedding",
    "gru",
    "layer_normalization",
    "lstm",
    "margin_losses",
    "normalization",
    "pooling",
    "resampling",
    "rnn",
]
