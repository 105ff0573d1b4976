"""From one kind of image to another: arrays, tensors, Pillow images, dtypes, ranges of values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

import lamella
from lamella import Tensor
from lamella.core.errors import ArgumentError, ArgumentTypeError, DtypeError, ShapeError
from lamella.data.transforms.functional.images import Array, array_of, is_pillow, pillow_of

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage

# The modes of Pillow by channels, the first one the usual one.
MODES = {1: ("L",), 2: ("LA",), 3: ("RGB", "YCbCr", "HSV"), 4: ("RGBA", "CMYK", "RGBX")}
# One channel may hold more than bytes.
WIDE_MODES = {"uint16": "I;16", "int32": "I", "float32": "F"}


def to_tensor(pic: Any) -> Tensor:
    """Turn an image into a tensor with the channels first, and bytes into floats from 0 to 1.

    Args:
        pic: A Pillow image, an array (H, W) or (H, W, C), or a tensor (H, W) or (C, H, W).

    Returns:
        (C, H, W): float32, or the image's dtype if it holds no bytes.

    Raises:
        ArgumentTypeError: If it is none of these.
        ArgumentError: If it has neither 2 nor 3 dimensions.
    """
    if is_pillow(pic):
        return scaled(_values_of(pic))
    array = pic.numpy() if isinstance(pic, Tensor) else pic
    if not isinstance(array, np.ndarray):
        raise ArgumentTypeError(
            f"ToTensor: pic should be a Pillow image, an ndarray or a tensor. Got {type(pic)}. "
            "An image of another library goes through numpy.asarray first."
        )
    if array.ndim not in (2, 3):
        raise ArgumentError(
            f"ToTensor: pic should be 2/3 dimensional, (H, W) or (H, W, C). Got {array.ndim} dimensions."
        )
    if isinstance(pic, Tensor) and pic.ndim == 3:
        return scaled(array)  # tensors have their channels first already
    return scaled(channels_first(array, gray=array.ndim == 2))


def channels_first(images: Array, gray: bool) -> Array:
    """(..., H, W, C), or (..., H, W) if gray, to (..., C, H, W)."""
    return np.expand_dims(images, -3) if gray else np.moveaxis(images, -1, -3)


def scaled(images: Array) -> Tensor:
    """A tensor of a copy, of bytes from 0 to 1."""
    if images.dtype != np.uint8:
        return lamella.from_numpy(images.copy(order="C"))
    return lamella.from_numpy(np.divide(images, np.float32(255), order="C"))


def pil_to_tensor(pic: PillowImage) -> Tensor:
    """Turn a Pillow image into a tensor (C, H, W) of the same values.

    Args:
        pic: The image.

    Returns:
        A tensor of bytes, of int32 for the modes ``"I"`` and ``"I;16"``, or of float32 for ``"F"``.

    Raises:
        ArgumentTypeError: If it is no Pillow image.
    """
    if not is_pillow(pic):
        raise ArgumentTypeError(f"pil_to_tensor: expected a Pillow image, got {type(pic).__name__}.")
    return lamella.from_numpy(_values_of(pic))


def _values_of(image: PillowImage) -> Array:
    """The pixels in a dtype that tensors have."""
    pixels = array_of(image)
    return pixels.astype(np.int32) if pixels.dtype == np.uint16 else pixels


def to_image(inpt: Any) -> Tensor:
    """Turn an image into a tensor (..., C, H, W) of the same values.

    Args:
        inpt: A Pillow image, an array (H, W) or (..., H, W, C), or a tensor (H, W) or (..., C, H, W).

    Returns:
        The tensor; one given comes back, unless it lacks a dim for the channels.

    Raises:
        ArgumentTypeError: If it is none of these.
        ShapeError: If it has fewer than 2 dimensions.

    Example:
        >>> import numpy as np
        >>> to_image(np.zeros((28, 20, 3), np.uint8)).shape
        lamella.Size([3, 28, 20])
    """
    if is_pillow(inpt):
        return pil_to_tensor(inpt)
    if not isinstance(inpt, (Tensor, np.ndarray)):
        raise ArgumentTypeError(
            f"to_image: expected a Pillow image, an ndarray or a tensor, got {type(inpt).__name__}. "
            "An image of another library goes through numpy.asarray first."
        )
    if inpt.ndim < 2:
        raise ShapeError(f"to_image: expected at least 2 dimensions, got shape {tuple(inpt.shape)}.")
    if isinstance(inpt, np.ndarray):
        return lamella.from_numpy(np.ascontiguousarray(channels_first(inpt, gray=inpt.ndim == 2)))
    return inpt.unsqueeze(0) if inpt.ndim == 2 else inpt


def to_pil_image(pic: Tensor | Array, mode: str | None = None) -> PillowImage:
    """Turn a tensor or an array into a Pillow image.

    Args:
        pic: A tensor (H, W) or (C, H, W), or an array (H, W) or (H, W, C), of 1 to 4 channels. Floats are taken
            as 0 to 1 and become bytes, unless the mode is ``"F"``.
        mode: Pillow's name of the meaning of the channels. By default L, LA, RGB or RGBA; for one channel of
            uint16 or int32 it is I;16 or I.

    Returns:
        The image.

    Raises:
        ArgumentTypeError: If it is no tensor or array, or the dtype cannot be stored.
        ArgumentError: If it has neither 2 nor 3 dimensions, more than 4 channels, or the mode does not fit.
    """
    if isinstance(pic, Tensor):
        array = pic.detach().numpy()
        array = array[None] if array.ndim == 2 else array
    elif isinstance(pic, np.ndarray):
        array = channels_first(pic, gray=pic.ndim == 2) if pic.ndim in (2, 3) else pic
    else:
        raise ArgumentTypeError(f"to_pil_image: pic should be a tensor or an ndarray, got {type(pic).__name__}.")
    if array.ndim != 3:
        raise ArgumentError(f"to_pil_image: pic should be 2/3 dimensional, got {array.ndim} dimensions.")
    channels = len(array)
    if channels not in MODES:
        raise ArgumentError(f"to_pil_image: pic should have 1 to 4 channels, got {channels}.")
    if np.issubdtype(array.dtype, np.floating) and mode != "F":
        array = (array * 255).astype(np.uint8)
    possible = MODES[channels] if array.dtype == np.uint8 else ()
    if channels == 1 and array.dtype.name in WIDE_MODES:
        possible = (WIDE_MODES[array.dtype.name],)
    if not possible:
        raise ArgumentTypeError(f"to_pil_image: {channels} channels of {array.dtype} are not supported by Pillow.")
    if mode is not None and mode not in possible:
        raise ArgumentError(
            f"to_pil_image: {channels} channels of {array.dtype} can be of mode {' or '.join(possible)}, got {mode!r}."
        )
    return pillow_of(array, mode or possible[0])


def to_dtype(inpt: Tensor, dtype: lamella.dtype = lamella.float32, scale: bool = False) -> Tensor:
    """Change the dtype of an image.

    Args:
        inpt: A tensor of any shape.
        dtype: The new dtype.
        scale: Whether values follow their range: floats from 0 to 1, integers from 0 to their largest.

    Returns:
        The tensor; the same one if it has the dtype already.

    Raises:
        DtypeError: If floats are to be scaled to integers of more digits than they have.

    Example:
        >>> import lamella
        >>> to_dtype(lamella.tensor([0, 51, 255], dtype=lamella.uint8), lamella.float32, scale=True)
        tensor([0.0000, 0.2000, 1.0000])
    """
    if inpt.dtype == dtype or not scale or (inpt.is_floating_point() and dtype.is_floating_point):
        return inpt.to(dtype)
    if inpt.is_floating_point():
        digits = {lamella.float32: 24, lamella.float64: 53}.get(inpt.dtype, 11)
        white = int(lamella.iinfo(dtype).max)
        if white.bit_length() > digits:
            raise DtypeError(
                f"to_dtype: {inpt.dtype} holds {digits} binary digits, too few for a scale up to {white} ({dtype}). "
                "Scale to a smaller dtype."
            )
        return (inpt * (white + 1 - 1e-3)).to(dtype)
    white = int(lamella.iinfo(inpt.dtype).max)
    if dtype.is_floating_point:
        return inpt.to(dtype) * (1 / white)
    shift = int(lamella.iinfo(dtype).max).bit_length() - white.bit_length()
    return inpt.to(dtype) << shift if shift > 0 else (inpt >> -shift).to(dtype)


def convert_image_dtype(image: Tensor, dtype: lamella.dtype = lamella.float32) -> Tensor:
    """Change the dtype of an image and scale its values: ``to_dtype(image, dtype, scale=True)``."""
    return to_dtype(image, dtype, scale=True)


def normalize(
    inpt: Tensor, mean: Sequence[float] | float, std: Sequence[float] | float, inplace: bool = False
) -> Tensor:
    """Shift and scale each channel: ``(x - mean) / std``.

    Args:
        inpt: A tensor (..., C, H, W) of a floating dtype.
        mean: A value for each channel, or one for all.
        std: Likewise; none may be zero.
        inplace: Change the tensor given.

    Returns:
        A tensor of the same shape.

    Raises:
        ArgumentError: If a ``std`` is zero, or the tensor has fewer than 3 dimensions.
        ArgumentTypeError: If it is no tensor, or not of a floating dtype.
        ShapeError: If the channels are not as many as the values.
    """
    if not isinstance(inpt, Tensor):
        raise ArgumentTypeError(f"Normalize: img should be a tensor image. Got {type(inpt)}. Put ToTensor() before it.")
    if not inpt.is_floating_point():
        raise ArgumentTypeError(
            f"Normalize: Input tensor should be a float tensor. Got {inpt.dtype}. Put ToTensor() before it."
        )
    if inpt.ndim < 3:
        raise ArgumentError(
            "Normalize: Expected tensor to be a tensor image of size (..., C, H, W). "
            f"Got tensor.size() = {tuple(inpt.shape)}."
        )
    shift, divisor = _channel_values("mean", mean, inpt), _channel_values("std", std, inpt)
    check_std(divisor, std)  # in the tensor's dtype: a small one can become zero there
    shift, divisor = lamella.from_numpy(shift).to(inpt.device), lamella.from_numpy(divisor).to(inpt.device)
    return inpt.sub_(shift).div_(divisor) if inplace else (inpt - shift) / divisor


def _channel_values(name: str, values: Any, tensor: Tensor) -> Array:
    array = np.asarray(values, dtype=tensor.dtype.numpy).reshape(-1, 1, 1)  # (C, 1, 1)
    if len(array) not in (1, tensor.shape[-3]):
        raise ShapeError(
            f"Normalize: {name} has {len(array)} values, but the image has {tensor.shape[-3]} channels "
            f"(shape {tuple(tensor.shape)}). Give one value for each channel, or one for all."
        )
    return array


def check_std(std: Array, given: Any) -> None:
    """Refuse a divisor of zero."""
    if not std.all():
        raise ArgumentError(
            f"Normalize: std evaluated to zero after conversion to {std.dtype}, leading to division by "
            f"zero (std={given}). Expected values other than zero."
        )
