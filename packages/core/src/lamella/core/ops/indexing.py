"""Reading and writing parts of a tensor: ``x[…]``, ``x[…] = …``, and the functions that pick by index.

A key is taken apart as PyTorch does it: ints, slices, None and the ellipsis select a view first; tensors and lists then
pick from that view, so an int between them never changes the order of the dimensions (in NumPy it may).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lamella.core import dtypes, rules
from lamella.core.dispatch import define_op
from lamella.core.errors import ArgumentError, ArgumentTypeError, DtypeError, IndexRangeError, ShapeError
from lamella.core.inplace import copy_, update
from lamella.core.ops.creation import as_tensor
from lamella.core.ops.shapes import getitem
from lamella.core.rules import one_dim
from lamella.core.tensor import Tensor

Shape = tuple[int, ...]


def _picked(shape: Shape, indices: tuple[Shape | None, ...]) -> Shape:
    given = [i for i, s in enumerate(indices) if s is not None]
    found = rules.broadcast(*(indices[i] for i in given))
    rest = [s for i, s in enumerate(shape) if i not in given]
    # PyTorch and NumPy agree: the picked dimensions stand where the indices stood if those are adjacent, else first
    at = given[0] if given[-1] - given[0] == len(given) - 1 else 0
    return (*rest[:at], *found, *rest[at:])


def _key(indices: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(slice(None) if i is None else i for i in indices)


@define_op(
    inputs=("input", "indices"),
    shape=_picked,
    dtype=rules.kept,
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
    return input[_key(indices)]


def _check_range(shape: Shape, indices: tuple[Any, ...]) -> None:
    for dim, i in enumerate(indices):
        if i is not None and i.size and not (i.min() >= -shape[dim] and i.max() < shape[dim]):
            worst = int(i.max()) if i.max() >= shape[dim] else int(i.min())
            raise IndexRangeError(f"index {worst} is out of bounds for dimension {dim} with size {shape[dim]}")


index.vjp(input=lambda F, grad, indices, input_shape: F.index_backward(grad, indices, input_shape), indices=None)


@define_op(
    inputs=("grad_output", "indices"),
    shape=lambda given, indices, shape: shape,
    dtype=rules.kept,
    samples=lambda make: [
        make(make.array(4, 3), (make.ints(5, 4),), (5, 3)),
        make(make.array(2, 3), (make.ints(5, 2), None, make.ints(4, 2)), (5, 3, 4)),
    ],
)
def index_backward(xp: Any, grad_output: Any, indices: Any, shape: Any) -> Any:
    """Zeros of ``shape`` with each element of ``grad_output`` added where ``indices`` picked it."""
    result = xp.zeros(shape, dtype=grad_output.dtype, device=grad_output.device)
    xp.add.at(result, _key(indices), grad_output)
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
        xp.add.at(result, _key(indices), values)
    else:
        result[_key(indices)] = values
    return result


_index_put.vjp(
    input=lambda F, grad, indices, accumulate: grad if accumulate else F.index_put(grad, indices, 0.0, False),
    values=lambda F, grad, indices: F.index(grad, indices),
    indices=None,
)


_pick = index  # `index` is an argument's name below


def _indices(given: Any) -> tuple[Tensor | None, ...]:
    """Index tensors as int64; a mask becomes the indices of its True elements."""
    found: list[Tensor | None] = []
    for i in given:
        if i is None:
            found.append(None)
        elif i.array.dtype == np.bool_:
            found.extend(Tensor._wrap(a) for a in i.array.nonzero())
        elif i.array.dtype.kind in "iu":
            found.append(i)
        else:
            raise IndexRangeError(f"tensors used as indices must be long, int, byte or bool tensors, got {i.dtype}")
    return tuple(found)


def index_put(input: Tensor, indices: tuple[Tensor, ...], values: Tensor, accumulate: bool = False) -> Tensor:
    """A copy of ``input`` with ``values`` at ``indices``, or with them added there."""
    return _index_put(input, _indices(indices), values, accumulate)


# --- x[key]


def _taken_apart(x: Tensor, key: Any) -> tuple[tuple[Any, ...], tuple[Tensor | None, ...]]:
    """A key as ``(basic, indices)``: what selects a view, and the tensors that then pick from the view."""
    parts = list(key) if isinstance(key, tuple) else [key]
    parts = [_as_index(p) for p in parts]
    shape = x.array.shape
    used = sum(_consumes(p) for p in parts)
    dots = [i for i, p in enumerate(parts) if p is Ellipsis]
    if len(dots) > 1:
        raise IndexRangeError("an index can only have a single ellipsis ('...')")
    if used > len(shape):
        raise IndexRangeError(f"too many indices for tensor of dimension {len(shape)}: the key uses {used}")
    if dots:
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
            covered = p.array.ndim if p.array.dtype == np.bool_ else 1
            if p.array.dtype == np.bool_ and p.array.shape != shape[dim : dim + covered]:
                raise IndexRangeError(
                    f"The shape of the mask {list(p.shape)} at index 0 does not match the shape of the indexed tensor "
                    f"{list(shape)} at index {dim}"
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
    return tuple(basic), _indices(indices)


def _as_index(part: Any) -> Any:
    """One part of a key as an int, slice, None, Ellipsis, bool or Tensor."""
    if part is None or part is Ellipsis or isinstance(part, (slice, bool)):
        return part
    if isinstance(part, Tensor):
        # a 0-dim integer tensor selects like an int; a 0-dim mask adds a dimension like a bool
        if part.array.ndim == 0:
            return bool(part.array) if part.array.dtype == np.bool_ else part.__index__()
        return part
    if isinstance(part, (list, range, np.ndarray)):
        made = as_tensor(list(part) if isinstance(part, range) else part)
        return made.long() if made.numel() == 0 else made
    if hasattr(part, "__index__"):
        return part.__index__()
    raise ArgumentTypeError(
        "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices (got "
        f"{type(part).__name__})"
    )


def _consumes(part: Any) -> int:
    if part is None or part is Ellipsis or isinstance(part, bool):
        return 0
    if isinstance(part, Tensor) and part.array.dtype == np.bool_:
        return int(part.array.ndim)
    return 1


def _checked_slice(part: slice) -> slice:
    if part.step is not None and part.step <= 0:
        raise ArgumentError("step must be greater than zero; use .flip() for the reverse order")
    return slice(*(None if v is None else int(v) for v in (part.start, part.stop, part.step)))


def tensor_getitem(self: Tensor, key: Any) -> Tensor:
    """``x[key]``: a view for ints, slices, None and the ellipsis; a copy where tensors, lists or masks pick."""
    if type(key) is int and self.array.ndim and -self.array.shape[0] <= key < self.array.shape[0]:
        return getitem(self, (key,))  # the common case, without taking it apart
    basic, indices = _taken_apart(self, key)
    part = getitem(self, basic) if basic or not indices else self
    return index(part, indices) if indices else part


def tensor_setitem(self: Tensor, key: Any, value: Any) -> None:
    """``x[key] = value``: ``value`` is broadcast and converted to the dtype of ``x``."""
    basic, indices = _taken_apart(self, key)
    part = getitem(self, basic) if basic else self
    source = as_tensor(value, dtype=self.dtype) if not isinstance(value, Tensor) else value.to(self.dtype)
    if not indices:
        shape, given = part.array.shape, source.array.shape
        while len(given) > len(shape) and given[0] == 1:  # PyTorch drops leading ones
            source, given = source.squeeze(0), given[1:]
        if len(given) > len(shape) or any(
            g not in (1, s) for g, s in zip(reversed(given), reversed(shape), strict=False)
        ):
            raise ShapeError(
                f"shape mismatch: value of shape {given} cannot be broadcast to the indexed part of shape {shape}"
            )
        copy_(part if part is not self or not basic else self, source)
        return
    target = _picked(part.array.shape, tuple(None if i is None else i.array.shape for i in indices))
    given = source.array.shape
    if len(given) > len(target) or any(
        g not in (1, s) for g, s in zip(reversed(given), reversed(target), strict=False)
    ):
        raise ShapeError(
            f"shape mismatch: value tensor of shape {list(given)} cannot be broadcast to indexing result of shape "
            f"{list(target)}"
        )
    arrays = tuple(None if i is None else i.array for i in indices)
    _check_range(part.array.shape, arrays)

    def write(array: Any) -> None:
        array[_key(arrays)] = source.array

    update(part, lambda old: _index_put(old, indices, source, False), write, (source,))


def index_put_(self: Tensor, indices: tuple[Tensor, ...], values: Tensor, accumulate: bool = False) -> Tensor:
    """In-place form of :func:`index_put`."""
    return update(self, lambda old: index_put(old, indices, values, accumulate), operands=(values,))


# --- picking along a dimension


@define_op(
    inputs=("input", "index"),
    shape=lambda shape, of_index, dim: of_index,
    dtype=rules.kept,
    name="gather",
    samples=lambda make: [
        make(make.array(3, 4), make.ints(4, 3, 2), 1),
        make(make.array(3, 4), make.ints(3, 5, 4), 0),
        make(make.array(3), make.ints(3, 0), 0),
    ],
    errors=lambda make: [
        make.error(
            (make.array(3), np.array([3]), 0), IndexRangeError, r"index 3 is out of bounds for dimension 0 with size 3"
        )
    ],
)
def _gather(xp: Any, input: Any, index: Any, dim: Any) -> Any:
    """``input`` at ``index`` along ``dim``, position by position in the others."""
    _check_range(input.shape[dim : dim + 1], (index,))
    return input[_gather_key(xp, index, dim)]


def _gather_key(xp: Any, index: Any, dim: int) -> tuple[Any, ...]:
    """A key that picks ``index`` along ``dim`` and each position's own index along the others."""
    n = index.ndim
    return tuple(index if d == dim else xp.arange(index.shape[d]).reshape((-1,) + (1,) * (n - d - 1)) for d in range(n))


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
    xp.add.at(result, _gather_key(xp, index, dim), grad_output)
    return result


