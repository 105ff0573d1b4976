"""New tensors from values, shapes and ranges."""

from __future__ import annotations

import functools
import itertools
import math
import operator
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from lamella.core import dtypes
from lamella.core.backends import memory
from lamella.core.devices import CPU, default_device, device
from lamella.core.dtypes import dtype, to_dtype
from lamella.core.errors import ArgumentError, ArgumentRangeError, ArgumentTypeError, DtypeError, ShapeError
from lamella.core.layouts import contiguous_format, laid_out, order_of, preserve_format
from lamella.core.modes import current_mode, innermost_level
from lamella.core.ops.conversions import to
from lamella.core.placement import backend_for
from lamella.core.tensor import Tensor, check_tensor

#: Bytes from which on an array is large: the first of them puts the memory policy in force. glibc maps blocks from this
#: size on afresh, zeroed page by page, until told otherwise.
LARGE = 1 << 17

# --- from values


def placed(values: np.ndarray, where: Any = None, requires_grad: bool = False) -> Tensor:
    """A leaf over ``values``, moved to ``where``; to the default device if that is None."""
    if values.nbytes >= LARGE:
        memory.ensure()
    place = default_device() if where is None else where if where is CPU else device(where)
    array = values if place == CPU else backend_for(place).asarray(values, place)
    made: Tensor = Tensor._wrap(array, requires_grad)
    made._cell = current_mode().cell
    return made


def _values(data: Any, wanted: dtype | None) -> np.ndarray:
    """A new NumPy array of ``data``, with PyTorch's choice of dtype."""
    if isinstance(data, Tensor):
        data = data.detach().numpy(force=True)
    elif (
        isinstance(data, (list, tuple))
        and all(isinstance(x, np.ndarray) for x in data)
        and len({(x.shape, x.dtype) for x in data}) == 1
    ):
        data = np.stack(data)  # much faster than element by element
    if isinstance(data, np.ndarray):
        found = dtypes.from_numpy_dtype(data.dtype)
        return np.array(data, (found if wanted is None else wanted).numpy)
    flat, shape = _flattened(data)
    types = set(map(type, flat))
    if types <= _PYTHON_NUMBERS:
        kinds = {dtypes.of_number(t()) for t in types}
    else:
        kinds = {_kind_of(x, data) for x in flat}
        if any(isinstance(x, Tensor) and x.requires_grad for x in flat):
            warnings.warn(
                "Converting a tensor with requires_grad=True to a scalar may lead to unexpected behavior: the new "
                "tensor is outside the graph. Use stack() to stay in it, or detach() first.",
                UserWarning,
                stacklevel=4,
            )
        flat = [x._scalar() if isinstance(x, Tensor) else x.item() if isinstance(x, np.generic) else x for x in flat]
        types = set(map(type, flat))
    kind = wanted or (functools.reduce(dtypes.promote_types, kinds) if kinds else dtypes.get_default_dtype())
    if complex in types and not kind.is_complex:
        raise ArgumentTypeError(f"tensor: must be real numbers for dtype {kind}, got {_shown(data)}")
    if kind.numpy.kind in "iu" and flat:
        extremes = (min(flat), max(flat))
        if float in types:  # here a NaN is an extreme too
            values = np.array(flat, np.float64)
            extremes = (values.min(), values.max())
        for extreme in extremes:
            dtypes.fitting(extreme, kind)
    with np.errstate(over="ignore"):  # floats that are too large become infinite
        return np.array(flat).astype(kind.numpy).reshape(shape)


_PYTHON_NUMBERS = frozenset((bool, int, float, complex))
#: What has a length, but is no sequence of elements: a tensor in a list stands for one number.
_ELEMENTS = (str, bytes, Mapping, np.generic, Tensor)


def _shown(data: Any) -> str:
    return f"{type(data).__name__} {str(data)[:60]}"


def _kind_of(element: Any, data: Any) -> dtype:
    if isinstance(element, Tensor):
        return element.dtype
    if isinstance(element, np.generic):
        return dtypes.from_numpy_dtype(element.dtype)
    if isinstance(element, (int, float, complex)):
        return dtypes.of_number(element)
    if isinstance(element, (str, bytes)):
        refusal = ArgumentTypeError if element is data else ArgumentError
        raise refusal(f"tensor: expected numbers, got {type(element).__name__} in {_shown(data)}")
    raise DtypeError(f"Could not infer dtype of {type(element).__name__}, in {_shown(data)}; expected numbers")


