"""Averages of a model's parameters over training: stochastic weight averaging, and exponential moving averages.

:class:`AveragedModel` and :func:`update_bn` work on models and need the package lamella-nn, which is imported when one
of them is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lamella.core.errors import NameMissing
from lamella.optim.swa_utils.averages import (
    get_ema_avg_fn,
    get_ema_multi_avg_fn,
    get_swa_avg_fn,
    get_swa_multi_avg_fn,
)
from lamella.optim.swa_utils.schedule import SWALR

if TYPE_CHECKING:
    from lamella.optim.swa_utils.averaged_model import AveragedModel, update_bn


def __getattr__(name: str) -> Any:
    if name not in ("AveragedModel", "update_bn"):
        raise NameMissing(f"module {__name__!r} has no attribute {name!r}")
    from lamella.optim.swa_utils import averaged_model

    return getattr(averaged_model, name)


__all__ = [
    "SWALR",
    "AveragedModel",
    "get_ema_avg_fn",
    "get_ema_multi_avg_fn",
    "get_swa_avg_fn",
    "get_swa_multi_avg_fn",
    "update_bn",
]
