"""References for ``ops/selection.py``."""

# ruff: noqa: D103  # what a function here computes is said by the op of its name
# ruff: noqa: FURB136  # max, min and sorted are ops too, or the formula reads better written out

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lamella.core.testing.reference.elements import each, filled

maximum = each(lambda input, other: input if input > other else other)
minimum = each(lambda input, other: input if input < other else other)
where = each(lambda condition, input, other: input if condition else other)
masked_fill = each(lambda input, mask, value: value if mask else input)


def nan_to_num(input: Any, nan: float, posinf: float | None, neginf: float | None) -> np.ndarray:
    return filled(input.shape, lambda i: nan if math.isnan(input[i]) else input[i])


def clamp(input: Any, min: Any, max: Any) -> np.ndarray:
    at_least = input if min is None else each(lambda x, bound: x if x > bound else bound)(input, min)
    return at_least if max is None else each(lambda x, bound: x if x < bound else bound)(at_least, max)
