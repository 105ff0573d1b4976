"""Pooling in all dimensions, unpooling and pooling to a size: against plain NumPy, derivatives, what they refuse."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import lamella
from lamella import nn
from lamella.core.testing import gradcheck, gradgradcheck
from lamella.nn import functional as F

SHAPES = {1: (2, 3, 9), 2: (2, 3, 7, 8), 3: (2, 2, 5, 6, 7)}


def distinct(*shape):
    return np.random.default_rng(0).permutation(np.prod(shape)).reshape(shape) / 10.0


def windows(sizes, kernel, stride, padding, dilation):
    """For each place of the result the places under its window, without ceil_mode."""
    counts = [(n + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1 for n in sizes]
    for at in np.ndindex(*counts):
        starts = [i * stride - padding for i in at]
        offsets = itertools.product(range(0, dilation * kernel, dilation), repeat=len(sizes))
        places = [tuple(s + o for s, o in zip(starts, offset, strict=True)) for offset in offsets]
        yield at, [p for p in places if all(0 <= i < n for i, n in zip(p, sizes, strict=True))]


@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize(("kernel", "stride", "padding", "dilation"), [(2, 2, 0, 1), (3, 2, 1, 1), (2, 1, 1, 2)])
def test_max_pool(dims, kernel, stride, padding, dilation):
    x = distinct(*SHAPES[dims])
    pool = getattr(F, f"max_pool{dims}d_with_indices")
    values, indices = pool(lamella.from_numpy(x), kernel, stride, padding, dilation)
    sizes = x.shape[2:]
    for at, places in windows(sizes, kernel, stride, padding, dilation):
        for n, c in np.ndindex(*x.shape[:2]):
            best = max(places, key=x[n, c].__getitem__)
            assert values[(n, c, *at)].item() == x[(n, c, *best)]
            assert indices[(n, c, *at)].item() == np.ravel_multi_index(best, sizes)
    alone = getattr(F, f"max_pool{dims}d")(lamella.from_numpy(x), kernel, stride, padding, dilation)
    assert alone.tolist() == values.tolist()


@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize("include", [False, True])
@pytest.mark.parametrize("dtype", [np.float64, np.int64])
def test_avg_pool(dims, include, dtype):
    x = (distinct(*SHAPES[dims]) * 10 - 100).astype(dtype)
    y = getattr(F, f"avg_pool{dims}d")(lamella.from_numpy(x), 3, 2, 1, count_include_pad=include).numpy()
    assert y.dtype == dtype
    for at, places in windows(x.shape[2:], 3, 2, 1, 1):
        for n, c in np.ndindex(*x.shape[:2]):
            mean = sum(x[(n, c, *p)] for p in places) / (3**dims if include else len(places))
            np.testing.assert_allclose(y[(n, c, *at)], np.trunc(mean) if dtype == np.int64 else mean)


def test_a_divisor_of_volumes():
    x = lamella.ones(1, 2, 2, 2)
    assert F.avg_pool3d(x, 2, divisor_override=4).tolist() == [[[[2.0]]]]


def test_ceil_mode_keeps_a_window_that_reaches_over():
    x = lamella.arange(5.0).view(1, 5)
    assert F.max_pool1d(x, 2, ceil_mode=True).tolist() == [[1.0, 3.0, 4.0]]
    assert F.avg_pool1d(x, 2, ceil_mode=True).tolist() == [[0.5, 2.5, 4.0]]
    assert F.max_pool3d(x.view(1, 5, 1, 1), (2, 1, 1), ceil_mode=True).flatten().tolist() == [1.0, 3.0, 4.0]


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_lp_pool_is_a_norm(dims):
    x = np.abs(distinct(*SHAPES[dims]))
    y = getattr(F, f"lp_pool{dims}d")(lamella.from_numpy(x), 3, 2).numpy()
    for at, places in windows(x.shape[2:], 2, 2, 0, 1):
        expected = sum(x[(1, 1, *p)] ** 3 for p in places) ** (1 / 3)
        np.testing.assert_allclose(y[(1, 1, *at)], expected)


def test_lp_pool_of_zeros_has_no_gradient():
    x = lamella.zeros(1, 4, requires_grad=True)
    F.lp_pool1d(x, 2, 2).sum().backward()
    assert x.grad.tolist() == [[0.0, 0.0, 0.0, 0.0]]


# --- to a size


@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize("count", [1, 2, 3, 4, 11])
def test_adaptive_windows_are_as_even_as_can_be(dims, count):
    x = distinct(*SHAPES[dims])
    means = getattr(F, f"adaptive_avg_pool{dims}d")(lamella.from_numpy(x), count).numpy()
    values, indices = getattr(F, f"adaptive_max_pool{dims}d")(lamella.from_numpy(x), count, return_indices=True)
    assert means.shape == values.shape == indices.shape == (*x.shape[:2], *(count,) * dims)
    for at in np.ndindex(*means.shape[2:]):
        window = tuple(slice(i * n // count, -(-(i + 1) * n // count)) for i, n in zip(at, x.shape[2:], strict=True))
        inside = x[(slice(None), slice(None), *window)].reshape(2, x.shape[1], -1)
        np.testing.assert_allclose(means[(..., *at)], inside.mean(-1))
        np.testing.assert_array_equal(values.numpy()[(..., *at)], inside.max(-1))
    picked = np.take_along_axis(x.reshape(*x.shape[:2], -1), indices.numpy().reshape(*x.shape[:2], -1), -1)
    np.testing.assert_array_equal(picked.reshape(values.shape), values.numpy())


def test_none_keeps_a_size_and_no_window_gives_nothing():
    x = lamella.ones(2, 7, 8)
    assert F.adaptive_avg_pool2d(x, (None, 3)).shape == F.adaptive_max_pool2d(x, (None, 3)).shape == (2, 7, 3)
    assert F.adaptive_avg_pool2d(x, (0, 3)).shape == F.adaptive_max_pool2d(x, (0, 3)).shape == (2, 0, 3)


def test_a_mean_does_not_see_beyond_its_window():
    x = lamella.ones(1, 5)
    x[0, 4] = float("inf")
    assert F.adaptive_avg_pool1d(x, 3).tolist() == [[1.0, 1.0, float("inf")]]


def test_half_precision_rounds_once():
    x = lamella.from_numpy(distinct(1, 7, 7)).half()
    exact = F.adaptive_avg_pool2d(x.double(), 3)
    assert F.adaptive_avg_pool2d(x, 3).tolist() == exact.half().tolist()


# --- undone


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_unpooling_puts_elements_back(dims):
    x = lamella.from_numpy(distinct(*SHAPES[dims]))
    values, indices = getattr(F, f"max_pool{dims}d_with_indices")(x, 2)
    back = getattr(F, f"max_unpool{dims}d")(values, indices, 2, output_size=x.shape)
    assert back.shape == x.shape
    assert getattr(F, f"max_pool{dims}d")(back, 2).tolist() == values.tolist()
    assert (back == 0).sum().item() >= x.numel() - values.numel()
    layer = getattr(nn, f"MaxUnpool{dims}d")(2)
    assert layer(values, indices, x.shape[2:]).tolist() == back.tolist()


def test_unpooling_gives_the_least_size_by_default():
    values, indices = F.max_pool1d_with_indices(lamella.arange(5.0).view(1, 5), 2)
    assert F.max_unpool1d(values, indices, 2).tolist() == [[0.0, 1.0, 0.0, 3.0]]


# --- derivatives


@pytest.mark.parametrize(
    "pool",
    [
        lambda x: F.max_pool1d(x[0], 3, 2, 1, ceil_mode=True),
        lambda x: F.max_pool3d(x, 2, 1, 1),
        lambda x: F.avg_pool1d(x[0], 3, 2, 1),
        lambda x: F.avg_pool3d(x, 3, 2, 1, True, False),
        lambda x: F.lp_pool3d(x + 1, 3, 2, 1),
        lambda x: F.adaptive_avg_pool3d(x, (2, 3, 1)),
        lambda x: F.adaptive_max_pool3d(x, (2, 3, 1)),
        lambda x: F.max_unpool3d(*F.max_pool3d_with_indices(x, 2), 2, output_size=(3, 4, 3)),
    ],
)
def test_derivatives(pool):
    x = lamella.from_numpy(distinct(2, 3, 4, 3)).requires_grad_()
    assert gradcheck(pool, (x,))
    assert gradgradcheck(pool, (x,))


# --- layers


@pytest.mark.parametrize(
    ("layer", "shape", "size", "text"),
    [
        (nn.MaxPool1d(2), (3, 9), (3, 4), "kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False"),
        (nn.MaxPool3d(2, 1), (3, 4, 4, 4), (3, 3, 3, 3), "kernel_size=2, stride=1, padding=0, dilation=1"),
        (nn.AvgPool1d(3, 2, 1), (3, 9), (3, 5), "kernel_size=(3,), stride=(2,), padding=(1,)"),
        (nn.AvgPool3d(2), (3, 4, 4, 4), (3, 2, 2, 2), "kernel_size=2, stride=2, padding=0"),
        (nn.LPPool1d(2, 3), (3, 9), (3, 3), "norm_type=2, kernel_size=3, stride=None, ceil_mode=False"),
        (nn.LPPool2d(2, 3, 1), (3, 4, 4), (3, 2, 2), "norm_type=2, kernel_size=3, stride=1, ceil_mode=False"),
        (nn.LPPool3d(2, 2), (3, 4, 4, 4), (3, 2, 2, 2), "norm_type=2, kernel_size=2, stride=None, ceil_mode=False"),
        (nn.AdaptiveAvgPool1d(2), (3, 9), (3, 2), "output_size=2"),
        (nn.AdaptiveAvgPool3d((1, None, 3)), (3, 4, 4, 4), (3, 1, 4, 3), "output_size=(1, None, 3)"),
        (nn.AdaptiveMaxPool1d(2), (3, 9), (3, 2), "output_size=2"),
        (nn.AdaptiveMaxPool2d((1, None)), (3, 4, 4), (3, 1, 4), "output_size=(1, None)"),
        (nn.AdaptiveMaxPool3d(2), (3, 4, 4, 4), (3, 2, 2, 2), "output_size=2"),
    ],
)
def test_layers(layer, shape, size, text):
    assert layer(lamella.rand(shape)).shape == size
    assert text in repr(layer)


def test_layers_return_indices():
    x = lamella.arange(4.0).view(1, 4)
    assert [t.tolist() for t in nn.MaxPool1d(2, return_indices=True)(x)] == [[[1.0, 3.0]], [[1, 3]]]
    assert [t.tolist() for t in nn.AdaptiveMaxPool1d(1, return_indices=True)(x)] == [[[3.0]], [[3]]]


# --- what is refused


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: F.max_pool1d(lamella.ones(4), 2), RuntimeError, "max_pool1d: expected a 2-dimensional"),
        (lambda: F.max_pool3d(lamella.ones(4, 4, 4), 2), RuntimeError, "max_pool3d: expected a 4-dimensional"),
        (lambda: F.max_pool3d(lamella.ones(1, 4, 4, 4), (2, 2)), RuntimeError, "a tuple of 3"),
        (lambda: F.avg_pool1d(lamella.ones(1, 4), 5), RuntimeError, r"avg_pool1d: input \(1, 4\) is too small"),
        (lambda: F.avg_pool3d(lamella.ones(1, 0, 4, 4, 4), 2), RuntimeError, "only N may be 0"),
        (lambda: F.avg_pool3d(lamella.ones(1, 2, 2, 2), 2, divisor_override=0), RuntimeError, "must not be 0"),
        (lambda: F.adaptive_avg_pool2d(lamella.ones(4, 4), 2), RuntimeError, "adaptive_avg_pool2d: expected a 3-dim"),
        (lambda: F.adaptive_avg_pool2d(lamella.ones(1, 0, 4), 2), RuntimeError, "without empty pictures"),
        (lambda: F.adaptive_avg_pool2d(lamella.ones(1, 4, 4), (2,) * 3), RuntimeError, "an int or 2 ints"),
        (lambda: F.adaptive_avg_pool2d(lamella.ones(1, 4, 4), 2.0), TypeError, "output_size must be an int"),
        (lambda: F.adaptive_avg_pool2d(lamella.ones(1, 4, 4), -1), RuntimeError, "at least 0"),
        (lambda: F.adaptive_max_pool2d(lamella.ones(2, 0, 4, 4), 2), RuntimeError, "that has channels"),
    ],
)
def test_refusals(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda v, i: (v, i.int(), 2), RuntimeError, "should be type int64"),
        (lambda v, i: (v, i[:1], 2), RuntimeError, "indices of the shape of the input"),
        (lambda v, i: (v[0, 0], i[0, 0], 2), RuntimeError, "expected a 2-dimensional or 3-dimensional"),
        (lambda v, i: (v, i + 99, 2), RuntimeError, "index 10. is out of bounds"),
        (lambda v, i: (v, i, 2, None, 0, (9,)), ValueError, "must be between 2 and 6"),
        (lambda v, i: (v, i, 2, None, 0, (4, 4)), ValueError, "should be a sequence containing 1 or 3"),
    ],
)
def test_unpooling_refuses(change, error, message):
    values, indices = F.max_pool1d_with_indices(lamella.ones(2, 1, 4), 2)
    with pytest.raises(error, match=message):
        F.max_unpool1d(*change(values, indices))
