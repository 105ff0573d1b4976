"""Colours, blurring, noise and erasing, against slow references and known values."""

from __future__ import annotations

import colorsys

import numpy as np
import pytest

import lamella
from lamella.core.errors import ArgumentError, ArgumentTypeError
from lamella.data import transforms
from lamella.data.transforms import functional as F

RNG = np.random.default_rng(0)
BYTES = lamella.from_numpy(RNG.integers(0, 256, (2, 3, 9, 8), dtype=np.uint8))
FLOATS = lamella.from_numpy(RNG.random((2, 3, 9, 8), dtype=np.float32))
IMAGES = pytest.mark.parametrize(
    "image", [BYTES, FLOATS, FLOATS.double(), BYTES[:, :1]], ids=["u8", "f32", "f64", "gray"]
)
FACTORS = {
    "adjust_brightness": 1,
    "adjust_contrast": 1,
    "adjust_saturation": 1,
    "adjust_sharpness": 1,
    "adjust_hue": 0,
    "adjust_gamma": 1,
}


@IMAGES
@pytest.mark.parametrize("name", FACTORS)
def test_the_neutral_factor_changes_nothing(name, image):
    result = getattr(F, name)(image, FACTORS[name])
    assert result.dtype == image.dtype
    np.testing.assert_allclose(result.numpy(), image.numpy(), rtol=0, atol=3e-6)


def luma(image):
    return np.tensordot([0.2989, 0.587, 0.114], image.double().numpy(), (0, 1))[:, None]


def test_brightness_contrast_and_saturation_are_blends():
    values = FLOATS.double().numpy()
    gray = luma(FLOATS)
    for factor in (0, 0.4, 1.6):
        for name, other in (
            ("adjust_brightness", 0),
            ("adjust_contrast", gray.mean((1, 2, 3), keepdims=True)),
            ("adjust_saturation", gray),
        ):
            expected = (factor * values + (1 - factor) * other).clip(0, 1)
            np.testing.assert_allclose(getattr(F, name)(FLOATS, factor).numpy(), expected, atol=1e-6)


def test_fractions_of_bytes_are_cut_off():
    image = lamella.tensor([3, 5, 201], dtype=lamella.uint8).view(1, 1, 3)
    assert F.adjust_brightness(image, 1.5).flatten().tolist() == [4, 7, 255]
    assert F.adjust_contrast(image, 0).flatten().tolist() == [69] * 3  # 209 / 3


def test_grayscale():
    gray = F.rgb_to_grayscale(FLOATS, 3)
    assert gray.shape == FLOATS.shape
    np.testing.assert_allclose(gray.numpy(), np.repeat(luma(FLOATS), 3, 1), atol=1e-6)
    np.testing.assert_array_equal(transforms.Grayscale()(BYTES).numpy(), luma(BYTES).astype(np.uint8))
    assert transforms.RandomGrayscale(p=1.0)(BYTES).shape == BYTES.shape


@pytest.mark.parametrize("factor", [-0.5, -0.2, 0.1, 0.35, 0.5])
def test_hue_is_that_of_the_standard_library(factor):
    result = np.moveaxis(F.adjust_hue(FLOATS, factor).numpy(), 1, -1).reshape(-1, 3)
    for colour, found in zip(np.moveaxis(FLOATS.numpy(), 1, -1).reshape(-1, 3), result, strict=True):
        hue, saturation, value = colorsys.rgb_to_hsv(*map(float, colour))
        np.testing.assert_allclose(found, colorsys.hsv_to_rgb((hue + factor) % 1, saturation, value), atol=3e-6)


@IMAGES
def test_inverting_twice_changes_nothing(image):
    np.testing.assert_allclose(F.invert(F.invert(image)).numpy(), image.numpy(), atol=1e-7)
    white = 255 if image.dtype == lamella.uint8 else 1
    np.testing.assert_allclose(F.invert(image).numpy(), white - image.numpy())
    np.testing.assert_array_equal(F.solarize(image, 0).numpy(), F.invert(image).numpy())


