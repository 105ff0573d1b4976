"""Transforms that turn, shear, tilt and bend images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import lamella
from lamella.core.errors import ArgumentError, ArgumentTypeError
from lamella.data.transforms.base import RandomTransform, Transform
from lamella.data.transforms.draws import integer, uniform
from lamella.data.transforms.functional import filtering
from lamella.data.transforms.functional import warping as F
from lamella.data.transforms.functional.images import Fill, checked_pair, get_size
from lamella.data.transforms.functional.resampling import InterpolationMode, Mode, checked_mode


def _checked_angles(values: Any, name: str, lengths: tuple[int, ...] = (2,)) -> tuple[float, ...]:
    """A range of angles: (min, max), or one number for (-number, number)."""
    if isinstance(values, (int, float)):
        if values < 0:
            raise ArgumentError(f"{name}: a single number must be positive, got {values}.")
        return -float(values), float(values)
    return _checked_values(values, name, lengths)


def _checked_values(values: Any, name: str, lengths: tuple[int, ...] = (2,)) -> tuple[float, ...]:
    """So many numbers."""
    wanted = " or ".join(map(str, lengths))
    if not isinstance(values, (tuple, list)):
        raise ArgumentTypeError(f"{name} should be a sequence of length {wanted}, got {values!r}.")
    if len(values) not in lengths:
        raise ArgumentError(f"{name} should be a sequence of length {wanted}, got {len(values)} values: {values!r}.")
    return tuple(float(value) for value in values)


class RandomRotation(Transform):
    """Turn by any angle.

    Args:
        degrees: Range of the angle in degrees, counter-clockwise, or one number for (-degrees, degrees).
        interpolation: ``"nearest"`` or ``"bilinear"``; of Pillow images also ``"bicubic"``.
        expand: Make the result large enough for the whole image.
        center: (x, y) of the point that stays, in pixels from the top left corner; by default the middle.
        fill: Value outside of the image, or one for each channel.

    Raises:
        ArgumentTypeError: If a range is no sequence.
        ArgumentError: If a value is outside of its range.

    Example:
        >>> import lamella
        >>> RandomRotation((90, 90))(lamella.tensor([[[1, 2], [3, 4]]])).tolist()
        [[[2, 4], [1, 3]]]
    """

    def __init__(
        self,
        degrees: float | Sequence[float],
        interpolation: Mode = InterpolationMode.NEAREST,
        expand: bool = False,
        center: Sequence[float] | None = None,
        fill: Fill = 0,
    ) -> None:
        self.degrees = _checked_angles(degrees, "RandomRotation: degrees")
        self.interpolation = checked_mode(interpolation)
        self.expand = expand
        self.center = None if center is None else _checked_values(center, "RandomRotation: center")
        self.fill = fill

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        return {"angle": uniform(*self.degrees)}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return F.rotate(inpt, params["angle"], self.interpolation, self.expand, self.center, self.fill)


class RandomAffine(Transform):
    """Turn, move, scale and shear.

    Args:
        degrees: Range of the angle in degrees, clockwise, or one number for (-degrees, degrees).
        translate: Largest steps along x and y, as parts of width and height; None for none.
        scale: Range of the factor; None for 1.
        shear: Range of the angle along x, or (min, max) along x and (min, max) along y, or one number for
            (-shear, shear) along x; None for 0.
        interpolation: ``"nearest"`` or ``"bilinear"``; of Pillow images also ``"bicubic"``.
        fill: Value outside of the image, or one for each channel.
        center: (x, y) of the point that stays, in pixels from the top left corner; by default the middle.

    Raises:
        ArgumentTypeError: If a range is no sequence.
        ArgumentError: If a value is outside of its range.
    """

    def __init__(
        self,
        degrees: float | Sequence[float],
        translate: Sequence[float] | None = None,
        scale: Sequence[float] | None = None,
        shear: float | Sequence[float] | None = None,
        interpolation: Mode = InterpolationMode.NEAREST,
        fill: Fill = 0,
        center: Sequence[float] | None = None,
    ) -> None:
        self.degrees = _checked_angles(degrees, "RandomAffine: degrees")
        self.translate = None if translate is None else _checked_values(translate, "RandomAffine: translate")
        if self.translate is not None and not all(0 <= part <= 1 for part in self.translate):
            raise ArgumentError(f"RandomAffine: translate values should be between 0 and 1, got {translate}.")
        self.scale = None if scale is None else _checked_values(scale, "RandomAffine: scale")
        if self.scale is not None and min(self.scale) <= 0:
            raise ArgumentError(f"RandomAffine: scale values should be positive, got {scale}.")
        self.shear = None if shear is None else _checked_angles(shear, "RandomAffine: shear", (2, 4))
        self.interpolation = checked_mode(interpolation)
        self.fill = fill
        self.center = None if center is None else _checked_values(center, "RandomAffine: center")

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        height, width = get_size(flat_inputs[0])
        x, y = self.translate or (0.0, 0.0)
        shear = (*(self.shear or (0.0, 0.0)), 0.0, 0.0)
        return {
            "angle": uniform(*self.degrees),
            "translate": (round(uniform(-x * width, x * width)), round(uniform(-y * height, y * height))),
            "scale": uniform(*(self.scale or (1.0, 1.0))),
            "shear": (uniform(*shear[:2]), uniform(*shear[2:4])),
        }

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return F.affine(inpt, **params, interpolation=self.interpolation, fill=self.fill, center=self.center)


class RandomPerspective(RandomTransform):
    """Look from another side, with a probability.

    Args:
        distortion_scale: How far the corners may go inwards, from 0 to 1 (the middle).
        p: The probability.
        interpolation: ``"nearest"`` or ``"bilinear"``; of Pillow images also ``"bicubic"``.
        fill: Value outside of the image, or one for each channel.

    Raises:
        ArgumentError: If a value is outside of its range.
    """

    def __init__(
        self,
        distortion_scale: float = 0.5,
        p: float = 0.5,
        interpolation: Mode = InterpolationMode.BILINEAR,
        fill: Fill = 0,
    ) -> None:
        super().__init__(p)
        if not 0 <= distortion_scale <= 1:
            raise ArgumentError(
                f"RandomPerspective: distortion_scale should be between 0 and 1, got {distortion_scale}."
            )
        self.distortion_scale = distortion_scale
        self.interpolation = checked_mode(interpolation)
        self.fill = fill

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        height, width = get_size(flat_inputs[0])
        down, right = (int(self.distortion_scale * (edge // 2)) + 1 for edge in (height, width))
        x = [integer(0, right), integer(width - right, width), integer(width - right, width), integer(0, right)]
        y = [integer(0, down), integer(0, down), integer(height - down, height), integer(height - down, height)]
        corners = [(0, 0), (width - 1, 0), (width - 1, height - 1), (0, height - 1)]
        return {"coefficients": F.perspective_coefficients(corners, list(zip(x, y, strict=True)))}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return F.perspective(inpt, None, None, self.interpolation, self.fill, params["coefficients"])


class ElasticTransform(Transform):
    """Bend as if the image were printed on rubber.

    Args:
        alpha: How far pixels go, along x and y, or one number for both.
        sigma: How smoothly: standard deviation in pixels of the blur of the displacements, likewise.
        interpolation: ``"nearest"`` or ``"bilinear"``.
        fill: Value outside of the image, or one for each channel.

    Raises:
        ArgumentTypeError: If ``alpha`` or ``sigma`` is no number, nor a sequence.
        ArgumentError: If one has more than two values, or ``sigma`` a negative one.

    Reference: Patrice Simard, Dave Steinkraus and John Platt, Best practices for convolutional neural networks
    applied to visual document analysis (2003), https://doi.org/10.1109/ICDAR.2003.1227801.
    """

    def __init__(
        self,
        alpha: float | Sequence[float] = 50.0,
        sigma: float | Sequence[float] = 5.0,
        interpolation: Mode = InterpolationMode.BILINEAR,
        fill: Fill = 0,
    ) -> None:
        self.alpha = checked_pair(alpha, "ElasticTransform: alpha")
        self.sigma = checked_pair(sigma, "ElasticTransform: sigma")
        if min(self.sigma) < 0:
            raise ArgumentError(f"ElasticTransform: sigma should not be negative, got {sigma}.")
        self.interpolation = checked_mode(interpolation)
        self.fill = fill

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        height, width = get_size(flat_inputs[0])
        steps = []
        for alpha, sigma, edge in zip(self.alpha, self.sigma, (width, height), strict=True):
            noise = lamella.rand(1, height, width) * 2 - 1
            if sigma > 0:
                size = int(8 * sigma + 1) | 1  # odd
                noise = filtering.gaussian_blur(noise, size, self.sigma)
            steps.append(noise * (alpha / edge))
        return {"displacement": lamella.stack(steps, dim=-1)}  # (1, H, W, 2)

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return F.elastic(inpt, params["displacement"], self.interpolation, self.fill)
