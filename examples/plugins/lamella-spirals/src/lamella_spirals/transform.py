"""Noise."""

from __future__ import annotations

import lamella
from lamella import Tensor
from lamella.core.errors import ArgumentError


class Jitter:
    """Add normal noise.

    Args:
        std: Its standard deviation.

    Raises:
        ValueError: ``std`` is negative.

    Example:
        >>> Jitter(0.0)(lamella.ones(2))
        tensor([1., 1.])
    """

    def __init__(self, std: float = 0.02) -> None:
        if not std >= 0:
            raise ArgumentError(f"std must be at least 0, got {std}")
        self.std = std

    def __call__(self, point: Tensor) -> Tensor:
        return point + self.std * lamella.randn_like(point)

    def __repr__(self) -> str:
        return f"Jitter(std={self.std})"
