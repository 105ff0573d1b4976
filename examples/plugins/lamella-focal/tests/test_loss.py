"""What the loss is, against the formula."""

from __future__ import annotations

import math
from typing import Any

import pytest
from lamella_focal.loss import FocalLoss

import lamella
from lamella import nn
from lamella.nn import functional as F

SCORES = lamella.tensor([[0.0, math.log(3.0)], [0.0, math.log(3.0)]])  # probabilities 1/4 and 3/4
CLASSES = lamella.tensor([1, 0])
LOSSES = [-(0.25**2) * math.log(0.75), -(0.75**2) * math.log(0.25)]


@pytest.mark.parametrize(("reduction", "expected"), [("none", LOSSES), ("sum", sum(LOSSES)), ("mean", sum(LOSSES) / 2)])
def test_it_is_the_formula(reduction: str, expected: Any) -> None:
    assert FocalLoss(reduction=reduction)(SCORES, CLASSES).tolist() == pytest.approx(expected)


def test_without_gamma_it_is_the_cross_entropy() -> None:
    lamella.testing.assert_close(FocalLoss(gamma=0.0)(SCORES, CLASSES), F.cross_entropy(SCORES, CLASSES))


def test_it_is_found_among_the_losses() -> None:
    assert nn.FocalLoss is FocalLoss  # type: ignore[attr-defined]  # found when it runs


@pytest.mark.parametrize("options", [{"gamma": -1.0}, {"reduction": "average"}])
def test_options_out_of_range_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be"):
        FocalLoss(**options)
