"""``lamella.func``: gradients, directional derivatives, Jacobians and batches of functions, and their compositions."""

from __future__ import annotations

import numpy as np
import pytest

import lamella
from lamella.core.op import OPS
from lamella.core.testing import assert_close
from lamella.core.transforms import batching
from lamella.func import grad, grad_and_value, hessian, jacfwd, jacrev, jvp, linearize, vjp, vmap

F64 = lamella.float64


def values(*shape: int, seed: int = 0) -> lamella.Tensor:
    return lamella.from_numpy(np.random.default_rng(seed).uniform(0.5, 1.5, shape))


MATRIX = values(3, 4)


def vector_function(v: lamella.Tensor) -> lamella.Tensor:
    return lamella.tanh(MATRIX @ v) * v[0]


def scalar_function(v: lamella.Tensor) -> lamella.Tensor:
    return (vector_function(v) ** 2).sum() + v.prod()


# --- gradients


def test_grad_of_grad():
    x = lamella.tensor(0.3, dtype=F64)
    assert_close(grad(lamella.sin)(x), x.cos())
    assert_close(grad(grad(lamella.sin))(x), -x.sin())
    assert_close(grad(grad(grad(lamella.sin)))(x), -x.cos())


def test_argnums_choose_and_trees_stay_trees():
    def f(w, x, scale=1.0):
        return scale * (w["a"] * x).sum() + w["b"][0]

    w = {"a": values(3), "b": (lamella.tensor(2.0, dtype=F64),)}
    x = values(3, seed=1)
    of_w = grad(f)(w, x, scale=3.0)
    assert list(of_w) == ["a", "b"]
    assert_close(of_w["a"], 3 * x)
    assert_close(of_w["b"][0], lamella.ones((), dtype=F64))
    of_both = grad(f, argnums=(0, 1))(w, x)
    assert_close(of_both[1], w["a"])
    assert_close(grad(f, argnums=-1)(w, x), w["a"])


def test_the_value_and_what_comes_with_it():
    def f(x):
        return (x * x).sum(), {"double": 2 * x}

    x = values(3)
    gradient, (value, aux) = grad_and_value(f, has_aux=True)(x)
    assert_close(gradient, 2 * x)
    assert_close(value, (x * x).sum())
    assert_close(aux["double"], 2 * x)
    assert not value.requires_grad
    assert not aux["double"].requires_grad
    assert_close(grad(f, has_aux=True)(x)[0], 2 * x)


def test_the_arguments_are_left_as_they_are():
    x = values(3)
    grad(lambda x: (x * x).sum())(x)
    assert not x.requires_grad
    assert x.grad is None


def test_what_the_function_closes_over_keeps_its_gradient():
    w = values(3).requires_grad_()
    gradient = grad(lambda x: (x * x * w).sum())(lamella.ones(3, dtype=F64))
    gradient.sum().backward()
    assert_close(w.grad, 2 * lamella.ones(3, dtype=F64))


def test_a_gradient_can_be_differentiated_from_outside():
    x = values(3).requires_grad_()
    grad(lambda x: (x**3).sum())(x).sum().backward()
    assert_close(x.grad, 6 * x.detach())


def test_an_unused_argument_has_a_gradient_of_zeros():
    assert_close(grad(lambda x, y: (y * y).sum())(values(3), values(2)), lamella.zeros(3, dtype=F64))


def test_grad_works_within_no_grad():
    with lamella.no_grad():
        assert_close(grad(lamella.sin)(lamella.tensor(0.0)), lamella.tensor(1.0))


def test_derivatives_work_within_inference_mode():
    def f(x):
        return (x**3).sum() + x.prod()

    x = values(3)
    wanted = [grad(f)(x), jacfwd(f)(x), vmap(grad(f))(x[None])[0], hessian(f)(x)]
    with lamella.inference_mode():
        x = values(3)
        found = [grad(f)(x), jacfwd(f)(x), vmap(grad(f))(x[None])[0], hessian(f)(x)]
    for a, b in zip(found, wanted, strict=True):
        assert_close(a, b)


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda: grad(lambda x: x)(lamella.ones(2)), RuntimeError, r"scalar tensor, got tensor with 1 dims"),
        (lambda: grad(lambda x: 3.0)(lamella.ones(())), RuntimeError, r"return a Tensor, got float"),
        (lambda: grad(lambda x: x)(3.0), TypeError, r"to be Tensors, got float"),
        (lambda: grad(lambda x: x.sum())(lamella.ones(2, dtype=lamella.int64)), RuntimeError, "floating point"),
        (lambda: grad(lambda x: x, argnums=1)(lamella.ones(())), RuntimeError, r"argnum=1, but only 1 positional"),
        (lambda: grad(lambda x, y: x, (0, -2))(lamella.ones(()), 1), RuntimeError, r"unique, got \(0, -2\)"),
        (lambda: grad(lambda x: x, has_aux=True)(lamella.ones(())), RuntimeError, r"tuple \(output, aux\)"),
    ],
)
def test_what_grad_refuses(call, error, match):
    with pytest.raises(error, match=match):
        call()