def _flattened(data: Any) -> tuple[list[Any], tuple[int, ...]]:
    """The elements of nested sequences in one list, and the shape they had.

    Raises:
        ValueError: Sequences at one depth differ in length. TypeError: numbers stand beside sequences.
    """
    level: list[Any] = [data]
    shape: tuple[int, ...] = ()
    while level:
        nested = {
            hasattr(t, "__getitem__") and hasattr(t, "__len__") and not issubclass(t, _ELEMENTS)
            for t in set(map(type, level))
        }
        if nested == {False}:
            break
        lengths = set(map(len, level)) if nested == {True} else set()
        if len(lengths) != 1:
            refusal = ArgumentError if lengths else ArgumentTypeError
            raise refusal(
                f"tensor: can't make a tensor of {_shown(data)}. Expected numbers, or nested lists of numbers in which "
                "all lists at one depth have the same length."
            )
        shape = (*shape, *lengths)
        level = list(itertools.chain.from_iterable(level))
    return level, shape


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
        ValueError: Nested lists of unequal lengths, strings, ints of more than 64 bits.
        TypeError: Complex numbers for a real dtype; lists beside numbers.
        RuntimeError: Something that is no number, or a number that does not fit an integer dtype.
    """
    if isinstance(data, Tensor):
        warnings.warn(
            "To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or "
            "sourceTensor.detach().clone().requires_grad_(True), rather than tensor(sourceTensor).",
            UserWarning,
            stacklevel=2,
        )
        device = device or data.device
    return placed(_values(data, None if dtype is None else to_dtype(dtype)), device, requires_grad)


def from_numpy(ndarray: np.ndarray) -> Tensor:
    """A tensor that shares memory with a NumPy array.

    One over a read-only array is read-only too: in-place methods refuse it, where PyTorch's would write.

    Raises:
        TypeError: It is no array, or its dtype has no counterpart.
        ValueError: Its bytes are in the other order, or its strides are none that a tensor can have.
    """
    if not isinstance(ndarray, np.ndarray):
        raise ArgumentTypeError(f"expected np.ndarray (got {type(ndarray).__name__})")
    found = dtypes.from_numpy_dtype(ndarray.dtype)
    itemsize = ndarray.itemsize
    for stride in ndarray.strides:
        if stride < 0 or stride % itemsize:
            raise ArgumentError(_stride_problem(ndarray))
    if not ndarray.flags.writeable:
        warnings.warn(
            "The given NumPy array is not writable. The tensor shares its memory and can't be changed in place; copy "
            "the array first if it is to be.",
            UserWarning,
            stacklevel=2,
        )
    plain = np.asarray(ndarray)  # of memory maps, matrices and masked arrays: what they hold
    return placed(plain if plain.dtype is found.numpy else plain.astype(found.numpy, copy=False), CPU)


def _stride_problem(ndarray: np.ndarray) -> str:
    """Why no tensor can have the strides of an array."""
    if min(ndarray.strides) < 0:
        return (
            "At least one stride in the given numpy array is negative, and tensors with negative strides are not "
            "supported. Copy it: array.copy()."
        )
    return (
        f"given numpy array strides {ndarray.strides} are not a multiple of the element byte size "
        f"{ndarray.itemsize}. Copy it: array.copy()."
    )


def as_tensor(data: Any, dtype: dtype | None = None, device: Any = None) -> Tensor:
    """``data`` as a tensor, sharing memory or being the same where dtype and device already fit."""
    if isinstance(data, Tensor):
        return to(data, dtype=dtype, device=device)
    if isinstance(data, np.ndarray):
        return to(from_numpy(data), dtype=dtype, device=device)
    return tensor(data, dtype=dtype, device=device)


# --- of a shape


def shape_of(sizes: tuple[Any, ...], size: Any = None) -> tuple[int, ...]:
    """The shape that a creation function was asked for: as ``sizes``, as a tuple among them, or as ``size``.

    Raises:
        RuntimeError: A size is negative. TypeError: none is given, or one that is no int.
    """
    if size is None and not sizes:
        raise ArgumentTypeError('missing 1 required argument: "size". Give sizes, or () for a 0-dim tensor.')
    given = sizes if size is None else size
    if size is None and len(sizes) == 1 and isinstance(sizes[0], Sequence):
        given = sizes[0]
    if (
        (size is not None and sizes)
        or not isinstance(given, Sequence)
        or not all(hasattr(s, "__index__") for s in given)
    ):
        raise ArgumentTypeError(f"size must be ints or one tuple of ints, got {(*sizes, size) if sizes else size!r}")
    shape = tuple([operator.index(s) for s in given])
    if min(shape, default=0) < 0:
        raise ShapeError(f"Trying to create tensor with negative dimension {min(shape)}: {list(shape)}")
    return shape


def _filled(shape: tuple[int, ...], value: Any, dtype: dtype | None, device: Any, requires_grad: bool) -> Tensor:
    kind = dtypes.get_default_dtype() if dtype is None else to_dtype(dtype)
    one = np.asarray(dtypes.fitting(value, kind), kind.numpy)
    # np.zeros takes memory that is zero already; filling touches every page. -0.0 has a bit set
    array = np.full(shape, one) if any(one.tobytes()) else np.zeros(shape, kind.numpy)
    return placed(array, device, requires_grad)


def zeros(
    *sizes: Any, size: Any = None, dtype: dtype | None = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Zeros of a shape, given as sizes or a tuple."""
    return _filled(shape_of(sizes, size), 0, dtype, device, requires_grad)


