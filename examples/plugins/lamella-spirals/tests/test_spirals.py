"""The points, and the noise on them."""

from __future__ import annotations

import math
from typing import Any

import pytest
from lamella_spirals.dataset import Spirals
from lamella_spirals.transform import Jitter

import lamella
from lamella.data import DataLoader


def test_a_spiral_is_the_other_one_half_a_turn_on() -> None:
    spirals = Spirals(1000)
    for i in range(0, 1000, 100):
        (x, y), (other_x, other_y) = spirals[i][0].tolist(), spirals[i + 1][0].tolist()
        assert (other_x, other_y) == pytest.approx((-x, -y), abs=0.02)


def test_the_last_point_is_at_the_rim() -> None:
    point, label = Spirals(10)[-1]
    assert math.hypot(*point.tolist()) == pytest.approx(1)
    assert label == 1


def test_a_loader_takes_batches() -> None:
    points, labels = next(iter(DataLoader(Spirals(8), batch_size=4)))
    assert points.shape == (4, 2)
    assert labels.tolist() == [0, 1, 0, 1]


def test_noise_is_as_wide_as_asked_for() -> None:
    lamella.manual_seed(0)
    noisy = Spirals(2000, transform=Jitter(0.5))
    moved = lamella.stack([noisy[i][0] for i in range(2000)]) - noisy.points
    assert moved.std().item() == pytest.approx(0.5, rel=0.05)
    assert repr(noisy.transform) == "Jitter(std=0.5)"


@pytest.mark.parametrize("index", [4, -5])
def test_an_index_out_of_range_is_refused(index: int) -> None:
    with pytest.raises(IndexError, match="out of range for 4 samples"):
        Spirals(4)[index]


@pytest.mark.parametrize("options", [{"size": -1}, {"transform": "jitter"}])
def test_options_out_of_range_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be"):
        Spirals(**options)


def test_negative_noise_is_refused() -> None:
    with pytest.raises(ValueError, match="std must be at least 0, got -1"):
        Jitter(-1)
