"""PyTorch's ``torch.autograd``: gradients, grad modes and user-written ops, from ``lamella.core``."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from lamella.core.autograd import backward, grad
from lamella.core.errors import NameMissing
from lamella.core.function import Function
from lamella.core.modes import enable_grad, inference_mode, no_grad, set_grad_enabled


def __getattr__(name: str) -> Any:
    # PyTorch has them here; they belong to the test tools, which nothing imports at run time
    if name in ("gradcheck", "gradgradcheck"):
        return getattr(import_module("lamella.core.testing"), name)
    raise NameMissing(f"module 'lamella.autograd' has no attribute {name!r}")


__all__ = ["Function", "backward", "enable_grad", "grad", "inference_mode", "no_grad", "set_grad_enabled"]
