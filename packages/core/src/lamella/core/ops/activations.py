"""Activation functions: each forward and each gradient one op, because that saves passes over memory."""

from __future__ import annotations

import math
from typing import Any

from lamella.core import rules
from lamella.core.backends.chunks import along_first, elementwise
from lamella.core.dispatch import define_op
from lamella.core.dtypes import dtype
from lamella.core.errors import ArgumentRangeError, DtypeError
from lamella.core.ops import error_function
from lamella.core.ops.conversions import to
from lamella.core.ops.pairs import choose
from lamella.core.rules import numpy_names, one_dim
from lamella.core.tensor import Tensor

_real_floating = rules.refusing(rules.only_floating, "complex")


def _refused(make: Any, name: str, *attributes: Any) -> list[Any]:
    return [make.error((make.ints(3, 2), *attributes), DtypeError, rf"{name}: not defined for dtype lamella.int64")]


def widely(xp: Any, fill: Any, *arrays: Any) -> Any:
    """:func:`elementwise` in float32 for float16, which is too narrow for exponentials and their squares."""
    if arrays[0].dtype != xp.float16:
        return elementwise(fill, *arrays)
    return elementwise(fill, *(a.astype(xp.float32) for a in arrays)).astype(xp.float16)


# --- cut at 0


@define_op(
    inputs=("input",),
    shape=rules.elementwise,
    dtype=rules.refusing(rules.common, "bool", "complex"),
    samples=lambda make: [make.unary(away_from=0.0), make(make.ints(3, 4) - 1)],
    errors=lambda make: [make.error((make.bools(2),), DtypeError, r"relu: not defined for dtype lamella.bool")],
)
def relu(xp: Any, input: Any) -> Any:
    """``max(input, 0)``; its gradient at 0 is 0."""
    return xp.maximum(input, 0)


relu.vjp(input=lambda F, grad, out: F.relu_backward(grad, out))


@define_op(
    inputs=("grad_output", "output"),
    shape=rules.broadcast,
    dtype=rules.common,
    samples=lambda make: [
        make(make.array(2, 3), make.array(2, 3, away_from=0.0)),
        make(make.array(), make.array(away_from=0.0)),
        make(make.transposed(2, 3), make.array(2, 3, away_from=0.0)),
    ],
)
def relu_backward(xp: Any, grad_output: Any, output: Any) -> Any:
    """``grad_output``, 0 where ``output`` is; an infinite gradient too."""
    return xp.where(output <= 0, xp.zeros_like(grad_output), grad_output)


relu_backward.vjp(grad_output=lambda F, grad, output: F.relu_backward(grad, output), output=None)


# --- smooth


@define_op(
    inputs=("input",),
    shape=rules.elementwise,
    dtype=_real_floating,
    name="softplus",
    samples=lambda make: [make(make.array(2, 3), 1, 20), make(make.array(4, low=-3, high=3), 2, 50)],
    errors=lambda make: _refused(make, "softplus", 1, 20),
)
def _softplus(xp: Any, input: Any, beta: Any, threshold: Any) -> Any:
    """``log(1 + exp(beta * input)) / beta``."""

    def fill(out: Any, x: Any) -> None:
        scaled = x * beta
        xp.exp(scaled, out=out)  # may overflow where it is not used
        xp.log1p(out, out=out)
        out /= beta
        out[...] = choose(xp, scaled > threshold, x, out)

    return widely(xp, fill, input)


_softplus.vjp(
    input=lambda F, grad, input, beta, threshold: F.softplus_backward(grad, input, beta, threshold),
)


@define_op(
    inputs=("grad_output", "input"),
    shape=rules.elementwise,
    dtype=_real_floating,
    samples=lambda make: [
        make(make.array(2, 3), make.array(2, 3), 1, 20),
        make(make.array(3), make.array(3, low=1, high=3), 2, 1),
    ],
)
def softplus_backward(xp: Any, grad_output: Any, input: Any, beta: Any, threshold: Any) -> Any:
    """``grad_output * sigmoid(beta * input)``, and ``grad_output`` itself above the threshold."""

    def fill(out: Any, x: Any, grad: Any) -> None:
        scaled = x * beta
        xp.negative(scaled, out=out)
        xp.exp(out, out=out)
        out += 1
        xp.divide(grad, out, out=out)
        out[...] = choose(xp, scaled > threshold, grad, out)

    return widely(xp, fill, input, grad_output)


def _softplus_backward_input(F: Any, grad: Any, grad_output: Any, input: Any, beta: Any, threshold: Any) -> Any:
    s = F.sigmoid(input * beta)
    return grad * F.where(input * beta > threshold, 0.0, grad_output * (s * (1 - s) * beta))


softplus_backward.vjp(
    grad_output=lambda F, grad, input, beta, threshold: F.softplus_backward(grad, input, beta, threshold),
    input=_softplus_backward_input,
)


