"""Products of vectors, matrices and tensors beyond ``matmul``, and sums with them; all contracted through BLAS."""

from __future__ import annotations

import functools
import itertools
import math
import operator
import warnings
from collections.abc import Sequence
from typing import Any

from lamella.core import dtypes, rules
from lamella.core.autocast_policy import autocast_as
from lamella.core.errors import ArgumentRangeError, ArgumentTypeError, DtypeError, ShapeError
from lamella.core.ops.conversions import to
from lamella.core.ops.diagonals import diagonal
from lamella.core.ops.logic import logical_and, logical_or
from lamella.core.ops.matmul import bmm, dot, matmul, mm, mv, outer, scaled_sum
from lamella.core.ops.pointwise import conj, mul
from lamella.core.ops.reductions import sum
from lamella.core.ops.shapes import broadcast_to, permute, reshape
from lamella.core.tensor import Tensor, check_tensor

# --- sums with products


@autocast_as("lower")
def addbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """``beta * input + alpha * sum_i(batch1[i] @ batch2[i])``; with ``beta=0`` even nan in ``input`` does not count.

    Args:
        input: Of any shape that broadcasts to ``(n, m)``. batch1: ``(b, n, k)``. batch2: ``(b, k, m)``.
        beta: Factor of ``input``. alpha: factor of the sum. Beside integers both are cut to whole numbers.

    Raises:
        RuntimeError: Sizes or dtypes do not fit. TypeError: one is no Tensor.
    """
    check_tensor("addbmm", "input", input)
    _check_batches("addbmm", batch1, batch2)
    b, n, k = batch1.array.shape
    m = batch2.array.shape[2]
    # one product: the matrices of the batch stand side by side on the left, below each other on the right
    left = reshape(permute(batch1, 1, 0, 2), n, b * k)
    return scaled_sum("addbmm", input, mm(left, reshape(batch2, b * k, m)), beta, alpha)


@autocast_as("lower")
def baddbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """``beta * input + alpha * (batch1 @ batch2)``; with ``beta=0`` the values of ``input`` do not count, not even nan.

    Args:
        input: Of any shape that broadcasts to ``(b, n, m)``. batch1: ``(b, n, k)``. batch2: ``(b, k, m)``.
        beta: Factor of ``input``. alpha: factor of the products. Beside integers both are cut to whole numbers.

    Raises:
        RuntimeError: Sizes or dtypes do not fit. TypeError: one is no Tensor.
    """
    check_tensor("baddbmm", "input", input)
    _check_batches("baddbmm", batch1, batch2)
    return scaled_sum("baddbmm", input, bmm(batch1, batch2), beta, alpha)


def _check_batches(op: str, batch1: Tensor, batch2: Tensor) -> None:
    shapes = [tuple(check_tensor(op, name, x).shape) for name, x in (("batch1", batch1), ("batch2", batch2))]
    if {len(s) for s in shapes} != {3} or shapes[0][0] != shapes[1][0] or shapes[0][2] != shapes[1][1]:
        raise ShapeError(
            f"{op}: expected batches of matrices, (b, n, k) and (b, k, m), got {shapes[0]} and {shapes[1]}. "
            "Add a missing batch dimension with unsqueeze(0)."
        )


