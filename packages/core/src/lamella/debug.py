"""Debugging that PyTorch lacks: where NaN comes from, and what a tensor keeps alive; from ``lamella.core``."""

from __future__ import annotations

from lamella.core.debug import CallSite, NonFiniteError, Retained, Share, check_finite, record_lines, retained

__all__ = ["CallSite", "NonFiniteError", "Retained", "Share", "check_finite", "record_lines", "retained"]
