"""A table of vectors, looked up by number, one by one or in bags."""

from __future__ import annotations

from typing import Any

from lamella.core.errors import ConditionError
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
        max_norm: Scale vectors that are looked up and have a larger norm down to it. norm_type: which norm.
        scale_grad_by_freq: Whether to divide a vector's gradient by the number of times that it is looked up.
        sparse: Not offered in training, because gradients are dense.
        device, dtype: Of the vectors.

    Attributes:
        weight: ``(num_embeddings, embedding_dim)``; normal with mean 0 and variance 1 at first.

    Shape:
        ``(*) -> (*, embedding_dim)``, with integers from 0 to ``num_embeddings - 1``.

    Raises:
        AssertionError: ``padding_idx`` is outside the table. ValueError: sparse gradients are asked for, in forward.

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
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.padding_idx = _counted(padding_idx, num_embeddings)
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = scale_grad_by_freq
        self.sparse = sparse
        values = _table(_weight, num_embeddings, embedding_dim, device, dtype)
        self.weight = Parameter(values, requires_grad=not _freeze)
        if _weight is None:
            self.reset_parameters()

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
            AssertionError: ``embeddings`` is no matrix.

        Example:
            >>> import lamella
            >>> from lamella import nn
            >>> nn.Embedding.from_pretrained(lamella.eye(3))(lamella.tensor([1]))
            tensor([[0., 1., 0.]])
        """
        rows, columns = _sizes(embeddings)
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
        _draw(self.weight, self.padding_idx)

    def forward(self, input: Tensor) -> Tensor:
        return F.embedding(
            input,
            self.weight,
            self.padding_idx,
            self.max_norm,
            self.norm_type,
            self.scale_grad_by_freq,
            self.sparse,
        )

    def extra_repr(self) -> str:
        text = f"{self.num_embeddings}, {self.embedding_dim}"
        if self.padding_idx is not None:
            text += f", padding_idx={self.padding_idx}"
        text += _norm_repr(self)
        return f"{text}, sparse=True" if self.sparse else text


class EmbeddingBag(Module):
    """Sums, means or maxima over bags of an Embedding's vectors, without the vectors themselves as a result.

    Args:
        num_embeddings, embedding_dim: How many vectors, and of which size.
        max_norm: Scale vectors that are looked up and have a larger norm down to it. norm_type: which norm.
        scale_grad_by_freq: Whether to divide a vector's gradient by the number of times that it is looked up.
        mode: ``"sum"``, ``"mean"`` or ``"max"``.
        sparse: Not offered in training, because gradients are dense.
        include_last_offset: Whether ``offsets`` has one more element, where the last bag ends.
        padding_idx: A number that takes no part in the bags, and whose vector is 0 at first.
        device, dtype: Of the vectors.

    Attributes:
        weight: ``(num_embeddings, embedding_dim)``; normal with mean 0 and variance 1 at first.

    Shape:
        ``(bags, size) -> (bags, embedding_dim)``, or ``(numbers,)`` with offsets ``(bags,)``.

    Raises:
        AssertionError: ``padding_idx`` is outside the table. ValueError: sparse gradients are asked for, in forward.

    Example:
        >>> import lamella
        >>> from lamella import nn
        >>> bags = nn.EmbeddingBag.from_pretrained(lamella.eye(3), mode="sum")
        >>> bags(lamella.tensor([0, 1, 1, 2]), lamella.tensor([0, 3]))
        tensor([[1., 2., 0.],
                [0., 0., 1.]])
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        _weight: Tensor | None = None,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = scale_grad_by_freq
        self.mode = mode
        self.sparse = sparse
        self.include_last_offset = include_last_offset
        self.padding_idx = _counted(padding_idx, num_embeddings)
        self.weight = Parameter(_table(_weight, num_embeddings, embedding_dim, device, dtype))
        if _weight is None:
            self.reset_parameters()

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Tensor,
        freeze: bool = True,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
    ) -> EmbeddingBag:
        """An EmbeddingBag with the rows of ``embeddings`` for vectors, which ``freeze`` leaves untrained.

        Raises:
            AssertionError: ``embeddings`` is no matrix.
        """
        made = cls(
            *_sizes(embeddings),
            max_norm,
            norm_type,
            scale_grad_by_freq,
            mode,
            sparse,
            embeddings,
            include_last_offset,
            padding_idx,
        )
        made.weight.requires_grad_(not freeze)
        return made

    def reset_parameters(self) -> None:
        """Draw new vectors."""
        _draw(self.weight, self.padding_idx)

    def forward(self, input: Tensor, offsets: Tensor | None = None, per_sample_weights: Tensor | None = None) -> Tensor:
        return F.embedding_bag(
            input,
            self.weight,
            offsets,
            self.max_norm,
            self.norm_type,
            self.scale_grad_by_freq,
            self.mode,
            self.sparse,
            per_sample_weights,
            self.include_last_offset,
            self.padding_idx,
        )

    def extra_repr(self) -> str:
        text = f"{self.num_embeddings}, {self.embedding_dim}{_norm_repr(self)}, mode={self.mode!r}"
        return text if self.padding_idx is None else f"{text}, padding_idx={self.padding_idx}"


def _counted(padding_idx: int | None, count: int) -> int | None:
    """``padding_idx`` counted from the front."""
    if padding_idx is None:
        return None
    if not -count <= padding_idx < count:
        raise ConditionError(f"Padding_idx must be within num_embeddings, got {padding_idx} for {count} embeddings")
    return padding_idx % count


def _table(given: Tensor | None, rows: int, columns: int, device: Any, dtype: Any) -> Tensor:
    if given is None:
        return empty(rows, columns, device=device, dtype=dtype)
    if tuple(given.shape) != (rows, columns):
        raise ConditionError(
            f"Shape of weight does not match num_embeddings and embedding_dim: got {tuple(given.shape)}, expected "
            f"{(rows, columns)}"
        )
    return given


def _sizes(embeddings: Tensor) -> tuple[int, int]:
    if embeddings.ndim != 2:
        raise ConditionError(f"Embeddings parameter is expected to be 2-dimensional, got {embeddings.ndim} dimensions")
    rows, columns = embeddings.shape
    return rows, columns


def _draw(weight: Parameter, padding_idx: int | None) -> None:
    init.normal_(weight)
    if padding_idx is not None:
        with no_grad():
            weight[padding_idx].fill_(0)


def _norm_repr(module: Any) -> str:
    """What is not by default of what both layers have."""
    text = "" if module.max_norm is None else f", max_norm={module.max_norm}"
    if module.norm_type != 2:
        text += f", norm_type={module.norm_type}"
    return f"{text}, scale_grad_by_freq=True" if module.scale_grad_by_freq else text


__all__ = ["Embedding", "EmbeddingBag"]
