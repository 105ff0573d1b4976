"""PyTorch's ``torch.amp``: automatic mixed precision, from ``lamella.core``."""

from __future__ import annotations

from lamella.core.autocast import autocast, is_autocast_available
from lamella.core.grad_scaler import GradScaler

__all__ = ["GradScaler", "autocast", "is_autocast_available"]
