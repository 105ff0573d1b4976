"""What the kernel computes, and where it steps aside. That it is used, and right, is seen in ``test_conformance``."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from lamella_logaddexp.kernels import logaddexp

VALUES = np.array([-np.inf, -1e30, -800, -1, 0, 1e-3, 2, 800, 1e30, np.inf, np.nan])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_it_is_numpys_function_for_every_pair_of_numbers(dtype: type) -> None:
    values: np.ndarray = VALUES.astype(dtype)
    result = logaddexp(values[:, None], values)
    assert result.dtype == dtype
    with np.errstate(invalid="ignore"):  # NumPy warns of nan
        expected = np.logaddexp(values[:, None], values)
    np.testing.assert_allclose(result, expected, rtol=4 * float(np.finfo(dtype).eps))


@pytest.mark.parametrize(
    "pair",
    [
        (np.ones(3, np.float16), np.ones(3, np.float16)),
        (np.ones(3, complex), np.ones(3, complex)),
        (np.ones(3, np.float32), np.ones(3)),
        (np.ones(3), 1.0),
        (np.array(1.0), np.array(2.0)),
    ],
)
def test_anything_else_is_left_to_the_op(pair: tuple[Any, Any]) -> None:
    assert logaddexp(*pair) is NotImplemented
