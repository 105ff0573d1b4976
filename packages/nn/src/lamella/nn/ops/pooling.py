"""Pooling: the largest element or the mean of each window of a picture.

All windows are dealt with at once, one place of the window after another, and rows apart from columns: each step is a
pass over strided slices of the whole, and pieces that fit the cache are worked through one by one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache, reduce
from typing import Any

import numpy as np

from lamella.core import dtypes, rules
from lamella.core.backends.chunks import along_first
from lamella.core.backends.convolution import reach
from lamella.core.dispatch import define_op
from lamella.core.errors import ArgumentRangeError, ArgumentTypeError, ShapeError
from lamella.core.folding import folded, unfolded
from lamella.core.ops.creation import as_tensor
from lamella.core.ops.rounding import div
from lamella.core.tensor import Tensor

Shape = tuple[int, ...]
Pair = tuple[int, int]
Sizes = int | Sequence[int]

# --- windows


def _length(size: int, kernel: int, stride: int, padding: int, dilation: int, ceil_mode: bool) -> int:
    """How many windows fit along one dimension."""
    room = size + 2 * padding - dilation * (kernel - 1) - 1
    count = (room + stride - 1 if ceil_mode else room) // stride + 1
    if ceil_mode and (count - 1) * stride >= size + padding:
        count -= 1  # the last window must start inside the picture or its left padding
    return count


def pooled(shape: Shape, kernel: Shape, stride: Shape, padding: Shape, dilation: Shape, ceil_mode: bool) -> Shape:
    """The shape of the result of pooling as many last dimensions as the windows have.

    Raises:
        RuntimeError: There are not one or two dimensions before those, one but the batch is of size 0, or there is
            no room for a window.
    """
    count = len(kernel)
    if len(shape) - count not in (1, 2) or 0 in shape[-count - 1 :]:
        names = ("C, L", "C, H, W", "C, D, H, W")[count - 1]
        raise ShapeError(
            f"expected a {count + 1}-dimensional ({names}) or {count + 2}-dimensional (N, {names}) input, of which "
            f"only N may be 0, got {shape}"
        )
    sizes = zip(shape[-count:], kernel, stride, padding, dilation, strict=True)
    counts = tuple(_length(*along, ceil_mode) for along in sizes)
    if min(counts) < 1:
        raise ShapeError(
            f"input {shape} is too small for windows of {kernel} with padding {padding} and dilation {dilation}: the "
            f"result would have {' x '.join(map(str, counts))} elements. Pass a larger input, or a smaller kernel_size."
        )
    return (*shape[:-count], *counts)


@lru_cache(256)  # the arithmetic takes as long as a small picture's pooling
def _places(size: int, count: int, kernel: int, stride: int, padding: int, dilation: int) -> tuple[Any, ...]:
    """For each place in the window along one dimension: first and last window that have it inside, and where."""
    return tuple(reach(i * dilation - padding, stride, count, size) for i in range(kernel))


@lru_cache(256)
def _taps(
    size: Shape, counts: Shape, kernel: Pair, stride: Pair, padding: Pair, dilation: Pair
) -> tuple[tuple[Any, Any], ...]:
    """For each place in the window, in PyTorch's order: which windows have it in the picture, and where it lies."""
    down, across = (_places(*along) for along in zip(size, counts, kernel, stride, padding, dilation, strict=True))
    return tuple(
        ((..., slice(top, bottom), slice(left, right)), (..., rows, columns))
        for top, bottom, rows in down
        for left, right, columns in across
    )


def _planes(array: Any) -> Any:
    """All pictures of all channels along one first axis, which pieces are cut from."""
    return array.reshape(math.prod(array.shape[:-2]), *array.shape[-2:])


