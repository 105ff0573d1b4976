"""Layer normalization: statistics of each row. See ``normalization`` for what it shares with batch normalization."""

from __future__ import annotations

import math
from typing import Any

from lamella.core.backends.chunks import along_first
from lamella.core.dispatch import define_op
from lamella.core.errors import ShapeError
from lamella.nn.ops.dtypes import normalization_and_moments, widened
from lamella.nn.ops.normalization import Shape, normalized_twice


def _layer_norm_shape(
    shape: Shape, of_weight: Shape | None, of_bias: Shape | None, size: Shape, eps: float
) -> list[Shape]:
    if not size:
        raise ShapeError("expected normalized_shape to have at least one dimension, got ()")
    for name, given in (("weight", of_weight), ("bias", of_bias)):
        if given is not None and given != size:
            raise ShapeError(f"expected `{name}` to have the shape normalized_shape={size}, got {given}")
    if shape[len(shape) - len(size) :] != size or len(shape) < len(size):
        raise ShapeError(
            f"normalized_shape={size} must be the last sizes of the input, got an input {shape}. Build the layer with "
            f"normalized_shape={shape[-len(size) :]}."
        )
    lead = (*shape[: len(shape) - len(size)], *(1,) * len(size))
    return [shape, lead, lead]


def _layer_samples(make: Any) -> list[Any]:
    """Input, weight, bias and the normalized shape."""
    return [
        (make.array(2, 3, 4), make.array(4), make.array(4), (4,)),
        (make.array(2, 3, 4), make.array(3, 4), None, (3, 4)),
        (make.array(5), None, make.array(5), (5,)),
        (make.transposed(2, 3), None, None, (3,)),
        (make.array(0, 3), make.array(3), make.array(3), (3,)),
    ]


@define_op(
    inputs=("input", "weight", "bias"),
    shape=_layer_norm_shape,
    dtype=normalization_and_moments,
    name="layer_norm_train",
    samples=lambda make: [make(*sample, 1e-5) for sample in _layer_samples(make)],
    errors=lambda make: [
        make.error(
            (make.array(2, 3), None, None, (2,), 1e-5),
            ShapeError,
            r"layer_norm_train: normalized_shape=\(2,\) must be the last sizes of the input, got an input \(2, 3\)",
        ),
        make.error(
            (make.array(2, 3), make.array(2), None, (3,), 1e-5), ShapeError, r"expected `weight` to have the shape"
        ),
        make.error((make.array(2, 3), None, None, (), 1e-5), ShapeError, r"at least one dimension"),
    ],
)
def layer_norm_train(xp: Any, input: Any, weight: Any, bias: Any, size: Any, eps: Any) -> Any:
    """``input`` normalized over its last dimensions, of sizes ``size``; and the means and variances it had there."""
    of_weight, of_bias = (None if x is None else x.shape for x in (weight, bias))
    _, lead, _ = _layer_norm_shape(input.shape, of_weight, of_bias, size, eps)
    input, weight, bias = widened(xp, input, weight, bias)
    length = math.prod(size)
    rows = input.reshape(math.prod(lead), length)
    scale, shift = (None if x is None else x.reshape(length) for x in (weight, bias))

    def fill(out: Any, part: Any, moments: Any) -> None:
        mean, var = moments[:, :1], moments[:, 1:]
        xp.divide(xp.sum(part, axis=1, keepdims=True), length, out=mean)
        xp.subtract(part, mean, out=out)
        xp.divide(xp.vecdot(out, out)[:, None], length, out=var)
        out *= 1 / xp.sqrt(var + eps)
        if scale is not None:
            out *= scale
        if shift is not None:
            out += shift

    moments = xp.empty((len(rows), 2), dtype=input.dtype, device=input.device)
    out = along_first(fill, xp.empty(rows.shape, dtype=input.dtype, device=input.device), rows, moments)
    return out.reshape(input.shape), moments[:, 0].reshape(lead), moments[:, 1].reshape(lead)


layer_norm_train.vjp(
    lambda F, grad, others, input, weight, size, eps: F.layer_norm_backward(
        *grad, input, weight, *others[1:], size, eps
    )
)


