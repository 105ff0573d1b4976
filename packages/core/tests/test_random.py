"""Random numbers: words against Philox written out in Python, transforms against their distributions."""

from __future__ import annotations

import copy
import math
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import lamella
from lamella.core import random as lamella_random
from lamella.core.errors import ArgumentRangeError, DeviceError, DtypeError
from lamella.core.random import CHUNK_BLOCKS, Generator, current_generator, default_generator, fork_rng, local_generator

F16, F32, F64, I64 = (np.dtype(name) for name in ("float16", "float32", "float64", "int64"))
MASK = 2**64 - 1
MAXIMUM_SEED = 2**64 - 1

DRAWS = {
    "uniform float32": lambda g, n: g.uniform((n,), F32),
    "uniform float64": lambda g, n: g.uniform((n,), F64, -2.0, 3.0),
    "uniform float16": lambda g, n: g.uniform((n,), F16),
    "uniform complex64": lambda g, n: g.uniform((n,), np.dtype(np.complex64)),
    "normal float32": lambda g, n: g.normal((n,), F32),
    "normal float64": lambda g, n: g.normal((n,), F64, 1.0, 2.0),
    "normal float16": lambda g, n: g.normal((n,), F16),
    "normal complex128": lambda g, n: g.normal((n,), np.dtype(np.complex128)),
    "exponential float32": lambda g, n: g.exponential((n,), F32),
    "exponential float64": lambda g, n: g.exponential((n,), F64, 2.0),
    "integers": lambda g, n: g.integers(-5, 5, (n,), np.dtype(np.int8)),
    "wide integers": lambda g, n: g.integers(-(2**62), 2**62, (n,), I64),
    "all integers": lambda g, n: g.integers(-(2**63), 2**63, (n,), I64),
    "bernoulli": lambda g, n: g.bernoulli(0.3, (n,)),
    "words": lambda g, n: g.words(n),
}
SPANS = [1, 3, 10**9 + 7, 2**32 - 1, 2**32, 2**32 + 1, 2**40 + 5, 2**63, 2**64 - 1, 2**64]
every_draw = pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS.keys())


def philox_block(key: tuple[int, int], counter: tuple[int, int, int, int]) -> list[int]:
    """Philox 4x64-10 as its paper states it."""
    (k0, k1), (c0, c1, c2, c3) = key, counter
    for _ in range(10):
        product_0, product_1 = 0xD2E7470EE14C6C93 * c0, 0xCA5A826395121157 * c2
        c0, c1, c2, c3 = (
            (product_1 >> 64) ^ c1 ^ k0,
            product_1 & MASK,
            (product_0 >> 64) ^ c3 ^ k1,
            product_0 & MASK,
        )
        k0, k1 = (k0 + 0x9E3779B97F4A7C15) & MASK, (k1 + 0xBB67AE8584CAA73B) & MASK
    return [c0, c1, c2, c3]


def ks_distance(sample: np.ndarray, cdf) -> float:
    """Distance of the empirical distribution from `cdf`, times sqrt(n): above 1.95 once in a thousand."""
    ordered = np.sort(sample.astype(np.float64))
    expected = np.array([cdf(value) for value in ordered])
    n = len(ordered)
    steps = np.arange(n + 1) / n
    return max((steps[1:] - expected).max(), (expected - steps[:-1]).max()) * math.sqrt(n)


def normal_cdf(value: float) -> float:
    return 0.5 * math.erfc(-value / math.sqrt(2.0))


def test_python_philox_gives_the_published_answer():
    # The Random123 library's known answer for a key and a counter of zeros.
    known = [0x16554D9ECA36314C, 0xDB20FE9D672D0FDC, 0xD7E772CEE186176B, 0x7E68B68AEC7BA23B]
    assert philox_block((0, 0), (0, 0, 0, 0)) == known


@pytest.mark.parametrize("seed", [0, 1, 12345, MAXIMUM_SEED])
@pytest.mark.parametrize("offset", [0, 1, 1000])
def test_words_are_philox_of_seed_and_counter(seed, offset):
    generator = Generator().manual_seed(seed)
    generator.reserve(offset)
    expected = [word for block in range(3) for word in philox_block((seed, 0), (offset + block + 1, 0, 0, 0))]
    assert generator.words(12).tolist() == expected


