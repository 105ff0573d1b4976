"""PyTorch's ``torch.testing``, and the conformance suites: tools for tests, from ``lamella.core.testing``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lamella.core.suites import SUITES, suite_class
from lamella.core.testing import GradcheckError, assert_close, gradcheck, gradgradcheck, make_tensor

if TYPE_CHECKING:
    from lamella.core.testing.backends import BackendConformance as BackendConformance
    from lamella.core.testing.kernel_sets import KernelConformance as KernelConformance
    from lamella.core.testing.plugin_ops import OpConformance as OpConformance
    from lamella.core.testing.registrations import PluginConformance as PluginConformance
    from lamella.nn.testing.layers import LayerConformance as LayerConformance
    from lamella.nn.testing.layers import LossConformance as LossConformance
    from lamella.optim.testing.optimizers import OptimizerConformance as OptimizerConformance

_KINDS = {entry.class_name: kind for kind, entry in SUITES.items()}


def __getattr__(name: str) -> Any:
    if name not in _KINDS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = suite_class(_KINDS[name])
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, *_KINDS])


__all__ = ["GradcheckError", "assert_close", "gradcheck", "gradgradcheck", "make_tensor"]
