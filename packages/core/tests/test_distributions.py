"""Draws against their distributions, the published answers of Philox, and what is refused."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

import lamella
from lamella.core.ops.distributions import quantile
from lamella.core.random import Generator

N = 20_000
f64 = lamella.float64


def ks_distance(sample: np.ndarray, cdf) -> float:
    """Distance of the empirical distribution from ``cdf``, times sqrt(n): above 1.95 once in a thousand."""
    ordered = np.sort(sample.astype(np.float64).reshape(-1))
    expected = np.array([cdf(value) for value in ordered])
    steps = np.arange(len(ordered) + 1) / len(ordered)
    return max((steps[1:] - expected).max(), (expected - steps[:-1]).max()) * math.sqrt(len(ordered))


def chi_square(sample: np.ndarray, probability, low: int, high: int) -> float:
    """Pearson's statistic over the counts from low to high and both tails, less its mean, in standard deviations."""
    inner = [probability(k) for k in range(low, high)]
    below = math.fsum(probability(k) for k in range(low))
    expected = np.array([below, *inner, 1 - below - math.fsum(inner)]) * sample.size
    counts = [(sample < low).sum(), *((sample == k).sum() for k in range(low, high)), (sample >= high).sum()]
    kept = expected > 5
    freedom = kept.sum() - 1
    statistic = ((np.array(counts) - expected)[kept] ** 2 / expected[kept]).sum()
    return (statistic - freedom) / math.sqrt(2 * freedom)


