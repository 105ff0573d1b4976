"""PyTorch's name for ``lamella.data``: the same classes."""

from __future__ import annotations

from types import ModuleType

from lamella.core import namespaces
from lamella.data import *  # noqa: F403  whatever lamella.data makes public


def __getattr__(name: str) -> ModuleType:
    return namespaces.lookup(name, __name__)
