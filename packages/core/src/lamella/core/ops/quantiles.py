"""Quantiles, composed of sorting and interpolation."""

from __future__ import annotations

from typing import Any

from lamella.core import dtypes
from lamella.core.autocast_policy import autocast_as
from lamella.core.errors import ArgumentRangeError, ArgumentTypeError, DtypeError, ShapeError
from lamella.core.ops import shapes
from lamella.core.ops.comparison import isnan
from lamella.core.ops.creation import full
from lamella.core.ops.pointwise import lerp
from lamella.core.ops.reductions import sum
from lamella.core.ops.rounding import ceil, floor, round
from lamella.core.ops.selection import where
from lamella.core.ops.sorting import picked, sort
from lamella.core.rules import numpy_names, one_dim
from lamella.core.tensor import Tensor

_INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")


def _check_quantile(name: str, input: Tensor, q: Any, interpolation: str) -> Tensor:
    """``q`` as a tensor."""
    if input.dtype not in (dtypes.float32, dtypes.float64):
        raise DtypeError(f"{name}() input tensor must be either float or double dtype, got {input.dtype}")
    if input.array.size == 0:
        raise ShapeError(f"{name}() input tensor must be non-empty, got shape {tuple(input.shape)}")
    if interpolation not in _INTERPOLATIONS:
        raise ArgumentRangeError(
            f"{name}() interpolation must be one of {', '.join(_INTERPOLATIONS)}, but got {interpolation}"
        )
    if not isinstance(q, Tensor):
        if not isinstance(q, (int, float)):
            raise ArgumentTypeError(f"{name}(): argument 'q' must be a float or a Tensor, not {type(q).__name__}")
        q = full((), float(q), dtype=input.dtype, device=input.device)
    if q.array.ndim > 1:
        raise ShapeError(f"{name}() q must be a scalar or 1D tensor, got {q.array.ndim} dimensions")
    if q.dtype is not input.dtype:
        raise DtypeError(f"{name}() q tensor must be same dtype as the input tensor, got {q.dtype} and {input.dtype}")
    if not ((q.array >= 0) & (q.array <= 1)).all():
        raise ArgumentRangeError(f"{name}() q values must be in the range [0, 1] but got {q.tolist()}")
    return q


def _quantiles(
    name: str, input: Tensor, q: Any, dim: int | None, keepdim: bool, interpolation: str, skip_nan: bool
) -> Tensor:
    q = _check_quantile(name, input, q, interpolation)
    ndim = input.array.ndim
    d = 0 if dim is None else one_dim(dim, ndim)
    rows = shapes.reshape(input, (-1,)) if dim is None or not ndim else shapes.movedim(input, d, -1)
    ordered = sort(rows).values
    n = ordered.array.shape[-1]
    if skip_nan:
        present = sum(isnan(ordered).logical_not(), -1, True)
        ranks = shapes.reshape(q, (-1,)) * (present - 1).clamp(min=0).to(input.dtype)
    else:  # nan comes last
        ranks = where(isnan(shapes.narrow(ordered, -1, n - 1, 1)), n - 1.0, shapes.reshape(q, (-1,)) * (n - 1))
    result = _between(ordered, ranks, interpolation)
    if dim is None and keepdim:
        result = shapes.reshape(result, (*(1,) * ndim, result.array.shape[-1]))
    elif keepdim and ndim:
        result = shapes.unsqueeze(result, d)
    return shapes.movedim(result, -1, 0) if q.array.ndim else shapes.squeeze(result, -1)


def _between(ordered: Tensor, ranks: Tensor, interpolation: str) -> Tensor:
    """The elements at fractional ``ranks`` in the last dimension."""
    if interpolation in ("lower", "higher", "nearest"):
        whole: Any = {"lower": floor, "higher": ceil, "nearest": round}[interpolation]
        return picked(ordered, whole(ranks).long(), -1)
    low = floor(ranks)
    weight = 0.5 if interpolation == "midpoint" else ranks - low
    return lerp(picked(ordered, low.long(), -1), picked(ordered, ceil(ranks).long(), -1), weight)


@autocast_as("float32")
@numpy_names
def quantile(
    input: Tensor, q: float | Tensor, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear"
) -> Tensor:
    """The ``q``-quantiles along ``dim``: below each lies the share ``q`` of the elements. nan where there is a nan.

    Args:
        input: float32 or float64.
        q: A number from 0 to 1, or a tensor of them, of at most one dimension and of the dtype of ``input``.
        dim: Along which to look; all elements by default. keepdim: keep the dimension with size 1.
        interpolation: Of the two elements between which a quantile falls: ``"linear"``, ``"lower"``, ``"higher"``,
            ``"midpoint"`` or ``"nearest"``.

    Returns:
        The quantiles; for a 1-D ``q`` in a new first dimension.

    Raises:
        RuntimeError: There is no element, a dtype does not fit, or an argument is out of its range.
        IndexError: There is no such dimension.

    Example:
        >>> import lamella
        >>> lamella.quantile(lamella.tensor([0.0, 1.0, 2.0, 3.0]), 0.5)
        tensor(1.5000)
    """
    return _quantiles("quantile", input, q, dim, keepdim, interpolation, False)


@autocast_as("float32")
@numpy_names
def nanquantile(
    input: Tensor, q: float | Tensor, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear"
) -> Tensor:
    """Like :func:`quantile`, of the elements that are not nan; nan where all are.

    Raises:
        RuntimeError: There is no element, a dtype does not fit, or an argument is out of its range.
        IndexError: There is no such dimension.
    """
    return _quantiles("nanquantile", input, q, dim, keepdim, interpolation, True)


__all__ = ["nanquantile", "quantile"]
