"""The dtype rule of ops whose floating-point inputs must agree, whatever integers come with them."""

from __future__ import annotations

from typing import Any

from lamella.core.dtypes import from_numpy_dtype
from lamella.core.errors import DtypeError
from lamella.core.rules import DtypeRule


def _find(operands: Any, *attributes: Any) -> tuple[None, Any]:
    found = operands[0].dtype
    for x in operands:
        if x is not None and x.dtype is not found and x.dtype != found and x.dtype.kind not in "iu":
            names = f"{from_numpy_dtype(found)} and {from_numpy_dtype(x.dtype)}"
            raise DtypeError(f"expected floating-point inputs of one dtype, but got {names}. Convert with x.to(dtype).")
    if found.kind != "f":
        raise DtypeError(
            f"not defined for dtype {from_numpy_dtype(found)}; expected floating point. Convert with x.float()."
        )
    return None, found


#: The first operand is floating point, the others have the same dtype or are integers; the result has it too.
one_floating = DtypeRule(_find)

__all__ = ["one_floating"]
