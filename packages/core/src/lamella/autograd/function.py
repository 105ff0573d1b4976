"""PyTorch's ``torch.autograd.function``: user-written ops, from ``lamella.core``."""

from __future__ import annotations

from lamella.core.function import Context as FunctionCtx
from lamella.core.function import Function, once_differentiable

__all__ = ["Function", "FunctionCtx", "once_differentiable"]
