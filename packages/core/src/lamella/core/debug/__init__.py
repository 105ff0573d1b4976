"""What helps to find a mistake in a program: where NaN comes from, what a tensor keeps alive, who called an op."""

from __future__ import annotations

from lamella.core import methods  # noqa: F401  # Tensors have their methods
from lamella.core.call_sites import CallSite
from lamella.core.debug.finite import check_finite
from lamella.core.debug.lines import record_lines
from lamella.core.debug.retained import Retained, Share, retained
from lamella.core.errors import NonFiniteError

__all__ = ["CallSite", "NonFiniteError", "Retained", "Share", "check_finite", "record_lines", "retained"]