def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """``log(1 + exp(beta * input)) / beta``, a smooth relu.

    Args:
        beta: How sharp the bend is. threshold: where ``beta * input`` is above it, ``input`` itself is the result.

    Raises:
        RuntimeError: The elements are integers.
    """
    return _softplus(input, beta, threshold)


@define_op(
    inputs=("input",),
    shape=rules.elementwise,
    dtype=rules.only_floating,
    samples=lambda make: [make.unary(low=-4, high=4)],
    errors=lambda make: _refused(make, "silu"),
)
def silu(xp: Any, input: Any) -> Any:
    """``input * sigmoid(input)``, also called swish."""

    def fill(out: Any, x: Any) -> None:
        xp.negative(x, out=out)
        xp.exp(out, out=out)
        out += 1
        xp.divide(x, out, out=out)

    return elementwise(fill, input)


silu.vjp(input=lambda F, grad, input: F.silu_backward(grad, F.conj(input)))


@define_op(
    inputs=("grad_output", "input"),
    shape=rules.elementwise,
    dtype=rules.only_floating,
    samples=lambda make: [make(make.array(2, 3), make.array(2, 3, low=-4, high=4))],
)
def silu_backward(xp: Any, grad_output: Any, input: Any) -> Any:
    """``grad_output * s * (1 + input * (1 - s))``, where ``s = sigmoid(input)``."""

    def fill(out: Any, x: Any, grad: Any) -> None:
        s = xp.exp(-x)
        s += 1
        xp.divide(1, s, out=s)
        xp.subtract(1, s, out=out)
        out *= x
        out += 1
        out *= s
        out *= grad

    return elementwise(fill, input, grad_output)


def _silu_backward_input(F: Any, grad: Any, grad_output: Any, input: Any) -> Any:
    input = F.conj(input)
    s = F.sigmoid(input)
    return grad * F.conj(grad_output) * (s * (1 - s) * (2 + input * (1 - s * 2)))


silu_backward.vjp(grad_output=lambda F, grad, input: F.silu_backward(grad, F.conj(input)), input=_silu_backward_input)


# --- GELU: D. Hendrycks, K. Gimpel, "Gaussian Error Linear Units", 2016, https://arxiv.org/abs/1606.08415

_SQRT_HALF = math.sqrt(0.5)
_DENSITY = 1 / math.sqrt(2 * math.pi)  # of the normal distribution at 0
_K, _CUBE = math.sqrt(2 / math.pi), 0.044715  # tanh(_K (x + _CUBE x³)) is nearly erf(x / √2)


def _erf_of_scaled(xp: Any, x: Any) -> Any:
    """erf(x / √2) for a part that is in the cache."""
    scaled = x * _SQRT_HALF
    if scaled.dtype != xp.float32:
        return error_function.erf(xp, scaled)
    result = xp.empty_like(scaled)
    error_function.erf32_into(xp, result, scaled)
    return result


def _tanh_of_scaled(xp: Any, x: Any) -> Any:
    inner = x * x
    inner *= _K * _CUBE
    inner += _K
    inner *= x
    return xp.tanh(inner, out=inner)


def _gelu_samples(make: Any) -> list[Any]:
    return [make(make.array(3, 4, low=-4, high=4), approximate) for approximate in ("none", "tanh")] + [
        make(make.array(), "none")
    ]


@define_op(
    inputs=("input",),
    shape=rules.elementwise,
    dtype=_real_floating,
    name="gelu",
    samples=_gelu_samples,
    errors=lambda make: _refused(make, "gelu", "none"),
)
def _gelu(xp: Any, input: Any, approximate: Any) -> Any:
    """``input`` times the normal distribution function there; see :func:`gelu`."""
    bend = _tanh_of_scaled if approximate == "tanh" else _erf_of_scaled

    def fill(out: Any, x: Any) -> None:
        part = bend(xp, x)
        part += 1
        part *= 0.5
        xp.multiply(part, x, out=out)

    return elementwise(fill, input)


_gelu.vjp(input=lambda F, grad, input, approximate: F.gelu_backward(grad, input, approximate))


