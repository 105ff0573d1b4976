"""Transposed convolutions: the gradient of a convolution's input, computed forward.

Each element of the input puts a copy of the kernel, times its value, into the result. ``conv2d_input`` does that for
pictures; sequences run as pictures of height 1, and volumes as one picture for each depth, whose results are then added
up along the depth.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lamella.core.autocast_policy import autocast_as
from lamella.core.errors import ArgumentRangeError, DtypeError, ShapeError
from lamella.core.ops.columns import col2im
from lamella.core.ops.conv import Shape, by, check_operands, conv2d_input, per_dim
from lamella.core.ops.rearranging import constant_pad_nd
from lamella.core.ops.shapes import permute, reshape
from lamella.core.tensor import Tensor


def _check(name: str, input: Tensor, weight: Tensor, bias: Tensor | None, groups: int, dims: int) -> None:
    check_operands(name, input, weight, groups, dims)
    shape, kernel = input.array.shape, weight.array.shape
    channels, out_channels = shape[-dims - 1], kernel[1] * groups
    given = f"(input {shape}, weight {kernel}, groups={groups})"
    if channels != kernel[0]:
        raise ShapeError(
            f"{name}: `input` has {channels} channels, but `weight` expects {kernel[0]} {given}. Pass an input with "
            f"{kernel[0]} channels, or build the layer with in_channels={channels}."
        )
    if kernel[0] % groups or not kernel[0]:
        raise ShapeError(
            f"{name}: `weight` takes {kernel[0]} channels, which groups={groups} does not divide {given}. "
            "Choose in_channels as a positive multiple of groups."
        )
    if bias is not None and bias.array.shape != (out_channels,):
        raise ShapeError(
            f"{name}: `bias` has shape {bias.array.shape}, but `weight` makes {out_channels} channels {given}. Pass a "
            f"bias of shape ({out_channels},)."
        )
    for operand, tensor in (("weight", weight), ("bias", bias)):
        if tensor is not None and tensor.dtype is not input.dtype:
            raise DtypeError(
                f"{name}: expected all inputs to have the same dtype, but `input` has {input.dtype} and `{operand}` "
                f"{tensor.dtype}. Convert with x.to(dtype)."
            )


def _conv_transpose(
    dims: int,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Any,
    padding: Any,
    output_padding: Any,
    groups: int,
    dilation: Any,
) -> Tensor:
    name = f"conv_transpose{dims}d"
    _check(name, input, weight, bias, groups, dims)
    strides = per_dim("stride", stride, dims, 1)
    paddings = per_dim("padding", padding, dims, 0)
    extras = per_dim("output_padding", output_padding, dims, 0)
    dilations = per_dim("dilation", dilation, dims, 1)
    batched = input.array.ndim == dims + 2
    if not batched:
        input = reshape(input, (1, *input.array.shape))
    given, kernel = input.array.shape[2:], weight.array.shape[2:]
    size, sides, behind = [], [], []
    for n, k, s, p, e, d in zip(given, kernel, strides, paddings, extras, dilations, strict=True):
        if e >= max(s, d):
            raise ArgumentRangeError(
                f"{name}: output_padding must be smaller than either stride or dilation, got output_padding={extras}, "
                f"stride={strides} and dilation={dilations}"
            )
        # Less than a stride makes the result longer than what a convolution leads back to the input, but no place
        # more; as many and more cut off less of the padding, and what is then missing are zeros.
        after = p if e < s else max(p - e, 0)
        behind.append(max(e - p, 0) if e >= s else 0)
        size.append((n - 1) * s + d * (k - 1) + 1 + e - 2 * p - behind[-1])
        sides += [p, after]
    if min(size) < 1 or not all((*given, *kernel)):
        raise ShapeError(
            f"{name}: the result would have {by(size)} elements (input {input.array.shape}, weight "
            f"{weight.array.shape}, stride {strides}, padding {paddings}). Pass a larger input or less padding."
        )
    out = _scattered(input, weight, tuple(size), strides, tuple(sides), dilations, groups)
    if any(behind):
        out = constant_pad_nd(out, [amount for b in reversed(behind) for amount in (0, b)])
    if bias is not None:
        out = out + reshape(bias, (-1, *(1,) * dims))
    return out if batched else reshape(out, out.array.shape[1:])


def _scattered(
    input: Tensor, weight: Tensor, size: Shape, stride: Shape, padding: Shape, dilation: Shape, groups: int
) -> Tensor:
    """The transposed convolution itself, its result of ``size``."""
    (n, _, *given), (c, per_group, *kernel) = input.array.shape, weight.array.shape
    o = per_group * groups
    if len(size) == 2:
        return conv2d_input(input, weight, (n, o, *size), stride, padding, dilation, groups)
    if len(size) == 1:
        pictures, kernels = reshape(input, (n, c, 1, *given)), reshape(weight, (c, per_group, 1, *kernel))
        whole = (n, o, 1, *size), (1, *stride), (0, 0, *padding), (1, *dilation)
        return reshape(conv2d_input(pictures, kernels, *whole, groups), (n, o, *size))
    depth, height, width = size
    pictures = reshape(permute(input, (0, 2, 1, 3, 4)), (n * given[0], c, *given[1:]))
    kernels = reshape(weight, (c, per_group * kernel[0], *kernel[1:]))
    planes = (n * given[0], o * kernel[0], height, width), stride[1:], padding[2:], dilation[1:]
    parts = reshape(conv2d_input(pictures, kernels, *planes, groups), (n, given[0], o * kernel[0], height * width))
    columns = reshape(permute(parts, (0, 2, 1, 3)), (n, o * kernel[0], given[0] * height * width))
    along = (stride[0], 1), (*padding[:2], 0, 0), (dilation[0], 1)
    return reshape(col2im(columns, (depth, height * width), (kernel[0], 1), *along), (n, o, *size))


@autocast_as("lower")
def conv_transpose2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    output_padding: int | Sequence[int] = 0,
    groups: int = 1,
    dilation: int | Sequence[int] = 1,
) -> Tensor:
    """Put a kernel, times the element, at the place of each element of pictures: the reverse of :func:`conv2d`.

    What it computes is the gradient of the input of a convolution with this weight.

    Args:
        input: (N, C, H, W), or (C, H, W) for one picture.
        weight: (C, O / groups, kh, kw).
        bias: (O,).
        stride: Step between the places in the result; one int, or one for each dimension, like ``padding``,
            ``output_padding`` and ``dilation``.
        padding: Elements cut off on each side of the result.
        output_padding: Elements more at the end of each dimension: several sizes are made smaller to the same one by a
            convolution with a stride, and this says which it was.
        groups: Cut the channels into this many groups, each seeing its own part of the input.
        dilation: Distance between the elements of the kernel.

    Returns:
        (N, O, H_out, W_out), with H_out = (H - 1) * stride - 2 * padding + dilation * (kh - 1) + output_padding + 1.

    Raises:
        RuntimeError: Shapes or dtypes do not fit each other, or a number is out of its range.

    Example:
        >>> import lamella
        >>> lamella.conv_transpose2d(lamella.ones(1, 3, 4, 4), lamella.ones(3, 6, 5, 5), stride=2).shape
        lamella.Size([1, 6, 11, 11])
    """
    return _conv_transpose(2, input, weight, bias, stride, padding, output_padding, groups, dilation)


@autocast_as("lower")
def conv_transpose1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    output_padding: int | Sequence[int] = 0,
    groups: int = 1,
    dilation: int | Sequence[int] = 1,
) -> Tensor:
    """:func:`conv_transpose2d` over one dimension: of sequences.

    Args:
        input: (N, C, L), or (C, L) for one sequence.
        weight: (C, O / groups, k).
        bias, stride, padding, output_padding, groups, dilation: As for :func:`conv_transpose2d`.

    Returns:
        (N, O, L_out), with L_out = (L - 1) * stride - 2 * padding + dilation * (k - 1) + output_padding + 1.

    Raises:
        RuntimeError: Shapes or dtypes do not fit each other, or a number is out of its range.
    """
    return _conv_transpose(1, input, weight, bias, stride, padding, output_padding, groups, dilation)


@autocast_as("lower")
def conv_transpose3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    output_padding: int | Sequence[int] = 0,
    groups: int = 1,
    dilation: int | Sequence[int] = 1,
) -> Tensor:
    """:func:`conv_transpose2d` over three dimensions: of volumes.

    Args:
        input: (N, C, D, H, W), or (C, D, H, W) for one volume.
        weight: (C, O / groups, kd, kh, kw).
        bias, stride, padding, output_padding, groups, dilation: As for :func:`conv_transpose2d`.

    Returns:
        (N, O, D_out, H_out, W_out), each as for :func:`conv_transpose2d`.

    Raises:
        RuntimeError: Shapes or dtypes do not fit each other, or a number is out of its range.
    """
    return _conv_transpose(3, input, weight, bias, stride, padding, output_padding, groups, dilation)


NOT_METHODS = ("conv_transpose1d", "conv_transpose2d", "conv_transpose3d")

#: Functions without ``out=``.
NO_OUT = ("conv_transpose1d", "conv_transpose2d", "conv_transpose3d")

__all__ = ["conv_transpose1d", "conv_transpose2d", "conv_transpose3d"]
