"""Hooks on modules: when they are called, with what, and what they may change."""

from __future__ import annotations

from typing import Any

import pytest

import lamella
from lamella import nn


class Affine(nn.Module):
    def forward(self, x: lamella.Tensor, factor: float = 2.0) -> lamella.Tensor:
        if factor == 0:
            raise ValueError("no factor")
        return x * factor + 1


@pytest.fixture
def seen() -> list[Any]:
    return []


def test_forward_hooks_see_and_replace(seen: list[Any]) -> None:
    net, x = Affine(), lamella.tensor(3.0)

    def before(module: nn.Module, args: tuple[Any, ...]) -> Any:
        seen.append(("before", module is net, args[0].item()))
        return args[0] + 1

    def after(module: nn.Module, args: tuple[Any, ...], output: lamella.Tensor) -> Any:
        seen.append(("after", args[0].item(), output.item()))
        return output * 10

    first, second = net.register_forward_pre_hook(before), net.register_forward_hook(after)
    assert net(x).item() == 90.0
    assert seen == [("before", True, 3.0), ("after", 4.0, 9.0)]
    first.remove()
    assert net(x).item() == 70.0
    second.remove()
    second.remove()
    assert net(x).item() == 7.0
    with net.register_forward_hook(after):
        assert net(x).item() == 70.0
    assert net(x).item() == 7.0


def test_hooks_run_in_order_and_prepended_ones_first(seen: list[Any]) -> None:
    net = Affine()
    for name, prepend in (("a", False), ("b", False), ("c", True)):
        net.register_forward_pre_hook(lambda m, args, n=name: seen.append(n), prepend=prepend)
        net.register_forward_hook(lambda m, args, out, n=name: seen.append(n.upper()), prepend=prepend)
    net(lamella.ones(1))
    assert seen == ["c", "a", "b", "C", "A", "B"]


def test_hooks_with_keyword_arguments(seen: list[Any]) -> None:
    net = Affine()
    net.register_forward_pre_hook(lambda m, args, kwargs: (args, {"factor": 5.0}), with_kwargs=True)
    net.register_forward_pre_hook(lambda m, args, kwargs: None, with_kwargs=True)
    net.register_forward_hook(lambda m, args, kwargs, out: seen.append(kwargs), with_kwargs=True)
    assert net(lamella.tensor(1.0), factor=3.0).item() == 6.0
    assert seen == [{"factor": 5.0}]
    net.register_forward_pre_hook(lambda m, args, kwargs: 3, with_kwargs=True)
    with pytest.raises(RuntimeError, match="must return None or a tuple of .*, but got 3"):
        net(lamella.tensor(1.0))


def test_always_called_hooks_run_after_an_error(seen: list[Any]) -> None:
    net = Affine()
    net.register_forward_hook(lambda m, args, out: seen.append("usual"))
    net.register_forward_hook(lambda m, args, out: seen.append(("always", out)), always_call=True)
    with pytest.raises(ValueError, match="no factor") as caught:
        net(lamella.ones(1), 0)
    assert seen == [("always", None)]
    assert caught.value.__notes__ == ["in module Affine"]


def test_backward_hooks_see_and_replace_this_calls_gradients(seen: list[Any]) -> None:
    net, x = Affine(), lamella.tensor(3.0, requires_grad=True)
    net.register_full_backward_pre_hook(lambda m, out: seen.append(("out", out[0].item())))
    net.register_full_backward_hook(lambda m, inp, out: seen.append((inp[0].item(), out[0].item())))
    (net(x) * 5 + x * 7).backward()
    assert seen == [("out", 5.0), (10.0, 5.0)]  # the 7 is not this call's
    assert x.grad.item() == 17.0
    net.register_full_backward_pre_hook(lambda m, out: (out[0] * 2,))
    net.register_full_backward_hook(lambda m, inp, out: (inp[0] + 100,))
    x.grad = None
    net(x).backward()
    assert x.grad.item() == 104.0


def test_pytorchs_older_name_of_backward_hooks(seen: list[Any]) -> None:
    net = Affine()
    net.register_backward_hook(lambda m, inp, out: seen.append((inp[0].item(), out[0].item())))
    net(lamella.tensor(3.0, requires_grad=True)).backward()
    assert seen == [(2.0, 1.0)]


def test_backward_hooks_of_several_inputs_and_outputs(seen: list[Any]) -> None:
    class Both(nn.Module):
        def forward(self, a: lamella.Tensor, n: int, b: lamella.Tensor) -> tuple[lamella.Tensor, int, lamella.Tensor]:
            return a * n, n, a * b

    net = Both()
    net.register_full_backward_hook(lambda m, inp, out: seen.append((inp, out)))
    a, b = lamella.tensor(3.0, requires_grad=True), lamella.tensor(4.0, requires_grad=True)
    first, n, second = net(a, 2, b)
    assert (first.item(), n, second.item()) == (6.0, 2, 12.0)
    second.backward()
    (inp, out) = seen[0]
    assert [None if g is None else g.item() for g in inp] == [4.0, None, 3.0]
    assert [None if g is None else g.item() for g in out] == [None, None, 1.0]


def test_backward_hooks_run_where_no_input_wants_a_gradient(seen: list[Any]) -> None:
    net = nn.Linear(2, 1)
    net.register_full_backward_hook(lambda m, inp, out: seen.append((inp, out[0].item())))
    net(lamella.ones(1, 2)).sum().backward()
    assert seen == [((None,), 1.0)]
    with lamella.no_grad():
        net(lamella.ones(1, 2))
    assert len(seen) == 1


def test_a_backward_hook_that_returns_too_many_is_refused() -> None:
    net = Affine()
    net.register_full_backward_hook(lambda m, inp, out: (inp[0], inp[0]))
    out = net(lamella.tensor(1.0, requires_grad=True))
    with pytest.raises(RuntimeError, match="invalid number of grad_input, got 2, but expected 1"):
        out.backward()
    net.register_full_backward_pre_hook(lambda m, out: (out[0], out[0]))
    out = net(lamella.tensor(1.0, requires_grad=True))
    with pytest.raises(RuntimeError, match="pre hook returned an invalid number of grad_output, got 2"):
        out.backward()
