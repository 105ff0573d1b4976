"""Linear algebra beyond what the op table checks: composed functions, what results are called, what is refused."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import lamella
from lamella import linalg
from lamella.core.errors import LamellaError

RNG = np.random.default_rng(0)


def real(*shape: int) -> lamella.Tensor:
    return lamella.tensor(RNG.standard_normal(shape))


def cplx(*shape: int) -> lamella.Tensor:
    return lamella.tensor(RNG.standard_normal(shape) + 1j * RNG.standard_normal(shape))


def hermitian(x: lamella.Tensor) -> lamella.Tensor:
    return x @ x.mH + 0.5 * lamella.eye(x.shape[-1], dtype=x.dtype)


def same(a: Any, b: Any, tolerance: float = 1e-9) -> None:
    a, b = (np.asarray(x.detach().numpy() if isinstance(x, lamella.Tensor) else x) for x in (a, b))
    assert a.shape == b.shape
    np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


MAKERS = pytest.mark.parametrize("make", [real, cplx])

# --- decompositions multiply back


@MAKERS
@pytest.mark.parametrize("shape", [(4, 4), (2, 5, 3), (2, 3, 5), (70, 70), (0, 3), (2, 0, 0)])
def test_factors_multiply_back(make: Callable[..., Any], shape: tuple[int, ...]) -> None:
    a = make(*shape)
    p, low, up = linalg.lu(a)
    same(p @ low @ up, a)
    assert (low.triu(1) == 0).all()
    assert (up.tril(-1) == 0).all()
    for mode in ("reduced", "complete"):
        q, r = linalg.qr(a, mode)
        same(q @ r, a)
        same(q.mH @ q, np.broadcast_to(np.eye(q.shape[-1]), q.mH.shape[:-1] + q.shape[-1:]))
        same(linalg.qr(a, "r").R, linalg.qr(a).R)
    for full in (False, True):
        u, s, vh = linalg.svd(a, full_matrices=full)
        k = s.shape[-1]
        same((u[..., :k] * s.unsqueeze(-2)) @ vh[..., :k, :], a)
        same(u.mH @ u, np.broadcast_to(np.eye(u.shape[-1]), u.mH.shape[:-1] + u.shape[-1:]))
        same(vh @ vh.mH, np.broadcast_to(np.eye(vh.shape[-2]), vh.shape[:-1] + vh.shape[-2:-1]))
        same(linalg.svdvals(a), s)


@MAKERS
@pytest.mark.parametrize("shape", [(4, 4), (2, 3, 3), (0, 0)])
def test_eigenvectors_keep_their_direction(make: Callable[..., Any], shape: tuple[int, ...]) -> None:
    a = make(*shape)
    values, vectors = linalg.eig(a)
    same(a.to(lamella.complex128) @ vectors, vectors * values.unsqueeze(-2))
    same(linalg.eigvals(a), values)
    h = hermitian(a)
    values, vectors = linalg.eigh(h)
    same(h @ vectors, vectors * values.unsqueeze(-2))
    same(linalg.eigvalsh(h), values)
    low = linalg.cholesky(h)
    same(low @ low.mH, h)
    same(linalg.cholesky(h, upper=True), low.mH)


def test_one_triangle_is_read_and_both_get_the_gradient() -> None:
    h = hermitian(real(3, 3))
    for uplo, triangle in (("L", h.tril()), ("U", h.triu())):
        same(linalg.eigh(triangle, UPLO=uplo).eigenvalues, linalg.eigvalsh(h))
        same(linalg.cholesky(triangle, upper=uplo == "U"), linalg.cholesky(h, upper=uplo == "U"))
    for function in (linalg.cholesky, linalg.eigvalsh, lambda x: linalg.eigh(x).eigenvectors):
        x = h.clone().requires_grad_()
        (function(x) * real(*function(x).shape)).sum().backward()
        same(x.grad, x.grad.mH)


def test_phases_are_fixed() -> None:
    for vectors in (
        linalg.eigh(hermitian(cplx(4, 4))).eigenvectors,
        linalg.svd(real(4, 4)).U,
        linalg.eig(real(4, 4))[1],
    ):
        v = vectors.numpy()
        largest = np.take_along_axis(v, np.abs(v).argmax(0)[None], 0)
        same(largest, np.abs(largest))


def test_eigenvalues_alone_have_a_gradient_where_they_are_equal() -> None:
    for function in (linalg.eigvalsh, lambda x: linalg.eigh(x)[0], linalg.svdvals, lambda x: linalg.svd(x)[1]):
        x = lamella.eye(3, dtype=lamella.float64, requires_grad=True)
        function(x).sum().backward()
        same(x.grad, np.eye(3))


def test_nan_gives_nan_eigenvalues_of_that_matrix_alone() -> None:
    a = lamella.stack([lamella.eye(4), lamella.full((4, 4), math.nan)])
    values, vectors = linalg.eigh(a)
    assert values[0].tolist() == [1, 1, 1, 1]
    assert values[1].isnan().all()
    assert vectors[1].isnan().all()
    assert linalg.eigvalsh(a).isnan().tolist() == [[False] * 4, [True] * 4]


# --- equations


@MAKERS
def test_solutions_solve(make: Callable[..., Any]) -> None:
    a, b = make(2, 40, 40), make(2, 40, 3)
    same(a @ linalg.solve(a, b), b, 1e-7)
    same(linalg.solve(a, b.mT, left=False) @ a, b.mT, 1e-7)
    same((a @ linalg.solve(a, b[..., 0]).unsqueeze(-1))[..., 0], b[..., 0], 1e-7)
    same(a @ linalg.inv(a), np.broadcast_to(np.eye(40), (2, 40, 40)), 1e-7)
    lu, pivots = linalg.lu_factor(a)
    same(linalg.lu_solve(lu, pivots, b), linalg.solve(a, b), 1e-7)
    same(linalg.lu_solve(lu, pivots, b, adjoint=True), linalg.solve(a.mH, b), 1e-7)
    same(linalg.lu_solve(lu, pivots, b.mT, left=False), linalg.solve(a, b.mT, left=False), 1e-7)
    same(lamella.lu_solve(b, *lamella.lu(a)), linalg.solve(a, b), 1e-7)
    h = hermitian(a)
    for upper in (False, True):
        factor = linalg.cholesky(h, upper=upper)
        same(lamella.cholesky_solve(b, factor, upper), linalg.solve(h, b), 1e-7)
        same(lamella.cholesky_inverse(factor, upper), linalg.inv(h), 1e-7)


@MAKERS
@pytest.mark.parametrize("upper", [False, True])
@pytest.mark.parametrize("unit", [False, True])
def test_triangles_solve(make: Callable[..., Any], upper: bool, unit: bool) -> None:
    a = make(70, 70) * 0.05 + 3 * lamella.eye(70, dtype=lamella.float64)
    b = make(2, 70, 3)
    triangle = a.triu() if upper else a.tril()
    if unit:
        triangle = triangle - lamella.diag(a.diagonal()) + lamella.eye(70, dtype=lamella.float64)
    same(triangle @ linalg.solve_triangular(a, b, upper=upper, unitriangular=unit), b)
    same(linalg.solve_triangular(a, b.mT, upper=upper, unitriangular=unit, left=False) @ triangle, b.mT)
    x, copy = lamella.triangular_solve(b, a, upper, transpose=True, unitriangular=unit)
    same(triangle.mT @ x, b)
    assert copy.shape == (2, 70, 70)


def test_singular_triangles_give_inf_or_nan() -> None:
    zeros = lamella.zeros(2, 2)
    assert not linalg.solve_triangular(zeros, lamella.ones(2, 1), upper=True).isfinite().any()


def test_checks_are_reported_instead_of_raised() -> None:
    batch = lamella.stack([lamella.eye(2), lamella.ones(2, 2)])
    inverse, info = linalg.inv_ex(batch)
    assert info.tolist() == [0, 2]
    assert info.dtype is lamella.int32
    assert inverse[0].tolist() == [[1, 0], [0, 1]]
    assert not inverse[1].isfinite().all()
    result, info = linalg.solve_ex(batch, lamella.ones(2, 1))
    assert info.tolist() == [0, 2]
    assert result[0].tolist() == [[1], [1]]
    factor, info = linalg.cholesky_ex(lamella.stack([lamella.eye(2), -lamella.eye(2)]))
    assert info.tolist() == [0, 1]
    assert factor[0].tolist() == [[1, 0], [0, 1]]
    assert factor[1].isnan().all()
    lu, pivots, info = linalg.lu_factor_ex(batch)
    assert (info.tolist(), pivots.tolist()) == ([0, 2], [[1, 2], [1, 2]])
    assert lamella.lu(batch, get_infos=True).info.tolist() == [0, 2]
    assert lu.shape == (2, 2, 2)


def test_lu_unpack_leaves_out_what_is_not_wanted() -> None:
    packed, pivots = lamella.lu(real(3, 3))
    assert lamella.lu_unpack(packed, pivots, unpack_data=False).L.shape == (0,)
    assert lamella.lu_unpack(packed, pivots, unpack_pivots=False).P.shape == (0,)


def test_tensors_as_maps() -> None:
    a = real(2, 3, 6)
    same(lamella.tensordot(linalg.tensorinv(a), a, 2), np.eye(6))
    b = real(2, 3)
    same(lamella.tensordot(a, linalg.tensorsolve(a, b), 1), b)
    same(linalg.tensorsolve(a.permute(0, 2, 1), b, dims=(1,)), linalg.tensorsolve(a, b))


# --- least squares


@MAKERS
def test_pseudo_inverse_has_its_properties(make: Callable[..., Any]) -> None:
    for a in (make(5, 3), make(2, 3, 5), make(4, 2) @ make(2, 4), make(0, 3)):
        p = linalg.pinv(a)
        same(a @ p @ a, a)
        same(p @ a @ p, p)
        same(a @ p, (a @ p).mH)
        same(lamella.pinverse(a), p)
    h = hermitian(make(3, 3))
    same(linalg.pinv(h.tril(), hermitian=True), linalg.inv(h))
    d = lamella.diag(lamella.tensor([4.0, 2, 1]))
    for kept, tolerances in ((1, {"atol": 2.0}), (2, {"rtol": 0.3}), (2, {"atol": lamella.tensor(1.5)}), (3, {})):
        assert (linalg.pinv(d, **tolerances) != 0).sum().item() == kept
        assert linalg.matrix_rank(d, **tolerances).item() == kept
    assert linalg.pinv(d, rcond=0.3).diagonal().tolist() == [0.25, 0.5, 0]


def test_rank() -> None:
    a = real(5, 2) @ real(2, 4)
    assert linalg.matrix_rank(lamella.stack([a, a * 0])).tolist() == [2, 0]
    assert linalg.matrix_rank(a @ a.mT, hermitian=True).item() == 2
    assert linalg.matrix_rank(lamella.diag(lamella.tensor([4.0, 2])), tol=3).item() == 1
    assert linalg.matrix_rank(real(2, 0, 3)).tolist() == [0, 0]


@pytest.mark.parametrize("driver", [None, "gels", "gelsy", "gelsd", "gelss"])
def test_least_squares(driver: str | None) -> None:
    a, b = real(2, 5, 3), real(2, 5, 2)
    solution, residuals, rank, values = linalg.lstsq(a, b, driver=driver)
    same(a.mH @ (a @ solution), a.mH @ b)
    same(linalg.lstsq(a, b[..., 0], driver=driver).solution, solution[..., 0])
    if driver in (None, "gelsy"):
        assert residuals.shape == (0,)
    else:
        same(residuals, ((a @ solution - b) ** 2).sum(-2))
    assert rank.tolist() == ([] if driver == "gels" else [3, 3])
    assert values.shape == ((2, 3) if driver in ("gelsd", "gelss") else (0,))


# --- determinants


def test_logarithms_of_determinants() -> None:
    a = lamella.stack([2 * lamella.eye(2), lamella.tensor([[0.0, 1], [1, 0]]), lamella.zeros(2, 2)])
    same(lamella.logdet(a), [math.log(4), math.nan, -math.inf], 1e-6)
    assert linalg.slogdet(a).sign.tolist() == [1, -1, 0]
    same(lamella.logdet(a.to(lamella.complex128))[1], 1j * math.pi)
    same(lamella.det(a), [4, -1, 0])


def test_determinants_of_singular_matrices_have_gradients() -> None:
    x = lamella.tensor([[1.0, 2], [2, 4]], requires_grad=True)
    lamella.det(x).backward()
    same(x.grad, [[4, -2], [-2, 1]], 1e-6)


# --- functions, products


def test_exponential_of_what_commutes_is_the_product() -> None:
    a = real(3, 3) * 5
    same(linalg.matrix_exp(a) @ linalg.matrix_exp(-a / 2), linalg.matrix_exp(a / 2), 1e-6)
    turn = lamella.tensor([[0.0, -math.pi / 2], [math.pi / 2, 0]], dtype=lamella.float64)
    same(lamella.matrix_exp(turn), [[0, -1], [1, 0]])
    assert linalg.matrix_exp(lamella.zeros(2, 2, dtype=lamella.float16)).tolist() == [[1, 0], [0, 1]]


@pytest.mark.parametrize("n", [-3, -1, 0, 1, 2, 7])
def test_powers(n: int) -> None:
    a = real(2, 3, 3)
    power = linalg.matrix_power(a, n)
    same(power, np.stack([np.linalg.matrix_power(m, n) for m in a.numpy()]), 1e-6)
    assert power is not a
    whole = lamella.tensor([[1, 1], [1, 0]])
    assert lamella.matrix_power(whole, 10).tolist() == [[89, 55], [55, 34]]


def test_products_of_vectors() -> None:
    a, b = cplx(4, 3), cplx(4, 3)
    same(linalg.cross(a, b), np.cross(a.numpy(), b.numpy()))
    same(lamella.cross(a.mT, b.mT), np.cross(a.numpy(), b.numpy()).T)  # along the first dimension of size 3
    same(linalg.vecdot(a, b), (a.numpy().conj() * b.numpy()).sum(-1))
    same(linalg.diagonal(a), a.numpy().diagonal())


def test_chains_of_matrices() -> None:
    a, b, c = real(2, 50), real(50, 3), real(3, 40)
    product = a.numpy() @ b.numpy() @ c.numpy()
    same(linalg.multi_dot([a, b, c]), product)
    same(linalg.multi_dot([a[0], b, c]), product[0])
    same(linalg.multi_dot([a, b, c[:, 0]]), product[:, 0])
    same(linalg.multi_dot([a[0], a[0]]), (a[0] * a[0]).sum())


def test_vandermonde() -> None:
    assert linalg.vander(lamella.tensor([1, 2, 3])).tolist() == [[1, 1, 1], [1, 2, 4], [1, 3, 9]]
    assert linalg.vander(lamella.tensor([2, 3], dtype=lamella.uint8)).dtype is lamella.int64
    assert linalg.vander(lamella.tensor(2.0), N=3).tolist() == [[1, 2, 4]]


# --- norms


@pytest.mark.parametrize("ord", ["fro", "nuc", 1, -1, 2, -2, math.inf, -math.inf])
def test_norms_and_conditions_are_those_of_numpy(ord: Any) -> None:
    a = real(3, 3)
    expected = np.linalg.norm(a.numpy(), ord)
    same(linalg.norm(a, ord), expected)
    same(linalg.matrix_norm(a.expand(2, 3, 3), ord), [expected, expected])
    same(linalg.matrix_norm(a.expand(2, 3, 3).permute(2, 0, 1), ord, dim=(2, 0)), [expected, expected])
    same(linalg.matrix_norm(a, ord, keepdim=True), [[expected]])
    same(linalg.cond(a, ord), np.linalg.cond(a.numpy(), ord))


@pytest.mark.parametrize("ord", [0, 1, 2, 3.5, -1, math.inf, -math.inf])
def test_norms_of_vectors(ord: float) -> None:
    a = real(4)
    expected = np.linalg.norm(a.numpy(), ord)
    same(linalg.vector_norm(a, ord), expected)
    same(linalg.norm(a, ord), expected)
    same(lamella.norm(a, ord), expected)
    same(linalg.norm(a.expand(2, 4), ord, dim=1), [expected, expected])


def test_norms_of_little() -> None:
    assert linalg.norm(lamella.ones(2, 2, 2)).item() == pytest.approx(math.sqrt(8))
    assert lamella.ones(2, 2).norm("nuc").item() == pytest.approx(2)
    assert lamella.ones(2, 2).norm(None, dim=0).shape == (2,)
    assert lamella.ones(2, 2).norm(dtype=lamella.float64).dtype is lamella.float64
    for ord in ("fro", "nuc", 1, 2, math.inf):
        assert linalg.matrix_norm(lamella.zeros(0, 3), ord).item() == 0
    assert linalg.cond(lamella.zeros(0, 0)).item() == 0
    assert linalg.cond(lamella.zeros(0, 0), "fro").item() == 0
    assert linalg.cond(lamella.zeros(2, 2), "fro").item() == math.inf
    assert linalg.cond(lamella.diag(lamella.tensor([4.0, 2])), -2).item() == 0.5


# --- results


def test_results_are_named_and_print_as_pytorch_s() -> None:
    a = lamella.eye(2)
    expected = {
        linalg.svd: "U S Vh",
        lamella.svd: "U S V",
        linalg.eigh: "eigenvalues eigenvectors",
        linalg.eig: "eigenvalues eigenvectors",
        linalg.qr: "Q R",
        linalg.lu: "P L U",
        linalg.lu_factor: "LU pivots",
        linalg.slogdet: "sign logabsdet",
        linalg.cholesky_ex: "L info",
    }
    for function, names in expected.items():
        assert " ".join(function(a)._fields) == names
    assert repr(lamella.slogdet(a)) == "lamella.return_types.slogdet(\nsign=tensor(1.),\nlogabsdet=tensor(0.))"
    assert type(linalg.slogdet(a)).__name__ == "linalg_slogdet"


def test_old_forms() -> None:
    a = real(4, 3)
    u, s, v = lamella.svd(a)
    same((u * s) @ v.mH, a)
    assert a.svd(some=False).U.shape == (4, 4)
    zeros = a.svd(compute_uv=False)
    assert (zeros.U.shape, zeros.V.shape) == ((4, 4), (3, 3))
    assert not zeros.U.any()
    same(zeros.S, s)
    assert a.qr(some=False).Q.shape == (4, 4)
    h = hermitian(real(3, 3))
    same(lamella.cholesky(h, True), linalg.cholesky(h, upper=True))
    same(lamella.inverse(h), linalg.inv(h))


# --- what is refused

S, Z = lamella.eye(2), lamella.zeros(2, 2)
WIDE, VECTOR, WHOLE, HALF = lamella.ones(2, 3), lamella.ones(2), S.long(), S.half()
BATCH = lamella.stack([S, Z])
PIVOTS = lamella.tensor([1, 2], dtype=lamella.int32)

REFUSED: list[tuple[Callable[[], Any], type[Exception], str]] = [
    *((lambda f=f: f(WIDE), RuntimeError, "they are 2 by 3 matrices") for f in (linalg.inv, linalg.det, linalg.eig)),
    *((lambda f=f: f(VECTOR), RuntimeError, "at least 2 dimensions") for f in (linalg.qr, linalg.svd, linalg.pinv)),
    *((lambda f=f: f(WHOLE), RuntimeError, "not defined for dtype") for f in (linalg.eigh, linalg.inv, linalg.lu)),
    *((lambda f=f: f(HALF), NotImplementedError, "not defined for dtype") for f in (linalg.qr, linalg.cholesky)),
    *((lambda f=f: f([[1.0]]), TypeError, "must be Tensor, not list") for f in (linalg.inv, linalg.svd, linalg.norm)),
    (lambda: linalg.inv(BATCH), linalg.LinAlgError, r"linalg.inv: \(Batch element 1\): The diagonal element 1 is zero"),
    (lambda: linalg.inv(Z), linalg.LinAlgError, r"linalg.inv: The diagonal element 1 is zero"),
    (lambda: linalg.solve(BATCH, S), linalg.LinAlgError, r"linalg.solve: \(Batch element 1\): The solver failed"),
    (lambda: linalg.cholesky(-BATCH), linalg.LinAlgError, r"\(Batch element 0\): .* leading minor of order 1"),
    (lambda: linalg.cholesky(S * math.nan), linalg.LinAlgError, r"leading minor of order 1"),
    (lambda: linalg.lu_factor(BATCH), RuntimeError, r"\(Batch element 1\): U\[1,1\] is zero"),
    (lambda: linalg.svd(S * math.nan), linalg.LinAlgError, "failed to converge"),
    (lambda: linalg.eig(S * math.nan), RuntimeError, "should not contain infs or NaNs"),
    (lambda: linalg.pinv(S * math.inf), linalg.LinAlgError, "failed to converge"),
    (lambda: lamella.cholesky_inverse(BATCH), linalg.LinAlgError, r"cholesky_inverse: \(Batch element 1\)"),
    (lambda: linalg.lu(S, pivot=False), RuntimeError, "without pivoting is not implemented"),
    (lambda: linalg.qr(S, "full"), RuntimeError, "unrecognized mode 'full'"),
    (lambda: linalg.svd(S, driver="gesvd"), RuntimeError, "only supported on GPUs"),
    (lambda: linalg.svdvals(S, driver="gesvd"), RuntimeError, "only supported on GPUs"),
    (lambda: linalg.eigh(S, UPLO="X"), RuntimeError, "Expected UPLO argument to be 'L' or 'U', but got X"),
    (lambda: linalg.solve(S, S.double()), RuntimeError, "to have the same dtype"),
    (lambda: linalg.solve(S, WIDE.mT), RuntimeError, "Incompatible shapes of A and B"),
    (lambda: linalg.solve(S, lamella.tensor(1.0)), RuntimeError, "B must have at least 2 dimensions"),
    (lambda: linalg.solve(S, VECTOR, left=False), RuntimeError, "left=False is for matrices"),
    (lambda: linalg.solve_triangular(S, VECTOR, upper=True), RuntimeError, "at least 2 dimensions"),
    (lambda: linalg.lu_solve(S, PIVOTS.long(), S), RuntimeError, "pivots should be a Tensor of dtype lamella.int32"),
    (lambda: linalg.lu_solve(S, PIVOTS[:1], S), RuntimeError, "expected 2 pivots a matrix"),
    (lambda: linalg.lu_solve(S, PIVOTS - 1, S), RuntimeError, "must all be between 1 and 2"),
    (lambda: lamella.cholesky_solve(WIDE.mT, S), RuntimeError, "Incompatible matrix sizes for cholesky_solve"),
    (lambda: linalg.tensorinv(S, 0), RuntimeError, "strictly positive integer for 'ind', but got 0"),
    (lambda: linalg.tensorinv(WIDE, 1), RuntimeError, "must have the product of the others, but got 2 and 3"),
    (lambda: linalg.tensorsolve(WIDE, VECTOR), RuntimeError, "must have the product of the first"),
    (lambda: linalg.pinv(S, atol=lamella.tensor(1j)), RuntimeError, "atol tensor of complex type"),
    (lambda: linalg.lstsq(S, lamella.tensor(1.0)), RuntimeError, "other must have at least 1 dimension"),
    (lambda: linalg.lstsq(S, S, driver="best"), RuntimeError, "driver should be one of gels"),
    (lambda: linalg.lstsq(S, WIDE.mT), RuntimeError, r"input.size\(-2\) should match"),
    (lambda: linalg.matrix_power(S, 1.5), TypeError, "argument 'n' must be int, not float"),
    (lambda: linalg.matrix_power(WHOLE, -1), RuntimeError, "not defined for dtype lamella.int64"),
    (lambda: linalg.cross(WIDE, S), RuntimeError, "must have length 3"),
    (lambda: linalg.cross(WIDE, WIDE[0]), RuntimeError, "the same number of dimensions"),
    (lambda: linalg.cross(WIDE > 0, WIDE > 0), RuntimeError, "not defined for dtype lamella.bool"),
    (lambda: lamella.cross(S, S), RuntimeError, "no dimension of size 3"),
    (lambda: linalg.vecdot(WHOLE, WHOLE), RuntimeError, "Expected a floating point or complex tensor"),
    (lambda: linalg.multi_dot([S]), RuntimeError, "expected at least 2 tensors but got 1"),
    (lambda: linalg.multi_dot([S, VECTOR, S]), RuntimeError, "tensor 1 must be 2D but got 1D"),
    (lambda: linalg.multi_dot([WIDE, WIDE]), RuntimeError, "cannot be multiplied"),
    (lambda: linalg.vander(VECTOR, N=1), RuntimeError, "N must be greater than 1, but is 1"),
    (lambda: linalg.vander(VECTOR > 0), RuntimeError, "but got lamella.bool"),
    (lambda: linalg.vector_norm(S, "fro"), TypeError, "'ord' must be Number, not str"),
    (lambda: linalg.vector_norm(WHOLE), RuntimeError, "Expected a floating point or complex tensor"),
    (lambda: linalg.vector_norm(lamella.ones(0), math.inf), RuntimeError, "does not have an identity"),
    (lambda: linalg.vector_norm(S, dtype=lamella.int64), RuntimeError, "dtype should be floating point or complex"),
    (lambda: linalg.vector_norm(S, dtype=lamella.complex64), RuntimeError, "dtype should be real for real inputs"),
    (lambda: linalg.vector_norm(S.double(), dtype=lamella.float32), RuntimeError, "without narrowing"),
    (lambda: linalg.matrix_norm(S, 3), RuntimeError, "Order 3 not supported"),
    (lambda: linalg.matrix_norm(S, dim=(0, 0)), RuntimeError, "dims must be different"),
    (lambda: linalg.matrix_norm(S, dim=0), RuntimeError, "dim must be a 2-tuple. Got 0"),
    (lambda: linalg.matrix_norm(lamella.ones(3, 0), -2), IndexError, "non-zero size"),
    (lambda: linalg.norm(S[None], 2), RuntimeError, "must be 1D or 2D. Got 3D"),
    (lambda: lamella.norm(S, "max"), RuntimeError, "'fro' or 'nuc', got 'max'"),
    (lambda: linalg.cond(S, 3), RuntimeError, "invalid norm type: 3"),
    (lambda: linalg.cond(WIDE, "fro"), RuntimeError, "they are 2 by 3 matrices"),
    (lambda: lamella.eig(S), RuntimeError, "removed, in PyTorch too. Use linalg.eig"),
    (lambda: S.solve(S), RuntimeError, "removed, in PyTorch too. Use linalg.solve"),
    (lambda: lamella.matrix_rank(S), RuntimeError, "removed, in PyTorch too. Use linalg.matrix_rank"),
]


@pytest.mark.parametrize(("call", "error", "message"), REFUSED)
def test_what_is_refused(call: Callable[[], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message) as caught:
        call()
    assert isinstance(caught.value, LamellaError)


def test_some_decompositions_have_no_derivative() -> None:
    x = real(4, 3).requires_grad_()
    for mode in ("r", "complete"):
        with pytest.raises(RuntimeError, match="mode='reduced'"):
            linalg.qr(x, mode).R.sum().backward()
