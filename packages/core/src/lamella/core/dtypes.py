"""Element types and PyTorch's rules for combining them.

A :class:`dtype` wraps a NumPy dtype under PyTorch's name. Two tables of PyTorch's differ from NumPy's and live
here: which dtype two dtypes promote to, and what a Python number counts as.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lamella.core.errors import ArgumentError, ArgumentTypeError, DtypeError, NameMissing

_BOOL, _INT, _FLOAT, _COMPLEX = range(4)
_PY_BOOL = bool  # the module's own `bool` below is a dtype, as in PyTorch


class dtype:
    """An element type, such as ``lamella.float32``. There is one object for each type.

    Compare with ``is`` or ``==``.
    """

    __slots__ = ("category", "is_complex", "is_floating_point", "is_signed", "itemsize", "name", "numpy")

    def __init__(self, name: str, numpy_dtype: Any, category: int) -> None:
        self.name = name
        self.numpy = np.dtype(numpy_dtype)
        self.category = category
        self.itemsize: int = self.numpy.itemsize
        self.is_floating_point = category == _FLOAT
        self.is_complex = category == _COMPLEX
        self.is_signed = category != _BOOL and self.numpy.kind != "u"

    def __repr__(self) -> str:
        return f"lamella.{self.name}"

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return (by_name, (self.name,))

    def to_real(self) -> dtype:
        """The dtype of this one's real part."""
        return _REAL.get(self, self)

    def to_complex(self) -> dtype:
        """The complex dtype whose parts have this dtype."""
        return {float64: complex128, complex128: complex128}.get(self, complex64)


uint8 = dtype("uint8", np.uint8, _INT)
int8 = dtype("int8", np.int8, _INT)
int16 = dtype("int16", np.int16, _INT)
int32 = dtype("int32", np.int32, _INT)
int64 = dtype("int64", np.int64, _INT)
float16 = dtype("float16", np.float16, _FLOAT)
float32 = dtype("float32", np.float32, _FLOAT)
float64 = dtype("float64", np.float64, _FLOAT)
complex64 = dtype("complex64", np.complex64, _COMPLEX)
complex128 = dtype("complex128", np.complex128, _COMPLEX)
bool = dtype("bool", np.bool_, _BOOL)

ALL = (bool, uint8, int8, int16, int32, int64, float16, float32, float64, complex64, complex128)
#: PyTorch's second names.
ALIASES = {
    "half": float16,
    "float": float32,
    "double": float64,
    "cfloat": complex64,
    "cdouble": complex128,
    "short": int16,
    "int": int32,
    "long": int64,
}
#: What PyTorch calls the type of tensors of a dtype.
TYPE_NAMES = {
    "float32": "FloatTensor",
    "float64": "DoubleTensor",
    "float16": "HalfTensor",
    "bfloat16": "BFloat16Tensor",
    "uint8": "ByteTensor",
    "int8": "CharTensor",
    "int16": "ShortTensor",
    "int32": "IntTensor",
    "int64": "LongTensor",
    "bool": "BoolTensor",
    "complex64": "ComplexFloatTensor",
    "complex128": "ComplexDoubleTensor",
}
_REAL = {complex64: float32, complex128: float64}
_BY_NUMPY = {d.numpy: d for d in ALL}
_BY_NAME = {d.name: d for d in ALL}

#: NumPy's own floating and complex dtypes, and all of its dtypes: what kernels take as they are.
FLOATING = frozenset(d.numpy for d in ALL if d.category >= _FLOAT)
ANY = frozenset(d.numpy for d in ALL)
#: NumPy dtypes that may carry a gradient.
DIFFERENTIABLE = set(FLOATING)
#: NumPy dtypes that are only stored: ops compute in float32 and round their results.
STORED: set[np.dtype] = set()


def __getattr__(name: str) -> Any:
    if name != "bfloat16":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _bfloat16()


def _bfloat16() -> dtype:
    """Make the dtype that NumPy lacks. ``ml_dtypes`` is imported with its first use."""
    if "bfloat16" not in _BY_NAME:
        try:
            import ml_dtypes
        except ImportError as missing:
            raise NameMissing("bfloat16 needs the package ml_dtypes: pip install 'lamella-core[bfloat16]'") from missing
        made = dtype("bfloat16", ml_dtypes.bfloat16, _FLOAT)
        DIFFERENTIABLE.add(made.numpy)
        STORED.add(made.numpy)
        _BY_NUMPY[made.numpy] = _BY_NAME[made.name] = made
        for other in (*ALL, made):
            _PROMOTED[made, other] = _PROMOTED[other, made] = _promote(made, other)
    return _BY_NAME["bfloat16"]


def widened(operand: Any) -> Any:
    """An array, or a tuple of them, in the dtype to compute in; anything else as it is."""
    if type(operand) is tuple:
        return tuple([widened(item) for item in operand])
    return operand.astype(np.float32) if getattr(operand, "dtype", None) in STORED else operand


