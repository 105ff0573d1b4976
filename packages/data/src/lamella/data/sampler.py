"""Samplers: the order in which a loader visits a dataset."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sized
from typing import Any, Generic, TypeVar, cast

import lamella
from lamella import Generator
from lamella.core.errors import ArgumentError, ArgumentTypeError

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


class RandomSampler(Sampler[int]):
    """Indices of a dataset in random order, a new one each time it is iterated.

    Args:
        data_source: The dataset.
        replacement: Draw each index independently, so that some come twice and some not at all.
        num_samples: How many to draw; ``None`` means the length of the dataset. Without replacement, a larger
            number runs through several orders one after the other.
        generator: Source of the order; ``None`` means the default generator.

    Raises:
        ArgumentTypeError: If ``replacement`` is no bool.
        ArgumentError: If ``num_samples`` is not a positive integer.

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
        size = len(self.data_source)
        if self.replacement:
            yield from lamella.randint(0, size, (self.num_samples,), generator=self.generator).tolist()
            return
        wanted = self.num_samples
        while wanted > 0:
            yield from lamella.randperm(size, generator=self.generator).tolist()[:wanted]
            wanted -= size

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
        # A bool is an int to Python, and no size to anyone.
        if not isinstance(batch_size, int) or isinstance(batch_size, bool) or batch_size <= 0:
            raise ArgumentError(f"batch_size should be a positive integer value, but got batch_size={batch_size!r}.")
        if not isinstance(drop_last, bool):
            raise ArgumentError(f"drop_last should be a boolean value, but got drop_last={drop_last!r}.")
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
