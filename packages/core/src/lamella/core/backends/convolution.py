"""NumPy's way to convolve: in pieces that stay in cache, a matrix product for each, spread over threads.

The plain way lays out all that the kernel sees, ``kh * kw`` times the input, and multiplies the weight with it. Most
products here lay out only columns, ``kw`` times the input, and deal with the rows of the kernel on the side of the
result. With row h of the input and column x of the result (stride 1, no padding)

    columns[c, j, h, x] = input[c, h, x + j]        rows[o, i, h, x] = result[o, h - i, x]

each of the result, the gradient of the input and that of the weight is a product over two of the indices (o, i),
(c, j), (h, x), followed by adding up what was laid out. That copies and adds less, and the matrices are nearer to
square: on LeNet's first layer 15 µs an image in place of 24, and for the weight 14 in place of 30.

With a row stride, rows of the input fall into classes that different rows of the kernel reach; each class is a
convolution of stride 1. Arrays are (N, C, H, W), weights (O, C / groups, kh, kw), padding (top, bottom, left, right).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import gcd
from typing import Any, NamedTuple

import numpy as np

from lamella.core.backends import threads

Pair = tuple[int, int]
Four = tuple[int, int, int, int]
Array = np.ndarray[Any, Any]
#: Some rows of some images: first image, last, first row, last; the last ones excluded.
Piece = tuple[int, int, int, int]

#: Elements laid out and multiplied in one piece: 1 MB of float32. Smaller pieces make threads wait for each other.
PIECE = 1 << 18
#: Matrix products with fewer columns than this are slow.
COLUMNS_MIN = 128
#: Multiplications that make another thread worth it: waking one costs 60 µs.
THREAD_WORK = 4 << 20
#: With fewer output channels, weights are so flat a matrix that products by rows are faster.
FLAT = 16
#: BLAS makes products this many columns at a time, and takes half as long again for 15 of them as for 16.
BLAS_COLUMNS = 4


class RowClass(NamedTuple):
    """Rows of the input ``start, start + stride, …`` (``length`` of them), and the rows of the kernel that reach them.

    The q-th of them and kernel row ``taps[t]`` make row ``q + shifts[t]`` of the result; shifts fall.
    """

    start: int
    length: int
    taps: range
    shifts: range


def row_classes(height: int, kh: int, stride: int, top: int, dilation: int) -> Iterator[RowClass]:
    """The classes of rows; together they hold each row once."""
    step = stride // gcd(stride, dilation)
    fall = step * dilation // stride
    for residue in range(stride):
        start = (residue - top) % stride
        tap = next((i for i in range(min(step, kh)) if i * dilation % stride == residue), kh)
        taps = range(tap, kh, step)
        shift = (start + top - tap * dilation) // stride
        yield RowClass(start, -(-(height - start) // stride), taps, range(shift, shift - fall * len(taps), -fall))


def conv2d(
    input: Array, weight: Array, bias: Array | None, stride: Pair, padding: Four, dilation: Pair, groups: int
) -> Array:
    """The convolution itself."""
    input = np.ascontiguousarray(input)
    n, c, h, w = input.shape
    o, per_group, kh, kw = weight.shape
    oh = (h + padding[0] + padding[1] - dilation[0] * (kh - 1) - 1) // stride[0] + 1
    ow = (w + padding[2] + padding[3] - dilation[1] * (kw - 1) - 1) // stride[1] + 1
    if oh < 1 or ow < 1 or not o or c != per_group * groups or (bias is not None and bias.shape != (o,)):
        raise ValueError("the shapes do not fit")  # the op's shape rule says how
    out = np.empty((n, o, oh, ow), input.dtype)
    by_rows = stride[0] == 1 < kh and o < FLAT
    fill = _fill_by_rows if by_rows else _fill_by_patches

    def work(pieces: list[Piece]) -> None:
        for piece in pieces:
            fill(out, piece, input, weight, stride, padding, dilation, groups)
            if bias is not None:
                first, last, top, bottom = piece
                out[first:last, :, top:bottom] += bias.reshape(o, 1, 1)

    elements = c * kw + o * kh if by_rows else c * kh * kw
    # a piece by rows lays out a few rows more: of many rows
    pieces = cut(n, oh, ow, elements, 8 * dilation[0] * (kh - 1) if by_rows else 1)
    share(work, pieces, out.size * per_group * kh * kw)
    return out


def _fill_by_patches(
    out: Array, piece: Piece, input: Array, weight: Array, stride: Pair, padding: Four, dilation: Pair, groups: int
) -> None:
    """A piece of the convolution: the weight times all that the kernel sees."""
    first, last, top, bottom = piece
    images, height = last - first, bottom - top
    _, c, _, w = input.shape
    o, per_group, kh, kw = weight.shape
    ow = out.shape[3]
    (sh, sw), (dh, dw) = stride, dilation
    n_step, c_step, row, step = input.strides
    offset = first * n_step + top * sh * row
    if any(padding):
        above, _, left, right = padding
        begin, end = top * sh - above, (bottom - 1) * sh + dh * (kh - 1) + 1 - above  # the rows that are seen
        there = input[first:last, :, max(begin, 0) : max(end, 0)]
        inside = np.zeros((images, c, end - begin, left + w + right), input.dtype)
        skipped = min(max(-begin, 0), end - begin)
        inside[:, :, skipped : skipped + there.shape[2], left : left + w] = there
        input, offset = inside, 0
        n_step, c_step, row, step = input.strides
    strides = (n_step, c_step, row * dh, step * dw, row * sh, step * sw)
    # made by hand, as as_strided takes five times as long to make a view of overlapping windows
    patches = np.ndarray((images, c, kh, kw, height, ow), input.dtype, input, offset, strides)
    columns = patches.reshape(images, groups, per_group * kh * kw, height * ow)
    lines = out.reshape(len(out), groups, o // groups, out.shape[2] * ow)[first:last, :, :, top * ow : bottom * ow]
    np.matmul(weight.reshape(groups, o // groups, per_group * kh * kw), columns, out=lines)


def _fill_by_rows(
    out: Array, piece: Piece, input: Array, weight: Array, stride: Pair, padding: Four, dilation: Pair, groups: int
) -> None:
    """A piece of the convolution: the weight times the columns, its rows then added up where they belong."""
    first, last, top, bottom = piece
    images, height = last - first, bottom - top
    _, c, h, _ = input.shape
    o, per_group, kh, kw = weight.shape
    ow = out.shape[3]
    # rows begin to end of the input make the piece; those outside of low to high are padding
    begin, end = top - padding[0], bottom - padding[0] + dilation[0] * (kh - 1)
    low = min(max(0, begin), end)
    high = max(min(h, end), low)
    columns = np.empty((images, c, kw, high - low, ow), input.dtype)
    lay_columns(columns, input, (first, last, low, high), 0, stride, padding[2], dilation[1])
    columns = columns.reshape(images, groups, per_group * kw, (high - low) * ow)
    product = np.empty((images, o, kh, end - begin, ow), input.dtype)
    product[..., : low - begin, :] = 0
    product[..., high - begin :, :] = 0
    lines = product.reshape(images, groups, o // groups * kh, (end - begin) * ow)
    np.matmul(_matrix(weight, range(kh), groups), columns, out=lines[..., (low - begin) * ow : (high - begin) * ow])
    n_step, o_step, tap, row, step = product.strides
    strides = (n_step, o_step, tap + dilation[0] * row, row, step)
    along = np.ndarray((images, o, kh, height, ow), product.dtype, product, 0, strides)
    np.add.reduce(along, 2, out.dtype, out=out[first:last, :, top:bottom])


def conv2d_input(
    grad: Array, weight: Array, input_size: Four, stride: Pair, padding: Four, dilation: Pair, groups: int
) -> Array:
    """The gradient of the input: the weight times the rows of ``grad``, its columns then added up where they belong."""
    grad = np.ascontiguousarray(grad)
    n, c, h, w = input_size
    o, per_group, kh, kw = weight.shape
    ow = grad.shape[3]
    out = np.empty(input_size, grad.dtype)
    flat = out.reshape(n, groups, per_group, h * w)
    direct = kw == 1 and stride == (1, 1) and not any(padding[2:])
    places = [reach(j * dilation[1] - padding[2], stride[1], ow, w) for j in range(kw)]
    for rows in row_classes(h, kh, stride[0], padding[0], dilation[0]):
        target = out[:, :, rows.start :: stride[0]]
        if not rows.taps:
            target[...] = 0
            continue
        matrix = _matrix(weight, rows.taps, groups).swapaxes(1, 2)

        def work(pieces: list[Piece], rows: RowClass = rows, target: Array = target, matrix: Array = matrix) -> None:
            for first, last, low, high in pieces:
                gathered = np.empty((last - first, o, len(rows.taps), high - low, ow), grad.dtype)
                lay_rows(gathered, grad, (first, last, low, high), rows.shifts)
                gathered = gathered.reshape(last - first, groups, matrix.shape[2], (high - low) * ow)
                if direct:
                    np.matmul(matrix, gathered, out=flat[first:last, :, :, low * w : high * w])
                    continue
                product = np.matmul(matrix, gathered).reshape(last - first, c, kw, high - low, ow)
                part = target[first:last, :, low:high]
                part[...] = 0
                for j, (start, stop, place) in enumerate(places):
                    part[..., place] += product[:, :, j, :, start:stop]

        pieces = cut(n, rows.length, ow, o * len(rows.taps) + c * kw)
        share(work, pieces, n * rows.length * ow * c * kw * (o // groups) * len(rows.taps))
    return out


def conv2d_weight(
    input: Array, grad: Array, weight_size: Four, stride: Pair, padding: Four, dilation: Pair, groups: int
) -> Array:
    """The gradient of the weight: the rows of ``grad`` times the columns of the input, all images at once."""
    input, grad = np.ascontiguousarray(input), np.ascontiguousarray(grad)
    n, c, h, _ = input.shape
    o, per_group, kh, kw = weight_size
    ow = grad.shape[3]
    room = -(-c * kw // BLAS_COLUMNS) * BLAS_COLUMNS if groups == 1 else c * kw
    out = np.zeros(weight_size, input.dtype)
    for rows in row_classes(h, kh, stride[0], padding[0], dilation[0]):
        taps = len(rows.taps)
        if not taps or not rows.length:
            continue
        sums: dict[Piece, Array] = {}

        def work(pieces: list[Piece], rows: RowClass = rows, taps: int = taps, sums: dict[Piece, Array] = sums) -> None:
            total: Any = None
            for piece in pieces:
                first, last, low, high = piece
                images, places = last - first, (last - first) * (high - low) * ow
                columns = np.empty((room, places), input.dtype)
                columns[c * kw :] = 0
                inside = columns[: c * kw].reshape(c, kw, images, high - low, ow).transpose(2, 0, 1, 3, 4)
                lay_columns(inside, input, piece, rows.start, stride, padding[2], dilation[1])
                gathered = np.empty((o, taps, images, high - low, ow), grad.dtype)
                lay_rows(gathered.transpose(2, 0, 1, 3, 4), grad, piece, rows.shifts)
                matrix = gathered.reshape(groups, o // groups * taps, places)
                product = np.matmul(matrix, columns.reshape(groups, room // groups, places).swapaxes(1, 2))
                if total is None:
                    total = product
                else:
                    total += product
            sums[pieces[0]] = total

        laid_out, multiplied = c * kw + o * taps, c * kw * (o // groups) * taps
        pieces = cut(n, rows.length, ow, laid_out)
        # mostly copying, two threads wait for memory together: LeNet's first layer took 1.4 ms with them, 1.0 without
        share(work, pieces, n * rows.length * ow * multiplied, threaded=multiplied > 16 * laid_out)
        for piece in pieces:  # in order: the same numbers every time
            if piece in sums:
                total = sums[piece][..., : per_group * kw].reshape(o, taps, per_group, kw)
                out[:, :, rows.taps.start :: rows.taps.step] += total.swapaxes(1, 2)
    return out


def _matrix(weight: Array, taps: range, groups: int) -> Array:
    """The weight as a matrix of (O / groups, taps) by (C / groups, kw) for each group."""
    o, per_group, kh, kw = weight.shape
    if len(taps) < kh:
        weight = weight[:, :, taps.start :: taps.step]
    return weight.swapaxes(1, 2).reshape(groups, o // groups * len(taps), per_group * kw)


def lay_columns(columns: Array, input: Array, piece: Piece, start: int, stride: Pair, left: int, dilation: int) -> None:
    """Fill ``columns`` (images, C, kw, rows, columns of the result) from one class of the input's rows."""
    first, last, low, high = piece
    if low == high:
        return
    ow, w, kw = columns.shape[4], input.shape[3], columns.shape[2]
    reached = (ow - 1) * stride[1] + dilation * (kw - 1) + 1
    begin, end = start + low * stride[0], start + high * stride[0]
    if left or reached > w:
        inside = np.zeros((last - first, input.shape[1], high - low, max(reached, left + w)), input.dtype)
        inside[..., left : left + w] = input[first:last, :, begin : end : stride[0]]
        n, c, r, e = inside.strides
        offset = 0
    else:
        inside = input
        n, c, r, e = input.strides
        offset = first * n + begin * r
        r *= stride[0]
    # made by hand, as a view of overlapping windows costs as_strided five times as long
    columns[...] = np.ndarray(columns.shape, input.dtype, inside, offset, (n, c, e * dilation, r, e * stride[1]))


