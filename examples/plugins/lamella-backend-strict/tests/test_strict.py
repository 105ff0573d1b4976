"""The backend as users meet it: arrays that know the standard alone, transfers, a network that learns."""

from __future__ import annotations

import numpy as np
import pytest
from lamella_strict.arrays import StrictArray
from lamella_strict.backend import backend
from lamella_strict.native import NATIVE

import lamella
from lamella import nn, optim
from lamella.core.backends import kernels
from lamella.core.errors import DeviceError, DtypeError
from lamella.core.op import OPS


def test_a_tensor_on_the_device_holds_an_array_of_the_library() -> None:
    x = lamella.ones(2, 3, device="strict")
    assert type(x.array) is StrictArray
    assert type((x @ x.T + 1).array) is StrictArray
    assert str(x.device) == "strict:0"


def test_an_array_has_what_the_protocol_names_and_no_more() -> None:
    array = lamella.ones(2, device="strict").array
    for name in ("sum", "view", "any", "ravel", "__array_interface__"):
        with pytest.raises(AttributeError, match=name):
            getattr(array, name)
    with pytest.raises(TypeError, match="NumPy takes no array on the device 'strict'"):
        np.asarray(array)


def test_the_namespace_is_the_standard() -> None:
    assert backend.xp.permute_dims
    for name in ("einsum", "add.at", "lib", "nan_to_num"):
        with pytest.raises(AttributeError):
            getattr(backend.xp, name)


def test_devices_are_not_mixed() -> None:
    here, there = lamella.ones(2), lamella.ones(2, device="strict")
    for a, b in ((here, there), (there, here)):
        with pytest.raises(DeviceError, match="cpu") as caught:
            a + b
        assert "strict:0" in str(caught.value)


def test_a_dtype_that_the_standard_lacks_is_refused_by_name() -> None:
    with pytest.raises(DtypeError, match="backend 'strict' has no float16"):
        lamella.ones(2, dtype=lamella.float16, device="strict")


def test_the_list_of_native_ops_names_ops() -> None:
    assert {name for name in NATIVE if name not in OPS and name not in OPS.modules} == set()
    assert len(NATIVE) >= 130


@pytest.mark.parametrize("name", ["add", "mul", "exp", "sum", "mean", "lt", "permute", "reshape", "matmul", "clone"])
def test_the_plain_families_run_natively(name: str) -> None:
    assert name in NATIVE
    assert kernels.candidates(name, OPS[name].forward, backend)[-1].provider == kernels.REFERENCE


def test_what_the_standard_lacks_is_computed_on_the_host() -> None:
    assert kernels.candidates("sort", OPS["searchsorted"].forward, backend)[-1].provider == kernels.HOST
    x = lamella.tensor([0.0, -1.0, 2.0], device="strict")
    assert x.nan_to_num().cpu().tolist() == [0.0, -1.0, 2.0]
    assert x.erfinv().device == x.device


def test_a_network_learns_as_on_the_host() -> None:
    def losses(device: str) -> list[float]:
        lamella.manual_seed(0)
        model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.LayerNorm(16), nn.Linear(16, 3)).to(device)
        optimizer = optim.Adam(model.parameters(), lr=0.01)
        x = lamella.randn(32, 4).to(device)
        y = lamella.randint(0, 3, (32,)).to(device)
        found = []
        for _ in range(20):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            found.append(loss.item())
        return found

    there, here = losses("strict"), losses("cpu")
    assert there[-1] < 0.9 * there[0]
    np.testing.assert_allclose(there, here, rtol=1e-4)