def test_vjp_pulls_each_output_back():
    x, y = values(3), values(3, seed=1)
    (product, total), pull = vjp(lambda x, y: (x * y, x.sum()), x, y)
    assert_close(product, x * y)
    assert_close(total, x.sum())
    u = values(3, seed=2)
    of_x, of_y = pull((u, lamella.tensor(2.0, dtype=F64)))
    assert_close(of_x, u * y + 2)
    assert_close(of_y, u * x)
    assert_close(pull((u, lamella.zeros((), dtype=F64)))[0], u * y)  # again, on the same graph


def test_vjp_refuses_another_structure():
    _, pull = vjp(lambda x: (x, x), values(2))
    with pytest.raises(RuntimeError, match=r"structure of cotangents .* got \* for \(\*, \*\)"):
        pull(values(2))


def test_vjp_refuses_another_shape():
    with pytest.raises(RuntimeError, match=r"of the shape of its output, \(3,\), got \(2,\)"):
        vjp(lamella.sin, values(3))[1](values(2))


# --- directions


def test_jvp_is_the_derivative_along_a_direction():
    x, t = values(4), values(4, seed=3)
    value, derivative = jvp(vector_function, (x,), (t,))
    step = 1e-6
    assert_close(value, vector_function(x))
    difference = (vector_function(x + step * t) - vector_function(x - step * t)) / (2 * step)
    assert_close(derivative, difference, rtol=1e-6, atol=1e-8)


def test_jvp_of_a_constant_is_zero():
    assert_close(jvp(lambda x: lamella.ones(2), (values(3),), (values(3),))[1], lamella.zeros(2))


def test_a_strict_jvp_refuses_a_constant():
    with pytest.raises(RuntimeError, match="independent of the inputs"):
        jvp(lambda x: (x, lamella.ones(2)), (values(3),), (values(3),), strict=True)


def test_detach_stops_a_direction():
    x = lamella.tensor(2.0)
    assert_close(jvp(lambda x: x.detach() * x, (x,), (lamella.tensor(1.0),))[1], lamella.tensor(2.0))


def test_changes_in_place_carry_the_direction():
    def f(x):
        y = x.clone()
        y[0] = y[1] * 2
        y.mul_(3)
        return y.sin_().sum()

    x = values(4)
    assert_close(jacfwd(f)(x), grad(f)(x))


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda x: jvp(lamella.sin, x, (x,)), TypeError, "primals to be a tuple, got Tensor"),
        (lambda x: jvp(lamella.sin, (x,), (x, x)), RuntimeError, r"same structure, got \(\*,\) and \(\*, \*\)"),
        (lambda x: jvp(lamella.sin, (x,), (x[:1],)), RuntimeError, r"same shape, got \(3,\) and \(1,\)"),
        (lambda x: jvp(lamella.sin, (x,), (3.0,)), RuntimeError, "to be Tensors"),
        (lambda x: jvp(lambda x: 3, (x,), (x,)), RuntimeError, "only Tensors, got int"),
        (lambda x: linearize(lamella.sin, x)[1](x, x), RuntimeError, "same structure"),
    ],
)
def test_what_jvp_refuses(call, error, match):
    with pytest.raises(error, match=match):
        call(values(3))


def test_linearize():
    value, push = linearize(vector_function, values(4))
    assert_close(value, vector_function(values(4)))
    assert_close(push(values(4, seed=2)), jvp(vector_function, (values(4),), (values(4, seed=2),))[1])


# --- Jacobians


