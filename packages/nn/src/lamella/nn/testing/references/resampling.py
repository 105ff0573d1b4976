"""References for ``ops/resampling.py`` and ``ops/adaptive_pooling.py``: place by place, in plain Python."""

# ruff: noqa: D103  # what a function here computes is said by the op of its name

from __future__ import annotations

import math
from typing import Any

import numpy as np

# --- resampling


def _cubic(x: float, a: float) -> float:
    x = abs(x)
    if x < 1:
        return (a + 2) * x**3 - (a + 3) * x**2 + 1
    return a * x**3 - 5 * a * x**2 + 8 * a * x - 4 * a if x < 2 else 0.0


def _weights(
    i: int, size: int, count: int, mode: str, align_corners: bool, scale: float | None, antialias: bool
) -> dict[int, float]:
    """What element ``i`` of ``count`` takes of each of ``size``."""
    found: dict[int, float] = {}
    if mode == "area":
        inside = range(math.floor(i * size / count), math.ceil((i + 1) * size / count))
        return dict.fromkeys(inside, 1 / len(inside))
    step = 1 / scale if scale else size / count
    if mode.startswith("nearest"):
        place = (i + 0.5) * step if mode == "nearest-exact" else i * step
        return {min(math.floor(place), size - 1): 1.0}
    if align_corners:
        step = (size - 1) / (count - 1) if count > 1 else 0.0
    if antialias:
        width = max(step, 1)
        center = (i + 0.5) * step - 0.5
        for j in range(size):
            x = (j - center) / width
            found[j] = max(0.0, 1 - abs(x)) if mode == "linear" else _cubic(x, -0.5)
        total = sum(found.values())
        return {j: weight / total for j, weight in found.items()}
    place = i * step if align_corners else (i + 0.5) * step - 0.5
    if mode == "linear":
        place = min(max(place, 0), size - 1)
        return {j: max(0.0, 1 - abs(j - place)) for j in range(size)}
    for j in range(math.floor(place) - 1, math.floor(place) + 3):
        at = min(max(j, 0), size - 1)
        found[at] = found.get(at, 0.0) + _cubic(j - place, -0.75)
    return found


def resample(input: Any, dim: int, size: int, *attributes: Any) -> np.ndarray:
    lines = np.moveaxis(input, dim, 0)
    result = np.zeros((size, *lines.shape[1:]))
    for i in range(size):
        for j, weight in _weights(i, len(lines), size, *attributes).items():
            result[i] += weight * lines[j]
    return np.moveaxis(result, 0, dim)


def resample_backward(grad_output: Any, dim: int, size: int, *attributes: Any) -> np.ndarray:
    lines = np.moveaxis(grad_output, dim, 0)
    result = np.zeros((size, *lines.shape[1:]))
    for i, line in enumerate(lines):
        for j, weight in _weights(i, size, len(lines), *attributes).items():
            result[j] += weight * line
    return np.moveaxis(result, 0, dim)


def resample_bytes(input: Any, dim: int, size: int, *attributes: Any) -> np.ndarray:
    lines = np.moveaxis(input, dim, 0)
    result = np.zeros((size, *lines.shape[1:]), np.uint8)
    weights = [_weights(i, len(lines), size, *attributes) for i in range(size)]
    largest = max(max(found.values()) for found in weights)
    power = 0
    while math.floor(0.5 + largest * 2 ** (power + 1)) < 2**15:
        power += 1
    for i, found in enumerate(weights):
        total = sum(round(weight * 2**power) * lines[j].astype(int) for j, weight in found.items())
        result[i] = np.clip(np.floor(total / 2**power + 0.5), 0, 255)
    return np.moveaxis(result, 0, dim)


# --- the largest of windows


def adaptive_max_indices(input: Any, counts: tuple[int, ...]) -> np.ndarray:
    sizes = input.shape[-len(counts) :]
    lead = input.shape[: -len(counts)]
    result = np.zeros((*lead, *counts), np.int64)
    for at in np.ndindex(*result.shape):
        windows = [
            range(i * s // c, -(-(i + 1) * s // c)) for i, s, c in zip(at[len(lead) :], sizes, counts, strict=True)
        ]
        picture = input[at[: len(lead)]]
        places = [tuple(w[k] for w, k in zip(windows, ks, strict=True)) for ks in np.ndindex(*map(len, windows))]
        result[at] = np.ravel_multi_index(max(places, key=picture.__getitem__), sizes)
    return result
