"""Functions of vectors: bilinear forms, distances, lengths, class numbers."""

from __future__ import annotations

import numpy as np
import pytest

import lamella
from lamella import nn
from lamella.core.testing import gradcheck, gradgradcheck
from lamella.nn import functional as F


def values(*shape):
    return lamella.from_numpy(np.random.default_rng(0).standard_normal(shape)).requires_grad_()


@pytest.mark.parametrize("lead", [(), (2,), (2, 3)])
def test_bilinear_is_a_form_for_each_result(lead):
    given = values(*lead, 3), values(*lead, 4), values(5, 3, 4), values(5)
    one, two, weight, bias = (v.detach().numpy() for v in given)
    expected = np.einsum("...i,kij,...j->...k", one, weight, two) + bias
    np.testing.assert_allclose(F.bilinear(*given).detach().numpy(), expected)
    assert gradcheck(F.bilinear, given)
    assert gradgradcheck(F.bilinear, given)


def test_bilinear_layer_starts_between_bounds():
    layer = nn.Bilinear(16, 2, 50)
    assert 0.24 < layer.weight.abs().max().item() <= 0.25
    assert layer.bias.abs().max().item() <= 0.25


@pytest.mark.parametrize("p", [1.0, 2.0, float("inf")])
def test_pairwise_distance_is_a_norm_of_the_difference(p):
    x, y = values(4, 3), lamella.tensor([0.3, -0.2, 1.1], dtype=lamella.float64, requires_grad=True)
    expected = np.linalg.norm(x.detach().numpy() - y.detach().numpy() + 1e-6, p, axis=1)
    np.testing.assert_allclose(F.pairwise_distance(x, y, p).detach().numpy(), expected)
    assert nn.PairwiseDistance(p, keepdim=True)(x, y).shape == (4, 1)
    assert gradcheck(lambda x, y: F.pairwise_distance(x, y, p), (x, y))


def test_cosine_similarity_layer_takes_its_dimension():
    x, y = values(2, 3), values(2, 3) * 2
    np.testing.assert_allclose(nn.CosineSimilarity()(x, y).detach().numpy(), 1)
    assert nn.CosineSimilarity(0)(x, y).shape == (3,)


def test_normalize_can_store_its_result():
    out = lamella.zeros(1, 2)
    assert F.normalize(lamella.tensor([[3.0, 4.0]]), out=out) is out
    np.testing.assert_allclose(out.numpy(), [[0.6, 0.8]], rtol=1e-6)


def test_one_hot_inside_vmap_needs_the_number_of_classes():
    numbers = lamella.tensor([[0, 2], [1, 1]])
    found = lamella.func.vmap(lambda row: F.one_hot(row, 3))(numbers)
    assert found.tolist() == F.one_hot(numbers, 3).tolist()


def test_many_classes():
    numbers = np.random.default_rng(0).integers(0, 100, (20, 30))
    found = F.one_hot(lamella.from_numpy(numbers), 100)
    assert found.dtype is lamella.int64
    assert np.array_equal(found.numpy(), np.eye(100)[numbers])


o = lamella.ones


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: F.bilinear(o(2, 3), o(1, 4), o(5, 3, 4)), RuntimeError, "with the same sizes before"),
        (lambda: F.bilinear(o(2, 3), o(2, 5), o(5, 3, 4)), RuntimeError, r"\(5, 3, 4\)"),
        (lambda: F.bilinear(o(2, 3), o(2, 4), o(5, 3, 4), o(4)), RuntimeError, r"expected bias of shape \(5,\)"),
        (lambda: F.bilinear(o(2, 3), o(2, 4).double(), o(5, 3, 4)), RuntimeError, "must have the same dtype"),
        (lambda: nn.Bilinear(0, 1, 2), ValueError, "in1_features must be > 0"),
        (lambda: F.normalize(o(2, 2).long()), RuntimeError, "normalize: expected a floating point"),
    ],
)
def test_refusals(call, error, message):
    with pytest.raises(error, match=message):
        call()
