"""What PyTorch's signatures add to the ops: overloads, ties, edge cases and refusals. The rest: ``test_ops``."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import lamella
from lamella.core.errors import LamellaError
from lamella.core.ops import activations

INT = lamella.tensor([1, 2])
BOOL = lamella.tensor([True, False])
EMPTY = lamella.zeros(0, 3)


def gradient(function: Callable[[Any], Any], values: list[Any]) -> list[Any]:
    x = lamella.tensor(values, dtype=lamella.float64, requires_grad=True)
    function(x).sum().backward()
    assert x.grad is not None
    found: list[Any] = x.grad.tolist()
    return found


@pytest.mark.parametrize(
    ("function", "values", "expected"),
    [
        (lambda x: lamella.maximum(x, lamella.tensor([1.0, 1.0], dtype=lamella.float64)), [1.0, 2.0], [0.5, 1.0]),
        (lambda x: lamella.minimum(x, lamella.tensor([1.0, 1.0], dtype=lamella.float64)), [1.0, 2.0], [0.5, 0.0]),
        (lamella.Tensor.amax, [3.0, 1.0, 3.0], [0.5, 0.0, 0.5]),
        (lambda x: x.amin(0), [3.0, 1.0, 1.0], [0.0, 0.5, 0.5]),
        (lamella.Tensor.max, [3.0, 3.0, 3.0], [1 / 3] * 3),
        (lambda x: x.max(0).values, [3.0, 1.0, 3.0], [1.0, 0.0, 0.0]),
        (lambda x: x.min(0).values, [3.0, 1.0, 1.0], [0.0, 1.0, 0.0]),
        (lambda x: x.clamp(0, 1), [0.0, 0.5, 2.0], [1.0, 1.0, 0.0]),
        (lamella.Tensor.prod, [2.0, 0.0, 3.0], [0.0, 6.0, 0.0]),
        (lamella.Tensor.std, [2.0, 2.0], [0.0, 0.0]),
        (lamella.Tensor.norm, [0.0, 0.0], [0.0, 0.0]),
        (activations.relu, [0.0, 2.0, -1.0], [0.0, 1.0, 0.0]),
    ],
)
def test_gradients_at_ties_and_edges(function: Callable[[Any], Any], values: list[Any], expected: list[Any]) -> None:
    np.testing.assert_allclose(gradient(function, values), expected)


def test_max_has_three_forms() -> None:
    x = lamella.tensor([[1.0, 5.0], [7.0, 2.0]])
    assert x.max().item() == 7
    values, indices = x.max(1)
    assert (values.tolist(), indices.tolist()) == ([5.0, 7.0], [1, 0])
    assert x.max(0, keepdim=True).values.tolist() == [[7.0, 5.0]]
    assert x.min(lamella.tensor(3.0)).tolist() == [[1.0, 3.0], [3.0, 2.0]]
    assert repr(x.min(0)) == "lamella.return_types.min(\nvalues=tensor([1., 2.]),\nindices=tensor([0, 1]))"


def test_the_first_extreme_is_found() -> None:
    x = lamella.tensor([2, 7, 7, 2])
    assert (x.argmax().item(), x.argmin().item()) == (1, 0)


def test_division_rounds_as_asked() -> None:
    a, b = lamella.tensor([-7, 7]), 2
    assert lamella.div(a, b).tolist() == [-3.5, 3.5]
    assert lamella.div(a, b, rounding_mode="floor").tolist() == (a // b).tolist() == [-4, 3]
    assert lamella.div(a, b, rounding_mode="trunc").tolist() == [-3, 3]
    assert lamella.div(lamella.tensor([-7.0]), 2, rounding_mode="trunc").tolist() == [-3.0]
    assert (a % 3).tolist() == [2, 1]
    assert lamella.fmod(a, 3).tolist() == [-1, 1]
    assert (lamella.tensor([1.0]) // 0).tolist() == [math.inf]


def test_comparisons_with_what_is_no_number() -> None:
    x = lamella.ones(2)
    assert (x == None) is False  # noqa: E711  # the operator is what is tested
    assert (x != "a") is True
    with pytest.raises(TypeError):
        x < None  # noqa: B015  # only its failure counts
    assert hash(x) == hash(x)


def test_nan_and_infinities_are_replaced() -> None:
    x = lamella.tensor([math.nan, math.inf, -math.inf])
    assert x.nan_to_num(1.0, 2.0, 3.0).tolist() == [1.0, 2.0, 3.0]
    assert lamella.isfinite(x.nan_to_num()).all()


@pytest.mark.parametrize("name", ["erf", "erfc"])
@pytest.mark.parametrize(("dtype", "units"), [(lamella.float32, 8), (lamella.float64, 8)])
def test_error_function_is_accurate(name: str, dtype: Any, units: int) -> None:
    x = lamella.linspace(-6, 9, 4001, dtype=dtype)
    exact = np.array([getattr(math, name)(v) for v in x.tolist()])
    found = getattr(lamella, name)(x).numpy()
    assert np.all(np.abs(found - exact) <= units * np.spacing(np.abs(exact).astype(found.dtype)))
    edges = getattr(lamella, name)(lamella.tensor([math.inf, -math.inf], dtype=dtype)).tolist()
    assert edges == [getattr(math, name)(math.inf), getattr(math, name)(-math.inf)]
    assert math.isnan(getattr(lamella, name)(lamella.tensor(math.nan, dtype=dtype)).item())


@pytest.mark.parametrize("dims", [0, (0, 2), (0, 1)])
def test_long_sums_are_accurate_along_every_axis(dims: Any) -> None:
    x = np.random.default_rng(0).uniform(1, 2, (40_001, 3, 2)).astype(np.float32)
    found = lamella.tensor(x).sum(dims).numpy()
    np.testing.assert_allclose(found, x.sum(dims, dtype=np.float64), rtol=3e-7)


@pytest.mark.parametrize("dim", [0, 1, 2])
@pytest.mark.parametrize("n", [5, 70, 600])
def test_large_softmax_is_computed_in_pieces(dim: int, n: int) -> None:
    shape = [30, 40, 50]
    shape[dim] = n
    x = np.random.default_rng(0).normal(size=shape)
    powers = np.exp(x)
    expected = powers / powers.sum(dim, keepdims=True)
    np.testing.assert_allclose(lamella.softmax(lamella.tensor(x), dim).numpy(), expected, rtol=1e-12)
    np.testing.assert_allclose(
        lamella.log_softmax(lamella.tensor(x), dim).numpy(), np.log(expected), rtol=1e-9, atol=1e-12
    )


def test_large_moments_are_computed_in_pieces() -> None:
    x = np.random.default_rng(0).normal(3, 1, (3000, 64))
    t = lamella.tensor(x, requires_grad=True)
    t.var(1).sum().backward()
    np.testing.assert_allclose(t.var(1).detach().numpy(), x.var(1, ddof=1))
    assert t.grad is not None
    np.testing.assert_allclose(t.grad.numpy(), 2 / 63 * (x - x.mean(1, keepdims=True)), atol=1e-12)
    variance, mean = lamella.var_mean(t, 0, unbiased=False)
    np.testing.assert_allclose(variance.detach().numpy(), x.var(0))
    np.testing.assert_allclose(mean.detach().numpy(), x.mean(0))
    assert t.var(False).item() == pytest.approx(x.var())


def test_reductions_over_no_element() -> None:
    assert EMPTY.sum(0).tolist() == [0, 0, 0]
    assert EMPTY.prod(0).tolist() == [1, 1, 1]
    assert EMPTY.logsumexp(0).tolist() == [-math.inf] * 3
    assert EMPTY.all().item() and not EMPTY.any()
    assert np.isnan(EMPTY.mean(0).numpy()).all()
    assert np.isnan(EMPTY.var(0).numpy()).all()
    assert EMPTY.amax(1).shape == (0,)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (EMPTY.amax, RuntimeError, r"amax\(\): Expected reduction dim to be specified"),
        (EMPTY.max, RuntimeError, r"max\(\): Expected reduction dim to be specified"),
        (lambda: EMPTY.amin(0), IndexError, r"amin: Expected reduction dim 0 to have non-zero size"),
        (lambda: EMPTY.max(0), IndexError, r"Expected reduction dim 0 to have non-zero size"),
        (EMPTY.argmax, IndexError, r"argmax\(\): Expected reduction dim to be specified"),
        (BOOL.argmin, RuntimeError, r"argmin: does not support bool"),
        (lambda: lamella.addcdiv(INT, INT, INT), RuntimeError, r"addcdiv: .* both of integers"),
        (lambda: lamella.imag(lamella.ones(2)), RuntimeError, r"imag is not implemented"),
        (lambda: lamella.round(INT, decimals=1), RuntimeError, r"round: decimals=1 is not defined for lamella.int64"),
        (lambda: lamella.div(INT, 2, rounding_mode="up"), RuntimeError, r"div: expected rounding_mode .*'up'"),
        (lambda: lamella.clamp(INT), RuntimeError, r"clamp: At least one of"),
        (lambda: lamella.allclose(INT, 1), TypeError, r"allclose\(\): argument 'other' must be Tensor, not int"),
        (lambda: lamella.equal(1, INT), TypeError, r"equal\(\): argument 'input' must be Tensor, not int"),
        (lambda: lamella.broadcast_tensors(INT, 1), TypeError, r"broadcast_tensors\(\): .* must be Tensor, not int"),
        (lambda: lamella.norm(lamella.ones(2), "max"), RuntimeError, r"norm: .*'fro' or 'nuc', got 'max'"),
        (lambda: activations.gelu(lamella.ones(2), "x"), RuntimeError, r"gelu: approximate argument must be .*'x'"),
    ],
)
def test_what_is_refused(call: Callable[[], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message) as caught:
        call()
    assert isinstance(caught.value, LamellaError)
