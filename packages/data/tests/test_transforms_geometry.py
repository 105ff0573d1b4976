"""Cutting, padding and flipping."""

from __future__ import annotations

import numpy as np
import pytest

import lamella
from lamella.core.errors import ArgumentError, ArgumentTypeError
from lamella.data import transforms
from lamella.data.transforms import functional as F

ARRAY = np.arange(2 * 3 * 5 * 7, dtype=np.uint8).reshape(2, 3, 5, 7)
IMAGE = lamella.from_numpy(ARRAY)


@pytest.mark.parametrize(("flip", "axis"), [(F.hflip, -1), (F.vflip, -2)])
def test_flips(flip, axis):
    np.testing.assert_array_equal(flip(IMAGE).numpy(), np.flip(ARRAY, axis))
    np.testing.assert_array_equal(flip(flip(IMAGE)).numpy(), ARRAY)


@pytest.mark.parametrize(
    ("padding", "around"),
    [(2, ((2, 2), (2, 2))), ([1], ((1, 1), (1, 1))), ((1, 2), ((2, 2), (1, 1))), ((1, 2, 3, 0), ((2, 0), (1, 3)))],
)
@pytest.mark.parametrize("mode", ["constant", "edge", "reflect", "symmetric"])
def test_pad(padding, around, mode):
    expected = np.pad(ARRAY, ((0, 0), (0, 0), *around), mode)
    np.testing.assert_array_equal(F.pad(IMAGE, padding, padding_mode=mode).numpy(), expected)


def test_pad_fills_each_channel_and_cuts_off():
    padded = F.pad(IMAGE, (1, 0, 0, 0), fill=[7, 8, 9]).numpy()
    np.testing.assert_array_equal(padded[0, :, 0, 0], [7, 8, 9])
    np.testing.assert_array_equal(padded[..., 1:], ARRAY)
    np.testing.assert_array_equal(F.pad(IMAGE, (-1, -2, 0, 1), fill=4).numpy()[..., :3, :], ARRAY[..., 2:, 1:])


@pytest.mark.parametrize(
    "box", [(1, 2, 3, 4), (-1, -2, 4, 5), (3, 4, 6, 6), (-3, -3, 20, 20), (-9, 2, 3, 3), (9, 9, 2, 2)]
)
def test_crop_finds_zeros_outside(box):
    top, left, height, width = box
    around = np.pad(ARRAY, ((0, 0), (0, 0), (10, 20), (10, 20)))
    expected = around[..., top + 10 : top + 10 + height, left + 10 : left + 10 + width]
    np.testing.assert_array_equal(F.crop(IMAGE, *box).numpy(), expected)


@pytest.mark.parametrize(
    ("size", "top", "left"), [((3, 3), 1, 2), (5, 0, 1), ((2, 4), 2, 2), ((9, 9), -2, -1), ((4, 10), 0, -1)]
)
def test_center_crop(size, top, left):
    height, width = (size, size) if isinstance(size, int) else size
    expected = F.crop(IMAGE, top, left, height, width)
    np.testing.assert_array_equal(transforms.CenterCrop(size)(IMAGE).numpy(), expected.numpy())


def test_five_and_ten_crop():
    five = transforms.FiveCrop((2, 3))(IMAGE)
    corners = [ARRAY[..., :2, :3], ARRAY[..., :2, -3:], ARRAY[..., -2:, :3], ARRAY[..., -2:, -3:]]
    for crop, expected in zip(five, [*corners, ARRAY[..., 2:4, 2:5]], strict=True):
        np.testing.assert_array_equal(crop.numpy(), expected)
    for vertical, flip in ((False, F.hflip), (True, F.vflip)):
        ten = transforms.TenCrop((2, 3), vertical_flip=vertical)(IMAGE)
        for crop, expected in zip(ten, five + F.five_crop(flip(IMAGE), (2, 3)), strict=True):
            np.testing.assert_array_equal(crop.numpy(), expected.numpy())


def test_random_crop_reaches_every_place_and_no_other():
    image = lamella.arange(20).view(1, 4, 5)
    lamella.manual_seed(0)
    crop = transforms.RandomCrop((3, 3))
    found = {crop(image)[0, 0, 0].item() for _ in range(200)}
    assert found == {0, 1, 2, 5, 6, 7}


