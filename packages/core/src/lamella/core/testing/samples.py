"""Inputs to test with: the toolkit that an op's ``samples`` and ``errors`` get, and PyTorch's ``make_tensor``."""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lamella.core import random, rules
from lamella.core.devices import device as Device
from lamella.core.dtypes import dtype as Dtype
from lamella.core.errors import ArgumentError, ShapeError
from lamella.core.placement import backend_for
from lamella.core.tensor import Tensor

_MARGIN = 0.1


@dataclass(frozen=True)
class Call:
    """Arguments to call an op with."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class FailingCall(Call):
    """Arguments that an op refuses, with the type of the error and a pattern that its message matches."""

    error: type[Exception] = Exception
    match: str = ""


class Make:
    """What ``samples=lambda make: […]`` is called with: makes arrays, calls, and lists of calls for common kinds of op.

    ``make(*args, **kwargs)`` is one call of the op; lists may be nested. The same seed makes the same values.

    Args:
        seed: The op's name.
    """

    def __init__(self, seed: str) -> None:
        self._rng = np.random.default_rng(zlib.crc32(seed.encode()))

    def __call__(self, *args: Any, **kwargs: Any) -> Call:
        return Call(args, kwargs)

    # --- arrays

    def array(self, *shape: int, low: float = -2, high: float = 2, away_from: float | None = None) -> np.ndarray:
        """float64 values between ``low`` and ``high``, none of them near ``away_from``."""
        values = np.asarray(self._rng.uniform(low, high, shape))
        if away_from is not None:
            gap = values - away_from
            values = np.where(np.abs(gap) < _MARGIN, away_from + np.copysign(_MARGIN, gap) + gap, values)
        return values

    def transposed(self, *shape: int, **domain: Any) -> np.ndarray:
        """Like :meth:`array`, of the same shape, not contiguous: the dimensions lie in memory in reverse order."""
        return self.array(*reversed(shape), **domain).T

    def ints(self, high: int, *shape: int) -> np.ndarray:
        """int64 values from 0 to ``high`` - 1."""
        return np.asarray(self._rng.integers(0, high, shape))

    def bools(self, *shape: int) -> np.ndarray:
        """True and False."""
        return np.asarray(self._rng.integers(0, 2, shape), np.bool_)

    def distinct(self, *shape: int) -> np.ndarray:
        """float64 values between -2 and 2 in random order, no two of them alike."""
        return np.asarray(self._rng.permutation(np.linspace(-2, 2, math.prod(shape))).reshape(shape))

    # --- calls

    def unary(self, *, low: float = -2, high: float = 2, away_from: float | None = None) -> list[Call]:
        """Calls of an op of one input."""
        domain: dict[str, Any] = {"low": low, "high": high, "away_from": away_from}
        shapes: list[tuple[int, ...]] = [(2, 3), (), (1, 2), (0, 2)]
        return [*(self(self.array(*s, **domain)) for s in shapes), self(self.transposed(3, 2, **domain))]

    def binary(self, *, low: float = -2, high: float = 2, other_away_from: float | None = None) -> list[Call]:
        """Calls of an op of two inputs that broadcast."""
        domain: dict[str, Any] = {"low": low, "high": high}
        pairs: list[tuple[tuple[int, ...], tuple[int, ...]]] = [
            ((2, 3), (2, 3)),
            ((2, 1), (3,)),
            ((2,), (3, 1, 2)),
            ((), (2,)),
            ((), ()),
            ((0, 3), (1, 3)),
        ]
        return [
            *(self(self.array(*a, **domain), self.array(*b, **domain, away_from=other_away_from)) for a, b in pairs),
            self(self.transposed(2, 3, **domain), self.array(2, 3, **domain, away_from=other_away_from)),
        ]

    def reductions(self, *, low: float = -2, high: float = 2) -> list[Call]:
        """Calls of an op with attributes ``dims`` and ``keepdim``; no result is of no element."""
        domain: dict[str, Any] = {"low": low, "high": high}
        return [
            self(self.array(2, 3, **domain), (0, 1), False),
            self(self.array(2, 3, **domain), (1,), True),
            self(self.array(2, 3, 2, **domain), (0, 2), False),
            self(self.array(2, 1, 3, **domain), (1,), False),
            self(self.array(**domain), (), False),
            self(self.array(0, 3, **domain), (1,), False),
            self(self.transposed(3, 2, **domain), (0,), False),
        ]

    # --- calls that must fail

    def error(self, args: tuple[Any, ...], error: type[Exception], match: str, **kwargs: Any) -> FailingCall:
        """A call that must raise ``error``, with a message in which the pattern ``match`` is found."""
        return FailingCall(args, kwargs, error, match)

    def mismatch(self, name: str) -> FailingCall:
        """The call of a broadcasting op of two inputs with shapes that do not fit; ``name`` is the op's."""
        return self.error((self.array(2), self.array(3)), ShapeError, rf"{name}: .*\(2,\).*\(3,\)")


def make_tensor(
    *shape: int | tuple[int, ...] | list[int],
    dtype: Dtype,
    device: str | Device,
    low: float | None = None,
    high: float | None = None,
    requires_grad: bool = False,
    noncontiguous: bool = False,
    exclude_zero: bool = False,
) -> Tensor:
    """A tensor of random values, drawn evenly from ``[low, high)`` by the default generator.

    Args:
        shape: The sizes, one by one or as one sequence.
        dtype: Element type.
        device: Where to put it.
        low: Least value: -9 by default, 0 for bool and uint8.
        high: Bound that is not reached: 9 by default for floats, 10 for integers, 2 for bool.
        requires_grad: Whether to record what is computed from it.
        noncontiguous: Leave gaps between the elements.
        exclude_zero: Replace zeros by the dtype's smallest positive value, or by 1.

    Raises:
        ValueError: The bounds are in the wrong order or nan, or integers should require a gradient.
    """
    sizes = rules.sizes(shape or ((),))
    bounded = dtype.is_floating_point or dtype.is_complex
    if requires_grad and not bounded:
        raise ArgumentError(
            f"`requires_grad=True` is not supported for boolean and integral dtypes, but got dtype={dtype}"
        )
    kind = dtype.numpy.kind
    least = low if low is not None else 0 if kind in "bu" else -9
    bound = high if high is not None else 9 if bounded else 2 if kind == "b" else 10
    if math.isnan(least) or math.isnan(bound):
        raise ArgumentError(f"`low` and `high` cannot be NaN, but got low={least} and high={bound}")
    if least >= bound:
        raise ArgumentError(f"`low` must be less than `high`, but got {least} >= {bound}")
    if noncontiguous and sizes:
        sizes = (*sizes[:-1], 2 * sizes[-1])
    if bounded:
        values = random.default_generator.uniform(sizes, dtype.numpy, least, bound)
    else:
        whole = random.default_generator.integers(math.ceil(least), math.ceil(bound), sizes, np.dtype(np.int64))
        values = whole.astype(dtype.numpy)
    if exclude_zero:
        values[values == 0] = np.finfo(dtype.numpy).tiny if bounded else 1
    place = Device(device)
    array = backend_for(place).asarray(values, place)
    return Tensor._wrap(array[..., ::2] if noncontiguous and sizes else array, requires_grad)


__all__ = ["Call", "FailingCall", "Make", "make_tensor"]
