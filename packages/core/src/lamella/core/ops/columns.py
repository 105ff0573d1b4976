"""Pictures as columns, and back: what a kernel sees at each of its places, laid out side by side.

The two ops are each other's gradient. ``lamella.nn.functional`` calls them ``unfold`` and ``fold``.
"""

from __future__ import annotations

from typing import Any

from lamella.core import rules
from lamella.core.dispatch import define_op
from lamella.core.errors import ShapeError
from lamella.core.ops.conv import Four, Pair, Shape, added_up, by, windows


def _places(size: Pair, kernel: Pair, stride: Pair, padding: Four, dilation: Pair) -> Pair:
    """How many places a kernel has along each dimension."""
    rows, columns = (
        (size[i] + padding[2 * i] + padding[2 * i + 1] - dilation[i] * (kernel[i] - 1) - 1) // stride[i] + 1
        for i in range(2)
    )
    if min(rows, columns) < 1:
        raise ShapeError(
            f"a kernel of {by(kernel)} with dilation {dilation} and stride {stride} has {rows} x {columns} places in a "
            f"picture of {by(size)} with padding {padding}, but must have at least one. Pass a larger size or more "
            "padding."
        )
    return rows, columns


def _columns(of_input: Shape, kernel: Pair, *rest: Any) -> Shape:
    rows, columns = _places(of_input[2:], kernel, *rest)  # type: ignore[arg-type]  # two of them
    return of_input[0], of_input[1] * kernel[0] * kernel[1], rows * columns


def _picture(of_input: Shape, size: Pair, kernel: Pair, *rest: Any) -> Shape:
    if of_input[1] % (kernel[0] * kernel[1]):
        raise ShapeError(
            f"expected the input's columns to be a multiple of the kernel's {by(kernel)} elements long, got "
            f"{of_input[1]} (input {of_input})"
        )
    rows, columns = _places(size, kernel, *rest)
    if of_input[2] != rows * columns:
        raise ShapeError(
            f"a kernel of {by(kernel)} has {rows} x {columns} = {rows * columns} places in a picture of {by(size)}, "
            f"but the input has {of_input[2]} columns (input {of_input}). Check stride, padding and dilation."
        )
    return of_input[0], of_input[1] // (kernel[0] * kernel[1]), *size


@define_op(
    inputs=("input",),
    shape=_columns,
    dtype=rules.kept,
    linear=("input",),
    samples=lambda make: [
        make(make.array(2, 3, 5, 6), (2, 3), (1, 1), (0, 0, 0, 0), (1, 1)),
        make(make.array(1, 2, 6, 5), (3, 2), (2, 1), (1, 0, 2, 1), (1, 2)),
        make(make.transposed(4, 3, 2, 2), (1, 1), (1, 2), (0, 0, 0, 0), (1, 1)),
        make(make.array(0, 2, 3, 3), (2, 2), (1, 1), (0, 0, 0, 0), (1, 1)),
    ],
    errors=lambda make: [
        make.error(
            (make.array(1, 2, 3, 4), (2, 3), (1, 1), (0, 0, 0, 0), (3, 1)),
            ShapeError,
            r"im2col: a kernel of 2 x 3 .* has 0 x 2 places in a picture of 3 x 4",
        ),
    ],
)
def im2col(xp: Any, input: Any, kernel: Any, stride: Any, padding: Any, dilation: Any) -> Any:
    """What a kernel sees of ``input`` (N, C, H, W): (N, C * kh * kw, places), a column for each place.

    ``padding`` is (top, bottom, left, right).
    """
    places = _places(input.shape[2:], kernel, stride, padding, dilation)
    seen = windows(xp, input, kernel, places, stride, padding, dilation)
    columns = seen.copy()  # of a kernel of one element, a mere reshape might be a view
    return columns.reshape(_columns(input.shape, kernel, stride, padding, dilation))


im2col.vjp(
    input=lambda F, grad, input_shape, kernel, stride, padding, dilation: F.col2im(
        grad, input_shape[2:], kernel, stride, padding, dilation
    )
)


@im2col.batched
def _im2col_batched(F: Any, size: int, batched: Any, input: Any, *attributes: Any) -> Any:
    n, *rest = input.array.shape[1:]
    found = F.im2col(F.reshape(input, (size * n, *rest)), *attributes)
    return F.reshape(found, (size, n, *found.array.shape[1:]))


@define_op(
    inputs=("input",),
    shape=_picture,
    dtype=rules.kept,
    linear=("input",),
    samples=lambda make: [
        make(make.array(2, 18, 16), (5, 6), (2, 3), (1, 1), (0, 0, 0, 0), (1, 1)),
        make(make.array(1, 12, 18), (6, 5), (3, 2), (2, 1), (1, 0, 2, 1), (1, 2)),
        make(make.transposed(4, 3, 2), (2, 2), (1, 1), (1, 2), (0, 0, 0, 0), (1, 1)),
        make(make.array(0, 8, 4), (3, 3), (2, 2), (1, 1), (0, 0, 0, 0), (1, 1)),
    ],
    errors=lambda make: [
        make.error(
            (make.array(1, 5, 4), (3, 3), (2, 2), (1, 1), (0, 0, 0, 0), (1, 1)),
            ShapeError,
            r"col2im: expected the input's columns to be a multiple of the kernel's 2 x 2 elements long, got 5",
        ),
        make.error(
            (make.array(1, 4, 5), (3, 3), (2, 2), (1, 1), (0, 0, 0, 0), (1, 1)),
            ShapeError,
            r"has 2 x 2 = 4 places in a picture of 3 x 3, but the input has 5 columns",
        ),
    ],
)
def col2im(xp: Any, input: Any, size: Any, kernel: Any, stride: Any, padding: Any, dilation: Any) -> Any:
    """Pictures (N, C, *size) from the columns of :func:`im2col`: each element added up over the places that saw it."""
    n, c = _picture(input.shape, size, kernel, stride, padding, dilation)[:2]
    spread = input.reshape(n, c, *kernel, *_places(size, kernel, stride, padding, dilation))
    pictures = added_up(xp, spread, size, stride, padding, dilation)
    return pictures.copy() if any(padding) else pictures  # without what lies in the padding, and room for it


col2im.vjp(input=lambda F, grad, kernel, stride, padding, dilation: F.im2col(grad, kernel, stride, padding, dilation))


@col2im.batched
def _col2im_batched(F: Any, size: int, batched: Any, input: Any, *attributes: Any) -> Any:
    n, *rest = input.array.shape[1:]
    found = F.col2im(F.reshape(input, (size * n, *rest)), *attributes)
    return F.reshape(found, (size, n, *found.array.shape[1:]))
