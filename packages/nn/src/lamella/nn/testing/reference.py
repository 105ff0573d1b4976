"""What every op of nn should compute: slow, obvious, in float64, sharing no code with the ops.

A function here has the name of its op and takes the op's inputs, as NumPy arrays (or None), and then its attributes.
Each family of ops has its own heading.
"""

# ruff: noqa: D103  # what a function here computes is said by the op of its name

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lamella.core.testing.reference.elements import each

# --- activations

hardtanh = each(lambda x, low, high: min(max(x, low), high))
hardsigmoid = each(lambda x: 0 if x < -3 else 1 if x > 3 else (x + 3) / 6)
hardswish = each(lambda x: 0 if x < -3 else x if x > 3 else x * (x + 3) / 6)
hardswish_backward = each(lambda grad, x: grad * (0 if x <= -3 else 1 if x >= 3 else (2 * x + 3) / 6))
softshrink = each(lambda x, lambd: math.copysign(max(abs(x) - lambd, 0), x))
logsigmoid = each(lambda x: -math.log(1 + math.exp(-x)))
logsigmoid_backward = each(lambda grad, x: grad / (1 + math.exp(x)))
mish = each(lambda x: x * math.tanh(math.log(1 + math.exp(x)) if x < 30 else x))


@each
def mish_backward(grad: float, x: float) -> float:
    t = math.tanh(math.log(1 + math.exp(x)) if x < 30 else x)
    return grad * (t + x * (1 - t * t) / (1 + math.exp(-x)))


# --- embedding


def embedding(input: Any, weight: Any, padding_idx: int) -> np.ndarray:
    return np.array([weight[i] for i in input.reshape(-1).tolist()]).reshape(*input.shape, weight.shape[1])


def embedding_backward(grad_output: Any, input: Any, rows: int, padding_idx: int) -> np.ndarray:
    result = np.zeros((rows, grad_output.shape[-1]))
    for at in np.ndindex(*input.shape):
        if input[at] != padding_idx:
            result[input[at]] += grad_output[at]
    return result


# --- attention


def attention_weights(scores: Any, normalizer: Any, is_causal: bool) -> np.ndarray:
    result = np.zeros(scores.shape)
    for b, h, query, key in np.ndindex(*scores.shape):
        if key <= query or not is_causal:
            result[b, h, query, key] = math.exp(scores[b, h, query, key] - normalizer[b, h, query])
    return result


def _scores(query: Any, key: Any, mask: Any, is_causal: bool, scale: float) -> np.ndarray:
    scores = np.einsum("bhqe,bhke->bhqk", query, key) * scale + (0 if mask is None else mask)
    for q, k in np.ndindex(*scores.shape[2:]):
        if is_causal and k > q:
            scores[:, :, q, k] = -math.inf
    return scores


def scaled_dot_product_attention(
    query: Any, key: Any, value: Any, mask: Any, is_causal: bool, scale: float
) -> tuple[np.ndarray, np.ndarray]:
    scores = _scores(query, key, mask, is_causal, scale)
    out = np.zeros((*query.shape[:3], value.shape[3]))
    normalizer = np.zeros(query.shape[:3])
    for at in np.ndindex(*normalizer.shape):
        terms = [math.exp(s) for s in scores[at].tolist()]
        if sum(terms):
            normalizer[at] = math.log(math.fsum(terms))
            out[at] = sum(t * v for t, v in zip(terms, value[at[:2]], strict=True)) / math.fsum(terms)
    return out, normalizer


def scaled_dot_product_attention_backward(
    grad_output: Any,
    delta: Any,
    normalizer: Any,
    query: Any,
    key: Any,
    value: Any,
    mask: Any,
    is_causal: bool,
    scale: float,
    for_mask: bool,
) -> tuple[np.ndarray, ...]:
    weights = np.exp(_scores(query, key, mask, is_causal, scale) - normalizer[..., None])
    slope = np.einsum("bhqv,bhkv->bhqk", grad_output, value) - delta[..., None]
    of_scores = weights * slope
    grads = (
        np.einsum("bhqk,bhke->bhqe", of_scores, key) * scale,
        np.einsum("bhqk,bhqe->bhke", of_scores, query) * scale,
        np.einsum("bhqk,bhqv->bhkv", weights, grad_output),
    )
    return (*grads, of_scores) if for_mask else grads


