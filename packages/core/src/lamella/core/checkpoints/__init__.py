"""Checkpoints: tensors and plain values in files, read without executing anything in them."""

from __future__ import annotations

from lamella.core.checkpoints.files import load, save

__all__ = ["load", "save"]
