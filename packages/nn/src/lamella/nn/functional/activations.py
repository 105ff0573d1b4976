"""Activation functions, with PyTorch's ``inplace`` and its habits around ``dim``."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from lamella.core.errors import DtypeError, ShapeError
from lamella.core.inplace import inplace as in_place_form
from lamella.core.ops import activations, gates
from lamella.core.ops.activations import gelu, softplus
from lamella.core.ops.creation import zeros_like
from lamella.core.ops.gates import check_real_floating, hardshrink, prelu
from lamella.core.ops.random import drawn
from lamella.core.ops.transcendental import sigmoid, tanh
from lamella.core.rules import one_dim
from lamella.core.tensor import Tensor
from lamella.nn.ops import activations as own
from lamella.nn.ops.activations import logsigmoid, softshrink

celu_: Callable[..., Tensor] = in_place_form(gates.celu)
elu_: Callable[..., Tensor] = in_place_form(gates.elu)
hardtanh_: Callable[..., Tensor] = in_place_form(own.hardtanh)
leaky_relu_: Callable[..., Tensor] = in_place_form(gates.leaky_relu)
relu_: Callable[..., Tensor] = in_place_form(activations.relu)
rrelu_: Callable[..., Tensor] = in_place_form(gates.rrelu)
selu_: Callable[..., Tensor] = in_place_form(gates.selu)
threshold_: Callable[..., Tensor] = in_place_form(gates.threshold)
_hardsigmoid_: Callable[..., Tensor] = in_place_form(own.hardsigmoid)
_hardswish_: Callable[..., Tensor] = in_place_form(own.hardswish)
_mish_: Callable[..., Tensor] = in_place_form(own.mish)
_silu_: Callable[..., Tensor] = in_place_form(activations.silu)

# --- piecewise linear


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """``max(input, 0)``; ``inplace`` overwrites the input."""
    return relu_(input) if inplace else activations.relu(input)


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """``min(max(input, 0), 6)``; ``inplace`` overwrites the input."""
    return (hardtanh_ if inplace else own.hardtanh)(input, 0.0, 6.0)


def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """``input``, held between ``min_val`` and ``max_val``; ``inplace`` overwrites the input.

    Raises:
        ValueError: ``min_val`` is above ``max_val``.
        RuntimeError: The dtype is bool or complex; it is unsigned, and a bound is negative.
    """
    return (hardtanh_ if inplace else own.hardtanh)(input, min_val, max_val)


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """``input`` where it is positive, ``negative_slope * input`` elsewhere; ``inplace`` overwrites the input."""
    return (leaky_relu_ if inplace else gates.leaky_relu)(input, negative_slope)


def rrelu(
    input: Tensor, lower: float = 1 / 8, upper: float = 1 / 3, training: bool = False, inplace: bool = False
) -> Tensor:
    """``input`` where it is positive, a multiple of it elsewhere: a random one in training, else the mean of these.

    Args:
        lower, upper: Between which the multiples are uniform. training: whether to draw them.
        inplace: Whether to overwrite the input.

    Raises:
        RuntimeError: ``lower`` is above ``upper``, or the dtype is not real floating point.
    """
    return (rrelu_ if inplace else gates.rrelu)(input, lower, upper, training)


def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """``input`` where it is above ``threshold``, ``value`` elsewhere; ``inplace`` overwrites the input.

    Raises:
        RuntimeError: The dtype is bool or complex, or ``value`` does not fit it.
    """
    return (threshold_ if inplace else gates.threshold)(input, threshold, value)


def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """``min(max(input + 3, 0), 6) / 6``, sigmoid in three straight lines; ``inplace`` overwrites the input.

    Raises:
        RuntimeError: The dtype is not real floating point.
    """
    return (_hardsigmoid_ if inplace else own.hardsigmoid)(input)


def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """``input * hardsigmoid(input)``; ``inplace`` overwrites the input.

    Raises:
        RuntimeError: The dtype is not real floating point.

    Reference:
        A. Howard and others, Searching for MobileNetV3 (2019), https://arxiv.org/abs/1905.02244.
    """
    return (_hardswish_ if inplace else own.hardswish)(input)


# --- smooth


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """``input`` above 0, ``alpha * (exp(input) - 1)`` elsewhere; ``inplace`` overwrites the input."""
    return (elu_ if inplace else gates.elu)(input, alpha)


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """``input`` above 0, ``alpha * (exp(input / alpha) - 1)`` elsewhere; ``inplace`` overwrites the input.

    Raises:
        RuntimeError: ``alpha`` is 0, or the dtype is not real floating point.
    """
    return (celu_ if inplace else gates.celu)(input, alpha)


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """ELU with the two numbers that keep activations at mean 0 and variance 1; ``inplace`` overwrites the input."""
    return (selu_ if inplace else gates.selu)(input)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """``input * sigmoid(input)``; ``inplace`` overwrites the input."""
    return _silu_(input) if inplace else activations.silu(input)


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """``input * tanh(log(1 + exp(input)))``; ``inplace`` overwrites the input."""
    return _mish_(input) if inplace else own.mish(input)


def softsign(input: Tensor) -> Tensor:
    """``input / (1 + |input|)``."""
    return input / (input.abs() + 1)


def tanhshrink(input: Tensor) -> Tensor:
    """``input - tanh(input)``."""
    return input - tanh(input)


def glu(input: Tensor, dim: int = -1) -> Tensor:
    """The first half along ``dim``, times the sigmoid of the second.

    Raises:
        RuntimeError: The size there is odd, there is no dimension, or the dtype is not floating point.

    Reference:
        Y. Dauphin and others, Language modeling with gated convolutional networks (2017),
        https://arxiv.org/abs/1612.08083.
    """
    ndim = input.array.ndim
    if not ndim:
        raise ShapeError("glu does not support scalars because halving size must be even")
    if not (input.dtype.is_floating_point or input.dtype.is_complex):
        raise DtypeError(f"glu: not defined for dtype {input.dtype}; expected floating point. Use x.float().")
    dim = one_dim(dim, ndim)
    half, odd = divmod(input.array.shape[dim], 2)
    if odd:
        raise ShapeError(f"Halving dimension must be even, but dimension {dim} is size {input.array.shape[dim]}")
    return input.narrow(dim, 0, half) * sigmoid(input.narrow(dim, half, half))


# --- along a dimension


def _chosen_dim(name: str, input: Tensor, dim: int | None, stacklevel: int) -> int:
    """``dim``, or what PyTorch takes where it was not given: the classes of a batch, or the only dimension."""
    if dim is not None:
        return dim
    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an argument.",
        stacklevel=stacklevel,
    )
    return 0 if input.ndim in (0, 1, 3) else 1


def softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """``exp(input)`` divided by its sum along ``dim``, computed without overflow.

    Args:
        dim: Along which the results sum to 1. dtype: convert to it first.
    """
    return activations.softmax(input, _chosen_dim("softmax", input, dim, _stacklevel), dtype)


def softmin(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """:func:`softmax` of ``-input``: the smallest get the most.

    Args:
        dim: Along which the results sum to 1. dtype: convert to it first.
    """
    return activations.softmax(-input, _chosen_dim("softmin", input, dim, _stacklevel), dtype)


def log_softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """The logarithm of :func:`softmax`, exact also where that is almost 0.

    Args:
        dim: Along which the results' exponentials sum to 1. dtype: convert to it first.
    """
    return activations.log_softmax(input, _chosen_dim("log_softmax", input, dim, _stacklevel), dtype)


def gumbel_softmax(logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Tensor:
    """A random choice along ``dim``, with the probabilities that ``softmax(logits)`` has, that gradients go through.

    Args:
        logits: Logarithms of probabilities, up to a constant; floating point.
        tau: How soft the choice is: towards 0 one element gets all.
        hard: Whether to return the choice itself, one 1 among zeros; gradients are those of the soft one all the same.
        eps: Does nothing.
        dim: Along which the results sum to 1.

    Raises:
        RuntimeError: The dtype is not real floating point.

    Reference:
        E. Jang, S. Gu, B. Poole, Categorical reparameterization with Gumbel-softmax (2017),
        https://arxiv.org/abs/1611.01144.
    """
    if eps != 1e-10:
        warnings.warn("`eps` parameter is deprecated and has no effect.", stacklevel=2)
    check_real_floating("gumbel_softmax", logits)
    kind, shape = logits.array.dtype, tuple(logits.array.shape)
    clocks = drawn("gumbel_softmax", None, shape, lambda source, size: source.exponential(size, kind), logits.device)
    soft = activations.softmax((logits - clocks.log()) / tau, dim)
    if not hard:
        return soft
    chosen = zeros_like(soft).scatter(dim, soft.argmax(dim, keepdim=True), 1.0)
    return chosen - soft.detach() + soft


__all__ = [
    "celu",
    "celu_",
    "elu",
    "elu_",
    "gelu",
    "glu",
    "gumbel_softmax",
    "hardshrink",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "hardtanh_",
    "leaky_relu",
    "leaky_relu_",
    "log_softmax",
    "logsigmoid",
    "mish",
    "prelu",
    "relu",
    "relu6",
    "relu_",
    "rrelu",
    "rrelu_",
    "selu",
    "selu_",
    "sigmoid",
    "silu",
    "softmax",
    "softmin",
    "softplus",
    "softshrink",
    "softsign",
    "tanh",
    "tanhshrink",
    "threshold",
    "threshold_",
]
