"""Methods that tell what a tensor is: its layout, place and type; and those of other layouts, which refuse."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from lamella.core import dtypes, layouts
from lamella.core.devices import device as Device
from lamella.core.dtypes import dtype
from lamella.core.errors import ArgumentError, ArgumentTypeError, DeviceError, GradError, ShapeError
from lamella.core.inplace import update
from lamella.core.ops.conversions import to
from lamella.core.ops.creation import empty, tensor
from lamella.core.tensor import Size, Tensor, check_tensor

# --- types by name


def type_(self: Tensor, dtype: Any = None, non_blocking: bool = False) -> Any:
    """The name of the tensor's type, such as ``"lamella.FloatTensor"``; or the tensor converted to another.

    Args:
        dtype: A dtype, a name like that (``torch.`` in front is taken too, ``.cuda.`` moves it), or the class of that
            name.

    Raises:
        ValueError: There is no such type.
    """
    if dtype is None:
        place = "" if self.is_cpu else f"{self.device.type}."
        return f"lamella.{place}{dtypes.TYPE_NAMES[self.dtype.name]}"
    if isinstance(dtype, dtypes.dtype):
        return to(self, dtype=dtype)
    library, _, rest = str(dtype).partition(".")
    place, _, name = rest.rpartition(".")
    found = [kind for kind, its_name in dtypes.TYPE_NAMES.items() if its_name == name]
    if library not in ("lamella", "torch") or not found:
        raise ArgumentError(f"invalid type: {dtype!r}; expected a dtype or a name such as 'lamella.FloatTensor'")
    return to(self, dtype=dtypes.by_name(found[0]), device=place or "cpu")


def new(self: Tensor, *args: Any) -> Tensor:
    """A tensor of this one's dtype and device: uninitialized of given sizes, or with given values.

    Raises:
        TypeError: The values are a fraction, which is no size, or a tensor of another dtype.
    """
    if len(args) == 1 and isinstance(args[0], (float, complex)):
        raise ArgumentTypeError(f"new(): data must be a sequence (got {type(args[0]).__name__})")
    if len(args) == 1 and not isinstance(args[0], (int, Size)):
        if isinstance(args[0], Tensor) and args[0].dtype is not self.dtype:
            raise ArgumentTypeError(f"new: expected a tensor of dtype {self.dtype}, got {args[0].dtype}. Use to().")
        values = args[0].detach() if isinstance(args[0], Tensor) else tensor(args[0])
        return to(values, self.device, self.dtype)
    return empty(*(args or (0,)), dtype=self.dtype, device=self.device)


def new_empty_strided(
    self: Tensor,
    size: Any,
    stride: Any,
    dtype: dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Like :func:`lamella.empty_strided`, by default with the dtype and device of this tensor."""
    from lamella.core.ops.making import empty_strided  # loaded on first use, as few programs need it

    return empty_strided(
        size, stride, dtype=dtype or self.dtype, device=device or self.device, requires_grad=requires_grad
    )


def as_subclass(self: Tensor, cls: type[Tensor]) -> Any:
    """The same elements and place in the graph, as a ``cls``, a subclass of Tensor.

    Raises:
        TypeError: It is no subclass.
    """
    if not (isinstance(cls, type) and issubclass(cls, Tensor)):
        raise ArgumentTypeError(f"as_subclass: expected a class that inherits from Tensor, got {cls!r}")
    shown = self[...]
    made = cls._wrap(shown.array)
    made._node, made._view, made._cell = shown._node, shown._view, shown._cell
    return made


# --- where it is


def cuda(
    self: Tensor, device: Any = None, non_blocking: bool = False, memory_format: Any = layouts.preserve_format
) -> Tensor:
    """The tensor on a CUDA device; itself if it is there."""
    if device is None:
        place = Device("cuda")
    else:
        place = Device("cuda", device) if isinstance(device, int) else Device(device)
    return to(self, device=place)


def pin_memory(self: Tensor) -> Tensor:
    """Refuse: nothing here copies between host and device by itself, which is what pinned memory is for.

    Raises:
        RuntimeError: Always, as PyTorch's without an accelerator.
    """
    raise DeviceError("pin_memory: cannot access accelerator device when none is available. Leave it out.")


def share_memory_(self: Tensor) -> Tensor:
    """Refuse: tensors live in memory of this process alone.

    Raises:
        RuntimeError: Always.
    """
    raise DeviceError(
        "share_memory_: tensors live in this process's own memory. Send a copy to the other process: they are pickled."
    )


def const_data_ptr(self: Tensor) -> int:
    """Address of the first element, for reading alone."""
    return self.data_ptr()


def dense_dim(self: Tensor) -> int:
    """The number of dimensions that are not sparse: all."""
    return self.ndim


def grad_dtype(self: Tensor) -> dtype:
    """The dtype of the gradient that is added up here.

    Raises:
        RuntimeError: The tensor is no leaf.
    """
    if not self.is_leaf:
        raise GradError("grad_dtype can only be accessed on leaf tensors; this one is a result")
    return self.dtype


def volatile(self: Tensor) -> bool:
    """False, with a warning: it is gone since long."""
    warnings.warn("volatile was removed (Variable.volatile is always False); use no_grad()", UserWarning, stacklevel=2)
    return False


# --- Python functions, element by element


