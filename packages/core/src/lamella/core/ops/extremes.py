"""Largest and smallest elements, and where they are."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import Any

from lamella.core import rules
from lamella.core.backends import sums
from lamella.core.backends.chunks import along_first
from lamella.core.dispatch import define_op
from lamella.core.errors import ArgumentRangeError, DtypeError, IndexRangeError
from lamella.core.ops import indexing, selection, shapes
from lamella.core.ops.reductions import Dims, spread
from lamella.core.rules import DtypeRule, numpy_names, one_dim, some_dims
from lamella.core.tensor import Tensor


def result_type(name: str, *fields: str) -> Any:
    """The type of what the op ``name`` returns: a named tuple that prints as PyTorch's does.

    Made by hand, because ``collections.namedtuple`` compiles code, which takes as long as importing a family.
    """

    def __new__(cls: type, *values: Any) -> Any:
        return tuple.__new__(cls, values)

    def __getnewargs__(self: Any) -> tuple[Any, ...]:
        return tuple(self)

    def __repr__(self: Any) -> str:
        shown = ",\n".join(f"{field}={getattr(self, field)!r}" for field in fields)
        return f"lamella.return_types.{name}(\n{shown})"

    members = {"__slots__": (), "__new__": __new__, "__getnewargs__": __getnewargs__, "__repr__": __repr__}
    named = {field: property(itemgetter(i)) for i, field in enumerate(fields)}
    return type(name, (tuple,), {**members, "_fields": fields, **named})


MaxResult = result_type("max", "values", "indices")
MinResult = result_type("min", "values", "indices")

_ordered = DtypeRule(rules.refusing(rules.common, "complex").find)


def _check_not_empty(shape: Sequence[int], dims: Sequence[int]) -> None:
    for d in dims:
        if shape[d] == 0:
            raise IndexRangeError(
                f"Expected reduction dim {d} to have non-zero size, but the input has shape {tuple(shape)}: of no "
                "element none is the largest. Test x.numel() first."
            )


def _shape(shape: Any, dims: Any, keepdim: Any) -> Any:
    _check_not_empty(shape, dims)
    return rules.reduced(shape, dims, keepdim)


def _samples(make: Any) -> list[Any]:
    return [
        make(make.distinct(3, 4), (1,), False),
        make(make.distinct(3, 4), (0,), True),
        make(make.distinct(2, 3, 2), (0, 2), False),
        make(make.distinct(2, 3), (0, 1), False),
        make(make.distinct(0, 3), (1,), False),
        make(make.distinct(), (), False),
        make(make.ints(3, 4, 5), (1,), False),
    ]


def _errors(make: Any, name: str) -> list[Any]:
    return [
        make.error(
            (make.array(0, 3), (0,), False), IndexRangeError, rf"{name}: Expected reduction dim 0 to have non-zero size"
        ),
        make.error((make.array(2) + 1j, (0,), False), DtypeError, rf"{name}: not defined for dtype lamella.complex128"),
    ]


@define_op(
    inputs=("input",),
    shape=_shape,
    dtype=_ordered,
    name="amax",
    samples=_samples,
    errors=lambda make: _errors(make, "amax"),
)
def _amax(xp: Any, input: Any, dims: Any, keepdim: Any) -> Any:
    """The largest element over ``dims``."""
    if sums.is_short(input, dims):
        return sums.along_short(xp.maximum, input, keepdim)
    return xp.max(input, axis=dims, keepdims=keepdim)


@define_op(
    inputs=("input",),
    shape=_shape,
    dtype=_ordered,
    name="amin",
    samples=_samples,
    errors=lambda make: _errors(make, "amin"),
)
def _amin(xp: Any, input: Any, dims: Any, keepdim: Any) -> Any:
    """The smallest element over ``dims``."""
    if sums.is_short(input, dims):
        return sums.along_short(xp.minimum, input, keepdim)
    return xp.min(input, axis=dims, keepdims=keepdim)


@define_op(
    inputs=("grad_output", "input", "output"),
    shape=lambda given, shape, *rest: shape,
    dtype=rules.only_floating,
    samples=lambda make: [
        make(
            make.array(3),
            [[1.0, 3, 3], [2, 1, 0], [5, 5, 5]] + make.array(3, 1) * 0,
            make.array(3) * 0 + [3, 2, 5],
            (1,),
            False,
        ),
        make(
            make.array(1, 2), [[1.0, 3], [2, 1], [0, 0]] + make.array(1) * 0, make.array(1, 2) * 0 + [2, 3], (0,), True
        ),
    ],
)
def extreme_backward(xp: Any, grad_output: Any, input: Any, output: Any, dims: Any, keepdim: Any) -> Any:
    """``grad_output`` where ``input`` equals ``output``, shared where several do; an op for speed: fewer passes."""
    wide = rules.reduced(input.shape, dims, True)
    grad, extreme = xp.reshape(grad_output, wide), xp.reshape(output, wide)
    found = input == extreme
    if xp.count_nonzero(found) != output.size:  # counting each would take longer than all the rest
        grad = xp.divide(grad, xp.count_nonzero(found, axis=dims, keepdims=True)).astype(input.dtype)
    if input.ndim == 0 or 0 not in dims:
        return xp.multiply(found, grad)
    return along_first(lambda out, part: xp.multiply(part, grad, out=out), xp.empty_like(input), found)


def _extreme_backward_grad(F: Any, grad: Any, input: Any, output: Any, dims: Any, keepdim: Any) -> Any:
    found = F.where(input == spread(F, output, input.shape, dims, keepdim), input * 0.0 + 1.0, 0.0)
    return F.sum(grad * found, dims, keepdim) / F.sum(found, dims, keepdim)


extreme_backward.vjp(grad_output=_extreme_backward_grad, input=None, output=None)


def _extreme_input(F: Any, grad: Any, input: Any, out: Any, dims: Any, keepdim: Any) -> Any:
    return F.extreme_backward(grad, input, out, dims, keepdim)


_amax.vjp(input=_extreme_input)
_amin.vjp(input=_extreme_input)


def _reduced_dims(name: str, input: Tensor, dim: Dims) -> tuple[int, ...]:
    if input.array.size == 0 and (dim is None or dim == ()):
        raise ArgumentRangeError(
            f"{name}(): Expected reduction dim to be specified for input.numel() == 0 (input {tuple(input.shape)}). "
            "Specify the reduction dim with the 'dim' argument."
        )
    return some_dims(dim, input.array.ndim)


@numpy_names
def amax(input: Tensor, dim: Dims = (), keepdim: bool = False) -> Tensor:
    """The largest element over ``dim``, one or several dimensions; over all by default. Equal ones share the gradient.

    Raises:
        RuntimeError: There is no element. IndexError: a dimension to reduce has size 0.
    """
    return _amax(input, _reduced_dims("amax", input, dim), keepdim)


@numpy_names
def amin(input: Tensor, dim: Dims = (), keepdim: bool = False) -> Tensor:
    """The smallest element over ``dim``, one or several dimensions; over all by default. Equal ones share the gradient.

    Raises:
        RuntimeError: There is no element. IndexError: a dimension to reduce has size 0.
    """
    return _amin(input, _reduced_dims("amin", input, dim), keepdim)


# --- where they are


def _index_shape(shape: Any, dim: Any, keepdim: Any) -> Any:
    dims = tuple(range(len(shape))) if dim is None or not shape else (dim,)
    return _shape(shape, dims, keepdim)


def _placed(operands: Any, *rest: Any) -> tuple[Any, Any]:
    _ordered.find(operands)  # refuses complex numbers
    return rules.index.find(operands)


def _place_samples(make: Any) -> list[Any]:
    return [
        make(make.distinct(3, 4), 1, False),
        make(make.ints(2, 3, 6), 0, True),
        make(make.ints(2, 3, 6), None, False),
        make(make.ints(4, 2, 3), None, True),
        make(make.array(), 0, False),
    ]


@define_op(
    inputs=("input",),
    shape=_index_shape,
    dtype=DtypeRule(_placed),
    name="argmax",
    samples=_place_samples,
    errors=lambda make: [
        make.error(
            (make.array(2, 0), 1, False), IndexRangeError, r"argmax: Expected reduction dim 1 to have non-zero size"
        ),
        make.error((make.array(2) + 1j, 0, False), DtypeError, r"argmax: not defined for dtype lamella.complex128"),
    ],
)
def _argmax(xp: Any, input: Any, dim: Any, keepdim: Any) -> Any:
    """Where the first of the largest elements along ``dim`` is."""
    return xp.argmax(input, axis=dim if input.ndim else None, keepdims=keepdim)


@define_op(
    inputs=("input",),
    shape=_index_shape,
    dtype=DtypeRule(_placed),
    name="argmin",
    samples=_place_samples,
    errors=lambda make: [
        make.error(
            (make.array(2, 0), 1, False), IndexRangeError, r"argmin: Expected reduction dim 1 to have non-zero size"
        ),
        make.error((make.array(2) + 1j, 0, False), DtypeError, r"argmin: not defined for dtype lamella.complex128"),
    ],
)
def _argmin(xp: Any, input: Any, dim: Any, keepdim: Any) -> Any:
    """Where the first of the smallest elements along ``dim`` is."""
    return xp.argmin(input, axis=dim if input.ndim else None, keepdims=keepdim)


def _place(name: str, op: Any, input: Tensor, dim: int | None, keepdim: bool) -> Tensor:
    if input.array.dtype.kind == "b":
        raise DtypeError(f"{name}: does not support bool input. Convert with x.int() first.")
    if dim is None and input.array.size == 0:
        raise IndexRangeError(f"{name}(): Expected reduction dim to be specified for input.numel() == 0.")
    found: Tensor = op(input, None if dim is None else one_dim(dim, input.array.ndim), keepdim)
    return found


@numpy_names
def argmax(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Where the first of the largest elements along ``dim`` is; with no ``dim``, in the flattened tensor.

    Raises:
        IndexError: There is no element. RuntimeError: the elements are bools or complex.
    """
    return _place("argmax", _argmax, input, dim, keepdim)


