"""PyTorch's ``torch.func``. What works on modules comes from the package ``lamella-nn``, once it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from lamella.core import namespaces
from lamella.core.transforms import grad, grad_and_value, hessian, jacfwd, jacrev, jvp, linearize, vjp, vmap

_IN_NN = ("functional_call", "stack_module_state")


def __getattr__(name: str) -> Any:
    if name not in _IN_NN:
        return namespaces.lookup(name, __name__)
    # Where the package is absent this raises PackageMissing, which says what to install. It is no AttributeError, whose
    # message `from lamella.func import functional_call` would drop.
    found = globals()[name] = getattr(import_module("lamella.nn.utils.stateless"), name)
    return found


# without those of another package: `from lamella.func import *` works where that is absent
__all__ = ["grad", "grad_and_value", "hessian", "jacfwd", "jacrev", "jvp", "linearize", "vjp", "vmap"]
