"""Products beyond ``matmul`` and sums with them: against NumPy, and what is refused."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import lamella
from lamella.core.errors import LamellaError
from lamella.core.ops.products import chain_order

F = lamella.float64
VECTOR = lamella.tensor([1.0, 2.0, 3.0])
MATRIX = lamella.arange(6.0).reshape(2, 3)
BATCH = lamella.arange(12.0).reshape(2, 2, 3)
MASK = lamella.tensor([True, False])


def random(*shape: int) -> lamella.Tensor:
    return lamella.randn(shape, dtype=F, requires_grad=True)


#: Of each function: an input that broadcasts to the product, and the operands of the product.
SUMS: dict[str, tuple[tuple[int, ...], list[tuple[int, ...]], Callable[..., np.ndarray]]] = {
    "addmm": ((3,), [(2, 4), (4, 3)], np.matmul),
    "addmv": ((1,), [(2, 4), (4,)], np.matmul),
    "addr": ((2, 1), [(2,), (3,)], np.outer),
    "addbmm": ((2, 3), [(5, 2, 4), (5, 4, 3)], lambda a, b: np.matmul(a, b).sum(0)),
    "baddbmm": ((2, 1), [(5, 2, 4), (5, 4, 3)], np.matmul),
}


@pytest.mark.parametrize("name", SUMS)
@pytest.mark.parametrize(("beta", "alpha"), [(1, 1), (0.5, -2), (0, 1), (2, 0)])
def test_sums_with_products(name: str, beta: float, alpha: float) -> None:
    shape, operands, product = SUMS[name]
    input, a, b = random(*shape), *(random(*s) for s in operands)
    arrays = [x.detach().numpy() for x in (input, a, b)]
    expected = beta * arrays[0] + alpha * product(*arrays[1:])
    function = getattr(lamella, name)
    np.testing.assert_allclose(function(input, a, b, beta=beta, alpha=alpha).detach().numpy(), expected, atol=1e-12)
    assert lamella.autograd.gradcheck(lambda *xs: function(*xs, beta=beta, alpha=alpha), (input, a, b))
    assert lamella.autograd.gradgradcheck(lambda *xs: function(*xs, beta=beta, alpha=alpha), (input, a, b))
    whole = lamella.zeros(expected.shape, dtype=F) + arrays[0]
    assert getattr(whole, f"{name}_")(a, b, beta=beta, alpha=alpha) is whole
    np.testing.assert_allclose(whole.detach().numpy(), expected, atol=1e-12)


@pytest.mark.parametrize("name", SUMS)
def test_with_beta_0_the_input_does_not_count(name: str) -> None:
    shape, operands, product = SUMS[name]
    a, b = (lamella.ones(*s) for s in operands)
    result = getattr(lamella, name)(lamella.full(shape, math.nan), a, b, beta=0)
    np.testing.assert_array_equal(result.numpy(), product(a.numpy(), b.numpy()))


def test_factors_of_integers_are_cut_to_whole_numbers() -> None:
    x = lamella.ones(2, 2, dtype=lamella.int64)
    assert lamella.addmm(x, x, x, beta=0.5, alpha=2.9).tolist() == [[4, 4], [4, 4]]
    assert lamella.addmm(x, x, x, beta=lamella.tensor(3)).tolist() == [[5, 5], [5, 5]]


def test_addr_promotes_and_knows_bools() -> None:
    whole = lamella.tensor([1, 2])
    assert lamella.addr(lamella.ones(2, 2), whole, whole).dtype is lamella.float32
    assert lamella.addr(lamella.ones(2, 2).bool(), whole, MASK).tolist() == [[2, 1], [3, 1]]
    nothing = lamella.zeros(2, 2, dtype=lamella.bool)
    assert lamella.addr(nothing, MASK, ~MASK).tolist() == [[False, True], [False, False]]
    assert lamella.addr(~nothing, MASK, ~MASK, beta=False, alpha=False).tolist() == [[False, False], [False, False]]


@pytest.mark.parametrize(
    ("a", "b", "dims"),
    [
        ((2, 3, 4), (3, 4, 5), 2),
        ((2, 3), (4, 5), 0),
        ((2, 3, 4), (4, 3), ([1, 2], [1, 0])),
        ((2, 3, 4), (5, 3), ((-2,), (-1,))),
        ((), (2,), 0),
        ((2,), (2,), 1),
    ],
)
def test_tensordot(a: tuple[int, ...], b: tuple[int, ...], dims: Any) -> None:
    x, y = random(*a), random(*b)
    expected = np.tensordot(x.detach().numpy(), y.detach().numpy(), dims)
    np.testing.assert_allclose(lamella.tensordot(x, y, dims).detach().numpy(), expected)
    assert lamella.autograd.gradcheck(lambda x, y: lamella.tensordot(x, y, dims), (x, y))


def test_tensordot_takes_tensors_for_dims_and_broadcasts_sizes_of_1() -> None:
    expected = (MATRIX @ MATRIX.T).tolist()
    assert lamella.tensordot(MATRIX, MATRIX.T, lamella.tensor(1)).tolist() == expected
    assert lamella.tensordot(MATRIX, MATRIX, lamella.tensor([[1], [1]])).tolist() == expected
    assert lamella.tensordot(MATRIX, lamella.ones(1, 2), ([1], [0])).tolist() == [[3, 3], [12, 12]]
    assert lamella.tensordot(lamella.ones(2, 1), MATRIX.T, ([1], [0])).tolist() == [[3, 12], [3, 12]]


@pytest.mark.parametrize(("a", "b"), [((2, 3), (4, 3)), ((3,), (3,)), ((2, 2, 3), (3,)), ((2, 0), (3, 0)), ((), (2,))])
def test_inner(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    x, y = random(*a), random(*b)
    expected = np.inner(x.detach().numpy(), y.detach().numpy())
    np.testing.assert_allclose(lamella.inner(x, y).detach().numpy(), expected)


@pytest.mark.parametrize(("a", "b"), [((2, 3), (4, 5)), ((2,), (3, 1, 2)), ((), (2, 2)), ((), ())])
def test_kron(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    x, y = random(*a), random(*b)
    np.testing.assert_allclose(lamella.kron(x, y).detach().numpy(), np.kron(x.detach().numpy(), y.detach().numpy()))
    assert lamella.autograd.gradcheck(lamella.kron, (x, y))


def test_products_of_nothing() -> None:
    assert lamella.tensordot(lamella.ones(2, 0), lamella.ones(0, 3), 1).tolist() == [[0.0] * 3] * 2
    assert lamella.kron(lamella.ones(0, 2), lamella.ones(3)).shape == (0, 6)
    nothing = lamella.ones(0, 2, 2)
    assert lamella.addbmm(lamella.ones(2), nothing, nothing, beta=3).tolist() == [[3, 3], [3, 3]]


def test_vdot_conjugates_the_first() -> None:
    x, y = lamella.tensor([1j, 2]), lamella.tensor([1j, 3])
    assert lamella.vdot(x, y).item() == 7
    assert lamella.dot(x, y).item() == 5
    assert VECTOR.vdot(VECTOR).item() == 14


def test_half_precision_products_are_added_up_in_single() -> None:
    x = lamella.full((1, 4096), 1.0, dtype=lamella.float16)
    ones = lamella.full((4096, 1), 0.5, dtype=lamella.float16)
    product = x @ ones
    assert product.dtype is lamella.float16 and product.item() == 2048


def steps(sizes: tuple[int, ...], i: int, j: int, split: dict[tuple[int, int], int] | None) -> int:
    """What a chain costs, by the splits given, or by the best there are."""
    if j == i + 1:
        return 0
    ways = range(i + 1, j) if split is None else [split[i, j]]
    costs = (steps(sizes, i, k, split) + steps(sizes, k, j, split) + sizes[i] * sizes[k] * sizes[j] for k in ways)
    return min(costs)


@pytest.mark.parametrize("sizes", [(10, 100, 5, 50), (30, 35, 15, 5, 10, 20, 25), (1, 1, 1, 1), (3, 2)])
def test_chains_are_multiplied_in_the_cheapest_order(sizes: tuple[int, ...]) -> None:
    last = len(sizes) - 1
    assert steps(sizes, 0, last, chain_order(sizes)) == steps(sizes, 0, last, None)


@pytest.mark.filterwarnings("ignore:chain_matmul is deprecated")
def test_chain_matmul() -> None:
    matrices = [random(*s) for s in itertools.pairwise((2, 5, 1, 4, 3))]
    expected = np.linalg.multi_dot([m.detach().numpy() for m in matrices])
    np.testing.assert_allclose(lamella.chain_matmul(*matrices).detach().numpy(), expected)
    assert lamella.chain_matmul(MATRIX) is MATRIX


def test_chain_matmul_says_what_to_use() -> None:
    with pytest.warns(UserWarning, match="use lamella.linalg.multi_dot"):
        lamella.chain_matmul(MATRIX, MATRIX.T)


def test_trace() -> None:
    x = random(2, 3)
    assert lamella.trace(x).item() == np.trace(x.detach().numpy())
    assert lamella.autograd.gradcheck(lamella.trace, (x,))
    assert lamella.trace(lamella.ones(2, 2, dtype=lamella.uint8)).dtype is lamella.int64
    assert lamella.trace(lamella.ones(0, 3)).item() == 0


WHOLE = lamella.ones(2, 2, dtype=lamella.int64)


@pytest.mark.filterwarnings("ignore:chain_matmul is deprecated")
@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: lamella.addmm(lamella.ones(4), MATRIX, MATRIX.T),
            RuntimeError,
            "addmm: input of shape",
        ),
        (lambda: lamella.addmm(lamella.ones(3, 2, 2), MATRIX, MATRIX.T), RuntimeError, "does not broadcast to the pro"),
        (lambda: lamella.addmm(WHOLE, MATRIX, MATRIX.T), RuntimeError, "addmm: input and the matrices must have"),
        (lambda: lamella.addmm(WHOLE.bool(), WHOLE.bool(), WHOLE.bool()), RuntimeError, "not defined for .*bool"),
        (lambda: lamella.addmm(VECTOR[:2], MATRIX, MATRIX.T, beta=1j), RuntimeError, "cannot be converted"),
        (lambda: lamella.addmm(VECTOR[:2], MATRIX, MATRIX.T, beta="a"), TypeError, "expected a number"),
        (lambda: lamella.addmv(lamella.ones(2, 2), MATRIX, VECTOR), RuntimeError, "addmv: input of shape"),
        (lambda: lamella.addmv(VECTOR, MATRIX, MATRIX), RuntimeError, "mv: expected a 2D and a 1D tensor"),
        (lambda: lamella.addbmm(MATRIX, MATRIX, MATRIX), RuntimeError, "addbmm: expected batches of matrices"),
        (lambda: lamella.baddbmm(MATRIX, BATCH, BATCH), RuntimeError, "baddbmm: expected batches of matrices"),
        (lambda: lamella.baddbmm(MATRIX, BATCH, 3), TypeError, "argument 'batch2' must be Tensor"),
        (lambda: lamella.addr(WHOLE, WHOLE[0], WHOLE[0], beta=0.5), RuntimeError, "addr: beta=0.5 is no whole number"),
        (lambda: lamella.addr(WHOLE, WHOLE[0], WHOLE[0], alpha=True), RuntimeError, "addr: alpha=True is a bool"),
        (lambda: lamella.addr(VECTOR, VECTOR[:2], VECTOR[:2]), RuntimeError, "The expanded size"),
        (lambda: lamella.addr(MATRIX, MATRIX, VECTOR), RuntimeError, "outer: Expected 1-D arguments"),
        (lambda: lamella.ones(2).addmm_(MATRIX, MATRIX.T), RuntimeError, "can't change the shape"),
        (lambda: WHOLE.addr_(VECTOR[:2], VECTOR[:2]), RuntimeError, "can't be cast"),
        (lambda: lamella.tensordot(MATRIX, MATRIX, 3), RuntimeError, "dims=3, expected from 0 to 2"),
        (lambda: lamella.tensordot(MATRIX, MATRIX, -1), RuntimeError, "dims=-1"),
        (lambda: lamella.tensordot(MATRIX, MATRIX, 1.0), RuntimeError, "expected dims to be an int or two lists"),
        (lambda: lamella.tensordot(MATRIX, MATRIX, [0, 1]), TypeError, "expected two lists of ints in dims"),
        (lambda: lamella.tensordot(MATRIX, MATRIX, ([0, 1], [1])), RuntimeError, "same length"),
        (
            lambda: lamella.tensordot(MATRIX, MATRIX, ([0], [1])),
            RuntimeError,
            "first has size 2 in dim 0 and second",
        ),
        (lambda: lamella.tensordot(MATRIX, MATRIX, ([2], [0])), IndexError, "Dimension out of range"),
        (lambda: lamella.tensordot(MATRIX, MATRIX, ([0, 0], [0, 1])), RuntimeError, "multiple times"),
        (lambda: lamella.tensordot(MATRIX, MATRIX.long(), ([0], [0])), RuntimeError, "same dtype"),
        (lambda: lamella.inner(MATRIX, VECTOR[:2]), RuntimeError, "inner: the last dimension must match"),
        (lambda: lamella.vdot(VECTOR, MATRIX), RuntimeError, "expected a 1D and a 1D tensor"),
        (lambda: lamella.kron(MATRIX, 2), TypeError, "argument 'other' must be Tensor"),
        (lamella.chain_matmul, RuntimeError, "expected one or more matrices"),
        (lambda: lamella.chain_matmul(MATRIX, VECTOR), RuntimeError, "argument 1 is 1D"),
        (lambda: lamella.chain_matmul(MATRIX, MATRIX), RuntimeError, "tensors 0 and 1 with shapes"),
        (lambda: lamella.chain_matmul([MATRIX, MATRIX]), TypeError, r"'matrices\[0\]' must be Tensor, not list"),
        (lambda: lamella.trace(VECTOR), RuntimeError, "trace: expected a matrix"),
        (lambda: lamella.trace(WHOLE.bool()), RuntimeError, "trace: not defined for dtype lamella.bool"),
    ],
)
def test_refusals(call: Callable[[], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message) as caught:
        call()
    assert isinstance(caught.value, LamellaError)
