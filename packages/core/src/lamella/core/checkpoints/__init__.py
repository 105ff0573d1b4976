"""Checkpoints: tensors and plain values in files, read without executing anything in them."""

from __future__ import annotations

from lamella.core import methods  # noqa: F401  # Tensors have their methods
from lamella.core.checkpoints import safetensors
from lamella.core.checkpoints.files import convert, inspect, load, save
from lamella.core.checkpoints.training import Training

__all__ = ["Training", "convert", "inspect", "load", "safetensors", "save"]
