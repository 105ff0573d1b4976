"""Scaling and warping against what PyTorch made of the same images (scripts/record_transforms.py), and by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import lamella
from lamella.core.errors import ArgumentError, ArgumentTypeError
from lamella.data.transforms import InterpolationMode, RandomAffine, RandomPerspective, RandomRotation, Resize
from lamella.data.transforms import functional as F
from lamella.data.transforms.functional.warping import sampled

with np.load(Path(__file__).parent / "data" / "transforms.npz") as _file:
    RECORDED = {name: _file[name] for name in _file.files}
RESIZED = [name for name in RECORDED if name.startswith("resize")]
AFFINE = ((0, (2, -1), 1.0, (0, 0)), (30, (0, 0), 1.0, (0, 0)), (-20, (1, 2), 1.3, (10, -5)))
RAMP = lamella.arange(12.0).view(1, 3, 4)


@pytest.mark.parametrize("name", RESIZED)
def test_resize_gives_what_pytorch_gives(name):
    _, kind, height, width, mode, antialias = name.split()
    image = lamella.from_numpy(RECORDED[kind].copy())
    result = F.resize(image, (int(height), int(width)), mode, antialias=antialias == "True").numpy()
    assert result.dtype == RECORDED[name].dtype
    np.testing.assert_allclose(result, RECORDED[name], rtol=0, atol=0 if kind == "bytes" else 2e-6)


@pytest.mark.parametrize("mode", ["nearest", "bilinear"])
@pytest.mark.parametrize("index", range(len(AFFINE)))
def test_affine_gives_what_pytorch_gives(index, mode):
    image = lamella.from_numpy(RECORDED["floats"].copy())
    result = F.affine(image, *AFFINE[index], mode).numpy()
    np.testing.assert_allclose(result, RECORDED[f"affine {index} {mode}"], rtol=0, atol=5e-6)


@pytest.mark.parametrize("dtype", [lamella.uint8, lamella.float32, lamella.float64, lamella.int16])
@pytest.mark.parametrize("antialias", [False, True])
@pytest.mark.parametrize("mode", list(InterpolationMode))
def test_an_even_image_stays_even_at_any_size(mode, antialias, dtype):
    image = lamella.full((2, 3, 7, 9), 100, dtype=dtype)
    for size in ((3, 20), (7, 4), (14, 9)):
        result = F.resize(image, size, mode, antialias=antialias)
        assert result.dtype == dtype
        np.testing.assert_allclose(result.numpy(), 100, rtol=1e-6)


def test_antialiasing_to_a_half_averages_with_a_triangle():
    row = np.array([0.0, 8, 16, 0, 8, 8, 0, 16])
    expected = []
    for centre in (1, 3, 5, 7):
        weights = [max(1 - abs(pixel + 0.5 - centre) / 2, 0) for pixel in range(8)]
        expected.append(np.dot(weights, row) / sum(weights))
    result = F.resize(lamella.from_numpy(row.reshape(1, 1, 8)), (1, 4)).numpy()
    np.testing.assert_allclose(result.ravel(), expected)


@pytest.mark.parametrize(
    ("size", "max_size", "shape"),
    [
        (10, None, (10, 20)),
        ([10], None, (10, 20)),
        ((5, 6), None, (5, 6)),
        (10, 15, (7, 15)),
        (None, 20, (10, 20)),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_resize_reads_sizes_as_torchvision_does(size, max_size, shape, turned):
    image = lamella.zeros(1, 40, 20) if turned else lamella.zeros(1, 20, 40)
    expected = shape[::-1] if turned and size != (5, 6) else shape
    assert tuple(Resize(size, max_size=max_size)(image).shape) == (1, *expected)


def test_resize_to_the_same_size_gives_the_same_tensor():
    assert F.resize(RAMP, (3, 4)) is RAMP


@pytest.mark.parametrize(
    ("size", "max_size", "message"),
    [
        ((4, 4), 5, "max_size limits the longer edge"),
        (5, 5, "max_size = 5 must be strictly greater than the requested size"),
        (None, None, "got neither size nor max_size"),
        (None, 1, "would be 0 pixels wide"),
    ],
)
def test_resize_refuses_sizes_that_contradict(size, max_size, message):
    with pytest.raises(ArgumentError, match=message):
        F.resize(lamella.zeros(1, 2, 5), size, max_size=max_size)


@pytest.mark.parametrize("size", ["7", [1, 2, 3], []])
def test_resize_refuses_what_is_no_size(size):
    with pytest.raises(ArgumentError, match="size can be an integer, a sequence of one or two integers, or None"):
        Resize(size)
    with pytest.raises(ArgumentError, match="max_size must be an integer when size is None"):
        Resize(None)


def test_interpolation_is_named_in_three_ways():
    assert [Resize(3, mode).interpolation for mode in ("bicubic", 3, InterpolationMode.BICUBIC)] == [
        InterpolationMode.BICUBIC
    ] * 3
    with pytest.raises(ArgumentError, match=r"one of \['nearest', .*got 'cubic'"):
        Resize(3, "cubic")


@pytest.mark.parametrize("mode", ["nearest", "bilinear"])
def test_the_identity_changes_nothing(mode):
    image = lamella.from_numpy(RECORDED["floats"].copy())
    points = [(0, 0), (13, 0), (13, 10), (0, 10)]
    still = lamella.zeros(1, 11, 14, 2)
    for result in (
        F.affine(image, 0, (0, 0), 1.0, 0, mode),
        F.perspective(image, points, points, mode),
        F.elastic(image, still, mode),
    ):
        np.testing.assert_allclose(result.numpy(), image.numpy(), atol=2e-5)


@pytest.mark.parametrize("quarter", range(4))
@pytest.mark.parametrize("expand", [False, True])
def test_quarter_turns_are_exact(quarter, expand):
    square = np.arange(50, dtype=np.uint8).reshape(2, 5, 5)
    result = F.rotate(lamella.from_numpy(square), 90 * quarter + 360, expand=expand)
    np.testing.assert_array_equal(result.numpy(), np.rot90(square, quarter, (1, 2)))
    around = F.rotate(lamella.from_numpy(square), 90 * quarter, center=(2.5, 2.5))
    np.testing.assert_array_equal(around.numpy(), result.numpy())


def test_expanding_holds_the_whole_image():
    result = F.rotate(lamella.ones(1, 20, 10), 45, "bilinear", expand=True)
    assert tuple(result.shape) == (1, 22, 22)
    assert result.sum().item() == pytest.approx(200, rel=0.02)


def test_what_lies_outside_is_filled():
    moved = F.affine(RAMP.expand(3, 3, 4), 0, (1, 0), 1.0, 0, fill=[7, 8, 9])
    assert moved[:, :, 0].tolist() == [[7.0] * 3, [8.0] * 3, [9.0] * 3]
    assert moved[0, :, 1:].tolist() == RAMP[0, :, :-1].tolist()
    half = F.affine(lamella.ones(1, 1, 4), 0, (0, 0), 0.5, 0, "bilinear", fill=0.5)
    assert half[0, 0, 0].item() == 0.5


def test_perspective_takes_end_points_to_start_points():
    image = lamella.zeros(1, 9, 9)
    image[0, 2, 3] = 1
    start, end = [(0, 0), (8, 0), (8, 8), (0, 8)], [(1, 1), (9, 1), (9, 9), (1, 9)]
    result = F.perspective(image, start, end, "nearest")
    assert result.nonzero().tolist() == [[0, 3, 4]]


def test_the_horizon_of_a_perspective_lies_outside():
    coefficients = [1.0, 0, 0, 0, 1, 0, -0.4, 0]  # 1 - 0.4 x is 0 in the middle of the third column
    for image in (RAMP, RAMP.to(lamella.uint8)):
        result = F.perspective(image, None, None, fill=7, coefficients=coefficients)
        assert (result[..., 2] == 7).all()


def test_large_images_are_read_at_the_right_place():
    image = np.zeros((1, 4100, 4100), np.uint8)  # more pixels than float32 has whole numbers
    image[0, 4098, 4097] = 9
    grid = np.array([[[2 * 4097.5 / 4100 - 1, 2 * 4098.5 / 4100 - 1], [2 * 4096.5 / 4100 - 1, 2 * 4098.5 / 4100 - 1]]])
    assert sampled(image, grid.astype(np.float32), "nearest", None).tolist() == [[[9, 0]]]


def test_elastic_moves_each_pixel():
    step = lamella.zeros(1, 3, 4, 2)
    step[0, :, :, 0] = 2 / 4  # one pixel of four
    assert F.elastic(RAMP, step, fill=-1.0)[0, 0].tolist() == [1.0, 2.0, 3.0, -1.0]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: F.affine(RAMP, 0, (0, 0), 0, 0), ArgumentError, "scale should be positive, got 0"),
        (lambda: F.affine(RAMP, 0, (0,), 1, 0), ArgumentError, "translate should have 2 values"),
        (lambda: F.affine(RAMP, 0, (0, 0), 1, (1, 2, 3)), ArgumentError, "shear should be a number or have 1 or 2"),
        (lambda: F.rotate(RAMP, 5, "bicubic"), ArgumentError, "'bicubic' is unsupported with tensor images"),
        (lambda: F.rotate(RAMP, 5, fill=(1, 2)), ArgumentError, "fill has 2 values, but the image has 1 channels"),
        (lambda: F.perspective(RAMP, None, None), ArgumentError, "got neither"),
        (lambda: F.perspective(RAMP, [], [], coefficients=[0] * 8), ArgumentError, "got both"),
        (lambda: F.perspective(RAMP, None, None, coefficients=[1]), ArgumentError, "should have 8 values, got 1"),
        (lambda: F.elastic(RAMP, 3), ArgumentTypeError, "displacement should be a tensor, got int"),
        (lambda: F.elastic(RAMP, RAMP), ArgumentError, r"should have shape \(1, 3, 4, 2\), got \(1, 3, 4\)"),
        (lambda: RandomRotation(-1), ArgumentError, "degrees: a single number must be positive"),
        (lambda: RandomRotation("1"), ArgumentTypeError, "degrees should be a sequence of length 2"),
        (lambda: RandomRotation((1, 2, 3)), ArgumentError, "degrees should be a sequence of length 2, got 3"),
        (lambda: RandomRotation(1, center=3), ArgumentTypeError, "center should be a sequence"),
        (lambda: RandomAffine(0, translate=(0, 2)), ArgumentError, "translate values should be between 0 and 1"),
        (lambda: RandomAffine(0, scale=(0, 2)), ArgumentError, "scale values should be positive"),
        (lambda: RandomAffine(0, shear=(0, 2, 3)), ArgumentError, "shear should be a sequence of length 2 or 4"),
        (lambda: RandomPerspective(2), ArgumentError, "distortion_scale should be between 0 and 1, got 2"),
    ],
)
def test_arguments_out_of_range_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