@define_op(
    inputs=("grad_output", "grad_mean", "grad_var", "input", "weight", "mean", "var"),
    shape=lambda grad, grad_mean, grad_var, shape, of_weight, mean, var, size, eps: [shape, size, size],
    dtype=normalization_and_moments,
    samples=lambda make: [
        make(
            make.array(*input.shape),
            *(make.array(*_layer_norm_shape(input.shape, None, None, size, 0)[1]) for _ in range(2)),
            input,
            weight,
            make.array(*_layer_norm_shape(input.shape, None, None, size, 0)[1]),
            make.array(*_layer_norm_shape(input.shape, None, None, size, 0)[1], low=0.5),
            size,
            1e-5,
        )
        for input, weight, _, size in _layer_samples(make)
    ],
)
def layer_norm_backward(
    xp: Any,
    grad_output: Any,
    grad_mean: Any,
    grad_var: Any,
    input: Any,
    weight: Any,
    mean: Any,
    var: Any,
    size: Any,
    eps: Any,
) -> Any:
    """The gradients of :func:`layer_norm_train`'s input, weight and bias, from those of its three results."""
    grad_output, grad_mean, grad_var, input, weight, mean, var = widened(
        xp, grad_output, grad_mean, grad_var, input, weight, mean, var
    )
    length = math.prod(size)
    shape = (mean.size, length)
    columns = [x.reshape(mean.size, 1) for x in (mean, 1 / xp.sqrt(var + eps), grad_mean, grad_var)]
    scale = None if weight is None else weight.reshape(length)
    grads = grad_output.reshape(shape)

    def fill(out: Any, products: Any, grad: Any, part: Any, mean: Any, rstd: Any, by_mean: Any, by_var: Any) -> None:
        xp.subtract(part, mean, out=out)
        xp.multiply(grad, out, out=products)
        products *= rstd
        scaled = grad if scale is None else grad * scale
        along = xp.vecdot(scaled, out)[:, None] * rstd**3
        out *= (2 * by_var - along) / length
        out += (by_mean - xp.sum(scaled, axis=1, keepdims=True) * rstd) / length
        out += scaled * rstd

    out, products = (xp.empty(shape, dtype=input.dtype, device=input.device) for _ in range(2))
    along_first(fill, out, products, grads, input.reshape(shape), *columns)
    return out.reshape(input.shape), xp.sum(products, axis=0).reshape(size), xp.sum(grads, axis=0).reshape(size)


def _layer_norm_backward_vjp(
    F: Any,
    grad: Any,
    grad_output: Any,
    grad_var: Any,
    input: Any,
    weight: Any,
    mean: Any,
    var: Any,
    size: Any,
    eps: Any,
) -> tuple[Any, ...]:
    ndim = len(input.shape)
    lead = ndim - len(size)
    found = normalized_twice(
        F, grad, grad_output, grad_var, input, weight, mean, var, eps, tuple(range(lead, ndim)), tuple(range(lead))
    )
    by_weight = None if weight is None else F.reshape(found[4], size)
    return (*found[:4], by_weight, *found[5:])


layer_norm_backward.vjp(_layer_norm_backward_vjp)


# --- batches of samples: more rows; a weight of each sample's own is multiplied afterwards


def _whole(F: Any, x: Any, batched: bool, size: int) -> Any:
    return x if batched or x is None else F.expand(F.reshape(x, (1, *x.array.shape)), (size, *x.array.shape))


def _beside(F: Any, x: Any, ndim: int, batched: bool) -> Any:
    """A weight, maybe one for each sample, with the dimensions that it lacks."""
    shape = tuple(x.array.shape)
    return F.reshape(x, (shape[0], *(1,) * (ndim - len(shape)), *shape[1:])) if batched else x


@layer_norm_train.batched
def _layer_norm_train_batched(
    F: Any, size: int, batched: tuple[bool, ...], input: Any, weight: Any, bias: Any, of_row: Any, eps: Any
) -> Any:
    x = _whole(F, input, batched[0], size)
    later = batched[1] or batched[2]
    out, mean, var = F.layer_norm_train(x, None if later else weight, None if later else bias, of_row, eps)
    if later:
        out = out if weight is None else out * _beside(F, weight, x.array.ndim, batched[1])
        out = out if bias is None else out + _beside(F, bias, x.array.ndim, batched[2])
    return out, mean, var


@layer_norm_backward.batched
def _layer_norm_backward_batched(F: Any, size: int, batched: tuple[bool, ...], *values: Any) -> Any:
    *given, of_row, eps = values
    grad, grad_mean, grad_var, x, _, mean, var = (_whole(F, v, b, size) for v, b in zip(given, batched, strict=True))
    weight, ndim = given[4], x.array.ndim
    scaled = grad if weight is None else grad * _beside(F, weight, ndim, batched[4])
    by_input = F.layer_norm_backward(scaled, grad_mean, grad_var, x, None, mean, var, of_row, eps)[0]
    products = grad * (x - mean) * F.rsqrt(var + eps)
    rows = tuple(range(1, ndim - len(of_row)))
    return by_input, *(F.sum(g, rows, False) if rows else g for g in (products, grad))


__all__ = ["layer_norm_backward", "layer_norm_train"]