@define_op(
    inputs=("grad_output", "input"),
    shape=rules.elementwise,
    dtype=_real_floating,
    samples=lambda make: [
        make(make.array(2, 3), make.array(2, 3, low=-4, high=4), approximate) for approximate in ("none", "tanh")
    ],
)
def gelu_backward(xp: Any, grad_output: Any, input: Any, approximate: Any) -> Any:
    """``grad_output`` times the slope of :func:`gelu`."""

    def fill_exact(out: Any, x: Any, grad: Any) -> None:
        # Φ(x) + x φ(x)
        xp.multiply(x, x, out=out)
        out *= -0.5
        xp.exp(out, out=out)
        out *= x
        out *= _DENSITY
        bend = _erf_of_scaled(xp, x)
        bend *= 0.5
        bend += 0.5
        out += bend
        out *= grad

    def fill_tanh(out: Any, x: Any, grad: Any) -> None:
        # ½ (1 + t + x (1 - t²) u'), t = tanh(u)
        t = _tanh_of_scaled(xp, x)
        slope = x * x
        slope *= 3 * _K * _CUBE
        slope += _K
        slope *= x
        xp.multiply(t, t, out=out)
        xp.subtract(1, out, out=out)
        out *= slope
        out += t
        out += 1
        out *= 0.5
        out *= grad

    return elementwise(fill_tanh if approximate == "tanh" else fill_exact, input, grad_output)


def _gelu_backward_input(F: Any, grad: Any, grad_output: Any, input: Any, approximate: Any) -> Any:
    square = input * input
    if approximate == "none":
        return grad * grad_output * (F.exp(square * -0.5) * _DENSITY * (2 - square))
    t = F.tanh(input * (square * (_K * _CUBE) + _K))
    u1, u2 = square * (3 * _K * _CUBE) + _K, input * (6 * _K * _CUBE)
    return grad * grad_output * ((1 - t * t) * (u1 + input * (u2 - t * u1 * u1 * 2) * 0.5))


gelu_backward.vjp(
    grad_output=lambda F, grad, input, approximate: F.gelu_backward(grad, input, approximate),
    input=_gelu_backward_input,
)


def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """``input * Φ(input)``, Φ the distribution function of the normal distribution.

    Args:
        approximate: ``"none"``, or ``"tanh"`` for the formula with tanh in place of erf.

    Raises:
        RuntimeError: Another ``approximate``, or the elements are integers.
    """
    if approximate not in ("none", "tanh"):
        raise ArgumentRangeError(f"gelu: approximate argument must be either none or tanh, got {approximate!r}")
    return _gelu(input, approximate)


# --- softmax


def _row_max(xp: Any, x: Any, dim: int) -> Any:
    """The maximum along ``dim``, kept with size 1; short rows in the ways that NumPy is good at."""
    n = x.shape[dim]
    if dim != x.ndim - 1 or n > 512 or not x.flags.c_contiguous:
        return xp.max(x, axis=dim, keepdims=True)
    rows = x.reshape(-1, n)
    if n < 32:  # 65536 rows of 8: 0.5 ms for this, 6.3 ms for max
        best = xp.max(xp.asarray(rows.T, order="C"), axis=0)
    else:  # 65536 rows of 64: 1.7 ms for this, 5.3 ms for max
        best = xp.take_along_axis(rows, xp.argmax(rows, axis=1, keepdims=True), axis=1)
    return best.reshape(*x.shape[:-1], 1)


def _wide(xp: Any, x: Any) -> Any:
    """What to compute in: float16 is too narrow for a sum of exponentials."""
    return xp.float32 if x.dtype == xp.float16 else x.dtype


def _along(xp: Any, fill: Any, dim: int, *arrays: Any) -> Any:
    """``fill(out, *parts, axis)`` piece by piece, where whole rows along ``dim`` are in one piece."""
    first = arrays[0]
    if first.size == 0:
        return first.copy()
    out = xp.empty(first.shape, dtype=first.dtype, device=first.device)
    if dim == 0:
        fill(out, *arrays, dim)
        return out
    if dim == first.ndim - 1 and all(a.flags.c_contiguous for a in arrays):
        n = first.shape[dim]
        along_first(lambda *parts: fill(*parts, 1), out.reshape(-1, n), *(a.reshape(-1, n) for a in arrays))
        return out
    return along_first(lambda *parts: fill(*parts, dim), out, *arrays)


def _softmax_samples(make: Any) -> list[Any]:
    return [
        make(make.array(3, 4), 1),
        make(make.array(3, 4), 0),
        make(make.array(2, 3, 4), 1),
        make(make.transposed(4, 3), 1),
        make(make.array(2, 1), 1),
        make(make.array(5), 0),
        make(make.array(2, 0), 1),
        make(make.array(3, 40), 1),
    ]


@define_op(
    inputs=("input",),
    shape=rules.same,
    dtype=_real_floating,
    name="softmax",
    samples=_softmax_samples,
    errors=lambda make: _refused(make, "softmax", 0),
)
def _softmax(xp: Any, input: Any, dim: Any) -> Any:
    """Exponentials divided by their sum along ``dim``; see :func:`softmax`."""
    if input.ndim == 0:
        return xp.exp(input - input)

    def fill(out: Any, x: Any, axis: int) -> None:
        xp.subtract(x, _row_max(xp, x, axis), out=out)
        xp.exp(out, out=out)
        out /= xp.sum(out, axis=axis, keepdims=True)

    return _along(xp, fill, dim, input.astype(_wide(xp, input), copy=False)).astype(input.dtype, copy=False)


