"""References for ``ops/complexes.py``."""

# ruff: noqa: D103  # what a function here computes is said by the op of its name

from __future__ import annotations

import builtins
import cmath
import math
from typing import Any

import numpy as np

from lamella.core.testing.reference.elements import each, filled


def complex(real: Any, imag: Any) -> np.ndarray:
    pairs = [builtins.complex(r, i) for r, i in np.broadcast(real, imag)]
    return np.array(pairs, np.complex128).reshape(np.broadcast(real, imag).shape)


def view_as_real(input: Any) -> np.ndarray:
    return filled((*input.shape, 2), lambda i: (input[i[:-1]].real, input[i[:-1]].imag)[i[-1]])


def view_as_complex(input: Any) -> np.ndarray:
    pairs = [builtins.complex(*input[i].tolist()) for i in np.ndindex(*input.shape[:-1])]
    return np.array(pairs, np.complex128).reshape(input.shape[:-1])


angle = each(lambda input: cmath.phase(input) if isinstance(input, builtins.complex) else math.pi * (input < 0))
