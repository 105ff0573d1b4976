"""``lamella.autograd.functional`` against derivatives worked out by hand."""

from __future__ import annotations

import pytest

import lamella
from lamella import autograd
from lamella.autograd import functional

V, U = lamella.tensor([1.0, 2.0]), lamella.tensor([3.0, 4.0])


def two(a, b):
    return a * b.sum(), a.sin()


def cubic(a, b):
    return (a * b * b).sum()


WAYS = pytest.mark.parametrize(
    "how",
    [{}, {"vectorize": True}, {"vectorize": True, "strategy": "forward-mode"}],
    ids=["rows", "at once", "forward"],
)


@WAYS
def test_jacobian(how):
    ((aa, ab), (sa, sb)) = functional.jacobian(two, (V, U), **how)
    assert aa.tolist() == [[7.0, 0.0], [0.0, 7.0]] and ab.tolist() == [[1.0, 1.0], [2.0, 2.0]]
    assert lamella.allclose(sa, V.cos().diag()) and sb.tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert functional.jacobian(lamella.square, V, **how).tolist() == [[2.0, 0.0], [0.0, 4.0]]
    assert functional.jacobian(lambda a: a.sum(), (V,), **how)[0].tolist() == [1.0, 1.0]
    assert functional.jacobian(lambda a: lamella.ones(3), V, **how).tolist() == [[0.0, 0.0]] * 3


@WAYS
def test_hessian(how):
    how = {"outer_jacobian_strategy" if name == "strategy" else name: value for name, value in how.items()}
    (aa, ab), (ba, bb) = functional.hessian(cubic, (V, U), **how)
    assert aa.tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert ab.tolist() == ba.tolist() == [[6.0, 0.0], [0.0, 8.0]]
    assert bb.tolist() == [[2.0, 0.0], [0.0, 4.0]]
    assert functional.hessian(lambda a: (a**3).sum(), V, **how).tolist() == [[6.0, 0.0], [0.0, 12.0]]
    assert functional.hessian(lambda a: a.sum(), V, **how).tolist() == [[0.0, 0.0], [0.0, 0.0]]


def test_products():
    value, (ga, gb) = functional.vjp(two, (V, U), (V, U))
    assert lamella.equal(value[0], two(V, U)[0])
    assert lamella.allclose(ga, 7 * V + V.cos() * U) and gb.tolist() == [5.0, 5.0]
    _, (first, second) = functional.jvp(two, (V, U), (V, U))
    assert first.tolist() == [14.0, 28.0] and lamella.allclose(second, V.cos() * V)
    for product in (functional.vhp, functional.hvp):
        value, (ha, hb) = product(cubic, (V, U), (V, U))
        assert value.item() == 41.0 and ha.tolist() == [18.0, 32.0] and hb.tolist() == [12.0, 32.0]
        assert product(lambda a: a.sum(), V, V)[1].tolist() == [0.0, 0.0]


def test_a_vector_of_one_need_not_be_given():
    assert functional.vjp(lambda a: a.sum(), V)[1].tolist() == [1.0, 1.0]
    one = lamella.tensor([3.0])
    assert functional.jvp(lamella.square, one)[1].tolist() == [6.0]
    assert functional.vhp(lambda a: (a**3).sum(), one)[1].tolist() == [18.0]


def test_results_are_differentiable_if_asked():
    x = V.clone().requires_grad_()
    assert not functional.jacobian(lambda a: a**3, x).requires_grad
    found = functional.jacobian(lambda a: a**3, x, create_graph=True).sum()
    assert autograd.grad(found, x)[0].tolist() == [6.0, 12.0]
    found = functional.hvp(lambda a: (a**4).sum(), x, V, create_graph=True)[1].sum()
    assert autograd.grad(found, x)[0].tolist() == [24.0, 96.0]
    assert x.grad is None


STRICT = [
    (lambda **k: functional.jacobian(lambda a: lamella.ones(2), V, **k), "Output 0 .* does not require gradient"),
    (lambda **k: functional.jacobian(two, (V, U), **k), "Output 1 .* is independent of input 1"),
    (lambda **k: functional.jacobian(lambda a: a * 2, V, create_graph=True, **k), "jacobian .* create_graph=True"),
    (lambda **k: functional.vjp(lambda a, b: a, (V, U), V, **k), "is independent of input 1"),
    (lambda **k: functional.jvp(lambda a, b: a, (V, U), (V, U), **k), "is independent of input 1"),
    (lambda **k: functional.vhp(lambda a: a.sum(), V, V, **k), "jacobian .* create_graph=True"),
    (lambda **k: functional.hvp(lambda a: a.sum(), V, V, **k), "jacobian .* create_graph=True"),
    (lambda **k: functional.hessian(lambda a: a.sum(), V, **k), "jacobian .* create_graph=True"),
]


@pytest.mark.parametrize(("call", "message"), STRICT)
def test_strict_refuses_what_is_otherwise_zero(call, message):
    call(strict=False)
    with pytest.raises(RuntimeError, match=message):
        call(strict=True)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: functional.jacobian(two, (V, U), strategy="sideways"), ValueError, "Expected strategy to be either"),
        (lambda: functional.jacobian(two, (V, U), strategy="forward-mode"), NotImplementedError, "vectorize=True"),
        (lambda: functional.jacobian(two, (V, U), strict=True, vectorize=True), RuntimeError, "not supported together"),
        (lambda: functional.jacobian(two, 3), TypeError, "inputs given to jacobian must be .* index 0 has type int"),
        (lambda: functional.jacobian(lambda a: 1, V), TypeError, "outputs of the user-provided .* has type int"),
        (lambda: functional.vjp(two, (V, U)), RuntimeError, "v can only be None if .* returns a single Tensor"),
        (lambda: functional.jvp(two, (V, U)), RuntimeError, "v can only be None if the input"),
        (lambda: functional.vjp(two, (V, U), (V,)), RuntimeError, "invalid length: should be 2 but got 1"),
        (lambda: functional.vjp(two, (V, U), (V, lamella.ones(3))), RuntimeError, r"should be \[2\] but got \[3\]"),
        (lambda: functional.hessian(lamella.sin, V), RuntimeError, r"a single element, got shape \(2,\)"),
        (lambda: functional.vhp(two, (V, U), (V, U)), RuntimeError, "should return a single Tensor"),
    ],
)
def test_what_is_refused(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
