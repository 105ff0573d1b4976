"""Tensors with tangents by hand."""

from __future__ import annotations

import pytest

import lamella
from lamella import autograd
from lamella.autograd import forward_ad


def test_tangents_follow_the_chain_rule():
    x, t = lamella.tensor([1.0, 2.0]), lamella.tensor([3.0, 4.0])
    with forward_ad.dual_level():
        primal, tangent = forward_ad.unpack_dual(forward_ad.make_dual(x, t).sin())
    assert lamella.equal(primal, x.sin()) and lamella.allclose(tangent, x.cos() * t)


def test_constants_have_no_tangent():
    x = lamella.ones(2)
    with forward_ad.dual_level():
        assert forward_ad.unpack_dual(x * 2).tangent is None
        assert forward_ad.unpack_dual(forward_ad.make_dual(x, x).detach()).tangent is None
    assert forward_ad.unpack_dual(x) == (x, None)


def test_a_tangent_is_differentiable():
    x = lamella.tensor([1.0, 2.0], requires_grad=True)
    with forward_ad.dual_level():
        tangent = forward_ad.unpack_dual(forward_ad.make_dual(x, lamella.ones(2)) ** 3).tangent
    assert autograd.grad(tangent.sum(), x)[0].tolist() == [6.0, 12.0]


def test_a_level_begun_and_ended_by_calls():
    x = lamella.ones(1)
    level = forward_ad.enter_dual_level()
    out = forward_ad.unpack_dual(forward_ad.make_dual(x, x.double()) * 2)
    forward_ad.exit_dual_level(level=level)
    assert out.tangent.tolist() == [2.0] and out.tangent.dtype == lamella.float32
    with pytest.raises(RuntimeError, match="not the last one"):
        forward_ad.exit_dual_level()


def test_what_is_refused():
    x = lamella.ones(2)
    with pytest.raises(RuntimeError, match="no level exists"):
        forward_ad.make_dual(x, x)
    with forward_ad.dual_level():
        with pytest.raises(RuntimeError, match="Nested forward mode AD is not supported"):
            forward_ad.dual_level().__enter__()
        with pytest.raises(RuntimeError, match=r"same shape as the primal, got \(3,\) and \(2,\)"):
            forward_ad.make_dual(x, lamella.ones(3))
        with pytest.raises(ValueError, match="Expected primal to be floating point or complex"):
            forward_ad.make_dual(x.long(), x)
