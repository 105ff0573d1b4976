"""Complex numbers: made of their parts and seen as these, their angle, their conjugates; and what a tensor is.

``conj``, ``real``, ``imag`` and ``sgn``, which gradients need too, are in ``pointwise``.
"""

from __future__ import annotations

import math
from typing import Any

from lamella.core import dtypes, rules
from lamella.core.autocast_policy import autocast_as
from lamella.core.dispatch import define_op
from lamella.core.errors import DtypeError, ShapeError
from lamella.core.modes import INFERENCE
from lamella.core.ops.comparison import eq
from lamella.core.ops.creation import ones_like
from lamella.core.ops.pointwise import conj, imag, mul
from lamella.core.ops.shapes import transpose
from lamella.core.ops.transcendental import cos, sin
from lamella.core.rules import DtypeRule, Shape
from lamella.core.tensor import Tensor, check_tensor

# --- parts


def _made_of(operands: Any) -> tuple[Any, Any]:
    kinds = [dtypes.from_numpy_dtype(x.dtype) for x in operands]
    if any(d not in (dtypes.float32, dtypes.float64) for d in kinds):
        # a complex number of halves has no dtype here
        raise DtypeError(
            f"expected both parts to be float32 or float64 tensors, but got {kinds[0]} and {kinds[1]}. Convert them "
            "with x.float()."
        )
    if kinds[0] is not kinds[1]:
        raise DtypeError(f"expected both parts to have one dtype, but got {kinds[0]} and {kinds[1]}. Convert one.")
    return None, kinds[0].to_complex().numpy


@define_op(
    inputs=("real", "imag"),
    shape=rules.broadcast,
    dtype=DtypeRule(_made_of),
    name="complex",
    samples=lambda make: [make.binary()],
    errors=lambda make: [
        make.mismatch("complex"),
        make.error((make.ints(3, 2), make.ints(3, 2)), DtypeError, r"complex: expected both parts to be float32 or"),
        make.error(
            (make.array(2), make.array(2).astype("float32")), DtypeError, r"complex: expected both parts to have one"
        ),
    ],
)
def _complex(xp: Any, real: Any, imag: Any) -> Any:
    """``real + i imag``.

    An op because multiplying by i would make nan of an infinite part, and takes three passes.
    """
    kind = dtypes.from_numpy_dtype(real.dtype).to_complex().numpy
    result = xp.empty(rules.broadcast(real.shape, imag.shape), dtype=kind, device=real.device)
    result.real = real
    result.imag = imag
    return result


_complex.vjp(real=lambda F, grad: F.real(grad), imag=lambda F, grad: F.imag(grad))


@define_op(
    inputs=("input",),
    shape=lambda shape: (*shape, 2),
    trailing=0,
    dtype=DtypeRule(
        rules.refusing(
            DtypeRule(lambda operands: (None, dtypes.from_numpy_dtype(operands[0].dtype).to_real().numpy)),
            "bool",
            "integer",
            "floating",
        ).find,
        frozenset((dtypes.complex64.numpy, dtypes.complex128.numpy)),
    ),
    view=True,
    samples=lambda make: [
        make(make.array(2, 3) + 1j * make.array(2, 3)),
        make((make.array(1) + 1j).reshape(())),
        make(make.array(0, 2) + 1j),
        make(make.transposed(3, 2) + 1j),
    ],
    errors=lambda make: [make.error((make.array(2),), DtypeError, r"view_as_real: not defined for .*expected complex")],
)
def view_as_real(xp: Any, input: Any) -> Any:
    """A view of a complex tensor with the real and the imaginary parts side by side: ``(*) -> (*, 2)``.

    Raises:
        RuntimeError: The tensor is real.

    Example:
        >>> lamella.view_as_real(lamella.tensor([1 + 2j]))
        tensor([[1., 2.]])
    """
    return input[..., None].view(dtypes.from_numpy_dtype(input.dtype).to_real().numpy)


view_as_real.vjp(input=lambda F, grad: F.view_as_complex(F.clone(grad)))


def _paired(shape: Shape) -> Shape:
    if shape[-1:] != (2,):
        raise ShapeError(
            f"expected a last dimension of size 2, for the real and the imaginary part, but input has shape {shape}"
        )
    return shape[:-1]


def _complex_of_pairs(operands: Any) -> tuple[Any, Any]:
    d = dtypes.from_numpy_dtype(operands[0].dtype)
    if d not in (dtypes.float32, dtypes.float64):
        raise DtypeError(f"only supported for float32 and float64 tensors, but got {d}. Convert it with x.float().")
    return None, d.to_complex().numpy


