"""Draws from distributions whose parameters are tensors, and fillings with those of two parameters.

Each op turns noise, drawn beforehand by the generator, into values by a function of fixed cost: element ``i`` depends
on the seed, the position and ``i`` alone. Gradients through a draw are 0, and not None, as PyTorch's are.

Counts (Poisson, binomial) come from one normal number ``w`` each, as the quantile at ``Φ(w)``: where the variance is
small by adding up probabilities, elsewhere by the Cornish-Fisher expansion of the quantile with Sheppard's corrections.
Its distribution functions are right to 1e-6, which no sample of less than a million million draws could show.

References: E. A. Cornish and R. A. Fisher, Moments and cumulants in the specification of distributions (1938),
https://doi.org/10.2307/1400905; M. B. Giles, Algorithm 955: approximation of the inverse Poisson cumulative
distribution function (2016), https://doi.org/10.1145/2699466, whose second approximation this is for Poisson's.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from lamella.core import dtypes, rules
from lamella.core.dispatch import define_op
from lamella.core.dtypes import dtype
from lamella.core.errors import ArgumentError, ArgumentRangeError, ArgumentTypeError, DtypeError, ShapeError
from lamella.core.op import OPS
from lamella.core.ops import error_function
from lamella.core.ops.creation import empty
from lamella.core.ops.random import drawn, filler
from lamella.core.random import Generator
from lamella.core.tensor import Tensor, check_tensor

_F64 = np.dtype(np.float64)
#: Variances up to which probabilities are added up one by one.
SUMMED = 64.0


def _floats(operands: Any, *attributes: Any) -> tuple[Any, Any]:
    """Compute in float64; the result has the dtype of the first operand, a floating one."""
    kind = dtypes.from_numpy_dtype(operands[0].dtype)
    if not kind.is_floating_point:
        raise DtypeError(f"not defined for dtype {kind}; expected a floating-point dtype. Convert with x.float().")
    return _F64, kind.numpy


_of_floats = rules.refusing(rules.DtypeRule(_floats), "complex")


Draw = Callable[[Generator, tuple[int, ...]], np.ndarray]


def _noise(op: str, generator: Generator | None, shape: Any, draw: Draw, like: Tensor) -> Tensor:
    return drawn(op, generator, tuple(shape), draw, like.device)


def _uniform(source: Generator, shape: tuple[int, ...]) -> np.ndarray:
    return source.uniform(shape, _F64)


def _standard_normal(source: Generator, shape: tuple[int, ...]) -> np.ndarray:
    return source.normal(shape, _F64)


# --- Bernoulli


@define_op(
    inputs=("input", "noise"),
    shape=rules.same,
    trailing=0,
    dtype=_of_floats,
    name="bernoulli",
    samples=lambda make: [
        make(make.array(*shape, low=0.1, high=0.9), make.array(*shape, low=0, high=1)) for shape in ((2, 3), (), (0, 2))
    ],
    errors=lambda make: [
        make.error((make.array(2, low=2, high=3), make.array(2)), ArgumentRangeError, r"bernoulli: .*between 0 and 1")
    ],
)
def _bernoulli(xp: Any, input: Any, noise: Any) -> Any:
    """1 where ``noise``, uniform on [0, 1), is below the probability ``input``, else 0."""
    if not xp.all((input >= 0) & (input <= 1)):
        raise ArgumentRangeError("bernoulli: expected probabilities between 0 and 1, got one outside or NaN.")
    return (noise < input).astype(input.dtype)


_bernoulli.vjp(input=lambda F, grad: grad * 0.0, noise=None)


def bernoulli(input: Tensor, p: float | None = None, *, generator: Generator | None = None) -> Tensor:
    """1 with the probability that each element of ``input`` says (or with probability ``p``), else 0.

    Args:
        input: Probabilities, floating; with ``p``, it gives shape, dtype and device alone.
        p: One probability for all elements.
        generator: Where the random numbers come from; the default generator if left out.

    Raises:
        RuntimeError: A probability is outside [0, 1], or ``input`` holds no floats.
    """
    check_tensor("bernoulli", "input", input)
    if p is not None:
        return input.clone().bernoulli_(p, generator=generator)
    return _bernoulli(input, _noise("bernoulli", generator, input.array.shape, _uniform, input))


# --- counts


def quantile(xp: Any, w: Any, mean: Any, variance: Any, third: Any, fourth: Any, fifth: Any) -> Any:
    """The quantile at ``Φ(w)`` of a distribution on whole numbers with these cumulants; of variance at least 64."""
    scale = xp.sqrt(variance - 1 / 12)  # Sheppard's corrections: 1/12 here, 1/120 below
    skew, kurtosis, tail = third / scale**3, (fourth + 1 / 120) / scale**4, fifth / scale**5
    w2 = w * w
    expansion = w + skew * (w2 - 1) / 6
    expansion += (kurtosis * (w2 - 3) / 24 - skew**2 * (2 * w2 - 5) / 36) * w
    expansion += tail * (w2 * w2 - 6 * w2 + 3) / 120 - skew * kurtosis * (w2 * w2 - 5 * w2 + 2) / 24
    expansion += skew**3 * (12 * w2 * w2 - 53 * w2 + 17) / 324
    return xp.floor(mean + scale * expansion + 0.5)


def _summed(xp: Any, w: Any, first: Any, ratio: Any, last: Any) -> Any:
    """The quantile at ``Φ(w)`` of counts with probability ``first`` of 0 and ``ratio(k, places)`` of k to k - 1."""
    level = error_function.erfc(xp, w * -math.sqrt(0.5)) * 0.5
    counts = xp.zeros(w.shape, dtype=w.dtype)
    places = xp.flatnonzero(level > first)  # of those whose count is not reached yet
    level, term = level[places] - first[places], first[places]
    k = 0
    while places.size:
        k += 1
        counts[places] = k
        term = term * ratio(k, places)
        level = level - term
        # what rounding leaves of the level is not chased beyond where the probabilities vanish
        open_ = (level > 0) & (k < last[places]) & ((term > 1e-18) | (k < 2 * SUMMED))
        places, level, term = places[open_], level[open_], term[open_]
    return counts


@define_op(
    inputs=("input", "noise"),
    shape=rules.same,
    trailing=0,
    dtype=_of_floats,
    name="poisson",
    samples=lambda make: [
        make(make.array(2, 3, low=0, high=5), make.array(2, 3)),
        make(make.array(20, low=50, high=2000), make.array(20)),
        make(make.array(low=1, high=2), make.array()),
        make(make.array(0, 2), make.array(0, 2)),
    ],
    errors=lambda make: [
        make.error((make.array(2, low=-2, high=-1), make.array(2)), ArgumentRangeError, r"poisson: .*non-negative")
    ],
)
def _poisson(xp: Any, input: Any, noise: Any) -> Any:
    """Poisson counts of rate ``input``, from normal ``noise``."""
    if not xp.all(input >= 0):
        raise ArgumentRangeError(
            "poisson: invalid Poisson rate, expected rate to be non-negative, got one that is not."
        )
    rate, w = input.reshape(-1), noise.reshape(-1)
    small = rate <= SUMMED
    result = xp.empty(rate.shape, dtype=rate.dtype)
    few, many = rate[small], rate[~small]
    last = xp.full(few.shape, math.inf)
    result[small] = _summed(xp, w[small], xp.exp(-few), lambda k, places: few[places] / k, last)
    result[~small] = quantile(xp, w[~small], many, many, many, many, many)
    result[xp.isinf(rate)] = math.inf
    return result.reshape(input.shape)


_poisson.vjp(input=lambda F, grad: grad * 0.0, noise=None)


def poisson(input: Tensor, generator: Generator | None = None) -> Tensor:
    """Poisson counts of the rate in each element of ``input``, in its dtype.

    Raises:
        RuntimeError: A rate is negative or NaN, or ``input`` holds no floats.
    """
    check_tensor("poisson", "input", input)
    return _poisson(input, _noise("poisson", generator, input.array.shape, _standard_normal, input))


@define_op(
    inputs=("count", "prob", "noise"),
    shape=rules.broadcast,
    dtype=_of_floats,
    name="binomial",
    samples=lambda make: [
        make(make.ints(9, 2, 3) + 0.5, make.array(2, 3, low=0.1, high=0.9), make.array(2, 3)),
        make(make.ints(9, 20) + 1000.5, make.array(20, low=0.1, high=0.9), make.array(20)),
        make(make.ints(9) + 0.5, make.array(low=0.2, high=0.8), make.array()),
        make(make.array(0, 2), make.array(0, 2), make.array(0, 2)),
    ],
)
def _binomial(xp: Any, count: Any, prob: Any, noise: Any) -> Any:
    """Successes in ``count`` trials, each with probability ``prob``, from normal ``noise``."""
    whole = xp.broadcast_arrays(count, prob, noise)
    given, prob, w = (x.reshape(-1) for x in whole)
    n = xp.where(given > 0, xp.floor(given), 0.0)
    flipped = prob > 0.5
    p = xp.clip(xp.where(flipped, 1 - prob, prob), 0, 1)
    result = xp.full(n.shape, math.nan)
    known = xp.isfinite(given) & ~xp.isnan(prob)
    small = known & (n * p <= SUMMED)
    large = known & ~small
    trials, chance = n[small], p[small]
    odds = chance / (1 - chance)
    result[small] = _summed(
        xp,
        w[small],
        xp.exp(trials * xp.log1p(-chance)),
        lambda k, places: (trials[places] - k + 1) / k * odds[places],
        trials,
    )
    trials, chance = n[large], p[large]
    rest = 1 - chance
    variance = trials * chance * rest
    third, fourth = variance * (rest - chance), variance * (1 - 6 * chance * rest)
    fifth = third * (1 - 12 * chance * rest)
    found = quantile(xp, w[large], trials * chance, variance, third, fourth, fifth)
    result[large] = xp.clip(found, 0, trials)
    # as PyTorch does, a certain success counts the trials as they were given
    result = xp.where(flipped & (known | (prob >= 1)), n - result, result)
    result = xp.where((prob >= 1) & (given > 0), given, result)
    return xp.where((prob <= 0) | (given <= 0), 0.0, result).reshape(whole[0].shape)


_binomial.vjp(count=lambda F, grad: grad * 0.0, prob=lambda F, grad: grad * 0.0, noise=None)


def binomial(count: Tensor, prob: Tensor, generator: Generator | None = None) -> Tensor:
    """Successes in ``count`` independent trials that each succeed with probability ``prob``.

    Args:
        count: How many trials, floating (float32 or float64). prob: the probability, of the same dtype; both broadcast.
        generator: Where the random numbers come from; the default generator if left out.

    Raises:
        ValueError: ``count`` holds no floats. TypeError: an argument is no Tensor.
        RuntimeError: The dtypes differ, or are half precision.
    """
    check_tensor("binomial", "count", count)
    check_tensor("binomial", "prob", prob)
    if not count.is_floating_point():
        raise ArgumentError(
            f"binomial only supports floating-point dtypes for count, got: {count.dtype}. Convert it with x.float()."
        )
    if prob.dtype is not count.dtype or count.array.itemsize < 4:
        raise DtypeError(
            f"binomial: expected count and prob both float32 or both float64, got {count.dtype} and {prob.dtype}"
        )
    shape = rules.broadcast(count.array.shape, prob.array.shape)
    return _binomial(count, prob, _noise("binomial", generator, shape, _standard_normal, count))


# --- categories


def _chosen_shape(shape: tuple[int, ...], of_noise: tuple[int, ...], samples: int, *rest: Any) -> tuple[int, ...]:
    return (*shape[:-1], samples)


@define_op(
    inputs=("input", "noise"),
    shape=_chosen_shape,
    trailing=1,
    dtype=rules.DtypeRule(lambda operands, *attributes: (_floats(operands)[0], dtypes.int64.numpy)),
    name="multinomial",
    samples=lambda make: [
        make(make.array(2, 5, low=0, high=1), make.array(2, 5, low=0.1, high=3), 3, False),
        make(make.array(5, low=0, high=1), make.array(5, low=0.1, high=3), 5, False),
        make(make.array(2, 3, low=0, high=1), make.array(2, 7, low=0, high=1), 7, True),
        make(make.array(3, low=0, high=1), make.array(4, low=0, high=1), 4, True),
    ],
    errors=lambda make: [
        make.error((make.array(3) - 3, make.array(3), 1, True), ArgumentRangeError, r"multinomial: .*inf, nan or"),
        make.error((make.array(3) * 0, make.array(3), 1, True), ArgumentRangeError, r"multinomial: .*sum of"),
    ],
)
def _multinomial(xp: Any, input: Any, noise: Any, num_samples: Any, replacement: Any) -> Any:
    """Categories drawn by weight: with uniform ``noise`` for each draw, or exponential ``noise`` for each category."""
    if not xp.all((input >= 0) & (input < math.inf)):
        raise ArgumentRangeError("multinomial: expected weights, got one with an inf, nan or element < 0.")
    if not xp.all(xp.sum(input, axis=-1) > 0):
        raise ArgumentRangeError("multinomial: invalid distribution (sum of probabilities <= 0).")
    if not replacement:
        # the first of exponential clocks with these rates: of all that are left, each is next by its weight
        return xp.argsort(-(input / noise), axis=-1, stable=True)[..., :num_samples]
    totals = xp.cumsum(input, axis=-1).reshape(-1, input.shape[-1])
    drawn = noise.reshape(-1, num_samples)
    result = xp.empty(drawn.shape, dtype=np.int64)
    for i in range(len(totals)):
        end = totals[i, -1]
        # rounding must not carry a draw up to the end itself: behind it there is no category
        result[i] = xp.searchsorted(totals[i], xp.minimum(drawn[i] * end, xp.nextafter(end, 0 * end)), side="right")
    return result.reshape(noise.shape)


def multinomial(
    input: Tensor, num_samples: int, replacement: bool = False, *, generator: Generator | None = None
) -> Tensor:
    """Indices of categories, drawn with the probabilities that the weights in each row of ``input`` stand for.

    Args:
        input: Weights, floating, ``(categories,)`` or ``(rows, categories)``; they need not sum to 1.
        num_samples: How many to draw of each row.
        replacement: Whether a category may be drawn again.
        generator: Where the random numbers come from; the default generator if left out.

    Returns:
        An int64 tensor, ``(num_samples,)`` or ``(rows, num_samples)``.

    Raises:
        RuntimeError: The weights are no floats, not all finite and above or equal 0, or sum to 0; they have another
            number of dimensions; or there are fewer categories than draws without replacement.
    """
    check_tensor("multinomial", "input", input)
    shape = input.array.shape
    if len(shape) not in (1, 2):
        raise ShapeError(f"multinomial: prob_dist must be 1 or 2 dim, got shape {shape}")
    if num_samples <= 0:
        raise ArgumentRangeError(f"multinomial: cannot sample n_sample <= 0 samples, got num_samples={num_samples}")
    if not input.is_floating_point():
        raise DtypeError(f"multinomial only supports floating-point dtypes for input, got: {input.dtype}")
    if shape[-1] < (1 if replacement else num_samples):
        raise ArgumentRangeError(
            f"multinomial: cannot sample n_sample > prob_dist.size(-1) samples without replacement: {num_samples} of "
            f"{shape[-1]} categories"
        )
    if replacement:
        noise = _noise("multinomial", generator, (*shape[:-1], num_samples), _uniform, input)
    else:
        noise = _noise("multinomial", generator, shape, lambda source, s: source.exponential(s, _F64), input)
    return _multinomial(input, noise, num_samples, bool(replacement))


# --- normal


def _normal_dtype(operands: Any, *attributes: Any) -> tuple[Any, Any]:
    mean, std, _ = operands
    kind = dtypes.from_numpy_dtype((mean if hasattr(mean, "dtype") else std).dtype)
    if not (kind.is_floating_point or kind.is_complex):
        raise DtypeError(f"not defined for dtype {kind}; expected a floating-point dtype. Convert with x.float().")
    if getattr(std, "dtype", _F64).kind == "c":
        raise DtypeError("normal expects standard deviation to be non-complex. Give its absolute value.")
    wide = dtypes.promote_types(kind, dtypes.float32)
    return (wide.numpy, wide.to_real().numpy, wide.numpy), kind.numpy


@define_op(
    inputs=("mean", "std", "noise"),
    shape=rules.broadcast,
    dtype=rules.DtypeRule(_normal_dtype),
    name="normal",
    samples=lambda make: [
        make(make.array(2, 3), make.array(3, low=0, high=1), make.array(2, 3)),
        make(make.array(2), 0.5, make.array(2)),
        make(0.5, make.array(low=0, high=1), make.array()),
    ],
    errors=lambda make: [
        make.error((make.array(2), -1.0, make.array(2)), ArgumentRangeError, r"normal expects .*std >= 0.0"),
    ],
)
def _normal(xp: Any, mean: Any, std: Any, noise: Any) -> Any:
    """Standard normal ``noise``, scaled and shifted."""
    if not xp.all(xp.asarray(std) >= 0):
        raise ArgumentRangeError(f"normal expects all elements of std >= 0.0, got {std}")
    return noise * std + mean


_normal.vjp(mean=lambda F, grad: grad, std=lambda F, grad, noise: grad * noise, noise=lambda F, grad, std: grad * std)


def normal(
    mean: Any = 0.0,
    std: Any = 1.0,
    size: Any = None,
    *,
    generator: Generator | None = None,
    dtype: dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Normal numbers of the given means and standard deviations.

    ``normal(mean, std)`` with tensors draws an element for each of theirs, which broadcast; ``normal(mean, std, size)``
    with numbers draws a tensor of that shape, for which ``dtype``, ``device`` and ``requires_grad`` may be given.

    Raises:
        RuntimeError: A deviation is negative or NaN, or not real. TypeError: neither form is meant.
    """
    tensors = [x for x in (mean, std) if isinstance(x, Tensor)]
    if bool(tensors) == (size is not None) or (tensors and (dtype or device or requires_grad)):
        raise ArgumentTypeError(
            "normal: expected a size beside two numbers, as in normal(0.0, 1.0, (2, 3)), or tensors alone"
        )
    if not tensors:
        made: Tensor = empty(size=size, dtype=dtype, device=device).normal_(mean, std, generator=generator)
        return made.requires_grad_(requires_grad)
    shape = rules.broadcast(*(x.array.shape for x in tensors))
    kind = tensors[0].array.dtype
    noise = _noise("normal", generator, shape, lambda source, s: source.normal(s, kind), tensors[0])
    result = _normal(*(x.detach() if isinstance(x, Tensor) else x for x in (mean, std)), noise)
    for x in tensors:
        if x.requires_grad:  # PyTorch's gradient of a draw is 0
            result = OPS["overwrite"].call(x.expand(shape).to(result.dtype), result)
    return result


