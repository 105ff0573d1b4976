"""Asks after CUDA, and takes PyTorch's switches for it."""

from __future__ import annotations

from lamella.core import plugins
from lamella.core.settings import get_float32_matmul_precision, set_float32_matmul_precision


def is_built() -> bool:
    """Say whether a plugin offers the ``cuda`` backend, even if it can't be used here."""
    return "cuda" in plugins.backends


class _Products:
    """How exact products of matrices are: another way to say :func:`lamella.set_float32_matmul_precision`."""

    @property
    def allow_tf32(self) -> bool:
        """Whether products of float32 matrices may be less exact than float32."""
        return get_float32_matmul_precision() != "highest"

    @allow_tf32.setter
    def allow_tf32(self, allowed: bool) -> None:
        set_float32_matmul_precision("high" if allowed else "highest")


matmul = _Products()

__all__ = ["is_built", "matmul"]
