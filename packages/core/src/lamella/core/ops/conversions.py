"""Conversions between dtypes and devices."""

from __future__ import annotations

from typing import Any

import numpy as np

from lamella.core import backends, dtypes, rules
from lamella.core.devices import CPU, device
from lamella.core.dispatch import define_op
from lamella.core.dtypes import dtype, to_dtype
from lamella.core.layouts import preserve_format
from lamella.core.placement import backend_for
from lamella.core.tensor import Tensor


@define_op(
    inputs=("input",),
    shape=rules.elementwise,
    dtype=rules.DtypeRule(lambda operands, dtype: (None, dtype), dtypes.ANY),
    name="cast",
    samples=lambda make: [make(make.array(2, 3), np.dtype("float64"))],
)
def _cast(xp: Any, input: Any, dtype: Any) -> Any:
    """``input`` converted to a NumPy dtype."""
    if input.dtype.kind == "c" and dtype.kind != "c":
        input = input.real
    return input.astype(dtype)


_cast.vjp(input=lambda F, grad: grad)  # the engine restores the dtype


@define_op(
    inputs=("input",),
    shape=rules.elementwise,
    dtype=rules.kept,
    name="move",
    samples=lambda make: [make(make.array(2, 3), CPU)],
)
def _move(xp: Any, input: Any, place: Any) -> Any:
    """``input`` copied to another device."""
    source = backends.of_array_type(type(input))
    moved = backend_for(place).asarray(source.to_numpy(input), place)
    return moved.copy() if moved is input else moved


def _device_of(x: Any) -> device:
    return x.device if isinstance(x, Tensor) else backends.device_of(x)


_move.vjp(input=lambda F, grad, input: F.move(grad, _device_of(input)))


def to(
    input: Tensor,
    *args: Any,
    dtype: dtype | None = None,
    device: Any = None,
    non_blocking: bool = False,
    copy: bool = False,
    memory_format: Any = preserve_format,
) -> Tensor:
    """The tensor with another dtype, on another device, or both; itself if it already fits and ``copy`` is False.

    ``x.to(dtype)``, ``x.to(device)``, ``x.to(device, dtype)`` and ``x.to(other)`` (both from another tensor) are
    understood; after these may follow ``non_blocking, copy``. ``memory_format`` is the order in which the elements are
    to lie in memory, by default that in which they do.
    """
    flags: list[bool] = []
    for arg in args:
        if type(arg) is dtypes.dtype:
            dtype = arg
        elif isinstance(arg, Tensor):
            dtype, device = arg.dtype, arg.device
        elif isinstance(arg, (str, _device)):
            device = arg
        elif isinstance(arg, bool):
            flags.append(arg)
        elif arg is not None:
            dtype = arg
    copy = flags[1] if len(flags) > 1 else copy
    out = input
    if device is not None:
        place = _device(device)
        if place.type != out.device.type or place.index not in (None, out.device.index):
            out = _move(out, place)
    if dtype is not None:
        target = to_dtype(dtype).numpy
        if out.array.dtype != target:
            out = _cast(out, target)
    if memory_format is not preserve_format:
        out = out.contiguous(memory_format=memory_format)
    return out.clone() if copy and out is input else out


_device = device  # `device` is an argument's name above


def type_as(input: Tensor, other: Tensor) -> Tensor:
    """``input`` converted to the dtype of ``other``."""
    return to(input, dtype=other.dtype)


def result_type(tensor1: Any, tensor2: Any) -> dtype:
    """The dtype of the result of an arithmetic op on the two tensors or numbers."""
    return dtypes.result_dtype([x.array if isinstance(x, Tensor) else x for x in (tensor1, tensor2)])


METHODS = ("to", "type_as")

#: Functions without ``out=``.
NO_OUT = ("result_type",)

__all__ = ["result_type"]
