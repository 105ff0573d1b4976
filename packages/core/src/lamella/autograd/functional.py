"""PyTorch's ``torch.autograd.functional``: Jacobians, Hessians and their products, from ``lamella.core``."""

from __future__ import annotations

from lamella.core.derivatives import hessian, hvp, jacobian, jvp, vhp, vjp

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]
