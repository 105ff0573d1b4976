"""The CTC loss: a sequence of labels, at unknown places in a longer sequence."""

from __future__ import annotations

from lamella.core.tensor import Tensor
from lamella.nn import functional as F
from lamella.nn.functional.sequence_losses import Lengths
from lamella.nn.loss import Loss


class CTCLoss(Loss):
    """The negative log-probability of label sequences, over all ways to place them in longer sequences of scores.

    Args:
        blank: The class between labels.
        reduction: ``"mean"`` (over the batch, of losses divided by their numbers of labels), ``"sum"`` or ``"none"``.
        zero_infinity: Whether 0 stands for the infinite loss, and its gradient, of labels that do not fit.

    Shape:
        Log-probabilities ``(T, N, C)``, labels ``(N, S)`` or one after the other, lengths of both ``(N,)``; or
        ``(T, C)``, ``(S,)``, ``()``. The loss is ``()``, or ``(N,)`` for ``"none"``.

    Example:
        >>> import lamella
        >>> from lamella import nn
        >>> scores = lamella.zeros(4, 1, 3).log_softmax(2)
        >>> nn.CTCLoss(reduction="sum")(scores, lamella.tensor([[1, 2]]), [4], [2])
        tensor(1.6864)
    """

    def __init__(self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False) -> None:
        super().__init__(reduction=reduction)
        self.blank = blank
        self.zero_infinity = zero_infinity

    def forward(self, log_probs: Tensor, targets: Tensor, input_lengths: Lengths, target_lengths: Lengths) -> Tensor:
        return F.ctc_loss(
            log_probs, targets, input_lengths, target_lengths, self.blank, self.reduction, self.zero_infinity
        )


__all__ = ["CTCLoss"]