@numpy_names
def argmin(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Where the first of the smallest elements along ``dim`` is; with no ``dim``, in the flattened tensor.

    Raises:
        IndexError: There is no element. RuntimeError: the elements are bools or complex.
    """
    return _place("argmin", _argmin, input, dim, keepdim)


def with_indices(result: Any, op: Any, input: Tensor, dim: int, keepdim: bool, *attributes: Any) -> Any:
    """The elements of ``input`` along ``dim`` that ``op(input, dim, True, *attributes)`` points to, and where they are.

    Args:
        result: Makes the result of the values and the indices. op: gives one index, with ``dim`` kept.
    """
    d = one_dim(dim, input.array.ndim)
    indices: Tensor = op(input, d, True, *attributes)
    if input.array.ndim == 0:
        return result(shapes.clone(input), indices)
    values: Tensor = indexing._gather(input, indices, d)
    return result(values, indices) if keepdim else result(shapes.squeeze(values, d), shapes.squeeze(indices, d))


@numpy_names
def max(input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Tensor | None = None) -> Any:
    """The largest element: ``max(x)``; along a dimension, with its place: ``max(x, dim)``; of two: ``max(x, other)``.

    Returns:
        A tensor; with ``dim`` a named tuple ``(values, indices)``, of the first largest elements. ``max(x)`` shares
        the gradient among equal elements, ``max(x, dim)`` gives it to the one at ``indices``.

    Raises:
        RuntimeError: There is no element. IndexError: the dimension to reduce has size 0.
    """
    other = dim if isinstance(dim, Tensor) else other
    if other is not None:
        return selection.maximum(input, other)
    if dim is None:
        return _amax(input, _reduced_dims("max", input, None), False)
    return with_indices(MaxResult, _argmax, input, dim, keepdim)


@numpy_names
def min(input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Tensor | None = None) -> Any:
    """The smallest element: ``min(x)``; along a dimension, with its place: ``min(x, dim)``; of two: ``min(x, other)``.

    Returns:
        A tensor; with ``dim`` a named tuple ``(values, indices)``, of the first smallest elements. ``min(x)`` shares
        the gradient among equal elements, ``min(x, dim)`` gives it to the one at ``indices``.

    Raises:
        RuntimeError: There is no element. IndexError: the dimension to reduce has size 0.
    """
    other = dim if isinstance(dim, Tensor) else other
    if other is not None:
        return selection.minimum(input, other)
    if dim is None:
        return _amin(input, _reduced_dims("min", input, None), False)
    return with_indices(MinResult, _argmin, input, dim, keepdim)


__all__ = ["amax", "amin", "argmax", "argmin", "max", "min"]
