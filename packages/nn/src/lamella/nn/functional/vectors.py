"""Functions of vectors: their lengths, distances and angles, products of two; class numbers as vectors."""

from __future__ import annotations

from lamella.core import dtypes
from lamella.core.autocast_policy import autocast_as
from lamella.core.errors import ArgumentRangeError, DtypeError, ShapeError
from lamella.core.keywords import taking_out
from lamella.core.modes import innermost_level
from lamella.core.op import OPS
from lamella.core.ops.correlation import cosine_similarity
from lamella.core.ops.creation import arange, ones_like
from lamella.core.ops.distances import pdist
from lamella.core.ops.places import MANY
from lamella.core.tensor import Tensor


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """Class numbers as vectors of zeros with a 1 at the number: ``(*) -> (*, num_classes)``.

    Args:
        tensor: Class numbers, int64.
        num_classes: How many there are; by default one more than the largest number. Inside vmap it must be given, and
            the numbers are not checked.

    Raises:
        RuntimeError: The dtype is not int64, or a number is negative or too large.

    Example:
        >>> import lamella
        >>> lamella.nn.functional.one_hot(lamella.tensor([1, 0]), 3)
        tensor([[0, 1, 0],
                [1, 0, 0]])
    """
    if tensor.dtype is not dtypes.int64:
        raise DtypeError(f"one_hot is only applicable to index tensor of type LongTensor (int64), got {tensor.dtype}")
    count = tensor.numel()
    if not count and num_classes <= 0:
        raise ShapeError("Can not infer total number of classes from empty tensor. Pass num_classes.")
    if count and (num_classes == -1 or innermost_level() is None):
        smallest, largest = int(tensor.min()), int(tensor.max())
        if smallest < 0:
            raise ArgumentRangeError(f"Class values must be non-negative, got {smallest}.")
        if num_classes == -1:
            num_classes = largest + 1
        elif largest >= num_classes:
            raise ArgumentRangeError(f"Class values must be smaller than num_classes, got {largest} and {num_classes}.")
    places = tensor.unsqueeze(-1)
    if count * num_classes < MANY or innermost_level() is not None:
        return (places == arange(num_classes, device=tensor.device)).to(dtypes.int64)
    vectors: Tensor = OPS["gather_backward"].call(ones_like(places), places, (*tensor.shape, num_classes), tensor.ndim)
    return vectors


@taking_out
@autocast_as("given")
def normalize(input: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Tensor:
    """``input`` divided by its norm along ``dim``, so that the norm becomes 1.

    Args:
        input: Floating point or complex.
        p: Which norm. eps: what to divide by where the norm is smaller.

    Raises:
        RuntimeError: The elements are integers. IndexError: there is no such dimension.

    Example:
        >>> import lamella
        >>> lamella.nn.functional.normalize(lamella.tensor([[3.0, 4.0]]))
        tensor([[0.6000, 0.8000]])
    """
    if not (input.is_floating_point() or input.is_complex()):
        raise DtypeError(f"normalize: expected a floating point or complex tensor, got {input.dtype}. Use x.float().")
    return input / input.norm(p, dim, keepdim=True).clamp_min(eps)


def pairwise_distance(x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Tensor:
    """The norms of ``x1 - x2 + eps`` along the last dimension: ``(N, D), (N, D) -> (N,)``.

    Args:
        x1: Vectors; its shape and that of ``x2`` are broadcast.
        x2: Vectors.
        p: Which norm.
        eps: Added so that the gradient is defined where both are equal.
        keepdim: Whether to keep the last dimension, with size 1.

    Raises:
        RuntimeError: The shapes can't be broadcast.

    Example:
        >>> import lamella
        >>> lamella.nn.functional.pairwise_distance(lamella.tensor([3.0, 4.0]), lamella.zeros(2), eps=0)
        tensor(5.)
    """
    return (x1 - x2 + eps).norm(p, -1, keepdim=keepdim)


@autocast_as("given")
def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """``input1 @ weight[k] @ input2 + bias[k]`` for each k: ``(…, I), (…, J) -> (…, K)``.

    Args:
        input1: ``(…, I)``.
        input2: ``(…, J)``, with the same sizes before.
        weight: ``(K, I, J)``.
        bias: ``(K,)``.

    Raises:
        RuntimeError: Shapes do not fit, or dtypes differ.
    """
    dtypes_given = [x.dtype for x in (input1, input2, weight)]
    if len(set(dtypes_given)) > 1:
        names = ", ".join(map(str, dtypes_given))
        raise DtypeError(f"bilinear: input1, input2 and weight must have the same dtype, got {names}.")
    one, two, of_weight = (tuple(x.array.shape) for x in (input1, input2, weight))
    if len(of_weight) != 3 or one[-1:] != of_weight[1:2] or two[-1:] != of_weight[2:] or one[:-1] != two[:-1]:
        raise ShapeError(
            f"bilinear: expected input1 (…, I), input2 (…, J) with the same sizes before, and weight (K, I, J), got "
            f"{one}, {two} and {of_weight}"
        )
    if bias is not None and tuple(bias.array.shape) != of_weight[:1]:
        raise ShapeError(f"bilinear: expected bias of shape {of_weight[:1]}, got {tuple(bias.array.shape)}")
    k, i, j = of_weight
    half = input1 @ weight.permute(1, 0, 2).reshape(i, k * j)  # (…, K · J)
    result = (half.reshape(*one[:-1], k, j) * input2.unsqueeze(-2)).sum(-1, dtype=weight.dtype)
    return result if bias is None else result + bias


__all__ = ["bilinear", "cosine_similarity", "normalize", "one_hot", "pairwise_distance", "pdist"]
