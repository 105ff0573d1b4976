"""Losses that measure how far numbers are from numbers, element by element."""

from __future__ import annotations

import warnings

from lamella.core import dtypes
from lamella.core.autocast_policy import autocast_as
from lamella.core.errors import ArgumentError, ArgumentRangeError, DtypeError
from lamella.core.tensor import Tensor
from lamella.nn.functional.reductions import check_reduction, reduced, reduction_of
from lamella.nn.ops.distance_losses import rounded_distance


def _difference(name: str, input: Tensor, target: Tensor) -> Tensor:
    """``input - target``, broadcast with a warning.

    Raises:
        RuntimeError: It is not floating point, or the shapes do not fit.
    """
    _warn_of_sizes(input, target)
    if target.dtype is dtypes.bool:
        target = target.to(input.dtype)
    elif input.dtype is dtypes.bool:
        input = input.to(target.dtype)
    found = input - target
    if not found.is_floating_point():
        raise DtypeError(f"{name}: not defined for dtype {found.dtype}; expected floating point. Use x.float().")
    return found


def _warn_of_sizes(input: Tensor, target: Tensor) -> None:
    if input.array.shape != target.array.shape:
        warnings.warn(
            f"Using a target size ({target.shape}) that is different to the input size ({input.shape}). This will "
            "likely lead to incorrect results due to broadcasting. Please ensure they have the same size.",
            stacklevel=5,
        )


def _weighted(losses: Tensor, weight: Tensor, input: Tensor) -> Tensor:
    if weight.array.shape != input.array.shape:
        raise ArgumentError(
            f"Weights and input must have the same size, got {tuple(weight.shape)} and {tuple(input.shape)}"
        )
    return losses * weight


def _reduced(losses: Tensor, weight: Tensor | None, input: Tensor, reduction: str) -> Tensor:
    """Losses with an optional weight for each; a mean is the weighted one."""
    if weight is None:
        return reduced(losses, reduction)
    losses = _weighted(losses, weight, input)
    return losses.sum() / weight.sum() if reduction == "mean" else reduced(losses, reduction)


@autocast_as("float32")
def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """The squared difference, ``(input - target)²``; see ``nn.MSELoss``.

    Args:
        size_average, reduce: PyTorch's older words for ``reduction``.
        reduction: ``"mean"`` (weighted), ``"sum"`` or ``"none"``.
        weight: What each element counts, of the shape of ``input``.

    Raises:
        ValueError: ``reduction`` is not known, or ``weight`` has another shape.
        RuntimeError: The shapes do not fit, or the difference is not floating point.
    """
    reduction = reduction_of(size_average, reduce, reduction)
    check_reduction(reduction)
    return _reduced(_difference("mse_loss", input, target).square(), weight, input, reduction)


@autocast_as("float32")
def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """The absolute difference, ``|input - target|``; see ``nn.L1Loss``.

    Arguments and errors as for :func:`mse_loss`, but integers and complex numbers may be given.
    """
    reduction = reduction_of(size_average, reduce, reduction)
    check_reduction(reduction)
    _warn_of_sizes(input, target)
    return _reduced((input - target).abs(), weight, input, reduction)


@autocast_as("float32")
def smooth_l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor:
    """The absolute difference, rounded off below ``beta``; see ``nn.SmoothL1Loss``.

    Args:
        size_average, reduce: PyTorch's older words for ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
        beta: Where the two meet; with 0 this is :func:`l1_loss`.

    Raises:
        ValueError: ``reduction`` is not known.
        RuntimeError: ``beta`` is negative, the shapes do not fit, or the difference is not floating point.
    """
    reduction = reduction_of(size_average, reduce, reduction)
    check_reduction(reduction)
    if beta < 0:
        raise ArgumentRangeError(f"smooth_l1_loss does not support negative values for beta, got {beta}")
    difference = _difference("smooth_l1_loss", input, target)
    return reduced(rounded_distance(difference, beta, 1 / beta) if beta else difference.abs(), reduction)


@autocast_as("float32")
def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Tensor | None = None
) -> Tensor:
    """Half the squared difference up to ``delta``, and from there on a straight line; see ``nn.HuberLoss``.

    Args:
        reduction: ``"mean"`` (over the elements, also with weights), ``"sum"`` or ``"none"``.
        delta: Where the two meet.
        weight: What each element counts, of the shape of ``input``.

    Raises:
        ValueError: ``reduction`` is not known, or ``weight`` has another shape.
        RuntimeError: ``delta`` is not positive, the shapes do not fit, or ``input`` is not floating point.
    """
    check_reduction(reduction)
    if delta <= 0:
        raise ArgumentRangeError(f"huber_loss does not support non-positive values for delta, got {delta}")
    if target.is_complex():
        raise DtypeError(f"huber_loss: not defined for target of dtype {target.dtype}; expected real numbers")
    losses = rounded_distance(_difference("huber_loss", input, target.to(input.dtype)), delta, 1.0)
    return reduced(losses if weight is None else _weighted(losses, weight, input), reduction)


__all__ = ["huber_loss", "l1_loss", "mse_loss", "smooth_l1_loss"]
