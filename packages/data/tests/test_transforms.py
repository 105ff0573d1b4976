"""Transforms on one image and on a stack of them."""

from __future__ import annotations

import numpy as np
import pytest

import lamella
from lamella.core.errors import ArgumentError, ArgumentTypeError, ShapeError
from lamella.data.transforms import Compose, Lambda, Normalize, ToImage, ToTensor, batched

RNG = np.random.default_rng(0)
GRAY = RNG.integers(0, 256, (5, 4, 3), dtype=np.uint8)
COLOUR = RNG.integers(0, 256, (5, 4, 3, 2), dtype=np.uint8)


@pytest.mark.parametrize("convert", [np.asarray, lamella.from_numpy], ids=["array", "tensor"])
def test_to_tensor_scales_bytes(convert):
    gray = ToTensor()(convert(GRAY[0]))
    assert gray.dtype == lamella.float32
    assert tuple(gray.shape) == (1, 4, 3)
    np.testing.assert_array_equal(gray.numpy()[0], GRAY[0].astype(np.float32) / np.float32(255))

    # Arrays have their channels last, tensors first.
    colour = ToTensor()(convert(COLOUR[0] if convert is np.asarray else COLOUR[0].transpose(2, 0, 1)))
    assert tuple(colour.shape) == (2, 4, 3)
    assert colour.is_contiguous()
    np.testing.assert_array_equal(colour.numpy()[1], COLOUR[0, :, :, 1].astype(np.float32) / np.float32(255))


def test_to_tensor_only_scales_bytes():
    image = np.array([[0.5, 300.0]])
    result = ToTensor()(image)
    assert result.dtype == lamella.float64
    assert result.tolist() == [[[0.5, 300.0]]]
    result += 1
    assert image.tolist() == [[0.5, 300.0]]


def test_to_tensor_refuses_other_types():
    with pytest.raises(
        ArgumentTypeError, match=r"pic should be a Pillow image, an ndarray or a tensor\. Got <class 'str'>"
    ):
        ToTensor()("7")


@pytest.mark.parametrize("ndim", [0, 1, 4])
def test_to_tensor_refuses_other_dimensions(ndim):
    with pytest.raises(ArgumentError, match=f"pic should be 2/3 dimensional.*Got {ndim} dimensions"):
        ToTensor()(np.zeros((1,) * ndim))


@pytest.mark.parametrize("dtype", [lamella.float32, lamella.float64])
@pytest.mark.parametrize(("mean", "std"), [((0.5, -1.0), (2.0, 4.0)), ([0.5], [2.0]), (0.5, 2.0)])
def test_normalize(dtype, mean, std):
    image = RNG.normal(size=(2, 3, 4)).astype(dtype.numpy)
    tensor = lamella.from_numpy(image.copy())
    result = Normalize(mean, std)(tensor)
    shift, scale = (np.array(values, dtype=dtype.numpy).reshape(-1, 1, 1) for values in (mean, std))
    assert result.dtype == dtype
    np.testing.assert_array_equal(result.numpy(), (image - shift) / scale)
    np.testing.assert_array_equal(tensor.numpy(), image)


def test_normalize_in_place():
    tensor = lamella.ones(1, 2, 2)
    assert Normalize(0.0, 0.5, inplace=True)(tensor) is tensor
    assert tensor.tolist() == [[[2.0, 2.0], [2.0, 2.0]]]


@pytest.mark.parametrize("std", [0, (1.0, 0.0), [0.0]])
def test_normalize_refuses_a_std_of_zero(std):
    with pytest.raises(ArgumentError, match=r"std evaluated to zero.*division by zero.*Expected values other than"):
        Normalize(0.0, std)


def test_normalize_refuses_a_std_that_becomes_zero():
    normalize = Normalize(0.0, 1e-60)
    assert normalize(lamella.zeros(1, 1, 1, dtype=lamella.float64)).item() == 0
    with pytest.raises(ArgumentError, match="std evaluated to zero after conversion to float32"):
        normalize(lamella.zeros(1, 1, 1))


@pytest.mark.parametrize(
    ("image", "error", "message"),
    [
        (np.zeros((1, 2, 2)), ArgumentTypeError, "img should be a tensor image. Got <class 'numpy.ndarray'>"),
        (
            lamella.zeros(1, 2, 2, dtype=lamella.uint8),
            ArgumentTypeError,
            "should be a float tensor. Got lamella.uint8",
        ),
        (
            lamella.zeros(2, 2),
            ArgumentError,
            r"image of size \(..., C, H, W\). Got tensor.size\(\) = \(2, 2\)",
        ),
        (
            lamella.zeros(1, 2, 2),
            ShapeError,
            r"mean has 3 values, but the image has 1 channels \(shape \(1, 2, 2\)\)",
        ),
    ],
)
def test_normalize_refuses_other_images(image, error, message):
    with pytest.raises(error, match=message):
        Normalize((0.1, 0.2, 0.3), (1.0, 1.0, 1.0))(image)


def test_compose_applies_in_order():
    assert Compose([lambda x: x + 1, Lambda(lambda x: x * 10)])(2) == 30
    assert Compose([])(2) == 2


def test_lambda_refuses_what_cannot_be_called():
    with pytest.raises(ArgumentTypeError, match="Argument lambd should be callable, got 'int'"):
        Lambda(3)


def test_reprs():
    compose = Compose([ToTensor(), Normalize((0.1307,), (0.3081,)), Lambda(abs)])
    assert repr(compose) == "Compose(\n    ToTensor()\n    Normalize(mean=(0.1307,), std=(0.3081,))\n    Lambda()\n)"


@pytest.mark.parametrize("images", [GRAY, COLOUR], ids=["gray", "colour"])
@pytest.mark.parametrize(
    "transform",
    [
        None,
        ToTensor(),
        Compose([]),
        Compose([ToTensor(), Normalize((0.1307,), (0.3081,))]),
        Compose([ToTensor(), Compose([Normalize(0.5, 0.5, inplace=True)])]),
    ],
    ids=repr,
)
def test_a_stack_gives_what_its_images_give(images, transform):
    stack = lamella.from_numpy(images.copy())
    result = batched(transform)(stack)
    one_by_one = lamella.stack([image if transform is None else transform(image) for image in stack])
    assert result.dtype == one_by_one.dtype
    np.testing.assert_array_equal(result.numpy(), one_by_one.numpy())
    np.testing.assert_array_equal(stack.numpy(), images)


class Noisy(ToTensor):
    """Changes what happens to one image, and inherits the form for stacks."""

    def __call__(self, pic):
        return super().__call__(pic) + 1


class Brighter(ToTensor):
    """Changes what is done to an image in the way of transforms."""

    def transform(self, inpt, params):
        return super().transform(inpt, params) + 1


class Wider(ToImage):
    """Likewise, of another transform with a form of its own for stacks."""

    def transform(self, inpt, params):
        return super().transform(inpt, params).expand(3, -1, -1)


@pytest.mark.parametrize(
    "transform", [Lambda(abs), abs, Noisy(), Brighter(), Wider(), Compose([ToTensor(), Noisy()])], ids=repr
)
def test_what_cannot_take_a_stack_says_so(transform):
    assert batched(transform) is None
