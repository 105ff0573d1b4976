"""Methods that change where and in which shape a tensor sees its memory, not what is there; and what tells about it.

``x.t_()`` leaves ``x`` the same tensor, over the same memory, seen as ``x.t()`` sees it, also by the graph.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from lamella.core import backends, graph, rules
from lamella.core.errors import DtypeError, GradError, ShapeError
from lamella.core.inplace import check_allowed
from lamella.core.modes import current_mode, enable_grad
from lamella.core.ops import shapes, strided
from lamella.core.tensor import Tensor, check_tensor, live_node

Shape = tuple[int, ...]

# --- the same memory in another shape


def _seen_as(input: Tensor, view: Callable[[Tensor], Tensor]) -> Tensor:
    """``input``, made to see its memory as ``view`` of it does."""
    before = live_node(input)
    if before is not None and current_mode().grad:
        check_allowed(input)
    stand_in = Tensor._wrap(input.array)
    stand_in._cell, stand_in._view = input._cell, input._view
    if type(before) is not graph.Leaf:
        stand_in._node = before
    with enable_grad():  # also under no_grad: a gradient that arrives here must find its way back to the old shape
        shown = view(stand_in)
    input.array = shown.array
    if type(before) is graph.Leaf:
        before.shape = input.array.shape
    elif input._view is None:
        input._node = shown._node
        graph.move_retained(before, input._node)
    input._bump()  # views find their places anew, this one too if it is one
    return input


def t_(input: Tensor) -> Tensor:
    """In-place form of :func:`t`: the same tensor, transposed.

    Raises:
        RuntimeError: There are more than two dimensions, or the tensor is a leaf that requires grad.
    """
    return _seen_as(input, shapes.t)


def transpose_(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """In-place form of :func:`transpose`: the same tensor with two dimensions swapped.

    Raises:
        IndexError: There is no such dimension. RuntimeError: the tensor is a leaf that requires grad.
    """
    return _seen_as(input, lambda x: shapes.transpose(x, dim0, dim1))


def swapaxes_(input: Tensor, axis0: int, axis1: int) -> Tensor:
    """In-place form of :func:`swapaxes`; NumPy's name for :meth:`transpose_`.

    Raises:
        IndexError: There is no such dimension. RuntimeError: the tensor is a leaf that requires grad.
    """
    return transpose_(input, axis0, axis1)


swapdims_ = transpose_


def squeeze_(input: Tensor, dim: int | Sequence[int] | None = None) -> Tensor:
    """In-place form of :func:`squeeze`: the same tensor without dimensions of size 1.

    Raises:
        IndexError: There is no such dimension. RuntimeError: the tensor is a leaf that requires grad.
    """
    return _seen_as(input, lambda x: shapes.squeeze(x, dim))


def unsqueeze_(input: Tensor, dim: int) -> Tensor:
    """In-place form of :func:`unsqueeze`: the same tensor with a dimension of size 1 inserted.

    Raises:
        IndexError: ``dim`` is further out than one beyond the last. RuntimeError: the tensor is a leaf that requires
            grad.
    """
    return _seen_as(input, lambda x: shapes.unsqueeze(x, dim))


def as_strided_(input: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None) -> Tensor:
    """In-place form of :func:`as_strided`: the same tensor with other sizes and strides.

    Raises:
        RuntimeError: It would reach outside of the memory, or the tensor is a leaf that requires grad.
    """
    return _seen_as(input, lambda x: strided.as_strided(x, size, stride, storage_offset))


# --- other memory


def _memory(array: Any) -> Any:
    """All of the memory of which ``array`` shows a part, as one dimension."""
    while type(array.base) is type(array) and array.base.dtype == array.dtype:
        array = array.base
    dense = array.transpose(sorted(range(array.ndim), key=lambda d: -array.strides[d]))
    return dense.reshape(-1)


def resize_(input: Tensor, *sizes: Any, size: Sequence[int] | None = None) -> Tensor:
    """Give the tensor other sizes, over its memory as far as that goes, else over new memory.

    Elements keep their order in memory; those that new memory adds are of any value.

    Args:
        sizes: The new sizes, one by one or as a tuple. size: the same, by keyword.

    Raises:
        RuntimeError: The tensor requires grad, or a size is negative. TypeError: they are no ints.
    """
    shape = rules.sizes(sizes, size)
    if live_node(input) is not None:
        raise GradError("cannot resize variables that require grad. Work on x.detach(), or use reshape().")
    if min(shape, default=0) < 0:
        raise ShapeError(f"resize_: sizes must not be negative, got {shape}")
    count, array = math.prod(shape), input.array
    backend = backends.of_array_type(type(array))
    memory = _memory(array)
    start = backend.offset(array, memory) if array.size else 0
    if start + count <= memory.size:
        input.array = memory[start : start + count].reshape(shape)
    else:
        grown = backend.xp.empty(count, dtype=array.dtype, device=array.device)
        grown[: memory.size - start] = memory[start:]
        _give_memory(input, grown.reshape(shape))
    input._bump()
    return input


def _give_memory(input: Tensor, array: Any) -> None:
    input.array = array
    input._view = input._cell = None  # what shows the old memory is no longer told of changes


def resize_as_(input: Tensor, the_template: Tensor) -> Tensor:
    """Give the tensor the sizes of another one; see :meth:`resize_`.

    Raises:
        RuntimeError: The tensor requires grad. TypeError: the other is no Tensor.
    """
    return resize_(input, check_tensor("resize_as_", "the_template", the_template).shape)


def resize(input: Tensor, *sizes: Any) -> Tensor:
    """The elements in another shape; deprecated in favour of :func:`reshape`.

    Raises:
        RuntimeError: The sizes do not hold as many elements. TypeError: they are no ints.
    """
    warnings.warn("non-inplace resize is deprecated; use reshape()", UserWarning, stacklevel=2)
    return shapes.view(shapes.contiguous(input), *sizes)


def resize_as(input: Tensor, tensor: Tensor) -> Tensor:
    """The elements in the shape of another tensor; deprecated in favour of :meth:`reshape_as`.

    Raises:
        RuntimeError: That shape does not hold as many elements.
    """
    warnings.warn("non-inplace resize_as is deprecated; use reshape_as()", UserWarning, stacklevel=2)
    return shapes.view(shapes.contiguous(input), tensor.shape)


def set_(
    input: Tensor,
    source: Tensor | None = None,
    storage_offset: int | None = None,
    size: Sequence[int] | None = None,
    stride: Sequence[int] | None = None,
) -> Tensor:
    """Let the tensor show the memory of ``source`` from now on; no memory by default.

    Args:
        storage_offset: Element of that memory to start at. size: the sizes. stride: the strides; row-major by default.
            Left out, all are those of ``source``.

    Raises:
        RuntimeError: The tensor requires grad, the dtypes differ, or it would reach outside of the memory.
        TypeError: ``source`` is no Tensor.
    """
    if live_node(input) is not None:
        raise GradError("set_: the tensor requires grad; work on x.detach(), or use the out-of-place copy")
    if source is None:
        _give_memory(input, input.array.reshape(-1)[:0].copy())
        return input
    if check_tensor("set_", "source", source).dtype is not input.dtype:
        raise DtypeError(f"set_: could not set a tensor of {source.dtype} to a tensor of {input.dtype}")
    shown = source.detach()
    if size is not None:
        sizes = tuple(size)
        steps = tuple(math.prod(sizes[d + 1 :]) for d in range(len(sizes))) if stride is None else tuple(stride)
        shown = strided.as_strided(source, sizes, steps, storage_offset).detach()
    input.array, input._view, input._cell = shown.array, None, shown._cell
    return input


# --- what tells about it


def is_set_to(input: Tensor, tensor: Tensor) -> bool:
    """Whether both tensors show the same memory with the same sizes and strides.

    Raises:
        TypeError: The other is no Tensor.
    """
    own, other = input.array, check_tensor("is_set_to", "tensor", tensor).array
    same_form = own.shape == other.shape and own.strides == other.strides and own.dtype == other.dtype
    return same_form and input.data_ptr() == tensor.data_ptr()


def dim_order(input: Tensor, *, ambiguity_check: bool = False) -> tuple[int, ...]:
    """The dimensions from the outermost in memory, with the largest stride, to the innermost.

    Args:
        ambiguity_check: Whether to refuse a tensor whose dimensions could be ordered in several ways.

    Raises:
        RuntimeError: They could: one has size 1, or two have the same stride.
    """
    shape, strides = input.array.shape, input.array.strides
    if ambiguity_check and (1 in shape or len(set(strides)) < len(strides)):
        raise ShapeError(f"dim_order: the dimensions of shape {shape} with strides {input.stride()} have no one order")
    if input.is_contiguous():
        return tuple(range(len(shape)))
    steps: list[float] = []
    for step in strides:  # an expanded dimension stays behind the one before it
        steps.append(step or (steps[-1] if steps else math.inf))
    return tuple(sorted(range(len(shape)), key=lambda d: -steps[d]))


METHODS = (
    "as_strided_",
    "dim_order",
    "is_set_to",
    "resize",
    "resize_",
    "resize_as",
    "resize_as_",
    "set_",
    "squeeze_",
    "swapaxes_",
    "swapdims_",
    "t_",
    "transpose_",
    "unsqueeze_",
)

__all__: list[str] = []
