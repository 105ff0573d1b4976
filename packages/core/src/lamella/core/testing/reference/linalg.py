"""References for ``ops/linalg``: schoolbook algorithms on lists of numbers, of matrices of a few rows.

Eigenvalues are roots of the characteristic polynomial, eigenvectors columns of an adjugate, and singular values those
of ``A A^T``: good enough for small matrices without equal eigenvalues.
"""

# ruff: noqa: D103  # what a function here computes is said by the op of its name

from __future__ import annotations

import builtins
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from lamella.core.testing.reference.diagonals import triangle
from lamella.core.testing.reference.elements import filled

Rows = list[list[Any]]

# --- matrices as lists of rows


def _rows(array: Any) -> Rows:
    rows: Rows = array.tolist()
    return rows


def _array(rows: Rows, shape: Sequence[int]) -> np.ndarray:
    return np.array(rows, complex if any(isinstance(x, complex) for row in rows for x in row) else float).reshape(shape)


def _identity(n: int) -> Rows:
    return [[float(i == j) for j in range(n)] for i in range(n)]


def _product(a: Rows, b: Rows) -> Rows:
    columns = list(zip(*b, strict=True))
    return [[builtins.sum(x * y for x, y in zip(row, column, strict=True)) for column in columns] for row in a]


def _transposed(a: Rows) -> Rows:
    return [list(column) for column in zip(*a, strict=True)]


def _scaled(a: Rows, factor: Any) -> Rows:
    return [[factor * x for x in row] for row in a]


def _sum(a: Rows, b: Rows) -> Rows:
    return [[x + y for x, y in zip(r, s, strict=True)] for r, s in zip(a, b, strict=True)]


def _without(a: Rows, i: int, j: int) -> Rows:
    return [[x for d, x in enumerate(row) if d != j] for c, row in enumerate(a) if c != i]


def _determinant(a: Rows) -> Any:
    """By the first row."""
    if not a:
        return 1.0
    return builtins.sum((-1) ** j * a[0][j] * _determinant(_without(a, 0, j)) for j in range(len(a)))


def _cofactors(a: Rows) -> Rows:
    n = range(len(a))
    return [[(-1) ** (i + j) * _determinant(_without(a, i, j)) for j in n] for i in n]


def _inverse(a: Rows) -> Rows:
    return _scaled(_transposed(_cofactors(a)), 1 / _determinant(a))


def _each(function: Callable[..., Any], *arrays: np.ndarray) -> list[Any]:
    """``function`` of the matrices, as rows, at every place of the broadcast batches."""
    batch = np.broadcast_shapes(*(a.shape[:-2] for a in arrays))
    wide = [np.broadcast_to(a, (*batch, *a.shape[-2:])) for a in arrays]
    return [function(*(_rows(w[i]) for w in wide)) for i in np.ndindex(*batch)]


def _stacked(results: list[Any], shape: Sequence[int]) -> np.ndarray:
    """The results of :func:`_each` as one array."""
    return np.array(results).reshape(shape)


def _batched(function: Callable[[Rows], Rows], input: Any) -> np.ndarray:
    """A function of square matrices that gives one of the same size."""
    return _stacked(_each(function, input), input.shape)


# --- triangles


def linalg_solve_triangular(input: Any, other: Any, upper: bool, unitriangular: bool) -> np.ndarray:
    a = triangle(input, 0, not upper)
    if unitriangular:
        a = a - triangle(triangle(a, 0, True), 0, False) + np.eye(a.shape[-1])
    return linalg_solve_ex(a, other, "", False)[0]


def hermitian_gap(input: Any, uplo: str) -> np.ndarray:
    def element(i: tuple[int, ...]) -> Any:
        given = i[-1] <= i[-2] if uplo == "L" else i[-1] >= i[-2]
        return 0 if given else input[(*i[:-2], i[-1], i[-2])] - input[i]

    return filled(input.shape, element)


# --- equations


def linalg_inv_ex(input: Any, op: str, check: bool) -> Any:
    return _batched(_inverse, input), np.zeros(input.shape[:-2], np.int32)


def linalg_solve_ex(input: Any, other: Any, op: str, check: bool) -> Any:
    batch = np.broadcast_shapes(input.shape[:-2], other.shape[:-2])
    found = _each(lambda a, b: _product(_inverse(a), b) if a else b, input, other)
    return _stacked(found, (*batch, *other.shape[-2:])), np.zeros(input.shape[:-2], np.int32)


