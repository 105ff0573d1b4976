"""What a kernel sees of pictures at each of its places, as columns, and pictures added up from such columns."""

from __future__ import annotations

from collections.abc import Sequence

from lamella.core.errors import DtypeError, ShapeError
from lamella.core.ops.columns import col2im, im2col
from lamella.core.ops.conv import per_dim
from lamella.core.tensor import Tensor

Sizes = int | Sequence[int]


def _window(kernel_size: Sizes, dilation: Sizes, padding: Sizes, stride: Sizes) -> tuple[tuple[int, ...], ...]:
    """Kernel, stride, padding on four sides and dilation, as the ops want them."""
    top, left = per_dim("padding", padding, 2, 0)
    kernel, strides = per_dim("kernel_size", kernel_size, 2, 1), per_dim("stride", stride, 2, 1)
    return kernel, strides, (top, top, left, left), per_dim("dilation", dilation, 2, 1)


def _check(name: str, input: Tensor, ndim: int, sizes: str) -> None:
    shape = input.array.shape
    if len(shape) not in (ndim - 1, ndim) or 0 in shape[len(shape) - ndim + 1 :]:
        raise ShapeError(
            f"{name}: expected a {ndim - 1}-dimensional input ({sizes}) or a {ndim}-dimensional batch of them (N, "
            f"{sizes}), with no size but N being 0, got input {shape}"
        )
    if input.array.dtype.kind in "iu":
        raise DtypeError(f"{name}: not defined for integers, got {input.dtype}. Convert first with x.float().")


def unfold(input: Tensor, kernel_size: Sizes, dilation: Sizes = 1, padding: Sizes = 0, stride: Sizes = 1) -> Tensor:
    """Lay out what a kernel sees of pictures at each of its places: a column for each place.

    Args:
        input: (N, C, H, W), or (C, H, W) for one picture; floating-point, complex or bool.
        kernel_size: Height and width of the kernel; one int for both, like the next three.
        dilation: Distance between the elements a kernel sees.
        padding: Zeros on each side of the pictures.
        stride: Step from one place to the next.

    Returns:
        (N, C * kh * kw, places), the places row by row.

    Raises:
        RuntimeError: The kernel has no place in the pictures, or a number is out of its range.

    Example:
        >>> import lamella
        >>> from lamella.nn import functional as F
        >>> F.unfold(lamella.arange(6.0).reshape(1, 2, 3), 2)
        tensor([[0., 1.],
                [1., 2.],
                [3., 4.],
                [4., 5.]])
    """
    _check("unfold", input, 4, "C, H, W")
    window = _window(kernel_size, dilation, padding, stride)
    if input.array.ndim == 4:
        return im2col(input, *window)
    return im2col(input.unsqueeze(0), *window).squeeze(0)


def fold(
    input: Tensor,
    output_size: Sizes,
    kernel_size: Sizes,
    dilation: Sizes = 1,
    padding: Sizes = 0,
    stride: Sizes = 1,
) -> Tensor:
    """Make pictures of columns such as :func:`unfold` gives: elements that several places saw are added up.

    Args:
        input: (N, C * kh * kw, places), or without N for one picture; floating-point, complex or bool.
        output_size: Height and width of the pictures; one int for both, like the next four.
        kernel_size, dilation, padding, stride: As for :func:`unfold`.

    Returns:
        (N, C, *output_size).

    Raises:
        RuntimeError: The input does not have as many columns as the kernel has places, or their length is no multiple
            of the kernel's elements, or a number is out of its range.
    """
    _check("fold", input, 3, "C * kh * kw, places")
    size, window = per_dim("output_size", output_size, 2, 1), _window(kernel_size, dilation, padding, stride)
    if input.array.ndim == 3:
        return col2im(input, size, *window)
    return col2im(input.unsqueeze(0), size, *window).squeeze(0)


__all__ = ["fold", "unfold"]
