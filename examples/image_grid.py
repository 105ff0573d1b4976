"""What the examples that invent images share: a grid of images as a PNG, drawn by Pillow if it is installed."""

from __future__ import annotations

import lamella as torch
from lamella.nn import functional as F


def save(images, path, columns):
    """Write ``images`` (N, 1, H, W), of values from 0 to 1, as rows of ``columns`` each; say so, or what is missing."""
    try:
        from PIL import Image  # here: an example works without it, it draws nothing then
    except ModuleNotFoundError:
        print(f"{path} needs Pillow to be drawn: pip install pillow")
        return
    pixels = (255 * images.clamp(0, 1)).round().to(torch.uint8)
    pixels = F.pad(pixels, (1, 1, 1, 1))  # a frame of one pixel around each
    rows = [torch.cat(tuple(row[:, 0]), dim=1) for row in pixels.split(columns)]
    Image.fromarray(torch.cat(rows).numpy()).save(path, format="PNG")
    print(f"wrote {path}")
