"""Registers what this package offers. Nothing else happens here."""

from __future__ import annotations

from lamella.core.plugins import Registrar, hookimpl


@hookimpl
def register_loggers(registry: Registrar) -> None:
    """Offer the logger."""
    registry.add("jsonl", "lamella_jsonl.logger:JsonLines")
