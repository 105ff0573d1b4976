"""What users ask of gradients: ``backward``, ``grad``, ``requires_grad``, and the grad modes."""

from __future__ import annotations

import threading

import pytest

import lamella
from lamella import autograd


def leaf(*values):
    return lamella.tensor(values, requires_grad=True)


# --- where a pass may start


def test_only_scalars_start_without_a_gradient():
    y = leaf(1.0, 2.0) * 2
    with pytest.raises(RuntimeError, match=r"implicitly created only for scalar outputs.*\(2,\)"):
        y.backward()
    y[:1].backward()  # one element is enough


def test_what_requires_no_grad_cannot_start():
    with pytest.raises(RuntimeError, match="element 0 of tensors does not require grad and does not have a grad_fn"):
        lamella.ones(()).backward()
    with pytest.raises(RuntimeError, match="element 1 of tensors does not require grad"):
        autograd.backward([leaf(1.0).sum(), lamella.ones(())])


def test_complex_outputs_need_a_gradient():
    y = lamella.tensor(1 + 2j, requires_grad=True) * 2
    with pytest.raises(RuntimeError, match=r"only for real scalar outputs but got .*complex64"):
        y.backward()


def test_the_gradient_given_must_have_the_outputs_shape():
    y = leaf(1.0, 2.0) * 2
    with pytest.raises(RuntimeError, match=r"grad_output\[0\] has a shape of .*3.* and output\[0\] has a shape of .*2"):
        y.backward(lamella.ones(3))


def test_one_gradient_for_each_output():
    y = leaf(1.0, 2.0) * 2
    with pytest.raises((ValueError, RuntimeError), match="1 tensors and 2 gradients"):
        autograd.backward([y], [lamella.ones(2), lamella.ones(2)])


def test_only_tensors_start():
    with pytest.raises(TypeError, match="expected Tensors to start from, got float"):
        autograd.backward([1.0])


def test_several_outputs_are_summed():
    a = leaf(1.0, 2.0)
    y = a * 2
    autograd.backward([y.sum(), y, a * 10], [None, lamella.tensor([1.0, 3.0]), lamella.ones(2)])
    assert a.grad.tolist() == [2 + 2 + 10, 2 + 6 + 10]


def test_a_leaf_may_be_the_output():
    a = leaf(1.0)
    a.backward()
    assert a.grad.tolist() == [1.0]


# --- backward(inputs=…)


def test_backward_with_inputs_touches_only_those():
    a, b = leaf(1.0, 2.0), leaf(3.0, 4.0)
    y = a * b
    (y * a).sum().backward(inputs=[b])
    assert a.grad is None and b.grad.tolist() == [1.0, 4.0]


def test_backward_with_inputs_takes_results_too():
    a = leaf(1.0, 2.0)
    y = a * 2
    y.retain_grad()
    (y * y).sum().backward(inputs=y)
    assert a.grad is None and y.grad.tolist() == [4.0, 8.0]


def test_backward_with_no_inputs_is_an_error():
    with pytest.raises(RuntimeError, match=r"'inputs' argument to backward\(\) cannot be empty"):
        leaf(1.0).sum().backward(inputs=[])


# --- grad


def test_grad_leaves_grad_attributes_alone():
    a, b = leaf(1.0, 2.0), leaf(3.0, 4.0)
    ga, gb = autograd.grad((a * b).sum(), (a, b))
    assert (ga.tolist(), gb.tolist()) == ([3.0, 4.0], [1.0, 2.0])
    assert a.grad is None and b.grad is None
    assert not ga.requires_grad


def test_grad_with_respect_to_a_result_in_the_middle():
    a = leaf(1.0, 2.0)
    y = a * 2
    gy, ga = autograd.grad((y * y).sum(), [y, a])
    assert (gy.tolist(), ga.tolist()) == ([4.0, 8.0], [8.0, 16.0])


def test_grad_of_an_output_with_respect_to_itself_is_the_start():
    y = leaf(1.0, 2.0) * 2
    (g,) = autograd.grad(y, y, lamella.tensor([5.0, 6.0]))
    assert g.tolist() == [5.0, 6.0]


def test_the_same_input_twice():
    a = leaf(1.0, 2.0)
    g, again = autograd.grad((a * a).sum(), (a, a))
    assert g.tolist() == again.tolist() == [2.0, 4.0]


