"""The ops, one module a family.

The families of :data:`EAGER` are imported with the package, and fill the op table; the others when one of their
functions, methods or ops is first used, found by the generated :mod:`~lamella.core.ops.index`.

A family names its public functions in ``__all__``. Those whose first parameter is ``input`` are Tensor methods too, but
for those in ``NOT_METHODS``; functions in ``METHODS`` are methods alone; those in ``IN_PLACE`` have an in-place method,
``name_``. Whatever else a family defines is a building block of the table.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from types import ModuleType
from typing import Any

from lamella.core.late_imports import import_late
from lamella.core.op import OPS
from lamella.core.ops import (
    activations,
    comparison,
    conv,
    conversions,
    creation,
    extremes,
    index,
    indexing,
    logic,
    matmul,
    moments,
    pieces,
    pointwise,
    random,
    reductions,
    rounding,
    selection,
    shapes,
    strided,
    transcendental,
)

EAGER: tuple[ModuleType, ...] = (
    activations,
    comparison,
    conv,
    conversions,
    creation,
    extremes,
    indexing,
    logic,
    matmul,
    moments,
    pieces,
    pointwise,
    random,
    reductions,
    rounding,
    selection,
    shapes,
    strided,
    transcendental,
)

OPS.modules.update({op: f"lamella.core.{module}" for op, module in index.OPS.items()})


def load(module: str) -> ModuleType:
    """A module of the core by its name in the index, such as ``ops.sorting``, imported now if need be."""
    return import_late(f"lamella.core.{module}")


def load_all() -> list[ModuleType]:
    """All families there are, imported: for tools that list the ops."""
    return [load(f"ops.{found.name}") for found in pkgutil.iter_modules(__path__) if found.name != "index"]


def functions(family: ModuleType) -> dict[str, Callable[..., Any]]:
    """A family's public functions by name."""
    return {name: getattr(family, name) for name in getattr(family, "__all__", ())}


__all__ = ["EAGER", "functions", "load", "load_all"]
