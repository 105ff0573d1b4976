"""Asks after CUDA devices, so that programs that use one only where there is one run everywhere."""

from __future__ import annotations

from lamella.core import plugins


def is_available() -> bool:
    """Say whether tensors can be put on a CUDA device.

    Returns:
        True if a plugin offers the ``cuda`` backend and it can be used here; False otherwise, not an error.
    """
    return "cuda" in plugins.backends and plugins.backends.load("cuda").unavailable() is None
