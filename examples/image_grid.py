"""What the examples that invent images share: a picture of them, if Pillow is installed to draw it."""

from __future__ import annotations

from lamella.core.errors import PackageMissing
from lamella.data.grids import save_image


def save(images, path):
    """Write ``images`` (N, 1, H, W), of values from 0 to 1, as rows of eight; say so, or what is missing."""
    try:
        save_image(images, path)
    except PackageMissing as missing:  # hours of training are not to end in an error
        print(f"{path} is not drawn: {missing}")
    else:
        print(f"wrote {path}")
