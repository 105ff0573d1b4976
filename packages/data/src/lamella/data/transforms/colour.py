"""Transforms that change the values of pixels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lamella.core.errors import ArgumentError, ArgumentTypeError
from lamella.data.transforms.base import FixedTransform, RandomTransform, Transform
from lamella.data.transforms.draws import permutation, uniform
from lamella.data.transforms.functional import colour as F
from lamella.data.transforms.functional.hue import adjust_hue
from lamella.data.transforms.functional.images import get_num_channels

Jitter = float | Sequence[float] | None


def _checked_jitter(
    value: Any, name: str, centre: float = 1.0, low: float = 0.0, high: float = float("inf")
) -> tuple[float, float] | None:
    """The range of a factor: as given, or so far around the one that changes nothing; None if that is all."""
    if value is None:
        return None
    if isinstance(value, (int, float)):
        if value < 0:
            raise ArgumentError(f"ColorJitter: if {name} is a single number, it must be non negative, got {value}.")
        ends = (max(centre - value, 0.0) if low == 0 else centre - value, centre + value)
    elif isinstance(value, (tuple, list)) and len(value) == 2:
        ends = (float(value[0]), float(value[1]))
    else:
        raise ArgumentTypeError(f"ColorJitter: {name} should be a number or a sequence of two, got {value!r}.")
    if not low <= ends[0] <= ends[1] <= high:
        raise ArgumentError(
            f"ColorJitter: {name} values should be between {low} and {high} and increasing, got {value!r}."
        )
    return None if ends == (centre, centre) else ends


class ColorJitter(Transform):
    """Change brightness, contrast, saturation and hue, in an order that is drawn.

    Args:
        brightness: Range of the factor, or a number for (1 - number, 1 + number); None for no change.
        contrast: Likewise.
        saturation: Likewise.
        hue: Range in turns, within -0.5 and 0.5, or a number for (-number, number); None for no change.

    Raises:
        ArgumentTypeError: If one is neither a number nor two.
        ArgumentError: If a value is outside of its range.

    Example:
        >>> import lamella
        >>> ColorJitter(brightness=(2, 2))(lamella.tensor([[[0.25]]])).tolist()
        [[[0.5]]]
    """

    def __init__(
        self, brightness: Jitter = None, contrast: Jitter = None, saturation: Jitter = None, hue: Jitter = None
    ) -> None:
        self.brightness = _checked_jitter(brightness, "brightness")
        self.contrast = _checked_jitter(contrast, "contrast")
        self.saturation = _checked_jitter(saturation, "saturation")
        self.hue = _checked_jitter(hue, "hue", 0.0, -0.5, 0.5)

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        changes = (
            (F.adjust_brightness, self.brightness),
            (F.adjust_contrast, self.contrast),
            (F.adjust_saturation, self.saturation),
            (adjust_hue, self.hue),
        )
        order = [changes[position] for position in permutation(len(changes))]
        return {"steps": [(change, uniform(*ends)) for change, ends in order if ends is not None]}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        for change, factor in params["steps"]:
            inpt = change(inpt, factor)
        return inpt


class Grayscale(FixedTransform):
    """Make an image gray.

    Args:
        num_output_channels: 1, or 3 equal ones.

    Raises:
        ArgumentError: If it is another number.
    """

    def __init__(self, num_output_channels: int = 1) -> None:
        F.check_output_channels(num_output_channels)
        self.num_output_channels = num_output_channels

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return F.rgb_to_grayscale(inpt, self.num_output_channels)


class RandomGrayscale(RandomTransform):
    """Make an image gray, with a probability. It keeps its number of channels.

    Args:
        p: The probability.

    Raises:
        ArgumentError: If it is none.
    """

    def __init__(self, p: float = 0.1) -> None:
        super().__init__(p)

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return F.rgb_to_grayscale(inpt, get_num_channels(inpt))


class RandomInvert(RandomTransform):
    """Swap dark and light, with a probability.

    Args:
        p: The probability.

    Raises:
        ArgumentError: If it is none.
    """

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return F.invert(inpt)


class RandomPosterize(RandomTransform):
    """Keep the highest bits of each value, with a probability.

    Args:
        bits: How many, from 0 to 8.
        p: The probability.

    Raises:
        ArgumentTypeError: If ``bits`` is no integer from 0 to 8.
        ArgumentError: If ``p`` is no probability.
    """

    def __init__(self, bits: int, p: float = 0.5) -> None:
        super().__init__(p)
        F.check_bits(bits)
        self.bits = bits

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return F.posterize(inpt, self.bits)


class RandomSolarize(RandomTransform):
    """Invert the values from a threshold on, with a probability.

    Args:
        threshold: The lowest value that is inverted.
        p: The probability.

    Raises:
        ArgumentError: If ``p`` is no probability.
    """

    def __init__(self, threshold: float, p: float = 0.5) -> None:
        super().__init__(p)
        self.threshold = threshold

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return F.solarize(inpt, self.threshold)


class RandomAutocontrast(RandomTransform):
    """Stretch each channel to the whole range of values, with a probability.

    Args:
        p: The probability.

    Raises:
        ArgumentError: If it is none.
    """

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return F.autocontrast(inpt)


class RandomEqualize(RandomTransform):
    """Spread the values of each channel evenly, with a probability.

    Args:
        p: The probability.

    Raises:
        ArgumentError: If it is none.
    """

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return F.equalize(inpt)