def _folded(xp: Any, function: Any, input: Any, axis: int, count: int, along: tuple[int, ...], start: Any) -> Any:
    """``function`` folded over the elements of each of ``count`` windows along ``axis``, from ``start``."""
    behind = (slice(None),) * (-1 - axis)
    places = _places(input.shape[axis], count, *along)
    if len(places) > 1 and all(low == 0 and high == count for low, high, _ in places):
        first, second, *others = (input[(..., place, *behind)] for *_, place in places)
        result = function(first, second)
        for other in others:
            function(result, other, out=result)
        return result
    shape = list(input.shape)
    shape[axis] = count
    result = xp.full(tuple(shape), start, dtype=input.dtype, device=input.device)
    for low, high, place in places:
        part = result[(..., slice(low, high), *behind)]
        function(part, input[(..., place, *behind)], out=part)
    return result


# --- the largest element


def _max_samples(make: Any) -> list[Any]:
    """Inputs and attributes: plain, overlapping, dilated, padded, windows cut off at the end, no batch."""
    return [
        (make.distinct(2, 3, 4, 6), (2, 2), (2, 2), (0, 0), (1, 1)),
        (make.distinct(1, 2, 5, 7), (3, 2), (2, 1), (1, 0), (1, 1)),
        (make.distinct(2, 7, 6), (2, 3), (2, 2), (1, 1), (3, 2)),
        (make.distinct(1, 1, 3, 3), (1, 1), (2, 2), (0, 0), (1, 1)),
        (make.distinct(0, 2, 4, 4), (2, 2), (2, 2), (0, 0), (1, 1)),
    ]


def _max_results(make: Any) -> list[Any]:
    """The samples with their results: what the ops for gradients get."""
    found = []
    for input, kernel, stride, padding, dilation in _max_samples(make):
        shape = pooled(input.shape, kernel, stride, padding, dilation, False)
        largest = np.full(shape, -np.inf)
        for windows, place in _taps(input.shape[-2:], shape[-2:], kernel, stride, padding, dilation):
            largest[windows] = np.maximum(largest[windows], input[place])
        found.append((input, largest, kernel, stride, padding, dilation))
    return found


_ordered = rules.refusing(rules.numeric, "complex")


@define_op(
    inputs=("input",),
    shape=pooled,
    dtype=_ordered,
    name="max_pool2d",
    samples=lambda make: [
        *(make(*sample, False) for sample in _max_samples(make)),
        make(make.distinct(1, 2, 5, 6), (2, 2), (2, 2), (0, 0), (1, 1), True),
        make(make.distinct(1, 2, 6, 6), (3, 3), (2, 2), (1, 1), (1, 1), True),
    ],
    errors=lambda make: [
        make.error(
            (make.array(1, 1, 2, 5), (3, 3), (1, 1), (0, 0), (1, 1), False),
            ShapeError,
            r"max_pool2d: input \(1, 1, 2, 5\) is too small for windows of \(3, 3\)",
        ),
        make.error(
            (make.array(2, 5), (2, 2), (1, 1), (0, 0), (1, 1), False),
            ShapeError,
            r"max_pool2d: expected a 3-dimensional",
        ),
    ],
)
def _max_pool2d(xp: Any, input: Any, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: Any) -> Any:
    """The largest element of each window; see :func:`max_pool2d`."""
    shape = pooled(input.shape, kernel, stride, padding, dilation, ceil_mode)
    lowest = -math.inf if input.dtype.kind == "f" else xp.iinfo(input.dtype).min
    down, across = zip(kernel, stride, padding, dilation, strict=True)

    def fill(out: Any, part: Any) -> None:
        part = _folded(xp, xp.maximum, part, -1, shape[-1], across, lowest)
        out[...] = _folded(xp, xp.maximum, part, -2, shape[-2], down, lowest)

    out = xp.empty(shape, dtype=input.dtype, device=input.device)
    along_first(fill, _planes(out), _planes(input))
    return out


_max_pool2d.vjp(
    input=lambda F, grad, input, result, kernel, stride, padding, dilation: F.max_pool2d_backward(
        grad, input, result, kernel, stride, padding, dilation
    )
)


def _choices(xp: Any, input: Any, output: Any, taps: Sequence[Any]) -> Iterator[Any]:
    """For each tap its windows, its place, and in which of the windows it is the first to have the largest element."""
    waiting = xp.ones(output.shape, dtype=bool, device=output.device)
    for windows, place in taps:
        here = waiting[windows]
        # not `==`: in a window with a nan, which is its largest element then, the first shall have the gradient
        lower = xp.less(input[place], output[windows])
        yield windows, place, xp.greater(here, lower)
        xp.logical_and(here, lower, out=here)


