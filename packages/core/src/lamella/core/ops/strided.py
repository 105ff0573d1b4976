"""Views of a tensor's memory with any strides, and what in-place changes are made of.

Strided views are how a view finds its place again in a base that was changed in place (``inplace``, ``dispatch``).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from lamella.core import backends, rules
from lamella.core.dispatch import define_op
from lamella.core.errors import ShapeError
from lamella.core.ops.conversions import to
from lamella.core.ops.shapes import permute
from lamella.core.tensor import Tensor, check_tensor

Shape = tuple[int, ...]


def _reach(shape: Shape, strides: Shape) -> int:
    """How far the last element lies from the first."""
    return sum((n - 1) * s for n, s in zip(shape, strides, strict=True))


def _check_strided(xp: Any, input: Any, shape: Shape, strides: Shape, offset: int) -> None:
    last = offset + _reach(shape, strides)
    if min((*strides, offset, 0)) < 0 or (0 not in shape and last >= input.size):
        raise ShapeError(
            f"as_strided: sizes {shape}, strides {strides} and offset {offset} reach element {last} of a tensor with "
            f"{input.size} elements. Strides and offset are not negative, and the last element must exist."
        )


def _overlaps(shape: Shape, strides: Shape) -> bool:
    """Whether an element may be there several times: a dimension steps less far than those inside it reach."""
    inside = 0
    for step, n in sorted((s, n) for n, s in zip(shape, strides, strict=True) if n != 1):
        if step <= inside:
            return True
        inside += (n - 1) * step
    return False


def _strided_indices(xp: Any, shape: Shape, strides: Shape, offset: int) -> Any:
    """The flat index that each element of the strided view has in its base."""
    indices = xp.full(shape, offset)
    for axis, (n, s) in enumerate(zip(shape, strides, strict=True)):
        indices += (xp.arange(n) * s).reshape((n,) + (1,) * (len(shape) - axis - 1))
    return indices


@define_op(
    inputs=("input",),
    shape=lambda given, shape, strides, offset: shape,
    dtype=rules.kept,
    view=True,
    name="as_strided",
    samples=lambda make: [
        make(make.array(3, 4), (2, 2), (4, 1), 5),
        make(make.array(6), (3, 2), (1, 2), 0),
        make(make.array(4), (2, 3), (1, 1), 0),
    ],
    errors=lambda make: [
        make.error((make.array(4), (3,), (2,), 0), ShapeError, r"as_strided: .*reach element 4 of a tensor with 4")
    ],
)
def _as_strided(xp: Any, input: Any, shape: Any, strides: Any, offset: Any) -> Any:
    """A view of the memory under ``input``; strides and offset in elements."""
    _check_strided(xp, input, shape, strides, offset)
    if not input.flags.c_contiguous:
        raise ShapeError("as_strided: input must be contiguous; call .contiguous() first")
    itemsize = input.itemsize
    view = xp.lib.stride_tricks.as_strided(input.reshape(-1)[offset:], shape, tuple(s * itemsize for s in strides))
    # NumPy makes what it broadcasts read-only: an element that is there several times can't be changed once
    return xp.broadcast_to(view, shape) if _overlaps(shape, strides) else view


_as_strided.vjp(
    input=lambda F, grad, input_shape, shape, strides, offset: F.as_strided_backward(
        grad, input_shape, shape, strides, offset
    )
)


@define_op(
    inputs=("grad",),
    shape=lambda given, input_shape, *rest: input_shape,
    dtype=rules.kept,
    samples=lambda make: [
        make(make.array(2, 2), (3, 4), (2, 2), (4, 1), 5),
        make(make.array(2, 3), (4,), (2, 3), (1, 1), 0),
    ],
)
def as_strided_backward(xp: Any, grad: Any, input_shape: Any, shape: Any, strides: Any, offset: Any) -> Any:
    """Each element of ``grad`` added where the strided view took it from; elements may be shared."""
    result = xp.zeros(math.prod(input_shape), dtype=grad.dtype, device=grad.device)
    xp.add.at(result, _strided_indices(xp, shape, strides, offset).reshape(-1), grad.reshape(-1))
    return result.reshape(input_shape)


as_strided_backward.vjp(
    grad=lambda F, grad, shape, strides, offset: F.as_strided(F.clone(grad), shape, strides, offset)
)


@define_op(
    inputs=("input", "src"),
    shape=lambda given, of_src, *rest: given,
    dtype=rules.kept,
    name="as_strided_scatter",
    samples=lambda make: [make(make.array(3, 4), make.array(2, 2), (2, 2), (4, 1), 5)],
)
def _as_strided_scatter(xp: Any, input: Any, src: Any, shape: Any, strides: Any, offset: Any) -> Any:
    """A copy of ``input`` in which the strided view holds ``src``."""
    _check_strided(xp, input, shape, strides, offset)
    result = input.reshape(-1).copy()
    result[_strided_indices(xp, shape, strides, offset)] = src
    return result.reshape(input.shape)


_as_strided_scatter.vjp(
    input=lambda F, grad, shape, strides, offset: F.as_strided_scatter(grad, 0.0, shape, strides, offset),
    src=lambda F, grad, shape, strides, offset: F.as_strided(F.clone(grad), shape, strides, offset),
)


@define_op(
    inputs=("input", "value"),
    shape=rules.elementwise,
    dtype=rules.kept,
    samples=lambda make: [make(make.array(2, 3), make.array(2, 3))],
)
def overwrite(xp: Any, input: Any, value: Any) -> Any:
    """``value``, where ``input`` was: what filling in place means for gradients."""
    return value.copy()


overwrite.vjp(input=lambda F, grad: grad * 0, value=lambda F, grad: grad)


def _walk(
    op: str, input: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None
) -> tuple[Shape, Shape, int, int]:
    """Sizes, strides, the element of the memory to start at, and that at which the tensor itself starts."""
    shape, strides = tuple(size), tuple(stride)
    if len(shape) != len(strides):
        raise ShapeError(f"{op}: mismatch in length of strides {strides} and shape {shape}")
    view, array = input._view, input.array
    own = 0 if view is None else backends.of_array_type(type(array)).offset(array, view.base.array)
    return shape, strides, own if storage_offset is None else int(storage_offset), own


def _order(array: Any) -> tuple[int, ...] | None:
    """The order of the dimensions in which the elements lie in memory; None if there are gaps between them."""
    order = tuple(range(array.ndim))
    if not array.flags.c_contiguous:
        order = tuple(sorted(order, key=lambda d: -array.strides[d]))
    return order if array.transpose(order).flags.c_contiguous else None


def _laid_out(op: str, tensor: Tensor) -> Tensor:
    order = _order(tensor.array)
    if order is None:
        raise ShapeError(f"{op}: there are gaps between the elements of input; call .contiguous() first")
    return permute(tensor, order)


def as_strided(input: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None) -> Tensor:
    """A view of the memory under a tensor, with any strides; its elements may overlap.

    Args:
        size: The sizes. stride: steps in elements along each. storage_offset: element of the memory to start at; that
            of ``input`` by default.

    Raises:
        RuntimeError: It would reach outside of the memory, or there are gaps in it.
    """
    shape, strides, offset, own = _walk("as_strided", input, size, stride, storage_offset)
    source = input
    if input._view is not None:
        last = offset + _reach(shape, strides)
        if _order(input.array) is None or not own <= offset <= last < own + input.array.size:
            source, own = input._view.base, 0  # it reaches for elements that only the memory's owner has
    return _as_strided(_laid_out("as_strided", source), shape, strides, offset - own)


def as_strided_scatter(
    input: Tensor, src: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None
) -> Tensor:
    """A copy of ``input`` in which what :func:`as_strided` with these arguments shows of it holds ``src``.

    Args:
        src: Of shape ``size``. size, stride, storage_offset: see :func:`as_strided`.

    Raises:
        RuntimeError: ``src`` has another shape, it would reach outside of ``input``, or there are gaps in that.
        TypeError: ``src`` is no Tensor.
    """
    shape, strides, offset, own = _walk("as_strided_scatter", input, size, stride, storage_offset)
    if check_tensor("as_strided_scatter", "src", src).array.shape != shape:
        raise ShapeError(f"as_strided_scatter: expected src to have the shape {shape}, but got {tuple(src.shape)}")
    order = _order(input.array)
    laid_out = _laid_out("as_strided_scatter", input)
    result = _as_strided_scatter(laid_out, to(src, dtype=input.dtype), shape, strides, offset - own)
    return result if order is None else permute(result, sorted(range(len(order)), key=order.__getitem__))


#: Functions without ``out=``.
NO_OUT = ("as_strided", "as_strided_scatter")

__all__ = ["as_strided", "as_strided_scatter"]