@define_op(
    inputs=("input",),
    shape=_paired,
    trailing=1,
    dtype=DtypeRule(_complex_of_pairs, frozenset((dtypes.float32.numpy, dtypes.float64.numpy))),
    autocast="float32",
    view=True,
    samples=lambda make: [make(make.array(*shape)) for shape in ((3, 2), (2,), (0, 2), (2, 1, 2))],
    errors=lambda make: [
        make.error((make.array(2, 3),), ShapeError, r"view_as_complex: expected a last dimension of size 2.*\(2, 3\)"),
        make.error((make.array(),), ShapeError, r"view_as_complex: expected a last dimension of size 2"),
        make.error((make.ints(3, 2),), DtypeError, r"view_as_complex: only supported for float32 and float64"),
        make.error((make.transposed(2, 2),), ShapeError, r"view_as_complex: .*call .contiguous"),
        make.error((make.array(2, 3)[:, :2],), ShapeError, r"view_as_complex: .*call .contiguous"),
    ],
)
def view_as_complex(xp: Any, input: Any) -> Any:
    """A view of a real tensor whose last dimension holds real and imaginary parts: ``(*, 2) -> (*)``.

    Raises:
        RuntimeError: The last dimension is not of size 2, the tensor is neither float32 nor float64, or its pairs do
            not lie in memory as those of complex numbers do.

    Example:
        >>> lamella.view_as_complex(lamella.tensor([[1.0, 2.0]]))
        tensor([1.+2.j])
    """
    size = input.itemsize
    side_by_side = input.strides[-1] == size and not any(s % (2 * size) for s in input.strides[:-1])
    if input.shape[-1] != 2 or (input.size and not side_by_side):
        raise ShapeError(
            f"view_as_complex: expected pairs side by side in memory, but input of shape {input.shape} has strides "
            f"{tuple(s // size for s in input.strides)}; the last must be 1 and the others even. First call "
            ".contiguous()."
        )
    return input.view(dtypes.from_numpy_dtype(input.dtype).to_complex().numpy)[..., 0]


view_as_complex.vjp(input=lambda F, grad: F.view_as_real(grad))


@define_op(
    inputs=("input",),
    shape=rules.elementwise,
    dtype=DtypeRule(
        lambda operands: (
            rules.floating.find(operands)[0],
            dtypes.from_numpy_dtype(rules.floating.find(operands)[1]).to_real().numpy,
        ),
        dtypes.FLOATING,
    ),
    samples=lambda make: [make.unary(away_from=0.0)],
)
def angle(xp: Any, input: Any) -> Any:
    """The angle of each complex number in the plane, between -pi and pi; of a negative real one pi, of others 0.

    An op because its gradient at 0 is 0, where that of the arctangent is none.
    """
    if input.dtype.kind == "c":
        return xp.atan2(input.imag, input.real)
    return xp.where(xp.isnan(input), input, xp.where(input < 0, input.dtype.type(math.pi), input.dtype.type(0)))


def _angle_input(F: Any, grad: Any, input: Any) -> Any:
    turned = F.conj(input)
    if turned is input:  # it is real
        return grad * 0.0
    zero = input == 0
    return F.where(zero, 0.0, grad * 1j / F.where(zero, 1.0, turned))


angle.vjp(input=_angle_input)


def complex(real: Tensor, imag: Tensor) -> Tensor:
    """Complex numbers of their real and imaginary parts, with broadcasting.

    Args:
        real: float32 or float64. imag: of the same dtype.

    Raises:
        RuntimeError: The parts have other dtypes, or shapes that can't be broadcast together.
        TypeError: One is no Tensor.

    Example:
        >>> lamella.complex(lamella.tensor([1.0, 2.0]), lamella.tensor([0.0, -1.0]))
        tensor([1.+0.j, 2.-1.j])
    """
    made: Tensor = _complex(check_tensor("complex", "real", real), check_tensor("complex", "imag", imag))
    return made


@autocast_as("float32")
def polar(abs: Tensor, angle: Tensor) -> Tensor:
    """Complex numbers of their absolute values and angles: ``abs * cos(angle) + i abs * sin(angle)``.

    Args:
        abs: float32 or float64. angle: of the same dtype, in radians.

    Raises:
        RuntimeError: They have other dtypes, or shapes that can't be broadcast together.
        TypeError: One is no Tensor.
    """
    _made_of([check_tensor("polar", name, x).array for name, x in (("abs", abs), ("angle", angle))])
    return complex(mul(abs, cos(angle)), mul(abs, sin(angle)))


# --- conjugates