def seeded(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


def normal_cdf(x: float) -> float:
    return 0.5 * math.erfc(-x / math.sqrt(2))


# --- the published answers


@pytest.mark.parametrize(
    ("counter", "key", "answer"),
    # "philox4x64 10" of kat_vectors in D. E. Shaw Research's Random123 library
    [
        (
            (0, 0, 0, 0),
            (0, 0),
            (0x16554D9ECA36314C, 0xDB20FE9D672D0FDC, 0xD7E772CEE186176B, 0x7E68B68AEC7BA23B),
        ),
        (
            (2**64 - 1,) * 4,
            (2**64 - 1,) * 2,
            (0x87B092C3013FE90B, 0x438C3C67BE8D0224, 0x9CC7D7C69CD777B6, 0xA09CAEBF594F0BA0),
        ),
        (
            (0x243F6A8885A308D3, 0x13198A2E03707344, 0xA4093822299F31D0, 0x082EFA98EC4E6C89),
            (0x452821E638D01377, 0xBE5466CF34E90C6C),
            (0xA528F45403E61D95, 0x38C72DBD566E9788, 0xA5A1610E72FD18B5, 0x57BD43B5E52B7FE6),
        ),
    ],
)
def test_the_bit_generator_gives_the_published_answers_of_philox_4x64_10(counter, key, answer):
    before = sum(c << 64 * i for i, c in enumerate(counter)) - 1  # NumPy counts up before it computes a block
    words = np.random.Philox(counter=before % 2**256, key=key[0] + (key[1] << 64)).random_raw(4)
    assert tuple(words.tolist()) == answer


def test_a_generator_draws_the_words_of_that_bit_generator():
    expected = np.random.Philox(key=7, counter=0).random_raw(8)
    np.testing.assert_array_equal(seeded(7).words(8), expected)


def test_the_same_seed_gives_the_same_numbers_whatever_the_number_of_threads():
    n, before = 2_000_003, lamella.get_num_threads()
    draws = []
    try:
        for threads in (1, 2, 5):
            lamella.set_num_threads(threads)
            lamella.manual_seed(3)
            draws.append((lamella.randn(n), lamella.rand(n, dtype=f64), lamella.randint(10, (n,))))
    finally:
        lamella.set_num_threads(before)
    for other in draws[1:]:
        for a, b in zip(draws[0], other, strict=True):
            assert lamella.equal(a, b)


# --- distributions: Kolmogorov and Smirnov for continuous ones


CONTINUOUS = {
    "rand": (lambda g: lamella.rand(N, generator=g), lambda x: x),
    "randn": (lambda g: lamella.randn(N, generator=g), normal_cdf),
    "rand_like": (lambda g: lamella.rand_like(lamella.zeros(N), generator=g), lambda x: x),
    "randn_like": (lambda g: lamella.randn_like(lamella.zeros(N), generator=g), normal_cdf),
    "uniform_": (lambda g: lamella.zeros(N).uniform_(-2, 6, generator=g), lambda x: (x + 2) / 8),
    "normal_": (lambda g: lamella.zeros(N).normal_(1, 2, generator=g), lambda x: normal_cdf((x - 1) / 2)),
    "normal of numbers": (lambda g: lamella.normal(1.0, 2.0, (N,), generator=g), lambda x: normal_cdf((x - 1) / 2)),
    "normal of tensors": (
        lambda g: lamella.normal(lamella.ones(N), lamella.full((N,), 2.0), generator=g),
        lambda x: normal_cdf((x - 1) / 2),
    ),
    "normal of a mean": (lambda g: lamella.normal(lamella.ones(N), generator=g), lambda x: normal_cdf(x - 1)),
    "normal of a deviation": (
        lambda g: lamella.normal(1.0, lamella.full((N,), 0.5), generator=g),
        lambda x: normal_cdf((x - 1) / 0.5),
    ),
    "exponential_": (lambda g: lamella.zeros(N).exponential_(3, generator=g), lambda x: -math.expm1(-3 * x)),
    "cauchy_": (
        lambda g: lamella.zeros(N).cauchy_(1, 2, generator=g),
        lambda x: 0.5 + math.atan((x - 1) / 2) / math.pi,
    ),
    "log_normal_": (
        lambda g: lamella.zeros(N).log_normal_(0.5, 0.25, generator=g),
        lambda x: normal_cdf((math.log(x) - 0.5) / 0.25),
    ),
}


@pytest.mark.parametrize("name", CONTINUOUS)
def test_continuous_distributions(name):
    draw, cdf = CONTINUOUS[name]
    assert ks_distance(draw(seeded(5)).numpy(), cdf) < 1.95
    assert lamella.equal(draw(seeded(5)), draw(seeded(5))) and not lamella.equal(draw(seeded(5)), draw(seeded(6)))


# --- and Pearson for discrete ones


def poisson_probability(rate):
    return lambda k: math.exp(k * math.log(rate) - rate - math.lgamma(k + 1))


def binomial_probability(n, p):
    def probability(k):
        if k > n:
            return 0.0
        ways = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
        return math.exp(ways + k * math.log(p) + (n - k) * math.log1p(-p))

    return probability


def full(value):
    return lamella.full((N,), float(value))


DISCRETE = {
    "bernoulli": (lambda g: lamella.bernoulli(full(0.3), generator=g), lambda k: (0.7, 0.3)[k], 0, 1),
    "bernoulli of a number": (lambda g: lamella.bernoulli(full(1), 0.3, generator=g), lambda k: (0.7, 0.3)[k], 0, 1),
    "bernoulli_": (lambda g: full(0).bernoulli_(0.3, generator=g), lambda k: (0.7, 0.3)[k], 0, 1),
    "bernoulli_ of tensors": (lambda g: full(0).bernoulli_(full(0.3), generator=g), lambda k: (0.7, 0.3)[k], 0, 1),
    "geometric_": (lambda g: full(0).geometric_(0.3, generator=g), lambda k: 0.3 * 0.7 ** (k - 1) if k else 0, 1, 15),
    "randint": (lambda g: lamella.randint(10, (N,), generator=g), lambda k: 0.1, 0, 9),
    "randint_like": (lambda g: lamella.randint_like(full(0), 10, generator=g), lambda k: 0.1, 0, 9),
    "random_": (lambda g: full(0).random_(10, generator=g), lambda k: 0.1, 0, 9),
    **{
        f"poisson {rate}": (
            lambda g, rate=rate: lamella.poisson(full(rate), generator=g),
            poisson_probability(rate),
            max(0, int(rate - 3 * rate**0.5)),
            int(rate + 3 * rate**0.5) + 1,
        )
        for rate in (0.5, 5, 50, 65, 300)
    },
    **{
        f"binomial {n} {p}": (
            lambda g, n=n, p=p: lamella.binomial(full(n), full(p), generator=g),
            binomial_probability(n, float(np.float32(p))),
            max(0, int(n * p - 3 * (n * p * (1 - p)) ** 0.5)),
            int(n * p + 3 * (n * p * (1 - p)) ** 0.5) + 1,
        )
        for n, p in ((10, 0.3), (10, 0.8), (100, 0.5), (1000, 0.3), (1000, 0.9))
    },
    "multinomial": (
        lambda g: lamella.multinomial(lamella.tensor([1.0, 2.0, 0.0, 5.0]), N, True, generator=g),
        lambda k: (0.125, 0.25, 0.0, 0.625)[k],
        0,
        3,
    ),
}


@pytest.mark.parametrize("name", DISCRETE)
def test_discrete_distributions(name):
    draw, probability, low, high = DISCRETE[name]
    sample = draw(seeded(5))
    assert chi_square(sample.numpy(), probability, low, high) < 4.5
    assert lamella.equal(draw(seeded(5)), sample) and not lamella.equal(draw(seeded(6)), sample)


def test_drawing_without_replacement_gives_each_order_by_its_weights():
    weights = [1.0, 2.0, 5.0]
    drawn = lamella.multinomial(lamella.tensor([weights] * 8000), 3, generator=seeded()).numpy()
    for order in itertools.permutations(range(3)):
        left, chance = 8.0, 1.0
        for i in order:
            chance *= weights[i] / left
            left -= weights[i]
        found = (drawn == order).all(1).mean()
        assert abs(found - chance) < 4 * math.sqrt(chance * (1 - chance) / 8000)


@pytest.mark.parametrize("replacement", [False, True])
def test_categories_without_weight_are_not_drawn(replacement):
    drawn = lamella.multinomial(lamella.tensor([[0.0, 1.0, 0.0, 3.0, 0.0]] * 5000), 2, replacement, generator=seeded())
    assert drawn.dtype == lamella.int64 and set(drawn.unique().tolist()) == {1, 3}


def test_permutations_are_permutations():
    for dtype in (lamella.int64, lamella.float32, lamella.uint8):
        assert sorted(lamella.randperm(100, dtype=dtype).tolist()) == list(range(100))


def test_counts_of_large_rates_have_the_right_mean_and_variance():
    for draw, mean, variance in (
        (lamella.poisson(full(1e6)), 1e6, 1e6),
        (lamella.binomial(full(1e6), full(0.25)), 2.5e5, 1.875e5),
    ):
        x = draw.double().numpy()
        assert abs(x.mean() - mean) < 4 * math.sqrt(variance / N)
        assert abs(x.var() / variance - 1) < 4 * math.sqrt(2 / N)


@pytest.mark.parametrize(
    ("probability", "cumulants"),
    [(poisson_probability(64.5), (64.5,) * 5), (binomial_probability(260, 0.5), (130.0, 65.0, 0.0, -32.5, 0.0))],
    ids=["poisson", "binomial"],
)
def test_the_expansion_of_quantiles_is_right_to_a_millionth(probability, cumulants):
    total = 0.0
    for k in range(200):
        total += probability(k)
        if 1e-9 < total < 1 - 1e-9:
            low, high = -8.0, 8.0  # the normal number from which on more than k is drawn
            for _ in range(50):
                middle = (low + high) / 2
                if quantile(np, np.float64(middle), *cumulants) <= k:
                    low = middle
                else:
                    high = middle
            assert abs(normal_cdf(low) - total) < 1e-6


# --- edges


def test_certain_and_impossible_counts():
    count = lamella.tensor([-1.0, 1.5, 3.75, 10.0, 10.0, math.nan, math.inf, 5.0])
    prob = lamella.tensor([0.5, 1.0, 1.0, 0.0, 1.5, 0.5, 0.5, math.nan])
    drawn = lamella.binomial(count, prob).tolist()
    assert drawn[:5] == [0.0, 1.5, 3.75, 0.0, 10.0] and all(map(math.isnan, drawn[5:]))
    assert lamella.poisson(lamella.tensor([0.0, math.inf])).tolist() == [0.0, math.inf]
    assert lamella.bernoulli(lamella.tensor([0.0, 1.0])).tolist() == [0.0, 1.0]


def test_shapes_and_dtypes():
    x = lamella.rand(3, 2)
    assert lamella.binomial(lamella.full((2,), 5.0), x).shape == (3, 2)
    assert lamella.normal(lamella.zeros(2), lamella.ones(3, 1)).shape == (3, 2)
    assert lamella.normal(lamella.zeros(2), lamella.ones(2, dtype=f64)).dtype == lamella.float32
    assert lamella.normal(0.0, lamella.ones(2, dtype=f64)).dtype == f64
    assert lamella.normal(1.0, 0.0, (2,), dtype=lamella.complex64).tolist() == [1 + 1j, 1 + 1j]
    assert lamella.normal(0.0, 1.0, size=(2,), requires_grad=True).requires_grad
    for draw in (lamella.bernoulli, lamella.poisson):
        assert draw(x.half()).dtype == lamella.float16
    assert lamella.multinomial(lamella.ones(0, 4), 2).shape == (0, 2)
    assert x.multinomial(2).shape == (3, 2) and lamella.multinomial(lamella.ones(4), 2).shape == (2,)
    for method in ("cauchy_", "log_normal_", "exponential_", "normal_", "uniform_"):
        assert getattr(lamella.zeros(2, dtype=lamella.float16), method)().dtype == lamella.float16
    assert lamella.zeros(2, dtype=lamella.int8).geometric_(0.9).dtype == lamella.int8


@pytest.mark.parametrize(
    ("dtype", "largest"), [(lamella.int8, 127), (lamella.bool, 1), (lamella.float16, 2048), (lamella.uint8, 255)]
)
def test_random_covers_what_the_dtype_holds_exactly(dtype, largest):
    x = lamella.zeros(100_000, dtype=dtype).random_(generator=seeded())
    assert x.float().max() == largest and x.float().min() == 0


def test_random_takes_bounds_in_pytorchs_ways():
    x = lamella.zeros(200, dtype=lamella.int64)
    assert set(x.random_(2).tolist()) == {0, 1} and set(x.random_(to=2).tolist()) == {0, 1}
    assert set(x.random_(-1, 1).tolist()) == set(x.random_(-1, to=1).tolist()) == {-1, 0}
    assert set(x.random_(**{"from": 5, "to": 6}).tolist()) == {5}
    assert (x.random_(2**62, None) >= 2**62).all() and x.random_(-(2**63), None).min() < 0
    assert set(lamella.zeros(50).uniform_(**{"from": 3, "to": 3}).tolist()) == {3.0}


def test_integers_that_a_float_cannot_hold_are_rounded_with_a_warning():
    with pytest.warns(UserWarning, match=r"exceeds \[-2048, 2048\]"):
        lamella.zeros(2, dtype=lamella.float16).random_(0, 4096)
    with pytest.warns(UserWarning, match="exceeds"):
        lamella.randint(0, 2**25, (2,), dtype=lamella.float32)


# --- gradients


@pytest.mark.parametrize(
    "draw",
    [
        lamella.bernoulli,
        lamella.poisson,
        lambda p: lamella.binomial(lamella.full_like(p, 3.0), p),
        lambda p: lamella.binomial(p, lamella.full_like(p, 0.5)),
        lambda p: lamella.normal(p, 1.0),
        lambda p: lamella.normal(0.0, p),
        lambda p: lamella.normal(p, p),
        lambda p: p.mul(1).uniform_(),
        lambda p: p.mul(1).geometric_(0.5),
        lambda p: p.mul(1).bernoulli_(0.5),
        lambda p: p.mul(1).random_(5),
    ],
)
def test_gradients_of_draws_are_zero(draw):
    p = lamella.full((3,), 0.5, requires_grad=True)
    draw(p).sum().backward()
    assert p.grad.tolist() == [0.0, 0.0, 0.0]


def test_filling_a_leaf_that_requires_grad_is_refused():
    x = lamella.zeros(2, requires_grad=True)
    for fill in ("uniform_", "normal_", "cauchy_", "log_normal_", "random_", "bernoulli_", "exponential_"):
        with pytest.raises(RuntimeError, match="a leaf Variable that requires grad"):
            getattr(x, fill)()
    with lamella.no_grad():
        assert x.normal_() is x


def test_a_draw_into_a_saved_tensor_is_noticed():
    x = lamella.ones(2, requires_grad=True)
    y = x.exp()
    z = y * y
    with lamella.no_grad():
        y.cauchy_()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        z.sum().backward()


# --- state


def test_generators_can_be_cloned():
    generator = seeded(3)
    generator.words(5)
    twin = generator.clone_state()
    assert twin is not generator and twin.words(4).tolist() == generator.words(4).tolist()


def test_the_state_of_the_default_generator_goes_back():
    state = lamella.get_rng_state()
    first = lamella.randn(3)
    lamella.set_rng_state(state)
    assert lamella.equal(first, lamella.randn(3))
    with lamella.random.fork_rng(device_type="cpu"):
        inside = lamella.randn(3)
    assert lamella.equal(inside, lamella.randn(3))


# --- what is refused

ONES, WHOLE = lamella.ones(3), lamella.ones(3, dtype=lamella.int64)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: lamella.bernoulli(ONES * 2), RuntimeError, "between 0 and 1"),
        (lambda: lamella.bernoulli(ONES * math.nan), RuntimeError, "between 0 and 1"),
        (lambda: lamella.bernoulli(WHOLE), RuntimeError, "bernoulli: not defined for dtype lamella.int64"),
        (lambda: lamella.bernoulli(ONES, 1.5), RuntimeError, "p=1.5"),
        (lambda: lamella.zeros(3, dtype=lamella.complex64).bernoulli_(), RuntimeError, "complex64"),
        (lambda: lamella.bernoulli([0.5]), TypeError, "'input' must be Tensor, not list"),
        (lambda: lamella.poisson(-ONES), RuntimeError, "rate to be non-negative"),
        (lambda: lamella.poisson(WHOLE), RuntimeError, "poisson: not defined"),
        (lambda: lamella.binomial(WHOLE, ONES), ValueError, "only supports floating-point dtypes for count"),
        (lambda: lamella.binomial(ONES, ONES.double()), RuntimeError, "both float32 or both float64"),
        (lambda: lamella.binomial(ONES.half(), ONES.half()), RuntimeError, "both float32 or both float64"),
        (lambda: lamella.binomial(ONES, 0.5), TypeError, "'prob' must be Tensor, not float"),
        (lambda: lamella.multinomial(ONES, 4), RuntimeError, "without replacement: 4 of 3"),
        (lambda: lamella.multinomial(ONES, 0), RuntimeError, "n_sample <= 0"),
        (lambda: lamella.multinomial(ONES * 0, 1), RuntimeError, "sum of probabilities <= 0"),
        (lambda: lamella.multinomial(-ONES, 1, True), RuntimeError, "element < 0"),
        (lambda: lamella.multinomial(ONES / 0, 1), RuntimeError, "inf, nan or element"),
        (lambda: lamella.multinomial(WHOLE, 1), RuntimeError, "only supports floating-point"),
        (lambda: lamella.multinomial(lamella.tensor(1.0), 1), RuntimeError, "1 or 2 dim"),
        (lambda: lamella.normal(ONES, -1.0), RuntimeError, r"std >= 0.0, got -1.0"),
        (lambda: lamella.normal(ONES, ONES * math.nan), RuntimeError, r"std >= 0.0, got \[nan"),
        (lambda: lamella.normal(ONES, ONES + 1j), RuntimeError, "standard deviation to be non-complex"),
        (lambda: lamella.normal(WHOLE, ONES), RuntimeError, "normal: .*got int64"),
        (lambda: lamella.normal(ONES, 1.0, (3,)), TypeError, "expected a size beside two numbers"),
        (lambda: lamella.normal(ONES, lamella.ones(2)), RuntimeError, "can't be broadcast"),
        (lambda: ONES.clone().geometric_(1), RuntimeError, "p to be in .0, 1., but got p=1"),
        (lambda: lamella.zeros(2, dtype=lamella.bool).geometric_(0.5), RuntimeError, "geometric_: not defined"),
        (lambda: ONES.clone().cauchy_(0, 0), RuntimeError, "sigma=0"),
        (lambda: WHOLE.clone().cauchy_(), RuntimeError, "cauchy_: a continuous distribution"),
        (lambda: ONES.clone().log_normal_(0, 0), RuntimeError, "std=0"),
        (lambda: WHOLE.clone().log_normal_(), RuntimeError, "log_normal_: a continuous distribution"),
        (lambda: WHOLE.clone().uniform_(), RuntimeError, "got int64"),
        (lambda: ONES.clone().uniform_(low=1), TypeError, "unexpected keyword argument 'low'"),
        (lambda: ONES.clone().uniform_(generator=5), TypeError, "must be lamella.Generator, not int"),
        (lambda: ONES.clone().random_(1, 2, 3), TypeError, "a lower and an upper bound"),
        (lambda: lamella.zeros(2, dtype=lamella.complex64).random_(), RuntimeError, "random_: not defined"),
        (lambda: lamella.zeros(2, dtype=lamella.float16).random_(0, 2**20), RuntimeError, "out of bounds"),
        (lambda: lamella.randint(3, (2,), dtype=lamella.bool), RuntimeError, "does not fit bool"),
        (lambda: lamella.randint(3, (2,), dtype=lamella.complex64), RuntimeError, "randint: not defined"),
        (lambda: lamella.randperm(3, dtype=lamella.bool), RuntimeError, "randperm: not defined"),
        (lambda: lamella.randperm(300, dtype=lamella.uint8), RuntimeError, "below n=300"),
        (lambda: lamella.randperm(5000, dtype=lamella.float16), RuntimeError, "below n=5000"),
    ],
)
def test_what_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
