"""The two ways to compute with gradients: on raw arrays, and on Tensors where a gradient is itself differentiated."""

from __future__ import annotations

from typing import Any

import numpy as np

from lamella.core import backends
from lamella.core.backends import kernels
from lamella.core.dtypes import DIFFERENTIABLE, STORED, widened
from lamella.core.errors import GradError
from lamella.core.graph import Node, PartialGrads, part_of
from lamella.core.op import OPS
from lamella.core.recording import OpNode, SeveralNode
from lamella.core.tensor import Tensor


class RawOps:
    """The ops as functions of raw arrays of one type; a rule's ``F`` when nothing is recorded."""

    __slots__ = ("__dict__", "_array_type")

    def __init__(self, array_type: type) -> None:
        self._array_type = array_type
        kernels.forget_on_change(self.__dict__)

    def __getattr__(self, name: str) -> Any:
        kernel = self.__dict__[name] = OPS[name].kernels[self._array_type]
        return kernel

    def conj(self, x: Any) -> Any:
        """The complex conjugate; real arrays and numbers as they are, without a pass over memory."""
        kind: Any = type(x)
        if kind is self._array_type:  # the usual case, told apart fastest
            return OPS["conj"].kernels[kind](x) if x.dtype.kind == "c" else x
        return x.conjugate() if isinstance(x, (complex, np.complexfloating)) else x


class TensorOps:
    """The ops as functions of Tensors; a rule's ``F`` when the gradient is differentiable."""

    def __getattr__(self, name: str) -> Any:
        return OPS[name].call

    def conj(self, x: Any) -> Any:
        """The complex conjugate; real tensors and numbers as they are."""
        if isinstance(x, complex):
            return x.conjugate()
        return OPS["conj"].call(x) if isinstance(x, Tensor) and x.array.dtype.kind == "c" else x


def summed_axes(shape: tuple[int, ...], target: tuple[int, ...]) -> tuple[int, ...]:
    """The axes of ``shape`` that broadcasting added to or stretched in ``target``.

    Raises:
        RuntimeError: ``target`` does not broadcast to ``shape``.
    """
    lead = len(shape) - len(target)
    if lead < 0 or any(t not in (1, s) for s, t in zip(shape[lead:], target, strict=True)):
        raise GradError(f"a gradient rule returned shape {shape} for an input of shape {target}")
    stretched = (i + lead for i, t in enumerate(target) if t == 1 and shape[i + lead] != 1)
    return (*range(lead), *stretched)


class RawAlgebra:
    """Gradients as raw arrays: fast, nothing recorded."""

    differentiable = False

    def __init__(self, array_type: type) -> None:
        self.array_type = array_type
        self.backend = backends.of_array_type(array_type)
        self.F = RawOps(array_type)

    def on_device_of(self, grad: Any) -> RawAlgebra:
        return raw(type(next(iter(grad.values())) if isinstance(grad, PartialGrads) else grad))

    def arguments(self, node: OpNode, saved: tuple[Any, ...], grad: Any) -> tuple[Any, ...]:
        if STORED:
            grad, saved = widened(grad), widened(tuple(saved))
        return (grad, *saved, *node.attrs)

    def fit(self, grad: Any, node: Node) -> Any:
        if type(grad) not in backends._by_array_type:  # NumPy gives scalars for 0-dim results
            grad = self.backend.xp.asarray(grad)
        if grad.shape != node.shape:
            axes = summed_axes(grad.shape, node.shape)
            grad = self.backend.xp.sum(grad, axis=axes, keepdims=True).reshape(node.shape)
        if grad.dtype is not node.dtype and grad.dtype != node.dtype:
            grad = (grad.real if grad.dtype.kind == "c" and node.dtype.kind != "c" else grad).astype(node.dtype)
        return grad

    def add(self, a: Any, b: Any, owned: bool) -> Any:
        if owned:
            a += b
            return a
        return a + b if a.ndim else self.backend.xp.asarray(a + b)  # NumPy: 0-dim sums are scalars

    def zeros(self, like: Any, shape: tuple[int, ...], dtype: Any) -> Any:
        return self.backend.xp.zeros(shape, dtype=dtype, device=like.device)

    def pull_quietly(self, node: Node, grad: Any, wanted: set[Node] | None) -> Any:
        with np.errstate(all="ignore"):
            return node.pull(grad, self, wanted)

    def is_view(self, grad: Any) -> bool:
        return grad.base is not None

    def copy(self, grad: Any) -> Any:
        return grad.copy()

    def as_tensor(self, grad: Any) -> Tensor:
        return Tensor._wrap(grad)

    def from_tensor(self, grad: Tensor) -> Any:
        return grad.array


