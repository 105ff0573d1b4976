"""Parametrizations that train well: a weight of given norm, of spectral norm 1, or orthogonal."""

from __future__ import annotations

from functools import partial
from typing import Any

from lamella.core.errors import ArgumentError, IndexRangeError
from lamella.core.modes import no_grad
from lamella.core.ops.linalg.norms import vector_norm
from lamella.core.tensor import Tensor
from lamella.nn import functional as F
from lamella.nn.conv_transpose import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from lamella.nn.module import Module
from lamella.nn.utils.orthogonal import MAPS, _Orthogonal
from lamella.nn.utils.parametrize import register_parametrization

# --- direction and length apart


def norm_except_dim(weight: Tensor, dim: int) -> Tensor:
    """The norms of the slices along ``dim``, as ``(1, …, n, …, 1)``; for -1 that of the whole, without dimensions."""
    if dim == -1:
        return vector_norm(weight)
    others = [d for d in range(weight.ndim) if d != dim % weight.ndim]
    return vector_norm(weight, dim=others, keepdim=True) if others else weight.abs()


def scaled(direction: Tensor, length: Tensor, dim: int) -> Tensor:
    """``direction`` with slices of given lengths."""
    return direction * (length / norm_except_dim(direction, dim))


class _WeightNorm(Module):
    def __init__(self, dim: int | None = 0) -> None:
        super().__init__()
        self.dim = -1 if dim is None else dim

    def forward(self, length: Tensor, direction: Tensor) -> Tensor:
        return scaled(direction, length, self.dim)

    def right_inverse(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        """The lengths, and the weight as the direction."""
        return norm_except_dim(weight, self.dim), weight


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    r"""Train the length and the direction of a weight apart.

    The formula is::

        weight = g v / |v|

    Args:
        module: Whose weight it is.
        name: Its name.
        dim: Each slice along this dimension has a length of its own; None for one length of the whole.

    Returns:
        ``module``, whose ``parametrizations.weight`` holds the lengths g as ``original0`` and v as ``original1``. It
        also loads a state of the older :func:`lamella.nn.utils.weight_norm`.

    Raises:
        ValueError: There is no such tensor.

    Example:
        >>> from lamella import nn
        >>> layer = nn.utils.parametrizations.weight_norm(nn.Linear(20, 40))
        >>> layer.parametrizations.weight.original0.shape
        lamella.Size([40, 1])

    Reference:
        T. Salimans, D. P. Kingma: Weight normalization, 2016, https://arxiv.org/abs/1602.07868.
    """
    register_parametrization(module, name, _WeightNorm(dim), unsafe=True)
    module._register_load_state_dict_pre_hook(partial(_renamed, name))
    return module


def _renamed(name: str, state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:
    """Give the entries of the older form the names they have here."""
    old = [f"{prefix}{name}_g", f"{prefix}{name}_v"]
    if all(key in state_dict for key in old):
        for i, key in enumerate(old):
            state_dict[f"{prefix}parametrizations.{name}.original{i}"] = state_dict.pop(key)


# --- spectral norm 1


def as_matrix(weight: Tensor, dim: int) -> Tensor:
    """``weight`` as a matrix with one row for each slice along ``dim``."""
    return weight.movedim(dim, 0).reshape(weight.shape[dim], -1)


def random_direction(like: Tensor, size: int, eps: float) -> Tensor:
    """A vector of length 1."""
    return F.normalize(like.new_empty(size).normal_(0, 1), dim=0, eps=eps)


class _SpectralNorm(Module):
    _u: Tensor
    _v: Tensor

    def __init__(self, weight: Tensor, n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12) -> None:
        super().__init__()
        n = weight.ndim
        if not -n <= dim < n:
            raise IndexRangeError(f"Dimension out of range (expected to be in range of [{-n}, {n - 1}] but got {dim})")
        if n_power_iterations <= 0:
            raise ArgumentError(
                f"Expected n_power_iterations to be positive, but got n_power_iterations={n_power_iterations}"
            )
        self.dim = dim % n
        self.eps = eps
        if n > 1:  # the norm of a vector needs no iterations
            self.n_power_iterations = n_power_iterations
            matrix = as_matrix(weight, self.dim).detach()
            self.register_buffer("_u", random_direction(matrix, matrix.shape[0], eps))
            self.register_buffer("_v", random_direction(matrix, matrix.shape[1], eps))
            self._iterate(matrix, 15)

    @no_grad()
    def _iterate(self, matrix: Tensor, times: int) -> None:
        for _ in range(times):
            self._u.copy_(F.normalize(matrix @ self._v, dim=0, eps=self.eps))
            self._v.copy_(F.normalize(matrix.mH @ self._u, dim=0, eps=self.eps))

    def forward(self, weight: Tensor) -> Tensor:
        if weight.ndim == 1:
            return F.normalize(weight, dim=0, eps=self.eps)
        matrix = as_matrix(weight, self.dim)
        if self.training:
            self._iterate(matrix, self.n_power_iterations)
        # copies, since the next call changes both before the backward pass of this one may have run
        u, v = self._u.clone(), self._v.clone()
        return weight / (u.conj() * (matrix @ v)).sum()

    def right_inverse(self, value: Tensor) -> Tensor:
        """The value itself: it is not checked that its spectral norm is 1."""
        return value


def spectral_norm(
    module: Module, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> Module:
    r"""Divide a weight by its largest singular value, so that the layer stretches no vector.

    The formula is::

        weight = w / sigma(w),   sigma(w) = max |w h| / |h|

    It is estimated by the power method, a few iterations each time the weight is asked for in training mode. A weight
    of more than two dimensions counts as a matrix of ``dim`` by all others; a vector is divided by its length.

    Args:
        module: Whose weight it is.
        name: Its name.
        n_power_iterations: Iterations each time.
        eps: Added to lengths, so that nothing is divided by 0.
        dim: The dimension of outputs: 0 by default, or 1 for transposed convolutions.

    Returns:
        ``module``.

    Raises:
        ValueError: There is no such tensor, or there are no iterations. IndexError: ``dim`` is out of range.

    Example:
        >>> import lamella
        >>> from lamella import nn
        >>> layer = nn.utils.parametrizations.spectral_norm(nn.Linear(20, 40), n_power_iterations=50)
        >>> bool(lamella.linalg.matrix_norm(layer.weight, 2) < 1.01)
        True

    Reference:
        T. Miyato et al.: Spectral normalization for generative adversarial networks, 2018,
        https://arxiv.org/abs/1802.05957, algorithm 1.
    """
    weight = _tensor(module, name)
    dim = output_dim(module) if dim is None else dim
    return register_parametrization(module, name, _SpectralNorm(weight, n_power_iterations, dim, eps))


def output_dim(module: Module) -> int:
    """Which dimension of the weight counts outputs."""
    return 1 if isinstance(module, (ConvTranspose1d, ConvTranspose2d, ConvTranspose3d)) else 0


# --- orthogonal


def orthogonal(
    module: Module, name: str = "weight", orthogonal_map: str | None = None, *, use_trivialization: bool = True
) -> Module:
    """Keep the columns of a weight, or its rows if there are fewer, of length 1 and at right angles to each other.

    A complex weight is kept unitary. One of more than two dimensions is a batch of matrices.

    Args:
        module: Whose weight it is.
        name: Its name.
        orthogonal_map: How it is computed from a free matrix: ``"matrix_exp"`` (of a skew-symmetric one), ``"cayley"``,
            or ``"householder"`` (a product of reflections). By default the first for square or complex weights, the
            last for others.
        use_trivialization: Whether that is multiplied with a fixed orthogonal matrix, the buffer ``base``, which is
            the weight at first. It helps training and costs memory.

    Returns:
        ``module``. If the weight was not orthogonal, it is the nearest such by a QR decomposition.

    Raises:
        ValueError: There is no such tensor, it is no matrix, the map is not known, or it is ``"householder"`` for a
            complex weight.

    Example:
        >>> import lamella
        >>> from lamella import nn
        >>> weight = nn.utils.parametrizations.orthogonal(nn.Linear(20, 40)).weight
        >>> bool(lamella.dist(weight.T @ weight, lamella.eye(20)) < 1e-5)
        True

    Reference:
        M. Lezcano-Casado: Trivializations for gradient-based optimization on manifolds, 2019,
        https://arxiv.org/abs/1909.09501.
    """
    weight = _tensor(module, name)
    if weight.ndim < 2:
        raise ArgumentError(f"Expected a matrix or batch of matrices. Got a tensor of {weight.ndim} dimensions.")
    if orthogonal_map is None:
        square = weight.shape[-2] == weight.shape[-1]
        orthogonal_map = "matrix_exp" if square or weight.is_complex() else "householder"
    if orthogonal_map not in MAPS:
        names = ", ".join(f'"{name}"' for name in MAPS)
        raise ArgumentError(f"orthogonal_map has to be one of {names}. Got: {orthogonal_map}")
    made = _Orthogonal(weight, orthogonal_map, use_trivialization=use_trivialization)
    return register_parametrization(module, name, made, unsafe=True)


def _tensor(module: Module, name: str) -> Tensor:
    found = getattr(module, name, None)
    if not isinstance(found, Tensor):
        raise ArgumentError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    return found


__all__ = ["orthogonal", "spectral_norm", "weight_norm"]
