"""Registers the datasets and transforms. Nothing else happens here."""

from __future__ import annotations

from lamella.core.plugins import Registrar, hookimpl


@hookimpl
def register_datasets(registry: Registrar) -> None:
    """Offer the datasets, by the names of their classes."""
    registry.add("MNIST", "lamella.data.datasets:MNIST")
    registry.add("FashionMNIST", "lamella.data.datasets:FashionMNIST")


@hookimpl
def register_transforms(registry: Registrar) -> None:
    """Offer the transforms, by the names of their classes."""
    registry.add("Compose", "lamella.data.transforms:Compose")
    registry.add("Lambda", "lamella.data.transforms:Lambda")
    registry.add("Normalize", "lamella.data.transforms:Normalize")
    registry.add("ToTensor", "lamella.data.transforms:ToTensor")
