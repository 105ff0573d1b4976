"""What the ops should compute, by other formulas: tests compare the two."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import numpy as np


def isotonic(input: Any) -> Any:
    """``y_i = max over j ≤ i of min over k ≥ i of mean(x_j … x_k)``."""

    def row(x: Any) -> list[float]:
        n = len(x)
        return [max(min(np.mean(x[j : k + 1]) for k in range(i, n)) for j in range(i + 1)) for i in range(n)]

    return np.apply_along_axis(row, -1, input) if input.size else input


def block_mean(input: Any, levels: Any) -> Any:
    """Run by run."""
    out = np.empty_like(input)
    for place in np.ndindex(input.shape[:-1]):
        at = 0
        for _, run in groupby(levels[place]):
            end = at + len(list(run))
            out[(*place, slice(at, end))] = input[(*place, slice(at, end))].mean()
            at = end
    return out
