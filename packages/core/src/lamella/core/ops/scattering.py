"""Writing to places that an index names along one dimension: ``scatter`` and its kin; writing to a slice of a copy.

In the primitives ``index`` and ``src`` have the same shape, and no size of it but that along ``dim`` is larger than the
input's. An element of ``src`` goes where ``gather`` with the same index would read.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lamella.core import dtypes, rules
from lamella.core.dispatch import define_op
from lamella.core.errors import (
    ArgumentRangeError,
    ArgumentTypeError,
    DtypeError,
    IndexBoundsError,
    IndexRangeError,
    ShapeError,
)
from lamella.core.folding import for_each
from lamella.core.ops.conversions import to
from lamella.core.ops.creation import full_like, ones_like
from lamella.core.ops.indexing import check_index_dtype
from lamella.core.ops.places import flat_places
from lamella.core.ops.rounding import div, floor_divide
from lamella.core.ops.selection import clamp_min
from lamella.core.ops.shapes import clone, getitem, reshape
from lamella.core.rules import one_dim
from lamella.core.tensor import Tensor, check_tensor

Shape = tuple[int, ...]


def _of_input(shape: Shape, *rest: Any) -> Shape:
    return shape


def _changed(xp: Any, ufunc: Any, input: Any, index: Any, src: Any, dim: int) -> Any:
    """A copy of ``input`` with the elements of ``src`` combined into it; ``ufunc.at`` is fastest with flat places."""
    result = input.copy()
    ufunc.at(result.reshape(-1), flat_places(xp, input.shape, index, dim), src.reshape(-1))
    return result


@define_op(
    inputs=("input", "index", "src"),
    shape=_of_input,
    dtype=rules.kept,
    name="scatter",
    samples=lambda make: [
        make(make.array(3, 4), np.array([[0, 2], [3, 1]]), make.array(2, 2), 1),
        make(make.array(3, 4), np.array([[2, 0, 1, 1]]), make.array(1, 4), 0),
        make(make.array(3, 4), make.ints(3, 5, 2), 1.5, 0),
        make(make.transposed(3, 4), np.array([[3], [0], [2]]), make.array(3, 1), 1),
        make(make.array(3), make.ints(3, 0), make.array(0), 0),
    ],
    errors=lambda make: [
        make.error((make.array(3), np.array([3]), 0.0, 0), IndexBoundsError, r"index 3 is out of bounds for dimension"),
        make.error((make.array(3), np.array([-1]), 0.0, 0), IndexBoundsError, r"index -1 is out of bounds"),
    ],
)
def _scatter(xp: Any, input: Any, index: Any, src: Any, dim: Any) -> Any:
    """A copy of ``input`` with ``src``, or one number, at the places of ``index`` along ``dim``."""
    result = input.copy()
    result.reshape(-1)[flat_places(xp, input.shape, index, dim)] = src.reshape(-1) if hasattr(src, "reshape") else src
    return result


_scatter.vjp(
    input=lambda F, grad, index, dim: F.scatter(grad, index, 0.0, dim),
    index=None,
    src=lambda F, grad, index, dim: F.gather(grad, index, dim),
)


@define_op(
    inputs=("input", "index", "src"),
    shape=_of_input,
    dtype=rules.kept,
    name="scatter_add",
    samples=lambda make: [
        make(make.array(3, 4), make.ints(4, 2, 6), make.array(2, 6), 1),
        make(make.array(3, 4), make.ints(3, 5, 4), make.transposed(5, 4), 0),
        make(make.array(2, 3, 2), make.ints(3, 2, 4, 1), make.array(2, 4, 1), 1),
        make(make.array(3), make.ints(3, 0), make.array(0), 0),
        make(make.bools(3), np.array([0, 0, 2]), make.bools(3), 0),
    ],
    errors=lambda make: [
        make.error((make.array(3), np.array([3]), make.array(1), 0), IndexBoundsError, r"index 3 is out of bounds"),
    ],
)
def _scatter_add(xp: Any, input: Any, index: Any, src: Any, dim: Any) -> Any:
    """A copy of ``input`` with ``src`` added at the places of ``index`` along ``dim``."""
    return _changed(xp, xp.add, input, index, src, dim)


_scatter_add.vjp(
    input=lambda F, grad: grad,
    index=None,
    src=lambda F, grad, index, dim: F.gather(grad, index, dim),
)


@define_op(
    inputs=("input", "index", "src"),
    shape=_of_input,
    dtype=rules.kept,
    samples=lambda make: [
        make(make.array(3, 4), make.ints(4, 2, 6), make.array(2, 6), 1),
        make(make.array(4), np.array([0, 0, 1, 1, 1, 3]), make.array(6) * [1, 1, 0, 1, 1, 1], 0),
        make(make.array(4) * [0, 1, 1, 0], np.array([0, 1, 1, 3, 3]), make.array(5) * [1, 0, 0, 0, 1], 0),
        make(make.array(3), make.ints(3, 0), make.array(0), 0),
    ],
    errors=lambda make: [
        make.error((make.array(3), np.array([3]), make.array(1), 0), IndexBoundsError, r"index 3 is out of bounds"),
    ],
)
def scatter_prod(xp: Any, input: Any, index: Any, src: Any, dim: Any) -> Any:
    """A copy of ``input`` multiplied by ``src`` at the places of ``index`` along ``dim``."""
    return _changed(xp, xp.multiply, input, index, src, dim)


def _scatter_prod_gradients(F: Any, grad: Any, out: Any, input: Any, index: Any, src: Any, dim: Any) -> Any:
    """Each factor's gradient is the product of the others at its place.

    That is ``out`` divided by the factor, unless the factor is 0. Then it is the product of those that are not,
    if no other is 0, and nothing if one is: written as the sum of the zeros without this one, for two of them, because
    the gradient of that is right too.
    """
    zero_in, zero_src = input == 0, src == 0
    zeros = F.scatter_add(zero_in * 1, index, zero_src * 1, dim)
    product = F.scatter_prod(F.where(zero_in, 1.0, input), index, F.where(zero_src, 1.0, src), dim)
    total = F.scatter_add(F.where(zero_in, input, 0.0), index, F.where(zero_src, src, 0.0), dim)

    def others(x: Any, zero: Any, zeros: Any, product: Any, total: Any, out: Any) -> Any:
        other_zeros = F.where(zeros == 1, 1.0, F.where(zeros == 2, total - x, 0.0))
        return F.conj(F.where(zero, product * other_zeros, out / F.where(zero, 1.0, x)))

    here = [F.gather(x, index, dim) for x in (zeros, product, total, out)]
    return (
        grad * others(input, zero_in, zeros, product, total, out),
        None,
        F.gather(grad, index, dim) * others(src, zero_src, *here),
    )


scatter_prod.vjp(_scatter_prod_gradients)


@define_op(
    inputs=("input", "index", "src"),
    shape=_of_input,
    dtype=rules.refusing(rules.kept, "complex"),
    samples=lambda make: [
        make(make.distinct(3, 4), make.ints(4, 2, 6), make.distinct(2, 6) + 0.01, 1, True, True),
        make(make.distinct(3, 4), make.ints(4, 2, 6), make.distinct(2, 6) + 0.01, 1, False, False),
        make(make.distinct(3, 4), make.ints(3, 5, 4), make.distinct(5, 4) + 0.01, 0, True, False),
        make(make.array(3), make.ints(3, 0), make.array(0), 0, True, True),
    ],
    errors=lambda make: [
        make.error(
            (make.array(3), np.array([3]), make.array(1), 0, True, True), IndexBoundsError, r"index 3 is out of bounds"
        ),
        make.error(
            (make.array(1) + 1j, np.array([0]), make.array(1) + 1j, 0, True, True), DtypeError, r"not defined for"
        ),
    ],
)
def scatter_extreme(xp: Any, input: Any, index: Any, src: Any, dim: Any, largest: Any, include_self: Any) -> Any:
    """A copy of ``input`` with the largest (or smallest) of what ``index`` brings to each place; see scatter_reduce."""
    result, places = input.copy(), flat_places(xp, input.shape, index, dim)
    flat, brought = result.reshape(-1), src.reshape(-1)
    if not include_self:
        flat[places] = brought  # one of those to compare with
    (xp.maximum if largest else xp.minimum).at(flat, places, brought)
    return result


def _scatter_extreme_gradients(
    F: Any, grad: Any, out: Any, input: Any, index: Any, src: Any, dim: Any, include_self: Any
) -> Any:
    """Equal winners share the gradient. As in PyTorch, the input's element counts even where it is not included."""
    won_in, won_src = input == out, src == F.gather(out, index, dim)
    share = grad / F.scatter_add(won_in * 1, index, won_src * 1, dim)
    of_input = F.where(won_in, share, 0.0)
    return (
        of_input if include_self else F.scatter(of_input, index, 0.0, dim),
        None,
        F.where(won_src, F.gather(share, index, dim), 0.0),
    )


