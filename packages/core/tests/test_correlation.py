"""Cosine similarity, covariance and correlation: against NumPy, and what is refused."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import lamella
from lamella.core.errors import LamellaError

F = lamella.float64
X = np.array([[1.0, 2, 4, 3], [4, 9, -1, 0], [2, 2, 5, 7]])
TIMES, SHARES = np.array([1, 3, 0, 2]), np.array([0.5, 1.0, 2.0, 0.25])
MATRIX = lamella.from_numpy(X)


def random(*shape: int) -> lamella.Tensor:
    return lamella.randn(shape, dtype=F, requires_grad=True)


@pytest.mark.parametrize("correction", [0, 1, 2])
@pytest.mark.parametrize("times", [None, TIMES])
@pytest.mark.parametrize("shares", [None, SHARES])
def test_cov(correction: int, times: Any, shares: Any) -> None:
    weights = {"fweights": times, "aweights": shares}
    expected = np.cov(X, ddof=correction, **weights)
    given = {name: None if w is None else lamella.from_numpy(w) for name, w in weights.items()}
    np.testing.assert_allclose(lamella.cov(MATRIX, correction=correction, **given).numpy(), expected)
    assert lamella.autograd.gradcheck(lambda x: lamella.cov(x, correction=correction, **given), (random(2, 4),))


def test_cov_of_one_variable_is_its_variance() -> None:
    assert MATRIX[0].cov().item() == pytest.approx(np.var(X[0], ddof=1))
    assert MATRIX[:1].cov().shape == ()


def test_cov_of_complex_variables_is_hermitian() -> None:
    x = lamella.tensor([[1j, 2, 3], [3, 1, 1j]], dtype=lamella.complex128)
    np.testing.assert_allclose(x.cov().numpy(), np.cov(x.numpy()))
    np.testing.assert_allclose(x.corrcoef().numpy(), np.corrcoef(x.numpy()))


def test_corrcoef() -> None:
    np.testing.assert_allclose(MATRIX.corrcoef().numpy(), np.corrcoef(X))
    assert MATRIX[0].corrcoef().item() == 1
    assert lamella.ones(2, 3).corrcoef().isnan().all()
    same = lamella.tensor([[0.1, 0.7, 0.3], [0.1, 0.7, 0.3]])
    assert same.corrcoef().max().item() <= 1  # whatever rounding does
    assert lamella.autograd.gradcheck(lambda x: lamella.corrcoef(x)[0, 1], (random(2, 4),))


def test_too_few_observations_warn() -> None:
    with np.errstate(all="ignore"), pytest.warns(UserWarning, match="degrees of freedom is <= 0"):
        assert MATRIX.cov(correction=9).isinf().all()
    with np.errstate(all="ignore"), pytest.warns(UserWarning, match="degrees of freedom is <= 0"):
        assert MATRIX[:, :1].cov().isnan().all()


def test_cosine_similarity() -> None:
    x, y = random(2, 3), random(4, 1, 3)
    a, b = (z.detach().numpy() for z in (x, y))
    expected = (a * b).sum(-1) / np.linalg.norm(a, axis=-1) / np.linalg.norm(b, axis=-1)
    np.testing.assert_allclose(lamella.cosine_similarity(x, y, -1).detach().numpy(), expected)
    assert lamella.autograd.gradcheck(lambda x, y: lamella.cosine_similarity(x, y, -1), (x, y))
    assert lamella.autograd.gradgradcheck(lambda x, y: lamella.cosine_similarity(x, y, -1), (x, y))
    assert lamella.cosine_similarity(lamella.tensor(2.0), lamella.tensor(-3.0), 0).item() == -1
    assert (
        lamella.cosine_similarity(lamella.ones(2, 2), lamella.ones(2, 2, dtype=lamella.int64)).dtype is lamella.float32
    )


def test_cosine_similarity_of_short_and_long_vectors() -> None:
    short, unit = lamella.tensor([[1e-3, 0.0]]), lamella.tensor([[1.0, 0.0]])
    assert lamella.cosine_similarity(short, unit, eps=0.5).item() == pytest.approx(2e-3)
    assert lamella.cosine_similarity(unit * 0, unit).item() == 0
    long = lamella.full((1, 100), 1e18)
    assert lamella.cosine_similarity(long, long).item() == pytest.approx(1)  # their squares multiplied are no float32
    assert math.isnan(lamella.cosine_similarity(unit * math.inf, unit).item())


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: lamella.cov(MATRIX[None]), RuntimeError, "cov: expected input to have two or fewer dimensions, got 3"),
        (lambda: lamella.cov(MATRIX > 0), RuntimeError, "cov: not defined for dtype lamella.bool"),
        (lambda: lamella.cov(MATRIX, fweights=lamella.ones(4)), RuntimeError, "fweights to have integral dtype"),
        (lambda: lamella.cov(MATRIX, fweights=lamella.ones(4) > 0), RuntimeError, "fweights to have integral dtype"),
        (lambda: lamella.cov(MATRIX, fweights=-lamella.ones(4).long()), RuntimeError, "fweights cannot be negative"),
        (lambda: lamella.cov(MATRIX, fweights=lamella.zeros(4).long()), RuntimeError, "weights sum to zero"),
        (lambda: lamella.cov(MATRIX, aweights=lamella.ones(4).long()), RuntimeError, "to have floating-point dtype"),
        (lambda: lamella.cov(MATRIX, aweights=lamella.ones(3)), RuntimeError, "each of the 4 observations.* got 3"),
        (lambda: lamella.cov(MATRIX, aweights=lamella.ones(1, 4)), RuntimeError, "one or fewer dimensions, got 2"),
        (lambda: lamella.corrcoef(MATRIX[None]), RuntimeError, "corrcoef: expected input to have two or fewer"),
        (lambda: lamella.cosine_similarity(MATRIX, 2.0), TypeError, "'x2' must be Tensor"),
        (
            lambda: lamella.cosine_similarity(MATRIX.long(), MATRIX.long()),
            RuntimeError,
            "common dtype, got",
        ),
        (lambda: lamella.cosine_similarity(MATRIX, lamella.ones(3, 3)), RuntimeError, "can't be broadcast"),
        (lambda: lamella.cosine_similarity(MATRIX[0], MATRIX[0]), IndexError, "Dimension out of range"),
    ],
)
def test_refusals(call: Callable[[], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message) as caught:
        call()
    assert isinstance(caught.value, LamellaError)
