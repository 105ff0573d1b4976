"""Which arguments ops take and refuse, and how exactly they compute, as PyTorch does. The ops' values: ``test_ops``."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import lamella
from lamella.core.errors import LamellaError
from lamella.core.ops import matmul

ONES = lamella.ones(2, 3)
INT = lamella.tensor([1, 2])
MASK = lamella.tensor([True, False])
BYTES = lamella.tensor([0, 255], dtype=lamella.uint8)
NO_DIMS = lamella.ones(())

Call = Callable[[], Any]


def test_running_sums_stay_accurate() -> None:
    assert lamella.full((1 << 22,), 0.1).cumsum(0)[-1].item() == pytest.approx(419430.4, rel=1e-6)
    half = lamella.full((4000,), 1.0, dtype=lamella.float16).cumsum(0)
    assert (half.dtype, half[-1].item()) == (lamella.float16, 4000.0)
    assert lamella.tensor([1j, 2.0]).cumsum(0).dtype is lamella.complex64


def test_half_precision_is_reduced_in_a_wider_one() -> None:
    large = lamella.full((100_000,), 60_000.0, dtype=lamella.float16, requires_grad=True)
    assert large.mean().item() == 60_000
    variance, mean = lamella.var_mean(large)
    assert (variance.item(), mean.item()) == (0, 60_000)
    large.var().backward()
    assert large.grad is not None and not large.grad.any()
    columns = lamella.tensor([[60_000.0, 1.0], [2.0, 1.0], [0.5, 3.0]], dtype=lamella.float16)
    assert columns.prod(0).tolist() == [60_000, 3]


@pytest.mark.parametrize(
    ("base", "exponent", "expected"),
    [(-2.0, 2.0, math.nan), (0.0, 2.0, 0.0), (0, 0.0, 0.0), (0.0, -1.0, -math.inf), (3.0, 2.0, 9 * math.log(3))],
)
@pytest.mark.parametrize("as_tensor", [False, True])
def test_the_gradient_of_a_power_by_its_exponent(
    base: float, exponent: float, expected: float, as_tensor: bool
) -> None:
    e = lamella.tensor(exponent, dtype=lamella.float64, requires_grad=True)
    lamella.pow(lamella.tensor(float(base)) if as_tensor else base, e).backward()
    assert e.grad is not None
    np.testing.assert_allclose(e.grad.item(), expected)


def test_powers_of_bools() -> None:
    assert (MASK**True).tolist() == [True, False]
    assert (MASK**False).tolist() == [True, True]
    assert (MASK**2).tolist() == [1, 0]


def test_addmm_without_its_input() -> None:
    two = lamella.ones(2, 2)
    assert lamella.addmm(two * math.nan, two, two, beta=0).tolist() == [[2, 2], [2, 2]]
    assert lamella.addmm(lamella.ones(2), two, two, beta=2, alpha=3).tolist() == [[8, 8], [8, 8]]


def test_products_over_no_feature() -> None:
    x = lamella.ones(2, 3, 0, requires_grad=True)
    columns, weight = lamella.ones(0, 4, requires_grad=True), lamella.ones(4, 0, requires_grad=True)
    for result in (x @ columns, matmul.linear(x, weight)):
        assert result.shape == (2, 3, 4) and not result.any()
        result.sum().backward()
    assert [t.grad.shape for t in (x, columns, weight) if t.grad is not None] == [(2, 3, 0), (0, 4), (4, 0)]


def test_joining_promotes_empty_tensors_too() -> None:
    none = lamella.ones(0, requires_grad=True)
    assert lamella.cat((INT, none)).dtype is lamella.float32
    joined = lamella.cat((none, lamella.zeros(2, 3, dtype=lamella.int64)), 1)
    assert (joined.dtype, joined.shape) == (lamella.float32, (2, 3))
    joined.sum().backward()
    assert none.grad is not None and none.grad.shape == (0,)


def test_pieces_of_nothing() -> None:
    assert [p.shape for p in lamella.ones(0, 3).chunk(3)] == [(0, 3)] * 3
    assert [p.shape for p in lamella.ones(0, 3).split(2)] == [(0, 3)]
    assert [p.shape for p in lamella.ones(5).chunk(3)] == [(2,), (2,), (1,)]


def test_squeezing_no_dimension() -> None:
    assert lamella.ones(1, 2, 1).squeeze(()).shape == (1, 2, 1)
    assert lamella.ones(1, 2, 1).squeeze((0, 1)).shape == (2, 1)


def test_an_int_out_of_range_wraps_in_the_dtype_of_the_integers_beside_it() -> None:
    assert (BYTES == -1).tolist() == [False, True]
    assert (BYTES > -1).tolist() == [False, False]
    assert (BYTES == 256).tolist() == [True, False]
    assert (BYTES * -1).tolist() == [0, 1]
    assert (lamella.tensor([1, -56], dtype=lamella.int8) < 200).tolist() == [False, False]
    assert (INT < 1.5).tolist() == [True, False]


def test_sizes_by_keyword() -> None:
    assert ONES.view(size=(3, 2)).shape == ONES.reshape(shape=(3, 2)).shape == ONES.permute(dims=(1, 0)).shape == (3, 2)
    assert NO_DIMS.expand(size=(2, 3)).shape == (2, 3)
    assert NO_DIMS.expand_as(NO_DIMS).shape == lamella.broadcast_to(NO_DIMS, ()).shape == ()


@pytest.mark.parametrize("dim", [np.int64(1), lamella.tensor(1), lamella.tensor(-1)])
def test_what_stands_for_an_int_is_a_dim(dim: Any) -> None:
    assert ONES.sum(dim).tolist() == [3, 3]
    assert ONES.sum((dim,)).tolist() == [3, 3]
    assert ONES.argmax(dim).tolist() == [0, 0]
    assert ONES.any(dim).tolist() == [True, True]
    assert ONES.transpose(0, dim).shape == (3, 2)
    assert [p.shape for p in ONES.split(lamella.tensor(2), dim)] == [(2, 2), (2, 1)]


@pytest.mark.parametrize(
    ("numpy", "ours"),
    [
        (lambda: ONES.sum(axis=1, keepdims=True), lambda: ONES.sum(dim=1, keepdim=True)),
        (lambda: lamella.mean(ONES, axis=(0, 1)), lambda: lamella.mean(ONES, dim=(0, 1))),
        (lambda: lamella.std(input=ONES, axis=0), lambda: lamella.std(input=ONES, dim=0)),
        (lambda: ONES.max(axis=0, keepdims=True).values, lambda: ONES.max(dim=0, keepdim=True).values),
        (lambda: ONES.argmin(1, keepdims=True), lambda: ONES.argmin(1, keepdim=True)),
        (lambda: ONES.softmax(axis=1), lambda: ONES.softmax(dim=1)),
        (lambda: ONES.cumsum(axis=1), lambda: ONES.cumsum(dim=1)),
        (lambda: ONES.unsqueeze(axis=1), lambda: ONES.unsqueeze(dim=1)),
        (lambda: lamella.cat([ONES, ONES], axis=1), lambda: lamella.cat([ONES, ONES], dim=1)),
        (lambda: lamella.stack([ONES, ONES], axis=2), lambda: lamella.stack([ONES, ONES], dim=2)),
    ],
)
def test_numpys_names_of_dim_and_keepdim(numpy: Call, ours: Call) -> None:
    assert lamella.equal(numpy(), ours())


def test_a_dim_given_under_both_names_is_refused() -> None:
    with pytest.raises(TypeError, match="multiple values"):
        ONES.sum(dim=0, axis=0)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: MASK - 1, RuntimeError, r"sub: not defined with a bool.*~mask"),
        (lambda: 1 - MASK, RuntimeError, r"sub: not defined with a bool"),
        (lambda: ONES - True, RuntimeError, r"sub: not defined with a bool"),
        (lambda: MASK.sub(INT), RuntimeError, r"sub: not defined with a bool"),
        (lambda: BYTES**-1, RuntimeError, r"pow: Integers to negative integer powers"),
        (lambda: INT**-1, RuntimeError, r"pow: Integers to negative integer powers"),
        (lambda: MASK**MASK, NotImplementedError, r"pow: not defined for bool"),
        (lambda: ~ONES, TypeError, r"bitwise_not: not defined for dtype lamella.float32"),
        (lambda: lamella.bitwise_not(ONES), NotImplementedError, r"bitwise_not: not defined"),
        (lambda: ONES & 1, NotImplementedError, r"bitwise_and: not defined for dtype lamella.float32"),
        (MASK.floor, NotImplementedError, r"floor: not defined for dtype lamella.bool"),
        (lambda: ONES @ 2, TypeError, r"matmul\(\): argument 'other' must be Tensor, not int"),
        (lambda: lamella.mm(ONES, 2), TypeError, r"mm\(\): argument 'mat2' must be Tensor, not int"),
        (lambda: lamella.mv(ONES, 2), TypeError, r"mv\(\): argument 'vec' must be Tensor, not int"),
        (lambda: lamella.dot(ONES, 2), TypeError, r"dot\(\): argument 'tensor' must be Tensor, not int"),
        (lambda: lamella.outer(ONES, 2), TypeError, r"outer\(\): argument 'vec2' must be Tensor, not int"),
        (lambda: matmul.linear(ONES, 2), TypeError, r"linear\(\): argument 'weight' must be Tensor, not int"),
        (lambda: lamella.addmm(2, ONES, ONES.T), TypeError, r"addmm\(\): argument 'input' must be Tensor, not int"),
        (lambda: lamella.addmm(ONES.double(), ONES, ONES.T), RuntimeError, r"addmm: .*same dtype, but got lamella.f"),
        (lambda: lamella.addmm(lamella.ones(4, 2, 2), ONES, ONES.T), RuntimeError, r"addmm: input of shape \(4, 2, 2"),
        (lambda: lamella.bmm(ONES[None], lamella.ones(2, 3, 1)), RuntimeError, r"bmm: expected batches of the same"),
        (lambda: lamella.cat([ONES, 1]), TypeError, r"cat\(\): expected Tensor as element 1, but got int"),
        (lambda: lamella.cat(ONES), TypeError, r"cat\(\): expected a tuple or list of Tensors, got Tensor"),
        (lambda: lamella.stack(3), TypeError, r"stack\(\): expected a tuple or list of Tensors, got int"),
        (lambda: lamella.stack([1, 2]), TypeError, r"stack\(\): expected Tensor as element 0, but got int"),
        (lambda: lamella.cat([]), ValueError, r"cat: expected a non-empty list"),
        (lambda: lamella.stack([]), RuntimeError, r"stack: expected a non-empty list"),
        (lambda: lamella.cat([NO_DIMS]), RuntimeError, r"cat: zero-dimensional tensor"),
        (lambda: ONES.reshape("a"), TypeError, r"expected ints, one by one or as one tuple, got \('a',\)"),
        (lambda: ONES.reshape(2.0), TypeError, r"expected ints, .*got \(2.0,\)"),
        (lambda: ONES.view((6, "a")), TypeError, r"expected ints, .*got \(6, 'a'\)"),
        (ONES.view, TypeError, r"expected ints, .*got \(\)"),
        (lambda: ONES.permute(1, dims=(0,)), TypeError, r"expected ints, .*got \(1, \(0,\)\)"),
        (lambda: ONES.argmax(1.0), TypeError, r"dim must be an int, got 1.0"),
        (lambda: ONES.sum(1.0), TypeError, r"dim must be an int or a tuple of ints, got 1.0"),
        (lambda: NO_DIMS.split(1), RuntimeError, r"split expects at least a 1-dimensional tensor"),
        (lambda: NO_DIMS.chunk(1), RuntimeError, r"chunk expects at least a 1-dimensional tensor"),
        (lambda: lamella.ones(3).expand(-1, 3), RuntimeError, r"expand: \[-1, 3\] has a negative size"),
    ],
)
def test_what_is_refused(call: Call, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message) as caught:
        call()
    assert isinstance(caught.value, LamellaError)
