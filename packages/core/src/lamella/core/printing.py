"""How a tensor reads: PyTorch's `repr`, character by character."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from lamella.core import dtypes
from lamella.core.errors import ArgumentError


@dataclass(frozen=True)
class PrintOptions:
    """What `set_printoptions` sets."""

    precision: int = 4
    threshold: float = 1000
    edgeitems: int = 3
    linewidth: int = 80
    sci_mode: bool | None = None


_PROFILES = {
    "default": PrintOptions(),
    "short": PrintOptions(precision=2, edgeitems=2),
    "full": PrintOptions(threshold=math.inf),
}
_options = PrintOptions()


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: Literal["default", "short", "full"] | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Set how tensors are printed. What is left out stays as it is, except `sci_mode`.

    Args:
        precision: Digits after the point (4 at first).
        threshold: Tensors with more elements than this are shortened (1000 at first).
        edgeitems: How many items a shortened dimension shows at either end (3 at first).
        linewidth: Characters a line (80 at first).
        profile: Options to start from: ``"default"``, ``"short"`` (two digits, two items at either end) or
            ``"full"`` (never shortened).
        sci_mode: Scientific notation always (True), never (False) or where the values call for it (None).

    Raises:
        ArgumentError: A number is not a whole number of at least 0, or there is no such profile.
    """
    global _options
    if profile is not None and profile not in _PROFILES:
        raise ArgumentError(f"set_printoptions: profile {profile!r} is not one of {', '.join(_PROFILES)}.")
    chosen = _options if profile is None else _PROFILES[profile]

    def number(name: str, given: Any) -> Any:
        is_whole = isinstance(given, (int, np.integer)) or (name == "threshold" and given == math.inf)
        if given is not None and (isinstance(given, bool) or not is_whole or given < 0):
            raise ArgumentError(f"set_printoptions: expected {name} to be an int of at least 0, got {given!r}.")
        return getattr(chosen, name) if given is None else given

    _options = PrintOptions(
        precision=number("precision", precision),
        threshold=number("threshold", threshold),
        edgeitems=number("edgeitems", edgeitems),
        linewidth=number("linewidth", linewidth),
        sci_mode=sci_mode,
    )


def format_tensor(
    array: NDArray[Any], *, prefix: str = "tensor(", suffixes: list[str], device: str | None = None
) -> str:
    """Return what `repr` shows of a tensor.

    Args:
        array: Its elements.
        prefix: What comes before them, up to and with the opening parenthesis.
        suffixes: What comes last, such as ``"requires_grad=True"``. The shape (of empty tensors) and the
            dtype (where it is not what such values have by default) come before, without being asked for.
        device: Name of the device if it is to be shown.

    Example:
        >>> format_tensor(np.float64([1, 2.5]), suffixes=["requires_grad=True"])
        'tensor([1.0000, 2.5000], dtype=lamella.float64, requires_grad=True)'
    """
    dtype = dtypes.from_numpy_dtype(array.dtype)
    default = dtypes.get_default_dtype()
    shown = [] if device is None else [f"device='{device}'"]
    if array.size == 0:
        text = "[]"
        if array.ndim != 1:
            shown.append(f"size={tuple(array.shape)}")
        is_default = dtype is default
    else:
        text = _format_elements(array.astype(np.float32) if array.dtype in dtypes.STORED else array, len(prefix))
        if _options.edgeitems == 0:
            shown.append(f"size={tuple(array.shape)}")
        is_default = dtype in (default, default.to_complex(), dtypes.int64, dtypes.bool)
    if not is_default:
        shown.append(f"dtype={dtype}")
    return _add_suffixes(prefix + text, shown + suffixes, indent=len(prefix)) + ")"


def _format_elements(array: NDArray[Any], indent: int) -> str:
    is_short = array.size > _options.threshold
    sample = _edges(array) if is_short else array
    number: _Number | _ComplexNumber
    if array.dtype.kind == "c":
        number = _ComplexNumber(_Number(sample.real), _Number(sample.imag))
    else:
        number = _Number(sample)
    return _format_nested(array, indent, is_short, number)


