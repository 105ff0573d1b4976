"""Registers what this package offers. Nothing else happens here."""

from __future__ import annotations

from lamella.core.plugins import Registrar, hookimpl


@hookimpl
def register_compressors(registry: Registrar) -> None:
    """Offer pruning by magnitude."""
    registry.add("magnitude", "lamella_magnitude.compressor:prune")
