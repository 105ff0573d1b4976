"""PyTorch's ``torch.autograd.profiler``: what ops cost, from ``lamella.core``."""

from __future__ import annotations

from lamella.core.profiling import EventList, FunctionEvent, FunctionEventAvg, profile, record_function

__all__ = ["EventList", "FunctionEvent", "FunctionEventAvg", "profile", "record_function"]