def by_name(name: str) -> dtype:
    """The dtype called ``name``, such as ``"float32"``."""
    return _bfloat16() if name == "bfloat16" else _BY_NAME[name]


def from_numpy_dtype(numpy_dtype: Any) -> dtype:
    """The dtype of arrays with this NumPy dtype.

    Raises:
        TypeError: PyTorch has no such dtype (strings, objects, dates, unsigned 16 to 64 bits, …).
        ValueError: Its bytes are not in this machine's order.
    """
    found = _BY_NUMPY.get(np.dtype(numpy_dtype))
    if found is None and np.dtype(numpy_dtype).name == "bfloat16":
        found = _bfloat16()
    if found is None:
        if not np.dtype(numpy_dtype).isnative:
            raise ArgumentError(
                f"given numpy array has byte order different from the native byte order ({numpy_dtype}). Convert it "
                "first: array.astype(array.dtype.newbyteorder('='))."
            )
        supported = ", ".join(d.name for d in ALL)
        raise ArgumentTypeError(
            f"can't convert an array of dtype {numpy_dtype}. Supported are: {supported}. "
            "Convert it first, for instance with array.astype('float32')."
        )
    return found


def to_dtype(given: Any) -> dtype:
    """Check that ``given`` is a dtype; NumPy's dtypes and the types bool, int, float, complex are taken too."""
    if type(given) is dtype:
        return given
    if isinstance(given, type) and given in _ASKED_FOR:
        return _ASKED_FOR[given]
    if isinstance(given, np.dtype) or (isinstance(given, type) and issubclass(given, np.generic)):
        return from_numpy_dtype(given)
    raise ArgumentTypeError(f"dtype must be a lamella.dtype such as lamella.float32, got {given!r}")


_default = float32


def get_default_dtype() -> dtype:
    """The dtype of new floating-point tensors; ``float32`` unless :func:`set_default_dtype` changed it."""
    return _default


def set_default_dtype(d: dtype, /) -> None:
    """Make ``d`` (float16, float32 or float64) the dtype of new floating-point tensors.

    Raises:
        TypeError: ``d`` is no floating-point dtype.
    """
    global _default
    kind = to_dtype(d)
    if not kind.is_floating_point:
        raise ArgumentTypeError(f"set_default_dtype: only floating-point dtypes can be the default, got {d}")
    _default = kind


def default_complex() -> dtype:
    """The complex dtype that matches the default dtype."""
    return _default.to_complex()


_PYTHON_TYPES: dict[Any, Any] = {
    _PY_BOOL: lambda: bool,
    int: lambda: int64,
    float: get_default_dtype,
    complex: default_complex,
}
#: What Python's types mean as an explicit dtype: the widest of their kind, whatever the default dtype is.
_ASKED_FOR: dict[Any, dtype] = {_PY_BOOL: bool, int: int64, float: float64, complex: complex128}


def of_number(number: _PY_BOOL | int | float | complex) -> dtype:
    """The dtype that a Python number has when a tensor is made of it."""
    kind: Any = _PYTHON_TYPES.get(type(number))
    if kind is None:  # subclasses, such as enum members and NumPy's float64
        kind = next(make for python, make in _PYTHON_TYPES.items() if isinstance(number, python))
    found: dtype = kind()
    return found


def fitting(number: Any, kind: dtype) -> _PY_BOOL | int | float | complex:
    """A Python or NumPy number as a tensor of dtype ``kind`` holds it: fractions cut off, negative uint8 wrapped.

    Raises:
        TypeError: It is no number.
        ValueError: It is an int of more than 64 bits.
        RuntimeError: It does not fit.
    """
    value = number.item() if isinstance(number, np.generic) else number
    if not isinstance(value, (int, float, complex)):
        raise ArgumentTypeError(f"expected a number for a tensor of {kind}, got {type(value).__name__}")
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise ArgumentError(f"Overflow when unpacking long long: {value} needs more than the 64 bits of an int64")
    if kind is bool:
        return _PY_BOOL(value)
    part: Any = value if kind.is_complex else value.real
    fits = kind.is_complex or not value.imag
    if kind.category == _INT:
        limits = np.iinfo(kind.numpy)
        lowest = -limits.max if isinstance(value, int) and not kind.is_signed else limits.min
        fits = fits and lowest <= part <= limits.max
    else:
        largest = finfo(kind).max
        fits = fits and all(abs(p) <= largest or not math.isfinite(p) for p in (value.real, value.imag))
    if not fits:
        raise DtypeError(
            f"value cannot be converted to type {kind.name} without overflow: got {number}. Use a wider dtype."
        )
    if kind.category != _INT:
        return part
    return int(part) if kind.is_signed else int(part) % (limits.max + 1)


