"""Registers what this package offers. Nothing else happens here."""

from __future__ import annotations

from lamella.core.plugins import Registrar, hookimpl


@hookimpl
def register_optimizers(registry: Registrar) -> None:
    """Offer Lion."""
    registry.add("lion", "lamella_lion.optimizer:Lion")


@hookimpl
def register_schedulers(registry: Registrar) -> None:
    """Offer the scheduler."""
    registry.add("InverseSquareRootLR", "lamella_lion.scheduler:InverseSquareRootLR")
