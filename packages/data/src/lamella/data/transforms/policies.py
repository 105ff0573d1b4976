"""Transforms that draw operations from a list: AutoAugment, RandAugment, TrivialAugment, AugMix."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import lamella
from lamella import Tensor
from lamella.core.errors import ArgumentError
from lamella.data.transforms import functional as F
from lamella.data.transforms.base import Transform
from lamella.data.transforms.draws import chance, dirichlet, integer
from lamella.data.transforms.functional.images import Fill, get_size
from lamella.data.transforms.functional.resampling import InterpolationMode, Mode, checked_mode
from lamella.data.transforms.policy_tables import POLICIES, AutoAugmentPolicy

Step = tuple[str, float]  # an operation's name and its magnitude


@dataclass(frozen=True)
class Strength:
    """The magnitudes of operations at their strongest.

    Attributes:
        shear: Of shearing, as a tangent.
        move: Of moving, in pixels or, below 1, as a part of the edge.
        turn: Of turning, in degrees.
        change: Of brightness, colour, contrast and sharpness, away from 1.
        bits: What posterizing keeps, at its weakest and at its strongest.
    """

    shear: float
    move: float
    turn: float
    change: float
    bits: tuple[int, int]

    def ends(self, name: str, height: int, width: int) -> tuple[float, float]:
        """The weakest and the strongest magnitude, before the sign; 0 for operations that have none."""
        if name in ("ShearX", "ShearY"):
            return 0.0, self.shear
        if name in ("TranslateX", "TranslateY"):
            return 0.0, self.move * (1 if self.move >= 1 else width if name == "TranslateX" else height)
        if name == "Rotate":
            return 0.0, self.turn
        if name in CHANGES:
            return 0.0, self.change
        if name == "Posterize":
            return self.bits
        return (1.0, 0.0) if name == "Solarize" else (0.0, 0.0)


CHANGES = ("Brightness", "Color", "Contrast", "Sharpness")
SIGNED = ("ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate", *CHANGES)
MOST = (*SIGNED, "Posterize", "Solarize", "AutoContrast", "Equalize")


class _Policy(Transform):
    """Draws steps, then takes them with every image of the sample."""

    def __init__(self, strength: Strength, interpolation: Mode, fill: Fill) -> None:
        self._strength = strength
        self.interpolation = checked_mode(interpolation)
        self.fill = fill

    def _drawn(self, name: str, position: int, bins: int, image: Any) -> Step:
        """An operation with its magnitude, half of the time in the other direction."""
        ends = self._strength.ends(name, *get_size(image))
        magnitude = float(lamella.linspace(*ends, bins)[position].item())
        return name, -magnitude if name in SIGNED and chance(0.5) else magnitude

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return self._taken(inpt, params["steps"])

    def _taken(self, image: Any, steps: Sequence[Step]) -> Any:
        for name, magnitude in steps:
            image = self._step(image, name, magnitude)
        return image

    def _step(self, image: Any, name: str, magnitude: float) -> Any:
        if name == "Rotate":
            return F.rotate(image, magnitude, self.interpolation, fill=self.fill)
        if name in SIGNED and name not in CHANGES:
            return self._moved(image, name, magnitude)
        if name == "Posterize":
            return F.posterize(image, round(magnitude))
        if name == "Solarize":
            floats = isinstance(image, Tensor) and image.is_floating_point()
            return F.solarize(image, magnitude * (1 if floats else 255))
        if name in CHANGES:
            return FACTORED[name](image, 1 + magnitude)
        return PLAIN[name](image)

    def _moved(self, image: Any, name: str, magnitude: float) -> Any:
        along_x = name.endswith("X")
        if name.startswith("Translate"):
            steps = (int(magnitude), 0) if along_x else (0, int(magnitude))
            return F.affine(image, 0.0, steps, 1.0, (0.0, 0.0), self.interpolation, self.fill)
        angle = math.degrees(math.atan(magnitude))
        shear = (angle, 0.0) if along_x else (0.0, angle)
        # The papers shear away from the top left corner.
        return F.affine(image, 0.0, (0, 0), 1.0, shear, self.interpolation, self.fill, center=(0, 0))


FACTORED: dict[str, Callable[[Any, float], Any]] = {
    "Brightness": F.adjust_brightness,
    "Color": F.adjust_saturation,
    "Contrast": F.adjust_contrast,
    "Sharpness": F.adjust_sharpness,
}
PLAIN: dict[str, Callable[[Any], Any]] = {
    "AutoContrast": F.autocontrast,
    "Equalize": F.equalize,
    "Invert": F.invert,
    "Identity": lambda image: image,
}


class AutoAugment(_Policy):
    """One of 25 pairs of operations that were found best for a dataset, each with its probability and magnitude.

    Args:
        policy: The dataset.
        interpolation: ``"nearest"`` or ``"bilinear"``; of Pillow images also ``"bicubic"``.
        fill: Value outside of the image, or one for each channel; None stands for 0.

    Shape:
        (..., C, H, W) of bytes (or of floats from 0 to 1), C = 1 or 3, or a Pillow image -> the same.

    Raises:
        ArgumentError: If the policy or the interpolation is unknown.

    Reference: Ekin D. Cubuk et al., AutoAugment: Learning augmentation policies from data (2019),
    https://arxiv.org/abs/1805.09501.
    """

    def __init__(
        self,
        policy: AutoAugmentPolicy = AutoAugmentPolicy.IMAGENET,
        interpolation: Mode = InterpolationMode.NEAREST,
        fill: Fill = None,
    ) -> None:
        if policy not in POLICIES:
            raise ArgumentError(
                f"AutoAugment: policy should be one of {[str(known) for known in AutoAugmentPolicy]}, got {policy!r}."
            )
        self.policy = policy
        super().__init__(Strength(0.3, 150 / 331, 30.0, 0.9, (8, 4)), interpolation, fill)

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        pairs = POLICIES[self.policy]
        steps = []
        for name, probability, position in pairs[integer(0, len(pairs))]:
            if chance(probability):
                steps.append(self._drawn(name, position, 10, flat_inputs[0]))
        return {"steps": steps}


class RandAugment(_Policy):
    """Several operations, all of one magnitude.

    Args:
        num_ops: How many.
        magnitude: How strong, from 0 to ``num_magnitude_bins - 1``.
        num_magnitude_bins: Number of steps of strength.
        interpolation: ``"nearest"`` or ``"bilinear"``; of Pillow images also ``"bicubic"``.
        fill: Value outside of the image, or one for each channel; None stands for 0.

    Shape:
        (..., C, H, W) of bytes (or of floats from 0 to 1), C = 1 or 3, or a Pillow image -> the same.

    Raises:
        ArgumentError: If a value is outside of its range.

    Reference: Ekin D. Cubuk et al., RandAugment: Practical automated data augmentation with a reduced search space
    (2020), https://arxiv.org/abs/1909.13719.
    """

    def __init__(
        self,
        num_ops: int = 2,
        magnitude: int = 9,
        num_magnitude_bins: int = 31,
        interpolation: Mode = InterpolationMode.NEAREST,
        fill: Fill = None,
    ) -> None:
        if not isinstance(num_ops, int) or num_ops < 0:
            raise ArgumentError(f"RandAugment: num_ops should be a non-negative integer, got {num_ops!r}.")
        _check_bins(num_magnitude_bins, "RandAugment")
        if not 0 <= magnitude < num_magnitude_bins:
            raise ArgumentError(
                f"RandAugment: magnitude should be from 0 to num_magnitude_bins - 1 = {num_magnitude_bins - 1}, "
                f"got {magnitude}."
            )
        self.num_ops = num_ops
        self.magnitude = magnitude
        self.num_magnitude_bins = num_magnitude_bins
        super().__init__(Strength(0.3, 150 / 331, 30.0, 0.9, (8, 4)), interpolation, fill)

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        names = ("Identity", *MOST)
        drawn = [names[integer(0, len(names))] for _ in range(self.num_ops)]
        return {"steps": [self._drawn(name, self.magnitude, self.num_magnitude_bins, flat_inputs[0]) for name in drawn]}


class TrivialAugmentWide(_Policy):
    """One operation of any magnitude, up to strong ones.

    Args:
        num_magnitude_bins: Number of steps of strength.
        interpolation: ``"nearest"`` or ``"bilinear"``; of Pillow images also ``"bicubic"``.
        fill: Value outside of the image, or one for each channel; None stands for 0.

    Shape:
        (..., C, H, W) of bytes (or of floats from 0 to 1), C = 1 or 3, or a Pillow image -> the same.

    Raises:
        ArgumentError: If a value is outside of its range.

    Reference: Samuel G. Müller and Frank Hutter, TrivialAugment: Tuning-free yet state-of-the-art data augmentation
    (2021), https://arxiv.org/abs/2103.10158.
    """

    def __init__(
        self, num_magnitude_bins: int = 31, interpolation: Mode = InterpolationMode.NEAREST, fill: Fill = None
    ) -> None:
        _check_bins(num_magnitude_bins, "TrivialAugmentWide")
        self.num_magnitude_bins = num_magnitude_bins
        super().__init__(Strength(0.99, 32.0, 135.0, 0.99, (8, 2)), interpolation, fill)

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        names = ("Identity", *MOST)
        name = names[integer(0, len(names))]
        position = integer(0, self.num_magnitude_bins)
        return {"steps": [self._drawn(name, position, self.num_magnitude_bins, flat_inputs[0])]}


def _check_bins(bins: int, name: str) -> None:
    if bins < 2:
        raise ArgumentError(f"{name}: num_magnitude_bins should be at least 2, got {bins}.")


class AugMix(_Policy):
    """The image mixed with several of its descendants, each made by a chain of operations.

    Args:
        severity: How strong operations may be, from 1 to 10.
        mixture_width: Number of chains.
        chain_depth: Their length; a negative number for 1 to 3, drawn for each.
        alpha: Concentration of the distributions of the shares: the chains', and the original's, Beta(alpha, alpha).
        all_ops: Whether brightness, colour, contrast and sharpness belong to the operations.
        interpolation: ``"nearest"`` or ``"bilinear"``; of Pillow images also ``"bicubic"``.
        fill: Value outside of the image, or one for each channel; None stands for 0.

    Shape:
        (..., C, H, W) of bytes (or of floats from 0 to 1), C = 1 or 3, or a Pillow image -> the same.

    Raises:
        ArgumentError: If a value is outside of its range.

    Reference: Dan Hendrycks et al., AugMix: A simple data processing method to improve robustness and uncertainty
    (2020), https://arxiv.org/abs/1912.02781.
    """

    def __init__(
        self,
        severity: int = 3,
        mixture_width: int = 3,
        chain_depth: int = -1,
        alpha: float = 1.0,
        all_ops: bool = True,
        interpolation: Mode = InterpolationMode.BILINEAR,
        fill: Fill = None,
    ) -> None:
        if not 1 <= severity <= 10:
            raise ArgumentError(f"AugMix: The severity must be between [1, 10]. Got {severity} instead.")
        if mixture_width < 1:
            raise ArgumentError(f"AugMix: mixture_width should be at least 1, got {mixture_width}.")
        if alpha <= 0:
            raise ArgumentError(f"AugMix: alpha should be positive, got {alpha}.")
        self.severity = severity
        self.mixture_width = mixture_width
        self.chain_depth = chain_depth
        self.alpha = alpha
        self.all_ops = all_ops
        super().__init__(Strength(0.3, 1 / 3, 30.0, 0.9, (4, 0)), interpolation, fill)

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        names = [name for name in MOST if self.all_ops or name not in CHANGES]
        kept, mixed = dirichlet(self.alpha, 2)
        chains = []
        for share in dirichlet(self.alpha, self.mixture_width):
            depth = self.chain_depth if self.chain_depth > 0 else integer(1, 4)
            drawn = [names[integer(0, len(names))] for _ in range(depth)]
            steps = [self._drawn(name, integer(0, self.severity), 10, flat_inputs[0]) for name in drawn]
            chains.append((mixed * share, steps))
        return {"kept": kept, "chains": chains}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        image = F.to_image(inpt)
        mixed = image * params["kept"]
        for share, steps in params["chains"]:
            mixed = mixed + F.to_image(self._taken(inpt, steps)) * share
        result = mixed.to(image.dtype)
        return result if isinstance(inpt, Tensor) else F.to_pil_image(result, inpt.mode)