def linalg_cholesky_solve(input: Any, factor: Any) -> np.ndarray:
    product = _batched(lambda a: _product(a, _transposed(a)) if a else a, factor)
    solution: np.ndarray = linalg_solve_ex(product, input, "", False)[0]
    return solution


def linalg_pinv(input: Any, atol: Any, rtol: Any) -> np.ndarray:
    """Of matrices of full rank."""

    def pinv(a: Rows) -> Rows:
        t = _transposed(a)
        return _product(_inverse(_product(t, a)), t) if len(a) > len(t) else _product(t, _inverse(_product(a, t)))

    *batch, m, n = input.shape
    return np.zeros((*batch, n, m)) if not input.size else _stacked(_each(pinv, input), (*batch, n, m))


def linalg_lstsq(input: Any, other: Any, rcond: float) -> Any:
    pinv = linalg_pinv(input, 0.0, rcond)
    batch = np.broadcast_shapes(pinv.shape[:-2], other.shape[:-2])
    shape = (*batch, pinv.shape[-2], other.shape[-1])
    solution = _stacked(_each(_product, pinv, other), shape) if input.size else np.zeros(shape)
    return solution, np.full(input.shape[:-2], min(input.shape[-2:]))


# --- determinants


def linalg_det(input: Any) -> np.ndarray:
    return _stacked(_each(_determinant, input), input.shape[:-2])


def det_backward(grad_output: Any, input: Any) -> np.ndarray:
    return grad_output[..., None, None] * _batched(_cofactors, input)


def linalg_slogdet(input: Any) -> Any:
    det = linalg_det(input)
    return filled(det.shape, lambda i: math.copysign(1, det[i])), filled(det.shape, lambda i: math.log(abs(det[i])))


# --- factors


def linalg_lu_factor_ex(input: Any, op: str, check: bool) -> Any:
    *batch, m, n = input.shape

    def factors(a: Rows) -> tuple[Rows, list[int]]:
        pivots = []
        for j in range(min(m, n)):
            p = max(range(j, m), key=lambda i: abs(a[i][j]))
            a[j], a[p] = a[p], a[j]
            pivots.append(p + 1)
            for i in range(j + 1, m):
                a[i][j] /= a[j][j]
                for k in range(j + 1, n):
                    a[i][k] -= a[i][j] * a[j][k]
        return a, pivots

    found = _each(factors, input)
    lu, pivots = [f[0] for f in found], [f[1] for f in found]
    shape = (*batch, min(m, n))
    return _stacked(lu, input.shape), np.array(pivots, np.int32).reshape(shape), np.zeros(batch, np.int32)


def permute_rows(input: Any, pivots: Any, back: bool) -> np.ndarray:
    batch = np.broadcast_shapes(input.shape[:-2], pivots.shape[:-1])
    result = np.array(np.broadcast_to(input, (*batch, *input.shape[-2:])))
    pivots = np.broadcast_to(pivots, (*batch, pivots.shape[-1]))
    for i in np.ndindex(*batch):
        steps = list(enumerate(pivots[i].tolist()))
        for row, other in steps if back else reversed(steps):
            result[i][[row, other - 1]] = result[i][[other - 1, row]]
    return result


def linalg_cholesky_ex(input: Any, op: str, check: bool) -> Any:
    def factor(a: Rows) -> Rows:
        n = len(a)
        low = [[0.0] * n for _ in range(n)]
        for i in range(n):
            for j in range(i + 1):
                rest = (a[i][j] + a[j][i]) / 2 - builtins.sum(low[i][k] * low[j][k] for k in range(j))
                low[i][j] = math.sqrt(rest) if i == j else rest / low[j][j]
        return low

    return _batched(factor, input), np.zeros(input.shape[:-2], np.int32)


def _reflected(a: Rows) -> tuple[Rows, Rows]:
    """``Q`` and ``R``, complete, by Householder's reflections."""
    m = len(a)
    q, r = _identity(m), a
    for j in range(min(m - 1, len(a[0]) if a else 0)):
        column = [row[j] for row in r[j:]]
        length = math.sqrt(builtins.sum(x * x for x in column))
        v = [0.0] * j + [column[0] + math.copysign(length, column[0]), *column[1:]]
        scale = 2 / builtins.sum(x * x for x in v)
        mirror = _sum(_identity(m), [[-scale * x * y for y in v] for x in v])
        q, r = _product(q, mirror), _product(mirror, r)
    return q, r


