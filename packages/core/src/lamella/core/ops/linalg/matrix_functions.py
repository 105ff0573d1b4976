"""Functions of square matrices: the exponential, whole powers."""

from __future__ import annotations

import math
import operator
from typing import Any

from lamella.core import dtypes, rules
from lamella.core.dispatch import define_op
from lamella.core.errors import ArgumentTypeError, DtypeError, ShapeError
from lamella.core.ops import creation
from lamella.core.ops.linalg.solving import inv
from lamella.core.ops.linalg.structure import adjoint, check_matrices, square
from lamella.core.ops.matmul import matmul
from lamella.core.ops.selection import masked_fill
from lamella.core.ops.shapes import clone
from lamella.core.tensor import Tensor

#: By precision, the degree of the Padé approximant and the largest norm for which it is exact but for rounding; Higham,
#: The scaling and squaring method for the matrix exponential revisited, 2005, https://doi.org/10.1137/04061101X,
#: tables 2.3 and 2.4.
_DEGREES = {4: (7, 3.925724783138660), 8: (13, 5.371920351148152)}


@define_op(
    inputs=("input",),
    shape=square,
    trailing=2,
    dtype=rules.only_floating,
    samples=lambda make: [
        make(make.array(3, 3)),
        make(make.array(2, 2, 2) * [[[8.0]], [[0.1]]]),
        make(make.transposed(2, 2)),
        make(make.array(1, 1)),
        make(make.array(0, 0)),
        make(make.array(0, 2, 2)),
    ],
    errors=lambda make: [
        make.error((make.array(3),), ShapeError, r"linalg_matrix_exp: .* at least 2 dimensions"),
        make.error((make.array(2, 3),), ShapeError, r"linalg_matrix_exp: .* 2 by 3 matrices"),
        make.error((make.ints(3, 2, 2),), DtypeError, r"linalg_matrix_exp: not defined for dtype lamella.int64"),
    ],
)
def linalg_matrix_exp(xp: Any, input: Any) -> Any:
    """The matrix exponential, by scaling and squaring; see :data:`_DEGREES`."""
    n = square(input.shape)[-1]
    wide = input.astype(xp.float32) if input.dtype.itemsize == 2 else input
    if not wide.size:
        return input.copy()
    degree, limit = _DEGREES[wide.real.dtype.itemsize]
    norm = xp.max(xp.sum(xp.abs(wide), axis=-2), axis=-1)
    # of inf and nan no power of 2 is taken: they come out as nan by themselves
    halvings = xp.ceil(xp.log2(xp.maximum(xp.where(xp.isfinite(norm), norm, 0), limit) / limit)).astype(xp.int64)
    a = wide * xp.exp2(-halvings.astype(wide.real.dtype))[..., None, None]
    result = _approximant(xp, a, degree, xp.eye(n, dtype=wide.dtype))
    for step in range(int(xp.max(halvings))):
        result = xp.where((halvings > step)[..., None, None], result @ result, result)
    return result.astype(input.dtype, copy=False)


def _approximant(xp: Any, a: Any, degree: int, eye: Any) -> Any:
    """The Padé approximant ``(V - U)^-1 (V + U)``: V has the even powers of its polynomial, U the odd ones."""
    factors = [
        math.factorial(2 * degree - k) * math.factorial(degree) // (math.factorial(degree - k) * math.factorial(k))
        for k in range(degree + 1)
    ]
    shares = [factor / factors[0] for factor in factors]
    even, odd, power, a2 = eye, shares[1] * eye, eye, a @ a
    for k in range(2, degree + 1, 2):
        power = power @ a2
        even = even + shares[k] * power
        odd = odd + shares[k + 1] * power
    odd = a @ odd
    return xp.linalg.solve(even - odd, even + odd)


def _matrix_exp_input(F: Any, grad: Any, input: Any) -> Any:
    # the derivative stands in the corner of a larger exponential: Al-Mohy & Higham, Computing the Fréchet derivative of
    # the matrix exponential, 2009, https://doi.org/10.1137/080716426, equation 2.4
    n, d = input.shape[-1], input.ndim - 1
    a = adjoint(F, input)
    above = F.cat((a, grad), d)
    below = F.cat((a * 0.0, a), d)
    return F.linalg_matrix_exp(F.cat((above, below), d - 1))[..., :n, n:]


linalg_matrix_exp.vjp(input=_matrix_exp_input)


def matrix_exp(A: Tensor) -> Tensor:
    """The exponential of square matrices, ``sum_k A^k / k!``: ``(…, n, n) -> (…, n, n)``.

    Raises:
        RuntimeError: A is no batch of square floating matrices.

    Example:
        >>> import lamella
        >>> lamella.linalg.matrix_exp(lamella.zeros(2, 2))
        tensor([[1., 0.],
                [0., 1.]])
    """
    check_matrices("linalg.matrix_exp", A, square_only=True)
    result: Tensor = linalg_matrix_exp(A)
    return result


def matrix_power(A: Tensor, n: int) -> Tensor:
    """The n-th power of square matrices; of the inverse if n is negative, the identity if it is 0.

    Args:
        A: Matrices ``(…, m, m)``. n: an int.

    Raises:
        RuntimeError: A is no batch of square matrices; n is negative, and one is singular or not of floats.
        TypeError: n is no int.
    """
    check_matrices("linalg.matrix_power", A, square_only=True)
    try:
        exponent = operator.index(n)
    except TypeError:
        raise ArgumentTypeError(f"linalg.matrix_power(): argument 'n' must be int, not {type(n).__name__}") from None
    if exponent < 0:
        A, exponent = inv(A), -exponent
    if exponent == 0:
        nothing = masked_fill(A, creation.full((), True, dtype=dtypes.bool, device=A.device), 0)
        return nothing + creation.eye(A.array.shape[-1], dtype=A.dtype, device=A.device)
    return clone(A) if exponent == 1 else _product(A, exponent)


def _product(A: Tensor, count: int) -> Tensor:
    """``A`` times itself, ``count`` factors, by squaring."""
    if count == 1:
        return A
    half = _product(A, count // 2)
    even = matmul(half, half)
    return matmul(even, A) if count % 2 else even