def test_jacobians_agree():
    x = values(4)
    by_rows, by_columns = jacrev(vector_function)(x), jacfwd(vector_function)(x)
    assert by_rows.shape == (3, 4)
    assert_close(by_rows, by_columns)
    assert_close(jacrev(vector_function, chunk_size=2)(x), by_rows)
    assert_close(jacfwd(vector_function, chunk_size=3)(x), by_rows)


@pytest.mark.parametrize("outer", [jacrev, jacfwd])
@pytest.mark.parametrize("inner", [jacrev, jacfwd])
def test_second_derivatives_agree_whichever_way(outer, inner):
    x = values(4)
    found = outer(inner(scalar_function))(x)
    assert_close(found, found.T)
    step = 1e-6 * lamella.eye(4, dtype=F64)
    columns = [(grad(scalar_function)(x + d) - grad(scalar_function)(x - d)) / 2e-6 for d in step]
    assert_close(found, lamella.stack(columns), rtol=1e-5, atol=1e-6)
    assert_close(hessian(scalar_function)(x), found)


def test_jacobians_of_trees():
    def f(x, y):
        return {"sum": x + y.sum(), "product": x.sum() * y}

    x, y = values(2), values(3)
    for transform in (jacrev, jacfwd):
        found = transform(f, argnums=(0, 1))(x, y)
        assert found["sum"][0].shape == (2, 2)
        assert found["sum"][1].shape == (2, 3)
        assert_close(found["product"][0], y[:, None].expand(3, 2))
        assert_close(found["product"][1], x.sum() * lamella.eye(3, dtype=F64))


def test_jacobians_with_something_besides():
    def f(x):
        return x * x, x.sum()

    x = values(3)
    for transform in (jacrev, jacfwd):
        jacobian, aux = transform(f, has_aux=True)(x)
        assert_close(jacobian, lamella.diag(2 * x))
        assert_close(aux, x.sum())


# --- batches


def test_vmap_maps_the_chosen_dimensions():
    a, b = values(3, 5), values(5, 2, seed=1)
    found = vmap(lambda x, y: x[:, None] * y, in_dims=(1, 0), out_dims=2)(a, b)
    assert found.shape == (3, 2, 5)
    assert_close(found, lamella.einsum("ib,bj->ijb", a, b))


def test_vmap_of_trees_and_keywords():
    def f(pair, shift, *, scale):
        return {"x": pair[0] * scale + shift, "y": (pair[1],)}

    found = vmap(f, in_dims=((0, None), None), out_dims={"x": 0, "y": (None,)})(
        (values(3), values(2)), 1.0, scale=values(2, seed=1)
    )
    # keyword arguments are shared
    assert_close(found["x"], values(3)[:, None] * values(2, seed=1) + 1)
    assert found["y"][0].shape == (2,)


def test_an_index_may_be_another_for_each_sample():
    x, i, j = values(3, 4, 5), lamella.tensor([2, 0, 3]), lamella.tensor([[1, 1], [4, 0], [2, 3]])
    rows = lamella.arange(3)
    assert_close(vmap(lambda x, i: x[i])(x, i), x[rows, i])
    assert_close(vmap(lambda x, i: x[:, i])(x, i), x[rows, :, i])
    assert_close(vmap(lambda i: x[0][i])(i), x[0][i])
    assert_close(vmap(lambda x, j: x.index_select(1, j))(x, j), lamella.stack([x[b][:, j[b]] for b in range(3)]))
    picked = vmap(grad(lambda x, i: x[i].sum()))(x, i)
    assert_close(picked, lamella.eye(4)[i][:, :, None].expand(3, 4, 5).to(x.dtype))
    changed = x.clone()
    vmap(lambda x, i: x.__setitem__(i, 7.0) or x)(changed, i)
    assert changed[rows, i].eq(7).all() and changed.ne(7).sum() == x.numel() - 15
    with pytest.raises(IndexError, match="index 3 is out of bounds"):
        vmap(lambda x, i: x[i])(x.mT[:, :3], i)


