"""The methods and operators of Tensor, attached from the op families; and what of Generator gives Tensors.

What a family makes methods of is said in ``ops``; methods of families that are not imported yet load them.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any

from lamella.core import autograd, dtypes, inplace, ops
from lamella.core.errors import ShapeError
from lamella.core.keywords import check_placement
from lamella.core.op import OPS
from lamella.core.ops import conversions, creation, index, indexing, matmul, pointwise, random, selection, shapes
from lamella.core.random import Generator
from lamella.core.tensor import Tensor

#: Operators that are the function of that name.
OPERATORS = {
    "__add__": "add",
    "__radd__": "add",
    "__sub__": "sub",
    "__mul__": "mul",
    "__rmul__": "mul",
    "__truediv__": "div",
    "__pow__": "pow",
    "__neg__": "neg",
    "__abs__": "abs",
    "__floordiv__": "floor_divide",
    "__mod__": "remainder",
    "__and__": "bitwise_and",
    "__rand__": "bitwise_and",
    "__or__": "bitwise_or",
    "__ror__": "bitwise_or",
    "__xor__": "bitwise_xor",
    "__rxor__": "bitwise_xor",
    "__invert__": "bitwise_not",
    "__lshift__": "bitwise_left_shift",
    "__rshift__": "bitwise_right_shift",
    "__matmul__": "matmul",
}
#: Operators on swapped operands.
SWAPPED = {
    "__rsub__": "sub",
    "__rtruediv__": "div",
    "__rdiv__": "div",
    "__rpow__": "pow",
    "__rmatmul__": "matmul",
    "__rfloordiv__": "floor_divide",
    "__rmod__": "remainder",
    "__rlshift__": "bitwise_left_shift",
    "__rrshift__": "bitwise_right_shift",
}
#: Comparisons: ``==`` and ``!=`` compare the objects themselves where the other is neither a Tensor nor a number.
COMPARISONS = ("eq", "ne", "lt", "le", "gt", "ge")
#: Augmented assignments.
AUGMENTED = {
    "__iadd__": "add_",
    "__isub__": "sub_",
    "__imul__": "mul_",
    "__itruediv__": "div_",
    "__ipow__": "pow_",
    "__ifloordiv__": "floor_divide_",
    "__imod__": "remainder_",
    "__iand__": "bitwise_and_",
    "__ior__": "bitwise_or_",
    "__ixor__": "bitwise_xor_",
    "__ilshift__": "bitwise_left_shift_",
    "__irshift__": "bitwise_right_shift_",
}
_OPERATORS_OF = {name: (operator,) for operator, name in AUGMENTED.items()}
#: Modules besides the op families that have methods, which are imported when one is first used.
LATER = ("interchange", "tensor_info")
#: Methods that convert to one dtype.
CONVERSIONS = {
    "float": dtypes.float32,
    "double": dtypes.float64,
    "half": dtypes.float16,
    "long": dtypes.int64,
    "int": dtypes.int32,
    "short": dtypes.int16,
    "char": dtypes.int8,
    "byte": dtypes.uint8,
    "bool": dtypes.bool,
    "cfloat": dtypes.complex64,
    "cdouble": dtypes.complex128,
}


def _is_method(function: Callable[..., Any]) -> bool:
    op = getattr(function, "op", None)
    if op is not None:
        return bool(op.inputs[0] == "input")
    code = inspect.unwrap(function).__code__
    return code.co_argcount > 0 and code.co_varnames[0] == "input"


def _swapped(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda self, other: function(other, self)


def _where(self: Tensor, condition: Tensor, other: Any) -> Tensor:
    """The tensor where ``condition`` holds, ``other`` elsewhere."""
    return selection.where(condition, self, other)


def _conversion(name: str, target: dtypes.dtype) -> Callable[[Tensor], Tensor]:
    def convert(self: Tensor) -> Tensor:
        return conversions.to(self, dtype=target)

    convert.__name__ = convert.__qualname__ = name
    convert.__doc__ = f"The tensor converted to {target.name}; itself if it has that dtype."
    return convert


def _new(make: Callable[..., Any]) -> Callable[..., Any]:
    def new(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        check_placement(f"new_{make.__name__}", kwargs)
        kwargs["dtype"] = kwargs.get("dtype") or self.dtype
        kwargs["device"] = kwargs.get("device") or self.device
        return creation.alike(make(*args, **kwargs), self)

    new.__name__ = new.__qualname__ = f"new_{make.__name__}"
    new.__doc__ = f"Like :func:`lamella.{make.__name__}`, by default with the dtype and device of this tensor."
    return new


def _bfloat16(self: Tensor) -> Tensor:
    """The tensor converted to bfloat16; itself if it has that dtype."""
    return conversions.to(self, dtype=dtypes.by_name("bfloat16"))


def _cpu(self: Tensor) -> Tensor:
    """The tensor on the CPU; itself if it is there."""
    return conversions.to(self, device="cpu")


def _reversed(self: Tensor) -> Tensor:
    """A view with all dimensions in reverse order; meant for matrices."""
    return shapes.permute(self, tuple(reversed(range(self.array.ndim))))


def _matrix_transposed(self: Tensor) -> Tensor:
    """A view with the last two dimensions swapped.

    Raises:
        RuntimeError: There are fewer than two.
    """
    if self.array.ndim == 1:
        raise ShapeError(
            "tensor.mT is only supported on matrices or batches of matrices. Got 1-D tensor; use unsqueeze()."
        )
    return shapes.transpose(self, -2, -1)


class Later:
    """A method whose module is imported when it is first used."""

    __slots__ = ("module", "name")

    def __init__(self, name: str, module: str) -> None:
        self.name = name
        self.module = module

    def __get__(self, tensor: Tensor | None, owner: type) -> Any:
        attach(ops.load(self.module))  # puts the methods in the place of these
        return getattr(owner if tensor is None else tensor, self.name)


class InPlace:
    """An in-place method, made of its function when it is first used."""

    __slots__ = ("function", "names")

    def __init__(self, function: Callable[..., Any]) -> None:
        name = f"{function.__name__}_"
        self.function = function
        self.names = (name, *_OPERATORS_OF.get(name, ()))

    def __get__(self, tensor: Tensor | None, owner: type) -> Any:
        method: Any = inplace.inplace(self.function)
        for name in self.names:
            setattr(Tensor, name, method)
        return method if tensor is None else method.__get__(tensor)


def of_family(family: ModuleType) -> dict[str, Any]:
    """The methods that a family, or another module with ``METHODS``, gives Tensors."""
    alone = getattr(family, "METHODS", ())
    if isinstance(alone, dict):
        return alone
    functions_only = getattr(family, "NOT_METHODS", ())
    both = {n: f for n, f in ops.functions(family).items() if _is_method(f) and n not in functions_only}
    in_place = {f"{n}_": InPlace(getattr(family, n)) for n in getattr(family, "IN_PLACE", ())}
    return both | {n: getattr(family, n) for n in alone} | in_place


def attach(family: ModuleType) -> None:
    """Give Tensors the methods of a family."""
    for name, method in of_family(family).items():
        setattr(Tensor, name, method)


def _part(name: str) -> property:
    """A property of one part of complex numbers, which can be assigned to."""

    def assign(self: Tensor, value: Any) -> None:
        part = getattr(self, name)
        part.copy_(value) if isinstance(value, Tensor) else part.fill_(value)

    return property(getattr(pointwise, name), assign)


def _attach_all() -> None:
    for name, family in index.METHODS.items():
        setattr(Tensor, name, Later(name, family))
    for loaded in ops.EAGER:
        attach(loaded)
    for operator, name in OPERATORS.items():
        setattr(Tensor, operator, matmul.matmul if name == "matmul" else OPS[name].operator)
    for operator, name in SWAPPED.items():
        setattr(Tensor, operator, _swapped(matmul.matmul if name == "matmul" else OPS[name].call))
    for name in COMPARISONS:
        setattr(Tensor, f"__{name}__", OPS[name].operator)
    for operator, name in AUGMENTED.items():
        setattr(Tensor, operator, vars(Tensor)[name])
    for name in inplace.METHODS:
        setattr(Tensor, name, getattr(inplace, name))
    for name, target in CONVERSIONS.items():
        setattr(Tensor, name, _conversion(name, target))
    for make in (creation.tensor, creation.zeros, creation.ones, creation.full, creation.empty):
        setattr(Tensor, f"new_{make.__name__}", _new(make))
    for name, method in OTHERS.items():
        setattr(Tensor, name, method)
    for name in ("get_state", "set_state"):
        setattr(Generator, name, getattr(random, name))


#: Methods that are not a function's, an operator's or a conversion.
OTHERS: dict[str, Any] = {
    "T": property(_reversed),
    "__getitem__": indexing.tensor_getitem,
    "__setitem__": indexing.tensor_setitem,
    "backward": autograd.tensor_backward,
    "bfloat16": _bfloat16,
    "cpu": _cpu,
    "imag": _part("imag"),
    "index_put_": indexing.index_put_,
    "mT": property(_matrix_transposed),
    "real": _part("real"),
    "where": _where,
}

_attach_all()
