"""A table of vectors, looked up by number."""

from __future__ import annotations

from typing import Any

from lamella.core.errors import ArgumentError, ShapeError
from lamella.core.modes import no_grad
from lamella.core.ops.creation import empty
from lamella.core.tensor import Tensor
from lamella.nn import functional as F
from lamella.nn import init
from lamella.nn.module import Module
from lamella.nn.parameter import Parameter


class Embedding(Module):
    """A vector for each of ``num_embeddings`` numbers.

    Args:
        num_embeddings, embedding_dim: How many vectors, and of which size.
        padding_idx: A number whose vector is 0 at first and is not trained.
        max_norm, scale_grad_by_freq, sparse: Not offered; must have their defaults. norm_type: goes with max_norm.
        device, dtype: Of the vectors.

    Attributes:
        weight: ``(num_embeddings, embedding_dim)``; normal with mean 0 and variance 1 at first.

    Shape:
        ``(*) -> (*, embedding_dim)``, with integers from 0 to ``num_embeddings - 1``.

    Raises:
        ValueError: ``padding_idx`` is outside the table, or something is asked that is not offered.

    Example:
        >>> import lamella
        >>> from lamella import nn
        >>> nn.Embedding(10, 3)(lamella.tensor([[1, 2], [4, 5]])).shape
        lamella.Size([2, 2, 3])
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        _weight: Tensor | None = None,
        _freeze: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if max_norm is not None or scale_grad_by_freq or sparse:
            asked = "max_norm" if max_norm is not None else "scale_grad_by_freq" if scale_grad_by_freq else "sparse"
            raise ArgumentError(f"Embedding: {asked} is not offered. Leave it at its default; gradients are dense.")
        if padding_idx is not None:
            if not -num_embeddings <= padding_idx < num_embeddings:
                raise ArgumentError(
                    f"Padding_idx must be within num_embeddings, got {padding_idx} for {num_embeddings} embeddings"
                )
            padding_idx %= num_embeddings
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.padding_idx = padding_idx
        if _weight is None:
            values = empty(num_embeddings, embedding_dim, device=device, dtype=dtype)
            self.weight = Parameter(values, requires_grad=not _freeze)
            self.reset_parameters()
        else:
            if tuple(_weight.shape) != (num_embeddings, embedding_dim):
                raise ShapeError(
                    "Shape of weight does not match num_embeddings and embedding_dim: got "
                    f"{tuple(_weight.shape)}, expected {(num_embeddings, embedding_dim)}"
                )
            self.weight = Parameter(_weight, requires_grad=not _freeze)

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Tensor,
        freeze: bool = True,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
    ) -> Embedding:
        """An Embedding with the rows of ``embeddings`` for vectors, which ``freeze`` leaves untrained.

        Raises:
            RuntimeError: ``embeddings`` is no matrix.
        """
        if embeddings.ndim != 2:
            raise ShapeError(f"Embeddings parameter is expected to be 2-dimensional, got {embeddings.ndim} dimensions")
        rows, columns = embeddings.shape
        return cls(
            rows,
            columns,
            padding_idx,
            max_norm,
            norm_type,
            scale_grad_by_freq,
            sparse,
            _weight=embeddings,
            _freeze=freeze,
        )

    def reset_parameters(self) -> None:
        """Draw new vectors."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            with no_grad():
                self.weight[self.padding_idx].fill_(0)

    def forward(self, input: Tensor) -> Tensor:
        return F.embedding(input, self.weight, self.padding_idx)

    def extra_repr(self) -> str:
        text = f"{self.num_embeddings}, {self.embedding_dim}"
        return text if self.padding_idx is None else f"{text}, padding_idx={self.padding_idx}"


__all__ = ["Embedding"]
