"""Ops that users write: ``autograd.Function`` in both forms."""

from __future__ import annotations

import gc
import math
import weakref

import pytest

import lamella
from lamella import autograd
from lamella.core.function import Function, once_differentiable


def leaf(*values):
    return lamella.tensor(values, requires_grad=True)


class Exp(Function):
    """Saves its result."""

    @staticmethod
    def forward(ctx, x):
        y = x.exp()
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, grad):
        (y,) = ctx.saved_tensors
        return grad * y


computed = []  # what Product.backward worked out


class Product(Function):
    """Saves its inputs, and works only for what is wanted."""

    @staticmethod
    def forward(ctx, x, y):
        ctx.save_for_backward(x, y)
        return x * y

    @staticmethod
    def backward(ctx, grad):
        x, y = ctx.saved_tensors
        assert len(ctx.needs_input_grad) == 2
        gx = gy = None
        if ctx.needs_input_grad[0]:
            computed.append("x")
            gx = grad * y
        if ctx.needs_input_grad[1]:
            computed.append("y")
            gy = grad * x
        return gx, gy


class MinMax(Function):
    """Two outputs and a constant third."""

    @staticmethod
    def forward(ctx, x, y):
        smaller = x < y
        ctx.save_for_backward(smaller.float())
        low, high = lamella.where(smaller, x, y), lamella.where(smaller, y, x)
        ctx.mark_non_differentiable(smaller)
        return low, high, smaller

    @staticmethod
    def backward(ctx, low, high, smaller):
        (mask,) = ctx.saved_tensors
        return low * mask + high * (1 - mask), low * (1 - mask) + high * mask


def test_forward_and_backward():
    x = leaf(0.0, 1.0)
    y = Exp.apply(x)
    assert y.tolist() == pytest.approx([1.0, math.e])
    assert y.grad_fn.name() == "ExpBackward" and not y.is_leaf
    (y * 2).sum().backward()
    assert x.grad.tolist() == pytest.approx([2.0, 2 * math.e])


def test_nothing_is_recorded_without_need():
    assert not Exp.apply(lamella.ones(2)).requires_grad
    with lamella.no_grad():
        assert not Exp.apply(leaf(1.0)).requires_grad


def test_forward_runs_without_recording():
    class Look(Function):
        @staticmethod
        def forward(ctx, x):
            assert not lamella.is_grad_enabled()
            return x * 2

        @staticmethod
        def backward(ctx, grad):
            return grad * 2

    Look.apply(leaf(1.0)).backward()


def test_only_gradients_that_are_wanted_are_computed():
    computed.clear()
    x = leaf(2.0)
    Product.apply(x, lamella.tensor([5.0])).backward()
    assert x.grad.tolist() == [5.0] and computed == ["x"]


def test_several_outputs():
    x, y = leaf(1.0, 5.0), leaf(3.0, 4.0)
    low, high, mask = MinMax.apply(x, y)
    assert (low.tolist(), high.tolist(), mask.tolist()) == ([1.0, 4.0], [3.0, 5.0], [True, False])
    assert low.requires_grad and high.requires_grad and not mask.requires_grad
    (low.sum() + 10 * high.sum()).backward()
    assert (x.grad.tolist(), y.grad.tolist()) == ([1.0, 10.0], [10.0, 1.0])


def test_an_unused_output_gets_zeros():
    x, y = leaf(1.0, 5.0), leaf(3.0, 4.0)
    low, _, _ = MinMax.apply(x, y)
    low.sum().backward()
    assert (x.grad.tolist(), y.grad.tolist()) == ([1.0, 0.0], [0.0, 1.0])


