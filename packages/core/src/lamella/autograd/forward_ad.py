"""PyTorch's ``torch.autograd.forward_ad``: tensors with tangents, from ``lamella.core``."""

from __future__ import annotations

from lamella.core.forward_ad import (
    UnpackedDualTensor,
    dual_level,
    enter_dual_level,
    exit_dual_level,
    make_dual,
    unpack_dual,
)

__all__ = ["UnpackedDualTensor", "dual_level", "enter_dual_level", "exit_dual_level", "make_dual", "unpack_dual"]