def _edges(array: NDArray[Any]) -> NDArray[Any]:
    """The elements that a shortened tensor shows."""
    edge = _options.edgeitems
    for axis, size in enumerate(array.shape):
        if size > 2 * edge:
            array = np.take(array, np.r_[:edge, size - edge : size], axis)
    return array


class _Number:
    """The one format that suits all values of a tensor: kind and width."""

    def __init__(self, values: NDArray[Any]) -> None:
        self.is_float = values.dtype.kind == "f"
        self.spec, self.point = ".0f", "."
        # Zeros, infinities and NaNs neither choose the format of a float tensor nor widen its columns.
        telling = values[np.isfinite(values) & (values != 0)] if self.is_float else values.reshape(-1)
        if self.is_float and telling.size:
            self._choose_format(telling)
        self.width = max((len(self._unpadded(value)) for value in telling.tolist()), default=1)

    def _choose_format(self, telling: NDArray[Any]) -> None:
        sizes = np.abs(telling)
        smallest, largest = float(sizes.min()), float(sizes.max())
        is_wide = largest / smallest > 1000.0 or largest > 1e8 or smallest < 1e-4
        if is_wide if _options.sci_mode is None else _options.sci_mode:
            self.spec, self.point = f".{_options.precision}e", ""
        elif (telling != np.ceil(telling)).any():
            self.spec, self.point = f".{_options.precision}f", ""

    def _unpadded(self, value: Any) -> str:
        if not self.is_float:
            return str(value)
        return format(value, self.spec) + (self.point if math.isfinite(value) else "")

    def format(self, value: Any) -> str:
        return self._unpadded(value).rjust(self.width)


class _ComplexNumber:
    """Real and imaginary parts, each with a format of its own."""

    def __init__(self, real: _Number, imag: _Number) -> None:
        self.real = real
        self.imag = imag
        self.width = real.width + imag.width + 1

    def format(self, value: complex) -> str:
        imag = self.imag.format(value.imag).lstrip(" ")
        sign = "" if imag.startswith("-") else "+"
        return f"{self.real.format(value.real)}{sign}{imag}j"


def _format_nested(array: NDArray[Any], indent: int, is_short: bool, number: _Number | _ComplexNumber) -> str:
    """Brackets around brackets; `indent` is the column of the first one."""
    if array.ndim == 0:
        return number.format(array.item())
    edge = _options.edgeitems
    head, tail = array, array[:0]
    is_cut = is_short and len(array) > 2 * edge
    if is_cut:
        head, tail = array[:edge], array[len(array) - edge :]
    if array.ndim > 1:
        rows = [_format_nested(row, indent + 1, is_short, number) for row in head]
        rows += ["..."] * is_cut
        rows += [_format_nested(row, indent + 1, is_short, number) for row in tail]
        return "[" + ("," + "\n" * (array.ndim - 1) + " " * (indent + 1)).join(rows) + "]"
    items = [number.format(value) for value in head.tolist()]
    if is_cut:
        # One more blank than between other items, as PyTorch has it.
        items += [" ..."] if edge else ["..."]
    items += [number.format(value) for value in tail.tolist()]
    per_line = max(1, (_options.linewidth - indent) // (number.width + 2))
    lines = [", ".join(items[i : i + per_line]) for i in range(0, len(items), per_line)]
    return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"


def _add_suffixes(text: str, suffixes: list[str], indent: int) -> str:
    """Append each on the same line if it fits there, else on one of its own."""
    # PyTorch counts two columns more than a first line of text has, and one more than a later line has.
    column = len(text) - text.rfind("\n") + 1
    for suffix in suffixes:
        if column + len(suffix) + 2 > _options.linewidth:
            text += ",\n" + " " * indent + suffix
            column = indent + len(suffix)
        else:
            text += ", " + suffix
            column += len(suffix) + 2
    return text
