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
from lamella.core.tensor import Tensor, check_tensor

Shape = tuple[int, ...]
Pair = tuple[int, int]
#: top, bottom, left, right
Four = tuple[int, int, int, int]

# --- shapes


def result_shape(
    of_input: Shape,
    of_weight: Shape,
    of_bias: Shape | None,
    stride: Shape,
    padding: Shape,
    dilation: Shape,
    groups: int,
) -> Shape:
    """The shape rule of convolutions over any number of dimensions."""
    dims = len(stride)
    if len(of_input) != dims + 2 or len(of_weight) != dims + 2:
        raise ShapeError(
            f"expected a {dims + 2}-dimensional input (N, C, ...) and weight (O, C / groups, ...), got input "
            f"{of_input} and weight {of_weight}"
        )
    n, channels, *sizes = of_input
    out_channels, per_group, *kernel = of_weight
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
    padded = [size + padding[2 * i] + padding[2 * i + 1] for i, size in enumerate(sizes)]
    reach = [d * (k - 1) + 1 for d, k in zip(dilation, kernel, strict=True)]
    if any(p < r for p, r in zip(padded, reach, strict=True)) or 0 in kernel:
        raise ShapeError(
            f"the kernel reaches over {by(reach)} elements, but the padded input has {by(padded)} {given}. Pass a "
            "larger input or more padding."
        )
    return (n, out_channels, *((p - r) // s + 1 for p, r, s in zip(padded, reach, stride, strict=True)))


def by(sizes: Sequence[int]) -> str:
    """Sizes as one says them: ``3 x 5``."""
    return " x ".join(map(str, sizes))


# --- the three ops


def windows(xp: Any, input: Any, kernel: Pair, result: Pair, stride: Pair, padding: Four, dilation: Pair) -> Any:
    """What each place of the kernel sees: (N, C, kh, kw, H_out, W_out), a view of the padded input."""
    top, bottom, left, right = padding
    if any(padding):
        input = xp.pad(input, ((0, 0), (0, 0), (top, bottom), (left, right)))
    n, c, h, w = input.strides
    strides = (n, c, h * dilation[0], w * dilation[1], h * stride[0], w * stride[1])
    return xp.lib.stride_tricks.as_strided(input, (*input.shape[:2], *kernel, *result), strides)


@define_op(
    inputs=("input", "weight", "bias"),
    shape=result_shape,
    dtype=rules.matching,
    autocast="lower",
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
    n, o, oh, ow = result_shape(input.shape, weight.shape, of_bias, stride, padding, dilation, groups)
    seen = windows(xp, input, weight.shape[2:], (oh, ow), stride, padding, dilation)
    depth = weight.size // o
    out = xp.matmul(weight.reshape(groups, o // groups, depth), seen.reshape(n, groups, depth, oh * ow))
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
    linear=("grad_output", "weight"),
    autocast="lower",
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
    return added_up(xp, spread, (h, w), stride, padding, dilation)


def added_up(xp: Any, spread: Any, size: Pair, stride: Pair, padding: Four, dilation: Pair) -> Any:
    """The reverse of :func:`windows`: what each place of the kernel gives, added where that place saw it."""
    n, c, kh, kw, oh, ow = spread.shape
    (h, w), (top, bottom, left, right) = size, padding
    out = xp.zeros((n, c, h + top + bottom, w + left + right), dtype=spread.dtype, device=spread.device)
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
    linear=("input", "grad_output"),
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
    seen = windows(xp, input, weight_size[2:], (oh, ow), stride, padding, dilation)
    depth = input.shape[1] // groups * weight_size[2] * weight_size[3]
    columns = seen.transpose(1, 2, 3, 0, 4, 5).reshape(groups, depth, n * oh * ow)
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


def per_dim(name: str, value: Any, dims: int, low: int) -> Shape:
    """``value``, one int for all dimensions or one for each, as a tuple."""
    if type(value) is int and value >= low:
        return (value,) * dims
    given = tuple(value) if isinstance(value, Sequence) else (value,)
    if not all(hasattr(v, "__index__") for v in given):
        raise ArgumentTypeError(f"{name} must be an int or {dims} ints, got {value!r}")
    if len(given) not in (1, dims):
        raise ArgumentRangeError(f"{name} must be an int or {dims} ints, got {len(given)}: {value!r}")
    sizes = tuple(v.__index__() for v in given)
    if min(sizes) < low:
        raise ArgumentRangeError(f"{name} must be at least {low} in each dimension, got {value!r}")
    return sizes if len(sizes) == dims else sizes * dims


def _sides(padding: Any, kernel: Shape, stride: Shape, dilation: Shape) -> tuple[int, ...]:
    """Padding before and after each dimension, in PyTorch's ways to say it."""
    if not isinstance(padding, str):
        return tuple(p for p in per_dim("padding", padding, len(kernel), 0) for _ in range(2))
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


def check_operands(name: str, input: Tensor, weight: Tensor, groups: int, dims: int) -> None:
    """Refuse what no convolution over ``dims`` dimensions takes."""
    try:
        shape, kernel = input.array.shape, weight.array.shape
    except AttributeError:
        check_tensor(name, "input", input)
        check_tensor(name, "weight", weight)
        raise
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


def window(
    name: str, input: Tensor, weight: Tensor, stride: Any, padding: Any, dilation: Any, groups: int, dims: int
) -> tuple[Any, Any, Any, int]:
    """Stride, sides, dilation and groups as the ops want them, from arguments as users give them."""
    check_operands(name, input, weight, groups, dims)
    strides = per_dim("stride", stride, dims, 1)
    dilations = per_dim("dilation", dilation, dims, 1)
    return strides, _sides(padding, weight.array.shape[2:], strides, dilations), dilations, groups


def size_of_result(name: str, input: Tensor, weight: Tensor, bias: Tensor | None, *attributes: Any) -> Shape:
    """The shape of a convolution's result, for those that run as another one; errors call it ``name``."""
    of_bias = None if bias is None else bias.array.shape
    try:
        return result_shape(input.array.shape, weight.array.shape, of_bias, *attributes)
    except ShapeError as error:
        raise ShapeError(f"{name}: {error}") from None


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
    attributes = window("conv2d", input, weight, stride, padding, dilation, groups, 2)
    if input.array.ndim == 4:
        return _conv2d(input, weight, bias, *attributes)
    out = _conv2d(reshape(input, (1, *input.array.shape)), weight, bias, *attributes)
    return reshape(out, out.array.shape[1:])


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
    attributes = window("conv1d", input, weight, stride, padding, dilation, groups, 1)
    batched = input.array.ndim == 3
    if not batched:
        input = reshape(input, (1, *input.array.shape))
    size = size_of_result("conv1d", input, weight, bias, *attributes)
    (n, c, length), (o, per_group, k) = input.array.shape, weight.array.shape
    strides, sides, dilations, groups = attributes
    pictures, kernels = reshape(input, (n, c, 1, length)), reshape(weight, (o, per_group, 1, k))  # of height 1
    out = _conv2d(pictures, kernels, bias, (1, *strides), (0, 0, *sides), (1, *dilations), groups)
    return reshape(out, size if batched else size[1:])


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
