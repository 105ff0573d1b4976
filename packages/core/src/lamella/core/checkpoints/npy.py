"""NumPy's ``.npy``: one array. Read without NumPy's own reader, which can execute pickles and evaluates the header.

Reference: NumPy, ``numpy.lib.format``, https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html.
"""

from __future__ import annotations

import io
import math
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lamella.core import dtypes
from lamella.core.checkpoints.budget import Budget
from lamella.core.checkpoints.source import Source
from lamella.core.checkpoints.storages import check_bools, host_array
from lamella.core.checkpoints.summaries import Summary, TensorSummary, summarize
from lamella.core.checkpoints.tree import type_name
from lamella.core.dtypes import dtype
from lamella.core.errors import CheckpointError
from lamella.core.tensor import Tensor

Fill: TypeAlias = "Callable[[memoryview[Any]], None]"

_MAX_HEADER = 1 << 16
_KINDS = {f"{kind.numpy.kind}{kind.itemsize}": kind for kind in dtypes.ALL}
_ITEM = re.compile(r"""\s*(['"])(\w+)\1\s*:\s*('[^']*'|"[^"]*"|True|False|\([^()]*\))\s*,?\s*""")
_DESCR = re.compile(r"""(['"])([<>|=]?)([a-zA-Z]\d*)\1""", re.ASCII)


@dataclass(frozen=True)
class Header:
    """What stands before an array's elements.

    Attributes:
        kind: Their dtype.
        order: Their bytes' order: ``"<"`` or ``">"``.
        shape: The array's shape.
        is_fortran: Whether the first dimension is the one whose elements lie side by side.
        length: Bytes of the header.
    """

    kind: dtype
    order: str
    shape: tuple[int, ...]
    is_fortran: bool
    length: int

    @property
    def size(self) -> int:
        """Bytes of the elements."""
        return math.prod(self.shape) * self.kind.itemsize

    def summary(self) -> TensorSummary:
        """The array, not loaded."""
        return TensorSummary(self.kind.name, self.shape, self.size)

    def array(self, memory: NDArray[np.uint8]) -> NDArray[Any]:
        """The array whose elements ``memory`` holds."""
        if self.kind is dtypes.bool:
            check_bools(memory)
        flat: NDArray[Any] = memory.view(self.kind.numpy.newbyteorder(self.order))
        return flat.astype(self.kind.numpy, copy=False).reshape(self.shape, order="F" if self.is_fortran else "C")


def write(obj: object, file: BinaryIO) -> None:
    """Write a tensor."""
    if not isinstance(obj, Tensor):
        raise CheckpointError(f"save: a .npy file holds one tensor, got {type_name(obj)}. Use .npz for a dict of them.")
    file.writelines(pieces_of(obj, "the tensor"))


def read(source: Source) -> Tensor:
    """Read a tensor."""
    header = _header_in(source)
    return source.placed(header.array(source.memory(header.length, header.size)), "cpu")


def summary(source: Source) -> Summary:
    """Say what is in a file."""
    return summarize("npy", source.size, _header_in(source).summary(), Budget(0))


def pieces_of(tensor: Tensor, name: str) -> tuple[bytes, memoryview[Any]]:
    """The header and the elements of a tensor.

    Args:
        tensor: What to write.
        name: What to call it in messages.

    Raises:
        CheckpointError: NumPy's files lack its dtype.
    """
    array = host_array(tensor)
    if tensor.dtype not in dtypes.ALL:
        raise CheckpointError(
            f"save: {name} has dtype {tensor.dtype.name}, which NumPy's files lack. Convert it with .float(), or use "
            "another format."
        )
    if not array.flags.f_contiguous:
        array = np.asarray(array, order="C")
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, np.lib.format.header_data_from_array_1_0(array))
    return header.getvalue(), array.reshape(-1, order="A").view(np.uint8).data


def header_from(fill: Fill, size: int) -> Header:
    """Read a header, and see to it that the elements it announces are there.

    Args:
        fill: Reads the next bytes into memory that it is given.
        size: How many bytes there are in all.

    Raises:
        CheckpointError: It is no header, or not of an array that a tensor can hold.
    """
    start = _taken(fill, 10)
    if start[:6] != b"\x93NUMPY" or start[6] not in (1, 2, 3) or start[7]:
        raise CheckpointError("it does not begin as an array of NumPy's does, or is of a newer version of its format.")
    if start[6] == 1:
        text_length = int.from_bytes(start[8:10], "little")
        length = 10 + text_length
    else:
        text_length = int.from_bytes(start[8:10] + _taken(fill, 2), "little")
        length = 12 + text_length
    if text_length > _MAX_HEADER or length > size:
        raise CheckpointError(f"a header of {text_length} bytes is announced, more than there are or are allowed.")
    header = _parsed(_taken(fill, text_length).decode("latin-1"), length)
    if header.size != size - length:
        raise CheckpointError(f"the shape {header.shape} needs {header.size} bytes, and {size - length} are there.")
    return header


def _header_in(source: Source) -> Header:
    at = 0

    def fill(out: memoryview[Any]) -> None:
        nonlocal at
        source.fill(at, out)
        at += len(out)

    return header_from(fill, source.size)


def _taken(fill: Fill, length: int) -> bytes:
    taken = bytearray(length)
    fill(memoryview(taken))
    return bytes(taken)


def _parsed(text: str, length: int) -> Header:
    text = text.strip()
    found: dict[str, str] = {}
    at, stop = 1, len(text) - 1
    while (item := _ITEM.match(text, at, stop)) and item[2] not in found:
        found[item[2]] = item[3]
        at = item.end()
    descr = _DESCR.fullmatch(found.get("descr", ""))
    shape = found.get("shape", "")
    whole = text[:1] == "{" and text[-1:] == "}" and at == stop and len(found) == 3
    if not whole or descr is None or shape[:1] != "(" or found.get("fortran_order") not in ("True", "False"):
        raise CheckpointError(f"the header is not that of a plain array: {text[:80]!r}.")
    _, order, name = descr.groups()
    if name == "O":
        raise CheckpointError("it is an array of Python objects, which is a pickle and could execute anything.")
    if name not in _KINDS:
        raise CheckpointError(
            f"there is no dtype for arrays of {order + name!r}. Convert it first, for instance with "
            "array.astype('float32')."
        )
    # Python 2 wrote an L after some.
    sizes = [size.strip().removesuffix("L") for size in shape[1:-1].split(",") if size.strip()]
    if len(sizes) > 64 or not all(re.fullmatch("[0-9]{1,19}", size) for size in sizes):
        raise CheckpointError(f"the shape {shape[:80]} is impossible.")
    kind = _KINDS[name]
    numbers = tuple(map(int, sizes))
    if math.prod(size for size in numbers if size) * kind.itemsize >= 2**63:
        raise CheckpointError(f"the shape {shape[:80]} has too many elements.")
    big = order == ">" or (order != "<" and sys.byteorder == "big")
    return Header(kind, ">" if big else "<", numbers, found["fortran_order"] == "True", length)
