"""Hooks on what is saved for the backward pass."""

from __future__ import annotations

import gc
import weakref

import pytest

import lamella
from lamella import autograd
from lamella.autograd.graph import disable_saved_tensors_hooks, save_on_cpu, saved_tensors_hooks


def leaf(*values):
    return lamella.tensor(values, requires_grad=True)


class Noted:
    """Hooks that count their calls."""

    def __init__(self):
        self.packed = []
        self.unpacked = 0

    def __call__(self):
        def pack(tensor):
            self.packed.append(tensor)
            return tensor.numpy().copy()

        def unpack(array):
            self.unpacked += 1
            return lamella.from_numpy(array)

        return saved_tensors_hooks(pack, unpack)


def test_each_saved_tensor_is_packed_once_and_unpacked_when_it_is_needed():
    hooks, x = Noted(), leaf(1.0, 2.0)
    with hooks():
        y = (x * x).exp().sum()
    assert (len(hooks.packed), hooks.unpacked) == (3, 0)  # x twice, and the result of exp
    (g,) = autograd.grad(y, x)
    assert hooks.unpacked == 3
    assert lamella.allclose(g, 2 * x * (x * x).exp())


def test_hooks_get_tensors_outside_the_graph_and_are_not_recorded():
    seen = []

    def pack(tensor):
        seen.append((tensor.requires_grad, lamella.is_grad_enabled(), (tensor * 2).requires_grad))
        return tensor

    x = leaf(1.0)
    with saved_tensors_hooks(pack, lambda t: t):
        (x * 2).exp()
    assert seen == [(False, False, False)]


def test_gradients_of_gradients_go_through_hooks():
    x = leaf(0.5, 1.5)
    with saved_tensors_hooks(lambda t: t.numpy() * 2, lambda a: lamella.from_numpy(a / 2)):
        y = (x.sin() * x).sum()
        (first,) = autograd.grad(y, x, create_graph=True)
    (second,) = autograd.grad(first.sum(), x)
    assert lamella.allclose(second, 2 * x.cos() - x * x.sin())


def test_ops_with_several_results_and_several_inputs():
    x, hooks = leaf(3.0, 1.0, 2.0), Noted()
    with hooks():
        values, _ = (x * 1).sort()
        out = (lamella.cat([values, x]) * leaf(1.0, 2.0, 3.0, 4.0, 5.0, 6.0)).var()
        product = lamella.stack([x, x]).prod()
    (g,) = autograd.grad(out + product, x)
    plain = x.detach().requires_grad_()
    again = (lamella.cat([plain.sort()[0], plain]) * lamella.arange(1.0, 7.0)).var() + lamella.stack([plain] * 2).prod()
    assert lamella.allclose(g, autograd.grad(again, plain)[0])


def test_the_innermost_hooks_pack_alone():
    outer, inner, x = Noted(), Noted(), leaf(1.0)
    with outer():
        with inner():
            y = x.exp()
        z = x.exp()
    (y + z).sum().backward()
    assert (len(outer.packed), len(inner.packed)) == (1, 1)


def test_functions_of_users_are_packed_too():
    class Square(autograd.Function):
        @staticmethod
        def forward(ctx, x):
            y = x * x
            ctx.save_for_backward(x, y, None)
            return y

        @staticmethod
        def backward(ctx, grad):
            x, y, nothing = ctx.saved_tensors
            assert nothing is None
            return grad * 2 * x + 0 * y

    hooks, x = Noted(), leaf(3.0)
    with hooks():
        y = Square.apply(x)
    assert (len(hooks.packed), hooks.unpacked) == (2, 0)
    (g,) = autograd.grad(y.sum(), x, create_graph=True)
    assert autograd.grad(g.sum(), x)[0].item() == 2.0
    assert hooks.unpacked == 4  # the gradient depends on y, and so the second pass comes by here again


def test_a_graph_is_run_again_and_freed_as_usual():
    x, hooks = leaf(2.0), Noted()
    with hooks():
        y = x.exp().sum()
    y.backward(retain_graph=True)
    y.backward()
    assert hooks.unpacked == 2
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        y.backward()


def test_packed_graphs_have_no_cycles():
    gc.collect()
    gc.disable()
    try:
        x = leaf(2.0)
        with saved_tensors_hooks(lambda t: t.clone(), lambda t: t):
            y = x.exp()
        node = weakref.ref(y.grad_fn)
        del y
        assert node() is None
    finally:
        gc.enable()


def test_a_change_in_place_is_not_noticed_through_hooks():
    x = leaf(2.0)
    with saved_tensors_hooks(lambda t: t.clone(), lambda t: t):
        y = x.exp()
    with lamella.no_grad():
        y.add_(1)
    y.backward()
    assert x.grad.item() == pytest.approx(7.389056)


def test_save_on_cpu_changes_no_gradient():
    x = leaf(0.5)
    with save_on_cpu():
        y = x.sin()
    y.backward()
    assert x.grad.item() == pytest.approx(0.87758255)


def test_what_is_refused():
    x = leaf(1.0)
    with pytest.raises(TypeError, match="unpack_hook must be a function, got int"):
        saved_tensors_hooks(lambda t: t, 3)
    with (
        pytest.raises(RuntimeError, match="pack hook is modifying its input in place"),
        saved_tensors_hooks(lambda t: t.add_(1), lambda t: t),
    ):
        (x * 2).exp()
    with saved_tensors_hooks(lambda t: t, lambda t: 3):
        y = x.exp()
    with pytest.raises(TypeError, match="expected to be a Tensor but got result of type int"):
        y.backward()


def test_hooks_can_be_disabled():
    with disable_saved_tensors_hooks("not here"), pytest.raises(RuntimeError, match="not here"):
        save_on_cpu().__enter__()
    with save_on_cpu(), pytest.raises(RuntimeError, match="nor here"), disable_saved_tensors_hooks("nor here"):
        pass
    with save_on_cpu():
        leaf(1.0).exp().backward()
