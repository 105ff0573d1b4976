"""Registers what this package offers. Nothing else happens here."""

from __future__ import annotations

from lamella.core.plugins import Registrar, hookimpl


@hookimpl
def register_exporters(registry: Registrar) -> None:
    """Offer the exporter, under the name of what the file needs."""
    registry.add("numpy", "lamella_numpy_export.exporter:export")
