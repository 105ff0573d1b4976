"""EmbeddingBag: against sums, means and maxima written out, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

import lamella
from lamella import nn
from lamella.core.testing import gradcheck, gradgradcheck
from lamella.nn.functional import embedding_bag

TABLE = np.random.default_rng(0).standard_normal((6, 3))
NUMBERS = [2, 0, 2, 5, 1, 1, 4]
OFFSETS = [0, 3, 3, 6]
BAGS = [[2, 0, 2], [], [5, 1, 1], [4]]
REDUCE = {"sum": np.sum, "mean": np.mean, "max": np.max}


def table():
    return lamella.tensor(TABLE, requires_grad=True)


def expected(bags, mode):
    return [REDUCE[mode](TABLE[bag], axis=0) if bag else np.zeros(3) for bag in bags]


@pytest.mark.parametrize("mode", REDUCE)
def test_bags_given_by_offsets(mode):
    found = embedding_bag(lamella.tensor(NUMBERS), table(), lamella.tensor(OFFSETS), mode=mode)
    np.testing.assert_allclose(found.detach().numpy(), expected(BAGS, mode))
    last = embedding_bag(
        lamella.tensor(NUMBERS), table(), lamella.tensor([*OFFSETS, 7]), mode=mode, include_last_offset=True
    )
    np.testing.assert_array_equal(last.detach().numpy(), found.detach().numpy())


@pytest.mark.parametrize("mode", REDUCE)
def test_bags_of_one_size(mode):
    found = embedding_bag(lamella.tensor([[2, 0, 2], [5, 1, 1]]), table(), mode=mode)
    np.testing.assert_allclose(found.detach().numpy(), expected([[2, 0, 2], [5, 1, 1]], mode))


@pytest.mark.parametrize("mode", REDUCE)
@pytest.mark.parametrize("padding_idx", [2, -4])
def test_padding_takes_no_part(mode, padding_idx):
    weight = table()
    found = embedding_bag(
        lamella.tensor([2, 0, 2, 2, 1, 1]), weight, lamella.tensor([0, 3, 4]), mode=mode, padding_idx=padding_idx
    )
    np.testing.assert_allclose(found.detach().numpy(), expected([[0], [], [1, 1]], mode))
    found.sum().backward()
    assert weight.grad[2].tolist() == [0, 0, 0]


@pytest.mark.parametrize("mode", REDUCE)
def test_is_twice_differentiable(mode):
    def call(weight):
        return embedding_bag(lamella.tensor([2, 0, 5, 1]), weight, lamella.tensor([0, 2, 2]), mode=mode).sin()

    assert gradcheck(call, table())
    assert gradgradcheck(call, table())


def test_sums_may_have_factors_with_gradients():
    factors = lamella.tensor(np.arange(1.0, 8.0), requires_grad=True)
    given = lamella.tensor(NUMBERS), lamella.tensor(OFFSETS)

    def call(weight, factors):
        return embedding_bag(given[0], weight, given[1], mode="sum", per_sample_weights=factors)

    found = call(table(), factors)
    np.testing.assert_allclose(found[0].detach().numpy(), TABLE[2] + 2 * TABLE[0] + 3 * TABLE[2])
    assert gradcheck(call, (table(), factors))


def test_the_first_of_equal_maxima_gets_the_gradient():
    weight = lamella.ones(3, 1).requires_grad_()
    embedding_bag(lamella.tensor([[2, 1]]), weight, mode="max").sum().backward()
    assert weight.grad.tolist() == [[0], [0], [1]]


def test_old_order_of_arguments_still_works():
    with pytest.warns(UserWarning, match="give the row numbers first"):
        found = embedding_bag(lamella.eye(2), lamella.tensor([[0, 1]]))
    assert found.tolist() == [[0.5, 0.5]]


def test_no_bags_and_no_numbers():
    empty = lamella.tensor([]).long()
    assert embedding_bag(lamella.tensor([1]), lamella.eye(2), empty).shape == (0, 2)
    for mode in REDUCE:
        assert embedding_bag(empty, lamella.eye(2), lamella.tensor([0, 0]), mode=mode).tolist() == [[0, 0]] * 2


def test_layer_starts_with_a_padding_of_zero_and_takes_given_vectors():
    layer = nn.EmbeddingBag(4, 3, mode="sum", padding_idx=-1)
    assert layer.weight[3].tolist() == [0, 0, 0]
    frozen = nn.EmbeddingBag.from_pretrained(lamella.eye(3), mode="sum")
    assert not frozen.weight.requires_grad
    assert frozen(lamella.tensor([[0, 2]])).tolist() == [[1, 0, 1]]


def call(*args, weight=None, **kwargs):
    weight = lamella.eye(3) if weight is None else weight
    return lambda: embedding_bag(lamella.tensor(args[0]), weight, *map(lamella.tensor, args[1:]), **kwargs)


@pytest.mark.parametrize(
    ("failing", "error", "message"),
    [
        (call([1]), ValueError, "offsets has to be a 1D Tensor but got None"),
        (call([1], [[0]]), ValueError, "offsets has to be a 1D Tensor but got 2"),
        (call([[1]], [0]), ValueError, "if input is 2D, then offsets has to be None"),
        (call([[[1]]]), ValueError, "input has to be 1D or 2D"),
        (call([[1]], mode="last"), ValueError, "mode has to be one of sum, mean or max"),
        (call([[1]], mode="max", scale_grad_by_freq=True), ValueError, "does not support scaling"),
        (call([[1]], mode="max", sparse=True), ValueError, "does not support sparse"),
        (call([[1]], weight=lamella.eye(3).requires_grad_(), sparse=True), ValueError, "sparse=True is not offered"),
        (call([[1]], per_sample_weights=lamella.ones(1, 1)), NotImplementedError, "only supported for mode='sum'"),
        (call([[1]], mode="sum", per_sample_weights=lamella.ones(2)), ValueError, "must have the same shape"),
        (call([[1]], mode="sum", per_sample_weights=lamella.ones(1, 1).double()), RuntimeError, "as weight has"),
        (call([1], [1]), RuntimeError, r"offsets\[0\] has to be 0"),
        (call([1], [0, 2]), RuntimeError, r"offsets\[-1\] can not be greater"),
        (call([1, 1], [0, 2, 1]), RuntimeError, "must not decrease"),
        (
            call([1], weight=lamella.eye(3), offsets=lamella.tensor([]).long(), include_last_offset=True),
            RuntimeError,
            "at least 1",
        ),
        (call([[1]], padding_idx=3), RuntimeError, "padding_idx must be within the number of embeddings"),
        (call([[3]]), IndexError, "index out of range in self: 3"),
        (call([[1]], weight=lamella.ones(3)), ValueError, "weight has to be a 2D Tensor"),
        (call([[1]], weight=lamella.eye(3).long()), RuntimeError, "expected a weight of floating point"),
    ],
)
def test_refusals(failing, error, message):
    with pytest.raises(error, match=message):
        failing()


def test_layers_refuse_a_padding_outside_the_table():
    for layer in (nn.Embedding, nn.EmbeddingBag):
        with pytest.raises(AssertionError, match="Padding_idx must be within num_embeddings"):
            layer(3, 2, padding_idx=3)
    with pytest.raises(AssertionError, match="Shape of weight does not match"):
        nn.Embedding(3, 2, _weight=lamella.eye(3))
    with pytest.raises(AssertionError, match="expected to be 2-dimensional"):
        nn.Embedding.from_pretrained(lamella.ones(3))
