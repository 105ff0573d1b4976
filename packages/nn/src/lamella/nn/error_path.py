"""Where in a model an error was raised: a note on it, with the path of the module."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lamella.nn.module import Module


def add_module_path(error: Exception, module: Module) -> None:
    """Note on ``error`` where in the model it was raised; called once for each module that it leaves."""
    chain: list[Module] = error.__dict__.setdefault("_modules", [])
    chain.append(module)
    names = [_name_within(outer, inner) for inner, outer in pairwise(chain)]
    path = ".".join(reversed(names))
    inner, outer = type(chain[0]).__name__, type(module).__name__
    note = f"in module '{path}' ({inner}) of {outer}" if path else f"in module {outer}"
    if len(chain) > 1:
        error.__notes__.remove(error.__dict__["_modules_note"])
    error.__dict__["_modules_note"] = note
    error.add_note(note)


def _name_within(outer: Module, inner: Module) -> str:
    return next((path for path, module in outer.named_modules() if module is inner), type(inner).__name__)


__all__ = ["add_module_path"]
