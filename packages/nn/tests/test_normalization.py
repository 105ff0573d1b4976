"""Group, instance and response normalization, running statistics, and layers that learn their channels."""

from __future__ import annotations

import numpy as np
import pytest

import lamella
from lamella import nn
from lamella.core.testing import gradcheck, gradgradcheck
from lamella.nn import functional as F


def numbers(*shape):
    return np.random.default_rng(0).standard_normal(shape)


def standard(x, over, eps=1e-5):
    return (x - x.mean(over, keepdims=True)) / np.sqrt(x.var(over, keepdims=True) + eps)


def test_group_norm_normalizes_groups_and_scales_channels():
    x, w, b = numbers(2, 6, 3), numbers(6), numbers(6)
    expected = standard(x.reshape(2, 2, 9), 2).reshape(2, 6, 3) * w[:, None] + b[:, None]
    given = [lamella.tensor(v, requires_grad=True) for v in (x, w, b)]
    np.testing.assert_allclose(F.group_norm(given[0], 2, *given[1:]).detach().numpy(), expected)
    assert gradcheck(lambda *v: F.group_norm(v[0], 2, *v[1:]), given)
    assert gradgradcheck(lambda *v: F.group_norm(v[0], 2, *v[1:]), given)


def test_instance_norm_normalizes_each_channel_and_gathers_means_of_statistics():
    x, w = numbers(4, 2, 5), numbers(2)
    mean, var = lamella.zeros(2).double(), lamella.ones(2).double()
    given = lamella.tensor(x, requires_grad=True), lamella.tensor(w, requires_grad=True)
    out = F.instance_norm(given[0], mean, var, given[1], momentum=0.25)
    np.testing.assert_allclose(out.detach().numpy(), standard(x, 2) * w[:, None])
    np.testing.assert_allclose(mean.numpy(), 0.25 * x.mean((0, 2)))
    np.testing.assert_allclose(var.numpy(), 0.75 + 0.25 * x.var(2, ddof=1).mean(0))
    assert gradcheck(lambda x, w: F.instance_norm(x, weight=w), given)
    used = F.instance_norm(given[0], mean, var, use_input_stats=False)
    np.testing.assert_array_equal(used.detach().numpy(), F.batch_norm(given[0], mean, var).detach().numpy())


@pytest.mark.parametrize("normalize", [lambda x: F.batch_norm(x, None, None, training=True), F.instance_norm])
def test_a_batch_of_nothing_stays_nothing(normalize):
    assert normalize(lamella.ones(0, 3, 4)).shape == (0, 3, 4)
    mean = lamella.zeros(3)
    F.batch_norm(lamella.ones(0, 3), mean, lamella.ones(3), training=True)
    assert mean.tolist() == [0, 0, 0]


def test_batch_norm_with_momentum_none_gathers_the_plain_mean():
    layer, batches = nn.BatchNorm1d(2, momentum=None), numbers(3, 5, 2)
    for batch in batches:
        layer(lamella.tensor(batch).float())
    np.testing.assert_allclose(layer.running_mean.numpy(), batches.mean((0, 1)), rtol=1e-5, atol=1e-7)
    assert layer.num_batches_tracked.item() == 3


def test_local_response_norm_divides_by_the_mean_square_around():
    x = numbers(2, 5, 3)
    expected = np.empty_like(x)
    for c in range(5):
        window = x[:, max(c - 2, 0) : c + 2]  # two before, one after
        expected[:, c] = x[:, c] / (1.5 + 0.3 * (window**2).sum(1) / 4) ** 0.75
    given = lamella.tensor(x, requires_grad=True)
    np.testing.assert_allclose(F.local_response_norm(given, 4, 0.3, k=1.5).detach().numpy(), expected)
    assert gradcheck(lambda x: F.local_response_norm(x, 4, 0.3), given)


def test_cross_map_normalization_never_forgets_the_first_channel():
    x = numbers(1, 6, 1, 1)
    squares = x.reshape(6) ** 2
    sums = [squares[max(c - 1, 0) : c + 2].sum() + (squares[0] if c >= 2 else 0) for c in range(6)]
    expected = x.reshape(6) * (2 + 0.3 * np.array(sums) / 3) ** -0.5
    layer = nn.CrossMapLRN2d(3, 0.3, 0.5, 2)
    given = lamella.tensor(x, requires_grad=True)
    np.testing.assert_allclose(layer(given).detach().numpy().reshape(6), expected)
    assert gradcheck(layer, given)


def test_converting_to_sync_batch_norm_keeps_parameters_and_statistics():
    net = nn.Sequential(nn.Conv2d(3, 4, 1), nn.Sequential(nn.BatchNorm2d(4), nn.ReLU())).eval()
    inner, x = net[1][0], lamella.tensor(numbers(2, 3, 2, 2)).float()
    before = net(x).detach().numpy()
    converted = nn.SyncBatchNorm.convert_sync_batchnorm(net)
    assert converted is net
    assert type(net[1][0]) is nn.SyncBatchNorm
    assert net[1][0].weight is inner.weight
    assert not net[1][0].training
    np.testing.assert_array_equal(net(x).detach().numpy(), before)
    assert type(nn.SyncBatchNorm.convert_sync_batchnorm(nn.BatchNorm1d(2, affine=False))) is nn.SyncBatchNorm


