"""Random tensors, and filling tensors with random numbers. All numbers come from ``lamella.core.random``."""

from __future__ import annotations

import math
import operator
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from lamella.core import dtypes, random
from lamella.core.dtypes import dtype, to_dtype
from lamella.core.errors import ArgumentRangeError, ArgumentTypeError, DtypeError
from lamella.core.inplace import update
from lamella.core.layouts import preserve_format
from lamella.core.modes import innermost_level
from lamella.core.op import OPS
from lamella.core.ops.creation import like, placed, shape_of
from lamella.core.random import Generator
from lamella.core.tensor import Tensor


def checked_generator(op: str, given: Generator | None) -> Generator:
    """``given``, or the default generator for None.

    Raises:
        TypeError: It is something else.
    """
    if given is None:
        return random.current_generator()
    if not isinstance(given, Generator):
        raise ArgumentTypeError(f"{op}(): argument 'generator' must be lamella.Generator, not {type(given).__name__}")
    return given


def drawn(
    op: str,
    generator: Generator | None,
    shape: tuple[int, ...],
    draw: Callable[[Generator, tuple[int, ...]], np.ndarray],
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """A tensor of the numbers that ``draw(generator, shape)`` gives; inside vmap as its ``randomness`` says.

    Args:
        op: Who draws, for error messages.
        generator: Where the numbers come from; the default generator for None.
        shape: Shape of the tensor.
        draw: Gives an array of the shape that it is asked for, which has more dimensions in front inside vmap.
        device: Where the tensor is to be. requires_grad: whether it is a leaf that requires grad.
    """
    source = checked_generator(op, generator)

    def make(shape: tuple[int, ...]) -> Tensor:
        level = innermost_level()
        return placed(draw(source, shape), device) if level is None else level.draw(op, shape, make)

    return make(shape).requires_grad_() if requires_grad else make(shape)


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
    kind = _float_kind("rand", dtype)
    shape = shape_of(sizes, size)
    return drawn("rand", generator, shape, lambda source, s: source.uniform(s, kind), device, requires_grad)


def randn(
    *sizes: Any,
    size: Any = None,
    generator: Generator | None = None,
    dtype: dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Normal with mean 0 and variance 1, of a shape given as sizes or a tuple."""
    kind = _float_kind("randn", dtype)
    shape = shape_of(sizes, size)
    return drawn("randn", generator, shape, lambda source, s: source.normal(s, kind), device, requires_grad)


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
    kind = (dtypes.int64 if dtype is None else to_dtype(dtype)).numpy

    def draw(source: Generator, shape: tuple[int, ...]) -> np.ndarray:
        return _integers("randint", source, 0 if low is None else low, high, shape, kind)

    return drawn("randint", generator, shape_of((), size), draw, device, requires_grad)


def _integers(op: str, rng: Generator, low: Any, high: Any, shape: tuple[int, ...], kind: np.dtype) -> np.ndarray:
    """Integers from ``[low, high)`` in an array of ``kind``."""
    found, low, high = _real(op, kind), operator.index(low), operator.index(high)
    if found.is_floating_point:
        limits = dtypes.finfo(found)
        if low < limits.min or high - 1 > limits.max:
            raise ArgumentRangeError(f"{op}: [{low}, {high}) is out of bounds for {found}. Narrow the range.")
        whole = _consecutive(found)
        if low < -whole or high - 1 > whole:
            warnings.warn(
                f"{op}: [{low}, {high}) exceeds [-{whole}, {whole}], within which {found} can hold every integer; the "
                "numbers drawn are rounded",
                UserWarning,
                stacklevel=3,
            )
    return rng.integers(low, high, shape, np.dtype(np.int64) if found.is_floating_point else kind).astype(
        kind, copy=False
    )


def _real(op: str, kind: np.dtype) -> dtype:
    found = dtypes.from_numpy_dtype(kind)
    if found.is_complex:
        raise DtypeError(f"{op}: not defined for dtype {found}; expected an integer, floating-point or bool dtype")
    return found


def _consecutive(kind: dtype) -> int:
    """The number up to which a floating dtype holds every integer."""
    return int(2 / dtypes.finfo(kind).eps)


def randperm(
    n: int,
    *,
    generator: Generator | None = None,
    dtype: dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """The integers below ``n`` in random order.

    Raises:
        RuntimeError: ``n`` is negative, or the dtype can't hold the numbers.
    """
    kind, n = dtypes.int64 if dtype is None else to_dtype(dtype), operator.index(n)
    if kind.is_complex or kind is dtypes.bool:
        raise DtypeError(f"randperm: not defined for dtype {kind}; expected an integer or floating-point dtype")
    largest = _consecutive(kind) + 1 if kind.is_floating_point else dtypes.iinfo(kind).max
    if n > largest:
        raise ArgumentRangeError(f"randperm: {kind} can't hold every integer below n={n}. Choose a wider dtype.")

    def draw(source: Generator, shape: tuple[int, ...]) -> np.ndarray:
        orders = [source.permutation(n) for _ in range(math.prod(shape[:-1]))]
        return np.stack(orders).reshape(shape).astype(kind.numpy, copy=False)

    return drawn("randperm", generator, (n,), draw, device, requires_grad)


def rand_like(
    input: Tensor,
    *,
    generator: Generator | None = None,
    dtype: dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
    memory_format: Any = preserve_format,
) -> Tensor:
    """Uniform on [0, 1), with the shape, and by default the dtype, device and order in memory, of ``input``."""
    return like(rand, input, dtype, device, requires_grad, memory_format, generator=generator)


def randn_like(
    input: Tensor,
    *,
    generator: Generator | None = None,
    dtype: dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
    memory_format: Any = preserve_format,
) -> Tensor:
    """Normal with mean 0 and variance 1, with the shape and by default all else of ``input``."""
    return like(randn, input, dtype, device, requires_grad, memory_format, generator=generator)


def filler(draw: Callable[..., np.ndarray]) -> Callable[..., Tensor]:
    """A Tensor method that fills the tensor with what ``draw(generator, shape, dtype, …)`` gives."""

    def fill(self: Tensor, *args: Any, generator: Generator | None = None, **kwargs: Any) -> Tensor:
        kind = self.array.dtype

        def values(old: Tensor) -> Tensor:
            return drawn(
                draw.__name__,
                generator,
                tuple(old.array.shape),
                lambda source, shape: draw(source, shape, kind, *args, **kwargs),
                old.device,
            )

        def write(array: Any) -> None:
            array[...] = values(self).array

        return update(self, values, write)

    fill.__name__ = fill.__qualname__ = draw.__name__
    fill.__doc__ = draw.__doc__
    return fill


@filler
def uniform_(
    rng: Generator, shape: Any, kind: np.dtype, from_: float = 0.0, /, to: float = 1.0, **named: float
) -> np.ndarray:
    """Fill the tensor with uniform numbers from ``[from, to)``; 0 and 1 by default."""
    return rng.uniform(shape, kind, _named_from("uniform_", named, from_), to)


def _named_from(op: str, named: dict[str, Any], positional: Any) -> Any:
    """The argument that PyTorch calls ``from``, which Python keeps for itself."""
    found = named.pop("from", positional)
    if named:
        raise ArgumentTypeError(f"{op}() got an unexpected keyword argument '{next(iter(named))}'")
    return found


@filler
def normal_(rng: Generator, shape: Any, kind: np.dtype, mean: float = 0.0, std: float = 1.0) -> np.ndarray:
    """Fill the tensor with normal numbers of the given mean and standard deviation."""
    return rng.normal(shape, kind, mean, std)


@filler
def exponential_(rng: Generator, shape: Any, kind: np.dtype, lambd: float = 1.0) -> np.ndarray:
    """Fill the tensor with exponentially distributed numbers of rate ``lambd``."""
    return rng.exponential(shape, kind, lambd)


@filler
def random_(
    rng: Generator, shape: Any, kind: np.dtype, /, *bounds: int | None, to: int | None = None, **named: int
) -> np.ndarray:
    """Fill the tensor with integers from ``[from, to)``; by default from 0 to the largest that the dtype holds exactly.

    ``random_(to)`` starts from 0; ``random_(from, None)`` goes to the largest.
    """
    if len(bounds) > 2:
        raise ArgumentTypeError(f"random_() takes at most a lower and an upper bound, got {bounds}")
    if len(bounds) == 1 and to is None:
        low, to = _named_from("random_", named, 0), bounds[0]
    else:
        low = _named_from("random_", named, bounds[0] if bounds else 0)
        to = bounds[1] if len(bounds) == 2 else to
    if to is None:
        found = _real("random_", kind)
        if found.is_floating_point:
            to = _consecutive(found) + 1
        else:
            to = 2 if found is dtypes.bool else dtypes.iinfo(found).max + 1
    return _integers("random_", rng, low, to, shape, kind)


def bernoulli_(self: Tensor, p: Any = 0.5, *, generator: Generator | None = None) -> Tensor:
    """Fill the tensor with 1 with probability ``p`` (a number, or a tensor that broadcasts), else 0.

    Raises:
        RuntimeError: A probability is outside [0, 1]; the tensor is complex.
    """
    if self.is_complex():
        raise DtypeError(f"bernoulli_: not defined for dtype {self.dtype}; expected a real dtype")
    if not isinstance(p, Tensor):
        return _fill_bernoulli(self, p, generator=generator)

    def compute(old: Tensor) -> Tensor:
        chances = p.expand(self.shape)
        shape, kind = tuple(self.array.shape), np.dtype(np.float64)
        noise = drawn("bernoulli_", generator, shape, lambda source, s: source.uniform(s, kind), self.device)
        chosen: Tensor = OPS["bernoulli"].call(chances, noise)
        return chosen.to(self.dtype).detach()

    return update(self, compute)


@filler
def _fill_bernoulli(rng: Generator, shape: Any, kind: np.dtype, p: float) -> np.ndarray:
    """Fill the tensor with 1 with probability ``p``, else 0."""
    return rng.bernoulli(p, shape).astype(kind)


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
    return get_state(random.current_generator())


def set_rng_state(new_state: Tensor) -> None:
    """Put the default generator into a state from :func:`get_rng_state`."""
    set_state(random.current_generator(), new_state)


#: Methods that fill a tensor.
METHODS = ("bernoulli_", "exponential_", "normal_", "random_", "uniform_")

NOT_METHODS = (
    "rand_like",
    "randn_like",
)

#: Functions without ``out=``.
NO_OUT = (
    "rand_like",
    "randn_like",
)

__all__ = ["rand", "rand_like", "randint", "randn", "randn_like", "randperm"]
