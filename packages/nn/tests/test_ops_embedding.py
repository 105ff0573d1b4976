"""Embedding: ops by their records, the row without a gradient, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

import lamella
from lamella.core.errors import ArgumentError, DtypeError, IndexRangeError, ShapeError
from lamella.core.testing import conformance, gradcheck
from lamella.nn.ops.embedding import embedding
from lamella.nn.testing import reference


@pytest.mark.parametrize(
    "case", conformance.cases(conformance.defined_in("lamella.nn.ops.embedding"), reference), ids=str
)
def test_op(case):
    case()


def table(rows, columns, **options):
    return lamella.from_numpy(np.random.default_rng(0).standard_normal((rows, columns))).requires_grad_(**options)


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


REFUSED = [
    (([5],), {}, IndexRangeError, "index out of range in self"),
    (([-1],), {}, IndexRangeError, "index out of range in self"),
    (([1.0],), {}, DtypeError, "expected row numbers of dtype Long or Int, but got lamella.float32"),
    (([1],), {"padding_idx": 5}, ArgumentError, "Padding_idx must be within num_embeddings"),
    (([1],), {"padding_idx": -6}, ArgumentError, "Padding_idx must be within num_embeddings"),
    (([1],), {"max_norm": 1.0}, ArgumentError, "max_norm is not offered"),
    (([1],), {"scale_grad_by_freq": True}, ArgumentError, "scale_grad_by_freq is not offered"),
    (([1],), {"sparse": True}, ArgumentError, "sparse is not offered"),
]


@pytest.mark.parametrize(("numbers", "options", "error", "message"), REFUSED)
def test_refused(numbers, options, error, message):
    with pytest.raises(error, match=message):
        embedding(lamella.tensor(*numbers), table(5, 3), **options)


def test_refuses_a_table_that_is_none():
    with pytest.raises(ShapeError, match=r"'weight' must be 2-D \(rows, columns\), got shape \(3,\)"):
        embedding(lamella.tensor([1]), lamella.zeros(3))
