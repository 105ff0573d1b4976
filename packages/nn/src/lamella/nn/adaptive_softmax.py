"""A softmax over many classes of which few are frequent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from lamella.core.errors import ArgumentError, ArgumentRangeError, ShapeError
from lamella.core.ops.pieces import cat
from lamella.core.tensor import Tensor
from lamella.nn.containers import ModuleList, Sequential
from lamella.nn.linear import Linear
from lamella.nn.module import Module


class AdaptiveLogSoftmaxOutput(NamedTuple):
    """What :class:`AdaptiveLogSoftmaxWithLoss` gives.

    Attributes:
        output: The log-probability of each target, ``(N,)`` or ``()``. loss: the mean of their negatives.
    """

    output: Tensor
    loss: Tensor


class AdaptiveLogSoftmaxWithLoss(Module):
    """The log-softmax of a linear layer, computed for rare classes only where they are asked for.

    Classes are sorted by frequency. The head scores the most frequent ones and one stand-in for each cluster of rarer
    ones; a cluster scores its own, from fewer features the rarer they are.

    Args:
        in_features: Size of the input. n_classes: how many classes there are.
        cutoffs: The first class of each cluster, increasing.
        div_value: How many times fewer features each cluster has than the one before.
        head_bias: Whether the head has a bias.
        device, dtype: Of the parameters.

    Attributes:
        head: The linear layer of the frequent classes and the stand-ins. tail: two linear layers for each cluster.

    Shape:
        ``(N, in_features)`` and class numbers ``(N,)``, or without ``N``.

    Raises:
        ValueError: ``cutoffs`` are not unique, positive and increasing, and below ``n_classes``.

    Example:
        >>> import lamella
        >>> from lamella import nn
        >>> layer = nn.AdaptiveLogSoftmaxWithLoss(16, 20, cutoffs=[5, 10])
        >>> layer(lamella.zeros(3, 16), lamella.tensor([0, 7, 19])).output.detach()
        tensor([-1.9459, -3.5553, -4.2485])

    Reference:
        Grave et al., "Efficient softmax approximation for GPUs", 2017, https://arxiv.org/abs/1609.04309.
    """

    def __init__(
        self,
        in_features: int,
        n_classes: int,
        cutoffs: Sequence[int],
        div_value: float = 4.0,
        head_bias: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        given = list(cutoffs)
        fits = given == sorted(set(given)) and all(int(c) == c and 0 < c < n_classes for c in given)
        if not given or not fits:
            raise ArgumentError(
                "cutoffs should be a sequence of unique, positive integers sorted in an increasing order, where each "
                f"value is between 1 and n_classes-1, and not be empty; got {given} for {n_classes} classes"
            )
        self.in_features = in_features
        self.n_classes = n_classes
        self.cutoffs = [*given, n_classes]
        self.div_value = div_value
        self.head_bias = head_bias
        self.shortlist_size = given[0]
        self.n_clusters = len(given)
        self.head_size = self.shortlist_size + self.n_clusters
        self.head = Linear(in_features, self.head_size, head_bias, device, dtype)
        self.tail = ModuleList()
        for i in range(self.n_clusters):
            features = int(in_features // div_value ** (i + 1))
            size = self.cutoffs[i + 1] - self.cutoffs[i]
            self.tail.append(
                Sequential(
                    Linear(in_features, features, False, device, dtype), Linear(features, size, False, device, dtype)
                )
            )

    def reset_parameters(self) -> None:
        """Draw new initial values."""
        self.head.reset_parameters()
        for layers in self.tail:
            for layer in layers:
                layer.reset_parameters()

    def forward(self, input_: Tensor, target_: Tensor) -> AdaptiveLogSoftmaxOutput:
        if target_.ndim > 1:
            raise ShapeError(f"0D or 1D target tensor expected, multi-target not supported; got {target_.ndim}D")
        if input_.ndim != target_.ndim + 1:
            raise ShapeError(
                f"{target_.ndim}D target tensor expects {target_.ndim + 1}D input tensors, but found inputs with size "
                f"{tuple(input_.shape)}"
            )
        if target_.ndim and input_.shape[0] != target_.shape[0]:
            raise ShapeError(
                "Input and target should have the same size in the batch dimension, got "
                f"{input_.shape[0]} and {target_.shape[0]}"
            )
        input, target = (input_, target_) if target_.ndim else (input_.unsqueeze(0), target_.unsqueeze(0))
        if bool(((target < 0) | (target >= self.n_classes)).any()):
            raise ArgumentRangeError(
                f"Target values should be in [0, {self.n_classes - 1}], but values in range [{target.min().item()}, "
                f"{target.max().item()}] were found."
            )
        in_head = target
        for i, first in enumerate(self.cutoffs[:-1]):
            in_head = in_head.masked_fill((target >= first) & (target < self.cutoffs[i + 1]), self.shortlist_size + i)
        output = self.head(input).log_softmax(1).gather(1, in_head.unsqueeze(1)).squeeze(1)
        for i, first in enumerate(self.cutoffs[:-1]):
            rows = in_head.eq(self.shortlist_size + i).nonzero().squeeze(1)
            if rows.numel():
                scores = self.tail[i](input[rows]).log_softmax(1)
                own = scores.gather(1, (target[rows] - first).unsqueeze(1)).squeeze(1)
                output = output.index_add(0, rows, own)
        return AdaptiveLogSoftmaxOutput(output if target_.ndim else output.squeeze(0), -output.mean())

    def log_prob(self, input: Tensor) -> Tensor:
        """The log-probabilities of all classes.

        Shape:
            ``(N, in_features) -> (N, n_classes)``.
        """
        head = self.head(input).log_softmax(1)
        parts = [head[:, : self.shortlist_size]]
        for i, cluster in enumerate(self.tail):
            column = self.shortlist_size + i
            parts.append(cluster(input).log_softmax(1) + head[:, column : column + 1])
        return cat(parts, 1)

    def predict(self, input: Tensor) -> Tensor:
        """The most probable class of each row; clusters are computed only for rows whose head asks for one.

        Shape:
            ``(N, in_features) -> (N,)``.
        """
        found: Tensor = self.head(input).argmax(1)
        rows = (found >= self.shortlist_size).nonzero().squeeze(1)
        return found.index_copy(0, rows, self.log_prob(input[rows]).argmax(1)) if rows.numel() else found


__all__ = ["AdaptiveLogSoftmaxOutput", "AdaptiveLogSoftmaxWithLoss"]
