"""References for ``ops/matmul.py``."""

# ruff: noqa: D103  # what a function here computes is said by the op of its name

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from lamella.core.testing.reference.elements import filled


def matmul(input: Any, other: Any) -> np.ndarray:
    a = input if input.ndim > 1 else input[None, :]
    b = other if other.ndim > 1 else other[:, None]
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    a = np.broadcast_to(a, batch + a.shape[-2:])
    b = np.broadcast_to(b, batch + b.shape[-2:])
    result = filled(
        (*batch, a.shape[-2], b.shape[-1]),
        lambda i: builtins.sum(a[(*i[:-1], k)] * b[(*i[:-2], k, i[-1])] for k in range(a.shape[-1])),
    )
    result = result if input.ndim > 1 else result[..., 0, :]
    return result if other.ndim > 1 else result[..., 0]


def linear(input: Any, weight: Any, bias: Any) -> np.ndarray:
    rows = weight if weight.ndim > 1 else weight[None, :]
    result = filled(
        (*input.shape[:-1], len(rows)),
        lambda i: (
            builtins.sum(input[(*i[:-1], k)] * rows[i[-1], k] for k in range(input.shape[-1]))
            + (0 if bias is None else bias[i[-1]])
        ),
    )
    return result if weight.ndim > 1 else result[..., 0]