def test_uniforms_are_the_high_bits_of_the_words():
    words = [word for block in range(2) for word in philox_block((7, 0), (block + 1, 0, 0, 0))]
    doubles = Generator().manual_seed(7).uniform((8,), F64)
    assert doubles.tolist() == [(word >> 11) / 2**53 for word in words]
    halves = [half for word in words for half in (word & 0xFFFFFFFF, word >> 32)]
    singles = Generator().manual_seed(7).uniform((16,), F32)
    assert singles.tolist() == [(half >> 8) / 2**24 for half in halves]


def test_normals_are_box_muller_of_neighbouring_words():
    words = [word for block in range(2) for word in philox_block((7, 0), (block + 1, 0, 0, 0))]
    expected = []
    for first, second in zip(words[0::2], words[1::2], strict=True):
        radius = math.sqrt(-2.0 * math.log(((first >> 12) + 0.5) / 2**52))
        turn = (second - 2**64 if second >= 2**63 else second) / 2**64
        expected += [radius * math.cos(2.0 * math.pi * turn), radius * math.sin(2.0 * math.pi * turn)]
    np.testing.assert_allclose(Generator().manual_seed(7).normal((8,), F64), expected, rtol=1e-13)


@every_draw
def test_same_seed_same_numbers_and_next_draw_differs(draw):
    generator = Generator().manual_seed(3)
    first, second = draw(generator, 50), draw(generator, 50)
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(draw(Generator().manual_seed(3), 50), first)
    assert not np.array_equal(draw(Generator().manual_seed(4), 50), first)


@every_draw
def test_a_short_draw_is_the_beginning_of_a_long_one(draw):
    # Three chunks and a bit, so that chunk borders and odd tails are crossed.
    whole = draw(Generator().manual_seed(5), 3 * 8 * CHUNK_BLOCKS + 11)
    for n in [0, 1, 2, 3, 7, 8, 9, 31, 1001, 4 * CHUNK_BLOCKS - 1, 8 * CHUNK_BLOCKS + 1, len(whole) - 1]:
        np.testing.assert_array_equal(draw(Generator().manual_seed(5), n), whole[:n], err_msg=f"n={n}")


@every_draw
def test_state_round_trip_mid_stream(draw):
    generator = Generator().manual_seed(11)
    draw(generator, 5)
    state = generator.state_array()
    expected = draw(generator, 20)
    assert state.dtype == np.uint8 and state.shape == (24,)
    other = Generator()
    other.set_state_array(state)
    np.testing.assert_array_equal(draw(other, 20), expected)
    assert other.initial_seed() == 11


def test_consumption_depends_on_size_alone():
    for draw in DRAWS.values():
        ends = set()
        for seed in range(3):
            generator = Generator().manual_seed(seed)
            draw(generator, 13)
            ends.add(generator.reserve(0)[1])
        assert len(ends) == 1
    generator = Generator().manual_seed(0)
    generator.uniform((9,), F32)  # nine half words: two blocks of eight
    assert generator.reserve(0) == (0, 2)


def test_shape_only_arranges_the_elements():
    flat = Generator().manual_seed(0).normal((24,), F32)
    np.testing.assert_array_equal(Generator().manual_seed(0).normal((2, 3, 4), F32), flat.reshape(2, 3, 4))
    scalar = Generator().manual_seed(0).normal((), F32)
    assert scalar.shape == () and scalar == flat[0]
    assert Generator().uniform((), np.dtype(np.complex64)).shape == ()
    assert Generator().uniform((0, 3), F32).shape == (0, 3)


@pytest.mark.parametrize("dtype", [F16, F32, F64], ids=str)
def test_uniform_distribution(dtype):
    sample = Generator().manual_seed(1).uniform((20_000,), dtype, -2.0, 6.0)
    assert sample.dtype == dtype
    assert sample.min() >= -2.0 and sample.max() < 6.0
    assert ks_distance(sample, lambda value: (value + 2.0) / 8.0) < 1.95


