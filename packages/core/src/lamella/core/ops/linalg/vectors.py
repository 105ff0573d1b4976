"""Products of vectors and of several matrices; Vandermonde matrices."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from lamella.core import dtypes
from lamella.core.autocast_policy import autocast_as
from lamella.core.errors import ArgumentRangeError, DtypeError, ShapeError
from lamella.core.ops.conversions import to
from lamella.core.ops.linalg.structure import check_dtypes
from lamella.core.ops.pieces import stack, unbind
from lamella.core.ops.pointwise import conj, mul
from lamella.core.ops.products import chain_product
from lamella.core.ops.reductions import sum
from lamella.core.ops.shapes import broadcast_tensors, squeeze, unsqueeze
from lamella.core.rules import one_dim
from lamella.core.tensor import Tensor, check_tensor


def cross(input: Tensor, other: Tensor, *, dim: int = -1) -> Tensor:
    """The vector products of vectors of three elements along ``dim``, with broadcasting.

    Raises:
        RuntimeError: The size there is not 3, the shapes do not broadcast or have not as many dimensions, the dtypes
            differ or are bool. IndexError: there is no such dimension.

    Example:
        >>> import lamella
        >>> lamella.linalg.cross(lamella.tensor([1, 0, 0]), lamella.tensor([0, 1, 0]))
        tensor([0, 0, 1])
    """
    first = check_tensor("linalg.cross", "input", input).array.shape
    second = check_tensor("linalg.cross", "other", other).array.shape
    if len(first) != len(second):
        raise ShapeError(f"linalg.cross: inputs must have the same number of dimensions, but got {first} and {second}.")
    d = one_dim(dim, len(first))
    if not first or first[d] != 3 or second[d] != 3:
        raise ShapeError(
            f"linalg.cross: inputs dimension {dim} must have length 3, but the shapes are {first}, {second}."
        )
    check_dtypes("linalg.cross", ("input", "other"), (input, other))
    if input.dtype is dtypes.bool:
        raise DtypeError("linalg.cross: not defined for dtype lamella.bool. Convert with x.int() first.")
    a, b = (unbind(x, d) for x in broadcast_tensors(input, other))
    return stack([a[i - 2] * b[i - 1] - a[i - 1] * b[i - 2] for i in range(3)], d)


@autocast_as("lower")
def vecdot(x: Tensor, y: Tensor, *, dim: int = -1) -> Tensor:
    """The sums over ``dim`` of the products of ``x``'s conjugate elements and ``y``'s, with broadcasting.

    Raises:
        RuntimeError: The shapes do not broadcast, or the dtypes differ or are no floating ones. IndexError: there is no
            such dimension.
    """
    check_tensor("linalg.vecdot", "x", x)
    check_tensor("linalg.vecdot", "y", y)
    check_dtypes("linalg.vecdot", ("x", "y"), (x, y))
    if not (x.is_floating_point() or x.is_complex()):
        raise DtypeError(f"linalg.vecdot: Expected a floating point or complex tensor as input. Got {x.dtype}")
    return sum(mul(conj(x), y), dim)


def multi_dot(tensors: Sequence[Tensor]) -> Tensor:
    """The product of two or more matrices, in the order that takes the fewest steps.

    Args:
        tensors: Matrices; the first may be a vector, which stands for a row, and the last one for a column.

    Raises:
        RuntimeError: There are fewer than two, one is no matrix, their sizes do not fit, or the dtypes differ.
    """
    given = list(tensors)
    n = len(given)
    if n < 2:
        raise ArgumentRangeError(f"linalg.multi_dot: expected at least 2 tensors but got {n}")
    for i, x in enumerate(given):
        ndim = check_tensor("linalg.multi_dot", f"tensors[{i}]", x).array.ndim
        if ndim != 2 and (ndim != 1 or i not in (0, n - 1)):
            expected = "1D or 2D" if i in (0, n - 1) else "2D"
            raise ShapeError(f"linalg.multi_dot: tensor {i} must be {expected} but got {ndim}D")
    check_dtypes("linalg.multi_dot", [f"tensors[{i}]" for i in range(n)], given)
    row, column = given[0].array.ndim == 1, given[-1].array.ndim == 1
    if row:
        given[0] = unsqueeze(given[0], 0)
    if column:
        given[-1] = unsqueeze(given[-1], 1)
    for i, (x, y) in enumerate(itertools.pairwise(given)):
        if x.array.shape[1] != y.array.shape[0]:
            raise ShapeError(
                f"linalg.multi_dot: tensors {i} and {i + 1} with shapes {tuple(x.shape)} and {tuple(y.shape)} cannot "
                "be multiplied. Transpose one of them?"
            )
    product = chain_product(given)
    return squeeze(product, tuple(d for d, drop in enumerate((row, column)) if drop)) if row or column else product


def vander(x: Tensor, *, N: int | None = None) -> Tensor:
    """Vandermonde matrices: the powers 0, 1, … N - 1 of each element, ``(…, n) -> (…, n, N)``.

    Args:
        x: Numbers; of integers the powers are int64. N: how many powers, at least 2; ``n`` by default.

    Raises:
        RuntimeError: There would be fewer than two powers, or the dtype is bool or of half precision.
    """
    shape = check_tensor("linalg.vander", "x", x).array.shape
    if x.dtype is dtypes.bool or (x.dtype.is_floating_point and x.dtype.itemsize < 4):
        raise DtypeError(
            f"linalg.vander supports floating point, complex, and integer tensors, but got {x.dtype}. Convert with "
            "x.to(dtype)."
        )
    count = (shape[-1] if shape else 1) if N is None else N
    if count < 2:
        raise ArgumentRangeError(f"linalg.vander: N must be greater than 1, but is {count}")
    if not shape:
        x = unsqueeze(x, 0)
    if not (x.is_floating_point() or x.is_complex()):
        x = to(x, dtype=dtypes.int64)
    powers = [x.new_ones(x.shape), x]
    while len(powers) < count:
        powers.append(mul(powers[-1], x))
    return stack(powers, -1)
