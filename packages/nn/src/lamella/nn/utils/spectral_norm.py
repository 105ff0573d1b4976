"""Spectral normalization by a hook: the older form of :func:`lamella.nn.utils.parametrizations.spectral_norm`."""

from __future__ import annotations

from typing import Any, TypeVar

from lamella.core.errors import ArgumentError, ArgumentRangeError
from lamella.core.modes import no_grad
from lamella.core.ops.linalg.least_squares import pinv
from lamella.core.tensor import Tensor
from lamella.nn import functional as F
from lamella.nn.module import Module
from lamella.nn.parameter import Parameter, is_lazy
from lamella.nn.utils.parametrizations import as_matrix, output_dim, random_direction

M = TypeVar("M", bound=Module)

#: Of what is saved: since 1 there is ``v``, and no longer the weight itself.
_VERSION = 1


class SpectralNorm:
    """The hook: computes the weight before each call of the module.

    Attributes:
        name: Of the weight. n_power_iterations, dim, eps: see :func:`spectral_norm`.
    """

    def __init__(self, name: str = "weight", n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12) -> None:
        if n_power_iterations <= 0:
            raise ArgumentError(
                f"Expected n_power_iterations to be positive, but got n_power_iterations={n_power_iterations}"
            )
        self.name = name
        self.n_power_iterations = n_power_iterations
        self.dim = dim
        self.eps = eps

    def compute_weight(self, module: Module, do_power_iteration: bool) -> Tensor:
        """The weight, divided by its largest singular value; iterating changes the buffers ``u`` and ``v``."""
        weight, u, v = (getattr(module, f"{self.name}_{part}") for part in ("orig", "u", "v"))
        matrix = as_matrix(weight, self.dim)
        if do_power_iteration:
            with no_grad():
                for _ in range(self.n_power_iterations):
                    v.copy_(F.normalize(matrix.mT @ u, dim=0, eps=self.eps))
                    u.copy_(F.normalize(matrix @ v, dim=0, eps=self.eps))
                # copies, since the next call changes both before the backward pass of this one may have run
                u, v = u.clone(), v.clone()
        norm: Tensor = u @ (matrix @ v)
        return weight / norm

    def __call__(self, module: Module, args: Any) -> None:
        setattr(module, self.name, self.compute_weight(module, module.training))


class _Saving:
    """A hook that notes the version of what is saved."""

    def __init__(self, norm: SpectralNorm) -> None:
        self.norm = norm

    def __call__(self, module: Module, state_dict: Any, prefix: str, local_metadata: dict[str, Any]) -> None:
        local_metadata.setdefault("spectral_norm", {})[f"{self.norm.name}.version"] = _VERSION


class _Loading:
    """A hook that brings a state from before version 1 up to it: computes ``v`` from the weight."""

    def __init__(self, norm: SpectralNorm) -> None:
        self.norm = norm

    def __call__(self, state_dict: dict[str, Any], prefix: str, local_metadata: dict[str, Any], *rest: Any) -> None:
        key = prefix + self.norm.name
        version = local_metadata.get("spectral_norm", {}).get(f"{self.norm.name}.version", 0)
        old = [f"{key}_orig", key, f"{key}_u"]
        if version >= _VERSION or not all(name in state_dict for name in old):
            return  # what is missing is told by the module itself
        original, weight, u = (state_dict[name] for name in old)
        del state_dict[key]
        matrix = as_matrix(original, self.norm.dim)
        # u is the direction of matrix @ v, and u @ matrix @ v is by how much the weight was divided
        v = pinv(matrix.mT @ matrix) @ (matrix.mT @ u)
        state_dict[f"{key}_v"] = v * ((original / weight).mean() / (u @ (matrix @ v)))


def spectral_norm(
    module: M, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> M:
    """Divide a weight by its largest singular value at each call, in training mode after some power iterations.

    Prefer :func:`lamella.nn.utils.parametrizations.spectral_norm`, where the formula is told.

    Args:
        module: Whose weight it is. name: its name. n_power_iterations: iterations at each call. eps: added to
            lengths. dim: the dimension of outputs; 0 by default, or 1 for transposed convolutions.

    Returns:
        ``module``, with the parameter ``weight_orig`` and the buffers ``weight_u`` and ``weight_v``.

    Raises:
        RuntimeError: The weight has such a hook already.
        ValueError: It is None or has no shape yet, or there are no iterations.

    Example:
        >>> from lamella import nn
        >>> layer = nn.utils.spectral_norm(nn.Linear(20, 40))
        >>> sorted(layer.state_dict())
        ['bias', 'weight_orig', 'weight_u', 'weight_v']
    """
    if _norm(module, name) is not None:
        raise ArgumentRangeError(f"Cannot register two spectral_norm hooks on the same parameter {name}")
    norm = SpectralNorm(name, n_power_iterations, output_dim(module) if dim is None else dim, eps)
    weight = module._parameters[name]
    if weight is None:
        raise ArgumentError(f"`SpectralNorm` cannot be applied as parameter `{name}` is None")
    if is_lazy(weight):
        raise ArgumentError(
            "The module passed to `SpectralNorm` can't have uninitialized parameters. Call it once with a sample input "
            "before applying spectral normalization."
        )
    matrix = as_matrix(weight, norm.dim).detach()
    delattr(module, name)
    module.register_parameter(f"{name}_orig", weight)
    setattr(module, name, weight.detach())  # until the first call, for those who look
    for part, size in zip("uv", matrix.shape, strict=True):
        module.register_buffer(f"{name}_{part}", random_direction(matrix, size, eps))
    module.register_forward_pre_hook(norm)
    module._register_state_dict_hook(_Saving(norm))
    module._register_load_state_dict_pre_hook(_Loading(norm))
    return module


def remove_spectral_norm(module: M, name: str = "weight") -> M:
    """Make the weight a plain parameter again, divided by its largest singular value.

    Returns:
        ``module``.

    Raises:
        ValueError: It has no such hook.
    """
    norm = _norm(module, name)
    if norm is None:
        raise ArgumentError(f"spectral_norm of '{name}' not found in {module}")
    with no_grad():
        weight = norm.compute_weight(module, do_power_iteration=False)
    for part in (name, f"{name}_u", f"{name}_v", f"{name}_orig"):
        delattr(module, part)
    module.register_parameter(name, Parameter(weight))
    module._hooks[:] = [hook for hook in module._hooks if hook.function is not norm]
    module._state_hooks[:] = [hook for hook in module._state_hooks if getattr(hook.function, "norm", None) is not norm]
    return module


def _norm(module: Module, name: str) -> SpectralNorm | None:
    hooks = [hook.function for hook in module._hooks]
    return next((hook for hook in hooks if isinstance(hook, SpectralNorm) and hook.name == name), None)


__all__ = ["remove_spectral_norm", "spectral_norm"]
