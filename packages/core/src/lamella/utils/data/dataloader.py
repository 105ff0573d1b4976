"""PyTorch's long name for the loader of ``lamella.data``."""

from __future__ import annotations

from lamella.data import DataLoader, default_collate, default_convert, get_worker_info

__all__ = ["DataLoader", "default_collate", "default_convert", "get_worker_info"]
