"""The backward engine: deep and wide graphs, what is freed when, hooks, and whom a gradient belongs to."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

import lamella
from lamella import autograd


@pytest.fixture
def no_collector():
    """With this, only reference counting frees."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def leaf(*values):
    return lamella.tensor(values, requires_grad=True)


# --- depth and freeing


@pytest.mark.usefixtures("no_collector")
def test_a_million_nodes_run_backward_and_are_freed_by_reference_counting():
    a = leaf(1.0)
    x = a * 1.0
    first = weakref.ref(x.grad_fn)
    for _ in range(1_000_000):
        x = x + a
    x.backward()
    assert a.grad.item() == 1_000_001
    assert first() is not None
    del x
    assert first() is None


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("run", [False, True], ids=["never run", "after backward"])
def test_dropping_the_output_frees_graph_and_saved_values(run):
    a, b = leaf(1.0, 2.0), leaf(3.0, 4.0)
    product = a * b
    parts = product.tanh().unbind(0)
    joined = lamella.stack([parts[0].exp(), parts[1] * product.sum()])
    out = joined.square().sum()
    nodes = [weakref.ref(t.grad_fn) for t in (product, parts[0], joined, out)]
    tensors = [weakref.ref(product), weakref.ref(joined)]
    if run:
        out.backward(retain_graph=True)
    del product, parts, joined, out
    assert [n() for n in nodes] == [None] * len(nodes)
    assert [t() for t in tensors] == [None] * len(tensors)


@pytest.mark.usefixtures("no_collector")
def test_hooks_and_retained_gradients_make_no_cycle():
    a = leaf(1.0, 2.0)
    y = a * 2
    y.retain_grad()
    y.register_hook(lambda grad: grad * 2)
    node = weakref.ref(y.grad_fn)
    y.sum().backward()
    del y
    assert node() is None


@pytest.mark.usefixtures("no_collector")
def test_a_differentiable_gradient_frees_its_graph_too():
    a = leaf(1.0, 2.0)
    y = (a**3).sum()
    (g,) = autograd.grad(y, a, create_graph=True)
    nodes = [weakref.ref(y.grad_fn), weakref.ref(g.grad_fn)]
    del y, g
    assert [n() for n in nodes] == [None, None]


def test_a_leaf_does_not_outlive_its_tensor():
    a = leaf(1.0)
    y = a * 2
    owner = weakref.ref(a)
    del a
    gc.collect()
    assert owner() is None
    y.backward()  # its gradient has nobody to go to


def test_wide_and_diamond_graphs_visit_each_node_once():
    a = leaf(2.0)
    calls = []
    x = a * 1
    x.register_hook(lambda grad: calls.append(grad.item()))
    for _ in range(20):
        x = x + x  # 2**20 paths, 20 nodes
    x.backward()
    assert a.grad.item() == 2**20
    assert calls == [2**20]


# --- running it again


@pytest.mark.parametrize("run", [lambda y, a: y.backward(), autograd.grad], ids=["backward", "grad"])
def test_backward_twice_is_an_error(run):
    a = leaf(1.0, 2.0)
    y = (a * a).sum()
    run(y, a)
    with pytest.raises(RuntimeError, match=r"the graph a second time.*MulBackward0.*retain_graph=True"):
        run(y, a)


def test_retain_graph_allows_it_and_gradients_add_up():
    a = leaf(1.0, 2.0)
    y = (a * a).sum()
    y.backward(retain_graph=True)
    y.backward()
    assert a.grad.tolist() == [4.0, 8.0]
    with pytest.raises(RuntimeError, match="second time"):
        y.backward()


def test_what_saved_nothing_can_run_twice():
    a = leaf(1.0, 2.0)
    y = (a + 1).sum()
    y.backward()
    y.backward()
    assert a.grad.tolist() == [2.0, 2.0]