# --- pooling


def _starts(size: int, kernel: int, stride: int, padding: int, dilation: int, ceil_mode: bool) -> list[int]:
    """Where windows start along one dimension, counted from the first element of the picture."""
    starts = [-padding]
    while True:
        following = starts[-1] + stride
        fits = following + dilation * (kernel - 1) < size + padding
        reaches_over = starts[-1] + dilation * (kernel - 1) < size + padding - 1 and following < size
        if not (fits or (ceil_mode and reaches_over)):
            return starts
        starts.append(following)


def _each_window(
    shape: Any, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool
) -> tuple[tuple[int, ...], dict[Any, Any]]:
    """The shape of the result, and for each of its elements the places in the picture under the window, in order."""
    starts = [_starts(shape[d - 2], kernel[d], stride[d], padding[d], dilation[d], ceil_mode) for d in range(2)]
    size = (*shape[:-2], len(starts[0]), len(starts[1]))
    windows = {}
    for at in np.ndindex(*size):
        top, left = starts[0][at[-2]], starts[1][at[-1]]
        places = [(top + i * dilation[0], left + j * dilation[1]) for i, j in np.ndindex(*kernel)]
        windows[at] = [
            (*at[:-2], row, column) for row, column in places if 0 <= row < shape[-2] and 0 <= column < shape[-1]
        ]
    return size, windows


def max_pool2d(input: Any, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool) -> np.ndarray:
    size, windows = _each_window(input.shape, kernel, stride, padding, dilation, ceil_mode)
    result = np.empty(size)
    for at, places in windows.items():
        result[at] = max(input[place] for place in places)
    return result


def _largest(input: Any, kernel: Any, stride: Any, padding: Any, dilation: Any) -> dict[Any, Any]:
    """The place of each window's largest element; `max` takes the first of those alike."""
    _, windows = _each_window(input.shape, kernel, stride, padding, dilation, False)
    return {at: max(places, key=input.__getitem__) for at, places in windows.items()}


def max_pool2d_backward(
    grad_output: Any, input: Any, output: Any, kernel: Any, stride: Any, padding: Any, dilation: Any
) -> np.ndarray:
    result = np.zeros(input.shape)
    for at, place in _largest(input, kernel, stride, padding, dilation).items():
        result[place] += grad_output[at]
    return result


def max_pool2d_pick(
    values: Any, input: Any, output: Any, kernel: Any, stride: Any, padding: Any, dilation: Any
) -> np.ndarray:
    result = np.empty(output.shape)
    for at, place in _largest(input, kernel, stride, padding, dilation).items():
        result[at] = values[place]
    return result


def max_pool2d_indices(input: Any, output: Any, kernel: Any, stride: Any, padding: Any, dilation: Any) -> np.ndarray:
    result = np.empty(output.shape, np.int64)
    for at, place in _largest(input, kernel, stride, padding, dilation).items():
        result[at] = place[-2] * input.shape[-1] + place[-1]
    return result


def _shares(
    shape: Any, kernel: Any, stride: Any, padding: Any, ceil_mode: bool, count_include_pad: bool, divisor: int | None
) -> tuple[tuple[int, ...], dict[Any, tuple[Any, float]]]:
    """The shape of the result, and for each of its elements the places under the window and what to divide by."""
    size, windows = _each_window(shape, kernel, stride, padding, (1, 1), ceil_mode)
    found = {}
    for at, places in windows.items():
        count = divisor
        if count is None and count_include_pad:
            count = 1
            for d in range(2):
                start = at[d - 2] * stride[d] - padding[d]
                count *= min(start + kernel[d], shape[d - 2] + padding[d]) - start
        found[at] = places, float(len(places) if count is None else count)
    return size, found


def avg_pool2d(input: Any, *attributes: Any) -> np.ndarray:
    size, shares = _shares(input.shape, *attributes)
    result = np.empty(size)
    for at, (places, count) in shares.items():
        result[at] = math.fsum(input[place] for place in places) / count
    return result


def avg_pool2d_backward(grad_output: Any, input_size: Any, *attributes: Any) -> np.ndarray:
    result = np.zeros(input_size)
    for at, (places, count) in _shares(input_size, *attributes)[1].items():
        for place in places:
            result[place] += grad_output[at] / count
    return result


