"""PyTorch's long and former names for what our packages have: the same objects."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

import lamella
from lamella import data, nn, optim


@pytest.mark.parametrize("module", ["dataloader", "dataset", "distributed", "sampler"])
def test_the_modules_of_utils_data_give_the_classes_of_data(module: str) -> None:
    found = import_module(f"lamella.utils.data.{module}")
    assert getattr(lamella.utils.data, module) is found and found.__all__
    for name in found.__all__:
        assert getattr(found, name) is getattr(data, name)


def test_an_unknown_name_of_utils_data_is_refused() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'sampla'. Did you mean 'sampler'"):
        lamella.utils.data.sampla  # noqa: B018  # asking is the test


def test_schedulers_can_be_derived_by_their_base_s_former_name() -> None:
    assert issubclass(optim.lr_scheduler.StepLR, optim.lr_scheduler._LRScheduler)


@pytest.mark.parametrize(
    "name",
    [
        *("dirac", "eye", "kaiming_normal", "kaiming_uniform", "normal", "orthogonal", "uniform"),
        *("xavier_normal", "xavier_uniform"),
    ],
)
def test_initializers_have_their_former_names(name: str) -> None:
    shape = (4, 4, 3) if name == "dirac" else (4, 4)
    lamella.manual_seed(0)
    expected = getattr(nn.init, f"{name}_")(lamella.empty(shape))
    lamella.manual_seed(0)
    with pytest.warns(FutureWarning, match=f"`nn.init.{name}` is now deprecated in favor of `nn.init.{name}_`"):
        given = getattr(nn.init, name)(lamella.empty(shape))
    assert lamella.equal(given, expected)


def test_initializers_that_need_more_have_their_former_names() -> None:
    with pytest.warns(FutureWarning, match="in favor of `nn.init.constant_`"):
        assert nn.init.constant(lamella.empty(2), 3.0).tolist() == [3.0, 3.0]
    with pytest.warns(FutureWarning, match="in favor of `nn.init.sparse_`"):
        assert (nn.init.sparse(lamella.empty(4, 2), sparsity=0.5) == 0).sum() == 4


def test_batch_normalization_of_any_size_has_one_base() -> None:
    base = nn.modules.batchnorm._BatchNorm
    assert all(isinstance(kind(2), base) for kind in (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm))
    assert not isinstance(nn.GroupNorm(1, 2), base)


@pytest.mark.parametrize(
    "program",
    [
        "from lamella.nn import Linear; Linear(1, 2)",
        "from lamella.nn import Parameter; Parameter().sum()",
        "from lamella.optim import SGD; from lamella.nn import Linear; SGD(Linear(1, 2).parameters(), lr=0.1)",
        "from lamella.data import default_collate; default_collate([1, 2]).sum()",
        "from lamella.autograd import Variable; Variable().sum()",
        "from lamella.cuda import is_available; is_available()",
    ],
)
def test_any_package_may_be_imported_first(program: str) -> None:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
