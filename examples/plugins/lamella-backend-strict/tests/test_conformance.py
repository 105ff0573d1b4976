"""Lamella's own checks of what this package offers."""

from __future__ import annotations

import lamella.testing


class TestPlugin(lamella.testing.PluginConformance):
    plugin = "backend-strict"


class TestBackend(lamella.testing.BackendConformance):
    backend = "strict"
