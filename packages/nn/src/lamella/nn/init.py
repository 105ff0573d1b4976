"""Initial values of parameters. Each function fills a tensor in place, outside the graph, and returns it."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, TypeVar

import numpy as np

from lamella.core.dtypes import float64
from lamella.core.errors import ArgumentError, ArgumentRangeError, DtypeError
from lamella.core.modes import no_grad
from lamella.core.ops.creation import as_tensor
from lamella.core.ops.random import rand, randn
from lamella.core.random import Generator
from lamella.core.tensor import Tensor

_LINEAR = {"linear", "sigmoid", *(f"conv{kind}{n}d" for kind in ("", "_transpose") for n in (1, 2, 3))}


F = TypeVar("F", bound=Callable[..., Tensor])

_skipped = ContextVar("skipped", default=False)


@contextmanager
def skipped() -> Iterator[None]:
    """Inside, the functions of this module leave tensors as they are."""
    token = _skipped.set(True)
    try:
        yield
    finally:
        _skipped.reset(token)


def _fills(function: F) -> F:
    """Run ``function`` outside the graph, and not at all inside :func:`skipped`."""

    @wraps(function)
    def filling(tensor: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        if _skipped.get():
            return tensor
        with no_grad():
            return function(tensor, *args, **kwargs)

    return filling  # type: ignore[return-value]  # the same signature


def _check_floating(function: str, tensor: Tensor) -> None:
    if not tensor.dtype.is_floating_point:
        raise DtypeError(f"{function} is not defined for {tensor.dtype}. Fill a floating-point tensor and convert it.")


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """What to scale initial weights by so that activations keep their variance through ``nonlinearity``.

    Args:
        nonlinearity: A function of ``lamella.nn.functional``: ``"linear"``, ``"conv2d"``, ``"sigmoid"``, ``"tanh"``,
            ``"relu"``, ``"leaky_relu"``, ``"selu"`` …
        param: The negative slope of ``leaky_relu``; 0.01 by default.

    Raises:
        ValueError: The function is not known, or the slope is no number.
    """
    if nonlinearity in _LINEAR:
        return 1.0
    if nonlinearity == "tanh":
        return 5.0 / 3
    if nonlinearity == "relu":
        return math.sqrt(2.0)
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        if isinstance(slope, bool) or not isinstance(slope, (int, float)):
            raise ArgumentError(f"negative_slope {param} not a valid number")
        return math.sqrt(2.0 / (1 + slope**2))
    if nonlinearity == "selu":
        return 0.75
    raise ArgumentError(
        f"Unsupported nonlinearity {nonlinearity}. Expected tanh, relu, leaky_relu, selu or one of "
        f"{', '.join(sorted(_LINEAR))}."
    )


@_fills
def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill with uniform numbers from ``[a, b)``."""
    return tensor.uniform_(a, b, generator=generator)


