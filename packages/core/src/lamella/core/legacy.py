"""PyTorch's constructors from before tensors had dtypes, which many programs still call."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any

from lamella.core import dtypes, methods  # noqa: F401  # Tensors have their methods
from lamella.core.dtypes import dtype
from lamella.core.errors import ArgumentTypeError
from lamella.core.ops.creation import empty
from lamella.core.tensor import Tensor
from lamella.core.tensor_info import new


class TensorType(type):
    """The class of ``FloatTensor`` and its like: it makes tensors of one dtype on one type of device, and knows them.

    What it makes are Tensors; none is of a class of its own.
    """

    _dtype_name: str
    _device_type: str

    @property
    def dtype(cls) -> dtype:
        """The element type."""
        return dtypes.by_name(cls._dtype_name)

    def __call__(cls, *args: Any) -> Tensor:
        """A tensor of given sizes, uninitialized, or with given values."""
        return new(empty(0, dtype=cls.dtype, device=cls._device_type), *args)

    def __instancecheck__(cls, value: Any) -> bool:
        return isinstance(value, Tensor) and value.dtype is cls.dtype and value.device.type == cls._device_type

    def __str__(cls) -> str:
        return f"{cls.__module__}.{cls.__name__}"


@cache
def tensor_type(name: str, device_type: str = "cpu") -> TensorType:
    """The tensor type of a name such as ``"FloatTensor"``.

    Args:
        name: One of :data:`lamella.core.dtypes.TYPE_NAMES`.
        device_type: Where its tensors are.
    """
    (dtype_name,) = [kind for kind, its_name in dtypes.TYPE_NAMES.items() if its_name == name]
    return TensorType(
        name,
        (),
        {
            "__module__": "lamella" if device_type == "cpu" else f"lamella.{device_type}",
            "__doc__": f"Makes tensors of dtype {dtype_name}: of given sizes, uninitialized, or with given values.",
            "_dtype_name": dtype_name,
            "_device_type": device_type,
        },
    )


def __getattr__(name: str) -> TensorType:
    if name not in dtypes.TYPE_NAMES.values():
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return tensor_type(name)


class _VariableType(type):
    def __call__(cls, data: Any = None, requires_grad: bool = False, volatile: Any = None) -> Tensor:
        if volatile:
            warnings.warn(
                "volatile was removed and now has no effect. Use `with lamella.no_grad():` instead.",
                UserWarning,
                stacklevel=2,
            )
        if data is None:
            return empty(0, requires_grad=requires_grad)
        if not isinstance(data, Tensor):
            raise ArgumentTypeError(f"Variable data has to be a tensor, but got {type(data).__name__}")
        return data.detach().requires_grad_(requires_grad)

    def __instancecheck__(cls, value: Any) -> bool:
        return isinstance(value, Tensor)


class Variable(metaclass=_VariableType):
    """What Tensors were wrapped in to have gradients: now ``Variable(data)`` is ``data`` outside of its graph.

    Args:
        data: A Tensor, whose memory is shared; None for an empty one.
        requires_grad: Whether the result wants a gradient.
        volatile: Without effect, and warns.

    Raises:
        TypeError: ``data`` is no Tensor.
    """
