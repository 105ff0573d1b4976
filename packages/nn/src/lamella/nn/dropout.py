"""Layers that drop a random part of their input in training, and do nothing in evaluation."""

from __future__ import annotations

from lamella.core.tensor import Tensor
from lamella.nn import functional as F
from lamella.nn.functional.dropout import check_probability
from lamella.nn.module import Module


class _Dropout(Module):
    """Abstract: what is dropped is the subclass's.

    Args:
        p: The probability. inplace: whether to overwrite the input.

    Raises:
        ValueError: ``p`` is no probability.
    """

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        check_probability(p)
        self.p = p
        self.inplace = inplace

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_Dropout):
    """Zeroes each element with probability ``p`` and scales the others by ``1 / (1 - p)``, in training.

    Args:
        p: The probability. inplace: whether to overwrite the input.

    Raises:
        ValueError: ``p`` is no probability.

    Reference:
        Srivastava et al., Dropout: a simple way to prevent neural networks from overfitting (2014).
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout(input, self.p, self.training, self.inplace)


class Dropout1d(_Dropout):
    """Like :class:`Dropout`, of whole channels.

    Shape:
        ``(N, C, L)`` or ``(C, L)``, kept; each row is kept or zeroed.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout1d(input, self.p, self.training, self.inplace)


class Dropout2d(_Dropout):
    """Like :class:`Dropout`, of whole channels.

    Shape:
        ``(N, C, H, W)``, kept; each of the ``N * C`` planes is kept or zeroed.

    Reference:
        J. Tompson et al., Efficient object localization using convolutional networks (2015),
        https://arxiv.org/abs/1411.4280.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout2d(input, self.p, self.training, self.inplace)


class Dropout3d(_Dropout):
    """Like :class:`Dropout`, of whole channels.

    Shape:
        ``(N, C, D, H, W)`` or ``(C, D, H, W)``, kept; each volume is kept or zeroed.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout3d(input, self.p, self.training, self.inplace)


class AlphaDropout(_Dropout):
    """Sets elements to SELU's lowest value with probability ``p``; then scales and shifts to keep mean and variance.

    Args:
        p: The probability. inplace: whether to overwrite the input.

    Raises:
        ValueError: ``p`` is no probability.

    Reference:
        Klambauer, Unterthiner, Mayr and Hochreiter, Self-normalizing neural networks (2017).
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.alpha_dropout(input, self.p, self.training, self.inplace)


class FeatureAlphaDropout(_Dropout):
    """Like :class:`AlphaDropout`, of whole channels.

    Shape:
        ``(N, C, *)``, kept.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.feature_alpha_dropout(input, self.p, self.training, self.inplace)


__all__ = ["AlphaDropout", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "FeatureAlphaDropout"]