def test_random_crop_pads():
    image = lamella.ones(1, 4, 4)
    assert transforms.RandomCrop(4, padding=2)(image).shape == image.shape
    large = transforms.RandomCrop((6, 9), pad_if_needed=True, fill=5)(image)
    assert tuple(large.shape) == (1, 6, 9)
    assert (large == 1).sum().item() == 16 and (large == 5).sum().item() == 54 - 16
    with pytest.raises(ArgumentError, match=r"Required crop size \(6, 9\) is larger than the image, \(4, 4\)"):
        transforms.RandomCrop((6, 9))(image)


def test_random_resized_crop_draws_area_and_shape():
    draw = transforms.RandomResizedCrop(8, scale=(0.2, 0.5), ratio=(0.5, 2.0))
    lamella.manual_seed(0)
    boxes = [draw.make_params([lamella.zeros(1, 100, 120)]) for _ in range(300)]
    parts = np.array([box["height"] * box["width"] / 12000 for box in boxes])
    shapes = np.log([box["width"] / box["height"] for box in boxes])
    assert 0.19 < parts.min() < 0.22 and 0.48 < parts.max() < 0.51
    assert abs(parts.mean() - 0.35) < 0.02
    assert np.abs(shapes).max() < np.log(2.05) and abs(shapes.mean()) < 0.1
    assert all(box["top"] + box["height"] <= 100 and box["left"] + box["width"] <= 120 for box in boxes)


@pytest.mark.parametrize(("shape", "box"), [((10, 100), (0, 43, 10, 13)), ((100, 10), (43, 0, 13, 10))])
def test_random_resized_crop_falls_back_on_the_middle(shape, box):
    draw = transforms.RandomResizedCrop(8, scale=(1.0, 1.0))
    assert tuple(draw.make_params([lamella.zeros(1, *shape)]).values()) == box
    assert tuple(draw(lamella.zeros(2, 1, *shape)).shape) == (2, 1, 8, 8)


@pytest.mark.parametrize("flip", [transforms.RandomHorizontalFlip, transforms.RandomVerticalFlip])
def test_flips_come_as_often_as_they_should(flip):
    image = lamella.tensor([[[0, 1], [2, 3]]])
    lamella.manual_seed(0)
    flipped = sum(flip(0.3)(image)[0, 0, 0].item() != 0 for _ in range(1000))
    assert abs(flipped - 300) < 60
    assert flip(0.0)(image) is image


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: F.pad(IMAGE, "1"), ArgumentTypeError, "padding should be an int or a tuple or list of ints"),
        (lambda: transforms.Pad((1, 2, 3)), ArgumentError, "should be an int or have 1, 2 .* or 4 .* got 3"),
        (lambda: transforms.Pad(1, padding_mode="wrap"), ArgumentError, "padding_mode should be one of .* got 'wrap'"),
        (lambda: F.pad(IMAGE, 1, [1, 2, 3], "edge"), ArgumentError, "'edge' takes no fill for each channel"),
        (lambda: F.pad(IMAGE, 1, [1, 2]), ArgumentError, "fill has 2 values, but the image has 3 channels"),
        (lambda: F.five_crop(IMAGE, 6), ArgumentError, r"crop size \(6, 6\) is bigger than input size \(5, 7\)"),
        (lambda: F.center_crop(IMAGE, "a"), ArgumentTypeError, "output_size should be a number or a sequence of two"),
        (lambda: F.center_crop(IMAGE, [1, 2, 3]), ArgumentError, "output_size should be .* got 3 values"),
        (lambda: transforms.CenterCrop("7"), ArgumentTypeError, "size should be an int or a sequence of ints"),
        (lambda: transforms.TenCrop([1, 2, 3]), ArgumentError, "Please provide only two dimensions"),
        (lambda: transforms.FiveCrop(0), ArgumentError, "size should be positive, got 0"),
        (lambda: transforms.RandomHorizontalFlip(1.5), ArgumentError, "p should be a probability, .* got 1.5"),
        (lambda: transforms.RandomResizedCrop(3, scale=2), ArgumentTypeError, "scale should be a sequence of two"),
        (lambda: transforms.RandomResizedCrop(3, ratio=(2, 1)), ArgumentError, r"ratio should be \(min, max\)"),
        (lambda: transforms.RandomResizedCrop(3, ratio=(0, 1)), ArgumentError, "ratio positive"),
    ],
)
def test_arguments_out_of_range_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
