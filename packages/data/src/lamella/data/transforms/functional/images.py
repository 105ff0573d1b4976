"""What an image is: a tensor (..., C, H, W) or a Pillow image, and how one function serves both."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from enum import Enum
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

import lamella
from lamella import Tensor
from lamella.core.errors import ArgumentError, ArgumentTypeError, ShapeError

if TYPE_CHECKING:
    from typing import TypeGuard

    from PIL.Image import Image as PillowImage

Array = NDArray[Any]
Fill = float | Sequence[float] | None  # one value, or one for each channel; None for 0
ImageT = TypeVar("ImageT")
P = ParamSpec("P")


def is_pillow(value: object) -> TypeGuard[PillowImage]:
    """Whether ``value`` is a Pillow image. Does not import Pillow: where nobody has, there is no such image."""
    module = sys.modules.get("PIL.Image")
    return module is not None and isinstance(value, module.Image)


def is_image(value: object) -> bool:
    """Whether ``value`` is a tensor of at least 3 dimensions or a Pillow image."""
    return (isinstance(value, Tensor) and value.ndim >= 3) or is_pillow(value)


def get_dimensions(inpt: Any) -> list[int]:
    """Tell channels, height and width of an image.

    Args:
        inpt: A tensor (..., C, H, W) or a Pillow image.

    Returns:
        ``[C, H, W]``.

    Raises:
        ArgumentTypeError: If it is neither.
        ShapeError: If the tensor has fewer than 3 dimensions.

    Example:
        >>> import lamella
        >>> get_dimensions(lamella.zeros(8, 3, 20, 30))
        [3, 20, 30]
    """
    if is_pillow(inpt):
        return [len(inpt.getbands()), inpt.height, inpt.width]
    return list(_checked(inpt, "get_dimensions").shape[-3:])


def get_size(inpt: Any) -> list[int]:
    """Tell height and width of an image, as :func:`get_dimensions` does."""
    return get_dimensions(inpt)[1:]


def get_num_channels(inpt: Any) -> int:
    """Tell how many channels an image has, as :func:`get_dimensions` does."""
    return get_dimensions(inpt)[0]


def array_of(image: PillowImage) -> Array:
    """The pixels of a Pillow image, (C, H, W). Those of mode ``"1"`` are 0 and 255, as those of mode ``"L"``."""
    pixels = np.array(image)
    if image.mode == "1":
        pixels = pixels.astype(np.uint8) * np.uint8(255)
    return pixels[None] if pixels.ndim == 2 else np.ascontiguousarray(np.moveaxis(pixels, -1, 0))


def pillow_of(pixels: Array, mode: str) -> PillowImage:
    """A Pillow image of pixels (C, H, W)."""
    from PIL import Image

    plane = pixels[0] if len(pixels) == 1 else np.moveaxis(pixels, 0, -1)
    if plane.dtype != np.uint8:
        return Image.fromarray(np.ascontiguousarray(plane))  # the dtype says which mode
    size = (plane.shape[1], plane.shape[0])
    if mode == "1":
        return Image.frombytes("L", size, plane.tobytes()).convert("1", dither=Image.Dither.NONE)
    return Image.frombytes(mode, size, plane.tobytes())


class Modes(Enum):
    """The modes of Pillow whose pixels a function can take as they are, by what it does to them."""

    MOVED = "any"
    AVERAGED = "any without a palette"
    JUDGED = "'L' or 'RGB'"

    def fit(self, mode: str) -> bool:
        """Whether images of this mode are among them."""
        if self is Modes.JUDGED:
            return mode in ("L", "RGB")
        return self is Modes.MOVED or mode not in ("P", "PA")


def on_images(
    modes: Modes = Modes.JUDGED, pillow: Callable[..., Any] | None = None
) -> Callable[[Callable[Concatenate[Array, P], Array]], Callable[Concatenate[ImageT, P], ImageT]]:
    """Make a function of an array (..., C, H, W) one of tensors and Pillow images, which gives back the same kind.

    Args:
        modes: The Pillow images whose pixels can go through the function.
        pillow: Does the same to a Pillow image of any mode, where Pillow's own result is another.
    """

    def decorate(kernel: Callable[Concatenate[Array, P], Array]) -> Callable[Concatenate[ImageT, P], ImageT]:
        name = kernel.__name__

        @wraps(kernel)
        def function(inpt: Any, *args: P.args, **kwargs: P.kwargs) -> Any:
            if not is_pillow(inpt):
                array = _checked(inpt, name).detach().numpy()
                result = kernel(array, *args, **kwargs)
                return inpt if result is array else lamella.from_numpy(result)
            if pillow is not None:
                return pillow(inpt, *args, **kwargs)
            if not modes.fit(inpt.mode):
                raise ArgumentError(
                    f"{name}: expected a Pillow image of mode {modes.value}, got {inpt.mode!r}. "
                    "Turn its values into colours first: image.convert('RGB')."
                )
            image = pillow_of(kernel(array_of(inpt), *args, **kwargs), inpt.mode)
            if (palette := inpt.getpalette()) is not None:
                image.putpalette(palette)
            return image

        return cast("Callable[Concatenate[ImageT, P], ImageT]", function)

    return decorate


def _checked(inpt: Any, name: str) -> Tensor:
    if not isinstance(inpt, Tensor):
        raise ArgumentTypeError(
            f"{name}: expected an image, a tensor (..., C, H, W) or a Pillow image, got {type(inpt).__name__}. "
            "ToImage() or ToTensor() make a tensor of an array."
        )
    if inpt.ndim < 3:
        raise ShapeError(
            f"{name}: expected a tensor (..., C, H, W), got one of shape {tuple(inpt.shape)}. "
            "ToImage() or ToTensor() put a dim for the channels in front."
        )
    return inpt


def checked_pair(values: Any, what: str) -> tuple[Any, Any]:
    """Two numbers of a number or of a sequence of one or two."""
    if isinstance(values, (int, float)):
        return values, values
    if not isinstance(values, (tuple, list)):
        raise ArgumentTypeError(f"{what} should be a number or a sequence of two, got {values!r}.")
    if len(values) not in (1, 2):
        raise ArgumentError(f"{what} should be a number or a sequence of two, got {len(values)} values: {values!r}.")
    return values[0], values[-1]


def integral(array: Array) -> bool:
    """Whether the image's dtype is one of integers."""
    return not np.issubdtype(array.dtype, np.floating)


def max_value(array: Array) -> int:
    """The value that stands for white: 1 for floats, the largest one for integers."""
    return int(np.iinfo(array.dtype).max) if integral(array) else 1


def as_float(array: Array) -> Array:
    """The image to compute with: float64 as it is, everything else in float32."""
    return array.astype(np.float64 if array.dtype == np.float64 else np.float32, copy=False)


def rounded_like(result: Array, array: Array) -> Array:
    """The result in the image's dtype, rounded if that is one of integers."""
    return (np.rint(result) if integral(array) else result).astype(array.dtype, copy=False)
