"""The dropout family: what is kept and what is zeroed, by element and by channel."""

from __future__ import annotations

import numpy as np
import pytest

import lamella
from lamella import nn
from lamella.nn import functional as F


@pytest.mark.parametrize(
    ("function", "shape"),
    [(F.dropout1d, (40, 50, 3)), (F.dropout2d, (40, 50, 3, 2)), (F.dropout3d, (40, 50, 3, 2, 2))],
)
@pytest.mark.parametrize("inplace", [False, True])
def test_channels_are_dropped_whole(function, shape, inplace):
    lamella.manual_seed(0)
    x = lamella.ones(*shape)
    y = function(x, 0.25, inplace=inplace)
    assert (y is x) == inplace
    rows = y.numpy().reshape(2000, -1)
    assert np.all(rows == rows[:, :1])
    np.testing.assert_allclose(np.unique(rows), [0, 4 / 3], rtol=1e-6)
    assert abs(rows.mean() - 1) < 0.05


@pytest.mark.parametrize(("function", "shape"), [(F.dropout1d, (50, 3)), (F.dropout3d, (50, 3, 2, 2))])
def test_a_sample_without_a_batch_has_its_channels_in_front(function, shape):
    lamella.manual_seed(0)
    rows = function(lamella.ones(*shape)).numpy().reshape(50, -1)
    assert np.all(rows == rows[:, :1])
    assert len(np.unique(rows)) == 2


@pytest.mark.parametrize("p", [0.1, 0.5])
@pytest.mark.parametrize("function", [F.alpha_dropout, F.feature_alpha_dropout])
def test_alpha_dropout_keeps_mean_and_variance(function, p):
    lamella.manual_seed(0)
    x = lamella.randn(20000, 5)
    y = function(x, p, training=True)
    assert abs(y.mean().item()) < 0.02
    assert abs(y.std().item() - 1) < 0.02
    dropped = y.unique(return_counts=True)[1].max().item() / 100000  # all became the same
    assert abs(dropped - p) < 0.01


def test_alpha_dropout_in_place_and_with_gradients():
    leaf = lamella.ones(1000, requires_grad=True)
    x = leaf * 1
    lamella.manual_seed(0)
    y = F.alpha_dropout(x, 0.5, training=True, inplace=True)
    assert y is x
    lamella.manual_seed(0)
    z = F.alpha_dropout(leaf, 0.5, training=True)
    np.testing.assert_allclose(y.detach().numpy(), z.detach().numpy(), rtol=1e-6)
    y.sum().backward()
    assert len(leaf.grad.unique()) == 2


@pytest.mark.parametrize(
    "function",
    [F.dropout, F.dropout1d, F.dropout2d, F.dropout3d, F.alpha_dropout, F.feature_alpha_dropout],
)
@pytest.mark.filterwarnings("ignore:dropout")
def test_edges_of_the_probability(function):
    x = lamella.randn(2, 3, 4)
    np.testing.assert_array_equal(function(x, 0.0, training=True).numpy(), x.numpy())
    np.testing.assert_array_equal(function(x, 1.0, training=True).numpy(), 0 * x.numpy())
    np.testing.assert_array_equal(function(x, 0.5, training=False).numpy(), x.numpy())
    with pytest.raises(ValueError, match="dropout probability has to be between 0 and 1, but got 1.5"):
        function(x, 1.5)


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (nn.Dropout1d(), (8, 8, 2)),
        (nn.Dropout3d(), (8, 8, 2, 2, 2)),
        (nn.AlphaDropout(), (8, 8)),
        (nn.FeatureAlphaDropout(), (8, 8, 2)),
    ],
)
def test_layers_drop_in_training_only(layer, shape):
    x = lamella.ones(*shape)
    assert len(layer(x).unique()) == 2
    assert layer.eval()(x) is x or layer(x).unique().tolist() == [1]


def test_vmap_is_told_whether_samples_share_what_is_dropped():
    x = lamella.ones(2, 100)
    same = lamella.func.vmap(F.dropout, randomness="same")(x).numpy()
    different = lamella.func.vmap(F.dropout, randomness="different")(x).numpy()
    assert np.array_equal(same[0], same[1])
    assert not np.array_equal(different[0], different[1])
    with pytest.raises(RuntimeError, match="dropout draws random numbers inside"):
        lamella.func.vmap(F.dropout)(x)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: F.dropout(lamella.tensor([1, 2])), RuntimeError, "dropout: not defined for dtype lamella.int64"),
        (lambda: F.dropout1d(lamella.ones(2)), RuntimeError, "Expected 2D or 3D input, but received a 1D input"),
        (lambda: F.feature_alpha_dropout(lamella.ones(2), 0.5, True), RuntimeError, "at least 2 dimensions"),
    ],
)
def test_refusals(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_unusual_numbers_of_dimensions_warn():
    with pytest.warns(
        UserWarning, match="dropout3d: expected a 5-D input .* got 2-D, of which the first is taken for C"
    ):
        kept = F.dropout3d(lamella.ones(64, 3))
    assert 0 < kept[:, 0].count_nonzero() < 64
    assert (kept == kept[:, :1]).all(), "a row is a channel"
