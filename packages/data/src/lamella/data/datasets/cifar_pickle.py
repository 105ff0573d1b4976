"""Reading the Python version of CIFAR's batches without executing a pickle.

Each batch was written once, by Python 2, as a pickle of one shape: a dict of an array of pixels, lists of labels
and of file names. This reader knows the few opcodes that this takes and the three names that a NumPy array is made
by, gives them the one meaning they have in these files, and refuses all else. Nothing is imported or called.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamella.core.errors import DataError

_MARK = object()
_RECONSTRUCT = b"numpy.core.multiarray _reconstruct"
_NDARRAY = b"numpy ndarray"
_DTYPE = b"numpy dtype"

# Opcodes that push a constant, or a number or bytes of which they state the size; and those that make tuples.
_CONSTANTS: dict[int, Any] = {ord("N"): None, 0x88: True, 0x89: False}
_NUMBERS = {ord("K"): "<B", ord("M"): "<H", ord("J"): "<i"}
_STRINGS = {ord("U"): "<B", ord("T"): "<i"}
_TUPLES = {0x85: 1, 0x86: 2, 0x87: 3}


@dataclass(frozen=True)
class _Name:
    """One of the names above, where a pickle would have what it names."""

    name: bytes


class _Bytes:
    """The dtype of the pixels, uint8."""


class _Array:
    """An array, empty until its state comes."""

    pixels: NDArray[np.uint8] | None = None


def read_batch(content: bytes, origin: str) -> dict[bytes, Any]:
    """Read one batch.

    Args:
        content: The file's bytes.
        origin: Its name, for messages.

    Returns:
        The dict in it: strings as ``bytes``, arrays as ``uint8`` with two dimensions.

    Raises:
        DataError: If it is anything but a batch as published.
    """
    try:
        batch = _Reader(content).read()
    # ValueError is ours and NumPy's; the others: an empty stack, a place in memory never written, a shape that is none.
    except (ValueError, IndexError, KeyError, TypeError) as error:
        raise DataError(_refusal(origin, str(error) or type(error).__name__)) from error
    if not isinstance(batch, dict):
        raise DataError(_refusal(origin, f"a {type(batch).__name__} where a dict belongs"))
    return {key: value.pixels if isinstance(value, _Array) else value for key, value in batch.items()}


def _refusal(origin: str, found: str) -> str:
    return (
        f"{origin}: expected a batch of CIFAR as its authors published it, found {found}. Download it again; other "
        "pickles are not read, for they can run any code."
    )


class _Reader:
    """A stack machine for one pickle. Whatever is wrong raises ValueError, or what a wrong operand raises by itself."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 0
        self._stack: list[Any] = []
        self._memory: dict[int, Any] = {}

    def read(self) -> Any:
        if self._take(2) != b"\x80\x02":
            raise ValueError("no pickle of protocol 2")
        while (code := self._take(1)[0]) != ord("."):
            self._step(code)
        if self._at != len(self._content) or len(self._stack) != 1:
            raise ValueError("more behind the end, or on the stack")
        return self._stack.pop()

    def _step(self, code: int) -> None:
        stack = self._stack
        if code in _CONSTANTS:
            stack.append(_CONSTANTS[code])
        elif code in _NUMBERS:
            stack.append(self._number(_NUMBERS[code]))
        elif code == 0x8A:  # a long integer of Python 2, as NumPy's sizes were on some machines
            stack.append(int.from_bytes(self._take(self._number("<B")), "little", signed=True))
        elif code in _STRINGS:
            stack.append(self._take(self._number(_STRINGS[code])))
        elif code in _TUPLES:
            stack.append(tuple(self._pop(_TUPLES[code])))
        elif code == ord("("):
            stack.append(_MARK)
        elif code == ord("t"):
            stack.append(tuple(self._pop_to_mark()))
        elif code == ord("}"):
            stack.append({})
        elif code == ord("]"):
            stack.append([])
        elif code in b"qr":
            self._memory[self._number("<B" if code == ord("q") else "<I")] = stack[-1]
        elif code in b"hj":
            stack.append(self._memory[self._number("<B" if code == ord("h") else "<I")])
        elif code in b"ae":
            values = self._pop_to_mark() if code == ord("e") else self._pop(1)
            self._top(list).extend(values)
        elif code in b"su":
            values = self._pop_to_mark() if code == ord("u") else self._pop(2)
            if any(type(key) is not bytes for key in values[::2]):
                raise ValueError("a key that is no string")
            self._top(dict).update(zip(values[::2], values[1::2], strict=True))
        elif code == ord("c"):
            stack.append(self._name())
        elif code == ord("R"):
            stack.append(self._made(*self._pop(2)))
        elif code == ord("b"):
            self._fill(*self._pop(1))
        else:
            raise ValueError(f"the opcode 0x{code:02x}")

    def _take(self, count: int) -> bytes:
        if not 0 <= count <= len(self._content) - self._at:
            raise ValueError(f"{count} bytes announced where {len(self._content) - self._at} are left")
        self._at += count
        return self._content[self._at - count : self._at]

    def _number(self, form: str) -> int:
        return int(struct.unpack(form, self._take(struct.calcsize(form)))[0])

    def _pop(self, count: int) -> list[Any]:
        if len(self._stack) < count or any(value is _MARK for value in self._stack[-count:]):
            raise ValueError("an opcode without its operands")
        values = self._stack[-count:]
        del self._stack[-count:]
        return values

    def _pop_to_mark(self) -> list[Any]:
        values: list[Any] = []
        while (value := self._stack.pop()) is not _MARK:
            values.append(value)
        return values[::-1]

    def _top(self, kind: type) -> Any:
        if type(self._stack[-1]) is not kind:
            raise ValueError(f"an opcode for a {kind.__name__} that has none")
        return self._stack[-1]

    def _name(self) -> _Name:
        end = self._content.index(b"\n", self._content.index(b"\n", self._at) + 1)
        name = self._take(end - self._at).replace(b"\n", b" ")
        self._take(1)
        if name not in (_RECONSTRUCT, _NDARRAY, _DTYPE):
            raise ValueError(f"the name {name!r}")
        return _Name(name)

    def _made(self, function: Any, arguments: Any) -> Any:
        if (function, arguments) == (_Name(_RECONSTRUCT), (_Name(_NDARRAY), (0,), b"b")):
            return _Array()
        if (function, arguments) == (_Name(_DTYPE), (b"u1", 0, 1)):
            return _Bytes()
        raise ValueError("a call")

    def _fill(self, state: Any) -> None:
        target = self._stack[-1]
        if type(target) is _Bytes and state == (3, b"|", None, None, None, -1, -1, 0):
            return
        if type(target) is not _Array or type(state) is not tuple or len(state) != 5:
            raise ValueError("a state of something else than an array")
        version, shape, dtype, is_fortran, pixels = state
        if version != 1 or type(dtype) is not _Bytes or type(is_fortran) is not bool or type(pixels) is not bytes:
            raise ValueError("an array of something else than bytes")
        rows, columns = shape
        if type(rows) is not int or type(columns) is not int or rows < 0 or rows * columns != len(pixels):
            raise ValueError(f"an array whose shape does not fit its {len(pixels)} bytes")
        target.pixels = np.frombuffer(pixels, np.uint8).reshape(rows, columns, order="F" if is_fortran else "C")
