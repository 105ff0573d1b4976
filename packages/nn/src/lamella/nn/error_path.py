"""Where in a model something happened: the path of the module, in words, and as a note on an error."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lamella.nn.module import Module


def in_words(chain: Sequence[Module]) -> str:
    """Where the first of ``chain`` lies: ``"in module '0.body' (Linear) of Sequential"``.

    Args:
        chain: Modules whose calls were under way, from the innermost out.
    """
    names = [_name_within(outer, inner) for inner, outer in pairwise(chain)]
    path = ".".join(reversed(names))
    inner, outer = type(chain[0]).__name__, type(chain[-1]).__name__
    return f"in module '{path}' ({inner}) of {outer}" if path else f"in module {outer}"


def add_module_path(error: Exception, module: Module) -> None:
    """Note on ``error`` where in the model it was raised; called once for each module that it leaves."""
    chain: list[Module] = error.__dict__.setdefault("_modules", [])
    chain.append(module)
    if len(chain) > 1:
        error.__notes__.remove(error.__dict__["_modules_note"])
    note = error.__dict__["_modules_note"] = in_words(chain)
    error.add_note(note)


def _name_within(outer: Module, inner: Module) -> str:
    return next((path for path, module in outer.named_modules() if module is inner), type(inner).__name__)


__all__ = ["add_module_path", "in_words"]
