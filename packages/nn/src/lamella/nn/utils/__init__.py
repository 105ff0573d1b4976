"""What is done to a model's parameters and gradients as a whole."""

from __future__ import annotations

from lamella.nn.utils import fusion, parametrizations, parametrize, rnn, stateless
from lamella.nn.utils.clipping import clip_grad_norm_, clip_grad_value_, clip_grads_with_norm_, get_total_norm
from lamella.nn.utils.fusion import fuse_conv_bn_eval, fuse_conv_bn_weights, fuse_linear_bn_eval, fuse_linear_bn_weights
from lamella.nn.utils.init import skip_init
from lamella.nn.utils.spectral_norm import remove_spectral_norm, spectral_norm
from lamella.nn.utils.vectors import parameters_to_vector, vector_to_parameters
from lamella.nn.utils.weight_norm import remove_weight_norm, weight_norm

__all__ = [
    "clip_grad_norm_",
    "clip_grad_value_",
    "clip_grads_with_norm_",
    "fuse_conv_bn_eval",
    "fuse_conv_bn_weights",
    "fuse_linear_bn_eval",
    "fuse_linear_bn_weights",
    "fusion",
    "get_total_norm",
    "parameters_to_vector",
    "parametrizations",
    "parametrize",
    "remove_spectral_norm",
    "remove_weight_norm",
    "rnn",
    "skip_init",
    "spectral_norm",
    "stateless",
    "vector_to_parameters",
    "weight_norm",
]
