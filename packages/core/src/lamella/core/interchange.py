"""Tensors and the rest of Python: DLPack, NumPy's protocols, copies and pickles.

With NumPy, what works for a PyTorch user works here with the same results: ``tensor + array``, ``np.exp(tensor)`` and
``np.add(tensor, array)`` give Tensors; a ufunc's are outside the graph, and it refuses a tensor that requires grad.
There is no ``__array_ufunc__``; ``__array_priority__`` lets an operator between an array and a Tensor be ours on either
side, with gradients, where PyTorch refuses ``array + tensor``.

There is no buffer interface (``memoryview(tensor)``), as PyTorch has none: Python before 3.12 knows it only from C.
"""

from __future__ import annotations

import ctypes
from copy import deepcopy
from typing import Any

import numpy as np

from lamella.core.devices import device as Device
from lamella.core.errors import ArgumentRangeError, ExportError, GradError
from lamella.core.ops.creation import placed
from lamella.core.placement import backend_for
from lamella.core.tensor import Tensor

# --- DLPack

#: DLPack's numbers of device types.
_DEVICE_TYPES = {1: "cpu", 2: "cuda", 3: "cpu", 10: "rocm"}


def dlpack(
    self: Tensor,
    *,
    stream: Any = None,
    max_version: tuple[int, int] | None = None,
    dl_device: tuple[int, int] | None = None,
    copy: bool | None = None,
) -> Any:
    """A DLPack capsule over the tensor's memory, for one other library's ``from_dlpack``.

    Raises:
        BufferError: The tensor requires grad, or DLPack has no such dtype.
    """
    if self.requires_grad:
        raise ExportError("Can't export tensors that require gradient, use tensor.detach()")
    # what is not said is left out: NumPy before 2.1 knows only the stream
    named = {"max_version": max_version, "dl_device": dl_device, "copy": copy}
    return self.array.__dlpack__(stream=stream, **{k: v for k, v in named.items() if v is not None})


def dlpack_device(self: Tensor) -> tuple[int, int]:
    """DLPack's numbers of the device type and the device."""
    found: tuple[int, int] = self.array.__dlpack_device__()
    return found


class _Capsule:
    """A bare capsule as an object that DLPack's protocol can ask."""

    def __init__(self, capsule: Any) -> None:
        self.capsule = capsule

    def __dlpack__(self, **named: Any) -> Any:
        return self.capsule

    def __dlpack_device__(self) -> tuple[int, int]:
        return (1, 0)


def from_dlpack(ext_tensor: Any, *, device: Any = None, copy: bool | None = None) -> Tensor:
    """A tensor that shares memory with another library's array.

    Args:
        ext_tensor: An object with ``__dlpack__`` and ``__dlpack_device__``, or a capsule over host memory.
        device: Where the tensor should be; where the array is by default.
        copy: True copies; None and False share.

    Raises:
        RuntimeError: It is neither, or the device is not available here.
    """
    foreign = ext_tensor
    if type(ext_tensor).__name__ == "PyCapsule":
        foreign = _Capsule(ext_tensor)
    elif not hasattr(ext_tensor, "__dlpack__"):
        raise ArgumentRangeError(
            f"from_dlpack: expected an array with __dlpack__, or a capsule, got {type(ext_tensor).__name__}. Make a "
            "tensor of it with lamella.tensor()."
        )
    number, index = foreign.__dlpack_device__()
    kind = _DEVICE_TYPES.get(int(number), f"dlpack{int(number)}")
    place = Device(kind) if kind == "cpu" else Device(kind, index)
    array = backend_for(place).xp.from_dlpack(foreign)
    if isinstance(array, np.ndarray) and not array.flags.writeable and getattr(ext_tensor, "flags", None) is None:
        array = _writable(array)
    made: Tensor = Tensor._wrap(array)
    moved = made if device is None else made.to(device)
    return moved.clone() if copy and moved is made else moved


def _writable(array: np.ndarray) -> np.ndarray:
    """``array`` over the same memory, which NumPy shields: capsules of old do not say whether it may be written."""
    if not array.size:
        return array.copy()
    reach = sum((n - 1) * s for n, s in zip(array.shape, array.strides, strict=True)) + array.itemsize
    memory = (ctypes.c_char * reach).from_address(array.ctypes.data)
    memory.owner = array  # keeps the capsule's memory as long as this
    return np.ndarray(array.shape, array.dtype, memory, 0, array.strides)


def to_dlpack(tensor: Tensor) -> Any:
    """A DLPack capsule over the tensor's memory. New code passes the tensor itself to ``from_dlpack``."""
    return dlpack(tensor.detach())


# --- copies and pickles


def shared_deepcopy(self: Tensor, memo: dict[int, Any]) -> Any:
    """A copy with its own memory, shared with the copies, made by the same call, of tensors that shared it before."""
    if not self.is_leaf:
        raise GradError(
            "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the moment. "
            "Copy x.detach() instead."
        )
    made = type(self)._wrap(_copied(self.array, memo), self.requires_grad)
    memo[id(self)] = made
    if self._grad is not None:
        made._grad = deepcopy(self._grad, memo)
    if hasattr(self, "__dict__"):
        made.__dict__.update(deepcopy(self.__dict__, memo))
    return made


def _copied(array: Any, memo: dict[int, Any]) -> Any:
    owner = array
    while isinstance(getattr(owner, "base", None), np.ndarray):
        owner = owner.base
    if not isinstance(array, np.ndarray) or not owner.flags.forc or not owner.size:
        return array.copy()
    copied = deepcopy(owner, memo)  # once for all that share it: the memo knows
    offset = array.ctypes.data - owner.ctypes.data
    memory = copied.reshape(-1, order="A").view(np.uint8)
    return np.ndarray(array.shape, array.dtype, memory, offset, array.strides)


def reduce(self: Tensor) -> Any:
    """What copies and pickles are made of: the array, as NumPy pickles it, and the attributes of a subclass."""
    return _rebuilt, (type(self), self.array, self.requires_grad), getattr(self, "__dict__", None) or None


def _rebuilt(kind: type[Tensor], array: Any, requires_grad: bool) -> Any:
    return kind._wrap(array, requires_grad)


# --- NumPy


def array(self: Tensor, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
    """What NumPy makes of the tensor: an array that shares its memory, unless a dtype or a copy is asked for.

    Raises:
        RuntimeError: The tensor requires grad.
    """
    values = self.numpy()
    return np.array(values, dtype, copy=copy) if dtype is not None or copy else values


def array_wrap(self: Tensor, array: np.ndarray, context: Any = None, return_scalar: bool = False) -> Tensor:
    """What a ufunc such as ``np.sqrt(x)`` returns: a Tensor, outside the graph."""
    return placed(np.asarray(array), self.device)


# --- Python's protocols


def reversed_(self: Tensor) -> Tensor:
    """``reversed(x)``: the tensor with its first dimension the other way round."""
    flipped: Tensor = self.flip(0) if self.ndim else self
    return flipped


#: Tensor's methods that are here, by name.
METHODS = {
    "__array__": array,
    "__array_wrap__": array_wrap,
    "__deepcopy__": shared_deepcopy,
    "__dlpack__": dlpack,
    "__dlpack_device__": dlpack_device,
    "__long__": Tensor.__int__,
    "__nonzero__": Tensor.__bool__,
    "__reduce__": reduce,
    "__reversed__": reversed_,
}

__all__ = ["METHODS", "from_dlpack", "to_dlpack"]
