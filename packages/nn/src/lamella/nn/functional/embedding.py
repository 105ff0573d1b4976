"""Rows of a table picked by number, one by one or in bags."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from lamella.core.errors import (
    ArgumentError,
    ArgumentRangeError,
    ConditionError,
    DtypeError,
    ShapeError,
)
from lamella.core.function import Function
from lamella.core.modes import is_grad_enabled, no_grad
from lamella.core.op import OPS
from lamella.core.ops.creation import arange, ones
from lamella.core.ops.distinct import unique
from lamella.core.ops.histograms import bincount
from lamella.core.ops.searching import searchsorted
from lamella.core.ops.selection import where
from lamella.core.tensor import Tensor
from lamella.nn.ops.embedding import embedding_backward


class _ScaledGradient(Function):
    """Its input, with a gradient that is multiplied by a factor."""

    generate_vmap_rule = True

    @staticmethod
    def forward(input: Tensor, factor: Tensor) -> Tensor:
        return input.clone()

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        ctx.save_for_backward(inputs[1])

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        (factor,) = ctx.saved_tensors
        return grad * factor, None


def _check_numbers(op: str, what: str, numbers: Tensor) -> None:
    if numbers.array.dtype not in (np.int64, np.int32):
        raise DtypeError(f"{op}: expected {what} of dtype Long or Int, but got {numbers.dtype}. Convert with x.long().")


def _refuse_sparse(op: str, sparse: bool, weight: Tensor) -> None:
    if sparse and weight.requires_grad and is_grad_enabled():  # without a gradient it means nothing
        raise ArgumentError(
            f"{op}: sparse=True is not offered where weight has a gradient, because gradients are dense here. Use "
            "sparse=False."
        )


def _shrink(weight: Tensor, numbers: Tensor, max_norm: float, norm_type: float) -> None:
    """Scale those of the rows in use down that have a larger norm, in place."""
    with no_grad():
        used = unique(numbers.reshape(-1)).long()
        rows = weight.detach().index_select(0, used)
        norms = rows.norm(norm_type, 1, keepdim=True)
        weight.index_copy_(0, used, where(norms > max_norm, rows * (max_norm / (norms + 1e-7)), rows))


def _rows(
    weight: Tensor, numbers: Tensor, padding_idx: int, max_norm: float | None, norm_type: float, by_frequency: bool
) -> Tensor:
    """The rows with these numbers; -1 for no padding."""
    if max_norm is not None:
        _shrink(weight, numbers, max_norm, norm_type)
    found: Tensor = OPS["embedding"].call(numbers, weight, padding_idx)
    if not by_frequency:
        return found
    counts = bincount(numbers.reshape(-1).long(), minlength=weight.array.shape[0]).clamp_min(1)
    shares = 1 / counts.to(weight.dtype)[numbers.long()]
    scaled: Tensor = _ScaledGradient.apply(found, shares.unsqueeze(-1))
    return scaled


def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """The rows of a table that ``input`` names.

    Args:
        input: Row numbers of any shape, int64 or int32.
        weight: The table, ``(rows, columns)``.
        padding_idx: A row that gets no gradient; a negative one counts from the end.
        max_norm: Scale rows that are looked up and have a larger norm down to it, in ``weight`` itself.
        norm_type: Which norm that is.
        scale_grad_by_freq: Whether to divide a row's gradient by the number of times that it is looked up.
        sparse: Must be False where ``weight`` has a gradient; without one it does nothing.

    Returns:
        ``(*input.shape, columns)``.

    Raises:
        IndexError: A row number is out of range.
        AssertionError: ``padding_idx`` is.
        ValueError: Sparse gradients are asked for.
        RuntimeError: Shapes or dtypes do not fit.

    Example:
        >>> import lamella
        >>> lamella.nn.functional.embedding(lamella.tensor([2, 0]), lamella.eye(3))
        tensor([[0., 0., 1.],
                [1., 0., 0.]])
    """
    _refuse_sparse("embedding", sparse, weight)
    if weight.array.ndim != 2:
        raise ShapeError(f"embedding: 'weight' must be 2-D (rows, columns), got shape {tuple(weight.shape)}")
    _check_numbers("embedding", "row numbers", input)
    rows = weight.array.shape[0]
    if padding_idx is None:
        padding_idx = -1
    elif not -rows <= padding_idx < rows:
        raise ConditionError(f"embedding: Padding_idx must be within num_embeddings ({rows} rows), got {padding_idx}")
    elif padding_idx < 0:
        padding_idx += rows
    return _rows(weight, input, padding_idx, max_norm, norm_type, scale_grad_by_freq)


# --- bags


def embedding_bag(
    input: Tensor,
    weight: Tensor,
    offsets: Tensor | None = None,
    max_norm: float | None = None,
    norm_type: float = 2,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Tensor:
    """Sums, means or maxima over bags of rows of a table.

    Args:
        input: Row numbers, int64 or int32: ``(bags, size)``, or ``(numbers,)`` with ``offsets``.
        weight: The table, ``(rows, columns)``.
        offsets: Where in ``input`` each bag begins; the first at 0. Two that are equal make an empty bag, of zeros.
        max_norm: Scale rows that are looked up and have a larger norm down to it, in ``weight`` itself.
        norm_type: Which norm that is.
        scale_grad_by_freq: Whether to divide a row's gradient by the number of times that it is looked up.
        mode: ``"sum"``, ``"mean"`` or ``"max"``.
        sparse: Must be False where ``weight`` has a gradient; without one it does nothing.
        per_sample_weights: Factors of the rows, in the shape of ``input``; for sums.
        include_last_offset: Whether ``offsets`` has one more element, where the last bag ends.
        padding_idx: A row that takes no part in the bags; a negative one counts from the end.

    Returns:
        ``(bags, columns)``.

    Raises:
        ValueError: The mode is unknown or does not go with another argument, or shapes do not fit.
        NotImplementedError: There are factors, but no sums.
        RuntimeError: ``offsets`` or ``padding_idx`` is out of range, or dtypes do not fit. IndexError: a row number is.

    Example:
        >>> import lamella
        >>> numbers, starts = lamella.tensor([0, 1, 1, 2]), lamella.tensor([0, 3])
        >>> lamella.nn.functional.embedding_bag(numbers, lamella.eye(3), starts, mode="sum")
        tensor([[1., 2., 0.],
                [0., 0., 1.]])
    """
    if input.is_floating_point() and not weight.is_floating_point():
        warnings.warn(
            "embedding_bag(weight, input, ...) is deprecated: give the row numbers first, embedding_bag(input, weight, "
            "...)",
            stacklevel=2,
        )
        input, weight = weight, input
    numbers, starts, ends = _bags(input, weight, offsets, include_last_offset)
    _check_mode(mode, scale_grad_by_freq, sparse, weight)
    if per_sample_weights is not None:
        _check_factors(input, weight, per_sample_weights, mode)
    rows = weight.array.shape[0]
    if padding_idx is not None and not -rows <= padding_idx < rows:
        raise ArgumentRangeError(
            f"embedding_bag: padding_idx must be within the number of embeddings, -{rows} through {rows - 1}, but got "
            f"{padding_idx}"
        )
    padding = -1 if padding_idx is None else padding_idx % rows
    found = _rows(weight, numbers, padding, max_norm, norm_type, scale_grad_by_freq)
    counted = numbers != padding
    if mode == "max":
        return _maxima(found, counted, starts, ends)
    if per_sample_weights is not None:
        found = found * per_sample_weights.reshape(-1, 1)
    bags, count = starts.array.size, numbers.array.size
    if not bags:
        return found.narrow(0, 0, 0)
    places = arange(count, device=numbers.device)
    of_place = searchsorted(starts.contiguous(), places, right=True) - 1
    # what belongs to no bag goes into one more, which is cut off
    of_place = where(counted & (places < ends.max()), of_place, bags)
    sums: Tensor = embedding_backward(found, of_place, bags + 1, -1).narrow(0, 0, bags)
    if mode == "sum":
        return sums
    sizes = embedding_backward(ones(count, 1, dtype=weight.dtype, device=weight.device), of_place, bags + 1, -1)
    return sums / sizes.narrow(0, 0, bags).clamp_min(1)


def _bags(
    input: Tensor, weight: Tensor, offsets: Tensor | None, include_last_offset: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """The row numbers in one row, and where each bag starts and ends."""
    if weight.array.ndim != 2:
        raise ArgumentError(f"weight has to be a 2D Tensor, but got Tensor of dimension {weight.array.ndim}")
    if not weight.is_floating_point():
        raise DtypeError(f"embedding_bag: expected a weight of floating point, got {weight.dtype}")
    _check_numbers("embedding_bag", "row numbers", input)
    if input.array.ndim == 2:
        if offsets is not None:
            raise ArgumentError(
                "if input is 2D, then offsets has to be None, as input is treated is a mini-batch of fixed length "
                "sequences"
            )
        bags, size = input.array.shape
        starts = arange(bags, device=input.device) * size
        return input.reshape(-1), starts, starts + size
    if input.array.ndim != 1:
        raise ArgumentError(f"input has to be 1D or 2D Tensor, but got Tensor of dimension {input.array.ndim}")
    if offsets is None or offsets.array.ndim != 1:
        given = "None" if offsets is None else f"{offsets.array.ndim} dimensions"
        raise ArgumentError(f"offsets has to be a 1D Tensor but got {given}")
    _check_numbers("embedding_bag", "offsets", offsets)
    offsets, count = offsets.long(), input.array.size
    if include_last_offset and not offsets.array.size:
        raise ArgumentRangeError("include_last_offset: number of offset should be at least 1")
    if offsets.array.size:
        if (first := int(offsets[0])) != 0:
            raise ArgumentRangeError(
                "offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from position 0. "
                f"However, got {first}"
            )
        if (last := int(offsets[-1])) > count:
            raise ArgumentRangeError(
                f"offsets[-1] can not be greater than input's length {count} but got offsets[-1] of {last}"
            )
        if bool((offsets[1:] < offsets[:-1]).any()):
            raise ArgumentRangeError("embedding_bag: offsets must not decrease. Sort the bags.")
    if include_last_offset:
        return input, offsets[:-1], offsets[1:]
    end = offsets.new_full((1,), count)
    return input, offsets, OPS["cat"].call([offsets[1:], end], 0) if offsets.array.size else offsets


def _check_mode(mode: str, scale_grad_by_freq: bool, sparse: bool, weight: Tensor) -> None:
    if mode not in ("sum", "mean", "max"):
        raise ArgumentError(f"mode has to be one of sum, mean or max, got {mode!r}")
    if mode == "max" and scale_grad_by_freq:
        raise ArgumentError("max mode does not support scaling the gradient by the frequency")
    if mode == "max" and sparse:
        raise ArgumentError("max mode does not support sparse weights")
    _refuse_sparse("embedding_bag", sparse, weight)


def _check_factors(input: Tensor, weight: Tensor, factors: Tensor, mode: str) -> None:
    if factors.array.shape != input.array.shape:
        raise ArgumentError(
            f"embedding_bag: If per_sample_weights ({tuple(factors.shape)}) is not None, then it must have the same "
            f"shape as the input ({tuple(input.shape)})"
        )
    if mode != "sum":
        raise NotImplementedError(
            "embedding_bag: per_sample_weights was not None. per_sample_weights is only supported for mode='sum' (got "
            f"mode={mode!r})."
        )
    if factors.dtype is not weight.dtype:
        raise DtypeError(
            f"embedding_bag: expected per_sample_weights of dtype {weight.dtype}, as weight has, got {factors.dtype}"
        )


def _maxima(found: Tensor, counted: Tensor, starts: Tensor, ends: Tensor) -> Tensor:
    """The maxima of bags of rows; the first of equal ones gets the gradient. Zeros for an empty bag."""
    bags, columns = starts.array.size, found.array.shape[1]
    longest = int((ends - starts).max()) if bags else 0
    if not longest:
        return found.new_zeros(bags, columns)
    within = arange(longest, device=starts.device)
    inside = within < (ends - starts).unsqueeze(1)
    places = where(inside, starts.unsqueeze(1) + within, 0).reshape(-1)
    valid = inside & counted.index_select(0, places).reshape(bags, longest)
    rows = found.index_select(0, places).reshape(bags, longest, columns)
    best: Tensor = rows.masked_fill(~valid.unsqueeze(-1), float("-inf")).max(1)[0]
    return best.masked_fill(~valid.any(1, keepdim=True), 0)


__all__ = ["embedding", "embedding_bag"]
