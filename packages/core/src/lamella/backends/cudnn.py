"""PyTorch's switches for cuDNN, which Lamella does not use: what is set is kept, and changes nothing."""

from __future__ import annotations

enabled: bool = True
benchmark: bool = False
benchmark_limit: int = 10
deterministic: bool = False
allow_tf32: bool = True


def is_available() -> bool:
    """Say whether cuDNN is used: it is not."""
    return False


def version() -> None:
    """The version of cuDNN: None, as there is none."""


__all__ = ["allow_tf32", "benchmark", "benchmark_limit", "deterministic", "enabled", "is_available", "version"]
