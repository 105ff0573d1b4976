"""Windows: their formulas, lengths, dtypes, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

import lamella

WINDOWS = {
    lamella.bartlett_window: np.bartlett,
    lamella.blackman_window: np.blackman,
    lamella.hamming_window: np.hamming,
    lamella.hann_window: np.hanning,
    lamella.kaiser_window: lambda n: np.kaiser(n, 12.0),
}
each_window = pytest.mark.parametrize("window", WINDOWS)


@each_window
@pytest.mark.parametrize("length", [0, 1, 2, 3, 8, 33])
def test_a_symmetric_window_is_that_of_its_formula(window, length):
    found = window(length, periodic=False, dtype=lamella.float64)
    np.testing.assert_allclose(found.numpy(), WINDOWS[window](length), atol=1e-15)


@each_window
@pytest.mark.parametrize("length", [2, 3, 8, 33])
def test_a_periodic_window_is_a_longer_one_without_its_end(window, length):
    longer = window(length + 1, False, dtype=lamella.float64)
    np.testing.assert_allclose(window(length, dtype=lamella.float64).numpy(), longer.numpy()[:-1], atol=1e-15)


@each_window
def test_short_windows(window):
    assert window(0).shape == (0,)
    assert window(1).tolist() == [1.0]
    assert window(1, False).tolist() == [1.0]


@each_window
def test_dtype_and_requires_grad(window):
    assert window(4).dtype is lamella.float32
    assert window(4, dtype=lamella.float16).dtype is lamella.float16
    assert not window(4).requires_grad
    assert window(4, requires_grad=True).is_leaf
    assert window(4, requires_grad=True).requires_grad


def test_parameters():
    x = np.arange(4) / 4
    np.testing.assert_allclose(
        lamella.hamming_window(4, True, 0.6, 0.3).numpy(), 0.6 - 0.3 * np.cos(2 * np.pi * x), rtol=1e-6
    )
    np.testing.assert_allclose(lamella.kaiser_window(9, False, 3.0).numpy(), np.kaiser(9, 3.0), rtol=1e-6)
    assert lamella.kaiser_window(4, beta=0.0).tolist() == [1.0] * 4


@each_window
def test_what_is_refused(window):
    name = window.__name__
    with pytest.raises(RuntimeError, match=f"{name} requires non-negative window_length, got window_length=-1"):
        window(-1)
    with pytest.raises(RuntimeError, match=f"{name} expects floating point dtypes, got: lamella.int64"):
        window(4, dtype=lamella.int64)
    for length in (4.0, True):
        with pytest.raises(TypeError, match="argument 'window_length' must be int"):
            window(length)
