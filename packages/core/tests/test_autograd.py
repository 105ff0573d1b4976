"""What users ask of gradients: ``backward``, ``grad``, ``requires_grad``, and the grad modes."""

from __future__ import annotations

import math
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


# --- hooks around nodes


def test_hooks_around_a_node():
    log = []
    x = leaf(1.0, 2.0)
    y = x * 3
    z = y * x
    z.register_hook(lambda g: log.append("tensor"))

    def before(grads):
        log.append(("before", grads[0].tolist()))
        return (grads[0] * 2,)

    def after(inputs, outputs):
        log.append(("after", inputs[1].tolist(), outputs[0].tolist()))
        return inputs[0], None

    z.grad_fn.register_prehook(before)
    handle = z.grad_fn.register_hook(after)
    z.sum().backward(retain_graph=True)
    assert log == ["tensor", ("before", [1.0, 1.0]), ("after", [6.0, 12.0], [2.0, 2.0])]
    assert x.grad.tolist() == [6.0, 12.0]  # by way of y alone
    handle.remove()
    x.grad = None
    z.sum().backward()
    assert x.grad.tolist() == [12.0, 24.0]


def test_hooks_around_a_node_of_several_results():
    seen = []
    first, second = leaf(1.0, 2.0).unbind(0)
    first.grad_fn.register_hook(lambda inputs, outputs: seen.append((inputs[0].tolist(), outputs)))
    (second * 5).backward()
    assert seen == [([0.0, 5.0], (None, lamella.tensor(5.0)))]


def test_hooks_around_a_leaf():
    x, log = leaf(1.0, 2.0), []
    node = (x * 1).grad_fn.next_functions[0][0]
    node.register_prehook(lambda grads: (grads[0] * 10,))
    handle = node.register_hook(lambda inputs, outputs: log.append((inputs, outputs[0].tolist(), x.grad.tolist())))
    (x * 2).sum().backward()
    assert log == [((), [20.0, 20.0], [20.0, 20.0])]
    handle.remove()
    (x * 2).sum().backward()
    assert len(log) == 1


def test_what_hooks_around_nodes_must_return():
    for given, kind, message in [
        ((1,), TypeError, "returned int, expected a tuple of Tensors or None"),
        ((None, None), RuntimeError, "returned 2 values, expected 1"),
    ]:
        z = leaf(1.0).sum()
        z.grad_fn.register_hook(lambda inputs, outputs, given=given: given)
        with pytest.raises(kind, match=message):
            z.backward()


def test_a_node_keeps_notes():
    node = (leaf(1.0) * 2).grad_fn
    node.metadata["note"] = 1
    assert node.metadata == {"note": 1}


@pytest.mark.parametrize("mode", ["all", "any"])
def test_one_hook_for_several_tensors(mode):
    calls = []
    a, b, unused = leaf(1.0), leaf(2.0), leaf(3.0)
    c = a * b
    handle = autograd.graph.register_multi_grad_hook([a, b, c, unused], calls.append, mode=mode)
    (c * c).sum().backward()
    a.detach().mul(unused).sum().backward()
    (a * 5).sum().backward()
    handle.remove()
    (a * b).sum().backward()
    if mode == "all":
        assert [[None if g is None else g.item() for g in gs] for gs in calls] == [
            [8.0, 4.0, 4.0, None],
            [None, None, None, 1.0],
            [5.0, None, None, None],
        ]
    else:
        assert [g.item() for g in calls] == [4.0, 1.0, 5.0]


def test_what_hooks_for_several_tensors_refuse():
    with pytest.raises(ValueError, match="mode to be one of"):
        autograd.graph.register_multi_grad_hook([leaf(1.0)], print, mode="some")
    with pytest.raises(RuntimeError, match="doesn't require gradient"):
        autograd.graph.register_multi_grad_hook([lamella.ones(1)], print)