@pytest.mark.parametrize("make", [lamella.zeros_like, lambda x: x.new_zeros(x.shape)], ids=["zeros_like", "new_zeros"])
def test_what_is_made_by_the_likeness_of_an_input_may_be_filled_with_what_depends_on_it(make):
    def f(x):
        y = make(x)
        y[1:] = x[1:] ** 2
        y[0] += x.sum()
        return y

    def plain(x):
        return lamella.cat([x.sum()[None], x[1:] ** 2])

    x = values(2, 3)
    assert_close(vmap(f)(x), lamella.stack([plain(v) for v in x]))
    assert_close(vmap(vmap(f))(x[None]), vmap(f)(x)[None])
    for jacobian in (jacfwd, jacrev):
        assert_close(jacobian(f)(x[0]), jacobian(plain)(x[0]))
        assert_close(vmap(jacobian(f))(x), vmap(jacobian(plain))(x))
    assert_close(hessian(lambda x: f(x).sum())(x[0]), hessian(lambda x: plain(x).sum())(x[0]))
    assert jvp(lambda x: lamella.zeros_like(x, dtype=lamella.int64) + x, (x,), (x,))[1].equal(x)


def test_directions_of_complex_numbers():
    z, v = lamella.tensor([3 + 4j, 1 - 2j]), lamella.tensor([1 + 1j, 2j])
    z, v = z.to(lamella.complex128), v.to(lamella.complex128)
    assert_close(jvp(lamella.abs, (z,), (v,))[1], (z.conj() * v).real / z.abs())
    assert_close(jvp(lamella.angle, (z,), (v,))[1], (z.conj() * v).imag / z.abs() ** 2)
    x = values(4)
    found = jacfwd(lambda x: lamella.fft.rfft(x).abs())(x)
    assert found.dtype == x.dtype
    assert_close(found, jacrev(lambda x: lamella.fft.rfft(x).abs())(x))


def test_vmaps_nest():
    a, b = values(2, 3), values(4, 3, seed=1)
    assert_close(vmap(lambda x: vmap(lambda y: (x * y).sum())(b))(a), a @ b.T)


def test_a_samples_scalar_stays_weak():
    # a sample's 0-dim float64 does not widen a float32 vector, and the batch of them must not either
    found = vmap(lambda x, s: x * s)(lamella.ones(3, 2), values(3))
    assert found.dtype is lamella.float32


def test_per_sample_gradients_run_batched():
    calls = []

    class Count(lamella.core.dispatch.Interpreter):
        def process(self, op, inputs, attrs):
            calls.append(op.name)
            return self.run(op, inputs, attrs)

    def loss(weights, x):
        return (lamella.relu(x @ weights["w"].T + weights["b"]) ** 2).sum()

    weights = {"w": values(5, 4), "b": values(5)}
    x = values(7, 4, seed=1)
    with Count():
        per_sample = vmap(grad(loss), in_dims=(None, 0))(weights, x)
    few = len(calls)
    for i in range(7):
        alone = grad(loss)(weights, x[i])
        assert_close(per_sample["w"][i], alone["w"])
        assert_close(per_sample["b"][i], alone["b"])
    calls.clear()
    with Count():
        vmap(grad(loss), in_dims=(None, 0))(weights, values(70, 4))
    assert len(calls) == few  # ten times the samples, not one call more


def test_jacobian_of_a_batch():
    x = values(5, 4)
    found = vmap(jacrev(vector_function))(x)
    assert found.shape == (5, 3, 4)
    assert_close(found[2], jacfwd(vector_function)(x[2]))
    assert_close(vmap(hessian(scalar_function))(x)[1], hessian(scalar_function)(x[1]))


def test_vmap_can_be_differentiated():
    x = values(3, 4).requires_grad_()
    vmap(scalar_function)(x).sum().backward()
    assert_close(x.grad[1], grad(scalar_function)(x[1].detach()))
    assert_close(jvp(vmap(lamella.sin), (values(3),), (lamella.ones(3, dtype=F64),))[1], values(3).cos())


def test_changes_in_place_within_vmap():
    def f(x):
        y = x.clone()
        y[0] = 5.0
        y.add_(x)
        return y

    x = values(3, 2)
    expected = x * 2
    expected[:, 0] = 5.0 + x[:, 0]
    assert_close(vmap(f)(x), expected)


def test_view_within_transforms():
    x = values(3, 4)
    assert vmap(lambda v: v.view(2, 2))(x).shape == (3, 2, 2)
    assert_close(jvp(lambda t: t.view(12), (x,), (x,))[1], x.view(12))
    with pytest.raises(RuntimeError, match="view size is not compatible"):
        vmap(lambda v: v.t().view(6))(values(2, 2, 3))