@pytest.mark.parametrize("dtype", [F16, F32, F64], ids=str)
def test_normal_distribution(dtype):
    sample = Generator().manual_seed(2).normal((20_000,), dtype, 1.0, 0.5)
    assert sample.dtype == dtype
    assert ks_distance(sample, lambda value: normal_cdf((value - 1.0) / 0.5)) < 1.95
    scaled = (sample.astype(np.float64) - 1.0) / 0.5
    # Standard errors of the first four moments of 20,000 normals.
    for power, expected, error in [(1, 0.0, 1.0), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0)]:
        assert abs((scaled**power).mean() - expected) < 4.0 * math.sqrt(error / 20_000)
    pairs = np.corrcoef(scaled[0::2], scaled[1::2])[0, 1]
    assert abs(pairs) < 4.0 / math.sqrt(10_000)


def test_complex_normal_has_variance_one_in_both_parts_together():
    sample = Generator().manual_seed(2).normal((20_000,), np.dtype(np.complex64), 2.0)
    assert abs(sample.mean() - (2.0 + 2.0j)) < 0.03  # PyTorch shifts both parts
    assert abs(sample.real.var() - 0.5) < 0.03 and abs(sample.imag.var() - 0.5) < 0.03


@pytest.mark.parametrize("dtype", [F32, F64], ids=str)
def test_exponential_distribution(dtype):
    sample = Generator().manual_seed(3).exponential((20_000,), dtype, 3.0)
    assert (sample > 0.0).all()
    assert ks_distance(sample, lambda value: 1.0 - math.exp(-3.0 * value)) < 1.95


@pytest.mark.parametrize(
    ("low", "high", "dtype"),
    [(0, 10, "int64"), (-3, 7, "int8"), (2**40, 2**40 + 10, "int64"), (2**63 - 10, 2**63, "int64"),
     (-(2**63), -(2**63) + 10, "int64"), (246, 256, "uint8"), (0, 10, "float32")],
)  # fmt: skip
def test_integers_hit_every_value_equally_often(low, high, dtype):
    sample = Generator().manual_seed(4).integers(low, high, (20_000,), np.dtype(dtype))
    counts = [int((sample == low + step).sum()) for step in range(10)]
    assert sample.dtype == dtype and sum(counts) == 20_000
    chi_square = sum((count - 2000) ** 2 / 2000 for count in counts)
    assert chi_square < 27.9  # 9 degrees of freedom: once in a thousand


@pytest.mark.parametrize("span", SPANS)
def test_integers_are_the_high_part_of_a_product(span):
    low = -(2**63)
    drawn = Generator().manual_seed(6).integers(low, low + span, (200,), I64).tolist()
    words = Generator().manual_seed(6).words(400).tolist()
    if span <= 2**32:
        expected = [low + (word * span >> 64) for word in words[:200]]
    else:
        pairs = zip(words[0::2], words[1::2], strict=True)
        expected = [low + (((high << 64) + rest) * span >> 128) for high, rest in pairs]
    assert drawn == expected


def test_bernoulli_frequency_and_extremes():
    generator = Generator().manual_seed(8)
    assert abs(generator.bernoulli(0.1, (40_000,)).mean() - 0.1) < 4.0 * math.sqrt(0.09 / 40_000)
    assert generator.bernoulli(1.0, (1000,)).all()
    assert not generator.bernoulli(0.0, (1000,)).any()


@pytest.mark.parametrize("n", [0, 1, 2, 3, 100, 65_536, (1 << 20) + 1])
def test_permutation_is_one(n):
    order = Generator().manual_seed(10).permutation(n)
    assert order.dtype == np.int64
    np.testing.assert_array_equal(np.sort(order), np.arange(n))


def test_permutation_orders_by_random_keys():
    keys = Generator().manual_seed(10).words(100)
    np.testing.assert_array_equal(Generator().manual_seed(10).permutation(100), np.argsort(keys, kind="stable"))


def test_permutation_gives_each_order_equally_often():
    generator = Generator().manual_seed(12)
    counts: dict[tuple[int, ...], int] = {}
    for _ in range(6000):
        order = tuple(generator.permutation(3).tolist())
        counts[order] = counts.get(order, 0) + 1
    assert len(counts) == 6
    assert sum((count - 1000) ** 2 / 1000 for count in counts.values()) < 20.5  # once in a thousand


def test_upper_bound_is_never_reached_by_rounding():
    high = np.nextafter(np.float32(1.0), np.float32(2.0))  # two values only, so rounding up is frequent
    sample = Generator().manual_seed(0).uniform((1000,), F32, 1.0, float(high))
    assert (sample == 1.0).all()
    assert (Generator().uniform((5,), F32, 3.0, 3.0) == 3.0).all()