@define_op(
    inputs=("grad_output", "input", "output"),
    shape=lambda grad, shape, *rest: shape,
    trailing=2,
    dtype=rules.matching,
    samples=lambda make: [make(make.array(*sample[1].shape), *sample) for sample in _max_results(make)],
)
def max_pool2d_backward(
    xp: Any, grad_output: Any, input: Any, output: Any, kernel: Any, stride: Any, padding: Any, dilation: Any
) -> Any:
    """The gradient of :func:`max_pool2d`: each window's goes to its largest element, the first of those alike."""
    taps = _taps(input.shape[-2:], output.shape[-2:], kernel, stride, padding, dilation)
    apart = all(s >= d * (k - 1) + 1 for s, d, k in zip(stride, dilation, kernel, strict=True))
    covered = tuple(n * k for n, k in zip(output.shape[-2:], kernel, strict=True))
    tiled = apart and covered == input.shape[-2:] and not any(padding)

    def fill(out: Any, grad: Any, part: Any, largest: Any) -> None:
        if not tiled:
            out[...] = 0
        for windows, place, chosen in _choices(xp, part, largest, taps):
            if apart:
                xp.multiply(grad[windows], chosen, out=out[place])
            else:
                out[place] += grad[windows] * chosen

    out = xp.empty(input.shape, dtype=grad_output.dtype, device=input.device)
    along_first(fill, _planes(out), _planes(grad_output), _planes(input), _planes(output))
    return out


max_pool2d_backward.vjp(
    grad_output=lambda F, grad, input, output, kernel, stride, padding, dilation: F.max_pool2d_pick(
        grad, input, output, kernel, stride, padding, dilation
    ),
    input=None,
    output=None,
)


@define_op(
    inputs=("values", "input", "output"),
    shape=lambda values, input, shape, *rest: shape,
    trailing=2,
    dtype=rules.matching,
    samples=lambda make: [make(make.array(*sample[0].shape), *sample) for sample in _max_results(make)],
)
def max_pool2d_pick(
    xp: Any, values: Any, input: Any, output: Any, kernel: Any, stride: Any, padding: Any, dilation: Any
) -> Any:
    """The elements of ``values`` where ``input`` had the largest of each window: the reverse of its gradient."""
    taps = _taps(input.shape[-2:], output.shape[-2:], kernel, stride, padding, dilation)

    def fill(out: Any, values: Any, part: Any, largest: Any) -> None:
        out[...] = 0
        for windows, place, chosen in _choices(xp, part, largest, taps):
            out[windows] += values[place] * chosen

    out = xp.empty(output.shape, dtype=values.dtype, device=values.device)
    along_first(fill, _planes(out), _planes(values), _planes(input), _planes(output))
    return out


max_pool2d_pick.vjp(
    values=lambda F, grad, input, output, kernel, stride, padding, dilation: F.max_pool2d_backward(
        grad, input, output, kernel, stride, padding, dilation
    ),
    input=None,
    output=None,
)


@define_op(
    inputs=("input", "output"),
    shape=lambda input, shape, *rest: shape,
    trailing=2,
    dtype=rules.index,
    samples=lambda make: [make(*sample) for sample in _max_results(make)],
)
def max_pool2d_indices(xp: Any, input: Any, output: Any, kernel: Any, stride: Any, padding: Any, dilation: Any) -> Any:
    """Where in its flattened picture each window's largest element is."""
    taps = _taps(input.shape[-2:], output.shape[-2:], kernel, stride, padding, dilation)
    width = input.shape[-1]
    out = xp.zeros(output.shape, dtype=xp.int64, device=input.device)
    for windows, place, chosen in _choices(xp, input, output, taps):
        rows, columns = (xp.arange(p.start, p.stop, p.step, device=input.device) for p in place[1:])
        out[windows] += (rows[:, None] * width + columns) * chosen
    missing = xp.isnan(input)
    if missing.any():  # the last one in a window is the largest to PyTorch
        for windows, place in taps:
            rows, columns = (xp.arange(p.start, p.stop, p.step, device=input.device) for p in place[1:])
            out[windows] = xp.where(missing[place], rows[:, None] * width + columns, out[windows])
    return out


