"""Single images: files to tensors and back, through Pillow (``pip install lamella-data[images]``)."""

from __future__ import annotations

import os
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

import lamella
from lamella import Tensor
from lamella.core.errors import ArgumentError, ArgumentTypeError, DataError, PackageMissing

if TYPE_CHECKING:
    from PIL.Image import Image

#: What ``mode`` may be, with Pillow's name for it.
MODES = {"UNCHANGED": None, "GRAY": "L", "GRAY_ALPHA": "LA", "RGB": "RGB", "RGB_ALPHA": "RGBA"}

# Pillow knows some forty formats, some through programs of others. These are the ones people keep images in.
_FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")


def read_image(path: str | os.PathLike[str], mode: str = "UNCHANGED") -> Tensor:
    """Read an image file: BMP, GIF (its first picture), JPEG, PNG, PPM, TIFF or WebP.

    Args:
        path: The file.
        mode: ``"UNCHANGED"``, ``"GRAY"``, ``"GRAY_ALPHA"``, ``"RGB"`` or ``"RGB_ALPHA"``: the channels to convert to.

    Returns:
        A ``uint8`` tensor (C, H, W).

    Raises:
        ArgumentError: If there is no such mode.
        DataError: If the file is damaged, no such image, or larger than Pillow's limit (``Image.MAX_IMAGE_PIXELS``).
        PackageMissing: If Pillow is not installed.

    Example:
        >>> import tempfile
        >>> with tempfile.NamedTemporaryFile(suffix=".png") as file:
        ...     write_png(lamella.tensor([[[0, 255]]], dtype=lamella.uint8), file.name)
        ...     read_image(file.name, "RGB").shape, read_image(file.name)
        (lamella.Size([3, 1, 2]), tensor([[[  0, 255]]], dtype=lamella.uint8))
    """
    if mode not in MODES:
        raise ArgumentError(f"read_image: expected a mode among {', '.join(MODES)}; found {mode!r}.")
    image = open_image(path, None)
    if image.mode[0] in "IF":
        raise DataError(
            f"{os.fspath(path)}: expected 8 bits a channel, found an image of Pillow's mode {image.mode}. "
            "Convert it, as its values mean what only its maker knows."
        )
    kept = image.mode if image.mode in ("L", "LA", "RGB", "RGBA") else _nearest_mode(image)
    image = image.convert(MODES[mode] or kept)
    array = np.array(image)
    return lamella.from_numpy(array[None] if array.ndim == 2 else np.ascontiguousarray(np.moveaxis(array, -1, 0)))


def _nearest_mode(image: Image) -> str:
    """The mode that shows what an image of one of the rarer modes shows (one bit, a palette, CMYK and so on)."""
    if image.mode == "1":
        return "L"
    return "RGBA" if image.has_transparency_data else "RGB"


def write_png(tensor: Tensor, path: str | os.PathLike[str]) -> None:
    """Write an image to a PNG file.

    Args:
        tensor: ``uint8`` (C, H, W): gray, gray and alpha, RGB, or RGB and alpha.
        path: The file; replaced if it is there.

    Raises:
        ArgumentTypeError: If it is no tensor of dtype ``uint8``.
        ArgumentError: If its shape is none of an image.
        PackageMissing: If Pillow is not installed.
    """
    if not isinstance(tensor, Tensor) or tensor.dtype is not lamella.uint8:
        found = tensor.dtype if isinstance(tensor, Tensor) else type(tensor).__name__
        raise ArgumentTypeError(f"write_png: expected a uint8 tensor, found {found}.")
    if tensor.ndim != 3 or tensor.shape[0] not in (1, 2, 3, 4) or 0 in tensor.shape:
        raise ArgumentError(f"write_png: expected (C, H, W) with 1 to 4 channels, found shape {tuple(tensor.shape)}.")
    to_pillow(tensor).save(path, format="PNG")


def to_pillow(tensor: Tensor) -> Image:
    """The Pillow image of a ``uint8`` tensor (C, H, W) with 1 to 4 channels.

    Raises:
        PackageMissing: If Pillow is not installed.
    """
    array = np.moveaxis(tensor.numpy(), 0, -1)
    image: Image = _pillow().fromarray(np.ascontiguousarray(array[..., 0] if array.shape[-1] == 1 else array))
    return image


def open_image(path: str | os.PathLike[str], mode: str | None = "RGB") -> Image:
    """Read an image file whole, as a Pillow image; what ``ImageFolder`` does with each file.

    Args:
        path: The file.
        mode: Pillow's name of the mode to convert to; ``None`` keeps the file's.

    Returns:
        The image, in memory, with the file closed.

    Raises:
        DataError: As for :func:`read_image`.
        PackageMissing: If Pillow is not installed.
    """
    pillow = _pillow()
    with open(path, "rb") as file:
        try:
            image = pillow.open(file, formats=_FORMATS)
            image.load()
            return image if mode is None else image.convert(mode)
        # Pillow's decoders meet damage with a dozen types of exception; to their callers it is one.
        except Exception as error:
            raise DataError(
                f"{os.fspath(path)}: expected an intact image ({', '.join(_FORMATS)}), found none that Pillow can read "
                f"({type(error).__name__}: {error})."
            ) from error


def _pillow() -> ModuleType:
    try:
        from PIL import Image
    except ModuleNotFoundError as error:
        raise PackageMissing("Images need Pillow. Install it with: pip install lamella-data[images]") from error
    return Image
