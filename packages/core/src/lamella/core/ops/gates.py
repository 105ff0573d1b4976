"""Activations that bend or cut at a point: ELU and its kin, PReLU with learned and random slopes, thresholds.

References: D.-A. Clevert, T. Unterthiner, S. Hochreiter, "Fast and Accurate Deep Network Learning by Exponential Linear
Units (ELUs)", 2015, https://arxiv.org/abs/1511.07289; G. Klambauer and others, "Self-Normalizing Neural Networks",
2017, https://arxiv.org/abs/1706.02515 (SELU); J. T. Barron, "Continuously Differentiable Exponential Linear Units",
2017, https://arxiv.org/abs/1704.07483 (CELU); K. He and others, "Delving Deep into Rectifiers", 2015,
https://arxiv.org/abs/1502.01852 (PReLU); B. Xu and others, "Empirical Evaluation of Rectified Activations in
Convolutional Network", 2015, https://arxiv.org/abs/1505.00853 (RReLU).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lamella.core import dtypes, rules
from lamella.core.autocast_policy import autocast_as
from lamella.core.backends.chunks import elementwise
from lamella.core.dispatch import define_op
from lamella.core.errors import ArgumentRangeError, DtypeError, ShapeError
from lamella.core.ops.comparison import le
from lamella.core.ops.pairs import choose
from lamella.core.ops.random import drawn
from lamella.core.ops.selection import masked_fill
from lamella.core.ops.shapes import reshape
from lamella.core.random import Generator
from lamella.core.tensor import Tensor

_real_floating = rules.refusing(rules.only_floating, "complex")

#: SELU's two numbers, with which activations of mean 0 and variance 1 keep both.
SELU_ALPHA, SELU_SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946


def check_real_floating(op: str, input: Tensor) -> None:
    """Refuse what is not real floating point, for functions whose parts would take it.

    Raises:
        RuntimeError: The dtype is another.
    """
    if not input.dtype.is_floating_point:
        raise DtypeError(f"{op}: not defined for dtype {input.dtype}; expected real floating point. Use x.float().")


# --- exponential below 0


@define_op(
    inputs=("input",),
    shape=rules.elementwise,
    dtype=_real_floating,
    name="elu",
    samples=lambda make: [
        make(make.array(2, 3, away_from=0.0), 1.0, 1.0, 1.0),
        make(make.transposed(3, 2), 0.7, 1.5, 2.0),
        make(make.array(), 2.0, 1.0, 0.5),
        make(make.array(0, 2), 1.0, 1.0, 1.0),
    ],
    errors=lambda make: [make.error((make.ints(3, 2), 1.0, 1.0, 1.0), DtypeError, r"elu: not defined for dtype")],
)
def _elu(xp: Any, input: Any, alpha: Any, scale: Any, rate: Any) -> Any:
    """``scale * input`` above 0, ``scale * alpha * (exp(rate * input) - 1)`` elsewhere."""

    def fill(out: Any, x: Any) -> None:
        x.clip(-xp.inf, 0, out=out)
        out *= rate
        xp.expm1(out, out=out)
        out *= alpha * scale
        above = x.clip(0, xp.inf)
        above *= scale
        out += above

    return elementwise(fill, input)


_elu.vjp(input=lambda F, grad, input, alpha, scale, rate: F.elu_backward(grad, input, alpha, scale, rate))


@define_op(
    inputs=("grad_output", "input"),
    shape=rules.elementwise,
    dtype=_real_floating,
    samples=lambda make: [make(make.array(2, 3), make.array(2, 3, away_from=0.0), 0.7, 1.5, 2.0)],
)
def elu_backward(xp: Any, grad_output: Any, input: Any, alpha: Any, scale: Any, rate: Any) -> Any:
    """``grad_output`` times the slope of :func:`elu`: ``scale`` above 0, else ``scale * alpha * rate * exp(…)``."""

    def fill(out: Any, x: Any, grad: Any) -> None:
        below = x.clip(-xp.inf, 0)
        below *= rate
        xp.exp(below, out=below)
        below *= alpha * scale * rate
        xp.multiply(choose(xp, x <= 0, below, scale), grad, out=out)

    return elementwise(fill, input, grad_output)


def _elu_backward_input(F: Any, grad: Any, grad_output: Any, input: Any, alpha: Any, scale: Any, rate: Any) -> Any:
    below = F.where(input > 0, 0.0, input)  # first, because an overflow would be seen in the next derivative
    return F.where(input > 0, 0.0, grad * grad_output * (F.exp(below * rate) * (alpha * scale * rate * rate)))


elu_backward.vjp(
    grad_output=lambda F, grad, input, alpha, scale, rate: F.elu_backward(grad, input, alpha, scale, rate),
    input=_elu_backward_input,
)


def elu(input: Tensor, alpha: float = 1.0) -> Tensor:
    """``input`` above 0, ``alpha * (exp(input) - 1)`` elsewhere.

    Raises:
        RuntimeError: The dtype is not real floating point.
    """
    return _elu(input, float(alpha), 1.0, 1.0)


def celu(input: Tensor, alpha: float = 1.0) -> Tensor:
    """``input`` above 0, ``alpha * (exp(input / alpha) - 1)`` elsewhere: ELU with a slope without a jump.

    Args:
        input: Real floating point.
        alpha: Minus the limit far below 0; not 0.

    Raises:
        RuntimeError: ``alpha`` is 0, or the dtype is not real floating point.
    """
    if alpha == 0:
        raise ArgumentRangeError("celu: alpha cannot be 0; for a limit of 0 use relu.")
    return _elu(input, float(alpha), 1.0, 1.0 / alpha)


def selu(input: Tensor) -> Tensor:
    """ELU times a scale, with the two numbers that keep activations at mean 0 and variance 1.

    Raises:
        RuntimeError: The dtype is not real floating point.
    """
    return _elu(input, SELU_ALPHA, SELU_SCALE, 1.0)


# --- another slope below 0


@define_op(
    inputs=("input",),
    shape=rules.elementwise,
    dtype=_real_floating,
    name="leaky_relu",
    samples=lambda make: [
        make(make.array(2, 3, away_from=0.0), 0.01),
        make(make.transposed(3, 2), 1.5),
        make(make.array(4, away_from=0.0), -0.2),
        make(make.array(), 0.0),
    ],
    errors=lambda make: [make.error((make.ints(3, 2), 0.1), DtypeError, r"leaky_relu: not defined for dtype")],
)
def _leaky_relu(xp: Any, input: Any, negative_slope: Any) -> Any:
    """``input`` where it is positive, a multiple of it elsewhere."""

    def fill(out: Any, x: Any) -> None:
        if _MILD <= negative_slope <= 1:
            xp.multiply(x, negative_slope, out=out)
            xp.maximum(x, out, out=out)
        else:
            xp.multiply(x, _factors(xp, x, negative_slope), out=out)

    return elementwise(fill, input)


#: A slope that float16 has. One that rounds to 0 would make nan of inf.
_MILD = 2**-14


def _factors(xp: Any, x: Any, slope: Any) -> Any:
    """1 where x is positive, ``slope`` elsewhere."""
    ones = (x > 0).astype(x.dtype)
    return xp.clip(ones, slope, 1) if 0 <= slope <= 1 else choose(xp, x > 0, ones, slope)


_leaky_relu.vjp(input=lambda F, grad, input, negative_slope: F.leaky_relu_backward(grad, input, negative_slope))


@define_op(
    inputs=("grad_output", "input"),
    shape=rules.elementwise,
    dtype=_real_floating,
    samples=lambda make: [make(make.array(2, 3), make.array(2, 3, away_from=0.0), -0.7)],
)
def leaky_relu_backward(xp: Any, grad_output: Any, input: Any, negative_slope: Any) -> Any:
    """``grad_output`` where ``input`` is positive, a multiple of it elsewhere."""

    def fill(out: Any, x: Any, grad: Any) -> None:
        xp.multiply(_factors(xp, x, negative_slope), grad, out=out)

    return elementwise(fill, input, grad_output)


leaky_relu_backward.vjp(
    grad_output=lambda F, grad, input, negative_slope: F.leaky_relu_backward(grad, input, negative_slope), input=None
)


def leaky_relu(input: Tensor, negative_slope: float = 0.01) -> Tensor:
    """``input`` where it is positive, ``negative_slope * input`` elsewhere.

    Raises:
        RuntimeError: The elements are integers.
    """
    return _leaky_relu(input, negative_slope)


def _one_floating(operands: Any, *attributes: Any) -> tuple[Any, Any]:
    found = [dtypes.from_numpy_dtype(x.dtype) for x in operands]
    if found[0] is not found[1]:
        raise DtypeError(f"type promoting not supported, got {found[0]} and {found[1]}. Convert one with x.to(dtype).")
    return None, found[0].numpy


@define_op(
    inputs=("input", "weight"),
    shape=rules.broadcast,
    dtype=rules.refusing(rules.DtypeRule(_one_floating, dtypes.FLOATING), "bool", "integer", "complex"),
    name="weighted_relu",
    samples=lambda make: [
        make(make.array(2, 3, 2, away_from=0.0), make.array(1, 3, 1)),
        make(make.array(4, away_from=0.0), make.array()),
        make(make.transposed(3, 2), make.array(3, 2)),
        make(make.array(0, 2), make.array(2)),
    ],
    errors=lambda make: [
        make.error(
            (make.ints(3, 2), make.ints(3, 2)), DtypeError, r"weighted_relu: not defined for dtype lamella.int64"
        ),
        make.error(
            (make.array(2), make.array(3)), ShapeError, r"weighted_relu: shapes \(2,\) and \(3,\) can't be broadcast"
        ),
        make.error(
            (make.array(2), make.array(1).astype(np.float32)),
            DtypeError,
            r"weighted_relu: type promoting not supported",
        ),
    ],
)
def _weighted_relu(xp: Any, input: Any, weight: Any) -> Any:
    """``input`` above 0, ``weight * input`` elsewhere."""
    return choose(xp, input > 0, input, input * weight)


_weighted_relu.vjp(
    input=lambda F, grad, input, weight: F.where(input > 0, grad, grad * weight),
    weight=lambda F, grad, input: F.where(input > 0, 0.0, grad * input),
)


@autocast_as("lower")
def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """``input`` above 0, ``weight * input`` elsewhere, with a learned weight for each channel.

    Args:
        input: ``(N, C, …)``, real floating point.
        weight: One number, ``()`` or ``(1,)``, or ``(C,)``; of the same dtype.

    Raises:
        RuntimeError: ``weight`` does not fit the channels, or the dtypes differ or are not real floating point.
    """
    shape, of_weight = input.array.shape, weight.array.shape
    if len(of_weight) > 1:
        raise ShapeError(f"prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {len(of_weight)}")
    if weight.array.size != 1:
        if not shape:
            raise ShapeError("prelu: a 0-dim input has no channels; pass a weight with one element.")
        channels = shape[1] if len(shape) > 1 else 1
        if of_weight != (channels,):
            raise ShapeError(
                f"prelu: Mismatch of parameter numbers and input channel size. Found parameter numbers = "
                f"{of_weight[0]} and channel size = {channels}. Build the layer with num_parameters={channels}."
            )
        weight = reshape(weight, *of_weight, *(1,) * (len(shape) - 2))
    elif of_weight:
        weight = reshape(weight, ())
    return _weighted_relu(input, weight)


def rrelu(
    input: Tensor,
    lower: float = 1 / 8,
    upper: float = 1 / 3,
    training: bool = False,
    generator: Generator | None = None,
) -> Tensor:
    """``input`` above 0, a multiple of it elsewhere: in training a random one for each element, else their mean.

    Args:
        input: Real floating point.
        lower: The multiples are uniform between this
        upper: and this.
        training: Whether to draw.
        generator: Where the random numbers come from; the default generator if left out.

    Raises:
        RuntimeError: ``lower`` is above ``upper``, or the dtype is not real floating point.
    """
    if lower > upper:
        raise ArgumentRangeError(
            f"rrelu: Lower bound should be less than or equal to the upper bound, got {lower} and {upper}"
        )
    check_real_floating("rrelu", input)
    if not training:
        return leaky_relu(input, (lower + upper) / 2)
    kind = input.array.dtype
    slopes = drawn(
        "rrelu",
        generator,
        tuple(input.array.shape),
        lambda s, shape: s.uniform(shape, kind, lower, upper),
        input.device,
    )
    return _weighted_relu(input, slopes)


# --- cut


def threshold(input: Tensor, threshold: float, value: float) -> Tensor:
    """``input`` above ``threshold``, ``value`` elsewhere.

    Raises:
        RuntimeError: The dtype is bool or complex, or ``value`` does not fit it.
    """
    if input.dtype is dtypes.bool or input.dtype.is_complex:
        raise DtypeError(f"threshold: not defined for dtype {input.dtype}; expected real numbers.")
    if not (input.dtype.is_floating_point or isinstance(value, int)):
        threshold, value = int(threshold), int(value)
    return masked_fill(input, le(input, threshold), value)


@define_op(
    inputs=("input",),
    shape=rules.elementwise,
    dtype=_real_floating,
    name="hardshrink",
    samples=lambda make: [make(make.array(2, 3), 0.5), make(make.transposed(3, 2), 0.2), make(make.array(), 0.0)],
    errors=lambda make: [make.error((make.ints(3, 2), 0.5), DtypeError, r"hardshrink: not defined for dtype")],
)
def _hardshrink(xp: Any, input: Any, lambd: Any) -> Any:
    """``input`` outside of ``[-lambd, lambd]``, 0 within."""

    def fill(out: Any, x: Any) -> None:
        xp.abs(x, out=out)
        out[...] = choose(xp, out <= lambd, 0, x)

    return elementwise(fill, input)


_hardshrink.vjp(input=lambda F, grad, input, lambd: F.where(F.abs(input) > lambd, grad, 0.0))


def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """``input``, with what lies in ``[-lambd, lambd]`` set to 0.

    Raises:
        RuntimeError: The dtype is not real floating point.
    """
    return _hardshrink(input, lambd)


#: PyTorch has these as functions alone.
NOT_METHODS = ("celu", "rrelu", "selu", "threshold")

#: Functions without ``out=``.
NO_OUT = ("celu", "prelu", "rrelu", "selu")

__all__ = ["celu", "hardshrink", "prelu", "rrelu", "selu", "threshold"]
