"""Registers what this package offers. Nothing else happens here."""

from __future__ import annotations

from lamella.core.plugins import Registrar, hookimpl


@hookimpl
def register_kernels(registry: Registrar) -> None:
    """Offer the kernel of ``logaddexp``."""
    registry.add("logaddexp", "lamella_logaddexp.kernels:KERNELS")
