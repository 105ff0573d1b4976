"""How many weights are gone, and which."""

from __future__ import annotations

import pytest
from lamella_magnitude.compressor import prune

import lamella
from lamella import nn


def model() -> nn.Sequential:
    lamella.manual_seed(0)
    return nn.Sequential(nn.Linear(10, 10), nn.BatchNorm1d(10), nn.Linear(10, 4))


@pytest.mark.parametrize("sparsity", [0.0, 0.25, 0.5, 1.0])
def test_so_many_of_all_weights_are_gone(sparsity: float) -> None:
    whole = model()
    pruned = prune(whole, sparsity=sparsity)
    weights = lamella.cat([layer.weight.flatten() for layer in (pruned[0], pruned[2])])
    assert (weights == 0).sum().item() == sparsity * 140
    before = lamella.cat([layer.weight.flatten() for layer in (whole[0], whole[2])])
    if 0 < sparsity < 1:
        assert before[weights == 0].abs().max() <= weights[weights != 0].abs().min()


def test_biases_and_normalizations_and_the_model_itself_stay() -> None:
    whole, same = model(), model()
    pruned = prune(whole, sparsity=1.0)
    for name, parameter in whole.state_dict().items():
        assert lamella.equal(parameter, same.state_dict()[name]), name
        if not name.endswith(".weight") or name.startswith("1."):
            assert lamella.equal(parameter, pruned.state_dict()[name]), name


def test_a_model_without_weights_has_nothing_to_lose() -> None:
    assert isinstance(prune(nn.ReLU()), nn.ReLU)


@pytest.mark.parametrize("sparsity", [-0.1, 1.1, float("nan")])
def test_a_share_out_of_range_is_refused(sparsity: float) -> None:
    with pytest.raises(ValueError, match="from 0 to 1"):
        prune(model(), sparsity=sparsity)
