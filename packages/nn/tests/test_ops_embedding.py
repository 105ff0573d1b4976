"""Embedding: ops by their records, the row without a gradient, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

import lamella
from lamella.core.errors import ArgumentError, ConditionError, DtypeError, IndexRangeError, ShapeError
from lamella.core.testing import conformance, gradcheck
from lamella.nn.functional import embedding
from lamella.nn.testing import reference


@pytest.mark.parametrize(
    "case", conformance.cases(conformance.defined_in("lamella.nn.ops.embedding"), reference), ids=str
)
def test_op(case):
    case()


def table(rows, columns, **options):
    return lamella.from_numpy(np.random.default_rng(0).standard_normal((rows, columns))).requires_grad_(**options)


def test_vectors_without_elements():
    weight = table(5, 0)
    embedding(lamella.tensor([[3, 0], [3, 3]]), weight).sum().backward()
    assert weight.grad.shape == (5, 0)


@pytest.mark.parametrize("padding_idx", [3, -2])
def test_padding_row_is_looked_up_but_gets_no_gradient(padding_idx):
    weight = table(5, 2)
    numbers = lamella.tensor([[3, 0], [3, 3]])
    found = embedding(numbers, weight, padding_idx=padding_idx)
    np.testing.assert_array_equal(found.detach().numpy(), weight.detach().numpy()[[[3, 0], [3, 3]]])
    found.sum().backward()
    assert weight.grad.tolist() == [[1, 1], [0, 0], [0, 0], [0, 0], [0, 0]]


def test_padding_row_takes_no_part_in_second_derivatives():
    weight = table(5, 2)
    numbers = lamella.tensor([3, 0, 3])

    def gradient(scale):
        (found,) = lamella.autograd.grad((embedding(numbers, weight, 3) * scale).sum(), weight, create_graph=True)
        return found

    assert gradcheck(gradient, lamella.from_numpy(np.random.default_rng(1).standard_normal((3, 2))).requires_grad_())


@pytest.mark.parametrize(("count", "rows"), [(2000, 50), (300, 5000), (2000, 1)])
def test_gradient_adds_up_over_repeated_rows(count, rows):
    rng = np.random.default_rng(0)
    numbers, grad = rng.integers(0, rows, count), rng.standard_normal((count, 40))
    weight = table(rows, 40)
    embedding(lamella.from_numpy(numbers), weight).backward(lamella.from_numpy(grad))
    expected = np.zeros((rows, 40))
    for number, row in zip(numbers, grad, strict=True):
        expected[number] += row
    np.testing.assert_allclose(weight.grad.numpy(), expected, atol=1e-12)


def test_max_norm_scales_the_rows_in_use_down():
    weight = lamella.tensor([[3.0, 4.0], [0.3, 0.4], [6.0, 8.0]], requires_grad=True)
    found = embedding(lamella.tensor([[0, 1], [0, 0]]), weight, max_norm=1.0)
    np.testing.assert_allclose(weight.detach().numpy(), [[0.6, 0.8], [0.3, 0.4], [6, 8]], rtol=1e-6)
    np.testing.assert_array_equal(found[0].detach().numpy(), weight[:2].detach().numpy())
    found.sum().backward()
    assert weight.grad.tolist() == [[3, 3], [1, 1], [0, 0]]
    embedding(lamella.tensor([2]), weight, max_norm=7.0, norm_type=1.0)
    np.testing.assert_allclose(weight[2].detach().numpy(), [3, 4], rtol=1e-6)


def test_gradients_can_be_divided_by_how_often_a_row_is_used():
    weight = table(3, 2)
    found = embedding(lamella.tensor([0, 1, 1, 1]), weight, scale_grad_by_freq=True)
    np.testing.assert_array_equal(found[3].detach().numpy(), weight[1].detach().numpy())
    found.backward(lamella.tensor([[1.0, 2], [3, 3], [3, 3], [3, 6]]).double())
    assert weight.grad.tolist() == [[1, 2], [3, 4], [0, 0]]


def test_sparse_means_nothing_without_a_gradient():
    assert embedding(lamella.tensor([1]), lamella.eye(2), sparse=True).tolist() == [[0, 1]]
    with lamella.no_grad():
        embedding(lamella.tensor([1]), table(2, 2), sparse=True)


@pytest.mark.parametrize("padding_idx", [None, 1])
@pytest.mark.parametrize("in_dims", [(0, None), (None, 0), (0, 0)])
def test_vmap_looks_up_in_each_samples_table(in_dims, padding_idx):
    rng = np.random.default_rng(0)
    numbers = rng.integers(0, 4, (3, 5) if in_dims[0] == 0 else (5,))
    tables = rng.standard_normal((3, 4, 2) if in_dims[1] == 0 else (4, 2))
    factors = lamella.from_numpy(rng.standard_normal((5, 2)))

    def loss(numbers, weight):
        return (embedding(numbers, weight, padding_idx) * factors).sin().sum()

    given = lamella.from_numpy(numbers), lamella.from_numpy(tables)
    inside = lamella.func.vmap(lamella.func.grad(loss, 1), in_dims)(*given)
    outside = lamella.func.grad(lambda weight: lamella.func.vmap(loss, in_dims)(given[0], weight).sum())(given[1])
    each = []
    for i in range(3):
        weight = lamella.from_numpy(tables[i] if in_dims[1] == 0 else tables).clone().requires_grad_()
        loss(lamella.from_numpy(numbers[i] if in_dims[0] == 0 else numbers), weight).backward()
        each.append(weight.grad.numpy())
    np.testing.assert_allclose(inside.numpy(), each)
    np.testing.assert_allclose(outside.numpy(), each if in_dims[1] == 0 else np.sum(each, 0))


REFUSED = [
    (([5],), {}, IndexRangeError, "index out of range in self"),
    (([-1],), {}, IndexRangeError, "index out of range in self"),
    (([1.0],), {}, DtypeError, "expected row numbers of dtype Long or Int, but got lamella.float32"),
    (([1],), {"padding_idx": 5}, ConditionError, "Padding_idx must be within num_embeddings"),
    (([1],), {"padding_idx": -6}, ConditionError, "Padding_idx must be within num_embeddings"),
    (([1],), {"sparse": True}, ArgumentError, "sparse=True is not offered"),
]


@pytest.mark.parametrize(("numbers", "options", "error", "message"), REFUSED)
def test_refused(numbers, options, error, message):
    with pytest.raises(error, match=message):
        embedding(lamella.tensor(*numbers), table(5, 3), **options)


def test_refuses_a_table_that_is_none():
    with pytest.raises(ShapeError, match=r"'weight' must be 2-D \(rows, columns\), got shape \(3,\)"):
        embedding(lamella.tensor([1]), lamella.zeros(3))
