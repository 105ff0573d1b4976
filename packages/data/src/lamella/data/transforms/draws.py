"""Random numbers for transforms, from Lamella's default generator alone.

Loaders seed that generator for each sample, so that what a transform draws does not depend on the workers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

import lamella


def uniform(low: float, high: float) -> float:
    """A number from ``low`` to ``high``."""
    return low + (high - low) * float(lamella.rand(()).item())


def chance(p: float) -> bool:
    """True with probability ``p``."""
    return bool(lamella.rand(()).item() < p)


def integer(low: int, end: int) -> int:
    """A whole number from ``low`` to ``end - 1``."""
    return int(lamella.randint(low, end, ()).item())


def permutation(count: int) -> list[int]:
    """The numbers below ``count`` in some order."""
    order: list[int] = lamella.randperm(count).tolist()
    return order


def choice(weights: Sequence[float]) -> int:
    """An index, as probable as its weight is large."""
    ends = np.cumsum(weights)
    return int(np.searchsorted(ends, lamella.rand((), dtype=lamella.float64).item() * ends[-1], side="right"))


def dirichlet(alpha: float, count: int) -> list[float]:
    """``count`` shares of 1, symmetric with concentration ``alpha``. Two of them are Beta(alpha, alpha)."""
    logs = np.array([_log_gamma_variate(alpha) for _ in range(count)])
    shares = np.exp(logs - logs.max())
    return [float(share) for share in shares / shares.sum()]


def _log_gamma_variate(alpha: float) -> float:
    """The logarithm of a Gamma(alpha, 1) number: itself, it would be 0 for a small ``alpha``.

    Reference: George Marsaglia and Wai Wan Tsang, A simple method for generating gamma variables (2000),
    https://doi.org/10.1145/358407.358414. Below 1, Gamma(alpha + 1) times ``u ** (1 / alpha)``, their section 6.
    """
    if alpha < 1:
        return _log_gamma_variate(alpha + 1) + math.log(_above_zero()) / alpha
    d = alpha - 1 / 3
    while True:
        x = float(lamella.randn((), dtype=lamella.float64).item())
        root = 1 + x / math.sqrt(9 * d)
        if root > 0 and math.log(_above_zero()) < 0.5 * x * x + d * (1 - root**3 + 3 * math.log(root)):
            return math.log(d) + 3 * math.log(root)


def _above_zero() -> float:
    return 1 - float(lamella.rand((), dtype=lamella.float64).item())
