"""Tensors that a module owns: parameters, which are trained, and buffers, which are not; some without a shape yet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from lamella.core import methods  # noqa: F401  # Tensors have their methods
from lamella.core.devices import device as Device
from lamella.core.dtypes import dtype as Dtype
from lamella.core.errors import ArgumentError, ArgumentTypeError, ShapeError
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

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        copied = super().__deepcopy__(memo)
        copied._grad = None  # as in PyTorch: a copied model has no gradients
        return copied

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


class UninitializedTensor:
    """Abstract: a tensor without a shape yet, but with a dtype and a device; :meth:`materialize` gives it one.

    Until then it holds an array without elements, which carries dtype and device and which no op gets to see.
    """

    #: What it is once it has a shape.
    cls_to_become: type[Tensor]
    _node: Any

    def materialize(self, shape: Sequence[int], device: Any = None, dtype: Dtype | None = None) -> None:
        """Become a tensor of ``shape``, whose elements are not set yet.

        Args:
            shape: The sizes. device, dtype: by default those it was made with.
        """
        device, dtype = device or self.device, dtype or self.dtype
        self.__class__ = self.cls_to_become  # type: ignore[assignment]  # it becomes another class  # one object, which optimizers may hold
        self.data = empty(tuple(shape), device=device, dtype=dtype)

    @property
    def array(self) -> Any:
        """None yet.

        Raises:
            ValueError: Always.
        """
        raise ArgumentError(
            "attempted to use an uninitialized parameter or buffer, which belongs to a lazy module. Call the module "
            "with a sample input first, so that the shape is known."
        )

    def _with_array(self, do: Callable[..., Any], *args: Any) -> Any:
        """``do(self, *args)``, which sees the array without elements."""
        kind, self.__class__ = self.__class__, self.cls_to_become  # type: ignore[assignment]  # it becomes another class
        try:
            return do(self, *args)
        finally:
            self.__class__ = kind

    @property
    def data(self) -> Tensor:
        """The array without elements, as a tensor: what conversions of a module work on."""
        held: Tensor = self._with_array(getattr, "data")
        return held

    @data.setter
    def data(self, other: Tensor) -> None:
        self._with_array(setattr, "data", other)

    def detach(self) -> Tensor:
        """The same as :attr:`data`."""
        return self.data

    @property
    def shape(self) -> Any:
        """Unknown yet.

        Raises:
            RuntimeError: Always.
        """
        raise ShapeError(
            "can't access the shape of an uninitialized parameter or buffer. Call the lazy module with a sample input "
            "first; and load its state into a module that is itself lazy."
        )

    @property
    def dtype(self) -> Dtype:
        """The element type it will have."""
        return self.data.dtype

    @property
    def device(self) -> Device:
        """Where its elements will be."""
        return self.data.device

    @property
    def requires_grad(self) -> bool:
        """Whether a gradient is wanted."""
        return self._node is not None

    @requires_grad.setter
    def requires_grad(self, wanted: bool) -> None:
        self._with_array(setattr, "requires_grad", wanted)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return type(self), (self.requires_grad, self.device, self.dtype), self.__dict__ or None

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        kind, arguments, attributes = self.__reduce_ex__(None)
        copied = memo[id(self)] = kind(*arguments)
        copied.__dict__.update(attributes or {})
        return copied

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class UninitializedParameter(UninitializedTensor, Parameter):
    """A parameter whose shape is not known yet.

    Args:
        requires_grad: Whether a gradient is wanted.
        device, dtype: Of its elements, once it has some.
    """

    cls_to_become = Parameter

    def __new__(cls, requires_grad: bool = True, device: Any = None, dtype: Dtype | None = None) -> Any:
        made = Parameter(empty(0, device=device, dtype=dtype), requires_grad)
        made.__class__ = cls
        return made


class UninitializedBuffer(UninitializedTensor, Buffer):
    """A buffer whose shape is not known yet.

    Args:
        requires_grad: Whether a gradient is wanted.
        device, dtype: Of its elements, once it has some.
        persistent: Whether it is part of the module's ``state_dict``.
    """

    cls_to_become = Buffer

    def __new__(
        cls, requires_grad: bool = False, device: Any = None, dtype: Dtype | None = None, persistent: bool = True
    ) -> Any:
        made = Buffer(empty(0, device=device, dtype=dtype), persistent=persistent)
        made.requires_grad = requires_grad
        made.__class__ = cls
        return made


def is_lazy(tensor: Any) -> bool:
    """Whether it is a parameter or buffer without a shape yet."""
    return isinstance(tensor, UninitializedTensor)


__all__ = ["Buffer", "Parameter", "UninitializedBuffer", "UninitializedParameter", "is_lazy"]
