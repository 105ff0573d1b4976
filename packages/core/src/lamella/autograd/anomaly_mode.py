"""PyTorch's ``torch.autograd.anomaly_mode``: where a failing gradient comes from, from ``lamella.core``."""

from __future__ import annotations

from lamella.core.anomaly import detect_anomaly, set_detect_anomaly

__all__ = ["detect_anomaly", "set_detect_anomaly"]