def test_posterize_and_solarize():
    values = BYTES.numpy()
    np.testing.assert_array_equal(F.posterize(BYTES, 3).numpy(), values // 32 * 32)
    assert F.posterize(BYTES, 8) is BYTES
    np.testing.assert_allclose(F.posterize(FLOATS, 2).numpy(), np.floor(FLOATS.numpy() * 4) / 4)
    np.testing.assert_array_equal(F.solarize(BYTES, 128).numpy(), np.where(values < 128, values, 255 - values))


def test_gamma():
    expected = (FLOATS.numpy().astype(float) ** 2.2 * 1.5).clip(0, 1)
    np.testing.assert_allclose(F.adjust_gamma(FLOATS, 2.2, gain=1.5).numpy(), expected, atol=1e-6)


def test_autocontrast_uses_the_whole_range():
    narrow = BYTES // 4 + 60
    result = F.autocontrast(narrow).numpy()
    assert (result.min((2, 3)) == 0).all()
    assert (result.max((2, 3)) >= 254).all()  # the fraction of 255 is cut off
    even = lamella.full((3, 4, 4), 7, dtype=lamella.uint8)
    assert F.autocontrast(even).tolist() == even.tolist()


def test_equalize_evens_out_the_histogram():
    dark = lamella.from_numpy((RNG.random((1, 200, 200)) ** 3 * 80).astype(np.uint8))
    result = F.equalize(dark).numpy()
    assert result.max() == 255
    # Shares below a value are those of an even spread, up to the share of that value itself.
    for value in np.unique(result):
        assert abs((result < value).mean() - value / 255) < (result == value).mean() + 0.02
    darker, lighter = dark.numpy().ravel()[:-1], dark.numpy().ravel()[1:]
    assert (result.ravel()[:-1] < result.ravel()[1:])[darker < lighter].all()


@pytest.mark.parametrize("plane", [[[7, 7], [7, 7]], [[1, 2], [3, 4]]])
def test_equalize_leaves_small_images(plane):
    assert F.equalize(lamella.tensor([plane], dtype=lamella.uint8)).tolist() == [plane]


def test_equalize_takes_floats_through_bytes():
    expected = F.equalize(BYTES).numpy() / np.float32(255)
    np.testing.assert_allclose(F.equalize(BYTES.float() / 255).numpy(), expected, atol=1e-6)


def test_blur_is_a_weighted_mean_of_mirrored_surroundings():
    image = FLOATS[0].double().numpy()
    weights = np.exp(-0.5 * (np.arange(-2, 3) / 1.3) ** 2)[:, None] * np.exp(-0.5 * (np.arange(-1, 2) / 0.7) ** 2)
    around = np.pad(image, ((0, 0), (2, 2), (1, 1)), mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(around, (5, 3), (1, 2))
    expected = (windows * weights).sum((-1, -2)) / weights.sum()
    np.testing.assert_allclose(F.gaussian_blur(FLOATS[0], (3, 5), (0.7, 1.3)).numpy(), expected, atol=1e-6)


def test_sharpness_moves_away_from_the_blurred_image_and_keeps_the_border():
    image = FLOATS.numpy().astype(float)
    windows = np.lib.stride_tricks.sliding_window_view(image, (3, 3), (2, 3))
    blurred = (windows.sum((-1, -2)) + 4 * image[..., 1:-1, 1:-1]) / 13
    for factor in (0, 2.5):
        expected = image.copy()
        expected[..., 1:-1, 1:-1] = factor * image[..., 1:-1, 1:-1] + (1 - factor) * blurred
        np.testing.assert_allclose(F.adjust_sharpness(FLOATS, factor).numpy(), expected.clip(0, 1), atol=1e-6)
    narrow = FLOATS[..., :2]
    assert F.adjust_sharpness(narrow, 2) is narrow


def test_noise_has_its_mean_and_deviation():
    lamella.manual_seed(0)
    noise = transforms.GaussianNoise(0.2, 0.1, clip=False)(lamella.zeros(1, 200, 200)).numpy()
    assert abs(noise.mean() - 0.2) < 0.003 and abs(noise.std() - 0.1) < 0.003
    byte_noise = F.gaussian_noise(lamella.full((1, 200, 200), 128, dtype=lamella.uint8), 0.0, 0.1).numpy()
    assert abs(byte_noise.mean() - 128) < 1 and abs(byte_noise.std() - 25.5) < 1
    assert F.gaussian_noise(FLOATS, 0, 5).numpy().max() == 1


def test_erasing_covers_a_part_of_the_area():
    erasing = transforms.RandomErasing(1.0, scale=(0.1, 0.2), value=(2, 3, 4))
    image = lamella.zeros(3, 50, 60)
    lamella.manual_seed(0)
    parts = []
    for _ in range(50):
        erased = erasing(image).numpy()
        assert set(np.unique(erased[1])) == {0, 3}
        parts.append((erased[0] == 2).mean())
    assert 0.09 < min(parts) < max(parts) < 0.21
    assert image.sum().item() == 0


def test_erasing_in_place_and_with_noise():
    image = lamella.zeros(3, 20, 20)
    assert transforms.RandomErasing(1.0, value="random", inplace=True)(image) is image
    assert len(np.unique(image.numpy())) > 10
    tiny = lamella.zeros(1, 1, 1)
    assert transforms.RandomErasing(1.0, scale=(1.0, 1.0))(tiny) is tiny


def test_jitter_draws_factors_from_their_ranges():
    jitter = transforms.ColorJitter(brightness=0.5, contrast=(0.2, 0.4), hue=0.1)
    lamella.manual_seed(0)
    steps = [jitter.make_params([FLOATS])["steps"] for _ in range(300)]
    ranges = {"adjust_brightness": (0.5, 1.5), "adjust_contrast": (0.2, 0.4), "adjust_hue": (-0.1, 0.1)}
    for name, (low, high) in ranges.items():
        factors = [factor for step in steps for function, factor in step if function.__name__ == name]
        margin = (high - low) * 0.05
        assert len(factors) == 300
        assert low <= min(factors) < low + margin
        assert high - margin < max(factors) <= high
    assert {step[0][0].__name__ for step in steps} == set(ranges)
    assert transforms.ColorJitter(0, 0, 0, 0)(FLOATS) is FLOATS


@pytest.mark.parametrize(
    ("transform", "function"),
    [
        (transforms.RandomInvert(1.0), F.invert),
        (transforms.RandomAutocontrast(1.0), F.autocontrast),
        (transforms.RandomEqualize(1.0), F.equalize),
        (transforms.RandomPosterize(2, 1.0), lambda image: F.posterize(image, 2)),
        (transforms.RandomSolarize(100, 1.0), lambda image: F.solarize(image, 100)),
        (transforms.RandomAdjustSharpness(2, 1.0), lambda image: F.adjust_sharpness(image, 2)),
        (transforms.GaussianBlur(3, 0.8), lambda image: F.gaussian_blur(image, 3, 0.8)),
    ],
    ids=lambda value: repr(value) if isinstance(value, transforms.Transform) else "",
)
def test_transforms_do_what_their_functions_do(transform, function):
    np.testing.assert_array_equal(transform(BYTES).numpy(), function(BYTES).numpy())


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        *[
            (lambda name=name: getattr(F, name)(FLOATS, -1), ArgumentError, "negative|between -0.5 and 0.5")
            for name in FACTORS
        ],
        *[
            (
                lambda name=name: getattr(F, name)(lamella.zeros(2, 4, 4), 0.1),
                ArgumentTypeError,
                "1 or 3 channels, got 2",
            )
            for name in FACTORS
            if name != "adjust_gamma"
        ],
        (lambda: F.autocontrast(lamella.zeros(2, 4, 4)), ArgumentTypeError, "1 or 3 channels, got 2"),
        (lambda: F.rgb_to_grayscale(FLOATS, 2), ArgumentError, "num_output_channels must be 1 or 3, got 2"),
        (lambda: transforms.Grayscale(4), ArgumentError, "num_output_channels must be 1 or 3, got 4"),
        (lambda: F.rgb_to_grayscale(lamella.zeros(4, 2, 2)), ArgumentTypeError, "1 or 3 channels, got 4"),
        (lambda: transforms.RandomPosterize(9), ArgumentTypeError, "bits should be an integer from 0 to 8, got 9"),
        (lambda: F.solarize(FLOATS, 2), ArgumentTypeError, "less or equal the largest value, 1, got 2"),
        (lambda: F.equalize(BYTES.int()), ArgumentTypeError, "expected bytes or floats, got int32"),
        (lambda: F.gaussian_noise(BYTES.int()), ArgumentError, "expected bytes or floats, got int32"),
        (lambda: transforms.GaussianNoise(sigma=-1), ArgumentError, "sigma should not be negative, got -1"),
        (lambda: F.gaussian_blur(FLOATS, 4), ArgumentError, "odd and positive integers, got 4"),
        (lambda: F.gaussian_blur(FLOATS, 3, -1), ArgumentError, "sigma should have positive values, got -1"),
        (lambda: transforms.GaussianBlur(2), ArgumentError, "kernel_size should be odd and positive, got 2"),
        (lambda: transforms.GaussianBlur(3, (2, 1)), ArgumentError, r"of the form \(min, max\), got \(2, 1\)"),
        (lambda: transforms.RandomAdjustSharpness(-1), ArgumentError, "should not be negative, got -1"),
        (lambda: transforms.ElasticTransform(sigma=-1), ArgumentError, "sigma should not be negative, got -1"),
        (lambda: transforms.ColorJitter(-1), ArgumentError, "brightness is a single number, it must be non negative"),
        (lambda: transforms.ColorJitter(hue=0.6), ArgumentError, "hue values should be between -0.5 and 0.5"),
        (lambda: transforms.ColorJitter(contrast="1"), ArgumentTypeError, "contrast should be a number or a sequence"),
        (lambda: transforms.RandomErasing(value=None), ArgumentTypeError, "value should be a number, a sequence or"),
        (lambda: transforms.RandomErasing(value="black"), ArgumentError, "it should be 'random', got 'black'"),
        (lambda: transforms.RandomErasing(scale=(0, 2)), ArgumentError, "scale should be between 0 and 1"),
        (lambda: transforms.RandomErasing(ratio=(0, 2)), ArgumentError, "ratio should be positive"),
        (lambda: transforms.RandomErasing(1, value=(1, 2))(FLOATS), ArgumentError, "2 values, but the image has 3"),
    ],
)
def test_arguments_out_of_range_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
