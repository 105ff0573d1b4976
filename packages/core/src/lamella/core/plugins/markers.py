"""The two decorators that tie a plugin's functions to the hooks."""

from __future__ import annotations

import pluggy

hookspec = pluggy.HookspecMarker("lamella")
"""Marks a function of ``hookspecs`` as the contract of a hook."""

hookimpl = pluggy.HookimplMarker("lamella")
"""Marks a plugin's function as its implementation of the hook of the same name."""
