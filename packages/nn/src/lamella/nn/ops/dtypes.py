"""Dtype rules: of floating-point inputs that must agree, whatever integers come with them; of normalization."""

from __future__ import annotations

from typing import Any

import numpy as np

from lamella.core.dtypes import from_numpy_dtype
from lamella.core.errors import DtypeError
from lamella.core.rules import DtypeRule


def _find(operands: Any, *attributes: Any) -> tuple[None, Any]:
    found = operands[0].dtype
    for x in operands:
        if x is not None and x.dtype is not found and x.dtype != found and x.dtype.kind not in "iu":
            names = f"{from_numpy_dtype(found)} and {from_numpy_dtype(x.dtype)}"
            raise DtypeError(f"expected floating-point inputs of one dtype, but got {names}. Convert with x.to(dtype).")
    if not from_numpy_dtype(found).is_floating_point:
        raise DtypeError(
            f"not defined for dtype {from_numpy_dtype(found)}; expected floating point. Convert with x.float()."
        )
    return None, found


#: The first operand is floating point, the others have the same dtype or are integers; the result has it too.
one_floating = DtypeRule(_find)

_SINGLE = np.dtype(np.float32)


def _is_half(dtype: Any) -> bool:
    return from_numpy_dtype(dtype).is_floating_point and dtype.itemsize == 2


def _find_normalization(operands: Any, *attributes: Any) -> tuple[None, Any]:
    found = operands[0].dtype
    name = from_numpy_dtype(found)
    if not name.is_floating_point:
        raise DtypeError(f"not defined for dtype {name}; expected floating point. Convert with x.float().")
    for x in operands:
        if x is not None and x.dtype != found and not (_is_half(found) and x.dtype == _SINGLE):
            raise DtypeError(
                f"expected parameters of dtype {name}{' or float32' if _is_half(found) else ''}, as the input has, but "
                f"got {from_numpy_dtype(x.dtype)}. Convert the layer with layer.to(dtype)."
            )
    return None, found


def _find_with_moments(operands: Any, *attributes: Any) -> tuple[None, Any]:
    found = _find_normalization(operands)[1]
    exact = _SINGLE if _is_half(found) else found
    return None, [found, exact, exact]


#: Like ``one_floating``; beside an input of half precision the others may be float32.
normalization = DtypeRule(_find_normalization)
#: The same for three results, of which the second and third are kept in float32 where the first is of half precision.
normalization_and_moments = DtypeRule(_find_with_moments)


def widened(xp: Any, *arrays: Any) -> list[Any]:
    """Arrays of half precision as float32, others and None as they are."""
    return [x if x is None or not _is_half(x.dtype) else x.astype(xp.float32) for x in arrays]


__all__ = ["normalization", "normalization_and_moments", "one_floating", "widened"]
