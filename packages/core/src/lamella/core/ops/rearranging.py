"""Elements in another order, repeated, padded, or seen through a sliding window; and dimensions under NumPy's names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lamella.core import dtypes, rules
from lamella.core.dispatch import define_op
from lamella.core.errors import IndexRangeError, ShapeError
from lamella.core.ops import reductions, shapes
from lamella.core.ops.shapes import along
from lamella.core.rules import one_dim, some_dims
from lamella.core.tensor import Tensor

Shape = tuple[int, ...]

# --- another order


@define_op(
    inputs=("input",),
    shape=rules.same,
    dtype=rules.kept,
    name="flip",
    samples=lambda make: [
        make(make.array(2, 3), (0,)),
        make(make.array(2, 3, 2), (0, 2)),
        make(make.array(2, 3), ()),
        make(make.array(), ()),
        make(make.array(0, 2), (0, 1)),
        make(make.transposed(3, 4), (1,)),
    ],
)
def _flip(xp: Any, input: Any, dims: Any) -> Any:
    """``input`` with the elements along ``dims`` in reverse order."""
    return xp.flip(input, axis=dims).copy()


_flip.vjp(input=lambda F, grad, dims: F.flip(grad, dims))


def flip(input: Tensor, *order: Any, dims: Sequence[int] | None = None) -> Tensor:
    """A copy with the elements along some dimensions in reverse order.

    Args:
        order: The dimensions, one by one or as a tuple. dims: the same, by keyword.

    Raises:
        IndexError: There is no such dimension. RuntimeError: one is named twice. TypeError: they are no ints.
    """
    given = rules.sizes(order, dims)
    return _flip(input, some_dims(given, input.array.ndim) if given else ())


def fliplr(input: Tensor) -> Tensor:
    """A copy with the columns in reverse order: :func:`flip` along the second dimension.

    Raises:
        RuntimeError: There are less than two dimensions.
    """
    if input.array.ndim < 2:
        raise ShapeError(f"fliplr: input must be >= 2-d, got one of shape {tuple(input.shape)}. Use flip(x, (0,)).")
    return _flip(input, (1,))


def flipud(input: Tensor) -> Tensor:
    """A copy with the rows in reverse order: :func:`flip` along the first dimension.

    Raises:
        RuntimeError: There is no dimension.
    """
    if input.array.ndim < 1:
        raise ShapeError("flipud: input must be >= 1-d, got a 0-dim tensor")
    return _flip(input, (0,))


def rot90(input: Tensor, k: int = 1, dims: Sequence[int] = (0, 1)) -> Tensor:
    """A copy turned ``k`` times by 90 degrees, from the first of the two ``dims`` towards the second.

    Raises:
        RuntimeError: ``dims`` are not two different ones, or there are less than two dimensions.
        IndexError: There is no such dimension.
    """
    if len(dims) != 2:
        raise ShapeError(f"rot90: expected total rotation dims == 2, but got dims = {tuple(dims)}")
    ndim = input.array.ndim
    if ndim < 2:
        raise ShapeError(f"rot90: expected total dims >= 2, but got total dims = {ndim}")
    first, second = (one_dim(d, ndim) for d in dims)
    if first == second:
        raise ShapeError(
            f"rot90: expected rotation dims to be different, but got dim0 = {dims[0]} and dim1 = {dims[1]}"
        )
    turns = k % 4
    turned = shapes.transpose(input, first, second) if turns % 2 else input
    return _flip(turned, ((), (first,), (first, second), (second,))[turns])


@define_op(
    inputs=("input",),
    shape=rules.same,
    dtype=rules.kept,
    name="roll",
    samples=lambda make: [
        make(make.array(3, 4), (1,), (1,)),
        make(make.array(3, 4), (1, -6), (0, 1)),
        make(make.array(3, 4), (2, 3), (1, 1)),
        make(make.array(2, 3), (2,), ()),
        make(make.array(), (1,), ()),
        make(make.array(0, 2), (1,), (0,)),
    ],
)
def _roll(xp: Any, input: Any, shifts: Any, dims: Any) -> Any:
    """``input`` with the elements moved on by ``shifts`` along ``dims``, or in row-major order for no ``dims``."""
    return xp.roll(input, shifts, axis=dims or None)


_roll.vjp(input=lambda F, grad, shifts, dims: F.roll(grad, tuple(-s for s in shifts), dims))


def roll(input: Tensor, shifts: int | Sequence[int], dims: int | Sequence[int] | None = None) -> Tensor:
    """A copy with the elements moved on along dimensions; those that leave at the end come in at the start.

    Args:
        shifts: By how many places; for each of ``dims`` one.
        dims: Along which dimensions; by default in row-major order, as if there were but one.

    Raises:
        RuntimeError: ``shifts`` and ``dims`` are not as many. IndexError: there is no such dimension.
        TypeError: they are no ints.

    Example:
        >>> lamella.arange(5).roll(2)
        tensor([3, 4, 0, 1, 2])
    """
    places, ndim = rules.sizes((shifts,)), input.array.ndim
    along_dims = () if dims is None else rules.sizes((dims,))
    if not places or len(places) != (len(along_dims) or 1):
        raise ShapeError(f"roll: shifts and dimensions must align. shifts: {shifts}, dims: {dims}")
    if along_dims and not ndim:
        raise IndexRangeError(f"roll: dims is {dims}, but the tensor has no dimensions")
    return _roll(input, places, tuple(one_dim(d, ndim) for d in along_dims))


# --- repeated


def _repeated(shape: Shape, repeats: Shape) -> Shape:
    return tuple(s * r for s, r in zip((*(1,) * (len(repeats) - len(shape)), *shape), repeats, strict=True))


@define_op(
    inputs=("input",),
    shape=_repeated,
    dtype=rules.kept,
    name="repeat",
    samples=lambda make: [
        make(make.array(2, 3), (2, 1)),
        make(make.array(1, 3), (2, 3, 2)),
        make(make.array(2, 3), (1, 1)),
        make(make.array(3), (2, 0)),
        make(make.array(), (2,)),
        make(make.array(), ()),
        make(make.transposed(3, 2), (1, 2)),
    ],
)
def _repeat(xp: Any, input: Any, repeats: Any) -> Any:
    """``input`` repeated along each dimension; see :func:`repeat`."""
    return xp.tile(input, repeats)


def _repeat_input(F: Any, grad: Any, input_shape: Any, repeats: Any) -> Any:
    shape = (*(1,) * (len(repeats) - len(input_shape)), *input_shape)
    pairs = tuple(n for pair in zip(repeats, shape, strict=True) for n in pair)
    summed = F.sum(F.reshape(grad, pairs), tuple(range(0, len(pairs), 2)), False)
    return F.reshape(summed, input_shape)


_repeat.vjp(input=_repeat_input)


@_repeat.batched
def _batched_repeat(F: Any, size: int, batched: Any, input: Any, repeats: Any) -> Any:
    shape = input.array.shape[1:]
    return F.repeat(F.reshape(input, (size, *(1,) * (len(repeats) - len(shape)), *shape)), (1, *repeats))


def _times(name: str, input: Tensor, times: Shape) -> Tensor:
    if min(times, default=0) < 0:
        raise ShapeError(f"{name}: numbers of repetitions must not be negative, got {times}")
    return _repeat(input, times)


def repeat(input: Tensor, *sizes: Any, repeats: Sequence[int] | None = None) -> Tensor:
    """A copy repeated along each dimension; unlike :func:`lamella.Tensor.expand` it takes memory.

    Args:
        sizes: How often, for each dimension and any new ones in front, one by one or as a tuple.
        repeats: The same, by keyword.

    Raises:
        RuntimeError: There are less than dimensions, or one is negative. TypeError: they are no ints.

    Example:
        >>> lamella.tensor([1, 2]).repeat(2, 2)
        tensor([[1, 2, 1, 2],
                [1, 2, 1, 2]])
    """
    times = rules.sizes(sizes, repeats)
    if len(times) < input.array.ndim:
        raise ShapeError(
            f"repeat: number of dimensions of repeat dims {times} can not be smaller than that of the tensor, "
            f"{tuple(input.shape)}. Use tile() to repeat the last dimensions only."
        )
    return _times("repeat", input, times)


def tile(input: Tensor, *sizes: Any, dims: Sequence[int] | None = None) -> Tensor:
    """A copy repeated along its last dimensions; like :meth:`repeat`, with 1 for dimensions not named.

    Args:
        sizes: How often, one by one or as a tuple. dims: the same, by keyword.

    Raises:
        RuntimeError: A number is negative. TypeError: they are no ints.
    """
    times = rules.sizes(sizes, dims)
    return _times("tile", input, (*(1,) * (input.array.ndim - len(times)), *times))


# --- padded


def _padded(shape: Shape, pads: tuple[tuple[int, int], ...], value: Any) -> Shape:
    return tuple(before + s + after for s, (before, after) in zip(shape, pads, strict=True))


@define_op(
    inputs=("input",),
    shape=_padded,
    dtype=rules.kept,
    name="constant_pad_nd",
    samples=lambda make: [
        make(make.array(2, 3), ((0, 0), (1, 2)), 2.0),
        make(make.array(3, 4), ((-1, 2), (1, -2)), 0.0),
        make(make.array(3), ((-3, 2),), 3.0),
        make(make.array(), (), 1.0),
        make(make.array(0, 2), ((1, 1), (0, 0)), 3.0),
        make(make.transposed(3, 2), ((1, 0), (0, 1)), 0.0),
    ],
)
def _constant_pad_nd(xp: Any, input: Any, pads: Any, value: Any) -> Any:
    """``input`` with ``value`` added before and after, or elements cut off; an op because it is one pass."""
    result = xp.full(_padded(input.shape, pads, value), value, dtype=input.dtype, device=input.device)
    source = tuple(
        slice(max(-before, 0), n - max(-after, 0)) for n, (before, after) in zip(input.shape, pads, strict=True)
    )
    target = tuple(
        slice(max(before, 0), n - max(after, 0)) for n, (before, after) in zip(result.shape, pads, strict=True)
    )
    result[(*target, ...)] = input[(*source, ...)]
    return result


_constant_pad_nd.vjp(
    input=lambda F, grad, pads: F.constant_pad_nd(grad, tuple((-before, -after) for before, after in pads), 0.0)
)

_constant_pad_nd.batched(lambda F, size, batched, input, pads, value: F.constant_pad_nd(input, ((0, 0), *pads), value))


def constant_pad_nd(input: Tensor, pad: Sequence[int], value: float = 0) -> Tensor:
    """A copy with ``value`` added around, or elements cut off where a number is negative.

    Args:
        pad: Elements to add before and after, in pairs, the last dimension first.

    Raises:
        RuntimeError: ``pad`` is no sequence of pairs, has too many, or cuts away more than there is.
    """
    shape = input.array.shape
    if len(pad) % 2 or len(pad) > 2 * len(shape):
        raise ShapeError(
            f"constant_pad_nd: length of pad must be even and at most {2 * len(shape)}, twice the dimensions of the "
            f"input {shape}, but is {len(pad)}"
        )
    last_first = [(pad[i], pad[i + 1]) for i in range(0, len(pad), 2)]
    pads = (*((0, 0),) * (len(shape) - len(last_first)), *reversed(last_first))
    for d, (size, (before, after)) in enumerate(zip(shape, pads, strict=True)):
        if size + min(before, 0) + min(after, 0) < 0 or before + size + after < 0:
            raise ShapeError(
                f"constant_pad_nd: padding by {before} and {after} cuts more than there is off dimension {d}, of size "
                f"{size}"
            )
    return _constant_pad_nd(input, pads, dtypes.fitting(value, input.dtype))


# --- a sliding window


def _windows(shape: Shape, dim: int, size: int, step: int) -> Shape:
    if size > shape[dim]:
        raise ShapeError(f"maximum size for tensor at dimension {dim} is {shape[dim]} but size is {size}")
    return (*shape[:dim], (shape[dim] - size) // step + 1, *shape[dim + 1 :], size)


@define_op(
    inputs=("input",),
    shape=_windows,
    dtype=rules.kept,
    view=True,
    name="unfold",
    samples=lambda make: [
        make(make.array(5), 0, 2, 1),
        make(make.array(2, 7), 1, 3, 2),
        make(make.array(7, 2), 0, 2, 3),
        make(make.array(3), 0, 0, 2),
        make(make.transposed(4, 3), 0, 2, 2),
    ],
    errors=lambda make: [
        make.error((make.array(3), 0, 4, 1), ShapeError, r"unfold: maximum size for tensor at dimension 0 is 3"),
    ],
)
def _unfold(xp: Any, input: Any, dim: Any, size: Any, step: Any) -> Any:
    """The windows of ``size`` elements along ``dim``; see :func:`unfold`."""
    shape, strides = _windows(input.shape, dim, size, step), input.strides
    strides = (*strides[:dim], strides[dim] * step, *strides[dim + 1 :], strides[dim])
    windows = xp.lib.stride_tricks.as_strided(input, shape, strides)
    # NumPy makes what it broadcasts read-only: several windows hold the same element
    return xp.broadcast_to(windows, shape) if step < size else windows


_unfold.vjp(input=lambda F, grad, input_shape, dim, size, step: F.unfold_backward(grad, input_shape, dim, size, step))


@define_op(
    inputs=("grad_output",),
    shape=lambda given, shape, dim, size, step: shape,
    dtype=rules.kept,
    samples=lambda make: [
        make(make.array(4, 2), (5,), 0, 2, 1),
        make(make.array(2, 3, 3), (2, 7), 1, 3, 2),
        make(make.array(2, 2, 2), (7, 2), 0, 2, 3),
    ],
)
def unfold_backward(xp: Any, grad_output: Any, shape: Any, dim: Any, size: Any, step: Any) -> Any:
    """Zeros of ``shape`` with each element of the windows added where :func:`unfold` took it from."""
    result = xp.zeros(shape, dtype=grad_output.dtype, device=grad_output.device)
    reach = step * (grad_output.shape[dim] - 1) + 1
    for i in range(size):  # the i-th elements of all windows lie apart
        result[along(dim, slice(i, i + reach, step))] += grad_output[..., i]
    return result


unfold_backward.vjp(grad_output=lambda F, grad, dim, size, step: F.unfold(grad, dim, size, step))


def unfold(input: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """A view of all windows of ``size`` elements along ``dimension``, each ``step`` elements after the one before.

    Returns:
        Of the input's shape, with the number of windows at ``dimension``, and a new last dimension of ``size``.

    Raises:
        RuntimeError: A window is larger than the dimension, ``size`` is negative, or ``step`` is not positive.
        IndexError: There is no such dimension.

    Example:
        >>> lamella.arange(5).unfold(0, 3, 1)
        tensor([[0, 1, 2],
                [1, 2, 3],
                [2, 3, 4]])
    """
    d = one_dim(dimension, input.array.ndim)
    if size < 0 or step <= 0:
        raise ShapeError(f"unfold: size must be >= 0 and step > 0, got size={size} and step={step}")
    if input.array.ndim:
        return _unfold(input, d, size, step)
    return shapes.select(_unfold(shapes.unsqueeze(input, 0), 0, size, step), 0, 0)


# --- other shapes


def ravel(input: Tensor) -> Tensor:
    """All elements along one dimension: a view of a contiguous tensor, else a copy."""
    return shapes.reshape(shapes.contiguous(input), -1)


def reshape_as(input: Tensor, other: Tensor) -> Tensor:
    """The same elements in the shape of ``other``: a view where the strides allow it, else a copy.

    Raises:
        RuntimeError: That shape does not hold as many elements.
    """
    return shapes.reshape(input, other.shape)


def view_as(input: Tensor, other: Tensor) -> Tensor:
    """A view in the shape of ``other``.

    Raises:
        RuntimeError: That shape does not hold as many elements, or the strides do not allow a view.
    """
    return shapes.view(input, other.shape)


def sum_to_size(input: Tensor, *sizes: Any, size: Sequence[int] | None = None) -> Tensor:
    """The sum over the dimensions that broadcasting a tensor of the sizes to ``input`` adds or stretches.

    Args:
        sizes: The sizes of the result, one by one or as a tuple. size: the same, by keyword.

    Raises:
        RuntimeError: A tensor of the sizes does not broadcast to ``input``. TypeError: they are no ints.
    """
    wanted, shape = rules.sizes(sizes, size), input.array.shape
    lead = len(shape) - len(wanted)
    if lead < 0 or any(w not in {1, s} for w, s in zip(wanted, shape[lead:], strict=True)):
        raise ShapeError(f"sum_to_size: size {wanted} is not expandable to size {shape}")
    if wanted == shape and wanted:  # without a dimension it is a sum, whose dtype may differ
        return input
    stretched = [d for d, s in enumerate(shape) if d < lead or wanted[d - lead] != s]
    return shapes.reshape(reductions.sum(input, stretched, keepdim=True), wanted)


moveaxis = shapes.movedim


def swapaxes(input: Tensor, axis0: int, axis1: int) -> Tensor:
    """A view with two dimensions swapped; NumPy's name for :func:`lamella.transpose`.

    Raises:
        IndexError: There is no such dimension.
    """
    return shapes.transpose(input, axis0, axis1)


swapdims = shapes.transpose

METHODS = ("repeat", "reshape_as", "sum_to_size", "unfold", "view_as")
NOT_METHODS = ("constant_pad_nd",)
#: Functions without ``out=``.
NO_OUT = (
    "constant_pad_nd",
    "flip",
    "fliplr",
    "flipud",
    "moveaxis",
    "ravel",
    "roll",
    "rot90",
    "swapaxes",
    "swapdims",
    "tile",
)

__all__ = [
    "constant_pad_nd",
    "flip",
    "fliplr",
    "flipud",
    "moveaxis",
    "ravel",
    "roll",
    "rot90",
    "swapaxes",
    "swapdims",
    "tile",
]