scatter_extreme.vjp(_scatter_extreme_gradients)


# --- the public functions


def _prepared(op: str, input: Tensor, dim: int, index: Tensor, src: Tensor | None) -> tuple[Tensor, Tensor, Any, int]:
    """``input``, ``index``, ``src`` and ``dim`` as the primitives take them; 0-dim tensors count as 1-dim ones."""
    check_index_dtype(op, index)
    shape, wanted = input.array.shape or (1,), index.array.shape or (1,)
    if len(wanted) != len(shape):
        raise ShapeError(
            f"{op}(): Index tensor must have the same number of dimensions as self tensor, got {len(wanted)} and "
            f"{len(shape)}"
        )
    d = one_dim(dim, len(shape))
    given = wanted
    if src is not None:
        if src.dtype is not input.dtype:
            raise DtypeError(
                f"{op}(): Expected self.dtype to be equal to src.dtype, got {input.dtype} and {src.dtype}. Convert one "
                "with x.to(dtype)."
            )
        given = src.array.shape or (1,)
        if len(given) != len(shape):
            raise ShapeError(
                f"{op}(): Index tensor must have the same number of dimensions as src tensor, got {len(wanted)} and "
                f"{len(given)}"
            )
        src = reshape(src, given)
        if given != wanted and all(w <= g for w, g in zip(wanted, given, strict=True)):
            src = getitem(src, tuple(slice(0, w) for w in wanted))
            given = wanted
    if given != wanted or any(w > s for k, (w, s) in enumerate(zip(wanted, shape, strict=True)) if k != d):
        of_src = "" if src is None else f", and to be no larger than src {list(given)}"
        raise ShapeError(
            f"{op}(): Expected index {list(wanted)} to be no larger than self {list(shape)} apart from dimension "
            f"{d}{of_src}"
        )
    return reshape(input, shape), reshape(index, wanted), src, d


