"""The standard's functions on arrays of ours, and a few aliases. What is in neither is not here."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import SimpleNamespace
from typing import Any

import array_api_strict as strict
import numpy as np

from lamella_strict.aliases import ALIASES
from lamella_strict.arrays import unwrapped, wrapped


def _function(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of ``array_api_strict`` that takes and gives arrays of ours, and NumPy's dtypes."""

    @wraps(function)
    def call(*arguments: Any, **options: Any) -> Any:
        given = [unwrapped(a) for a in arguments]
        with np.errstate(all="ignore"):  # 1 / 0 is inf without comment
            return wrapped(function(*given, **{name: unwrapped(o) for name, o in options.items()}))

    return call


def _namespace(module: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in module.__all__:
        value = getattr(module, name)
        if isinstance(value, type(strict.float32)):
            found[name] = np.dtype(name)
        elif callable(value):
            found[name] = _function(value)
        else:
            found[name] = value
    return found


xp = SimpleNamespace(
    **{
        **_namespace(strict),
        **{name: _function(function) for name, function in ALIASES.items()},
        "float16": np.dtype(np.float16),  # for comparison with an array's dtype
        "linalg": SimpleNamespace(**_namespace(strict.linalg)),
        "fft": SimpleNamespace(**_namespace(strict.fft)),
    }
)
