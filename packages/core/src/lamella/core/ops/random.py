"""Random tensors, and filling tensors with random numbers. All numbers come from ``lamella.core.random``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from lamella.core import dtypes, random, rules
from lamella.core.dtypes import dtype, to_dtype
from lamella.core.errors import ArgumentRangeError, ArgumentTypeError, DtypeError
from lamella.core.inplace import update
from lamella.core.ops.creation import like, placed, shape_of
from lamella.core.random import Generator
from lamella.core.tensor import Tensor


def _generator(given: Generator | None) -> Generator:
    return random.default_generator if given is None else given


def _float_kind(op: str, wanted: dtype | None) -> np.dtype:
    kind = dtypes.get_default_dtype() if wanted is None else to_dtype(wanted)
    if not (kind.is_floating_point or kind.is_complex):
        raise DtypeError(f"{op}: not defined for dtype {kind}; expected a floating-point dtype")
    return kind.numpy


def rand(
    *sizes: Any,
    size: Any = None,
    generator: Generator | None = None,
    dtype: dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Uniform on [0, 1), of a shape given as sizes or a tuple."""
    values = _generator(generator).uniform(shape_of(sizes, size), _float_kind("rand", dtype))
    return placed(values, device, requires_grad)


def randn(
    *sizes: Any,
    size: Any = None,
    generator: Generator | None = None,
    dtype: dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Normal with mean 0 and variance 1, of a shape given as sizes or a tuple."""
    values = _generator(generator).normal(shape_of(sizes, size), _float_kind("randn", dtype))
    return placed(values, device, requires_grad)


def randint(
    low: Any = None,
    high: Any = None,
    size: Any = None,
    *,
    generator: Generator | None = None,
    dtype: dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Integers from ``low`` (0 if only one bound is given) to ``high - 1``, all equally likely.

    Raises:
        RuntimeError: There is no integer in between. TypeError: a bound or the size is missing.
    """
    if size is None:  # randint(high, size)
        low, high, size = None, low, high
    elif high is None:  # randint(high, size=size)
        low, high = None, low
    if size is None or high is None:
        raise ArgumentTypeError(
            "randint: expected a bound and a size, as in randint(10, (2, 3)) or randint(5, 10, (2, 3))"
        )
    low = 0 if low is None else low
    kind = (dtypes.int64 if dtype is None else to_dtype(dtype)).numpy
    whole = kind if kind.kind in "iu" else np.dtype(np.int64)
    values = _generator(generator).integers(low, high, shape_of((), size), whole)
    return placed(values.astype(kind, copy=False), device, requires_grad)


def randperm(
    n: int,
    *,
    generator: Generator | None = None,
    dtype: dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """The integers below ``n`` in random order."""
    kind = (dtypes.int64 if dtype is None else to_dtype(dtype)).numpy
    return placed(_generator(generator).permutation(n).astype(kind, copy=False), device, requires_grad)


def rand_like(input: Tensor, *, dtype: dtype | None = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Uniform on [0, 1), with the shape, and by default the dtype and device, of ``input``."""
    return rand(**like("rand_like", input, dtype, device), requires_grad=requires_grad)


def randn_like(input: Tensor, *, dtype: dtype | None = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Normal with mean 0 and variance 1, with the shape, and by default the dtype and device, of ``input``."""
    return randn(**like("randn_like", input, dtype, device), requires_grad=requires_grad)


def normal(mean: Any = 0.0, std: Any = 1.0, size: Any = None, *, generator: Generator | None = None) -> Tensor:
    """Normal numbers; means and deviations may be tensors, which then give the shape.

    Raises:
        RuntimeError: A deviation is negative. TypeError: both are numbers, and no size is given.
    """
    tensors = [x for x in (mean, std) if isinstance(x, Tensor)]
    if not tensors and size is None:
        raise ArgumentTypeError("normal: expected a size beside two numbers, as in normal(0.0, 1.0, (2, 3))")
    if (std < 0).any() if isinstance(std, Tensor) else std < 0:
        raise ArgumentRangeError(f"normal expects all elements of std >= 0.0, got {std}")
    shape = rules.broadcast(*(x.array.shape for x in tensors)) if size is None else shape_of((), size)
    noise = randn(shape, generator=generator, dtype=tensors[0].dtype if tensors else None)
    return noise * std + mean


def bernoulli(input: Tensor, p: float | None = None, *, generator: Generator | None = None) -> Tensor:
    """1 with the probability that ``input`` (or ``p``) says, else 0, element by element."""
    chance = input.array if p is None else p
    drawn = _generator(generator).bernoulli(chance, input.array.shape)
    return placed(drawn.astype(input.array.dtype), input.device, False)


def _filler(draw: Callable[..., np.ndarray]) -> Callable[..., Tensor]:
    """A Tensor method that fills the tensor with what ``draw(generator, shape, dtype, …)`` gives."""

    def fill(self: Tensor, *args: Any, generator: Generator | None = None, **kwargs: Any) -> Tensor:
        def values() -> np.ndarray:
            return draw(_generator(generator), self.array.shape, self.array.dtype, *args, **kwargs)

        def write(array: Any) -> None:
            array[...] = values() if self.is_cpu else placed(values(), self.device, False).array

        return update(self, lambda old: placed(values(), self.device, False), write)

    fill.__name__ = fill.__qualname__ = draw.__name__
    fill.__doc__ = draw.__doc__
    return fill


@_filler
def uniform_(
    rng: Generator, shape: Any, kind: np.dtype, from_: float = 0.0, to: float = 1.0, **named: float
) -> np.ndarray:
    """Fill the tensor with uniform numbers from ``[from, to)``; 0 and 1 by default."""
    return rng.uniform(shape, kind, named.pop("from", from_), to)


@_filler
def normal_(rng: Generator, shape: Any, kind: np.dtype, mean: float = 0.0, std: float = 1.0) -> np.ndarray:
    """Fill the tensor with normal numbers of the given mean and standard deviation."""
    return rng.normal(shape, kind, mean, std)


@_filler
def exponential_(rng: Generator, shape: Any, kind: np.dtype, lambd: float = 1.0) -> np.ndarray:
    """Fill the tensor with exponentially distributed numbers of rate ``lambd``."""
    return rng.exponential(shape, kind, lambd)


@_filler
def bernoulli_(rng: Generator, shape: Any, kind: np.dtype, p: Any = 0.5) -> np.ndarray:
    """Fill the tensor with 1 with probability ``p`` (a number or a tensor), else 0."""
    return rng.bernoulli(p.array if isinstance(p, Tensor) else p, shape).astype(kind)


@_filler
def random_(
    rng: Generator, shape: Any, kind: np.dtype, from_: int | None = None, to: int | None = None, **named: int
) -> np.ndarray:
    """Fill the tensor with integers from ``[from, to)``; by default from 0 to what the dtype holds exactly."""
    low = named.pop("from", from_)
    if to is None and low is not None:
        low, to = None, low
    low = 0 if low is None else low
    if to is None:
        to = 2 ** (np.finfo(kind).nmant + 1) if kind.kind == "f" else int(np.iinfo(kind).max) + 1
    whole = kind if kind.kind in "iu" else np.dtype(np.int64)
    return rng.integers(low, to, shape, whole).astype(kind, copy=False)


def get_state(self: Generator) -> Tensor:
    """The generator's state: uint8, to be given to :meth:`set_state`."""
    return placed(self.state_array())


def set_state(self: Generator, new_state: Tensor) -> Generator:
    """Go back to a state from :meth:`get_state`.

    Raises:
        TypeError: The state is not a tensor of uint8.
    """
    if not isinstance(new_state, Tensor) or new_state.array.dtype != np.uint8:
        raise ArgumentTypeError("RNG state must be a ByteTensor, that is a uint8 tensor from get_state()")
    self.set_state_array(new_state.array)
    return self


def get_rng_state() -> Tensor:
    """The state of the default generator."""
    return get_state(random.default_generator)


def set_rng_state(new_state: Tensor) -> None:
    """Put the default generator into a state from :func:`get_rng_state`."""
    set_state(random.default_generator, new_state)


#: Methods that fill a tensor.
METHODS = ("bernoulli_", "exponential_", "normal_", "random_", "uniform_")

NOT_METHODS = (
    "rand_like",
    "randn_like",
)

__all__ = ["bernoulli", "normal", "rand", "rand_like", "randint", "randn", "randn_like", "randperm"]
