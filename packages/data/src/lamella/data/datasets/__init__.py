"""Ready-made datasets."""

from __future__ import annotations

from lamella.data.datasets.mnist import MNIST, FashionMNIST

__all__ = ["MNIST", "FashionMNIST"]
