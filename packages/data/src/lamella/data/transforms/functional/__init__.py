"""Transforms as functions, under torchvision's names: ``from lamella.data.transforms import functional as F``.

Each takes a tensor (..., C, H, W) of bytes or floats, with any number of leading dims, or a Pillow image, and
gives back the same kind. Gradients do not flow through.
"""

from __future__ import annotations

from lamella.data.transforms.functional.colour import (
    adjust_brightness,
    adjust_contrast,
    adjust_gamma,
    adjust_saturation,
    autocontrast,
    equalize,
    invert,
    posterize,
    rgb_to_grayscale,
    solarize,
)
from lamella.data.transforms.functional.conversion import (
    convert_image_dtype,
    normalize,
    pil_to_tensor,
    to_dtype,
    to_image,
    to_pil_image,
    to_tensor,
)
from lamella.data.transforms.functional.filtering import adjust_sharpness, erase, gaussian_blur, gaussian_noise
from lamella.data.transforms.functional.geometry import (
    center_crop,
    crop,
    five_crop,
    horizontal_flip,
    pad,
    resize,
    resized_crop,
    ten_crop,
    vertical_flip,
)
from lamella.data.transforms.functional.hue import adjust_hue
from lamella.data.transforms.functional.images import get_dimensions, get_num_channels, get_size
from lamella.data.transforms.functional.resampling import InterpolationMode
from lamella.data.transforms.functional.warping import affine, elastic, perspective, rotate

hflip = horizontal_flip
vflip = vertical_flip
to_grayscale = rgb_to_grayscale

__all__ = [
    "InterpolationMode",
    "adjust_brightness",
    "adjust_contrast",
    "adjust_gamma",
    "adjust_hue",
    "adjust_saturation",
    "adjust_sharpness",
    "affine",
    "autocontrast",
    "center_crop",
    "convert_image_dtype",
    "crop",
    "elastic",
    "equalize",
    "erase",
    "five_crop",
    "gaussian_blur",
    "gaussian_noise",
    "get_dimensions",
    "get_num_channels",
    "get_size",
    "hflip",
    "horizontal_flip",
    "invert",
    "normalize",
    "pad",
    "perspective",
    "pil_to_tensor",
    "posterize",
    "resize",
    "resized_crop",
    "rgb_to_grayscale",
    "rotate",
    "solarize",
    "ten_crop",
    "to_dtype",
    "to_grayscale",
    "to_image",
    "to_pil_image",
    "to_tensor",
    "vertical_flip",
    "vflip",
]
