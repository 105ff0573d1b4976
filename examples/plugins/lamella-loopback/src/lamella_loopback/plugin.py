"""Registers what this package offers. Nothing else happens here."""

from __future__ import annotations

from lamella.core.plugins import Registrar, hookimpl


@hookimpl
def register_process_groups(registry: Registrar) -> None:
    """Offer the process group."""
    registry.add("loopback", "lamella_loopback.group:LoopbackGroup")
