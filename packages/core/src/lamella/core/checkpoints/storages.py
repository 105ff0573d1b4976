"""The memory behind tensors, which several of them may share: found before saving, cut up after loading."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamella.core import backends
from lamella.core.tensor import Tensor


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
