"""Lamella's own checks of what this package offers."""

from __future__ import annotations

import lamella.testing


class TestPlugin(lamella.testing.PluginConformance):
    """What is registered, and how."""

    plugin = "numpy-export"