class TensorAlgebra:
    """Gradients as Tensors: what is computed with them is recorded where grad mode says so."""

    differentiable = True
    array_type: type = Tensor
    F = TensorOps()

    def on_device_of(self, grad: Any) -> TensorAlgebra:
        return self

    def arguments(self, node: OpNode, saved: tuple[Any, ...], grad: Any) -> tuple[Any, ...]:
        out, *inputs = saved
        if isinstance(node, SeveralNode) and out is not None:
            out = tuple(None if a is None else _tensor(a, part_of(node, i, a)) for i, a in enumerate(out))
        elif out is not None:
            out = _tensor(out, node)
        if node.op.variadic:
            arrays = inputs[0]
            if arrays is not None:
                inputs = [tuple(_tensor(a, e) for a, e in zip(arrays, node.edges, strict=True))]
        else:
            inputs = [_tensor(a, e) for a, e in zip(inputs, node.edges, strict=True)]
        return (grad, out, *inputs, *node.attrs)

    def fit(self, grad: Any, node: Node) -> Any:
        if not isinstance(grad, Tensor):
            raise GradError(f"a gradient rule returned {type(grad).__name__}, expected a Tensor")
        array = grad.array
        if array.shape != node.shape:
            grad = OPS["sum"].call(grad, summed_axes(array.shape, node.shape), False)
            grad = OPS["reshape"].call(grad, node.shape)
        if array.dtype != node.dtype:
            if array.dtype.kind == "c" and node.dtype.kind != "c":
                grad = OPS["real"].call(grad)
            grad = OPS["cast"].call(grad, node.dtype)
        return grad

    def add(self, a: Tensor, b: Tensor, owned: bool) -> Any:
        return OPS["add"].call(a, b)

    def zeros(self, like: Tensor, shape: tuple[int, ...], dtype: Any) -> Any:
        backend = backends.of_device_type(like.device.type)
        assert backend is not None, "a tensor's backend is loaded"
        return Tensor._wrap(backend.asarray(backend.xp.zeros(shape, dtype=dtype), like.device))

    def pull_quietly(self, node: Node, grad: Any, wanted: set[Node] | None) -> Any:
        return node.pull(grad, self, wanted)  # each op call has seen to it

    def is_view(self, grad: Tensor) -> bool:
        return grad._view is not None

    def copy(self, grad: Tensor) -> Any:
        return OPS["clone"].call(grad)

    def as_tensor(self, grad: Tensor) -> Tensor:
        return grad

    def from_tensor(self, grad: Tensor) -> Any:
        return grad


TENSORS = TensorAlgebra()


def ones_like(tensor: Tensor) -> Tensor:
    """Where a backward pass starts: a gradient of ones."""
    array, place = tensor.array, tensor.device
    backend = backends.of_device_type(place.type)
    assert backend is not None, "a tensor's backend is loaded"
    if array.ndim or array.dtype not in _ONES:
        ones = np.ones(array.shape, array.dtype)
    else:
        ones = _ONES[array.dtype]
    return Tensor._wrap(backend.asarray(ones, place))


#: The usual start. One array serves all losses; it is read-only, so that no hook can change it for the next one.
_ONES = {d: np.broadcast_to(np.ones(1, d), (1,)).reshape(()) for d in DIFFERENTIABLE}


def _tensor(array: Any, node: Node | None) -> Any:
    """A saved array as a Tensor at its old place in the graph; numbers, None and index tuples as they are."""
    if isinstance(array, tuple):
        return tuple(_tensor(a, None) for a in array)
    if type(array) not in backends._by_array_type:
        return array
    t = Tensor._wrap(array)
    t._node = node
    return t


_raw: dict[type, RawAlgebra] = {}


def raw(array_type: type) -> RawAlgebra:
    """The algebra on raw arrays of one type."""
    found = _raw.get(array_type)
    if found is None:
        found = _raw[array_type] = RawAlgebra(array_type)
    return found
