"""Batch normalization: statistics of each channel.

Batch and layer normalization (``layer_normalization``) both make a mean and a variance, and both give them out as
results, so that a gradient rule need not compute them again. Gradients that arrive at these two results are folded into
the coefficients of the one for the input, which costs nothing. Inputs of half precision are computed in float32, and so
are their statistics.
"""

from __future__ import annotations

import math
from typing import Any

from lamella.core.backends.chunks import along_first
from lamella.core.dispatch import define_op
from lamella.core.errors import ShapeError
from lamella.core.op import OpFunction
from lamella.nn.ops.dtypes import normalization, normalization_and_moments, widened

Shape = tuple[int, ...]


def _check_channels(shape: Shape, *of_channels: Shape | None) -> None:
    if len(shape) < 2:
        raise ShapeError(f"expected an input of 2 or more dimensions (N, C, …), got {shape}")
    for given in of_channels:
        if given is not None and given != shape[1:2]:
            raise ShapeError(
                f"the input {shape} has {shape[1]} channels, but a tensor with a value for each of them has shape "
                f"{given}. Build the layer with num_features={shape[1]}."
            )


def _batch_norm_shape(shape: Shape, of_weight: Shape | None, of_bias: Shape | None, eps: float) -> list[Shape]:
    _check_channels(shape, of_weight, of_bias)
    return [shape, shape[1:2], shape[1:2]]


def _rows(array: Any) -> Any:
    """One row for each image and channel."""
    return array.reshape(array.shape[0] * array.shape[1], math.prod(array.shape[2:]))


def _repeated(xp: Any, of_channels: Any, images: int) -> Any:
    """A column with a value for each of :func:`_rows`."""
    return xp.tile(of_channels, images)[:, None]


def _scaled(xp: Any, input: Any, scale: Any, shift: Any) -> Any:
    """``input * scale + shift``, with a scale and a shift for each channel."""
    rows, images = _rows(input), len(input)

    def fill(out: Any, part: Any, scale: Any, shift: Any) -> None:
        xp.multiply(part, scale, out=out)
        out += shift

    out = xp.empty(rows.shape, dtype=input.dtype, device=input.device)
    along_first(fill, out, rows, _repeated(xp, scale, images), _repeated(xp, shift, images))
    return out.reshape(input.shape)


def _channel_moments(xp: Any, input: Any) -> tuple[Any, Any]:
    """Mean and variance (dividing by the count) of each channel, in one pass over memory.

    Each row's own mean and squares are found while it is in the cache, and put together as in Chan, Golub, LeVeque,
    "Updating formulae and a pairwise algorithm for computing sample variances" (1979), which does not cancel.
    """
    rows = _rows(input)
    images, channels, length = len(input), input.shape[1], rows.shape[1]

    def fill(out: Any, part: Any) -> None:
        xp.divide(xp.sum(part, axis=1), length, out=out[:, 0])
        apart = part - out[:, :1]
        xp.divide(xp.vecdot(apart, apart), length, out=out[:, 1])

    found = along_first(fill, xp.empty((len(rows), 2), dtype=input.dtype, device=input.device), rows)
    means, squares = found[:, 0].reshape(images, channels), found[:, 1].reshape(images, channels)
    mean = xp.sum(means, axis=0) / images
    squares += (means - mean) ** 2
    return mean, xp.sum(squares, axis=0) / images


def _norm_samples(make: Any) -> list[Any]:
    """Input, weight and bias: pictures, vectors, sequences, without weight or bias."""
    return [
        (make.array(2, 3, 2, 2), make.array(3), make.array(3)),
        (make.array(4, 2), make.array(2), None),
        (make.array(2, 2, 3), None, make.array(2)),
        (make.transposed(2, 2, 2, 3), None, None),
        (make.array(3, 1, 2), make.array(1), make.array(1)),
    ]


@define_op(
    inputs=("input", "weight", "bias"),
    shape=_batch_norm_shape,
    dtype=normalization_and_moments,
    name="batch_norm_train",
    samples=lambda make: [make(*sample, 1e-5) for sample in _norm_samples(make)],
    errors=lambda make: [
        make.error(
            (make.array(2, 3, 4), make.array(4), None, 1e-5),
            ShapeError,
            r"batch_norm_train: .*Build the layer with num_features=3",
        ),
        make.error((make.array(3), None, None, 1e-5), ShapeError, r"batch_norm_train: expected an input of 2 or more"),
    ],
)
def batch_norm_train(xp: Any, input: Any, weight: Any, bias: Any, eps: Any) -> Any:
    """``input`` normalized by the statistics of its channels, their means, and their variances (over the count)."""
    _check_channels(input.shape, *(None if x is None else x.shape for x in (weight, bias)))
    input, weight, bias = widened(xp, input, weight, bias)
    mean, var = _channel_moments(xp, input)
    scale = 1 / xp.sqrt(var + eps)
    if weight is not None:
        scale *= weight
    shift = -mean * scale
    if bias is not None:
        shift += bias
    return _scaled(xp, input, scale, shift), mean, var


