"""Pictures in another size and through a grid: known values, plain NumPy, derivatives, what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest

import lamella
from lamella import nn
from lamella.core.testing import gradcheck, gradgradcheck
from lamella.nn import functional as F

INF, NAN = float("inf"), float("nan")


def values(*shape):
    return lamella.from_numpy(np.random.default_rng(0).standard_normal(shape))


# --- interpolate


@pytest.mark.parametrize(
    ("mode", "options", "expected"),
    [
        ("nearest", {}, [0, 0, 4, 4, 8, 8]),
        ("nearest-exact", {}, [0, 0, 4, 4, 8, 8]),
        ("linear", {}, [0, 1, 3, 5, 7, 8]),
        ("linear", {"align_corners": True}, [0, 1.6, 3.2, 4.8, 6.4, 8]),
        ("area", {}, [0, 0, 4, 4, 8, 8]),
    ],
)
def test_twice_as_long(mode, options, expected):
    x = lamella.tensor([[[0.0, 4.0, 8.0]]])
    for given in ({"size": 6}, {"scale_factor": 2}, {"scale_factor": (2.1,), "recompute_scale_factor": True}):
        np.testing.assert_allclose(F.interpolate(x, **given, mode=mode, **options).numpy()[0, 0], expected, atol=1e-6)


def test_a_scale_that_is_rounded_still_says_where_to_look():
    x = lamella.arange(10.0).view(1, 1, 10)
    assert F.interpolate(x, scale_factor=0.35).tolist() == [[[0.0, 2.0, 5.0]]]
    assert F.interpolate(x, scale_factor=0.35, recompute_scale_factor=True).tolist() == [[[0.0, 3.0, 6.0]]]


@pytest.mark.parametrize(("mode", "antialias"), [("bilinear", False), ("bilinear", True), ("bicubic", True)])
def test_a_slope_stays_a_slope_inside(mode, antialias):
    x = lamella.arange(16.0).double().view(1, 1, 16, 1).expand(1, 1, 16, 16).contiguous()
    y = F.interpolate(x, (32, 8), mode=mode, antialias=antialias).numpy()[0, 0]
    np.testing.assert_allclose(y[8:24, 4], (np.arange(8, 24) + 0.5) / 2 - 0.5, atol=1e-12)
    np.testing.assert_allclose(y[8:24, 3], y[8:24, 4])


def test_antialias_takes_all_elements_into_account():
    x = lamella.zeros(1, 1, 9, 9)
    x[..., 2] = 1.0
    plain = F.interpolate(x, (3, 3), mode="bilinear")
    smooth = F.interpolate(x, (3, 3), mode="bilinear", antialias=True)
    assert plain.sum().item() == 0.0
    assert smooth.sum().item() > 0.9


def test_volumes_and_half_precision():
    x = values(1, 2, 3, 4, 5)
    y = F.interpolate(x, (5, 7, 9), mode="trilinear", align_corners=True)
    np.testing.assert_allclose(y.numpy()[..., ::2, ::2, ::2][..., :1, :1, :1], x.numpy()[..., :1, :1, :1])
    np.testing.assert_allclose(y.numpy()[..., ::2, 0, ::2], x.numpy()[..., 0, :], rtol=1e-12)
    half = x.half()
    exact = F.interpolate(half.float(), (5, 7, 9), mode="trilinear").half()
    assert F.interpolate(half, (5, 7, 9), mode="trilinear").tolist() == exact.tolist()


def test_bytes_stay_bytes():
    x = lamella.tensor([[[[0, 255]]]], dtype=lamella.uint8)
    for mode in ("nearest", "bilinear", "bicubic"):
        assert F.interpolate(x, (1, 4), mode=mode).dtype == lamella.uint8
    assert F.interpolate(x, (1, 4), mode="bilinear").tolist() == [[[[0, 64, 191, 255]]]]
    assert F.interpolate(x, (1, 4), mode="bicubic").flatten().tolist()[0] == 0


@pytest.mark.parametrize("mode", ["nearest", "bilinear", "area", "bicubic"])
def test_infinity_does_not_reach_far(mode):
    x = lamella.ones(1, 1, 8, 8)
    x[0, 0, 0, 0] = INF
    y = F.interpolate(x, (5, 13), mode=mode)
    assert np.allclose(y.numpy()[0, 0, 3:, 6:], 1)


def test_the_same_size_is_a_copy():
    x = values(1, 1, 4, 4)
    for mode in ("nearest", "bilinear", "bicubic", "area"):
        y = F.interpolate(x, 4, mode=mode)
        np.testing.assert_allclose(y.numpy(), x.numpy())
        y[0, 0, 0, 0] = 9.0
        assert x[0, 0, 0, 0].item() != 9.0


@pytest.mark.parametrize(
    "change",
    [
        lambda x: F.interpolate(x, (5, 2), mode="bilinear"),
        lambda x: F.interpolate(x, (5, 2), mode="bicubic", antialias=True),
        lambda x: F.interpolate(x, (5, 2), mode="bicubic", align_corners=True),
        lambda x: F.interpolate(x, scale_factor=1.7),
        lambda x: F.interpolate(x, (3, 2), mode="area"),
    ],
)
def test_derivatives(change):
    x = values(1, 2, 3, 4).requires_grad_()
    assert gradcheck(change, (x,))
    assert gradgradcheck(change, (x,))


def test_older_names_warn_and_layers_agree():
    x = values(1, 1, 3, 4)
    with pytest.warns(UserWarning, match="deprecated"):
        assert F.upsample(x, (6, 8)).tolist() == F.interpolate(x, (6, 8)).tolist()
    with pytest.warns(UserWarning, match="deprecated"):
        assert F.upsample_nearest(x, scale_factor=2).tolist() == nn.UpsamplingNearest2d(scale_factor=2)(x).tolist()
    with pytest.warns(UserWarning, match="deprecated"):
        assert F.upsample_bilinear(x, (6, 8)).tolist() == nn.UpsamplingBilinear2d((6, 8))(x).tolist()
    layer = nn.Upsample(scale_factor=(2, 1.5), mode="bicubic")
    assert layer(x).shape == (1, 1, 6, 6)
    assert repr(layer) == "Upsample(scale_factor=(2.0, 1.5), mode='bicubic')"
    assert repr(nn.UpsamplingNearest2d(7)) == "UpsamplingNearest2d(size=7, mode='nearest')"


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({}, ValueError, "only one of size or scale_factor"),
        ({"size": 3, "scale_factor": 2}, ValueError, "only one of size or scale_factor"),
        ({"size": (3, 3, 3)}, ValueError, "one number for each of the 2"),
        ({"size": 2.5}, TypeError, "expected size to be one of int"),
        ({"size": 3, "align_corners": True}, ValueError, "align_corners option"),
        ({"size": 3, "recompute_scale_factor": True}, ValueError, "not meaningful"),
        ({"size": 3, "antialias": True}, ValueError, "Anti-alias option"),
        ({"size": 3, "mode": "linear"}, NotImplementedError, "linear"),
        ({"size": 3, "mode": "lanczos"}, NotImplementedError, "lanczos"),
        ({"size": 0}, RuntimeError, "greater than 0"),
    ],
)
def test_interpolate_refuses(options, error, message):
    with pytest.raises(error, match=message):
        F.interpolate(lamella.ones(1, 1, 4, 4), **options)


# --- grids


def sampled(x, grid, mode, padding, align):
    """`grid_sample` of one picture, place by place."""
    height, width = x.shape[1:]

    def place(g, size):
        p = (g + 1) / 2 * (size - 1) if align else ((g + 1) * size - 1) / 2
        return p if mode == "bicubic" else padded(p, size)

    def padded(p, size):
        if padding == "reflection":
            low, high = (0, size - 1) if align else (-0.5, size - 0.5)
            while high > low and not low <= p <= high:
                p = 2 * low - p if p < low else 2 * high - p
        return p if padding == "zeros" else min(max(p, 0), size - 1)

    def at(i, j):
        i, j = (padded(i, height), padded(j, width)) if mode == "bicubic" else (i, j)
        return x[:, int(i), int(j)] if 0 <= i < height and 0 <= j < width else 0 * x[:, 0, 0]

    def weight(t):
        t = abs(t)
        if mode == "bilinear":
            return max(0.0, 1 - t)
        near = 1.25 * t**3 - 2.25 * t**2 + 1
        return near if t < 1 else -0.75 * t**3 + 3.75 * t**2 - 6 * t + 3 if t < 2 else 0.0

    result = np.zeros((x.shape[0], *grid.shape[:2]))
    for r, c in np.ndindex(*grid.shape[:2]):
        j, i = place(grid[r, c, 0], width), place(grid[r, c, 1], height)
        if mode == "nearest":
            result[:, r, c] = at(round(i), round(j))
            continue
        for di in range(-1, 3):
            for dj in range(-1, 3):
                row, column = math.floor(i) + di, math.floor(j) + dj
                result[:, r, c] += weight(row - i) * weight(column - j) * at(row, column)
    return result


@pytest.mark.parametrize("mode", ["bilinear", "nearest", "bicubic"])
@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("align", [False, True])
def test_grid_sample(mode, padding, align):
    x, grid = values(2, 3, 4, 5), values(2, 6, 3, 2) * 1.5
    y = F.grid_sample(x, grid, mode, padding, align).numpy()
    for n in range(2):
        np.testing.assert_allclose(y[n], sampled(x.numpy()[n], grid.numpy()[n], mode, padding, align), atol=1e-12)


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
def test_grid_sample_derivatives(mode, padding):
    x, grid = values(1, 2, 3, 4), values(1, 3, 2, 2)
    call = lambda x, grid: F.grid_sample(x, grid, mode, padding, False)  # noqa: E731  # to have its derivatives checked
    assert gradcheck(call, (x.requires_grad_(), grid.requires_grad_()))
    assert gradgradcheck(call, (x, grid))


@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (2, 3, 3, 4, 5)])
@pytest.mark.parametrize("align", [False, True])
def test_the_identity_shows_the_picture_itself(shape, align):
    x, count = values(*shape), len(shape) - 2
    theta = lamella.eye(count, count + 1, dtype=lamella.float64).expand(2, count, count + 1)
    grid = F.affine_grid(theta, shape, align)
    assert grid.shape == (2, *shape[2:], count)
    np.testing.assert_allclose(F.grid_sample(x, grid, align_corners=align).numpy(), x.numpy(), atol=1e-12)


def test_a_turned_volume():
    x = values(1, 1, 2, 3, 4)
    flipped = lamella.tensor([[[-1.0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]]], dtype=lamella.float64)
    for mode in ("bilinear", "nearest"):
        y = F.grid_sample(x, F.affine_grid(flipped, x.shape, False), mode, align_corners=False)
        np.testing.assert_allclose(y.numpy(), x.numpy()[..., ::-1], atol=1e-12)


def test_nan_in_a_grid():
    x, grid = lamella.ones(1, 1, 2, 2), lamella.full((1, 1, 1, 2), NAN)
    assert math.isnan(F.grid_sample(x, grid, align_corners=False).item())
    assert F.grid_sample(x, grid, padding_mode="border", align_corners=False).item() == 1.0
    volume, far = lamella.ones(1, 1, 2, 2, 2), lamella.full((1, 1, 1, 1, 3), INF)
    assert F.grid_sample(volume, far, align_corners=False).item() == 0.0


def test_the_corners_are_to_be_chosen():
    with pytest.warns(UserWarning, match="align_corners=False"):
        F.grid_sample(lamella.ones(1, 1, 2, 2), lamella.zeros(1, 1, 1, 2))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x, g: F.grid_sample(x, g, "cubic"), ValueError, "mode to be one of bilinear"),
        (lambda x, g: F.grid_sample(x, g, padding_mode="wrap"), ValueError, "padding_mode to be one of zeros"),
        (lambda x, g: F.grid_sample(x[0], g, align_corners=True), RuntimeError, "4D or 5D input and grid"),
        (lambda x, g: F.grid_sample(x, g[..., :1], align_corners=True), RuntimeError, "size 2 in last dimension"),
        (lambda x, g: F.grid_sample(x[..., :0], g, align_corners=True), RuntimeError, "non-empty spatial"),
        (lambda x, g: F.grid_sample(x, g.double(), align_corners=True), RuntimeError, "same floating-point dtype"),
        (
            lambda x, g: F.grid_sample(x[None], lamella.ones(1, 1, 1, 1, 3), "bicubic", align_corners=True),
            RuntimeError,
            "only supports 4D",
        ),
        (lambda x, g: F.affine_grid(g, (1, 1, 2, 2), True), ValueError, "shape Nx2x3"),
        (lambda x, g: F.affine_grid(lamella.ones(1, 2, 3), (1, 1), True), NotImplementedError, "4D and 5D sizes"),
        (lambda x, g: F.affine_grid(lamella.ones(1, 2, 3), (1, 1, 0, 2), True), ValueError, "positive output size"),
        (lambda x, g: F.affine_grid(lamella.ones(1, 2, 3).long(), (1, 1, 2, 2), True), ValueError, "floating point"),
        (lambda x, g: F.affine_grid(lamella.ones(1, 2, 3), (2, 1, 2, 2), True), RuntimeError, "theta of shape"),
        (lambda x, g: lamella.grid_sampler_3d(x, g, 0, 0, True), RuntimeError, "expected 5D input"),
        (lambda x, g: lamella.grid_sampler(x, g, 3, 0, True), ValueError, "must be 0, 1 or 2"),
    ],
)
def test_grids_refuse(call, error, message):
    with pytest.raises(error, match=message):
        call(lamella.ones(1, 1, 2, 2), lamella.zeros(1, 1, 1, 2))


def test_modes_by_number():
    x, grid = values(1, 2, 3, 4), values(1, 3, 2, 2)
    for i, mode in enumerate(("bilinear", "nearest", "bicubic")):
        expected = F.grid_sample(x, grid, mode, "border", False).tolist()
        assert lamella.grid_sampler_2d(x, grid, i, 1, False).tolist() == expected
        assert lamella.grid_sampler(x, grid, i, 1, False).tolist() == expected