@pytest.mark.parametrize(
    ("given", "read"),
    [(0, 0), (-1, MAXIMUM_SEED), (-5, 2**64 - 5), (-(2**63), 2**63), (MAXIMUM_SEED, MAXIMUM_SEED)],
)
def test_seeds_wrap_as_in_pytorch(given, read):
    generator = Generator()
    assert generator.manual_seed(given) is generator
    assert generator.initial_seed() == read


@pytest.mark.parametrize("bad", [2**64, -(2**63) - 1, 1.5, True, "3", None])
def test_bad_seeds_are_refused(bad):
    with pytest.raises(ArgumentRangeError, match=r"manual_seed: .*seed.* Pass ") as caught:
        Generator().manual_seed(bad)
    assert isinstance(caught.value, RuntimeError) and isinstance(caught.value, ValueError)


def test_new_generators_start_alike_and_seed_does_not():
    assert Generator().initial_seed() == 67280421310721
    generator = Generator()
    seed = generator.seed()
    assert generator.initial_seed() == seed != 67280421310721
    np.testing.assert_array_equal(Generator().manual_seed(seed).words(4), generator.words(4))


def test_device_is_kept_and_checked():
    assert str(Generator().device) == "cpu"
    with pytest.raises(DeviceError, match="expected 'type'"):
        Generator("not a device")


@pytest.mark.parametrize(
    ("draw", "error", "match"),
    [
        (lambda g: g.uniform((2,), F32, 2.0, 1.0), ArgumentRangeError, "low=2.0 and high=1.0"),
        (lambda g: g.uniform((2,), F32, math.nan, 1.0), ArgumentRangeError, "low=nan"),
        (lambda g: g.uniform((2,), F32, -3e38, 3e38), ArgumentRangeError, "exceeds the largest float32"),
        (lambda g: g.uniform((2,), I64), DtypeError, "got int64"),
        (lambda g: g.normal((2,), I64), DtypeError, "got int64"),
        (lambda g: g.normal((2,), F32, 0.0, -1.0), ArgumentRangeError, "std=-1.0"),
        (lambda g: g.exponential((2,), F32, 0.0), ArgumentRangeError, "lambd=0.0"),
        (lambda g: g.exponential((2,), np.dtype(np.complex64)), DtypeError, "got complex64"),
        (lambda g: g.integers(3, 3, (2,), I64), ArgumentRangeError, "low=3 and high=3"),
        (lambda g: g.integers(0, 300, (2,), np.dtype(np.uint8)), ArgumentRangeError, "does not fit uint8"),
        (lambda g: g.integers(0, 3, (2,), np.dtype(np.bool_)), ArgumentRangeError, "does not fit bool"),
        (lambda g: g.bernoulli(1.5, (2,)), ArgumentRangeError, "p=1.5"),
        (lambda g: g.bernoulli(math.nan, (2,)), ArgumentRangeError, "p=nan"),
        (lambda g: g.permutation(-1), ArgumentRangeError, "n=-1"),
        (lambda g: g.set_state_array(np.zeros(5056, np.uint8)), ArgumentRangeError, r"shape \(5056,\)"),
        (lambda g: g.set_state_array(np.zeros(24, np.uint8)), ArgumentRangeError, "set_state"),
        (lambda g: g.set_state_array(np.zeros(24, np.float32)), ArgumentRangeError, "float32"),
    ],
)
def test_errors_name_what_was_given(draw, error, match):
    with pytest.raises(error, match=match) as caught:
        draw(Generator())
    assert isinstance(caught.value, RuntimeError)


def test_a_refused_draw_moves_nothing():
    generator = Generator().manual_seed(0)
    with pytest.raises(ArgumentRangeError):
        generator.bernoulli(2.0, (100,))
    assert generator.reserve(0) == (0, 0)


