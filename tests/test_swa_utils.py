"""Averages of models, and what they say where lamella-nn is not installed."""

from __future__ import annotations

import copy
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import lamella
from lamella import nn, optim
from lamella.optim import swa_utils
from lamella.optim.swa_utils import (
    SWALR,
    AveragedModel,
    get_ema_avg_fn,
    get_ema_multi_avg_fn,
    get_swa_avg_fn,
    get_swa_multi_avg_fn,
    update_bn,
)

VALUES = [1.0, 2.0, 6.0, 11.0]
EMA = 0.5 * (0.5 * (0.5 * 1 + 0.5 * 2) + 0.5 * 6) + 0.5 * 11


class Scale(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.factor = nn.Parameter(lamella.zeros(2))
        self.register_buffer("seen", lamella.zeros(1))
        self.register_buffer("count", lamella.tensor(0))

    def forward(self, x: lamella.Tensor) -> lamella.Tensor:
        return x * self.factor


def averaged(**options: Any) -> AveragedModel:
    """The average of models with the parameters and buffers ``VALUES``."""
    model = Scale()
    average = AveragedModel(model, **options)
    for value in VALUES:
        with lamella.no_grad():
            model.factor.fill_(value)
            model.seen.fill_(value)
            model.count.fill_(int(value))
        average.update_parameters(model)
    assert model.factor.tolist() == [VALUES[-1]] * 2
    return average


@pytest.mark.parametrize(
    ("options", "expected", "count"),  # the average of whole numbers is rounded down at each update
    [
        ({}, 5.0, 4),
        ({"avg_fn": get_swa_avg_fn()}, 5.0, 4),
        ({"multi_avg_fn": get_swa_multi_avg_fn()}, 5.0, 4),
        ({"avg_fn": get_ema_avg_fn(0.5)}, EMA, 7),
        ({"multi_avg_fn": get_ema_multi_avg_fn(0.5)}, EMA, 7),
    ],
    ids=["default", "swa", "multi swa", "ema", "multi ema"],
)
def test_averages(options: dict[str, Any], expected: float, count: int) -> None:
    average = averaged(**options)
    np.testing.assert_allclose(average(lamella.ones(2)).tolist(), [expected] * 2)
    assert average.n_averaged.item() == 4
    # buffers are those of the last model
    assert (average.module.seen.item(), average.module.count.item()) == (11.0, 11)

    average = averaged(**options, use_buffers=True)
    assert average.module.seen.item() == pytest.approx(expected)
    assert average.module.count.dtype is lamella.int64
    assert average.module.count.item() == count


def test_state_dict() -> None:
    average = averaged()
    saved = average.state_dict()
    assert list(saved) == ["n_averaged", "module.factor", "module.seen", "module.count"]
    other = AveragedModel(Scale())
    other.load_state_dict(saved)
    assert other.n_averaged.item() == 4
    assert other.module.factor.tolist() == [5.0, 5.0]


def test_the_average_can_be_trained_and_copied() -> None:
    average = copy.deepcopy(averaged(device="cpu"))
    average(lamella.ones(2)).sum().backward()
    assert average.module.factor.grad.tolist() == [1.0, 1.0]


def test_errors() -> None:
    with pytest.raises(AssertionError, match="Only one of avg_fn and multi_avg_fn"):
        AveragedModel(Scale(), avg_fn=get_swa_avg_fn(), multi_avg_fn=get_swa_multi_avg_fn())
    for make in (get_ema_avg_fn, get_ema_multi_avg_fn):
        with pytest.raises(ValueError, match="Invalid decay value 1.5 provided"):
            make(1.5)
    with pytest.raises(AttributeError, match="'lamella.optim.swa_utils' has no attribute 'Average'"):
        _ = swa_utils.Average
    stepper = optim.SGD([lamella.zeros(1)])
    with pytest.raises(ValueError, match="anneal_strategy must be 'cos' or 'linear', got 'sin'"):
        SWALR(stepper, 0.1, anneal_strategy="sin")  # type: ignore[arg-type]  # on purpose
    with pytest.raises(ValueError, match="anneal_epochs must be equal or greater than 0, got -1"):
        SWALR(stepper, 0.1, anneal_epochs=-1)
    with pytest.raises(ValueError, match="swa_lr must have the same length .*: 2 != 1"):
        SWALR(stepper, [0.1, 0.2])


def test_update_bn() -> None:
    model = nn.Sequential(nn.BatchNorm1d(1, momentum=0.3), nn.Linear(1, 1), nn.BatchNorm1d(1))
    batches = [lamella.tensor([[1.0], [3.0]]), lamella.tensor([[5.0], [7.0]])]
    model(batches[0])
    model.eval()
    update_bn([(batch, None) for batch in batches], model, device="cpu")
    assert model[0].running_mean.tolist() == [4.0]
    assert model[0].running_var.tolist() == [2.0]  # the mean of the batches' variances
    assert (model[0].momentum, model[2].momentum) == (0.3, 0.1)
    assert not model.training
    assert not model[0].training


def test_a_model_without_batch_norm_sees_no_data() -> None:
    update_bn(iter(lambda: pytest.fail("data was read"), None), Scale())


WITHOUT_NN = """
import sys
from importlib.machinery import PathFinder

class Hidden:
    '''Finds everything but lamella.nn.'''
    @staticmethod
    def find_spec(name, path=None, target=None):
        return None if name == "lamella.nn" else PathFinder.find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = Hidden
sys.meta_path[:] = [finder for finder in sys.meta_path if "editable" not in repr(finder).lower()]
from lamella import optim
assert optim.swa_utils.SWALR and optim.swa_utils.get_ema_avg_fn(0.5)
assert "lamella.nn" not in sys.modules
try:
    optim.swa_utils.AveragedModel
except ImportError as error:
    print(error)
"""


def test_without_nn_the_rest_works_and_the_error_says_what_to_install() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT_NN], capture_output=True, text=True, check=True)
    assert done.stdout == "lamella.nn is in a package that is not installed: pip install lamella-nn\n"
