"""PyTorch's ``torch.backends``: asks after the libraries that PyTorch computes with, and takes their switches.

The backends that Lamella computes with are another thing: plugins offer them, see :mod:`lamella.core.backends`.
"""

from __future__ import annotations

from types import ModuleType

from lamella.core import namespaces


def __getattr__(name: str) -> ModuleType:
    return namespaces.lookup(name, __name__)