batch_norm_train.vjp(
    lambda F, grad, others, input, weight, eps: F.batch_norm_backward(*grad, input, weight, *others[1:], eps)
)


@define_op(
    inputs=("grad_output", "grad_mean", "grad_var", "input", "weight", "mean", "var"),
    shape=lambda grad, grad_mean, grad_var, shape, *rest: [shape, shape[1:2], shape[1:2]],
    dtype=normalization_and_moments,
    samples=lambda make: [
        make(
            make.array(*input.shape),
            make.array(*input.shape[1:2]),
            make.array(*input.shape[1:2]),
            input,
            weight,
            make.array(*input.shape[1:2]),
            make.array(*input.shape[1:2], low=0.5),
            1e-5,
        )
        for input, weight, _ in _norm_samples(make)
    ],
)
def batch_norm_backward(
    xp: Any,
    grad_output: Any,
    grad_mean: Any,
    grad_var: Any,
    input: Any,
    weight: Any,
    mean: Any,
    var: Any,
    eps: Any,
) -> Any:
    """The gradients of :func:`batch_norm_train`'s input, weight and bias, from those of its three results."""
    grad_output, grad_mean, grad_var, input, weight, mean, var = widened(
        xp, grad_output, grad_mean, grad_var, input, weight, mean, var
    )
    images, channels = input.shape[:2]
    count = images * math.prod(input.shape[2:])
    rows, grads = _rows(input), _rows(grad_output)

    def sums(out: Any, grad: Any, part: Any, mean: Any) -> None:
        xp.sum(grad, axis=1, out=out[:, 0])
        out[:, 1] = xp.vecdot(grad, part - mean)

    found = xp.empty((len(rows), 2), dtype=input.dtype, device=input.device)
    along_first(sums, found, grads, rows, _repeated(xp, mean, images))
    grad_bias, products = xp.sum(found.reshape(images, channels, 2), axis=0).T
    rstd = 1 / xp.sqrt(var + eps)
    # grad * by_grad + input * by_input + shift
    by_grad = rstd if weight is None else rstd * weight
    by_input = (2 * grad_var - by_grad * rstd * rstd * products) / count
    shift = (grad_mean - by_grad * grad_bias) / count - by_input * mean

    def fill(out: Any, grad: Any, part: Any, by_grad: Any, by_input: Any, shift: Any) -> None:
        xp.multiply(part, by_input, out=out)
        out += shift
        out += grad * by_grad

    out = xp.empty(rows.shape, dtype=input.dtype, device=input.device)
    along_first(fill, out, grads, rows, *(_repeated(xp, x, images) for x in (by_grad, by_input, shift)))
    return out.reshape(input.shape), products * rstd, grad_bias.copy()


def normalized_twice(
    F: Any,
    grads: Any,
    grad_output: Any,
    grad_var: Any,
    input: Any,
    weight: Any,
    mean: Any,
    var: Any,
    eps: float,
    dims: tuple[int, ...],
    weight_dims: tuple[int, ...],
) -> tuple[Any, ...]:
    """The gradients of a normalization's backward op: statistics over ``dims``, the weight's sums over ``weight_dims``.

    With x = input - mean, r = (var + eps)^-1/2, n = x * r, h = grad_output * weight and bars for means over ``dims``,
    that op gives ``r * (h - h̄ - n * mean(h * n)) + (grad_mean + 2 * grad_var * x) / count``, ``sum(grad_output * n)``
    and ``sum(grad_output)``. ``mean`` and ``var`` are inputs of their own here; they and the weight have ``input``'s
    number of dimensions.
    """
    u, v, q = grads
    count = math.prod(input.shape[d] for d in dims)
    x = input - mean
    r = F.rsqrt(var + eps)
    n = x * r
    h = grad_output if weight is None else grad_output * weight
    along_n, along_u = F.mean(h * n, dims, True), F.mean(u * n, dims, True)
    inner = h - F.mean(h, dims, True) - n * along_n
    by_h = r * (u - F.mean(u, dims, True) - n * along_u)
    by_n = grad_output * v - r * (u * along_n + h * along_u)
    by_x = by_n * r + u * grad_var * (2 / count)
    by_r = F.sum(u * inner + by_n * x, dims, True)
    return (
        (by_h if weight is None else by_h * weight) + n * v + q,
        F.mean(u, dims, True),
        F.mean(u * x, dims, True) * 2,
        by_x,
        None if weight is None else F.sum(by_h * grad_output, weight_dims, True),
        -F.sum(by_x, dims, True),
        by_r * (r * r * r) * -0.5,
    )


