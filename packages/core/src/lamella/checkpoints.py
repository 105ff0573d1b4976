"""Files with tensors: formats, conversion between them, and checkpoints of training runs; from ``lamella.core``."""

from __future__ import annotations

from lamella.core.checkpoints import Training, convert, inspect, load, safetensors, save

__all__ = ["Training", "convert", "inspect", "load", "safetensors", "save"]
