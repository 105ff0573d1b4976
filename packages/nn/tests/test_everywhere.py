"""Hooks of all modules, by PyTorch's path ``nn.modules.module``."""

from __future__ import annotations

from typing import Any

import pytest

import lamella
from lamella import nn
from lamella.nn.modules import module as everywhere


def test_forward_hooks_of_all_come_before_the_modules_own() -> None:
    seen: list[Any] = []
    model = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
    model[0].register_forward_pre_hook(lambda m, args: seen.append("own before"))
    model[0].register_forward_hook(lambda m, args, out: seen.append("own after"))
    with (
        everywhere.register_module_forward_pre_hook(lambda m, args: seen.append(f"before {m._get_name()}")),
        everywhere.register_module_forward_hook(lambda m, args, out: seen.append(f"after {m._get_name()}")),
    ):
        model(lamella.ones(1, 2))
    assert seen == [
        "before Sequential",
        "before Linear", "own before", "after Linear", "own after",
        "before ReLU", "after ReLU",
        "after Sequential",
    ]  # fmt: skip
    seen.clear()
    model(lamella.ones(1, 2))
    assert seen == ["own before", "own after"]


def test_they_may_replace_what_they_see() -> None:
    double, x = nn.Identity(), lamella.tensor(3.0)
    with everywhere.register_module_forward_pre_hook(lambda m, args: (args[0] + 1,)):
        assert double(x).item() == 4.0
    with everywhere.register_module_forward_hook(lambda m, args, kwargs, out: out * 10, with_kwargs=True):
        assert double(x).item() == 30.0


def test_some_are_called_even_after_an_error() -> None:
    seen: list[Any] = []
    with (
        everywhere.register_module_forward_hook(lambda m, args, out: seen.append(out), always_call=True),
        pytest.raises(RuntimeError),
    ):
        nn.Linear(2, 3)(lamella.ones(1, 5))
    assert seen == [None]


@pytest.mark.parametrize(
    "register", [everywhere.register_module_full_backward_hook, everywhere.register_module_backward_hook]
)
def test_backward_hooks_of_all(register: Any) -> None:
    seen: list[Any] = []
    x = lamella.ones(1, 2, requires_grad=True)
    with (
        everywhere.register_module_full_backward_pre_hook(lambda m, out: seen.append(("pre", m._get_name()))),
        register(lambda m, inp, out: seen.append((m._get_name(), tuple(inp[0].shape), tuple(out[0].shape)))),
    ):
        nn.Sequential(nn.Linear(2, 3), nn.ReLU())(x).sum().backward()
    assert seen == [
        ("pre", "Sequential"),
        ("pre", "ReLU"), ("ReLU", (1, 3), (1, 3)),
        ("pre", "Linear"), ("Linear", (1, 2), (1, 3)),
        ("Sequential", (1, 2), (1, 3)),
    ]  # fmt: skip


def test_registrations_are_seen_and_replaced() -> None:
    seen: list[Any] = []
    other = nn.Tanh()
    with (
        everywhere.register_module_parameter_registration_hook(lambda m, n, p: seen.append(("parameter", n))),
        everywhere.register_module_buffer_registration_hook(lambda m, n, b: seen.append(("buffer", n))),
        everywhere.register_module_module_registration_hook(lambda m, n, c: seen.append(("module", n))),
    ):
        model = nn.Sequential(nn.Linear(1, 1, bias=False))
        model.shift = nn.Buffer(lamella.ones(1))
        model.shift = lamella.zeros(1)
        model.act = nn.ReLU()
        model.act = None
    assert seen == [
        ("parameter", "weight"), ("module", "0"),
        ("buffer", "shift"), ("buffer", "shift"),
        ("module", "act"), ("module", "act"),
    ]  # fmt: skip
    with everywhere.register_module_module_registration_hook(lambda m, n, c: other):
        model.act = nn.ReLU()
        model.add_module("more", nn.ReLU())
    assert model.act is other
    assert model.more is other
    assert len(seen) == 6


def test_pytorchs_path_finds_layers() -> None:
    from lamella.nn.modules import Linear
    from lamella.nn.modules.module import Module

    assert Linear is nn.Linear
    assert Module is nn.Module
    with pytest.raises(AttributeError, match="has no attribute 'Linea'. Did you mean 'Linear'?"):
        _ = nn.modules.Linea
    with pytest.raises(AttributeError, match="has no attribute 'functional'"):
        _ = nn.modules.functional
