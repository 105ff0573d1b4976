"""Convolutions that run as convolutions over one or two dimensions: of volumes, and of sequences with time in front."""

from __future__ import annotations

from collections.abc import Sequence

from lamella.core.autocast_policy import autocast_as
from lamella.core.errors import ArgumentRangeError, ShapeError
from lamella.core.ops.conv import _conv2d, conv1d, size_of_result, window
from lamella.core.ops.rearranging import constant_pad_nd
from lamella.core.ops.shapes import contiguous, permute, reshape
from lamella.core.tensor import Tensor, check_tensor


@autocast_as("lower")
def conv3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] | str = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> Tensor:
    """Slide a kernel through volumes: :func:`conv2d` over three dimensions.

    Args:
        input: (N, C, D, H, W), or (C, D, H, W) for one volume.
        weight: (O, C / groups, kd, kh, kw).
        bias: (O,).
        stride: Step from one place to the next; one int, or one for each dimension, like the next two.
        padding: Zeros around the volume; ``"valid"`` for none, ``"same"`` for as many as keep its size.
        dilation: Distance between the elements a kernel sees.
        groups: Cut the channels into this many groups, each seeing its own part of the input.

    Returns:
        (N, O, D_out, H_out, W_out), with D_out = (D + 2 * padding - dilation * (kd - 1) - 1) // stride + 1.

    Raises:
        RuntimeError: Shapes or dtypes do not fit each other, or a number is out of its range.

    Example:
        >>> import lamella
        >>> lamella.conv3d(lamella.ones(1, 3, 8, 8, 8), lamella.ones(6, 3, 5, 5, 3)).shape
        lamella.Size([1, 6, 4, 4, 6])
    """
    attributes = strides, sides, dilations, _ = window("conv3d", input, weight, stride, padding, dilation, groups, 3)
    batched = input.array.ndim == 5
    if not batched:
        input = reshape(input, (1, *input.array.shape))
    n, o, depth, *picture = size_of_result("conv3d", input, weight, bias, *attributes)
    _, c, _, h, w = input.array.shape
    _, per_group, kd, kh, kw = weight.array.shape
    # A picture for each depth of the result, whose channels are those of all slices of the input that it sees.
    if any(sides[:2]):
        input = constant_pad_nd(input, (0, 0, 0, 0, *sides[:2]))
    slices = input.unfold(2, dilations[0] * (kd - 1) + 1, strides[0])  # (N, C, D_out, H, W, kd), or more than kd
    if dilations[0] > 1:
        slices = slices[..., :: dilations[0]]
    pictures = reshape(permute(slices, (0, 2, 1, 5, 3, 4)), (n * depth, c * kd, h, w))
    kernels = reshape(weight, (o, per_group * kd, kh, kw))
    out = _conv2d(pictures, kernels, bias, strides[1:], sides[2:], dilations[1:], groups)
    out = contiguous(permute(reshape(out, (n, depth, o, *picture)), (0, 2, 1, 3, 4)))
    return out if batched else reshape(out, out.array.shape[1:])


@autocast_as("lower")
def conv_tbc(input: Tensor, weight: Tensor, bias: Tensor, pad: int = 0) -> Tensor:
    """:func:`conv1d` of sequences that have time in front.

    Args:
        input: (L, N, C). weight: (k, C, O). bias: (O,).
        pad: Zeros at both ends.

    Returns:
        (L + 2 * pad - k + 1, N, O).

    Raises:
        RuntimeError: Shapes or dtypes do not fit each other, or ``pad`` is negative. TypeError: ``bias`` is no Tensor.
    """
    check_tensor("conv_tbc", "bias", bias)
    for name, given, parts in (
        ("input", input, "time, batch, channels"),
        ("weight", weight, "kernel width, channels, output channels"),
    ):
        if given.array.ndim != 3:
            raise ShapeError(f"conv_tbc: {name} must have 3 dims ({parts}), got shape {given.array.shape}")
    if pad < 0:
        raise ArgumentRangeError(f"conv_tbc: pad must not be negative, got {pad}")
    out = conv1d(permute(input, (1, 2, 0)), permute(weight, (2, 1, 0)), bias, padding=pad)
    return contiguous(permute(out, (2, 0, 1)))


NOT_METHODS = ("conv3d", "conv_tbc")

#: Functions without ``out=``.
NO_OUT = ("conv3d", "conv_tbc")

__all__ = ["conv3d", "conv_tbc"]
