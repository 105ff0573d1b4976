"""Imports a plugin's registration module by itself, without the package around it.

Python runs a package's ``__init__`` before any module in it. That of a package of layers or optimizers imports an array
library, and fails where a dependency or a device is missing; yet to learn the names that it offers, none of this is
needed.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec
from types import ModuleType


def import_alone(name: str) -> ModuleType:
    """Import a module, but not the packages that it is in, unless it asks for them.

    The module does not stay in ``sys.modules`` without its package: a later ``import`` of it is Python's own.

    Args:
        name: The module's whole name, as in ``"acme.plugin"``.

    Returns:
        The module.

    Raises:
        ImportError: If it is not found; or whatever running it raises.

    Example:
        >>> import sys
        >>> import_alone("wsgiref.types").__name__, "wsgiref" in sys.modules
        ('wsgiref.types', False)
    """
    spec = None if name in sys.modules else _find(name)
    if spec is None or spec.loader is None:
        return import_module(name)  # nothing to leave out, or Python's own error
    module = module_from_spec(spec)
    sys.modules[name] = module  # while it runs: dataclasses, for one, look their module up there
    try:
        spec.loader.exec_module(module)
    finally:
        sys.modules.pop(name, None)
    return module


def _find(name: str) -> ModuleSpec | None:
    """Find a module inside packages that are not imported; None if there is none to leave out, or no such module."""
    package, _, _ = name.rpartition(".")
    if not package or package in sys.modules:
        return None
    path: Sequence[str] | None = None
    for end in (*(place for place, letter in enumerate(package) if letter == "."), len(package)):
        outer = sys.modules.get(package[:end])
        if outer is None:
            spec = _search(package[:end], path)
            if spec is None:
                return None
            path = spec.submodule_search_locations
            if spec.loader is None:  # a namespace: has no `__init__`, and knows its folders once it is imported
                outer = import_module(package[:end])
        if outer is not None:
            path = getattr(outer, "__path__", None)
        if path is None:  # a module, which has no modules in it
            return None
    return _search(name, path)


def _search(name: str, path: Sequence[str] | None) -> ModuleSpec | None:
    """Ask Python's finders for one module; ``path`` is that of the package around it."""
    for finder in sys.meta_path:
        try:
            spec = finder.find_spec(name, path)
        except KeyError:  # Python looks up the parent of a package without `__init__`, and it is not imported
            return None
        if spec is not None:
            return spec
    return None
