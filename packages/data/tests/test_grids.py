"""Images side by side."""

from __future__ import annotations

import pytest

import lamella
from lamella.core.errors import ArgumentError, ArgumentTypeError, ShapeError
from lamella.data.grids import make_grid, save_image
from lamella.data.images import read_image


def test_images_stand_in_rows_with_a_frame_around_each():
    images = lamella.arange(1.0, 6.0).reshape(5, 1, 1, 1).expand(5, 3, 2, 4)
    grid = make_grid(images, nrow=3, padding=1, pad_value=9.0)
    assert grid.shape == (3, 7, 16)
    assert grid[0, 1].tolist() == [9, 1, 1, 1, 1, 9, 2, 2, 2, 2, 9, 3, 3, 3, 3, 9]
    assert grid[2, 4].tolist() == [9, 4, 4, 4, 4, 9, 5, 5, 5, 5, 9, 9, 9, 9, 9, 9]
    assert grid[1, 0].eq(9).all() and grid[1, 3].eq(9).all() and grid[1, 6].eq(9).all()


@pytest.mark.parametrize("shape", [(4, 5), (1, 4, 5), (1, 1, 4, 5), (3, 4, 5)])
def test_one_image_alone_gets_no_frame_and_three_channels(shape):
    image = lamella.rand(shape)
    assert make_grid(image).shape == (3, 4, 5)
    assert make_grid(image)[1].equal(image.reshape(-1, 4, 5)[-1 if shape[0] != 3 else 1])


def test_values_are_stretched_together_or_each_by_itself():
    images = lamella.tensor([[0.0, 1.0], [2.0, 4.0]]).reshape(2, 1, 1, 2)
    together = make_grid(images, padding=0, normalize=True)
    assert together[0].tolist() == [[0.0, 0.25, 0.5, 1.0]]
    assert make_grid(images, padding=0, normalize=True, scale_each=True)[0].tolist() == [[0.0, 1.0, 0.0, 1.0]]
    assert make_grid(images, padding=0, normalize=True, value_range=(1, 3))[0].tolist() == [[0.0, 0.0, 0.5, 1.0]]
    assert images.tolist() == [[[[0.0, 1.0]]], [[[2.0, 4.0]]]]
    assert make_grid(list(images), padding=0).equal(make_grid(images, padding=0))


def test_a_picture_is_written_and_read_back(tmp_path):
    images = lamella.tensor([[0.0, 0.5], [1.0, 7.0]]).reshape(2, 1, 1, 2)
    save_image(images, tmp_path / "grid.png", padding=0)
    assert read_image(tmp_path / "grid.png")[2].tolist() == [[0, 128, 255, 255]]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("image",), ArgumentTypeError, "expected a tensor or a list of tensors, got str"),
        ((lamella.ones(3),), ShapeError, r"expected \(N, C, H, W\).*got shape \(3,\)"),
        ((lamella.ones(2, 2), 0), ArgumentError, "at least 1 image in a row, got nrow=0"),
        ((lamella.ones(2, 2), 8, 2, True, (1,)), ArgumentError, r"value_range has to be a pair .*got \(1,\)"),
    ],
    ids=["no tensor", "no image", "no row", "no range"],
)
def test_what_is_no_grid_is_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        make_grid(*arguments)
