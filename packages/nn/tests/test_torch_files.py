"""State dicts that PyTorch wrote, for every module: see ``scripts/make_torch_files.py``."""

from __future__ import annotations

import importlib.util
import io
import json
import pathlib
import warnings

import numpy as np
import pytest

import lamella
from lamella import nn

DATA = pathlib.Path(__file__).parent / "data"
MODULES = json.loads((DATA / "modules.json").read_text())
HAS_TORCH = importlib.util.find_spec("torch") is not None


@pytest.fixture(scope="module")
def states():
    return lamella.load(DATA / "modules.pt")


@pytest.fixture(scope="module")
def expected():
    return np.load(DATA / "modules.npz")


def made(name: str) -> nn.Module:
    args, options = MODULES[name]
    module: nn.Module = getattr(nn, name)(*args, **options)
    return module


def test_every_module_is_there(states, expected):
    assert list(states) == list(MODULES)
    assert {f"{name}/{key}" for name, state in states.items() for key in state} == set(expected.files)


@pytest.mark.parametrize("name", MODULES)
def test_a_state_dict_of_pytorch_fits(name, states, expected):
    module = made(name)
    assert str(module.load_state_dict(states[name])) == "<All keys matched successfully>"
    for key, value in module.state_dict().items():
        assert value.numpy().dtype == expected[f"{name}/{key}"].dtype
        np.testing.assert_array_equal(value.numpy(), expected[f"{name}/{key}"])
    assert states[name]._metadata == module.state_dict()._metadata


@pytest.mark.parametrize("name", MODULES)
def test_a_state_dict_of_ours_comes_back_from_such_a_file(name):
    state = made(name).state_dict()
    file = io.BytesIO()
    lamella.save(state, file, format="torch")
    file.seek(0)
    back = lamella.load(file)
    assert type(back) is type(state)
    assert back._metadata == state._metadata
    assert list(back) == list(state)
    for key, value in state.items():
        assert type(back[key]) is lamella.Tensor
        assert not back[key].requires_grad
        np.testing.assert_array_equal(back[key].numpy(), value.numpy())


def test_parameters_are_written_as_tensors_that_require_grad():
    file = io.BytesIO()
    lamella.save(list(nn.Linear(2, 1).parameters()), file, format="torch")
    file.seek(0)
    assert [(type(item), item.requires_grad) for item in lamella.load(file)] == [(lamella.Tensor, True)] * 2


if HAS_TORCH:  # where it is not, the files that PyTorch wrote are what ours are compared with

    @pytest.mark.parametrize("name", MODULES)
    def test_pytorch_loads_what_we_write_into_its_own_module(name, tmp_path):
        import torch

        module = made(name)
        lamella.save(module.state_dict(), tmp_path / "state.pt")
        back = torch.load(tmp_path / "state.pt", weights_only=True)
        args, options = MODULES[name]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about how fast it will be
            theirs = getattr(torch.nn, name)(*args, **options)
        assert str(theirs.load_state_dict(back)) == "<All keys matched successfully>"
        assert back._metadata == theirs.state_dict()._metadata
        for key, value in module.state_dict().items():
            np.testing.assert_array_equal(theirs.state_dict()[key].numpy(), value.numpy())
