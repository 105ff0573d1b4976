"""Transforms that blur, sharpen, add noise, and erase."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import lamella
from lamella.core.errors import ArgumentError, ArgumentTypeError
from lamella.data.transforms.base import RandomTransform, Transform, checked_range
from lamella.data.transforms.draws import integer, uniform
from lamella.data.transforms.functional import filtering as F
from lamella.data.transforms.functional.images import checked_pair, get_dimensions
from lamella.data.transforms.geometry import rectangle


class GaussianBlur(Transform):
    """Blur with Gaussian weights.

    Args:
        kernel_size: Pixels that are averaged, (along x, along y), or one number for both; odd.
        sigma: Range of the standard deviation in pixels, or one number.

    Raises:
        ArgumentTypeError: If an argument is no number, nor a sequence.
        ArgumentError: If a value is outside of its range.
    """

    def __init__(self, kernel_size: int | Sequence[int], sigma: float | Sequence[float] = (0.1, 2.0)) -> None:
        self.kernel_size = checked_pair(kernel_size, "GaussianBlur: kernel_size")
        if any(size <= 0 or size % 2 == 0 for size in self.kernel_size):
            raise ArgumentError(f"GaussianBlur: kernel_size should be odd and positive, got {kernel_size}.")
        self.sigma = checked_pair(sigma, "GaussianBlur: sigma")
        if not 0 < self.sigma[0] <= self.sigma[1]:
            raise ArgumentError(f"GaussianBlur: sigma should be positive and of the form (min, max), got {sigma}.")

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        return {"sigma": uniform(*self.sigma)}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return F.gaussian_blur(inpt, self.kernel_size, params["sigma"])


class GaussianNoise(Transform):
    """Add normal noise.

    Args:
        mean: Of the noise, where 1 is white.
        sigma: Its standard deviation, likewise.
        clip: Keep values between black and white.

    Raises:
        ArgumentError: If ``sigma`` is negative.
    """

    def __init__(self, mean: float = 0.0, sigma: float = 0.1, clip: bool = True) -> None:
        F.check_sigma(sigma)
        self.mean = mean
        self.sigma = sigma
        self.clip = clip

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return F.gaussian_noise(inpt, self.mean, self.sigma, self.clip)


class RandomAdjustSharpness(RandomTransform):
    """Sharpen or blur, with a probability.

    Args:
        sharpness_factor: 0 gives the blurred image, 1 the same image, 2 a sharper one.
        p: The probability.

    Raises:
        ArgumentError: If a value is outside of its range.
    """

    def __init__(self, sharpness_factor: float, p: float = 0.5) -> None:
        super().__init__(p)
        F.check_sharpness(sharpness_factor)
        self.sharpness_factor = sharpness_factor

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return F.adjust_sharpness(inpt, self.sharpness_factor)


class RandomErasing(RandomTransform):
    """Put values over a rectangle anywhere, with a probability.

    Args:
        p: The probability.
        scale: Range of the rectangle's part of the image's area.
        ratio: Range of its height by its width. It is drawn evenly by its logarithm.
        value: What is put there: a number, one for each channel, or ``"random"`` for normal noise.
        inplace: Change the tensor given.

    Where ten tries do not fit the image, it stays as it is.

    Raises:
        ArgumentTypeError: If an argument has another type.
        ArgumentError: If a value is outside of its range, or there is not one for each channel.

    Reference: Zhun Zhong et al., Random erasing data augmentation (2020), https://doi.org/10.1609/aaai.v34i07.7000.
    """

    def __init__(
        self,
        p: float = 0.5,
        scale: Sequence[float] = (0.02, 0.33),
        ratio: Sequence[float] = (0.3, 3.3),
        value: float | str | Sequence[float] = 0.0,
        inplace: bool = False,
    ) -> None:
        super().__init__(p)
        if not isinstance(value, (int, float, str, tuple, list)):
            raise ArgumentTypeError(f"RandomErasing: value should be a number, a sequence or 'random', got {value!r}.")
        if isinstance(value, str) and value != "random":
            raise ArgumentError(f"RandomErasing: if value is str, it should be 'random', got {value!r}.")
        self.scale = checked_range(scale, "RandomErasing: scale")
        self.ratio = checked_range(ratio, "RandomErasing: ratio")
        if self.scale[0] < 0 or self.scale[1] > 1:
            raise ArgumentError(f"RandomErasing: scale should be between 0 and 1, got {scale}.")
        if self.ratio[0] <= 0:
            raise ArgumentError(f"RandomErasing: ratio should be positive, got {ratio}.")
        self.value = value
        self.inplace = inplace

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        channels, height, width = get_dimensions(flat_inputs[0])
        if isinstance(self.value, (tuple, list)) and len(self.value) not in (1, channels):
            raise ArgumentError(
                f"RandomErasing: value has {len(self.value)} values, but the image has {channels} channels. "
                "Give one for each channel, or one for all."
            )
        for _ in range(10):
            # torchvision's ratio is that of height to width here, and of width to height in RandomResizedCrop.
            columns, rows = rectangle(height * width, self.scale, self.ratio)
            if rows < height and columns < width:
                i, j = integer(0, height - rows + 1), integer(0, width - columns + 1)
                if isinstance(self.value, str):
                    values = lamella.randn(channels, rows, columns)
                else:
                    values = lamella.tensor(self.value, dtype=lamella.float32).reshape(-1, 1, 1)
                return {"i": i, "j": j, "h": rows, "w": columns, "v": values}
        return {}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return F.erase(inpt, **params, inplace=self.inplace) if params else inpt
