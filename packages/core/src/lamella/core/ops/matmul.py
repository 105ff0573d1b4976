"""Matrix products, all contracted through BLAS."""

from __future__ import annotations

import math
from typing import Any

from lamella.core import dtypes, rules
from lamella.core.algebra import raw
from lamella.core.autocast_policy import autocast_as
from lamella.core.dispatch import define_op
from lamella.core.errors import DtypeError, ShapeError
from lamella.core.tensor import Tensor, check_tensor

Shape = tuple[int, ...]

_matching = rules.refusing(rules.matching, "bool")


def _product(a: Shape, b: Shape) -> Shape:
    if not a or not b:
        raise ShapeError(f"both arguments need to be at least 1D, but they are {len(a)}D and {len(b)}D")
    inner = b[-2] if len(b) > 1 else b[0]
    if a[-1] != inner:
        raise ShapeError(
            f"mat1 and mat2 shapes cannot be multiplied ({a} and {b}): the last size of the first, {a[-1]}, must "
            f"equal the {'last but one' if len(b) > 1 else 'only'} size of the second, {inner}. Transpose one of them?"
        )
    rows = a[-2:-1] if len(a) > 1 else ()
    columns = b[-1:] if len(b) > 1 else ()
    return (*rules.broadcast(a[:-2], b[:-2]), *rows, *columns)


@define_op(
    inputs=("input", "other"),
    shape=_product,
    dtype=_matching,
    linear=("input", "other"),
    autocast="lower",
    name="matmul",
    samples=lambda make: [
        make(make.array(2, 3), make.array(3, 4)),
        make(make.transposed(2, 3), make.transposed(3, 4)),
        make(make.array(3), make.array(3)),
        make(make.array(2, 3), make.array(3)),
        make(make.array(3), make.array(3, 2)),
        make(make.array(4, 1, 2, 3), make.array(5, 3, 2)),
        make(make.array(2, 2, 3), make.array(3)),
        make(make.array(3), make.array(2, 3, 2)),
        make(make.array(2, 0), make.array(0, 3)),
    ],
    errors=lambda make: [
        make.error(
            (make.array(2, 3), make.array(2, 3)),
            ShapeError,
            r"matmul: mat1 and mat2 shapes cannot be multiplied \(\(2, 3\) and \(2, 3\)\)",
        ),
        make.error((make.array(), make.array(3)), ShapeError, r"matmul: both arguments need to be at least 1D"),
        make.error(
            (make.array(2, 3), make.ints(3, 3, 2)), DtypeError, r"matmul: expected all inputs to have the same dtype"
        ),
        make.error((make.bools(2, 2), make.bools(2, 2)), DtypeError, r"matmul: not defined for dtype lamella.bool"),
    ],
)
def _matmul(xp: Any, input: Any, other: Any) -> Any:
    """The matrix product; see :func:`matmul`."""
    if input.dtype.itemsize == 2 and input.dtype.kind not in "iu":  # BLAS has no 16-bit floats
        return xp.matmul(input.astype(xp.float32), other.astype(xp.float32)).astype(input.dtype)
    return xp.matmul(input, other)


def _matmul_input(F: Any, grad: Any, input: Any, other: Any) -> Any:
    if other.ndim == 1:
        return F.reshape(grad, (*grad.shape, 1)) * F.conj(other)
    if input.ndim == 1:
        grad = F.reshape(grad, (*grad.shape[:-1], 1, grad.shape[-1]))
        product = F.matmul(grad, F.conj(other.mT))
        return F.reshape(product, (*product.shape[:-2], product.shape[-1]))
    return F.matmul(grad, F.conj(other.mT))


def _matmul_other(F: Any, grad: Any, input: Any, other: Any) -> Any:
    if input.ndim == 1:
        wide = F.reshape(grad, (*grad.shape[:-1], 1, grad.shape[-1])) if other.ndim > 1 else grad
        return F.reshape(F.conj(input), (input.shape[0], 1)) * wide if other.ndim > 1 else F.conj(input) * grad
    if other.ndim == 1:
        return F.reshape(
            F.matmul(F.conj(input.mT), F.reshape(grad, (*grad.shape, 1))), (*input.shape[:-2], input.shape[-1])
        )
    return F.matmul(F.conj(input.mT), grad)


_matmul.vjp(input=_matmul_input, other=_matmul_other)


def matmul(input: Tensor, other: Tensor) -> Tensor:
    """The matrix product of the last two dimensions, the others broadcast.

    Shape:
        ``(…, n, k), (…, k, m) -> (…, n, m)``; a 1-D operand is a row on the left, a column on the right, and its
        dimension is dropped from the result.

    Raises:
        RuntimeError: The inner sizes differ, or the dtypes do. TypeError: one is no Tensor.
    """
    check_tensor("matmul", "other", other)
    a = check_tensor("matmul", "input", input).array
    if a.ndim > 2 and other.array.ndim == 2 and a.shape[-1] == other.array.shape[0]:
        # one large product instead of one for each matrix of the batch
        flat = _matmul(input.reshape(math.prod(a.shape[:-1]), a.shape[-1]), other)
        return flat.reshape(*a.shape[:-1], other.array.shape[1])
    return _matmul(input, other)


