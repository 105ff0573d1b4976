"""``checkpoint``: the same results and gradients, with less kept."""

from __future__ import annotations

import gc
import weakref

import pytest

import lamella
from lamella import autograd
from lamella.utils.checkpoint import (
    CheckpointError,
    checkpoint,
    checkpoint_sequential,
    set_checkpoint_early_stop,
)

BOTH = pytest.mark.parametrize("reentrant", [True, False])
WEIGHT = [[1.0, 2.0], [3.0, 4.0]]


def leaf(values):
    return lamella.tensor(values, requires_grad=True)


class Layer:
    """Counts its calls, and uses a leaf that is no argument."""

    def __init__(self):
        self.weight = leaf(WEIGHT)
        self.calls = 0

    def __call__(self, x, shift=0.0):
        self.calls += 1
        hidden = (x @ self.weight).tanh()
        return hidden.exp() + shift, hidden.sin()


def gradients(run):
    layer, x = Layer(), leaf([[0.1, 0.2]])
    a, b = run(layer, x)
    (a + 2 * b).sum().backward()
    return x.grad, layer.weight.grad, layer.calls


@BOTH
def test_gradients_are_the_same_and_the_function_runs_twice(reentrant):
    gx, gw, once = gradients(lambda layer, x: layer(x))
    cx, cw, twice = gradients(lambda layer, x: checkpoint(layer, x, use_reentrant=reentrant))
    assert (once, twice) == (1, 2)
    assert lamella.equal(gx, cx) and lamella.equal(gw, cw)


@BOTH
def test_nested(reentrant):
    def inner(layer, x):
        return checkpoint(layer, x.sin(), use_reentrant=reentrant)

    def outer(layer, x):
        return checkpoint(lambda t: inner(layer, t * 2), x, use_reentrant=reentrant)

    gx, gw, _ = gradients(lambda layer, x: layer((x * 2).sin()))
    cx, cw, _ = gradients(outer)
    assert lamella.equal(gx, cx) and lamella.equal(gw, cw)


def test_nothing_is_kept_but_places():
    seen = []

    def function(x):
        y = x.exp()
        seen.append(weakref.ref(y))
        return (y * y).sum()

    x = leaf([1.0, 2.0])
    gc.disable()
    try:
        out = checkpoint(function, x, use_reentrant=False)
        assert seen[0]() is None
        node = weakref.ref(out.grad_fn)
        out.backward()
        del out
        assert node() is None
    finally:
        gc.enable()


def test_keyword_arguments_and_other_values():
    layer, x = Layer(), leaf([[0.1, 0.2]])
    out, _ = checkpoint(layer, x, shift=5.0, use_reentrant=False)
    assert lamella.equal(out, layer(x, shift=5.0)[0])
    out, _ = checkpoint(layer, x, 5.0, use_reentrant=True)
    assert lamella.equal(out, layer(x, shift=5.0)[0])


def test_second_derivatives_and_a_graph_run_again():
    x = leaf([0.5, 1.5])
    y = checkpoint(lambda t: t.sin() * t, x, use_reentrant=False).sum()
    (first,) = autograd.grad(y, x, create_graph=True)
    (second,) = autograd.grad(first.sum(), x)
    assert lamella.allclose(second, 2 * x.cos() - x * x.sin())
    y = checkpoint(lambda t: t.sin().exp(), x, use_reentrant=False).sum()
    (once,) = autograd.grad(y, x, retain_graph=True)
    (again,) = autograd.grad(y, x)
    assert lamella.equal(once, again)
    with pytest.raises(RuntimeError, match="second time"):
        autograd.grad(y, x)


def test_inside_transforms():
    def function(x):
        return checkpoint(lambda t: (t.sin() * t).exp().sum(), x, use_reentrant=False)

    x = lamella.tensor([[0.5, 1.5], [0.1, 0.2]])
    expected = lamella.func.vmap(lamella.func.grad(lambda t: (t.sin() * t).exp().sum()))(x)
    assert lamella.allclose(lamella.func.vmap(lamella.func.grad(function))(x), expected)


@BOTH
def test_random_numbers_are_drawn_again(reentrant):
    lamella.manual_seed(3)
    factors = lamella.rand(4)
    after = lamella.rand(1)
    lamella.manual_seed(3)
    x = lamella.ones(4, requires_grad=True)
    out = checkpoint(lambda t: (t * lamella.rand(4)).exp().log(), x, use_reentrant=reentrant)
    out.sum().backward()
    assert lamella.allclose(x.grad, factors)
    assert lamella.equal(lamella.rand(1), after)


def test_random_numbers_may_be_left_alone():
    lamella.manual_seed(3)
    x = lamella.ones(4, requires_grad=True)
    out = checkpoint(lambda t: t * lamella.rand(4), x, use_reentrant=False, preserve_rng_state=False)
    out.sum().backward()
    assert not lamella.equal(x.grad, out.detach())


