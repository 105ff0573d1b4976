"""New tensors from values, shapes and ranges; conversions between dtypes and devices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from lamella.core import backends, dtypes, rules
from lamella.core.backends import memory
from lamella.core.devices import CPU, device
from lamella.core.dispatch import define_op
from lamella.core.dtypes import dtype, to_dtype
from lamella.core.errors import ArgumentError, ArgumentTypeError, ShapeError
from lamella.core.placement import backend_for
from lamella.core.tensor import Tensor

#: Bytes from which on an array is large: the first of them puts the memory policy in force. glibc maps blocks from this
#: size on afresh, zeroed page by page, until told otherwise.
LARGE = 1 << 17

# --- from values


def placed(values: np.ndarray, where: Any = None, requires_grad: bool = False) -> Tensor:
    """A leaf over ``values``, moved to its device."""
    if values.nbytes >= LARGE:
        memory.ensure()
    place = CPU if where is None else device(where)
    array = values if place == CPU else backend_for(place).asarray(values, place)
    made: Tensor = Tensor._wrap(array, requires_grad)
    return made


def _values(data: Any, wanted: dtype | None) -> np.ndarray:
    """A new NumPy array of ``data``, with PyTorch's choice of dtype."""
    if isinstance(data, Tensor):
        data = data.detach().numpy(force=True)
    if isinstance(data, (np.ndarray, np.generic)):
        target = dtypes.from_numpy_dtype(data.dtype) if wanted is None else wanted
        return np.array(data, target.numpy)
    if wanted is None and isinstance(data, (list, tuple)) and _holds_tensors(data):
        data = [_values(x, None) for x in data]
        wanted = dtypes.from_numpy_dtype(np.asarray(data).dtype)
    try:
        array = np.array(data)
        if wanted is None:
            wanted = _inferred(array)
        return array.astype(wanted.numpy, copy=False) if array.dtype != object else np.array(data, wanted.numpy)
    except (ValueError, TypeError, OverflowError) as error:
        if isinstance(error, (ArgumentError, ArgumentTypeError)):
            raise
        kind = ArgumentTypeError if not isinstance(data, (list, tuple)) else ArgumentError
        raise kind(
            f"tensor: can't make a tensor of {type(data).__name__} {str(data)[:60]}: {error}. Expected numbers, "
            "or nested "
            "lists of numbers in which all lists at one depth have the same length."
        ) from None


def _holds_tensors(data: Any) -> bool:
    return bool(data) and (
        isinstance(data[0], Tensor) or (isinstance(data[0], (list, tuple)) and _holds_tensors(data[0]))
    )


def _inferred(array: np.ndarray) -> dtype:
    """Python floats make the default dtype, ints int64, bools bool."""
    kind = array.dtype.kind
    if array.size == 0 and kind == "f":
        return dtypes.get_default_dtype()
    if kind == "f":
        return dtypes.get_default_dtype()
    if kind == "c":
        return dtypes.default_complex()
    if kind == "b":
        return dtypes.bool
    if kind in "iu" and array.dtype.itemsize == 8:
        return dtypes.int64
    return dtypes.from_numpy_dtype(array.dtype)