def test_edges_stand_for_tensors():
    x = leaf(1.0, 2.0)
    parts = (x * 2).unbind(0)
    edge = autograd.graph.get_gradient_edge(parts[1])
    out = parts[0] * parts[1]
    del parts
    assert edge.output_nr == 1
    assert autograd.grad(out, edge, retain_graph=True)[0].item() == 2.0
    assert autograd.grad(edge, x, lamella.tensor(3.0))[0].tolist() == [0.0, 6.0]
    other = autograd.graph.get_gradient_edge(leaf(1.0, 1.0))
    assert autograd.grad(x.sum(), other, materialize_grads=True)[0].tolist() == [0.0, 0.0]
    with pytest.raises(RuntimeError, match="does not require gradients"):
        autograd.graph.get_gradient_edge(lamella.ones(1))
    with pytest.raises(RuntimeError, match="give a gradient with this GradientEdge"):
        autograd.grad(edge, x)


def test_a_change_that_nobody_saw_can_be_told():
    x = leaf(1.0)
    y = x.exp()
    autograd.graph.increment_version([y])
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.backward()


def test_threads_add_to_a_shared_leaf():
    x = lamella.zeros(1000, requires_grad=True)
    threads = [threading.Thread(target=lambda: [(x * 2).sum().backward() for _ in range(25)]) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert x.grad.tolist() == [200.0] * 1000


# --- inference tensors


def test_what_is_made_in_inference_mode_stays_out_of_gradients():
    w, plain = leaf(1.0, 2.0), lamella.ones(2)
    with lamella.inference_mode():
        made = [lamella.ones(2), plain * 2, plain.exp(), lamella.cat([plain, plain]), *plain.clone().unbind(0)]
        assert all(x.is_inference() for x in made)
        assert not plain.view(2).is_inference() and not plain.add_(1).is_inference()
        x = made[0].add_(1)
        with lamella.inference_mode(False):
            assert not (plain * 2).is_inference() and (w * 2).requires_grad
    assert x.tolist() == [2.0, 2.0] and x.view(2).is_inference() and x.detach().is_inference()
    assert not (x * 2).is_inference() and not x.clone().is_inference()
    assert (w + x).requires_grad  # nothing of x is saved
    (w * x.clone()).sum().backward()
    assert w.grad.tolist() == [2.0, 2.0]


def test_what_is_refused_to_inference_tensors():
    w = leaf(1.0, 2.0)
    with lamella.inference_mode():
        x = lamella.ones(2)

    class Keep(autograd.Function):
        @staticmethod
        def forward(ctx, w, x):
            ctx.save_for_backward(x)
            return w * 1

    for refused in (lambda: w * x, lambda: lamella.matmul(w, x), lambda: Keep.apply(w, x)):
        with pytest.raises(RuntimeError, match="Inference tensors cannot be saved for backward"):
            refused()
    with lamella.no_grad(), pytest.raises(RuntimeError, match="Inplace update to inference tensor outside"):
        x.add_(1)
    with pytest.raises(RuntimeError, match="Inplace update to inference tensor outside"):
        x[0] = 3.0
    with pytest.raises(RuntimeError, match="Setting requires_grad=True on inference tensor outside"):
        x.requires_grad_()
    with pytest.raises(RuntimeError, match="do not track version counter"):
        _ = x._version


def test_relu_lets_no_infinite_gradient_through_where_it_is_0():
    x = lamella.tensor([-1.0, 0.0, 4.0], requires_grad=True)
    lamella.relu(x).sqrt().sum().backward()  # the root's derivative at 0 is infinite
    assert x.grad.tolist() == [0.0, 0.0, 0.25]


def test_relu_passes_gradients_at_nan():
    x = lamella.tensor([math.nan, 1.0], requires_grad=True)
    lamella.relu(x).backward(lamella.tensor([2.0, 3.0]))
    assert x.grad.tolist() == [2.0, 3.0]
