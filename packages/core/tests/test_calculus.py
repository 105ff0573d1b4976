"""Integrals, differences and derivatives of samples: against NumPy, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import lamella
from lamella.core.errors import LamellaError

F = lamella.float64
VECTOR = lamella.tensor([1.0, 4.0, 9.0, 16.0])
MATRIX = lamella.tensor([[1.0, 2.0, 4.0], [8.0, 16.0, 32.0], [0.0, 1.0, 5.0]])
WHOLE = lamella.tensor([3, 1, 2], dtype=lamella.uint8)
MASK = lamella.tensor([True, False, True])
SCALAR = lamella.tensor(1.0)


def random(*shape: int) -> lamella.Tensor:
    return lamella.randn(shape, dtype=F, requires_grad=True)


@pytest.mark.parametrize("dim", [0, 1, -1])
@pytest.mark.parametrize("dx", [None, 0.5])
def test_integrals_of_evenly_spaced_samples(dim: int, dx: float | None) -> None:
    y = random(2, 3)
    expected = np.trapezoid(y.detach().numpy(), dx=1 if dx is None else dx, axis=dim)
    np.testing.assert_allclose(lamella.trapezoid(y, dx=dx, dim=dim).detach().numpy(), expected)
    np.testing.assert_allclose(
        lamella.cumulative_trapezoid(y, dx=dx, dim=dim).select(dim, -1).detach().numpy(), expected
    )
    assert lamella.autograd.gradcheck(lambda y: lamella.trapezoid(y, dx=dx, dim=dim), (y,))
    assert lamella.autograd.gradcheck(lambda y: lamella.cumulative_trapezoid(y, dx=dx, dim=dim), (y,))


@pytest.mark.parametrize(("places", "dim"), [((3,), -1), ((2,), 0), ((2, 3), 1), ((2, 1), 0)])
def test_integrals_of_samples_at_places(places: tuple[int, ...], dim: int) -> None:
    y, x = random(2, 3), random(*places)
    expected = np.trapezoid(y.detach().numpy(), x.detach().numpy(), axis=dim)
    np.testing.assert_allclose(lamella.trapezoid(y, x, dim=dim).detach().numpy(), expected)
    found = lamella.cumulative_trapezoid(y, x, dim=dim)
    np.testing.assert_allclose(found.select(dim, -1).detach().numpy(), expected)
    assert lamella.autograd.gradcheck(lambda y, x: lamella.trapz(y, x, dim=dim), (y, x))


def test_integrals_of_few_samples_and_of_integers() -> None:
    assert lamella.trapezoid(VECTOR[:1]).item() == lamella.trapezoid(VECTOR[:0]).item() == 0
    assert lamella.cumulative_trapezoid(VECTOR[:1]).shape == lamella.cumulative_trapezoid(VECTOR[:0]).shape == (0,)
    assert lamella.trapezoid(WHOLE).item() == 3.5
    assert lamella.cumulative_trapezoid(WHOLE).tolist() == [2.0, 3.5]


@pytest.mark.parametrize("n", [0, 1, 2, 5])
@pytest.mark.parametrize("dim", [0, -1])
def test_diff(n: int, dim: int) -> None:
    x = random(3, 4)
    np.testing.assert_array_equal(lamella.diff(x, n, dim).detach().numpy(), np.diff(x.detach().numpy(), n, dim))
    assert lamella.autograd.gradcheck(lambda x: x.diff(n, dim), (x,))


def test_diff_with_more_before_and_after() -> None:
    assert VECTOR.diff(prepend=lamella.tensor([0])).tolist() == [1, 3, 5, 7]
    assert VECTOR.diff(append=lamella.tensor([0.0, 1.0]), prepend=VECTOR[:0]).tolist() == [3, 5, 7, -16, 1]
    assert VECTOR.diff(n=0, prepend=VECTOR).tolist() == VECTOR.tolist()


def test_diff_of_bools_and_of_unsigned() -> None:
    assert MASK.diff().tolist() == [True, True]
    assert MASK.diff(2).tolist() == [False]
    assert WHOLE.diff().tolist() == [254, 1]


def test_diff_of_order_0_is_a_copy() -> None:
    assert not np.shares_memory(VECTOR.diff(0).numpy(), VECTOR.numpy())


PLACES = (lamella.tensor([0.0, 1.0, 3.0, 4.0], dtype=F), lamella.tensor([0.0, 2.0, 2.5], dtype=F))


@pytest.mark.parametrize("edge_order", [1, 2])
@pytest.mark.parametrize(
    ("spacing", "dim", "numpys"),
    [
        (None, None, [1, 1]),
        (2.0, None, [2, 2]),
        (lamella.tensor(2.0, dtype=F), None, [2, 2]),
        ([2, 0.5], None, [2, 0.5]),
        (PLACES, None, [p.numpy() for p in PLACES]),
        ((PLACES[1], 3), (1, 0), [PLACES[1].numpy(), 3]),
        ([2.0], -1, [2.0]),
    ],
)
def test_gradient(edge_order: Any, spacing: Any, dim: Any, numpys: list[Any]) -> None:
    x = random(4, 3)
    axes = (0, 1) if dim is None else (dim,) if isinstance(dim, int) else dim
    expected = [
        np.gradient(x.detach().numpy(), n, axis=a, edge_order=edge_order) for n, a in zip(numpys, axes, strict=True)
    ]
    found = lamella.gradient(x, spacing=spacing, dim=dim, edge_order=edge_order)
    assert isinstance(found, tuple) and len(found) == len(expected)
    for ours, numpys_own in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours.detach().numpy(), numpys_own, atol=1e-12)
    assert lamella.autograd.gradcheck(
        lambda x: lamella.gradient(x, spacing=spacing, dim=dim, edge_order=edge_order), (x,)
    )


def test_gradient_of_integers_and_of_nothing() -> None:
    (found,) = lamella.gradient(lamella.arange(4) ** 2, edge_order=2)
    assert found.dtype is lamella.float32 and found.tolist() == [0, 2, 4, 6]
    assert lamella.gradient(SCALAR) == lamella.gradient(MATRIX, dim=()) == ()


def test_gradient_does_not_spread_infinity() -> None:
    (found,) = lamella.gradient(lamella.tensor([0.0, 1.0, np.inf, 3.0, 4.0, 5.0]))
    assert found.isfinite().tolist() == [True, False, True, False, True, True]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: lamella.trapezoid(SCALAR), IndexError, "trapezoid: y must have a dimension"),
        (lambda: lamella.trapezoid(MATRIX, dim=2), IndexError, "Dimension out of range"),
        (lambda: lamella.trapezoid(MASK), RuntimeError, "trapezoid: not defined for dtype lamella.bool"),
        (lambda: lamella.trapezoid(VECTOR[:3], MASK), RuntimeError, "trapezoid: not defined for dtype lamella.bool"),
        (lambda: lamella.trapezoid(VECTOR, dx=1j), RuntimeError, "expected dx to be a real number"),
        (lambda: lamella.trapezoid(VECTOR, VECTOR, dx=1), TypeError, "give one of them"),
        (lambda: lamella.trapezoid(MATRIX, VECTOR), RuntimeError, "x has 4, and y 3 along dim 1"),
        (lambda: lamella.trapezoid([1.0, 2.0]), TypeError, "argument 'y' must be Tensor"),
        (lambda: lamella.cumulative_trapezoid(SCALAR), IndexError, "cumulative_trapezoid: y must have a dimension"),
        (lambda: lamella.diff(SCALAR), RuntimeError, "at least one-dimensional"),
        (lambda: lamella.diff(VECTOR, -1), RuntimeError, "order must be non-negative but got -1"),
        (lambda: lamella.diff(VECTOR, 1.0), TypeError, "argument 'n' must be int, not float"),
        (lambda: lamella.diff(VECTOR, dim=1), IndexError, "Dimension out of range"),
        (lambda: lamella.diff(VECTOR, prepend=0.0), TypeError, "'prepend' must be Tensor"),
        (
            lambda: lamella.diff(VECTOR, append=SCALAR),
            RuntimeError,
            r"expected append .* shape \(4,\) but for",
        ),
        (lambda: lamella.diff(MATRIX, prepend=lamella.ones(4, 1)), RuntimeError, r"expected prepend .* got \(4, 1\)"),
        (lambda: lamella.gradient(WHOLE), RuntimeError, "gradient: not defined for dtype lamella.uint8"),
        (lambda: lamella.gradient(MASK), RuntimeError, "not defined with a bool"),
        (lambda: lamella.gradient(VECTOR, edge_order=3), RuntimeError, "only supports edge_order=1 and edge_order=2"),
        (lambda: lamella.gradient(VECTOR[:2], edge_order=2), RuntimeError, "at least edge_order.1 = 3, .* has size 2"),
        (lambda: lamella.gradient(MATRIX, dim=2), IndexError, "Dimension out of range"),
        (lambda: lamella.gradient(MATRIX, dim=(0, 0)), RuntimeError, "multiple times"),
        (lambda: lamella.gradient(MATRIX, spacing=[1.0]), RuntimeError, "a spacing for each of 2 dimensions, got 1"),
        (lambda: lamella.gradient(VECTOR, spacing=VECTOR), TypeError, "Put coordinates in a tuple"),
        (lambda: lamella.gradient(VECTOR, spacing="a"), TypeError, "'spacing' must be a number or a sequence"),
        (
            lambda: lamella.gradient(VECTOR, spacing=(VECTOR[:3],)),
            RuntimeError,
            "expected 4 coordinates along",
        ),
        (lambda: lamella.gradient(VECTOR, spacing=(SCALAR,)), RuntimeError, "expected 4 coordinates along dimension 0"),
    ],
)
def test_refusals(call: Callable[[], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message) as caught:
        call()
    assert isinstance(caught.value, LamellaError)