@pytest.mark.parametrize("materialize", [True, False])
def test_or_none_if_asked(materialize):
    seen = []

    class Twins(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.set_materialize_grads(materialize)
            return x * 2, x * 3

        @staticmethod
        def backward(ctx, first, second):
            seen.append(None if second is None else second.tolist())
            return first * 2

    x = leaf(1.0, 2.0)
    Twins.apply(x)[0].sum().backward()
    assert x.grad.tolist() == [2.0, 2.0] and seen == [[0.0, 0.0] if materialize else None]


def test_other_arguments_and_context_attributes():
    class Scale(Function):
        @staticmethod
        def forward(ctx, x, factor, *, offset=0.0):
            ctx.factor = factor
            return x * factor + offset

        @staticmethod
        def backward(ctx, grad):
            return grad * ctx.factor, None

    x = leaf(1.0, 2.0)
    y = Scale.apply(x, 3.0)
    y.sum().backward()
    assert y.tolist() == [3.0, 6.0] and x.grad.tolist() == [3.0, 3.0]


def test_the_form_with_setup_context():
    class Cube(Function):
        @staticmethod
        def forward(x):
            return x**3, x**2

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(*inputs, output[1])

        @staticmethod
        def backward(ctx, cube, square):
            x, x2 = ctx.saved_tensors
            return cube * 3 * x2 + square * 2 * x

    x = leaf(2.0, 3.0)
    cube, square = Cube.apply(x)
    (cube.sum() + square.sum()).backward()
    assert x.grad.tolist() == [12 + 4.0, 27 + 6.0]


@pytest.mark.parametrize(
    ("op", "expected"),
    [(Exp.apply, lambda x: x.exp()), (lambda x: Product.apply(x, x * x), lambda x: 6 * x)],
    ids=["saved output", "saved inputs"],
)
def test_twice_differentiable(op, expected):
    x = leaf(1.0, 2.0)
    (g,) = autograd.grad(op(x).sum(), x, create_graph=True)
    (second,) = autograd.grad(g.sum(), x)
    assert second.tolist() == pytest.approx(expected(x).tolist())


def test_once_differentiable_refuses_a_second_time():
    class Square(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        @once_differentiable
        def backward(ctx, grad):
            assert not lamella.is_grad_enabled()
            (x,) = ctx.saved_tensors
            return grad * 2 * x

    x = leaf(3.0)
    (g,) = autograd.grad(Square.apply(x), x)
    assert g.tolist() == [6.0]
    (g,) = autograd.grad(Square.apply(x), x, create_graph=True)
    with pytest.raises(RuntimeError, match="differentiate twice a function that was marked with @once_differentiable"):
        g.backward()


def test_an_input_returned_as_it_is_becomes_a_result():
    class Reverse(Function):
        @staticmethod
        def forward(ctx, x):
            return x

        @staticmethod
        def backward(ctx, grad):
            return -grad

    x = leaf(1.0, 2.0)
    y = Reverse.apply(x)
    assert y is not x and x.is_leaf
    y.sum().backward()
    assert x.grad.tolist() == [-1.0, -1.0]


def test_mark_dirty_returns_the_changed_input():
    class Twice(Function):
        @staticmethod
        def forward(ctx, x):
            x.mul_(2)
            ctx.mark_dirty(x)
            return x

        @staticmethod
        def backward(ctx, grad):
            return grad * 2

    x = leaf(1.0, 2.0)
    t = x * 1
    y = Twice.apply(t)
    assert y is t and t.tolist() == [2.0, 4.0] and t._version >= 1
    y.sum().backward()
    assert x.grad.tolist() == [2.0, 2.0]


# --- errors


def test_a_wrong_number_of_gradients():
    class TooMany(Exp):
        @staticmethod
        def backward(ctx, grad):
            return grad, grad

    class TooFew(Product):
        @staticmethod
        def backward(ctx, grad):
            return grad

    with pytest.raises(RuntimeError, match=r"TooManyBackward.* returned .*2.*expected 1"):
        TooMany.apply(leaf(1.0)).backward()
    with pytest.raises(RuntimeError, match=r"TooFewBackward.* returned .*1.*expected 2"):
        TooFew.apply(leaf(1.0), leaf(2.0)).backward()


def test_surplus_nones_are_forgiven():
    class Padded(Exp):
        @staticmethod
        def backward(ctx, grad):
            return grad, None, None

    x = leaf(0.0)
    Padded.apply(x).backward()
    assert x.grad.tolist() == [1.0]


def test_a_gradient_of_another_shape():
    class Wrong(Exp):
        @staticmethod
        def backward(ctx, grad):
            return lamella.ones(3)

    with pytest.raises(RuntimeError, match=r"invalid gradient at index 0 - got \[3\] but expected .* \[2\]"):
        Wrong.apply(leaf(1.0, 2.0)).sum().backward()


def test_a_gradient_that_is_no_tensor():
    class Number(Exp):
        @staticmethod
        def backward(ctx, grad):
            return 1.0

    with pytest.raises((RuntimeError, TypeError), match=r"float.*expected a Tensor|expected Variable.*"):
        Number.apply(leaf(1.0)).backward()


@pytest.mark.parametrize("missing", ["forward", "backward"])
def test_a_missing_half(missing):
    class Half(Function):
        pass

    other = "backward" if missing == "forward" else "forward"
    setattr(Half, other, staticmethod(lambda ctx, x: x * 2))
    with pytest.raises(NotImplementedError, match=missing):
        Half.apply(leaf(1.0)).backward()


def test_backward_twice_and_retain_graph():
    x = leaf(0.0)
    y = Exp.apply(x)
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.tolist() == [2.0]
    with pytest.raises(RuntimeError, match=r"backward through the graph a second time.*retain_graph=True"):
        y.backward()


def test_a_saved_tensor_changed_in_place():
    y = lamella.tensor([5.0])
    z = Product.apply(leaf(2.0), y)
    y.add_(1)
    with pytest.raises(RuntimeError, match=r"modified by an inplace operation.*at version 1; expected version 0"):
        z.backward()


def test_an_error_in_backward_reaches_the_caller():
    class Broken(Exp):
        @staticmethod
        def backward(ctx, grad):
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        Broken.apply(leaf(1.0)).backward()


@pytest.mark.parametrize("op", [Exp.apply, lambda x: Product.apply(x, x), lambda x: MinMax.apply(x, x * 2)[1]])
@pytest.mark.parametrize("create_graph", [None, False, True], ids=["never run", "run", "run differentiably"])
def test_reference_counting_alone_frees_the_graph(op, create_graph):
    gc.collect()
    gc.disable()
    try:
        x = leaf(1.0, 2.0)
        y = op(x)
        tensor, node = weakref.ref(y), weakref.ref(y.grad_fn)
        if create_graph is not None:
            (g,) = autograd.grad(y.sum(), x, create_graph=create_graph)
            del g
        del y
        assert tensor() is None and node() is None
    finally:
        gc.enable()


# --- what ctx keeps


def test_only_tensors_are_saved():
    class Number(Exp):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x, 3)
            return x

    with pytest.raises(TypeError, match="save_for_backward can only save variables, but argument 1 is of type int"):
        Number.apply(leaf(1.0))


def test_the_node_shows_what_its_context_keeps():
    x = leaf(2.0)
    y = Exp.apply(x)
    assert y.grad_fn.saved_tensors[0].grad_fn is y.grad_fn
    assert y.grad_fn.needs_input_grad == (True,)
    with pytest.raises(AttributeError, match="nothing"):
        _ = y.grad_fn.nothing
    y.backward()
    with pytest.raises(RuntimeError, match="already been freed"):
        _ = y.grad_fn.saved_tensors


def test_saving_again_replaces_and_outside_of_forward_does_nothing():
    class Twice(Exp):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            ctx.save_for_backward(x, x.exp())
            return x.exp()

        @staticmethod
        def backward(ctx, grad):
            ctx.save_for_backward()
            assert len(ctx.saved_tensors) == len(ctx.saved_tensors) == 2
            return grad * ctx.saved_tensors[1]

    x = leaf(0.0)
    Twice.apply(x).backward()
    assert x.grad.item() == 1.0


def test_dirty_inputs_must_be_returned():
    class Hidden(Exp):
        @staticmethod
        def forward(ctx, x):
            ctx.mark_dirty(x)
            return x * 2

    with pytest.raises(RuntimeError, match="marked as dirty .* were not returned as output"):
        Hidden.apply(leaf(1.0) * 1)


def test_setup_context_gets_defaults_and_keywords():
    seen = []

    class Scale(Function):
        @staticmethod
        def forward(x, factor=2.0):
            return x * factor

        @staticmethod
        def setup_context(ctx, inputs, output):
            seen.append(inputs[1])
            ctx.factor = inputs[1]

        @staticmethod
        def backward(ctx, grad):
            return grad * ctx.factor, None

    x = leaf(1.0)
    Scale.apply(x).backward()
    Scale.apply(x, factor=5.0).backward()
    assert seen == [2.0, 5.0] and x.grad.item() == 7.0


def test_vjp_is_another_name_of_backward():
    class Triple(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 3

        @staticmethod
        def vjp(ctx, grad):
            return grad * 3

    class Both(Triple):
        @staticmethod
        def backward(ctx, grad):
            return grad * 3

    x = leaf(1.0)
    Triple.apply(x).backward()
    assert x.grad.item() == 3.0
    with pytest.raises(RuntimeError, match="Implementing both 'backward' and 'vjp'"):
        Both.apply(x).backward()


# --- forward mode and vmap


class Form:
    """x²y, with all that the transforms ask for."""

    @staticmethod
    def backward(ctx, grad):
        x, y = ctx.saved_tensors
        return 2 * x * y * grad, x * x * grad

    @staticmethod
    def jvp(ctx, tx, ty):
        x, y = ctx.saved_tensors
        return 2 * x * y * tx + x * x * ty


class WithContext(Form, Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(ctx, x, y):
        ctx.save_for_backward(x, y)
        return x * x * y


class WithSetup(Form, Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(x, y):
        return x * x * y

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)
        ctx.save_for_forward(*inputs)


class ExpOfAll(Exp):
    """Saves its result, for both directions."""

    generate_vmap_rule = True

    @staticmethod
    def forward(ctx, x):
        y = x.exp()
        ctx.save_for_backward(y)
        ctx.save_for_forward(y)
        return y

    @staticmethod
    def jvp(ctx, tangent):
        return tangent * ctx.saved_tensors[0]


X, Y, W = lamella.tensor([1.0, 2.0, 3.0]), lamella.tensor([4.0, 5.0, 6.0]), lamella.tensor(2.0)
func = lamella.func


def product(x, y):
    return x * x * y


TRANSFORMS = [
    lambda f, e: func.vmap(f)(X, Y),
    lambda f, e: func.vmap(f, (0, None))(X, W),
    lambda f, e: func.vmap(func.vmap(f, (0, None)), (None, 0))(X, Y),
    lambda f, e: func.vmap(func.grad(f))(X, Y),
    lambda f, e: func.vmap(func.grad(f, 1), (0, None))(X, W),
    lambda f, e: func.vmap(func.grad(func.grad(f)))(X, Y),
    lambda f, e: func.jvp(f, (X, Y), (Y, X)),
    lambda f, e: func.jvp(lambda x: f(x, Y), (X,), (Y,)),
    lambda f, e: func.jacfwd(lambda x: f(x, Y))(X),
    lambda f, e: func.jacrev(lambda x: f(x, Y))(X),
    lambda f, e: func.hessian(lambda x: f(x, Y).sum())(X),
    lambda f, e: func.vmap(lambda x, y: func.jvp(f, (x, y), (y, x)))(X, Y),
    lambda f, e: func.vmap(func.grad(e))(X),
    lambda f, e: func.vmap(func.grad(func.grad(e)))(X),
    lambda f, e: func.hessian(lambda x: e(x).sum())(X),
    lambda f, e: func.jacfwd(func.jacfwd(lambda x: e(x).sum()))(X),
    lambda f, e: func.jacrev(func.jacrev(lambda x: e(x).sum()))(X),
    lambda f, e: func.jacrev(func.jacfwd(lambda x: e(x).sum()))(X),
    lambda f, e: func.vmap(lambda x: func.jvp(e, (x,), (x,)))(X),
]


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("function", [WithContext, WithSetup])
def test_transforms_of_functions_are_those_of_ops(transform, function):
    found = transform(function.apply, ExpOfAll.apply)
    expected = transform(product, lamella.exp)
    pairs = zip(found, expected, strict=True) if isinstance(found, tuple) else [(found, expected)]
    assert all(lamella.allclose(a, b) for a, b in pairs)


def test_gradients_after_a_vmap_has_ended():
    x, w = X.clone().requires_grad_(), W.clone().requires_grad_()
    func.vmap(WithSetup.apply, (0, None))(x, w).sum().backward()
    assert x.grad.tolist() == [4.0, 8.0, 12.0] and w.grad.item() == 14.0


def test_several_results_under_vmap():
    class Both(MinMax):
        generate_vmap_rule = True

    low, high, smaller = func.vmap(Both.apply)(X, lamella.tensor([3.0, 1.0, 3.0]))
    assert (low.tolist(), high.tolist(), smaller.tolist()) == ([1.0, 1.0, 3.0], [3.0, 2.0, 3.0], [True, False, False])
    x = X.clone().requires_grad_()
    func.vmap(Both.apply)(x, lamella.tensor([3.0, 1.0, 3.0]))[0].sum().backward()
    assert x.grad.tolist() == [1.0, 0.0, 0.0]


def test_a_vmap_rule_of_its_own():
    told = []

    class Sine(Function):
        @staticmethod
        def forward(ctx, x, scale):
            ctx.save_for_backward(x)
            return x.sin() * scale

        @staticmethod
        def backward(ctx, grad):
            return ctx.saved_tensors[0].cos() * grad, None

        @staticmethod
        def vmap(info, in_dims, x, scale):
            told.append((info.batch_size, info.randomness, in_dims, tuple(x.shape)))
            return Sine.apply(x.movedim(in_dims[0], -1), scale), x.ndim - 1

    rows = lamella.arange(6.0).reshape(3, 2)
    assert lamella.allclose(func.vmap(lambda x: Sine.apply(x, 1.0))(rows), rows.sin())
    assert told == [(3, "error", (0, None), (3, 2))]
    assert lamella.allclose(func.vmap(func.grad(lambda x: Sine.apply(x, 1.0)))(X), X.cos())


def test_what_transforms_refuse():
    class Plain(Exp):
        pass

    class Two(ExpOfAll):
        @staticmethod
        def vmap(info, in_dims, x):
            return x

    class NoDims(Exp):
        @staticmethod
        def vmap(info, in_dims, x):
            return x

    class WrongTangents(Exp):
        @staticmethod
        def jvp(ctx, tangent):
            return tangent, tangent

    class WrongShape(Exp):
        @staticmethod
        def jvp(ctx, tangent):
            return tangent.sum()

    with pytest.raises(RuntimeError, match="vmap over Plain, but it does not have vmap support"):
        func.vmap(Plain.apply)(X)
    with pytest.raises(RuntimeError, match="both generate_vmap_rule=True and an overridden vmap"):
        func.vmap(Two.apply)(X)
    with pytest.raises(RuntimeError, match=r"NoDims: the vmap staticmethod must return a tuple \(outputs, out_dims\)"):
        func.vmap(NoDims.apply)(X)
    with pytest.raises(NotImplementedError, match="must implement the jvp function"):
        func.jvp(Plain.apply, (X,), (X,))
    with pytest.raises(RuntimeError, match="WrongTangents: jvp returned 2 tangents, expected 1"):
        func.jvp(WrongTangents.apply, (X,), (X,))
    with pytest.raises(RuntimeError, match=r"WrongShape: jvp returned a tangent of shape \(\) for an output of shape"):
        func.jvp(WrongShape.apply, (X,), (X,))
    assert lamella.allclose(func.grad(lambda x: Plain.apply(x).sum())(X), X.exp())  # needs neither
