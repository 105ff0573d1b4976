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

# --- losses


def _class_losses(losses: list[float], target: Any, weight: Any, ignore_index: int, reduction: str) -> np.ndarray:
    """Losses of rows, each times the weight of its class, reduced."""
    weights = [0.0 if t == ignore_index else 1.0 if weight is None else weight[t] for t in target.tolist()]
    products = [loss * w if w else 0.0 for loss, w in zip(losses, weights, strict=True)]
    if reduction == "none":
        return np.array(products)
    return np.array(math.fsum(products) / (math.fsum(weights) if reduction == "mean" else 1.0))


def nll_loss(input: Any, target: Any, weight: Any, ignore_index: int, reduction: str) -> np.ndarray:
    losses = [0.0 if t == ignore_index else -row[t] for row, t in zip(input.tolist(), target.tolist(), strict=True)]
    return _class_losses(losses, target, weight, ignore_index, reduction)


def nll_loss_backward(
    grad_output: Any, target: Any, weight: Any, classes: int, ignore_index: int, reduction: str
) -> np.ndarray:
    result = np.zeros((len(target), classes))
    for at in np.ndindex(*result.shape):  # linear: what each element by itself would add to the loss
        probe = np.zeros(result.shape)
        probe[at] = 1.0
        result[at] = (nll_loss(probe, target, weight, ignore_index, reduction) * grad_output).sum()
    return result


def cross_entropy(
    input: Any, target: Any, weight: Any, ignore_index: int, reduction: str
) -> tuple[np.ndarray, np.ndarray]:
    normalizer = np.array([math.log(math.fsum(map(math.exp, row))) for row in input.tolist()])
    log_probabilities = input - normalizer.reshape(-1, 1)
    return nll_loss(log_probabilities, target, weight, ignore_index, reduction), normalizer


def cross_entropy_backward(
    grad_output: Any,
    grad_normalizer: Any,
    input: Any,
    target: Any,
    weight: Any,
    normalizer: Any,
    ignore_index: int,
    reduction: str,
) -> np.ndarray:
    direct = nll_loss_backward(grad_output, target, weight, input.shape[1], ignore_index, reduction)
    result = np.empty(input.shape)
    for row, column in np.ndindex(*input.shape):
        probability = math.exp(input[row, column] - normalizer[row])
        result[row, column] = (grad_normalizer[row] - direct[row].sum()) * probability + direct[row, column]
    return result


binary_cross_entropy = each(lambda p, y: -(y * max(math.log(p), -100) + (1 - y) * max(math.log(1 - p), -100)))


@each
def binary_cross_entropy_with_logits(x: float, y: float) -> float:
    # log(1 + e^x) from its definition, where that does not overflow
    return (math.log(1 + math.exp(x)) if x < 30 else x + math.exp(-x)) - x * y


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


# --- recurrent


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def lstm_layer(
    input: Any, h0: Any, c0: Any, w_ih: Any, w_hh: Any, b_ih: Any, b_hh: Any, reverse: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    length, batch, _ = input.shape
    hidden = w_hh.shape[1]
    output, cells = np.zeros((length, batch, hidden)), np.zeros((length, batch, hidden))
    gates = np.zeros((length, batch, 4 * hidden))
    for n in range(batch):
        h, c = h0[n], c0[n]
        for t in sorted(range(length), reverse=reverse):
            before = w_ih @ input[t, n] + w_hh @ h + sum(b for b in (b_ih, b_hh) if b is not None)
            i, f, g, o = before.reshape(4, hidden)
            i, f, g, o = _sigmoid(i), _sigmoid(f), np.tanh(g), _sigmoid(o)
            c = f * c + i * g
            h = o * np.tanh(c)
            output[t, n], cells[t, n], gates[t, n] = h, c, np.concatenate([i, f, g, o])
    return output, cells, gates


def lstm_layer_backward(
    grad_output: Any,
    grad_cells: Any,
    grad_gates: Any,
    input: Any,
    h0: Any,
    c0: Any,
    w_ih: Any,
    w_hh: Any,
    output: Any,
    cells: Any,
    gates: Any,
    reverse: bool,
    for_input: bool,
) -> tuple[np.ndarray, ...]:
    length, batch, hidden = output.shape
    results = [np.zeros(a.shape) for a in (h0, c0, w_ih, w_hh, w_hh[:, 0], input)]
    of_h0, of_c0, of_w_ih, of_w_hh, of_bias, of_input = results
    order = sorted(range(length), reverse=reverse)
    for n in range(batch):
        dh, dc = np.zeros(hidden), np.zeros(hidden)
        for t, before in reversed(list(zip(order, [None, *order], strict=False))):
            h, c = (h0[n], c0[n]) if before is None else (output[before, n], cells[before, n])
            i, f, g, o = gates[t, n].reshape(4, hidden)
            dh = dh + grad_output[t, n]
            dc = dc + grad_cells[t, n] + dh * o / np.cosh(cells[t, n]) ** 2
            into = np.array([dc * g, dc * c, dc * i, dh * np.tanh(cells[t, n])]) + grad_gates[t, n].reshape(4, hidden)
            into *= [i * (1 - i), f * (1 - f), 1 - g * g, o * (1 - o)]
            raw = into.reshape(-1)
            of_w_ih += np.outer(raw, input[t, n])
            of_w_hh += np.outer(raw, h)
            of_bias += raw
            of_input[t, n] = w_ih.T @ raw
            dh, dc = w_hh.T @ raw, dc * f
        of_h0[n], of_c0[n] = dh, dc
    return tuple(results if for_input else results[:-1])


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
