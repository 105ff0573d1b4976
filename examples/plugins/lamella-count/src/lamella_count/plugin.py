"""Registers what this package offers. Nothing else happens here."""

from __future__ import annotations

from lamella.core.plugins import Registrar, hookimpl


@hookimpl
def register_commands(registry: Registrar) -> None:
    """Offer the command."""
    registry.add("count-parameters", "lamella_count.command:command")
