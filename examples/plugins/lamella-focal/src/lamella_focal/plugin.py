"""Registers what this package offers. Nothing else happens here."""

from __future__ import annotations

from lamella.core.plugins import Registrar, hookimpl


@hookimpl
def register_losses(registry: Registrar) -> None:
    """Offer the focal loss."""
    registry.add("FocalLoss", "lamella_focal.loss:FocalLoss")