def test_threads_share_a_generator_without_drawing_anything_twice():
    generator = Generator().manual_seed(0)
    drawn: list[np.ndarray] = []
    threads = [threading.Thread(target=lambda: drawn.extend(generator.words(64) for _ in range(50))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = Generator().manual_seed(0).words(64 * 200)
    np.testing.assert_array_equal(np.sort(np.concatenate(drawn)), np.sort(expected))


def test_copies_and_pickles_go_on_alike():
    generator = Generator().manual_seed(1)
    generator.words(5)
    twins = copy.deepcopy(generator), pickle.loads(pickle.dumps(generator))
    expected = generator.words(5)
    for twin in twins:
        np.testing.assert_array_equal(twin.words(5), expected)


def test_default_generator_functions():
    with fork_rng():
        assert lamella_random.manual_seed(-1) is default_generator
        assert lamella_random.initial_seed() == MAXIMUM_SEED
        lamella_random.manual_seed("3")  # whatever int() takes, as in PyTorch
        first = default_generator.words(3)
        lamella_random.manual_seed(3)
        np.testing.assert_array_equal(default_generator.words(3), first)
        assert lamella_random.seed() == lamella_random.initial_seed()


def test_fork_rng_puts_the_state_back_also_after_an_exception():
    before = default_generator.state_array()
    with pytest.raises(ZeroDivisionError), fork_rng():
        1 / int(default_generator.words(5)[0] * 0)
    np.testing.assert_array_equal(default_generator.state_array(), before)
    with fork_rng(devices=[], enabled=False):
        default_generator.words(5)
    assert not np.array_equal(default_generator.state_array(), before)


@pytest.mark.parametrize("make", [lamella.rand, lamella.randn])
def test_the_size_may_be_named(make):
    assert make(size=(2, 3)).shape == (2, 3)


def test_the_forms_of_randint():
    for x in (
        lamella.randint(5, (2,)),
        lamella.randint(2, 5, (2,)),
        lamella.randint(5, size=(2,)),
        lamella.randint(high=5, size=(2,)),
        lamella.randint(low=2, high=5, size=(2,)),
    ):
        assert x.shape == (2,) and x.min() >= 0 and x.max() < 5
    for wrong in (lambda: lamella.randint(5), lambda: lamella.randint(5, 6), lambda: lamella.randint(size=(2,))):
        with pytest.raises(TypeError, match="size"):
            wrong()


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: lamella.ones(2).random_(0), "low=0 and high=0"),
        (lambda: lamella.ones(2).random_(3, 3), "low=3 and high=3"),
        (lambda: lamella.normal(0.0, -1.0, (2,)), r"std >= 0.*std=-1.0"),
        (lambda: lamella.normal(0.0, lamella.tensor([1.0, -1.0])), r"std >= 0.0, got \[ 1. -1.\]"),
    ],
)
def test_ranges_that_are_empty_and_negative_deviations(draw, message):
    with pytest.raises(RuntimeError, match=message):
        draw()


def test_random_methods_by_range():
    x = lamella.zeros(50)
    assert set(x.random_(3).tolist()) == {0.0, 1.0, 2.0} and set(x.random_(-2, 0).tolist()) == {-2.0, -1.0}


def test_normal_of_numbers_needs_a_size_and_likes_a_tensor():
    with pytest.raises(TypeError, match="expected a size"):
        lamella.normal(0.0, 1.0)
    for make in (lamella.rand_like, lamella.randn_like):
        with pytest.raises(TypeError, match="'input' must be Tensor, not list"):
            make([1.0])


def test_a_local_generator_stands_for_the_default_one_in_its_context():
    before = default_generator.state_array()
    mine = Generator().manual_seed(4)
    with local_generator(mine):
        assert current_generator() is mine
        drawn = lamella.rand(3).tolist()
        state = lamella.get_rng_state()
        with fork_rng():
            again = lamella.rand(3).tolist()
        assert lamella.rand(3).tolist() == again
        lamella.set_rng_state(state)
        assert lamella.rand(3).tolist() == again
        assert lamella_random.manual_seed(4) is mine
        assert lamella.rand(3).tolist() == drawn
        assert lamella_random.initial_seed() == 4
        with ThreadPoolExecutor(1) as other:
            assert other.submit(current_generator).result() is default_generator
    assert current_generator() is default_generator
    np.testing.assert_array_equal(default_generator.state_array(), before)


def test_a_generator_can_be_placed_in_a_stream():
    whole = Generator().manual_seed(9).words(40)
    placed = Generator()
    placed.place(9, 5)
    np.testing.assert_array_equal(placed.words(20), whole[20:])
