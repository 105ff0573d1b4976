"""Normalization: ops by their records, running statistics, large means and large arrays, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest

import lamella
from lamella.core.errors import ArgumentError, DtypeError, ShapeError
from lamella.core.testing import conformance, gradcheck, gradgradcheck
from lamella.nn.functional import batch_norm, layer_norm
from lamella.nn.testing import reference

OPS = [
    *conformance.defined_in("lamella.nn.ops.normalization"),
    *conformance.defined_in("lamella.nn.ops.layer_normalization"),
]


@pytest.mark.parametrize("case", conformance.cases(OPS, reference), ids=str)
def test_op(case):
    case()


def numbers(*shape):
    return np.random.default_rng(0).standard_normal(shape)


def test_running_statistics_move_by_the_momentum_and_follow_the_unbiased_variance():
    x = numbers(4, 2, 3)
    mean, var = lamella.tensor([1.0, -1.0]).double(), lamella.tensor([2.0, 3.0]).double()
    out = batch_norm(lamella.from_numpy(x), mean, var, training=True, momentum=0.25)
    np.testing.assert_allclose(mean.numpy(), 0.75 * np.array([1.0, -1.0]) + 0.25 * x.mean((0, 2)))
    np.testing.assert_allclose(var.numpy(), 0.75 * np.array([2.0, 3.0]) + 0.25 * x.var((0, 2), ddof=1))
    np.testing.assert_allclose(out.numpy().mean((0, 2)), 0, atol=1e-12)


def test_outside_of_training_the_running_statistics_are_used_and_kept():
    x, mean, var = numbers(4, 2, 3), np.array([1.0, -1.0]), np.array([2.0, 3.0])
    given = lamella.tensor(mean), lamella.tensor(var)
    out = batch_norm(lamella.from_numpy(x), *given, eps=0.5)
    np.testing.assert_allclose(out.numpy(), (x - mean[:, None]) / np.sqrt(var + 0.5)[:, None])
    assert [t.tolist() for t in given] == [mean.tolist(), var.tolist()]


@pytest.mark.parametrize(
    "normalize",
    [
        lambda x: batch_norm(x, None, None, training=True),
        lambda x: layer_norm(x.transpose(0, 1).contiguous(), (8, 600)).transpose(0, 1),
    ],
)
def test_a_large_mean_does_not_swallow_the_variance(normalize):
    x = (1000 + numbers(8, 3, 600)).astype(np.float32)
    wide = x.astype(np.float64)
    expected = (wide - wide.mean((0, 2), keepdims=True)) / wide.std((0, 2), keepdims=True)
    np.testing.assert_allclose(normalize(lamella.from_numpy(x)).numpy(), expected, atol=2e-3)


def test_pieces_of_a_large_array_make_the_whole():
    x, g, w = numbers(6, 4, 80, 90), numbers(6, 4, 80, 90), numbers(4)
    x_, w_ = lamella.tensor(x, requires_grad=True), lamella.tensor(w, requires_grad=True)
    batch_norm(x_, None, None, w_, training=True).backward(lamella.from_numpy(g))
    zero = np.zeros(4)
    moments = x.mean((0, 2, 3)), x.var((0, 2, 3))
    by_input, by_weight, _ = reference.batch_norm_backward(g, zero, zero, x, w, *moments, 1e-5)
    np.testing.assert_allclose(x_.grad.numpy(), by_input, atol=1e-10)
    np.testing.assert_allclose(w_.grad.numpy(), by_weight)


def test_derivatives_of_the_public_functions():
    x, w, b = (lamella.from_numpy(numbers(*s)).requires_grad_() for s in ((4, 3), (3,), (3,)))
    mean, var = lamella.from_numpy(numbers(3)), lamella.from_numpy(numbers(3) ** 2)
    for normalize in (
        lambda x, w, b: batch_norm(x, None, None, w, b, True),
        lambda x, w, b: batch_norm(x, mean, var, w, b),
        lambda x, w, b: layer_norm(x, 3, w, b),
    ):
        assert gradcheck(normalize, (x, w, b))
        assert gradgradcheck(normalize, (x, w, b))


def test_half_precision_is_computed_in_float32():
    x = lamella.tensor(300 + 100 * numbers(64, 2)).half().requires_grad_()  # whose squares overflow
    out = batch_norm(x, None, None, lamella.ones(2), lamella.zeros(2), training=True)
    out.sum().backward()
    assert (out.dtype, x.grad.dtype) == (lamella.float16, lamella.float16)
    wide = x.detach().float().numpy()
    np.testing.assert_allclose(out.detach().numpy(), (wide - wide.mean(0)) / wide.std(0), atol=2e-3)
    with pytest.raises(DtypeError, match="expected parameters of dtype .*float32, as the input has, but got .*float64"):
        layer_norm(lamella.ones(2, 3), 3, lamella.ones(3).double())


@pytest.mark.parametrize("affine", [False, True])
@pytest.mark.parametrize(
    ("normalize", "width"),
    [
        (lambda x, w, b: batch_norm(x, None, None, w, b, True), 2),
        (lambda x, w, b: batch_norm(x, lamella.tensor([0.5, 1.0]).double(), lamella.ones(2).double(), w, b), 2),
        (lambda x, w, b: layer_norm(x, 4, w, b), 4),
    ],
)
def test_vmap_gives_each_sample_its_own_statistics_and_gradients(normalize, width, affine):
    x, w, b = (lamella.from_numpy(numbers(*s)) for s in ((3, 5, 2, 4), (3, width), (3, width)))

    def loss(x, *parameters):
        given = parameters or (None, None)
        return (normalize(x, *given) * lamella.arange(40).reshape(5, 2, 4)).sin().sum()

    given = (x, w, b) if affine else (x,)
    found = lamella.func.vmap(lamella.func.grad(loss, tuple(range(len(given)))))(*given)
    for i in range(3):
        leaves = [g[i].clone().requires_grad_() for g in given]
        loss(*leaves).backward()
        for leaf, whole in zip(leaves, found, strict=True):
            np.testing.assert_allclose(whole[i].numpy(), leaf.grad.numpy(), atol=1e-10)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: batch_norm(lamella.ones(2, 3), None, None), ShapeError, "must be given when training=False"),
        (
            lambda: batch_norm(lamella.ones(1, 3), None, None, training=True),
            ArgumentError,
            "more than 1 value per channel",
        ),
        (lambda: batch_norm(lamella.ones(2, 3).long(), None, None, training=True), DtypeError, "lamella.int64"),
        (lambda: layer_norm(lamella.ones(2, 3), 2), ShapeError, r"must be the last sizes .* normalized_shape=\(3,\)"),
    ],
)
def test_refusals(call, error, message):
    with pytest.raises(error, match=message):
        call()
