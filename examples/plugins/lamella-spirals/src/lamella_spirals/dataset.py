"""Two spirals, wound into one another."""

from __future__ import annotations

import math

import lamella
from lamella import Tensor
from lamella.core.errors import ArgumentError, IndexRangeError
from lamella.data import Dataset


class Spirals(Dataset[tuple[Tensor, int]]):
    """Points of two spirals that turn around one another; the label says which.

    Args:
        size: How many points, of the two spirals by turns.
        turns: How often a spiral goes round.
        transform: Called with each point, such as :class:`~lamella_spirals.transform.Jitter`; None for no change.

    Raises:
        ValueError: ``size`` is negative.

    Example:
        >>> spirals = Spirals(100)
        >>> point, label = spirals[1]
        >>> len(spirals), point.shape, label
        (100, lamella.Size([2]), 1)

    Reference:
        K. J. Lang, M. J. Witbrock: Learning to tell two spirals apart, 1988.
    """

    def __init__(self, size: int = 200, turns: float = 1.5, transform: object = None) -> None:
        if size < 0:
            raise ArgumentError(f"size must be at least 0, got {size}")
        if transform is not None and not callable(transform):
            raise ArgumentError(f"transform must be callable or None, got {transform!r}")
        index = lamella.arange(size)
        self.labels = index % 2
        radius = (index + 1) / max(size, 1)
        angle = radius * (2 * math.pi * turns) + self.labels * math.pi
        self.points = lamella.stack([radius * angle.cos(), radius * angle.sin()], 1)
        self.transform = transform

    def __len__(self) -> int:
        return len(self.points)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        if not -len(self) <= index < len(self):
            raise IndexRangeError(f"index {index} is out of range for {len(self)} samples")
        point = self.points[index]
        return point if self.transform is None else self.transform(point), int(self.labels[index])
