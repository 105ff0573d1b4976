"""Records what PyTorch makes of two images, for the tests of lamella.data's transforms, which do without PyTorch.

Usage: python scripts/record_transforms.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import affine_grid, grid_sample, interpolate

TARGET = Path(__file__).resolve().parents[1] / "packages/data/tests/data/transforms.npz"
SHAPE = (1, 2, 11, 14)
SIZES = ((5, 6), (11, 9), (23, 17))
MODES = ("nearest", "nearest-exact", "bilinear", "bicubic")
# angle in degrees clockwise, (x, y) of the translation, scale, (x, y) of the shear in degrees
AFFINE = ((0, (2, -1), 1.0, (0, 0)), (30, (0, 0), 1.0, (0, 0)), (-20, (1, 2), 1.3, (10, -5)))


def resized(image: torch.Tensor, size: tuple[int, int], mode: str, antialias: bool) -> torch.Tensor:
    smooth = mode in ("bilinear", "bicubic")
    return interpolate(image, size, mode=mode, align_corners=False if smooth else None, antialias=antialias and smooth)


def warped(
    image: torch.Tensor, angle: float, move: tuple[int, int], scale: float, shear: tuple[float, float], mode: str
) -> torch.Tensor:
    """From the matrix itself: shear, scale, turn, move; pixels from the middle, then PyTorch's -1 to 1."""
    a, x, y = np.radians((angle, *shear))
    turn = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    shear_x = np.array([[1, -np.tan(x), 0], [0, 1, 0], [0, 0, 1]])
    shear_y = np.array([[1, 0, 0], [-np.tan(y), 1, 0], [0, 0, 1]])
    shift = np.array([[1, 0, move[0]], [0, 1, move[1]], [0, 0, 1]])
    inverse = np.linalg.inv(shift @ turn @ np.diag([scale, scale, 1]) @ shear_y @ shear_x)
    height, width = image.shape[-2:]
    to_pixels = np.diag([width / 2, height / 2, 1])
    theta = torch.from_numpy(np.linalg.inv(to_pixels) @ inverse @ to_pixels)[:2].to(image.dtype)
    grid = affine_grid(theta.expand(len(image), 2, 3), list(image.shape), align_corners=False)
    return grid_sample(image, grid, mode=mode, align_corners=False)


def main() -> None:
    generator = np.random.default_rng(0)
    images = {
        "bytes": torch.from_numpy(generator.integers(0, 256, SHAPE, dtype=np.uint8)),
        "floats": torch.from_numpy(generator.random(SHAPE, dtype=np.float32)),
    }
    recorded = {name: image.numpy() for name, image in images.items()}
    for name, image in images.items():
        for size in SIZES:
            for mode in MODES:
                for antialias in (False, True):
                    key = f"resize {name} {size[0]} {size[1]} {mode} {antialias}"
                    recorded[key] = resized(image, size, mode, antialias).numpy()
    for index, arguments in enumerate(AFFINE):
        for mode in ("nearest", "bilinear"):
            recorded[f"affine {index} {mode}"] = warped(images["floats"], *arguments, mode).numpy()
    np.savez_compressed(TARGET, **recorded)


if __name__ == "__main__":
    main()
