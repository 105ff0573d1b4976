"""Transforms that cut, pad, flip and scale images."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from lamella.core.errors import ArgumentError, ArgumentTypeError
from lamella.data.transforms.base import FixedTransform, RandomTransform, Transform, checked_range
from lamella.data.transforms.draws import integer, uniform
from lamella.data.transforms.functional import geometry as F
from lamella.data.transforms.functional.geometry import Size
from lamella.data.transforms.functional.images import Fill, get_size
from lamella.data.transforms.functional.resampling import InterpolationMode, Mode, checked_mode


def checked_size(size: Any, name: str) -> tuple[int, int]:
    """(height, width) of a size given as one or two numbers."""
    if not isinstance(size, (int, tuple, list)):
        raise ArgumentTypeError(f"{name}: size should be an int or a sequence of ints, got {size!r}.")
    values = (size,) if isinstance(size, int) else tuple(size)
    if len(values) not in (1, 2):
        raise ArgumentError(f"{name}: Please provide only two dimensions (h, w) for size, got {size!r}.")
    if min(values) < 1:
        raise ArgumentError(f"{name}: size should be positive, got {size!r}.")
    return values[0], values[-1]


class Resize(FixedTransform):
    """Scale to another size.

    Args:
        size: (height, width), or the length of the shorter edge, whereupon the longer one keeps the proportion.
        interpolation: ``"nearest"``, ``"nearest-exact"``, ``"bilinear"`` or ``"bicubic"``.
        max_size: Most pixels that the longer edge may get, if ``size`` gives the shorter one or is None.
        antialias: Whether a smaller image takes all pixels of the larger into account. Pillow always does.

    Raises:
        ArgumentError: If the size or the interpolation is none.

    Example:
        >>> import lamella
        >>> Resize(14)(lamella.zeros(1, 28, 56)).shape
        lamella.Size([1, 14, 28])
    """

    def __init__(
        self,
        size: Size | None,
        interpolation: Mode = InterpolationMode.BILINEAR,
        max_size: int | None = None,
        antialias: bool | None = True,
    ) -> None:
        if size is None and not isinstance(max_size, int):
            raise ArgumentError(f"Resize: max_size must be an integer when size is None, got {max_size!r}.")
        if size is not None and not (
            isinstance(size, int) or (isinstance(size, (tuple, list)) and len(size) in (1, 2))
        ):
            raise ArgumentError(
                f"Resize: size can be an integer, a sequence of one or two integers, or None, got {size!r}."
            )
        self.size = [size] if isinstance(size, int) else None if size is None else list(size)
        self.interpolation = checked_mode(interpolation)
        self.max_size = max_size
        self.antialias = antialias

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return F.resize(inpt, self.size, self.interpolation, self.max_size, self.antialias)


class CenterCrop(FixedTransform):
    """Cut out the middle. A smaller image gets a border of 0 first.

    Args:
        size: (height, width), or one number for both.

    Raises:
        ArgumentTypeError: If it is no number, nor a sequence.
        ArgumentError: If it has more than two values, or one below 1.
    """

    def __init__(self, size: Size) -> None:
        self.size = checked_size(size, "CenterCrop")

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return F.center_crop(inpt, self.size)


class FiveCrop(Transform):
    """Cut out the four corners and the middle: a tuple of five images.

    Args:
        size: (height, width), or one number for both.

    Raises:
        ArgumentTypeError: If it is no number, nor a sequence.
        ArgumentError: If it has more than two values, or one below 1, or an image is smaller.
    """

    def __init__(self, size: Size) -> None:
        self.size = checked_size(size, "FiveCrop")

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return F.five_crop(inpt, self.size)


class TenCrop(Transform):
    """Cut out the four corners and the middle, of the image and of the flipped image: a tuple of ten.

    Args:
        size: (height, width), or one number for both.
        vertical_flip: Swap top and bottom rather than left and right.

    Raises:
        ArgumentTypeError: If the size is no number, nor a sequence.
        ArgumentError: If it has more than two values, or one below 1, or an image is smaller.
    """

    def __init__(self, size: Size, vertical_flip: bool = False) -> None:
        self.size = checked_size(size, "TenCrop")
        self.vertical_flip = vertical_flip

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return F.ten_crop(inpt, self.size, self.vertical_flip)


class Pad(FixedTransform):
    """Add a border.

    Args:
        padding: Its width in pixels: one for all sides, (left and right, top and bottom), or (left, top, right,
            bottom).
        fill: Value of a constant border, or one for each channel.
        padding_mode: ``"constant"``, ``"edge"``, ``"reflect"`` or ``"symmetric"``.

    Raises:
        ArgumentTypeError: If the padding is no number, nor a tuple or list.
        ArgumentError: If it has other than 1, 2 or 4 values, or the mode is unknown.
    """

    def __init__(self, padding: Size, fill: Fill = 0, padding_mode: str = "constant") -> None:
        F.sides(padding)
        F.check_padding_mode(padding_mode)
        self.padding = padding
        self.fill = fill
        self.padding_mode = padding_mode

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return F.pad(inpt, self.padding, self.fill, self.padding_mode)


class RandomHorizontalFlip(RandomTransform):
    """Swap left and right with a probability.

    Args:
        p: The probability.

    Raises:
        ArgumentError: If it is none.

    Example:
        >>> import lamella
        >>> RandomHorizontalFlip(p=1.0)(lamella.tensor([[[1, 2]]])).tolist()
        [[[2, 1]]]
    """

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return F.horizontal_flip(inpt)


class RandomVerticalFlip(RandomTransform):
    """Swap top and bottom with a probability.

    Args:
        p: The probability.

    Raises:
        ArgumentError: If it is none.
    """

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return F.vertical_flip(inpt)


class RandomCrop(Transform):
    """Cut out a rectangle anywhere.

    Args:
        size: (height, width), or one number for both.
        padding: Border that is added first; see :class:`Pad`. None for none.
        pad_if_needed: Add what a smaller image lacks, on both sides.
        fill: Value of a constant border, or one for each channel.
        padding_mode: ``"constant"``, ``"edge"``, ``"reflect"`` or ``"symmetric"``.

    Raises:
        ArgumentTypeError: If the size or the padding is no number, nor a sequence.
        ArgumentError: If they have a wrong number of values, the mode is unknown, or an image is smaller.

    Example:
        >>> import lamella
        >>> RandomCrop(32, padding=4)(lamella.zeros(3, 32, 32)).shape
        lamella.Size([3, 32, 32])
    """

    def __init__(
        self,
        size: Size,
        padding: Size | None = None,
        pad_if_needed: bool = False,
        fill: Fill = 0,
        padding_mode: str = "constant",
    ) -> None:
        self.size = checked_size(size, "RandomCrop")
        self.padding = None if padding is None else F.sides(padding)
        F.check_padding_mode(padding_mode)
        self.pad_if_needed = pad_if_needed
        self.fill = fill
        self.padding_mode = padding_mode

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        height, width = get_size(flat_inputs[0])
        crop_height, crop_width = self.size
        left, top, right, bottom = self.padding or (0, 0, 0, 0)
        lacking_rows = max(crop_height - (height + top + bottom), 0)
        lacking_columns = max(crop_width - (width + left + right), 0)
        if lacking_rows or lacking_columns:
            if not self.pad_if_needed:
                raise ArgumentError(
                    f"RandomCrop: Required crop size {self.size} is larger than the image, "
                    f"{(height + top + bottom, width + left + right)} with its padding. Pass pad_if_needed=True."
                )
            top, bottom = top + lacking_rows, bottom + lacking_rows
            left, right = left + lacking_columns, right + lacking_columns
        return {
            "padding": (left, top, right, bottom),
            "top": integer(0, height + top + bottom - crop_height + 1),
            "left": integer(0, width + left + right - crop_width + 1),
        }

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        if any(params["padding"]):
            inpt = F.pad(inpt, params["padding"], self.fill, self.padding_mode)
        return F.crop(inpt, params["top"], params["left"], *self.size)


class RandomResizedCrop(Transform):
    """Cut out a rectangle of any size and shape, and scale it.

    Args:
        size: (height, width) of the result, or one number for both.
        scale: Range of the rectangle's part of the image's area.
        ratio: Range of its width by its height. It is drawn evenly by its logarithm.
        interpolation: ``"nearest"``, ``"nearest-exact"``, ``"bilinear"`` or ``"bicubic"``.
        antialias: See :class:`Resize`.

    Where ten tries do not fit the image, the middle is taken.

    Raises:
        ArgumentTypeError: If the size is no number, nor a sequence, or a range is no two numbers.
        ArgumentError: If they have values out of range, or the interpolation is unknown.

    Example:
        >>> import lamella
        >>> RandomResizedCrop(8)(lamella.zeros(3, 32, 24)).shape
        lamella.Size([3, 8, 8])
    """

    def __init__(
        self,
        size: Size,
        scale: Sequence[float] = (0.08, 1.0),
        ratio: Sequence[float] = (3 / 4, 4 / 3),
        interpolation: Mode = InterpolationMode.BILINEAR,
        antialias: bool | None = True,
    ) -> None:
        self.size = checked_size(size, "RandomResizedCrop")
        self.scale = checked_range(scale, "RandomResizedCrop: scale")
        self.ratio = checked_range(ratio, "RandomResizedCrop: ratio")
        if self.scale[0] < 0 or self.ratio[0] <= 0:
            raise ArgumentError(
                f"RandomResizedCrop: scale should not be negative and ratio positive, got {scale}, {ratio}."
            )
        self.interpolation = checked_mode(interpolation)
        self.antialias = antialias

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        height, width = get_size(flat_inputs[0])
        for _ in range(10):
            rows, columns = rectangle(height * width, self.scale, self.ratio)
            if 0 < rows <= height and 0 < columns <= width:
                return {
                    "top": integer(0, height - rows + 1),
                    "left": integer(0, width - columns + 1),
                    "height": rows,
                    "width": columns,
                }
        low, high = self.ratio
        rows = min(height, round(width / low))
        columns = min(width, round(height * high))
        return {"top": (height - rows) // 2, "left": (width - columns) // 2, "height": rows, "width": columns}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return F.resized_crop(
            inpt, **params, size=self.size, interpolation=self.interpolation, antialias=self.antialias
        )


def rectangle(area: int, scale: tuple[float, float], ratio: tuple[float, float]) -> tuple[int, int]:
    """Height and width of a rectangle drawn by its part of an area and, evenly in logarithms, by its shape."""
    part = area * uniform(*scale)
    shape = math.exp(uniform(math.log(ratio[0]), math.log(ratio[1])))
    return round(math.sqrt(part / shape)), round(math.sqrt(part * shape))