@autocast_as("given")
def addmv(input: Tensor, mat: Tensor, vec: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """``beta * input + alpha * (mat @ vec)``; with ``beta=0`` the values of ``input`` do not count, not even nan.

    Args:
        input: Of any shape that broadcasts to ``(n,)``. mat: ``(n, k)``. vec: ``(k,)``.
        beta: Factor of ``input``. alpha: factor of the product. Beside integers both are cut to whole numbers.

    Raises:
        RuntimeError: Sizes or dtypes do not fit. TypeError: one is no Tensor.
    """
    check_tensor("addmv", "input", input)
    return scaled_sum("addmv", input, mv(mat, vec), beta, alpha)


def addr(input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """``beta * input + alpha * outer(vec1, vec2)``; with ``beta=0`` the values of ``input`` do not count, not even nan.

    Unlike in its siblings the dtypes may differ, and are promoted. Of bools the sum is "or", the product "and".

    Args:
        input: Of any shape that broadcasts to ``(n, m)``. vec1: ``(n,)``. vec2: ``(m,)``.
        beta: Factor of ``input``. alpha: factor of the products. Beside integers no fractions, bools beside bools only.

    Raises:
        RuntimeError: Sizes do not fit, or a factor does not fit the dtype. TypeError: one is no Tensor.
    """
    check_tensor("addr", "input", input)
    product = outer(vec1, vec2)
    kind = dtypes.result_dtype((input.array, vec1.array, vec2.array))
    for name, factor in (("beta", beta), ("alpha", alpha)):
        if isinstance(factor, bool) and kind is not dtypes.bool:
            raise ArgumentRangeError(f"addr: {name}={factor} is a bool, but the result is of {kind}. Pass a number.")
        if isinstance(factor, (float, complex)) and kind.category < dtypes.float32.category:
            raise ArgumentRangeError(
                f"addr: {name}={factor} is no whole number, but the result is of {kind}. Convert a tensor with "
                "x.float() first."
            )
    input = broadcast_to(input, product.array.shape)
    if kind is not dtypes.bool:
        return scaled_sum("addr", to(input, dtype=kind), to(product, dtype=kind), beta, alpha)
    product = logical_and(product, bool(alpha))
    return logical_or(input, product) if beta else product


# --- products


@autocast_as("given")
def vdot(input: Tensor, other: Tensor) -> Tensor:
    """The sum of the products of the first vector's conjugate elements and the second's: ``(n,), (n,) -> ()``.

    Raises:
        RuntimeError: They are no vectors, or their sizes or dtypes differ. TypeError: one is no Tensor.
    """
    return dot(conj(check_tensor("vdot", "input", input)), other)


def inner(input: Tensor, other: Tensor) -> Tensor:
    """The sums of products over the last dimension of both; the plain product if one is 0-dim.

    Shape:
        ``(…, k), (*, k) -> (…, *)``.

    Raises:
        RuntimeError: The last sizes differ, or the dtypes do. TypeError: one is no Tensor.
    """
    a = check_tensor("inner", "input", input).array.shape
    b = check_tensor("inner", "other", other).array.shape
    if not a or not b:
        return mul(input, other)
    if a[-1] != b[-1]:
        raise ShapeError(
            f"inner: the last dimension must match on both input tensors but got shapes {a} and {b}. "
            "Transpose one of them?"
        )
    return tensordot(input, other, ([-1], [-1]))


def tensordot(a: Tensor, b: Tensor, dims: Any = 2) -> Tensor:
    """The sums of products over some dimensions of ``a`` paired with some of ``b``.

    Args:
        a: Its other dimensions come first in the result. b: its other dimensions come last.
        dims: How many to contract, the last of ``a`` with the first of ``b``, in order; or two lists that name them.
            An int or a tensor of one int is the number, a tensor of shape ``(2, n)`` the lists.

    Raises:
        RuntimeError: The sizes of a pair differ and neither is 1, the dtypes differ, or ``dims`` makes no pairs.
        IndexError: There is no such dimension. TypeError: one is no Tensor, or ``dims`` holds something else.

    Example:
        >>> lamella.tensordot(lamella.ones(2, 3, 4), lamella.ones(4, 3), ([1, 2], [1, 0])).tolist()
        [12.0, 12.0]
    """
    shape_a = check_tensor("tensordot", "a", a).array.shape
    shape_b = check_tensor("tensordot", "b", b).array.shape
    over_a, over_b = _contracted(dims, len(shape_a), len(shape_b))
    for i, j in zip(over_a, over_b, strict=True):
        if shape_a[i] != shape_b[j] and 1 not in (shape_a[i], shape_b[j]):
            raise ShapeError(
                f"tensordot: contracted dimensions need to match, but first has size {shape_a[i]} in dim {i} and "
                f"second has size {shape_b[j]} in dim {j} (shapes {shape_a} and {shape_b})"
            )
    # a size of 1 is the same for all of the other's elements, which are therefore summed up first
    a = _summed(a, [i for i, j in zip(over_a, over_b, strict=True) if shape_b[j] == 1 != shape_a[i]])
    b = _summed(b, [j for i, j in zip(over_a, over_b, strict=True) if shape_a[i] == 1 != shape_b[j]])
    free_a = [d for d in range(len(shape_a)) if d not in over_a]
    free_b = [d for d in range(len(shape_b)) if d not in over_b]
    size = math.prod(a.array.shape[d] for d in over_a)
    rows, columns = [shape_a[d] for d in free_a], [shape_b[d] for d in free_b]
    left = reshape(permute(a, (*free_a, *over_a)), math.prod(rows), size)
    right = reshape(permute(b, (*over_b, *free_b)), size, math.prod(columns))
    return reshape(mm(left, right), (*rows, *columns))


def _summed(x: Tensor, dims: Sequence[int]) -> Tensor:
    return sum(x, dims, True, dtype=x.dtype) if dims else x


def _contracted(dims: Any, ndim_a: int, ndim_b: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The dimensions to contract, counted from the front."""
    if isinstance(dims, Tensor):
        dims = dims.tolist()
    if hasattr(dims, "__index__"):
        count = operator.index(dims)
        if count < 0 or count > min(ndim_a, ndim_b):
            raise ShapeError(
                f"tensordot: dims={count}, expected from 0 to {min(ndim_a, ndim_b)}, as many as both tensors have "
                f"({ndim_a}D and {ndim_b}D)"
            )
        return tuple(range(ndim_a - count, ndim_a)), tuple(range(count))
    if not isinstance(dims, Sequence) or len(dims) != 2:
        raise ArgumentRangeError(f"tensordot: expected dims to be an int or two lists of ints, got {dims!r}")
    if not all(isinstance(each, Sequence) for each in dims):
        raise ArgumentTypeError(f"tensordot: expected two lists of ints in dims, got {dims!r}: wrap each, ([0], [1])")
    if len(dims[0]) != len(dims[1]):
        raise ShapeError(f"tensordot: both dimension lists should have the same length, got {dims}")
    found_a, found_b = (
        rules.some_dims(each, ndim) if each else () for each, ndim in zip(dims, (ndim_a, ndim_b), strict=True)
    )
    return found_a, found_b


def kron(input: Tensor, other: Tensor) -> Tensor:
    """The Kronecker product: each element of ``input`` replaced by its product with all of ``other``.

    Shape:
        ``(a_0, …, a_n), (b_0, …, b_n) -> (a_0 * b_0, …, a_n * b_n)``; missing dimensions in front count as 1.

    Raises:
        TypeError: One is no Tensor.
    """
    a = check_tensor("kron", "input", input).array.shape
    b = check_tensor("kron", "other", other).array.shape
    ndim = max(len(a), len(b))
    a, b = (1,) * (ndim - len(a)) + a, (1,) * (ndim - len(b)) + b
    spaced_a = [size for n in a for size in (n, 1)]  # a_0, 1, a_1, 1, …
    spaced_b = [size for n in b for size in (1, n)]  # 1, b_0, 1, b_1, …
    product = mul(reshape(input, spaced_a), reshape(other, spaced_b))
    return reshape(product, [n * m for n, m in zip(a, b, strict=True)])


@functools.lru_cache(maxsize=256)
def chain_order(sizes: tuple[int, ...]) -> dict[tuple[int, int], int]:
    """Where to split a chain of matrices so that multiplying it takes the fewest steps.

    Args:
        sizes: ``(s_0, …, s_n)``, for matrices of shapes ``(s_0, s_1), …, (s_n-1, s_n)``.

    Returns:
        For every part of the chain, the matrices from i up to j without it, the split k: first those from i up to k
        and those from k up to j are multiplied, then the two results.

    Reference:
        T. H. Cormen et al., Introduction to Algorithms, 4th ed., 2022, section 14.2.
    """
    cost = {(i, i + 1): 0 for i in range(len(sizes) - 1)}
    split = {}
    for length in range(2, len(sizes)):
        for i in range(len(sizes) - length):
            j = i + length
            cost[i, j], split[i, j] = min(
                (cost[i, k] + cost[k, j] + sizes[i] * sizes[k] * sizes[j], k) for k in range(i + 1, j)
            )
    return split


def chain_product(matrices: Sequence[Tensor]) -> Tensor:
    """The product of matrices that fit, in the order that takes the fewest steps."""
    split = chain_order((matrices[0].array.shape[0], *(m.array.shape[1] for m in matrices)))

    def part(i: int, j: int) -> Tensor:
        return matrices[i] if j == i + 1 else matmul(part(i, split[i, j]), part(split[i, j], j))

    return part(0, len(matrices))


def chain_matmul(*matrices: Tensor) -> Tensor:
    """The product of several matrices, in the order that takes the fewest steps. Deprecated: use ``linalg.multi_dot``.

    Raises:
        RuntimeError: There is none, one is no matrix, or their sizes do not fit. TypeError: one is no Tensor.
    """
    warnings.warn("chain_matmul is deprecated; use lamella.linalg.multi_dot, which takes a list", stacklevel=2)
    if not matrices:
        raise ArgumentRangeError("chain_matmul: expected one or more matrices")
    for i, x in enumerate(matrices):
        if check_tensor("chain_matmul", f"matrices[{i}]", x).array.ndim != 2:
            raise ShapeError(f"chain_matmul: expected matrices, but argument {i} is {x.array.ndim}D")
    for i, (x, y) in enumerate(itertools.pairwise(matrices)):
        if x.array.shape[1] != y.array.shape[0]:
            raise ShapeError(
                f"chain_matmul: tensors {i} and {i + 1} with shapes {tuple(x.shape)} and {tuple(y.shape)} cannot be "
                "multiplied. Transpose one of them?"
            )
    return chain_product(matrices)


@autocast_as("float32")
def trace(input: Tensor) -> Tensor:
    """The sum of a matrix's diagonal; of integers an int64.

    Raises:
        RuntimeError: It is no matrix, or of bools.
    """
    if input.array.ndim != 2:
        raise ShapeError(f"trace: expected a matrix, but got tensor with dim {input.array.ndim}")
    if input.dtype is dtypes.bool:
        raise DtypeError("trace: not defined for dtype lamella.bool. Convert with x.int() first.")
    return sum(diagonal(input), 0)


IN_PLACE = ("addbmm", "addmv", "addr", "baddbmm")

#: Functions without ``out=``.
NO_OUT = (
    "chain_matmul",
    "tensordot",
    "trace",
)

__all__ = [
    "addbmm",
    "addmv",
    "addr",
    "baddbmm",
    "chain_matmul",
    "inner",
    "kron",
    "tensordot",
    "trace",
    "vdot",
]
