"""An array of ``array_api_strict``, with the few things beside the standard that the core asks of an array.

These are: NumPy's dtype objects; ``astype``, ``reshape``, ``copy``, ``fill``, ``item`` and ``transpose``; parts of
complex numbers; and where the elements lie in memory, which views and in-place ops need. Whatever else NumPy's arrays
have raises AttributeError here.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any

import array_api_strict as strict
import numpy as np

from lamella.core.errors import DtypeError


class StrictArray:
    """An array on the device ``strict``.

    Args:
        held: The array of ``array_api_strict``.
    """

    __slots__ = ("held",)
    __array_ufunc__ = None  # NumPy's arrays and functions leave us alone: nothing moves between devices by itself

    def __init__(self, held: Any) -> None:
        self.held = held

    @property
    def memory(self) -> np.ndarray:
        """The same elements as a NumPy array, in the same memory."""
        return np.asarray(self.held)

    # --- what the standard says of an array

    @property
    def shape(self) -> tuple[int, ...]:
        return self.held.shape

    @property
    def ndim(self) -> int:
        return self.held.ndim

    @property
    def size(self) -> int:
        return self.held.size

    @property
    def device(self) -> Any:
        return self.held.device

    @property
    def T(self) -> StrictArray:
        return StrictArray(self.held.T)

    @property
    def mT(self) -> StrictArray:
        return StrictArray(self.held.mT)

    def __getitem__(self, key: Any) -> StrictArray:
        return StrictArray(self.held[unwrapped(key)])

    def __setitem__(self, key: Any, value: Any) -> None:
        if isinstance(value, StrictArray) and value.dtype != self.dtype:
            value = value.astype(self.dtype)
        self.held[unwrapped(key)] = unwrapped(value)

    def __len__(self) -> int:
        return self.shape[0]

    def __iter__(self) -> Iterator[StrictArray]:
        return (self[i] for i in range(len(self)))

    def __bool__(self) -> bool:
        return bool(self.held)

    def __int__(self) -> int:
        return int(self.held)

    def __index__(self) -> int:
        return operator.index(self.held)

    def __float__(self) -> float:
        return float(self.held)

    def __complex__(self) -> complex:
        return complex(self.held)

    def __neg__(self) -> StrictArray:
        return StrictArray(-self.held)

    def __invert__(self) -> StrictArray:
        return StrictArray(~self.held)

    def __abs__(self) -> StrictArray:
        return StrictArray(abs(self.held))

    # --- what the core asks beside the standard

    @property
    def dtype(self) -> np.dtype:
        return np.dtype(str(self.held.dtype).removeprefix("array_api_strict."))

    @property
    def itemsize(self) -> int:
        return self.dtype.itemsize

    @property
    def nbytes(self) -> int:
        return self.size * self.itemsize

    @property
    def strides(self) -> tuple[int, ...]:
        return self.memory.strides

    @property
    def flags(self) -> Any:
        return self.memory.flags

    @property
    def base(self) -> Any:
        """What owns the memory if this is a view of it, or None."""
        return self.memory.base

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        raise TypeError("NumPy takes no array on the device 'strict'; move it to the host first")

    @property
    def real(self) -> StrictArray:
        return shared(self.memory.real)

    @property
    def imag(self) -> StrictArray:
        return shared(self.memory.imag)

    def astype(self, dtype: Any, copy: bool = True) -> StrictArray:
        return StrictArray(strict.astype(self.held, strict_dtype(dtype), copy=copy))

    def reshape(self, *shape: Any) -> StrictArray:
        sizes = shape[0] if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else shape
        return StrictArray(strict.reshape(self.held, tuple(sizes)))

    def transpose(self, *order: Any) -> StrictArray:
        dims = order[0] if len(order) == 1 and isinstance(order[0], (tuple, list)) else order
        return StrictArray(strict.permute_dims(self.held, tuple(dims)))

    def copy(self) -> StrictArray:
        return StrictArray(strict.asarray(self.held, copy=True))

    def item(self) -> Any:
        return self.memory.item()

    def fill(self, value: Any) -> None:
        self.held[...] = value


def _operators(compute: Callable[[Any, Any], Any]) -> tuple[Callable[..., Any], ...]:
    """An operator, its reflection and its in-place form; of any dtypes, because gradient rules multiply by masks."""

    def forward(self: StrictArray, other: Any) -> Any:
        return _combined(compute, self, other)

    def reflected(self: StrictArray, other: Any) -> Any:
        return _combined(compute, other, self)

    def in_place(self: StrictArray, other: Any) -> StrictArray:
        self[...] = _combined(compute, self, other)
        return self

    return forward, reflected, in_place


def _combined(compute: Callable[[Any, Any], Any], a: Any, b: Any) -> Any:
    for x in (a, b):
        if not isinstance(x, (StrictArray, bool, int, float, complex, np.generic)):
            return NotImplemented
    common = np.result_type(*(x.dtype if isinstance(x, (StrictArray, np.generic)) else x for x in (a, b)))
    with np.errstate(all="ignore"):  # 1 / 0 is inf without comment
        return StrictArray(compute(_in_dtype(a, common), _in_dtype(b, common)))


def _in_dtype(value: Any, dtype: np.dtype) -> Any:
    if not isinstance(value, StrictArray):
        return strict.asarray(dtype.type(value).item(), dtype=strict_dtype(dtype))
    return value.held if value.dtype == dtype else strict.astype(value.held, strict_dtype(dtype))


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "and", "or", "xor", "matmul"):
    for _prefix, _function in zip(("", "r", "i"), _operators(getattr(operator, f"__{_name}__")), strict=True):
        setattr(StrictArray, f"__{_prefix}{_name}__", _function)
for _name in ("eq", "ne", "lt", "le", "gt", "ge"):
    setattr(StrictArray, f"__{_name}__", _operators(getattr(operator, f"__{_name}__"))[0])


def strict_dtype(dtype: Any) -> Any:
    """The dtype object of ``array_api_strict`` for one of NumPy's."""
    name = np.dtype(dtype).name
    found = getattr(strict, name, None)
    if found is None:
        raise DtypeError(f"backend 'strict' has no {name}: the standard lacks it. Use float32.")
    return found


def shared(array: np.ndarray) -> StrictArray:
    """A NumPy array as one of ours, in the same memory."""
    strict_dtype(array.dtype)
    return StrictArray(strict.asarray(array, copy=False))


def unwrapped(value: Any) -> Any:
    """``value`` with arrays and dtypes of ``array_api_strict`` in place of ours, within tuples, lists and dicts too."""
    if isinstance(value, StrictArray):
        return value.held
    if isinstance(value, np.ndarray):
        raise TypeError("expected arrays on the device 'strict' alone, got one on the host")
    if isinstance(value, np.dtype):
        return strict_dtype(value)
    if isinstance(value, (tuple, list)):
        return type(value)(map(unwrapped, value))
    return value


def wrapped(value: Any) -> Any:
    """What a function of ``array_api_strict`` gave, with arrays of ours."""
    if isinstance(value, _ARRAY):
        return StrictArray(value)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*map(wrapped, value))
    if isinstance(value, (tuple, list)):
        return type(value)(map(wrapped, value))
    return value


_ARRAY = type(strict.asarray(0))
