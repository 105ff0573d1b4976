"""References for ``ops/cumulative.py``."""

# ruff: noqa: D103  # what a function here computes is said by the op of its name

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lamella.core.testing.reference.elements import along


def cumprod(input: Any, dim: int) -> np.ndarray:
    return along(lambda x: [math.prod(x[: i + 1]) for i in range(len(x))])(input, dim)


def logcumsumexp(input: Any, dim: int) -> np.ndarray:
    def total(x: list[float]) -> float:
        most = max(x)
        return most + math.log(math.fsum(math.exp(v - most) for v in x))

    return along(lambda x: [total(x[: i + 1]) for i in range(len(x))])(input, dim)


def running_extreme(input: Any, dim: int, largest: bool) -> np.ndarray:
    def last(x: list[Any]) -> int:
        nans = [i for i, v in enumerate(x) if math.isnan(v)]
        best = (max if largest else min)(x)
        return nans[-1] if nans else max(i for i, v in enumerate(x) if v == best)

    return along(lambda x: [last(x[: i + 1]) for i in range(len(x))])(input, dim)
