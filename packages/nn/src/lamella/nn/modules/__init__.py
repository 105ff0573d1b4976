"""PyTorch's ``torch.nn.modules``: the layers and losses by another path, and what is for all modules at once."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from lamella.core.errors import NameMissing
from lamella.core.plugins.suggestions import did_you_mean
from lamella.nn.modules import module


def __getattr__(name: str) -> Any:
    if name == "batchnorm":
        return import_module("lamella.nn.modules.batchnorm")  # which needs nn, and so is imported when asked for
    from lamella import nn  # which imports this module, and so may not be whole before

    found = vars(nn).get(name)
    if not isinstance(found, type):
        raise NameMissing(f"module {__name__!r} has no attribute {name!r}.{did_you_mean(name, nn.__all__)}")
    return found


__all__ = ["module"]
