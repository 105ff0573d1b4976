"""Convolutions over one and two dimensions.

``conv2d``, the gradient of its input and that of its weight are one map, linear in each operand, solved for its three
corners: each is an op, and their gradients are each other, to any order. On NumPy they run as the kernels of
``backends/convolution.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lamella.core import rules
from lamella.core.dispatch import define_op
from lamella.core.errors import ArgumentRangeError, ArgumentTypeError, DtypeError, ShapeError
from lamella.core.ops.shapes import reshape
from lamella.core.tensor import Tensor

Shape = tuple[int, ...]
Pair = tuple[int, int]
#: top, bottom, left, right
Four = tuple[int, int, int, int]

# --- shapes


def _result_shape(
    of_input: Shape, of_weight: Shape, of_bias: Shape | None, stride: Pair, padding: Four, dilation: Pair, groups: int
) -> Shape:
    if len(of_input) != 4 or len(of_weight) != 4:
        raise ShapeError(
            f"expected a 4-dimensional input (N, C, H, W) and weight (O, C / groups, kh, kw), got input {of_input} and "
            f"weight {of_weight}"
        )
    n, channels, height, width = of_input
    out_channels, per_group, kh, kw = of_weight
    given = f"(input {of_input}, weight {of_weight}, groups={groups})"
    if channels != per_group * groups:
        raise ShapeError(
            f"`input` has {channels} channels, but `weight` expects {per_group * groups} {given}. Pass an input with "
            f"{per_group * groups} channels, or build the layer with in_channels={channels}."
        )
    if out_channels % groups or not out_channels:
        raise ShapeError(
            f"`weight` makes {out_channels} channels, which groups={groups} does not divide {given}. "
            "Choose out_channels as a positive multiple of groups."
        )
    if of_bias is not None and of_bias != (out_channels,):
        raise ShapeError(
            f"`bias` has shape {of_bias}, but `weight` makes {out_channels} channels {given}. Pass a bias of shape "
            f"({out_channels},)."
        )
    padded = (height + padding[0] + padding[1], width + padding[2] + padding[3])
    reach = (dilation[0] * (kh - 1) + 1, dilation[1] * (kw - 1) + 1)
    if padded[0] < reach[0] or padded[1] < reach[1] or not kh * kw:
        raise ShapeError(
            f"the kernel reaches over {reach[0]} x {reach[1]} elements, but the padded input has {padded[0]} x "
            f"{padded[1]} {given}. Pass a larger input or more padding."
        )
    return (n, out_channels, (padded[0] - reach[0]) // stride[0] + 1, (padded[1] - reach[1]) // stride[1] + 1)


# --- the three ops


def _windows(xp: Any, input: Any, kernel: Pair, result: Pair, stride: Pair, padding: Four, dilation: Pair) -> Any:
    """What each place of the kernel sees: (N, C, kh, kw, H_out, W_out), a view of the padded input."""
    top, bottom, left, right = padding
    if any(padding):
        input = xp.pad(input, ((0, 0), (0, 0), (top, bottom), (left, right)))
    n, c, h, w = input.strides
    strides = (n, c, h * dilation[0], w * dilation[1], h * stride[0], w * stride[1])
    return xp.lib.stride_tricks.as_strided(input, (*input.shape[:2], *kernel, *result), strides)


@define_op(
    inputs=("input", "weight", "bias"),
    shape=_result_shape,
    dtype=rules.matching,
    name="conv2d",
    samples=lambda make: [
        make(make.array(2, 3, 5, 6), make.array(4, 3, 3, 2), make.array(4), (1, 1), (0, 0, 0, 0), (1, 1), 1),
        make(make.array(1, 4, 6, 5), make.array(6, 2, 2, 3), None, (2, 1), (1, 0, 2, 1), (1, 2), 2),
        make(make.array(2, 3, 4, 4), make.array(3, 1, 3, 3), make.array(3), (1, 2), (1, 1, 1, 1), (1, 1), 3),
        make(make.array(2, 2, 7, 6), make.array(3, 2, 3, 2), None, (3, 2), (1, 2, 0, 1), (2, 3), 1),
        make(make.array(2, 3, 3, 4), make.array(2, 3, 1, 1), make.array(2), (1, 1), (0, 0, 0, 0), (1, 1), 1),
        make(make.transposed(4, 3, 2, 2), make.transposed(2, 3, 2, 2), None, (1, 1), (0, 0, 0, 0), (1, 1), 1),
        make(make.array(0, 2, 3, 3), make.array(1, 2, 2, 2), None, (1, 1), (0, 0, 0, 0), (1, 1), 1),
    ],
    errors=lambda make: [
        make.error(
            (make.array(1, 3, 4, 4), make.array(2, 4, 3, 3), None, (1, 1), (0, 0, 0, 0), (1, 1), 1),
            ShapeError,
            r"conv2d: `input` has 3 channels, but `weight` expects 4 .*in_channels=3",
        ),
        make.error(
            (make.array(1, 4, 4, 4), make.array(3, 2, 3, 3), None, (1, 1), (0, 0, 0, 0), (1, 1), 2),
            ShapeError,
            r"conv2d: `weight` makes 3 channels, which groups=2 does not divide",
        ),
        make.error(
            (make.array(1, 3, 4, 4), make.array(2, 3, 3, 3), make.array(3), (1, 1), (0, 0, 0, 0), (1, 1), 1),
            ShapeError,
            r"conv2d: `bias` has shape \(3,\), but `weight` makes 2 channels",
        ),
        make.error(
            (make.array(1, 3, 4, 4), make.array(2, 3, 3, 3), None, (1, 1), (0, 0, 0, 0), (2, 1), 1),
            ShapeError,
            r"conv2d: the kernel reaches over 5 x 3 elements, but the padded input has 4 x 4",
        ),
        make.error(
            (make.array(3, 4, 4), make.array(2, 3, 3, 3), None, (1, 1), (0, 0, 0, 0), (1, 1), 1),
            ShapeError,
            r"conv2d: expected a 4-dimensional input",
        ),
        make.error(
            (make.array(1, 3, 4, 4), make.ints(3, 2, 3, 3, 3), None, (1, 1), (0, 0, 0, 0), (1, 1), 1),
            DtypeError,
            r"conv2d: expected all inputs to have the same dtype",
        ),
    ],
)
def _conv2d(xp: Any, input: Any, weight: Any, bias: Any, stride: Any, padding: Any, dilation: Any, groups: Any) -> Any:
    """The convolution of ``input`` (N, C, H, W) with ``weight`` (O, C / groups, kh, kw).

    ``padding`` is (top, bottom, left, right); see :func:`conv2d` for the rest.
    """
    of_bias = None if bias is None else bias.shape
    n, o, oh, ow = _result_shape(input.shape, weight.shape, of_bias, stride, padding, dilation, groups)
    windows = _windows(xp, input, weight.shape[2:], (oh, ow), stride, padding, dilation)
    depth = weight.size // o
    out = xp.matmul(weight.reshape(groups, o // groups, depth), windows.reshape(n, groups, depth, oh * ow))
    out = out.reshape(n, o, oh, ow)
    if bias is not None:
        out += bias.reshape(-1, 1, 1)
    return out


_conv2d.vjp(
    input=lambda F, grad, weight, input_shape, stride, padding, dilation, groups: F.conv2d_input(
        grad, F.conj(weight), input_shape, stride, padding, dilation, groups
    ),
    weight=lambda F, grad, input, weight_shape, stride, padding, dilation, groups: F.conv2d_weight(
        F.conj(input), grad, weight_shape, stride, padding, dilation, groups
    ),
    bias=lambda F, grad: F.sum(grad, (0, 2, 3), False),
)


@define_op(
    inputs=("grad_output", "weight"),
    shape=lambda of_grad, of_weight, input_size, *rest: input_size,
    dtype=rules.matching,
    samples=lambda make: [
        make(make.array(2, 4, 3, 5), make.array(4, 3, 3, 2), (2, 3, 5, 6), (1, 1), (0, 0, 0, 0), (1, 1), 1),
        make(make.array(1, 6, 3, 4), make.array(6, 2, 2, 3), (1, 4, 6, 5), (2, 1), (1, 0, 2, 1), (1, 2), 2),
        make(make.array(2, 3, 2, 2), make.array(3, 2, 3, 2), (2, 2, 7, 6), (3, 2), (1, 2, 0, 1), (2, 3), 1),
        make(make.array(1, 4, 3, 3), make.array(4, 1, 1, 1), (1, 2, 3, 3), (1, 1), (0, 0, 0, 0), (1, 1), 2),
    ],
)
def conv2d_input(
    xp: Any, grad_output: Any, weight: Any, input_size: Any, stride: Any, padding: Any, dilation: Any, groups: Any
) -> Any:
    """The gradient of :func:`conv2d`'s input, from that of its result: a transposed convolution."""
    n, c, h, w = input_size
    o, per_group, kh, kw = weight.shape
    oh, ow = grad_output.shape[2:]
    matrix = weight.reshape(groups, o // groups, per_group * kh * kw)
    spread = xp.matmul(xp.matrix_transpose(matrix), grad_output.reshape(n, groups, o // groups, oh * ow))
    spread = spread.reshape(n, c, kh, kw, oh, ow)
    top, bottom, left, right = padding
    out = xp.zeros((n, c, h + top + bottom, w + left + right), dtype=grad_output.dtype, device=grad_output.device)
    for i in range(kh):
        for j in range(kw):
            x, y = i * dilation[0], j * dilation[1]
            rows = slice(x, x + (oh - 1) * stride[0] + 1, stride[0])
            out[:, :, rows, y : y + (ow - 1) * stride[1] + 1 : stride[1]] += spread[:, :, i, j]
    return out[:, :, top : top + h, left : left + w]


conv2d_input.vjp(
    grad_output=lambda F, grad, weight, stride, padding, dilation, groups: F.conv2d(
        grad, F.conj(weight), None, stride, padding, dilation, groups
    ),
    weight=lambda F, grad, grad_output, weight_shape, stride, padding, dilation, groups: F.conv2d_weight(
        grad, F.conj(grad_output), weight_shape, stride, padding, dilation, groups
    ),
)


@define_op(
    inputs=("input", "grad_output"),
    shape=lambda of_input, of_grad, weight_size, *rest: weight_size,
    dtype=rules.matching,
    samples=lambda make: [
        make(make.array(2, 3, 5, 6), make.array(2, 4, 3, 5), (4, 3, 3, 2), (1, 1), (0, 0, 0, 0), (1, 1), 1),
        make(make.array(1, 4, 6, 5), make.array(1, 6, 3, 4), (6, 2, 2, 3), (2, 1), (1, 0, 2, 1), (1, 2), 2),
        make(make.array(2, 2, 7, 6), make.array(2, 3, 2, 2), (3, 2, 3, 2), (3, 2), (1, 2, 0, 1), (2, 3), 1),
        make(make.array(1, 2, 3, 3), make.array(1, 4, 3, 3), (4, 1, 1, 1), (1, 1), (0, 0, 0, 0), (1, 1), 2),
        make(make.array(0, 2, 3, 3), make.array(0, 1, 2, 2), (1, 2, 2, 2), (1, 1), (0, 0, 0, 0), (1, 1), 1),
    ],
)
def conv2d_weight(
    xp: Any, input: Any, grad_output: Any, weight_size: Any, stride: Any, padding: Any, dilation: Any, groups: Any
) -> Any:
    """The gradient of :func:`conv2d`'s weight, from its input and the gradient of its result."""
    n, o, oh, ow = grad_output.shape
    windows = _windows(xp, input, weight_size[2:], (oh, ow), stride, padding, dilation)
    depth = input.shape[1] // groups * weight_size[2] * weight_size[3]
    columns = windows.transpose(1, 2, 3, 0, 4, 5).reshape(groups, depth, n * oh * ow)
    rows = grad_output.transpose(1, 0, 2, 3).reshape(groups, o // groups, n * oh * ow)
    return xp.matmul(rows, xp.matrix_transpose(columns)).reshape(weight_size)


conv2d_weight.vjp(
    input=lambda F, grad, grad_output, input_shape, stride, padding, dilation, groups: F.conv2d_input(
        F.conj(grad_output), grad, input_shape, stride, padding, dilation, groups
    ),
    grad_output=lambda F, grad, input, stride, padding, dilation, groups: F.conv2d(
        F.conj(input), grad, None, stride, padding, dilation, groups
    ),
)

# --- the public functions


def _per_dim(name: str, value: Any, dims: int, low: int) -> Shape:
    """``value``, one int for all dimensions or one for each, as a tuple."""
    if type(value) is int and value >= low:
        return (value,) * dims
    given = tuple(value) if isinstance(value, Sequence) else (value,)
    if len(given) not in (1, dims) or not all(hasattr(v, "__index__") for v in given):
        raise ArgumentTypeError(f"{name} must be an int or {dims} ints, got {value!r}")
    sizes = tuple(v.__index__() for v in given)
    if min(sizes) < low:
        raise ArgumentRangeError(f"{name} must be at least {low} in each dimension, got {value!r}")
    return sizes if len(sizes) == dims else sizes * dims


def _sides(padding: Any, kernel: Shape, stride: Shape, dilation: Shape) -> tuple[int, ...]:
    """Padding before and after each dimension, in PyTorch's ways to say it."""
    if not isinstance(padding, str):
        return tuple(p for p in _per_dim("padding", padding, len(kernel), 0) for _ in range(2))
    if padding == "valid":
        return (0, 0) * len(kernel)
    if padding != "same":
        raise ArgumentRangeError(f"padding must be 'same', 'valid', an int or a tuple of ints, got {padding!r}")
    if any(s != 1 for s in stride):
        raise ArgumentRangeError(
            f"padding='same' is not supported for strided convolutions (stride {stride}): give the padding in numbers"
        )
    totals = [d * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
    return tuple(side for total in totals for side in (total // 2, total - total // 2))


def _convolve(
    name: str,
    input: Tensor,
    weight: Tensor,
    bias: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    groups: int,
    dims: int,
) -> Tensor:
    shape, kernel = input.array.shape, weight.array.shape
    if len(kernel) != dims + 2 or len(shape) not in (dims + 1, dims + 2):
        raise ShapeError(
            f"{name}: expected a {dims + 1}-dimensional (unbatched) or {dims + 2}-dimensional (batched) input and a "
            f"{dims + 2}-dimensional weight, got input {shape} and weight {kernel}"
        )
    if input.array.dtype.kind == "b":
        raise DtypeError(
            f"{name}: not defined for bool tensors. Convert to a number first, for instance with x.float()."
        )
    if groups < 1:
        raise ArgumentRangeError(f"{name}: groups must be at least 1, got {groups}")
    strides = _per_dim("stride", stride, dims, 1)
    dilations = _per_dim("dilation", dilation, dims, 1)
    sides = _sides(padding, kernel[2:], strides, dilations)
    batched = len(shape) == dims + 2
    if dims == 1:  # a picture of height 1
        weight = reshape(weight, (*kernel[:2], 1, kernel[2]))
        strides, sides, dilations = (1, *strides), (0, 0, *sides), (1, *dilations)
    if dims == 1 or not batched:
        input = reshape(input, (*(shape[:2] if batched else (1, *shape[:1])), *(1,) * (2 - dims), *shape[-dims:]))
    out = _conv2d(input, weight, bias, strides, sides, dilations, groups)
    if dims == 1 or not batched:
        size = out.array.shape
        out = reshape(out, (*(size[:2] if batched else size[1:2]), *size[-dims:]))
    return out


def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] | str = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> Tensor:
    """Slide a kernel over pictures: at each place the sum of ``weight`` times what lies under it, plus ``bias``.

    Args:
        input: (N, C, H, W), or (C, H, W) for one picture.
        weight: (O, C / groups, kh, kw).
        bias: (O,).
        stride: Step from one place to the next; one int, or one for each dimension, like the next two.
        padding: Zeros around the picture; ``"valid"`` for none, ``"same"`` for as many as keep its size.
        dilation: Distance between the elements a kernel sees.
        groups: Cut the channels into this many groups, each seeing its own part of the input.

    Returns:
        (N, O, H_out, W_out), with H_out = (H + 2 * padding - dilation * (kh - 1) - 1) // stride + 1.

    Raises:
        RuntimeError: Shapes or dtypes do not fit each other, or a number is out of its range.

    Example:
        >>> import lamella
        >>> lamella.conv2d(lamella.ones(1, 3, 8, 8), lamella.ones(6, 3, 5, 5)).shape
        lamella.Size([1, 6, 4, 4])
    """
    return _convolve("conv2d", input, weight, bias, stride, padding, dilation, groups, 2)


def conv1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] | str = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> Tensor:
    """Slide a kernel along sequences: :func:`conv2d` over one dimension.

    Args:
        input: (N, C, L), or (C, L) for one sequence.
        weight: (O, C / groups, k).
        bias: (O,).
        stride: Step from one place to the next.
        padding: Zeros at both ends, ``"valid"`` or ``"same"``.
        dilation: Distance between the elements a kernel sees.
        groups: Cut the channels into this many groups.

    Returns:
        (N, O, L_out), with L_out = (L + 2 * padding - dilation * (k - 1) - 1) // stride + 1.

    Raises:
        RuntimeError: Shapes or dtypes do not fit each other, or a number is out of its range.
    """
    return _convolve("conv1d", input, weight, bias, stride, padding, dilation, groups, 1)


NOT_METHODS = (
    "conv1d",
    "conv2d",
)

#: Functions without ``out=``.
NO_OUT = (
    "conv1d",
    "conv2d",
)

__all__ = ["conv1d", "conv2d"]