# --- the mean


def window_sizes(shape: Shape, counts: Shape, along: Any, count_include_pad: bool) -> list[list[int]]:
    """For each dimension, how many elements each window has there that count.

    Args:
        along: For each dimension the windows' size, step, padding and dilation.
    """
    sizes = []
    for size, count, (kernel, stride, padding, _) in zip(shape, counts, along, strict=True):
        starts = [i * stride - padding for i in range(count)]
        ends = [min(s + kernel, size + padding) for s in starts]
        if not count_include_pad:
            starts, ends = [max(s, 0) for s in starts], [min(e, size) for e in ends]
        sizes.append([e - s for s, e in zip(starts, ends, strict=True)])
    return sizes


def _divisors(xp: Any, input: Any, counts: Shape, along: Any, count_include_pad: bool, divisor: int | None) -> Any:
    """What the sum over each window is divided by: a number, or an array of the shape of the result's pictures."""
    if divisor is not None:
        return divisor
    down, across = window_sizes(input.shape[-2:], counts, along, count_include_pad)
    if len(set(down)) == len(set(across)) == 1:
        return down[0] * across[0]
    rows = xp.asarray(down, dtype=input.dtype, device=input.device)
    return rows[:, None] * xp.asarray(across, dtype=input.dtype, device=input.device)


_real = rules.refusing(rules.only_floating, "complex")


def _find_mean(operands: Any, *attributes: Any) -> tuple[Any, Any]:
    compute, result = _real.find(operands)
    return (np.dtype(np.float32) if compute == np.float16 else compute), result  # sums outgrow half precision


_meant = rules.DtypeRule(_find_mean, _real.direct - {np.dtype(np.float16)})


def _mean_samples(make: Any) -> list[Any]:
    """Input shapes and attributes: plain, overlapping, padded either way, cut off at the end, with a divisor."""
    return [
        ((2, 3, 4, 6), (2, 2), (2, 2), (0, 0), False, True, None),
        ((1, 2, 5, 7), (3, 2), (2, 1), (1, 1), False, True, None),
        ((2, 6, 5), (3, 3), (2, 2), (1, 1), True, False, None),
        ((1, 2, 5, 6), (2, 2), (2, 2), (1, 0), True, True, None),
        ((1, 1, 3, 4), (2, 3), (1, 1), (0, 0), False, True, 5),
        ((0, 2, 4, 4), (2, 2), (2, 2), (0, 0), False, True, None),
    ]


def _mean_shape(shape: Shape, kernel: Pair, stride: Pair, padding: Pair, ceil_mode: bool, *rest: Any) -> Shape:
    return pooled(shape, kernel, stride, padding, (1, 1), ceil_mode)


@define_op(
    inputs=("input",),
    shape=_mean_shape,
    dtype=_meant,
    name="avg_pool2d",
    samples=lambda make: [make(make.array(*shape), *rest) for shape, *rest in _mean_samples(make)],
    errors=lambda make: [
        make.error(
            (make.array(1, 1, 2, 5), (3, 3), (1, 1), (0, 0), False, True, None),
            ShapeError,
            r"avg_pool2d: input \(1, 1, 2, 5\) is too small",
        )
    ],
)
def _avg_pool2d(
    xp: Any,
    input: Any,
    kernel: Any,
    stride: Any,
    padding: Any,
    ceil_mode: Any,
    count_include_pad: Any,
    divisor_override: Any,
) -> Any:
    """The mean of each window; see :func:`avg_pool2d`."""
    shape = _mean_shape(input.shape, kernel, stride, padding, ceil_mode)
    down, across = zip(kernel, stride, padding, (1, 1), strict=True)
    divisors = _divisors(xp, input, shape[-2:], (down, across), count_include_pad, divisor_override)

    def fill(out: Any, part: Any) -> None:
        part = _folded(xp, xp.add, part, -1, shape[-1], across, 0)
        xp.divide(_folded(xp, xp.add, part, -2, shape[-2], down, 0), divisors, out=out)

    out = xp.empty(shape, dtype=input.dtype, device=input.device)
    along_first(fill, _planes(out), _planes(input))
    return out


