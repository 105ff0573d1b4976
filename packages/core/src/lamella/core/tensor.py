"""The Tensor: an array of a backend, and its place in the graph.

Only what needs no op lives here; the methods that compute are attached from the op table by ``methods``.
"""

from __future__ import annotations

import os
import warnings
from _thread import RLock  # see backends.kernels
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from lamella.core import backends, dtypes, graph
from lamella.core.devices import device
from lamella.core.dtypes import DIFFERENTIABLE, STORED, dtype
from lamella.core.errors import ArgumentError, ArgumentTypeError, DtypeError, GradError, ShapeError
from lamella.core.layouts import contiguous_format, memory_format, order_of
from lamella.core.modes import INFERENCE, current_mode
from lamella.core.rules import one_dim

new = object.__new__
_accumulating = RLock()


def _after_fork_in_child() -> None:
    """Another thread may have held the lock, and a child has none of these."""
    global _accumulating
    _accumulating = RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)


class Size(tuple[int, ...]):
    """The shape of a tensor: a tuple of ints that can say how many elements it makes."""

    __slots__ = ()

    def numel(self) -> int:
        """The number of elements of a tensor of this shape."""
        n = 1
        for size in self:
            n *= size
        return n

    def __getitem__(self, key: Any) -> Any:
        found = super().__getitem__(key)
        return Size(found) if isinstance(key, slice) else found

    def __add__(self, other: Any) -> Any:
        return Size((*self, *other)) if isinstance(other, tuple) else NotImplemented

    def __radd__(self, other: Any) -> Any:
        return Size((*other, *self)) if isinstance(other, tuple) else NotImplemented

    def __mul__(self, times: Any) -> Size:
        return Size(super().__mul__(times))

    __rmul__ = __mul__

    def __repr__(self) -> str:
        return f"lamella.Size({list(self)})"


class View:
    """How a tensor aliases another: whose memory it shows, and whether its place in the graph is up to date.

    Abstract: ``dispatch`` knows how to find the place again after the base was changed in place.

    Attributes:
        base: The tensor that owns the memory; never itself a view.
        seen: The base's version for which the view's node holds; None for a view taken while nothing was recorded,
            which stays outside the graph.
        single: False if the op that made it made several views at once; these can't be changed in place.
    """

    __slots__ = ("base", "seen", "single")

    def __init__(self, base: Tensor, seen: int | None, single: bool = True) -> None:
        self.base = base
        self.seen = seen
        self.single = single

    def renewed(self, tensor: Tensor) -> graph.Node | None:
        """The node of ``tensor`` (the view) now that the base has changed."""
        raise NotImplementedError(f"{type(self).__name__} defines how a view finds its place again")


if TYPE_CHECKING:  # what `methods` attaches
    from lamella.core.tensor_methods import Methods
else:
    Methods = object