def _check_applicable(name: str, target: Tensor) -> None:
    if target.requires_grad:
        raise GradError(f"Can't call {name}() on Variable that requires grad. Use var.detach().{name}() instead.")
    if not target.is_cpu:
        raise ArgumentTypeError(f"{name} is only implemented on CPU tensors; this one is on {target.device}")


def _map(name: str, target: Tensor, others: tuple[Any, ...], function: Callable[..., Any]) -> Tensor:
    _check_applicable(name, target)
    arrays = [target.array]
    for other in others:
        check_tensor(name, "other", other)
        if other.dtype is not target.dtype:
            raise ArgumentTypeError(f"{name}: expected {type_(target)} for 'other' (got {type_(other)})")
        arrays.append(other.expand(target.shape).array)

    def write(array: Any) -> None:
        # elements reach the function, and come back, as Python's numbers
        lists = [
            a.astype(np.float32).reshape(-1).tolist() if a.dtype.itemsize == 2 else a.reshape(-1).tolist()
            for a in arrays
        ]
        values = [function(*elements) for elements in zip(*lists, strict=True)]
        array[...] = np.array([dtypes.fitting(v, target.dtype) for v in values], array.dtype).reshape(array.shape)

    def compute(old: Tensor) -> Tensor:
        result = old.clone()
        write(result.array)
        return result

    return update(target, compute, write)


def apply_(self: Tensor, callable: Callable[[Any], Any]) -> Tensor:
    """Replace each element by ``callable(element)``. Slow, as every call is Python's.

    Raises:
        RuntimeError: The tensor requires grad. TypeError: a result is no number.
    """
    return _map("apply_", self, (), callable)


def map_(self: Tensor, tensor: Tensor, callable: Callable[[Any, Any], Any]) -> Tensor:
    """Replace each element by ``callable(element, element of tensor)``; ``tensor`` broadcasts.

    Raises:
        RuntimeError: The tensor requires grad. TypeError: the dtypes differ, or a result is no number.
    """
    return _map("map_", self, (tensor,), callable)


def map2_(self: Tensor, x: Tensor, y: Tensor, callable: Callable[[Any, Any, Any], Any]) -> Tensor:
    """Replace each element by ``callable(element, element of x, element of y)``; both broadcast.

    Raises:
        RuntimeError: The tensor requires grad. TypeError: the dtypes differ, or a result is no number.
    """
    return _map("map2_", self, (x, y), callable)


# --- layouts that tensors here never have


def to_dense(self: Tensor, dtype: dtype | None = None, *, masked_grad: bool = True) -> Tensor:
    """The tensor itself, converted if a dtype is given: every tensor here is dense."""
    return self if dtype is None else to(self, dtype=dtype)


def _sparse_only(name: str, expected: str) -> Callable[[Tensor], Any]:
    def refuse(self: Tensor) -> Any:
        raise ShapeError(f"{name} expected {expected} tensor layout but got Strided: every tensor here is dense")

    refuse.__name__ = refuse.__qualname__ = name
    refuse.__doc__ = f"Refuse: only {expected} tensors have it, and every tensor here is dense."
    return refuse


_SPARSE_ONLY = {
    "coalesce": "sparse coordinate",
    "is_coalesced": "sparse coordinate",
    "indices": "sparse coordinate",
    "values": "sparse",
    "crow_indices": "sparse row compressed",
    "col_indices": "sparse row compressed",
    "ccol_indices": "sparse column compressed",
    "row_indices": "sparse column compressed",
}


def _always(name: str, value: Any, doc: str) -> Callable[[Tensor], Any]:
    def answer(self: Tensor) -> Any:
        return value

    answer.__name__ = answer.__qualname__ = name
    answer.__doc__ = doc
    return answer


_KINDS = ("sparse", "sparse_csr", "quantized", "mkldnn", "meta", "nested", "xpu", "mps")

#: Methods and properties by name.
METHODS: dict[str, Any] = {
    **{name: _sparse_only(name, expected) for name, expected in _SPARSE_ONLY.items()},
    **{f"is_{kind}": property(_always(f"is_{kind}", False, f"False: no tensor here is {kind}.")) for kind in _KINDS},
    "apply_": apply_,
    "as_subclass": as_subclass,
    "const_data_ptr": const_data_ptr,
    "cuda": cuda,
    "dense_dim": dense_dim,
    "grad_dtype": property(grad_dtype),
    "is_distributed": _always("is_distributed", False, "False: no tensor here is spread over processes."),
    "is_pinned": _always("is_pinned", False, "False: host memory is never pinned here."),
    "is_shared": _always("is_shared", False, "False: memory is never shared between processes here."),
    "layout": property(_always("layout", layouts.strided, "How the elements are stored: ``lamella.strided``.")),
    "map2_": map2_,
    "map_": map_,
    "name": property(_always("name", None, "None: tensors have no names.")),
    "new": new,
    "new_empty_strided": new_empty_strided,
    "pin_memory": pin_memory,
    "share_memory_": share_memory_,
    "sparse_dim": _always("sparse_dim", 0, "0: no dimension is sparse."),
    "to_dense": to_dense,
    "type": type_,
    "volatile": property(volatile),
}


def is_distributed(input: Tensor) -> bool:
    """Whether the tensor is spread over several processes: False."""
    check_tensor("is_distributed", "input", input)
    return False


__all__ = ["METHODS", "is_distributed"]