def _untouched(op: str, input: Tensor, dim: int, index: Any) -> bool:
    """Whether ``index``, of whatever dtype, names no place at all."""
    one_dim(dim, check_tensor(op, "input", input).array.ndim)
    return check_tensor(op, "index", index).array.size == 0


def scatter(
    input: Tensor, dim: int, index: Tensor, src: Any = None, *, value: Any = None, reduce: str | None = None
) -> Tensor:
    """A copy of ``input`` with the elements of ``src`` at other places along ``dim``.

    ``out[index[i][j]][j] = src[i][j]`` for ``dim`` 0, and so on for other dimensions. Where several elements go to one
    place the last stays.

    Args:
        dim: Along which to place.
        index: int64 or int32, none negative; as many dimensions as ``input``, and no larger than it but along ``dim``.
        src: Of the dtype of ``input``, in each dimension at least as large as ``index``; or one number.
        value: The number, by name.
        reduce: ``"add"`` or ``"multiply"`` to combine with what is there, instead of replacing it.

    Raises:
        RuntimeError: Shapes or dtypes do not fit, or an index points outside.
        TypeError: There is neither ``src`` nor ``value``, or both.

    Example:
        >>> lamella.zeros(2, 3).scatter(1, lamella.tensor([[2], [0]]), 1.0)
        tensor([[0., 0., 1.],
                [1., 0., 0.]])
    """
    if (src is None) == (value is None):
        raise ArgumentTypeError(
            "scatter(): expected one of src and value, " + ("got both" if src is not None else "got none")
        )
    if reduce not in (None, "add", "multiply"):
        raise ArgumentRangeError(f"scatter(): reduce argument must be either add or multiply, got {reduce}")
    if isinstance(value, Tensor):
        value = value.item() if value.array.ndim == 0 else value
    number = value if src is None else None if isinstance(src, Tensor) else src
    if number is not None:
        number = dtypes.fitting(number, input.dtype)
    if _untouched("scatter", input, dim, index):
        return clone(input)
    whole, places, src, d = _prepared("scatter", input, dim, index, src if number is None else None)
    if reduce is None:
        result: Tensor = _scatter(whole, places, src if number is None else number, d)
    else:
        combined = src if number is None else full_like(places, number, dtype=input.dtype)
        result = (_scatter_add if reduce == "add" else scatter_prod)(whole, places, combined, d)
    return reshape(result, input.array.shape)


