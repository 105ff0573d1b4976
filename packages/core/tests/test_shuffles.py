"""Channels and pixels that change places, and pictures as columns."""

from __future__ import annotations

import numpy as np
import pytest

import lamella
from lamella.core.errors import ArgumentRangeError, ArgumentTypeError, ShapeError
from lamella.core.ops.columns import col2im, im2col


def counted(*shape):
    return lamella.arange(float(np.prod(shape))).reshape(shape)


def test_pixel_shuffle_puts_channels_side_by_side():
    x = counted(2, 12, 3, 5)
    found = lamella.pixel_shuffle(x, 2)
    assert found.shape == (2, 3, 6, 10)
    for i in range(2):
        for j in range(2):
            assert found[:, :, i::2, j::2].tolist() == x[:, 2 * i + j :: 4].tolist()


@pytest.mark.parametrize("shape", [(8, 3, 4), (2, 4, 3, 2), (2, 3, 4, 1, 1), (0, 4, 2, 2)])
def test_pixel_unshuffle_undoes_pixel_shuffle(shape):
    x = counted(*shape)
    assert lamella.pixel_unshuffle(lamella.pixel_shuffle(x, 2), 2).tolist() == x.tolist()


@pytest.mark.parametrize("shape", [(1, 6, 1), (2, 6, 2, 2)])
def test_channel_shuffle_takes_one_of_each_group_in_turn(shape):
    x = counted(*shape)
    assert lamella.channel_shuffle(x, 3).tolist() == x[:, [0, 2, 4, 1, 3, 5]].tolist()
    assert lamella.native_channel_shuffle(x, 2).tolist() == x[:, [0, 3, 1, 4, 2, 5]].tolist()


@pytest.mark.parametrize("call", [lamella.pixel_shuffle, lamella.pixel_unshuffle, lamella.channel_shuffle])
def test_the_result_has_memory_of_its_own(call):
    x = counted(1, 2, 2, 2)
    call(x, 1).zero_()
    assert x.sum() == 28


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: lamella.pixel_shuffle(counted(4, 4), 2), ShapeError, "at least 3 dimensions"),
        (lambda: lamella.pixel_shuffle(counted(6, 1, 1), 2), ShapeError, "6 channels are not divisible by the square"),
        (lambda: lamella.pixel_shuffle(counted(4, 1, 1), 0), ArgumentRangeError, "upscale_factor must be positive"),
        (lambda: lamella.pixel_shuffle(counted(4, 1, 1), 2.0), ArgumentTypeError, "upscale_factor must be an int"),
        (lambda: lamella.pixel_unshuffle(counted(4, 4), 2), ShapeError, "at least 3 dimensions"),
        (lambda: lamella.pixel_unshuffle(counted(1, 4, 3), 2), ShapeError, "height 4 and width 3 are not both"),
        (lambda: lamella.channel_shuffle(counted(4, 4), 2), ShapeError, "more than 2 dimensions"),
        (lambda: lamella.channel_shuffle(counted(1, 4, 1), 3), ShapeError, "4 channels are not divisible by groups 3"),
        (lambda: lamella.channel_shuffle(counted(1, 4, 1), -1), ArgumentRangeError, "groups must be positive, got -1"),
    ],
)
def test_refusals(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_columns_add_up_to_the_picture_times_how_often_each_element_was_seen():
    window = (2, 3), (1, 2), (1, 0, 1, 1), (2, 1)
    x = lamella.from_numpy(np.random.default_rng(0).standard_normal((2, 3, 5, 6)))
    seen = col2im(im2col(lamella.ones_like(x), *window), (5, 6), *window)
    lamella.testing.assert_close(col2im(im2col(x, *window), (5, 6), *window), x * seen)


def test_columns_over_a_batch_of_samples():
    window = (2, 2), (1, 1), (1, 1, 0, 0), (1, 1)
    x = lamella.from_numpy(np.random.default_rng(0).standard_normal((4, 2, 3, 3, 5)))
    columns = lamella.func.vmap(lambda a: im2col(a, *window))(x)
    assert columns.tolist() == lamella.stack([im2col(a, *window) for a in x]).tolist()
    back = lamella.func.vmap(lambda a: col2im(a, (3, 5), *window))(columns)
    assert back.tolist() == lamella.stack([col2im(a, (3, 5), *window) for a in columns]).tolist()
