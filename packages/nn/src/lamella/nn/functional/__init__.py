"""The computations of the layers and losses, as functions: what ``torch.nn.functional`` has."""

from __future__ import annotations

from lamella.core.ops.conv import conv1d, conv2d
from lamella.core.ops.matmul import linear
from lamella.nn.functional.activations import (
    gelu,
    leaky_relu,
    leaky_relu_,
    log_softmax,
    relu,
    relu_,
    sigmoid,
    silu,
    softmax,
    softplus,
    tanh,
)
from lamella.nn.functional.attention import multi_head_attention_forward
from lamella.nn.functional.dropout import dropout, dropout2d
from lamella.nn.functional.losses import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    l1_loss,
    mse_loss,
    nll_loss,
)
from lamella.nn.functional.shaping import normalize, one_hot, pad
from lamella.nn.ops.attention import scaled_dot_product_attention
from lamella.nn.ops.embedding import embedding
from lamella.nn.ops.normalization import batch_norm, layer_norm
from lamella.nn.ops.pooling import adaptive_avg_pool2d, avg_pool2d, max_pool2d

__all__ = [
    "adaptive_avg_pool2d",
    "avg_pool2d",
    "batch_norm",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "conv1d",
    "conv2d",
    "cross_entropy",
    "dropout",
    "dropout2d",
    "embedding",
    "gelu",
    "l1_loss",
    "layer_norm",
    "leaky_relu",
    "leaky_relu_",
    "linear",
    "log_softmax",
    "max_pool2d",
    "mse_loss",
    "multi_head_attention_forward",
    "nll_loss",
    "normalize",
    "one_hot",
    "pad",
    "relu",
    "relu_",
    "scaled_dot_product_attention",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "tanh",
]
