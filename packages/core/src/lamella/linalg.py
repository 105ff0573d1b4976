"""PyTorch's ``torch.linalg``: linear algebra, from ``lamella.core``."""

from __future__ import annotations

from lamella.core.errors import LinAlgError
from lamella.core.keywords import add_out
from lamella.core.ops.linalg.determinants import det, slogdet
from lamella.core.ops.linalg.factorizations import cholesky, cholesky_ex, lu, lu_factor, lu_factor_ex
from lamella.core.ops.linalg.hermitian import eigh, eigvalsh
from lamella.core.ops.linalg.least_squares import lstsq, matrix_rank, pinv
from lamella.core.ops.linalg.matrix_functions import matrix_exp, matrix_power
from lamella.core.ops.linalg.norms import cond, matrix_norm, norm, vector_norm
from lamella.core.ops.linalg.orthogonal import qr
from lamella.core.ops.linalg.solving import inv, inv_ex, lu_solve, solve, solve_ex, tensorinv, tensorsolve
from lamella.core.ops.linalg.spectral import eig, eigvals, svd, svdvals
from lamella.core.ops.linalg.triangular import diagonal, solve_triangular
from lamella.core.ops.linalg.vectors import cross, multi_dot, vander, vecdot
from lamella.core.ops.matmul import matmul

__all__ = [
    "LinAlgError",
    "cholesky",
    "cholesky_ex",
    "cond",
    "cross",
    "det",
    "diagonal",
    "eig",
    "eigh",
    "eigvals",
    "eigvalsh",
    "inv",
    "inv_ex",
    "lstsq",
    "lu",
    "lu_factor",
    "lu_factor_ex",
    "lu_solve",
    "matmul",
    "matrix_exp",
    "matrix_norm",
    "matrix_power",
    "matrix_rank",
    "multi_dot",
    "norm",
    "pinv",
    "qr",
    "slogdet",
    "solve",
    "solve_ex",
    "solve_triangular",
    "svd",
    "svdvals",
    "tensorinv",
    "tensorsolve",
    "vander",
    "vecdot",
    "vector_norm",
]

add_out(globals(), without=("LinAlgError", "diagonal", "matrix_exp", "vander"))
