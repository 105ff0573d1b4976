"""What the linear algebra ops have in common: what they accept, what they return, and the steps of their gradients.

In gradient rules a matrix is a raw array or a Tensor, and ``F`` the ops on it. Gradients are PyTorch's: by a complex
matrix, the conjugate of the derivative.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from lamella.core import dtypes, rules
from lamella.core.errors import DtypeError, LinAlgError, ShapeError
from lamella.core.rules import DtypeRule
from lamella.core.tensor import Tensor, check_tensor

Shape = tuple[int, ...]

# --- what is accepted

#: The dtypes LAPACK computes in.
LAPACK = frozenset(d.numpy for d in (dtypes.float32, dtypes.float64, dtypes.complex64, dtypes.complex128))


def _found(operands: Any, *attributes: Any) -> tuple[Any, Any]:
    _, d = rules.matching.find(operands)
    if d not in LAPACK:
        raise DtypeError(
            f"not defined for dtype {dtypes.from_numpy_dtype(d)}; expected float32, float64, complex64 or complex128. "
            "Convert with x.float()."
        )
    return None, d


#: Operands of one dtype, of those that LAPACK computes in; the result has it too.
factorable = DtypeRule(_found, LAPACK)


def results_in(*kinds: str) -> DtypeRule:
    """``factorable``, with several results (or one), each of the operands' dtype or of a kind of its own.

    Args:
        kinds: For each result "same", "real" or "complex" (as precise as the operands), or the name of a dtype.
    """

    def find(operands: Any, *attributes: Any) -> tuple[Any, Any]:
        d = dtypes.from_numpy_dtype(_found(operands)[1])
        kind_of = {"same": d, "real": d.to_real(), "complex": d.to_complex()}
        found = [(kind_of[kind] if kind in kind_of else getattr(dtypes, kind)).numpy for kind in kinds]
        return None, found if len(found) > 1 else found[0]

    return DtypeRule(find, LAPACK)


def matrices(shape: Shape) -> Shape:
    """``shape``, of matrices.

    Raises:
        RuntimeError: There are fewer than two dimensions.
    """
    if len(shape) < 2:
        raise ShapeError(f"The input tensor A must have at least 2 dimensions, but its shape is {tuple(shape)}.")
    return shape


def square(shape: Shape, *rest: Any) -> Shape:
    """``shape``, of square matrices.

    Raises:
        RuntimeError: They are not square, or there are fewer than two dimensions.
    """
    if matrices(shape)[-1] != shape[-2]:
        raise ShapeError(f"A must be batches of square matrices, but they are {shape[-2]} by {shape[-1]} matrices")
    return shape


def check_matrices(op: str, given: Any, *, square_only: bool = False, argument: str = "A") -> Shape:
    """The shape of ``given``, a Tensor of matrices.

    Raises:
        RuntimeError: There are fewer than two dimensions, or the matrices must be square and are not.
        TypeError: It is no Tensor.
    """
    shape: Shape = check_tensor(op, argument, given).array.shape
    try:
        return square(shape) if square_only else matrices(shape)
    except ShapeError as error:
        raise ShapeError(f"{op}: {error}") from None


def check_dtypes(op: str, names: Sequence[str], tensors: Sequence[Tensor]) -> None:
    """Refuse tensors of different dtypes.

    Raises:
        RuntimeError: They differ.
    """
    first = tensors[0].dtype
    for name, x in zip(names, tensors, strict=True):
        if x.dtype is not first:
            raise DtypeError(
                f"{op}: Expected {' and '.join(names)} to have the same dtype, but found {names[0]} of type {first} "
                f"and {name} of type {x.dtype}. Convert with x.to(dtype)."
            )


# --- what is returned


def failed(op: str, info: Any, reason: str) -> LinAlgError:
    """The error that names the first matrix of a batch that could not be handled, and what its ``info`` says.

    Args:
        op: For the message. info: for each matrix 0, or the number that ``reason`` has ``{info}`` for. reason: why.
    """
    at = int(np.flatnonzero(np.asarray(info).reshape(-1))[0])
    which = f"(Batch element {at}): " if np.ndim(info) else ""
    return LinAlgError(f"{op}: {which}{reason.format(info=np.asarray(info).reshape(-1)[at])}")


# --- steps of gradient rules


def adjoint(F: Any, x: Any) -> Any:
    """The conjugate transpose of each matrix."""
    return F.conj(x.mT)


def is_complex(x: Any) -> bool:
    """Whether ``x``, an array or a Tensor, is complex."""
    return "complex" in str(x.dtype)


def lower(F: Any, x: Any, diagonal: int = 0) -> Any:
    """The lower triangles, up to ``diagonal``."""
    return F.triangle(x, diagonal, True)


def upper(F: Any, x: Any, diagonal: int = 0) -> Any:
    """The upper triangles, from ``diagonal`` on."""
    return F.triangle(x, diagonal, False)


def diagonal_of(F: Any, x: Any) -> Any:
    """The diagonals of matrices, as the last dimension."""
    return F.diagonal(x, 0, x.ndim - 2, x.ndim - 1)


def with_diagonal(F: Any, values: Any) -> Any:
    """Square matrices that are zero but for their diagonals."""
    n = values.ndim
    return F.diagonal_backward(values, (*values.shape, values.shape[-1]), 0, n - 1, n)


def diagonal_part(F: Any, x: Any) -> Any:
    """Square matrices with zeros off the diagonal."""
    return with_diagonal(F, diagonal_of(F, x))


def identity(F: Any, x: Any) -> Any:
    """Identity matrices in the shape of the square matrices ``x``."""
    return with_diagonal(F, F.pow(diagonal_of(F, x), 0))


def mirrored(F: Any, triangle: Any) -> Any:
    """Hermitian matrices of a triangle: what is on its one side, conjugated on the other; of the diagonal, the real."""
    both = triangle + adjoint(F, triangle)
    return both - diagonal_part(F, both) / 2


def quotients(F: Any, x: Any, gaps: Any) -> Any:
    """``x / gaps`` off the diagonal, 0 on it; 0 where ``x`` is, even over a gap of 0: nothing is asked about that pair.

    Args:
        gaps: Differences of eigenvalues or the like, 0 on the diagonal. Another gap of 0 under an ``x`` that is not
            makes the gradient inf or nan: two eigenvectors of one eigenvalue have no derivative.
    """
    apart = x - diagonal_part(F, x)
    divisors = gaps + identity(F, gaps)
    return F.where((apart == 0) & (divisors == 0), 0.0, apart / divisors)


# --- the phase of vectors


def phases(xp: Any, vectors: Any) -> Any:
    """For each column the factor of size 1 that makes its largest element real and positive.

    Eigenvectors and singular vectors are given but for that factor: LAPACK's sign is accidental. Fixing it makes them
    the same on every backend, and complex ones differentiable functions of the matrix.
    """
    largest = xp.argmax(xp.abs(vectors), axis=-2, keepdims=True)
    lead = xp.conj(xp.take_along_axis(vectors, largest, axis=-2))
    return lead / xp.abs(lead)


def turning(F: Any, grad: Any, vectors: Any) -> Any:
    """How a loss of gradient ``grad`` changes as columns turn: ``i Im(grad^H v)``; 0 if it does not see the phase."""
    product = F.sum(F.conj(grad) * vectors, (vectors.ndim - 2,), True)
    return (product - F.conj(product)) / 2


def steadied(F: Any, grad: Any, vectors: Any, turn: Any) -> Any:
    """``grad`` by vectors whose phase is fixed, made a gradient by vectors free to turn."""
    if 0 in vectors.shape:
        return grad
    size = F.abs(vectors)
    largest = size == F.amax(size, (vectors.ndim - 2,), True)
    return grad + F.where(largest, turn / F.where(largest, vectors, 1.0), 0.0)
