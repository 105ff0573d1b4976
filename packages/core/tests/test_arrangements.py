"""Matrices put together from vectors and blocks: against NumPy and itertools, and what is refused."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import lamella
from lamella.core.errors import LamellaError

VECTOR = lamella.tensor([2.0, 3.0, 5.0])
MATRIX = lamella.tensor([[1.0, 2.0], [3.0, 4.0]])


def random(*shape: int) -> lamella.Tensor:
    return lamella.randn(shape, dtype=lamella.float64, requires_grad=True)


def test_block_diag() -> None:
    result = lamella.block_diag(MATRIX, lamella.tensor(5), lamella.tensor([6, 7]))
    assert result.tolist() == [[1, 2, 0, 0, 0], [3, 4, 0, 0, 0], [0, 0, 5, 0, 0], [0, 0, 0, 6, 7]]
    assert result.dtype is lamella.float32
    assert lamella.block_diag(MATRIX > 2, MATRIX > 0).dtype is lamella.bool
    assert lamella.block_diag().shape == (1, 0)
    assert lamella.block_diag(MATRIX, lamella.ones(0, 2), lamella.ones(0)).shape == (3, 4)
    assert lamella.autograd.gradcheck(lamella.block_diag, (random(2, 1), random(3)))


@pytest.mark.parametrize("lengths", [(2, 3), (2, 1, 3), (0, 2)])
def test_cartesian_prod(lengths: tuple[int, ...]) -> None:
    vectors = [random(n) for n in lengths]
    expected = [list(row) for row in itertools.product(*(v.tolist() for v in vectors))]
    result = lamella.cartesian_prod(*vectors)
    assert result.shape == (len(expected), len(lengths)) and result.tolist() == expected
    assert lamella.autograd.gradcheck(lamella.cartesian_prod, vectors)


def test_cartesian_prod_of_one_vector_is_that_vector() -> None:
    assert lamella.cartesian_prod(VECTOR) is VECTOR


@pytest.mark.parametrize("r", [1, 2, 3, 4])
@pytest.mark.parametrize("with_replacement", [False, True])
def test_combinations(r: int, with_replacement: bool) -> None:
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    expected = [list(row) for row in choose(VECTOR.tolist(), r)]
    result = lamella.combinations(VECTOR, r, with_replacement)
    assert result.shape == (len(expected), r) and result.tolist() == expected
    assert lamella.autograd.gradcheck(lambda x: lamella.combinations(x, r, with_replacement), (random(3),))


def test_no_element_is_chosen_in_one_empty_vector() -> None:
    none = lamella.combinations(VECTOR.long(), 0)
    assert none.shape == (0,) and none.dtype is lamella.int64


@pytest.mark.parametrize("columns", [None, 0, 1, 5])
@pytest.mark.parametrize("increasing", [False, True])
def test_vander(columns: int | None, increasing: bool) -> None:
    x = lamella.tensor([0.0, -1.5, 2.0], dtype=lamella.float64, requires_grad=True)
    expected = np.vander(x.detach().numpy(), columns, increasing)
    np.testing.assert_allclose(lamella.vander(x, columns, increasing).detach().numpy(), expected)
    assert lamella.autograd.gradcheck(lambda x: lamella.vander(x, columns, increasing), (x,))


def test_vander_of_integers_counts_in_int64() -> None:
    powers = lamella.vander(lamella.tensor([200], dtype=lamella.uint8), 3)
    assert powers.dtype is lamella.int64 and powers.tolist() == [[40000, 200, 1]]
    assert lamella.vander(lamella.tensor([True, False])).tolist() == [[1, 1], [0, 1]]
    assert lamella.vander(lamella.tensor([1j]), 3).tolist() == [[-1, 1j, 1]]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: lamella.block_diag(MATRIX[None]), RuntimeError, "2 or fewer dimensions, but number 0 has 3"),
        (lambda: lamella.block_diag(MATRIX, 2), TypeError, r"'tensors\[1\]' must be Tensor, not int"),
        (lamella.cartesian_prod, RuntimeError, "expected one or more tensors"),
        (lambda: lamella.cartesian_prod(VECTOR, MATRIX), RuntimeError, "expected a 1-D tensor"),
        (lambda: lamella.cartesian_prod(VECTOR, VECTOR.long()), RuntimeError, "got lamella.float32 and lamella.int64"),
        (lambda: lamella.cartesian_prod([VECTOR]), TypeError, "must be Tensor, not list"),
        (lambda: lamella.combinations(MATRIX), RuntimeError, "combinations: expected a 1-D tensor"),
        (lambda: lamella.combinations(VECTOR, -1), RuntimeError, "r must be non-negative, got -1"),
        (lambda: lamella.combinations(VECTOR, 1.5), TypeError, "'r' must be int, not float"),
        (lambda: lamella.vander(MATRIX), RuntimeError, "vander: expected a 1-D tensor"),
        (lambda: lamella.vander(VECTOR, -1), RuntimeError, "N must be non-negative, got -1"),
        (lambda: lamella.vander(VECTOR, 2.0), TypeError, "'N' must be int, not float"),
    ],
)
def test_refusals(call: Callable[[], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message) as caught:
        call()
    assert isinstance(caught.value, LamellaError)
