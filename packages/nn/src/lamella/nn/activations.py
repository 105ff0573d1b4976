"""Layers of smooth activations, and of those along one dimension."""

from __future__ import annotations

from lamella.core.errors import ArgumentError
from lamella.core.tensor import Tensor
from lamella.nn import functional as F
from lamella.nn.module import Module
from lamella.nn.rectifiers import InPlace, listed


class Sigmoid(Module):
    """``1 / (1 + exp(-input))``."""

    def forward(self, input: Tensor) -> Tensor:
        return F.sigmoid(input)


class Tanh(Module):
    """The hyperbolic tangent."""

    def forward(self, input: Tensor) -> Tensor:
        return F.tanh(input)


class LogSigmoid(Module):
    """``log(1 / (1 + exp(-input)))``, exact also where that is almost 0."""

    def forward(self, input: Tensor) -> Tensor:
        return F.logsigmoid(input)


class Softsign(Module):
    """``input / (1 + |input|)``."""

    def forward(self, input: Tensor) -> Tensor:
        return F.softsign(input)


class Tanhshrink(Module):
    """``input - tanh(input)``."""

    def forward(self, input: Tensor) -> Tensor:
        return F.tanhshrink(input)


class ELU(Module):
    """``input`` above 0, ``alpha * (exp(input) - 1)`` elsewhere.

    Args:
        alpha: Minus the limit far below 0. inplace: whether to overwrite the input.

    Reference:
        D.-A. Clevert and others, Fast and accurate deep network learning by exponential linear units (2015),
        https://arxiv.org/abs/1511.07289.
    """

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.alpha = alpha
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.elu(input, self.alpha, self.inplace)

    def extra_repr(self) -> str:
        return listed(self, alpha=self.alpha)


class CELU(Module):
    """``input`` above 0, ``alpha * (exp(input / alpha) - 1)`` elsewhere: ELU with a slope without a jump.

    Args:
        alpha: Minus the limit far below 0; not 0. inplace: whether to overwrite the input.

    Reference:
        J. T. Barron, Continuously differentiable exponential linear units (2017), https://arxiv.org/abs/1704.07483.
    """

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.alpha = alpha
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.celu(input, self.alpha, self.inplace)

    def extra_repr(self) -> str:
        return listed(self, alpha=self.alpha)


class SELU(InPlace):
    """ELU with the two numbers that keep activations at mean 0 and variance 1.

    Args:
        inplace: Whether to overwrite the input.

    Reference:
        G. Klambauer and others, Self-normalizing neural networks (2017), https://arxiv.org/abs/1706.02515.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.selu(input, self.inplace)


class GELU(Module):
    """``input`` times the normal distribution function of ``input``.

    Args:
        approximate: ``"none"``, or ``"tanh"`` for an approximation by tanh.

    Reference:
        Hendrycks and Gimpel, Gaussian error linear units (2016).
    """

    def __init__(self, approximate: str = "none") -> None:
        super().__init__()
        self.approximate = approximate

    def forward(self, input: Tensor) -> Tensor:
        return F.gelu(input, self.approximate)

    def extra_repr(self) -> str:
        return f"approximate={self.approximate!r}"


class SiLU(InPlace):
    """``input * sigmoid(input)``.

    Args:
        inplace: Whether to overwrite the input.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.silu(input, self.inplace)


class Mish(InPlace):
    """``input * tanh(log(1 + exp(input)))``.

    Args:
        inplace: Whether to overwrite the input.

    Reference:
        D. Misra, Mish: a self regularized non-monotonic activation function (2019), https://arxiv.org/abs/1908.08681.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.mish(input, self.inplace)


class Softplus(Module):
    """``log(1 + exp(beta * input)) / beta``, a smooth ReLU.

    Args:
        beta: How sharp the bend is.
        threshold: Where ``beta * input`` exceeds it, the input itself is returned.
    """

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__()
        self.beta = beta
        self.threshold = threshold

    def forward(self, input: Tensor) -> Tensor:
        return F.softplus(input, self.beta, self.threshold)

    def extra_repr(self) -> str:
        return f"beta={self.beta}, threshold={self.threshold}"


# --- along a dimension


class GLU(Module):
    """The first half along ``dim``, times the sigmoid of the second.

    Args:
        dim: Which dimension; its size must be even.

    Shape:
        ``(*, N, *) -> (*, N / 2, *)``.

    Reference:
        Y. Dauphin and others, Language modeling with gated convolutional networks (2017),
        https://arxiv.org/abs/1612.08083.
    """

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        return F.glu(input, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class _AlongDim(Module):
    """Abstract: a function along ``dim``; if it is None, along what PyTorch takes for the classes, with a warning."""

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class Softmax(_AlongDim):
    """``exp(input)``, divided by its sum over ``dim``: positive numbers that sum to 1."""

    def forward(self, input: Tensor) -> Tensor:
        return F.softmax(input, self.dim, _stacklevel=5)


class Softmin(_AlongDim):
    """:class:`Softmax` of ``-input``: the smallest get the most."""

    def forward(self, input: Tensor) -> Tensor:
        return F.softmin(input, self.dim, _stacklevel=5)


class LogSoftmax(_AlongDim):
    """The logarithm of :class:`Softmax`, exact also where that is almost 0."""

    def forward(self, input: Tensor) -> Tensor:
        return F.log_softmax(input, self.dim, _stacklevel=5)


class Softmax2d(Module):
    """:class:`Softmax` over the channels of each place of a picture.

    Shape:
        ``(N, C, H, W)`` or ``(C, H, W)``, kept.

    Raises:
        ValueError: The input has another number of dimensions.
    """

    def forward(self, input: Tensor) -> Tensor:
        if input.ndim not in (3, 4):
            raise ArgumentError(f"Softmax2d: expected input to be 3D or 4D, got {input.ndim}D instead")
        return F.softmax(input, -3)


__all__ = [
    "CELU",
    "ELU",
    "GELU",
    "GLU",
    "SELU",
    "LogSigmoid",
    "LogSoftmax",
    "Mish",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softmax2d",
    "Softmin",
    "Softplus",
    "Softsign",
    "Tanh",
    "Tanhshrink",
]
