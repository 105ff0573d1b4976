"""PyTorch's files, read and written without PyTorch, and without executing anything in them."""

from __future__ import annotations

from lamella.core.checkpoints.torch_files.reading import read, summary
from lamella.core.checkpoints.torch_files.writing import write

__all__ = ["read", "summary", "write"]
