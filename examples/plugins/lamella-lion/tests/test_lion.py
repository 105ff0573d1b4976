"""Steps and rates against the papers' formulas, written out."""

from __future__ import annotations

import math
from typing import Any

import pytest
from lamella_lion.optimizer import Lion
from lamella_lion.scheduler import InverseSquareRootLR

import lamella


def test_three_steps_are_those_of_the_paper() -> None:
    weight = lamella.tensor([0.5], dtype=lamella.float64, requires_grad=True)
    optimizer = Lion([weight], lr=0.1, betas=(0.9, 0.8), weight_decay=0.5)
    p, m = 0.5, 0.0
    for g in (1.0, -0.5, -3.0):
        weight.grad = lamella.tensor([g], dtype=lamella.float64)
        optimizer.step()
        p -= 0.1 * (math.copysign(1, 0.9 * m + 0.1 * g) + 0.5 * p)
        m = 0.8 * m + 0.2 * g
        assert weight.item() == pytest.approx(p)
        assert optimizer.state[weight]["exp_avg"].item() == pytest.approx(m)


@pytest.mark.parametrize("options", [{"lr": -1.0}, {"weight_decay": -1.0}, {"betas": (0.9, 1.0)}])
def test_options_out_of_range_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="Invalid"):
        Lion([lamella.zeros(1, requires_grad=True)], **options)


def test_the_rate_rises_and_falls() -> None:
    optimizer = Lion([lamella.zeros(1, requires_grad=True)], lr=2.0)
    scheduler = InverseSquareRootLR(optimizer, warmup_steps=4)
    rates = []
    for _ in range(16):
        rates += scheduler.get_last_lr()
        optimizer.step()
        scheduler.step()
    assert rates[:4] == [0.5, 1.0, 1.5, 2.0]
    assert rates[15] == pytest.approx(1.0)


def test_a_rise_of_no_step_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1, got 0"):
        InverseSquareRootLR(Lion([lamella.zeros(1, requires_grad=True)]), warmup_steps=0)