@_fills
def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill with normal numbers of the given mean and standard deviation."""
    return tensor.normal_(mean, std, generator=generator)


@_fills
def trunc_normal_(
    tensor: Tensor,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: Generator | None = None,
) -> Tensor:
    """Fill with normal numbers of the given mean and standard deviation, cut off outside ``[a, b]``.

    Each is one uniform number sent through the inverse of the distribution function. That has no closed form, so it is
    tabulated: 65,536 points over at most 20 standard deviations, where the error is below float32's rounding.

    Raises:
        RuntimeError: ``a`` is larger than ``b``, or the dtype is not a floating-point one.
    """
    _check_floating("trunc_normal_", tensor)
    if a > b:
        raise ArgumentRangeError(f"trunc_normal_: expected a <= b, but got a={a} and b={b}")
    if mean < a - 2 * std or mean > b + 2 * std:
        warnings.warn(
            "mean is more than 2 std from [a, b] in nn.init.trunc_normal_. The distribution of values may be "
            "incorrect.",
            stacklevel=3,
        )
    mode = min(max(mean, a), b)
    points = np.linspace(max(a, mode - 10 * std), min(b, mode + 10 * std), 65536)
    # relative to the highest density, which far in a tail would be 0
    density = np.exp(((mode - mean) ** 2 - (points - mean) ** 2) / (2 * std**2))
    below = np.concatenate([[0.0], np.cumsum(density[1:] + density[:-1])])
    uniform = rand(tensor.shape, dtype=float64, generator=generator).numpy()
    return tensor.copy_(as_tensor(np.interp(uniform * below[-1], below, points)))


@_fills
def constant_(tensor: Tensor, val: float) -> Tensor:
    """Fill with one value."""
    return tensor.fill_(val)


def ones_(tensor: Tensor) -> Tensor:
    """Fill with 1."""
    return constant_(tensor, 1.0)


def zeros_(tensor: Tensor) -> Tensor:
    """Fill with 0."""
    return constant_(tensor, 0.0)


@_fills
def eye_(tensor: Tensor) -> Tensor:
    """Fill a matrix with the identity: 1 on the diagonal, 0 elsewhere.

    Raises:
        ValueError: It is no matrix.
    """
    if tensor.ndim != 2:
        raise ArgumentError(f"Only tensors with 2 dimensions are supported, got {tensor.ndim}")
    return tensor.copy_(as_tensor(np.eye(*tensor.shape)))


@_fills
def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """Fill the weight of a convolution so that it passes on as many channels as it can, unchanged.

    Args:
        tensor: ``(out_channels, in_channels / groups, *kernel)``.
        groups: Groups of the convolution; each passes on its own channels.

    Raises:
        ValueError: It has not 3, 4 or 5 dimensions, or its first size can't be divided by ``groups``.
    """
    if tensor.ndim not in (3, 4, 5):
        raise ArgumentError(f"Only tensors with 3, 4, or 5 dimensions are supported, got {tensor.ndim}")
    out_channels, in_channels, *kernel = tensor.shape
    if out_channels % groups:
        raise ArgumentError(f"dim 0 must be divisible by groups, got {out_channels} and {groups}")
    values = np.zeros(tensor.shape)
    middle = tuple(size // 2 for size in kernel)
    for group in range(groups):
        for channel in range(min(out_channels // groups, in_channels)):
            values[(group * (out_channels // groups) + channel, channel, *middle)] = 1
    return tensor.copy_(as_tensor(values))


def _fans(tensor: Tensor) -> tuple[int, int]:
    """How many inputs each output has, and how many outputs each input."""
    if tensor.ndim < 2:
        raise ArgumentError(
            "Fan in and fan out can not be computed for tensor with fewer than 2 dimensions "
            f"(shape {tuple(tensor.shape)}). For a bias use zeros_ or uniform_."
        )
    receptive = math.prod(tensor.shape[2:])
    return tensor.shape[1] * receptive, tensor.shape[0] * receptive


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill with uniform numbers from ``[-a, a)``, ``a = gain · sqrt(6 / (fan_in + fan_out))``.

    Raises:
        ValueError: It has fewer than 2 dimensions.

    Reference:
        Glorot and Bengio, Understanding the difficulty of training deep feedforward neural networks (2010).
    """
    bound = gain * math.sqrt(6.0 / sum(_fans(tensor)))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill with normal numbers of deviation ``gain · sqrt(2 / (fan_in + fan_out))``; see :func:`xavier_uniform_`."""
    return normal_(tensor, 0.0, gain * math.sqrt(2.0 / sum(_fans(tensor))), generator)


def _kaiming_std(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float | None:
    if 0 in tensor.shape:
        warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=3)
        return None
    modes = ["fan_in", "fan_out"]
    if mode.lower() not in modes:
        raise ArgumentError(f"Mode {mode.lower()} not supported, please use one of {modes}")
    fan = _fans(tensor)[modes.index(mode.lower())]
    return calculate_gain(nonlinearity, a) / math.sqrt(fan)


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """Fill with uniform numbers from ``[-b, b)``, ``b = gain · sqrt(3 / fan)``.

    Args:
        a: The negative slope of the ``leaky_relu`` that follows.
        mode: ``"fan_in"`` keeps the variance of activations, ``"fan_out"`` that of gradients.
        nonlinearity: What follows; see :func:`calculate_gain`.

    Raises:
        ValueError: The tensor has fewer than 2 dimensions, or ``mode`` or ``nonlinearity`` is not known.

    Reference:
        He et al., Delving deep into rectifiers (2015).
    """
    std = _kaiming_std(tensor, a, mode, nonlinearity)
    if std is None:
        return tensor
    bound = math.sqrt(3.0) * std
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """Fill with normal numbers of deviation ``gain / sqrt(fan)``; see :func:`kaiming_uniform_`."""
    std = _kaiming_std(tensor, a, mode, nonlinearity)
    return tensor if std is None else normal_(tensor, 0.0, std, generator)


@_fills
def orthogonal_(tensor: Tensor, gain: float = 1, generator: Generator | None = None) -> Tensor:
    """Fill with a random matrix whose rows (or columns, if there are fewer) are orthogonal, of length ``gain``.

    A tensor of more dimensions is taken as a matrix of its first dimension by all others.

    Raises:
        ValueError: It has fewer than 2 dimensions.
        RuntimeError: The dtype is not a floating-point one.

    Reference:
        Saxe et al., Exact solutions to the nonlinear dynamics of learning in deep linear neural networks (2013).
    """
    if tensor.ndim < 2:
        raise ArgumentError(f"Only tensors with 2 or more dimensions are supported, got {tensor.ndim}")
    if tensor.numel() == 0:
        return tensor
    _check_floating("orthogonal_", tensor)
    rows, columns = tensor.shape[0], tensor.numel() // tensor.shape[0]
    random = randn(max(rows, columns), min(rows, columns), dtype=float64, generator=generator).numpy()
    q, r = np.linalg.qr(random)
    q *= np.sign(np.diagonal(r))  # without this the result is not uniform over the orthogonal matrices
    values = (q.T if rows < columns else q).reshape(tensor.shape)
    return tensor.copy_(as_tensor(values * gain))


@_fills
def sparse_(tensor: Tensor, sparsity: float, std: float = 0.01, generator: Generator | None = None) -> Tensor:
    """Fill a matrix with normal numbers of deviation ``std``, and each column with ``sparsity`` of its elements 0.

    Raises:
        ValueError: It is no matrix.
        RuntimeError: The dtype is not a floating-point or complex one.

    Reference:
        Martens, Deep learning via Hessian-free optimization (2010).
    """
    if tensor.ndim != 2:
        raise ArgumentError(f"Only tensors with 2 dimensions are supported, got {tensor.ndim}")
    normal_(tensor, 0.0, std, generator)
    order: Any = np.argsort(rand(tensor.shape, generator=generator).numpy(), axis=0)
    chosen = np.zeros(tensor.shape, bool)
    np.put_along_axis(chosen, order[: math.ceil(sparsity * len(chosen))], True, axis=0)
    return tensor.masked_fill_(as_tensor(chosen), 0)


def _former(function: F) -> F:
    """``function`` by the name it once had, without the underscore, which many programs still use."""
    name = function.__name__

    @wraps(function)
    def warning(*args: Any, **kwargs: Any) -> Tensor:
        warnings.warn(
            f"`nn.init.{name[:-1]}` is now deprecated in favor of `nn.init.{name}`.", FutureWarning, stacklevel=2
        )
        return function(*args, **kwargs)

    return warning  # type: ignore[return-value]  # the same signature


constant = _former(constant_)
dirac = _former(dirac_)
eye = _former(eye_)
kaiming_normal = _former(kaiming_normal_)
kaiming_uniform = _former(kaiming_uniform_)
normal = _former(normal_)
orthogonal = _former(orthogonal_)
sparse = _former(sparse_)
uniform = _former(uniform_)
xavier_normal = _former(xavier_normal_)
xavier_uniform = _former(xavier_uniform_)

__all__ = [
    "calculate_gain",
    "constant_",
    "dirac_",
    "eye_",
    "kaiming_normal_",
    "kaiming_uniform_",
    "normal_",
    "ones_",
    "orthogonal_",
    "sparse_",
    "trunc_normal_",
    "uniform_",
    "xavier_normal_",
    "xavier_uniform_",
    "zeros_",
]