def _checked(op: str, input: Tensor, other: Tensor, ndims: tuple[int, int], second: str = "mat2") -> Tensor:
    check_tensor(op, "input", input)
    check_tensor(op, second, other)
    given = (input.array.ndim, other.array.ndim)
    if given != ndims:
        raise ShapeError(f"{op}: expected a {ndims[0]}D and a {ndims[1]}D tensor, got {given[0]}D and {given[1]}D")
    if input.array.shape[:-2] != other.array.shape[:-2]:  # matmul would broadcast them
        raise ShapeError(f"{op}: expected batches of the same size, got {tuple(input.shape)} and {tuple(other.shape)}")
    return _matmul(input, other)


def mm(input: Tensor, mat2: Tensor) -> Tensor:
    """The product of two matrices: ``(n, k), (k, m) -> (n, m)``.

    Raises:
        RuntimeError: They are no matrices, or their sizes or dtypes do not fit. TypeError: one is no Tensor.
    """
    return _checked("mm", input, mat2, (2, 2))


def bmm(input: Tensor, mat2: Tensor) -> Tensor:
    """The products of two batches of matrices: ``(b, n, k), (b, k, m) -> (b, n, m)``.

    Raises:
        RuntimeError: They are no batches of one size, or sizes or dtypes do not fit. TypeError: one is no Tensor.
    """
    return _checked("bmm", input, mat2, (3, 3))


@autocast_as("given")
def mv(input: Tensor, vec: Tensor) -> Tensor:
    """The product of a matrix and a vector: ``(n, k), (k,) -> (n,)``.

    Raises:
        RuntimeError: They are something else, or their sizes or dtypes do not fit. TypeError: one is no Tensor.
    """
    return _checked("mv", input, vec, (2, 1), "vec")


@autocast_as("given")
def dot(input: Tensor, tensor: Tensor) -> Tensor:
    """The sum of the products of two vectors' elements: ``(n,), (n,) -> ()``.

    Raises:
        RuntimeError: They are no vectors, or their sizes or dtypes differ. TypeError: one is no Tensor.
    """
    return _checked("dot", input, tensor, (1, 1), "tensor")


def outer(input: Tensor, vec2: Tensor) -> Tensor:
    """All products of two vectors' elements: ``(n,), (m,) -> (n, m)``.

    Raises:
        RuntimeError: They are no vectors. TypeError: one is no Tensor.
    """
    check_tensor("outer", "input", input)
    check_tensor("outer", "vec2", vec2)
    if input.array.ndim != 1 or vec2.array.ndim != 1:
        raise ShapeError(f"outer: Expected 1-D arguments, got {input.array.ndim}D and {vec2.array.ndim}D")
    return input.unsqueeze(1) * vec2


def scaled_sum(op: str, input: Tensor, product: Tensor, beta: Any, alpha: Any) -> Tensor:
    """``beta * input + alpha * product``, in the shape and the dtype of ``product``; ``op`` is for messages.

    With ``beta=0`` the values of ``input`` do not count, not even nan. Beside integers both factors are cut to whole
    numbers, as in PyTorch.

    Raises:
        RuntimeError: ``input`` does not broadcast to the product, or has another dtype; a factor does not fit it.
        TypeError: A factor is no number.
    """
    if input.dtype is not product.dtype:
        raise DtypeError(
            f"{op}: input and the matrices must have the same dtype, but got {input.dtype} and {product.dtype}. "
            "Convert with x.to(dtype)."
        )
    given, shape = input.array.shape, product.array.shape
    if len(given) > len(shape) or any(n not in (1, m) for n, m in zip(reversed(given), reversed(shape), strict=False)):
        raise ShapeError(
            f"{op}: input of shape {given} does not broadcast to the product's, {shape}. "
            "For a larger input write the sum out: input + product."
        )
    beta, alpha = (
        dtypes.fitting(factor.item() if isinstance(factor, Tensor) else factor, product.dtype)
        for factor in (beta, alpha)
    )
    scaled = product if alpha == 1 else product * alpha
    return scaled if beta == 0 else scaled + (input if beta == 1 else input * beta)