class Tensor(Methods):
    """A multi-dimensional array that remembers how it was computed. Made by :func:`lamella.tensor` and the ops.

    Attributes:
        array: The backend's array. For ops, kernels and optimizers; other code uses :meth:`numpy`.
    """

    # _node: the graph node of this result, None if no gradient is wanted. _view: a View, None if the memory is our own.
    # _cell: a one-element list with the memory's version, shared by all that alias it and by nodes that saved it;
    # None until somebody asks.
    __slots__ = ("__weakref__", "_cell", "_grad", "_node", "_view", "array")

    array: Any
    _node: graph.Node | None
    _view: View | None
    _cell: list[int] | None
    _grad: Tensor | None

    # NumPy's operators step back for a higher priority, so that `array + tensor` is ours.
    __array_priority__ = 1000

    def __new__(cls, *args: Any) -> Any:
        """``Tensor(sizes…)`` is uninitialized, ``Tensor(values)`` a copy.

        Both of the default dtype. Prefer ``tensor()``.
        """
        default = dtypes.get_default_dtype().numpy
        if len(args) == 1 and not isinstance(args[0], (int, Size)):
            values = args[0].array if isinstance(args[0], Tensor) else args[0]
            return cls._wrap(np.array(values, default))
        sizes = args[0] if args and isinstance(args[0], Size) else args or (0,)
        return cls._wrap(np.empty(sizes, default))

    @classmethod
    def _wrap(cls, array: Any, requires_grad: bool = False) -> Any:
        """A leaf of this class over ``array``, without a copy."""
        t = new(cls)
        t.array = array
        t._node = t._view = t._cell = t._grad = None
        if requires_grad:
            t.requires_grad = True
        return t

    # --- what it is

    @property
    def shape(self) -> Size:
        """The sizes of the dimensions."""
        return Size(self.array.shape)

    @property
    def dtype(self) -> dtype:
        """The element type."""
        return dtypes.from_numpy_dtype(self.array.dtype)

    @property
    def device(self) -> device:
        """Where the elements are."""
        found: device = backends.device_of(self.array)
        return found

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        n: int = self.array.ndim
        return n

    def dim(self) -> int:
        """The number of dimensions."""
        return self.ndim

    ndimension = dim

    def size(self, dim: int | None = None) -> Any:
        """The shape, or the size of one dimension.

        Raises:
            IndexError: There is no such dimension.
        """
        if dim is None:
            return self.shape
        return self.array.shape[one_dim(dim, self.array.ndim)]

    def numel(self) -> int:
        """The number of elements."""
        n: int = self.array.size
        return n

    nelement = numel

    @property
    def itemsize(self) -> int:
        """Bytes in one element."""
        n: int = self.array.itemsize
        return n

    def element_size(self) -> int:
        """Bytes in one element."""
        return self.itemsize

    @property
    def nbytes(self) -> int:
        """Bytes in all elements."""
        n: int = self.array.nbytes
        return n

    def stride(self, dim: int | None = None) -> Any:
        """Steps in elements from one element to the next along each dimension, or along ``dim``."""
        itemsize = self.array.itemsize
        steps = tuple(s // itemsize for s in self.array.strides)
        return steps if dim is None else steps[dim]

    def storage_offset(self) -> int:
        """Elements between the first element of the memory's owner and this tensor's first."""
        if self._view is None:
            return 0
        base = self._view.base.array
        return backends.of_array_type(type(base)).offset(self.array, base)

    def is_contiguous(self, memory_format: memory_format = contiguous_format) -> bool:
        """Whether the elements lie in memory in row-major order, or in that of ``memory_format``, without gaps."""
        array = self.array
        if memory_format is not contiguous_format:
            try:
                array = array.transpose(order_of(array, memory_format))
            except ShapeError:  # an order for another number of dimensions
                return False
        answer: bool = array.flags.c_contiguous
        return answer

    def data_ptr(self) -> int:
        """Address of the first element; 0 if there is none."""
        address: int = self.array.__array_interface__["data"][0] if self.array.size else 0
        return address

    def is_floating_point(self) -> bool:
        """Whether the dtype is a floating-point one."""
        return self.dtype.is_floating_point

    def is_complex(self) -> bool:
        """Whether the dtype is complex."""
        return self.dtype.is_complex

    def is_signed(self) -> bool:
        """Whether the dtype has negative values."""
        return self.dtype.is_signed

    @property
    def is_cuda(self) -> bool:
        """Whether it lives on a CUDA device."""
        return self.device.type == "cuda"

    @property
    def is_cpu(self) -> bool:
        """Whether it lives on the CPU."""
        return self.device.type == "cpu"

    # --- its place in the graph

    @property
    def requires_grad(self) -> bool:
        """Whether what is computed from it is recorded. Set it on tensors you made; results have it by their inputs."""
        return live_node(self) is not None

    @requires_grad.setter
    def requires_grad(self, wanted: bool) -> None:
        node = live_node(self)
        if node is not None and type(node) is not graph.Leaf:
            raise GradError(
                "you can only change requires_grad flags of leaf variables; this tensor is the result of "
                f"{node.name()}. Use x.detach() to get a tensor that does not require grad."
            )
        if bool(wanted) == (node is not None):
            return
        if self._cell is INFERENCE and not current_mode().inference:
            raise GradError(
                "Setting requires_grad=True on inference tensor outside InferenceMode is not allowed. Use a clone()."
            )
        if not wanted:
            self._node = None
            return
        if self.array.dtype not in DIFFERENTIABLE:
            raise GradError(
                f"only Tensors of floating point and complex dtype can require gradients, this one has {self.dtype}. "
                "Convert it first, for instance with x.float()."
            )
        self._node = graph.Leaf(self)
        self._view = None  # a leaf of its own: what becomes of the base no longer changes its place

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Set :attr:`requires_grad` and return the tensor; a result that requires grad anyway is left as it is."""
        if self.is_leaf or not requires_grad:
            self.requires_grad = requires_grad
        return self

    @property
    def is_leaf(self) -> bool:
        """Whether it was made by the user and not computed from something that requires grad."""
        node = live_node(self)
        return node is None or type(node) is graph.Leaf

    @property
    def grad_fn(self) -> graph.Node | None:
        """The graph node that made it; None for leaves."""
        node = live_node(self)
        if type(node) is graph.Part:
            return node.parent
        return None if type(node) is graph.Leaf else node

    @property
    def output_nr(self) -> int:
        """Which output of :attr:`grad_fn` it is."""
        return self._node.index if isinstance(self._node, graph.Part) else 0

    @property
    def grad(self) -> Tensor | None:
        """The gradient that ``backward()`` has added up here; None before the first."""
        if self._grad is None and not self.is_leaf and not self.retains_grad:
            warnings.warn(
                "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad attribute "
                "won't be populated during autograd.backward(). If you want it, call .retain_grad() on the tensor "
                "first.",
                UserWarning,
                stacklevel=2,
            )
        return self._grad

    @grad.setter
    def grad(self, grad: Tensor | None) -> None:
        if grad is not None:
            if not isinstance(grad, Tensor):
                raise ArgumentTypeError(f"assigned grad expected to be a Tensor or None, got {type(grad).__name__}")
            if grad is self:
                raise GradError("can't assign a Tensor as its own grad; assign a copy: x.grad = x.clone()")
            if grad.array.shape != self.array.shape:
                raise ShapeError(
                    f"assigned grad has shape {tuple(grad.shape)}, expected the tensor's {tuple(self.shape)}"
                )
            if grad.array.dtype != self.array.dtype:
                raise GradError(f"assigned grad has dtype {grad.dtype}, expected the tensor's {self.dtype}")
            if grad.device != self.device:
                raise GradError(f"assigned grad is on {grad.device}, expected the tensor's {self.device}")
        self._grad = grad

    @grad.deleter
    def grad(self) -> None:
        self._grad = None

    def _accumulate_grad(self, grad: Any, differentiable: bool) -> None:
        """Add to :attr:`grad`. ``grad`` is ours to keep: an array, or a Tensor where it is itself differentiable."""
        with _accumulating:  # several threads may run backward to the same leaf
            have = self._grad
            if differentiable:
                self._grad = grad if have is None else have + grad
            elif have is None:
                self._grad = Tensor._wrap(grad)
            else:
                have.array += grad
                have._bump()

    def _bump(self) -> None:
        """Note that the memory has changed."""
        if self._cell is None:
            self._cell = [1]
        elif self._cell is not INFERENCE:
            self._cell[0] += 1

    @property
    def _version(self) -> int:
        """How often the memory was changed in place."""
        if self._cell is INFERENCE:
            raise GradError("Inference tensors do not track version counter.")
        return 0 if self._cell is None else self._cell[0]

    @property
    def _base(self) -> Tensor | None:
        """The tensor whose memory a differentiable view shows; None if this is no view."""
        return None if self._view is None else self._view.base

    def _is_view(self) -> bool:
        return self._view is not None

    def _shared_cell(self) -> list[int]:
        if self._cell is None:
            self._cell = [0]
        return self._cell

    def detach(self) -> Tensor:
        """The same elements (shared memory), outside the graph."""
        t: Tensor = Tensor._wrap(self.array)
        t._cell = self._shared_cell()
        return t

    def detach_(self) -> Tensor:
        """Take this tensor out of the graph: it becomes a leaf that requires no grad.

        Raises:
            RuntimeError: It is a view.
        """
        if self._view is not None and self._node is not None:
            raise GradError("Can't detach views in-place. Use detach() instead.")
        self._node = None
        return self

    @property
    def data(self) -> Tensor:
        """The same elements, outside the graph and without version checks: changes through it go unnoticed."""
        return Tensor._wrap(self.array)

    @data.setter
    def data(self, other: Tensor) -> None:
        if not isinstance(other, Tensor):
            raise ArgumentTypeError(f"x.data expects a Tensor, got {type(other).__name__}")
        self.array = other.array
        self._cell = None
        if isinstance(self._node, graph.Leaf):
            self._node.shape, self._node.dtype = self.array.shape, self.array.dtype

    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> graph.Handle:
        """Call ``hook(grad)`` whenever the gradient of this tensor is computed; it may return another in its place.

        Returns:
            A handle whose ``remove()`` takes the hook away.

        Raises:
            RuntimeError: The tensor does not require grad.
        """
        node = live_node(self)
        if node is None:
            raise GradError("cannot register a hook on a tensor that doesn't require gradient")
        return graph.add_hook(node, hook)

    def register_post_accumulate_grad_hook(self, hook: Callable[[Tensor], None]) -> graph.Handle:
        """Call ``hook(tensor)`` each time a backward pass has added to this leaf's :attr:`grad`.

        Raises:
            RuntimeError: The tensor is no leaf that requires grad.
        """
        if type(self._node) is not graph.Leaf:
            raise GradError(
                "post accumulate grad hooks cannot be registered on tensors that are not leaves requiring grad"
            )
        if self._node.after_hooks is None:
            self._node.after_hooks = []
        return graph.Handle(self._node.after_hooks, hook)

    def retain_grad(self) -> None:
        """Keep the gradient of this result in :attr:`grad`, as a leaf does.

        Raises:
            RuntimeError: The tensor does not require grad.
        """
        if self._node is None:
            raise GradError("can't retain_grad on Tensor that has requires_grad=False")
        if not self.is_leaf and not self.retains_grad:
            graph.add_hook(live_node(self), graph.RetainGrad(self))  # type: ignore[arg-type]  # it has a node

    @property
    def retains_grad(self) -> bool:
        """Whether :meth:`retain_grad` was called on this result."""
        node = self._node
        return not self.is_leaf and any(type(h) is graph.RetainGrad for h in node.hooks or ())  # type: ignore[union-attr]  # no leaf: it has a node

    # --- out of the framework

    def numpy(self, *, force: bool = False) -> np.ndarray:
        """The elements as a NumPy array that shares memory.

        Args:
            force: Detach and copy to the host if need be.

        Raises:
            RuntimeError: It requires grad (``x.detach().numpy()``).
            TypeError: It is on another device (``x.cpu().numpy()``), or its dtype is none of NumPy's.
        """
        if self._node is not None and not force:
            raise GradError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")
        if not self.is_cpu and not force:
            raise ArgumentTypeError(
                f"can't convert {self.device} device type tensor to numpy. Use Tensor.cpu() to copy the tensor to "
                "host memory first."
            )
        if self.array.dtype in STORED:
            raise ArgumentTypeError(f"NumPy has no {self.dtype}: convert it first, with x.float().numpy()")
        array: np.ndarray = backends.of_array_type(type(self.array)).to_numpy(self.array)
        return array

    def tolist(self) -> Any:
        """The elements as nested lists of Python numbers; a number for a 0-dim tensor."""
        found = self.detach()
        return (found.float() if self.array.dtype in STORED else found).numpy(force=True).tolist()

    def item(self) -> Any:
        """The only element, as a Python number.

        Raises:
            RuntimeError: There is not exactly one element.
        """
        if self.array.size != 1:
            raise ShapeError(
                f"a Tensor with {self.array.size} elements cannot be converted to Scalar (shape {tuple(self.shape)}). "
                "Use .tolist() for all of them, or reduce it first."
            )
        return float(self.array.reshape(())) if self.array.dtype in STORED else self.array.item()

    def __len__(self) -> int:
        if self.array.ndim == 0:
            raise ArgumentTypeError("len() of a 0-d tensor")
        n: int = self.array.shape[0]
        return n

    def __iter__(self) -> Iterator[Tensor]:
        if self.array.ndim == 0:
            raise ArgumentTypeError("iteration over a 0-d tensor")
        return iter(self.unbind(0))

    def __bool__(self) -> bool:
        if self.array.size != 1:
            raise ShapeError(
                f"Boolean value of Tensor with {'no values' if self.array.size == 0 else 'more than one value'} is "
                f"ambiguous (shape {tuple(self.shape)}). Use .any() or .all()."
            )
        return bool(self.array.item())

    def _scalar(self) -> Any:
        if self.array.size != 1:
            raise ArgumentError(
                f"only one element tensors can be converted to Python scalars, got shape {tuple(self.shape)}. "
                "Use .tolist() for all elements, or reduce it first."
            )
        return float(self.array.reshape(())) if self.array.dtype in STORED else self.array.item()

    def _real_scalar(self) -> Any:
        value = self._scalar()
        if not isinstance(value, complex):
            return value
        if value.imag:
            raise DtypeError(f"{value} has an imaginary part, which a real number can't hold; take x.real or x.abs()")
        return value.real

    def __float__(self) -> float:
        return float(self._real_scalar())

    def __int__(self) -> int:
        return int(self._real_scalar())

    def __complex__(self) -> complex:
        return complex(self._scalar())

    def __index__(self) -> int:
        if self.array.size != 1 or self.array.dtype.kind not in "iub":
            raise ArgumentTypeError("only integer tensors of a single element can be converted to an index")
        return int(self.array.item())

    def __hash__(self) -> int:
        return id(self)

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if self.array.ndim == 0 else super().__format__(spec)

    def __contains__(self, element: Any) -> bool:
        if not isinstance(element, (Tensor, int, float, complex, np.generic)):
            raise DtypeError(f"`in` expects a Tensor or a number before a Tensor, got {type(element).__name__}")
        return bool((self == element).any())

    def __pos__(self) -> Tensor:
        if self.array.dtype == np.bool_:
            raise DtypeError("the `+` operator on a bool tensor is not supported; convert it first: x.int()")
        return self

    def __repr__(self) -> str:
        from lamella.core import printing  # not at import: many programs print no tensor

        suffixes = []
        if self._node is not None:
            fn = self.grad_fn
            suffixes.append("requires_grad=True" if fn is None else f"grad_fn=<{fn.name()}>")
        host = backends.of_array_type(type(self.array)).to_numpy(self.array)
        return printing.format_tensor(host, suffixes=suffixes, device=None if self.is_cpu else str(self.device))


def live_node(tensor: Tensor) -> graph.Node | None:
    """The tensor's node; that of a view is renewed first if its base was changed in place since."""
    view, cell = tensor._view, tensor._cell
    # a base that got other memory, by x.data = …, no longer shares the cell
    if view is not None and view.seen is not None and cell is view.base._cell and cell[0] != view.seen:  # type: ignore[index]  # a view has one
        before = tensor._node
        tensor._node = view.renewed(tensor)
        view.seen = cell[0]  # type: ignore[index]  # a view has a cell
        graph.move_retained(before, tensor._node)
    return tensor._node


def is_tensor(obj: Any, /) -> bool:
    """Whether ``obj`` is a Tensor."""
    return isinstance(obj, Tensor)


def check_tensor(op: str, argument: str, given: Any) -> Tensor:
    """``given``, if it is a Tensor.

    Raises:
        TypeError: It is something else.
    """
    if not isinstance(given, Tensor):
        raise ArgumentTypeError(f"{op}(): argument '{argument}' must be Tensor, not {type(given).__name__}")
    return given


__all__ = ["Size", "Tensor", "View", "check_tensor", "is_tensor", "live_node"]
