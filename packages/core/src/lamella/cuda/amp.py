"""PyTorch's ``torch.cuda.amp``: what :mod:`lamella.amp` has, for CUDA devices. Where there is none, it is disabled."""

from __future__ import annotations

from typing import Any

from lamella.core import autocast as _autocast
from lamella.core import grad_scaler as _grad_scaler
from lamella.core.dtypes import dtype as Dtype
from lamella.core.dtypes import float16


def autocast(enabled: bool = True, dtype: Dtype = float16, cache_enabled: bool = True) -> _autocast.autocast:
    """``lamella.autocast("cuda", dtype, enabled, cache_enabled)``, which see."""
    return _autocast.autocast("cuda", dtype, enabled, cache_enabled)


class GradScaler(_grad_scaler.GradScaler):
    """``lamella.GradScaler("cuda", …)``, which see.

    Args:
        args, kwargs: As there, without the device.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__("cuda", *args, **kwargs)


__all__ = ["GradScaler", "autocast"]