def conj_physical(input: Tensor) -> Tensor:
    """The complex conjugate; real tensors as they are. Here the same as :func:`conj`."""
    return conj(input)


def resolve_conj(input: Tensor) -> Tensor:
    """``input``: no tensor here waits to be conjugated."""
    return check_tensor("resolve_conj", "input", input)


def resolve_neg(input: Tensor) -> Tensor:
    """``input``: no tensor here waits to be negated."""
    return check_tensor("resolve_neg", "input", input)


def _conj_transposed(input: Tensor, name: str) -> Tensor:
    if input.array.ndim == 1:
        raise ShapeError(
            f"tensor.{name} is only supported on matrices or batches of matrices. Got 1-D tensor. Add a dimension "
            "with unsqueeze()."
        )
    return conj(transpose(input, -2, -1)) if input.array.ndim else conj(input)


def adjoint(input: Tensor) -> Tensor:
    """The matrix with its last two dimensions swapped and its elements conjugated: ``(*, N, M) -> (*, M, N)``.

    Raises:
        RuntimeError: The tensor has one dimension.
    """
    return _conj_transposed(check_tensor("adjoint", "input", input), "adjoint()")


def _mH(self: Tensor) -> Tensor:
    """:func:`adjoint` of the tensor."""
    return _conj_transposed(self, "mH")


def _H(self: Tensor) -> Tensor:
    """:func:`adjoint` of a matrix."""
    if self.array.ndim > 2:
        raise ShapeError(
            f"tensor.H is only supported on matrices (2-D tensors). Got {self.array.ndim}-D tensor. For batches of "
            "matrices use tensor.mH."
        )
    return _conj_transposed(self, "H")


mH, H = property(_mH), property(_H)

# --- questions


def isreal(input: Tensor) -> Tensor:
    """Whether each element has an imaginary part of 0."""
    if check_tensor("isreal", "input", input).is_complex():
        answer: Tensor = eq(imag(input), 0)
        return answer
    return ones_like(input, dtype=dtypes.bool)


def is_complex(input: Tensor) -> bool:
    """Whether the dtype is complex."""
    return check_tensor("is_complex", "input", input).dtype.is_complex


def is_floating_point(input: Tensor) -> bool:
    """Whether the dtype is a floating-point one."""
    return check_tensor("is_floating_point", "input", input).dtype.is_floating_point


def is_signed(input: Tensor) -> bool:
    """Whether the dtype has negative values."""
    return check_tensor("is_signed", "input", input).dtype.is_signed


def is_conj(input: Tensor) -> bool:
    """False: no tensor here waits to be conjugated."""
    check_tensor("is_conj", "input", input)
    return False


def is_neg(input: Tensor) -> bool:
    """False: no tensor here waits to be negated."""
    check_tensor("is_neg", "input", input)
    return False


def is_inference(input: Tensor) -> bool:
    """Whether the tensor was made in ``inference_mode``, and so can't be part of gradients."""
    return check_tensor("is_inference", "input", input)._cell is INFERENCE


def is_nonzero(input: Tensor) -> bool:
    """Whether the only element is not zero.

    Raises:
        RuntimeError: There is not exactly one element.
    """
    return bool(check_tensor("is_nonzero", "input", input))


def is_same_size(input: Tensor, other: Tensor) -> bool:
    """Whether both tensors have the same shape."""
    shape = check_tensor("is_same_size", "input", input).shape
    return bool(shape == check_tensor("is_same_size", "other", other).shape)


def numel(input: Tensor) -> int:
    """The number of elements."""
    return check_tensor("numel", "input", input).numel()


IN_PLACE = ("conj_physical",)
METHODS = ("H", "mH")
#: Tensor's own, which need no family.
NOT_METHODS = ("is_complex", "is_floating_point", "is_signed", "numel")
#: Functions without ``out=``.
NO_OUT = (
    "adjoint",
    "is_complex",
    "is_conj",
    "is_floating_point",
    "is_inference",
    "is_neg",
    "is_nonzero",
    "is_same_size",
    "is_signed",
    "isreal",
    "numel",
    "resolve_conj",
    "resolve_neg",
    "view_as_complex",
    "view_as_real",
)

__all__ = [
    "adjoint",
    "angle",
    "complex",
    "conj_physical",
    "is_complex",
    "is_conj",
    "is_floating_point",
    "is_inference",
    "is_neg",
    "is_nonzero",
    "is_same_size",
    "is_signed",
    "isreal",
    "numel",
    "polar",
    "resolve_conj",
    "resolve_neg",
    "view_as_complex",
    "view_as_real",
]