def test_an_unused_input():
    a, b = leaf(1.0), leaf(2.0, 3.0)
    with pytest.raises(RuntimeError, match=r"appears to not have been used in the graph.*allow_unused=True"):
        autograd.grad(a.sum(), (a, b))
    assert autograd.grad(a.sum(), (a, b), allow_unused=True)[1] is None
    assert autograd.grad(a.sum(), (a, b), materialize_grads=True)[1].tolist() == [0.0, 0.0]
    with pytest.raises(ValueError, match="Expected allow_unused to be True or not passed when materialize_grads=True"):
        autograd.grad(a.sum(), (a, b), allow_unused=False, materialize_grads=True)


def test_an_input_that_requires_no_grad():
    with pytest.raises(RuntimeError, match="One of the differentiated Tensors does not require grad"):
        autograd.grad(leaf(1.0).sum(), lamella.ones(2))


def test_branches_that_lead_to_no_input_are_not_run():
    ran = []

    class Noted(autograd.Function):
        @staticmethod
        def forward(ctx, x, name):
            ctx.note = name
            return x * 2

        @staticmethod
        def backward(ctx, grad):
            ran.append(ctx.note)
            return grad * 2, None

    a, b = leaf(1.0), leaf(2.0)
    y = Noted.apply(a, "above a")
    out = (Noted.apply(y, "to y") + Noted.apply(b, "to b")).sum()
    (g,) = autograd.grad(out, y)
    assert g.tolist() == [2.0] and ran == ["to y"]


def test_gradients_of_gradients():
    a = leaf(2.0)
    (first,) = autograd.grad(a**4, a, create_graph=True)
    (second,) = autograd.grad(first, a, create_graph=True)
    (third,) = autograd.grad(second, a)
    assert (first.item(), second.item(), third.item()) == (32.0, 48.0, 48.0)
    assert first.requires_grad and not third.requires_grad


def test_backward_with_create_graph_makes_grad_differentiable():
    a = leaf(3.0)
    (a**3).backward(create_graph=True)
    assert a.grad.item() == 27.0 and a.grad.requires_grad
    (penalty,) = autograd.grad(a.grad.square(), a)
    assert penalty.item() == 2 * 27 * 18


def test_a_hessian_vector_product_through_shared_branches():
    x = leaf(1.0, 2.0)
    y = x[0] * x[1] * x.sum()  # x0²x1 + x0x1²
    (g,) = autograd.grad(y, x, create_graph=True)
    (hv,) = autograd.grad(g, x, lamella.tensor([1.0, 0.0]))
    assert hv.tolist() == [2 * 2.0, 2 * 1.0 + 2 * 2.0]


def test_gradients_have_the_dtype_of_their_tensor():
    a = lamella.tensor([1.0, 2.0], dtype=lamella.float64, requires_grad=True)
    b = leaf(3.0, 4.0)
    (a * b).sum().backward()
    assert (a.grad.dtype, b.grad.dtype) == (lamella.float64, lamella.float32)


# --- requires_grad and grad


@pytest.mark.parametrize("dtype", ["int64", "uint8", "bool"])
def test_only_floating_point_tensors_require_grad(dtype):
    kind = getattr(lamella, dtype)
    with pytest.raises(RuntimeError, match="only Tensors of floating point and complex dtype can require gradients"):
        lamella.zeros(2, dtype=kind, requires_grad=True)
    with pytest.raises(RuntimeError, match="floating point and complex"):
        lamella.zeros(2, dtype=kind).requires_grad_()


def test_integer_results_require_no_grad():
    a = leaf(1.0, 2.0)
    assert not (a > 1).requires_grad
    assert not a.argmax().requires_grad
    assert not a.long().requires_grad


def test_a_result_cannot_stop_requiring_grad():
    y = leaf(1.0) * 2
    with pytest.raises(RuntimeError, match=r"you can only change requires_grad flags of leaf variables.*detach"):
        y.requires_grad = False
    a = leaf(1.0)
    a.requires_grad_(False)
    assert not (a * 2).requires_grad


def test_what_is_a_leaf():
    a = leaf(1.0)
    assert a.is_leaf and a.grad_fn is None
    assert lamella.ones(1).is_leaf and (lamella.ones(1) * 2).is_leaf
    y = a * 2
    assert not y.is_leaf and y.grad_fn.name() == "MulBackward0"
    assert y.grad_fn.next_functions[0][0].variable is a
    assert y.detach().is_leaf and y.detach().grad_fn is None


