"""The rarer ways to make a tensor: from buffers and foreign arrays, with any strides; and the default device."""

from __future__ import annotations

import math
import operator
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from lamella.core import dtypes
from lamella.core.devices import CPU, default_device, device, set_default
from lamella.core.dtypes import dtype, to_dtype
from lamella.core.errors import ArgumentError, ArgumentRangeError, ArgumentTypeError, DtypeError, ShapeError
from lamella.core.layouts import preserve_format
from lamella.core.ops.conversions import to
from lamella.core.ops.creation import evenly_spaced, from_numpy, full, like, number, placed, shape_of, tensor
from lamella.core.ops.random import randint
from lamella.core.placement import backend_for
from lamella.core.random import Generator
from lamella.core.tensor import Tensor, check_tensor


def scalar_tensor(s: Any, *, dtype: dtype | None = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A 0-dim tensor of a number; of the default dtype, unlike ``tensor(s)``.

    Raises:
        TypeError: ``s`` is no number. RuntimeError: it does not fit the dtype.
    """
    value = number("scalar_tensor", "s", s)
    return full((), value, dtype=dtype or dtypes.get_default_dtype(), device=device, requires_grad=requires_grad)


def randint_like(
    input: Tensor,
    low: Any = None,
    high: Any = None,
    *,
    generator: Generator | None = None,
    dtype: dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
    memory_format: Any = preserve_format,
) -> Tensor:
    """Integers from ``low`` (0 if only one bound is given) to ``high - 1``, with all else that of ``input``.

    Raises:
        RuntimeError: There is no integer in between, or the dtype can't hold them.
    """
    if high is None:
        low, high = 0, low
    return like(randint, input, dtype, device, requires_grad, memory_format, low=low, high=high, generator=generator)


# --- ranges


def logspace(
    start: Any,
    end: Any,
    steps: int,
    base: Any = 10.0,
    *,
    dtype: dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """``base`` to the powers of ``steps`` exponents from ``start`` to ``end``, both included, evenly spaced.

    Raises:
        RuntimeError: ``steps`` is negative; a bound is a tensor with dimensions; ``dtype`` can't hold the values.
        TypeError: ``base`` is no real number.
    """
    exponents, kind = evenly_spaced("logspace", start, end, steps, dtype)
    root = number("logspace", "base", base)
    if isinstance(root, complex):
        raise ArgumentTypeError(f"logspace(): argument 'base' must be float, not complex: {root}")
    with np.errstate(all="ignore"):
        values = np.power(np.float64(root), exponents)
        if not (kind.is_floating_point or kind.is_complex):
            values = values.astype(np.int64)
        return placed(values.astype(kind.numpy), device, requires_grad)


def range(
    start: Any = 0,
    end: Any = None,
    step: Any = 1,
    *,
    dtype: dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """``start, start + step, …`` up to and with ``end``. Deprecated: ``arange`` leaves the end out, as Python does.

    Raises:
        RuntimeError: ``step`` leads away from ``end`` or is 0; a bound is not finite; a complex or bool dtype.
        TypeError: There is no ``end``, or something that is no number.
    """
    warnings.warn(
        "range is deprecated because its behavior is inconsistent with Python's range builtin. Use arange, which "
        "produces values in [start, end).",
        UserWarning,
        stacklevel=2,
    )
    given = (("start", start), ("end", end), ("step", step))
    low, high, by = (number("range", name, value) for name, value in given)
    kind = dtypes.get_default_dtype() if dtype is None else to_dtype(dtype)
    if kind.is_complex or kind is dtypes.bool or any(isinstance(v, complex) for v in (low, high, by)):
        raise DtypeError(f"range: not defined for complex numbers and bool, got {start} to {end} and dtype {kind}")
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ArgumentRangeError(f"range: unsupported range: {low} -> {high}")
    if not kind.is_floating_point:
        low, high, by = int(low), int(high), int(by)
    if not (by > 0 or by < 0):
        raise ArgumentRangeError(f"range: step must be nonzero, got {step}")
    if (high - low) / by < 0:
        raise ArgumentRangeError(
            f"range: upper bound and lower bound inconsistent with step sign: from {start} to {end} by {step}"
        )
    values = low + by * np.arange(math.floor((high - low) / by) + 1)
    return placed(values.astype(kind.numpy), device, requires_grad)


# --- memory


def empty_strided(
    size: Sequence[int],
    stride: Sequence[int],
    *,
    dtype: dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Memory for a shape, with whatever it holds and steps in memory (in elements) of one's own.

    Raises:
        RuntimeError: Sizes and strides differ in number, or one is negative.
    """
    shape, steps = shape_of((), size), tuple(stride)
    if len(shape) != len(steps):
        raise ShapeError(
            f"empty_strided: dimensionality of sizes ({len(shape)}) must match dimensionality of strides ({len(steps)})"
        )
    if min(steps, default=0) < 0:
        raise ShapeError(f"empty_strided: strides must not be negative, got {steps}")
    kind = (dtypes.get_default_dtype() if dtype is None else to_dtype(dtype)).numpy
    extent = 1 + sum((n - 1) * s for n, s in zip(shape, steps, strict=True)) if 0 not in shape else 0
    array = np.lib.stride_tricks.as_strided(np.empty(extent, kind), shape, tuple(s * kind.itemsize for s in steps))
    return placed(array, device, requires_grad)


def empty_permuted(
    size: Sequence[int],
    physical_layout: Sequence[int],
    *,
    dtype: dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Memory for a shape, with whatever it holds.

    Args:
        size: The shape. physical_layout: its dimensions, from the outermost in memory to the innermost.

    Raises:
        RuntimeError: The dimensions are not those of the shape, each once.
    """
    shape, order = shape_of((), size), tuple(physical_layout)
    if sorted(order) != list(np.arange(len(shape))):
        raise ShapeError(
            f"empty_permuted: physical_layout must name each dimension of size {shape} once, from 0 on, got {order}"
        )
    kind = (dtypes.get_default_dtype() if dtype is None else to_dtype(dtype)).numpy
    array = np.empty(tuple(shape[d] for d in order), kind)
    return placed(array.transpose(tuple(np.argsort(order))), device, requires_grad)


def frombuffer(buffer: Any, *, dtype: dtype, count: int = -1, offset: int = 0, requires_grad: bool = False) -> Tensor:
    """A one-dimensional tensor that shares memory with an object that has Python's buffer interface.

    A tensor over a read-only buffer is read-only too.

    Args:
        buffer: bytes, bytearray, memoryview, array.array …
        dtype: What the bytes hold.
        count: How many elements to take; all if negative.
        offset: How many bytes to skip.

    Raises:
        ValueError: There is no such interface, or the bytes at hand do not suffice or divide.
    """
    kind = to_dtype(dtype).numpy
    try:
        seen = memoryview(buffer)
    except TypeError as error:
        raise ArgumentError(f"frombuffer: object does not implement Python buffer protocol: {error}") from None
    if not seen.c_contiguous:
        raise ArgumentRangeError(
            "frombuffer: could not retrieve buffer from object: its memory has gaps. Copy it first."
        )
    length = seen.nbytes
    if length == 0 or count == 0:
        raise ArgumentError(f"frombuffer: both buffer length ({length}) and count ({count}) must not be 0")
    if not 0 <= offset < length:
        raise ArgumentError(
            f"frombuffer: offset ({offset} bytes) must be non-negative and no greater than buffer length ({length} "
            "bytes) minus 1"
        )
    if count < 0 and (length - offset) % kind.itemsize:
        raise ArgumentError(
            f"frombuffer: buffer length ({length - offset} bytes) after offset ({offset} bytes) must be a multiple of "
            f"element size ({kind.itemsize})"
        )
    if count * kind.itemsize > length - offset:
        raise ArgumentError(
            f"frombuffer: requested buffer length ({count} * {kind.itemsize} bytes) after offset ({offset} bytes) must "
            f"not be greater than actual buffer length ({length} bytes)"
        )
    array = np.frombuffer(buffer, kind, max(count, -1), offset)
    if not array.flags.writeable:
        warnings.warn(
            "The given buffer is not writable. The tensor shares its memory and can't be changed in place; copy the "
            "buffer first if it is to be.",
            UserWarning,
            stacklevel=2,
        )
    return placed(array, CPU, requires_grad)


def asarray(
    obj: Any,
    *,
    dtype: dtype | None = None,
    device: Any = None,
    copy: bool | None = None,
    requires_grad: bool | None = None,
) -> Tensor:
    """``obj`` as a tensor.

    Args:
        obj: A tensor, a NumPy array, an object with DLPack's or Python's buffer interface, a number or nested lists.
        dtype: Element type; that of ``obj`` by default (the default dtype for buffers, which have none).
        device: Where to put it; where it is by default.
        copy: True always copies, False never does, None where it must.
        requires_grad: Whether to record what is computed from it; by default what it is for ``obj``.

    Raises:
        ValueError: ``copy`` is False, but nothing else than a copy will do.
    """
    made = _shared(obj, dtype)
    if made is None:
        if copy is False:
            raise ArgumentRangeError(
                f"asarray: can't alias {type(obj).__name__} {str(obj)[:60]}: numbers and lists must be copied. Pass "
                "copy=None."
            )
        return tensor(obj, dtype=dtype, device=device, requires_grad=bool(requires_grad))
    found = to(made, dtype=dtype, device=device)
    if copy is False and found is not made:
        raise ArgumentError(
            f"asarray: can't alias a tensor of dtype {made.dtype} on {made.device} as {found.dtype} on {found.device}. "
            "Pass copy=None."
        )
    if copy and found is made:
        found = made.clone()
    if requires_grad is None or requires_grad == found.requires_grad:
        return found
    return found.detach().requires_grad_(requires_grad)


def _shared(obj: Any, dtype: dtype | None) -> Tensor | None:
    """A tensor that shares memory with ``obj``, or None if there is no such thing."""
    if isinstance(obj, Tensor):
        return obj
    if isinstance(obj, np.ndarray):
        return from_numpy(obj)
    if isinstance(obj, np.generic):  # these have the interfaces below, but nothing that could be shared
        return None
    if hasattr(obj, "__dlpack__"):
        from lamella.core.interchange import from_dlpack

        return from_dlpack(obj)
    try:
        memoryview(obj)
    except TypeError:
        return None
    return frombuffer(obj, dtype=dtype or dtypes.get_default_dtype())


# --- defaults


def get_default_device() -> device:
    """The device of new tensors: the CPU, unless :func:`set_default_device` or ``with device:`` changed it."""
    return default_device()


def set_default_device(device: Any) -> None:
    """Make ``device`` that of new tensors, in this thread; None stands for the CPU.

    ``with lamella.device("cuda"):`` does so for a block.

    Raises:
        RuntimeError: There is no such device here.
    """
    place = CPU if device is None else _device(device)
    backend_for(place)
    set_default(place)


_device = device  # `device` is an argument's name above


def set_default_tensor_type(t: Any, /) -> None:
    """Make the dtype of a tensor type such as ``lamella.DoubleTensor``, or its name, the default. Deprecated.

    One such as ``lamella.cuda.DoubleTensor`` makes its device the default too.

    Raises:
        TypeError: There is no such type, or it is none of floats.
        RuntimeError: There is no such device here.
    """
    warnings.warn(
        "set_default_tensor_type() is deprecated; use set_default_dtype() and set_default_device() instead.",
        UserWarning,
        stacklevel=2,
    )
    *places, name = str(t).split(".")
    found = [kind for kind, its_name in dtypes.TYPE_NAMES.items() if its_name == name]
    if not found:
        raise ArgumentTypeError(f"set_default_tensor_type: expected a name such as 'lamella.FloatTensor', got {t!r}")
    if places[1:]:
        set_default_device(places[1])
    dtypes.set_default_dtype(dtypes.by_name(found[0]))


def detach(input: Tensor) -> Tensor:
    """The same elements (shared memory), outside the graph."""
    check_tensor("detach", "input", input)
    return input.detach()


def fill(input: Tensor, value: Any) -> Tensor:
    """A tensor like ``input`` filled with ``value``, a number or a 0-dim tensor."""
    check_tensor("fill", "input", input)
    return input.clone().fill_(value)


def get_device(input: Tensor) -> int:
    """The number of the device that a tensor is on; -1 for the CPU."""
    check_tensor("get_device", "input", input)
    return -1 if input.device.index is None else operator.index(input.device.index)


__all__ = [
    "asarray",
    "detach",
    "empty_permuted",
    "empty_strided",
    "fill",
    "frombuffer",
    "get_default_device",
    "get_device",
    "logspace",
    "randint_like",
    "range",
    "scalar_tensor",
    "set_default_device",
    "set_default_tensor_type",
]
#: Functions of an ``input`` that are no methods.
NOT_METHODS = ("detach", "fill", "randint_like")
#: Functions without ``out=``.
NO_OUT = (
    "asarray",
    "detach",
    "empty_permuted",
    "empty_strided",
    "fill",
    "frombuffer",
    "get_default_device",
    "get_device",
    "randint_like",
    "scalar_tensor",
    "set_default_device",
    "set_default_tensor_type",
)
