"""Registers what this package offers. Nothing else happens here."""

from __future__ import annotations

from lamella.core.plugins import Registrar, hookimpl


@hookimpl
def register_ops(registry: Registrar) -> None:
    """Offer isotonic regression, and the op that its gradient is made of."""
    registry.add("isotonic", "lamella_isotonic.op:isotonic")
    registry.add("block_mean", "lamella_isotonic.op:block_mean")
