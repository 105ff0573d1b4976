"""Ops that rearrange elements: views of the same memory, and copies in another order."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from lamella.core import rules
from lamella.core.dispatch import define_op
from lamella.core.dtypes import dtype as Dtype
from lamella.core.dtypes import float64, int32
from lamella.core.errors import ArgumentRangeError, IndexRangeError, ShapeError
from lamella.core.layouts import contiguous_format, memory_format, order_of, preserve_format
from lamella.core.rules import numpy_names, one_dim, some_dims
from lamella.core.tensor import Tensor, check_tensor

Shape = tuple[int, ...]


# --- the primitives: attributes are whole and counted from the front


@define_op(
    inputs=("input",),
    shape=lambda given, shape: rules.inferred(shape, math.prod(given), given),
    dtype=rules.kept,
    view=True,
    name="reshape",
    samples=lambda make: [
        make(make.array(2, 6), (3, 4)),
        make(make.array(2, 6), (-1,)),
        make(make.array(1), ()),
        make(make.array(2, 0), (0, 5)),
        make(make.transposed(3, 4), (2, 6)),
    ],
    errors=lambda make: [
        make.error(
            (make.array(2, 3), (4, -1)), ShapeError, r"reshape: shape '\[4, -1\]' is invalid for input of size 6"
        ),
        make.error((make.array(2, 3), (-1, -1)), ShapeError, r"reshape: only one dimension can be inferred"),
    ],
)
def _reshape(xp: Any, input: Any, shape: Any) -> Any:
    """``input`` in another shape; see :func:`reshape`."""
    if input.size == 0:
        shape = rules.inferred(shape, 0, input.shape)  # NumPy does not work out a -1 beside a 0
    return xp.reshape(input, shape)


_reshape.vjp(input=lambda F, grad, input_shape: F.reshape(grad, input_shape))


@define_op(
    inputs=("input",),
    shape=lambda shape, dims: tuple(shape[d] for d in dims),
    dtype=rules.kept,
    view=True,
    name="permute",
    samples=lambda make: [make(make.array(2, 3, 4), (2, 0, 1)), make(make.array(), ())],
)
def _permute(xp: Any, input: Any, dims: Any) -> Any:
    """``input`` with its dimensions in the order ``dims``."""
    return input.transpose(dims)


_permute.vjp(input=lambda F, grad, dims: F.permute(grad, tuple(sorted(range(len(dims)), key=dims.__getitem__))))


@define_op(
    inputs=("input",),
    shape=lambda given, shape: shape,
    dtype=rules.kept,
    view=True,
    name="expand",
    samples=lambda make: [make(make.array(3, 1), (2, 3, 4)), make(make.array(), (2,)), make(make.array(1, 0), (5, 0))],
)
def _expand(xp: Any, input: Any, shape: Any) -> Any:
    """``input`` repeated along new dimensions and those of size 1, without a copy."""
    return xp.broadcast_to(input, shape)


_expand.vjp(input=lambda F, grad: grad)  # the engine sums what was broadcast


def _indexed(shape: Shape, key: tuple[Any, ...]) -> Shape:
    result: list[int] = []
    dim = 0
    for k in key:
        if k is None:
            result.append(1)
            continue
        if isinstance(k, slice):
            result.append(len(range(*k.indices(shape[dim]))))
        dim += 1
    return (*result, *shape[dim:])


@define_op(
    inputs=("input",),
    shape=_indexed,
    dtype=rules.kept,
    view=True,
    samples=lambda make: [
        make(make.array(5, 3), (slice(1, 5, 2), slice(None))),
        make(make.array(2, 4), (1, None, slice(1, 3))),
        make(make.array(3), (slice(2, 2),)),
        make(make.array(2, 3), (1, 2)),
        make(make.array(), (None,)),
    ],
)
def getitem(xp: Any, input: Any, key: Any) -> Any:
    """The part of ``input`` that ``key``, a tuple of ints, slices and None, selects: a view."""
    return input[(*key, ...)]


getitem.vjp(input=lambda F, grad, input_shape, key: F.getitem_backward(grad, input_shape, key))


@define_op(
    inputs=("grad_output",),
    shape=lambda given, shape, key: shape,
    dtype=rules.kept,
    linear=("grad_output",),
    samples=lambda make: [
        make(make.array(2, 3), (5, 3), (slice(1, 5, 2), slice(None))),
        make(make.array(1, 2), (2, 4), (1, None, slice(1, 3))),
    ],
)
def getitem_backward(xp: Any, grad_output: Any, shape: Any, key: Any) -> Any:
    """Zeros of ``shape`` with ``grad_output`` where ``key`` selects.

    An op because assembling it from others takes a copy.
    """
    result = xp.zeros(shape, dtype=grad_output.dtype, device=grad_output.device)
    result[(*key, ...)] = grad_output
    return result


getitem_backward.vjp(grad_output=lambda F, grad, key: F.getitem(grad, key))


def along(dim: int, key: Any) -> tuple[Any, ...]:
    """The key that applies ``key`` at dimension ``dim``."""
    return (*(slice(None),) * dim, key)


@define_op(
    inputs=("input",),
    shape=lambda given, shape, dtype: shape,
    dtype=rules.DtypeRule(lambda operands, shape, dtype: (None, dtype)),
    view=True,
    name="view_dtype",
    samples=lambda make: [
        make(make.ints(9, 2, 3), (2, 3), float64.numpy),
        make(make.ints(9, 2, 3), (2, 6), int32.numpy),
        make(make.ints(9), (), float64.numpy),
    ],
)
def _view_dtype(xp: Any, input: Any, shape: Any, dtype: Any) -> Any:
    """The bytes of ``input`` as elements of another dtype; ``shape`` is that of the result."""
    if input.itemsize != dtype.itemsize and input.size and input.strides[-1] != input.itemsize:
        raise ShapeError(
            f"view: stride(-1) must be 1 to view {input.dtype} as {dtype} (different element sizes), but is "
            f"{input.strides[-1] // input.itemsize}; call .contiguous() first"
        )
    return input.view(dtype)


_view_dtype.vjp(input=None)


# --- copies


@define_op(
    inputs=("input",),
    shape=rules.elementwise,
    dtype=rules.kept,
    name="clone",
    samples=lambda make: [
        make.unary(),
        make(make.transposed(3, 2)),
        make(make.array(2, 3, 2), (2, 0, 1)),
        make(make.transposed(3, 2), (1, 0)),
    ],
)
def _clone(xp: Any, input: Any, order: Any = None) -> Any:
    """A copy whose dimensions lie in memory in ``order``, by default row-major."""
    if order is None:
        return xp.asarray(input, order="C", copy=True)
    laid_out = xp.asarray(input.transpose(order), order="C", copy=True)
    return laid_out.transpose(tuple(sorted(order, key=order.__getitem__)))


_clone.vjp(input=lambda F, grad: grad)


# --- the public functions: PyTorch's signatures


def reshape(input: Tensor, *sizes: Any, shape: Sequence[int] | None = None) -> Tensor:
    """The same elements in another shape: a view where the strides allow it, else a copy.

    Args:
        sizes: The new sizes, one by one or as a tuple; one may be -1, to be worked out. shape: the same, by keyword.

    Raises:
        RuntimeError: The sizes do not hold as many elements. TypeError: they are no ints.
    """
    wanted = rules.sizes(sizes, shape)
    if min(wanted, default=0) < -1:  # to NumPy any negative size is one to be worked out
        raise ShapeError(f"reshape: invalid shape dimension {min(wanted)} in {wanted}")
    return _reshape(input, wanted)


def view(input: Tensor, *sizes: Any, size: Sequence[int] | None = None, dtype: Dtype | None = None) -> Tensor:
    """Like :func:`reshape`, but never copies; or the same bytes as elements of another dtype.

    Args:
        sizes: The new sizes, one by one or as a tuple; or a dtype. size, dtype: the same, by keyword.

    Raises:
        RuntimeError: The strides do not allow a view. TypeError: the sizes are no ints.
    """
    kind = sizes[0] if len(sizes) == 1 and isinstance(sizes[0], Dtype) else dtype
    if kind is not None:
        return _with_dtype(input, kind)
    result = reshape(input, *sizes, shape=size)
    if not result._is_view() and input.array.size:
        raise ShapeError(
            "view size is not compatible with input tensor's size and stride (at least one dimension spans across two "
            f"contiguous subspaces: shape {tuple(input.shape)}, strides {input.stride()}). Use .reshape(...) instead."
        )
    return result


def _with_dtype(input: Tensor, dtype: Dtype) -> Tensor:
    shape, old, new = input.array.shape, input.itemsize, dtype.itemsize
    if old != new:
        what = f"to view {input.dtype} as {dtype} (different element sizes)"
        if not shape:
            raise ShapeError(f"view: input must have a dimension {what}")
        ratio = max(new // old, 1)
        if any(n % ratio for n in (shape[-1], *input.stride()[:-1], input.storage_offset())):
            raise ShapeError(
                f"view: the last size, the other strides and the storage offset must be divisible by {ratio} {what}, "
                f"but they are {shape[-1]}, {input.stride()[:-1]} and {input.storage_offset()}"
            )
        shape = (*shape[:-1], shape[-1] * old // new)
    shown: Tensor = _view_dtype(input, shape, dtype.numpy)
    return shown.detach()  # no gradient goes through bytes, so it is no view that the graph knows


def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """One dimension in place of those from ``start_dim`` to ``end_dim``.

    Raises:
        RuntimeError: ``start_dim`` comes after ``end_dim``.
    """
    shape = input.array.shape
    first, last = one_dim(start_dim, len(shape)), one_dim(end_dim, len(shape))
    if first > last:
        raise ShapeError("flatten() has invalid args: start_dim cannot come after end_dim")
    if shape and first == last:
        return input
    return reshape(input, *shape[:first], math.prod(shape[first : last + 1]), *shape[last + 1 :])


def unflatten(input: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """Several dimensions of ``sizes`` in place of ``dim``; the reverse of :func:`flatten`.

    Raises:
        IndexError: There is no such dimension. RuntimeError: the sizes do not multiply to its size.
    """
    shape = input.array.shape
    d = one_dim(dim, len(shape))
    return _reshape(input, (*shape[:d], *rules.inferred(tuple(sizes), shape[d], shape), *shape[d + 1 :]))


def permute(input: Tensor, *order: Any, dims: Sequence[int] | None = None) -> Tensor:
    """A view with the dimensions in another order.

    Args:
        order: All dimensions, one by one or as a tuple. dims: the same, by keyword.

    Raises:
        RuntimeError: ``order`` does not name every dimension once. TypeError: they are no ints.
    """
    order = rules.sizes(order, dims)
    if len(order) != input.array.ndim:
        raise ShapeError(f"permute(): {input.array.ndim} dimensions need as many in dims, got {order}")
    return _permute(input, some_dims(order, input.array.ndim))


def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """A view with two dimensions swapped.

    Raises:
        IndexError: There is no such dimension.
    """
    ndim = input.array.ndim
    a, b = one_dim(dim0, ndim), one_dim(dim1, ndim)
    order = list(range(ndim))
    if ndim:
        order[a], order[b] = order[b], order[a]
    return _permute(input, tuple(order))


def t(input: Tensor) -> Tensor:
    """The transpose of a matrix; tensors of fewer dimensions as they are.

    Raises:
        RuntimeError: There are more than two dimensions.
    """
    if input.array.ndim > 2:
        raise ShapeError(
            f"t() expects a tensor with <= 2 dimensions, but self is {input.array.ndim}D. Use transpose(d0, d1)."
        )
    return _permute(input, tuple(reversed(range(input.array.ndim))))


def movedim(input: Tensor, source: int | Sequence[int], destination: int | Sequence[int]) -> Tensor:
    """A view with the dimensions ``source`` moved to ``destination``, the others in their order.

    Raises:
        IndexError: There is no such dimension. RuntimeError: one is named twice, or they are not as many.
    """
    ndim = input.array.ndim
    sources, targets = some_dims(source, ndim), some_dims(destination, ndim)
    if len(sources) != len(targets):
        raise ShapeError(f"movedim: source {source} and destination {destination} must have the same number of dims")
    order = [d for d in range(ndim) if d not in sources]
    for target, src in sorted(zip(targets, sources, strict=True)):
        order.insert(target, src)
    return _permute(input, tuple(order))


@numpy_names
def squeeze(input: Tensor, dim: int | Sequence[int] | None = None) -> Tensor:
    """A view without the dimensions of size 1, or without those of ``dim`` that have it.

    Raises:
        IndexError: There is no such dimension.
    """
    shape = input.array.shape
    # unlike in most functions an empty `dim` names none here
    dims = () if isinstance(dim, Sequence) and not dim else some_dims(dim, len(shape))
    return _reshape(input, tuple(s for i, s in enumerate(shape) if not (s == 1 and i in dims)))


@numpy_names
def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """A view with a dimension of size 1 inserted at ``dim``.

    Raises:
        IndexError: ``dim`` is further out than one beyond the last.
    """
    shape = input.array.shape
    d = one_dim(dim, len(shape) + 1)
    return _reshape(input, (*shape[:d], 1, *shape[d:]))


def expand(input: Tensor, *sizes: Any, size: Sequence[int] | None = None) -> Tensor:
    """A view with dimensions of size 1 and new ones in front repeated, without a copy; -1 keeps a size.

    Args:
        sizes: The new sizes, one by one or as a tuple. size: the same, by keyword.

    Raises:
        RuntimeError: A size differs and is not 1, or -1 stands for a new dimension. TypeError: the sizes are no ints.
    """
    wanted, shape = rules.sizes(sizes, size), input.array.shape
    lead = len(wanted) - len(shape)
    if lead < 0:
        raise ShapeError(
            f"expand: the number of sizes provided ({wanted}) must not be smaller than the tensor's {shape}"
        )
    if min(wanted[:lead], default=0) < 0:
        raise ShapeError(
            f"expand: {list(wanted)} has a negative size among the {lead} new dimensions in front, where there is no "
            f"size to keep (input {shape}). Give the size."
        )
    full = tuple(shape[i - lead] if w == -1 and i >= lead else w for i, w in enumerate(wanted))
    for i, s in enumerate(shape):
        if s not in (1, full[i + lead]):
            raise ShapeError(
                f"The expanded size of the tensor ({full[i + lead]}) must match the existing size ({s}) at "
                f"non-singleton dimension {i + lead}. Target sizes: {list(full)}. Tensor sizes: {list(shape)}"
            )
    return _expand(input, full)


def expand_as(input: Tensor, other: Tensor) -> Tensor:
    """``input`` expanded to the shape of ``other``.

    Raises:
        RuntimeError: A size differs and is not 1.
    """
    return expand(input, other.shape)


def broadcast_to(input: Tensor, size: Sequence[int]) -> Tensor:
    """``input`` expanded to ``size``.

    Raises:
        RuntimeError: A size differs and is not 1.
    """
    return expand(input, tuple(size))


def broadcast_tensors(*tensors: Tensor) -> tuple[Tensor, ...]:
    """The tensors, expanded to their common shape.

    Raises:
        RuntimeError: There is none. TypeError: one is no Tensor.
    """
    shape = rules.broadcast(*(check_tensor("broadcast_tensors", "tensors", x).array.shape for x in tensors))
    return tuple(x if x.array.shape == shape else expand(x, shape) for x in tensors)


@numpy_names
def narrow(input: Tensor, dim: int, start: int, length: int) -> Tensor:
    """The ``length`` elements from ``start`` along ``dim``, as a view.

    Raises:
        RuntimeError: They reach over the end.
    """
    if input.array.ndim == 0:
        raise ShapeError("narrow() cannot be applied to a 0-dim tensor. Use x.reshape(1).")
    d = one_dim(dim, input.array.ndim)
    size = input.array.shape[d]
    first = int(start) + size if start < 0 else int(start)
    if not 0 <= first <= size or length < 0 or first + length > size:
        raise ShapeError(f"narrow: start ({start}) + length ({length}) exceeds dimension size ({size}).")
    return getitem(input, along(d, slice(first, first + length)))


@numpy_names
def select(input: Tensor, dim: int, index: int) -> Tensor:
    """The part at ``index`` along ``dim``, without that dimension, as a view.

    Raises:
        IndexError: There is no such index.
    """
    if input.array.ndim == 0:
        raise IndexRangeError("select() cannot be applied to a 0-dim tensor.")
    d = one_dim(dim, input.array.ndim)
    size = input.array.shape[d]
    if not -size <= index < size:
        raise IndexRangeError(
            f"select(): index {index} out of range for tensor of size {list(input.shape)} at dimension {d}"
        )
    return getitem(input, along(d, int(index) % size))


def clone(input: Tensor, *, memory_format: memory_format = preserve_format) -> Tensor:
    """A copy; gradients flow through it.

    Args:
        memory_format: The order of its elements in memory; that of ``input`` by default.

    Raises:
        RuntimeError: That order is for tensors of more or less dimensions.
    """
    array = input.array
    if array.flags.c_contiguous and (memory_format is preserve_format or memory_format is contiguous_format):
        return _clone(input, None)
    order = order_of(array, memory_format)
    return _clone(input, None if order == tuple(range(array.ndim)) else order)


def contiguous(input: Tensor, memory_format: memory_format = contiguous_format) -> Tensor:
    """The tensor itself if it lies in row-major order, else a copy that does.

    Args:
        memory_format: Another order in which it should lie, such as ``lamella.channels_last``.

    Raises:
        RuntimeError: That order is for tensors of more or less dimensions, or is none of its own.
    """
    if memory_format is preserve_format:
        raise ArgumentRangeError("contiguous: preserve_format is no order of its own; use clone()")
    return input if input.is_contiguous(memory_format) else clone(input, memory_format=memory_format)


#: Functions without ``out=``.
NO_OUT = (
    "broadcast_tensors",
    "broadcast_to",
    "clone",
    "contiguous",
    "expand",
    "expand_as",
    "flatten",
    "movedim",
    "narrow",
    "permute",
    "reshape",
    "select",
    "squeeze",
    "t",
    "transpose",
    "unflatten",
    "unsqueeze",
    "view",
)

__all__ = [
    "broadcast_tensors",
    "broadcast_to",
    "clone",
    "contiguous",
    "expand",
    "expand_as",
    "flatten",
    "movedim",
    "narrow",
    "permute",
    "reshape",
    "select",
    "squeeze",
    "t",
    "transpose",
    "unflatten",
    "unsqueeze",
    "view",
]
