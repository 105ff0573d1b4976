"""Corners where views, modes, hooks and user-written ops meet. The values are what PyTorch gives."""

from __future__ import annotations

import functools
import threading

import pytest

import lamella
from lamella.autograd import Function


def leaf(*shape):
    return lamella.ones(*shape, requires_grad=True)


class Doubled(Function):
    """Doubles its input in place."""

    @staticmethod
    def forward(ctx, x):
        ctx.mark_dirty(x.mul_(2))
        return x

    @staticmethod
    def backward(ctx, grad):
        return grad * 2


# --- views whose base has changed


def test_a_stale_view_looked_at_in_no_grad_keeps_its_gradient():
    x = leaf(3)
    y = x * 2
    v = y[:2]
    y.mul_(3)
    with lamella.no_grad():
        v.sum()
    (v.sum() + x.sum()).backward()
    assert x.grad.tolist() == [7, 7, 1]


def test_a_view_of_a_leaf_that_was_changed_in_no_grad_keeps_its_gradient():
    w = leaf(4)
    v = w[:2]
    with lamella.no_grad():
        w.mul_(2)
        v.sum()
    v.sum().backward()
    assert w.grad.tolist() == [1, 1, 0, 0]


def test_a_stale_view_changed_in_no_grad_keeps_its_gradient():
    w = leaf(2, 4)
    v = (w * 2)[0]
    v[2] = 0.5
    with lamella.no_grad():
        v.mul_(0.9)
    v.sum().backward()
    assert w.grad[0].tolist() == [2, 2, 0, 2]


def test_a_view_taken_in_no_grad_is_not_changed_while_recording():
    base, w = lamella.ones(3), leaf(2)
    with lamella.no_grad():
        v = base[:2]
    with pytest.raises(RuntimeError, match="a view was created in no_grad mode"):
        v.mul_(w)


def test_a_change_through_a_view_of_a_transposed_base():
    x = leaf(3, 3)
    b = x.T * 1
    b[0].mul_(3)
    b.sum().backward()
    assert x.grad.tolist() == [[3, 1, 1]] * 3


def test_a_change_through_a_view_of_a_base_with_gaps_is_refused():
    w = leaf(2)
    d = lamella.ones(3, 4)[:, ::2].detach()
    with pytest.raises(RuntimeError, match=r"gaps between its elements.*contiguous\(\)"):
        d[0] = w


def test_a_view_of_a_tensor_that_got_other_data_stays_as_it_is():
    y = lamella.ones(4)
    v = y[1:3]
    y.data = lamella.zeros(4)
    y.mul_(2)
    assert v.tolist() == [1, 1]


def test_filling_leaves_a_gradient_of_zero():
    x = leaf(3)
    y = x * 1
    y.zero_()
    y.sum().backward()
    assert x.grad.tolist() == [0, 0, 0]


# --- retained gradients and hooks


def test_retained_gradients_are_nobody_elses():
    x = leaf(2)
    y = x * 1
    z = y + 0
    y.retain_grad()
    z.retain_grad()
    g = lamella.ones(2)
    z.backward(g)
    y.grad.mul_(5)
    assert (y.grad.tolist(), z.grad.tolist(), g.tolist()) == ([5, 5], [1, 1], [1, 1])


def test_a_retained_gradient_is_that_of_the_value_after_a_change_through_a_view():
    y = leaf(2, 2) * 2
    y.retain_grad()
    y[0].mul_(3)
    (y * y).sum().backward()
    assert y.grad.tolist() == [[12, 12], [4, 4]]


def test_a_view_that_finds_its_place_again_retains_its_gradient():
    y = leaf(2, 2) * 2
    v = y[0]
    v.retain_grad()
    y.mul_(3)
    v.sum().backward()
    assert v.grad.tolist() == [1, 1]


def test_a_handle_still_removes_its_hook_after_a_change_in_place():
    y = leaf(2) * 1
    seen = []
    handle = y.register_hook(seen.append)
    y.retain_grad()
    before = y * 2
    y.mul_(2)
    handle.remove()
    (before.sum() + y.sum()).backward()
    assert seen == []


def test_one_function_registered_twice_is_removed_once():
    x = leaf(2)
    seen = []
    hook = lambda grad: seen.append(1)  # noqa: E731 - the same object twice
    first = x.register_hook(hook)
    x.register_hook(hook)
    first.remove()
    first.remove()
    x.sum().backward()
    assert seen == [1]


def test_a_hook_must_return_a_tensor():
    x = leaf(2)
    x.register_hook(lambda grad: 5)
    with pytest.raises(TypeError, match="expected a hook to return a Tensor or None, got int"):
        x.sum().backward()


# --- user-written ops


def test_an_output_without_a_gradient_gives_zeros_also_where_it_is_infinite():
    class Two(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2, x.sum() / 0

        @staticmethod
        def backward(ctx, a, b):
            assert b.shape == ()
            return a * 2 + b

    x = leaf(2)
    Two.apply(x)[0].sum().backward()
    assert x.grad.tolist() == [2, 2]


def test_an_input_marked_dirty_takes_its_base_along():
    x = leaf(4)
    y = x * 1
    Doubled.apply(y[:2])
    y.sum().backward()
    assert x.grad.tolist() == [2, 2, 1, 1]


def test_a_leaf_can_not_be_marked_dirty():
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad"):
        Doubled.apply(leaf(4))


def test_a_saved_output_is_the_output():
    class Exp(Function):
        @staticmethod
        def forward(ctx, x):
            y = x.exp()
            ctx.save_for_backward(y)
            return y

        @staticmethod
        def backward(ctx, grad):
            return grad * ctx.saved_tensors[0]

    x = leaf(2)
    y = Exp.apply(x)
    (g,) = lamella.autograd.grad(y.sum(), x, create_graph=True)
    assert [t.tolist() for t in lamella.autograd.grad(g.sum(), y)] == [[1, 1]]


# --- modes and threads


def test_set_grad_enabled_can_be_used_again():
    switch = lamella.set_grad_enabled(False)
    seen = []
    for _ in range(2):
        with switch:
            seen.append(lamella.is_grad_enabled())
        seen.append(lamella.is_grad_enabled())
    assert seen == [False, True, False, True]


def test_decorators_take_any_callable():
    assert lamella.no_grad()(functools.partial(int, "3"))() == 3

    @lamella.inference_mode
    def inside():
        return lamella.is_inference_mode_enabled()

    assert inside()


def test_threads_that_reach_one_leaf_lose_nothing():
    x = lamella.zeros(300_000, requires_grad=True)

    def work():
        for _ in range(10):
            (x * 1.0).sum().backward()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert x.grad.min() == 40


# --- numbers


def test_ints_out_of_range_wrap():
    assert (lamella.tensor([1], dtype=lamella.uint8) - 3).tolist() == [254]
    assert (lamella.tensor([1], dtype=lamella.int32) + 2**40 + 2**31).tolist() == [1 - 2**31]


def test_an_expand_that_changes_nothing_can_be_written_to():
    x = lamella.ones(3)
    x.expand(3).add_(1)
    assert x.tolist() == [2, 2, 2]