def _batch_norm_backward_vjp(
    F: Any, grad: Any, grad_output: Any, grad_var: Any, input: Any, weight: Any, mean: Any, var: Any, eps: Any
) -> tuple[Any, ...]:
    channels = input.shape[1:2]
    wide = (1, *channels, *(1,) * (len(input.shape) - 2))
    dims = tuple(d for d in range(len(input.shape)) if d != 1)
    broad = [None if x is None else F.reshape(x, wide) for x in (*grad[1:], grad_var, weight, mean, var)]
    v, q, grad_var, weight, mean, var = broad
    found = normalized_twice(F, (grad[0], v, q), grad_output, grad_var, input, weight, mean, var, eps, dims, dims)
    return tuple(g if g is None or i in (0, 3) else F.reshape(g, channels) for i, g in enumerate(found))


batch_norm_backward.vjp(_batch_norm_backward_vjp)


def _batch_norm_eval_shape(shape: Shape, *rest: Any) -> Shape:
    _check_channels(shape, *rest[:4])
    return shape


@define_op(
    inputs=("input", "mean", "var", "weight", "bias"),
    shape=_batch_norm_eval_shape,
    dtype=normalization,
    samples=lambda make: [
        make(input, make.array(*input.shape[1:2]), make.array(*input.shape[1:2], low=0.5), weight, bias, 1e-5)
        for input, weight, bias in _norm_samples(make)
    ],
    errors=lambda make: [
        make.error(
            (make.array(2, 3, 4), make.array(4), make.array(4), None, None, 1e-5),
            ShapeError,
            r"batch_norm_eval: the input \(2, 3, 4\) has 3 channels, but .* has shape \(4,\)",
        )
    ],
)
def batch_norm_eval(xp: Any, input: Any, mean: Any, var: Any, weight: Any, bias: Any, eps: Any) -> Any:
    """``input`` normalized by given statistics of its channels, which have no gradient (as in PyTorch)."""
    _check_channels(input.shape, *(None if x is None else x.shape for x in (mean, var, weight, bias)))
    input, mean, var, weight, bias = widened(xp, input, mean, var, weight, bias)
    scale = 1 / xp.sqrt(var + eps)
    if weight is not None:
        scale *= weight
    shift = -mean * scale
    if bias is not None:
        shift += bias
    return _scaled(xp, input, scale, shift)


def _batch_norm_eval_vjp(
    F: Any, grad: Any, input: Any, mean: Any, var: Any, weight: Any, eps: Any, needs: Any
) -> tuple[Any, ...]:
    dims = tuple(d for d in range(len(input.shape)) if d != 1)
    wide = (1, *input.shape[1:2], *(1,) * (len(dims) - 1))
    rstd = F.rsqrt(var + eps)
    scale = rstd if weight is None else rstd * weight
    by_input = grad * F.reshape(scale, wide) if needs[0] else None
    by_weight = F.sum(grad * (input - F.reshape(mean, wide)), dims, False) * rstd if needs[3] else None
    return by_input, None, None, by_weight, F.sum(grad, dims, False) if needs[4] else None


batch_norm_eval.vjp(_batch_norm_eval_vjp)


# --- batches of samples: each sample's channels are channels of the whole


def _merging_channels(op: OpFunction, *pictures: str) -> None:
    """Let an op on channels run on all samples at once; ``pictures`` are its inputs (N, C, …), the others (C,)."""
    n = len(op.op.inputs)

    def rule(F: Any, size: int, batched: tuple[bool, ...], *values: Any) -> Any:
        merged: list[Any] = []
        for name, x, is_batched in zip(op.op.inputs, values[:n], batched, strict=True):
            if x is None:
                merged.append(None)
                continue
            shape = x.array.shape[is_batched:]
            whole = x if is_batched else F.expand(F.reshape(x, (1, *shape)), (size, *shape))
            if name in pictures:
                order = (1, 0, *range(2, len(shape) + 1))
                merged.append(F.reshape(F.permute(whole, order), (shape[0], size * shape[1], *shape[2:])))
            else:
                merged.append(F.reshape(whole, (size * shape[0],)))
        result = op(*merged, *values[n:])
        parts = result if isinstance(result, tuple) else (result,)
        apart = tuple([_samples_first(F, part, size) for part in parts])
        return apart if isinstance(result, tuple) else apart[0]

    op.batched(rule)


def _samples_first(F: Any, merged: Any, size: int) -> Any:
    """A result for merged channels as one for each sample."""
    shape = merged.array.shape
    if len(shape) == 1:
        return F.reshape(merged, (size, shape[0] // size))
    apart = F.reshape(merged, (shape[0], size, shape[1] // size, *shape[2:]))
    return F.permute(apart, (1, 0, *range(2, len(shape) + 1)))


_merging_channels(batch_norm_train, "input")
_merging_channels(batch_norm_backward, "grad_output", "input")
_merging_channels(batch_norm_eval, "input")

__all__ = ["batch_norm_backward", "batch_norm_eval", "batch_norm_train", "normalized_twice"]
