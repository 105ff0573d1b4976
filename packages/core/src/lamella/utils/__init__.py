"""PyTorch's name for what Lamella keeps elsewhere: ``lamella.utils.data`` is ``lamella.data``."""

from __future__ import annotations

from types import ModuleType

from lamella.core import namespaces


def __getattr__(name: str) -> ModuleType:
    return namespaces.lookup(name, __name__)
