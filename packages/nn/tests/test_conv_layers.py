"""Convolutions of all kinds as layers, fold and unfold, shuffles: what they add to the functions they call."""

from __future__ import annotations

import math

import numpy as np
import pytest

import lamella
from lamella import nn
from lamella.core.errors import ArgumentError, ArgumentRangeError, ArgumentTypeError, DtypeError, ShapeError
from lamella.core.testing import gradcheck, gradgradcheck
from lamella.nn import functional as F

SIZES = {1: (7,), 2: (7, 6), 3: (5, 4, 6)}


def tensor(*shape):
    return lamella.from_numpy(np.random.default_rng(sum(shape)).standard_normal(shape))


def layer(kind, dims, *args, **kwargs):
    lamella.manual_seed(0)
    return getattr(nn, f"{kind}{dims}d")(*args, dtype=lamella.float64, **kwargs)


each_dims = pytest.mark.parametrize("dims", [1, 2, 3])


@each_dims
@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
@pytest.mark.parametrize("padding", [1, 2, "same", "valid"])
def test_padding_modes_pad_before_they_convolve(dims, mode, padding):
    x = tensor(2, 2, *SIZES[dims])
    padded_by = {"same": (1, 2), "valid": (0, 0)}.get(padding) or (padding, padding)
    found = layer("Conv", dims, 2, 3, 4, padding=padding, padding_mode=mode)
    plain = layer("Conv", dims, 2, 3, 4)
    plain.load_state_dict(found.state_dict())
    lamella.testing.assert_close(found(x), plain(F.pad(x, padded_by * dims, mode=mode)))


@each_dims
def test_transposed_layers_lead_back_to_the_shape_of_the_input(dims):
    down = layer("Conv", dims, 4, 6, 3, stride=3, padding=1, groups=2)
    up = layer("ConvTranspose", dims, 6, 4, 3, stride=3, padding=1, groups=2, bias=False)
    up.weight = down.weight
    for extra in range(3):
        x = tensor(2, 4, *(n + extra for n in SIZES[dims])).requires_grad_()
        y = down(x)
        for size in (x.shape, x.shape[2:], list(x.shape[2:])):
            assert up(y, output_size=size).shape == x.shape
        (back,) = lamella.autograd.grad(y, x, lamella.ones_like(y))
        lamella.testing.assert_close(up(lamella.ones_like(y), x.shape), back)
        assert up(y[0], x.shape[1:]).tolist() == up(y, x.shape)[0].tolist()


def test_sizes_that_no_output_padding_makes_are_refused():
    up = nn.ConvTranspose2d(2, 2, 3, stride=2)
    x = lamella.ones(1, 2, 4, 4)
    assert up(x, (9, 10)).shape == (1, 2, 9, 10)
    with pytest.raises(ArgumentError, match=r"size of \(9, 11\), but valid sizes range from \[9, 9\] to \[10, 10\]"):
        up(x, (9, 11))
    with pytest.raises(ArgumentError, match="for a 4-dimensional input, output_size must have 2 or 4 elements, got 3"):
        up(x, (2, 9, 9))