def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """A copy of ``input`` with the elements of ``src`` added at other places along ``dim``.

    ``out[index[i][j]][j] += src[i][j]`` for ``dim`` 0, and so on for other dimensions. Args as for :func:`scatter`.

    Raises:
        RuntimeError: Shapes or dtypes do not fit, or an index points outside.

    Example:
        >>> lamella.zeros(3).scatter_add(0, lamella.tensor([0, 2, 2]), lamella.ones(3))
        tensor([1., 0., 2.])
    """
    return scatter_reduce(input, dim, index, src, "sum")


def scatter_reduce(
    input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """A copy of ``input`` with all elements of ``src`` that go to one place along ``dim`` reduced there.

    Args:
        dim: Along which to place. index: where, as for :func:`scatter`. src: what, as for :func:`scatter`.
        reduce: ``"sum"``, ``"prod"``, ``"mean"``, ``"amax"`` or ``"amin"``.
        include_self: Whether what is there counts too; the places where nothing goes keep it in any case.

    Raises:
        RuntimeError: Shapes or dtypes do not fit, an index points outside, or there is no such reduction.

    Example:
        >>> x, i = lamella.tensor([1.0, 2.0, 3.0, 4.0]), lamella.tensor([0, 0, 1, 1])
        >>> lamella.zeros(2).scatter_reduce(0, i, x, "mean", include_self=False)
        tensor([1.5000, 3.5000])
    """
    op = "scatter_add" if reduce == "sum" else "scatter_reduce"
    if reduce not in ("sum", "prod", "mean", "amax", "amin"):
        raise ArgumentRangeError(
            f"scatter_reduce(): reduce argument must be either sum, prod, mean, amax or amin, got {reduce}"
        )
    check_tensor(op, "src", src)
    if _untouched(op, input, dim, index):
        return clone(input)
    whole, places, src, d = _prepared(op, input, dim, index, src)
    return reshape(reduced_into(whole, places, src, d, reduce, include_self), input.array.shape)


def reduced_into(input: Tensor, index: Tensor, src: Tensor, dim: int, reduce: str, include_self: bool) -> Tensor:
    """``scatter_reduce`` of arguments as the primitives take them."""
    if reduce in ("amax", "amin"):
        extreme: Tensor = scatter_extreme(input, index, src, dim, reduce == "amax", bool(include_self))
        return extreme
    if reduce == "mean" and input.dtype is dtypes.bool:
        raise DtypeError("scatter_reduce(): the mean is not implemented for bool. Convert first, with x.float().")
    combine: Any = scatter_prod if reduce == "prod" else _scatter_add
    start = input if include_self else _scatter(input, index, 1 if reduce == "prod" else 0, dim)
    result: Tensor = combine(start, index, src, dim)
    if reduce != "mean":
        return result
    kept = ones_like(input, dtype=dtypes.int64)
    counts = _scatter_add(
        kept if include_self else _scatter(kept, index, 0, dim), index, ones_like(src, dtype=dtypes.int64), dim
    )
    counts = clamp_min(counts, 1)
    if input.is_floating_point() or input.is_complex():
        return div(result, counts)
    return to(floor_divide(result, counts), dtype=input.dtype)


# --- writing to a slice


@define_op(
    inputs=("input", "src"),
    shape=_of_input,
    dtype=rules.kept,
    samples=lambda make: [
        make(make.array(5, 3), make.array(2, 3), (slice(1, 5, 2), slice(None))),
        make(make.array(2, 4), make.array(3), (1, slice(1, 4))),
        make(make.array(2, 4), 1.5, (slice(None), 2)),
        make(make.array(3), make.array(0), (slice(2, 2),)),
    ],
)
def setitem(xp: Any, input: Any, src: Any, key: Any) -> Any:
    """A copy of ``input`` with ``src`` where ``key``, a tuple of ints and slices, selects."""
    result = input.copy()
    result[(*key, ...)] = src
    return result


setitem.vjp(
    input=lambda F, grad, key: F.setitem(grad, 0.0, key),
    src=lambda F, grad, key: F.getitem(grad, key),
)


@setitem.batched
def _batched_setitem(F: Any, size: int, batched: Any, input: Any, src: Any, key: Any) -> Any:
    input, key = for_each(F, input, batched[0], size), (slice(None), *key)
    if batched[1]:  # what is missing in front of a sample's own dimensions is missing behind that of the samples
        shape = src.array.shape
        missing = F.getitem(input, key).array.ndim - len(shape)
        src = F.reshape(src, (size, *(1,) * missing, *shape[1:]))
    return F.setitem(input, src, key)


def _set(op: str, input: Tensor, src: Tensor, key: tuple[Any, ...], part: Shape) -> Tensor:
    if check_tensor(op, "src", src).array.shape != part:
        raise ShapeError(
            f"{op}(): expected src to have a size equal to the slice of self. src size = {list(src.shape)}, slice size "
            f"= {list(part)}"
        )
    result: Tensor = setitem(input, to(src, dtype=input.dtype), key)
    return result


def select_scatter(input: Tensor, src: Tensor, dim: int, index: int) -> Tensor:
    """A copy of ``input`` with ``src`` in the place of ``input.select(dim, index)``.

    Raises:
        IndexError: There is no such dimension or index. RuntimeError: ``src`` has another shape.
    """
    shape = input.array.shape
    if not shape:
        raise IndexRangeError("select_scatter(): select() cannot be applied to a 0-dim tensor.")
    d = one_dim(dim, len(shape))
    if not -shape[d] <= index < shape[d]:
        raise IndexRangeError(
            f"select_scatter(): index {index} out of range for tensor of size {list(shape)} at dimension {d}"
        )
    key = (*(slice(None),) * d, int(index))
    return _set("select_scatter", input, src, key, (*shape[:d], *shape[d + 1 :]))


def slice_scatter(
    input: Tensor, src: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Tensor:
    """A copy of ``input`` with ``src`` in the place of the slice ``start:end:step`` along ``dim``.

    Raises:
        IndexError: There is no such dimension. RuntimeError: ``src`` has another shape, or the step is not positive.
    """
    shape = input.array.shape
    if not shape:
        raise IndexRangeError("slice_scatter(): slice() cannot be applied to a 0-dim tensor.")
    d = one_dim(dim, len(shape))
    if step <= 0:
        raise ArgumentRangeError(f"slice_scatter(): slice step must be positive, got {step}")
    part = slice(start, end, step)
    length = len(range(*part.indices(shape[d])))
    return _set("slice_scatter", input, src, (*(slice(None),) * d, part), (*shape[:d], length, *shape[d + 1 :]))


IN_PLACE = ("scatter", "scatter_add", "scatter_reduce")

#: Functions without ``out=``.
NO_OUT = ("select_scatter",)

__all__ = ["scatter", "scatter_add", "scatter_reduce", "select_scatter", "slice_scatter"]
