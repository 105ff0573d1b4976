"""``assert_close``: whether two results agree, within tolerances that one table gives by dtype."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from lamella.core import dtypes
from lamella.core.dtypes import dtype
from lamella.core.errors import ArgumentError, ArgumentTypeError
from lamella.core.tensor import Tensor

#: Relative and absolute tolerance by dtype; 0 for those that are exact.
TOLERANCES: dict[dtype, tuple[float, float]] = {
    dtypes.float16: (1e-3, 1e-5),
    dtypes.float32: (1.3e-6, 1e-5),
    dtypes.complex64: (1.3e-6, 1e-5),
    dtypes.float64: (1e-7, 1e-7),
    dtypes.complex128: (1e-7, 1e-7),
}
_NUMBERS = (bool, int, float, complex, np.number, np.bool_)


def tolerances(*given: dtype) -> tuple[float, float]:
    """The wider of the tolerances of the dtypes given."""
    each = [TOLERANCES.get(d, (0.0, 0.0)) for d in given]
    return max(r for r, _ in each), max(a for _, a in each)


def assert_close(
    actual: Any,
    expected: Any,
    *,
    allow_subclasses: bool = True,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = False,
    check_device: bool = True,
    check_dtype: bool = True,
    check_layout: bool = True,
    check_stride: bool = False,
    msg: str | Callable[[str], str] | None = None,
) -> None:
    """Assert that ``actual`` and ``expected`` agree: ``|actual - expected| <= atol + rtol * |expected|``.

    Args:
        actual: A Tensor, NumPy array, number, None, or nested sequences and mappings of these.
        expected: What it should be, built alike.
        allow_subclasses: Compare different classes of tensor; otherwise the types must be the same.
        rtol: Relative tolerance. Given with ``atol`` or not at all: by default they follow from :data:`TOLERANCES`.
        atol: Absolute tolerance.
        equal_nan: Whether nan agrees with nan.
        check_device: Whether the devices must be the same.
        check_dtype: Whether the dtypes must be the same; otherwise both are promoted before they are compared.
        check_layout: For PyTorch's sake; all tensors are dense.
        check_stride: Whether the strides must be the same.
        msg: The message of a failure, or a function that makes it of the message that would be raised.

    Raises:
        AssertionError: They do not agree. The message says where, and by how much.
        ValueError: One tolerance is given without the other.
        TypeError: Something can't be compared.
    """
    if (rtol is None) != (atol is None):
        missing = "rtol" if rtol is None else "atol"
        raise ArgumentError(f"Both 'rtol' and 'atol' must be either specified or omitted, but got no {missing}.")

    def one_pair(a: Any, b: Any) -> str | None:
        if not allow_subclasses and type(a) is not type(b):
            raise ArgumentTypeError(
                f"No comparison pair was able to handle inputs of type {type(a)} and {type(b)}. Both must be of one "
                "type with allow_subclasses=False."
            )
        if a is None or b is None:
            return None if a is b else f"None mismatch: {a} is not {b}"
        for whole in (Tensor, np.ndarray):
            if isinstance(a, whole) and isinstance(b, whole):
                return _attributes(a, b) or _values(_host(a), _host(b), rtol, atol, equal_nan)
        if isinstance(a, _NUMBERS) and isinstance(b, _NUMBERS):
            if check_dtype and type(a) is not type(b):
                return f"The (d)types do not match: {type(a)} != {type(b)}."
            if isinstance(a, (bool, np.bool_)):
                return None if a == b else f"Booleans mismatch: {a} is not {b}"
            return _values(np.asarray(a), np.asarray(b), rtol, atol, equal_nan)
        raise ArgumentTypeError(
            f"No comparison pair was able to handle inputs of type {type(a)} and {type(b)}. Expected two Tensors, two "
            "NumPy arrays, two numbers, or sequences or mappings of these."
        )

    def _attributes(a: Any, b: Any) -> str | None:
        tensors = isinstance(a, Tensor)
        attributes = {"shape": True, "device": check_device and tensors, "dtype": check_dtype}
        for name, wanted in attributes.items():
            if wanted and getattr(a, name) != getattr(b, name):
                return f"The values for attribute '{name}' do not match: {getattr(a, name)} != {getattr(b, name)}."
        strides = (a.stride(), b.stride()) if tensors else (a.strides, b.strides)
        if check_stride and strides[0] != strides[1]:
            return f"The values for attribute 'stride()' do not match: {strides[0]} != {strides[1]}."
        return None

    found = _first_failure(actual, expected, one_pair)
    if found is not None:
        message, path = found
        if path:
            message += f"\n\nThe failure occurred for item {path}"
        raise AssertionError(message if msg is None else msg(message) if callable(msg) else msg)


def _first_failure(actual: Any, expected: Any, compare: Callable[[Any, Any], str | None]) -> tuple[str, str] | None:
    """The message of the first pair that does not agree, and the path to it."""
    pairs: list[tuple[Any, Any, Any]]
    if isinstance(actual, Mapping) and isinstance(expected, Mapping):
        missing, extra = expected.keys() - actual.keys(), actual.keys() - expected.keys()
        if missing or extra:
            text = "The keys of the mappings do not match:"
            text += f"\nMissing keys in the actual mapping: {sorted(missing)}" if missing else ""
            text += f"\nAdditional keys in the actual mapping: {sorted(extra)}" if extra else ""
            return text, ""
        pairs = [(key, actual[key], expected[key]) for key in expected]
    elif all(isinstance(x, Sequence) and not isinstance(x, (str, bytes)) for x in (actual, expected)):
        if len(actual) != len(expected):
            return f"The length of the sequences mismatch: {len(actual)} != {len(expected)}", ""
        pairs = [(i, a, b) for i, (a, b) in enumerate(zip(actual, expected, strict=True))]
    else:
        text_or_none = compare(actual, expected)
        return None if text_or_none is None else (text_or_none, "")
    for key, a, b in pairs:
        found = _first_failure(a, b, compare)
        if found is not None:
            return found[0], f"[{key!r}]{found[1]}"
    return None


def _host(x: Any) -> np.ndarray:
    return x.detach().numpy(force=True) if isinstance(x, Tensor) else x


def _values(
    actual: np.ndarray, expected: np.ndarray, rtol: float | None, atol: float | None, equal_nan: bool
) -> str | None:
    if rtol is None or atol is None:
        rtol, atol = tolerances(*(dtypes.from_numpy_dtype(x.dtype) for x in (actual, expected)))
    # wide, because differences of small integers or of float16 overflow; whole, because float64 rounds large integers
    whole = actual.dtype.kind in "iub" and expected.dtype.kind in "iub"
    wide = np.result_type(actual, expected, np.int64 if whole else np.float64)
    a, b = actual.astype(wide), expected.astype(wide)
    with np.errstate(all="ignore"):
        difference = np.abs(a - b)
        relative = difference / np.abs(b)
        close = (a == b) | (difference <= atol + rtol * np.abs(b)) & np.isfinite(b)
        if equal_nan:
            close |= np.isnan(a) & np.isnan(b)
    wrong = ~close
    if not wrong.any():
        return None
    exact = rtol == 0 and atol == 0
    kind = "Scalars" if actual.ndim == 0 else "Tensor-likes"
    lines = [f"{kind} are not {'equal' if exact else 'close'}!", ""]
    if actual.ndim == 0:
        lines.append(f"Expected {expected.item()} but got {actual.item()}.")
        worst = {"Absolute difference": (difference.item(), ""), "Relative difference": (relative.item(), "")}
    else:
        count = int(wrong.sum())
        lines.append(f"Mismatched elements: {count} / {wrong.size} ({count / wrong.size:.1%})")
        worst = {
            f"Greatest {name} difference": _greatest(values, wrong)
            for name, values in (("absolute", difference), ("relative", relative))
        }
    for (name, (value, where)), allowed in zip(worst.items(), (atol, rtol), strict=True):
        lines.append(f"{name}: {value}{where}" + ("" if exact else f" (up to {allowed} allowed)"))
    return "\n".join(lines)


def _greatest(values: np.ndarray, wrong: np.ndarray) -> tuple[Any, str]:
    """The greatest value among the wrong ones, nan above all, and where it is."""
    ranked = np.where(wrong, np.where(np.isnan(values), math.inf, values), -math.inf)
    at = np.unravel_index(int(np.argmax(ranked)), values.shape)
    return values[at].item(), f" at index {tuple(int(i) for i in at)}"


__all__ = ["TOLERANCES", "assert_close", "tolerances"]
