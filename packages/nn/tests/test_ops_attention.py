"""Attention: ops by their records, the public function against its formula, and what it refuses."""

from __future__ import annotations

import math

import numpy as np
import pytest

import lamella
from lamella.core.errors import ArgumentError, DtypeError, ShapeError
from lamella.core.testing import conformance, gradcheck, gradgradcheck
from lamella.nn.functional import scaled_dot_product_attention
from lamella.nn.ops import attention
from lamella.nn.testing import reference


@pytest.mark.parametrize(
    "case", conformance.cases(conformance.defined_in("lamella.nn.ops.attention"), reference), ids=str
)
def test_op(case):
    case()


def numbers(*shape, seed=0, dtype=np.float64):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def by_formula(query, key, value, mask=0.0, scale=None):
    """In plain Tensor ops, differentiable."""
    scale = query.shape[-1] ** -0.5 if scale is None else scale
    return (query @ key.transpose(-2, -1) * scale + mask).softmax(-1) @ value


def given(*shapes):
    return [lamella.from_numpy(numbers(*shape, seed=i)).requires_grad_() for i, shape in enumerate(shapes)]


def assert_same_with_gradients(result, expected, inputs):
    np.testing.assert_allclose(result.detach().numpy(), expected.detach().numpy(), atol=1e-12)
    weights = lamella.from_numpy(numbers(*result.shape, seed=9))
    gradients = [lamella.autograd.grad(x, inputs, weights) for x in (result, expected)]
    for found, right in zip(*gradients, strict=True):
        np.testing.assert_allclose(found.numpy(), right.numpy(), atol=1e-12)


SHAPES = [
    ((2, 3, 5, 4), (2, 3, 7, 4), (2, 3, 7, 6)),
    ((5, 4), (7, 4), (7, 6)),
    ((2, 5, 4), (2, 7, 4), (2, 7, 6)),
    ((2, 3, 2, 5, 4), (2, 3, 2, 7, 4), (2, 3, 2, 7, 6)),
    ((2, 3, 5, 4), (1, 3, 7, 4), (2, 1, 7, 6)),
    ((2, 3, 5, 4), (7, 4), (7, 6)),
]


@pytest.mark.parametrize("shapes", SHAPES)
@pytest.mark.parametrize("scale", [None, 0.3])
def test_any_dimensions_in_front(shapes, scale):
    inputs = given(*shapes)
    assert_same_with_gradients(
        scaled_dot_product_attention(*inputs, scale=scale), by_formula(*inputs, scale=scale), inputs
    )


@pytest.mark.parametrize("shape", [(5, 7), (2, 3, 5, 7), (2, 1, 1, 7), (1, 5, 1), (3, 5, 7)])
def test_masks(shape):
    inputs = given(*SHAPES[0])
    mask = lamella.from_numpy(numbers(*shape, seed=5)).requires_grad_()
    assert_same_with_gradients(scaled_dot_product_attention(*inputs, mask), by_formula(*inputs, mask), [*inputs, mask])
    allowed = np.random.default_rng(0).random(shape) < 0.7
    allowed[..., 0] = True
    hidden = lamella.from_numpy(np.where(allowed, 0.0, -math.inf))
    assert_same_with_gradients(
        scaled_dot_product_attention(*inputs, lamella.from_numpy(allowed)), by_formula(*inputs, hidden), inputs
    )


@pytest.mark.parametrize(("queries", "keys"), [(5, 5), (3, 7), (7, 3), (130, 130), (70, 200), (200, 70)])
def test_causal(queries, keys):
    inputs = given((1, 2, queries, 3), (1, 2, keys, 3), (1, 2, keys, 2))
    mask = lamella.from_numpy(np.where(np.arange(keys) > np.arange(queries)[:, None], -math.inf, 0.0))
    assert_same_with_gradients(scaled_dot_product_attention(*inputs, is_causal=True), by_formula(*inputs, mask), inputs)


@pytest.mark.parametrize("shape", [(40, 3, 6), (3, 40, 6), (2, 2, 300), (1, 3, 400)])
def test_many_blocks(monkeypatch, shape):
    batch, heads, length = shape
    monkeypatch.setattr(attention, "BLOCK", 1 << 12)
    inputs = given(*[(batch, length, heads, 4)] * 3)
    swapped = [x.transpose(1, 2) for x in inputs]
    mask = lamella.from_numpy(numbers(batch, 1, length, length, seed=5)).requires_grad_()
    assert_same_with_gradients(scaled_dot_product_attention(*swapped), by_formula(*swapped), inputs)
    assert_same_with_gradients(
        scaled_dot_product_attention(*swapped, mask), by_formula(*swapped, mask), [*inputs, mask]
    )


def test_second_derivatives():
    inputs = given((1, 2, 3, 2), (1, 2, 4, 2), (1, 2, 4, 1))
    mask = lamella.from_numpy(numbers(3, 4, seed=5)).requires_grad_()
    assert gradgradcheck(lambda *x: scaled_dot_product_attention(*x, is_causal=True), inputs)
    assert gradgradcheck(scaled_dot_product_attention, [*inputs, mask])


