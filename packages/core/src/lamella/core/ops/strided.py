"""Views of a tensor's memory with any strides, and what in-place changes are made of.

Strided views are how a view finds its place again in a base that was changed in place (``inplace``, ``dispatch``).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from lamella.core import rules
from lamella.core.dispatch import define_op
from lamella.core.errors import ShapeError
from lamella.core.tensor import Tensor

Shape = tuple[int, ...]


def _check_strided(xp: Any, input: Any, shape: Shape, strides: Shape, offset: int) -> None:
    last = offset + sum((n - 1) * s for n, s in zip(shape, strides, strict=True))
    if min((*strides, offset, 0)) < 0 or (0 not in shape and last >= input.size):
        raise ShapeError(
            f"as_strided: sizes {shape}, strides {strides} and offset {offset} reach element {last} of a tensor with "
            f"{input.size} elements. Strides and offset are not negative, and the last element must exist."
        )
    if not input.flags.c_contiguous:
        raise ShapeError("as_strided: input must be contiguous; call .contiguous() first")


def _strided_indices(xp: Any, shape: Shape, strides: Shape, offset: int) -> Any:
    """The flat index that each element of the strided view has in its base."""
    indices = xp.full(shape, offset)
    for axis, (n, s) in enumerate(zip(shape, strides, strict=True)):
        indices += (xp.arange(n) * s).reshape((n,) + (1,) * (len(shape) - axis - 1))
    return indices


@define_op(
    inputs=("input",),
    shape=lambda given, shape, strides, offset: shape,
    dtype=rules.kept,
    view=True,
    name="as_strided",
    samples=lambda make: [
        make(make.array(3, 4), (2, 2), (4, 1), 5),
        make(make.array(6), (3, 2), (1, 2), 0),
        make(make.array(4), (2, 3), (1, 1), 0),
    ],
    errors=lambda make: [
        make.error((make.array(4), (3,), (2,), 0), ShapeError, r"as_strided: .*reach element 4 of a tensor with 4")
    ],
)
def _as_strided(xp: Any, input: Any, shape: Any, strides: Any, offset: Any) -> Any:
    """A view of the memory under ``input``; strides and offset in elements."""
    _check_strided(xp, input, shape, strides, offset)
    itemsize = input.itemsize
    return xp.lib.stride_tricks.as_strided(input.reshape(-1)[offset:], shape, tuple(s * itemsize for s in strides))


_as_strided.vjp(
    input=lambda F, grad, input_shape, shape, strides, offset: F.as_strided_backward(
        grad, input_shape, shape, strides, offset
    )
)


@define_op(
    inputs=("grad",),
    shape=lambda given, input_shape, *rest: input_shape,
    dtype=rules.kept,
    samples=lambda make: [
        make(make.array(2, 2), (3, 4), (2, 2), (4, 1), 5),
        make(make.array(2, 3), (4,), (2, 3), (1, 1), 0),
    ],
)
def as_strided_backward(xp: Any, grad: Any, input_shape: Any, shape: Any, strides: Any, offset: Any) -> Any:
    """Each element of ``grad`` added where the strided view took it from; elements may be shared."""
    result = xp.zeros(math.prod(input_shape), dtype=grad.dtype, device=grad.device)
    xp.add.at(result, _strided_indices(xp, shape, strides, offset).reshape(-1), grad.reshape(-1))
    return result.reshape(input_shape)


as_strided_backward.vjp(
    grad=lambda F, grad, shape, strides, offset: F.as_strided(F.clone(grad), shape, strides, offset)
)


@define_op(
    inputs=("input", "src"),
    shape=lambda given, of_src, *rest: given,
    dtype=rules.kept,
    name="as_strided_scatter",
    samples=lambda make: [make(make.array(3, 4), make.array(2, 2), (2, 2), (4, 1), 5)],
)
def _as_strided_scatter(xp: Any, input: Any, src: Any, shape: Any, strides: Any, offset: Any) -> Any:
    """A copy of ``input`` in which the strided view holds ``src``."""
    result = input.reshape(-1).copy()
    result[_strided_indices(xp, shape, strides, offset)] = src
    return result.reshape(input.shape)


_as_strided_scatter.vjp(
    input=lambda F, grad, shape, strides, offset: F.as_strided_scatter(grad, 0.0, shape, strides, offset),
    src=lambda F, grad, shape, strides, offset: F.as_strided(F.clone(grad), shape, strides, offset),
)


@define_op(
    inputs=("input", "value"),
    shape=rules.elementwise,
    dtype=rules.kept,
    samples=lambda make: [make(make.array(2, 3), make.array(2, 3))],
)
def overwrite(xp: Any, input: Any, value: Any) -> Any:
    """``value``, where ``input`` was: what filling in place means for gradients."""
    return value.copy()


overwrite.vjp(input=lambda F, grad: grad * 0, value=lambda F, grad: grad)


def as_strided(input: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int = 0) -> Tensor:
    """A view of the memory under a contiguous tensor, with any strides; its elements may overlap.

    Args:
        size: The sizes. stride: steps in elements along each. storage_offset: element to start at.

    Raises:
        RuntimeError: It would reach outside of the tensor.
    """
    return _as_strided(input, tuple(size), tuple(stride), int(storage_offset))


__all__ = ["as_strided"]
