"""Diagonals and triangles, against NumPy; views that share memory; what is refused."""

from __future__ import annotations

import numpy as np
import pytest

import lamella

t = lamella.tensor
X = lamella.arange(12.0).reshape(3, 4)


@pytest.mark.parametrize("offset", [-9, -2, -1, 0, 1, 3, 9])
def test_diagonals_and_triangles(offset):
    x = X.numpy()
    np.testing.assert_array_equal(X.tril(offset).numpy(), np.tril(x, offset))
    np.testing.assert_array_equal(X.triu(offset).numpy(), np.triu(x, offset))
    np.testing.assert_array_equal(lamella.tril_indices(3, 4, offset).numpy(), np.stack(np.tril_indices(3, offset, 4)))
    np.testing.assert_array_equal(lamella.triu_indices(3, 4, offset).numpy(), np.stack(np.triu_indices(3, offset, 4)))
    np.testing.assert_array_equal(X[0].diag(offset).numpy(), np.diag(x[0], offset))
    np.testing.assert_array_equal(X.diagflat(offset).numpy(), np.diagflat(x, offset))
    if -3 <= offset <= 4:
        np.testing.assert_array_equal(X.diagonal(offset).numpy(), np.diagonal(x, offset))
        np.testing.assert_array_equal(X.diag(offset).numpy(), np.diag(x, offset))
    else:
        assert X.diagonal(offset).shape == X.diag(offset).shape == (0,)


def test_triangles_of_many_matrices_of_any_dtype():
    x = lamella.ones(2, 2, 2, dtype=lamella.bool)
    assert x.tril().dtype is lamella.bool
    assert x.tril().tolist() == [[[True, False], [True, True]]] * 2
    assert (X * float("inf")).triu(1)[1].tolist() == [0, 0, float("inf"), float("inf")]
    assert X.clone().tril_(-1).triu_(-1).tolist() == [[0, 0, 0, 0], [4, 0, 0, 0], [0, 9, 0, 0]]


def test_the_diagonal_is_a_view():
    x = lamella.zeros(2, 3, 4)
    view = x.diagonal(1, 2, 0)
    view += 5
    assert (view.shape, x.sum().item()) == ((3, 1), 15)
    assert x[1, :, 0].tolist() == [5, 5, 5]
    x[1, 0, 0] = 7
    assert view[0, 0].item() == 7


def test_changing_a_diagonal_in_place_is_recorded():
    x = lamella.ones(2, 2, requires_grad=True)
    y = x * 3
    y.diagonal().mul_(t([2.0, 4.0]))
    (y * t([[1.0, 1.0], [1.0, 10.0]])).sum().backward()
    assert x.grad.tolist() == [[6, 3], [3, 120]]


def test_diag_of_a_matrix_is_a_copy():
    x = lamella.zeros(2, 2)
    x.diag().fill_(1)
    assert x.sum().item() == 0


def test_the_gradient_of_a_diagonal():
    x = X.clone().requires_grad_()
    x.diagonal(1).backward(t([1.0, 2.0, 3.0]))
    assert x.grad.tolist() == [[0, 1, 0, 0], [0, 0, 2, 0], [0, 0, 0, 3]]


def test_diag_embed():
    x = t([[1.0, 2.0], [3.0, 4.0]])
    assert x.diag_embed().tolist() == [[[1, 0], [0, 2]], [[3, 0], [0, 4]]]
    there = x.diag_embed(-1, 0, 2)
    assert there.shape == (3, 2, 3)
    assert there[:, 1].tolist() == [[0, 0, 0], [3, 0, 0], [0, 4, 0]]
    assert there.diagonal(-1, 0, 2).tolist() == x.tolist()


def test_diagonal_scatter():
    src = t([5.0, 6.0], requires_grad=True)
    x = X.clone().requires_grad_()
    y = x.diagonal_scatter(src, -1)
    assert y.tolist() == [[0, 1, 2, 3], [5, 5, 6, 7], [8, 6, 10, 11]]
    (y * X).sum().backward()
    assert src.grad.tolist() == [4, 9]
    assert x.grad.tolist() == [[0, 1, 2, 3], [0, 5, 6, 7], [8, 0, 10, 11]]


@pytest.mark.parametrize(
    ("shape", "wrap", "rows"),
    [
        ((3, 2), False, [0, 1, None]),
        ((7, 3), False, [0, 1, 2, None, None, None, None]),
        ((7, 3), True, [0, 1, 2, None, 0, 1, 2]),
        ((2, 5), True, [0, 1]),
        ((0, 3), False, []),
    ],
)
def test_filling_a_diagonal(shape, wrap, rows):
    x = lamella.zeros(shape)
    assert x.fill_diagonal_(7, wrap=wrap) is x
    assert x.tolist() == [[7 if column == row else 0 for column in range(shape[1])] for row in rows]


def test_filling_the_diagonal_of_what_is_not_a_plain_matrix():
    cube = lamella.zeros(2, 2, 2).fill_diagonal_(t(3.0))
    assert cube.tolist() == [[[3, 0], [0, 0]], [[0, 0], [0, 3]]]
    assert lamella.zeros(2, 3).t().fill_diagonal_(1).tolist() == [[1, 0], [0, 1], [0, 0]]
    assert lamella.zeros(2, 2, dtype=lamella.int64).fill_diagonal_(2.7).tolist() == [[2, 0], [0, 2]]
    x = lamella.ones(2, 2, requires_grad=True)
    (x * 2).fill_diagonal_(0).sum().backward()
    assert x.grad.tolist() == [[0, 2], [2, 0]]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (X[0].diagonal, IndexError, "Dimension out of range"),
        (lambda: X.diagonal(0, 1, -1), RuntimeError, "cannot be identical 1, -1"),
        (lambda: X.diagonal(1.5), TypeError, "'offset' must be int"),
        (lambda: t(1.0).diag(), RuntimeError, "1D or 2D tensors. Got 0D"),
        (lambda: X.diag_embed(0, 1, 3), IndexError, "Dimension out of range"),
        (lambda: t(1.0).diag_embed(), IndexError, "Dimension out of range"),
        (lambda: X.diagonal_scatter(t([1.0])), RuntimeError, r"src size = \[1\], slice size = \[3\]"),
        (lambda: X.clone()[0].fill_diagonal_(1), RuntimeError, "dimensions must larger than 1"),
        (lambda: lamella.zeros(2, 2, 3).fill_diagonal_(1), RuntimeError, "equal length"),
        (lambda: lamella.zeros(2, 2).byte().fill_diagonal_(300), RuntimeError, "without overflow"),
        (X[0].tril, RuntimeError, "at least 2 dimensions"),
        (lambda: X.triu(1.5), TypeError, "'diagonal' must be int"),
        (lambda: lamella.tril_indices(-3, 4), RuntimeError, "row must be non-negative"),
        (lambda: lamella.triu_indices(3, -4), RuntimeError, "col must be non-negative"),
        (
            lambda: lamella.tril_indices(3, 4, dtype=lamella.float32),
            RuntimeError,
            "not implemented for lamella.float32",
        ),
    ],
)
def test_what_does_not_fit(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_indices_of_triangles_have_the_dtype_asked_for():
    assert lamella.tril_indices(2, 2).dtype is lamella.int64
    assert lamella.triu_indices(2, 2, dtype=lamella.int32).dtype is lamella.int32