@autocast_as("lower")
def addmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """``beta * input + alpha * (mat1 @ mat2)``; with ``beta=0`` the values of ``input`` do not count, not even nan.

    Args:
        input: Of any shape that broadcasts to ``(n, m)``. mat1: ``(n, k)``. mat2: ``(k, m)``.
        beta: Factor of ``input``. alpha: factor of the product. Beside integers both are cut to whole numbers.

    Raises:
        RuntimeError: The matrices do not fit, or ``input`` does not broadcast to their product, or has another dtype.
        TypeError: One is no Tensor.
    """
    check_tensor("addmm", "input", input)
    return scaled_sum("addmm", input, _checked("addmm", mat1, mat2, (2, 2)), beta, alpha)


def _linear_shape(input: Shape, weight: Shape, bias: Shape | None) -> Shape:
    if not input or not weight or input[-1] != weight[-1]:
        raise ShapeError(
            f"`input` has {input[-1] if input else 'no'} features in its last dimension, but `weight` expects "
            f"{weight[-1] if weight else 'none'} (input {input}, weight {weight}). mat1 and mat2 shapes cannot be "
            f"multiplied. Reshape the input, or build the layer with in_features={input[-1] if input else 1}."
        )
    if bias is not None and bias not in (weight[:-1], (1,), ()):
        raise ShapeError(f"`bias` has shape {bias}, expected {weight[:-1]}")
    return (*input[:-1], *weight[:-1])


@define_op(
    inputs=("input", "weight", "bias"),
    shape=_linear_shape,
    dtype=_matching,
    autocast="lower",
    name="linear",
    samples=lambda make: [
        make(make.array(2, 3), make.array(4, 3), make.array(4)),
        make(make.array(2, 3), make.array(4, 3), None),
        make(make.array(3), make.array(4, 3), make.array(4)),
        make(make.array(2, 5, 3), make.array(4, 3), make.array(4)),
        make(make.transposed(2, 3), make.transposed(4, 3), make.array(4)),
        make(make.array(0, 3), make.array(4, 3), make.array(4)),
        make(make.array(2, 3), make.array(3), None),
    ],
    errors=lambda make: [
        make.error(
            (make.array(2, 5), make.array(4, 3), None),
            ShapeError,
            r"linear: `input` has 5 features .* expects 3 .*in_features=5",
        ),
        make.error(
            (make.array(2, 3), make.array(4, 3), make.array(5)),
            ShapeError,
            r"linear: `bias` has shape \(5,\), expected \(4,\)",
        ),
    ],
)
def _linear(xp: Any, input: Any, weight: Any, bias: Any) -> Any:
    """``input @ weight.T + bias``; an op for speed: one product for all leading dimensions, the bias added in place."""
    shape = input.shape
    if bias is not None and bias.shape not in (weight.shape[:-1], (1,), ()):
        raise ShapeError(f"linear: `bias` has shape {bias.shape}, expected {weight.shape[:-1]}")
    rows = input if input.ndim == 2 else input.reshape(math.prod(shape[:-1]), shape[-1])
    result = raw(type(input)).F.matmul(
        rows, weight.T if weight.ndim > 1 else weight
    )  # whichever kernel computes products
    if bias is not None:
        result += bias
    return result if input.ndim == 2 else result.reshape(shape[:-1] + weight.shape[:-1])


def _linear_grads(F: Any, grad: Any, input: Any, weight: Any, input_shape: Any, weight_shape: Any, needs: Any) -> Any:
    for_input, for_weight, for_bias = needs
    many = len(weight_shape) == 2
    if not many:  # a weight of shape (in,) gives one value a row
        grad = F.reshape(grad, (*grad.shape, 1))
        weight = F.reshape(weight, (1, *weight_shape))
    rows = grad if grad.ndim == 2 else F.reshape(grad, (math.prod(input_shape[:-1]), grad.shape[-1]))
    of_input = of_weight = of_bias = None
    if for_input:
        of_input = F.matmul(rows, F.conj(weight))
        of_input = of_input if len(input_shape) == 2 else F.reshape(of_input, input_shape)
    if for_weight:
        columns = input if len(input_shape) == 2 else F.reshape(input, (math.prod(input_shape[:-1]), input_shape[-1]))
        of_weight = F.matmul(rows.T, F.conj(columns))
        of_weight = of_weight if many else F.reshape(of_weight, weight_shape)
    if for_bias:
        of_bias = F.sum(rows, (0,), False)
    return of_input, of_weight, of_bias


_linear.vjp(_linear_grads)


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """``input @ weight.T + bias``.

    Args:
        input: ``(…, in_features)``. weight: ``(out_features, in_features)``. bias: ``(out_features,)`` or None.

    Returns:
        ``(…, out_features)``.

    Raises:
        RuntimeError: The sizes or dtypes do not fit. TypeError: one is no Tensor.
    """
    check_tensor("linear", "input", input)
    check_tensor("linear", "weight", weight)
    return _linear(input, weight, bias)


#: Functions with an in-place form.
IN_PLACE = ("addmm",)

__all__ = ["addmm", "bmm", "dot", "matmul", "mm", "mv", "outer"]
