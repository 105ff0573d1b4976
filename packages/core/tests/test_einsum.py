"""``einsum``: subscripts in both formats, against NumPy's own on random equations; orders of contraction; refusals."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

import lamella
from lamella.core.errors import LamellaError
from lamella.core.ops import einsum as family

MATRIX = lamella.arange(6.0).reshape(2, 3)
SQUARE = lamella.arange(9.0).reshape(3, 3)


def random_call(rng: random.Random, operands: int) -> tuple[str, list[np.ndarray]]:
    """An equation that NumPy takes, and operands: letters shared, repeated, of size 1 in one operand; ellipses."""
    letters = "abcdE"
    sizes = {letter: rng.choice([1, 2, 3]) for letter in letters}
    terms, arrays = [], []
    for _ in range(operands):
        chosen = rng.choices(letters, k=rng.randint(0, 3))
        shape = [sizes[letter] for letter in chosen]
        if chosen and len(set(chosen)) == len(chosen) and rng.random() < 0.2:
            shape[rng.randrange(len(shape))] = 1
        if rng.random() < 0.3:
            place = rng.randint(0, len(chosen))
            shape[place:place] = [rng.choice([1, size]) for size in (2, 3)[rng.randint(0, 2) :]]
            chosen.insert(place, "...")
        terms.append("".join(chosen))
        arrays.append(np.random.default_rng(rng.randrange(2**32)).standard_normal(shape))
    seen = sorted(set("".join(terms)) - {"."})
    output = rng.sample(seen, rng.randint(0, len(seen)))
    if any("..." in term for term in terms):  # NumPy, unlike us, wants it in the output too
        output.insert(rng.randint(0, len(output)), "...")
    return f"{','.join(terms)}->{''.join(output)}", arrays


@pytest.mark.parametrize("operands", [1, 2, 3, 4, 8])
def test_random_equations_match_numpy(operands: int) -> None:
    rng = random.Random(operands)
    for _ in range(60):
        equation, arrays = random_call(rng, operands)
        expected = np.einsum(equation, *arrays)
        result = lamella.einsum(equation, *map(lamella.from_numpy, arrays))
        np.testing.assert_allclose(result.numpy(), expected, atol=1e-10, err_msg=equation)


@pytest.mark.parametrize("equation", ["ij,jk->ik", "iij,j->i", "...i,ij->...j", "ij,ik,jk->", "ab,ab->ab", "ij->"])
def test_gradients_are_right_twice(equation: str) -> None:
    shapes = {"ij,jk->ik": [(2, 3), (3, 2)], "iij,j->i": [(2, 2, 3), (3,)], "...i,ij->...j": [(2, 1, 3), (3, 2)]}
    shapes |= {"ij,ik,jk->": [(2, 3), (2, 2), (3, 2)], "ab,ab->ab": [(2, 1), (2, 3)], "ij->": [(2, 3)]}
    inputs = tuple(lamella.randn(s, dtype=lamella.float64, requires_grad=True) for s in shapes[equation])
    assert lamella.autograd.gradcheck(lambda *xs: lamella.einsum(equation, *xs), inputs)
    assert lamella.autograd.gradgradcheck(lambda *xs: lamella.einsum(equation, *xs), inputs)


@pytest.mark.parametrize(
    ("equation", "expected"),
    [
        ("ba", MATRIX.numpy().T),  # without an output its letters come in alphabetical order
        ("aB", MATRIX.numpy().T),  # capitals first
        ("i j -> j i", MATRIX.numpy().T),
        ("...", MATRIX.numpy()),
        ("i...->...", MATRIX.numpy().sum(0)),
        ("i...->", MATRIX.numpy().sum()),  # what the ellipsis covers is summed too if the output leaves it out
        ("ij->...ji", MATRIX.numpy().T),
    ],
)
def test_outputs(equation: str, expected: Any) -> None:
    np.testing.assert_array_equal(lamella.einsum(equation, MATRIX).numpy(), expected)


def test_a_repeated_letter_without_an_output_is_summed() -> None:
    assert lamella.einsum("ii", SQUARE).item() == 12
    assert lamella.einsum("ii->i", SQUARE).tolist() == [0, 4, 8]


def test_lists_of_subscripts_stand_for_letters() -> None:
    expected = lamella.einsum("ij,jk->ki", MATRIX, SQUARE).tolist()
    assert lamella.einsum(MATRIX, [0, 1], SQUARE, [1, 2], [2, 0]).tolist() == expected
    assert lamella.einsum(MATRIX, [..., 7], SQUARE, [7, 51]).tolist() == (MATRIX @ SQUARE).tolist()
    assert lamella.einsum("ij,jk->ki", [MATRIX, SQUARE]).tolist() == expected


def test_one_operand_gives_a_view_and_several_none() -> None:
    x = lamella.ones(2, 2)
    lamella.einsum("ii->i", x).fill_(7)
    assert x.tolist() == [[7, 1], [1, 7]]
    same = lamella.einsum("ij->ij", x)
    assert same is not x and np.shares_memory(same.numpy(), x.numpy())
    assert not np.shares_memory(lamella.einsum("ij,->ij", x, lamella.tensor(1.0)).numpy(), x.numpy())


def test_dtypes_are_those_of_products_and_sums() -> None:
    mask = lamella.tensor([[True, False], [True, True]])
    assert lamella.einsum("ij,ij->ij", mask, mask).dtype is lamella.bool
    assert lamella.einsum("ij->i", mask).tolist() == [1, 2]
    half = lamella.ones(2, 2, dtype=lamella.float16)
    assert lamella.einsum("ij,jk->ik", half, half).dtype is lamella.float16


def test_a_sum_over_nothing_is_zero() -> None:
    assert lamella.einsum("ij,jk->ik", lamella.ones(2, 0), lamella.ones(0, 3)).tolist() == [[0.0] * 3] * 2


def multiplications(order: list[tuple[int, int]], terms: list[tuple[int, ...]], size: dict[int, int]) -> int:
    """What an order of contraction costs, where the result has no label."""
    slots: dict[int, set[int]] = {i: set(t) for i, t in enumerate(terms)}
    total = 0
    for i, j in order:
        pair = slots[i] | slots.pop(j)
        total += int(np.prod([size[x] for x in pair]))
        slots[i] = pair & set().union(*(s for k, s in slots.items() if k != i))
    return total


def test_the_order_of_contraction_is_the_cheapest() -> None:
    wide = {0: 100, 1: 100, 2: 100, 3: 1}
    terms = [(0, 1), (1, 2), (2, 3), (3, 0)]
    for order in (family._tried(terms, (), wide), family._greedy(terms, (), wide)):
        assert multiplications(order, terms, wide) == 2 * 100 * 100 + 100  # a vector at a time
    assert multiplications([(0, 1), (0, 2), (0, 3)], terms, wide) > 100**3  # from left to right


def test_a_plan_is_made_once() -> None:
    before = family._plan.cache_info()
    for _ in range(3):
        lamella.einsum("qr,rs,st->tq", MATRIX, SQUARE, SQUARE)
    after = family._plan.cache_info()
    assert (after.misses - before.misses, after.hits - before.hits) == (1, 2)


@pytest.mark.parametrize(
    ("args", "error", "message"),
    [
        ((), ValueError, "expected an equation and operands"),
        (("ij",), ValueError, "expected an equation and operands"),
        (("ij,jk", MATRIX), RuntimeError, "2 operands, but 1 tensors"),
        (("ij", MATRIX, MATRIX), RuntimeError, "1 operands, but 2 tensors"),
        (("i", MATRIX), RuntimeError, "operand 0 has 1 subscripts, but 2 dimensions"),
        (("...ijk", MATRIX), RuntimeError, "operand 0 has 3 subscripts, but 2 dimensions"),
        (("ii", MATRIX), RuntimeError, "subscript i is repeated for operand 0, but the sizes 2 and 3 differ"),
        (("ij,jk", MATRIX, MATRIX), RuntimeError, "subscript j has size 2 for operand 1, which does not broadcast"),
        (("...,...", MATRIX, SQUARE), RuntimeError, "subscript 0 of the ellipsis has size 3 for operand 1"),
        (("ij->ik", MATRIX), RuntimeError, "output subscript k does not appear"),
        (("ij->ii", MATRIX), RuntimeError, "output subscript i appears more than once"),
        (("i1", MATRIX), RuntimeError, "'1' for operand 0 in 'i1'"),
        (("i.j", MATRIX), RuntimeError, "'.' for operand 0"),
        (("ij->j>", MATRIX), RuntimeError, "'>' for the output"),
        (("......", MATRIX), RuntimeError, "more than one ellipsis for operand 0"),
        ((MATRIX, [0, 52]), ValueError, "expected subscripts from 0 to 51"),
        ((MATRIX, [0, -1]), ValueError, "expected subscripts from 0 to 51"),
        ((MATRIX, [0, "a"]), TypeError, "expected a list of ints"),
        ((MATRIX, [..., 0, ...]), RuntimeError, "more than one ellipsis"),
        (("i,", MATRIX[0], 3), TypeError, r"argument 'operands\[1\]' must be Tensor, not int"),
        ((5, MATRIX), TypeError, "must be Tensor, not int|expected a list of ints"),
        (("ij,jk->ik", MATRIX, SQUARE.long()), RuntimeError, "same dtype"),
    ],
)
def test_refusals(args: tuple[Any, ...], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message) as caught:
        lamella.einsum(*args)
    assert isinstance(caught.value, LamellaError)
