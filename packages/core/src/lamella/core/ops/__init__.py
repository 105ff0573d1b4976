"""The ops, one module a family. Importing this package fills the op table.

Each family's ``__all__`` names its public functions; whatever else a family defines is a building block of the table.
"""

from __future__ import annotations

from lamella.core.ops import (
    activations,
    comparison,
    conv,
    creation,
    extremes,
    indexing,
    logic,
    matmul,
    moments,
    pointwise,
    random,
    reductions,
    rounding,
    selection,
    shapes,
    strided,
    transcendental,
)

#: Families whose functions of an ``input`` are Tensor methods too.
METHOD_FAMILIES = (
    activations,
    comparison,
    extremes,
    indexing,
    logic,
    matmul,
    moments,
    pointwise,
    reductions,
    rounding,
    selection,
    shapes,
    strided,
    transcendental,
)
FAMILIES = (conv, creation, random, *METHOD_FAMILIES)

__all__ = ["FAMILIES", "METHOD_FAMILIES"]
