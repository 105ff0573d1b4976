"""Random numbers as a function of (seed, offset, element): Philox 4x64-10 and fixed-cost transforms.

A generator is two numbers: a seed, which is Philox's key, and an offset, which counts blocks of four words of
64 bits. A draw reserves the blocks it needs and turns word after word into elements. No transform rejects
anything, so the cost of a draw follows from its size, and element ``i`` from (seed, offset, i), alone:

- the first ``n`` elements of a longer draw equal a draw of ``n`` elements from the same state;
- threads, workers and chunk sizes cannot change a number;
- another backend that computes Philox gets the same words. Integers, uniforms, Bernoulli draws and
  permutations are then equal bit for bit, normals and exponentials up to the rounding of its ``log``, ``sin``
  and ``cos``.

Floats of up to 32 bits and Bernoulli draws take half a word each, a float64 takes one, an integer one, or two
if its range exceeds 2**32 values.

Reference: John K. Salmon et al., Parallel random numbers: as easy as 1, 2, 3 (2011),
https://doi.org/10.1145/2063384.2063405. Word block ``i`` is the published function of counter ``i + 1``.
"""

from __future__ import annotations

import math
import operator
import os
from _thread import allocate_lock  # see backends.kernels
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import numpy as np

from lamella.core.backends.threads import parallel_for
from lamella.core.devices import device as Device
from lamella.core.dtypes import STORED
from lamella.core.errors import ArgumentRangeError, DtypeError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Transform = Callable[[NDArray[Any], NDArray[Any]], None]

# PyTorch's seed of a new generator, so that `Generator().initial_seed()` reads the same.
DEFAULT_SEED = 67280421310721
WORDS_PER_BLOCK = 4
# 64 KiB of words: stays in the fast caches, and below the size at which glibc maps (and zeroes) new pages.
CHUNK_BLOCKS = 2048
# So many chunks make another thread worth it.
PARALLEL_CHUNKS = 8
# Above this, so few random bits are left beside a packed index that ties between keys stop being rare.
PACKED_PERMUTATION_MAX = 1 << 20

# Little-endian lanes: the low half of a word comes first, on every platform.
HALF_WORD = np.dtype("<u4")
WHOLE_WORD = np.dtype("<u8")


_STATE_TAG = np.frombuffer(b"PHILOX64", np.uint8)
_streams: Any = None  # each thread's own


def _stream(seed: int, offset: int) -> np.random.Philox:
    """This thread's Philox, set to start at block `offset`. Setting is ten times as fast as making one."""
    global _streams
    if _streams is None:
        from threading import local

        _streams = local()
    philox: np.random.Philox
    try:
        philox, state = _streams.philox, _streams.state
    except AttributeError:
        philox = _streams.philox = np.random.Philox(key=0)
        state = _streams.state = philox.state
        state["buffer_pos"] = WORDS_PER_BLOCK
    state["state"]["key"][0] = seed
    # NumPy adds one to the counter before it computes a block: hence "counter i + 1" above.
    state["state"]["counter"][0] = offset
    philox.state = state
    return philox


def _checked_seed(seed: Any) -> int:
    if isinstance(seed, bool) or not hasattr(seed, "__index__"):
        raise ArgumentRangeError(
            f"manual_seed: expected an integer seed, got {seed!r} ({type(seed).__name__}). Pass an int."
        )
    number = operator.index(seed)
    if not -(2**63) <= number < 2**64:
        raise ArgumentRangeError(f"manual_seed: seed {number} does not fit 64 bits. Pass one from -2**63 to 2**64 - 1.")
    return number % 2**64


