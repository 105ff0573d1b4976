"""Transforms: what is done to a sample on its way out of a dataset, under the names of ``torchvision.transforms.v2``.

Any callable will do. A transform that can treat a whole stack of samples at once says so with a method
``batched`` (see :mod:`lamella.data.bulk`); where each transform of a dataset does, a loader fetches a batch
in a few operations instead of a few for each sample.
"""

from __future__ import annotations

from lamella.data.transforms import functional
from lamella.data.transforms.base import Transform, batched
from lamella.data.transforms.colour import (
    ColorJitter,
    Grayscale,
    RandomAutocontrast,
    RandomEqualize,
    RandomGrayscale,
    RandomInvert,
    RandomPosterize,
    RandomSolarize,
)
from lamella.data.transforms.composing import Compose, Identity, Lambda, RandomApply, RandomChoice, RandomOrder
from lamella.data.transforms.conversion import (
    ConvertImageDtype,
    LinearTransformation,
    Normalize,
    PILToTensor,
    ToDtype,
    ToImage,
    ToPILImage,
    ToTensor,
)
from lamella.data.transforms.filtering import GaussianBlur, GaussianNoise, RandomAdjustSharpness, RandomErasing
from lamella.data.transforms.functional import InterpolationMode
from lamella.data.transforms.geometry import (
    CenterCrop,
    FiveCrop,
    Pad,
    RandomCrop,
    RandomHorizontalFlip,
    RandomResizedCrop,
    RandomVerticalFlip,
    Resize,
    TenCrop,
)
from lamella.data.transforms.mixing import CutMix, MixUp
from lamella.data.transforms.policies import AugMix, AutoAugment, RandAugment, TrivialAugmentWide
from lamella.data.transforms.policy_tables import AutoAugmentPolicy
from lamella.data.transforms.warping import ElasticTransform, RandomAffine, RandomPerspective, RandomRotation

__all__ = [
    "AugMix",
    "AutoAugment",
    "AutoAugmentPolicy",
    "CenterCrop",
    "ColorJitter",
    "Compose",
    "ConvertImageDtype",
    "CutMix",
    "ElasticTransform",
    "FiveCrop",
    "GaussianBlur",
    "GaussianNoise",
    "Grayscale",
    "Identity",
    "InterpolationMode",
    "Lambda",
    "LinearTransformation",
    "MixUp",
    "Normalize",
    "PILToTensor",
    "Pad",
    "RandAugment",
    "RandomAdjustSharpness",
    "RandomAffine",
    "RandomApply",
    "RandomAutocontrast",
    "RandomChoice",
    "RandomCrop",
    "RandomEqualize",
    "RandomErasing",
    "RandomGrayscale",
    "RandomHorizontalFlip",
    "RandomInvert",
    "RandomOrder",
    "RandomPerspective",
    "RandomPosterize",
    "RandomResizedCrop",
    "RandomRotation",
    "RandomSolarize",
    "RandomVerticalFlip",
    "Resize",
    "TenCrop",
    "ToDtype",
    "ToImage",
    "ToPILImage",
    "ToTensor",
    "Transform",
    "TrivialAugmentWide",
    "batched",
    "functional",
]
