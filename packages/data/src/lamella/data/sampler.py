"""Samplers: the order in which a loader visits a dataset."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence, Sized
from typing import Any, Generic, TypeVar, cast

import lamella
from lamella import Generator
from lamella.core.errors import ArgumentError, ArgumentTypeError
from lamella.core.random import current_generator

T_co = TypeVar("T_co", covariant=True)


class Sampler(Generic[T_co]):
    """Base of samplers. A subclass defines ``__iter__``, which gives indices, and if it can ``__len__``."""

    def __iter__(self) -> Iterator[T_co]:
        raise NotImplementedError("Subclasses of Sampler should implement __iter__.")


class SequentialSampler(Sampler[int]):
    """All indices of a dataset in order.

    Args:
        data_source: The dataset.

    Example:
        >>> list(SequentialSampler("abc"))
        [0, 1, 2]
    """

    def __init__(self, data_source: Sized) -> None:
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


# With replacement, programs that stop by themselves ask for 10**10 samples: memory must not grow with that.
_DRAWN_AT_ONCE = 1024


class RandomSampler(Sampler[int]):
    """Indices of a dataset in random order, a new one each time it is iterated.

    Args:
        data_source: The dataset.
        replacement: Draw each index independently, so that some come twice and some not at all.
        num_samples: How many to draw; ``None`` means the length of the dataset. Without replacement, a larger
            number runs through several orders one after the other.
        generator: Source of the order; ``None`` means one that is seeded anew from the default generator each time,
            so that what else draws from the default generator meanwhile changes nothing.

    Raises:
        ArgumentTypeError: If ``replacement`` is no bool.
        ArgumentError: If ``num_samples`` is not a positive integer; on iterating, if the dataset is empty.

    Example:
        >>> import lamella
        >>> sorted(RandomSampler("abc", generator=lamella.Generator()))
        [0, 1, 2]
    """

    def __init__(
        self,
        data_source: Sized,
        replacement: bool = False,
        num_samples: int | None = None,
        generator: Generator | None = None,
    ) -> None:
        self.data_source = data_source
        self.replacement = replacement
        self.generator = generator
        self._num_samples = num_samples
        if not isinstance(replacement, bool):
            raise ArgumentTypeError(f"replacement should be a boolean value, but got replacement={replacement!r}.")
        if not isinstance(self.num_samples, int) or self.num_samples <= 0:
            raise ArgumentError(
                "num_samples should be a positive integer value, but got "
                f"num_samples={self.num_samples} for a dataset of length {len(data_source)}."
            )

    @property
    def num_samples(self) -> int:
        """How many indices one iteration gives."""
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self) -> Iterator[int]:
        size, wanted = len(self.data_source), self.num_samples
        if size == 0:
            raise ArgumentError(f"RandomSampler: cannot draw {wanted} samples from an empty dataset.")
        generator = self.generator
        if generator is None:
            generator = Generator().manual_seed(int(current_generator().words(1)[0]))
        if self.replacement:
            for start in range(0, wanted, _DRAWN_AT_ONCE):
                count = min(wanted - start, _DRAWN_AT_ONCE)
                yield from lamella.randint(0, size, (count,), generator=generator).tolist()
            return
        while wanted > 0:
            yield from lamella.randperm(size, generator=generator).tolist()[:wanted]
            wanted -= size

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(Sampler[int]):
    """Given indices in random order, a new one each time it is iterated.

    Args:
        indices: The indices.
        generator: Source of the order; ``None`` means the default generator.

    Example:
        >>> sorted(SubsetRandomSampler([4, 2, 9]))
        [2, 4, 9]
    """

    def __init__(self, indices: Sequence[int], generator: Generator | None = None) -> None:
        self.indices = indices
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        for i in lamella.randperm(len(self.indices), generator=self.generator).tolist():
            yield self.indices[i]

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler[int]):
    """Indices drawn at random, each as often as its weight says.

    Args:
        weights: A weight for each index, at least 0; their sum is arbitrary.
        num_samples: How many indices to draw.
        replacement: Draw each one independently; otherwise no index comes twice.
        generator: Source of the draws; ``None`` means the default generator.

    Raises:
        ArgumentError: If ``num_samples`` is not a positive integer, ``replacement`` no bool, or the weights have
            not one dimension.

    Example:
        >>> list(WeightedRandomSampler([0.0, 1.0], num_samples=3))
        [1, 1, 1]
    """

    def __init__(
        self,
        weights: Sequence[float],
        num_samples: int,
        replacement: bool = True,
        generator: Generator | None = None,
    ) -> None:
        _check_positive("num_samples", num_samples)
        _check_bool("replacement", replacement)
        self.weights = lamella.as_tensor(weights, dtype=lamella.float64)
        if self.weights.ndim != 1:
            raise ArgumentError(
                f"weights should be a 1d sequence but given weights have shape {tuple(self.weights.shape)}."
            )
        self.num_samples = num_samples
        self.replacement = replacement
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        yield from lamella.multinomial(
            self.weights, self.num_samples, self.replacement, generator=self.generator
        ).tolist()

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler[list[int]]):
    """Lists of ``batch_size`` indices from another sampler.

    Args:
        sampler: Where the indices come from; any iterable.
        batch_size: Indices in a list.
        drop_last: Leave out a last list that is not full.

    Raises:
        ArgumentError: If ``batch_size`` is not a positive integer, or ``drop_last`` no bool.

    Example:
        >>> list(BatchSampler(range(5), batch_size=2, drop_last=False))
        [[0, 1], [2, 3], [4]]
    """

    def __init__(self, sampler: Iterable[Any], batch_size: int, drop_last: bool) -> None:
        _check_positive("batch_size", batch_size)
        _check_bool("drop_last", drop_last)
        self.sampler = sampler
        self.batch_size = batch_size
        self.drop_last = drop_last

    def __iter__(self) -> Iterator[list[int]]:
        indices = iter(self.sampler)
        while batch := list(itertools.islice(indices, self.batch_size)):
            if self.drop_last and len(batch) < self.batch_size:
                return
            yield batch

    def __len__(self) -> int:
        full, rest = divmod(len(cast("Sized", self.sampler)), self.batch_size)
        return full if self.drop_last or rest == 0 else full + 1


def _check_positive(name: str, number: Any) -> None:
    # A bool is an int to Python, and no size to anyone.
    if not isinstance(number, int) or isinstance(number, bool) or number <= 0:
        raise ArgumentError(f"{name} should be a positive integer value, but got {name}={number!r}.")


def _check_bool(name: str, flag: Any) -> None:
    if not isinstance(flag, bool):
        raise ArgumentError(f"{name} should be a boolean value, but got {name}={flag!r}.")
