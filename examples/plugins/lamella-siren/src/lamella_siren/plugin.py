"""Registers what this package offers. Nothing else happens here."""

from __future__ import annotations

from lamella.core.plugins import Registrar, hookimpl


@hookimpl
def register_layers(registry: Registrar) -> None:
    """Offer the layer."""
    registry.add("Siren", "lamella_siren.layer:Siren")


@hookimpl
def register_activations(registry: Registrar) -> None:
    """Offer the activation by itself."""
    registry.add("Sine", "lamella_siren.layer:Sine")