@pytest.mark.parametrize(
    "use", [lambda a, b: a * b, lambda a, b: (a * 2).exp() * b, lambda a, b: a.unsqueeze(0) @ b.unsqueeze(1)]
)
def test_a_saved_value_changed_in_place_is_an_error(use):
    a, b = leaf(1.0, 2.0), lamella.tensor([3.0, 4.0])
    y = use(a, b).sum()
    b.add_(1)
    with pytest.raises(RuntimeError, match=r"modified by an inplace operation: .*is at version 1; expected version 0"):
        y.backward()


def test_a_saved_result_changed_in_place_is_an_error():
    a = leaf(1.0, 2.0)
    y = a.exp()
    z = y.sum()
    y.mul_(2)
    with pytest.raises(RuntimeError, match=r"saved by ExpBackward0 is at version 1; expected version 0"):
        z.backward()


def test_changing_what_nobody_saved_is_fine():
    a, b = leaf(1.0, 2.0), lamella.tensor([3.0, 4.0])
    y = (a + b).sum()
    b.zero_()
    y.backward()
    assert a.grad.tolist() == [1.0, 1.0]


# --- hooks


def test_a_tensor_hook_sees_the_whole_gradient_and_may_replace_it():
    a = leaf(1.0, 2.0)
    y = a * 3
    seen = []
    y.register_hook(lambda grad: seen.append(grad.tolist()))
    y.register_hook(lambda grad: grad * 10)
    y.register_hook(lambda grad: seen.append(grad.tolist()))
    (y.sum() + (y * y).sum()).backward()
    assert seen == [[7.0, 13.0], [70.0, 130.0]]
    assert a.grad.tolist() == [210.0, 390.0]


def test_a_hook_on_a_leaf_runs_before_accumulation():
    a = leaf(1.0, 2.0)
    a.register_hook(lambda grad: grad + 1)
    (a * 2).sum().backward()
    assert a.grad.tolist() == [3.0, 3.0]
    assert autograd.grad((a * 2).sum(), a)[0].tolist() == [3.0, 3.0]


def test_hooks_are_removed_one_at_a_time():
    a = leaf(1.0)
    double = a.register_hook(lambda grad: grad * 2)
    with a.register_hook(lambda grad: grad * 3):
        (a * 1).backward()
    (a * 1).backward()
    double.remove()
    double.remove()
    (a * 1).backward()
    assert a.grad.item() == 6 + 2 + 1


def test_a_hook_that_returns_another_shape_is_an_error():
    y = leaf(1.0, 2.0) * 2
    y.register_hook(lambda grad: grad.sum())
    with pytest.raises(RuntimeError, match=r"hook on MulBackward0 returned a gradient of shape \(\), expected \(2,\)"):
        y.sum().backward()


def test_a_hook_needs_a_tensor_that_requires_grad():
    with pytest.raises(RuntimeError, match="cannot register a hook on a tensor that doesn't require gradient"):
        lamella.ones(2).register_hook(print)


def test_a_node_prehook_gets_and_replaces_a_tuple():
    a = leaf(1.0, 2.0)
    y = a * 3
    handle = y.grad_fn.register_prehook(lambda grads: (grads[0] * 2,))
    y.sum().backward(retain_graph=True)
    assert a.grad.tolist() == [6.0, 6.0]
    handle.remove()
    y.sum().backward()
    assert a.grad.tolist() == [9.0, 9.0]


def test_post_accumulate_hooks_see_the_tensor_with_its_gradient():
    a = leaf(1.0, 2.0)
    seen = []
    handle = a.register_post_accumulate_grad_hook(lambda t: seen.append((t is a, t.grad.tolist())))
    (a * 2).sum().backward()
    (a * 2).sum().backward()
    autograd.grad((a * 2).sum(), a)  # accumulates nothing
    handle.remove()
    (a * 2).sum().backward()
    assert seen == [(True, [2.0, 2.0]), (True, [4.0, 4.0])]