_avg_pool2d.vjp(
    input=lambda F, grad, input_shape, kernel, stride, padding, ceil_mode, count_include_pad, divisor_override: (
        F.avg_pool2d_backward(
            grad, input_shape, kernel, stride, padding, ceil_mode, count_include_pad, divisor_override
        )
    )
)


@define_op(
    inputs=("grad_output",),
    shape=lambda grad, input_size, *rest: input_size,
    dtype=_real,
    samples=lambda make: [
        make(make.array(*_mean_shape(shape, *rest)), shape, *rest) for shape, *rest in _mean_samples(make)
    ],
)
def avg_pool2d_backward(
    xp: Any,
    grad_output: Any,
    input_size: Any,
    kernel: Any,
    stride: Any,
    padding: Any,
    ceil_mode: Any,
    count_include_pad: Any,
    divisor_override: Any,
) -> Any:
    """The gradient of :func:`avg_pool2d`: each window's is spread evenly over its elements."""
    out = xp.zeros(input_size, dtype=grad_output.dtype, device=grad_output.device)
    counts = grad_output.shape[-2:]
    along = tuple(zip(kernel, stride, padding, (1, 1), strict=True))
    divisors = _divisors(xp, out, counts, along, count_include_pad, divisor_override)
    taps = _taps(input_size[-2:], counts, kernel, stride, padding, (1, 1))

    def fill(out: Any, grad: Any) -> None:
        share = grad / divisors
        for windows, place in taps:
            out[place] += share[windows]

    along_first(fill, _planes(out), _planes(grad_output))
    return out


avg_pool2d_backward.vjp(
    grad_output=lambda F, grad, kernel, stride, padding, ceil_mode, count_include_pad, divisor_override: F.avg_pool2d(
        grad, kernel, stride, padding, ceil_mode, count_include_pad, divisor_override
    )
)


# --- batches of samples


def _on_images(name: str) -> Any:
    """The rule of an op on images ``(C, H, W)`` or ``(N, C, H, W)``: samples become images."""

    def rule(F: Any, size: int, batched: Any, input: Any, *attrs: Any) -> Any:
        call = getattr(F, name)
        return call(input, *attrs) if input.array.ndim == 4 else unfolded(F, size, call(folded(F, input), *attrs))

    return rule


_max_pool2d.batched(_on_images("max_pool2d"))
_avg_pool2d.batched(_on_images("avg_pool2d"))
avg_pool2d_backward.batched(
    lambda F, size, batched, grad_output, shape, *attrs: F.avg_pool2d_backward(grad_output, (size, *shape), *attrs)
)


# --- the public functions


def whole_numbers(name: str, value: Any, count: int, low: int) -> tuple[int, ...]:
    """``value``, one int for all of ``count`` dimensions or one for each.

    Raises:
        RuntimeError: There are as many as neither, or one is less than ``low``. TypeError: one is no int.
    """
    if type(value) is int and value >= low:
        return (value,) * count
    given = (value,) if hasattr(value, "__index__") else tuple(value) if isinstance(value, Sequence) else (None,)
    if not all(hasattr(v, "__index__") for v in given):
        raise ArgumentTypeError(f"{name} must be an int or a tuple of {count}, got {value!r}")
    if len(given) not in (1, count):
        raise ArgumentRangeError(f"{name} must either be a single int, or a tuple of {count}, got {value!r}")
    numbers = tuple(v.__index__() for v in given)
    if min(numbers) < low:
        raise ArgumentRangeError(f"{name} must be at least {low} in each dimension, got {value!r}")
    return numbers * count if len(numbers) == 1 else numbers


