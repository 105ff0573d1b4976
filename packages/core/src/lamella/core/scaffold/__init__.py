"""Writes the package of a new plugin: ``lamella new-plugin``.

What it writes stands in ``templates``: files with ``{{name}}`` where something differs from one plugin to the next.
"""

from __future__ import annotations

from lamella.core.scaffold.kinds import KINDS
from lamella.core.scaffold.package import write_plugin

__all__ = ["KINDS", "write_plugin"]
