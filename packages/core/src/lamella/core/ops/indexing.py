"""Reading and writing parts of a tensor: ``x[…]``, ``x[…] = …``, and the functions that pick by index.

A key is taken apart as PyTorch does it: ints, slices, None and the ellipsis select a view first; tensors and lists then
pick from that view, so an int between them never changes the order of the dimensions (in NumPy it may).
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from lamella.core import dtypes, rules
from lamella.core.backends.chunks import along_first
from lamella.core.dispatch import define_op
from lamella.core.errors import (
    ArgumentError,
    ArgumentTypeError,
    DtypeError,
    IndexBoundsError,
    IndexRangeError,
    ShapeError,
)
from lamella.core.inplace import copy_, update
from lamella.core.ops.conversions import to
from lamella.core.ops.creation import as_tensor, full
from lamella.core.ops.places import (
    MANY,
    add_at,
    as_one,
    check_between,
    flat_places,
    key_of,
    placed,
    strides_along,
    write_at,
)
from lamella.core.ops.shapes import getitem, reshape
from lamella.core.rules import one_dim
from lamella.core.tensor import Tensor, check_tensor

Shape = tuple[int, ...]


def _picked(shape: Shape, indices: tuple[Shape | None, ...]) -> Shape:
    given = [i for i, s in enumerate(indices) if s is not None]
    try:
        found = rules.broadcast(*(indices[i] for i in given))
    except ShapeError as error:
        raise IndexRangeError(f"shape mismatch: indexing tensors could not be broadcast together: {error}") from None
    rest = [s for i, s in enumerate(shape) if i not in given]
    # PyTorch and NumPy agree: the picked dimensions stand where the indices stood if those are adjacent, else first
    at = given[0] if given[-1] - given[0] == len(given) - 1 else 0
    return (*rest[:at], *found, *rest[at:])


@define_op(
    inputs=("input", "indices"),
    shape=_picked,
    dtype=rules.kept,
    linear=("input",),
    samples=lambda make: [
        make(make.array(5, 3), (make.ints(5, 4),)),
        make(make.array(5, 3), (None, make.ints(3, 2, 2))),
        make(make.array(5, 3, 4), (make.ints(5, 2), None, make.ints(4, 2))),
        make(make.array(5, 3), (make.ints(5, 4), make.ints(3, 4))),
        make(make.array(5, 3), (make.ints(5, 0),)),
    ],
    errors=lambda make: [
        make.error(
            (make.array(3), (np.array([3]),)), IndexRangeError, r"index 3 is out of bounds for dimension 0 with size 3"
        ),
    ],
)
def index(xp: Any, input: Any, indices: Any) -> Any:
    """The elements that int64 ``indices``, one for each leading dimension or None for all of it, pick."""
    _check_range(input.shape, indices)
    array, indices = as_one(xp, input, indices)
    given = [d for d, i in enumerate(indices) if i is not None]
    if len(given) == 1:
        return xp.take(array, indices[given[0]], axis=given[0])
    # NumPy lays the result out as suits it; PyTorch in row-major order, which decides what can be viewed
    return xp.ascontiguousarray(array[key_of(indices)])


def _check_range(shape: Shape, indices: tuple[Any, ...]) -> None:
    for dim, i in enumerate(indices):
        if i is not None:
            check_between(-shape[dim], shape[dim], i, dim, IndexRangeError)


index.vjp(input=lambda F, grad, indices, input_shape: F.index_backward(grad, indices, input_shape), indices=None)


@define_op(
    inputs=("grad_output", "indices"),
    shape=lambda given, indices, shape: shape,
    dtype=rules.kept,
    linear=("grad_output",),
    samples=lambda make: [
        make(make.array(4, 3), (make.ints(5, 4),), (5, 3)),
        make(make.array(2, 3), (make.ints(5, 2), None, make.ints(4, 2)), (5, 3, 4)),
    ],
)
def index_backward(xp: Any, grad_output: Any, indices: Any, shape: Any) -> Any:
    """Zeros of ``shape`` with each element of ``grad_output`` added where ``indices`` picked it."""
    result = xp.zeros(shape, dtype=grad_output.dtype, device=grad_output.device)
    add_at(xp, result, indices, grad_output)
    return result


index_backward.vjp(grad_output=lambda F, grad, indices: F.index(grad, indices), indices=None)


@define_op(
    inputs=("input", "indices", "values"),
    shape=lambda shape, indices, values, accumulate: shape,
    dtype=rules.kept,
    name="index_put",
    samples=lambda make: [
        make(make.array(5, 3), (np.array([0, 3]),), make.array(2, 3), False),
        make(make.array(5, 3), (None, np.array([2])), make.array(), False),
        make(make.array(5, 3), (np.array([1, 1, 4]),), make.array(3, 3), True),
    ],
)
def _index_put(xp: Any, input: Any, indices: Any, values: Any, accumulate: Any) -> Any:
    """A copy of ``input`` with ``values`` where ``indices`` pick: put there, or added."""
    _check_range(input.shape, indices)
    result = input.copy()
    if accumulate:
        add_at(xp, result, indices, values)
    else:
        write_at(xp, result, indices, values)
    return result


_index_put.vjp(
    input=lambda F, grad, indices, accumulate: grad if accumulate else F.index_put(grad, indices, 0.0, False),
    values=lambda F, grad, indices: F.index(grad, indices),
    indices=None,
)


_pick = index  # `index` is an argument's name below


def _indices(given: Any) -> tuple[Tensor | None, ...]:
    """Index tensors of integers; a mask becomes the indices of its True elements."""
    found: list[Tensor | None] = []
    for i in given:
        if i is None or i.array.dtype in INDEX_DTYPES:
            found.append(i)
        elif _is_mask(i):
            found.extend(Tensor._wrap(a) for a in _where(i.array))
        else:
            raise IndexRangeError(f"tensors used as indices must be long, int, byte or bool tensors, got {i.dtype}")
    return tuple(found)


INDEX_DTYPES = (np.int64, np.int32)


def _is_mask(index: Tensor | None) -> bool:
    return index is not None and bool(index.array.dtype in (np.bool_, np.uint8))


def index_put(input: Tensor, indices: Sequence[Tensor], values: Tensor, accumulate: bool = False) -> Tensor:
    """A copy of ``input`` with ``values`` where ``x[indices]`` would read.

    Args:
        indices: int64, int32 or bool tensors for the leading dimensions; None for all of one.
        values: Of the dtype of ``input``; broadcast to the shape of ``input[indices]``.
        accumulate: Add to what is there instead of replacing it.

    Raises:
        TypeError: ``indices`` or ``values`` are no tensors.
        IndexError: An index points outside, or they do not fit ``input`` or one another.
        RuntimeError: The dtypes differ, or the shape of ``values`` does not fit.
    """
    part, found, source = _put_parts(input, indices, values)
    return reshape(_index_put(part, found, source, bool(accumulate)), input.array.shape)


def _put_parts(input: Tensor, indices: Any, values: Any) -> tuple[Tensor, tuple[Tensor | None, ...], Tensor]:
    if not isinstance(indices, (tuple, list)) or not all(i is None or isinstance(i, Tensor) for i in indices):
        raise ArgumentTypeError("index_put(): argument 'indices' must be tuple of Tensors")
    _check_put("index_put()", input, check_tensor("index_put", "values", values))
    wide = tuple(map(_never_selecting, indices))
    basic, given = _taken_apart(input, wide)
    if not given:
        raise ShapeError("index_put(): expected at least one index")
    part, found = getitem(input, basic) if basic else input, _indices(given)
    return part, found, _without_leading_ones(values, _target(part, found))


def _never_selecting(index: Tensor | None) -> Any:
    """``index`` as a part of a key that picks; a 0-dim tensor would select a view."""
    if index is None:
        return slice(None)
    return index if index.array.ndim or _is_mask(index) else reshape(index, (1,))


def _check_put(what: str, input: Tensor, values: Tensor) -> None:
    if values.dtype is not input.dtype:
        raise DtypeError(
            f"{what} requires the source and destination dtypes match, got {input.dtype} for the destination and "
            f"{values.dtype} for the source. Convert one with x.to(dtype)."
        )


def _target(part: Tensor, indices: tuple[Tensor | None, ...]) -> Shape:
    return _picked(part.array.shape, tuple(None if i is None else i.array.shape for i in indices))


# --- x[key]


def _taken_apart(x: Tensor, key: Any) -> tuple[tuple[Any, ...], tuple[Tensor | None, ...]]:
    """A key as ``(basic, indices)``: what selects a view, and the tensors and masks that then pick from the view."""
    if isinstance(key, list) and len(key) < 32 and any(isinstance(p, _KEY_PARTS) for p in key):
        warnings.warn(
            "Using a non-tuple sequence for multidimensional indexing is deprecated; use x[tuple(seq)] instead of "
            "x[seq], or x[lamella.tensor(seq)] to pick by index",
            UserWarning,
            stacklevel=3,
        )
        key = tuple(key)
    parts = list(map(_as_index, key if isinstance(key, tuple) else (key,)))
    shape = x.array.shape
    used = sum(_consumes(p) for p in parts)
    dots = [i for i, p in enumerate(parts) if p is Ellipsis]
    if used > len(shape):
        why = f"too many indices for tensor of dimension {len(shape)}: the key uses {used}"
        if not shape:
            why = "invalid index of a 0-dim tensor. Use tensor.item() to convert a 0-dim tensor to a number"
        raise IndexRangeError(why)
    if len(dots) > 1 and used < len(shape) and any(map(_consumes, parts[dots[1] :])):
        raise IndexRangeError("an index can only have a single ellipsis ('...') in front of other indices")
    if dots:
        parts = [p for i, p in enumerate(parts) if p is not Ellipsis or i == dots[0]]
        parts[dots[0] : dots[0] + 1] = [slice(None)] * (len(shape) - used)
    basic: list[Any] = []
    indices: list[Tensor | None] = []
    dim = 0
    for p in parts:
        if p is None:
            basic.append(None)
            indices.append(None)
        elif isinstance(p, slice):
            basic.append(_checked_slice(p))
            indices.append(None)
            dim += 1
        elif isinstance(p, bool):
            basic.append(None)
            indices.append(Tensor._wrap(np.asarray([p])))
        elif isinstance(p, Tensor):
            covered = _consumes(p)
            if _is_mask(p) and p.array.shape != shape[dim : dim + covered]:
                at = next(i for i, size in enumerate(p.array.shape) if size != shape[dim + i])
                raise IndexRangeError(
                    f"The shape of the mask {list(p.shape)} at index {at} does not match the shape of the indexed "
                    f"tensor {list(shape)} at index {dim + at}"
                )
            basic.extend([slice(None)] * covered)
            indices.append(p)
            dim += covered
        else:
            size = shape[dim]
            if not -size <= p < size:
                raise IndexRangeError(f"index {p} is out of bounds for dimension {dim} with size {size}")
            basic.append(p)
            dim += 1
    while basic and basic[-1] == slice(None):
        basic.pop()
    while indices and indices[-1] is None:
        indices.pop()
    return tuple(basic), tuple(indices)


#: What in a list key makes PyTorch read the list as a tuple.
_KEY_PARTS = (Tensor, slice, type(...), type(None), list, tuple, range, str, np.ndarray)


def _as_index(part: Any) -> Any:
    """One part of a key as an int, slice, None, Ellipsis, bool or Tensor."""
    if part is None or part is Ellipsis or isinstance(part, (slice, bool)):
        return part
    if isinstance(part, np.ndarray):
        part = as_tensor(part.astype(np.int64) if part.dtype.kind == "i" else part)
    if isinstance(part, Tensor):
        # a 0-dim integer tensor selects like an int; a 0-dim mask adds a dimension like a bool
        if part.array.ndim == 0 and part.array.dtype.kind in "biu":
            if _is_mask(part):
                return bool(part.array)
            # within vmap it may be another int for each sample: then it picks like any tensor of indices
            return part.__index__() if hasattr(type(part.array), "item") else part.long()
        if part.array.dtype == np.uint8:
            warnings.warn(
                "indexing with dtype lamella.uint8 is now deprecated, please use a dtype lamella.bool instead",
                UserWarning,
                stacklevel=4,
            )
        return part
    if isinstance(part, (list, tuple, range)):
        made = as_tensor(part)
        return made.long() if made.numel() == 0 else made
    if hasattr(part, "__index__"):
        return part.__index__()
    refusal = ArgumentTypeError if isinstance(part, str) else IndexRangeError
    raise refusal(
        "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices (got "
        f"{type(part).__name__})"
    )


def _consumes(part: Any) -> int:
    if part is None or part is Ellipsis or isinstance(part, bool):
        return 0
    if isinstance(part, Tensor) and _is_mask(part):
        return int(part.array.ndim)
    return 1


def _checked_slice(part: slice) -> slice:
    bounds = (part.start, part.stop, part.step)
    if not all(v is None or hasattr(v, "__index__") for v in bounds):
        raise ArgumentTypeError(f"slice indices must be integers or None or have an __index__ method, got {part}")
    if part.step is not None and part.step <= 0:
        raise ArgumentError("step must be greater than zero; use .flip() for the reverse order")
    return slice(*(None if v is None else v.__index__() for v in bounds))


def tensor_getitem(self: Tensor, key: Any) -> Tensor:
    """``x[key]``: a view for ints, slices, None and the ellipsis; a copy where tensors, lists or masks pick."""
    if type(key) is int and self.array.ndim and -self.array.shape[0] <= key < self.array.shape[0]:
        return getitem(self, (key,))  # the common case, without taking it apart
    basic, indices = _taken_apart(self, key)
    part = getitem(self, basic) if basic or not indices else self
    if not indices:
        return part
    *outer, last = indices
    if last is not None and last.array.ndim > 1 and _is_mask(last) and all(i is None for i in outer):
        shape, d = part.array.shape, len(outer)
        part = reshape(part, (*shape[:d], last.array.size, *shape[d + last.array.ndim :]))
        last = reshape(last, (-1,))  # gives one index, which takes a third of the time of several
    return index(part, _indices((*outer, last)))


def tensor_setitem(self: Tensor, key: Any, value: Any) -> None:
    """``x[key] = value``: ``value`` is broadcast.

    It is converted to the dtype of ``x`` too, except several elements, in a Tensor, to where tensors pick.
    """
    basic, given = _taken_apart(self, key)
    part = getitem(self, basic) if basic else self
    if not given:
        copy_(part, _without_leading_ones(_source(value, self), part.array.shape))
        return
    indices = _indices(given)
    target = _target(part, indices)
    one_by_mask = sum(i is not None for i in given) == 1 and _is_mask(given[-1])
    if isinstance(value, Tensor) and not (isinstance(key, bool) or (one_by_mask and value.array.size == 1)):
        _check_put("x[…] = value", self, value)
    source = _without_leading_ones(_source(value, self), target)
    arrays = tuple(None if i is None else i.array for i in indices)
    _check_range(part.array.shape, arrays)

    def write(array: Any) -> None:
        write_at(np, array, arrays, source.array)

    update(part, lambda old: _index_put(old, indices, source, False), write, (source,))


def _source(value: Any, target: Tensor) -> Tensor:
    """What is to be written into ``target``, as a Tensor of its dtype."""
    if isinstance(value, Tensor):
        converted: Tensor = value.to(target.dtype)
        return converted
    if isinstance(value, (list, tuple, np.ndarray)):
        return as_tensor(value, dtype=target.dtype, device=target.device)
    if not isinstance(value, (int, float, complex, np.generic)):
        raise ArgumentTypeError(
            f"can't assign a {type(value).__name__} to a Tensor of {target.dtype}; expected a number or a Tensor"
        )
    return full((), value, dtype=target.dtype, device=target.device)


def _without_leading_ones(source: Tensor, shape: Shape) -> Tensor:
    """``source`` in no more dimensions than ``shape``, to which it can be broadcast."""
    given = source.array.shape
    extra = max(0, len(given) - len(shape))
    if any(g != 1 for g in given[:extra]) or any(
        g not in (1, s) for g, s in zip(reversed(given), reversed(shape), strict=False)
    ):
        raise ShapeError(
            f"shape mismatch: value tensor of shape {list(given)} cannot be broadcast to the indexed part of shape "
            f"{list(shape)}"
        )
    return source.reshape(given[extra:]) if extra else source


def index_put_(self: Tensor, indices: Sequence[Tensor], values: Tensor, accumulate: bool = False) -> Tensor:
    """In-place form of :func:`index_put`."""
    return update(self, lambda old: index_put(old, indices, values, accumulate), operands=(values,))


# --- picking along a dimension


@define_op(
    inputs=("input", "index"),
    shape=lambda shape, of_index, dim: of_index,
    dtype=rules.kept,
    linear=("input",),
    name="gather",
    samples=lambda make: [
        make(make.array(3, 4), make.ints(4, 3, 2), 1),
        make(make.array(3, 4), make.ints(3, 5, 4), 0),
        make(make.array(3), make.ints(3, 0), 0),
    ],
    errors=lambda make: [
        make.error(
            (make.array(2, 3), np.array([[3]]), 1), IndexBoundsError, r"index 3 is out of bounds for dimension 1"
        ),
        make.error((make.array(3), np.array([-1]), 0), IndexBoundsError, r"index -1 is out of bounds"),
    ],
)
def _gather(xp: Any, input: Any, index: Any, dim: Any) -> Any:
    """``input`` at ``index`` along ``dim``, position by position in the others."""
    check_between(0, input.shape[dim], index, dim, IndexBoundsError)
    n = index.ndim
    if index.size < MANY or (input.size > index.size and not input.flags.c_contiguous):
        key = (index if d == dim else xp.arange(index.shape[d]).reshape((-1,) + (1,) * (n - d - 1)) for d in range(n))
        return input[tuple(key)]
    flat = input.reshape(-1)
    step, starts = strides_along(xp, input.shape, index, dim)

    def pick(out: Any, index: Any, starts: Any) -> None:
        out[...] = xp.take(flat, placed(index, step, starts))

    out = xp.empty(index.shape, dtype=input.dtype, device=input.device)
    return along_first(pick, out, index, xp.broadcast_to(starts, index.shape))


_gather.vjp(input=lambda F, grad, index, input_shape, dim: F.gather_backward(grad, index, input_shape, dim), index=None)


@define_op(
    inputs=("grad_output", "index"),
    shape=lambda given, of_index, shape, dim: shape,
    dtype=rules.kept,
    samples=lambda make: [make(make.array(3, 2), make.ints(4, 3, 2), (3, 4), 1)],
)
def gather_backward(xp: Any, grad_output: Any, index: Any, shape: Any, dim: Any) -> Any:
    """Zeros of ``shape`` with each element of ``grad_output`` added where ``gather`` took it."""
    result = xp.zeros(shape, dtype=grad_output.dtype, device=grad_output.device)
    xp.add.at(result.reshape(-1), flat_places(xp, shape, index, dim), grad_output.reshape(-1))
    return result


gather_backward.vjp(grad_output=lambda F, grad, index, dim: F.gather(grad, index, dim), index=None)


def gather(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """``out[i][j] = input[index[i][j]][j]`` for ``dim`` 0, and so on for other dimensions.

    Args:
        dim: Along which to pick.
        index: int64 or int32, none negative, with as many dimensions as ``input`` and no larger in the others.
            What is empty picks nothing, whatever its dtype and dimensions.

    Raises:
        RuntimeError: The index has another dtype, does not fit, or points outside.
    """
    d = one_dim(dim, input.array.ndim)
    if not check_tensor("gather", "index", index).array.size:
        return _pick(reshape(input, (-1,)), (to(index, dtype=dtypes.int64),))
    check_index_dtype("gather", index)
    shape, of_index = input.array.shape or (1,), index.array.shape or (1,)  # 0-dim counts as one dimension here
    if len(of_index) != len(shape):
        raise ShapeError(
            f"Index tensor must have the same number of dimensions as input tensor, got {len(of_index)} and "
            f"{len(shape)}"
        )
    if any(i > s for k, (i, s) in enumerate(zip(of_index, shape, strict=True)) if k != d):
        raise ShapeError(
            f"Size does not match at dimension other than {d}: expected index {list(of_index)} to be no larger than "
            f"self {list(shape)}"
        )
    if input.array.ndim and index.array.ndim:
        return _gather(input, index, d)
    return _gather(input.reshape(shape), index.reshape(of_index), d).reshape(index.array.shape)


def check_index_dtype(op: str, index: Any) -> None:
    if check_tensor(op, "index", index).array.dtype not in INDEX_DTYPES:
        raise DtypeError(f"{op}(): Expected dtype int32/int64 for index, got {index.dtype}")


def index_select(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """The slices of ``input`` at the positions in the 1-D ``index`` along ``dim``.

    Raises:
        IndexError: An index is negative or points outside, or there are several dimensions of them.
        RuntimeError: The indices are not int64 or int32, or not one for a 0-dim tensor.
    """
    check_index_dtype("index_select", index)
    if index.array.ndim > 1:
        raise IndexRangeError(f"index_select(): Index is supposed to be a vector, got {index.array.ndim} dimensions")
    shape = input.array.shape
    d = one_dim(dim, len(shape))
    if not shape and index.array.size != 1:
        raise ShapeError(f"index_select(): Index to scalar can have only 1 value, got {index.array.size} value(s)")
    check_between(0, shape[d] if shape else 1, index.array, d, IndexRangeError)
    return _pick(input, (*(None,) * d, index.reshape(-1))) if shape else input.clone()


def masked_select(input: Tensor, mask: Tensor) -> Tensor:
    """The elements of ``input`` where ``mask`` is True, in one dimension; the two are broadcast together."""
    if mask.array.dtype != np.bool_:
        raise DtypeError(f"masked_select: expected BoolTensor for mask, got {mask.dtype}")
    shape = rules.broadcast(input.array.shape, mask.array.shape)
    return tensor_getitem(input.expand(shape), mask.expand(shape))


def nonzero(input: Tensor, *, as_tuple: bool = False) -> Any:
    """Where the elements are not 0: ``(count, ndim)`` indices, or a tuple of one tensor a dimension."""
    found = _where(np.atleast_1d(input.array))
    if as_tuple:
        return tuple(Tensor._wrap(i) for i in found)
    positions = np.stack(found, axis=-1) if input.array.ndim else np.empty((len(found[0]), 0), np.int64)
    return Tensor._wrap(positions.astype(dtypes.int64.numpy, copy=False))


def _where(array: Any) -> tuple[Any, ...]:
    """Where the elements are not 0, as an index a dimension; of a matrix, ``nonzero`` takes six times as long."""
    if array.size < MANY:
        return tuple(array.nonzero())
    places = np.flatnonzero(array if array.dtype == np.bool_ else array != 0)
    found = []
    for size in reversed(array.shape[1:]):
        above = places // size
        found.append(places - above * size)  # a third of the time of the remainder
        places = above
    return (places, *reversed(found))


#: Functions without ``out=``.
NO_OUT = ("index_put",)

__all__ = ["gather", "index_put", "index_select", "masked_select", "nonzero"]