def window(count: int, kernel_size: Sizes, stride: Sizes | None, padding: Sizes) -> tuple[Any, Any, Any]:
    """Sizes of windows in ``count`` dimensions, steps between them, and padding, checked.

    Raises:
        RuntimeError: A number is out of its range, or there are too few or too many. TypeError: one is no int.
    """
    kernel = whole_numbers("kernel_size", kernel_size, count, 1)
    absent = stride is None or (isinstance(stride, Sequence) and not stride)
    strides = kernel if absent else whole_numbers("stride", stride, count, 1)
    sides = whole_numbers("padding", padding, count, 0)
    for side, size in zip(sides, kernel, strict=True):
        if side > size // 2:
            raise ArgumentRangeError(
                f"padding must be at most half of kernel_size, got padding={padding} and kernel_size={kernel_size}"
            )
    return kernel, strides, sides


def max_pool2d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest element of each window.

    Args:
        input: (N, C, H, W) or (C, H, W).
        kernel_size: Size of the windows; one int, or height and width, like the next three.
        stride: Step from one window to the next; ``kernel_size`` by default.
        padding: Elements, smaller than any number, added on each side; at most half of ``kernel_size``.
        dilation: Distance between the elements of a window.
        ceil_mode: Keep windows that reach over the end.
        return_indices: Return also where in its flattened picture each element was.

    Returns:
        (N, C, H_out, W_out), and with ``return_indices`` an int64 tensor of that shape. Among elements alike the first
        is meant; it also gets the gradient.

    Raises:
        RuntimeError: No window fits, or a number is out of its range.

    Example:
        >>> import lamella
        >>> from lamella.nn.ops.pooling import max_pool2d
        >>> max_pool2d(lamella.arange(16.0).view(1, 4, 4), 2)
        tensor([[[ 5.,  7.],
                 [13., 15.]]])
    """
    kernel, strides, sides = window(2, kernel_size, stride, padding)
    dilations = whole_numbers("dilation", dilation, 2, 1)
    out = _max_pool2d(input, kernel, strides, sides, dilations, bool(ceil_mode))
    if not return_indices:
        return out
    return out, max_pool2d_indices(input, out, kernel, strides, sides, dilations)


def divided(sums: Tensor, shape: Shape, along: Any, count_include_pad: bool, divisor: int | None) -> Tensor:
    """The means of windows over pictures of ``shape``, from their sums; of integers cut off behind the point.

    Args:
        along: For each dimension the windows' size, step, padding and dilation.
    """
    by: Any = divisor
    if divisor is None:
        sizes = window_sizes(shape, sums.array.shape[-len(shape) :], along, count_include_pad)
        tensors = [as_tensor(n, dtype=sums.dtype, device=sums.device) for n in sizes]
        by = reduce(lambda outer, inner: outer.unsqueeze(-1) * inner, tensors)
    return div(sums, by, rounding_mode=None if sums.is_floating_point() else "trunc")


def avg_pool2d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The mean of each window.

    Args:
        input: (N, C, H, W) or (C, H, W).
        kernel_size: Size of the windows; one int, or height and width, like the next two.
        stride: Step from one window to the next; ``kernel_size`` by default.
        padding: Zeros added on each side; at most half of ``kernel_size``.
        ceil_mode: Keep windows that reach over the end.
        count_include_pad: Whether padding counts in the mean.
        divisor_override: Divide the sums by this instead.

    Returns:
        (N, C, H_out, W_out).

    Raises:
        RuntimeError: No window fits, or a number is out of its range.
    """
    kernel, strides, sides = window(2, kernel_size, stride, padding)
    if divisor_override == 0:
        raise ArgumentRangeError("divisor_override must not be 0")
    if input.dtype is dtypes.int64:
        sums = _avg_pool2d(input.to(dtypes.float64), kernel, strides, sides, bool(ceil_mode), True, 1)
        along = tuple(zip(kernel, strides, sides, (1, 1), strict=True))
        return divided(sums.to(dtypes.int64), input.array.shape[-2:], along, count_include_pad, divisor_override)
    return _avg_pool2d(input, kernel, strides, sides, bool(ceil_mode), bool(count_include_pad), divisor_override)


__all__ = ["avg_pool2d", "max_pool2d"]