@pytest.mark.parametrize(
    ("lazy", "whole", "shape"),
    [
        (nn.LazyBatchNorm1d, nn.BatchNorm1d, (4, 3)),
        (nn.LazyBatchNorm2d, nn.BatchNorm2d, (4, 3, 2, 2)),
        (nn.LazyBatchNorm3d, nn.BatchNorm3d, (4, 3, 2, 2, 2)),
        (nn.LazyInstanceNorm1d, nn.InstanceNorm1d, (4, 3, 2)),
        (nn.LazyInstanceNorm2d, nn.InstanceNorm2d, (4, 3, 2, 2)),
        (nn.LazyInstanceNorm3d, nn.InstanceNorm3d, (4, 3, 2, 2, 2)),
    ],
)
def test_lazy_layers_become_whole_with_the_first_input(lazy, whole, shape):
    layer = lazy()
    assert layer.has_uninitialized_params()
    x = lamella.tensor(numbers(*shape)).float()
    out = layer(x)
    assert type(layer) is whole
    assert layer.num_features == 3
    other = whole(3, affine=True, track_running_stats=True)
    assert {k: v.shape for k, v in layer.state_dict().items()} == {k: v.shape for k, v in other.state_dict().items()}
    np.testing.assert_array_equal(out.detach().numpy(), other(x).detach().numpy())
    np.testing.assert_array_equal(layer.running_mean.numpy(), other.running_mean.numpy())


def test_a_lazy_layer_without_parameters_or_statistics():
    layer = nn.LazyBatchNorm1d(affine=False, track_running_stats=False)
    layer(lamella.tensor(numbers(4, 3)).float())
    assert not layer.state_dict()


def test_lazy_linear_takes_its_input_size_from_the_first_input():
    layer = nn.LazyLinear(4)
    assert layer(lamella.ones(2, 3)).shape == (2, 4)
    assert repr(layer) == "Linear(in_features=3, out_features=4, bias=True)"
    assert type(layer) is nn.Linear
    assert layer.weight.abs().max().item() <= 3**-0.5
    loaded = nn.LazyLinear(4)
    loaded.load_state_dict(layer.state_dict())
    np.testing.assert_array_equal(loaded.weight.detach().numpy(), layer.weight.detach().numpy())


def test_old_files_with_statistics_that_nobody_asked_for_are_refused():
    layer = nn.InstanceNorm1d(2)
    with pytest.raises(RuntimeError, match=r"Unexpected running stats buffer\(s\) running_mean and running_var"):
        layer.load_state_dict({"running_mean": lamella.zeros(2), "running_var": lamella.ones(2)})


x = lamella.ones


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: F.group_norm(x(4), 2), RuntimeError, "at least 2 dimensions"),
        (lambda: F.group_norm(x(2, 5), 2), RuntimeError, "divisible by num_groups"),
        (lambda: F.group_norm(x(1, 2), 2), ValueError, "more than 1 value per channel"),
        (lambda: F.group_norm(x(2, 4), 2, x(3)), RuntimeError, "Expected weight to be a vector of size equal"),
        (lambda: F.group_norm(x(2, 4), 2, None, x(3)), RuntimeError, "Expected bias to be a vector of size equal"),
        (lambda: nn.GroupNorm(2, 5), ValueError, r"num_channels \(5\) must be divisible by num_groups \(2\)"),
        (lambda: F.instance_norm(x(2, 3, 1)), ValueError, "more than 1 spatial element"),
        (lambda: F.instance_norm(x(2, 3, 4), weight=x(2)), RuntimeError, "weight should contain 3 elements"),
        (lambda: F.instance_norm(x(2, 3, 4), x(3)), ValueError, "both be None"),
        (lambda: F.instance_norm(x(2, 3, 4), use_input_stats=False), RuntimeError, "to be defined when use_input"),
        (lambda: F.batch_norm(x(2, 3), None, x(3), training=True), ValueError, "both be None"),
        (lambda: F.local_response_norm(x(2, 3), 2), ValueError, "Expected 3D or higher"),
        (lambda: F.local_response_norm(x(2, 3, 4), 0), RuntimeError, "greater than zero"),
        (lambda: nn.CrossMapLRN2d(3)(x(2, 3, 4)), ValueError, "Expected input to be 4D, got 3D"),
        (lambda: nn.SyncBatchNorm(3)(x(3)), ValueError, "at least 2D input"),
        (lambda: nn.SyncBatchNorm(0)(x(2, 0)), ValueError, "channels should be non-zero"),
        (lambda: nn.BatchNorm3d(3)(x(2, 3, 4)), ValueError, r"expected 5D input \(got 3D input\)"),
        (lambda: nn.InstanceNorm2d(3)(x(4, 5)), ValueError, r"expected 3D or 4D input \(got 2D input\)"),
        (lambda: nn.InstanceNorm1d(3, affine=True)(x(2, 4, 5)), ValueError, "to match num_features"),
    ],
)
def test_refusals(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_instance_norm_without_parameters_only_warns_of_other_channels():
    with pytest.warns(UserWarning, match="num_features=4"):
        nn.InstanceNorm1d(3)(lamella.tensor(numbers(2, 4, 5)))