def test_chunks_give_the_same():
    x = values(7, 4)
    assert_close(vmap(scalar_function, chunk_size=3)(x), vmap(scalar_function)(x))


def test_draws_within_vmap():
    x = lamella.zeros(4)
    generator = lamella.Generator().manual_seed(0)
    same = vmap(lambda x: x + lamella.rand(3, generator=generator), randomness="same")(x)
    assert_close(same[0], same[3])
    different = vmap(lambda x: x + lamella.rand(3, generator=generator), randomness="different")(x)
    assert len(set(different.flatten().tolist())) == 12
    with pytest.raises(RuntimeError, match="randn draws random numbers inside"):
        vmap(lambda x: x + lamella.randn(()))(x)


def test_an_op_without_a_rule_runs_for_each_sample():
    assert batching.default_rule(OPS["histc"]).func is batching._one_by_one
    x = values(3, 40)
    counts = vmap(lambda v: lamella.histc(v, 4, 0.5, 1.5))(x)
    assert_close(counts, lamella.stack([lamella.histc(v, 4, 0.5, 1.5) for v in x]))


def _escape():
    kept = []
    vmap(lambda x: kept.append(x) or x)(values(2))
    return kept[0] + 1


def _in_place_on_shared():
    shared = lamella.zeros(())
    return vmap(shared.add_)(values(3))


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (vmap(lambda x: x.item()), RuntimeError, r"asks for the elements of a tensor \(item\)"),
        (vmap(lambda x: x.tolist()), TypeError, "its elements can't be read"),
        (vmap(lambda x: x if x > 0 else -x), RuntimeError, "lamella.where"),
        (vmap(lambda x: 3), ValueError, "must only return Tensors .*got int"),
        (vmap(lamella.sin, in_dims=1), ValueError, r"in_dims is 1 for an argument of shape \(3,\)"),
        (lambda x: vmap(lamella.add, in_dims=[0, 0])(x, x), ValueError, "in_dims must be an int or a tuple"),
        (vmap(lamella.sin, in_dims=None), ValueError, "in_dims must be an int or a tuple"),
        (lambda x: vmap(lamella.add, in_dims=(0,))(x, x), ValueError, "1 entries for 2 arguments"),
        (lambda x: vmap(lamella.add)(x, x[:2]), ValueError, r"same size .* 3 \(shape \(3,\), dim 0\), 2"),
        (lambda x: vmap(lamella.add)(x, 2.0), ValueError, "no Tensor but float"),
        (vmap(lambda x: x, in_dims=((0,),)), ValueError, "does not have the structure"),
        (vmap(lambda x: x, out_dims=(0, 0)), ValueError, "does not have the structure"),
        (lambda _: vmap(lamella.sin, randomness="some"), ValueError, "randomness must be"),
        (lambda _: vmap(lamella.sin, chunk_size=0), ValueError, "chunk_size should be None or greater than 0"),
        (lambda x: _escape(), TypeError, "from inside a vmap that has ended"),
        (lambda x: _in_place_on_shared(), RuntimeError, "a different value for each sample into a tensor that all"),
        (lambda x: vmap(lambda x: x.backward())(x.requires_grad_()), RuntimeError, "lamella.func.grad"),
    ],
)
def test_what_vmap_refuses(call, error, match):
    with pytest.raises(error, match=match):
        call(values(3))


def test_a_shared_tensors_gradient_is_refused_within_vmap():
    w = values(3).requires_grad_()
    with pytest.raises(RuntimeError, match="input 0 of the gradient is shared by all samples"):
        vmap(lambda x: lamella.autograd.grad((x * w).sum(), w)[0])(values(2, 3))


# --- many incoming gradients at once


def test_gradients_for_a_batch_of_incoming_ones():
    x = values(3).requires_grad_()
    y = x**2
    (rows,) = lamella.autograd.grad(y, x, lamella.eye(3, dtype=F64), is_grads_batched=True)
    assert_close(rows, lamella.diag(2 * x.detach()))


def test_a_batch_of_gradients_has_one_dimension_more():
    x = values(3).requires_grad_()
    with pytest.raises(RuntimeError, match=r"Mismatch in shape.*With is_grads_batched"):
        lamella.autograd.grad(x**2, x, lamella.ones(3, dtype=F64), is_grads_batched=True)
