"""Asks after Metal: whether a plugin offers the ``mps`` backend, and whether it can be used."""

from __future__ import annotations

from lamella.core import plugins
from lamella.mps import is_available


def is_built() -> bool:
    """Say whether a plugin offers the ``mps`` backend, even if it can't be used here."""
    return "mps" in plugins.backends


__all__ = ["is_available", "is_built"]