def tensor(
    data: Any,
    *,
    dtype: dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """A new leaf tensor with a copy of ``data``.

    Args:
        data: A number, nested lists of numbers, a NumPy array or a Tensor.
        dtype: Element type; inferred by default (Python floats give the default dtype).
        device: Where to put it; the CPU by default.
        requires_grad: Whether to record what is computed from it.
        pin_memory: Accepted for PyTorch's sake; host memory is never pinned here.

    Raises:
        ValueError: Nested lists of unequal lengths.
        TypeError: Something that is no number.
    """
    return placed(_values(data, None if dtype is None else to_dtype(dtype)), device, requires_grad)


def from_numpy(ndarray: np.ndarray) -> Tensor:
    """A tensor that shares memory with a NumPy array.

    Raises:
        TypeError: It is no array, or its dtype has no counterpart.
    """
    if not isinstance(ndarray, np.ndarray):
        raise ArgumentTypeError(f"expected np.ndarray (got {type(ndarray).__name__})")
    found = dtypes.from_numpy_dtype(ndarray.dtype)
    if any(s < 0 for s in ndarray.strides):
        raise ArgumentError(
            "At least one stride in the given numpy array is negative, and tensors with negative strides are not "
            "supported. Copy it: array.copy()."
        )
    return placed(ndarray.astype(found.numpy, copy=False))


def as_tensor(data: Any, dtype: dtype | None = None, device: Any = None) -> Tensor:
    """``data`` as a tensor, sharing memory or being the same where dtype and device already fit."""
    if isinstance(data, Tensor):
        return to(data, dtype=dtype, device=device)
    if isinstance(data, np.ndarray):
        return to(from_numpy(data), dtype=dtype, device=device)
    return tensor(data, dtype=dtype, device=device)


def asarray(
    obj: Any,
    *,
    dtype: dtype | None = None,
    device: Any = None,
    copy: bool | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """``obj`` as a tensor, sharing memory where it can unless ``copy`` says otherwise."""
    made = tensor(obj, dtype=dtype, device=device) if copy else as_tensor(obj, dtype=dtype, device=device)
    return made.requires_grad_(requires_grad) if made.is_leaf else made


# --- of a shape


def shape_of(size: tuple[Any, ...]) -> tuple[int, ...]:
    """The shape that a creation function was asked for, as sizes or as a tuple.

    Raises:
        RuntimeError: A size is negative.
    """
    shape = rules.sizes(size or ((),))
    if min(shape, default=0) < 0:
        raise ShapeError(f"Trying to create tensor with negative dimension {min(shape)}: {list(shape)}")
    return shape


def _filled(size: tuple[Any, ...], value: Any, dtype: dtype | None, device: Any, requires_grad: bool) -> Tensor:
    shape = shape_of(size)
    kind = (dtypes.get_default_dtype() if dtype is None else to_dtype(dtype)).numpy
    # np.zeros takes memory that is zero already; filling touches every page
    array = np.zeros(shape, kind) if value == 0 else np.full(shape, value, kind)
    return placed(array, device, requires_grad)


def zeros(*size: Any, dtype: dtype | None = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Zeros of a shape, given as sizes or a tuple."""
    return _filled(size, 0, dtype, device, requires_grad)


def ones(*size: Any, dtype: dtype | None = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones of a shape, given as sizes or a tuple."""
    return _filled(size, 1, dtype, device, requires_grad)


def full(
    size: Sequence[int], fill_value: Any, *, dtype: dtype | None = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """One value everywhere; by default of the dtype that the value has."""
    value = fill_value.item() if isinstance(fill_value, Tensor) else fill_value
    kind = dtypes.of_number(value) if dtype is None else dtype
    return _filled((tuple(size),), value, kind, device, requires_grad)


def empty(*size: Any, dtype: dtype | None = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Memory for a shape, with whatever it holds."""
    kind = dtypes.get_default_dtype() if dtype is None else to_dtype(dtype)
    return placed(np.empty(shape_of(size), kind.numpy), device, requires_grad)


def zeros_like(input: Tensor, *, dtype: dtype | None = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Zeros of the shape, and by default the dtype and device, of ``input``."""
    return zeros(input.shape, dtype=dtype or input.dtype, device=device or input.device, requires_grad=requires_grad)


def ones_like(input: Tensor, *, dtype: dtype | None = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones of the shape, and by default the dtype and device, of ``input``."""
    return ones(input.shape, dtype=dtype or input.dtype, device=device or input.device, requires_grad=requires_grad)


def full_like(
    input: Tensor, fill_value: Any, *, dtype: dtype | None = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """One value everywhere, with the shape, and by default the dtype and device, of ``input``."""
    return full(
        input.shape, fill_value, dtype=dtype or input.dtype, device=device or input.device, requires_grad=requires_grad
    )


def empty_like(input: Tensor, *, dtype: dtype | None = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Memory for the shape, and by default the dtype and device, of ``input``."""
    return empty(input.shape, dtype=dtype or input.dtype, device=device or input.device, requires_grad=requires_grad)


# --- ranges


def _span(op: str, start: Any, end: Any, step: Any) -> int:
    if step == 0:
        raise ArgumentError(f"{op}: step must be nonzero")
    if (end - start) / step < 0:
        raise ShapeError(
            f"{op}: upper bound and lower bound inconsistent with step sign: from {start} to {end} by {step}"
        )
    return math.ceil((end - start) / step)


def arange(
    start: Any,
    end: Any = None,
    step: Any = 1,
    *,
    dtype: dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """``start, start + step, …`` up to but without ``end``; ``arange(n)`` counts from 0.

    Raises:
        RuntimeError: ``step`` leads away from ``end``. ValueError: it is 0.
    """
    if end is None:
        start, end = 0, start
    if dtype is None:
        whole = all(isinstance(v, int) for v in (start, end, step))
        dtype = dtypes.int64 if whole else dtypes.get_default_dtype()
    n = _span("arange", start, end, step)
    kind = to_dtype(dtype).numpy
    array = np.arange(n, dtype=np.int64 if kind.kind in "iub" else np.float64) * step + start
    return placed(array.astype(kind), device, requires_grad)


def linspace(
    start: Any, end: Any, steps: int, *, dtype: dtype | None = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """``steps`` values from ``start`` to ``end``, both included, evenly spaced.

    Raises:
        RuntimeError: ``steps`` is negative.
    """
    if steps < 0:
        raise ShapeError(f"linspace: number of steps must be non-negative, got {steps}")
    kind = dtypes.get_default_dtype() if dtype is None else to_dtype(dtype)
    return placed(np.linspace(start, end, steps).astype(kind.numpy), device, requires_grad)


def eye(
    n: int, m: int | None = None, *, dtype: dtype | None = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """The identity matrix, ``(n, m)``, ``m`` being ``n`` by default."""
    kind = dtypes.get_default_dtype() if dtype is None else to_dtype(dtype)
    return placed(np.eye(n, m, dtype=kind.numpy), device, requires_grad)


# --- conversions


@define_op(
    inputs=("input",),
    shape=rules.same,
    dtype=rules.DtypeRule(lambda operands, dtype: (None, dtype)),
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
    shape=rules.same,
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
) -> Tensor:
    """The tensor with another dtype, on another device, or both; itself if it already fits and ``copy`` is False.

    ``x.to(dtype)``, ``x.to(device)``, ``x.to(device, dtype)`` and ``x.to(other)`` (both from another tensor) are
    understood.
    """
    for arg in args:
        if isinstance(arg, Tensor):
            dtype, device = arg.dtype, arg.device
        elif isinstance(arg, str) or type(arg).__name__ == "device":
            device = arg
        elif isinstance(arg, bool):
            continue  # non_blocking, copy by position
        elif arg is not None:
            dtype = arg
    out = input
    if device is not None:
        place = _device(device)
        if place.type != out.device.type or place.index not in (None, out.device.index):
            out = _move(out, place)
    if dtype is not None:
        target = to_dtype(dtype).numpy
        if out.array.dtype != target:
            out = _cast(out, target)
    return out.clone() if copy and out is input else out


_device = device  # `device` is an argument's name above


def type_as(input: Tensor, other: Tensor) -> Tensor:
    """``input`` converted to the dtype of ``other``."""
    return to(input, dtype=other.dtype)


def result_type(tensor1: Any, tensor2: Any) -> dtype:
    """The dtype of the result of an arithmetic op on the two tensors or numbers."""
    return dtypes.result_dtype([x.array if isinstance(x, Tensor) else x for x in (tensor1, tensor2)])


__all__ = [
    "arange",
    "as_tensor",
    "asarray",
    "empty",
    "empty_like",
    "eye",
    "from_numpy",
    "full",
    "full_like",
    "linspace",
    "ones",
    "ones_like",
    "result_type",
    "tensor",
    "to",
    "type_as",
    "zeros",
    "zeros_like",
]
