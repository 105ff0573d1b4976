"""Matrices put together from vectors and blocks: all pairs and choices, powers, block diagonals."""

from __future__ import annotations

import itertools
import operator

import numpy as np

from lamella.core import dtypes
from lamella.core.errors import ArgumentRangeError, ArgumentTypeError, DtypeError, ShapeError
from lamella.core.ops.conversions import to
from lamella.core.ops.creation import arange, placed, zeros
from lamella.core.ops.indexing import index_select
from lamella.core.ops.pieces import cat, stack
from lamella.core.ops.pointwise import pow
from lamella.core.ops.shapes import expand, reshape, unsqueeze
from lamella.core.tensor import Tensor, check_tensor


def _vector(op: str, x: Tensor) -> int:
    """The length of a vector."""
    if x.array.ndim != 1:
        raise ShapeError(f"{op}: expected a 1-D tensor, got shape {tuple(x.shape)}. Flatten it with x.flatten().")
    return int(x.array.shape[0])


def _count(op: str, argument: str, given: int) -> int:
    try:
        count = operator.index(given)
    except TypeError:
        raise ArgumentTypeError(f"{op}(): argument '{argument}' must be int, not {type(given).__name__}") from None
    if count < 0:
        raise ArgumentRangeError(f"{op}: {argument} must be non-negative, got {count}")
    return count


def block_diag(*tensors: Tensor) -> Tensor:
    """A matrix with the tensors along its diagonal, and zeros elsewhere.

    Args:
        tensors: Of 2 dimensions or fewer; a vector is a row. Their dtypes are promoted.

    Returns:
        As many rows, and columns, as the tensors have together; ``(1, 0)`` of none.

    Raises:
        RuntimeError: One has more dimensions. TypeError: one is no Tensor.

    Example:
        >>> lamella.block_diag(lamella.tensor([[1, 2]]), lamella.tensor(3)).tolist()
        [[1, 2, 0], [0, 0, 3]]
    """
    blocks = []
    for i, x in enumerate(tensors):
        ndim = check_tensor("block_diag", f"tensors[{i}]", x).array.ndim
        if ndim > 2:
            raise ShapeError(f"block_diag: input tensors must have 2 or fewer dimensions, but number {i} has {ndim}")
        blocks.append(x if ndim == 2 else reshape(x, 1, -1))
    if not blocks:
        return zeros(1, 0)
    width = sum(x.array.shape[1] for x in blocks)
    rows, before = [], 0
    for x in blocks:
        height, own = x.array.shape
        left, right = (zeros(height, n, dtype=x.dtype, device=x.device) for n in (before, width - before - own))
        rows.append(cat([left, x, right], 1))
        before += own
    return cat(rows)


def cartesian_prod(*tensors: Tensor) -> Tensor:
    """All ways to take one element of each vector, a row each, as in ``itertools.product``.

    Args:
        tensors: 1-D, of one dtype.

    Returns:
        ``(n_1 * … * n_k, k)``; of one vector that vector itself.

    Raises:
        RuntimeError: There is none, one is no vector, or the dtypes differ. TypeError: one is no Tensor.
    """
    if not tensors:
        raise ArgumentRangeError("cartesian_prod: expected one or more tensors")
    shape = tuple(
        _vector("cartesian_prod", check_tensor("cartesian_prod", f"tensors[{i}]", x)) for i, x in enumerate(tensors)
    )
    kinds = {x.dtype for x in tensors}
    if len(kinds) > 1:
        raise DtypeError(
            f"cartesian_prod: expects all tensors to have the same dtype, got {' and '.join(sorted(map(str, kinds)))}"
        )
    if len(tensors) == 1:
        return tensors[0]
    columns = [
        expand(reshape(x, [-1 if i == d else 1 for i in range(len(shape))]), shape) for d, x in enumerate(tensors)
    ]
    return reshape(stack(columns, -1), int(np.prod(shape)), len(shape))


def combinations(input: Tensor, r: int = 2, with_replacement: bool = False) -> Tensor:
    """All ways to choose ``r`` elements of a vector, a row each, as in ``itertools.combinations``.

    Args:
        input: 1-D. r: how many to choose, 0 or more. with_replacement: whether an element may be chosen again.

    Returns:
        ``(number of ways, r)``; ``(0,)`` for ``r=0``.

    Raises:
        RuntimeError: It is no vector, or ``r`` is negative. TypeError: ``r`` is no int.
    """
    n = _vector("combinations", input)
    count = _count("combinations", "r", r)
    if count == 0:
        return zeros(0, dtype=input.dtype, device=input.device)
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    places = np.fromiter(itertools.chain.from_iterable(choose(range(n), count)), np.int64)
    return reshape(index_select(input, 0, placed(places, input.device)), len(places) // count, count)


def vander(x: Tensor, N: int | None = None, increasing: bool = False) -> Tensor:
    """The powers of a vector's elements as columns: the Vandermonde matrix.

    Args:
        x: ``(n,)``. N: the number of columns, from ``x**(N-1)`` down to ``x**0``; n by default.
        increasing: From ``x**0`` up to ``x**(N-1)`` instead.

    Returns:
        ``(n, N)``; of integers and bools an int64.

    Raises:
        RuntimeError: It is no vector, or ``N`` is negative. TypeError: ``N`` is no int.
    """
    size = _vector("vander", check_tensor("vander", "x", x))
    columns = size if N is None else _count("vander", "N", N)
    x = to(x, dtype=dtypes.promote_types(x.dtype, dtypes.int64))
    powers = arange(columns, dtype=x.dtype.to_real(), device=x.device)
    return pow(unsqueeze(x, 1), powers if increasing else columns - 1 - powers)


NOT_METHODS = ("combinations",)

#: Functions without ``out=``.
NO_OUT = (
    "block_diag",
    "cartesian_prod",
    "combinations",
    "vander",
)

__all__ = ["block_diag", "cartesian_prod", "combinations", "vander"]
