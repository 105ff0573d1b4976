"""PyTorch's ``torch.testing``: tools for tests, from ``lamella.core.testing``."""

from __future__ import annotations

from lamella.core.testing import GradcheckError, assert_close, gradcheck, gradgradcheck, make_tensor

__all__ = ["GradcheckError", "assert_close", "gradcheck", "gradgradcheck", "make_tensor"]
