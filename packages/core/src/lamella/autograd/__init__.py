"""PyTorch's ``torch.autograd``: gradients, grad modes and user-written ops, from ``lamella.core``."""

from __future__ import annotations

from typing import Any

from lamella.core import namespaces
from lamella.core.autograd import backward, grad
from lamella.core.function import Function
from lamella.core.late_imports import import_late
from lamella.core.modes import enable_grad, inference_mode, no_grad, set_grad_enabled

# PyTorch has them here, and few programs need them. Nothing imports the test tools at run time.
_LATER = {
    "Variable": "lamella.core.legacy",
    "gradcheck": "lamella.core.testing",
    "gradgradcheck": "lamella.core.testing",
    "detect_anomaly": "lamella.core.anomaly",
    "set_detect_anomaly": "lamella.core.anomaly",
}


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return getattr(import_late(_LATER[name]), name)
    return namespaces.lookup(name, __name__)


__all__ = ["Function", "backward", "enable_grad", "grad", "inference_mode", "no_grad", "set_grad_enabled"]
