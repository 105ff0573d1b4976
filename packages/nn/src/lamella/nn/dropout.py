"""Layers that zero a random part of their input in training, and do nothing in evaluation."""

from __future__ import annotations

from lamella.core.tensor import Tensor
from lamella.nn import functional as F
from lamella.nn.functional.dropout import check_probability
from lamella.nn.module import Module


class _Dropout(Module):
    """Abstract: what is dropped is the subclass's."""

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


class Dropout2d(_Dropout):
    """Like :class:`Dropout`, of whole channels: ``(N, C, H, W)``, each of the ``N * C`` planes kept or zeroed.

    Args:
        p: The probability. inplace: whether to overwrite the input.

    Raises:
        ValueError: ``p`` is no probability.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout2d(input, self.p, self.training, self.inplace)


__all__ = ["Dropout", "Dropout2d"]
