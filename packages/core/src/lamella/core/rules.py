"""Shape and dtype rules: what an op's result looks like, without looking at data.

A shape rule is called with the shapes of the inputs (None for an absent one, a tuple of shapes for a sequence of
tensors) and the attributes, and gives the result's shape, or a list of shapes. It raises :class:`ShapeError` with
what was given and what is expected; the dispatcher puts the op's name in front.

A :class:`DtypeRule` is called with the operands (anything with ``dtype`` and ``ndim``, and Python numbers) and the
attributes; it gives the dtype to compute in and the dtype of the result.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

import numpy as np

from lamella.core import dtypes
from lamella.core.errors import ArgumentTypeError, DtypeError, IndexRangeError, ShapeError

Shape = tuple[int, ...]
Function = TypeVar("Function", bound=Callable[..., Any])

# --- dimensions


def one_dim(dim: int, ndim: int) -> int:
    """``dim``, an int or what stands for one, counted from the front.

    Raises:
        IndexError: There is no such dimension. TypeError: it is no int.
    """
    n = ndim or 1  # PyTorch lets 0-dim tensors be addressed as if they had one dimension
    try:
        dim = operator.index(dim)
    except TypeError:
        raise ArgumentTypeError(f"dim must be an int, got {dim!r}") from None
    if not -n <= dim < n:
        raise IndexRangeError(
            f"Dimension out of range (expected to be in range of [{-n}, {n - 1}], but got {dim}) for a tensor with "
            f"{ndim} dimensions"
        )
    return dim + n if dim < 0 else dim


def some_dims(dim: int | Sequence[int] | None, ndim: int) -> tuple[int, ...]:
    """Dimensions counted from the front; all of them for None or an empty sequence.

    Raises:
        IndexError: There is no such dimension.
        RuntimeError: One is named twice. TypeError: one is no int.
    """
    try:
        given: Any = () if dim is None else (dim,) if hasattr(dim, "__index__") else tuple(dim)
    except TypeError:
        raise ArgumentTypeError(f"dim must be an int or a tuple of ints, got {dim!r}") from None
    if not given:
        return tuple(range(ndim))
    found = tuple(one_dim(d, ndim) for d in given)
    if len(set(found)) != len(found):
        raise ShapeError(f"dim {dim} appears multiple times in the list of dims")
    return found if ndim else ()


def numpy_names(function: Function) -> Function:
    """``function``, taking NumPy's ``axis`` and ``keepdims`` for ``dim`` and ``keepdim`` too, as PyTorch does."""

    @functools.wraps(function)
    def call(input: Any, *args: Any, **kwargs: Any) -> Any:
        if "axis" in kwargs:
            return call(input, *args, dim=kwargs.pop("axis"), **kwargs)
        if "keepdims" in kwargs:
            return call(input, *args, keepdim=kwargs.pop("keepdims"), **kwargs)
        return function(input, *args, **kwargs)

    return cast(Function, call)


def sizes(arguments: tuple[Any, ...], named: Sequence[int] | None = None) -> Shape:
    """Sizes given one by one or as one sequence: ``f(2, 3)``, ``f((2, 3))``, ``f(x.shape)``; or by a keyword.

    Raises:
        TypeError: One is no int; there are none, or both kinds.
    """
    given: Any = arguments if named is None else (*arguments, named)
    try:
        if len(given) == 1 and not hasattr(given[0], "__index__"):
            given = tuple(given[0])
        elif not given:
            raise TypeError
        return tuple(operator.index(s) for s in given)
    except TypeError:
        raise ArgumentTypeError(f"expected ints, one by one or as one tuple, got {given}") from None


# --- shapes


def same(shape: Shape, *rest: Any) -> Shape:
    """The result has the shape of the first input."""
    return shape


def elementwise(shape: Shape, *rest: Any) -> Shape:
    """Each element of the result comes from those in its place in the inputs, whatever is around them."""
    return shape