@each_dims
def test_first_values(dims):
    elements = 3**dims
    for kind, fan_in in (("Conv", 4 // 2 * elements), ("ConvTranspose", 256 // 2 * elements)):
        made = layer(kind, dims, 4, 256, 3, groups=2)
        for parameter in (made.weight, made.bias):
            bound = 1 / math.sqrt(fan_in)
            assert 0.8 * bound < parameter.abs().max() <= bound
            assert abs(parameter.mean()) < 0.2 * bound


def test_what_they_show():
    assert repr(nn.Conv3d(2, 4, (1, 2, 3), padding="same", groups=2, bias=False)) == (
        "Conv3d(2, 4, kernel_size=(1, 2, 3), stride=(1, 1, 1), padding=same, groups=2, bias=False)"
    )
    assert repr(nn.ConvTranspose2d(2, 4, 3, 2, 1, 1, dilation=(2, 1))) == (
        "ConvTranspose2d(2, 4, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1), dilation=(2, 1), "
        "output_padding=(1, 1))"
    )
    assert repr(nn.Fold((4, 5), 2)) == "Fold(output_size=(4, 5), kernel_size=2, dilation=1, padding=0, stride=1)"
    assert repr(nn.Unfold((2, 3), stride=2)) == "Unfold(kernel_size=(2, 3), dilation=1, padding=0, stride=2)"
    assert repr(nn.PixelShuffle(2)) == "PixelShuffle(upscale_factor=2)"
    assert repr(nn.PixelUnshuffle(2)) == "PixelUnshuffle(downscale_factor=2)"
    assert repr(nn.ChannelShuffle(2)) == "ChannelShuffle(groups=2)"


def test_transposed_layers_pad_with_nothing_but_zeros():
    with pytest.raises(ArgumentError, match='only "zeros" padding mode is supported for ConvTranspose1d'):
        nn.ConvTranspose1d(2, 2, 3, padding_mode="circular")


# --- fold and unfold


def test_a_convolution_is_a_product_with_what_the_kernel_sees():
    x, w = tensor(2, 3, 6, 7), tensor(4, 3, 2, 3)
    columns = F.unfold(x, (2, 3), dilation=(2, 1), padding=(1, 0), stride=(1, 2))
    convolved = F.conv2d(x, w, dilation=(2, 1), padding=(1, 0), stride=(1, 2))
    lamella.testing.assert_close((w.reshape(4, -1) @ columns).reshape(convolved.shape), convolved)


def test_folding_adds_up_what_unfolding_saw():
    x = tensor(2, 3, 5, 6)
    columns, ones = nn.Unfold(2, padding=1)(x), nn.Unfold(2, padding=1)(lamella.ones_like(x))
    fold = nn.Fold((5, 6), 2, padding=1)
    lamella.testing.assert_close(fold(columns) / fold(ones), x)
    assert fold(columns[0]).tolist() == fold(columns)[0].tolist()
    assert F.unfold(x[0], 2, padding=1).tolist() == columns[0].tolist()


def test_derivatives():
    x, columns = tensor(1, 2, 3, 4).requires_grad_(), tensor(1, 8, 6).requires_grad_()
    for check in (gradcheck, gradgradcheck):
        assert check(lambda a: F.unfold(a, 2, padding=1, stride=(1, 2)), (x,))
        assert check(lambda a: F.fold(a, (3, 4), 2), (columns,))
        assert check(lambda a: F.pixel_shuffle(F.channel_shuffle(a, 4), 2), (tensor(1, 8, 1, 2).requires_grad_(),))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: F.unfold(tensor(3, 4), 2), ShapeError, r"unfold: expected a 3-dimensional input \(C, H, W\)"),
        (lambda: F.unfold(tensor(1, 0, 3, 4), 2), ShapeError, "no size but N being 0"),
        (lambda: F.unfold(tensor(1, 1, 3, 4), 4), ShapeError, "im2col: a kernel of 4 x 4 .* has 0 x 1 places"),
        (lambda: F.unfold(tensor(1, 1, 3, 4), 0), ArgumentRangeError, "kernel_size must be at least 1"),
        (lambda: F.unfold(tensor(1, 1, 3, 4), "2"), ArgumentTypeError, "kernel_size must be an int or 2 ints"),
        (lambda: F.unfold(tensor(1, 1, 3, 4).long(), 2), DtypeError, "unfold: not defined for integers"),
        (lambda: F.fold(tensor(4), (3, 3), 2), ShapeError, "fold: expected a 2-dimensional input"),
        (lambda: F.fold(tensor(1, 6, 4), (3, 3), 2), ShapeError, "multiple of the kernel's 2 x 2 elements long, got 6"),
        (lambda: F.fold(tensor(1, 4, 5), (3, 3), 2), ShapeError, "2 x 2 = 4 places in .* but the input has 5 columns"),
        (lambda: F.fold(tensor(1, 4, 4).int(), (3, 3), 2), DtypeError, "fold: not defined for integers"),
    ],
)
def test_refusals(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_shuffles_are_their_functions():
    x = tensor(2, 8, 4, 6)
    assert nn.PixelShuffle(2)(x).tolist() == F.pixel_shuffle(x, 2).tolist()
    assert nn.PixelUnshuffle(2)(x).tolist() == F.pixel_unshuffle(x, 2).tolist()
    assert nn.ChannelShuffle(4)(x).tolist() == F.channel_shuffle(x, 4).tolist()
