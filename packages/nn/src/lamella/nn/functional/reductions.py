"""What losses do with the numbers they have for each sample: PyTorch's ``reduction``, and its older words for it."""

from __future__ import annotations

import warnings

from lamella.core.errors import ArgumentError
from lamella.core.tensor import Tensor


def reduction_of(size_average: bool | None, reduce: bool | None, reduction: str) -> str:
    """``reduction``, or what PyTorch's older arguments say it is."""
    if size_average is None and reduce is None:
        return reduction
    older = "none" if reduce is False else "sum" if size_average is False else "mean"
    warnings.warn(
        f"size_average and reduce args will be deprecated, please use reduction='{older}' instead.", stacklevel=4
    )
    return older


def check_reduction(reduction: str) -> None:
    """Refuse what is no reduction.

    Raises:
        ValueError: It is none of "none", "mean" and "sum".
    """
    if reduction not in ("none", "mean", "sum"):
        raise ArgumentError(f"{reduction} is not a valid value for reduction; expected 'none', 'mean' or 'sum'")


def reduced(losses: Tensor, reduction: str) -> Tensor:
    """``losses`` as they are, their mean or their sum.

    Raises:
        ValueError: ``reduction`` is not known.
    """
    check_reduction(reduction)
    if reduction == "none":
        return losses
    result: Tensor = losses.mean() if reduction == "mean" else losses.sum()
    return result


__all__ = ["check_reduction", "reduced", "reduction_of"]
