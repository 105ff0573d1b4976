"""Ops computed on the host for a backend that shares no memory with it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lamella.core import methods  # noqa: F401  # the ops are there
from lamella.core.backends import NumpyBackend, kernels
from lamella.core.backends.host import host_kernel
from lamella.core.devices import device
from lamella.core.errors import DeviceError
from lamella.core.op import OPS


class FarArray(np.ndarray):
    """An array that is far away: all that comes and goes is copied."""


class FarBackend(NumpyBackend):
    name = "far"
    device_type = "far"
    array_type = FarArray
    native: Any = ()

    def device_of(self, array: Any) -> device:
        return device("far:0")

    def asarray(self, values: Any, device: device) -> Any:
        return np.array(values).view(FarArray)

    def to_numpy(self, array: Any) -> Any:
        return np.array(array)


FAR = FarBackend()


def far(*values: float) -> Any:
    return FAR.asarray(values, device("far:0"))


def test_results_go_back_to_the_device() -> None:
    def compute(pair: Any, factor: float) -> Any:
        assert [type(x) for x in pair] == [np.ndarray, np.ndarray]
        return (pair[0] + pair[1]) * factor, float(pair[0][0])

    total, first = host_kernel(compute, FAR)((far(1, 2), far(3, 4)), 10.0)
    assert [type(total), type(first)] == [FarArray, FarArray]
    assert total.tolist() == [40, 60]
    assert first.shape == ()


def test_what_changes_arrays_in_place_changes_those_of_the_device() -> None:
    def step(rows: Any, *, lr: float) -> None:
        for param, grad in rows:
            np.subtract(param, lr * grad, out=param)

    param = far(1.0, 2.0)
    assert host_kernel(step, FAR)([(param, far(10.0, 20.0))], lr=0.1) is None
    assert param.tolist() == [0, 0]


def test_an_array_of_the_host_is_refused() -> None:
    with pytest.raises(DeviceError, match="expected arrays of backend 'far' alone, got one on the host"):
        host_kernel(np.add, FAR)(far(1), np.ones(1))


def test_what_is_not_native_comes_from_the_host() -> None:
    def provider(op: str) -> str:
        return kernels.candidates(op, OPS[op].forward, FAR)[-1].provider

    assert provider("sigmoid") == kernels.HOST
    assert provider("move") == kernels.REFERENCE  # it asks the backends themselves
    FAR.native = {"sigmoid"}
    assert provider("sigmoid") == kernels.REFERENCE
    FAR.native = None
    assert provider("exp") == kernels.REFERENCE
    with kernels.use(kernels.REFERENCE):
        FAR.native = ()
        assert provider("sigmoid") == kernels.HOST  # there is no other way