@BOTH
def test_without_grad_it_is_a_call(reentrant):
    layer = Layer()
    with lamella.no_grad():
        out, _ = checkpoint(layer, lamella.ones(1, 2), use_reentrant=reentrant)
    assert layer.calls == 1 and not out.requires_grad


def test_it_stops_as_soon_as_all_is_there():
    reached = []

    def function(x):
        y = x.exp()
        reached.append(1)
        return y + 1

    x = leaf([1.0])
    checkpoint(function, x, use_reentrant=False).sum().backward()
    assert len(reached) == 1
    checkpoint(function, x, use_reentrant=False, early_stop=False).sum().backward()
    assert len(reached) == 3
    with set_checkpoint_early_stop(False):
        checkpoint(function, x, use_reentrant=False).sum().backward()
    assert len(reached) == 5


def test_contexts_for_both_computations():
    entered = []

    class Entered:
        def __init__(self, name):
            self.name = name

        def __enter__(self):
            entered.append(self.name)

        def __exit__(self, *exception):
            entered.append("end of " + self.name)

    def contexts():
        return Entered("first"), Entered("second")

    x = leaf([1.0])
    out = checkpoint(lamella.exp, x, use_reentrant=False, context_fn=contexts)
    assert entered == ["first", "end of first"]
    out.backward()
    assert entered[2:] == ["second", "end of second"]


class Fickle:
    """Does something else the second time."""

    def __init__(self, first, second):
        self.each = [first, second]

    def __call__(self, x):
        return self.each.pop(0)(x).sum()


def test_a_function_that_does_something_else_is_found_out():
    x = leaf([1.0, 2.0])
    out = checkpoint(Fickle(lambda t: t.sin().exp(), lambda t: t.sin()), x, use_reentrant=False)
    with pytest.raises(CheckpointError, match=r"different number of tensors.*\n.*forward: 2\n.*recomputation: 1"):
        out.backward()
    out = checkpoint(Fickle(lambda t: t.sin(), lambda t: t[:1].sin()), x, use_reentrant=False)
    with pytest.raises(CheckpointError, match=r"different metadata[\s\S]*position 0"):
        out.backward()
    short = Fickle(lambda t: t.sin(), lambda t: t[:1].sin())
    out = checkpoint(short, x, use_reentrant=False, determinism_check="none")
    out.backward()  # the caller has asked for it
    out = checkpoint(Fickle(lambda t: t.sin().exp(), lambda t: t.sin()), x, use_reentrant=False, debug=True)
    with pytest.raises(CheckpointError, match=r"Ops of the forward: sin, exp, sum\nOps of the recomputation: sin, sum"):
        out.backward()


def test_what_is_refused():
    x = leaf([1.0])
    with pytest.raises(ValueError, match="Unexpected keyword arguments: shift"):
        checkpoint(Layer(), x, shift=1.0, use_reentrant=True)
    with pytest.raises(ValueError, match="only supported when use_reentrant=False"):
        checkpoint(lamella.exp, x, use_reentrant=True, debug=True)
    with pytest.raises(ValueError, match="determinism_check should be"):
        checkpoint(lamella.exp, x, use_reentrant=False, determinism_check="often")
    with pytest.raises(RuntimeError, match=r"incompatible with .grad\(\) or passing an `inputs` parameter"):
        autograd.grad(checkpoint(lamella.exp, x, use_reentrant=True), x)
    with pytest.raises(RuntimeError, match="none of output has requires_grad=True"):
        checkpoint(lambda t: t.detach(), x, use_reentrant=True).backward()


def test_what_is_warned_of():
    with pytest.warns(UserWarning, match="use_reentrant parameter should be passed explicitly"):
        checkpoint(lamella.exp, leaf([1.0]))
    with pytest.warns(UserWarning, match="None of the inputs have requires_grad=True"):
        assert not checkpoint(lamella.exp, lamella.ones(1), use_reentrant=True).requires_grad


@BOTH
@pytest.mark.parametrize("segments", [1, 2, 3, 5])
def test_sequential(reentrant, segments):
    steps = [lamella.sin, lambda t: t * 2, lamella.exp, lamella.cos, lamella.square]
    x, y = leaf([0.5, 1.0]), leaf([0.5, 1.0])
    checkpoint_sequential(steps, segments, x, use_reentrant=reentrant).sum().backward()
    lamella.square(lamella.cos(lamella.exp(lamella.sin(y) * 2))).sum().backward()
    assert lamella.equal(x.grad, y.grad)


def test_sequential_arguments():
    with pytest.warns(UserWarning, match="checkpoint_sequential: the use_reentrant"):
        checkpoint_sequential([lamella.exp], 1, leaf([1.0]))
    with pytest.raises(ValueError, match="Unexpected keyword arguments: shift"):
        checkpoint_sequential([lamella.exp], 1, leaf([1.0]), use_reentrant=False, shift=1)
