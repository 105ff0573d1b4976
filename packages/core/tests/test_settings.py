"""Switches of the whole process: each remembers what it is given, and refuses what PyTorch refuses."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import lamella
from lamella.core import settings


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(settings, "_settings", settings._Settings())
    return


def test_set_warn_always_is_remembered() -> None:
    assert not lamella.is_warn_always_enabled()
    lamella.set_warn_always(True)
    assert lamella.is_warn_always_enabled()
    with pytest.raises(RuntimeError, match="set_warn_always: expected a bool, got 1"):
        lamella.set_warn_always(1)


def test_deterministic_algorithms_are_remembered() -> None:
    assert not lamella.are_deterministic_algorithms_enabled()
    lamella.use_deterministic_algorithms(True, warn_only=True)
    assert lamella.are_deterministic_algorithms_enabled()
    assert lamella.is_deterministic_algorithms_warn_only_enabled()
    lamella.use_deterministic_algorithms(True)
    assert not lamella.is_deterministic_algorithms_warn_only_enabled()
    with pytest.raises(TypeError, match="argument 'mode' must be bool, not int"):
        lamella.use_deterministic_algorithms(1)
    with pytest.raises(TypeError, match="argument 'warn_only' must be bool, not str"):
        lamella.use_deterministic_algorithms(True, warn_only="yes")


def test_flushing_denormals_is_said_to_be_unsupported() -> None:
    assert lamella.set_flush_denormal(True) is False
    assert lamella.tensor(1e-310, dtype=lamella.float64).item() != 0
    with pytest.raises(RuntimeError, match="set_flush_denormal: expected a bool"):
        lamella.set_flush_denormal(1)


def test_float32_matmul_precision_is_remembered() -> None:
    assert lamella.get_float32_matmul_precision() == "highest"
    lamella.set_float32_matmul_precision("high")
    with pytest.warns(UserWarning, match="'best' is none of highest, high, medium"):
        lamella.set_float32_matmul_precision("best")
    assert lamella.get_float32_matmul_precision() == "high"
    with pytest.raises(RuntimeError, match="expected a str, got 1"):
        lamella.set_float32_matmul_precision(1)


def test_interop_threads_are_set_once() -> None:
    assert lamella.get_num_interop_threads() == lamella.get_num_threads()
    lamella.set_num_interop_threads(3)
    assert lamella.get_num_interop_threads() == 3
    with pytest.raises(RuntimeError, match="can be set once, and is 3"):
        lamella.set_num_interop_threads(2)


@pytest.mark.parametrize(("number", "said"), [(0, "at least 1 thread"), (1.5, "an int, got 1.5"), (True, "an int")])
def test_interop_threads_are_a_positive_number(number: object, said: str) -> None:
    with pytest.raises(RuntimeError, match=said):
        lamella.set_num_interop_threads(number)


def test_device_modules() -> None:
    assert lamella.get_device_module() is lamella.get_device_module("cpu") is lamella.cpu
    assert lamella.get_device_module(lamella.device("cuda:1")) is lamella.cuda
    cpu = lamella.cpu
    assert (cpu.is_available(), cpu.device_count(), cpu.current_device()) == (True, 1, "cpu")
    cpu.synchronize()


@pytest.mark.parametrize("given", ["toaster", "nn.functional", 3])
def test_a_device_without_a_module_is_refused(given: object) -> None:
    with pytest.raises(RuntimeError, match=r"device|get_device_module: expected a device"):
        lamella.get_device_module(given)
