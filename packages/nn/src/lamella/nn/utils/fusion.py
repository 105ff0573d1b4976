"""Batch normalization taken into the layer before it, for faster evaluation."""

from __future__ import annotations

import copy
from typing import Any, TypeVar

from lamella.core.errors import ConditionError
from lamella.core.ops.creation import ones_like, zeros_like
from lamella.core.ops.pointwise import rsqrt
from lamella.core.tensor import Tensor
from lamella.nn.module import Module
from lamella.nn.parameter import Parameter

M = TypeVar("M", bound=Module)


def fuse_conv_bn_eval(conv: M, bn: Module, transpose: bool = False) -> M:
    """One convolution that does what a convolution and a batch normalization after it do.

    Args:
        conv: A convolution in evaluation mode.
        bn: A batch normalization in evaluation mode, with running statistics.
        transpose: Whether ``conv`` is a transposed convolution.

    Returns:
        A new convolution.

    Raises:
        AssertionError: One of them is in training mode, or ``bn`` has no running statistics.

    Example:
        >>> import lamella
        >>> from lamella import nn
        >>> model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8)).eval()
        >>> fused = nn.utils.fusion.fuse_conv_bn_eval(*model)
        >>> x = lamella.ones(1, 3, 5, 5)
        >>> bool(lamella.allclose(fused(x), model(x), atol=1e-5))
        True
    """
    mean, variance = _statistics(conv, bn)
    fused: Any = copy.deepcopy(conv)
    fused.weight, fused.bias = fuse_conv_bn_weights(
        fused.weight, fused.bias, mean, variance, bn.eps, bn.weight, bn.bias, transpose
    )
    return fused


def fuse_conv_bn_weights(
    conv_w: Tensor,
    conv_b: Tensor | None,
    bn_rm: Tensor,
    bn_rv: Tensor,
    bn_eps: float,
    bn_w: Tensor | None,
    bn_b: Tensor | None,
    transpose: bool = False,
) -> tuple[Parameter, Parameter]:
    r"""The weight and bias of a convolution with a batch normalization after it.

    The formula is::

        w' = w s,   b' = (b - mean) s + bn_b,   s = bn_w / sqrt(var + eps)

    Args:
        conv_w, conv_b: Of the convolution; no bias counts as 0.
        bn_rm, bn_rv, bn_eps: Running mean and variance of the batch normalization, and what is added to the latter.
        bn_w, bn_b: Its weight and bias; none count as 1 and 0.
        transpose: Whether outputs are the weight's second dimension.

    Returns:
        The weight and the bias, in the dtypes of those of the convolution.
    """
    scale = _scale(bn_rv, bn_eps, bn_w)
    outputs = [1] * conv_w.ndim
    outputs[1 if transpose else 0] = -1
    weight = (conv_w * scale.reshape(outputs)).to(conv_w.dtype)
    return _parameters(weight, conv_w, conv_b, bn_rm, scale, bn_b)


def fuse_linear_bn_eval(linear: M, bn: Module) -> M:
    """One linear layer that does what a linear layer and a batch normalization after it do.

    Args:
        linear: A linear layer in evaluation mode.
        bn: A batch normalization in evaluation mode, with running statistics, over as many features, or over one.

    Returns:
        A new linear layer.

    Raises:
        AssertionError: One of them is in training mode, ``bn`` has no running statistics, or its features do not fit.
    """
    mean, variance = _statistics(linear, bn)
    if bn.num_features not in (linear.out_features, 1):
        raise ConditionError(
            "To fuse, linear.out_features == bn.num_features or bn.num_features == 1, got "
            f"linear.out_features={linear.out_features} and bn.num_features={bn.num_features}"
        )
    fused: Any = copy.deepcopy(linear)
    fused.weight, fused.bias = fuse_linear_bn_weights(
        fused.weight, fused.bias, mean, variance, bn.eps, bn.weight, bn.bias
    )
    return fused


def fuse_linear_bn_weights(
    linear_w: Tensor,
    linear_b: Tensor | None,
    bn_rm: Tensor,
    bn_rv: Tensor,
    bn_eps: float,
    bn_w: Tensor | None,
    bn_b: Tensor | None,
) -> tuple[Parameter, Parameter]:
    """The weight and bias of a linear layer with a batch normalization after it; see :func:`fuse_conv_bn_weights`."""
    scale = _scale(bn_rv, bn_eps, bn_w)
    weight = linear_w * scale.unsqueeze(-1).to(linear_w.dtype)
    return _parameters(weight, linear_w, linear_b, bn_rm, scale, bn_b)


def _statistics(layer: Module, bn: Module) -> tuple[Tensor, Tensor]:
    if layer.training or bn.training:
        raise ConditionError("Fusion only for eval! Call eval() on both modules first.")
    mean, variance = bn.running_mean, bn.running_var
    if mean is None or variance is None:
        raise ConditionError("bn.running_mean and bn.running_var must not be None")
    return mean, variance


def _scale(variance: Tensor, eps: float, weight: Tensor | None) -> Tensor:
    return (ones_like(variance) if weight is None else weight) * rsqrt(variance + eps)


def _parameters(
    weight: Tensor, before: Tensor, bias: Tensor | None, mean: Tensor, scale: Tensor, shift: Tensor | None
) -> tuple[Parameter, Parameter]:
    given = zeros_like(mean) if bias is None else bias
    fused = (given - mean) * scale + (0.0 if shift is None else shift)
    dtype = before.dtype if bias is None else bias.dtype
    return Parameter(weight, before.requires_grad), Parameter(fused.to(dtype), given.requires_grad)


__all__ = ["fuse_conv_bn_eval", "fuse_conv_bn_weights", "fuse_linear_bn_eval", "fuse_linear_bn_weights"]