@pytest.mark.parametrize(
    ("grad", "kind", "message"),
    [
        (1.0, TypeError, "assigned grad expected to be a Tensor or None.*float"),
        (lamella.ones(3), RuntimeError, r"assigned grad has shape \(3,\), expected the tensor's \(2,\)"),
        (lamella.ones(2, dtype=lamella.float64), RuntimeError, "assigned grad has dtype .*float64, expected .*float32"),
    ],
    ids=["type", "shape", "dtype"],
)
def test_an_assigned_grad_must_fit(grad, kind, message):
    with pytest.raises(kind, match=message):
        leaf(1.0, 2.0).grad = grad


def test_a_tensor_is_not_its_own_grad():
    a = leaf(1.0)
    with pytest.raises(RuntimeError, match="can't assign (a )?(Tensor|Variable) as its own grad"):
        a.grad = a


def test_grad_can_be_assigned_and_deleted():
    a = leaf(1.0, 2.0)
    a.grad = lamella.ones(2)
    assert a.grad.tolist() == [1.0, 1.0]
    del a.grad
    assert a.grad is None


# --- grad modes


def test_no_grad_records_nothing_and_is_undone():
    a = leaf(1.0)
    with lamella.no_grad():
        y = a * 2
        assert not lamella.is_grad_enabled()
        with lamella.enable_grad():
            z = a * 2
    assert lamella.is_grad_enabled()
    assert not y.requires_grad and y.is_leaf and z.requires_grad


def test_modes_are_undone_after_an_error():
    with pytest.raises(KeyError), lamella.no_grad():
        raise KeyError
    assert lamella.is_grad_enabled()


@pytest.mark.parametrize("wanted", [False, True])
def test_set_grad_enabled(wanted):
    with lamella.set_grad_enabled(wanted):
        assert lamella.is_grad_enabled() is wanted
    assert lamella.is_grad_enabled()
    lamella.set_grad_enabled(False)  # at once, without a block
    assert not lamella.is_grad_enabled()
    lamella.set_grad_enabled(True)
    assert lamella.is_grad_enabled()


def test_inference_mode():
    a = leaf(1.0)
    with lamella.inference_mode():
        assert lamella.is_inference_mode_enabled() and not lamella.is_grad_enabled()
        assert not (a * 2).requires_grad
    with lamella.inference_mode(False):
        assert not lamella.is_inference_mode_enabled() and (a * 2).requires_grad


@pytest.mark.parametrize(
    ("decorate", "enabled"),
    [
        (lambda: lamella.no_grad, False),
        (lamella.no_grad, False),
        (lamella.inference_mode, False),
        (lambda: lamella.set_grad_enabled(False), False),
        (lamella.enable_grad, True),
    ],
    ids=["no_grad", "no_grad()", "inference_mode()", "set_grad_enabled(False)", "enable_grad()"],
)
def test_modes_decorate_functions(decorate, enabled):
    def double(x):
        """Docs."""
        return x * 2

    with lamella.set_grad_enabled(not enabled):
        decorated = decorate()(double)
        assert lamella.is_grad_enabled() is not enabled
        assert decorated(leaf(1.0)).requires_grad is enabled
        assert decorated(leaf(1.0)).requires_grad is enabled
        assert lamella.is_grad_enabled() is not enabled
    assert (decorated.__name__, decorated.__doc__) == ("double", "Docs.")


def test_a_decorated_generator_runs_each_step_in_the_mode_and_its_caller_outside():
    @lamella.no_grad()
    def steps():
        got = yield lamella.is_grad_enabled()
        yield got, lamella.is_grad_enabled()

    running = steps()
    assert next(running) is False
    assert lamella.is_grad_enabled()
    assert running.send("sent") == ("sent", False)
    assert lamella.is_grad_enabled()
    assert list(running) == []


def test_each_thread_has_its_own_mode():
    seen = []
    with lamella.no_grad():
        thread = threading.Thread(target=lambda: seen.append(lamella.is_grad_enabled()))
        thread.start()
        thread.join()
    assert seen == [True]


def test_threads_may_share_a_leaf():
    a = lamella.ones(1000, requires_grad=True)
    threads = [threading.Thread(target=lambda: autograd.grad((a * 2).sum(), a)) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert autograd.grad((a * 2).sum(), a)[0].tolist() == [2.0] * 1000