class Generator:
    """A stream of random numbers with its own seed and position.

    Args:
        device: The device whose tensors it fills.

    Example:
        >>> generator = Generator().manual_seed(0)
        >>> generator.initial_seed()
        0
    """

    def __init__(self, device: Device | str = "cpu") -> None:
        self._device = Device(device)
        self._lock = allocate_lock()
        self._seed = DEFAULT_SEED
        self._offset = 0

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (str(self._device), self.state_array())

    @property
    def device(self) -> Device:
        """The device whose tensors this generator fills."""
        return self._device

    def manual_seed(self, seed: int) -> Generator:
        """Restart the stream from `seed`.

        Args:
            seed: An integer from -2**63 to 2**64 - 1; a negative one stands for itself plus 2**64.

        Returns:
            This generator.

        Raises:
            ArgumentRangeError: The seed is no integer, or does not fit 64 bits.
        """
        number = _checked_seed(seed)
        with self._lock:
            self._seed, self._offset = number, 0
        return self

    def place(self, seed: int, offset: int) -> None:
        """Go to the middle of a stream: to block `offset` of the one that starts from `seed`.

        Args:
            seed: From 0 to 2**64 - 1.
            offset: A number of blocks, likewise.
        """
        with self._lock:
            self._seed, self._offset = seed, offset

    def initial_seed(self) -> int:
        """Return the seed that the stream started from."""
        return self._seed

    def seed(self) -> int:
        """Restart the stream from a seed of the operating system's, and return that seed."""
        return self.manual_seed(int.from_bytes(os.urandom(8), "little")).initial_seed()

    def state_array(self) -> NDArray[Any]:
        """Return seed and position as 24 bytes."""
        with self._lock:
            numbers = np.array([self._seed, self._offset], WHOLE_WORD)
        return np.concatenate([_STATE_TAG, numbers.view(np.uint8)])

    def set_state_array(self, state: NDArray[Any]) -> None:
        """Go on where the generator stood that gave `state`.

        Args:
            state: What `state_array` returned.

        Raises:
            ArgumentRangeError: These bytes are no state of this generator.
        """
        if state.dtype != np.uint8 or state.shape != (24,) or not np.array_equal(state[:8], _STATE_TAG):
            raise ArgumentRangeError(
                f"set_state: expected the 24 uint8 values that get_state returns, got shape {state.shape}, "
                f"dtype {state.dtype}. States of PyTorch's generators do not fit; use manual_seed instead."
            )
        seed, offset = np.ascontiguousarray(state[8:]).view(WHOLE_WORD).tolist()
        with self._lock:
            self._seed, self._offset = seed, offset

    def clone_state(self) -> Generator:
        """Return another generator that stands where this one does."""
        return _rebuild(str(self._device), self.state_array())

    def reserve(self, blocks: int) -> tuple[int, int]:
        """Take the next `blocks` blocks of four words for the caller, which computes them itself.

        Returns:
            Seed and offset: the words are Philox's for key ``(seed, 0)`` and counters from ``offset + 1`` on.
        """
        with self._lock:
            seed, offset = self._seed, self._offset
            self._offset = (offset + blocks) % 2**64
        return seed, offset

    def words(self, count: int) -> NDArray[Any]:
        """Draw `count` raw words: a uint64 array of shape (count,)."""
        blocks = -(-count // WORDS_PER_BLOCK)
        return _stream(*self.reserve(blocks)).random_raw(WORDS_PER_BLOCK * blocks)[:count]

    def _fill(
        self,
        out: NDArray[Any],
        lane: np.dtype[Any],
        transform: Transform,
        per_element: int = 1,
    ) -> NDArray[Any]:
        """Turn words into the elements of `out`, chunk by chunk, so that the intermediates stay in cache.

        Args:
            out: A new contiguous array.
            lane: HALF_WORD or WHOLE_WORD: what `transform` reads.
            transform: Takes lanes (its own to overwrite; at least enough) and the elements to write.
            per_element: Lanes an element.
        """
        flat = out.reshape(-1)
        lanes_per_block = 4 * WHOLE_WORD.itemsize // lane.itemsize
        seed, offset = self.reserve(-(-flat.size * per_element // lanes_per_block))
        step = CHUNK_BLOCKS * lanes_per_block // per_element

        def fill(first: int, last: int) -> None:
            stream = _stream(seed, (offset + first * CHUNK_BLOCKS) % 2**64)
            for i in range(first, last):
                part = flat[i * step : (i + 1) * step]
                part_blocks = -(-part.size * per_element // lanes_per_block)
                words = stream.random_raw(WORDS_PER_BLOCK * part_blocks)
                transform(words.astype(WHOLE_WORD, copy=False).view(lane), part)

        chunks = -(-flat.size // step)
        if chunks > PARALLEL_CHUNKS:
            parallel_for(fill, chunks, PARALLEL_CHUNKS)
        else:
            fill(0, chunks)
        return out

    def _fill_floats(
        self,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        transform: Transform,
        what: str,
    ) -> NDArray[Any]:
        """Like `_fill` for a floating or complex dtype; `transform` writes float32 or float64."""
        dtype = np.dtype(dtype)
        lane = _FLOAT_LANES.get(np.dtype(np.float32) if dtype in STORED else dtype)
        if lane is None:
            names = ", ".join(str(known) for known in _FLOAT_LANES)
            raise DtypeError(f"{what}: expected one of {names}, got {dtype}. Draw in one of these and convert.")
        out = np.empty(shape, dtype)
        if dtype.itemsize > 2:
            parts = out.view(out.real.dtype) if out.ndim else out.reshape(1).view(out.real.dtype)
            self._fill(parts, lane, transform)
            return out

        def rounded(lanes: NDArray[Any], part: NDArray[Any]) -> None:
            values = np.empty(part.size, np.float32)
            transform(lanes, values)
            part[...] = values

        return self._fill(out, lane, rounded)

    def uniform(
        self, shape: tuple[int, ...], dtype: np.dtype[Any], low: float = 0.0, high: float = 1.0
    ) -> NDArray[Any]:
        """Draw from the half-open interval [low, high).

        Args:
            shape: Shape of the result.
            dtype: Floating or complex; both parts of a complex number are drawn. A float64 carries 53 random
                bits, a float32 24, a float16 11, a bfloat16 8.
            low: Lower bound, included.
            high: Upper bound, never reached unless it equals `low`.

        Raises:
            ArgumentRangeError: `low` exceeds `high`, or their distance overflows the dtype.
            DtypeError: The dtype is neither floating nor complex.
        """
        real = np.dtype(dtype)
        if real.kind == "c":
            real = real.type(0).real.dtype
        if not low <= high:
            raise ArgumentRangeError(f"uniform: expected low <= high, got low={low} and high={high}.")
        floating = real.kind == "f" or real in STORED  # an integer dtype is refused below
        if real.kind == "f" and not high - low <= float(np.finfo(real).max):
            raise ArgumentRangeError(
                f"uniform: the distance from low={low} to high={high} exceeds the largest {real}. Narrow the range."
            )
        bits = 53 if real == np.float64 else 11 if real == np.float16 else 8 if real in STORED else 24
        is_unit = low == 0.0 and high == 1.0

        def transform(lanes: NDArray[Any], out: NDArray[Any]) -> None:
            lanes = lanes[: out.size]
            lanes >>= 8 * lanes.itemsize - bits
            out[...] = _signed(lanes)
            out *= 2.0**-bits
            if not is_unit:
                out *= high - low
                out += low
                # Rounding can carry the largest values up to `high` itself.
                np.minimum(out, last, out=out)

        last = np.nextafter(real.type(high), real.type(low)) if floating else np.float32(0)
        if real in STORED:
            last = last.astype(np.float32)
        return self._fill_floats(shape, dtype, transform, "uniform")

    def normal(self, shape: tuple[int, ...], dtype: np.dtype[Any], mean: float = 0.0, std: float = 1.0) -> NDArray[Any]:
        """Draw from the normal distribution, two elements from two uniforms (Box and Muller).

        Args:
            shape: Shape of the result.
            dtype: Floating or complex; both parts of a complex number have the variance ``std**2 / 2``.
            mean: Expected value; of both parts of a complex number, as in PyTorch.
            std: Standard deviation, at least 0.

        Raises:
            ArgumentRangeError: `std` is negative or NaN.
            DtypeError: The dtype is neither floating nor complex.

        Reference: G. E. P. Box and M. E. Muller, A note on the generation of random normal deviates (1958),
        https://doi.org/10.1214/aoms/1177706645.
        """
        if not std >= 0.0:
            raise ArgumentRangeError(f"normal: expected std >= 0, got std={std}.")
        is_complex = np.dtype(dtype).kind == "c"
        scale = std / math.sqrt(2.0) if is_complex else std

        def transform(lanes: NDArray[Any], out: NDArray[Any]) -> None:
            pairs = -(-out.size // 2)
            lanes = lanes[: 2 * pairs]
            # radius = sqrt(-2 log u), u in (0, 1]; angle in [-pi, pi), straight from the bits read as signed
            radius = _open_unit(lanes[0::2].copy(), out.dtype)
            np.log(radius, out=radius)
            radius *= -2.0
            np.sqrt(radius, out=radius)
            angle = _signed(lanes[1::2]).astype(out.dtype)
            angle *= 2.0 * math.pi * 2.0 ** (-8 * lanes.itemsize)
            np.multiply(radius, np.cos(angle), out=out[0::2])
            radius *= np.sin(angle)
            out[1::2] = radius[: out.size // 2]
            if scale != 1.0:
                out *= scale
            if mean != 0.0:
                out += mean

        return self._fill_floats(shape, dtype, transform, "normal")

    def exponential(self, shape: tuple[int, ...], dtype: np.dtype[Any], lambd: float = 1.0) -> NDArray[Any]:
        """Draw from the exponential distribution: ``-log(u) / lambd``, never 0.

        Args:
            shape: Shape of the result.
            dtype: A floating dtype.
            lambd: Rate, above 0.

        Raises:
            ArgumentRangeError: `lambd` is not above 0.
            DtypeError: The dtype is not floating.
        """
        if not lambd > 0.0:
            raise ArgumentRangeError(f"exponential: expected lambd > 0, got lambd={lambd}.")
        if np.dtype(dtype).kind == "c":
            raise DtypeError(f"exponential: expected a floating dtype, got {np.dtype(dtype)}.")

        def transform(lanes: NDArray[Any], out: NDArray[Any]) -> None:
            np.log(_open_unit(lanes[: out.size], out.dtype), out=out)
            np.negative(out, out=out)
            # Where u rounded to 1, this is what -log(u) would have been about.
            np.maximum(out, np.finfo(out.dtype).eps / 8, out=out)
            if lambd != 1.0:
                out /= lambd

        return self._fill_floats(shape, dtype, transform, "exponential")

    def integers(self, low: int, high: int, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
        """Draw integers from [low, high) as ``low + floor(word * (high - low) / 2**64)``.

        A range of up to 2**32 values is drawn from 64 random bits, a wider one from 128, so that no value is
        more likely than another by more than a factor of 1 + 2**-32.

        Args:
            low: Lowest value.
            high: One above the highest value.
            shape: Shape of the result.
            dtype: An integer, boolean or floating dtype. The integers must fit it; a float rounds them.

        Raises:
            ArgumentRangeError: The interval is empty, or does not fit the dtype.
        """
        low, high, dtype = operator.index(low), operator.index(high), np.dtype(dtype)
        if low >= high:
            raise ArgumentRangeError(f"integers: expected low < high, got low={low} and high={high}.")
        # A float dtype takes whatever 64 bits hold, rounded.
        limits = np.iinfo(dtype if dtype.kind in "iu" else np.int64)
        smallest, largest = (0, 1) if dtype.kind == "b" else (limits.min, limits.max)
        if low < smallest or high - 1 > largest:
            raise ArgumentRangeError(
                f"integers: [{low}, {high}) does not fit {dtype}, which holds {smallest} to {largest}. "
                "Narrow the range or choose a wider dtype."
            )
        span = high - low

        def transform(lanes: NDArray[Any], out: NDArray[Any]) -> None:
            if span <= 2**32:
                values = _high_product(lanes[: out.size], span)
            elif span < 2**64:
                # floor((a * 2**64 + b) * span / 2**128), with the carry out of the middle word
                a, b = lanes[0 : 2 * out.size : 2], lanes[1 : 2 * out.size : 2]
                middle = _high_product(b, span)
                carry = a * np.uint64(span) + middle < middle
                values = _high_product(a, span) + carry
            else:
                values = lanes[0 : 2 * out.size : 2]
            # Sums wrap around modulo 2**64, which is what takes them below zero.
            shifted = values + np.uint64(low % 2**64)
            out[...] = shifted if dtype.kind == "u" else shifted.view(np.int64)

        return self._fill(np.empty(shape, dtype), WHOLE_WORD, transform, 1 if span <= 2**32 else 2)

    def bernoulli(self, p: float, shape: tuple[int, ...]) -> NDArray[Any]:
        """Draw True with probability `p`, to 32 bits.

        Args:
            p: The probability.
            shape: Shape of the boolean result.

        Raises:
            ArgumentRangeError: The probability is outside [0, 1], or NaN.
        """
        if not 0.0 <= p <= 1.0:
            raise ArgumentRangeError(f"bernoulli: expected p between 0 and 1, got p={p}.")
        # As integers: a quarter of the time. 2**32 itself does not fit, but stands for "always".
        threshold = math.ceil(p * 2.0**32)
        limit = np.uint32(min(threshold, 2**32 - 1))

        def below(lanes: NDArray[Any], out: NDArray[Any]) -> None:
            np.less(lanes[: out.size], limit, out=out)

        out = self._fill(np.empty(shape, np.bool_), HALF_WORD, below)
        if threshold == 2**32:
            out[...] = True
        return out

    def permutation(self, n: int) -> NDArray[Any]:
        """Draw an order of the numbers 0 to n - 1 by sorting random keys.

        Returns:
            An int64 array of shape (n,).

        Raises:
            ArgumentRangeError: `n` is negative.
        """
        if n < 0:
            raise ArgumentRangeError(f"randperm: expected n >= 0, got n={n}.")
        keys = self.words(n)
        if n > PACKED_PERMUTATION_MAX:
            return np.argsort(keys, kind="stable").astype(np.int64, copy=False)
        # With the index in their low bits none are equal, and sorting them is 15 times as fast as argsort.
        index_bits = max(n - 1, 1).bit_length()
        keys >>= np.uint64(index_bits)
        keys <<= np.uint64(index_bits)
        keys |= np.arange(n, dtype=np.uint64)
        keys.sort()
        keys &= np.uint64(2**index_bits - 1)
        return keys.view(np.int64)


_FLOAT_LANES: dict[np.dtype[Any], np.dtype[Any]] = {
    np.dtype(np.float32): HALF_WORD,
    np.dtype(np.float64): WHOLE_WORD,
    np.dtype(np.float16): HALF_WORD,
    np.dtype(np.complex64): HALF_WORD,
    np.dtype(np.complex128): WHOLE_WORD,
}


def _rebuild(device: str, state: NDArray[Any]) -> Generator:
    generator = Generator(device)
    generator.set_state_array(state)
    return generator


def _signed(lanes: NDArray[Any]) -> NDArray[Any]:
    """The same bits read as signed integers, which convert to floats several times as fast."""
    signed: NDArray[Any] = lanes.view(lanes.dtype.str.replace("u", "i"))
    return signed


def _open_unit(lanes: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Uniforms above 0 and up to 1: ``(k + 0.5) / 2**bits``. Overwrites whole-word lanes."""
    bits = 32
    if lanes.itemsize == 8:
        # Of 64 bits, as many as a float64 holds exactly with the half added.
        bits = 52
        lanes >>= np.uint64(12)
    uniforms = lanes.astype(dtype)
    uniforms += 0.5
    uniforms *= 2.0**-bits
    return uniforms


def _high_product(words: NDArray[Any], factor: int) -> NDArray[Any]:
    """``floor(words * factor / 2**64)`` for a factor below 2**64, from 32-bit halves."""
    low, high = np.uint64(factor % 2**32), np.uint64(factor >> 32)
    half, mask = np.uint64(32), np.uint64(2**32 - 1)
    word_low, word_high = words & mask, words >> half
    # None of these sums exceeds 64 bits: a product of halves leaves room for two more halves.
    middle = word_high * low + (word_low * low >> half)
    if high == 0:
        return middle >> half
    other = word_low * high + (middle & mask)
    return word_high * high + (middle >> half) + (other >> half)


default_generator = Generator()
default_generator.seed()


def _after_fork_in_child() -> None:
    """Another thread may have been drawing, and a child has none of these."""
    default_generator._lock = allocate_lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)

_local: ContextVar[Generator | None] = ContextVar("lamella_local_generator", default=None)


def current_generator() -> Generator:
    """Return what draws where no generator is named: the default generator, or a context's own."""
    return _local.get() or default_generator


@contextmanager
def local_generator(generator: Generator) -> Iterator[None]:
    """Let `generator` stand for the default one, in this thread and context alone.

    Args:
        generator: Draws wherever no generator is named, and is what `manual_seed` and `fork_rng` speak of.

    Example:
        >>> before = default_generator.state_array()
        >>> with local_generator(Generator().manual_seed(0)):
        ...     drawn = current_generator().words(1)
        >>> bool((default_generator.state_array() == before).all())
        True
    """
    token = _local.set(generator)
    try:
        yield
    finally:
        _local.reset(token)


def manual_seed(seed: int) -> Generator:
    """Restart the default generator from `seed`, and return it.

    Args:
        seed: Anything `int` accepts, from -2**63 to 2**64 - 1; a negative one stands for itself plus 2**64.

    Raises:
        ArgumentRangeError: The seed does not fit 64 bits.
    """
    return current_generator().manual_seed(int(seed))


def seed() -> int:
    """Restart the default generator from a seed of the operating system's, and return that seed."""
    return current_generator().seed()


def initial_seed() -> int:
    """Return the seed that the default generator started from."""
    return current_generator().initial_seed()


@contextmanager
def fork_rng(
    devices: Iterable[Any] | None = None, enabled: bool = True, *, device_type: str = "cuda"
) -> Iterator[None]:
    """Put the default generator back, on leaving, to where it stood on entering.

    Args:
        devices: Accepted as PyTorch does; the default generator is the only one that is shared.
        enabled: Whether to do anything.
        device_type: The type that ``devices`` are of, accepted likewise.
    """
    if not enabled:
        yield
        return
    generator = current_generator()
    state = generator.state_array()
    try:
        yield
    finally:
        generator.set_state_array(state)
