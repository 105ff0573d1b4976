"""References for the losses: row by row, way by way, in plain Python."""

# ruff: noqa: D103  # what a function here computes is said by the op of its name

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lamella.core.testing.reference.elements import each

# --- classes


def _class_losses(losses: list[float], target: Any, weight: Any, ignore_index: int, reduction: str) -> np.ndarray:
    """Losses of rows, each times the weight of its class, reduced."""
    weights = [0.0 if t == ignore_index else 1.0 if weight is None else weight[t] for t in target.tolist()]
    products = [loss * w if w else 0.0 for loss, w in zip(losses, weights, strict=True)]
    if reduction == "none":
        return np.array(products)
    total = math.fsum(products)
    if reduction == "sum":
        return np.array(total)
    return np.array(total / math.fsum(weights) if any(weights) else math.nan)


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


# --- distances

rounded_distance = each(lambda x, width, scale: scale * (x * x / 2 if abs(x) < width else width * (abs(x) - width / 2)))

# --- margins


def _hinges(input: Any, target: Any) -> Any:
    """Each row, right class and wrong class, with the hinge between them."""
    for n, (scores, labels) in enumerate(zip(input.tolist(), target.tolist(), strict=True)):
        counted = labels[: labels.index(-1)] if -1 in labels else labels
        for right in counted:
            for wrong in range(len(scores)):
                if wrong not in counted:
                    yield n, right, wrong, max(1 - (scores[right] - scores[wrong]), 0) / len(scores)


def multilabel_margin_loss(input: Any, target: Any) -> np.ndarray:
    result = np.zeros(len(input))
    for n, _, _, hinge in _hinges(input, target):
        result[n] += hinge
    return result


def multilabel_margin_slopes(input: Any, target: Any) -> np.ndarray:
    result = np.zeros(input.shape)
    for n, right, wrong, hinge in _hinges(input, target):
        if hinge > 0:
            result[n, right] -= 1 / input.shape[1]
            result[n, wrong] += 1 / input.shape[1]
    return result


# --- alignments


def alignment_scores(emissions: Any, skips: Any) -> np.ndarray:
    steps, count, states = emissions.shape
    result = np.zeros((steps, count, states))
    for n in range(count):
        # every way is followed by itself: the probability of having come to a state after so many steps
        ways = [(state, 1.0) for state in range(min(2, states))]
        for t in range(steps):
            for state in range(states):
                total = math.fsum(p for s, p in ways if s == state)
                result[t, n, state] = math.log(total) if total else -math.inf
            moved = [(s, p * math.exp(emissions[t, n, s])) for s, p in ways]
            ways = [
                (s + move, p)
                for s, p in moved
                for move in range(3)
                if s + move < states and (move < 2 or skips[n, s + move] == 0)
            ]
    return result


def alignment_flow(values: Any, moves: Any, back: bool) -> np.ndarray:
    steps, count, states = values.shape
    result = np.zeros(values.shape)
    for start in np.ndindex(steps, count, states):  # linear: what each value by itself sends to all others
        reached = {start: values[start]}
        while reached:
            for at, amount in reached.items():
                result[at] += amount
            following: dict[Any, float] = {}
            for (t, n, s), amount in reached.items():
                for k in range(3):
                    to = (t - 1, n, s - k) if back else (t + 1, n, s + k)
                    if 0 <= to[0] < steps and 0 <= to[2] < states:
                        share = moves[k, t - 1, n, s] if back else moves[k, t, n, s + k]
                        following[to] = following.get(to, 0.0) + amount * share
            reached = following
    return result
