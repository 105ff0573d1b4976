"""Tensors that a module owns: parameters, which are trained, and buffers, which are not."""

from __future__ import annotations

from typing import Any

from lamella.core.errors import ArgumentTypeError
from lamella.core.ops.creation import empty
from lamella.core.tensor import Tensor


def _checked(kind: str, data: Any) -> Tensor:
    if data is None:
        return empty(0)
    if not isinstance(data, Tensor):
        raise ArgumentTypeError(
            f"{kind}: expected data to be a Tensor, got {type(data).__name__}. "
            "Make one first, for instance with lamella.tensor(data)."
        )
    return data


class Parameter(Tensor):
    """A Tensor that becomes one of a module's parameters when it is assigned to an attribute of it.

    Args:
        data: The values; their memory is shared.
        requires_grad: Whether a gradient is wanted.

    Raises:
        TypeError: ``data`` is no Tensor.
        RuntimeError: ``data`` has a dtype without gradients, and one is wanted.
    """

    def __new__(cls, data: Tensor | None = None, requires_grad: bool = True) -> Any:
        return cls._wrap(_checked("Parameter", data).array, requires_grad)

    def __repr__(self) -> str:
        return f"Parameter containing:\n{super().__repr__()}"


class Buffer(Tensor):
    """A Tensor that becomes one of a module's buffers when it is assigned to an attribute of it.

    Args:
        data: The values; their memory is shared.
        persistent: Whether the buffer is part of the module's ``state_dict``.

    Raises:
        TypeError: ``data`` is no Tensor.
    """

    persistent: bool

    def __new__(cls, data: Tensor | None = None, *, persistent: bool = True) -> Any:
        made = cls._wrap(_checked("Buffer", data).array)
        made.persistent = persistent
        return made


__all__ = ["Buffer", "Parameter"]