def test_third_derivatives():
    (x,) = given((1, 1, 3, 2))

    def gradient(x):
        loss = scaled_dot_product_attention(x, x, x, is_causal=True).square().sum()
        return lamella.autograd.grad(loss, x, create_graph=True)[0]

    assert gradcheck(gradient, x)
    assert gradgradcheck(gradient, x)


def test_a_query_that_may_look_at_nothing_gets_zero():
    inputs = given(*SHAPES[0])
    allowed = lamella.ones(5, 7, dtype=lamella.bool)
    allowed[2] = False
    out = scaled_dot_product_attention(*inputs, allowed)
    assert (out[:, :, 2] == 0).all()
    out.sum().backward()
    assert (inputs[0].grad[:, :, 2] == 0).all()
    assert all(x.grad.isfinite().all() for x in inputs)
    none = scaled_dot_product_attention(inputs[0], inputs[1][:, :, :0], inputs[2][:, :, :0])
    assert none.shape == (2, 3, 5, 6)
    assert (none == 0).all()


def test_heads_shared_by_several_queries():
    query, key, value = given((2, 6, 5, 4), (2, 2, 5, 4), (2, 2, 5, 4))
    wide = [x.unsqueeze(2).expand(2, 2, 3, 5, 4).reshape(2, 6, 5, 4) for x in (key, value)]
    assert_same_with_gradients(
        scaled_dot_product_attention(query, key, value, enable_gqa=True), by_formula(query, *wide), [query, key, value]
    )
    with pytest.raises(ShapeError, match="4 heads in key or value must divide the 6 heads in query"):
        scaled_dot_product_attention(query, query[:, :4], query[:, :4], enable_gqa=True)


@pytest.mark.parametrize("is_causal", [False, True])
def test_dropout_drops_weights_and_scales_the_rest(is_causal):
    query, key = given((1, 1, 40, 4), (1, 1, 50, 4))
    one = lamella.from_numpy(np.eye(50)[None, None])  # the result is the weights themselves
    kept = scaled_dot_product_attention(query, key, one, is_causal=is_causal)
    lamella.manual_seed(0)
    dropped = scaled_dot_product_attention(query, key, one, dropout_p=0.25, is_causal=is_causal)
    stayed = dropped != 0
    np.testing.assert_allclose(dropped[stayed].detach().numpy(), (kept[stayed] / 0.75).detach().numpy())
    share = stayed.sum().item() / (kept != 0).sum().item()
    assert 0.68 < share < 0.82
    assert (scaled_dot_product_attention(query, key, one, dropout_p=1.0) == 0).all()


def test_each_sample_of_vmap_drops_its_own_weights():
    (x,) = given((40, 4))
    xs = x.detach().expand(3, 40, 4)

    def attend(x):
        return scaled_dot_product_attention(x, x, lamella.eye(40, dtype=lamella.float64), dropout_p=0.5)

    first, second, _ = lamella.func.vmap(attend, randomness="different")(xs) != 0
    assert (first != second).any()
    first, second, _ = lamella.func.vmap(attend, randomness="same")(xs) != 0
    assert (first == second).all()


def test_heads_lie_side_by_side_so_that_joining_them_copies_nothing():
    out = scaled_dot_product_attention(*given((2, 3, 5, 4), (2, 3, 5, 4), (2, 3, 5, 4)))
    joined = out.detach().transpose(1, 2).reshape(2, 5, 12)
    assert np.shares_memory(joined.numpy(), out.detach().numpy())


Q = lamella.zeros(2, 4, 6, 8)
REFUSED = [
    ((Q[0, 0, 0], Q, Q), {}, ShapeError, "to all be at least 2 dimensional, but got query.dim: 1 key.dim: 4"),
    ((Q, Q.double(), Q), {}, DtypeError, "query.dtype: lamella.float32 key.dtype: lamella.float64"),
    ((Q.long(), Q.long(), Q.long()), {}, DtypeError, "expected floating-point tensors, but got lamella.int64"),
    ((Q, Q[..., :7], Q), {}, ShapeError, "query and key must have the same size in the last dimension, got 8 and 7"),
    ((Q, Q, Q[:, :, :5]), {}, ShapeError, "there must be as many keys as values, got 6 and 5"),
    ((Q, Q[:, :2], Q[:, :2]), {}, ShapeError, "can't be broadcast together"),
    ((Q, Q, Q, lamella.zeros(6, 5)), {}, ShapeError, "can't be broadcast together"),
    ((Q, Q, Q, lamella.zeros(6, 6).int()), {}, DtypeError, "Expected attn_mask dtype to be bool or to match query"),
    ((Q, Q, Q, lamella.zeros(6, 6)), {"is_causal": True}, ShapeError, "attn_mask and is_causal=True exclude"),
    ((Q, Q, Q), {"dropout_p": 1.5}, ArgumentError, "dropout probability has to be between 0 and 1, but got 1.5"),
]


@pytest.mark.parametrize(("args", "options", "error", "message"), REFUSED)
def test_refused(args, options, error, message):
    with pytest.raises(error, match=message):
        scaled_dot_product_attention(*args, **options)
