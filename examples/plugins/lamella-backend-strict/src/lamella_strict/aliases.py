"""What the core's forwards ask of ``xp`` beyond the standard, in the standard's own functions, a few lines for each.

``array_api_strict`` 2.6 refuses what the standard leaves open; other libraries need fewer of these.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import array_api_strict as strict

Function = Callable[..., Any]


def _on_bytes(function: Function) -> Function:
    """The standard defines arithmetic and order for numbers alone: bools are computed as bytes."""

    def call(*arguments: Any, **options: Any) -> Any:
        bools = [getattr(a, "dtype", None) == strict.bool or isinstance(a, bool) for a in arguments]
        if not all(bools):
            return function(*arguments, **options)
        given = [int(a) if isinstance(a, bool) else strict.astype(a, strict.uint8) for a in arguments]
        result = function(*given, **options)
        return strict.astype(result, strict.bool) if result.dtype == strict.uint8 else result

    return call


def _of_truth(function: Function) -> Function:
    """The standard defines logic for bools alone: of a number, whether it is not 0."""

    def call(*arguments: Any) -> Any:
        return function(*(a != 0 if getattr(a, "dtype", strict.bool) != strict.bool else a for a in arguments))

    return call


def _round(array: Any, decimals: int = 0) -> Any:
    """The standard rounds to whole numbers."""
    if not decimals:
        return strict.round(array)
    scale = 10.0 ** abs(decimals)
    return strict.round(array * scale) / scale if decimals > 0 else strict.round(array / scale) * scale


def _asarray(values: Any, order: str | None = None, **options: Any) -> Any:
    """The standard knows no order in memory: flat and back is row-major."""
    made = strict.asarray(values, **options)
    return strict.reshape(strict.reshape(made, (-1,)), made.shape) if order == "C" else made


def _argsort(array: Any, axis: int = -1, kind: str = "stable") -> Any:
    """NumPy's ``kind`` is the standard's ``stable``."""
    return strict.argsort(array, axis=axis, stable=kind == "stable")


_OF_BOOLS = """
    add multiply less less_equal greater greater_equal maximum minimum max min argmax argmin isnan isinf isfinite real
""".split()  # noqa: SIM905  # a name a line would bury the functions
_OF_NUMBERS = ("logical_and", "logical_not", "logical_or", "logical_xor")

ALIASES: dict[str, Function] = {
    **{name: _on_bytes(getattr(strict, name)) for name in _OF_BOOLS},
    **{name: _of_truth(getattr(strict, name)) for name in _OF_NUMBERS},
    "argsort": _argsort,
    "asarray": _asarray,
    "cumprod": strict.cumulative_prod,
    "cumsum": strict.cumulative_sum,
    "round": _round,
}