_softmax.vjp(input=lambda F, grad, out, dim: F.softmax_backward(grad, out, dim))


@define_op(
    inputs=("grad_output", "output"),
    shape=rules.same,
    dtype=_real_floating,
    samples=lambda make: [
        make(make.array(2, 3), make.array(2, 3, low=0.1, high=1), 1),
        make(make.array(2, 3), make.array(2, 3, low=0.1, high=1), 0),
    ],
)
def softmax_backward(xp: Any, grad_output: Any, output: Any, dim: Any) -> Any:
    """``output * (grad_output - sum(grad_output * output))``, the sum along ``dim``."""
    if output.ndim == 0:
        return grad_output * 0

    def fill(out: Any, y: Any, grad: Any, axis: int) -> None:
        xp.multiply(grad, y, out=out)
        total = xp.sum(out, axis=axis, keepdims=True)
        xp.subtract(grad, total, out=out)
        out *= y

    return _along(xp, fill, dim, output, grad_output)


softmax_backward.vjp(
    grad_output=lambda F, grad, output, dim: F.softmax_backward(grad, output, dim),
    output=lambda F, grad, grad_output, output, dim: (
        grad * (grad_output - F.sum(grad_output * output, (dim,), True))
        - grad_output * F.sum(grad * output, (dim,), True)
    ),
)


@define_op(
    inputs=("input",),
    shape=rules.same,
    dtype=_real_floating,
    name="log_softmax",
    samples=_softmax_samples,
    errors=lambda make: _refused(make, "log_softmax", 0),
)
def _log_softmax(xp: Any, input: Any, dim: Any) -> Any:
    """The logarithm of softmax along ``dim``; see :func:`log_softmax`."""
    if input.ndim == 0:
        return input - input

    def fill(out: Any, x: Any, axis: int) -> None:
        xp.subtract(x, _row_max(xp, x, axis), out=out)
        total = xp.sum(xp.exp(out), axis=axis, keepdims=True)
        out -= xp.log(total)

    return _along(xp, fill, dim, input.astype(_wide(xp, input), copy=False)).astype(input.dtype, copy=False)


_log_softmax.vjp(input=lambda F, grad, out, dim: F.log_softmax_backward(grad, out, dim))


@define_op(
    inputs=("grad_output", "output"),
    shape=rules.same,
    dtype=_real_floating,
    samples=lambda make: [
        make(make.array(2, 3), make.array(2, 3, low=-3, high=0), 1),
        make(make.array(2, 3), make.array(2, 3, low=-3, high=0), 0),
    ],
)
def log_softmax_backward(xp: Any, grad_output: Any, output: Any, dim: Any) -> Any:
    """``grad_output - exp(output) * sum(grad_output)``, the sum along ``dim``."""
    if output.ndim == 0:
        return grad_output * 0

    def fill(out: Any, y: Any, grad: Any, axis: int) -> None:
        xp.exp(y, out=out)
        out *= xp.sum(grad, axis=axis, keepdims=True)
        xp.subtract(grad, out, out=out)

    return _along(xp, fill, dim, output, grad_output)


def _log_softmax_backward_vjp(F: Any, grad: Any, grad_output: Any, output: Any, dim: Any) -> Any:
    weighted = grad * F.exp(output)
    return grad - F.sum(weighted, (dim,), True), -(weighted * F.sum(grad_output, (dim,), True))


log_softmax_backward.vjp(_log_softmax_backward_vjp)


@numpy_names
def softmax(input: Tensor, dim: int, dtype: dtype | None = None) -> Tensor:
    """``exp(input)`` divided by its sum along ``dim``, without overflow.

    Args:
        dim: Along which the results sum to 1. dtype: convert to it first.

    Raises:
        RuntimeError: The elements are integers, and no ``dtype`` is given.
    """
    if dtype is not None:
        input = to(input, dtype=dtype)
    return _softmax(input, one_dim(dim, input.array.ndim))


@numpy_names
def log_softmax(input: Tensor, dim: int, dtype: dtype | None = None) -> Tensor:
    """The logarithm of :func:`softmax`, more exact than taking it afterwards.

    Args:
        dim: Along which the exponentials of the results sum to 1. dtype: convert to it first.

    Raises:
        RuntimeError: The elements are integers, and no ``dtype`` is given.
    """
    if dtype is not None:
        input = to(input, dtype=dtype)
    return _log_softmax(input, one_dim(dim, input.array.ndim))


# The others are PyTorch's only in torch.nn.functional: there they get their public names.
IN_PLACE = ("relu",)

#: Functions without ``out=``.
NO_OUT = ("relu",)

__all__ = ["log_softmax", "relu", "softmax"]
