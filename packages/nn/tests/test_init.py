"""Initial values: their distributions, and what is refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import lamella
from lamella import nn
from lamella.nn import init


@pytest.fixture(autouse=True)
def seed() -> None:
    lamella.manual_seed(0)


def moments(tensor: lamella.Tensor) -> tuple[float, float]:
    values = tensor.detach().numpy()
    return float(values.mean()), float(values.std())


WEIGHT = (200, 50, 3, 2)
FAN_IN, FAN_OUT = 300, 1200
UNIFORM = [
    (lambda t: init.uniform_(t, -0.5, 0.5), 0.5),
    (lambda t: init.xavier_uniform_(t, 2.0), 2 * math.sqrt(6 / (FAN_IN + FAN_OUT))),
    (init.kaiming_uniform_, math.sqrt(6 / FAN_IN)),
    (lambda t: init.kaiming_uniform_(t, 1.0, "fan_out"), math.sqrt(3 / FAN_OUT)),
    (lambda t: init.kaiming_uniform_(t, nonlinearity="tanh"), 5 / 3 * math.sqrt(3 / FAN_IN)),
]
NORMAL = [
    (lambda t: init.normal_(t, 0.0, 0.3), 0.3),
    (init.xavier_normal_, math.sqrt(2 / (FAN_IN + FAN_OUT))),
    (lambda t: init.kaiming_normal_(t, mode="fan_out", nonlinearity="relu"), math.sqrt(2 / FAN_OUT)),
]


@pytest.mark.parametrize(("fill", "bound"), UNIFORM)
def test_uniform_values_fill_the_interval(fill: Any, bound: float) -> None:
    weight = nn.Parameter(lamella.empty(WEIGHT))
    assert fill(weight) is weight
    mean, std = moments(weight)
    assert abs(mean) < 0.01 * bound
    assert std == pytest.approx(bound / math.sqrt(3), rel=0.01)
    assert np.abs(weight.detach().numpy()).max() == pytest.approx(bound, rel=1e-3)
    assert weight.is_leaf
    assert weight.requires_grad


@pytest.mark.parametrize(("fill", "expected"), NORMAL)
def test_normal_values_have_the_deviation(fill: Any, expected: float) -> None:
    mean, std = moments(fill(nn.Parameter(lamella.empty(WEIGHT))))
    assert abs(mean) < 0.02 * expected
    assert std == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize(
    ("mean", "std", "a", "b"), [(0.0, 1.0, -2.0, 2.0), (0.0, 0.02, -2.0, 2.0), (1.0, 2.0, 0.5, 1.0)]
)
def test_truncated_normal_values_follow_the_density(mean: float, std: float, a: float, b: float) -> None:
    values = np.sort(init.trunc_normal_(lamella.empty(20000, dtype=lamella.float64), mean, std, a, b).numpy())

    def below(x: float) -> float:
        return 0.5 * (1 + math.erf((x - mean) / (std * math.sqrt(2))))

    inside = below(b) - below(a)
    expected = np.array([(below(v) - below(a)) / inside for v in values[::100]])
    assert a <= values[0]
    assert values[-1] <= b
    # Kolmogorov and Smirnov's distance; 0.012 would be exceeded by chance once in 150 draws, the seed is fixed
    assert np.abs(expected - np.arange(20000)[::100] / 20000).max() < 0.012


def test_far_from_the_mean_truncated_values_stay_inside() -> None:
    with pytest.warns(UserWarning, match="mean is more than 2 std from"):
        values = init.trunc_normal_(lamella.empty(1000), 0.0, 1.0, 50.0, 51.0).numpy()
    assert values.min() >= 50
    assert values.max() < 50.3  # the density falls by e for each 1/50


def test_constants() -> None:
    matrix = nn.Parameter(lamella.empty(2, 3))
    assert init.constant_(matrix, 2.5).tolist() == [[2.5] * 3] * 2
    assert init.ones_(matrix).tolist() == [[1.0] * 3] * 2
    assert init.zeros_(matrix).tolist() == [[0.0] * 3] * 2
    assert init.eye_(matrix).tolist() == [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]


@pytest.mark.parametrize("groups", [1, 2])
def test_dirac_passes_channels_on(groups: int) -> None:
    conv = nn.Conv2d(4, 4, 3, padding=1, groups=groups, bias=False)
    init.dirac_(conv.weight, groups)
    x = lamella.randn(2, 4, 5, 5)
    np.testing.assert_array_equal(conv(x).detach().numpy(), x.numpy())


@pytest.mark.parametrize("shape", [(3, 5), (5, 3), (4, 2, 2), (4, 4)])
def test_orthogonal_rows_or_columns(shape: tuple[int, ...]) -> None:
    matrix = init.orthogonal_(lamella.empty(shape, dtype=lamella.float64), 2.0).numpy().reshape(shape[0], -1)
    product = matrix @ matrix.T if matrix.shape[0] <= matrix.shape[1] else matrix.T @ matrix
    np.testing.assert_allclose(product, 4 * np.eye(len(product)), atol=1e-12)


def test_sparse_columns() -> None:
    values = init.sparse_(lamella.empty(50, 20), 0.31, 0.5).numpy()
    assert ((values == 0).sum(0) == 16).all()
    assert values[values != 0].std() == pytest.approx(0.5, rel=0.1)


FLOATING = [init.trunc_normal_, init.orthogonal_, lambda t: init.sparse_(t, 0.5)]


@pytest.mark.parametrize("fill", FLOATING)
def test_what_has_no_fractions_is_refused(fill: Any) -> None:
    with pytest.raises(RuntimeError, match="int64"):
        fill(lamella.zeros(3, 3, dtype=lamella.int64))


def test_bounds_the_wrong_way_round_are_refused() -> None:
    with pytest.raises(RuntimeError, match="expected a <= b, but got a=2.0 and b=1.0"):
        init.trunc_normal_(lamella.empty(3), a=2.0, b=1.0)


def test_generators_make_values_repeatable() -> None:
    def draw(fill: Any) -> list[Any]:
        return fill(lamella.empty(4, 3), generator=lamella.Generator().manual_seed(7)).tolist()

    for fill in (
        init.uniform_, init.normal_, init.trunc_normal_, init.xavier_uniform_, init.xavier_normal_,
        init.kaiming_uniform_, init.kaiming_normal_, init.orthogonal_,
        lambda t, generator: init.sparse_(t, 0.5, generator=generator),
    ):  # fmt: skip
        assert draw(fill) == draw(fill)


def test_modules_may_be_made_without_initial_values() -> None:
    with init.skipped():
        kept = init.normal_(init.zeros_(lamella.ones(3)))
    assert kept.tolist() == [1.0] * 3
    drawn = lamella.get_rng_state()
    layer = nn.utils.skip_init(nn.Linear, 3, out_features=4, device="cpu", dtype=lamella.float64)
    assert layer.weight.shape == (4, 3)
    assert layer.weight.dtype is lamella.float64
    assert lamella.equal(lamella.get_rng_state(), drawn)
    assert init.ones_(layer.weight).tolist() == [[1.0] * 3] * 4
    with pytest.raises(RuntimeError, match="Expected a Module; got <class 'int'>"):
        nn.utils.skip_init(int, 3)
    with pytest.raises(RuntimeError, match="must support a 'device' arg"):
        nn.utils.skip_init(nn.ReLU)


def test_gains() -> None:
    assert [init.calculate_gain(n) for n in ("linear", "conv2d", "conv_transpose3d", "sigmoid")] == [1, 1, 1, 1]
    assert init.calculate_gain("tanh") == 5 / 3
    assert init.calculate_gain("relu") == math.sqrt(2)
    assert init.calculate_gain("selu") == 0.75
    assert init.calculate_gain("leaky_relu") == math.sqrt(2 / 1.0001)
    assert init.calculate_gain("leaky_relu", 2.0) == math.sqrt(2 / 5)


def test_empty_tensors_are_left_with_a_warning() -> None:
    empty = lamella.empty(0, 2)
    with pytest.warns(UserWarning, match="Initializing zero-element tensors is a no-op"):
        assert init.kaiming_uniform_(empty) is empty
    with pytest.warns(UserWarning, match="no-op"):
        init.kaiming_normal_(empty)
    assert init.orthogonal_(empty) is empty


REFUSED = [
    (lambda: init.eye_(lamella.empty(2)), "Only tensors with 2 dimensions are supported"),
    (lambda: init.sparse_(lamella.empty(2), 0.1), "Only tensors with 2 dimensions are supported"),
    (lambda: init.dirac_(lamella.empty(2, 2)), "Only tensors with 3, 4, or 5 dimensions are supported"),
    (lambda: init.dirac_(lamella.empty(3, 2, 2), 2), "dim 0 must be divisible by groups"),
    (lambda: init.xavier_uniform_(lamella.empty(2)), "Fan in and fan out can not be computed .* fewer than 2"),
    (lambda: init.kaiming_normal_(lamella.empty(2)), "Fan in and fan out can not be computed"),
    (lambda: init.kaiming_uniform_(lamella.empty(2, 2), mode="x"),
     r"Mode x not supported, please use one of \['fan_in', 'fan_out'\]"),
    (lambda: init.orthogonal_(lamella.empty(2)), "Only tensors with 2 or more dimensions are supported"),
    (lambda: init.calculate_gain("x"), "Unsupported nonlinearity x"),
    (lambda: init.calculate_gain("leaky_relu", "s"), "negative_slope s not a valid number"),
    (lambda: init.calculate_gain("leaky_relu", True), "negative_slope True not a valid number"),
]  # fmt: skip


@pytest.mark.parametrize(("action", "message"), REFUSED)
def test_refuses_with_a_reason(action: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        action()
