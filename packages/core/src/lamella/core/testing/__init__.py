"""Tools for tests of ops, layers, backends and models, with PyTorch's names. Never imported at run time.

``conformance`` checks an op from its record; ``reference`` holds what the core's ops should compute.
"""

from __future__ import annotations

from lamella.core import methods  # noqa: F401  # Tensors have their methods
from lamella.core.testing.comparison import assert_close
from lamella.core.testing.gradcheck import GradcheckError, gradcheck, gradgradcheck
from lamella.core.testing.samples import make_tensor

__all__ = ["GradcheckError", "assert_close", "gradcheck", "gradgradcheck", "make_tensor"]
