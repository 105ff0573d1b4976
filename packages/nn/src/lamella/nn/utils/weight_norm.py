"""Weight normalization by a hook: the older form of :func:`lamella.nn.utils.parametrizations.weight_norm`."""

from __future__ import annotations

from typing import Any, TypeVar

from lamella.core.errors import ArgumentError, ArgumentRangeError
from lamella.core.tensor import Tensor
from lamella.nn.module import Module
from lamella.nn.parameter import Parameter, is_lazy
from lamella.nn.utils.parametrizations import norm_except_dim, scaled

M = TypeVar("M", bound=Module)


class WeightNorm:
    """The hook: computes the weight before each call of the module.

    Attributes:
        name: Of the weight. dim: each slice along it has a length of its own; -1 for one of the whole.
    """

    def __init__(self, name: str, dim: int) -> None:
        self.name = name
        self.dim = dim

    def compute_weight(self, module: Module) -> Tensor:
        """The weight that the lengths and the direction make."""
        return scaled(getattr(module, f"{self.name}_v"), getattr(module, f"{self.name}_g"), self.dim)

    def __call__(self, module: Module, args: Any) -> None:
        setattr(module, self.name, self.compute_weight(module))


def weight_norm(module: M, name: str = "weight", dim: int | None = 0) -> M:
    """Train the lengths ``weight_g`` and the direction ``weight_v`` of a weight apart, and compute it at each call.

    Prefer :func:`lamella.nn.utils.parametrizations.weight_norm`, which also keeps the weight right between calls.

    Args:
        module: Whose weight it is. name: its name. dim: each slice along it has a length of its own; None for one
            length of the whole.

    Returns:
        ``module``.

    Raises:
        RuntimeError: The weight has such a hook already. ValueError: it has no shape yet.

    Example:
        >>> from lamella import nn
        >>> layer = nn.utils.weight_norm(nn.Linear(20, 40))
        >>> sorted(layer.state_dict())
        ['bias', 'weight_g', 'weight_v']
    """
    if _norm(module, name) is not None:
        raise ArgumentRangeError(f"Cannot register two weight_norm hooks on the same parameter {name}")
    weight = getattr(module, name)
    if is_lazy(weight):
        raise ArgumentError(
            "The module passed to `WeightNorm` can't have uninitialized parameters. Call it once with a sample input "
            "before applying weight normalization."
        )
    norm = WeightNorm(name, -1 if dim is None else dim)
    del module._parameters[name]
    module.register_parameter(f"{name}_g", Parameter(norm_except_dim(weight, norm.dim).detach()))
    module.register_parameter(f"{name}_v", Parameter(weight.detach()))
    norm(module, ())
    module.register_forward_pre_hook(norm)
    return module


def remove_weight_norm(module: M, name: str = "weight") -> M:
    """Make the weight a plain parameter again, of the values it has.

    Returns:
        ``module``.

    Raises:
        ValueError: It has no such hook.
    """
    norm = _norm(module, name)
    if norm is None:
        raise ArgumentError(f"weight_norm of '{name}' not found in {module}")
    weight = norm.compute_weight(module)
    for part in (name, f"{name}_g", f"{name}_v"):
        delattr(module, part)
    setattr(module, name, Parameter(weight.detach()))
    module._hooks[:] = [hook for hook in module._hooks if hook.function is not norm]
    return module


def _norm(module: Module, name: str) -> WeightNorm | None:
    hooks = [hook.function for hook in module._hooks]
    return next((hook for hook in hooks if isinstance(hook, WeightNorm) and hook.name == name), None)


__all__ = ["remove_weight_norm", "weight_norm"]