# --- normalization


def _normalized(values: Any, weight: Any, bias: Any, mean: float, var: float, eps: float) -> Any:
    """``values`` that share a mean and a variance, with a weight and a bias for each (or 1 and 0)."""
    standard = (values - mean) / math.sqrt(var + eps)
    return standard * (1.0 if weight is None else weight) + (0.0 if bias is None else bias)


def _unnormalized(
    grad: Any, by_mean: float, by_var: float, values: Any, weight: Any, mean: float, var: float, eps: float
) -> tuple[Any, Any]:
    """The gradient of such values, and for each value its gradient times what was multiplied with the weight."""
    deviation = math.sqrt(var + eps)
    standard = (values - mean) / deviation
    scaled = grad * (1.0 if weight is None else weight)
    count = values.size
    through_mean = math.fsum(scaled.flat) / count
    through_var = math.fsum((scaled * standard).flat) / count
    direct = (scaled - through_mean - standard * through_var) / deviation
    return direct + by_mean / count + by_var * 2 * (values - mean) / count, grad * standard


def _moments(values: Any) -> tuple[float, float]:
    if not values.size:
        return math.nan, math.nan
    mean = math.fsum(values.flat) / values.size
    return mean, math.fsum((v - mean) ** 2 for v in values.flat) / values.size


def _of(array: Any, i: Any) -> Any:
    return None if array is None else array[i]


def batch_norm_train(input: Any, weight: Any, bias: Any, eps: float) -> tuple[np.ndarray, ...]:
    result, means, variances = np.empty(input.shape), np.empty(input.shape[1]), np.empty(input.shape[1])
    for c in range(input.shape[1]):
        means[c], variances[c] = _moments(input[:, c])
        result[:, c] = _normalized(input[:, c], _of(weight, c), _of(bias, c), means[c], variances[c], eps)
    return result, means, variances


def batch_norm_backward(
    grad_output: Any, grad_mean: Any, grad_var: Any, input: Any, weight: Any, mean: Any, var: Any, eps: float
) -> tuple[np.ndarray, ...]:
    result, by_weight, by_bias = np.empty(input.shape), np.empty(mean.shape), np.empty(mean.shape)
    for c in range(len(mean)):
        grad = grad_output[:, c]
        result[:, c], products = _unnormalized(
            grad, grad_mean[c], grad_var[c], input[:, c], _of(weight, c), mean[c], var[c], eps
        )
        by_weight[c], by_bias[c] = math.fsum(products.flat), math.fsum(grad.flat)
    return result, by_weight, by_bias


def batch_norm_eval(input: Any, mean: Any, var: Any, weight: Any, bias: Any, eps: float) -> np.ndarray:
    result = np.empty(input.shape)
    for c in range(len(mean)):
        result[:, c] = _normalized(input[:, c], _of(weight, c), _of(bias, c), mean[c], var[c], eps)
    return result


def _lead(input: Any, size: Any) -> tuple[Any, tuple[int, ...]]:
    """The indices of what is normalized together, and the shape of its statistics."""
    lead = input.shape[: input.ndim - len(size)]
    return np.ndindex(*lead), (*lead, *(1 for _ in size))


def layer_norm_train(input: Any, weight: Any, bias: Any, size: Any, eps: float) -> tuple[np.ndarray, ...]:
    indices, shape = _lead(input, size)
    result, means, variances = np.empty(input.shape), np.empty(shape), np.empty(shape)
    for i in indices:
        mean, var = _moments(input[i])
        means[i], variances[i] = mean, var
        result[i] = _normalized(input[i], weight, bias, mean, var, eps)
    return result, means, variances


def layer_norm_backward(
    grad_output: Any, grad_mean: Any, grad_var: Any, input: Any, weight: Any, mean: Any, var: Any, size: Any, eps: float
) -> tuple[np.ndarray, ...]:
    result, by_weight, by_bias = np.empty(input.shape), np.zeros(size), np.zeros(size)
    for i in _lead(input, size)[0]:
        given = (grad_mean[i].item(), grad_var[i].item(), input[i], weight, mean[i].item(), var[i].item(), eps)
        result[i], products = _unnormalized(grad_output[i], *given)
        by_weight += products
        by_bias += grad_output[i]
    return result, by_weight, by_bias
