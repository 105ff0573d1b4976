"""Registers what this package offers. Nothing else happens here."""

from __future__ import annotations

from lamella.core.plugins import Registrar, hookimpl


@hookimpl
def register_datasets(registry: Registrar) -> None:
    """Offer the two spirals."""
    registry.add("Spirals", "lamella_spirals.dataset:Spirals")


@hookimpl
def register_transforms(registry: Registrar) -> None:
    """Offer the noise."""
    registry.add("Jitter", "lamella_spirals.transform:Jitter")
