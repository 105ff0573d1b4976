"""What holds for every transform: structures, stacks, Pillow images, seeds, copies, and how it reads."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import lamella
from lamella.core.errors import ArgumentError, ArgumentTypeError, DtypeError, ShapeError
from lamella.data import transforms
from lamella.data.transforms import functional as F

RNG = np.random.default_rng(0)
BYTES = lamella.from_numpy(RNG.integers(20, 230, (3, 24, 20), dtype=np.uint8))
PHOTO = F.to_pil_image(BYTES)
FLOATS = BYTES.float() / 255

FIXED = [
    transforms.Resize(12),
    transforms.Resize((30, 10), "nearest"),
    transforms.CenterCrop((10, 30)),
    transforms.Pad((1, 2), padding_mode="reflect"),
    transforms.Grayscale(3),
    transforms.Identity(),
    transforms.ToDtype(lamella.float32, scale=True),
    transforms.ConvertImageDtype(lamella.float64),
    transforms.ToImage(),
    transforms.Compose([transforms.ConvertImageDtype(), transforms.Normalize((0.5,) * 3, (0.2,) * 3)]),
]
CROPS = [transforms.FiveCrop(8), transforms.TenCrop((8, 6), vertical_flip=True)]
RANDOM = [
    transforms.RandomHorizontalFlip(),
    transforms.RandomVerticalFlip(0.4),
    transforms.RandomCrop(20, padding=2),
    transforms.RandomResizedCrop(9),
    transforms.RandomRotation(30, "bilinear", fill=3),
    transforms.RandomAffine(10, (0.1, 0.2), (0.8, 1.2), (-5, 5, -3, 3)),
    transforms.RandomPerspective(p=0.9),
    transforms.ElasticTransform(20.0, 2.0),
    transforms.ColorJitter(0.4, 0.4, 0.4, 0.1),
    transforms.RandomGrayscale(0.5),
    transforms.RandomInvert(),
    transforms.RandomPosterize(3),
    transforms.RandomSolarize(120),
    transforms.RandomAdjustSharpness(2),
    transforms.RandomAutocontrast(),
    transforms.RandomEqualize(),
    transforms.GaussianBlur(5),
    transforms.GaussianNoise(0.0, 0.2),
    transforms.RandomErasing(value="random"),
    transforms.AutoAugment(),
    transforms.AutoAugment(transforms.AutoAugmentPolicy.CIFAR10),
    transforms.AutoAugment(transforms.AutoAugmentPolicy.SVHN),
    transforms.RandAugment(),
    transforms.TrivialAugmentWide(),
    transforms.AugMix(),
    transforms.RandomApply([transforms.RandomInvert(1.0), transforms.Pad(1)]),
    transforms.RandomChoice([transforms.Pad(1), transforms.Resize(12)], p=[1, 3]),
    transforms.RandomOrder([transforms.Pad(1), transforms.RandomCrop(12)]),
]
ALL = [*FIXED, *CROPS, *RANDOM]


def drawn(transform, image, seed=3):
    lamella.manual_seed(seed)
    return transform(image)


def same(first, second):
    if isinstance(first, tuple):
        return all(same(*pair) for pair in zip(first, second, strict=True))
    return np.array_equal(np.asarray(first), np.asarray(second))


@pytest.mark.parametrize("transform", ALL, ids=repr)
def test_a_seed_gives_the_same_again_and_no_input_changes(transform):
    before = BYTES.clone()
    assert all(same(drawn(transform, BYTES, seed), drawn(transform, BYTES, seed)) for seed in range(5))
    assert same(BYTES, before)


@pytest.mark.parametrize("transform", RANDOM, ids=repr)
def test_seeds_differ(transform):
    results = [drawn(transform, BYTES, seed) for seed in range(12)]
    assert not all(same(results[0], result) for result in results)


@pytest.mark.parametrize("transform", ALL, ids=repr)
def test_copies_do_the_same(transform):
    for twin in (copy.deepcopy(transform), pickle.loads(pickle.dumps(transform))):
        assert repr(twin) == repr(transform)
        assert same(drawn(transform, BYTES), drawn(twin, BYTES))


@pytest.mark.parametrize("transform", FIXED, ids=repr)
def test_a_stack_gives_what_its_images_give(transform):
    stack = lamella.from_numpy(RNG.integers(0, 256, (4, 3, 24, 20), dtype=np.uint8))
    apply = transforms.batched(transform)
    assert same(apply(stack), lamella.stack([transform(image) for image in stack]))


@pytest.mark.parametrize("transform", [*CROPS, *RANDOM], ids=repr)
def test_what_draws_for_each_sample_offers_no_stack(transform):
    assert transforms.batched(transform) is None


def test_a_stack_of_images_without_channels_is_refused_as_one_is():
    for image in (lamella.zeros(8, 8), lamella.zeros(5, 8, 8)):
        apply = transforms.Resize(4) if image.ndim == 2 else transforms.batched(transforms.Resize(4))
        with pytest.raises(ShapeError, match=r"expected a tensor \(..., C, H, W\), got one of shape \(8, 8\)"):
            apply(image)


@pytest.mark.parametrize("transform", [t for t in RANDOM if not isinstance(t, transforms.GaussianNoise)], ids=repr)
def test_a_batch_gets_one_draw(transform):
    single, batch = drawn(transform, BYTES), drawn(transform, lamella.stack([BYTES, BYTES]))
    if isinstance(transform, transforms.RandomErasing):
        assert same(batch[0], batch[1])
    assert same(batch[0], single) and same(batch[1], single)


@pytest.mark.parametrize("transform", ALL[:5] + RANDOM[:2], ids=repr)
def test_structures_keep_their_form_and_everything_but_the_image(transform):
    label, boxes = lamella.tensor(7), lamella.zeros(4, 4)
    sample = {"label": label, "inside": [BYTES, boxes, "name"], "other": (FLOATS, 3)}
    result = drawn(transform, sample)
    assert same(result["inside"][0], drawn(transform, BYTES))
    assert result["label"] is label and result["inside"][1] is boxes and result["inside"][2] == "name"
    assert result["other"][0] is FLOATS and result["other"][1] == 3
    image, number = drawn(transform, (BYTES, 5))
    assert number == 5 and same(image, drawn(transform, BYTES))
    assert same(drawn(lambda pair: transform(*pair), (BYTES, 5))[0], image)


def test_all_pillow_images_of_a_sample_get_the_same_draw_and_tensors_none():
    lamella.manual_seed(0)
    for _ in range(10):
        first, second, tensor = transforms.RandomCrop(8)(PHOTO, PHOTO.copy(), BYTES)
        assert same(first, second) and tensor is BYTES


def test_a_sample_without_an_image_is_refused():
    with pytest.raises(ArgumentTypeError, match=r"Resize: found no image for it in the sample, only \['str', 'int'\]"):
        transforms.Resize(3)(("a", 1))
    with pytest.raises(ArgumentTypeError, match=r"expected an image, a tensor .* got ndarray. ToImage\(\)"):
        transforms.RandomHorizontalFlip(1.0)(np.zeros((3, 4, 4)))


@pytest.mark.parametrize(
    "transform", [t for t in [*FIXED[:5], *RANDOM[:24]] if not isinstance(t, transforms.AugMix)], ids=repr
)
def test_pillow_images_stay_pillow_images(transform):
    for photo in (PHOTO, PHOTO.convert("L")):
        if photo.mode == "L" and isinstance(transform, transforms.Grayscale):
            continue
        result = drawn(transform, photo)
        assert isinstance(result, Image.Image)
        assert result.mode == photo.mode
        tensor = drawn(transform, F.pil_to_tensor(photo))
        assert tensor.shape[1:] == (result.height, result.width)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "HSV", "I", "F", "I;16"])
def test_moving_pixels_of_any_mode(mode):
    photo = Image.new("I;16", (20, 24), 700) if mode == "I;16" else PHOTO.convert("P" if mode == "P" else mode)
    assert F.hflip(photo).mode == mode
    assert same(F.hflip(photo), photo.transpose(Image.Transpose.FLIP_LEFT_RIGHT))
    assert same(F.crop(photo, -1, 2, 9, 30), photo.crop((2, -1, 32, 8)))
    assert F.hflip(photo).getpalette() == photo.getpalette()


@pytest.mark.parametrize(
    ("function", "arguments", "modes"),
    [
        (F.invert, (), "L and RGB alone"),
        (F.posterize, (3,), "L and RGB alone"),
        (F.solarize, (100,), "L and RGB alone"),
        (F.gaussian_blur, (3, 1.0), "no palette"),
    ],
)
def test_tensors_and_pillow_images_agree_where_both_are_exact(function, arguments, modes):
    for photo in (PHOTO, PHOTO.convert("L")):
        expected = function(F.pil_to_tensor(photo), *arguments)
        assert same(F.pil_to_tensor(function(photo, *arguments)), expected)
    refused = PHOTO.convert("P" if modes == "no palette" else "RGBA")
    with pytest.raises(ArgumentError, match=r"expected a Pillow image of mode .* Turn its values into colours first"):
        function(refused, *arguments)


@pytest.mark.parametrize(
    ("function", "arguments", "difference"),
    [
        (F.equalize, (), 0),
        (F.autocontrast, (), 1),
        (F.resize, ((13, 31),), 1),
        (F.adjust_brightness, (1.3,), 1),
        (F.adjust_contrast, (0.7,), 1),
        (F.adjust_saturation, (0.4,), 2),
        (F.adjust_sharpness, (1.6,), 2),
        (F.rgb_to_grayscale, (3,), 1),
    ],
)
def test_pillows_own_operations_are_about_ours(function, arguments, difference):
    ours = function(BYTES, *arguments).int().numpy()
    theirs = F.pil_to_tensor(function(PHOTO, *arguments)).int().numpy()
    assert np.abs(ours - theirs).max() <= difference


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
def test_pillow_turns_as_we_do(interpolation):
    smooth = F.gaussian_blur(PHOTO, 9, 3.0)
    corners = [(0, 0), (9, 0), (9, 9), (0, 9)]
    for call in (
        lambda image: F.rotate(image, 20, interpolation, fill=(9, 8, 7)),
        lambda image: F.affine(image, 20, (1, 2), 1.2, (5, 5), interpolation, fill=9, center=(3, 4)),
        lambda image: F.perspective(image, corners, [(1, 0), (8, 1), (9, 8), (0, 9)], interpolation),
    ):
        ours = call(F.pil_to_tensor(smooth)).int().numpy()
        theirs = F.pil_to_tensor(call(smooth)).int().numpy()
        assert np.median(np.abs(ours - theirs)) <= 1
    with pytest.raises(ArgumentError, match="fill has 2 values, but the image has 3 channels"):
        F.rotate(PHOTO, 20, fill=(1, 2))


def test_hue_of_pillow_images_turns_in_steps():
    turned = F.adjust_hue(PHOTO, 1 / 3).convert("HSV")
    hue = np.array(turned)[..., 0].astype(int) - np.array(PHOTO.convert("HSV"))[..., 0]
    assert np.median(np.abs((hue % 256) - 85)) <= 2
    assert F.adjust_hue(PHOTO.convert("L"), 0.2).mode == "L"
    with pytest.raises(ArgumentError, match="between -0.5 and 0.5"):
        F.adjust_hue(PHOTO, 2)


def test_pillow_is_not_imported_by_transforms():
    code = (
        "import sys, lamella\nfrom lamella.data import transforms as t\n"
        "x = t.Compose([t.RandomCrop(3), t.ColorJitter(0.1), t.ToDtype(lamella.float32, scale=True)])"
        "(lamella.zeros(3, 4, 4, dtype=lamella.uint8))\n"
        "assert 'PIL' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "I", "F", "1"])
def test_there_and_back(mode):
    photo = PHOTO.convert(mode)
    tensor = transforms.PILToTensor()(photo)
    assert tuple(tensor.shape) == (len(photo.getbands()), 24, 20)
    back = F.to_pil_image(tensor, "F" if mode == "F" else None)
    assert back.mode == ("L" if mode == "1" else mode)
    assert same(back, photo.convert(back.mode) if mode == "1" else photo)
    assert same(F.to_image(photo), tensor)


def test_words_become_integers_that_hold_them():
    photo = Image.new("I;16", (20, 24), 40000)
    assert F.pil_to_tensor(photo).dtype == F.to_tensor(photo).dtype == lamella.int32
    assert (F.pil_to_tensor(photo) == 40000).all()
    assert F.to_pil_image(np.array(photo)).mode == "I;16"


def test_pillow_images_become_floats_and_arrays_images():
    assert same(transforms.ToTensor()(PHOTO), BYTES.numpy() / np.float32(255))
    assert same(transforms.ToTensor()((PHOTO, 3))[0], transforms.ToTensor()(np.array(PHOTO)))
    assert same(transforms.ToImage()(np.array(PHOTO)), BYTES)
    assert same(transforms.ToImage()(np.zeros((4, 5))), np.zeros((1, 4, 5)))
    assert same(transforms.batched(transforms.ToImage())(lamella.zeros(7, 4, 5)), np.zeros((7, 1, 4, 5)))
    assert transforms.ToImage()(BYTES) is BYTES
    assert same(transforms.ToPILImage()(FLOATS), PHOTO) and same(transforms.ToPILImage()(np.array(PHOTO)), PHOTO)
    assert transforms.ToPILImage("HSV")((BYTES, 3))[0].mode == "HSV"
    assert F.to_pil_image(lamella.zeros(4, 5)).size == (5, 4)


@pytest.mark.parametrize(
    ("given", "dtype", "expected"),
    [
        (lamella.tensor([0.0, 0.5, 1.0]), lamella.uint8, [0, 127, 255]),
        (lamella.tensor([0, 255], dtype=lamella.uint8), lamella.int16, [0, 255 << 7]),
        (lamella.tensor([0, 32767], dtype=lamella.int16), lamella.uint8, [0, 255]),
        (lamella.tensor([0, 127], dtype=lamella.int8), lamella.float64, [0.0, 1.0]),
        (lamella.tensor([0.25], dtype=lamella.float64), lamella.int32, [(1 << 29) - 1]),
    ],
)
def test_scaling_to_another_dtype(given, dtype, expected):
    result = F.convert_image_dtype(given, dtype)
    assert result.dtype == dtype
    np.testing.assert_allclose(result.tolist(), expected, rtol=1e-9)
    assert F.to_dtype(given, dtype).tolist() == given.to(dtype).tolist()


def test_linear_transformation_whitens():
    data = lamella.from_numpy(RNG.normal(size=(500, 2, 1, 2)) @ np.array([[2.0, 1], [0, 0.5]]))
    flat = data.reshape(500, 4).numpy()
    values, vectors = np.linalg.eigh(np.cov(flat.T))
    whiten = transforms.LinearTransformation(
        lamella.from_numpy(vectors / np.sqrt(values)), lamella.from_numpy(flat.mean(0))
    )
    np.testing.assert_allclose(np.cov(whiten(data).reshape(500, 4).numpy().T), np.eye(4), atol=1e-10)
    assert repr(whiten).startswith("LinearTransformation(transformation_matrix=[[")


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: F.pil_to_tensor(BYTES), ArgumentTypeError, "expected a Pillow image, got Tensor"),
        (lambda: F.to_image("a"), ArgumentTypeError, "expected a Pillow image, an ndarray or a tensor, got str"),
        (lambda: F.to_image(lamella.zeros(3)), ShapeError, r"at least 2 dimensions, got shape \(3,\)"),
        (lambda: F.to_pil_image("a"), ArgumentTypeError, "pic should be a tensor or an ndarray, got str"),
        (lambda: F.to_pil_image(lamella.zeros(2, 3, 4, 4)), ArgumentError, "2/3 dimensional, got 4 dimensions"),
        (lambda: F.to_pil_image(np.zeros(3)), ArgumentError, "2/3 dimensional, got 1 dimensions"),
        (lambda: F.to_pil_image(lamella.zeros(5, 4, 4)), ArgumentError, "1 to 4 channels, got 5"),
        (lambda: F.to_pil_image(BYTES, "RGBA"), ArgumentError, "can be of mode RGB or YCbCr or HSV, got 'RGBA'"),
        (lambda: F.to_pil_image(BYTES.int()), ArgumentTypeError, "3 channels of int32 are not supported by Pillow"),
        (lambda: F.to_dtype(FLOATS, lamella.int32, True), DtypeError, "float32 holds 24 binary digits, too few"),
        (lambda: transforms.ToDtype(float), ArgumentError, "dtype should be a lamella.dtype, got <class 'float'>"),
        (
            lambda: transforms.LinearTransformation(lamella.zeros(2, 3), lamella.zeros(2)),
            ArgumentError,
            r"should be square, got shape \(2, 3\)",
        ),
        (
            lambda: transforms.LinearTransformation(lamella.eye(2), lamella.zeros(3)),
            ArgumentError,
            "mean_vector should have 2 values, .* got 3",
        ),
        (
            lambda: transforms.LinearTransformation(lamella.eye(2), lamella.zeros(2))(FLOATS),
            ArgumentError,
            "has 1440 values, but the matrix is for 2",
        ),
        (
            lambda: transforms.LinearTransformation(lamella.eye(2), lamella.zeros(2))(PHOTO),
            ShapeError,
            r"expected a tensor \(..., C, H, W\)",
        ),
        (lambda: transforms.RandomApply(3), ArgumentTypeError, "transforms should be a sequence of callables, got 3"),
        (lambda: transforms.RandomOrder([]), ArgumentError, "Pass at least one transform"),
        (lambda: transforms.RandomChoice([abs], p=[1, 2]), ArgumentError, "doesn't match .*: 2 != 1"),
        (lambda: transforms.RandomChoice([abs], p=[0]), ArgumentError, "weights that are not negative nor all 0"),
        (lambda: F.get_size(3), ArgumentTypeError, "expected an image, .* got int"),
    ],
)
def test_arguments_out_of_range_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_sizes_of_images():
    assert F.get_dimensions(PHOTO) == F.get_dimensions(BYTES) == [3, 24, 20]
    assert F.get_size(PHOTO) == [24, 20] and F.get_num_channels(PHOTO) == 3


def test_choices_come_as_often_as_they_should():
    lamella.manual_seed(0)
    choice = transforms.RandomChoice([lambda x: 0, lambda x: 1, lambda x: 2], p=[1, 2, 7])
    counts = np.bincount([choice(None) for _ in range(2000)])
    np.testing.assert_allclose(counts / 2000, [0.1, 0.2, 0.7], atol=0.04)
    apply = transforms.RandomApply([lambda x: x + 1, lambda x: x * 2], p=0.25)
    results = [apply(1) for _ in range(2000)]
    assert set(results) == {1, 4} and abs(results.count(4) / 2000 - 0.25) < 0.04
    order = transforms.RandomOrder([lambda x: x + 1, lambda x: x * 2])
    results = [order(1) for _ in range(2000)]
    assert set(results) == {3, 4} and abs(results.count(3) / 2000 - 0.5) < 0.04


def test_several_inputs_go_through_a_composition_together():
    compose = transforms.Compose([transforms.Resize(4), transforms.Lambda(lambda x: x + 1, int)])
    image, label = transforms.Compose([transforms.Resize(4)])(BYTES, 3)
    assert tuple(image.shape) == (3, 4, 4) and label == 3
    assert compose((BYTES, 3))[1] == 4
    assert transforms.Identity()(1, 2) == (1, 2)
    assert transforms.RandomHorizontalFlip(0.0)(BYTES, 2) == (BYTES, 2)


def test_what_transforms_read_like():
    assert repr(transforms.Resize(7)) == ("Resize(size=[7], interpolation=InterpolationMode.BILINEAR, antialias=True)")
    assert repr(transforms.RandomHorizontalFlip()) == "RandomHorizontalFlip(p=0.5)"
    assert repr(transforms.ToDtype(lamella.uint8)) == "ToDtype(dtype=lamella.uint8, scale=False)"
    assert repr(transforms.RandomOrder([transforms.Pad(1)])) == (
        "RandomOrder(\n    Pad(padding=1, fill=0, padding_mode=constant)\n)"
    )
