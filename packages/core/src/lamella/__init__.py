"""Lamella: a PyTorch-shaped deep-learning framework on NumPy, in separately installable layers.

This is the facade: PyTorch's names for what ``lamella.core`` holds. ``import lamella as torch`` works. The names
are loaded, and NumPy with them, when one is first used, so that commands and plugins that compute nothing start
at once. The other packages (``lamella.nn``, ``lamella.optim``, ``lamella.data``) are imported when they are first
used too.
"""

from __future__ import annotations

from pkgutil import extend_path
from typing import TYPE_CHECKING, Any

from lamella.core import namespaces

if TYPE_CHECKING:
    from lamella.core.facade import *  # noqa: F403  # what `__getattr__` finds

__version__ = "0.1.0"
__path__ = extend_path(__path__, __name__)  # noqa: F405  # every package has one; ours has one folder a distribution

namespaces.name_missing_packages()


def __getattr__(name: str) -> Any:
    if name.startswith("__") and name != "__all__":  # what tools ask of every module loads nothing
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from lamella.core import facade

    names = globals()
    if "Tensor" not in names:
        names.update(facade.eager())
    if name not in names:
        names[name] = facade.find(name)
    return names[name]


def __dir__() -> list[str]:
    return list(__getattr__("__all__"))
