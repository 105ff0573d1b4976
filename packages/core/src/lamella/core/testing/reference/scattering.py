"""References for ``ops/scattering.py``."""

# ruff: noqa: D103  # what a function here computes is said by the op of its name

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Shape = tuple[int, ...]


def _brought(input: Any, index: Any, src: Any, dim: int) -> dict[Shape, list[Any]]:
    """For each place that ``index`` names, what ``src`` brings there, in order."""
    found: dict[Shape, list[Any]] = {}
    for i in np.ndindex(*index.shape):
        place = (*i[:dim], int(index[i]), *i[dim + 1 :])
        found.setdefault(place, []).append(src[i].item() if isinstance(src, np.ndarray) else src)
    return found


def _combined(combine: Callable[[Any, list[Any]], Any]) -> Callable[..., np.ndarray]:
    def on_arrays(input: Any, index: Any, src: Any, dim: int) -> np.ndarray:
        result = np.array(input)
        for place, members in _brought(input, index, src, dim).items():
            result[place] = combine(input[place].item(), members)
        return result

    return on_arrays


def _product(own: Any, members: list[Any]) -> Any:
    for x in members:
        own = own * x
    return own


scatter = _combined(lambda own, members: members[-1])
scatter_add = _combined(lambda own, members: sum(members, own))
scatter_prod = _combined(_product)


def scatter_extreme(input: Any, index: Any, src: Any, dim: int, largest: bool, include_self: bool) -> np.ndarray:
    best = max if largest else min
    return _combined(lambda own, members: best([own, *members] if include_self else members))(input, index, src, dim)


def setitem(input: Any, src: Any, key: tuple[Any, ...]) -> np.ndarray:
    chosen: list[Any] = []
    for d, size in enumerate(input.shape):
        part = key[d] if d < len(key) else slice(None)
        chosen.append(range(size)[part] if isinstance(part, slice) else part)
    result = np.array(input)
    for i in np.ndindex(*(len(c) for c in chosen if isinstance(c, range))):
        steps = iter(i)
        place = tuple(c[next(steps)] if isinstance(c, range) else c for c in chosen)
        result[place] = src[i] if isinstance(src, np.ndarray) else src
    return result