def ones(
    *sizes: Any, size: Any = None, dtype: dtype | None = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Ones of a shape, given as sizes or a tuple."""
    return _filled(shape_of(sizes, size), 1, dtype, device, requires_grad)


def full(
    size: Sequence[int], fill_value: Any, *, dtype: dtype | None = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """One value everywhere; by default of the dtype that the value has.

    Raises:
        TypeError: The value is no number. RuntimeError: it does not fit the dtype.
    """
    value = number("full", "fill_value", fill_value)
    kind = dtypes.of_number(value) if dtype is None else dtype
    return _filled(shape_of((), size), value, kind, device, requires_grad)


def number(op: str, argument: str, given: Any) -> Any:
    """``given``, a Python number, or the one that a 0-dim tensor or NumPy scalar holds."""
    value = given
    if isinstance(given, np.generic) or (isinstance(given, Tensor) and given.array.ndim == 0):
        value = given.item()
    if not isinstance(value, (int, float, complex)):
        raise ArgumentTypeError(f"{op}(): argument '{argument}' must be Number, not {type(given).__name__}")
    return value


def empty(
    *sizes: Any,
    size: Any = None,
    dtype: dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
    memory_format: Any = contiguous_format,
) -> Tensor:
    """Memory for a shape, with whatever it holds.

    Raises:
        RuntimeError: A size is negative, or ``memory_format`` keeps an order or is for another number of dimensions.
    """
    kind = dtypes.get_default_dtype() if dtype is None else to_dtype(dtype)
    array = np.empty(shape_of(sizes, size), kind.numpy)
    if memory_format is preserve_format:
        raise ArgumentRangeError("empty: unsupported memory format preserve_format, as there is nothing to preserve")
    return placed(laid_out(array, order_of(array, memory_format)), device, requires_grad)


def like(
    make: Callable[..., Tensor],
    input: Any,
    dtype: dtype | None,
    device: Any,
    requires_grad: bool,
    memory_format: Any,
    **more: Any,
) -> Tensor:
    """``make``, such as ``zeros``, with the size and, where not given, dtype, device and memory order of ``input``."""
    check_tensor(f"{make.__name__}_like", "input", input)
    made = make(size=input.shape, dtype=dtype or input.dtype, device=device or input.device, **more)
    made.array = laid_out(made.array, order_of(input.array, memory_format))
    made = alike(made, input)
    return made.requires_grad_() if requires_grad else made


def alike(made: Tensor, input: Tensor) -> Tensor:
    """A new tensor as one of the transforms' levels that ``input`` is of, where there are any."""
    level = innermost_level()
    return made if level is None else level.alike(made, input)


def zeros_like(
    input: Tensor,
    *,
    dtype: dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
    memory_format: Any = preserve_format,
) -> Tensor:
    """Zeros of the shape, and by default the dtype, device and order in memory, of ``input``."""
    return like(zeros, input, dtype, device, requires_grad, memory_format)


def ones_like(
    input: Tensor,
    *,
    dtype: dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
    memory_format: Any = preserve_format,
) -> Tensor:
    """Ones of the shape, and by default the dtype, device and order in memory, of ``input``."""
    return like(ones, input, dtype, device, requires_grad, memory_format)


def full_like(
    input: Tensor,
    fill_value: Any,
    *,
    dtype: dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
    memory_format: Any = preserve_format,
) -> Tensor:
    """One value everywhere, with the shape, and by default the dtype, device and order in memory, of ``input``."""
    return like(full, input, dtype, device, requires_grad, memory_format, fill_value=fill_value)


def empty_like(
    input: Tensor,
    *,
    dtype: dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
    memory_format: Any = preserve_format,
) -> Tensor:
    """Memory for the shape, and by default the dtype, device and order in memory, of ``input``."""
    return like(empty, input, dtype, device, requires_grad, memory_format)


# --- ranges


def _span(start: Any, end: Any, step: Any) -> int:
    if not (math.isfinite(start) and math.isfinite(end)):
        raise ArgumentRangeError(f"arange: unsupported range: {start} -> {end}")
    if step == 0 or math.isnan(step):
        raise ArgumentRangeError(f"arange: step must be nonzero, got {step}")
    if (end - start) / step < 0:
        raise ArgumentRangeError(
            f"arange: upper bound and lower bound inconsistent with step sign: from {start} to {end} by {step}"
        )
    return math.ceil((end - start) / step)


def arange(
    start: Any = None,
    end: Any = None,
    step: Any = 1,
    *,
    dtype: dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """``start, start + step, …`` up to but without ``end``; ``arange(n)`` counts from 0.

    Raises:
        RuntimeError: ``step`` leads away from ``end`` or is 0; a bound is not finite; a complex or bool dtype.
        TypeError: Something that is no number.
    """
    if end is None:
        start, end = None, start
    bounds = {"start": 0 if start is None else start, "end": end, "step": step}
    numbers = [number("arange", name, given) for name, given in bounds.items()]
    whole = all(isinstance(v, int) for v in numbers)
    kind = to_dtype(dtype) if dtype is not None else dtypes.int64 if whole else dtypes.get_default_dtype()
    if kind.is_complex or kind is dtypes.bool or any(isinstance(v, complex) for v in numbers):
        raise DtypeError(f"arange: not defined for complex numbers and bool, got {numbers} and dtype {kind}")
    if kind is dtypes.int64 and all(map(math.isfinite, numbers)):
        numbers = [int(v) for v in numbers]  # PyTorch counts the steps after this, with other dtypes before
    n = _span(*numbers)
    if kind.is_floating_point:
        array = np.arange(n, dtype=np.float64) * numbers[2] + numbers[0]
    else:
        array = np.arange(n, dtype=np.int64) * int(numbers[2]) + int(numbers[0])
    return placed(array.astype(kind.numpy), device, requires_grad)


def linspace(
    start: Any, end: Any, steps: int, *, dtype: dtype | None = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """``steps`` values from ``start`` to ``end``, both included, evenly spaced.

    Raises:
        RuntimeError: ``steps`` is negative; a bound is a tensor with dimensions; ``dtype`` can't hold the values.
    """
    values, kind = evenly_spaced("linspace", start, end, steps, dtype)
    return placed(values.astype(kind.numpy), device, requires_grad)


def evenly_spaced(op: str, start: Any, end: Any, steps: Any, dtype: dtype | None) -> tuple[np.ndarray, dtype]:
    """What ``linspace`` puts into a tensor, in double precision, and the dtype of that tensor."""
    steps = operator.index(steps)
    if steps < 0:
        raise ShapeError(f"{op}: number of steps must be non-negative, got {steps}")
    for x in (start, end):
        if isinstance(x, Tensor) and x.ndim:
            raise ShapeError(f"{op} only supports 0-dimensional start and end tensors, but got shape {tuple(x.shape)}")
    first, last = number(op, "start", start), number(op, "end", end)
    from_complex = isinstance(first, complex) or isinstance(last, complex)
    default = dtypes.default_complex() if from_complex else dtypes.get_default_dtype()
    kind = default if dtype is None else to_dtype(dtype)
    if kind is dtypes.bool:
        raise DtypeError(f"{op}: not defined for dtype {kind}; expected an integer, floating-point or complex dtype")
    if from_complex and not kind.is_complex:
        raise DtypeError(f"{op}: complex bounds {first} and {last} can't be stored in dtype {kind}")
    if not (kind.is_floating_point or kind.is_complex):  # PyTorch cuts the bounds off first
        first, last = dtypes.fitting(first, kind), dtypes.fitting(last, kind)
    i = np.arange(steps)
    with np.errstate(invalid="ignore", over="ignore"):
        step = (last - first) / max(steps - 1, 1)
        # from both ends, so that each is exact
        values = np.where(i < steps // 2, first + step * i, last - step * (steps - 1 - i)) if steps != 1 else i + first
    return values, kind


def eye(
    n: int, m: int | None = None, *, dtype: dtype | None = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """The identity matrix, ``(n, m)``, ``m`` being ``n`` by default."""
    kind = dtypes.get_default_dtype() if dtype is None else to_dtype(dtype)
    return placed(np.eye(*shape_of((n, n if m is None else m)), dtype=kind.numpy), device, requires_grad)


NOT_METHODS = (
    "zeros_like",
    "ones_like",
    "full_like",
    "empty_like",
)

#: Functions without ``out=``.
NO_OUT = (
    "as_tensor",
    "empty_like",
    "from_numpy",
    "full_like",
    "ones_like",
    "tensor",
    "zeros_like",
)

__all__ = [
    "arange",
    "as_tensor",
    "empty",
    "empty_like",
    "eye",
    "from_numpy",
    "full",
    "full_like",
    "linspace",
    "ones",
    "ones_like",
    "tensor",
    "zeros",
    "zeros_like",
]
