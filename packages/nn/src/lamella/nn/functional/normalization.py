"""Normalization: of channels over a batch, of rows, of groups and of single pictures; and by neighbouring channels."""

from __future__ import annotations

import math
from collections.abc import Sequence

from lamella.core.errors import ArgumentError, ArgumentRangeError, ShapeError
from lamella.core.modes import no_grad
from lamella.core.ops.creation import zeros
from lamella.core.ops.normalizing import rms_norm
from lamella.core.ops.pieces import cat
from lamella.core.tensor import Tensor
from lamella.nn.ops.layer_normalization import layer_norm_train
from lamella.nn.ops.normalization import batch_norm_eval, batch_norm_train


def _move(running: Tensor | None, to: Tensor, momentum: float) -> None:
    """Let a running statistic follow that of a batch."""
    if running is not None:
        with no_grad():
            running.mul_(1 - momentum).add_(to, alpha=momentum)


def _check_pair(running_mean: Tensor | None, running_var: Tensor | None) -> None:
    if (running_mean is None) != (running_var is None):
        raise ArgumentError("running_mean and running_var must either both be None or neither be None")


def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-05,
) -> Tensor:
    """Normalize each channel to mean 0 and variance 1, then scale it by ``weight`` and shift it by ``bias``.

    Args:
        input: (N, C, …).
        running_mean: (C,); in training it moves towards the batch's, else it is used instead.
        running_var: (C,), likewise; it follows the unbiased variance.
        weight: (C,).
        bias: (C,).
        training: Whether to use the statistics of this batch.
        momentum: How far the running statistics move: 0 for not at all, 1 for all the way.
        eps: Added to the variance.

    Returns:
        A tensor of the shape of ``input``.

    Raises:
        ValueError: In training, there is only one value in each channel; one of the running statistics is missing.
        RuntimeError: Shapes do not fit each other, or outside of training there are no running statistics.
    """
    if not training:
        if running_mean is None or running_var is None:
            raise ShapeError("batch_norm: running_mean and running_var must be given when training=False")
    else:
        _check_pair(running_mean, running_var)
    shape = tuple(input.array.shape)
    if not math.prod(shape):  # nothing to normalize, or to learn from
        return _scaled(input.clone(), weight, bias)
    if not training:
        return batch_norm_eval(input, running_mean, running_var, weight, bias, eps)
    count = math.prod(shape) // shape[1] if len(shape) > 1 else 0
    if count == 1:
        raise ArgumentError(f"Expected more than 1 value per channel when training, got input size {list(shape)}")
    out, mean, var = batch_norm_train(input, weight, bias, eps)
    _move(running_mean, mean, momentum)
    _move(running_var, var * (count / (count - 1)), momentum)
    return out


def _scaled(input: Tensor, weight: Tensor | None, bias: Tensor | None) -> Tensor:
    """``input`` times ``weight`` plus ``bias``, which have a number for each channel."""
    wide = (-1, *(1,) * (input.array.ndim - 2))
    if weight is not None:
        input = input * weight.reshape(wide)
    if bias is not None:
        input = input + bias.reshape(wide)
    return input


def layer_norm(
    input: Tensor,
    normalized_shape: int | Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-05,
) -> Tensor:
    """Normalize over the last dimensions to mean 0 and variance 1, then scale by ``weight`` and shift by ``bias``.

    Args:
        input: Any shape that ends in ``normalized_shape``.
        normalized_shape: Sizes of the dimensions to normalize over.
        weight: Of shape ``normalized_shape``.
        bias: Likewise.
        eps: Added to the variance.

    Returns:
        A tensor of the shape of ``input``.

    Raises:
        RuntimeError: Shapes do not fit each other.
    """
    size = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
    return layer_norm_train(input, weight, bias, size, eps)[0]


def group_norm(
    input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-05
) -> Tensor:
    """Normalize groups of channels of each sample to mean 0 and variance 1, then scale and shift each channel.

    Args:
        input: (N, C, …).
        num_groups: How many groups of neighbouring channels.
        weight: (C,).
        bias: (C,).
        eps: Added to the variance.

    Returns:
        A tensor of the shape of ``input``.

    Raises:
        ValueError: There is only one value in each group.
        RuntimeError: The channels can't be grouped so, or ``weight`` or ``bias`` does not fit them.
    """
    shape = tuple(input.array.shape)
    if len(shape) < 2:
        raise ShapeError(f"group_norm: Expected at least 2 dimensions for input tensor but received {len(shape)}")
    images, channels = shape[:2]
    if channels % num_groups:
        raise ShapeError(
            "group_norm: Expected number of channels in input to be divisible by num_groups, but got input of shape "
            f"{list(shape)} and num_groups={num_groups}"
        )
    for name, given in (("weight", weight), ("bias", bias)):
        if given is not None and given.array.shape != (channels,):
            raise ShapeError(
                f"group_norm: Expected {name} to be a vector of size equal to the number of channels in input, but got "
                f"{name} of shape {list(given.shape)} and input of shape {list(shape)}"
            )
    length = channels // num_groups * math.prod(shape[2:])
    if images * length == 1:
        raise ArgumentError(f"Expected more than 1 value per channel when training, got input size {list(shape)}")
    normal = layer_norm_train(input.reshape(images, num_groups, length), None, None, (length,), eps)[0]
    return _scaled(normal.reshape(shape), weight, bias).to(input.dtype)


def instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-05,
) -> Tensor:
    """Normalize each channel of each sample to mean 0 and variance 1, then scale and shift each channel.

    Args:
        input: (N, C, …).
        running_mean: (C,); it moves towards the mean over the samples, or is used instead.
        running_var: (C,), likewise; it follows the unbiased variance.
        weight: (C,).
        bias: (C,).
        use_input_stats: Whether to use the statistics of the samples, or the running ones.
        momentum: How far the running statistics move: 0 for not at all, 1 for all the way.
        eps: Added to the variance.

    Returns:
        A tensor of the shape of ``input``.

    Raises:
        ValueError: There is only one value in each channel; one of the running statistics is missing.
        RuntimeError: Shapes do not fit each other, or there are no running statistics to be used.
    """
    if not use_input_stats:
        if running_mean is None or running_var is None:
            raise ShapeError("Expected running_mean and running_var to be defined when use_input_stats is false")
        return batch_norm_eval(input, running_mean, running_var, weight, bias, eps)
    _check_pair(running_mean, running_var)
    shape = tuple(input.array.shape)
    count = math.prod(shape[2:])
    if count == 1:
        raise ArgumentError(f"Expected more than 1 spatial element when training, got input size {list(shape)}")
    images, channels = shape[:2]
    for name, given in (
        ("weight", weight),
        ("bias", bias),
        ("running_mean", running_mean),
        ("running_var", running_var),
    ):
        if given is not None and given.array.shape != (channels,):
            raise ShapeError(
                f"instance_norm: {name} should contain {channels} elements, one for each channel, not "
                f"{given.array.size}. Build the layer with num_features={channels}."
            )
    if not math.prod(shape):
        return _scaled(input.clone(), weight, bias)
    # a picture's channels as those of one batch
    each = [None if x is None else x.repeat(images) for x in (weight, bias)]
    out, mean, var = batch_norm_train(input.reshape(1, images * channels, *shape[2:]), *each, eps)
    _move(running_mean, mean.reshape(images, channels).mean(0), momentum)
    _move(running_var, var.reshape(images, channels).mean(0) * (count / (count - 1)), momentum)
    return out.reshape(shape)


# --- by neighbouring channels


def _window_sums(input: Tensor, before: int, after: int) -> Tensor:
    """Sums over each channel and its neighbours: so many ``before`` it and ``after``."""
    images, channels, *rest = input.array.shape
    around = [zeros(images, n, *rest, dtype=input.dtype, device=input.device) if n else None for n in (before, after)]
    padded = cat([x for x in (around[0], input, around[1]) if x is not None], 1)
    total = padded.narrow(1, 0, channels)
    for start in range(1, before + after + 1):
        total = total + padded.narrow(1, start, channels)
    return total


def local_response_norm(input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    """Divide by a power of the mean square of neighbouring channels.

    ``input / (k + alpha * mean(input² of size channels around)) ** beta``

    Args:
        input: (N, C, …) with 3 or more dimensions.
        size: How many channels; beyond the first and last there are zeros.
        alpha, beta, k: See the formula.

    Returns:
        A tensor of the shape of ``input``.

    Raises:
        ValueError: There are fewer than 3 dimensions.
        RuntimeError: ``size`` is not above 0.

    Reference:
        Krizhevsky, Sutskever and Hinton, ImageNet classification with deep convolutional neural networks (2012), 3.3.
    """
    if input.array.ndim < 3:
        raise ArgumentError(f"Expected 3D or higher dimensionality input (got {input.array.ndim} dimensions)")
    if size < 1:
        raise ArgumentRangeError(f"local_response_norm: size should be greater than zero, but got {size}")
    if not input.array.size:
        return input
    sums = _window_sums(input * input, size // 2, (size - 1) // 2)
    mean = sums / size if input.is_floating_point() else sums // size
    return input / (mean * alpha + k) ** beta


def cross_map_response_norm(input: Tensor, size: int, alpha: float, beta: float, k: float) -> Tensor:
    """:func:`local_response_norm` as ``nn.CrossMapLRN2d`` has it: windows are odd, and channel 0 never leaves them.

    The window of channel c is c - n + 1 to c + n - 1, n = ⌊(size + 1) / 2⌋; and for c ≥ n also channel 0, which the
    running sum of the Torch 7 code that PyTorch took over forgets to subtract. Gradients are those of this function.

    Raises:
        ValueError: The input is not (N, C, H, W).
    """
    if input.array.ndim != 4:
        raise ArgumentError(f"CrossMapLRN2d: Expected input to be 4D, got {input.array.ndim}D instead.")
    n, (images, channels, *rest) = (size + 1) // 2, input.array.shape
    squares = input * input
    sums = _window_sums(squares, n - 1, n - 1)
    if channels > n:
        nothing = zeros(images, n, *rest, dtype=input.dtype, device=input.device)
        sums = sums + cat([nothing, squares.narrow(1, 0, 1).expand(images, channels - n, *rest)], 1)
    return input * (sums * (alpha / size) + k) ** -beta


__all__ = [
    "batch_norm",
    "cross_map_response_norm",
    "group_norm",
    "instance_norm",
    "layer_norm",
    "local_response_norm",
    "rms_norm",
]