@pytest.mark.parametrize("make", [lambda: lamella.ones(2), lambda: leaf(1.0) * 2], ids=["constant", "result"])
def test_post_accumulate_hooks_are_for_leaves(make):
    with pytest.raises(RuntimeError, match="cannot be registered on"):
        make().register_post_accumulate_grad_hook(print)


def test_retain_grad_keeps_the_gradient_of_a_result():
    a = leaf(1.0, 2.0)
    y = a * 2
    y.retain_grad()
    y.retain_grad()
    assert y.retains_grad and not a.retains_grad
    (y * y).sum().backward(retain_graph=True)
    assert y.grad.tolist() == [4.0, 8.0]
    (y * y).sum().backward()
    assert y.grad.tolist() == [8.0, 16.0]


def test_retain_grad_needs_a_tensor_that_requires_grad():
    with pytest.raises(RuntimeError, match=r"can't retain_grad on Tensor that has requires_grad=False"):
        lamella.ones(2).retain_grad()


def test_reading_grad_of_a_plain_result_warns():
    with pytest.warns(UserWarning, match=r"not a leaf Tensor is being accessed.*retain_grad"):
        assert (leaf(1.0) * 2).grad is None


# --- whose a gradient is


@pytest.mark.parametrize(
    "use",
    [
        lambda x, z: x + z,
        lambda x, z: x - z,
        lambda x, z: x + x + z,
        lambda x, z: x.reshape(2, 1).squeeze(1) + z,
        lambda x, z: x.view(2) + z.view(2),
        lambda x, z: lamella.stack([x, z]),
        lambda x, z: lamella.cat([x, z, x]),
        lambda x, z: x.clone() + z.clone(),
        lambda x, z: x.expand(3, 2) + z,
    ],
)
def test_leaf_gradients_are_nobody_elses(use):
    x, z = leaf(1.0, 2.0), leaf(3.0, 4.0)
    y = use(x, z)
    y.retain_grad()
    start = lamella.ones(y.shape)
    y.backward(start)
    kept = z.grad.tolist(), y.grad.tolist()
    x.grad.mul_(100)
    assert (z.grad.tolist(), y.grad.tolist()) == kept
    assert start.tolist() == np.ones(y.shape).tolist()
    assert x.tolist() == [1.0, 2.0]


def test_the_gradient_of_a_product_is_not_the_factor():
    x, factor = leaf(1.0, 2.0), lamella.tensor([3.0, 4.0])
    (x * factor).sum().backward()
    x.grad.zero_()
    assert factor.tolist() == [3.0, 4.0]


def test_a_gradient_handed_in_at_a_leaf_is_copied():
    x, start = leaf(1.0, 2.0), lamella.tensor([5.0, 6.0])
    x.backward(start)
    x.backward(start)
    assert x.grad.tolist() == [10.0, 12.0]
    assert start.tolist() == [5.0, 6.0]
    autograd.backward(x, start, inputs=x)
    x.grad.zero_()
    assert start.tolist() == [5.0, 6.0]


def test_a_hook_cannot_alias_two_gradients():
    x, z = leaf(1.0, 2.0), leaf(3.0, 4.0)
    shared = lamella.tensor([7.0, 8.0])
    x.register_hook(lambda grad: shared)
    z.register_hook(lambda grad: shared)
    (x * z).sum().backward()
    x.grad.zero_()
    assert z.grad.tolist() == shared.tolist() == [7.0, 8.0]


def test_gradients_add_into_the_tensor_the_user_set():
    x = leaf(1.0, 2.0)
    mine = x.grad = lamella.tensor([10.0, 20.0])
    (x * 2).sum().backward()
    assert x.grad is mine and mine.tolist() == [12.0, 22.0]


def test_optimizer_style_changes_of_leaves_between_passes():
    x = leaf(3.0)
    for _ in range(3):
        x.grad = None
        (x * x).backward()
        with lamella.no_grad():
            x -= 0.25 * x.grad
    assert x.item() == 3.0 * 0.5**3
    assert x.is_leaf and x.requires_grad
