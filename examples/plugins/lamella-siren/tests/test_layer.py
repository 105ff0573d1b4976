"""What the layers compute, how they begin, and that ``lamella.nn`` finds them."""

from __future__ import annotations

import math

import pytest
from lamella_siren.layer import Sine, Siren

import lamella
from lamella import nn
from lamella.core import plugins


def test_the_names_are_found_among_the_layers() -> None:
    assert nn.Siren is plugins.layers.load("Siren") is Siren  # type: ignore[attr-defined]  # found when it runs
    assert nn.Sine is plugins.activations.load("Sine") is Sine  # type: ignore[attr-defined]  # found when it runs


def test_it_is_the_sine_of_a_linear_layer() -> None:
    layer = Siren(2, 3, omega=2.0)
    x = lamella.tensor([[0.5, -1.0]])
    lamella.testing.assert_close(layer(x), lamella.sin(2 * layer.linear(x)))


@pytest.mark.parametrize(("is_first", "bound"), [(True, 1 / 100), (False, math.sqrt(6 / 100) / 30)])
def test_weights_begin_where_the_paper_says(is_first: bool, bound: float) -> None:
    lamella.manual_seed(0)
    weight = Siren(100, 50, is_first=is_first).linear.weight
    assert 0.98 * bound < weight.abs().max().item() <= bound


def test_a_rate_that_is_not_positive_is_refused() -> None:
    with pytest.raises(ValueError, match="omega must be positive, got 0"):
        Siren(2, 2, omega=0)
