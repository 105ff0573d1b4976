"""Functions of functions: gradients, Jacobians, directional derivatives, batches; PyTorch's ``torch.func``."""

from __future__ import annotations

from lamella.core import methods  # noqa: F401  # Tensors have their methods
from lamella.core.transforms import batch_rules  # noqa: F401  # attaches them
from lamella.core.transforms.batching import vmap
from lamella.core.transforms.forward import hessian, jacfwd, jvp, linearize
from lamella.core.transforms.reverse import grad, grad_and_value, jacrev, vjp

__all__ = ["grad", "grad_and_value", "hessian", "jacfwd", "jacrev", "jvp", "linearize", "vjp", "vmap"]