gather_backward.vjp(grad_output=lambda F, grad, index, dim: F.gather(grad, index, dim), index=None)


def gather(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """``out[i][j] = input[index[i][j]][j]`` for ``dim`` 0, and so on for other dimensions.

    Args:
        dim: Along which to pick. index: int64, with as many dimensions as ``input`` and no larger in the others.

    Raises:
        RuntimeError: The index has another dtype or does not fit. IndexError: it points outside.
    """
    if index.array.dtype != np.int64:
        raise DtypeError(f"gather(): Expected dtype int64 for index, got {index.dtype}")
    if index.array.ndim != input.array.ndim:
        raise ShapeError(
            f"Index tensor must have the same number of dimensions as input tensor, got {index.array.ndim} and "
            f"{input.array.ndim}"
        )
    d = one_dim(dim, input.array.ndim)
    if any(i > s for k, (i, s) in enumerate(zip(index.array.shape, input.array.shape, strict=True)) if k != d):
        raise ShapeError(
            f"Size does not match at dimension other than {d}: expected index {list(index.shape)} to be no larger "
            "than self "
            f"{list(input.shape)}"
        )
    return _gather(input, index, d)


def index_select(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """The slices of ``input`` at the positions in the 1-D ``index`` along ``dim``."""
    if index.array.ndim > 1:
        raise IndexRangeError(f"index_select(): Index is supposed to be a vector, got {index.array.ndim} dimensions")
    d = one_dim(dim, input.array.ndim)
    return _pick(input, (*(None,) * d, index.reshape(-1)))


def masked_select(input: Tensor, mask: Tensor) -> Tensor:
    """The elements of ``input`` where ``mask`` is True, in one dimension; the two are broadcast together."""
    if mask.array.dtype != np.bool_:
        raise DtypeError(f"masked_select: expected BoolTensor for mask, got {mask.dtype}")
    shape = rules.broadcast(input.array.shape, mask.array.shape)
    return tensor_getitem(input.expand(shape), mask.expand(shape))


def nonzero(input: Tensor, *, as_tuple: bool = False) -> Any:
    """Where the elements are not 0: ``(count, ndim)`` indices, or a tuple of one tensor a dimension."""
    found = np.atleast_1d(input.array).nonzero()
    if as_tuple:
        return tuple(Tensor._wrap(i) for i in found)
    positions = np.stack(found, axis=-1) if input.array.ndim else np.empty((len(found[0]), 0), np.int64)
    return Tensor._wrap(positions.astype(dtypes.int64.numpy, copy=False))


__all__ = ["gather", "index_put", "index_select", "masked_select", "nonzero"]
