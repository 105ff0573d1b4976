"""Linear algebra, on NumPy's LAPACK. The names here are those of the top level; ``lamella.linalg`` has the others."""

from __future__ import annotations

from lamella.core.ops.linalg.determinants import logdet
from lamella.core.ops.linalg.earlier import (
    cholesky,
    cholesky_inverse,
    cholesky_solve,
    cross,
    det,
    eig,
    inverse,
    lu,
    lu_solve,
    lu_unpack,
    matrix_exp,
    matrix_power,
    matrix_rank,
    norm,
    pinverse,
    qr,
    slogdet,
    solve,
    svd,
    triangular_solve,
)

__all__ = [
    "cholesky",
    "cholesky_inverse",
    "cholesky_solve",
    "cross",
    "det",
    "eig",
    "inverse",
    "logdet",
    "lu",
    "lu_solve",
    "lu_unpack",
    "matrix_exp",
    "matrix_power",
    "matrix_rank",
    "norm",
    "pinverse",
    "qr",
    "slogdet",
    "solve",
    "svd",
    "triangular_solve",
]