# --- filling a tensor


def _only_floating(name: str, kind: np.dtype) -> None:
    found = dtypes.from_numpy_dtype(kind)
    if not found.is_floating_point:
        raise DtypeError(f"{name}: a continuous distribution needs a floating-point dtype, got {found}.")


@filler
def geometric_(rng: Generator, shape: Any, kind: np.dtype, p: float) -> np.ndarray:
    """Fill the tensor with the numbers of trials up to the first success, each of probability ``p`` in (0, 1)."""
    if not 0 < p < 1:
        raise ArgumentRangeError(f"geometric_ expects p to be in (0, 1), but got p={p}")
    if kind.kind in "bc":
        raise DtypeError(f"geometric_: not defined for dtype {dtypes.from_numpy_dtype(kind)}")
    return np.ceil(rng.exponential(shape, _F64) / -math.log1p(-p)).astype(kind)


@filler
def cauchy_(rng: Generator, shape: Any, kind: np.dtype, median: float = 0.0, sigma: float = 1.0) -> np.ndarray:
    """Fill the tensor with numbers from the Cauchy distribution around ``median`` of half-width ``sigma``."""
    if not sigma > 0:
        raise ArgumentRangeError(f"cauchy_ expects sigma > 0.0, but found sigma={sigma}")
    _only_floating("cauchy_", kind)
    angle = (rng.uniform(shape, _F64) - 0.5) * math.pi
    with np.errstate(over="ignore"):  # half precision overflows to infinity
        return (np.tan(angle) * sigma + median).astype(kind)


@filler
def log_normal_(rng: Generator, shape: Any, kind: np.dtype, mean: float = 1.0, std: float = 2.0) -> np.ndarray:
    """Fill the tensor with numbers whose logarithm is normal with ``mean`` and ``std``."""
    if not std > 0:
        raise ArgumentRangeError(f"log_normal_ expects std > 0.0, but found std={std}")
    _only_floating("log_normal_", kind)
    with np.errstate(over="ignore"):
        return np.exp(rng.normal(shape, _F64, mean, std)).astype(kind)


#: Methods that fill a tensor.
METHODS = ("cauchy_", "geometric_", "log_normal_")
#: Functions of an ``input`` that are no methods.
NOT_METHODS = ("poisson",)
#: Functions without ``out=``.
NO_OUT = ("binomial", "poisson")

__all__ = ["bernoulli", "binomial", "multinomial", "normal", "poisson"]