def _promote(a: dtype, b: dtype) -> dtype:
    if a is b:
        return a
    low, high = (a, b) if (a.category, a.itemsize) <= (b.category, b.itemsize) else (b, a)
    if low.category == high.category == _FLOAT and low.itemsize == high.itemsize:
        return float32  # float16 and bfloat16: one has the precision, the other the range
    if high.category == low.category == _INT and low.is_signed != high.is_signed:
        # uint8 with a signed type: the narrowest signed type that holds both
        return int16 if high.itemsize == 1 else high
    if high.category == _COMPLEX and low.category == _FLOAT:
        return complex128 if low is float64 else high
    return high


_PROMOTED = {(a, b): _promote(a, b) for a in ALL for b in ALL}


def promote_types(type1: dtype, type2: dtype) -> dtype:
    """The narrowest dtype that both dtypes convert to without changing category downwards.

    Integers with a float give that float (unlike NumPy, which widens).
    """
    return _PROMOTED[to_dtype(type1), to_dtype(type2)]


def combine(strong: dtype | None, weak: dtype | None) -> dtype | None:
    """Promote where ``weak`` counts only if its category is higher.

    0-dim tensors beside others, numbers beside tensors.
    """
    if strong is None or weak is None:
        return strong or weak
    if weak.category <= strong.category:
        return strong
    if strong.category == _FLOAT:  # and weak is complex
        return strong.to_complex()
    return _PROMOTED[strong, weak]


def result_dtype(operands: Any) -> dtype:
    """PyTorch's result type of arrays and Python numbers.

    Args:
        operands: Arrays (anything with NumPy ``dtype`` and ``ndim``) and Python numbers; None is passed over.
    """
    dims: dtype | None = None
    zero_dim: dtype | None = None
    number: dtype | None = None
    for x in operands:
        if x is None:
            continue
        np_dtype = getattr(x, "dtype", None)
        if np_dtype is None or isinstance(x, np.generic):
            d = of_number(x if np_dtype is None else x.item())
            number = d if number is None else _PROMOTED[number, d]
            continue
        d = _BY_NUMPY[np_dtype]
        if x.ndim:
            dims = d if dims is None else _PROMOTED[dims, d]
        else:
            zero_dim = d if zero_dim is None else _PROMOTED[zero_dim, d]
    found = combine(combine(dims, zero_dim), number)
    assert found is not None, "an op has at least one operand"
    return found


def to_floating(d: dtype) -> dtype:
    """``d`` itself if it is floating or complex, else the default dtype: what ``exp`` and true division compute in."""
    return d if d.category >= _FLOAT else _default


def can_cast(from_: dtype, to: dtype, /) -> _PY_BOOL:
    """Whether PyTorch allows a value of ``from_`` to be stored in a tensor of ``to`` (categories may only widen)."""
    return to_dtype(from_).category <= to_dtype(to).category


class iinfo:
    """The limits of an integer dtype: ``bits``, ``min``, ``max``.

    Raises:
        TypeError: The dtype is not an integer one.
    """

    def __init__(self, type: dtype) -> None:
        kind = to_dtype(type)
        if kind.category != _INT:
            raise ArgumentTypeError(
                f"iinfo() needs an integer dtype, got {kind}; use finfo() for floating-point dtypes"
            )
        limits = np.iinfo(kind.numpy)
        self.dtype = kind.name
        self.bits: int = limits.bits
        self.min = int(limits.min)
        self.max = int(limits.max)

    def __repr__(self) -> str:
        return f"iinfo(min={self.min}, max={self.max}, dtype={self.dtype})"


class finfo:
    """The limits of a floating-point dtype: ``bits``, ``eps``, ``min``, ``max``, ``tiny``, ``resolution``.

    Args:
        type: The dtype; the default dtype if left out. A complex one stands for that of its parts.

    Raises:
        TypeError: The dtype is neither floating nor complex.
    """

    def __init__(self, type: dtype | None = None) -> None:
        kind = (_default if type is None else to_dtype(type)).to_real()
        if not kind.is_floating_point:
            raise ArgumentTypeError(f"finfo() needs a floating-point dtype, got {kind}; use iinfo() for integer dtypes")
        limits = _limits(kind)
        self.dtype = kind.name
        self.bits: int = limits.bits
        self.eps = float(limits.eps)
        self.min = float(limits.min)
        self.max = float(limits.max)
        self.tiny = self.smallest_normal = float(limits.smallest_normal)
        self.resolution = 10.0**-limits.precision  # NumPy's own is rounded to the dtype

    def __repr__(self) -> str:
        return (
            f"finfo(resolution={self.resolution:g}, min={self.min:g}, max={self.max:g}, eps={self.eps:g}, "
            f"smallest_normal={self.smallest_normal:g}, tiny={self.tiny:g}, dtype={self.dtype})"
        )


def _limits(kind: dtype) -> Any:
    if kind.numpy in STORED:
        import ml_dtypes

        return ml_dtypes.finfo(kind.numpy)  # type: ignore[no-untyped-call]  # its stub leaves it out
    return np.finfo(kind.numpy)
