"""Registers the backend. Nothing else happens here."""

from __future__ import annotations

from lamella.core.plugins import Registrar, hookimpl


@hookimpl
def register_backends(registry: Registrar) -> None:
    """Offer the device type ``strict``."""
    registry.add("strict", "lamella_strict.backend:backend")