def broadcast(*shapes: Shape | None) -> Shape:
    """The common shape of all: sizes equal, or 1, or missing in front."""
    given = [s for s in shapes if s is not None]
    ndim = max(len(s) for s in given)
    result = [1] * ndim
    for shape in given:
        for i, size in enumerate(shape, ndim - len(shape)):
            if size != 1:
                if result[i] not in (1, size):
                    raise ShapeError(
                        f"shapes {' and '.join(map(str, given))} can't be broadcast together: sizes {result[i]} and "
                        f"{size} at dimension {i - ndim} differ and neither is 1. Reshape one of them, or add a "
                        "dimension of size 1 with unsqueeze()."
                    )
                result[i] = size
    return tuple(result)


def broadcast_attributes(*shapes: Any) -> Shape:
    """Like :func:`broadcast`, of the inputs before any attribute that is not a shape."""
    return broadcast(*(s for s in shapes if isinstance(s, tuple)))


def reduced(shape: Shape, dims: tuple[int, ...], keepdim: bool = False, *rest: Any) -> Shape:
    """Without ``dims``, or with size 1 there."""
    if keepdim:
        return tuple(1 if i in dims else s for i, s in enumerate(shape))
    return tuple(s for i, s in enumerate(shape) if i not in dims)


def inferred(shape: Shape, count: int, given: Shape) -> Shape:
    """``shape`` with its -1, if any, filled in so that it holds ``count`` elements.

    Raises:
        RuntimeError: It can't hold that many.
    """
    unknown = [i for i, s in enumerate(shape) if s == -1]
    known = 1
    for s in shape:
        if s != -1:
            known *= s
    if any(s < -1 for s in shape):
        raise ShapeError(f"invalid shape dimension {min(shape)} in {shape}")
    if len(unknown) > 1:
        raise ShapeError(f"only one dimension can be inferred, but {shape} has {len(unknown)} times -1")
    if unknown and known == 0:
        raise ShapeError(
            f"cannot reshape tensor of {count} elements into shape {shape}: the size of -1 is ambiguous beside a 0"
        )
    if (count % known if unknown else count != known) if known else count:
        raise ShapeError(
            f"shape '{list(shape)}' is invalid for input of size {count} (input {given}). The product of the sizes "
            f"must be {count}; one of them may be -1 to be worked out."
        )
    return tuple(count // known if s == -1 else s for s in shape)


# --- dtypes


class DtypeRule:
    """How operands' dtypes decide what is computed.

    Attributes:
        find: ``find(operands, *attributes) -> (compute, result)``. ``compute`` is the NumPy dtype that operands are
            converted to (one for all, or a tuple with one for each, None to leave it), ``result`` that of the result
            (or a list). Raises DtypeError.
        direct: NumPy dtypes for which operands that share one are used as they are, and the result is as the kernel
            makes it: no need to call ``find``.
    """

    __slots__ = ("direct", "find")

    def __init__(self, find: Callable[..., tuple[Any, Any]], direct: frozenset[np.dtype] = frozenset()) -> None:
        self.find = find
        self.direct = direct


def _same(operands: Any, *attributes: Any) -> tuple[Any, Any]:
    d = dtypes.result_dtype(operands).numpy
    return d, d


def _numeric(operands: Any, *attributes: Any) -> tuple[Any, Any]:
    d = dtypes.result_dtype(operands)
    if d is dtypes.bool:
        raise DtypeError("not defined for bool tensors. Convert to a number first, for instance with x.int().")
    return d.numpy, d.numpy


def _floating(operands: Any, *attributes: Any) -> tuple[Any, Any]:
    d = dtypes.to_floating(dtypes.result_dtype(operands)).numpy
    return d, d


def _only_floating(operands: Any, *attributes: Any) -> tuple[Any, Any]:
    d = dtypes.result_dtype(operands)
    if d.category < dtypes.float32.category:
        raise DtypeError(f"not defined for dtype {d}; expected a floating-point tensor. Convert it with x.float().")
    return d.numpy, d.numpy


def _matching(operands: Any, *attributes: Any) -> tuple[Any, Any]:
    found = {x.dtype for x in operands if x is not None}
    if len(found) > 1:
        given = " and ".join(str(dtypes.from_numpy_dtype(x.dtype)) for x in operands if x is not None)
        raise DtypeError(f"expected all inputs to have the same dtype, but got {given}. Convert with x.to(dtype).")
    d = operands[0].dtype
    return None, d


def _boolean(operands: Any, *attributes: Any) -> tuple[Any, Any]:
    return dtypes.result_dtype(operands).numpy, dtypes.bool.numpy


def _logical(operands: Any, *attributes: Any) -> tuple[Any, Any]:
    return None, dtypes.bool.numpy


def _kept(operands: Any, *attributes: Any) -> tuple[Any, Any]:
    return None, operands[0].dtype


def _int64(operands: Any, *attributes: Any) -> tuple[Any, Any]:
    return None, dtypes.int64.numpy


def _summed(operands: Any, *attributes: Any) -> tuple[Any, Any]:
    d = operands[0].dtype
    return (None, d) if d in dtypes.DIFFERENTIABLE else (dtypes.int64.numpy, dtypes.int64.numpy)


def _selected(operands: Any, *attributes: Any) -> tuple[Any, Any]:
    condition = operands[0].dtype
    if condition != dtypes.bool.numpy:
        raise DtypeError(
            f"expected condition to be a boolean tensor, but got {dtypes.from_numpy_dtype(condition)}. "
            "Compare first, for instance with x != 0."
        )
    d = dtypes.result_dtype(operands[1:]).numpy
    return (condition, d, d), d


def refusing(rule: DtypeRule, *kinds: str, error: type[DtypeError] = DtypeError) -> DtypeRule:
    """``rule``, not defined where the operands promote to one of ``kinds``.

    Args:
        kinds: Of "bool", "integer", "floating", "complex". error: what to raise there.
    """
    names = ("bool", "integer", "floating", "complex")
    refused = [names.index(kind) for kind in kinds]
    expected = " or ".join(name for name in names if name not in kinds)

    def find(operands: Any, *attributes: Any) -> tuple[Any, Any]:
        d = dtypes.result_dtype(operands)
        if d.category in refused:
            raise error(f"not defined for dtype {d}; expected {expected}. Convert first with x.to(dtype).")
        return rule.find(operands, *attributes)

    return DtypeRule(
        find, frozenset(d.numpy for d in dtypes.ALL if d.numpy in rule.direct and d.category not in refused)
    )


_numbers = dtypes.ANY - {dtypes.bool.numpy}

#: Operands promote to one dtype, and the result has it.
common = DtypeRule(_same, dtypes.ANY)
#: Like ``common``, refusing bool.
numeric = DtypeRule(_numeric, _numbers)
#: Like ``common``, integers become the default float: ``exp``, true division.
floating = DtypeRule(_floating, dtypes.FLOATING)
#: Like ``common``, refusing all but floating and complex.
only_floating = DtypeRule(_only_floating, dtypes.FLOATING)
#: Operands must have one dtype already, and the result has it: matrix products, convolutions.
matching = DtypeRule(_matching, dtypes.ANY)
#: Operands promote to one dtype, the result is bool: comparisons.
boolean = DtypeRule(_boolean, dtypes.ANY)
#: Any dtypes, the result is bool: logical ops, tests of a value.
logical = DtypeRule(_logical, dtypes.ANY)
#: The result has the first operand's dtype; nothing is converted: views, gathers.
kept = DtypeRule(_kept, dtypes.ANY)
#: The result counts or points: int64.
index = DtypeRule(_int64)
#: Sums: integers and bool become int64.
summed = DtypeRule(_summed, dtypes.FLOATING)
#: ``where``: a bool condition, then two operands that promote.
selected = DtypeRule(_selected)

__all__ = [
    "DtypeRule",
    "boolean",
    "broadcast",
    "broadcast_attributes",
    "common",
    "elementwise",
    "floating",
    "index",
    "inferred",
    "kept",
    "logical",
    "matching",
    "numeric",
    "numpy_names",
    "one_dim",
    "only_floating",
    "reduced",
    "refusing",
    "same",
    "selected",
    "sizes",
    "some_dims",
    "summed",
]
