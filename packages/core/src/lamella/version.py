"""PyTorch's ``torch.version``: the version, and those of the platforms that PyTorch is built for."""

from __future__ import annotations

from lamella import __version__

debug = False
cuda = None
hip = None
xpu = None

__all__ = ["__version__", "cuda", "debug", "hip", "xpu"]
