"""The memory behind tensors, which several of them may share: found before saving, cut up after loading."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from lamella.core import backends, dtypes
from lamella.core.dtypes import dtype
from lamella.core.errors import CheckpointError, NameMissing
from lamella.core.tensor import Tensor


def dtype_named(name: object) -> dtype:
    """The dtype that a file calls ``name``.

    Raises:
        CheckpointError: There is none, or its package is not installed.
    """
    try:
        if isinstance(name, str):
            return dtypes.by_name(name)
    except NameMissing as missing:
        raise CheckpointError(str(missing)) from missing
    except KeyError:
        pass
    raise CheckpointError(f"there is no such dtype as {str(name)[:60]!r}.")


def check_bools(memory: NDArray[np.uint8]) -> None:
    """See to it that the bytes of bools are 0 and 1: NumPy does not look, and computes nonsense from others.

    Raises:
        CheckpointError: They are not.
    """
    if memory.max(initial=0) > 1:
        raise CheckpointError("a bool tensor has bytes other than 0 and 1.")


def host_array(tensor: Tensor) -> NDArray[Any]:
    """The tensor's elements in host memory, with strides that the format allows."""
    array: NDArray[Any] = backends.of_array_type(type(tensor.array)).to_numpy(tensor.array)
    unit = unit_of(array.dtype)
    if any(stride < 0 or stride % unit for stride in array.strides):
        array = np.array(array, order="C")
    return array


def unit_of(kind: np.dtype[Any]) -> int:
    """Bytes of what has a byte order of its own: an element, or either part of a complex one."""
    return kind.itemsize // 2 if kind.kind == "c" else kind.itemsize


def sharing(arrays: list[NDArray[Any]]) -> list[list[int]]:
    """Group the arrays that share a storage: they overlap in memory and hold the same kind of unit.

    Returns:
        Groups of indices into `arrays`, each beginning with the one that is lowest in memory.
    """

    def kind(i: int) -> tuple[int, bool]:
        # A bool's bytes are 0 and 1 only, which is checked for a storage as a whole.
        return unit_of(arrays[i].dtype), arrays[i].dtype == np.bool_

    bounds = [np.lib.array_utils.byte_bounds(array) for array in arrays]
    groups: list[list[int]] = []
    reach = 0
    for i in sorted(range(len(arrays)), key=lambda i: (kind(i), *bounds[i])):
        start, stop = bounds[i]
        if groups and arrays[i].size and kind(i) == kind(groups[-1][0]) and start < reach:
            groups[-1].append(i)
            reach = max(reach, stop)
        else:
            groups.append([i])
            reach = stop if arrays[i].size else start
    # By the order of the tensors, not of their addresses: equal contents make equal files.
    return sorted(groups, key=min)


def turned(memory: NDArray[np.uint8], unit: int, byteorder: str = sys.byteorder) -> NDArray[np.uint8]:
    """Native memory as little-endian, or the other way round; both are the same bytes on most machines."""
    if byteorder == "little":
        return memory
    turned: NDArray[np.uint8] = memory.view(f"u{unit}").byteswap().view(np.uint8)
    return turned


def lay_out(tensors: list[Tensor]) -> tuple[list[dict[str, Any]], list[int], list[memoryview[Any]]]:
    """Say what to store.

    Returns:
        An entry for each tensor (storage, dtype, shape, strides and offset in bytes, device, requires_grad); of
        each storage the unit, and its memory, little-endian.
    """
    arrays = [host_array(tensor) for tensor in tensors]
    entries: list[dict[str, Any]] = [{} for _ in tensors]
    units = []
    storages: list[memoryview[Any]] = []
    for group in sharing(arrays):
        lowest = arrays[group[0]]
        first, stop = np.lib.array_utils.byte_bounds(lowest)
        if len(group) == 1 and (lowest.size == 0 or stop - first > lowest.nbytes):
            # Alone on memory with gaps, which are nobody's: close them.
            lowest = arrays[group[0]] = np.array(lowest, order="C")
            first, stop = np.lib.array_utils.byte_bounds(lowest)
        bounds = [(first, stop)] if len(group) == 1 else [np.lib.array_utils.byte_bounds(arrays[i]) for i in group]
        for i, (start, _) in zip(group, bounds, strict=True):
            entries[i] = {
                "storage": len(storages),
                "dtype": tensors[i].dtype.name,
                "shape": arrays[i].shape,
                "strides": arrays[i].strides,
                "offset": start - first,
                "device": str(tensors[i].device),
                "requires_grad": tensors[i].requires_grad,
            }
        if len(group) == 1 and lowest.flags.c_contiguous:
            memory = lowest.reshape(-1).view(np.uint8)
        else:
            # All bytes from the first element to the end of the last: the arrays overlap, so it is one allocation.
            element = as_strided(lowest, (1,), (lowest.itemsize,)).view(np.uint8)
            memory = as_strided(element, (max(stop for _, stop in bounds) - first,), (1,), writeable=False)
        units.append(unit_of(lowest.dtype))
        storages.append(turned(memory, units[-1]).data)
    return entries, units, storages


def check_within(shape: Sequence[int], strides: Sequence[int], offset: int, itemsize: int, stored: int) -> None:
    """See to it that a tensor lies within its storage.

    Args:
        shape: Its sizes, none negative.
        strides: Bytes from one element to the next, in each dimension; none negative.
        offset: Bytes before its first element.
        itemsize: Bytes of an element.
        stored: Bytes of the storage.

    Raises:
        CheckpointError: It does not, or is too large for any.
    """
    # NumPy multiplies all sizes but the zeros.
    if math.prod(size for size in shape if size) * itemsize >= 2**63 or any(stride >= 2**63 for stride in strides):
        raise CheckpointError("a tensor is impossible: it has too many elements.")
    last = sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True))
    needed = 0 if 0 in shape else offset + last + itemsize
    if max(needed, offset) > stored:
        raise CheckpointError(
            f"a tensor is impossible: it reaches to byte {max(needed, offset)} of a storage of {stored} bytes."
        )