def lay_rows(gathered: Array, grad: Array, piece: Piece, shifts: range) -> None:
    """Fill ``gathered`` (images, O, taps, rows, columns) with the rows of ``grad`` that rows of the input reached."""
    first, last, low, high = piece
    begin, end = low + shifts[-1], high + shifts[0]  # the rows of the result that are wanted; shifts fall
    images = grad[first:last]
    if begin < 0 or end > grad.shape[2]:
        inside = np.zeros((last - first, grad.shape[1], end - begin, grad.shape[3]), grad.dtype)
        there = images[:, :, max(begin, 0) : max(end, 0)]
        skipped = min(max(-begin, 0), end - begin)
        inside[:, :, skipped : skipped + there.shape[2]] = there
        images, end, begin = inside, end - begin, 0
    n, o, r, e = images.strides
    offset = (end - (high - low)) * r  # the first tap has the largest shift
    gathered[...] = np.ndarray(gathered.shape, grad.dtype, images, offset, (n, o, r * shifts.step, r, e))


def reach(offset: int, stride: int, count: int, size: int) -> tuple[int, int, slice]:
    """Which of ``count`` windows have an element within ``size`` at ``offset`` from their start, and where they lie."""
    low = min(max(0, -(offset // stride)), count)
    high = max(min(count, (size - 1 - offset) // stride + 1), low)
    start = low * stride + offset
    return low, high, slice(start, start + (high - low - 1) * stride + 1, stride) if low < high else slice(0, 0)


def cut(images: int, rows: int, columns: int, elements: int, least: int = 1) -> list[Piece]:
    """Cut ``images`` of ``rows`` by ``columns`` places into pieces of at ``least`` so many rows."""
    if not rows:
        return []
    at_once = max(PIECE // max(1, columns * elements), -(-COLUMNS_MIN // columns), least)
    if at_once >= rows:
        step = at_once // rows
        return [(i, min(i + step, images), 0, rows) for i in range(0, images, step)]
    parts = -(-rows // at_once)
    return [(i, i + 1, rows * p // parts, rows * (p + 1) // parts) for i in range(images) for p in range(parts)]


def share(
    work: Callable[[list[Piece]], None], pieces: list[Piece], multiplications: int, threaded: bool = True
) -> None:
    """Do ``work`` on all pieces, on several threads if it is much and ``threaded``."""
    if not pieces:
        return
    if multiplications < THREAD_WORK // 4:
        work(pieces)
    elif multiplications < 2 * THREAD_WORK or not threaded:
        with threads.single_threaded_blas():  # see numpy_backend._matmul
            work(pieces)
    else:
        grain = -(-len(pieces) * THREAD_WORK // multiplications)
        threads.parallel_for(lambda start, stop: work(pieces[start:stop]), len(pieces), grain)
