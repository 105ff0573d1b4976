"""References for ``ops/searching.py``."""

# ruff: noqa: D103  # what a function here computes is said by the op of its name

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lamella.core.testing.reference.elements import filled


def searchsorted(sequence: Any, input: Any, sorter: Any, right: bool, out_int32: bool) -> np.ndarray:
    values = np.asarray(input)

    def place(i: tuple[int, ...]) -> int:
        row = i[:-1] if sequence.ndim > 1 else ()
        elements = sequence[row].tolist() if sorter is None else [sequence[row][j] for j in sorter[row]]
        value = values[i]
        if math.isnan(value):
            return len(elements)
        return sum(e <= value if right else e < value for e in elements)

    return filled(values.shape, place)


def isin(elements: Any, test_elements: Any, invert: bool) -> np.ndarray:
    elements, tested = np.asarray(elements), np.asarray(test_elements).flatten().tolist()
    return filled(elements.shape, lambda i: any(elements[i].item() == t for t in tested) != invert) == 1


def nonzero_static(input: Any, size: int, fill_value: int) -> np.ndarray:
    found = [i for i in np.ndindex(*input.shape) if input[i] != 0] if input.ndim else []
    missing = [(fill_value,) * input.ndim] * size
    return np.array([*found, *missing][:size]).reshape(size, input.ndim)
