"""Activation functions, with PyTorch's ``inplace`` and its habits around ``dim``."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from lamella.core.inplace import inplace as in_place_form
from lamella.core.ops import activations
from lamella.core.ops.activations import gelu, softplus
from lamella.core.ops.transcendental import sigmoid, tanh
from lamella.core.tensor import Tensor

relu_: Callable[..., Tensor] = in_place_form(activations.relu)
leaky_relu_: Callable[..., Tensor] = in_place_form(activations.leaky_relu)
_silu_: Callable[..., Tensor] = in_place_form(activations.silu)


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """``max(input, 0)``; ``inplace`` overwrites the input."""
    return relu_(input) if inplace else activations.relu(input)


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """``input`` where it is positive, ``negative_slope * input`` elsewhere; ``inplace`` overwrites the input."""
    return (leaky_relu_ if inplace else activations.leaky_relu)(input, negative_slope)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """``input * sigmoid(input)``; ``inplace`` overwrites the input."""
    return _silu_(input) if inplace else activations.silu(input)


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


def log_softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """The logarithm of :func:`softmax`, exact also where that is almost 0.

    Args:
        dim: Along which the results' exponentials sum to 1. dtype: convert to it first.
    """
    return activations.log_softmax(input, _chosen_dim("log_softmax", input, dim, _stacklevel), dtype)


__all__ = [
    "gelu",
    "leaky_relu",
    "leaky_relu_",
    "log_softmax",
    "relu",
    "relu_",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "tanh",
]