def linalg_qr(input: Any, mode: str) -> Any:
    *batch, m, n = input.shape
    k = m if mode == "complete" else min(m, n)
    found = _each(_reflected, input)
    q, r = _stacked([f[0] for f in found], (*batch, m, m)), _stacked([f[1] for f in found], input.shape)
    return q[..., :k], r[..., :k, :]


def orthogonal_complement(input: Any) -> np.ndarray:
    return linalg_qr(input, "complete")[0][..., input.shape[-1] :]


# --- eigenvalues


def _roots(a: Rows) -> list[complex]:
    """The eigenvalues: roots of the characteristic polynomial (Durand-Kerner), by their real parts."""
    n = len(a)
    values = [(0.4 + 0.9j) ** k * (1 + max((abs(x) for row in a for x in row), default=0)) for k in range(n)]
    for _ in range(500):
        for i, x in enumerate(values):
            shifted = _sum(_scaled(_identity(n), x), _scaled(a, -1))
            apart = math.prod((x - y for j, y in enumerate(values) if j != i), start=1 + 0j)
            values[i] = x - _determinant(shifted) / apart
    return sorted(values, key=lambda x: (round(x.real, 6), -x.imag))


def _unit(vector: list[Any]) -> list[Any]:
    """In length 1, its largest element real and positive."""
    largest = max(vector, key=abs)
    length = math.sqrt(builtins.sum(abs(x) ** 2 for x in vector))
    return [x / length * (abs(largest) / largest) for x in vector]


def _eigen(a: Rows) -> tuple[list[complex], Rows]:
    """Eigenvalues, and as rows the eigenvectors: what is not 0 in the adjugate of ``A - value``."""
    values, vectors = _roots(a), []
    for value in values:
        adjugate = _cofactors(_sum(a, _scaled(_identity(len(a)), -value)))
        vectors.append(_unit(max(adjugate, key=lambda row: max(map(abs, row)))))
    return values, vectors


def _symmetric_eigen(a: Rows) -> tuple[list[float], Rows]:
    values, vectors = _eigen(_scaled(_sum(a, _transposed(a)), 0.5) if a else a)
    return [value.real for value in values], [_unit([x.real for x in vector]) for vector in vectors]


def linalg_eig(input: Any) -> Any:
    found = _each(_eigen, input)
    vectors = [_transposed(f[1]) for f in found]
    return _stacked([f[0] for f in found], input.shape[:-1]), _stacked(vectors, input.shape)


def linalg_eigh(input: Any) -> Any:
    found = _each(_symmetric_eigen, input)
    vectors = [_transposed(f[1]) for f in found]
    return _stacked([f[0] for f in found], input.shape[:-1]), _stacked(vectors, input.shape)


def linalg_eigvalsh(input: Any) -> np.ndarray:
    values: np.ndarray = linalg_eigh(input)[0]
    return values


def _singular(a: Rows) -> tuple[Rows, list[float], Rows]:
    if len(a) > len(a[0]):  # U of a tall matrix is V of the transposed one
        v, s, u = _singular(_transposed(a))
        signs = [math.copysign(1, max(column, key=abs)) for column in _transposed(_transposed(u))]
        u = [[sign * x for x in column] for sign, column in zip(signs, u, strict=True)]
        v = _transposed([[sign * x for x in column] for sign, column in zip(signs, _transposed(v), strict=True)])
        return _transposed(u), s, _transposed(v)
    squares, columns = _symmetric_eigen(_product(a, _transposed(a)))
    s = [math.sqrt(x) for x in reversed(squares)]
    columns.reverse()
    rows = [[x / value for x in row] for value, row in zip(s, _product(columns, a), strict=True)]
    return _transposed(columns), s, rows


def linalg_svd(input: Any) -> Any:
    *batch, m, n = input.shape
    k = min(m, n)
    found = _each(_singular, input) if input.size else []
    shapes = ((*batch, m, k), (*batch, k), (*batch, k, n))
    return tuple(_stacked([f[i] for f in found], shape) for i, shape in enumerate(shapes))


def linalg_svdvals(input: Any) -> np.ndarray:
    values: np.ndarray = linalg_svd(input)[1]
    return values


# --- functions


def linalg_matrix_exp(input: Any) -> np.ndarray:
    def exponential(a: Rows) -> Rows:
        result = term = _identity(len(a))
        for k in range(1, 25):
            term = _scaled(_product(term, a), 2.0**-10 / k)
            result = _sum(result, term)
        for _ in range(10):
            result = _product(result, result)
        return result

    return _batched(exponential, input)
